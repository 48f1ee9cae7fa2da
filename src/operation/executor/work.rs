//! The work on one operation, while its lease is held.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;

use super::patience::{Doubt, Patience, may_pass, now};
use super::{Executor, Halt, Tell, Way};
use crate::domain::operation::{
    Command, Entry, Expect, Goal, Operation, Phase, Pin, Plan, Query, Reached, Seen, Standing,
    Undo, Which,
};
use crate::domain::{Span, Text, Timestamp};
use crate::platform::{Lease, Mark, Revision, Unacted, Unwritten, Word};

/// An operation that this console works on.
pub(super) struct Work<'a> {
    executor: &'a Executor,
    lease: &'a Lease,
    tell: &'a Tell,
    operation: Operation,
    revision: Revision,
    /// When the lease was seen to be held last, by the clock on the wall: it goes on while the machine sleeps.
    held: Mutex<Timestamp>,
}

/// One change: what makes it, and how to see that it was made.
struct Change<'a> {
    act: Option<&'a Command>,
    begun: Option<&'a Goal>,
    settled: &'a Goal,
    limit: Span,
    /// A person decided to try again what failed.
    again: bool,
}

impl<'a> Work<'a> {
    /// Does what `way` says with the operation `id`, then works until it is over or a person must decide.
    pub(super) async fn begin(
        executor: &'a Executor,
        id: &Text,
        lease: &'a Lease,
        tell: &'a Tell,
        way: &mut Way,
    ) -> Result<Operation, Halt> {
        let read = executor.read((id, 0), tell).await?;
        let (operation, revision) = (read.operation, read.revision);
        let held = Mutex::new(executor.clock.now());
        let mut work = Self { executor, lease, tell, operation, revision, held };
        let undone = work.standing().phase == Phase::Undone;
        if undone || work.standing().is_over() && !matches!(way, Way::TurnBack(_)) {
            return Ok(work.operation);
        }
        work.set_out(way).await?;
        // Only what is written is meant: where the lease was lost before, the same is meant again.
        *way = Way::GoOn;
        if let Phase::Stopped { .. } = work.standing().phase {
            work.again().await?;
        }
        work.drive().await?;
        work.leave_word().await;
        Ok(work.operation)
    }

    /// Writes down that this console works on it, and which way.
    async fn set_out(&mut self, way: &Way) -> Result<(), Halt> {
        let standing = self.standing();
        let (waits, back) = (standing.phase == Phase::Waiting, standing.is_turned_back());
        // It may have been confirmed long ago.
        if standing.reached() == 0 && matches!(way, Way::GoOn | Way::Approve) && !back {
            self.still_holds(&self.operation.plan.pins).await?;
        }
        if matches!(way, Way::TurnBack(_)) && !back {
            self.can_turn_back().await?;
        }
        match way {
            Way::TurnBack(why) if !back => self.write(Entry::TurnedBack { why: why.clone() }).await,
            Way::GiveUp(why) => self.write(Entry::GivenUp { why: why.clone() }).await,
            Way::Approve if waits => {
                self.write(Entry::Approved).await?;
                self.write(Entry::Taken).await
            }
            _ => self.write(Entry::Taken).await,
        }
    }

    /// Looks whether what was done can be taken back still: the world has gone on since.
    async fn can_turn_back(&self) -> Result<(), Halt> {
        let Operation { plan, standing, .. } = &self.operation;
        let Some(back) = plan.way_back(standing.done) else { return Ok(()) };
        self.still_holds(&back.pins).await.map_err(|halt| match halt {
            Halt::Moved { what, why } => {
                Halt::NoWayBack(Text::bounded(&format!("{what} has changed: {why}"), 512))
            }
            other => other,
        })?;
        let mut patience = self.patience();
        loop {
            let trouble = match self.executor.journal.list().await {
                Ok(listing) => {
                    let later = self.operation.covered_by(&listing.operations);
                    let why = later.map(|later| format!("{} came after it", later.plan.title));
                    return why
                        .map_or(Ok(()), |why| Err(Halt::NoWayBack(Text::bounded(&why, 512))));
                }
                Err(Unwritten::Trouble(trouble)) if may_pass(&trouble) => trouble,
                Err(error) => return Err(error.into()),
            };
            self.say(0, &format!("Waiting: {trouble}"));
            patience.wait().await.map_err(|_| Halt::Trouble(trouble))?;
        }
    }

    /// Looks again at `pins`, and waits for a server that is away: it has begun.
    async fn still_holds(&self, pins: &[Pin]) -> Result<(), Halt> {
        let mut patience = self.patience();
        loop {
            match self.executor.still_holds(pins).await {
                Err(Halt::Trouble(trouble)) if may_pass(&trouble) => {
                    self.say(0, &format!("Waiting: {trouble}"));
                    patience.wait().await.map_err(|_| Halt::Trouble(trouble))?;
                }
                other => return other,
            }
        }
    }

    const fn standing(&self) -> &Standing {
        &self.operation.standing
    }

    /// A person decided to try again what went wrong.
    async fn again(&mut self) -> Result<(), Halt> {
        let standing = self.standing();
        let entry = if standing.is_turned_back() {
            Entry::Undoing { step: standing.left.saturating_sub(1) }
        } else {
            Entry::Began { step: standing.done }
        };
        self.write(entry).await
    }

    async fn drive(&mut self) -> Result<(), Halt> {
        if self.standing().phase == Phase::Running && self.standing().reached() == 0 {
            self.leave_word().await;
        }
        loop {
            match self.standing().phase {
                Phase::Running => self.forward().await?,
                Phase::Undoing => self.back().await?,
                _ => return Ok(()),
            }
        }
    }

    /// Takes the next step.
    async fn forward(&mut self) -> Result<(), Halt> {
        let (at, plan) = (self.standing().done, Arc::clone(&self.operation.plan));
        let Some(step) = plan.steps.get(at) else {
            return Err(Halt::Standing("at its end"));
        };
        if !self.standing().begun {
            self.write(Entry::Began { step: at }).await?;
        }
        let change = Change {
            act: step.act.as_ref(),
            begun: step.begun.as_ref(),
            settled: &step.settled,
            limit: step.limit,
            again: self.standing().tries > 1,
        };
        let entry = match self.carry_out(at, &change).await {
            Ok(saw) => Entry::Done { step: at, saw },
            Err(why) => Entry::Stopped { step: at, why },
        };
        self.write(entry).await
    }

    /// Takes back the last step that is left.
    async fn back(&mut self) -> Result<(), Halt> {
        let plan = Arc::clone(&self.operation.plan);
        let at = self.standing().left.saturating_sub(1);
        let undo = plan.steps.get(at).and_then(|step| step.undo.as_ref());
        let Some(undo) = undo else {
            let saw = Text::from("nothing to take back");
            return self.write(Entry::Undone { step: at, saw }).await;
        };
        if self.standing().tries == 0 {
            self.write(Entry::Undoing { step: at }).await?;
        }
        let limit = plan.steps.get(at).map_or(Span::default(), |step| step.limit);
        let (act, settled) = (Some(&undo.act), &undo.settled);
        let change = Change { act, begun: None, settled, limit, again: false };
        let entry = match self.carry_out(at, &change).await {
            Ok(saw) => Entry::Undone { step: at, saw },
            Err(why) => Entry::Stopped { step: at, why },
        };
        self.write(entry).await
    }

    /// Looks whether `change` was made already, makes it if not, and waits until it is settled; says what was seen.
    async fn carry_out(&self, at: usize, change: &Change<'_>) -> Result<Text, Text> {
        let probe = change.begun.unwrap_or(change.settled);
        if change.again {
            self.clear(at, change).await?;
        }
        if !self.is_reached(at, probe).await?
            && let Some(command) = change.act
        {
            self.act(at, command, probe).await?;
        }
        self.settle(at, change.settled, change.limit).await
    }

    /// Takes away what failed the last time, where that is an object which this operation made: it would fail for ever.
    async fn clear(&self, at: usize, change: &Change<'_>) -> Result<(), Text> {
        let Some(Command::Apply { what, .. }) = change.act else { return Ok(()) };
        let (seen, _) = self.look(at, change.settled).await?;
        let Reached::Never(why) = change.settled.expect.judge(&seen) else { return Ok(()) };
        self.say(at, &format!("Taking away {what} of the last try: {why}"));
        let which = Which::MadeBy(self.operation.plan.id.clone());
        let delete = Command::Delete { what: what.clone(), which };
        let gone = Goal::new(Query::Object(what.clone()), Expect::Absent);
        self.act(at, &delete, &gone).await?;
        self.settle(at, &gone, change.limit).await?;
        // A step before it that only looks and yet can be taken back stands for what this one may have left.
        let before = at.checked_sub(1).and_then(|before| self.operation.plan.steps.get(before));
        let left = before.filter(|step| step.act.is_none()).and_then(|step| step.undo.as_ref());
        let Some(Undo { act, settled }) = left else { return Ok(()) };
        if !self.is_reached(at, settled).await? {
            self.act(at, act, settled).await?;
        }
        self.settle(at, settled, change.limit).await.map(drop)
    }

    /// Makes the change, until it is made, refused, or nobody answers for too long.
    async fn act(&self, at: usize, command: &Command, probe: &Goal) -> Result<(), Text> {
        let mark = self.mark();
        let (mut patience, mut doubt) = (self.patience(), Doubt::default());
        loop {
            self.holds_lease().await;
            let trouble = match self.executor.control.act(command, &mark).await {
                Ok(()) => return Ok(()),
                Err(Unacted::Refused(trouble)) if doubt.is_denied_lately(&trouble) => {
                    self.say(at, &format!("Waiting: {trouble}"));
                    trouble
                }
                Err(Unacted::Refused(trouble)) => return Err(Text::clean(&trouble.to_string())),
                Err(Unacted::Unreached(trouble)) => {
                    self.say(at, &format!("Waiting: {trouble}"));
                    trouble
                }
                Err(Unacted::Unsure(trouble)) => {
                    self.say(at, &format!("Looking whether it was done: {trouble}"));
                    if self.is_reached(at, probe).await? {
                        return Ok(());
                    }
                    trouble
                }
            };
            patience.wait().await.map_err(|waited| waited.of(&trouble))?;
        }
    }

    /// Makes sure of the lease where time went by of which who keeps it may know nothing, such as a machine's sleep. Does not
    /// return when it is lost: who keeps it finds out too, and ends this work.
    async fn holds_lease(&self) {
        let (now, term) = (self.executor.clock.now(), self.executor.pace.term);
        let mut held = self.held.lock().await;
        if now >= *held && now.since(*held) < term {
            return;
        }
        if self.executor.keep_once(self.lease).await.is_none() {
            std::future::pending::<()>().await;
        }
        *held = now;
    }

    async fn is_reached(&self, at: usize, goal: &Goal) -> Result<bool, Text> {
        match goal.expect.judge(&self.look(at, goal).await?.0) {
            Reached::Yes(_) => Ok(true),
            Reached::NotYet(_) => Ok(false),
            Reached::Never(why) => Err(why),
        }
    }

    /// Waits until `goal` is reached, for so long at most. The time in which nobody could look does not count: what is
    /// waited for may be long over.
    async fn settle(&self, at: usize, goal: &Goal, limit: Span) -> Result<Text, Text> {
        let mut until = now() + Duration::from_millis(limit.ms());
        loop {
            let (seen, away) = self.look(at, goal).await?;
            until += away;
            let words = match goal.expect.judge(&seen) {
                Reached::Yes(saw) => return Ok(saw),
                Reached::Never(why) => return Err(why),
                Reached::NotYet(words) => words,
            };
            self.say(at, words.as_str());
            if now() >= until {
                let why = format!("it did not come to an end within {limit}: {words}");
                return Err(Text::clean(&why));
            }
            tokio::time::sleep(self.executor.pace.look).await;
        }
    }

    /// Looks, and waits for a server that is away; says for how long it was.
    async fn look(&self, at: usize, goal: &Goal) -> Result<(Seen, Duration), Text> {
        let mut away: Option<Patience> = None;
        let mut doubt = Doubt::default();
        loop {
            let trouble = match self.executor.control.look(&goal.query).await {
                Ok(seen) => {
                    return Ok((seen, away.map_or(Duration::ZERO, |away| away.waited())));
                }
                Err(trouble) if may_pass(&trouble) || doubt.is_denied_lately(&trouble) => trouble,
                Err(trouble) => return Err(Text::clean(&trouble.to_string())),
            };
            self.say(at, &format!("Waiting: {trouble}"));
            let patience = away.get_or_insert_with(|| self.patience());
            patience.wait().await.map_err(|waited| waited.of(&trouble))?;
        }
    }

    /// Writes `entry`; when it returns, it is durable.
    async fn write(&mut self, entry: Entry) -> Result<(), Halt> {
        let record = self.executor.record(self.lease, entry);
        let mut next = self.operation.clone();
        let taken = next.standing.take(&next.plan, &record);
        taken.map_err(Halt::Standing)?;
        next.records.push(record.clone());
        let id = self.operation.plan.id.clone();
        let mut doubt = Doubt::default();
        loop {
            let journal = &self.executor.journal;
            match journal.append(&id, &self.revision, &record).await {
                Ok(revision) => {
                    (self.operation, self.revision) = (next, revision);
                    return Ok(());
                }
                Err(Unwritten::Moved | Unwritten::Unsure(_)) => {
                    let at = (&id, self.standing().done);
                    let read = self.executor.read(at, self.tell).await?;
                    if read.operation.records == next.records {
                        (self.operation, self.revision) = (next, read.revision);
                        return Ok(());
                    }
                    if read.operation.records != self.operation.records {
                        return Err(Unwritten::Moved.into());
                    }
                    self.revision = read.revision;
                }
                Err(Unwritten::Trouble(trouble))
                    if may_pass(&trouble) || doubt.is_denied_lately(&trouble) =>
                {
                    self.say(self.standing().done, &format!("Waiting: {trouble}"));
                    tokio::time::sleep(self.executor.pace.look).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn patience(&self) -> Patience {
        Patience::new(self.executor.pace.away, self.executor.pace.look)
    }

    fn say(&self, step: usize, words: &str) {
        super::say(self.tell, (&self.operation.plan.id, step), words);
    }

    fn mark(&self) -> Mark {
        Mark {
            operation: self.operation.plan.id.clone(),
            by: self.standing().by.clone(),
            reason: self.standing().reason.clone(),
        }
    }

    /// Leaves word of how it stands where others look. The journal is the record; this is a courtesy.
    async fn leave_word(&self) {
        let plan: &Plan = &self.operation.plan;
        let (happened, more) = match &self.standing().phase {
            Phase::Running => ("begun", String::new()),
            Phase::Stopped { why } => ("stopped", format!(" stopped: {why}")),
            Phase::Done => ("done", " is done".to_owned()),
            Phase::Undone => ("undone", " was taken back".to_owned()),
            Phase::GivenUp { why } => ("given-up", format!(" was given up: {why}")),
            Phase::Waiting | Phase::Undoing => return,
        };
        let sentence = Text::bounded(
            &format!("{} ({}){}.", plan.title, self.standing().by, more.trim_end_matches('.')),
            900,
        );
        let word = Word {
            mark: self.mark(),
            happened,
            sentence,
            tenant: plan.tenant.clone(),
            verb: plan.verb.word(),
        };
        if let Err(trouble) = self.executor.control.tell(&word).await {
            tracing::warn!(operation = %plan.id, "not everybody was told: {trouble}");
        }
    }
}
