//! Entries of the event stream, and the gaps in what was seen of it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::{Text, Timestamp};

/// The id of a stream entry: a time in milliseconds and a number within it. Ids only ever grow.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct StreamId {
    /// Milliseconds since the epoch, by the server's clock.
    pub ms: u64,
    /// Number within the millisecond.
    pub seq: u64,
}

impl StreamId {
    /// When the server took the entry in.
    #[must_use]
    pub fn at(self) -> Timestamp {
        Timestamp::from_ms(i64::try_from(self.ms).unwrap_or(i64::MAX))
    }
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}-{}", self.ms, self.seq))
    }
}

impl FromStr for StreamId {
    type Err = std::num::ParseIntError;

    fn from_str(raw: &str) -> Result<Self, Self::Err> {
        let (ms, seq) = raw.split_once('-').unwrap_or((raw, "0"));
        Ok(Self { ms: ms.parse()?, seq: seq.parse()? })
    }
}

/// Raw text of an event, bounded but not cleaned: it is only ever shown through [`Text`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Payload(Arc<str>);

impl Payload {
    /// The most bytes kept of one payload, 1 MiB.
    pub const MAX_BYTES: usize = 1024 * 1024;

    /// Keeps `raw` up to [`Payload::MAX_BYTES`], cut at a character.
    #[must_use]
    pub fn new(raw: &str) -> Self {
        let mut end = raw.len().min(Self::MAX_BYTES);
        while !raw.is_char_boundary(end) {
            end -= 1;
        }
        Self(Arc::from(raw.get(..end).unwrap_or_default()))
    }

    /// The raw text. It may hold anything: pass what is shown of it through [`Text`].
    #[must_use]
    pub fn raw(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Payload({} bytes)", self.0.len())
    }
}

/// One entry of the stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamEntry {
    /// Its id on the stream.
    pub id: StreamId,
    /// Its size as received, in bytes, even when less of it is kept.
    pub bytes: u64,
    /// The event it carries, or why it carries none.
    pub content: Content,
    /// The event as received: its JSON, or its fields as a JSON object.
    pub raw: Payload,
}

impl StreamEntry {
    /// The event it carries; none when it is malformed.
    #[must_use]
    pub const fn event(&self) -> Option<&CloudEvent> {
        match &self.content {
            Content::Event(event) => Some(event),
            Content::Malformed(_) => None,
        }
    }
}

/// What a stream entry carries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Content {
    /// A CloudEvent.
    Event(CloudEvent),
    /// Something else, and the reason why it could not be read as one.
    Malformed(Text),
}

/// The envelope of a CloudEvent 1.0. Attributes that it lacks are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloudEvent {
    /// `id`, which its producer made unique.
    pub id: Text,
    /// `type`, such as `client.provisioned`.
    pub kind: Text,
    /// `source`, such as `//plana-pulse/crossplane/planaclient`.
    pub source: Text,
    /// `subject`: on this platform, the tenant.
    pub subject: Text,
    /// `time`, as its producer says.
    pub time: Option<Timestamp>,
    /// One line of `data`, for the table.
    pub summary: Text,
}

/// A range of the stream that this console could not see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The last entry seen before it; none when nothing was seen before.
    pub after: Option<StreamId>,
    /// The first entry seen after it; none while nothing came after.
    pub before: Option<StreamId>,
    /// How many entries are missing.
    pub missed: Missed,
    /// Why they are.
    pub cause: GapCause,
}

/// How many entries of the stream are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Missed {
    /// So many.
    Exactly(u64),
    /// Some, and the server can't say how many.
    Some,
}

/// Why entries are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GapCause {
    /// The server trimmed or deleted them before they were read.
    Trimmed,
    /// The stream began anew: the server lost its data, or the stream was removed.
    Reset,
}
