//! The training platform's object store: what the nights before left in the bucket, and the nights to come.
//!
//! Sizes and times follow from the tenant's name and the night, not from the world's chance, so that the other parts tell
//! the same story with and without this one.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Days, TimeZone as _};
use chrono_tz::Europe::Sofia;

use super::engine::Engine;
use super::operations;
use super::scenario::BackupFault;
use crate::domain::backup::{Part, Rules, ShelfBuilder, Stamp};
use crate::domain::{
    Bucket, FeedId, Kind, Object, Resource, Shelf, Span, Spec, Text, Timestamp, Uid,
};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const DAY: Span = Span::from_secs(86_400);
/// The hour in Sofia at which the backups begin.
const HOUR: u32 = 2;
/// Nights that are kept of a small fleet, and of one that is so large that only its figures matter.
const NIGHTS: u64 = 90;
const NIGHTS_OF_STARTER: u64 = 30;
const NIGHTS_OF_MANY: u64 = 14;
const MANY: usize = 1_000;
/// Between two complete listings.
const REFRESH: Span = Span::from_secs(600);
/// Of so many tenants six have a fault of their own, in a fleet of many.
const FAULT_OF: u64 = 1_500;

const BUCKET: &str = "plana-pulse-backups";
const TEMPLATES: &str = "plana-pulse-templates";
const PLATFORM: [&str; 3] = ["plana_pulse_account", "pulse_account", "authentik"];

/// When insurance backups began, by tenant.
type Insured = BTreeMap<Text, Vec<Timestamp>>;

/// The bucket as it is to be: how many nights it keeps, and what was taken before runs.
struct Plan {
    now: Timestamp,
    /// Whether only the figures matter.
    many: bool,
    insured: Insured,
}

impl Plan {
    fn of(engine: &Engine, tenants: usize) -> Self {
        let mut insured = Insured::new();
        for run in
            [Kind::Upgrade, Kind::Restore].into_iter().flat_map(|it| engine.world.objects(it))
        {
            // Those that operations order have steps of their own for it.
            if engine.operations.ordered(&run.meta.uid) {
                continue;
            }
            if let (Some(tenant), Some(at)) = (run.tenant(), run.meta.created) {
                let begun = at.before(Span::from_secs(240));
                insured.entry(tenant.clone()).or_default().push(begun);
            }
        }
        Self { now: engine.now(), many: tenants > MANY, insured }
    }

    fn nights(&self, tier: &str) -> u64 {
        match tier {
            _ if self.many => NIGHTS_OF_MANY,
            "starter" => NIGHTS_OF_STARTER,
            _ => NIGHTS,
        }
    }

    fn insured(&self, tenant: &Text) -> &[Timestamp] {
        self.insured.get(tenant).map_or(&[], Vec::as_slice)
    }

    /// Whether something is in the bucket of `tenant` that the listing before did not see.
    fn is_new(&self, tenant: &Text) -> bool {
        let since = self.now.before(REFRESH);
        let last = night(self.now, 0).is_some_and(|at| at.after(Span::from_secs(1_200)) > since);
        last || self.insured(tenant).iter().any(|at| *at > since)
    }
}

/// Puts it into the world of `engine`.
pub(super) fn found(engine: &mut Engine) {
    let tenants: Vec<Arc<Resource>> = engine.world.objects(Kind::Client).cloned().collect();
    let plan = Plan::of(engine, tenants.len());
    for tenant in &tenants {
        fill(engine, tenant, &plan);
    }
    for name in PLATFORM {
        engine.put(platform(name, plan.nights(""), plan.now));
    }
    buckets(engine, plan.now);
}

/// It goes on: every ten minutes the listing finds a night's backups, and insurance before new runs.
pub(super) fn beat(engine: &mut Engine) {
    let now = engine.now();
    let turn = |at: Timestamp| at.ms().div_euclid(REFRESH.ms().cast_signed());
    if turn(now) == turn(now.before(Span::from_secs(60))) {
        return;
    }
    let tenants: Vec<Arc<Resource>> = engine.world.objects(Kind::Client).cloned().collect();
    let plan = Plan::of(engine, tenants.len());
    for tenant in &tenants {
        if tenant.tenant().is_some_and(|name| plan.is_new(name)) {
            fill(engine, tenant, &plan);
        }
    }
    buckets(engine, now);
}

/// Puts the shelf of `tenant` into the world anew: a backup was taken.
pub(super) fn refill(engine: &mut Engine, tenant: &Text) {
    let Some(client) = engine.world.client(tenant.as_str()).cloned() else { return };
    let tenants = engine.world.objects(Kind::Client).count();
    let plan = Plan::of(engine, tenants);
    fill(engine, &client, &plan);
    buckets(engine, plan.now);
}

/// Puts the shelf of `tenant` into the world, when there is anything on it.
fn fill(engine: &mut Engine, tenant: &Resource, plan: &Plan) {
    let Some(name) = tenant.tenant() else { return };
    let fault = fault(engine, name, plan.many);
    let taken = operations::taken(engine, name);
    if let Some(shelf) = shelf(tenant, name, (fault, &taken), plan) {
        engine.put(shelf);
    }
}

/// What is wrong with the backups of `tenant`, by the story or, in a fleet of many, by its name.
fn fault(engine: &Engine, tenant: &Text, many: bool) -> Option<BackupFault> {
    let story = engine.scenario.backups.iter().map(toml::Spanned::get_ref);
    let told = story.filter(|story| story.tenant == *tenant).map(|story| story.fault).next();
    let drawn = many.then(|| match draw(tenant, "fault", 0) % FAULT_OF {
        0 => Some(BackupFault::None),
        1 => Some(BackupFault::Late),
        2 | 3 => Some(BackupFault::Half),
        4 => Some(BackupFault::Small),
        5 => Some(BackupFault::Empty),
        _ => None,
    });
    told.or(drawn.flatten())
}

/// A dump that was taken: the stamp of its name, its bytes, and when.
type Taken = (Stamp, u64, Timestamp);

fn shelf(
    tenant: &Resource,
    name: &Text,
    (fault, taken): (Option<BackupFault>, &[Taken]),
    plan: &Plan,
) -> Option<Shelf> {
    let tier = match &tenant.spec {
        Spec::Client(spec) => spec.tier.as_str(),
        _ => "",
    };
    let (now, size) = (plan.now, base_size(name));
    let skipped = match fault {
        Some(BackupFault::None) if taken.is_empty() => return None,
        Some(BackupFault::None) => u64::MAX,
        Some(BackupFault::Late) => 2,
        _ => 0,
    };
    let born = tenant.meta.created.unwrap_or_default();
    let late = Span::from_secs(draw(name, "drift", 0) % 420);
    let long = Span::from_secs(20 + size / (30 * MIB));
    let mut builder = ShelfBuilder::new(name.as_str(), Rules::default().drift);
    let (mut any, mut newest) = (false, true);
    for age in skipped..plan.nights(tier) {
        let Some(begun) = night(now, age).map(|at| at.after(late)) else { continue };
        let done = begun.after(long);
        if begun <= born || done > now {
            continue;
        }
        any = true;
        let grown = size - size / 1_000 * 2 * age.min(300);
        let grown = grown + draw(name, "night", age) % (size / 400 + 1);
        let wrong = fault.filter(|_| std::mem::take(&mut newest));
        let dump = match wrong {
            Some(BackupFault::Small) => grown / 24,
            Some(BackupFault::Empty) => 0,
            _ => grown,
        };
        builder.put(Part::Dump, stamp(begun), dump, done);
        if wrong != Some(BackupFault::Half) {
            builder.put(Part::Filestore, stamp(begun), grown * 3, done.after(Span::from_secs(95)));
        }
    }
    for begun in plan.insured(name) {
        any = true;
        builder.insure(stamp(*begun), size, begun.after(Span::from_secs(40)));
    }
    for (stamp, bytes, at) in taken {
        any = true;
        builder.insure(*stamp, *bytes, *at);
    }
    any.then(|| builder.build())
}

/// The dumps of one of the platform's own databases.
fn platform(name: &str, nights: u64, now: Timestamp) -> Shelf {
    let path = format!("platform/{name}");
    let mut builder = ShelfBuilder::platform(&path, Rules::default().drift);
    for begun in (0..nights).filter_map(|age| night(now, age)).filter(|at| *at < now) {
        let bytes = 40 * MIB + draw(&Text::from(name), "night", begun.ms().unsigned_abs()) % MIB;
        builder.put(Part::Dump, stamp(begun), bytes, begun.after(Span::from_secs(25)));
    }
    builder.build()
}

/// When the night's backups began, `age` nights ago; none for a night that is still to come.
fn night(now: Timestamp, age: u64) -> Option<Timestamp> {
    let today = now.utc().with_timezone(&Sofia).date_naive();
    let day = today.checked_sub_days(Days::new(age))?;
    let at = Sofia.from_local_datetime(&day.and_hms_opt(HOUR, 0, 0)?).earliest()?;
    let at = Timestamp::from_ms(at.timestamp_millis());
    (at <= now).then_some(at)
}

/// The time in a name: Sofia's, without saying so.
fn stamp(at: Timestamp) -> Stamp {
    let local = at.utc().with_timezone(&Sofia).naive_local().and_utc();
    Stamp::of(Timestamp::from_ms(local.timestamp_millis()))
}

/// Most tenants are small.
fn base_size(name: &Text) -> u64 {
    let size = draw(name, "size", 0);
    match draw(name, "kind of size", 0) % 16 {
        0 => 2 * GIB + size % (9 * GIB),
        1..=4 => 200 * MIB + size % (900 * MIB),
        _ => 18 * MIB + size % (120 * MIB),
    }
}

fn buckets(engine: &mut Engine, now: Timestamp) {
    let (mut objects, mut bytes) = (0, 0_u64);
    for object in engine.world.others(FeedId::Backups) {
        if let Object::Shelf(shelf) = object {
            objects += shelf.objects();
            bytes = bytes.saturating_add(shelf.bytes());
        }
    }
    engine.put(bucket(BUCKET, "backups", (objects, bytes), now));
    let seeds: Vec<(Text, u64, Timestamp)> = ["basic", "pro"]
        .into_iter()
        .flat_map(|edition| ["18", "19"].map(|version| (edition, version)))
        .map(|(edition, version)| {
            let draw = draw(&Text::from(edition), version, 0);
            let key = format!("{edition}-template-{version}/{:012x}.dump.gz", draw >> 16);
            let bytes = 90 * MIB + draw % (60 * MIB);
            let age = Span::from_ms(DAY.ms() * (draw % 50 + 3));
            // By the story's start, so that it stays where it is.
            (Text::from(key), bytes, engine.scenario.start.before(age))
        })
        .collect();
    let size = (seeds.len() as u64, seeds.iter().map(|(_, bytes, _)| bytes).sum());
    let mut bucket = bucket(TEMPLATES, "seeds of templates", size, now);
    bucket.newest = seeds.into_boxed_slice();
    bucket.newest.sort_by_key(|(_, _, at)| std::cmp::Reverse(*at));
    engine.put(bucket);
}

fn bucket(name: &str, what: &str, size: (u64, u64), now: Timestamp) -> Bucket {
    let name = Text::from(name);
    Bucket {
        uid: Uid(name.clone()),
        name,
        what: Text::from(what),
        objects: size.0,
        bytes: size.1,
        listed: Some(now),
        progress: None,
        trouble: None,
        newest: Box::default(),
    }
}

/// A number by chance that is always the same for the same question.
fn draw(name: &Text, salt: &str, number: u64) -> u64 {
    let mut seed = number ^ 0xcbf2_9ce4_8422_2325;
    for byte in name.as_str().bytes().chain(salt.bytes()) {
        seed = (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    fastrand::Rng::with_seed(seed).u64(..)
}
