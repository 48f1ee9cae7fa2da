//! The journal's records: what was meant and what came of it, one after the other.

use serde::{Deserialize, Serialize};

use crate::domain::{Text, Timestamp};

/// One record. It is never changed once it is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When, by the clock of the console that wrote it.
    pub at: Timestamp,
    /// Who was at that console.
    pub by: Text,
    /// That console: it holds the lease, and nobody else may write while it does.
    pub console: Text,
    /// The number of the lease; it grows each time that another console takes it.
    pub fence: u64,
    /// What it says.
    pub entry: Entry,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entry {
    /// The plan was confirmed; it is the first record.
    Confirmed {
        /// Why it is done, in the operator's words.
        reason: Text,
        /// Whether a second factor was given for it.
        stepped_up: bool,
    },
    /// A second person approved of it.
    Approved,
    /// A console holds the lease and works from here on.
    Taken,
    /// The step is about to change something: what it does may have happened from here on.
    Began {
        /// Its number.
        step: usize,
    },
    /// The step is done.
    Done {
        /// Its number.
        step: usize,
        /// What was seen.
        saw: Text,
    },
    /// The step went wrong; a person must decide.
    Stopped {
        /// Its number.
        step: usize,
        /// Why.
        why: Text,
    },
    /// From here on everything is taken back.
    TurnedBack {
        /// Why.
        why: Text,
    },
    /// The step is about to be taken back.
    Undoing {
        /// Its number.
        step: usize,
    },
    /// The step is taken back.
    Undone {
        /// Its number.
        step: usize,
        /// What was seen.
        saw: Text,
    },
    /// It stays as it is: nobody goes on.
    GivenUp {
        /// Why.
        why: Text,
    },
}
