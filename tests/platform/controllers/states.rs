//! The status that Crossplane writes.

use serde_json::{Value, json};

use super::desk::Desk;
use super::key::{Key, number, text};
use crate::platform::{PlatformError, condition};

/// How far an object is.
#[derive(Debug, Clone, Copy)]
pub(super) enum State<'a> {
    /// It is being made; what is missing.
    Creating(&'a str, &'a str),
    /// It is as its specification says.
    Ready,
    /// It will not come to that.
    Failed(&'a str),
    /// Its specification can't be followed, ever.
    Unsynced(&'a str),
    /// Something stands in the way of its specification for now.
    Hindered(&'a str),
    /// It goes, with all that was made of it.
    Deleting,
}

impl State<'_> {
    fn phase(self) -> &'static str {
        match self {
            Self::Creating("Pending", _) => "Pending",
            Self::Creating("Running", _) => "Running",
            Self::Creating("Downloading", _) => "Downloading",
            Self::Creating("Restoring", _) => "Restoring",
            Self::Creating(..) | Self::Hindered(_) => "Creating",
            Self::Ready => "Succeeded",
            Self::Failed(_) | Self::Unsynced(_) => "Failed",
            Self::Deleting => "Deleting",
        }
    }

    /// Synced and Ready, each with its reason and what it says.
    fn conditions(self) -> [(&'static str, &'static str, &'static str, String); 2] {
        let synced = ("Synced", "True", "ReconcileSuccess", String::new());
        match self {
            Self::Creating(_, says) => [synced, ("Ready", "False", "Creating", says.to_owned())],
            Self::Ready => [synced, ("Ready", "True", "Available", String::new())],
            Self::Failed(why) => [synced, ("Ready", "False", "Unavailable", why.to_owned())],
            Self::Unsynced(why) | Self::Hindered(why) => [
                ("Synced", "False", "ReconcileError", why.to_owned()),
                ("Ready", "False", "Creating", String::new()),
            ],
            Self::Deleting => [synced, ("Ready", "False", "Deleting", String::new())],
        }
    }
}

/// Writes how far `object` is, as it was when one began to work at it; it is not written again when nothing is new.
pub(super) async fn tell(
    desk: &Desk,
    key: &Key,
    object: &Value,
    state: State<'_>,
) -> Result<(), PlatformError> {
    let generation = number(object, "/metadata/generation").unwrap_or(1);
    // It may have been written since.
    let Some(object) = &desk.get(&key.path()).await? else { return Ok(()) };
    let conditions = state.conditions().map(|(kind, status, reason, says)| {
        let mut new = condition(kind, status, reason, &says, Desk::now());
        // A condition that stays what it is, is as old as it was.
        let old = known(object, kind).filter(|old| text(old, "/status") == status);
        if let Some(old) = old {
            new["lastTransitionTime"] = old["lastTransitionTime"].clone();
        }
        new["observedGeneration"] = generation.into();
        new
    });
    let status = json!({
        "phase": state.phase(),
        "observedGeneration": generation,
        "conditions": conditions,
    });
    let same = |name: &str| object.pointer(&format!("/status/{name}")) == status.get(name);
    if ["phase", "observedGeneration", "conditions"].into_iter().all(same) {
        return Ok(());
    }
    desk.merge(&format!("{}/status", key.path()), &json!({ "status": status })).await
}

/// Whether the object is as its specification says, as far as its status tells.
pub(super) fn is_ready(object: &Value) -> bool {
    known(object, "Ready").is_some_and(|ready| text(ready, "/status") == "True")
}

fn known<'a>(object: &'a Value, kind: &str) -> Option<&'a Value> {
    let conditions = object.pointer("/status/conditions")?.as_array()?;
    conditions.iter().find(|one| text(one, "/type") == kind)
}
