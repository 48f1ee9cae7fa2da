//! The production world: what is known of the real servers.
//!
//! Each server has an adapter of its own, which knows the domain, the settings and the doors of
//! [`crate::platform`] and nothing else of the console.

pub mod alertmanager;
mod bearer;
mod causes;
mod control;
mod health;
mod herald;
mod http;
pub mod kubernetes;
mod loki;
mod matrix;
pub mod objects;
mod oidc;
pub mod postgres;
mod prometheus;
mod secret;
mod session;
mod stream;
pub mod valkey;

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use tokio::sync::watch;

pub use self::bearer::{Bearer, Signed};
pub use self::oidc::Keeper;
use crate::config::{KubernetesIdentity, Settings, StreamingLists};
use crate::domain::Text;
use crate::platform::{Clock, Control, Feed, Herald, Identity, Journal, Platform, World};

/// The live platform of a profile.
pub struct Live {
    kubernetes: kubernetes::Options,
    stream: stream::Wanted,
    objects: objects::Wanted,
    postgres: postgres::Wanted,
    pgbouncer: postgres::Wanted,
    /// The two as operations reach them.
    databases: [postgres::Wanted; 2],
    alertmanager: alertmanager::Options,
    /// Where consoles keep what they share.
    namespace: String,
    /// Where a tenant says that it is well.
    health_url: String,
    prometheus: prometheus::Options,
    loki: loki::Options,
    identity: Option<oidc::Options>,
    /// Where sessions are kept instead of the keyring.
    keeper: Option<Arc<dyn Keeper>>,
    /// Who is signed in, for the servers that are asked as them.
    signed: watch::Sender<Option<Signed>>,
    matrix: Option<matrix::Options>,
    clock: Arc<dyn Clock>,
    /// Made when they are first asked for, and then the same for everybody.
    control: OnceLock<Arc<control::Hands>>,
    journal: OnceLock<Arc<dyn Journal>>,
}

impl Live {
    /// The platform that `settings` describe. The reader of the event stream keeps its place in `cursor_file`.
    #[must_use]
    pub fn new(settings: &Settings, cursor_file: PathBuf, clock: Arc<dyn Clock>) -> Self {
        let (signed, bearer) = watch::channel(None);
        // Before anybody is signed in, the provider's own secrets can be had as the kubeconfig's user only.
        let identity = oidc::Options::of(settings, &options(settings));
        let kubernetes =
            kubernetes::Options { caller: caller(settings, bearer), ..options(settings) };
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
            databases: postgres::Wanted::for_operations(settings, &kubernetes),
            alertmanager: alertmanager::Options::of(settings, &kubernetes),
            namespace: settings.kubernetes.namespace.value.clone(),
            health_url: settings.operations.health_url.value.clone(),
            prometheus: prometheus::Options::of(
                &settings.prometheus,
                &settings.tenants,
                kubernetes.clone(),
            ),
            loki: loki::Options::of(&settings.loki, kubernetes.clone()),
            identity,
            keeper: None,
            signed,
            matrix: matrix::Options::of(&settings.matrix, &kubernetes),
            kubernetes,
            clock,
            control: OnceLock::new(),
            journal: OnceLock::new(),
        }
    }

    /// The same, which keeps what it saw of the buckets in a file of its own in `folder` between runs of `profile`.
    #[must_use]
    pub fn keeping(mut self, folder: &Path, profile: &str) -> Self {
        let name = format!("{profile}.{}.jsonl", self.objects.settings.bucket.value);
        self.objects.kept = Some(folder.join("backups").join(name));
        self
    }

    /// The same, which keeps sessions of people in `keeper` instead of the keyring, where the profile keeps them.
    #[must_use]
    pub fn keeping_sessions_in(mut self, keeper: Arc<dyn Keeper>) -> Self {
        self.keeper = Some(keeper);
        self
    }

    /// Who is signed in, as it is renewed; none while nobody is.
    #[must_use]
    pub fn bearer(&self) -> Bearer {
        self.signed.subscribe()
    }

    /// As whom the kubeconfig asks the cluster, when it says so. Reads the file, and asks nobody.
    #[must_use]
    pub fn kubeconfig_user(&self) -> Option<Text> {
        kubernetes::user_name(&self.kubernetes)
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
        let door = oidc::Oidc::new(options, self.signed.clone(), clock);
        Some(Box::new(door.keeping(self.keeper.clone())))
    }

    fn herald(&self) -> Option<Arc<dyn Herald>> {
        Some(Arc::new(herald::Outlets::new(self.matrix.clone(), self.stream.clone())))
    }

    fn control(&self) -> Option<Arc<dyn Control>> {
        let hands = self.control.get_or_init(|| Arc::new(control::Hands::of(self)));
        Some(Arc::<control::Hands>::clone(hands))
    }

    fn journal(&self) -> Option<Arc<dyn Journal>> {
        let journal = self.journal.get_or_init(|| {
            Arc::new(kubernetes::journal(self.kubernetes.clone(), Arc::clone(&self.clock)))
        });
        Some(Arc::clone(journal))
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }
}

/// As whom the cluster is asked.
fn caller(settings: &Settings, bearer: Bearer) -> kubernetes::Caller {
    let issuer = settings.identity.issuer.value.as_ref();
    match settings.kubernetes.identity.value {
        KubernetesIdentity::Kubeconfig => kubernetes::Caller::Kubeconfig,
        KubernetesIdentity::Oidc => kubernetes::Caller::Token {
            bearer,
            issuer: issuer.map(ToString::to_string).unwrap_or_default(),
            client_id: settings.identity.client_id.value.clone(),
        },
        KubernetesIdentity::Impersonate => kubernetes::Caller::Impersonating(bearer),
    }
}

fn options(settings: &Settings) -> kubernetes::Options {
    let tenant_domain = settings.tenants.domain.value.clone();
    let jobs_namespace = settings.operations.jobs_namespace.value.clone();
    let settings = &settings.kubernetes;
    kubernetes::Options {
        jobs_namespace,
        tenant_domain,
        namespace: settings.namespace.value.clone(),
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
