//! What must be given before something is done with an operation that is there: one rule, on the screen and without it.

use super::Way;
use crate::domain::Text;
use crate::domain::operation::{Asks, Operation};

/// What must be given before something is done with an operation that is there: more, the more it may damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The word of its plan.
    pub word: bool,
    /// Why it is done.
    pub reason: bool,
    /// A second factor, for its plan alone.
    pub factor: bool,
}

impl Demand {
    /// What `by` must give to do that with `operation`. Whoever confirmed it goes on with a nod; a colleague takes the damage
    /// on, and what ends or turns an operation is explained in its journal.
    #[must_use]
    pub fn of(way: &Way, operation: &Operation, by: &Text, can_prove: bool) -> Self {
        let (plan, standing) = (&operation.plan, &operation.standing);
        let takes_over = *way == Way::GoOn && standing.by != *by;
        let hits = takes_over || matches!(way, Way::TurnBack(_) | Way::Approve);
        // People may have worked with what came of it: then the way back damages more than the way there.
        let asks = way.back_of(operation).map_or(plan.asks, |back| plan.asks.max(back.asks));
        Self {
            word: hits && asks >= Asks::Typed,
            reason: matches!(way, Way::TurnBack(_) | Way::GiveUp(_)),
            // Where nobody can give one, an operation that was left must not be stuck; to approve there is no such need.
            factor: *way == Way::Approve || (hits && asks >= Asks::StepUp && can_prove),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::Timestamp;
    use crate::domain::operation::{Entry, Plan, Record, WayBack};
    use crate::operation::kinds::tests::any_plan;

    /// An operation that maria confirmed, of which nothing is done yet.
    fn operation(plan: Plan) -> Operation {
        let entry = Entry::Confirmed { reason: "a test".into(), stepped_up: false };
        let first = Record {
            at: Timestamp::default(),
            by: "maria".into(),
            console: "one".into(),
            fence: 1,
            entry,
        };
        Operation::new(Arc::new(plan), vec![first]).expect("a journal")
    }

    fn demand(way: &Way, asks: Asks, by: &str, can_prove: bool) -> (bool, bool, bool) {
        let operation = operation(Plan { asks, ..any_plan() });
        let Demand { word, reason, factor } = Demand::of(way, &operation, &by.into(), can_prove);
        (word, reason, factor)
    }

    #[test]
    fn more_is_asked_of_whoever_takes_over_or_turns_it() {
        let all = [Asks::Yes, Asks::Typed, Asks::StepUp, Asks::SecondPerson];
        let (back, leave) = (Way::TurnBack("why".into()), Way::GiveUp("why".into()));
        for asks in all {
            let (typed, proved) = (asks >= Asks::Typed, asks >= Asks::StepUp);
            for can in [false, true] {
                let said = |way: &Way, by: &str| demand(way, asks, by, can);
                assert_eq!(said(&Way::GoOn, "maria"), (false, false, false), "{asks:?}");
                assert_eq!(said(&Way::GoOn, "ivan"), (typed, false, proved && can), "{asks:?}");
                assert_eq!(said(&Way::Approve, "ivan"), (typed, false, true), "{asks:?}");
                for by in ["maria", "ivan"] {
                    assert_eq!(said(&back, by), (typed, true, proved && can), "{asks:?}");
                    assert_eq!(said(&leave, by), (false, true, false), "{asks:?}");
                }
            }
        }
    }

    #[test]
    fn what_the_way_back_damages_counts_too() {
        let way = WayBack {
            from: 0,
            damage: "what was written since is gone".into(),
            asks: Asks::StepUp,
            pins: Vec::new(),
        };
        let operation = operation(Plan { asks: Asks::Yes, back: Some(way), ..any_plan() });
        let said = |way: &Way| Demand::of(way, &operation, &"maria".into(), true);
        let back = said(&Way::TurnBack("why".into()));
        assert!(back.word && back.factor, "{back:?}");
        let on = said(&Way::GoOn);
        assert!(!on.word && !on.factor, "{on:?}");
    }
}
