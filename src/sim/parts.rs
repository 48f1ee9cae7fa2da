//! The parts of the training platform beside the platform's own kinds and its event stream.
//!
//! A part is put into the world after the tenants are there, and goes on at its own pace.

use super::engine::{Engine, Task};
use super::{alerts, backups, cluster, databases, metrics, streams};
use crate::domain::Span;

/// A part of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    /// PostgreSQL and pgbouncer.
    Databases,
    /// Valkey.
    Streams,
    /// The object store.
    Backups,
    /// The cluster's own objects.
    Cluster,
    /// Prometheus.
    Metrics,
    /// Alertmanager: last, because it judges the others.
    Alerts,
}

impl Part {
    const ALL: [Self; 6] =
        [Self::Databases, Self::Streams, Self::Backups, Self::Cluster, Self::Metrics, Self::Alerts];

    /// The time between two beats.
    pub(super) const fn every(self) -> Span {
        match self {
            Self::Databases | Self::Streams => Span::from_secs(3),
            Self::Cluster | Self::Alerts => Span::from_secs(5),
            Self::Metrics => Span::from_secs(15),
            Self::Backups => Span::from_secs(60),
        }
    }

    fn found(self, engine: &mut Engine) {
        match self {
            Self::Databases => databases::found(engine),
            Self::Streams => streams::found(engine),
            Self::Backups => backups::found(engine),
            Self::Cluster => cluster::found(engine),
            Self::Metrics => metrics::found(engine),
            Self::Alerts => alerts::found(engine),
        }
    }

    /// The part goes on.
    pub(super) fn beat(self, engine: &mut Engine) {
        match self {
            Self::Databases => databases::beat(engine),
            Self::Streams => streams::beat(engine),
            Self::Backups => backups::beat(engine),
            Self::Cluster => cluster::beat(engine),
            Self::Metrics => metrics::beat(engine),
            Self::Alerts => alerts::beat(engine),
        }
    }
}

/// Puts every part into the world of `engine`.
pub(super) fn found(engine: &mut Engine) {
    for part in Part::ALL {
        part.found(engine);
        engine.queue(part.every(), Task::Beat(part));
    }
}
