//! A bucket of the object store, as a whole.

use serde::{Deserialize, Serialize};

use super::{Text, Timestamp, Trouble, Uid};

/// A bucket, and how far its listing has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Its identity: its name.
    pub uid: Uid,
    /// Its name.
    pub name: Text,
    /// What it holds, in a line.
    pub what: Text,
    /// Objects seen by the last complete listing, or so far by the first.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// When the last listing was complete.
    pub listed: Option<Timestamp>,
    /// While a listing is under way: prefixes done and in all.
    pub progress: Option<(u32, u32)>,
    /// Why it can't be listed, while it can't though others can.
    #[serde(default)]
    pub trouble: Option<Trouble>,
    /// The newest objects, name and bytes, newest first; bounded, and only for small buckets.
    pub newest: Box<[(Text, u64, Timestamp)]>,
}
