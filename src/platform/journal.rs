//! The door to the journal: records of operations under a check of their revision, and leases.

use futures_util::future::BoxFuture;

use crate::domain::operation::{Broken, Operation, Plan, Record};
use crate::domain::{Span, Text, Trouble};

/// Keeps the records of operations where every console sees them.
pub trait Journal: Send + Sync {
    /// Begins the journal of an operation with its plan and its first record.
    ///
    /// # Errors
    /// [`Unwritten::Exists`] when it was begun before: a plan runs once.
    fn open<'a>(
        &'a self,
        plan: &'a Plan,
        first: &'a Record,
    ) -> BoxFuture<'a, Result<Revision, Unwritten>>;

    /// Appends `record` to the journal of `id`, which must still be at `revision`. When it succeeds, the record is
    /// durable.
    ///
    /// # Errors
    /// [`Unwritten::Moved`] when somebody else wrote meanwhile; then nothing was written.
    fn append<'a>(
        &'a self,
        id: &'a Text,
        revision: &'a Revision,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<Revision, Unwritten>>;

    /// Reads the journal of `id`. A last record that was written in part is left out, and is written over.
    ///
    /// # Errors
    /// Why it can't be read.
    fn read<'a>(&'a self, id: &'a Text) -> BoxFuture<'a, Result<Journaled, Unwritten>>;

    /// Every operation whose journal can be read, in no order, and what is left out.
    ///
    /// # Errors
    /// Why none can be read.
    fn list(&self) -> BoxFuture<'_, Result<Listing, Unwritten>>;

    /// Removes the journal of an operation that has ended.
    ///
    /// # Errors
    /// Why it could not be removed.
    fn forget<'a>(
        &'a self,
        id: &'a Text,
        revision: &'a Revision,
    ) -> BoxFuture<'a, Result<(), Unwritten>>;

    /// Takes the lease of `scope` for `console`, or keeps it for another `term`. A lease that was let go is free at once;
    /// of one whose holder is silent it is waited out that nothing was heard of it for a whole term, by the clock of
    /// this machine: the other's may be wrong. So this may be called again and again until the lease is free.
    ///
    /// # Errors
    /// [`Unwritten::Held`] while another console holds it.
    fn lease<'a>(
        &'a self,
        scope: &'a Text,
        console: &'a Text,
        term: Span,
    ) -> BoxFuture<'a, Result<Lease, Unwritten>>;

    /// Lets `lease` go. It is not an error when it was lost before.
    ///
    /// # Errors
    /// Why that could not be said; it runs out by itself.
    fn release<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Result<(), Unwritten>>;
}

/// The state of a journal: it changes with every record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision(pub Text);

/// A journal as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Journaled {
    /// The operation.
    pub operation: Operation,
    /// Its state.
    pub revision: Revision,
}

/// The journals that were listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The operations.
    pub operations: Vec<Operation>,
    /// Journals that can't be read here, by their names, and what is wrong with each.
    pub unreadable: Vec<(Text, Broken)>,
    /// Whether there are more than are ever listed.
    pub more: bool,
}

/// A lease that this console holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// What nobody else may work on meanwhile.
    pub scope: Text,
    /// This console.
    pub console: Text,
    /// Its number: it grows each time that another console takes the lease.
    pub fence: u64,
}

/// Why something was not written, or not read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwritten {
    /// There is a journal of that id already.
    #[error("The plan was run already: a plan runs once. Make a new one.")]
    Exists,
    /// Somebody else wrote meanwhile.
    #[error("Another console went on with the operation.")]
    Moved,
    /// There is no such journal.
    #[error("There is no operation of that id.")]
    Missing,
    /// Another console holds the lease.
    #[error("{by} works on {scope} already.")]
    Held {
        /// What it is held for.
        scope: Text,
        /// The console.
        by: Text,
        /// Whether it was heard of since this console first asked: else it may be gone.
        lives: bool,
    },
    /// The records don't make sense.
    #[error("The journal can't be used: {0}")]
    Broken(#[from] Broken),
    /// There is no more room in it.
    #[error("The journal of the operation is full.")]
    Full,
    /// No answer came: it may have been written.
    #[error("Nobody knows whether the journal was written: {0}")]
    Unsure(Trouble),
    /// It can't be reached, or refuses.
    #[error("The journal can't be used: {0}")]
    Trouble(Trouble),
}
