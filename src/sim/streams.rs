//! The training platform's Valkey, beside its event stream.

use super::engine::Engine;

/// Puts it into the world of `engine`.
pub(super) fn found(_engine: &mut Engine) {}

/// It goes on.
pub(super) fn beat(_engine: &mut Engine) {}
