//! The doors by which the outside is asked and changed, once and at once, as opposed to being watched.
//!
//! Only [`crate::operation`] goes through them: nothing else of the console changes anything.

use futures_util::future::BoxFuture;

use crate::domain::operation::{Command, Query, Seen};
use crate::domain::{Text, Trouble};

/// Looks at the outside.
pub trait Inspect: Send + Sync {
    /// Looks once, in bounded time. What is not there is [`Seen::Absent`], and what the server won't take
    /// [`Seen::Refused`]; both are answers.
    ///
    /// # Errors
    /// Why nobody can tell.
    fn look<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<Seen, Trouble>>;
}

/// Changes the outside.
pub trait Control: Inspect {
    /// Makes one change, in bounded time. Who makes the same one again, because no answer came, changes nothing more or
    /// is refused; what is to be hit and is not there any more is not a success.
    ///
    /// # Errors
    /// Whether it was made, and why not.
    fn act<'a>(
        &'a self,
        command: &'a Command,
        mark: &'a Mark,
    ) -> BoxFuture<'a, Result<(), Unacted>>;

    /// Leaves word of an operation where others look: an event on the object, and one on the stream. Best effort, in
    /// bounded time; told twice it is heard once, or with the same id.
    ///
    /// # Errors
    /// Why somebody was not told.
    fn tell<'a>(&'a self, word: &'a Word) -> BoxFuture<'a, Result<(), Trouble>>;
}

/// For whom a change is made: it is written on what is changed, where that can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// The id of the operation.
    pub operation: Text,
    /// Who does it.
    pub by: Text,
    /// Why.
    pub reason: Text,
}

/// What is told of an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The operation, and for whom.
    pub mark: Mark,
    /// What happened: `begun`, `done`, `stopped`, `undone`, `given-up`.
    pub happened: &'static str,
    /// The same in a sentence.
    pub sentence: Text,
    /// The tenant.
    pub tenant: Option<Text>,
    /// What it does, such as `restore-swap`.
    pub verb: &'static str,
}

/// Why a change was not made, or is not known to be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unacted {
    /// It was not made, and won't be if it is tried again.
    #[error("{0}")]
    Refused(Trouble),
    /// It was not made: the server could not be asked.
    #[error("{0}")]
    Unreached(Trouble),
    /// No answer came: it may have been made.
    #[error("{0}")]
    Unsure(Trouble),
}
