//! The details of an object that has no page of its own: everything that is known of it.

use super::{DetailLine, Tone, json, said, valkey};
use crate::domain::{FeedId, Text, Timestamp, Uid};
use crate::store::table::{RowId, Table as _};
use crate::store::{DatabasesTable, Freshness, Store};

/// The title and the lines of the object `uid` that `feed` tells.
pub(super) fn lines(store: &Store, feed: FeedId, uid: &Uid) -> Option<(Text, Vec<DetailLine>)> {
    let object = store.object(feed, uid)?;
    let known = match &store.feeds().get(feed).freshness {
        Freshness::Live(as_of) | Freshness::Stale(as_of, _) => *as_of,
        Freshness::Syncing(_) | Freshness::Down(_) => Timestamp::default(),
    };
    if let Some(page) = valkey::lines(&object, known) {
        return Some(page);
    }
    let raw = serde_json::to_string(&object).ok()?;
    Some((uid.0.clone(), json::lines(&raw)))
}

/// What is said of a tenant that lacks something.
pub(super) fn missing(store: &Store, tenant: &Text) -> (Text, Vec<DetailLine>) {
    let mut lines = vec![said("tenant", Tone::Plain, tenant)];
    if DatabasesTable::new(store).find(&RowId::Missing(tenant.clone())).is_some() {
        let says = Text::clean("none, and it should have one");
        lines.push(said("database", Tone::Warning, &says));
    }
    (tenant.clone(), lines)
}

/// What is copied of the object `uid`: its name, or all of it.
pub(super) fn copied(store: &Store, feed: FeedId, uid: &Uid, all: bool) -> Option<String> {
    let object = store.object(feed, uid)?;
    if all { serde_json::to_string_pretty(&object).ok() } else { Some(uid.0.to_string()) }
}
