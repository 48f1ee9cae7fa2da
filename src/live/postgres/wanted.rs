//! The servers of a profile: fetches what it takes to connect, then asks.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::{FEEDS, Options};
use crate::config::{SecretRef, ServerUrl, Settings};
use crate::domain::{Fact, FeedId, Trouble, TroubleKind};
use crate::live::{kubernetes, secret};
use crate::platform::{Closed, Feed, Sink};

/// How long to wait before a secret that could not be had is asked for again.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// What is wanted: settings whose secrets are not fetched yet.
#[derive(Clone)]
pub(in crate::live) struct Wanted {
    url: Option<ServerUrl>,
    password: Option<SecretRef>,
    /// The options without the password.
    options: Options,
    /// The cluster that may hold the password.
    kubernetes: kubernetes::Options,
    /// The settings of the address and of the password, by name, and what is seen by them.
    names: Names,
}

/// See [`Wanted::names`].
type Names = [&'static str; 3];

/// The feeds of the PostgreSQL server of a profile.
pub(in crate::live) struct Databases(pub(in crate::live) Wanted);

/// The feed of the pgbouncer of a profile.
pub(in crate::live) struct Pools(pub(in crate::live) Wanted);

const DATABASES: Names = ["postgres.url", "postgres.password", "databases"];
const POOLS: Names = ["pgbouncer.url", "pgbouncer.password", "pools"];
const OF_OPERATIONS: [Names; 2] = [
    ["postgres.control_url", "postgres.control_password", "databases"],
    ["pgbouncer.control_url", "pgbouncer.control_password", "pools"],
];

impl Wanted {
    /// The PostgreSQL server of `settings`.
    pub(in crate::live) fn server(settings: &Settings, kubernetes: &kubernetes::Options) -> Self {
        let postgres = &settings.postgres;
        Self {
            url: postgres.url.value.clone(),
            password: postgres.password.value.clone(),
            options: Options { ca_file: postgres.ca_file.value.clone(), ..plain(settings) },
            kubernetes: kubernetes.clone(),
            names: DATABASES,
        }
    }

    /// The pgbouncer of `settings`. It stands before the server, and is asked as often.
    pub(in crate::live) fn bouncer(settings: &Settings, kubernetes: &kubernetes::Options) -> Self {
        let pgbouncer = &settings.pgbouncer;
        Self {
            url: pgbouncer.url.value.clone(),
            password: pgbouncer.password.value.clone(),
            options: plain(settings),
            kubernetes: kubernetes.clone(),
            names: POOLS,
        }
    }

    /// The PostgreSQL server and the pgbouncer of `settings` as operations reach them: with roles of their own, where the
    /// profile has such.
    pub(in crate::live) fn for_operations(
        settings: &Settings,
        kubernetes: &kubernetes::Options,
    ) -> [Self; 2] {
        let [databases, pools] = OF_OPERATIONS;
        let (postgres, pgbouncer) = (&settings.postgres, &settings.pgbouncer);
        [
            Self::server(settings, kubernetes).or(
                postgres.control_url.value.as_ref(),
                postgres.control_password.value.as_ref(),
                databases,
            ),
            Self::bouncer(settings, kubernetes).or(
                pgbouncer.control_url.value.as_ref(),
                pgbouncer.control_password.value.as_ref(),
                pools,
            ),
        ]
    }

    /// The same, at `url` with `password` when there is such an address. The password goes with the address: another
    /// role's is never tried.
    fn or(self, url: Option<&ServerUrl>, password: Option<&SecretRef>, names: Names) -> Self {
        match url {
            Some(url) => {
                Self { url: Some(url.clone()), password: password.cloned(), names, ..self }
            }
            None => self,
        }
    }

    /// Asks for the options until they can be had; none when there is nothing to ask.
    async fn options(self, sink: &Sink, feeds: &[FeedId]) -> Result<Option<Options>, Closed> {
        let mut told = None;
        loop {
            let trouble = match self.fetch().await {
                Ok(options) => return Ok(Some(options)),
                Err(trouble) => trouble,
            };
            let last_word = trouble.kind == TroubleKind::NotConfigured;
            if told.as_ref() != Some(&trouble) {
                for feed in feeds {
                    sink.tell(*feed, [Fact::Unreachable(trouble.clone())]).await?;
                }
                told = Some(trouble);
            }
            if last_word {
                return Ok(None);
            }
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    /// What it takes to connect, the password fetched.
    pub(super) async fn fetch(&self) -> Result<Options, Trouble> {
        let [url_key, password_key, things] = self.names;
        let Some(url) = &self.url else {
            let server = url_key.split('.').next().unwrap_or_default();
            return Err(Trouble::new(
                TroubleKind::NotConfigured,
                &format!("no {server} is set for this profile"),
                &format!("Set {url_key} in the profile to see the {things}."),
            ));
        };
        if url.service().is_some() {
            return Err(Trouble::new(
                TroubleKind::Config,
                &format!("{url_key} names a service of the cluster, which can't be reached so"),
                &format!("Set {url_key} to an address such as postgres://role@host:5432/postgres."),
            ));
        }
        let password = match self.password.clone() {
            None => None,
            Some(reference) => {
                Some(secret::fetch(reference, password_key, &self.kubernetes).await?)
            }
        };
        Ok(Options { url: url.to_string(), password, ..self.options.clone() })
    }
}

fn plain(settings: &Settings) -> Options {
    Options {
        refresh: Duration::from_secs(u64::from(settings.postgres.refresh.value.max(1))),
        domain: settings.tenants.domain.value.clone(),
        ..Options::new("")
    }
}

impl Feed for Databases {
    fn ids(&self) -> Vec<FeedId> {
        FEEDS.to_vec()
    }

    fn run(self: Box<Self>, sink: Sink) -> BoxFuture<'static, ()> {
        async move {
            if let Ok(Some(options)) = self.0.options(&sink, &FEEDS).await {
                Box::new(super::feed(options)).run(sink).await;
            }
        }
        .boxed()
    }
}

impl Feed for Pools {
    fn ids(&self) -> Vec<FeedId> {
        vec![FeedId::Pools]
    }

    fn run(self: Box<Self>, sink: Sink) -> BoxFuture<'static, ()> {
        async move {
            if let Ok(Some(options)) = self.0.options(&sink, &[FeedId::Pools]).await {
                Box::new(super::pools(options)).run(sink).await;
            }
        }
        .boxed()
    }
}
