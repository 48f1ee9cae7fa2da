//! How long journals are kept, and how the oldest are let go.
//!
//! Which ones may go is decided here from what they say, and looked at again before each is removed. Invariants: nothing
//! goes that runs, waits or stopped, or of which something is still due; none goes as long as its plan could be confirmed
//! once more, because the journal is what keeps a plan from running twice; what a restore kept aside holds its journal.

use std::borrow::Borrow;
use std::sync::Arc;
use std::time::Duration;

use super::executor::may_pass;
use crate::config::Settings;
use crate::domain::operation::{Command, Operation, Phase, Query, Seen};
use crate::domain::{Span, Text, Timestamp};
use crate::platform::{Clock, Inspect, Journal, Unwritten};

const DAY: Span = Span::from_secs(24 * 60 * 60);
/// Nothing that ended later than this goes, however many there are.
const LEAST: Span = DAY;

/// How long journals are kept, and how many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retention {
    /// So long after everything of an operation was over its journal is kept.
    pub keeps: Span,
    /// The most journals that are kept.
    pub most: usize,
}

impl Default for Retention {
    fn default() -> Self {
        Self { keeps: Span::from_secs(90 * DAY.secs()), most: 1000 }
    }
}

/// Operations whose journals may go, the first that were over first.
#[derive(Debug)]
pub struct Leaving<'a> {
    /// All that may.
    pub all: Vec<&'a Operation>,
    /// So many of them, from the first on, were kept long enough.
    pub old: usize,
    /// So many have to go because there are too many.
    pub excess: usize,
}

impl Retention {
    /// What `settings` say.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        let own = &settings.operations;
        Self {
            keeps: Span::from_secs(u64::from(own.retention.value) * DAY.secs()),
            most: usize::try_from(own.journals.value).unwrap_or(usize::MAX),
        }
    }

    /// What of `operations` may go at `now`, and how many of it should.
    pub fn leaving<'a, O>(
        &self,
        operations: impl IntoIterator<Item = &'a O>,
        now: Timestamp,
    ) -> Leaving<'a>
    where
        O: Borrow<Operation> + 'a,
    {
        let (mut count, mut all) = (0_usize, Vec::new());
        for operation in operations {
            count += 1;
            let operation = operation.borrow();
            let over = over_since(operation).filter(|over| now.since(*over) >= LEAST);
            all.extend(over.map(|over| (over, operation)));
        }
        all.sort_by_key(|(over, operation)| (*over, &operation.plan.id));
        let old = all.iter().take_while(|(over, _)| now.since(*over) >= self.keeps).count();
        let all = all.into_iter().map(|(_, operation)| operation).collect();
        Leaving { all, old, excess: count.saturating_sub(self.most) }
    }
}

/// When everything of `operation` was over: its last record, and whatever was due after it; none while it is not over.
#[must_use]
pub fn over_since(operation: &Operation) -> Option<Timestamp> {
    if !operation.standing.is_over() {
        return None;
    }
    // What was given up, or taken back, may have left a backup behind that is due all the same.
    let due = operation.plan.due.iter().map(|due| due.at);
    due.chain([operation.standing.last]).max()
}

/// What `operation` may have kept aside: its journal is needed as long as any of it is there.
#[must_use]
pub fn kept_aside(operation: &Operation) -> Vec<Query> {
    if operation.standing.phase == Phase::Undone {
        return Vec::new();
    }
    let (plan, reached) = (&operation.plan, operation.standing.reached());
    let acts = plan.steps.iter().take(reached).filter_map(|step| step.act.as_ref());
    let own = acts.filter_map(|act| match act {
        // A name that holds the id is nobody else's.
        Command::RenameDatabase { to, .. } if to.as_str().contains(plan.id.as_str()) => {
            Some(Query::Database { name: to.clone() })
        }
        _ => None,
    });
    own.collect()
}

/// Removes journals whose time is up.
#[derive(Clone)]
pub struct Sweeper {
    /// Where they are.
    pub journal: Arc<dyn Journal>,
    /// Where it is looked whether something that an operation kept aside is still there.
    pub inspect: Arc<dyn Inspect>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// How long they are kept.
    pub retention: Retention,
    /// The most that are removed in one go.
    pub most: usize,
    /// How long is waited after each.
    pub pause: Duration,
}

/// What came of a sweep.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// The operations whose journals were removed.
    pub removed: Vec<Text>,
    /// Those that could have gone and stay, and why.
    pub stay: Vec<(Text, Text)>,
    /// Why it was left off half-way.
    pub left_off: Option<Unwritten>,
}

impl Sweeper {
    /// Removes what of `operations` is to go, the oldest first; each is read again before.
    pub async fn sweep<O: Borrow<Operation> + Sync>(&self, operations: &[O]) -> Swept {
        let leaving = self.retention.leaving(operations, self.clock.now());
        let mut swept = Swept::default();
        // Those that colleagues remove meanwhile are not there any more either.
        let mut gone = 0;
        for (at, operation) in leaving.all.iter().enumerate() {
            if gone >= self.most || (at >= leaving.old && gone >= leaving.excess) {
                break;
            }
            let id = &operation.plan.id;
            match self.remove(id).await {
                Ok(None) => {
                    gone += 1;
                    swept.removed.push(id.clone());
                }
                Ok(Some(why)) => swept.stay.push((id.clone(), why)),
                Err(Unwritten::Missing) => gone += 1,
                // A colleague goes on with it.
                Err(Unwritten::Moved) => {}
                Err(Unwritten::Broken(broken)) => {
                    swept.stay.push((id.clone(), Text::clean(&broken.to_string())));
                }
                Err(why) => {
                    swept.left_off = Some(why);
                    break;
                }
            }
            tokio::time::sleep(self.pause).await;
        }
        swept
    }

    /// Removes the journal of `id` as it is now; why it stays, where it has to.
    async fn remove(&self, id: &Text) -> Result<Option<Text>, Unwritten> {
        let read = self.journal.read(id).await?;
        let over = over_since(&read.operation);
        if over.is_none_or(|over| self.clock.now().since(over) < LEAST) {
            return Ok(Some(Text::from("it is not over any more")));
        }
        for query in kept_aside(&read.operation) {
            match self.inspect.look(&query).await {
                Ok(Seen::Absent) => {}
                Ok(_) => return Ok(Some(kept(&query))),
                Err(trouble) if may_pass(&trouble) => return Err(Unwritten::Trouble(trouble)),
                Err(trouble) => return Ok(Some(Text::clean(&trouble.to_string()))),
            }
        }
        self.journal.forget(id, &read.revision).await.map(|()| None)
    }
}

fn kept(query: &Query) -> Text {
    match query {
        Query::Database { name } => Text::clean(&format!("{name} is still kept")),
        _ => Text::from("something of it is still kept"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::operation::{Due, Entry, Plan, Record, Step};
    use crate::operation::kinds::tests::any_plan;

    const DAYS: i64 = 24 * 60 * 60 * 1000;

    fn at(day: i64) -> Timestamp {
        Timestamp::from_ms(day * DAYS)
    }

    /// An operation that was confirmed on `day`, with these records on that day too.
    fn operation(id: &str, day: i64, due: &[i64], entries: &[Entry]) -> Operation {
        let due = due.iter().map(|day| Due { what: "it".into(), at: at(*day) }).collect();
        let plan = Plan { id: id.into(), due, ..any_plan() };
        of(plan, day, entries)
    }

    fn of(plan: Plan, day: i64, entries: &[Entry]) -> Operation {
        let confirmed = Entry::Confirmed { reason: "why".into(), stepped_up: false };
        let record = |entry: &Entry| Record {
            at: at(day),
            by: "maria".into(),
            console: "here".into(),
            fence: 1,
            entry: entry.clone(),
        };
        let records = [confirmed].iter().chain(entries).map(record).collect();
        Operation::new(Arc::new(plan), records).expect("records that make sense")
    }

    fn done() -> [Entry; 2] {
        [Entry::Began { step: 0 }, Entry::Done { step: 0, saw: "it".into() }]
    }

    fn names(leaving: &Leaving<'_>) -> Vec<String> {
        leaving.all.iter().map(|operation| operation.plan.id.to_string()).collect()
    }

    /// What it is called, when things of it are due, what its journal says, and when it was over.
    type Row<'a> = (&'a str, &'a [i64], &'a [Entry], Option<i64>);

    #[test]
    fn only_what_is_over_and_settled_for_long_enough_goes() {
        let why = || "why".into();
        let stopped = [Entry::Began { step: 0 }, Entry::Stopped { step: 0, why: why() }];
        let undone = [&done()[..], &[Entry::TurnedBack { why: why() }]].concat();
        let back = [&undone[..], &[Entry::Undone { step: 0, saw: why() }]].concat();
        let given_up = [Entry::GivenUp { why: why() }];
        let rows: [Row<'_>; 9] = [
            ("running", &[], &[], None),
            ("began", &[], &done()[..1], None),
            ("stopped", &[], &stopped, None),
            ("undoing", &[], &undone, None),
            ("done", &[], &done(), Some(10)),
            ("done-due", &[12, 40, 17], &done(), Some(40)),
            ("undone", &[], &back, Some(10)),
            ("given-up", &[], &given_up, Some(10)),
            ("given-up-due", &[30], &given_up, Some(30)),
        ];
        let retention = Retention { keeps: Span::from_secs(90 * DAY.secs()), most: 100 };
        for (name, due, entries, over) in rows {
            let one = [operation(name, 10, due, entries)];
            assert_eq!(over_since(&one[0]), over.map(at), "{name}");
            let old = |day| retention.leaving(&one, at(day)).old;
            let Some(over) = over else {
                assert!(names(&retention.leaving(&one, at(5000))).is_empty(), "{name}");
                continue;
            };
            assert_eq!((old(over + 89), old(over + 90)), (0, 1), "{name}");
        }
        let waits = Plan { asks: crate::domain::operation::Asks::SecondPerson, ..any_plan() };
        assert_eq!(over_since(&of(waits, 10, &[])), None, "it waits for somebody");
    }

    #[test]
    fn what_is_too_many_is_the_first_that_was_over_but_never_what_just_ended() {
        let retention = Retention { keeps: Span::from_secs(90 * DAY.secs()), most: 2 };
        let all = [
            operation("newest", 20, &[], &done()),
            operation("soaks", 9, &[19], &done()),
            operation("second", 11, &[], &done()),
            operation("runs", 1, &[], &[]),
            operation("first", 10, &[], &done()),
        ];
        let leaving = retention.leaving(&all, at(20));
        assert_eq!((leaving.old, leaving.excess), (0, 3));
        assert_eq!(names(&leaving), ["first", "second", "soaks"]);
        let leaving = retention.leaving(&all, at(101));
        assert_eq!((leaving.old, names(&leaving).len()), (2, 4));
    }

    #[test]
    fn what_a_restore_kept_aside_is_looked_for() {
        let step = |to: &str| {
            let (from, to) = ("acme.x".into(), to.into());
            let act = Some(Command::RenameDatabase { from, to, oid: None });
            Step { act, ..any_plan().steps.remove(0) }
        };
        let plan = |id: &str| Plan {
            id: id.into(),
            steps: vec![step("acme-kept-2026-abc.x"), step("acme.x")],
            ..any_plan()
        };
        let all = [&done()[..], &[Entry::Began { step: 1 }]].concat();
        let all = [&all[..], &[Entry::Done { step: 1, saw: "it".into() }]].concat();
        let kept = |plan: Plan, entries: &[Entry]| kept_aside(&of(plan, 1, entries)).len();
        assert_eq!(kept(plan("abc"), &all), 1);
        assert_eq!(kept(plan("abc"), &[]), 0, "nothing was done");
        assert_eq!(kept(plan("other"), &all), 0, "a name that is not of this operation");
        let back = [&all[..], &[Entry::TurnedBack { why: "no".into() }]].concat();
        let undone = |step| Entry::Undone { step, saw: "it".into() };
        let back = [&back[..], &[undone(1), undone(0)]].concat();
        assert_eq!(kept(plan("abc"), &back), 0, "it was renamed back");
    }
}
