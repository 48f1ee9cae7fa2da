//! Signing in by typing the password here: Authentik's flow executor, over its JSON.

use super::flow::{Outcome, Request};
use super::talk::Talk;
use crate::domain::{Trouble, TroubleKind};

/// Walks through the flow `slug`, and on to the code.
pub(super) async fn sign_in(
    _request: &Request,
    _slug: &str,
    _talk: &mut Talk<'_>,
) -> Result<Outcome, Trouble> {
    Err(Trouble::new(TroubleKind::Config, "the password can't be typed here yet", ""))
}
