//! Feeds that can't be read: without them the rest of the overview is silent where it should speak.

use super::{Found, Look};
use crate::domain::{FeedId, Health, System, Text, Trouble, TroubleKind};
use crate::store::Freshness;

/// Finds feeds in trouble, and those that are silent; one finding for feeds of a system that share the trouble.
pub(super) fn judge(look: &Look<'_>, found: &mut Found) {
    for system in System::ALL {
        let mut told: Vec<&Trouble> = Vec::new();
        let of = |feed: &FeedId| feed.system() == system;
        for feed in FeedId::ALL.into_iter().filter(of) {
            let freshness = &look.store.feeds().get(feed).freshness;
            match freshness.trouble() {
                Some(why) if why.kind == TroubleKind::NotConfigured => {}
                Some(why) if told.iter().any(|other| same(other, why)) => {}
                Some(why) => {
                    told.push(why);
                    trouble(look, found, feed, why);
                }
                None => {}
            }
        }
        silent(look, found, system);
    }
}

/// Whether two troubles of one system are one: that its server can't be reached is, whatever was asked.
fn same(one: &Trouble, other: &Trouble) -> bool {
    let of_the_server = matches!(
        one.kind,
        TroubleKind::Unreachable
            | TroubleKind::Slow
            | TroubleKind::Certificate
            | TroubleKind::Unauthenticated
    );
    one == other || of_the_server && one.kind == other.kind
}

/// The feeds of the system of `feed` that have the same trouble, by name.
fn shared(look: &Look<'_>, first: FeedId, why: &Trouble) -> Vec<&'static str> {
    let of = |feed: &FeedId| {
        feed.system() == first.system()
            && look.store.feeds().get(*feed).freshness.trouble().is_some_and(|it| same(it, why))
    };
    FeedId::ALL.into_iter().filter(of).map(FeedId::name).collect()
}

fn trouble(look: &Look<'_>, found: &mut Found, feed: FeedId, why: &Trouble) {
    let freshness = &look.store.feeds().get(feed).freshness;
    let health = match freshness {
        _ if why.is_refusal() || why.kind == TroubleKind::Absent => Health::Degraded,
        _ => Health::Failed,
    };
    let mut finding = found.begin(health, &Text::from(feed.name()), "feeds");
    finding.subject = Text::from(feed.system().name());
    finding.at = match freshness {
        Freshness::Stale(as_of, _) => Some(*as_of),
        _ => None,
    };
    let names = shared(look, feed, why);
    let names = match names.len() {
        0..=3 => names.join(", "),
        more => format!("{} and {} more", names.get(..2).unwrap_or_default().join(", "), more - 2),
    };
    let verb = if why.is_refusal() { "may not be seen" } else { "can't be read" };
    found.push(look, finding, &format!("{names} {verb}: {why}"));
}

/// Feeds that should be live and say nothing.
fn silent(look: &Look<'_>, found: &mut Found, system: System) {
    let mut names = Vec::new();
    let mut since = None;
    for feed in FeedId::ALL.into_iter().filter(|feed| feed.system() == system) {
        let freshness = &look.store.feeds().get(feed).freshness;
        if let Freshness::Live(as_of) = freshness
            && freshness.is_old(look.now)
        {
            names.push(feed.name());
            since = Some(since.map_or(*as_of, |since: crate::domain::Timestamp| since.min(*as_of)));
        }
    }
    if names.is_empty() {
        return;
    }
    let key = Text::clean(&format!("{system} is silent"));
    let mut finding = found.begin(Health::Degraded, &key, "feeds");
    finding.subject = Text::from(system.name());
    finding.at = since;
    found.push(look, finding, &format!("nothing is heard of {}", names.join(", ")));
}
