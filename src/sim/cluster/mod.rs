//! The objects of the training platform's cluster.
//!
//! What they are follows from the scenario, the tenants and the time alone: nothing is drawn by chance, so that the stories
//! of other parts stay as they are.

mod ground;
mod jobs;
mod making;
mod network;
mod pods;
mod workloads;

pub(super) use jobs::{Ordered, Stand as JobStand, ended, pod};
pub(super) use making::number;
pub(super) use pods::{Trouble, rolled, trouble};
pub(super) use workloads::{WORKLOADS, Workload};

use super::engine::Engine;
use crate::domain::{ClusterObject, Span, Timestamp};

/// Puts it into the world of `engine`.
pub(super) fn found(engine: &mut Engine) {
    let Some(plan) = engine.scenario.cluster else { return };
    ground::found(engine, plan);
    network::found(engine, plan);
    beat(engine);
}

/// A run entered another phase: its Job and its pod follow at once.
pub(super) fn follow_runs(engine: &mut Engine) {
    if engine.scenario.cluster.is_some() {
        jobs::follow_runs(engine);
    }
}

/// What runs is told as it is now.
pub(super) fn follow(engine: &mut Engine) {
    if let Some(plan) = engine.scenario.cluster {
        pods::beat(engine, plan);
    }
}

/// What is said about a tenant's object.
pub(super) fn said_of_tenant(
    tenant: &str,
    reason: &str,
    message: &str,
    at: Timestamp,
) -> ClusterObject {
    let about = format!("PLANAClient/{tenant}");
    let message = message.to_owned();
    let (namespace, warning) = ("default", reason.ends_with("Stopped"));
    making::Saying { namespace, about: &about, reason, message, warning, count: 1, at }
        .done(Span::default())
}

/// It goes on.
pub(super) fn beat(engine: &mut Engine) {
    let Some(plan) = engine.scenario.cluster else { return };
    pods::beat(engine, plan);
    if plan.tenants {
        network::follow_tenants(engine);
        jobs::follow_tenants(engine);
    }
    jobs::follow_runs(engine);
}
