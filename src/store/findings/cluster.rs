//! Objects of the cluster: their adapter judged them where they were read; here only what time makes of them is added.

use super::{Found, Look};
use crate::domain::{ClusterKind, ClusterObject, FeedId, Health, Span, Text, Timestamp};
use crate::store::table::RowId;

/// A certificate that ends sooner should have been made anew by now.
const ENDS_SOON: Span = Span::from_secs(21 * 24 * 60 * 60);
/// From here on customers will notice.
const ENDS_NOW: Span = Span::from_secs(3 * 24 * 60 * 60);

/// Finds objects that are not well, in the kinds of the area.
pub(super) fn judge(look: &Look<'_>, found: &mut Found) {
    for kind in found.area.kinds() {
        for (_, held) in look.store.cluster(*kind).iter() {
            let object = &*held.object;
            let health = health(look, object);
            let bad = matches!(health, Health::Failed | Health::Degraded);
            if bad && !told_by_its_job(look, object) {
                of_object(look, found, object, (health, held.changed));
            }
        }
    }
}

fn health(look: &Look<'_>, object: &ClusterObject) -> Health {
    let own = match object.kind {
        // Someone switched it off on purpose, and will forget.
        ClusterKind::Kustomization if object.state == "suspended" => Health::Degraded,
        _ => object.health,
    };
    let left = object.at.map(|end| end.since(look.now));
    match (object.kind, left) {
        (ClusterKind::Certificate, Some(left)) if left <= ENDS_NOW => Health::Failed,
        (ClusterKind::Certificate, Some(left)) if left <= ENDS_SOON => own.min(Health::Degraded),
        _ => own,
    }
}

/// Whether `object` is a pod of a Job that is a finding of its own: that says it once for all its tries.
fn told_by_its_job(look: &Look<'_>, object: &ClusterObject) -> bool {
    let Some(("Job", name)) = object.belongs_to().filter(|_| object.kind == ClusterKind::Pod)
    else {
        return false;
    };
    let job = look.store.owners().job(object.meta.namespace.as_ref().map(Text::as_str), name);
    let job = job.and_then(|slot| look.store.cluster(ClusterKind::Job).get(slot));
    job.is_some_and(|job| matches!(job.object.health, Health::Failed | Health::Degraded))
}

fn of_object(
    look: &Look<'_>,
    found: &mut Found,
    object: &ClusterObject,
    (health, changed): (Health, Option<Timestamp>),
) {
    let cause = format!("{} {}", object.kind.word(), object.state);
    let mut finding = found.begin(health, &object.meta.uid.0, cause);
    finding.subject = object.meta.name.clone();
    finding.tenant.clone_from(&object.tenant);
    finding.row = Some(RowId::Object(FeedId::of_cluster(object.kind), object.meta.uid.clone()));
    let bad = object.conditions.iter().filter_map(|condition| condition.since).max();
    finding.at = match object.kind {
        ClusterKind::Certificate => object.at,
        ClusterKind::Job => object.at.or(bad),
        _ => bad.or(changed),
    };
    let word = object.kind.word();
    let state = if object.state.is_empty() { health.word() } else { object.state.as_str() };
    let ends = object.kind == ClusterKind::Certificate && object.health == Health::Healthy;
    let state = if ends { "ends soon" } else { state };
    let restarts = match object.restarts {
        0 => String::new(),
        n => format!(", {n} restarts"),
    };
    let says = match object.message.as_str() {
        "" => String::new(),
        message => format!(": {message}"),
    };
    found.push(look, finding, &format!("{word} {state}{restarts}{says}"));
}
