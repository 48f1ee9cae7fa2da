//! The survey of a Valkey or Redis server beside its event stream: streams and their groups, families of keys, queues,
//! agents' calls, and the server itself, as four feeds.
//!
//! It only ever reads, on a connection of its own and at low priority: one command at a time, at least [`ask::PAUSE`] apart.
//! It asks nothing whose answer has no bound: of streams and groups their summaries and never their lists, of keys a walk
//! in small steps with a rest after it, of the slow log and of agents' calls the newest. What the operator's role may not
//! ask is named, and the rest works. A server that was started again is noticed by the id of its run: nothing that was
//! known of it holds any more.

mod ask;
mod calls;
mod families;
mod queues;
mod replies;
mod server;
mod streams;
mod voice;
mod walk;

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::Options;
use super::connect::{Link, Target};
use super::trouble;
use crate::domain::{FeedId, Object, Span, Timestamp, Trouble, TroubleKind};
use crate::platform::{Closed, Feed, Sink};
use ask::{Asker, Desk, End};
use calls::Calls;
use families::Families;
use queues::Queues;
use server::{Look, Server};
use streams::Streams;
use voice::{FEEDS, Voice};
use walk::{For, Step, Walk};

/// How long an answer may take: with [`LOOK`] it keeps a silence under five seconds.
const ANSWER: Duration = Duration::from_millis(2_500);
/// How often the server itself is looked at, which also shows that it is there.
const LOOK: Span = Span::from_secs(2);
/// How often streams are looked into.
const STREAMS: Span = Span::from_secs(5);
/// How often queues and calls are looked into.
const QUEUES: Span = Span::from_secs(10);
/// How often the slow log is read.
const SLOW: Span = Span::from_secs(15);
/// How often the progress of a count is told.
const PROGRESS: Span = Span::from_secs(1);
/// The shortest rest: a clock that stands still, or goes back, must not keep it spinning.
const SHORT: Span = Span::from_ms(50);
/// The shortest and the longest wait before the next attempt, in milliseconds.
const WAIT_MS: (u64, u64) = (200, 2_000);

/// The survey as a feed.
#[derive(Debug)]
pub struct Survey {
    options: Options,
}

/// A feed that surveys the server which `options` describe. It connects when it is run.
#[must_use]
pub fn survey(options: Options) -> Survey {
    Survey { options }
}

impl Survey {
    /// The feeds that a survey tells.
    pub const FEEDS: [FeedId; 4] = FEEDS;
}

impl Feed for Survey {
    fn ids(&self) -> Vec<FeedId> {
        FEEDS.to_vec()
    }

    fn run(self: Box<Self>, sink: Sink) -> BoxFuture<'static, ()> {
        async move {
            if let Err(Closed) = follow(&self.options, sink).await {
                tracing::debug!("The survey of the streams' server ends.");
            }
        }
        .boxed()
    }
}

/// Session after session until nobody listens.
async fn follow(options: &Options, sink: Sink) -> Result<(), Closed> {
    let mut desk = Desk::new(Voice::new(sink), STREAMS);
    let target = match Target::new(options) {
        Ok(target) => target,
        Err(failure) => {
            let trouble = trouble::address(&failure);
            loop {
                // Trying again won't heal it; it only notices when nobody listens any more.
                desk.voice.lament(&trouble).await?;
                tokio::time::sleep(Duration::from_secs(2)).await;
            }
        }
    };
    let mut known = Known::new(&target);
    let mut attempt = 0;
    loop {
        let mut live = false;
        let failure = match known.session(&target, &mut desk, &mut live).await {
            Ok(never) => match never {},
            Err(End::Closed(closed)) => return Err(closed),
            Err(End::Failed(failure)) => failure,
        };
        tracing::debug!(%failure, "The streams' server can't be surveyed.");
        attempt = if live { 0 } else { attempt + 1 };
        desk.voice.lament(&trouble::explain(&failure, &target)).await?;
        tokio::time::sleep(wait(attempt)).await;
    }
}

/// What is known over all connections.
struct Known {
    server: Server,
    streams: Streams,
    families: Families,
    queues: Queues,
    calls: Calls,
    walk: Walk,
    /// Whether every stream was met once, so that it is known which workspaces there are.
    walked: bool,
    /// Whether the operator's role may not walk over the keys.
    refused: bool,
}

impl Known {
    fn new(target: &Target) -> Self {
        Self {
            server: Server::default(),
            streams: Streams::new(&target.stream),
            families: Families::default(),
            queues: Queues::default(),
            calls: Calls::default(),
            walk: Walk::new(),
            walked: false,
            refused: false,
        }
    }

    /// The server began anew: nothing known of what it held is true.
    fn forget(&mut self) {
        self.streams.forget();
        self.families.forget();
        self.queues.forget();
        self.calls.forget();
        self.walk.restart();
        self.walked = false;
    }

    /// Surveys on one connection until it breaks. `live` is set once the server answered.
    async fn session(
        &mut self,
        target: &Target,
        desk: &mut Desk,
        live: &mut bool,
    ) -> Result<std::convert::Infallible, End> {
        let link = Link::open_within(target, ANSWER).await?;
        *live = true;
        desk.begin();
        let mut asker = Asker { link, desk, pause: ask::PAUSE };
        let mut due = Due::default();
        // What was under way on another connection is begun again.
        self.walk.restart();
        self.families.begin();
        loop {
            let now = asker.desk.voice.now();
            if due.look.is_due(now, LOOK) {
                self.look(&mut asker, target).await?;
            }
            if due.streams.is_due(now, STREAMS) {
                self.look_into_streams(&mut asker, target).await?;
            }
            if due.slow.is_due(now, SLOW) {
                self.server.read_slow_log(&mut asker).await?;
            }
            if due.queues.is_due(now, QUEUES) {
                self.queues.round(&mut asker, self.families.queues().iter()).await?;
                self.tell_families(&mut asker).await?;
                self.look_into_calls(&mut asker, target).await?;
            }
            self.walk_on(&mut asker, target, &mut due).await?;
        }
    }

    async fn look(&mut self, asker: &mut Asker<'_>, target: &Target) -> Result<(), End> {
        match self.server.look(asker).await? {
            Look::Same => {}
            Look::BeganAnew => self.forget(),
            Look::Forbidden => {
                let why = denied(target, "INFO", "+info");
                asker.desk.voice.refuse(FeedId::StreamServer, &why).await?;
                return Ok(());
            }
        }
        let told = self.server.told(asker).map(Object::from);
        Ok(asker.desk.voice.publish(FeedId::StreamServer, told.into_iter().collect()).await?)
    }

    async fn look_into_streams(
        &mut self,
        asker: &mut Asker<'_>,
        target: &Target,
    ) -> Result<(), End> {
        if self.streams.round(asker).await? {
            let told = self.streams.told().into_iter().map(Object::from).collect();
            asker.desk.voice.publish(FeedId::Streams, told).await?;
        } else {
            let why = denied(target, "XINFO STREAM", "+xinfo");
            asker.desk.voice.refuse(FeedId::Streams, &why).await?;
        }
        Ok(())
    }

    async fn look_into_calls(&mut self, asker: &mut Asker<'_>, target: &Target) -> Result<(), End> {
        if !self.walked {
            return Ok(());
        }
        if self.calls.round(asker, self.streams.executions()).await? {
            let told = self.calls.told().cloned().map(Object::from).collect();
            asker.desk.voice.publish(FeedId::Executions, told).await?;
        } else {
            let why = denied(target, "XREVRANGE", "+xrevrange");
            asker.desk.voice.refuse(FeedId::Executions, &why).await?;
        }
        Ok(())
    }

    /// One step of the walk over the keys, or a moment's rest.
    async fn walk_on(
        &mut self,
        asker: &mut Asker<'_>,
        target: &Target,
        due: &mut Due,
    ) -> Result<(), End> {
        match self.walk.step(asker).await? {
            Step::Rests => {
                let rest = due.rest(asker.desk.voice.now());
                tokio::time::sleep(Duration::from_millis(rest.ms())).await;
            }
            Step::Forbidden => {
                self.refused = true;
                let why = denied(target, "SCAN", "+scan");
                asker.desk.voice.refuse(FeedId::Keys, &why).await?;
                asker.desk.voice.refuse(FeedId::Executions, &why).await?;
            }
            Step::Keys { kind: For::Streams, keys, over } => {
                self.streams.found(keys);
                if over && !self.walked {
                    self.walked = true;
                    (due.streams, due.queues) = (Turn::default(), Turn::default());
                }
            }
            Step::Keys { kind: For::Keys, keys, over } => {
                let now = asker.desk.voice.now();
                let first = self.queues.is_empty();
                self.refused = false;
                self.families.count(&keys, over, now);
                if over && first {
                    due.queues = Turn::default();
                }
                if over || due.progress.is_due(now, PROGRESS) {
                    self.tell_families(asker).await?;
                }
            }
        }
        Ok(())
    }

    async fn tell_families(&mut self, asker: &mut Asker<'_>) -> Result<(), End> {
        if self.refused {
            return Ok(());
        }
        let mut families = self.families.told(self.walk.total());
        let counted = families.iter_mut().find(|family| family.pattern == "bull:*");
        let queues = counted.map(|counted| self.queues.told(counted)).unwrap_or_default();
        let told = families.into_iter().chain(queues).map(Object::from).collect();
        Ok(asker.desk.voice.publish(FeedId::Keys, told).await?)
    }
}

/// When something was done last.
#[derive(Clone, Copy, Debug, Default)]
struct Turn(Option<Timestamp>);

impl Turn {
    /// Whether it is due again; then it counts as done now.
    fn is_due(&mut self, now: Timestamp, every: Span) -> bool {
        let due = self.rest(now, every) == Span::default();
        if due {
            self.0 = Some(now);
        }
        due
    }

    /// How long it is until it is due again. When the clock was put back, it is due at once.
    fn rest(self, now: Timestamp, every: Span) -> Span {
        let last = self.0.filter(|last| *last <= now);
        let since = last.map_or(every, |last| now.since(last));
        Span::from_ms(every.ms().saturating_sub(since.ms()))
    }
}

/// What is due when.
#[derive(Default)]
struct Due {
    look: Turn,
    streams: Turn,
    slow: Turn,
    queues: Turn,
    progress: Turn,
}

impl Due {
    /// How long nothing is due that is looked at from time to time. Waking only to rest again would cost something, all the time.
    fn rest(&self, now: Timestamp) -> Span {
        let looks = self.look.rest(now, LOOK).min(self.streams.rest(now, STREAMS));
        looks.min(self.slow.rest(now, SLOW)).min(self.queues.rest(now, QUEUES)).max(SHORT)
    }
}

/// The operator's role may not run `command`, for which it needs `rule`.
fn denied(target: &Target, command: &str, rule: &str) -> Trouble {
    Trouble::new(
        TroubleKind::Denied,
        &format!(
            "{} does not let {} run {command}",
            trouble::server(target),
            trouble::user(target)
        ),
        &format!("Ask for the ACL rule `{rule}`."),
    )
}

/// How long to wait after `attempt` failures in a row: longer each time, never the same for two consoles.
fn wait(attempt: u32) -> Duration {
    let (least, most) = WAIT_MS;
    let full = least.saturating_mul(1 << attempt.min(8)).min(most);
    Duration::from_millis(full - fastrand::u64(0..=full / 4))
}
