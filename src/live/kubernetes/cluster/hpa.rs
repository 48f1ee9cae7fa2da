//! Autoscalers: how many replicas they want, and whether they are at their limit.

use super::Raw;
use super::draft::Draft;
use super::view::View;
use crate::domain::{Health, Status};
use crate::live::kubernetes::meta::short;

/// Reads a `HorizontalPodAutoscaler`.
pub(super) fn read(draft: &mut Draft<'_>, raw: &Raw<'_>) {
    let (spec, status) = raw.parts();
    let (spec, status) = (View::new(&spec), View::new(&status));
    let least = spec.get("minReplicas").number().unwrap_or(1);
    let most = spec.get("maxReplicas").count();
    let current = status.get("currentReplicas").count();
    let desired = status.get("desiredReplicas").count();
    draft.ready = Some((current, desired));
    draft.at = status.get("lastScaleTime").time();
    let target = spec.get("scaleTargetRef");
    if !target.get("name").text().is_empty() {
        let owner = format!("{}/{}", target.get("kind").text(), target.get("name").text());
        draft.owner = Some(short(draft.texts, &owner));
    }
    let blind = ["ScalingActive", "AbleToScale"].into_iter().find_map(|name| {
        status
            .condition(name)
            .filter(|one| one.is(Status::False))
            .filter(|one| one.reason != "ScalingDisabled")
    });
    if let Some(blind) = blind {
        draft.stands(Health::Degraded, "can't scale");
        draft.says(blind.words());
    } else if most > least && current.max(desired) >= most {
        draft.stands(Health::Degraded, &format!("{current}, at its maximum"));
        draft.says("It can't grow any more: if the load does, requests wait.");
    } else if current == desired {
        draft.stands(Health::Healthy, &format!("{current} of {least}–{most}"));
    } else {
        draft.stands(
            Health::Progressing,
            &format!("{current}, going to {desired} of {least}–{most}"),
        );
    }
    draft.conditions(status);
    draft.field("replicas", &format!("{current} now, {desired} wanted, {least} to {most} allowed"));
    for metric in spec.get("metrics").items() {
        let name = metric.at("resource.name").text();
        let wanted = metric.at("resource.target.averageUtilization").word();
        let now =
            status.get("currentMetrics").items().find(|one| one.at("resource.name").text() == name);
        let now = now.map(|now| now.at("resource.current.averageUtilization").word());
        if !name.is_empty() && !wanted.is_empty() {
            let now = now
                .filter(|now| !now.is_empty())
                .map_or("unknown".into(), |now| format!("{now} %"));
            draft.field(&format!("metric.{name}"), &format!("{now}, aims at {wanted} %"));
        }
    }
}
