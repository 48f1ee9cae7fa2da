//! Tenants that are not ready, addresses that don't answer, and backups.

use super::{Found, Look};
use crate::domain::{FeedId, Health, Kind, Resource, Span, Status, Text, Timestamp};
use crate::store::table::RowId;
use crate::store::{Class, TenantsTable, Verdict};

/// What is made or changed for longer is stuck: provisioning takes two minutes, fifteen without a template.
const STUCK: Span = Span::from_secs(20 * 60);
/// So long before the floor of an insurance backup ends it is said.
const FLOOR_ENDS: Span = Span::from_secs(24 * 60 * 60);

/// Since when `resource` is as it is.
pub(super) fn since(resource: &Resource) -> Option<Timestamp> {
    let synced = resource.condition("Synced").filter(|synced| synced.status == Status::False);
    let decides = synced.or_else(|| resource.condition("Ready"));
    resource.meta.deleting.or_else(|| decides.and_then(|condition| condition.since))
}

/// The reason word of `resource`, and what its condition says.
pub(super) fn says(resource: &Resource) -> String {
    let synced = resource.condition("Synced").filter(|synced| synced.status == Status::False);
    let Some(condition) = synced.or_else(|| resource.condition("Ready")) else {
        return "no condition is set".to_owned();
    };
    match (condition.reason.as_str(), condition.message.as_str()) {
        ("", "") => "not ready".to_owned(),
        (reason, "") => reason.to_owned(),
        ("", message) => message.to_owned(),
        (reason, message) => format!("{reason}: {message}"),
    }
}

/// Finds tenants that are not ready, or on their way for too long.
pub(super) fn judge(look: &Look<'_>, found: &mut Found) {
    let tenants = TenantsTable::new(look.store);
    for (_, held) in look.store.collection(Kind::Client).iter() {
        let client = &*held.object;
        let worst = tenants.worst(client);
        let health = match worst.health() {
            Health::Healthy | Health::Unknown => continue,
            Health::Progressing => {
                let began = since(worst).or(worst.meta.created);
                if began.is_none_or(|at| look.now.since(at) < STUCK) {
                    continue;
                }
                Health::Degraded
            }
            worse => worse,
        };
        let name = client.tenant().unwrap_or(&client.meta.name);
        let mut finding = found.begin(health, &client.meta.uid.0, "tenants not ready");
        finding.subject = name.clone();
        finding.tenant = Some(name.clone());
        finding.at = since(worst);
        finding.row = Some(RowId::Object(FeedId::Clients, client.meta.uid.clone()));
        let whose = match worst.meta.uid == client.meta.uid {
            true => String::new(),
            false => format!("its environment {}: ", worst.meta.name),
        };
        found.push(look, finding, &format!("{whose}{}", says(worst)));
    }
}

/// Finds addresses that don't answer as they should.
pub(super) fn probes(look: &Look<'_>, found: &mut Found) {
    for (_, held) in look.store.objects().probes.iter() {
        let probe = &held.object;
        if probe.up {
            continue;
        }
        let mut finding = found.begin(Health::Failed, &probe.uid.0, "addresses down");
        finding.tenant.clone_from(&probe.tenant);
        finding.subject = probe.tenant.clone().unwrap_or_else(|| probe.target.clone());
        finding.at = held.changed;
        let client = probe.tenant.as_ref().and_then(|tenant| {
            let slot = look.store.joins().of(tenant.as_str())?.client?;
            Some(look.store.collection(Kind::Client).get(slot)?.object.meta.uid.clone())
        });
        finding.row = client.map(|uid| RowId::Object(FeedId::Clients, uid));
        let status = probe.status.map(|status| format!(" (HTTP {status})")).unwrap_or_default();
        found.push(
            look,
            finding,
            &format!("{} does not answer as it should{status}", probe.target),
        );
    }
}

/// Finds backups that are missing, empty, late, half or small.
pub(super) fn backups(look: &Look<'_>, found: &mut Found) {
    let shelves = look.store.shelves();
    for (slot, held) in look.store.objects().shelves.iter() {
        if let Some(verdict) = shelves.of(slot) {
            let row = RowId::Object(FeedId::Backups, held.object.uid.clone());
            backup(look, found, &held.object.uid.0, verdict, row);
        }
    }
    for slot in shelves.all_missing() {
        let client = look.store.collection(Kind::Client).get(slot);
        let tenant = client.and_then(|held| held.object.tenant());
        if let (Some(tenant), Some(verdict)) = (tenant, shelves.missing(slot)) {
            backup(look, found, tenant, verdict, RowId::Missing(tenant.clone()));
        }
    }
}

fn backup(look: &Look<'_>, found: &mut Found, name: &Text, verdict: &Verdict, row: RowId) {
    let bad = matches!(verdict.health, Health::Failed | Health::Degraded);
    if !bad || !matches!(verdict.class, Class::Tenant | Class::Platform) {
        return;
    }
    let cause = match verdict.urgency() {
        0 => "tenants without a backup",
        1 => "empty backups",
        2 => "late backups",
        3 => "half backups",
        _ => "small backups",
    };
    let mut finding = found.begin(verdict.health, name, cause);
    finding.tenant = (verdict.class == Class::Tenant).then(|| name.clone());
    finding.tier = Some(verdict.tier.clone()).filter(|tier| !tier.is_empty());
    finding.at = verdict.newest;
    finding.row = Some(row);
    let faults: Vec<String> = verdict.faults.iter().map(ToString::to_string).collect();
    let lead = if verdict.urgency() == 0 { "" } else { "backup: " };
    found.push(look, finding, &format!("{lead}{}", faults.join("; ")));
}

/// Finds insurance backups that will not be kept much longer.
pub(super) fn insurance(look: &Look<'_>, found: &mut Found) {
    let shelves = look.store.shelves();
    for (slot, held) in look.store.objects().shelves.iter() {
        let Some(verdict) = shelves.of(slot) else { continue };
        let ends = verdict.protected.filter(|end| *end > look.now);
        let Some(ends) = ends.filter(|end| end.since(look.now) <= FLOOR_ENDS) else { continue };
        let name = &held.object.uid.0;
        let mut finding = found.begin(Health::Progressing, name, "insurance floors");
        finding.tenant = (verdict.class == Class::Tenant).then(|| name.clone());
        finding.at = Some(ends);
        finding.row = Some(RowId::Object(FeedId::Backups, held.object.uid.clone()));
        found.push(look, finding, "the insurance backup is kept no longer than this");
    }
}
