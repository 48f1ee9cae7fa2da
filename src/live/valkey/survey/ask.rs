//! How the survey asks: one command at a time, never faster than a pace, and what each costs is counted.
//!
//! The pace is what keeps a survey from being felt: between two commands at least [`PAUSE`] goes by, more when the server
//! is slow. A command that the operator's role may not run is asked again only after a while, and named.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use redis::{Cmd, Value};

use super::voice::Voice;
use crate::domain::{Cost, Span, Text, Timestamp};
use crate::live::valkey::connect::Link;
use crate::live::valkey::trouble::Failure;
use crate::live::valkey::wire::Odd;
use crate::platform::Closed;

/// The least time between two commands: at most 40 in a second.
pub(super) const PAUSE: Duration = Duration::from_millis(25);

/// The most that a slow server stretches it to.
const PAUSE_MAX: Duration = Duration::from_millis(250);

/// How long a command that was forbidden is not asked again.
const FORBIDDEN: Span = Span::from_secs(60);

/// The time that a cost speaks of.
const COUNTED: Span = Span::from_secs(60);

/// Why a session ended.
#[derive(Debug, thiserror::Error)]
pub(super) enum End {
    #[error(transparent)]
    Failed(#[from] Failure),
    #[error(transparent)]
    Closed(#[from] Closed),
}

/// What came of a command.
#[derive(Debug)]
pub(super) enum Answer {
    /// The server's answer.
    Said(Value),
    /// The operator's role may not run it.
    Forbidden,
    /// The operator's role may not run it on this key.
    KeyForbidden,
    /// The key is not what it was, or not there any more.
    Gone,
}

impl Answer {
    /// The answer, if there is one.
    pub(super) fn said(self) -> Option<Value> {
        match self {
            Self::Said(value) => Some(value),
            Self::Forbidden | Self::KeyForbidden | Self::Gone => None,
        }
    }
}

/// What lasts longer than a connection: what was told, what it cost, what is forbidden.
pub(super) struct Desk {
    pub voice: Voice,
    /// Commands and the time they took, by the second.
    spent: VecDeque<(i64, u64, u64)>,
    /// What is forbidden, as a clause, and since when.
    forbidden: BTreeMap<&'static str, Timestamp>,
    /// Keys that are forbidden were met.
    keys_forbidden: bool,
    /// The time between two rounds.
    pub every: Span,
}

impl Desk {
    pub(super) fn new(voice: Voice, every: Span) -> Self {
        Self {
            voice,
            spent: VecDeque::new(),
            forbidden: BTreeMap::new(),
            keys_forbidden: false,
            every,
        }
    }

    /// What the survey costs the server.
    pub(super) fn cost(&self) -> Cost {
        let (asked, took) =
            self.spent.iter().fold((0, 0), |(asked, took), (_, n, ms)| (asked + n, took + ms));
        Cost { asked, took: Span::from_ms(took), every: self.every }
    }

    /// What the operator's role may not see, as clauses.
    pub(super) fn hidden(&self) -> Box<[Text]> {
        let mut clauses: Vec<&str> = self.forbidden.keys().map(|name| clause(name)).collect();
        if self.keys_forbidden {
            clauses.push("some streams (no right to their keys)");
        }
        clauses.dedup();
        clauses.into_iter().map(Text::clean).collect()
    }

    /// A new connection may have other rights.
    pub(super) fn begin(&mut self) {
        self.forbidden.clear();
        self.keys_forbidden = false;
    }

    fn is_forbidden(&self, name: &str) -> bool {
        let now = self.voice.now();
        self.forbidden.get(name).is_some_and(|since| now.since(*since) < FORBIDDEN)
    }

    fn count(&mut self, at: Timestamp, took: Span) {
        let second = at.ms() / 1_000;
        match self.spent.back_mut() {
            Some((last, asked, ms)) if *last == second => {
                *asked += 1;
                *ms += took.ms();
            }
            _ => self.spent.push_back((second, 1, took.ms())),
        }
        let oldest = second - i64::try_from(COUNTED.secs()).unwrap_or(0);
        while self.spent.front().is_some_and(|(first, ..)| *first <= oldest) {
            self.spent.pop_front();
        }
    }
}

/// A connection on which the survey asks.
pub(super) struct Asker<'a> {
    pub link: Link,
    pub desk: &'a mut Desk,
    /// How long the next command waits.
    pub pause: Duration,
}

impl Asker<'_> {
    /// Sends `command`, which is called `name`, when it is time.
    pub(super) async fn ask(&mut self, name: &'static str, command: &Cmd) -> Result<Answer, End> {
        if self.desk.is_forbidden(name) {
            return Ok(Answer::Forbidden);
        }
        tokio::time::sleep(self.pause).await;
        let begun = self.desk.voice.now();
        let answer = self.link.ask(name, command).await;
        let took = self.desk.voice.now().since(begun);
        self.desk.count(begun, took);
        self.pause = Duration::from_millis(took.ms().saturating_mul(2)).clamp(PAUSE, PAUSE_MAX);
        let answer = match answer {
            Ok(value) => {
                self.desk.forbidden.remove(name);
                Answer::Said(value)
            }
            Err(failure) => self.refused(name, failure)?,
        };
        self.desk.voice.heard().await?;
        Ok(answer)
    }

    fn refused(&mut self, name: &'static str, failure: Failure) -> Result<Answer, End> {
        if failure.is_no_permission() {
            if failure.is_about_a_key() {
                self.desk.keys_forbidden = true;
                return Ok(Answer::KeyForbidden);
            }
            let now = self.desk.voice.now();
            self.desk.forbidden.insert(name, now);
            return Ok(Answer::Forbidden);
        }
        if failure.is_about_its_target() { Ok(Answer::Gone) } else { Err(failure.into()) }
    }
}

/// An answer against the protocol, as the end of a session.
pub(super) fn odd(name: &'static str) -> impl FnOnce(Odd) -> End {
    move |odd| End::Failed(Failure::Odd { command: name, odd })
}

/// What is not seen without the command `name`.
fn clause(name: &str) -> &'static str {
    match name {
        "INFO" => "the server's figures (INFO)",
        "SCAN" => "families of keys, and streams but the event stream (SCAN)",
        "DBSIZE" => "how far a count of keys is (DBSIZE)",
        "XINFO STREAM" => "streams (XINFO STREAM)",
        "XINFO GROUPS" => "consumer groups (XINFO GROUPS)",
        "XINFO CONSUMERS" => "consumers (XINFO CONSUMERS)",
        "XPENDING" => "the age of unacknowledged entries (XPENDING)",
        "MEMORY USAGE" => "the memory of streams (MEMORY USAGE)",
        "SLOWLOG GET" => "the slow log (SLOWLOG GET)",
        "XREVRANGE" => "executions (XREVRANGE)",
        "CONFIG GET" => "whether it keeps snapshots (CONFIG GET)",
        _ => "the depth of queues (LLEN, ZCARD, HEXISTS)",
    }
}
