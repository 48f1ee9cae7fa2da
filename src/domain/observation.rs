//! What feeds tell: the only way facts come in.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{FeedId, Gap, LogChunk, Object, StreamEntry, StreamId, Timestamp, Trouble, Uid};

/// A fact, who told it, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observation {
    /// The feed that tells it.
    pub feed: FeedId,
    /// When the console learnt it.
    pub at: Timestamp,
    /// What it is.
    pub fact: Fact,
}

/// One thing told by a feed.
///
/// A feed of objects tells `RelistBegun`, an `Upsert` for each object, `RelistEnded`, then changes as they
/// happen; after a break it may begin a new listing at any time. Between the two, objects that were known
/// stay known: only `RelistEnded` removes those that were not told again.
///
/// A feed of a stream tells `RelistBegun`, the newest `Entries`, `RelistEnded`, then new `Entries` in order of id, each id
/// once; pages of `Older` entries may come between them.
///
/// A feed of logs tells `RelistBegun` and `RelistEnded` when it is ready to read, then `Log` for what the operator has open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fact {
    /// A complete listing begins.
    RelistBegun,
    /// The listing is complete: what it did not tell is gone.
    RelistEnded,
    /// The object exists in this state.
    Upsert(Object),
    /// The object is gone.
    Remove(Uid),
    /// The feed is connected and nothing else changed up to now.
    Alive,
    /// The feed can't be read since now; it will try again by itself.
    Unreachable(Trouble),
    /// New entries of the stream, ascending, each newer than all before.
    Entries(Vec<Arc<StreamEntry>>),
    /// Older entries of the stream, ascending, each older than all known.
    Older(Vec<Arc<StreamEntry>>),
    /// Entries that were on the stream and could not be read. The entries after it follow.
    Gap(Gap),
    /// Up to this entry the operator's last run of the console had read the stream.
    LeftAt(StreamId),
    /// Lines of the log that the operator has open.
    Log(LogChunk),
}
