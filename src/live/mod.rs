//! The production world: what is known of the real servers.
//!
//! Each server has an adapter of its own, which knows the domain, the settings and the doors of
//! [`crate::platform`] and nothing else of the console.

mod absent;
pub mod kubernetes;
mod secret;
mod stream;
pub mod valkey;

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::{KubernetesSettings, Settings, StreamingLists};
use crate::domain::FeedId;
use crate::platform::{Clock, Feed, Platform, World};

/// The live platform of a profile.
pub struct Live {
    kubernetes: kubernetes::Options,
    stream: stream::Wanted,
    clock: Arc<dyn Clock>,
}

impl Live {
    /// The platform that `settings` describe. The reader of the event stream keeps its place in `cursor_file`.
    #[must_use]
    pub fn new(settings: &Settings, cursor_file: PathBuf, clock: Arc<dyn Clock>) -> Self {
        let kubernetes = options(&settings.kubernetes);
        let stream = stream::Wanted {
            valkey: settings.valkey.clone(),
            history: settings.events.history.value,
            cursor_file,
            kubernetes: kubernetes.clone(),
        };
        Self { kubernetes, stream, clock }
    }
}

impl Platform for Live {
    fn world(&self) -> World {
        World::Live
    }

    fn feeds(&self) -> Vec<Box<dyn Feed>> {
        vec![
            Box::new(kubernetes::feed(self.kubernetes.clone())),
            Box::new(stream::Events(self.stream.clone())),
            absent("postgres.url", &[FeedId::Databases, FeedId::Sessions, FeedId::DatabaseServer]),
            absent("pgbouncer.url", &[FeedId::Pools]),
            Box::new(stream::Survey(self.stream.clone())),
            absent("objects.endpoint", &[FeedId::Backups, FeedId::Buckets]),
            absent("alertmanager.url", &[FeedId::Alerts, FeedId::Silences]),
            absent("prometheus.url", &[FeedId::Series, FeedId::Probes]),
            absent("loki.url", &[FeedId::Audit]),
            absent("kubernetes.kubeconfig", &CLUSTER),
        ]
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }
}

/// The feeds of the cluster's own objects.
const CLUSTER: [FeedId; 15] = [
    FeedId::Acks,
    FeedId::Deployments,
    FeedId::Autoscalers,
    FeedId::Quotas,
    FeedId::Pods,
    FeedId::Occurrences,
    FeedId::Gateways,
    FeedId::Routes,
    FeedId::Certificates,
    FeedId::Kustomizations,
    FeedId::CronJobs,
    FeedId::Jobs,
    FeedId::Nodes,
    FeedId::Claims,
    FeedId::Log,
];

fn absent(setting: &'static str, feeds: &[FeedId]) -> Box<dyn Feed> {
    Box::new(absent::Absent { feeds: feeds.to_vec(), setting })
}

fn options(settings: &KubernetesSettings) -> kubernetes::Options {
    kubernetes::Options {
        kubeconfig: settings.kubeconfig.value.clone(),
        context: settings.context.value.clone(),
        group: settings.group.value.clone(),
        page_size: settings.page_size.value,
        streaming_lists: match settings.streaming_lists.value {
            StreamingLists::Auto => kubernetes::Streaming::Auto,
            StreamingLists::On => kubernetes::Streaming::On,
            StreamingLists::Off => kubernetes::Streaming::Off,
        },
        ..kubernetes::Options::default()
    }
}
