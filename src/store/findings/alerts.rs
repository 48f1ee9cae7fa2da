//! Alerts that fire and that nobody looks after.

use super::{Found, Look};
use crate::domain::{AlertState, FeedId, Health, Severity};
use crate::store::table::RowId;

/// Finds alerts that are told to people and that nobody acknowledged, or whose acknowledgement ran out.
pub(super) fn judge(look: &Look<'_>, found: &mut Found) {
    let objects = look.store.objects();
    for (_, held) in objects.alerts.iter() {
        let alert = &held.object;
        let health = match alert.severity {
            _ if alert.state != AlertState::Firing => continue,
            Severity::Info => continue,
            Severity::Critical => Health::Failed,
            Severity::High | Severity::Normal | Severity::Unknown => Health::Degraded,
        };
        let ack = objects.acks.find(&alert.uid).and_then(|slot| objects.acks.get(slot));
        let ran_out = ack.and_then(|ack| ack.object.until).is_some_and(|until| until <= look.now);
        if ack.is_some() && !ran_out {
            continue;
        }
        let mut finding = found.begin(health, &alert.uid.0, alert.name.to_string());
        finding.severity = alert.severity;
        finding.subject = alert.tenant.clone().unwrap_or_else(|| alert.name.clone());
        finding.tenant.clone_from(&alert.tenant);
        finding.at = Some(alert.since);
        finding.row = Some(RowId::Object(FeedId::Alerts, alert.uid.clone()));
        let lead = format!("{} {}", alert.severity.word(), alert.name);
        // A summary that begins with the name says it for both.
        let says = match alert.says() {
            None => lead,
            Some(says) if says.as_str().starts_with(alert.name.as_str()) => {
                format!("{} {says}", alert.severity.word())
            }
            Some(says) => format!("{lead}: {says}"),
        };
        let acked = match ack {
            Some(ack) => format!(" (the acknowledgement of {} ran out)", ack.object.by),
            None => String::new(),
        };
        found.push(look, finding, &format!("{says}{acked}"));
    }
}
