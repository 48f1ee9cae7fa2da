//! What a burst of events costs when the ring is full.

use pulse_console::app::App;
use pulse_console::domain::{Fact, FeedId};
use serde_json::{Value, json};

use super::facts::{app_of, entry, press, tell};
use super::timing::{Effort, Samples};

const RING: usize = 50_000;
const BATCH: usize = 500;
const TENANTS: usize = 10_000;

/// A batch of 500 at a full ring of 50 000, on the pane of the tenants, of the events, and of filtered events.
pub fn batch(effort: Effort) -> Value {
    let mut app = app_of(TENANTS);
    let mut next = 0;
    let mut batch = |app: &mut App, samples: &mut Samples, count: usize| {
        let facts = [Fact::Entries((next..next + count).map(|n| entry(n, TENANTS)).collect())];
        next += count;
        samples.time(|| {
            tell(app, FeedId::Events, facts);
            app.settle();
        });
    };
    for _ in 0..RING / BATCH {
        batch(&mut app, &mut Samples::default(), BATCH);
    }
    let panes = [
        ("shown_tenants", "2"),
        ("shown_events", "3"),
        ("shown_events_filtered", "/ a c m e enter"),
    ];
    let mut told = serde_json::Map::new();
    for (name, keys) in panes {
        press(&mut app, keys);
        let mut samples = Samples::default();
        (0..effort.samples(200)).for_each(|_| batch(&mut app, &mut samples, BATCH));
        told.insert(format!("batch_of_500_{name}"), samples.told());
    }
    told.insert("ring".to_owned(), json!(app.store.stream().len()));
    told.into()
}
