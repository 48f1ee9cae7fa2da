//! Alerts and silences of an Alertmanager, by its API version 2.
//!
//! The feed asks for both lists every two seconds and tells a listing when one of them changed; an answer that is
//! the same byte for byte as the last one costs no more than reading it. Muted alerts are told with what mutes them.
//!
//! Bounds: an answer of at most [`BYTES`], of which at most [`ALERTS`] alerts and [`SILENCES`] silences are kept; a
//! label of at most 1 KiB, an annotation of at most 4 KiB.

mod control;
mod tenant;
mod wire;

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher as _;
use std::path::PathBuf;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde::de::DeserializeOwned;

pub(super) use self::control::Hand;
use self::tenant::Tenants;
use super::http::{Get, Http, Server};
use super::kubernetes;
use crate::config::{SecretRef, ServerUrl, Settings};
use crate::domain::{Fact, FeedId, Object, System, Trouble, TroubleKind};
use crate::platform::{Closed, Feed, Sink};

/// The most bytes of an answer that are read.
const BYTES: usize = 64 << 20;
/// The most alerts that are kept.
const ALERTS: usize = 20_000;
/// The most silences that are kept.
const SILENCES: usize = 5_000;
/// The time between two questions while all is well.
const EVERY: Duration = Duration::from_secs(2);
/// The longest wait for an answer: trouble is said within five seconds of the last word.
const WITHIN: Duration = Duration::from_millis(2_500);
/// The time to the next try when a refusal is not likely to pass by itself.
const REFUSED: Duration = Duration::from_secs(10);

/// Where the Alertmanager is, and how its alerts name tenants.
#[derive(Clone, Debug)]
pub struct Options {
    /// Its address; absent: the profile has none.
    pub url: Option<ServerUrl>,
    /// Where the bearer token is.
    pub token: Option<SecretRef>,
    /// Certificates to trust instead of the system's.
    pub ca_file: Option<PathBuf>,
    /// The label that names the tenant.
    pub tenant_label: String,
    /// The domain of tenants' addresses, for alerts that only say which address they speak of.
    pub domain: String,
    /// The cluster that may hold the token, or the service.
    pub kubernetes: kubernetes::Options,
}

impl Options {
    /// What `settings` say.
    #[must_use]
    pub fn of(settings: &Settings, kubernetes: &kubernetes::Options) -> Self {
        let own = &settings.alertmanager;
        Self {
            url: own.url.value.clone(),
            token: own.token.value.clone(),
            ca_file: own.ca_file.value.clone(),
            tenant_label: own.tenant_label.value.clone(),
            domain: settings.tenants.domain.value.clone(),
            kubernetes: kubernetes.clone(),
        }
    }
}

impl Options {
    /// The server, for who asks it.
    fn server(&self) -> Server {
        Server {
            system: System::Alertmanager,
            settings: "alertmanager",
            token_key: "alertmanager.token",
            url: self.url.clone(),
            token: self.token.clone(),
            ca_file: self.ca_file.clone(),
            headers: Vec::new(),
            kubernetes: self.kubernetes.clone(),
        }
    }
}

/// The feed of alerts and silences.
#[derive(Debug)]
pub struct Alertmanager(Options);

/// A feed that reads what `options` describe. It connects when it is run.
#[must_use]
pub fn feed(options: Options) -> Alertmanager {
    Alertmanager(options)
}

impl Feed for Alertmanager {
    fn ids(&self) -> Vec<FeedId> {
        vec![FeedId::Alerts, FeedId::Silences]
    }

    fn run(self: Box<Self>, sink: Sink) -> BoxFuture<'static, ()> {
        // The only way to end is that nobody listens, or that there is nothing to ask.
        async move { run(self.0, sink).await.unwrap_or(()) }.boxed()
    }
}

async fn run(options: Options, sink: Sink) -> Result<(), Closed> {
    let server = options.server();
    let tenants = Tenants { label: options.tenant_label, domain: options.domain };
    let http = match Http::new(server) {
        Ok(http) => http,
        Err(trouble) => {
            for feed in [FeedId::Alerts, FeedId::Silences] {
                sink.tell(feed, [Fact::Unreachable(trouble.clone())]).await?;
            }
            return Ok(());
        }
    };
    let alerts = List::new(FeedId::Alerts, "/api/v2/alerts", "reading the alerts");
    let silences = List::new(FeedId::Silences, "/api/v2/silences", "reading the silences");
    // Each goes on by itself: while one answer is waited for, the trouble of the other is said in time.
    let ((), ()) = tokio::try_join!(
        alerts.follow(&http, &sink, |all: Vec<wire::Alert>| wire::alerts(all, &tenants)),
        silences.follow(&http, &sink, wire::silences),
    )?;
    Ok(())
}

/// One of the two lists, and what was told of it.
struct List {
    feed: FeedId,
    path: &'static str,
    doing: &'static str,
    /// The answer that was told last, by its hash; none when it must be told anew.
    told: Option<u64>,
    said: Option<Trouble>,
}

impl List {
    const fn new(feed: FeedId, path: &'static str, doing: &'static str) -> Self {
        Self { feed, path, doing, told: None, said: None }
    }

    /// Asks for as long as somebody listens.
    async fn follow<T: DeserializeOwned>(
        mut self,
        http: &Http,
        sink: &Sink,
        read: impl Fn(Vec<T>) -> Vec<Object>,
    ) -> Result<(), Closed> {
        loop {
            let wait = self.ask(http, sink, &read).await?;
            tokio::time::sleep(wait).await;
        }
    }

    /// Asks once and tells what came of it; gives the time to wait before the next question.
    async fn ask<T: DeserializeOwned>(
        &mut self,
        http: &Http,
        sink: &Sink,
        read: impl Fn(Vec<T>) -> Vec<Object>,
    ) -> Result<Duration, Closed> {
        let get =
            Get { doing: self.doing, path: self.path, query: &[], within: WITHIN, bytes: BYTES };
        let trouble = match http.bytes(get).await {
            Ok(answer) => {
                let hash = hash(&answer);
                if self.told == Some(hash) {
                    sink.tell(self.feed, [Fact::Alive]).await?;
                    return Ok(EVERY);
                }
                match http.read(&answer, self.doing) {
                    Ok(all) => {
                        self.tell(sink, read(all)).await?;
                        self.told = Some(hash);
                        return Ok(EVERY);
                    }
                    Err(trouble) => trouble,
                }
            }
            Err(trouble) => trouble,
        };
        // What is known is confirmed by a whole listing once it can be read again.
        self.told = None;
        let wait = pause(&trouble);
        if self.said.as_ref() != Some(&trouble) {
            tracing::info!(feed = %self.feed, %trouble, "can't be read");
            sink.tell(self.feed, [Fact::Unreachable(trouble.clone())]).await?;
            self.said = Some(trouble);
        }
        Ok(wait)
    }

    async fn tell(&mut self, sink: &Sink, all: Vec<Object>) -> Result<(), Closed> {
        if self.said.take().is_some() {
            tracing::info!(feed = %self.feed, "can be read again");
        }
        let listing = all.into_iter().map(Fact::Upsert);
        let begun = std::iter::once(Fact::RelistBegun);
        sink.tell(self.feed, begun.chain(listing).chain([Fact::RelistEnded])).await
    }
}

/// The time to wait after `trouble`: short where the server may be back at any moment.
const fn pause(trouble: &Trouble) -> Duration {
    match trouble.kind {
        TroubleKind::Unauthenticated | TroubleKind::Config => REFUSED,
        _ => EVERY,
    }
}

fn hash(answer: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(answer);
    hasher.finish()
}
