//! The backups of one tenant, made from a listing.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::name::{BackupName, Part, Stamp};
use crate::domain::{Span, Text, Timestamp, Uid};

/// One backup: a dump with its filestore, or what there is of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Backup {
    /// When the store finished writing the dump; without a dump, the filestore.
    pub at: Timestamp,
    /// The time in the dump's name; without a dump, the filestore's.
    pub stamp: Stamp,
    /// Bytes of the dump; none when there is no dump.
    pub dump: Option<u64>,
    /// Bytes of the filestore; none when there is no filestore.
    pub filestore: Option<u64>,
    /// Whether it was taken before something destructive, instead of daily.
    pub insurance: bool,
}

// A few hundred thousand of them are in memory at once.
const _: () = assert!(size_of::<Backup>() <= 48);

impl Backup {
    /// When it was made: the time of writing, unless the name says that it is more than a day older. Then the object
    /// was written again later (copied, moved), and the name is the better witness.
    #[must_use]
    pub fn taken(&self) -> Timestamp {
        let named = self.stamp.as_if_utc();
        // A day is more than any zone's offset, and less than what a copied bucket is off by.
        if self.at.since(named) > Span::from_secs(86_400) { named } else { self.at }
    }

    /// The bytes of both halves.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.dump.unwrap_or(0).saturating_add(self.filestore.unwrap_or(0))
    }

    /// Whether both halves are there.
    #[must_use]
    pub const fn is_whole(&self) -> bool {
        self.dump.is_some() && self.filestore.is_some()
    }

    /// Whether a half that is there has no bytes.
    #[must_use]
    pub fn has_empty(&self) -> bool {
        self.dump == Some(0) || self.filestore == Some(0)
    }
}

/// All backups of one tenant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelf {
    /// Its identity: the folder in the bucket, which is whose they are.
    pub uid: Uid,
    /// Whether they are of the platform's own databases.
    #[serde(default)]
    platform: bool,
    /// Why its folder could not be listed.
    #[serde(default)]
    unreadable: Option<Text>,
    copies: Box<[Backup]>,
    strays: Box<[Text]>,
    stray: u32,
    unlisted: u32,
    bytes: u64,
}

impl Shelf {
    /// Whose they are: the folder in the bucket.
    #[must_use]
    pub const fn tenant(&self) -> &Text {
        &self.uid.0
    }

    /// The tenant that they would belong to; none for the platform's own.
    #[must_use]
    pub fn owner(&self) -> Option<&Text> {
        (!self.platform).then_some(&self.uid.0)
    }

    /// Whether they are of the platform's own databases.
    #[must_use]
    pub const fn is_platform(&self) -> bool {
        self.platform
    }

    /// Why its folder could not be listed, where it could not.
    #[must_use]
    pub const fn unreadable(&self) -> Option<&Text> {
        self.unreadable.as_ref()
    }

    /// The backups, daily and insurance, newest first.
    #[must_use]
    pub fn copies(&self) -> &[Backup] {
        &self.copies
    }

    /// The daily ones, newest first.
    pub fn daily(&self) -> impl Iterator<Item = &Backup> {
        self.copies.iter().filter(|copy| !copy.insurance)
    }

    /// The ones taken before something destructive, newest first.
    pub fn insurance(&self) -> impl Iterator<Item = &Backup> {
        self.copies.iter().filter(|copy| copy.insurance)
    }

    /// How many objects have a name that says nothing here.
    #[must_use]
    pub const fn stray(&self) -> u32 {
        self.stray
    }

    /// The first few names of such objects, in order; at most [`ShelfBuilder::NAMED_STRAYS`].
    #[must_use]
    pub fn strays(&self) -> &[Text] {
        &self.strays
    }

    /// How many objects are older than the newest [`ShelfBuilder::MOST`], and so in no copy.
    #[must_use]
    pub const fn unlisted(&self) -> u32 {
        self.unlisted
    }

    /// The bytes of every object, strays and unlisted ones too.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// How many objects there are, strays and unlisted ones too.
    #[must_use]
    pub fn objects(&self) -> u64 {
        let halves =
            |copy: &Backup| u64::from(copy.dump.is_some()) + u64::from(copy.filestore.is_some());
        self.copies.iter().map(halves).sum::<u64>()
            + u64::from(self.stray)
            + u64::from(self.unlisted)
    }

    /// The sizes of the newest `n` daily dumps in bytes, oldest first; backups without a dump are left out.
    #[must_use]
    pub fn trend(&self, n: usize) -> Vec<u64> {
        let mut sizes: Vec<u64> = self.daily().filter_map(|copy| copy.dump).take(n).collect();
        sizes.reverse();
        sizes
    }

    /// The newest daily backup that could be put back: a dump with its filestore (`twins`; without, a dump is enough),
    /// none of them empty.
    #[must_use]
    pub fn last_good(&self, twins: bool) -> Option<&Backup> {
        let there = |copy: &Backup| if twins { copy.is_whole() } else { copy.dump.is_some() };
        self.daily().find(|copy| there(copy) && !copy.has_empty())
    }
}

/// One object that was understood. The order of the fields is the order in which pieces are sorted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Piece {
    stamp: Stamp,
    at: Timestamp,
    bytes: u64,
    part: Part,
    insurance: bool,
    age: bool,
}

/// Makes the shelf of one tenant from its objects, in any order.
#[derive(Clone, Debug)]
pub struct ShelfBuilder {
    tenant: Box<str>,
    platform: bool,
    unreadable: Option<Text>,
    drift: Span,
    pieces: Vec<Piece>,
    understood: u32,
    strays: BTreeSet<Text>,
    stray: u32,
    bytes: u64,
}

impl ShelfBuilder {
    /// The most objects of one tenant that are paired; of more, the newest are.
    pub const MOST: usize = 16_384;

    /// How many names of objects that are not understood are kept.
    pub const NAMED_STRAYS: usize = 8;

    /// The most bytes kept of such a name.
    const STRAY_BYTES: usize = 256;

    /// An empty shelf for the folder `tenant`; a dump and a filestore whose stamps are at most `drift` apart
    /// ([`Rules::drift`](super::Rules::drift)) can be one backup.
    #[must_use]
    pub fn new(tenant: &str, drift: Span) -> Self {
        Self {
            tenant: tenant.into(),
            platform: false,
            unreadable: None,
            drift,
            pieces: Vec::new(),
            understood: 0,
            strays: BTreeSet::new(),
            stray: 0,
            bytes: 0,
        }
    }

    /// An empty shelf for the folder `path` of one of the platform's own databases.
    #[must_use]
    pub fn platform(path: &str, drift: Span) -> Self {
        Self { platform: true, ..Self::new(path, drift) }
    }

    /// Takes in one object: its whole key, its bytes, and when it was written. Each object is given once. One of another
    /// folder is a stray here.
    pub fn add(&mut self, key: &str, bytes: u64, at: Timestamp) {
        self.bytes = self.bytes.saturating_add(bytes);
        let own = self.own_name(key);
        let Some(BackupName { part, stamp, insurance, age, .. }) = own else {
            self.add_stray(key);
            return;
        };
        self.add_piece(Piece { stamp, at, bytes, part, insurance, age });
    }

    fn add_piece(&mut self, piece: Piece) {
        self.understood = self.understood.saturating_add(1);
        self.pieces.push(piece);
        if self.pieces.len() >= Self::MOST * 2 {
            self.keep_newest();
        }
    }

    /// Its folder could not be listed: nothing is known of it, so nothing is wrong with it either.
    pub fn unreadable(&mut self, why: &Text) {
        self.unreadable = Some(why.clone());
    }

    /// Takes in half of a daily backup whose name is understood already.
    pub fn put(&mut self, part: Part, stamp: Stamp, bytes: u64, at: Timestamp) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.add_piece(Piece { stamp, at, bytes, part, insurance: false, age: false });
    }

    /// Takes in the dump of an insurance backup whose name is understood already.
    pub fn insure(&mut self, stamp: Stamp, bytes: u64, at: Timestamp) {
        self.bytes = self.bytes.saturating_add(bytes);
        let part = Part::Dump;
        self.add_piece(Piece { stamp, at, bytes, part, insurance: true, age: false });
    }

    /// Takes in a folder where none should be: what lies in it is not known here.
    pub fn add_folder(&mut self, path: &str) {
        self.add_stray(&format!("{path}/"));
    }

    /// What `key` says, when it is of this folder. A folder may lie in others: only its last part is in a name.
    fn own_name<'k>(&self, key: &'k str) -> Option<BackupName<'k>> {
        let (above, folder) = self.tenant.rsplit_once('/').unwrap_or(("", &self.tenant));
        let below =
            if above.is_empty() { key } else { key.strip_prefix(above)?.strip_prefix('/')? };
        BackupName::parse(below).filter(|name| name.tenant == folder)
    }

    fn add_stray(&mut self, key: &str) {
        self.stray = self.stray.saturating_add(1);
        self.strays.insert(Text::bounded(key, Self::STRAY_BYTES));
        if self.strays.len() > Self::NAMED_STRAYS {
            self.strays.pop_last();
        }
    }

    /// Forgets what is older than the newest [`ShelfBuilder::MOST`]. What goes is older than that many others, so it
    /// would go in any order.
    fn keep_newest(&mut self) {
        self.pieces.sort_unstable_by_key(|piece| Reverse(*piece));
        self.pieces.truncate(Self::MOST);
    }

    /// The shelf.
    #[must_use]
    pub fn build(mut self) -> Shelf {
        self.keep_newest();
        let kept = u32::try_from(self.pieces.len()).unwrap_or(u32::MAX);
        let mut copies = Vec::with_capacity(self.pieces.len());
        for insurance in [false, true] {
            let of = |part| {
                let fits = |piece: &&Piece| piece.insurance == insurance && piece.part == part;
                self.pieces.iter().filter(fits).copied().collect::<Vec<Piece>>()
            };
            pair(of(Part::Dump), of(Part::Filestore), self.drift, &mut copies);
        }
        copies.sort_unstable_by_key(|copy| Reverse((copy.taken(), *copy)));
        Shelf {
            uid: Uid(Text::clean(&self.tenant)),
            platform: self.platform,
            unreadable: self.unreadable,
            copies: copies.into_boxed_slice(),
            strays: self.strays.into_iter().collect(),
            stray: self.stray,
            unlisted: self.understood.saturating_sub(kept),
            bytes: self.bytes,
        }
    }
}

/// Makes backups of `dumps` and `filestores`, both newest first: same stamps first, then what lies nearest within `drift`.
fn pair(dumps: Vec<Piece>, filestores: Vec<Piece>, drift: Span, copies: &mut Vec<Backup>) {
    let exact = |dump: &Piece, filestore: &Piece| dump.stamp == filestore.stamp;
    let (dumps, filestores) = merge(dumps, filestores, |a, b, _, _| exact(a, b), copies);
    let far = |a: &Piece, b: &Piece| u64::from(a.stamp.distance(b.stamp));
    let near = |dump: &Piece, files: &Piece, next_dump: Option<&Piece>, next: Option<&Piece>| {
        let apart = far(dump, files);
        let better_dump = next_dump.is_some_and(|other| far(other, files) < apart);
        let better_files = next.is_some_and(|other| far(dump, other) < apart);
        apart <= drift.secs() && !better_dump && !better_files
    };
    let (dumps, filestores) = merge(dumps, filestores, near, copies);
    copies.extend(
        dumps
            .iter()
            .map(|dump| backup(Some(dump), None))
            .chain(filestores.iter().map(|filestore| backup(None, Some(filestore))))
            .flatten(),
    );
}

/// Walks both lists from the newest on and pairs what `fits` (given the pair, the next dump and the next filestore);
/// gives back what stays alone, in order.
fn merge(
    dumps: Vec<Piece>,
    filestores: Vec<Piece>,
    fits: impl Fn(&Piece, &Piece, Option<&Piece>, Option<&Piece>) -> bool,
    copies: &mut Vec<Backup>,
) -> (Vec<Piece>, Vec<Piece>) {
    let (mut lone_dumps, mut lone_filestores) = (Vec::new(), Vec::new());
    let (mut dumps, mut files) = (dumps.into_iter().peekable(), filestores.into_iter().peekable());
    let (mut dump, mut file) = (dumps.next(), files.next());
    loop {
        match (dump, file) {
            (Some(a), Some(b)) if fits(&a, &b, dumps.peek(), files.peek()) => {
                copies.extend(backup(Some(&a), Some(&b)));
                (dump, file) = (dumps.next(), files.next());
            }
            (Some(a), Some(b)) if a.stamp >= b.stamp => {
                lone_dumps.push(a);
                dump = dumps.next();
            }
            (_, Some(b)) => {
                lone_filestores.push(b);
                file = files.next();
            }
            (Some(a), None) => {
                lone_dumps.push(a);
                dump = dumps.next();
            }
            (None, None) => return (lone_dumps, lone_filestores),
        }
    }
}

/// The backup of these halves; none of none.
fn backup(dump: Option<&Piece>, filestore: Option<&Piece>) -> Option<Backup> {
    let first = dump.or(filestore)?;
    Some(Backup {
        at: first.at,
        stamp: first.stamp,
        dump: dump.map(|piece| piece.bytes),
        filestore: filestore.map(|piece| piece.bytes),
        insurance: first.insurance,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DRIFT: Span = Span::from_secs(600);

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    fn shelf(objects: &[(&str, u64)]) -> Shelf {
        let mut builder = ShelfBuilder::new("acme", DRIFT);
        for (file, bytes) in objects {
            builder.add(&format!("acme/{file}"), *bytes, at("2026-05-29T00:30:00Z"));
        }
        builder.build()
    }

    /// The halves of each copy, newest first.
    fn halves(shelf: &Shelf) -> Vec<(Option<u64>, Option<u64>)> {
        shelf.copies().iter().map(|copy| (copy.dump, copy.filestore)).collect()
    }

    #[test]
    fn dumps_find_their_filestores() {
        type Case = (&'static [(&'static str, u64)], &'static [(Option<u64>, Option<u64>)]);
        let cases: [Case; 8] = [
            (&[], &[]),
            (
                &[("backup-20260529T020000.dump.gz", 1), ("filestore-20260529T020000.tar.gz", 2)],
                &[(Some(1), Some(2))],
            ),
            // Stamps a few minutes apart, either way.
            (
                &[("backup-20260529T020000.dump.gz", 1), ("filestore-20260529T020412.tar.gz", 2)],
                &[(Some(1), Some(2))],
            ),
            (
                &[
                    ("backup-20260529T020412.dump.gz.age", 1),
                    ("filestore-20260529T020000.tar.gz", 2),
                ],
                &[(Some(1), Some(2))],
            ),
            // Too far apart.
            (
                &[("backup-20260529T020000.dump.gz", 1), ("filestore-20260529T021001.tar.gz", 2)],
                &[(None, Some(2)), (Some(1), None)],
            ),
            // The second try is nearer to the filestore than the first.
            (
                &[
                    ("backup-20260529T020000.dump.gz", 1),
                    ("backup-20260529T020500.dump.gz", 3),
                    ("filestore-20260529T020600.tar.gz", 2),
                ],
                &[(Some(3), Some(2)), (Some(1), None)],
            ),
            // The same stamp is better than a near one.
            (
                &[
                    ("backup-20260529T020000.dump.gz", 1),
                    ("filestore-20260529T020000.tar.gz", 2),
                    ("filestore-20260529T020100.tar.gz", 4),
                ],
                &[(None, Some(4)), (Some(1), Some(2))],
            ),
            // Insurance and daily never pair.
            (
                &[
                    ("insurance/backup-20260529T020000.dump.gz", 1),
                    ("filestore-20260529T020000.tar.gz", 2),
                ],
                &[(Some(1), None), (None, Some(2))],
            ),
        ];
        for (objects, wanted) in cases {
            assert_eq!(halves(&shelf(objects)), wanted, "{objects:?}");
        }
    }

    #[test]
    fn what_is_not_understood_is_counted_with_its_bytes() {
        let mut builder = ShelfBuilder::new("acme", DRIFT);
        let when = at("2026-05-29T00:00:00Z");
        builder.add("acme/notes.txt", 5, when);
        builder.add("bob/backup-20260529T020000.dump.gz", 7, when);
        builder.add("acme/\u{1b}[2J", 11, when);
        let shelf = builder.build();
        assert_eq!((shelf.stray(), shelf.bytes(), shelf.copies().len()), (3, 23, 0));
        assert_eq!(shelf.strays().len(), 3);
        assert!(shelf.strays().iter().any(|name| name == "acme/␛[2J"));
    }

    #[test]
    fn a_moved_object_keeps_its_age() {
        for (stamp, written, taken) in [
            ("20260529T020000", "2026-05-28T23:00:31Z", "2026-05-28T23:00:31Z"),
            ("20260529T020000", "2026-05-29T02:10:00Z", "2026-05-29T02:10:00Z"),
            ("20260501T020000", "2026-05-29T02:10:00Z", "2026-05-01T02:00:00Z"),
            ("20990101T020000", "2026-05-29T02:10:00Z", "2026-05-29T02:10:00Z"),
        ] {
            let mut builder = ShelfBuilder::new("acme", DRIFT);
            builder.add(&format!("acme/backup-{stamp}.dump.gz"), 1, at(written));
            assert_eq!(builder.build().copies()[0].taken(), at(taken), "{stamp}");
        }
    }

    #[test]
    fn the_trend_is_oldest_first_and_daily() {
        let shelf = shelf(&[
            ("backup-20260529T020000.dump.gz", 3),
            ("backup-20260527T020000.dump.gz", 1),
            ("backup-20260528T020000.dump.gz", 2),
            ("filestore-20260529T020000.tar.gz", 9),
            ("insurance/backup-20260528T120000.dump.gz", 8),
        ]);
        assert_eq!(shelf.trend(2), [2, 3]);
        assert_eq!(shelf.trend(9), [1, 2, 3]);
        assert_eq!(shelf.last_good(true).and_then(|copy| copy.dump), Some(3));
    }

    #[test]
    fn of_too_many_objects_the_newest_are_paired() {
        let objects = ShelfBuilder::MOST as u64 * 2 + 100;
        let mut builder = ShelfBuilder::new("acme", DRIFT);
        let first = at("2000-01-01T00:00:00Z");
        for n in 0..objects {
            let when = first.after(Span::from_secs(n * 3_600));
            let stamp = when.utc().format("%Y%m%dT%H%M%S");
            builder.add(&format!("acme/backup-{stamp}.dump.gz"), 1, when);
        }
        let shelf = builder.build();
        assert_eq!((shelf.copies().len(), shelf.bytes()), (ShelfBuilder::MOST, objects));
        assert_eq!(u64::from(shelf.unlisted()), objects - ShelfBuilder::MOST as u64);
        let newest = first.after(Span::from_secs((objects - 1) * 3_600));
        assert_eq!(shelf.copies()[0].at, newest);
    }

    /// An object: its key, bytes and the seconds it was written after its stamp.
    fn object() -> impl Strategy<Value = (String, u64, Timestamp)> {
        (0..40_u64, 0..5_u64, 0..5_u8, any::<u32>(), 0..200_000_u64).prop_map(
            |(day, shift, form, bytes, late)| {
                let taken =
                    at("2026-04-01T02:00:00Z").after(Span::from_secs(day * 43_200 + shift * 200));
                let stamp = taken.utc().format("%Y%m%dT%H%M%S");
                let key = match form {
                    0 | 1 => format!("acme/backup-{stamp}.dump.gz"),
                    2 => format!("acme/filestore-{stamp}.tar.gz"),
                    3 => format!("acme/insurance/backup-{stamp}.dump.gz"),
                    _ => format!("acme/part-{stamp}"),
                };
                (key, u64::from(bytes), taken.after(Span::from_secs(late)))
            },
        )
    }

    fn built(objects: &[(String, u64, Timestamp)]) -> Shelf {
        let mut builder = ShelfBuilder::new("acme", DRIFT);
        for (key, bytes, when) in objects {
            builder.add(key, *bytes, *when);
        }
        builder.build()
    }

    proptest! {
        #[test]
        fn any_order_of_objects_gives_the_same_shelf(
            (objects, other) in prop::collection::vec(object(), 0..60)
                .prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))
        ) {
            prop_assert_eq!(built(&objects), built(&other));
        }

        #[test]
        fn pairing_loses_no_bytes_and_no_object(objects in prop::collection::vec(object(), 0..60)) {
            let shelf = built(&objects);
            let fed: u64 = objects.iter().map(|object| object.1).sum();
            prop_assert_eq!(shelf.bytes(), fed);
            let strange = objects.iter().filter(|object| object.0.contains("part"));
            let strays = strange.clone().count();
            let stray_bytes: u64 = strange.map(|object| object.1).sum();
            let paired: u64 = shelf.copies().iter().map(Backup::bytes).sum();
            prop_assert_eq!(paired + stray_bytes, fed);
            let halves = |copy: &Backup| usize::from(copy.dump.is_some()) + usize::from(copy.filestore.is_some());
            prop_assert_eq!(shelf.copies().iter().map(halves).sum::<usize>() + strays, objects.len());
            prop_assert!(shelf.copies().is_sorted_by(|a, b| a.taken() >= b.taken()));
        }
    }
}
