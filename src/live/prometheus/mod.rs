//! Prometheus: figures over time for the overview, and what probes find of the tenants' addresses.
//!
//! It only asks, one question at a time, each with a limit of time and size. A question that the server refuses is no
//! trouble of the server: a figure says so in its place, and probes have a state of their own. Refuses to keep what it
//! read and to judge what it means.

mod answer;
mod probes;
mod series;

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use self::answer::{Asked, Vector};
use super::http::{Get, Http, Server};
use super::kubernetes;
use super::session::{Served, THERE_WITHIN, Told, keep};
use crate::config::{PrometheusSettings, TenantsSettings};
use crate::domain::{Fact, FeedId, System, Text, Timestamp, Trouble, TroubleKind, figures};
use crate::platform::{Closed, Feed, Sink};

/// Between two readings of all figures.
const SERIES_EVERY: Duration = Duration::from_secs(20);
/// Between two readings of all probes.
const PROBES_EVERY: Duration = Duration::from_secs(15);
/// After a reading that the link cut short.
const AGAIN: Duration = Duration::from_secs(2);
/// The longest wait for one answer: a busy Prometheus takes its time over a whole hour.
const ANSWER_WITHIN: Duration = Duration::from_secs(12);
/// The largest answer to a question for one figure.
const SERIES_BYTES: usize = 1 << 20;
/// The largest answer to a question for all probes: some 20 000 of them.
const PROBES_BYTES: usize = 16 << 20;

/// How Prometheus is asked.
#[derive(Clone)]
pub(super) struct Options {
    server: Server,
    /// The query whose answer is one result of a probe per address.
    probes: String,
    /// The domain of the tenants' addresses.
    domain: String,
}

impl Options {
    /// As the profile says.
    pub(super) fn of(
        settings: &PrometheusSettings,
        tenants: &TenantsSettings,
        kubernetes: kubernetes::Options,
    ) -> Self {
        let server = Server {
            system: System::Prometheus,
            settings: "prometheus",
            token_key: "prometheus.token",
            url: settings.url.value.clone(),
            token: settings.token.value.clone(),
            ca_file: settings.ca_file.value.clone(),
            headers: Vec::new(),
            kubernetes,
        };
        let probes = settings.probes.value.clone();
        Self { server, probes, domain: tenants.domain.value.clone() }
    }
}

/// The feed of figures and probes.
pub(super) fn feed(options: Options) -> impl Feed {
    Metrics(options)
}

struct Metrics(Options);

impl Feed for Metrics {
    fn ids(&self) -> Vec<FeedId> {
        vec![FeedId::Series, FeedId::Probes]
    }

    fn run(self: Box<Self>, sink: Sink) -> BoxFuture<'static, ()> {
        async move {
            // It ends only when nobody listens, or when there is nothing to read.
            let _ = Box::pin(self.0.run(&sink)).await;
        }
        .boxed()
    }
}

impl Options {
    async fn run(self, sink: &Sink) -> Result<Closed, Closed> {
        let told = [Told::new(FeedId::Series), Told::new(FeedId::Probes)];
        match Http::new(self.server) {
            Ok(http) => {
                let reader = Reader { http, probes: self.probes, domain: self.domain, told };
                Ok(Box::pin(keep(&reader, sink)).await)
            }
            Err(trouble) => {
                for told in &told {
                    told.unwell(sink, trouble.clone()).await?;
                }
                Ok(Closed)
            }
        }
    }
}

/// Asks the server and tells what it says.
struct Reader {
    http: Http,
    probes: String,
    domain: String,
    told: [Told; 2],
}

impl Served for Reader {
    fn feeds(&self) -> &[Told] {
        &self.told
    }

    async fn is_there(&self) -> Result<(), Trouble> {
        let get = Get {
            doing: "asking whether it is there",
            path: "/api/v1/query",
            query: &[("query", "vector(1)")],
            within: THERE_WITHIN,
            bytes: 64 << 10,
        };
        let bytes = self.http.bytes(get).await?;
        match answer::told::<Vector>(&self.http, &bytes, get.doing) {
            Asked::Told(_) => Ok(()),
            Asked::Refused(why) => Err(Trouble::new(
                TroubleKind::Protocol,
                &format!("what answers at prometheus.url is no Prometheus: {why}"),
                "See whether prometheus.url is right.",
            )),
            Asked::Lost(trouble) => Err(trouble),
        }
    }

    async fn read(&self, sink: &Sink) -> Closed {
        let [series, probes] = &self.told;
        let outcome = tokio::try_join!(self.series(series, sink), self.probes(probes, sink));
        match outcome {
            Ok((closed, _)) | Err(closed) => closed,
        }
    }
}

impl Reader {
    /// Reads all figures again and again.
    async fn series(&self, told: &Told, sink: &Sink) -> Result<Closed, Closed> {
        let figures = figures();
        loop {
            let wait = match series::read(&self.http, &figures, sink.now()).await {
                Some(found) => {
                    told.well(sink, listing(found)).await?;
                    SERIES_EVERY
                }
                // Whether the server is there is asked elsewhere.
                None => AGAIN,
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// Reads all probes again and again.
    async fn probes(&self, told: &Told, sink: &Sink) -> Result<Closed, Closed> {
        let mut refused: Option<Text> = None;
        loop {
            let found = probes::read(&self.http, &self.probes, &self.domain, sink.now()).await;
            let wait = match found {
                Asked::Told(found) => {
                    refused = None;
                    told.well(sink, listing(found)).await?;
                    PROBES_EVERY
                }
                Asked::Refused(why) => {
                    if refused.as_ref() != Some(&why) {
                        told.unwell(sink, self.unread(&why)).await?;
                        refused = Some(why);
                    }
                    PROBES_EVERY
                }
                Asked::Lost(_) => AGAIN,
            };
            tokio::time::sleep(wait).await;
        }
    }

    fn unread(&self, why: &Text) -> Trouble {
        Trouble::new(
            TroubleKind::Config,
            &format!("prometheus does not answer the query of the probes, {}: {why}", self.probes),
            "Correct prometheus.probes: it must give one result per address, such as probe_success.",
        )
    }
}

fn listing<T: Into<crate::domain::Object>>(found: Vec<T>) -> impl Iterator<Item = Fact> {
    let objects = found.into_iter().map(|object| Fact::Upsert(object.into()));
    std::iter::once(Fact::RelistBegun).chain(objects).chain([Fact::RelistEnded])
}

/// A time as Prometheus reads it.
fn seconds(at: Timestamp) -> String {
    format!("{}.{:03}", at.ms().div_euclid(1_000), at.ms().rem_euclid(1_000))
}
