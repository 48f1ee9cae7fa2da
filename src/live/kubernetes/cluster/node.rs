//! Nodes: whether they are there, and what presses them.

use super::Raw;
use super::draft::Draft;
use super::quantity::bytes;
use super::view::View;
use crate::domain::{Health, Status};

/// What may press a node, and the words for it.
const PRESSURES: [(&str, &str); 4] = [
    ("MemoryPressure", "short of memory"),
    ("DiskPressure", "short of disk"),
    ("PIDPressure", "short of process ids"),
    ("NetworkUnavailable", "without network"),
];

/// Reads a Node.
pub(super) fn read(draft: &mut Draft<'_>, raw: &Raw<'_>) {
    let (spec, status) = raw.parts();
    let (spec, status) = (View::new(&spec), View::new(&status));
    let ready = status.condition("Ready");
    let pressed = PRESSURES.into_iter().find_map(|(name, words)| {
        let stated = status.condition(name).filter(|one| one.is(Status::True))?;
        Some((words, stated))
    });
    match (ready, pressed) {
        (None, _) => draft.stands(Health::Unknown, "says nothing of itself"),
        (Some(ready), _) if ready.is(Status::Unknown) => {
            draft.stands(Health::Failed, "not heard of");
            draft.says(ready.words());
            draft.at = ready.since;
        }
        (Some(ready), _) if ready.is(Status::False) => {
            draft.stands(Health::Failed, "not ready");
            draft.says(ready.words());
            draft.at = ready.since;
        }
        (_, Some((words, stated))) => {
            draft.stands(Health::Degraded, words);
            draft.says(stated.words());
            draft.at = stated.since;
        }
        _ if spec.get("unschedulable").is_true() => {
            draft.stands(Health::Degraded, "cordoned");
            draft.says("It takes no new pods until it is uncordoned.");
        }
        _ => draft.stands(Health::Healthy, "ready"),
    }
    draft.conditions(status);
    for (path, key) in [("can hold", "allocatable"), ("has", "capacity")] {
        let has = status.get(key);
        let (cpu, pods) = (has.get("cpu").word(), has.get("pods").word());
        let memory = bytes(&has.get("memory").word());
        if has.is_there() {
            draft.field(path, &format!("{cpu} CPU, {memory}, {pods} pods"));
        }
    }
    let disk = status.at("capacity").get("ephemeral-storage").word();
    draft.field("disk", &bytes(&disk));
    draft.field("zone", raw.metadata.0.labels.0.zone.as_str());
    let addresses = status.get("addresses").items();
    let inner = addresses.filter(|one| one.get("type").text() == "InternalIP");
    draft.field("address", inner.map(|one| one.get("address").text()).next().unwrap_or_default());
    draft.field("kubelet", status.at("nodeInfo.kubeletVersion").text());
    draft.field("system", status.at("nodeInfo.osImage").text());
    draft.field("kernel", status.at("nodeInfo.kernelVersion").text());
}
