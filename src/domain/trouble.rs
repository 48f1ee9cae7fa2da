//! Why a feed can't be read, as a sentence that says what to do.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Text;

/// What sort of trouble a feed has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TroubleKind {
    /// Nothing says where the server is; not an error.
    NotConfigured,
    /// A setting or a file that it names is wrong; trying again won't help.
    Config,
    /// The server can't be reached, or the link broke.
    Unreachable,
    /// The server did not answer in time.
    Slow,
    /// The certificate of the server or of the operator is not accepted.
    Certificate,
    /// The server does not know who is asking.
    Unauthenticated,
    /// The server knows who is asking and refuses.
    Denied,
    /// The server does not have this kind.
    Absent,
    /// The server is there and can't answer now.
    Server,
    /// The answer is not what the protocol promises.
    Protocol,
}

/// Trouble with a feed: what failed, why, and what to do next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What sort it is.
    pub kind: TroubleKind,
    /// What failed and why: a clause without a period, such as `listing PLANAClients: connection refused`.
    pub what: Text,
    /// What to do next: a sentence. Empty when there is nothing to do but wait.
    pub remedy: Text,
}

impl Trouble {
    /// Trouble of `kind`; both texts pass the gate.
    #[must_use]
    pub fn new(kind: TroubleKind, what: &str, remedy: &str) -> Self {
        Self { kind, what: Text::bounded(what, 1024), remedy: Text::bounded(remedy, 1024) }
    }

    /// Whether the server refuses (as opposed to being away or failing).
    #[must_use]
    pub const fn is_refusal(&self) -> bool {
        matches!(self.kind, TroubleKind::Denied | TroubleKind::Unauthenticated)
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.", self.what)?;
        if self.remedy.is_empty() { Ok(()) } else { write!(f, " {}", self.remedy) }
    }
}
