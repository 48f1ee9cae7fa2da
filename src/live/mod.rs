//! The production world: what is known of the real servers.
//!
//! Each server has an adapter of its own, which knows the domain, the settings and the doors of
//! [`crate::platform`] and nothing else of the console.

pub mod alertmanager;
mod http;
pub mod kubernetes;
mod loki;
pub mod objects;
mod oidc;
pub mod postgres;
mod prometheus;
mod secret;
mod session;
mod stream;
pub mod valkey;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::SecretString;
use tokio::sync::watch;

pub use self::oidc::Keeper;
use crate::config::{Settings, StreamingLists};
use crate::platform::{Clock, Feed, Identity, Platform, World};

/// The live platform of a profile.
pub struct Live {
    kubernetes: kubernetes::Options,
    stream: stream::Wanted,
    objects: objects::Wanted,
    postgres: postgres::Wanted,
    pgbouncer: postgres::Wanted,
    alertmanager: alertmanager::Options,
    /// Where consoles keep what they share.
    namespace: String,
    prometheus: prometheus::Options,
    loki: loki::Options,
    identity: Option<oidc::Options>,
    /// Where sessions are kept instead of the keyring.
    keeper: Option<Arc<dyn Keeper>>,
    /// The ID token of whoever is signed in.
    bearer: watch::Sender<Option<SecretString>>,
    clock: Arc<dyn Clock>,
}

impl Live {
    /// The platform that `settings` describe. The reader of the event stream keeps its place in `cursor_file`.
    #[must_use]
    pub fn new(settings: &Settings, cursor_file: PathBuf, clock: Arc<dyn Clock>) -> Self {
        let kubernetes = options(settings);
        let stream = stream::Wanted {
            valkey: settings.valkey.clone(),
            history: settings.events.history.value,
            cursor_file,
            kubernetes: kubernetes.clone(),
        };
        let objects = objects::Wanted {
            settings: settings.objects.clone(),
            kept: None,
            kubernetes: kubernetes.clone(),
        };
        Self {
            stream,
            objects,
            postgres: postgres::Wanted::server(settings, &kubernetes),
            pgbouncer: postgres::Wanted::bouncer(settings, &kubernetes),
            alertmanager: alertmanager::Options::of(settings, &kubernetes),
            namespace: settings.kubernetes.namespace.value.clone(),
            prometheus: prometheus::Options::of(
                &settings.prometheus,
                &settings.tenants,
                kubernetes.clone(),
            ),
            loki: loki::Options::of(&settings.loki, kubernetes.clone()),
            identity: oidc::Options::of(settings, &kubernetes),
            keeper: None,
            bearer: watch::channel(None).0,
            kubernetes,
            clock,
        }
    }

    /// The same, which keeps what it saw of the buckets in a file of its own in `folder` between runs of `profile`.
    #[must_use]
    pub fn keeping(mut self, folder: &Path, profile: &str) -> Self {
        let name = format!("{profile}.{}.jsonl", self.objects.settings.bucket.value);
        self.objects.kept = Some(folder.join("backups").join(name));
        self
    }

    /// The same, which keeps sessions of people in `keeper` instead of the desktop's keyring, where the profile keeps them.
    #[must_use]
    pub fn keeping_sessions_in(mut self, keeper: Arc<dyn Keeper>) -> Self {
        self.keeper = Some(keeper);
        self
    }

    /// The ID token of whoever is signed in, as it is renewed; none while nobody is.
    #[must_use]
    pub fn bearer(&self) -> oidc::Bearer {
        self.bearer.subscribe()
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
            Box::new(postgres::Databases(self.postgres.clone())),
            Box::new(postgres::Pools(self.pgbouncer.clone())),
            Box::new(stream::Survey(self.stream.clone())),
            Box::new(objects::Objects(self.objects.clone())),
            Box::new(alertmanager::feed(self.alertmanager.clone())),
            Box::new(kubernetes::acks(self.kubernetes.clone(), self.namespace.clone())),
            Box::new(prometheus::feed(self.prometheus.clone())),
            Box::new(loki::feed(self.loki.clone())),
        ]
    }

    fn identity(&self) -> Option<Box<dyn Identity>> {
        let options = self.identity.clone()?;
        let clock = Arc::clone(&self.clock);
        let door = oidc::Oidc::new(options, self.bearer.clone(), clock);
        Some(Box::new(door.keeping(self.keeper.clone())))
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }
}

fn options(settings: &Settings) -> kubernetes::Options {
    let tenant_domain = settings.tenants.domain.value.clone();
    let settings = &settings.kubernetes;
    kubernetes::Options {
        tenant_domain,
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
