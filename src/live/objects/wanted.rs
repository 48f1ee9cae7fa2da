//! The object store of a profile: fetches its keys, then reads.

use std::path::PathBuf;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::{FEEDS, Keys, Options, round};
use crate::config::{ObjectsSettings, SecretRef};
use crate::domain::{Fact, FeedId, Trouble, TroubleKind};
use crate::live::{kubernetes, secret};
use crate::platform::{Closed, Feed, Sink};

/// How long to wait before a secret that could not be had is asked for again.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// What is wanted: settings whose secrets are not fetched yet.
#[derive(Clone)]
pub(in crate::live) struct Wanted {
    pub(in crate::live) settings: ObjectsSettings,
    /// Where what was seen is kept between runs; none keeps nothing.
    pub(in crate::live) kept: Option<PathBuf>,
    /// The cluster that may hold the keys.
    pub(in crate::live) kubernetes: kubernetes::Options,
}

/// The feed of the object store.
pub(in crate::live) struct Objects(pub(in crate::live) Wanted);

impl Feed for Objects {
    fn ids(&self) -> Vec<FeedId> {
        FEEDS.to_vec()
    }

    fn run(self: Box<Self>, sink: Sink) -> BoxFuture<'static, ()> {
        // The only way to end is that nobody listens, or that there is nothing to read.
        async move { self.0.run(sink).await.unwrap_or(()) }.boxed()
    }
}

impl Wanted {
    async fn run(self, sink: Sink) -> Result<(), Closed> {
        let mut told = None;
        loop {
            let trouble = match self.options().await {
                Ok(options) => return round::run(options, sink).await,
                Err(trouble) => trouble,
            };
            if told.as_ref() != Some(&trouble) {
                for feed in FEEDS {
                    sink.tell(feed, [Fact::Unreachable(trouble.clone())]).await?;
                }
                told = Some(trouble.clone());
            }
            if trouble.kind == TroubleKind::NotConfigured {
                return Ok(());
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    /// What it takes to ask the server, its keys fetched.
    pub(super) async fn options(&self) -> Result<Options, Trouble> {
        let settings = &self.settings;
        let Some(endpoint) = &settings.endpoint.value else {
            return Err(Trouble::new(
                TroubleKind::NotConfigured,
                "no s3 is set for this profile",
                "Set objects.endpoint in the profile to see the backups.",
            ));
        };
        if !endpoint.as_str().starts_with("http") {
            return Err(Trouble::new(
                TroubleKind::Config,
                &format!(
                    "{endpoint} is no address of an S3 server: requests are signed for its host"
                ),
                "Set objects.endpoint to an address that begins with http:// or https://.",
            ));
        }
        let keys = match (&settings.access_key.value, &settings.secret_key.value) {
            (Some(access), Some(secret)) => Some(Keys {
                access: self.secret(access, "objects.access_key").await?,
                secret: self.secret(secret, "objects.secret_key").await?,
            }),
            (None, None) => None,
            _ => {
                return Err(Trouble::new(
                    TroubleKind::Config,
                    "only one of objects.access_key and objects.secret_key is set",
                    "Set both, or none for a server that lets anybody list.",
                ));
            }
        };
        Ok(Options {
            region: settings.region.value.clone(),
            templates_bucket: settings.templates_bucket.value.clone(),
            platform_prefix: settings.platform_prefix.value.clone(),
            keys,
            ca_file: settings.ca_file.value.clone(),
            refresh: Duration::from_mins(u64::from(settings.refresh.value)),
            kept: self.kept.clone(),
            ..Options::new(endpoint.as_str(), settings.bucket.value.clone())
        })
    }

    async fn secret(
        &self,
        reference: &SecretRef,
        key: &'static str,
    ) -> Result<secrecy::SecretString, Trouble> {
        secret::fetch(reference.clone(), key, &self.kubernetes).await
    }
}
