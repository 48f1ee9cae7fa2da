//! Short forms for pages about something else: a tenant in a few lines, an alert in one.

use super::{DetailLine, Piece, Tone, said};
use crate::domain::{Alert, FeedId, Health, Severity, Text, Uid};
use crate::store::{Joined, Store, TenantsTable};

/// How a severity is said.
pub(super) const fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Critical => Tone::Health(Health::Failed),
        Severity::High => Tone::Health(Health::Degraded),
        Severity::Normal => Tone::Health(Health::Progressing),
        Severity::Unknown | Severity::Info => Tone::Muted,
    }
}

/// So many alerts, in words.
pub(super) fn counted(count: usize) -> String {
    match count {
        0 => "no alert".to_owned(),
        1 => "1 alert".to_owned(),
        count => format!("{count} alerts"),
    }
}

/// An alert in one line.
pub(super) fn alert(store: &Store, alert: &Alert) -> DetailLine {
    let tenant = alert.tenant.as_ref().map(|tenant| format!(" {tenant}")).unwrap_or_default();
    let standing = store.standing(&alert.uid).map_or("", |standing| standing.word());
    let owner = store.ack(&alert.uid).map(|ack| format!(" by {}", ack.by)).unwrap_or_default();
    let word = format!("{:<9}", alert.severity.word());
    DetailLine {
        label: "",
        pieces: vec![
            Piece::Text(tone(alert.severity), Text::clean(&word)),
            Piece::Text(Tone::Plain, Text::clean(&format!("{}{tenant} ", alert.name))),
            Piece::Text(Tone::Muted, Text::clean(&format!("{standing}{owner} "))),
            Piece::Age(alert.since),
        ],
    }
}

/// A tenant in a few lines: what bears on an alert. `but` is the alert that is told already.
pub(super) fn tenant(lines: &mut Vec<DetailLine>, store: &Store, tenant: &Text, but: Option<&Uid>) {
    let none = Joined::default();
    let joined = store.joins().of(tenant.as_str()).unwrap_or(&none);
    match store.client(tenant.as_str()) {
        None => {
            let unknown = format!("{tenant} is no tenant that is known here");
            lines.push(said("tenant", Tone::Warning, &Text::clean(&unknown)));
        }
        Some(client) => {
            let worst = TenantsTable::new(store).worst(client);
            let health = worst.health();
            let reason = worst.reason().map(|reason| format!(": {reason}")).unwrap_or_default();
            let text = format!("{tenant} {} {}{reason}", health.sign(), health.word());
            lines.push(said("tenant", Tone::Health(health), &Text::clean(&text)));
        }
    }
    database(lines, store, joined);
    backup(lines, store, joined);
    if let Some(event) = store.joins().last_event(tenant.as_str()) {
        let kind = Piece::Text(Tone::Plain, Text::clean(&format!("{} ", event.kind)));
        lines.push(DetailLine { label: "last event", pieces: vec![kind, Piece::Age(event.at)] });
    }
    let alerts = &store.objects().alerts;
    let others: Vec<&Alert> = joined
        .of(FeedId::Alerts)
        .filter_map(|slot| alerts.get(slot).map(|held| &*held.object))
        .filter(|alert| Some(&alert.uid) != but)
        .collect();
    if !others.is_empty() {
        let text = format!("{} beside this one:", counted(others.len()));
        lines.push(said("alerts", Tone::Plain, &Text::clean(&text)));
        lines.extend(others.into_iter().take(8).map(|other| alert(store, other)));
    }
}

fn database(lines: &mut Vec<DetailLine>, store: &Store, joined: &Joined) {
    let databases = &store.objects().databases;
    let held = joined.of(FeedId::Databases).filter_map(|slot| databases.get(slot));
    for held in held.take(4) {
        let database = &held.object;
        let all = database.connections.all();
        let open = if database.open { "" } else { ", takes no connections" };
        let text = format!("{}, {all} connections{open}", database.name);
        lines.push(said("database", Tone::Plain, &Text::clean(&text)));
    }
}

fn backup(lines: &mut Vec<DetailLine>, store: &Store, joined: &Joined) {
    let shelves = &store.objects().shelves;
    let mut held = joined.of(FeedId::Backups).filter_map(|slot| shelves.get(slot));
    let Some(held) = held.next() else { return };
    if let Some(copy) = held.object.last_good(true) {
        lines.push(DetailLine { label: "last backup", pieces: vec![Piece::Age(copy.taken())] });
    } else {
        let none = Text::clean("none that could be put back");
        lines.push(said("last backup", Tone::Error, &none));
    }
}
