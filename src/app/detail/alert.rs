//! The details of an alert, of many alerts of one cause, and of a silence.

use super::{DetailLine, Piece, Tone, advice, age, blank, heading, said, short};
use crate::domain::{
    Ack, Alert, AlertStanding, Severity, Silence, SilenceState, Text, Timestamp, Uid, runbook,
};
use crate::store::table::Slot;
use crate::store::{Group, Store};

/// The most alerts that a page lists.
const LISTED: usize = 40;

/// The page of an alert.
pub(super) fn lines(store: &Store, uid: &Uid) -> Option<(Text, Vec<DetailLine>)> {
    let alert = find(store, uid)?;
    let mut lines = head(store, alert);
    silences(&mut lines, store, alert);
    inhibitors(&mut lines, store, alert);
    if let Some(tenant) = &alert.tenant {
        lines.extend([blank(), heading("The tenant")]);
        short::tenant(&mut lines, store, tenant, Some(uid));
    }
    links(&mut lines, alert);
    instructions(&mut lines, &alert.name, |name| alert.label(name).map(Text::as_str));
    pairs(&mut lines, "Labels", &alert.labels, &[]);
    pairs(&mut lines, "Annotations", &alert.annotations, &["summary", "description"]);
    let told: Vec<&str> = alert.receivers.iter().map(Text::as_str).collect();
    lines.push(blank());
    lines.push(said("told to", Tone::Muted, &Text::clean(&told.join(", "))));
    lines.push(said("fingerprint", Tone::Muted, &alert.uid.0));
    Some((alert.name.clone(), lines))
}

/// The page of a group.
pub(super) fn group(store: &Store, group: &Group) -> (Text, Vec<DetailLine>) {
    let place = group.cause.as_ref().map(|cause| format!(" in {cause}")).unwrap_or_default();
    let sum = format!("{} of one cause{place}", group.words);
    let mut lines = vec![
        severity(group.severity),
        said("state", Tone::Plain, &Text::clean(group.standing.word())),
        said("", Tone::Plain, &Text::clean(&sum)),
    ];
    let alerts = &store.objects().alerts;
    let of = |slot: Slot| alerts.get(slot).map(|held| &*held.object);
    let first = group.members().min_by_key(|(_, since, _)| *since);
    lines.extend(first.map(|(_, since, _)| age("first began", since)));
    let last = group.members().max_by_key(|(_, since, _)| *since);
    lines.extend(last.map(|(_, since, _)| age("last began", since)));
    let example = first.and_then(|(_, _, slot)| of(slot));
    if let Some(text) = example.and_then(Alert::says) {
        lines.push(said("for example", Tone::Plain, text));
    }
    // What stands in commands is what all of them share.
    instructions(&mut lines, &group.name, |name| match name {
        "namespace" => group.cause.as_ref().map(Text::as_str),
        _ => None,
    });
    lines.extend([blank(), heading("Alerts, the best tier first")]);
    let members = group.members().filter_map(|(_, _, slot)| of(slot));
    listed(&mut lines, store, members, group.len());
    (group.name.clone(), lines)
}

/// The page of a silence.
pub(super) fn silence(store: &Store, uid: &Uid) -> Option<(Text, Vec<DetailLine>)> {
    let silences = &store.objects().silences;
    let silence = &*silences.get(silences.find(uid)?)?.object;
    let tone = match silence.state {
        SilenceState::Active => Tone::Plain,
        SilenceState::Pending | SilenceState::Expired => Tone::Muted,
    };
    let mut lines = vec![
        said("state", tone, &Text::clean(silence.state.word())),
        said("by", Tone::Plain, &silence.by),
        said("reason", Tone::Plain, &silence.comment),
        age("begins", silence.starts),
        age("ends", silence.ends),
        blank(),
        heading("It hides alerts where"),
    ];
    lines.extend(
        silence
            .words
            .as_str()
            .split(" and ")
            .map(|condition| said("", Tone::Plain, &Text::clean(&format!("  {condition}")))),
    );
    preview(&mut lines, store, silence);
    lines.extend([blank(), said("id", Tone::Muted, &uid.0)]);
    Some((silence.words.clone(), lines))
}

/// What is copied of an alert that leads to a page about it: its first link.
#[must_use]
pub fn link(store: &Store, uid: &Uid) -> Option<Text> {
    find(store, uid)?.links().next().map(|(_, link)| link.clone())
}

/// What an alert is called: its name, and its tenant.
pub(super) fn name(store: &Store, uid: &Uid) -> Option<String> {
    let alert = find(store, uid)?;
    let tenant = alert.tenant.as_ref().map(|tenant| format!(" {tenant}"));
    Some(format!("{}{}", alert.name, tenant.unwrap_or_default()))
}

fn find<'a>(store: &'a Store, uid: &Uid) -> Option<&'a Alert> {
    let alerts = &store.objects().alerts;
    alerts.get(alerts.find(uid)?).map(|held| &*held.object)
}

fn severity(severity: Severity) -> DetailLine {
    let text = Text::clean(severity.word());
    said("severity", short::tone(severity), &text)
}

fn head(store: &Store, alert: &Alert) -> Vec<DetailLine> {
    let mut lines = Vec::new();
    for name in ["summary", "description", "message"] {
        lines.extend(alert.annotation(name).map(|text| said("", Tone::Plain, text)));
    }
    lines.push(severity(alert.severity));
    let standing = store.standing(&alert.uid).unwrap_or(AlertStanding::Firing);
    lines.push(said("state", Tone::Plain, &Text::clean(standing.word())));
    lines.push(age("since", alert.since));
    match store.ack(&alert.uid) {
        Some(ack) => acked(&mut lines, ack),
        None if standing == AlertStanding::Firing && alert.severity != Severity::Info => {
            lines.push(said("owner", Tone::Warning, &Text::clean("nobody looks after it yet")));
        }
        None => {}
    }
    promise(&mut lines, store, alert, standing);
    lines
}

fn acked(lines: &mut Vec<DetailLine>, ack: &Ack) {
    lines.push(said("owner", Tone::Plain, &ack.by));
    if ack.at > Timestamp::default() {
        lines.push(age("looks since", ack.at));
    }
    match ack.until {
        Some(until) => lines.push(age("until", until)),
        None => lines.push(said("until", Tone::Muted, &Text::clean("no end is set"))),
    }
    if !ack.note.is_empty() {
        lines.push(said("says", Tone::Plain, &ack.note));
    }
}

/// What was promised to the customer, and where that stands.
fn promise(lines: &mut Vec<DetailLine>, store: &Store, alert: &Alert, standing: AlertStanding) {
    let Some(tenant) = &alert.tenant else { return };
    let tier = store.tier(tenant.as_str()).unwrap_or("of a tier that is not known");
    let Some(clock) = store.promise(alert) else {
        let none = format!("nothing is promised to a tenant {tier} for this severity");
        lines.push(said("SLA", Tone::Muted, &Text::clean(&none)));
        return;
    };
    let target = format!("an answer within {} ({tier})", clock.target());
    lines.push(said("SLA", Tone::Plain, &Text::clean(&target)));
    lines.push(age("due", clock.due()));
    if standing == AlertStanding::Firing {
        lines.push(DetailLine { label: "clock", pieces: vec![Piece::Promise(clock)] });
    }
}

/// The silences that hide the alert.
fn silences(lines: &mut Vec<DetailLine>, store: &Store, alert: &Alert) {
    if alert.silenced_by.is_empty() {
        return;
    }
    lines.extend([blank(), heading("Silenced by")]);
    let all = &store.objects().silences;
    for uid in &alert.silenced_by {
        let Some(held) = all.find(uid).and_then(|slot| all.get(slot)) else {
            lines.push(said("", Tone::Muted, &uid.0));
            continue;
        };
        let silence = &held.object;
        lines.push(said("", Tone::Plain, &silence.words));
        let who = Text::clean(&format!("  {}: {}; ends ", silence.by, silence.comment));
        let pieces = vec![Piece::Text(Tone::Muted, who), Piece::Age(silence.ends)];
        lines.push(DetailLine { label: "", pieces });
    }
}

/// The alerts that make this one needless.
fn inhibitors(lines: &mut Vec<DetailLine>, store: &Store, alert: &Alert) {
    if alert.inhibited_by.is_empty() {
        return;
    }
    lines.extend([blank(), heading("Needless because of")]);
    let worse: Vec<&Alert> = alert.inhibited_by.iter().filter_map(|uid| find(store, uid)).collect();
    let count = worse.len();
    listed(lines, store, worse.into_iter(), count);
}

fn links(lines: &mut Vec<DetailLine>, alert: &Alert) {
    let mut links = alert.links().peekable();
    if links.peek().is_some() {
        lines.extend([blank(), heading("Links")]);
        lines.extend(links.map(|(name, link)| said(name, Tone::Plain, link)));
    }
}

/// The runbook, where there is one.
fn instructions<'a>(
    lines: &mut Vec<DetailLine>,
    name: &Text,
    label: impl Fn(&str) -> Option<&'a str>,
) {
    let Some(book) = runbook::for_alert(name.as_str()) else {
        lines.extend([blank(), heading("Runbook")]);
        let none = "there is none for an alert of this name";
        lines.push(said("", Tone::Muted, &Text::clean(none)));
        return;
    };
    lines.extend([blank(), heading(&format!("Runbook: {}", book.title()))]);
    lines.extend(advice::instructions(&book.body().filled(label)));
}

fn pairs(lines: &mut Vec<DetailLine>, title: &str, pairs: &[(Text, Text)], but: &[&str]) {
    let mut left = pairs.iter().filter(|(name, _)| !but.contains(&name.as_str())).peekable();
    if left.peek().is_some() {
        lines.extend([blank(), heading(title)]);
    }
    for (name, value) in left {
        let pieces = vec![
            Piece::Text(Tone::Muted, Text::clean(&format!("{name} "))),
            Piece::Text(Tone::Plain, value.clone()),
        ];
        lines.push(DetailLine { label: "", pieces });
    }
}

/// What the silence hides now, or would hide if it held now.
fn preview(lines: &mut Vec<DetailLine>, store: &Store, silence: &Silence) {
    let covers = silence.covers();
    let hides = |alert: &Alert| match silence.state {
        SilenceState::Active => alert.silenced_by.contains(&silence.uid),
        SilenceState::Pending | SilenceState::Expired => covers.hides(alert),
    };
    let title = match silence.state {
        SilenceState::Active => "It hides now",
        SilenceState::Pending => "It would hide now",
        SilenceState::Expired => "It has ended; it would hide now",
    };
    let alerts = store.objects().alerts.iter().map(|(_, held)| &*held.object);
    let hidden: Vec<&Alert> = alerts.filter(|alert| hides(alert)).collect();
    let count = hidden.len();
    lines.extend([blank(), heading(&format!("{title}: {}", short::counted(count)))]);
    listed(lines, store, hidden.into_iter(), count);
}

/// Some alerts, one line each, and how many more there are.
fn listed<'a>(
    lines: &mut Vec<DetailLine>,
    store: &Store,
    alerts: impl Iterator<Item = &'a Alert>,
    count: usize,
) {
    for alert in alerts.take(LISTED) {
        lines.push(short::alert(store, alert));
    }
    if count > LISTED {
        let more = Text::clean(&format!("and {} more", count - LISTED));
        lines.push(said("", Tone::Muted, &more));
    }
}
