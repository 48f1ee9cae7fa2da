//! What breaks where operations pass, at named places: by a scenario's file, or by a test.
//!
//! The other faults, [`super::Fault`], are of feeds. These are of calls: one that fails, one whose answer is lost, one at
//! which the console dies.

use std::collections::BTreeMap;
use std::future::pending;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Deserialize;
use tokio::sync::watch;

use super::scenario::Count;
use crate::domain::{Text, Trouble, TroubleKind};

/// How long a call takes whose server says nothing.
const SILENT: Duration = Duration::from_secs(5);

/// Where something breaks: a call of one of the doors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// A look at the outside.
    Look,
    /// A change of it.
    Act,
    /// Word that is left.
    Tell,
    /// The first record of an operation.
    Open,
    /// A record more.
    Append,
    /// The reading of a journal.
    Read,
    /// The taking, or the keeping, of a lease.
    Lease,
    /// The letting go of a lease.
    Release,
}

/// What happens there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Break {
    /// The server can't be reached; nothing is done.
    Error,
    /// The server says nothing for a while; nothing is done.
    Timeout,
    /// It is done, and nobody answers.
    LostReply,
    /// The operator's token is not taken any more; nothing is done.
    TokenExpired,
    /// The console dies before it is done: the call never returns.
    CrashBefore,
    /// The console dies when it is done: the call never returns.
    CrashAfter,
    /// The console dies while a record is written: only its first bytes are.
    Torn,
    /// What is read is what it was the time before.
    Stale,
    /// Every lease runs out, then the call goes on.
    LeaseLost,
}

/// One thing that is to break.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Planned {
    /// Where.
    #[serde(rename = "at")]
    pub place: Place,
    /// What happens.
    pub what: Break,
    /// Only calls of this word: of a change `rename-database`, of a record `began`, of a question `database`.
    #[serde(default)]
    pub on: Option<Text>,
    /// At which call of those, from 1.
    #[serde(default = "first")]
    pub nth: Count<100_000>,
    /// How many calls in a row.
    #[serde(default = "first")]
    pub times: Count<100_000>,
    /// How many bytes of a torn record are written.
    #[serde(default)]
    pub bytes: Count<1_000_000>,
}

const fn first<const MAX: u64>() -> Count<MAX> {
    Count::new(1)
}

impl Planned {
    /// `what` happens at the `nth` call of `place`, from 1, once.
    #[must_use]
    pub const fn once(place: Place, what: Break, nth: u64) -> Self {
        Self {
            place,
            what,
            on: None,
            nth: Count::new(nth),
            times: Count::new(1),
            bytes: Count::new(0),
        }
    }

    /// What can't be in it.
    pub(super) fn mistake(&self) -> Option<String> {
        let written = matches!(self.place, Place::Open | Place::Append);
        if self.what == Break::Torn && !written {
            return Some("only what is appended or opened can be torn".to_owned());
        }
        (self.nth.get() == 0).then(|| "calls are counted from 1".to_owned())
    }

    /// The same, counting only calls of this word.
    #[must_use]
    pub fn on(self, word: &str) -> Self {
        Self { on: Some(Text::clean(word)), ..self }
    }

    /// The same, at so many calls in a row.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self { times: Count::new(times), ..self }
    }

    /// The same, with so many bytes of the record written.
    #[must_use]
    pub fn bytes(self, bytes: u64) -> Self {
        Self { bytes: Count::new(bytes), ..self }
    }
}

/// What is to break, and how often each place was passed.
#[derive(Debug)]
pub struct FaultPlan {
    state: Mutex<State>,
    crashes: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    /// Each with the calls that it counted.
    planned: Vec<(Planned, u64)>,
    passed: BTreeMap<Place, u64>,
}

impl FaultPlan {
    pub(super) fn new(planned: Vec<Planned>) -> Self {
        let planned = planned.into_iter().map(|planned| (planned, 0)).collect();
        let state = Mutex::new(State { planned, passed: BTreeMap::new() });
        Self { state, crashes: watch::Sender::new(0) }
    }

    /// Plans one thing more; calls count for it from now on.
    pub fn add(&self, planned: Planned) {
        self.state().planned.push((planned, 0));
    }

    /// Nothing breaks any more.
    pub fn clear(&self) {
        self.state().planned.clear();
    }

    /// How often `place` was passed.
    #[must_use]
    pub fn passed(&self, place: Place) -> u64 {
        self.state().passed.get(&place).copied().unwrap_or(0)
    }

    /// Comes back when a console died at one of the places, and from then on at once.
    pub async fn crashed(&self) {
        // Its sender lives as long as this does.
        let _ = self.crashes.subscribe().wait_for(|crashes| *crashes > 0).await;
    }

    /// The console that called dies here: it is never heard of again.
    pub(super) async fn crash<T>(&self) -> T {
        self.crashes.send_modify(|crashes| *crashes += 1);
        pending().await
    }

    /// A call of `place` with these words: what happens to it, and how many bytes of a torn record are written.
    pub(super) fn pass(&self, place: Place, words: &[&str]) -> Option<(Break, u64)> {
        let mut state = self.state();
        *state.passed.entry(place).or_default() += 1;
        let mut met = None;
        for (planned, counted) in &mut state.planned {
            let fits = planned.on.as_ref().is_none_or(|on| words.contains(&on.as_str()));
            if planned.place != place || !fits {
                continue;
            }
            *counted += 1;
            let from = planned.nth.get();
            if (from..from.saturating_add(planned.times.get())).contains(counted) && met.is_none() {
                met = Some((planned.what, planned.bytes.get()));
            }
        }
        met
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Waits as long as a caller does whose server says nothing; what is said then.
pub(super) async fn silence(what: &str) -> Trouble {
    tokio::time::sleep(SILENT).await;
    Trouble::new(TroubleKind::Slow, &format!("{what}: no answer within 5 s"), "")
}

/// What is said of a server that can't be reached.
pub(super) fn away(what: &str) -> Trouble {
    Trouble::new(TroubleKind::Unreachable, &format!("{what}: connection refused"), "")
}

/// What is said of a token that is not taken any more.
pub(super) fn expired(what: &str) -> Trouble {
    let remedy = "Sign in again; it goes on by itself then.";
    Trouble::new(TroubleKind::Unauthenticated, &format!("{what}: the token has expired"), remedy)
}
