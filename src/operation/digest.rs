//! The hash of a plan: what a proof and an approval are bound to.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::domain::PlanHash;
use crate::domain::operation::Plan;

/// The hash of everything that is in `plan`, in hexadecimal digits.
#[must_use]
pub fn hash(plan: &Plan) -> PlanHash {
    // A plan has no maps with keys that are not text, so it can always be written.
    let written = serde_json::to_vec(plan).unwrap_or_default();
    let mut digits = String::new();
    for byte in Sha256::digest(&written) {
        let _ = write!(digits, "{byte:02x}");
    }
    PlanHash::new(&digits)
}
