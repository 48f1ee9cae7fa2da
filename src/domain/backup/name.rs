//! What the name of an object in the bucket of backups says.

use std::fmt;

use chrono::{DateTime, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::domain::Timestamp;

/// Which half of a backup an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The dump of the database.
    Dump,
    /// The archive of the files beside the database.
    Filestore,
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Dump => "dump",
            Self::Filestore => "filestore",
        })
    }
}

/// The date and time that stand in a name. **No zone is written there**, so it orders and pairs names, and says when a
/// backup was made only to within a zone's offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stamp(u32);

impl Stamp {
    /// Reads `YYYYMMDDTHHMMSS`; none when it isn't a time of the calendar between 1970 and 2106.
    #[must_use]
    pub fn parse(raw: &str) -> Option<Self> {
        let (date, time) = raw.split_once('T')?;
        if date.len() != 8 || time.len() != 6 {
            return None;
        }
        let [year, month, day] = [number(date, 0, 4)?, number(date, 4, 6)?, number(date, 6, 8)?];
        let [hour, min, sec] = [number(time, 0, 2)?, number(time, 2, 4)?, number(time, 4, 6)?];
        let day = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)?;
        let at = day.and_hms_opt(hour, min, sec)?.and_utc().timestamp();
        u32::try_from(at).ok().map(Self)
    }

    /// The stamp that reads like `local`, were that written in UTC; the nearest that a stamp can be.
    #[must_use]
    pub fn of(local: Timestamp) -> Self {
        let secs = local.ms().div_euclid(1000).clamp(0, i64::from(u32::MAX));
        Self(u32::try_from(secs).unwrap_or(u32::MAX))
    }

    /// The point in time that it would be, were it written in UTC.
    #[must_use]
    pub const fn as_if_utc(self) -> Timestamp {
        // Widening: u32 seconds in milliseconds are far inside i64.
        Timestamp::from_ms(self.0 as i64 * 1000)
    }

    /// The seconds between two stamps.
    pub(super) const fn distance(self, other: Self) -> u32 {
        self.0.abs_diff(other.0)
    }
}

/// The digits of `raw` from `from` up to `to` as a number; none when there is anything else.
fn number(raw: &str, from: usize, to: usize) -> Option<u32> {
    let digits = raw.get(from..to)?;
    // `parse` would take a sign.
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = DateTime::from_timestamp(i64::from(self.0), 0).unwrap_or_default();
        f.pad(&at.format("%Y%m%dT%H%M%S").to_string())
    }
}

/// The key of an object, understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BackupName<'a> {
    /// Whose it is: the first folder, as it stands there.
    pub tenant: &'a str,
    /// Which half it is.
    pub part: Part,
    /// The time in its name.
    pub stamp: Stamp,
    /// Whether it was taken before something destructive.
    pub insurance: bool,
    /// Whether the name says that it is encrypted with age. Without it nothing is known: objects may be encrypted
    /// and not say so.
    pub age: bool,
}

impl<'a> BackupName<'a> {
    /// Reads the key of an object in the bucket; none when it isn't the name of a backup.
    #[must_use]
    pub fn parse(key: &'a str) -> Option<Self> {
        let (tenant, rest) = key.split_once('/')?;
        let (insurance, file) = match rest.strip_prefix("insurance/") {
            Some(file) => (true, file),
            None => (false, rest),
        };
        let (age, file) = match file.strip_suffix(".age") {
            Some(file) => (true, file),
            None => (false, file),
        };
        let dump = file.strip_prefix("backup-").and_then(|file| file.strip_suffix(".dump.gz"));
        let (part, stamp) = if let Some(stamp) = dump {
            (Part::Dump, stamp)
        } else {
            let stamp = file.strip_prefix("filestore-")?.strip_suffix(".tar.gz")?;
            (Part::Filestore, stamp)
        };
        let stamp = Stamp::parse(stamp)?;
        (!tenant.is_empty()).then_some(Self { tenant, part, stamp, insurance, age })
    }
}

/// Whose shelf the object `key` stands on, understood or not: its first folder, or nobody's (`""`).
#[must_use]
pub fn owner(key: &str) -> &str {
    key.split_once('/').map_or("", |(tenant, _)| tenant)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_backups_are_read() {
        for (key, part, insurance, age) in [
            ("acme/backup-20260529T020000.dump.gz", Part::Dump, false, false),
            ("acme/filestore-20260529T020000.tar.gz", Part::Filestore, false, false),
            ("acme/backup-20260529T020000.dump.gz.age", Part::Dump, false, true),
            ("acme/filestore-20260529T020000.tar.gz.age", Part::Filestore, false, true),
            ("acme/insurance/backup-20260529T020000.dump.gz", Part::Dump, true, false),
            ("acme/insurance/filestore-20260529T020000.tar.gz", Part::Filestore, true, false),
        ] {
            let name = BackupName::parse(key).expect(key);
            let stamp = Stamp::parse("20260529T020000").expect("a stamp");
            assert_eq!(name, BackupName { tenant: "acme", part, stamp, insurance, age });
        }
    }

    #[test]
    fn other_names_are_not() {
        for key in [
            "",
            "/",
            "acme",
            "acme/",
            "acme/insurance/",
            "/backup-20260529T020000.dump.gz",
            "backup-20260529T020000.dump.gz",
            "acme/backup-20260529T020000.dump",
            "acme/backup-20260529T020000.tar.gz",
            "acme/filestore-20260529T020000.dump.gz",
            "acme/backup-20260529T020000.dump.gz.tmp",
            "acme/backup-20260529T0200.dump.gz",
            "acme/backup-20260529-020000.dump.gz",
            "acme/backup-20260230T020000.dump.gz",
            "acme/backup-20260529T250000.dump.gz",
            "acme/backup-+2260529T020000.dump.gz",
            "acme/backup-19691231T235959.dump.gz",
            "acme/backup-21070101T000000.dump.gz",
            "acme/backup-2026052éT02000.dump.gz",
            "acme/old/backup-20260529T020000.dump.gz",
            "acme/insurance/insurance/backup-20260529T020000.dump.gz",
        ] {
            assert_eq!(BackupName::parse(key), None, "{key}");
        }
    }

    #[test]
    fn every_object_has_an_owner() {
        for (key, whose) in [("acme/x", "acme"), ("acme/a/b", "acme"), ("x", ""), ("/x", "")] {
            assert_eq!(owner(key), whose);
        }
    }

    proptest! {
        #[test]
        fn a_stamp_is_shown_as_it_was_read(secs in any::<u32>()) {
            let shown = Stamp(secs).to_string();
            prop_assert_eq!(Stamp::parse(&shown), Some(Stamp(secs)));
        }

        #[test]
        fn no_name_is_too_strange_to_read(key in any::<String>()) {
            let _ = BackupName::parse(&key);
            let _ = owner(&key);
        }
    }
}
