//! What is in the databases of the training world, as far as copies are compared by it.

use crate::domain::operation::ContentsSeen;
use crate::domain::{Database, Span, Text, Timestamp};
use crate::sim::cluster::number;
use crate::sim::engine::Engine;

/// What is in a database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) seen: ContentsSeen,
    /// Whether Odoo can't work with it.
    pub(super) broken: bool,
}

/// What is in `database` now.
pub(super) fn of(engine: &Engine, database: &Database) -> Contents {
    if let Some(known) = engine.operations.contents.get(&database.uid) {
        return known.clone();
    }
    let name = database.tenant.as_ref().unwrap_or(&database.name);
    let wrote = engine.now().before(Span::from_secs(number(name.as_str()) % 600));
    let broken = database
        .tenant
        .as_ref()
        .is_some_and(|tenant| engine.scenario.databases.broken.contains(tenant));
    let sound = sound(name, wrote);
    if !broken {
        return sound;
    }
    // What a broken upgrade leaves: tables that nobody knows any more, and modules half installed.
    let seen = ContentsSeen { modules: sound.seen.modules.map(|count| count / 3), ..sound.seen };
    Contents { seen, broken }
}

/// What is in a sound database of `tenant`, written last at `wrote`.
pub(super) fn sound(tenant: &Text, wrote: Timestamp) -> Contents {
    let chance = number(tenant.as_str());
    let count = |salt: u64, least: u64, more: u64| {
        u32::try_from(least + (chance >> salt) % more).unwrap_or(u32::MAX)
    };
    let seen = ContentsSeen {
        tables: count(3, 380, 170),
        modules: Some(count(11, 64, 60)),
        users: Some(count(19, 3, 40)),
        last_write: Some(wrote),
    };
    Contents { seen, broken: false }
}
