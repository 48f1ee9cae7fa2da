//! Backups, judged from what a listing of the bucket says: names, sizes and times of writing.
//!
//! An object of a tenant is `{tenant}/backup-{stamp}.dump.gz`, `{tenant}/filestore-{stamp}.tar.gz`, or one of them below
//! `{tenant}/insurance/`. A [`ShelfBuilder`] pairs dumps with filestores into a [`Shelf`]; [`Rules`] and the moment turn
//! that into [`Fault`]s. Nothing here opens an object: whether a dump can be restored is known only by restoring it.
//!
//! Invariants: a shelf is the same whatever the order of the listing was; every object is counted with its bytes, also
//! one whose name says nothing here.

mod fault;
mod name;
mod shelf;

pub use fault::{Fault, Owner, Rules};
pub use name::{BackupName, Part, Stamp, owner};
pub use shelf::{Backup, Shelf, ShelfBuilder};
