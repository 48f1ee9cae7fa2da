//! Loki: the lines of the log that the operator has open, when that is a question to Loki.
//!
//! It asks for what is there, newest first, and then every two seconds for what came since. Loki's own tail, a WebSocket,
//! is not used: it says nothing that these questions don't, drops what it can't send, and does not pass every gateway.
//! Whatever may be missing is marked where it is missing. Refuses to keep lines and to read a log nobody looks at.

mod answer;
mod follow;

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, watch};

use self::answer::Asked;
use self::follow::Following;
use super::http::{Get, Http, Server, Why};
use super::kubernetes;
use super::session::{Served, THERE_WITHIN, Told, keep};
use crate::config::LokiSettings;
use crate::domain::{
    Attention, Fact, FeedId, LogChunk, LogLine, LogSource, LogTold, System, Text, Trouble,
    TroubleKind,
};
use crate::platform::{Closed, Feed, Sink};

/// Between two questions for new lines.
const EVERY: Duration = Duration::from_secs(2);
/// The longest wait for lines: the first question reaches back a day.
const LINES_WITHIN: Duration = Duration::from_secs(15);
/// The largest answer; one that is larger is asked for again in smaller pieces.
const LINES_BYTES: usize = 24 << 20;
/// The most lines in one chunk.
const CHUNK: usize = 512;
/// The longest line that is kept, in bytes.
const LINE_MAX: usize = 16 << 10;

/// How Loki is asked.
#[derive(Clone)]
pub(super) struct Options(Server);

impl Options {
    /// As the profile says.
    pub(super) fn of(settings: &LokiSettings, kubernetes: kubernetes::Options) -> Self {
        let organisation = settings.organisation.value.clone();
        Self(Server {
            system: System::Loki,
            settings: "loki",
            token_key: "loki.token",
            url: settings.url.value.clone(),
            token: settings.token.value.clone(),
            ca_file: settings.ca_file.value.clone(),
            headers: organisation.map(|name| ("x-scope-orgid", name)).into_iter().collect(),
            kubernetes,
        })
    }
}

/// The feed of the open log.
pub(super) fn feed(options: Options) -> impl Feed {
    Lines(options)
}

struct Lines(Options);

impl Feed for Lines {
    fn ids(&self) -> Vec<FeedId> {
        vec![FeedId::Audit]
    }

    fn run(self: Box<Self>, sink: Sink) -> BoxFuture<'static, ()> {
        async move {
            // It ends only when nobody listens, or when there is nothing to read.
            let _ = self.0.run(&sink).await;
        }
        .boxed()
    }
}

impl Options {
    async fn run(self, sink: &Sink) -> Result<Closed, Closed> {
        let told = [Told::new(FeedId::Audit)];
        match Http::new(self.0) {
            Ok(http) => {
                let reader = Reader { http, told, open: Mutex::new(None) };
                Ok(keep(&reader, sink).await)
            }
            Err(trouble) => {
                told[0].unwell(sink, trouble).await?;
                Ok(Closed)
            }
        }
    }
}

/// Asks the server and tells what it says.
struct Reader {
    http: Http,
    told: [Told; 1],
    /// How far the open log was read: a link that breaks does not lose the place.
    open: Mutex<Option<Following>>,
}

impl Served for Reader {
    fn feeds(&self) -> &[Told] {
        &self.told
    }

    async fn is_there(&self) -> Result<(), Trouble> {
        // What any gateway lets through, and any Loki answers at once to whoever may read.
        let get = Get {
            doing: "asking whether it is there",
            path: "/loki/api/v1/labels",
            query: &[("since", "1m")],
            within: THERE_WITHIN,
            bytes: 4 << 20,
        };
        match self.http.ask(get).await {
            Ok(bytes) => answer::check(&self.http, &bytes, get.doing),
            Err(refused) => match &refused.why {
                Why::Status(401, said) if said.contains("no org id") => Err(no_organisation()),
                _ => Err(refused.trouble),
            },
        }
    }

    async fn read(&self, sink: &Sink) -> Closed {
        match self.follow(sink).await {
            Ok(closed) | Err(closed) => closed,
        }
    }
}

fn no_organisation() -> Trouble {
    Trouble::new(
        TroubleKind::Config,
        "loki has several organisations and wants to know which one is asked for (no org id)",
        "Set loki.organisation to the one that has the platform's logs.",
    )
}

impl Reader {
    /// Reads what is open, whatever that is, for ever.
    async fn follow(&self, sink: &Sink) -> Result<Closed, Closed> {
        let [told] = &self.told;
        told.well(sink, [Fact::RelistBegun, Fact::RelistEnded]).await?;
        let mut attention = sink.attention();
        loop {
            let wanted = query(&attention.borrow_and_update());
            let mut open = self.open.lock().await;
            if open.as_ref().map(Following::query) != wanted.as_ref() {
                *open = wanted.map(Following::new);
            }
            let wait = match open.as_mut() {
                Some(following) => self.step(following, sink).await?,
                None => EVERY,
            };
            drop(open);
            pause(&mut attention, wait).await;
        }
    }

    /// Asks once for the open log, tells what came, and says how long to wait for the next time.
    async fn step(&self, following: &mut Following, sink: &Sink) -> Result<Duration, Closed> {
        let Some(question) = following.question(sink.now()) else { return Ok(EVERY) };
        match answer::ask(&self.http, &question).await {
            Asked::Told(lines) => {
                let again = question.is_full(lines.len());
                let news = following.take(&question, lines);
                self.tell(following, news, sink).await?;
                Ok(if again { Duration::ZERO } else { EVERY })
            }
            Asked::Large => {
                let news = following.ask_for_less();
                let again = news.is_empty();
                self.tell(following, news, sink).await?;
                Ok(if again { Duration::ZERO } else { EVERY })
            }
            Asked::Refused(why) => {
                following.end();
                let end = LogTold::End(Text::from(format!("loki refuses the question: {why}")));
                self.tell(following, vec![end], sink).await?;
                Ok(EVERY)
            }
            // The server is asked elsewhere whether it is there; this question may be too much for it all the same.
            Asked::Lost(trouble) => {
                let [told] = &self.told;
                if told.is_well() {
                    told.unwell(sink, trouble).await?;
                }
                Ok(EVERY)
            }
        }
    }

    /// Tells what is new of the open log.
    async fn tell(
        &self,
        following: &Following,
        news: Vec<LogTold>,
        sink: &Sink,
    ) -> Result<(), Closed> {
        let [told] = &self.told;
        let mut facts = facts(following.query(), news);
        if !told.is_well() || facts.is_empty() {
            // After trouble, lines alone don't say that nothing else is missing.
            facts.insert(0, Fact::Alive);
        }
        told.well(sink, facts).await
    }
}

/// The question to Loki that the operator has open.
fn query(attention: &Attention) -> Option<Text> {
    match &attention.log {
        Some(LogSource::Loki { query }) => Some(query.clone()),
        Some(LogSource::Pod { .. }) | None => None,
    }
}

/// Waits, but not when something else is opened meanwhile.
async fn pause(attention: &mut watch::Receiver<Attention>, wait: Duration) {
    let changed = async {
        if attention.changed().await.is_err() {
            // Nobody looks any more: nothing changes.
            std::future::pending::<()>().await;
        }
    };
    // It is time, or something else is wanted: the next question shows which.
    let _ = tokio::time::timeout(wait, changed).await;
}

/// What is told of the log of `query`, in chunks.
fn facts(query: &Text, news: Vec<LogTold>) -> Vec<Fact> {
    let source = LogSource::Loki { query: query.clone() };
    let fact = |told| Fact::Log(LogChunk { source: source.clone(), told });
    let mut facts = Vec::new();
    for told in news {
        match told {
            LogTold::Lines(lines) if lines.len() > CHUNK => {
                let chunk = |lines: &[LogLine]| fact(LogTold::Lines(lines.into()));
                facts.extend(lines.chunks(CHUNK).map(chunk));
            }
            told => facts.push(fact(told)),
        }
    }
    facts
}
