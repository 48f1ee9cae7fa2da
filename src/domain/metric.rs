//! Figures over time, and the results of probes.

use serde::{Deserialize, Serialize};

use super::{Span, Text, Timestamp, Uid};

/// One figure over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// Its identity: what it measures, a word of the console's own such as `requests`.
    pub uid: Uid,
    /// What it measures, in words.
    pub what: Text,
    /// The tenant that it speaks of.
    pub tenant: Option<Text>,
    /// Its points, oldest first, in thousandths of its unit; bounded.
    pub points: Box<[(Timestamp, i64)]>,
}

/// What a probe from outside last found of a tenant's address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// Its identity: what is probed.
    pub uid: Uid,
    /// What is probed: an address.
    pub target: Text,
    /// The tenant that it belongs to.
    pub tenant: Option<Text>,
    /// Whether it answered as it should.
    pub up: bool,
    /// The HTTP status, where there was one.
    pub status: Option<u16>,
    /// How long the answer took.
    pub took: Option<Span>,
    /// When it was probed.
    pub at: Timestamp,
}
