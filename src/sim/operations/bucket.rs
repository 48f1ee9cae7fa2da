//! The training world's bucket of backups, object by object.

use crate::domain::backup::{Backup, BackupName, Part, Stamp};
use crate::domain::operation::BackupSeen;
use crate::domain::{FeedId, Object, Shelf, Text, Timestamp, Uid};
use crate::sim::backups;
use crate::sim::cluster::number;
use crate::sim::engine::Engine;

/// The first bytes of what gzip packs.
const GZIP: [u8; 4] = [0x1f, 0x8b, 8, 0];
/// What a proxy says instead of an answer: a backup that is none.
const PAGE: &[u8] = b"<html>502";
/// What a backup has where none of that tenant is known.
const USUAL: u64 = 40 << 20;

/// An object of the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::sim) struct Stored {
    pub(in crate::sim) bytes: u64,
    pub(in crate::sim) at: Timestamp,
    etag: Text,
    head: Vec<u8>,
}

impl Stored {
    fn new(key: &str, bytes: u64, at: Timestamp, head: &[u8]) -> Self {
        let tag = number(&format!("{key}/{bytes}/{}", at.ms()));
        let head = if bytes == 0 { Vec::new() } else { head.to_vec() };
        Self { bytes, at, etag: Text::from(format!("{tag:016x}")), head }
    }

    /// Whether it can be restored.
    pub(super) fn is_dump(&self) -> bool {
        self.head.starts_with(&GZIP)
    }

    pub(super) fn seen(self, key: &Text) -> BackupSeen {
        BackupSeen {
            key: key.clone(),
            etag: self.etag,
            bytes: self.bytes,
            modified: self.at,
            head: Some(self.head),
        }
    }
}

fn shelf<'e>(engine: &'e Engine, tenant: &str) -> Option<&'e Shelf> {
    match engine.world.other(FeedId::Backups, &Uid(Text::clean(tenant)))? {
        Object::Shelf(shelf) => Some(shelf),
        _ => None,
    }
}

/// The object `key`.
pub(in crate::sim) fn stored_of(engine: &Engine, key: &Text) -> Option<Stored> {
    if let Some(stored) = engine.operations.bucket.get(key) {
        return Some(stored.clone());
    }
    let name = BackupName::parse(key.as_str())?;
    let copies = shelf(engine, name.tenant)?.copies();
    let copy = copies.iter().find(|copy| {
        copy.insurance == name.insurance
            && copy.stamp == name.stamp
            && half(copy, name.part).is_some()
    })?;
    let wrong = engine.scenario.is_no_dump(name.tenant) && !name.insurance;
    let head: &[u8] = if wrong && name.part == Part::Dump { PAGE } else { &GZIP };
    Some(Stored::new(key.as_str(), half(copy, name.part)?, copy.at, head))
}

const fn half(copy: &Backup, part: Part) -> Option<u64> {
    match part {
        Part::Dump => copy.dump,
        Part::Filestore => copy.filestore,
    }
}

/// The objects whose keys begin with `prefix`, newest last, without their first bytes.
pub(super) fn listing(engine: &Engine, prefix: &str) -> Vec<BackupSeen> {
    let tenant = prefix.split('/').next().unwrap_or_default();
    let mut keys: Vec<Text> = engine.operations.bucket.keys().cloned().collect();
    for copy in shelf(engine, tenant).into_iter().flat_map(Shelf::copies) {
        keys.extend(keys_of(tenant, copy).into_iter().flatten());
    }
    keys.retain(|key| key.as_str().starts_with(prefix));
    keys.sort_unstable();
    keys.dedup();
    let bare = |key: &Text| Some(BackupSeen { head: None, ..stored_of(engine, key)?.seen(key) });
    let mut all: Vec<BackupSeen> = keys.iter().filter_map(bare).collect();
    all.sort_by_key(|one| one.modified);
    all
}

fn keys_of(tenant: &str, copy: &Backup) -> [Option<Text>; 2] {
    let folder = if copy.insurance { "insurance/" } else { "" };
    let stamp = stamp(copy.stamp);
    [
        copy.dump.map(|_| Text::from(format!("{tenant}/{folder}backup-{stamp}.dump.gz"))),
        copy.filestore.map(|_| Text::from(format!("{tenant}/{folder}filestore-{stamp}.tar.gz"))),
    ]
}

fn stamp(stamp: Stamp) -> String {
    stamp.as_if_utc().utc().format("%Y%m%dT%H%M%S").to_string()
}

/// Writes a backup of whom `key` says.
pub(super) fn write(engine: &mut Engine, key: &Text) {
    let tenant = key.as_str().split('/').next().unwrap_or_default();
    let known = shelf(engine, tenant).and_then(|shelf| shelf.daily().find_map(|copy| copy.dump));
    let bytes = known.filter(|bytes| *bytes > 0).unwrap_or(USUAL);
    let stored = Stored::new(key.as_str(), bytes, engine.now(), &GZIP);
    let tenant = Text::clean(tenant);
    engine.operations.bucket.insert(key.clone(), stored);
    backups::refill(engine, &tenant);
}

/// The dumps that were taken of `tenant`, with the stamps of their names.
pub(in crate::sim) fn taken(engine: &Engine, tenant: &Text) -> Vec<(Stamp, u64, Timestamp)> {
    let mine = |(key, stored): (&Text, &Stored)| {
        let name = BackupName::parse(key.as_str())?;
        (*tenant == *name.tenant).then_some((name.stamp, stored.bytes, stored.at))
    };
    engine.operations.bucket.iter().filter_map(mine).collect()
}
