//! What the operator looks at: feeds may look closer there, and only there.

use serde::{Deserialize, Serialize};

use super::{LogSource, Text};

/// What the operator looks at now.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attention {
    /// The log that is open.
    pub log: Option<LogSource>,
    /// The databases on the screen, as named there: their sizes are wanted first.
    pub databases: Vec<Text>,
    /// The tenants whose card or row is looked at: what is listed per tenant is wanted first.
    pub tenants: Vec<Text>,
}
