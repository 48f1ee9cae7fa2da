//! Signing in with a browser anywhere, by a code shown here (RFC 8628).

use super::flow::{Outcome, Request};
use super::talk::Talk;
use crate::domain::{Trouble, TroubleKind};

/// Shows a code and waits until it was used.
pub(super) async fn sign_in(_request: &Request, _talk: &mut Talk<'_>) -> Result<Outcome, Trouble> {
    Err(Trouble::new(TroubleKind::Config, "a device code can't be used yet", ""))
}
