//! What lies in the buckets: a dump and a filestore for each tenant and night, as old as the tier keeps them, and every
//! defect that an operator must see.

use chrono::{DateTime, Days, Duration, LocalResult, NaiveDate, NaiveTime, TimeZone as _, Utc};
use chrono_tz::Europe::Sofia;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::controllers::filestore;
use super::databases::{ORPHAN, PLATFORM_DATABASES, WITHOUT_DATABASE};
use super::kinds::{client_name, client_tier};
use super::objects::{BACKUPS, Object, Objects, TEMPLATES};
use super::{PlatformError, Postgres};

/// The client whose newest backup is 31 hours old.
pub const LATE_BACKUP: usize = 1;
/// The client whose newest dump has no filestore.
pub const HALF_BACKUP: usize = 2;
/// The client whose newest dump is a thirtieth of the one before.
pub const SMALL_BACKUP: usize = 3;
/// The client whose newest dump has no bytes.
pub const EMPTY_BACKUP: usize = 4;
/// The clients without any: one was never given a database, the other's job was never made; their `PLANAClient`s say so.
pub const WITHOUT_BACKUP: [usize; 2] = [WITHOUT_DATABASE, 13];
/// The folder of the platform's own databases; each has its folder there.
pub const PLATFORM_PREFIX: &str = "platform";

/// The backup starts at two o'clock in the night, in Sofia.
const NIGHT: NaiveTime = match NaiveTime::from_hms_opt(2, 0, 0) {
    Some(time) => time,
    None => NaiveTime::MIN,
};
/// Longer ago is not filled, even where the tier keeps more.
const DAYS: u32 = 90;
/// So many clients have a newest backup that can be restored.
const WITH_DUMPS: usize = 60;
const PARALLEL: usize = 3;
const MEBIBYTE: u64 = 1 << 20;

impl Objects {
    /// Fills empty buckets for clients `0..tenants`, as they are at `now`.
    pub fn fill(&self, tenants: usize, now: DateTime<Utc>) -> Result<(), PlatformError> {
        let mut objects: Vec<Object> = (0..tenants).flat_map(|index| tenant(index, now)).collect();
        objects.extend(nobody(now));
        objects.extend(PLATFORM_DATABASES.iter().enumerate().flat_map(|(index, (name, _))| {
            let prefix = format!("{PLATFORM_PREFIX}/{name}");
            nights(index, now, 90).map(move |at| dump(&prefix, at, 40 * MEBIBYTE))
        }));
        for object in &objects {
            self.put(BACKUPS, object)?;
        }
        for object in seeds(now) {
            self.put(TEMPLATES, &object)?;
        }
        Ok(())
    }

    /// Makes the newest backup of each client one that can be restored: dumps of what `postgres` holds, filled up with
    /// nothing to the size that they are said to have. Those that have a defect keep it.
    pub async fn fill_dumps(
        &self,
        postgres: &Postgres,
        tenants: usize,
        now: DateTime<Utc>,
    ) -> Result<(), PlatformError> {
        stream::iter((0..tenants.min(WITH_DUMPS)).map(Ok))
            .try_for_each_concurrent(PARALLEL, async |index| {
                let name = client_name(index);
                let newest = tenant(index, now).into_iter().find(|object| object.size > 0);
                let Some(object) = newest.filter(|_| index != EMPTY_BACKUP) else { return Ok(()) };
                let bytes = postgres.dump(&format!("{name}.planapulse.app")).await?;
                self.put_bytes(BACKUPS, &object, &bytes)?;
                let key = object.key.replace("backup-", "filestore-").replace(".dump.", ".tar.");
                if index == HALF_BACKUP {
                    return Ok(());
                }
                let files = Object { key, size: object.size * 3, ..object };
                self.put_bytes(BACKUPS, &files, &filestore(&name)?)
            })
            .await
    }

    /// Fills the backups' bucket for measuring: `tenants` with a dump and a filestore for each of `days` nights.
    pub fn fill_many(
        &self,
        tenants: usize,
        days: u32,
        now: DateTime<Utc>,
    ) -> Result<(), PlatformError> {
        for index in 0..tenants {
            let objects: Vec<Object> = pairs(index, now, days).flatten().collect();
            self.put_bare(BACKUPS, &objects)?;
        }
        Ok(())
    }
}

/// Everything of one client, defects included.
fn tenant(index: usize, now: DateTime<Utc>) -> Vec<Object> {
    if WITHOUT_BACKUP.contains(&index) {
        return Vec::new();
    }
    let kept = if client_tier(index) == "starter" { 30 } else { DAYS };
    let prefix = client_name(index);
    let mut pairs: Vec<[Object; 2]> = pairs(index, now, kept).collect();
    if index == LATE_BACKUP {
        // As if the job had hung for the last nights: everything is as old as its newest.
        let newest = pairs.first().map_or(now, |[dump, _]| dump.at);
        let late = newest - (now - Duration::hours(31));
        for pair in &mut pairs {
            shift(pair, &prefix, late);
        }
    }
    let mut objects: Vec<Object> = Vec::new();
    for (night, [mut dump, filestore]) in pairs.into_iter().enumerate() {
        let newest = night == 0;
        match index {
            SMALL_BACKUP if newest => dump.size /= 30,
            EMPTY_BACKUP if newest => dump.size = 0,
            _ => {}
        }
        objects.push(dump);
        if !(newest && index == HALF_BACKUP) {
            objects.push(filestore);
        }
    }
    objects.extend(insurance(index, &prefix, now));
    objects
}

/// Dump and filestore of each night, the newest first.
fn pairs(index: usize, now: DateTime<Utc>, days: u32) -> impl Iterator<Item = [Object; 2]> {
    let prefix = client_name(index);
    let base = base_size(index);
    nights(index, now, days).enumerate().map(move |(night, at)| {
        // A tenant grows by three thousandths a day.
        let age = u64::try_from(night).unwrap_or(0);
        let size = base.saturating_sub(base / 1_000 * 3 * age.min(300)) + age % 7 * 4_096;
        let dump = dump(&prefix, at, size);
        let key = format!("{prefix}/filestore-{}.tar.gz", stamp(at));
        let filestore = Object { key, size: size * 3, at: dump.at + Duration::seconds(95) };
        [dump, filestore]
    })
}

/// The starts of the last backups, the newest first; none began within the last ten minutes.
fn nights(index: usize, now: DateTime<Utc>, days: u32) -> impl Iterator<Item = DateTime<Utc>> {
    // They don't all start in the same second.
    let drift = Duration::seconds(i64::try_from(index % 40 * 7).unwrap_or(0));
    let before = now - Duration::minutes(10);
    let today = before.with_timezone(&Sofia).date_naive();
    (0..=u64::from(days))
        .filter_map(move |age| Some(night(today.checked_sub_days(Days::new(age))?) + drift))
        .filter(move |at| *at <= before)
        .take(usize::try_from(days).unwrap_or(0))
}

fn night(day: NaiveDate) -> DateTime<Utc> {
    let local = day.and_time(NIGHT);
    match Sofia.from_local_datetime(&local) {
        LocalResult::Single(at) | LocalResult::Ambiguous(at, _) => at.to_utc(),
        // Clocks go forward at three; two o'clock is always there.
        LocalResult::None => local.and_utc(),
    }
}

/// The time in a name: Sofia's, without saying so.
fn stamp(at: DateTime<Utc>) -> String {
    at.with_timezone(&Sofia).format("%Y%m%dT%H%M%S").to_string()
}

fn dump(prefix: &str, at: DateTime<Utc>, size: u64) -> Object {
    let key = format!("{prefix}/backup-{}.dump.gz", stamp(at));
    // It is there when it is done, and large ones take longer.
    let seconds = 20 + i64::try_from(size / (30 * MEBIBYTE)).unwrap_or(0);
    Object { key, size, at: at + Duration::seconds(seconds) }
}

/// The same pair, as if made so much earlier.
fn shift(pair: &mut [Object; 2], prefix: &str, earlier: Duration) {
    let [dump, filestore] = pair;
    dump.at -= earlier;
    filestore.at -= earlier;
    let begun = stamp(dump.at - Duration::minutes(1));
    dump.key = format!("{prefix}/backup-{begun}.dump.gz");
    filestore.key = format!("{prefix}/filestore-{begun}.tar.gz");
}

/// What was taken before dangerous work: some young, some past the seven days for which it must be kept.
fn insurance(index: usize, prefix: &str, now: DateTime<Utc>) -> Vec<Object> {
    let hours: &[i64] = match index {
        index if index % 13 == 4 => &[5, 9 * 24],
        index if index % 16 == 10 => &[1, 6 * 24 + 20],
        _ => &[],
    };
    let at = |hours: &i64| now - Duration::hours(*hours) - Duration::minutes(7);
    let prefix = format!("{prefix}/insurance");
    hours.iter().map(|hours| dump(&prefix, at(hours), base_size(index))).collect()
}

/// Backups of a tenant that is gone: the database of nobody has them, until the tier's days have passed.
fn nobody(now: DateTime<Utc>) -> Vec<Object> {
    let prefix = ORPHAN.strip_suffix(".planapulse.app").unwrap_or(ORPHAN);
    let old = nights(5, now, 40).skip(12);
    old.map(|at| dump(prefix, at, 61 * MEBIBYTE)).collect()
}

/// Seeds of the templates, three generations of each.
fn seeds(now: DateTime<Utc>) -> Vec<Object> {
    let mut seeds = Vec::new();
    for (edition, size) in [("basic", 90), ("pro", 160)] {
        for version in ["17", "18", "19"] {
            for age in [3_u64, 24, 61] {
                let sha = format!("{:012x}", 0x9e37_79b9_7f4a_u64 ^ (age * size * 7_919));
                let key = format!("{edition}-template-{version}/{sha}.dump.gz");
                let at = now - Duration::days(i64::try_from(age).unwrap_or(0));
                seeds.push(Object { key, size: size * MEBIBYTE, at });
            }
        }
    }
    seeds
}

/// From 18 MiB to 12.4 GiB.
fn base_size(index: usize) -> u64 {
    const SIZES: [u64; 8] = [12_698, 18, 240, 90, 31, 410, 2_300, 65];
    let mebibytes = SIZES.get(index % SIZES.len()).copied().unwrap_or(18);
    mebibytes * MEBIBYTE + u64::try_from(index).unwrap_or(0) * 31_337
}
