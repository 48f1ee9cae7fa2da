//! One kind, followed for ever: listed, watched, and listed again when the server forgot where we were.
//!
//! Objects go straight on to the sink; nothing is kept here but the place to go on from. The place moves
//! only after what came before it was told, so a session may be dropped at any point and loses nothing.

use std::time::Duration;

use super::api::Failure;
use super::discovery;
use super::pace::{self, Pace};
use super::reading::Reader;
use super::session::{Ended, Session};
use super::target::Target;
use super::trouble::{self, Asked};
use crate::domain::{Fact, Span, Timestamp, Trouble, TroubleKind};
use crate::platform::{Closed, Sink};

/// A watch that lasted so long was a good one: what follows starts with short waits again.
const STEADY: Span = Span::from_secs(5);

/// So many refusals in a row are believed. A server that starts refuses and lacks things at first,
/// before it has read its own rules.
pub(super) const BELIEVED: u32 = 4;

/// Why a round of a watch stopped.
#[derive(Debug)]
pub(super) enum Stop {
    /// Nobody listens any more.
    Closed,
    /// A request failed.
    Failed(Failure),
    /// The server doesn't have the kind.
    Absent,
}

impl From<Closed> for Stop {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

/// What to do after a failure.
enum Next {
    /// Try again after so long.
    Wait(Duration),
    /// Ask for the kinds again after so long, then try.
    Ask(Duration),
    /// The session is over.
    End(Ended),
}

/// The watch of one kind.
pub(super) struct Watch {
    pub(super) target: Target,
    pub(super) sink: Sink,
    pub(super) reader: Reader,
    /// The resource version up to which everything was told; none before a listing is complete.
    pub(super) position: Option<String>,
    /// When the last listing was complete.
    pub(super) listed_at: Option<Timestamp>,
    /// The link was lost since: is this still the server, and the data, that the position is from?
    pub(super) is_doubtful: bool,
    /// The trouble that was told and is not over.
    said: Option<Trouble>,
    /// Since when it is up to date.
    live_since: Option<Timestamp>,
    pace: Pace,
    /// How many answers in a row were unwelcome ones.
    refusals: u32,
}

impl Watch {
    /// A watch of `target` that tells `sink`. Tenants' addresses are subdomains of `domain`.
    pub(super) fn new(target: Target, domain: &str, sink: Sink) -> Self {
        Self {
            target,
            sink,
            reader: Reader::new(target, domain),
            position: None,
            listed_at: None,
            is_doubtful: false,
            said: None,
            live_since: None,
            pace: Pace::default(),
            refusals: 0,
        }
    }

    /// Follows the kind until the session is over.
    pub(super) async fn follow(&mut self, session: &Session) -> Ended {
        let mut found = session.found.clone();
        self.pace.reset();
        self.refusals = 0;
        if let Target::Cluster(_) = self.target {
            session.own_kinds_first().await;
        }
        loop {
            let stop = match self.target.path(&found) {
                Some(path) => self.round(session, path).await,
                None => Err(Stop::Absent),
            };
            session.set_live(self.target.feed(), false);
            let next = match self.judge(session, stop).await {
                Ok(next) => next,
                Err(Closed) => return Ended::Closed,
            };
            match next {
                Next::Wait(wait) => tokio::time::sleep(wait).await,
                Next::End(ended) => return ended,
                Next::Ask(wait) => {
                    tokio::time::sleep(wait).await;
                    if let Target::Composite(_) = self.target {
                        // A failure to ask is met again, and told, by the round that follows.
                        found = discovery::ask(&session.api, &session.group).await.unwrap_or(found);
                    }
                }
            }
        }
    }

    /// Tells `trouble`, unless it is what was told last.
    pub(super) async fn say(&mut self, trouble: Trouble) -> Result<(), Closed> {
        self.live_since = None;
        self.is_doubtful = true;
        if self.said.as_ref() == Some(&trouble) {
            return Ok(());
        }
        tracing::info!(kind = self.target.name(), %trouble, "can't be read");
        self.sink.tell(self.target.feed(), [Fact::Unreachable(trouble.clone())]).await?;
        self.said = Some(trouble);
        Ok(())
    }

    /// Forgets where it was: the server is another one.
    pub(super) fn forget(&mut self) {
        self.position = None;
    }

    /// Whether the server was last said to be away, as opposed to refusing.
    pub(super) fn is_away(&self) -> bool {
        let kind = self.said.as_ref().map(|trouble| trouble.kind);
        matches!(kind, Some(TroubleKind::Unreachable | TroubleKind::Slow | TroubleKind::Server))
    }

    /// What is needed to say that the watch is up to date again; `None` when nothing said otherwise.
    pub(super) fn recover(&mut self) -> Option<Fact> {
        self.live_since = Some(self.sink.now());
        self.is_doubtful = false;
        let said = self.said.take()?;
        tracing::info!(kind = self.target.name(), was = %said.what, "can be read again");
        Some(Fact::Alive)
    }

    async fn judge(&mut self, session: &Session, stop: Result<(), Stop>) -> Result<Next, Closed> {
        let lived = self.live_since.take();
        if lived.is_some_and(|since| self.sink.now().since(since) >= STEADY) {
            self.pace.reset();
        }
        if lived.is_some() {
            self.refusals = 0;
        }
        let failure = match stop {
            Ok(()) if self.pace.tries() == 0 => {
                return Ok(Next::Wait(self.pace.next(Pace::LINK) / 8));
            }
            Ok(()) => return Ok(Next::Wait(self.pace.next(Pace::LINK))),
            Err(Stop::Closed) => return Err(Closed),
            Err(Stop::Absent) => return self.refused(session, None).await,
            Err(Stop::Failed(failure)) => failure,
        };
        match failure.code() {
            Some(401) => Ok(Next::End(Ended::Lost(self.trouble(session, &failure)))),
            Some(403 | 404) => self.refused(session, Some(&failure)).await,
            Some(410) if self.position.take().is_some() => {
                tracing::debug!(kind = self.target.name(), "the server forgot where the watch was");
                Ok(Next::Wait(Duration::ZERO))
            }
            _ if failure.is_silence() => {
                session.doubt.notify_one();
                self.is_doubtful = true;
                self.refusals = 0;
                // A link that was cut is taken up again at once; only if that fails it is news.
                if lived.is_none() || self.pace.tries() > 0 {
                    self.say(self.trouble(session, &failure)).await?;
                }
                Ok(Next::Wait(self.pace.next(Pace::LINK)))
            }
            code => self.failed(session, &failure, code == Some(429)).await,
        }
    }

    /// The server can't answer now, or answers with nonsense.
    async fn failed(
        &mut self,
        session: &Session,
        failure: &Failure,
        is_busy: bool,
    ) -> Result<Next, Closed> {
        self.count_refusal();
        // A server that starts, or is asked much, says in passing that it is busy.
        if !is_busy || self.refusals >= BELIEVED {
            self.say(self.trouble(session, failure)).await?;
        }
        let asked = match failure {
            Failure::Status(refusal) => refusal.wait.map(|wait| wait + pace::jittered(wait / 4)),
            _ => None,
        };
        let own = self.pace.next(Pace::OTHER);
        Ok(Next::Wait(asked.map_or(own, |asked| asked.max(own))))
    }

    /// The first refusal after silence is followed up soon.
    fn count_refusal(&mut self) {
        if self.refusals == 0 {
            self.pace.reset();
        }
        self.refusals = self.refusals.saturating_add(1);
    }

    /// The kind is forbidden or absent: that one only, and it may change.
    async fn refused(
        &mut self,
        session: &Session,
        failure: Option<&Failure>,
    ) -> Result<Next, Closed> {
        self.count_refusal();
        if self.is_away() && self.refusals < BELIEVED {
            return Ok(Next::Ask(self.pace.next(Pace::LINK)));
        }
        if session.is_starting().await {
            self.say(trouble::starting(&session.place.address)).await?;
            return Ok(Next::Ask(self.pace.next(Pace::LINK)));
        }
        let trouble = match failure {
            Some(failure) if failure.code() == Some(403) => self.trouble(session, failure),
            _ => {
                self.position = None;
                trouble::absent(self.target, &session.group, &session.place.address)
            }
        };
        self.say(trouble).await?;
        Ok(Next::Ask(self.pace.next(session.ask_again)))
    }

    fn trouble(&self, session: &Session, failure: &Failure) -> Trouble {
        let verb = if self.position.is_some() { "watching" } else { "listing" };
        let doing = format!("{verb} {}s", self.target.name());
        let path = self.target.path(&session.found).unwrap_or_default();
        let resource = path.rsplit('/').next().unwrap_or_default();
        let asked = Asked { doing: &doing, resource, group: self.target.group(&session.group) };
        trouble::of(failure, asked, &session.place, self.sink.now())
    }
}
