//! Runs that failed or are stuck, and soaks that are due.

use std::collections::HashMap;

use super::tenants::{says, since};
use super::{Found, Look};
use crate::domain::{FeedId, Health, Kind, Resource, Span, Spec, Text, Timestamp};
use crate::store::table::RowId;

/// A run that takes longer is stuck.
const STUCK: Span = Span::from_secs(2 * 60 * 60);
/// A run that failed longer ago is history.
const HISTORY: Span = Span::from_secs(14 * 24 * 60 * 60);
/// How long an upgrade within a major is watched afterwards.
const SOAK: Span = Span::from_secs(48 * 60 * 60);
/// The same of an upgrade to another major.
const SOAK_MAJOR: Span = Span::from_secs(7 * 24 * 60 * 60);
/// So long before its end, and so long after it, a soak is due.
const SOAK_DUE: Span = Span::from_secs(12 * 60 * 60);

/// Finds runs that failed and were not made again, and runs that take too long.
pub(super) fn judge(look: &Look<'_>, found: &mut Found) {
    for kind in [Kind::Upgrade, Kind::Restore, Kind::Template] {
        let runs = || look.store.collection(kind).iter().map(|(_, held)| &*held.object);
        // A run that failed is no longer wrong once a newer one was asked for.
        let mut newest: HashMap<&Text, Timestamp> = HashMap::new();
        for run in runs() {
            if let (Some(tenant), Some(at)) = (run.tenant(), run.meta.created) {
                let known = newest.entry(tenant).or_insert(at);
                *known = (*known).max(at);
            }
        }
        for run in runs() {
            let latest = run.tenant().and_then(|tenant| newest.get(tenant)).copied();
            if latest.is_none_or(|latest| run.meta.created.is_none_or(|at| at >= latest)) {
                of_run(look, found, run);
            }
        }
    }
}

fn of_run(look: &Look<'_>, found: &mut Found, run: &Resource) {
    let at = since(run).or(run.meta.created);
    let (health, cause) = match run.health() {
        Health::Failed | Health::Degraded if look.age(at) < HISTORY => {
            (run.health(), "runs that failed")
        }
        Health::Progressing if look.age(run.meta.created) >= STUCK => {
            (Health::Degraded, "runs that take long")
        }
        _ => return,
    };
    let mut finding = begin(found, run, health, cause);
    finding.at = at;
    let word = match run.kind() {
        Kind::Restore => "restore",
        Kind::Template => "template build",
        _ => "upgrade",
    };
    let what = match health {
        Health::Degraded if cause == "runs that take long" => {
            format!("the {word} {} still runs: {}", run.meta.name, says(run))
        }
        _ => format!("the {word} {} failed: {}", run.meta.name, says(run)),
    };
    found.push(look, finding, &what);
}

fn begin(found: &Found, run: &Resource, health: Health, cause: &'static str) -> super::Finding {
    let mut finding = found.begin(health, &run.meta.uid.0, cause);
    finding.subject = run.tenant().unwrap_or(&run.meta.name).clone();
    finding.tenant = run.tenant().cloned();
    finding.row = Some(RowId::Object(FeedId::of(run.kind()), run.meta.uid.clone()));
    finding
}

/// Finds upgrades whose soak ends soon or has just ended.
pub(super) fn soaks(look: &Look<'_>, found: &mut Found) {
    for (_, held) in look.store.collection(Kind::Upgrade).iter() {
        let run = &*held.object;
        let Some(ends) = soak_ends(run) else { continue };
        let near = if ends > look.now { ends.since(look.now) } else { look.now.since(ends) };
        if near > SOAK_DUE {
            continue;
        }
        let mut finding = begin(found, run, Health::Progressing, "soaks due");
        finding.at = Some(ends);
        let what = if ends > look.now { "ends" } else { "has ended: look once more and close it" };
        found.push(look, finding, &format!("the soak of the upgrade {} {what}", run.meta.name));
    }
}

/// When the soak of the upgrade `run` ends; none when it isn't done.
#[must_use]
pub fn soak_ends(run: &Resource) -> Option<Timestamp> {
    let Spec::Upgrade(spec) = &run.spec else { return None };
    let done = since(run).filter(|_| run.health() == Health::Healthy)?;
    Some(done.after(if spec.from == spec.to { SOAK } else { SOAK_MAJOR }))
}
