//! Deployments: how many replicas are ready, and whether a change gets through.

use super::Raw;
use super::draft::Draft;
use super::view::View;
use crate::domain::{Health, Status};

/// Reads a Deployment.
pub(super) fn read(draft: &mut Draft<'_>, raw: &Raw<'_>) {
    let (spec, status) = raw.parts();
    let (spec, status) = (View::new(&spec), View::new(&status));
    let wanted = spec.get("replicas").number().unwrap_or(1);
    let ready = status.get("readyReplicas").count();
    let updated = status.get("updatedReplicas").count();
    draft.ready = Some((ready, wanted));
    judge(draft, raw, (spec, status), [ready, wanted, updated]);
    draft.conditions(status);
    let images: Vec<&str> =
        spec.at("template.spec.containers").items().map(|one| one.get("image").text()).collect();
    draft.field("tag", tag(images.first().copied().unwrap_or_default()));
    draft.field("image", &images.join(", "));
    for (path, value) in [
        ("replicas.wanted", wanted),
        ("replicas.ready", ready),
        ("replicas.updated", updated),
        ("replicas.available", status.get("availableReplicas").count()),
    ] {
        draft.field(path, &value.to_string());
    }
    draft.field("strategy", spec.at("strategy.type").text());
}

fn judge(
    draft: &mut Draft<'_>,
    raw: &Raw<'_>,
    (spec, status): (View<'_>, View<'_>),
    [ready, wanted, updated]: [u32; 3],
) {
    let stuck = status.condition("Progressing").filter(|one| one.is(Status::False));
    let refused = status.condition("ReplicaFailure").filter(|one| one.is(Status::True));
    let short = status.condition("Available").filter(|one| one.is(Status::False));
    let why = refused.or(stuck).or(short);
    let counted = format!("{ready} of {wanted} ready");
    let seen = status.get("observedGeneration").word();
    let asked = raw.metadata.0.generation.as_str();
    let is_behind = matches!((seen.parse::<u64>(), asked.parse::<u64>()), (Ok(seen), Ok(asked)) if seen < asked);
    if wanted == 0 {
        draft.stands(Health::Healthy, "scaled to zero");
    } else if ready == 0 {
        draft.stands(Health::Failed, &counted);
    } else if stuck.is_some() || refused.is_some() {
        draft.stands(Health::Degraded, &format!("{counted}, the change does not get through"));
    } else if is_behind {
        draft.stands(Health::Progressing, "a change is about to begin");
    } else if updated < wanted && !spec.get("paused").is_true() {
        draft.stands(Health::Progressing, &format!("{updated} of {wanted} updated"));
    } else if ready < wanted {
        draft.stands(Health::Degraded, &counted);
    } else if spec.get("paused").is_true() {
        draft.stands(Health::Degraded, "its changes are paused");
    } else {
        draft.stands(Health::Healthy, &counted);
    }
    if let Some(why) = why {
        draft.says(why.words());
    }
}

/// The tag of an image, or the whole where it has none.
fn tag(image: &str) -> &str {
    let name = image.rsplit('/').next().unwrap_or(image);
    name.split_once(':').map_or(name, |(_, tag)| tag)
}
