//! Confirmation: what must be given before a plan may run.

use crate::domain::operation::{Asks, CheckResult, Plan};
use crate::domain::{Role, Span, Text, Timestamp};

/// A plan that is older than this is made anew: its facts are.
const FRESH: Span = Span::from_secs(15 * 60);
/// So far the clocks of two machines may differ. A plan from further in the future would be fresh for as long.
const ASTRAY: Span = Span::from_secs(5 * 60);

/// What the operator gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Given {
    /// Who gives it.
    pub by: Text,
    /// What they may do.
    pub role: Role,
    /// What they typed.
    pub typed: Text,
    /// Why it is done.
    pub reason: Text,
    /// Whether a second factor was given for this plan.
    pub stepped_up: bool,
    /// When.
    pub at: Timestamp,
}

/// A plan that may run. Only [`ConfirmedPlan::new`] makes one, and only the executor takes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmedPlan {
    plan: Plan,
    given: Given,
}

/// Why a plan may not run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unconfirmed {
    /// A precondition does not hold.
    #[error("{0}")]
    Precondition(Text),
    /// It is not for this role.
    #[error("Your role is {is}; this needs {needs}.")]
    Role {
        /// What they are.
        is: Role,
        /// What it needs.
        needs: Role,
    },
    /// What was typed is another word.
    #[error("Type {0} to go on.")]
    Word(Text),
    /// A reason is wanted.
    #[error("Say why, in a few words: it is kept with the operation.")]
    Reason,
    /// A second factor is wanted.
    #[error("Give your second factor for this plan first.")]
    Factor,
    /// The plan is old.
    #[error(
        "By the clock of this machine the plan was made {0} ago. Make it anew: much may have changed."
    )]
    Old(Span),
    /// Nobody can say how old the plan is.
    #[error(
        "By the clock of this machine the plan will be made in {0} only: that clock is wrong, or the one it was made by. \
         Set the wrong one right, and make the plan anew."
    )]
    Future(Span),
}

impl ConfirmedPlan {
    /// Confirms `plan` with what was given.
    ///
    /// # Errors
    /// What lacks.
    pub fn new(plan: Plan, given: Given) -> Result<Self, Unconfirmed> {
        if let Some(check) = plan.checks.iter().find(|check| check.result == CheckResult::Bad) {
            return Err(Unconfirmed::Precondition(check.what.clone()));
        }
        if given.role < plan.role {
            return Err(Unconfirmed::Role { is: given.role, needs: plan.role });
        }
        let age = given.at.since(plan.at);
        if age > FRESH {
            return Err(Unconfirmed::Old(age));
        }
        let ahead = plan.at.since(given.at);
        if ahead > ASTRAY {
            return Err(Unconfirmed::Future(ahead));
        }
        if plan.asks >= Asks::Typed {
            if given.typed != plan.word {
                return Err(Unconfirmed::Word(plan.word.clone()));
            }
            if given.reason.as_str().trim().is_empty() {
                return Err(Unconfirmed::Reason);
            }
        }
        if plan.asks >= Asks::StepUp && !given.stepped_up {
            return Err(Unconfirmed::Factor);
        }
        Ok(Self { plan, given })
    }

    /// The plan.
    #[must_use]
    pub const fn plan(&self) -> &Plan {
        &self.plan
    }

    /// What was given.
    #[must_use]
    pub const fn given(&self) -> &Given {
        &self.given
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::kinds::tests::any_plan;

    #[test]
    fn each_level_asks_for_what_the_one_before_asked_and_more() {
        let at = Timestamp::from_ms(1_000_000);
        let plan =
            |asks| Plan { asks, at, word: "acme".into(), role: Role::Operator, ..any_plan() };
        let nothing = Given { role: Role::Operator, at, by: "maria".into(), ..Given::default() };
        let typed = Given { typed: "acme".into(), ..nothing.clone() };
        let reasoned = Given { reason: "a customer asked".into(), ..typed.clone() };
        let proved = Given { stepped_up: true, ..reasoned.clone() };
        let said = |asks, given: &Given| ConfirmedPlan::new(plan(asks), given.clone()).err();
        assert_eq!(said(Asks::Yes, &nothing), None);
        assert_eq!(said(Asks::Typed, &nothing), Some(Unconfirmed::Word("acme".into())));
        assert_eq!(said(Asks::Typed, &typed), Some(Unconfirmed::Reason));
        assert_eq!(said(Asks::Typed, &reasoned), None);
        assert_eq!(said(Asks::StepUp, &reasoned), Some(Unconfirmed::Factor));
        assert_eq!(said(Asks::SecondPerson, &reasoned), Some(Unconfirmed::Factor));
        assert_eq!(said(Asks::SecondPerson, &proved), None);
        let viewer = Given { role: Role::Viewer, ..proved };
        let why = Unconfirmed::Role { is: Role::Viewer, needs: Role::Operator };
        assert_eq!(said(Asks::Yes, &viewer), Some(why));
    }

    #[test]
    fn a_plan_is_fresh_for_a_while_by_either_clock() {
        let at = Timestamp::from_ms(100_000_000);
        let said = |given_at| {
            let plan = Plan { asks: Asks::Yes, at, role: Role::Operator, ..any_plan() };
            let given = Given { role: Role::Operator, at: given_at, ..Given::default() };
            ConfirmedPlan::new(plan, given).err()
        };
        let minutes = |minutes: u64| Span::from_secs(minutes * 60);
        for fresh in [at, at.after(minutes(15)), at.before(minutes(5))] {
            assert_eq!(said(fresh), None);
        }
        let late = at.after(minutes(16));
        assert_eq!(said(late), Some(Unconfirmed::Old(minutes(16))));
        // Made by a clock that is ahead, it would be accepted until that is reached.
        let early = at.before(minutes(60));
        assert_eq!(said(early), Some(Unconfirmed::Future(minutes(60))));
        let sentence = Unconfirmed::Future(minutes(60)).to_string();
        assert!(sentence.contains("in 1h00m only") && sentence.contains("anew"), "{sentence}");
    }

    #[test]
    fn what_does_not_hold_is_never_confirmed() {
        use crate::domain::operation::Check;
        let bad = Check { what: "no room".into(), result: CheckResult::Bad };
        let plan = Plan { asks: Asks::Yes, checks: vec![bad], ..any_plan() };
        let given = Given { role: Role::Senior, ..Given::default() };
        let why = ConfirmedPlan::new(plan, given).err();
        assert_eq!(why, Some(Unconfirmed::Precondition("no room".into())));
    }
}
