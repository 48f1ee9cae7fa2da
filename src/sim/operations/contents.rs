//! What is in the databases of the training world, as far as copies are compared by it.

use crate::domain::operation::ContentsSeen;
use crate::domain::{Database, Resource, Span, Text, Timestamp, Uid};
use crate::sim::cluster::number;
use crate::sim::databases::{self, DOMAIN};
use crate::sim::engine::{Engine, Task};
use crate::sim::objects::Standing;
use crate::sim::scenario::{Word, names};

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
        .is_some_and(|tenant| names(&engine.scenario.databases.broken, tenant));
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
        uuid: Some(Text::from(format!("{chance:016x}"))),
    };
    Contents { seen, broken: false }
}

/// Until a tenant whose database is sound again answers.
const HEALS: Span = Span::from_secs(6);
/// What is said of a tenant whose database is broken.
const BROKEN: &str = "/web/health answers 500";

/// Another database took the place of the tenant's, or another content that of its content: the tenant is well with a
/// sound one, and unwell with a broken one.
pub(super) fn serve(engine: &mut Engine, tenant: &Text) {
    let Some(live) = databases::named(engine, &format!("{tenant}.{DOMAIN}")) else { return };
    let broken = of(engine, &live).broken;
    let parts = engine.world.environments(tenant.as_str());
    let complains =
        |object: &Resource| object.conditions.iter().any(|it| it.message.as_str().contains(BROKEN));
    let changed: Vec<Uid> = parts
        .filter(|object| complains(object) != broken)
        .map(|object| object.meta.uid.clone())
        .take(if broken { 1 } else { usize::MAX })
        .collect();
    for uid in changed {
        if broken {
            break_down(engine, &uid);
        } else {
            engine.queue(HEALS, Task::Recover(uid));
        }
    }
}

fn break_down(engine: &mut Engine, environment: &Uid) {
    let message = Text::from(format!("Unready resources: HTTPRoute: {BROKEN}"));
    let standing =
        Standing { message: Some(message), ..Standing::plain(Word::Degraded, engine.now()) };
    engine.stand(environment, &standing);
}
