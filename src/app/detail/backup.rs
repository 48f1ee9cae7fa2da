//! The details of a tenant's backups: the last fortnight, how the size goes, how long they stay, what was taken before
//! destructive work and what that protects, and what to do.
//!
//! Nothing is judged here: the words and the health are the store's verdict.

use super::{DetailLine, Piece, Tone, age, blank, heading, said};
use crate::domain::backup::{Backup, Fault, Owner, Rules};
use crate::domain::runbook;
use crate::domain::{Health, Kind, Shelf, Span, Text, Timestamp, Uid};
use crate::store::{Class, Held, Store, Verdict};

/// Daily backups in the list.
const DAYS: usize = 14;
/// Dumps in the picture of the sizes.
const TREND: usize = 30;
/// Insurance backups in the list.
const INSURANCE: usize = 8;
/// A run within this time after an insurance backup is what it was taken for.
const PROTECTS: Span = Span::from_secs(6 * 3_600);
/// The section of the runbook that is shown.
const SECTION: &str = "Check first";

/// The title and the lines of the shelf `uid`.
pub(super) fn lines(store: &Store, uid: &Uid) -> Option<(Text, Vec<DetailLine>)> {
    let shelves = &store.objects().shelves;
    let slot = shelves.find(uid)?;
    let shelf = &*shelves.get(slot)?.object;
    let verdict = store.shelves().of(slot)?;
    let rules = store.shelves().rules();
    let mut lines = head(verdict);
    lines.extend(shelf.unreadable().map(|why| said("why", Tone::Error, why)));
    lines.extend(fortnight(shelf, verdict));
    lines.extend(trend(shelf));
    lines.extend(retention(verdict, rules));
    lines.extend(insurance(store, shelf, rules));
    lines.extend(strays(shelf));
    lines.extend(what_to_do(&uid.0, verdict));
    Some((uid.0.clone(), lines))
}

/// The lines about a tenant that has no backup; none when it isn't certain that it has none.
pub(super) fn missing(store: &Store, tenant: &Text) -> Option<Vec<DetailLine>> {
    let client = store.joins().of(tenant.as_str())?.client?;
    let verdict = store.shelves().missing(client)?;
    let mut lines = vec![blank(), heading("Backups")];
    lines.extend(head(verdict));
    let created = store.collection(Kind::Client).get(client)?.object.meta.created;
    lines.extend(created.map(|at| age("tenant since", at)));
    let none = Text::clean(&format!("the bucket has no folder {tenant}/"));
    lines.push(said("in the bucket", Tone::Plain, &none));
    lines.extend(what_to_do(tenant, verdict));
    Some(lines)
}

fn head(verdict: &Verdict) -> Vec<DetailLine> {
    let health = verdict.health;
    let mut lines = vec![said("health", Tone::Health(health), &worded(health, health.word()))];
    let wrong = |fault: &Fault| said("wrong", Tone::Warning, &Text::clean(&fault.to_string()));
    lines.extend(verdict.faults.iter().map(wrong));
    if verdict.faults.is_empty() && !verdict.says.is_empty() {
        lines.push(said("", Tone::Muted, &verdict.says));
    }
    let class = match verdict.class {
        Class::Tenant => "a tenant's",
        Class::Platform => "the platform's own",
        Class::Orphan => "of no tenant that there is",
        Class::Unsure => "not known yet: the tenants can't be read",
    };
    lines.push(said("whose", Tone::Plain, &Text::clean(class)));
    if !verdict.tier.is_empty() {
        lines.push(said("tier", Tone::Plain, &verdict.tier));
    }
    lines.extend(verdict.newest.map(|at| age("newest", at)));
    lines
}

/// The newest daily backups, one in a line.
fn fortnight(shelf: &Shelf, verdict: &Verdict) -> Vec<DetailLine> {
    let daily: Vec<&Backup> = shelf.daily().take(DAYS).collect();
    if daily.is_empty() {
        return Vec::new();
    }
    let twins = !shelf.is_platform();
    let mut lines = vec![blank(), heading("The last fortnight")];
    let small = verdict.faults.iter().any(|fault| matches!(fault, Fault::Small { .. }));
    // The verdict on the size is of the newest dump.
    let newest = daily.iter().position(|copy| copy.dump.is_some()).filter(|_| small);
    let copies = daily.into_iter().enumerate();
    lines.extend(copies.map(|(place, copy)| copy_line(copy, [twins, newest == Some(place)])));
    lines
}

/// One backup: whether it needs a filestore, and whether its dump is far smaller than usual.
fn copy_line(copy: &Backup, [twins, small]: [bool; 2]) -> DetailLine {
    let (health, word) = match (copy.dump, copy.filestore) {
        _ if copy.has_empty() => (Health::Failed, "empty"),
        (None, _) => (Health::Degraded, "no dump"),
        (Some(_), None) if twins => (Health::Degraded, "no filestore"),
        (Some(_), _) if small => (Health::Degraded, "small"),
        (Some(_), _) => (Health::Healthy, ""),
    };
    let bytes = |bytes: Option<u64>| bytes.map_or_else(|| "–".to_owned(), size);
    let dump = format!("dump {:>8}  ", bytes(copy.dump));
    let files = if twins { format!("files {:>8}  ", bytes(copy.filestore)) } else { String::new() };
    let mut pieces = vec![
        Piece::Text(Tone::Health(health), Text::clean(&format!("{} ", health.sign()))),
        Piece::Text(Tone::Plain, Text::clean(&(dump + &files))),
        Piece::Age(copy.taken()),
    ];
    if !word.is_empty() {
        pieces.push(Piece::Text(Tone::Warning, Text::clean(&format!(" {word}"))));
    }
    DetailLine { label: "", pieces }
}

/// How the size of the dumps goes, oldest first.
fn trend(shelf: &Shelf) -> Vec<DetailLine> {
    let sizes = shelf.trend(TREND);
    let (Some(first), Some(last)) = (sizes.first().copied(), sizes.last().copied()) else {
        return Vec::new();
    };
    if sizes.len() < 3 {
        return Vec::new();
    }
    let said_of = format!("{} to {} in {} dumps", size(first), size(last), sizes.len());
    vec![
        blank(),
        heading("Size of the dumps"),
        said("", Tone::Plain, &Text::clean(&picture(&sizes))),
        said("", Tone::Muted, &Text::clean(&said_of)),
    ]
}

/// One bar for each size, from nothing to the largest.
fn picture(sizes: &[u64]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = sizes.iter().copied().max().unwrap_or(0).max(1);
    let bar = |bytes: &u64| {
        let step = u128::from(*bytes) * (BARS.len() as u128 - 1) / u128::from(most);
        usize::try_from(step).ok().and_then(|step| BARS.get(step)).copied().unwrap_or('█')
    };
    sizes.iter().map(bar).collect()
}

fn retention(verdict: &Verdict, rules: &Rules) -> Vec<DetailLine> {
    let owner = match verdict.class {
        Class::Platform => Owner::Platform,
        Class::Tenant => Owner::Tenant { tier: verdict.tier.as_str(), since: None },
        Class::Orphan | Class::Unsure => Owner::Unknown,
    };
    let kept = rules.retention(&owner).map_or_else(
        || "how long these are kept is not known".to_owned(),
        |kept| format!("daily backups are kept for {} days", kept.secs() / 86_400),
    );
    let mut lines = vec![blank(), heading("Retention"), said("", Tone::Plain, &Text::clean(&kept))];
    let copies = format!("{} daily, {} insurance", verdict.copies.0, verdict.copies.1);
    lines.push(said("copies", Tone::Plain, &Text::clean(&copies)));
    lines.extend(verdict.since.map(|at| age("oldest", at)));
    lines.extend(verdict.expires.map(|at| age("goes next", at)));
    lines
}

/// The backups before destructive work, until when each is certain, and what it protects.
fn insurance(store: &Store, shelf: &Shelf, rules: &Rules) -> Vec<DetailLine> {
    let copies: Vec<&Backup> = shelf.insurance().take(INSURANCE).collect();
    if copies.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![blank(), heading("Insurance")];
    for copy in copies {
        let bytes = copy.dump.map_or_else(|| "no dump ".to_owned(), |bytes| size(bytes) + " ");
        lines.push(DetailLine {
            label: "taken",
            pieces: vec![Piece::Text(Tone::Plain, Text::clean(&bytes)), Piece::Age(copy.taken())],
        });
        lines.extend(rules.protected_until(copy).map(|at| age("kept at least", at)));
        let pieces = if let Some((kind, run)) = protected(store, shelf, copy.taken()) {
            let health = run.object.health();
            let name = format!("{} {} {} ", health.sign(), kind, run.object.meta.name);
            let mut pieces = vec![Piece::Text(Tone::Health(health), Text::clean(&name))];
            pieces.extend(run.object.meta.created.map(Piece::Age));
            pieces
        } else {
            let none = "no upgrade or restore that is known followed it";
            vec![Piece::Text(Tone::Muted, Text::clean(none))]
        };
        lines.push(DetailLine { label: "protects", pieces });
    }
    lines
}

/// The run of the shelf's tenant that came next after `taken`.
fn protected<'a>(
    store: &'a Store,
    shelf: &Shelf,
    taken: Timestamp,
) -> Option<(&'static str, &'a Held)> {
    let joined = store.joins().of(shelf.owner()?.as_str())?;
    let upgrades = joined.upgrades.iter().map(|slot| (Kind::Upgrade, "upgrade", slot));
    let restores = joined.restores.iter().map(|slot| (Kind::Restore, "restore", slot));
    upgrades
        .chain(restores)
        .filter_map(|(kind, word, slot)| Some((word, store.collection(kind).get(*slot)?)))
        .filter_map(|(word, run)| Some((run.object.meta.created?, word, run)))
        .filter(|(created, ..)| *created >= taken && created.since(taken) <= PROTECTS)
        .min_by_key(|(created, ..)| *created)
        .map(|(_, word, run)| (word, run))
}

fn strays(shelf: &Shelf) -> Vec<DetailLine> {
    if shelf.stray() == 0 && shelf.unlisted() == 0 {
        return Vec::new();
    }
    let mut lines = vec![blank(), heading("Other objects in the folder")];
    if shelf.stray() > 0 {
        let count = format!("{} whose names say nothing here", shelf.stray());
        lines.push(said("", Tone::Plain, &Text::clean(&count)));
        lines.extend(shelf.strays().iter().map(|name| said("", Tone::Muted, name)));
    }
    if shelf.unlisted() > 0 {
        let count = format!("{} older backups, counted and not shown", shelf.unlisted());
        lines.push(said("", Tone::Plain, &Text::clean(&count)));
    }
    lines
}

/// What the runbook says to look at first, where something is wrong.
fn what_to_do(tenant: &Text, verdict: &Verdict) -> Vec<DetailLine> {
    if verdict.faults.is_empty() {
        return Vec::new();
    }
    let Some(book) = runbook::for_topic("backup") else { return Vec::new() };
    let section = book.body().sections().find(|(title, _)| *title == SECTION);
    let text = section.map_or("", |(_, text)| text);
    let filled = runbook::fill(text, |label| (label == "tenant").then_some(tenant.as_str()));
    let mut lines = vec![blank(), heading(book.title())];
    lines.extend(filled.lines().map(|line| said("", Tone::Plain, &Text::clean(line))));
    lines
}

fn worded(health: Health, word: &str) -> Text {
    Text::clean(&format!("{} {word}", health.sign()))
}

/// A size in the largest unit that leaves a digit before the point.
pub(in crate::app) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut unit, mut tenths) = (0, bytes.saturating_mul(10));
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    let word = UNITS.get(unit).copied().unwrap_or_default();
    if unit == 0 || tenths >= 1000 {
        format!("{}{word}", tenths / 10)
    } else {
        format!("{}.{}{word}", tenths / 10, tenths % 10)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_pictured_from_nothing_to_the_largest() {
        assert_eq!(picture(&[0, 50, 100]), "▁▄█");
        assert_eq!(picture(&[0, 0]), "▁▁");
        assert_eq!(picture(&[u64::MAX, u64::MAX / 2]), "█▄");
    }

    #[test]
    fn sizes_read_short() {
        for (bytes, said) in [
            (0, "0B"),
            (1023, "1023B"),
            (1024, "1.0KiB"),
            (13_002_342, "12.3MiB"),
            (500 << 20, "500MiB"),
            (12 << 30, "12.0GiB"),
        ] {
            assert_eq!(size(bytes), said);
        }
    }
}
