//! The hash of a plan: what a proof and an approval are bound to.

use sha2::{Digest as _, Sha256};

use crate::domain::PlanHash;
use crate::domain::operation::Plan;

/// The hash of everything that is in `plan`, in hexadecimal digits.
#[must_use]
pub fn hash(plan: &Plan) -> PlanHash {
    // A plan has no maps with keys that are not text, so it can always be written.
    let written = serde_json::to_vec(plan).unwrap_or_default();
    let digits: String =
        Sha256::digest(&written).iter().map(|byte| format!("{byte:02x}")).collect();
    PlanHash::new(&digits)
}
