//! One round: a console dies at a point, and colleagues come to the end that was meant.

use pulse_console::domain::operation::{Entry, Operation, Phase, Plan};
use pulse_console::domain::{Span, Text};
use pulse_console::platform::Unwritten;

use super::footprint::{Change, Footprint};
use super::stand::Stand;
use super::{Killing, Then, read};
use crate::ground::Said;

/// So often a run that nobody kills is tried.
const CLEAN_MOST: usize = 5;

/// A run that nobody kills: how many points it has, and what it changes.
pub(super) struct Clean {
    /// At so many points a console can die while it runs.
    pub(super) points: usize,
    /// And while it is taken back; none where it can't be.
    pub(super) points_back: Option<usize>,
    /// Killed later than at this point it can't be taken back; none where it always can.
    pub(super) last_return: Option<usize>,
    pub(super) change: Change,
}

/// A round.
#[derive(Clone, Copy)]
pub(super) struct Round<'a> {
    pub(super) lane: &'a str,
    /// The point at which the console dies.
    pub(super) at: usize,
    pub(super) then: Then,
}

/// An operation on its stand.
pub(super) struct Play {
    stand: Stand,
    before: Footprint,
    file: String,
    pub(super) plan: Plan,
}

/// The last point at which `plan` can still be taken back: before the record that the first step begins that can't.
fn last_return(plan: &Plan) -> Option<usize> {
    let before = plan.steps.iter().take(plan.no_return?);
    // Two records, and what lies before the change and after it.
    let points = before.map(|step| if step.act.is_some() { 4 } else { 2 });
    // Its first record, that it is taken up, and that the step begins.
    Some(3 + points.sum::<usize>())
}

/// How many points there were, when it came to this end.
fn counted(said: &Said, end: &str) -> usize {
    let count = said.out.trim().strip_prefix(end).and_then(|count| count.trim().parse().ok());
    count.unwrap_or_else(|| panic!("it is not {end}: {}{}", said.out, said.err))
}

/// How often a console took it up.
fn taken(operation: &Operation) -> usize {
    operation.records.iter().filter(|record| record.entry == Entry::Taken).count()
}

impl Killing<'_> {
    pub(super) async fn play(&self, lane: &str) -> Play {
        let mut stand = self.stand(lane).await.expect("the world can be made so");
        let before = Footprint::of(self.ground, &stand, None).await.expect("it is seen");
        let words: Vec<&str> = stand.words.iter().map(String::as_str).collect();
        let (file, id) = self.ground.plan(&words).await;
        stand.names.insert(0, (id, "{id}"));
        stand.names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        Play { stand, before, plan: read(&file), file }
    }

    /// Runs to the end, and back where that can be. One that lost its lease on a busy machine, and took it again, had more
    /// points than others will have, and counts for nothing.
    pub(super) async fn clean(&self, lane: &str) -> Clean {
        for _ in 0..CLEAN_MOST {
            let play = self.play(lane).await;
            let clean = self.counted(&play).await;
            if taken(&self.journaled(&play).await.expect("it is in the journal")) == 1 {
                let fewer = clean.points_back.is_none_or(|back| back <= clean.points);
                assert!(fewer, "there are more points on the way back");
                return clean;
            }
        }
        panic!("it loses its lease each time");
    }

    async fn counted(&self, play: &Play) -> Clean {
        let points = counted(&self.ground.dying("run", &play.file, 0).await, "done");
        let change = self.changed(play).await;
        assert_ne!(change, Change::default(), "nothing is seen of it");
        let mut clean =
            Clean { points, points_back: None, last_return: last_return(&play.plan), change };
        if play.plan.no_return.is_none() {
            let back =
                counted(&self.ground.dying("undo", play.plan.id.as_str(), 0).await, "undone");
            clean.points_back = Some(back);
            self.assert_phase(play, &Phase::Undone).await;
            self.assert_back(play, &clean).await;
        }
        self.assert_free(play).await;
        clean
    }

    /// One console dies, and colleagues come to the end.
    pub(super) async fn chain(&self, round: Round<'_>, clean: &Clean) {
        let play = self.play(round.lane).await;
        let died = self.ground.dying("run", &play.file, round.at).await;
        if died.code.is_some() {
            let records = self.journaled(&play).await.map(|it| it.records.clone());
            panic!("it did not die: {}{}\n{records:#?}", died.out, died.err);
        }
        match round.then {
            Then::GoesOn => {
                self.go_on(&play, clean).await;
                if let Some(points) = clean.points_back {
                    self.die_on_the_way_back(&play, (round.at <= points).then_some(round.at)).await;
                    self.assert_phase(&play, &Phase::Undone).await;
                    self.assert_back(&play, clean).await;
                }
            }
            Then::TakesBack => self.take_back(&play, round.at, clean).await,
        }
        self.assert_free(&play).await;
    }

    async fn colleague(&self, verb: &str, play: &Play) -> Said {
        self.ground.dying(verb, play.plan.id.as_str(), 0).await
    }

    /// A colleague goes on, to the same end that it would have had.
    async fn go_on(&self, play: &Play, clean: &Clean) {
        match self.journaled(play).await {
            // It died before it was in the journal: nothing was done, and the plan can be run.
            None => {
                assert_eq!(self.changed(play).await, Change::default(), "nothing was done yet");
                counted(&self.ground.dying("run", &play.file, 0).await, "done");
            }
            Some(it) if it.standing.phase == Phase::Done => {
                let said = self.colleague("resume", play).await;
                assert!(said.out.contains("is done; that can't be done"), "{}", said.out);
            }
            Some(_) => drop(counted(&self.colleague("resume", play).await, "done")),
        }
        self.assert_phase(play, &Phase::Done).await;
        assert_eq!(self.changed(play).await, clean.change, "it is another end");
    }

    /// A colleague takes it back, where it can be; goes on, where it can't.
    async fn take_back(&self, play: &Play, at: usize, clean: &Clean) {
        let Some(it) = self.journaled(play).await else {
            assert_eq!(self.changed(play).await, Change::default(), "nothing was done yet");
            return;
        };
        let is_past = |step| it.records.iter().any(|record| record.entry == Entry::Began { step });
        let can = !it.plan.no_return.is_some_and(is_past);
        // Who took the lease a second time had more points before the last one.
        if taken(&it) <= 1 {
            assert_eq!(can, clean.last_return.is_none_or(|last| at <= last), "{:#?}", it.records);
        }
        assert_eq!(it.standing.can_turn_back(&it.plan), can, "{:#?}", it.records);
        let said = self.colleague("undo", play).await;
        if can {
            counted(&said, "undone");
            self.assert_phase(play, &Phase::Undone).await;
            self.assert_back(play, clean).await;
        } else {
            let why = format!("The operation is {}; that can't be done", it.standing.word());
            assert!(said.out.contains(&why), "{}{}", said.out, said.err);
            self.go_on(play, clean).await;
        }
    }

    /// Who takes it back dies too, at this point, and another one finishes that.
    async fn die_on_the_way_back(&self, play: &Play, at: Option<usize>) {
        let id = play.plan.id.as_str();
        let Some(at) = at else {
            counted(&self.colleague("undo", play).await, "undone");
            return;
        };
        let died = self.ground.dying("undo", id, at).await;
        assert!(died.code.is_none(), "it did not die: {}{}", died.out, died.err);
        let phase = self.journaled(play).await.expect("it is in the journal").standing.phase;
        match phase {
            Phase::Done => drop(counted(&self.colleague("undo", play).await, "undone")),
            Phase::Undone => {
                let said = self.colleague("undo", play).await;
                assert!(said.out.contains("is undone; that can't be done"), "{}", said.out);
            }
            _ => drop(counted(&self.colleague("resume", play).await, "undone")),
        }
    }

    pub(super) async fn changed(&self, play: &Play) -> Change {
        let now = Footprint::of(self.ground, &play.stand, Some(&play.plan)).await;
        now.expect("it is seen").since(&play.before, &play.stand.names)
    }

    /// Everything is as it was, but for what stays.
    pub(super) async fn assert_back(&self, play: &Play, clean: &Clean) {
        let change = self.changed(play).await;
        assert_eq!(change.that_goes(), Change::default(), "it was not taken back");
        assert!(change.is_part_of(&clean.change), "more stays than was made: {change:#?}");
    }

    /// The operation as its journal has it; what can't be read fails.
    async fn journaled(&self, play: &Play) -> Option<Operation> {
        match self.journal.read(&play.plan.id).await {
            Ok(read) => Some(read.operation),
            Err(Unwritten::Missing) => None,
            Err(error) => panic!("the journal is not sound: {error}"),
        }
    }

    async fn assert_phase(&self, play: &Play, phase: &Phase) {
        let operation = self.journaled(play).await.expect("it is in the journal");
        assert_eq!(operation.standing.phase, *phase, "{:#?}", operation.records);
        assert_eq!(*operation.plan, play.plan, "the plan is what it was");
    }

    /// Whoever wants to work there next can: what a dead console held runs out.
    async fn assert_free(&self, play: &Play) {
        let (scope, console) = (&play.plan.scope, Text::from("the next one"));
        let term = Span::from_secs(2);
        for _ in 0..100 {
            match self.journal.lease(scope, &console, term).await {
                Ok(lease) => {
                    self.journal.release(&lease).await.expect("it is let go");
                    return;
                }
                Err(Unwritten::Held { lives: false, .. } | Unwritten::Moved) => {
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
                Err(error) => panic!("{error}"),
            }
        }
        panic!("the lease of {scope} never runs out");
    }
}
