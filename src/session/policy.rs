//! Who of those that the provider vouches for may use the console, and as what.

use super::Refusal;
use crate::domain::{Person, Role, Span, Text, Timestamp};
use crate::platform::Grant;

/// How far the provider's clock may be from ours.
const SKEW: Span = Span::from_secs(60);

/// The rules of a profile.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Policy {
    /// The group that every member of staff is in. Customers have accounts at the same provider.
    pub staff_group: String,
    /// The groups that make an operator.
    pub operator_groups: Vec<String>,
    /// The groups that make a senior.
    pub senior_groups: Vec<String>,
    /// What counts as a second factor (`amr`), such as `mfa`.
    pub factors: Vec<String>,
    /// How long a sign-in lasts, from the moment the factor was given.
    pub lasts: Span,
    /// After how long without a key the screen is hidden; none when it never is.
    pub locks_after: Option<Span>,
}

/// Somebody who may use the console.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Staff {
    /// Who.
    pub person: Person,
    /// As what.
    pub role: Role,
    /// What vouches for them now.
    pub grant: Grant,
    /// When they gave the factor.
    pub proved_at: Timestamp,
    /// When they must sign in again, however often the session is renewed.
    pub ends_at: Timestamp,
}

impl Policy {
    /// Decides about a fresh sign-in.
    ///
    /// # Errors
    /// Which rule is not met, and what to do.
    pub fn admit(&self, grant: Grant, now: Timestamp) -> Result<Staff, Refusal> {
        let user = grant.person.user.clone();
        self.check_group(&grant)?;
        let factors = grant.factors.clone().unwrap_or_default();
        let is_factor = |given: &Text| self.factors.iter().any(|factor| factor == given.as_str());
        if !factors.iter().any(is_factor) {
            let given: Vec<&str> = factors.iter().map(Text::as_str).collect();
            let given = if given.is_empty() { "nothing".to_owned() } else { given.join(", ") };
            return Err(Refusal::NoFactor { user, given });
        }
        let Some(proved_at) = grant.proved_at else {
            return Err(Refusal::NoTime { user });
        };
        let ahead = proved_at.since(now);
        if ahead > SKEW {
            return Err(Refusal::Future { user, ahead });
        }
        // A provider whose clock is ahead does not make it last longer.
        self.staff(grant, proved_at.min(now), now)
    }

    /// Decides whether the session of `staff` goes on with `grant`. The factor is the one of the sign-in: providers
    /// leave it out of a renewal.
    ///
    /// # Errors
    /// Which rule is not met any more.
    pub fn renew(&self, staff: &Staff, grant: Grant, now: Timestamp) -> Result<Staff, Refusal> {
        Self::check_same(staff, &grant)?;
        self.check_group(&grant)?;
        self.staff(grant, staff.proved_at, now)
    }

    /// Checks that `grant` is of the person whose session it is.
    pub(super) fn check_same(staff: &Staff, grant: &Grant) -> Result<(), Refusal> {
        if grant.person.subject == staff.person.subject {
            return Ok(());
        }
        let (user, expected) = (grant.person.user.clone(), staff.person.user.clone());
        Err(Refusal::SomebodyElse { user, expected })
    }

    fn check_group(&self, grant: &Grant) -> Result<(), Refusal> {
        if grant.person.is_in(&self.staff_group) {
            return Ok(());
        }
        Err(Refusal::NotStaff { user: grant.person.user.clone(), group: self.staff_group.clone() })
    }

    fn staff(&self, grant: Grant, proved_at: Timestamp, now: Timestamp) -> Result<Staff, Refusal> {
        let age = now.since(proved_at);
        if age >= self.lasts {
            let user = grant.person.user.clone();
            return Err(Refusal::TooOld { user, age, lasts: self.lasts });
        }
        Ok(Staff {
            person: grant.person.clone(),
            role: self.role(&grant.person),
            grant,
            proved_at,
            ends_at: proved_at.after(self.lasts),
        })
    }

    /// What the groups of `person` make them.
    #[must_use]
    pub fn role(&self, person: &Person) -> Role {
        let in_any = |groups: &[String]| groups.iter().any(|group| person.is_in(group));
        if in_any(&self.senior_groups) {
            Role::Senior
        } else if in_any(&self.operator_groups) {
            Role::Operator
        } else {
            Role::Viewer
        }
    }
}
