//! The executor: runs confirmed plans, goes on with what a console left, and takes back.
//!
//! It knows no kind of operation: a plan says what is changed and how to see that it was. Every change stands between two
//! records: that it is meant is durable before it is made, and what came of it after. So whoever takes over looks first,
//! and nothing is done twice. The lease is kept while it works; once it is lost, nothing more is begun.

mod patience;
mod work;

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

pub(super) use self::patience::may_pass;
use self::patience::{Patience, now};
use self::work::Work;
use super::ConfirmedPlan;
use crate::domain::operation::{Asks, Entry, Operation, Phase, Pin, Reached, Record, WayBack};
use crate::domain::{Span, Text, Trouble};
use crate::platform::{Clock, Control, Journal, Journaled, Lease, Unwritten};

/// How patient an executor is.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How long a lease lasts unless it is kept: so long nobody takes over from a console that died.
    pub term: Span,
    /// How often it is kept.
    pub keep: Duration,
    /// How long is waited between two looks.
    pub look: Duration,
    /// So long servers are waited for that can't be reached, in one step.
    pub away: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            term: Span::from_secs(15),
            keep: Duration::from_secs(4),
            look: Duration::from_secs(1),
            away: Duration::from_mins(10),
        }
    }
}

/// Runs operations for one person at one console.
#[derive(Clone)]
pub struct Executor {
    /// Where the outside is looked at and changed.
    pub control: Arc<dyn Control>,
    /// Where it is written down.
    pub journal: Arc<dyn Journal>,
    /// The time that is written down.
    pub clock: Arc<dyn Clock>,
    /// This console: who holds leases.
    pub console: Text,
    /// Who is at it.
    pub by: Text,
    /// How patient it is.
    pub pace: Pace,
}

/// What is done with an operation that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way {
    /// It goes on from where it stands.
    GoOn,
    /// It is taken back.
    TurnBack(Text),
    /// It is left as it is.
    GiveUp(Text),
    /// It is approved of, and then begins.
    Approve,
}

impl Way {
    /// What there is to know before, where it takes back what people may have worked with since.
    #[must_use]
    pub fn back_of<'a>(&self, operation: &'a Operation) -> Option<&'a WayBack> {
        match self {
            Self::TurnBack(_) => operation.plan.way_back(operation.standing.done),
            Self::GoOn | Self::GiveUp(_) | Self::Approve => None,
        }
    }
}

/// How far the work is; told as often as it changes, and kept nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The operation.
    pub operation: Text,
    /// The number of its step.
    pub step: usize,
    /// What is seen, or waited for.
    pub words: Text,
}

/// Who is told how far the work is.
pub type Tell = Arc<dyn Fn(Progress) + Send + Sync>;

/// Why the executor does not go on, though the operation is not over.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Halt {
    /// What a plan was made from is not so any more. Nothing was changed.
    #[error(
        "Nothing was done: {what} has changed since the plan was made: {why}. Make the plan anew."
    )]
    Moved {
        /// The fact.
        what: Text,
        /// How it is now.
        why: Text,
    },
    /// What it would be taken back by is not there any more, or something was done on top of it. Nothing was changed.
    #[error("Nothing was done: it can't be taken back any more: {0}.")]
    NoWayBack(Text),
    /// The journal or the lease stands against it.
    #[error("{0}")]
    Journal(#[from] Unwritten),
    /// Something can't be reached, and nothing is in the journal yet.
    #[error("Nothing was done: {0} The plan can be run again after that.")]
    NotBegun(Trouble),
    /// Something can't be reached.
    #[error("{0}")]
    Trouble(Trouble),
    /// That can't be done with an operation that stands like this.
    #[error("The operation is {0}; that can't be done with it now.")]
    Standing(&'static str),
}

impl Executor {
    /// Runs `confirmed`, until it is over or a person must decide.
    ///
    /// # Errors
    /// Why nothing was begun, or why it can't go on here. What was begun is in the journal, and can be gone on with.
    pub async fn run(&self, confirmed: ConfirmedPlan, tell: &Tell) -> Result<Operation, Halt> {
        let plan = confirmed.plan();
        let taken = self.take(&plan.id, &plan.scope, tell).await;
        let (lease, before) = taken.map_err(Halt::before)?;
        let opened = match before {
            // A colleague did something meanwhile: the plan did not know of it.
            Some(held) => Err(held.into()),
            None => self.open(&confirmed, &lease, tell).await,
        };
        if let Err(halt) = opened {
            let _ = self.journal.release(&lease).await;
            return Err(halt);
        }
        if plan.asks == Asks::SecondPerson {
            let _ = self.journal.release(&lease).await;
            return Ok(self.journal.read(&plan.id).await?.operation);
        }
        self.attend(&plan.id, &plan.scope, &Way::GoOn, tell).await
    }

    /// Does with the operation `id` what `way` says, until it is over or a person must decide. Waits until the lease of
    /// a console that is gone has run out.
    ///
    /// # Errors
    /// Why it can't be done. [`Unwritten::Held`] when another console works on it.
    pub async fn resume(&self, id: &Text, way: &Way, tell: &Tell) -> Result<Operation, Halt> {
        let operation = self.journal.read(id).await?.operation;
        let standing = &operation.standing;
        let fits = match way {
            Way::GoOn => {
                matches!(standing.phase, Phase::Running | Phase::Stopped { .. } | Phase::Undoing)
            }
            Way::TurnBack(_) => standing.can_turn_back(&operation.plan),
            Way::GiveUp(_) => !standing.is_over(),
            Way::Approve => standing.phase == Phase::Waiting && standing.by != self.by,
        };
        if !fits {
            return Err(Halt::Standing(standing.word()));
        }
        self.attend(id, &operation.plan.scope, way, tell).await
    }

    /// Looks again at what a plan was made from, or is taken back by.
    async fn still_holds(&self, pins: &[Pin]) -> Result<(), Halt> {
        for pin in pins {
            let seen = self.control.look(&pin.goal.query).await.map_err(Halt::Trouble)?;
            match pin.goal.expect.judge(&seen) {
                Reached::Yes(_) => {}
                Reached::NotYet(why) | Reached::Never(why) => {
                    return Err(Halt::Moved { what: pin.what.clone(), why });
                }
            }
        }
        Ok(())
    }

    /// Looks again at what was pinned, then writes down that the plan was confirmed: from then on it has begun.
    async fn open(
        &self,
        confirmed: &ConfirmedPlan,
        lease: &Lease,
        tell: &Tell,
    ) -> Result<(), Halt> {
        let plan = confirmed.plan();
        self.still_holds(&plan.pins).await.map_err(Halt::before)?;
        let given = confirmed.given();
        let entry = Entry::Confirmed { reason: given.reason.clone(), stepped_up: given.stepped_up };
        let first = self.record(lease, entry);
        let mut away = Patience::new(self.pace.away, self.pace.look);
        let mut is_unsure = false;
        loop {
            let trouble = match self.journal.open(plan, &first).await {
                Ok(_) => return Ok(()),
                // No answer came, and it was written all the same: then it is ours, by its first record.
                Err(Unwritten::Exists) if is_unsure => match self.journal.read(&plan.id).await {
                    Ok(read) if read.operation.records.first() == Some(&first) => return Ok(()),
                    Ok(_) => return Err(Unwritten::Exists.into()),
                    Err(Unwritten::Trouble(trouble)) if may_pass(&trouble) => trouble,
                    Err(error) => return Err(error.into()),
                },
                Err(Unwritten::Unsure(trouble)) => {
                    is_unsure = true;
                    trouble
                }
                Err(Unwritten::Trouble(trouble)) if may_pass(&trouble) => trouble,
                Err(error) => return Err(Halt::before(error.into())),
            };
            say(tell, (&plan.id, 0), &format!("Waiting: {trouble}"));
            let waited = away.wait().await;
            waited.map_err(|_| {
                if is_unsure { Unwritten::Unsure(trouble).into() } else { Halt::NotBegun(trouble) }
            })?;
        }
    }

    /// Reads the journal of `id`, however long that takes: who waits for it at that step holds the lease, and loses it
    /// meanwhile when the API server is away for long.
    async fn read(&self, (id, step): (&Text, usize), tell: &Tell) -> Result<Journaled, Halt> {
        loop {
            match self.journal.read(id).await {
                Err(Unwritten::Trouble(trouble)) if may_pass(&trouble) => {
                    say(tell, (id, step), &format!("Waiting: {trouble}"));
                    tokio::time::sleep(self.pace.look).await;
                }
                other => return Ok(other?),
            }
        }
    }

    /// Works on the operation while the lease is held; takes the lease again when only the link was lost.
    async fn attend(
        &self,
        id: &Text,
        scope: &Text,
        way: &Way,
        tell: &Tell,
    ) -> Result<Operation, Halt> {
        let mut way = way.clone();
        loop {
            let (lease, _) = self.take(id, scope, tell).await?;
            let kept = self.keep(&lease);
            let working = Work::begin(self, id, &lease, tell, &mut way);
            let ended = tokio::select! {
                worked = working => Some(worked),
                () = kept => None,
            };
            if let Some(worked) = ended {
                let _ = self.journal.release(&lease).await;
                return worked;
            }
        }
    }

    /// Takes the lease, waiting for one that runs out, and for an API server that is away; says whose it was, when that
    /// console was alive and let it go meanwhile.
    async fn take(
        &self,
        id: &Text,
        scope: &Text,
        tell: &Tell,
    ) -> Result<(Lease, Option<Unwritten>), Halt> {
        let say = |words: &str| say(tell, (id, 0), words);
        let mut away = Patience::new(self.pace.away, self.pace.look);
        let term = Duration::from_millis(self.pace.term.ms());
        // One that nobody was heard of for a whole term is free; longer nothing is waited for.
        let mut held = Patience::new(2 * term, self.pace.look);
        let mut before: Option<(Unwritten, Instant)> = None;
        loop {
            // Before the journal looks: a whole term after that look the lease has run out, and was not let go.
            let asked = now();
            match self.journal.lease(scope, &self.console, self.pace.term).await {
                Ok(lease) => {
                    let let_go = before.filter(|(_, since)| since.elapsed() < term);
                    return Ok((lease, let_go.map(|(held, _)| held)));
                }
                Err(error @ Unwritten::Held { lives: true, .. }) => return Err(error.into()),
                Err(error @ Unwritten::Held { .. }) => {
                    say(&format!(
                        "{error} If nothing is heard of that console, its lease runs out."
                    ));
                    before.get_or_insert_with(|| (error.clone(), asked));
                    held.wait().await.map_err(|_| Halt::Journal(error))?;
                }
                Err(Unwritten::Trouble(trouble) | Unwritten::Unsure(trouble))
                    if may_pass(&trouble) =>
                {
                    say(&format!("Waiting: {trouble}"));
                    away.wait().await.map_err(|_| Halt::Trouble(trouble))?;
                }
                Err(error @ Unwritten::Moved) => {
                    away.wait().await.map_err(|_| Halt::Journal(error))?;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Keeps the lease; ends when it is lost, or may be. Then nobody else has it yet: who waits for it waits for a whole
    /// term after it was last heard of.
    async fn keep(&self, lease: &Lease) {
        let term = Duration::from_millis(self.pace.term.ms());
        let mut heard = now();
        loop {
            tokio::time::sleep(self.pace.keep).await;
            match tokio::time::timeout_at(heard + term, self.keep_once(lease)).await {
                Ok(Some(at)) => heard = at,
                Ok(None) | Err(_) => return,
            }
        }
    }

    /// Keeps the lease once, however often that takes; from when on it is kept, or none when it is lost.
    async fn keep_once(&self, lease: &Lease) -> Option<Instant> {
        loop {
            let at = now();
            match self.journal.lease(&lease.scope, &self.console, self.pace.term).await {
                Ok(now) if now.fence == lease.fence => return Some(at),
                Ok(_) | Err(Unwritten::Held { .. }) => return None,
                Err(_) => tokio::time::sleep(self.pace.look).await,
            }
        }
    }

    fn record(&self, lease: &Lease, entry: Entry) -> Record {
        Record {
            at: self.clock.now(),
            by: self.by.clone(),
            console: self.console.clone(),
            fence: lease.fence,
            entry,
        }
    }
}

impl Halt {
    /// Whether there may be something to go on with here: not where nothing was done, and not where another console or the
    /// end of the operation stands against it.
    #[must_use]
    pub const fn can_go_on(&self) -> bool {
        !matches!(
            self,
            Self::Moved { .. }
                | Self::NoWayBack(_)
                | Self::NotBegun(_)
                | Self::Standing(_)
                | Self::Journal(Unwritten::Exists | Unwritten::Missing | Unwritten::Held { .. })
        )
    }

    /// The same before anything was written.
    fn before(self) -> Self {
        match self {
            Self::Trouble(trouble) | Self::Journal(Unwritten::Trouble(trouble)) => {
                Self::NotBegun(trouble)
            }
            other => other,
        }
    }
}

fn say(tell: &Tell, (operation, step): (&Text, usize), words: &str) {
    tell(Progress { operation: operation.clone(), step, words: Text::bounded(words, 512) });
}
