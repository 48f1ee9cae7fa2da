//! Claims of volumes.

use super::Raw;
use super::draft::Draft;
use super::quantity::bytes;
use super::view::View;
use crate::domain::Health;

/// Reads a `PersistentVolumeClaim`.
pub(super) fn read(draft: &mut Draft<'_>, raw: &Raw<'_>) {
    let (spec, status) = raw.parts();
    let (spec, status) = (View::new(&spec), View::new(&status));
    let size = bytes(&status.at("capacity.storage").word());
    match status.get("phase").text() {
        "Bound" => draft.stands(Health::Healthy, format!("bound, {size}").trim_end_matches(", ")),
        "Pending" => {
            draft.stands(Health::Progressing, "waits for a volume");
            draft.says("No volume is bound to it: pods that need it don't start.");
        }
        "Lost" => {
            draft.stands(Health::Failed, "its volume is lost");
            draft.says("The volume it was bound to is gone; the data may be too.");
        }
        "" => draft.stands(Health::Unknown, "unknown"),
        phase => draft.stands(Health::Unknown, phase),
    }
    draft.conditions(status);
    draft.field("size", &size);
    draft.field("asked for", &bytes(&spec.at("resources.requests.storage").word()));
    let class = spec.get("storageClassName");
    draft.field(
        "class",
        if class.is_there() && class.text().is_empty() { "none" } else { class.text() },
    );
    draft.field("volume", spec.get("volumeName").text());
    let modes: Vec<&str> = spec.get("accessModes").items().map(View::text).collect();
    draft.field("access", &modes.join(", "));
}
