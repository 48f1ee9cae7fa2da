//! Why somebody may not come in: which rule is not met, and what to do.

use crate::domain::{Span, Text};

/// Why somebody may not come in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not staff.
    #[error(
        "{user} is not in the group {group}: this console is for staff, not for customers. Sign in with a staff account, \
         or have a senior add you to the group."
    )]
    NotStaff {
        /// Who.
        user: Text,
        /// The group.
        group: String,
    },
    /// No second factor.
    #[error(
        "{user} signed in without a second factor (the provider says: {given}). Enrol an authenticator in the account's \
         settings, then sign in again."
    )]
    NoFactor {
        /// Who.
        user: Text,
        /// What was given instead.
        given: String,
    },
    /// The provider does not say when the factor was given.
    #[error(
        "The provider does not say when {user} signed in, so nobody knows how old that is. Have whoever runs the provider \
         add the claim auth_time."
    )]
    NoTime {
        /// Who.
        user: Text,
    },
    /// The sign-in is too old.
    #[error("{user} signed in {age} ago, and a sign-in lasts {lasts}. Sign in again.")]
    TooOld {
        /// Who.
        user: Text,
        /// How long ago.
        age: Span,
        /// How long it lasts.
        lasts: Span,
    },
    /// The sign-in lies in the future.
    #[error(
        "The provider says that {user} signed in {ahead} from now. One of the clocks is wrong: set this machine's, then \
         sign in again."
    )]
    Future {
        /// Who.
        user: Text,
        /// How far.
        ahead: Span,
    },
    /// Somebody else came back to a locked screen, or renewed another's session.
    #[error(
        "{user} is not {expected}, whose session this is. Let {expected} come back, or sign out first."
    )]
    SomebodyElse {
        /// Who came.
        user: Text,
        /// Who was expected.
        expected: Text,
    },
}
