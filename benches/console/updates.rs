//! What one observation costs while many tenants are known.

use pulse_console::domain::{Fact, FeedId};
use serde_json::{Value, json};

use super::facts::{app_of, client, tell};
use super::timing::{Effort, Samples};

/// One object that changed: taken in, and the view brought up to date.
pub fn one_object(tenants: usize, effort: Effort) -> Value {
    let mut app = app_of(tenants);
    let count = effort.samples(5_000);
    let mut changes = (0..count * 2).map(|round| client(round * 7919 % tenants, round + 1));
    let changed = Samples::of(count, |_| {
        tell(&mut app, FeedId::Clients, changes.next().map(|it| Fact::Upsert(it.into())));
        app.settle();
    });
    let confirmed = client(tenants / 2, 0);
    tell(&mut app, FeedId::Clients, [Fact::Upsert(confirmed.clone().into())]);
    let same = Samples::of(count, |_| {
        tell(&mut app, FeedId::Clients, [Fact::Upsert(confirmed.clone().into())]);
        app.settle();
    });
    let mut listed = Samples::default();
    for _ in 0..effort.samples(300).min(5) {
        listed.time(|| app_of(tenants));
    }
    json!({
        "changed_object": changed.told(),
        "same_object_again": same.told(),
        "listing_from_nothing": listed.told(),
    })
}
