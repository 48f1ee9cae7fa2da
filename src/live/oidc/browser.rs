//! Signing in with the browser of this machine, which comes back on a loopback port (RFC 8252).

use super::flow::{Outcome, Request};
use super::talk::Talk;
use crate::domain::{Trouble, TroubleKind};

/// Sends the browser to the provider and waits for it to come back.
pub(super) async fn sign_in(_request: &Request, _talk: &mut Talk<'_>) -> Result<Outcome, Trouble> {
    Err(Trouble::new(TroubleKind::Config, "the browser can't be used yet", ""))
}
