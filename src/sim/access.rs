//! What the trainee may do in the training platform's cluster: everything, but that viewers read no logs there.

use super::engine::Engine;
use crate::domain::{Need, Role, Verdict};

/// The group of the platform's own kinds.
const OWN: &str = "planapulse.com";
/// The console's namespace, and that of Jobs.
const PLACES: [&str; 2] = ["pulse-console", "crossplane-system"];
/// Why a viewer reads no logs.
const REASON: &str = "RBAC: logs may hold what customers typed";

/// Puts it into the world of `engine`, whose trainee has `role`.
pub(super) fn found(engine: &mut Engine, role: Role) {
    for need in Need::ALL {
        let denied = role == Role::Viewer && *need == Need::READ_LOGS;
        let (verdict, reason) =
            if denied { (Verdict::Denied, REASON) } else { (Verdict::Allowed, "") };
        engine.put(need.judged(OWN, PLACES, verdict, reason));
    }
}
