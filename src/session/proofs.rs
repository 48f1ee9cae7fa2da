//! Proofs that a factor was given for a plan: short-lived, for one plan, used once.

use crate::domain::{PlanHash, Span, Text, Timestamp};
use crate::platform::Proof;

/// How long a proof is good, from the moment the provider gave it.
pub const GOOD_FOR: Span = Span::from_secs(60);

/// The proof that is held, if one is: there is one prompt for one plan.
#[derive(Clone, Debug, Default)]
pub struct Proofs {
    held: Option<Held>,
}

#[derive(Clone, Debug)]
struct Held {
    proof: Proof,
    /// When it was given, in the time of the session: that of the provider may be another.
    given: Timestamp,
}

/// Why a plan may not run on what was proved.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unproved {
    /// Nothing was proved for it.
    #[error("No factor was given for this plan. Give it now.")]
    Missing,
    /// It was proved too long ago.
    #[error("The factor was given {0} ago, and it counts for {GOOD_FOR}. Give it again.")]
    Stale(Span),
    /// Somebody else proved it.
    #[error("The factor was given by another person. Give it yourself.")]
    SomebodyElse,
    /// Another plan was proved.
    #[error("The factor was given for another plan. Give it for this one.")]
    OtherPlan,
}

impl Proofs {
    /// Holds `proof`, which was given at `given`, in place of any other.
    pub fn hold(&mut self, proof: Proof, given: Timestamp) {
        self.held = Some(Held { proof, given });
    }

    /// Lets go of what is held.
    pub fn clear(&mut self) {
        self.held = None;
    }

    /// How long what is held for `plan` still counts; none when nothing does.
    #[must_use]
    pub fn left(&self, plan: &PlanHash, now: Timestamp) -> Option<Span> {
        let held = self.held.as_ref().filter(|held| held.proof.plan == *plan)?;
        let left = held.given.after(GOOD_FOR).since(now);
        (left > Span::from_ms(0)).then_some(left)
    }

    /// Whether what is held counts for `plan` when `subject` runs it.
    ///
    /// # Errors
    /// Why it does not.
    pub fn check(&self, plan: &PlanHash, subject: &Text, now: Timestamp) -> Result<(), Unproved> {
        let held = self.held.as_ref().filter(|held| held.proof.plan == *plan);
        let held = held.ok_or(Unproved::Missing)?;
        let age = now.since(held.given);
        if held.proof.subject != *subject {
            Err(Unproved::SomebodyElse)
        } else if age >= GOOD_FOR {
            Err(Unproved::Stale(age))
        } else {
            Ok(())
        }
    }

    /// Uses up what `subject` proved for `plan`.
    ///
    /// # Errors
    /// Why it does not count. A proof that was looked at in vain is gone too, unless it is for another plan.
    pub fn spend(
        &mut self,
        plan: &PlanHash,
        subject: &Text,
        now: Timestamp,
    ) -> Result<(), Unproved> {
        let counts = self.check(plan, subject, now);
        self.held.take_if(|held| held.proof.plan == *plan);
        counts
    }
}
