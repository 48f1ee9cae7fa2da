//! The training platform's PostgreSQL and pgbouncer.

use super::engine::Engine;

/// Puts it into the world of `engine`.
pub(super) fn found(_engine: &mut Engine) {}

/// It goes on.
pub(super) fn beat(_engine: &mut Engine) {}
