//! The log that the operator has open: of a container, followed until it ends.
//!
//! Follows [`Attention::log`](crate::domain::Attention::log) and reads that one log alone, with `GET`. A link that is
//! cut is taken up again where it was, so that no line is told twice; where lines may be missing that is said. What
//! stands in the way of one log is told of that log; what stands in the way of reading any is trouble of the feed.

mod lines;
mod place;
mod reading;
mod stand;

use futures_util::future::{Either, pending, select};
use std::pin::pin;

use self::reading::Reading;
use super::discovery::is_segment;
use super::session::{Ended, Session};
use crate::domain::{Attention, Fact, FeedId, LogChunk, LogSource, LogTold, Text, Trouble};
use crate::platform::{Closed, Sink};

/// The feed of the log that is open.
pub(super) struct LogFeed {
    teller: Teller,
    attention: tokio::sync::watch::Receiver<Attention>,
    open: Option<Reading>,
    /// It told that it is ready.
    is_begun: bool,
}

/// Tells what is read, and remembers the trouble that is not over.
pub(super) struct Teller {
    sink: Sink,
    said: Option<Trouble>,
}

/// A container whose log is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    source: LogSource,
    namespace: String,
    pod: String,
    container: Option<String>,
    previous: bool,
}

impl Wanted {
    /// What `source` asks for; none when it is not of a container.
    fn of(source: LogSource) -> Option<Self> {
        let LogSource::Pod { namespace, pod, container, previous } = &source else { return None };
        Some(Self {
            namespace: namespace.to_string(),
            pod: pod.to_string(),
            container: container.as_ref().map(ToString::to_string),
            previous: *previous,
            source,
        })
    }

    /// Whether its names may stand in a path.
    fn is_sound(&self) -> bool {
        let mut names = [&self.namespace, &self.pod].into_iter().chain(&self.container);
        names.all(|name| is_segment(name) && !name.starts_with('.'))
    }

    /// The path of the pod.
    fn pod_path(&self) -> String {
        format!("/api/v1/namespaces/{}/pods/{}", self.namespace, self.pod)
    }
}

impl LogFeed {
    /// A feed that tells `sink`.
    pub(super) fn new(sink: Sink) -> Self {
        let attention = sink.attention();
        Self { teller: Teller { sink, said: None }, attention, open: None, is_begun: false }
    }

    /// Tells `trouble` with the link, unless it is what was told last.
    pub(super) async fn say(&mut self, trouble: Trouble) -> Result<(), Closed> {
        self.teller.trouble(trouble).await
    }

    /// Follows what the operator looks at until the session is over.
    pub(super) async fn follow(&mut self, session: &Session) -> Ended {
        self.run(session).await.unwrap_or(Ended::Closed)
    }

    async fn run(&mut self, session: &Session) -> Result<Ended, Closed> {
        if !self.is_begun {
            self.teller.tell([Fact::RelistBegun, Fact::RelistEnded]).await?;
            self.is_begun = true;
        }
        self.teller.recover().await?;
        session.set_live(FeedId::Log, true);
        loop {
            let wanted = self.attention.borrow_and_update().log.clone();
            let wanted = wanted.and_then(Wanted::of);
            if self.open.as_ref().map(Reading::wanted) != wanted.as_ref() {
                self.open = wanted.map(Reading::new);
                // What stood in the way of the log before is no matter now.
                self.teller.recover().await?;
                session.set_live(FeedId::Log, true);
            }
            let (open, teller) = (&mut self.open, &mut self.teller);
            let reading = async {
                match open {
                    Some(open) => open.follow(session, teller).await,
                    None => pending().await,
                }
            };
            let source = open_source(&self.attention);
            let changing = changed(&mut self.attention, source);
            match select(pin!(reading), pin!(changing)).await {
                Either::Left((ended, _)) => return ended,
                Either::Right(((), _)) => {}
            }
        }
    }
}

fn open_source(attention: &tokio::sync::watch::Receiver<Attention>) -> Option<LogSource> {
    attention.borrow().log.clone()
}

/// Waits until another log than `source` is wanted.
async fn changed(
    attention: &mut tokio::sync::watch::Receiver<Attention>,
    source: Option<LogSource>,
) {
    if attention.wait_for(|attention| attention.log != source).await.is_err() {
        // Who looked is gone: it stays as it is.
        pending::<()>().await;
    }
}

impl Teller {
    async fn tell(&self, facts: impl IntoIterator<Item = Fact>) -> Result<(), Closed> {
        self.sink.tell(FeedId::Log, facts).await
    }

    async fn chunk(&self, source: &LogSource, told: LogTold) -> Result<(), Closed> {
        self.tell([Fact::Log(LogChunk { source: source.clone(), told })]).await
    }

    async fn gap(&self, source: &LogSource, why: &str) -> Result<(), Closed> {
        self.chunk(source, LogTold::Gap(Text::bounded(why, 1024))).await
    }

    async fn end(&self, source: &LogSource, why: &str) -> Result<(), Closed> {
        self.chunk(source, LogTold::End(Text::bounded(why, 1024))).await
    }

    async fn trouble(&mut self, trouble: Trouble) -> Result<(), Closed> {
        if self.said.as_ref() == Some(&trouble) {
            return Ok(());
        }
        tracing::info!(%trouble, "no log can be read");
        self.tell([Fact::Unreachable(trouble.clone())]).await?;
        self.said = Some(trouble);
        Ok(())
    }

    /// Tells that trouble is over, if there was some.
    async fn recover(&mut self) -> Result<(), Closed> {
        if self.said.is_some() {
            self.tell([Fact::Alive]).await?;
            self.said = None;
        }
        Ok(())
    }
}
