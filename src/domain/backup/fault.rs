//! What is wrong with a shelf of backups, and how long each is kept.

use std::fmt;

use super::name::Part;
use super::shelf::{Backup, Shelf};
use crate::domain::{Health, Span, Timestamp};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// From where on something is wrong, and how long backups are kept. The defaults are the platform's published figures,
/// and for the rest what follows from one backup a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// From this age on, the newest daily backup is late.
    pub late: Span,
    /// From this age on, more than one run is missing.
    pub lost: Span,
    /// For so long after the first half was written, the other may still be on its way.
    pub settle: Span,
    /// So far apart may the stamps of a dump and its filestore be; give it to [`ShelfBuilder::new`](super::ShelfBuilder::new).
    pub drift: Span,
    /// Below this many percent of the usual size, a dump is small.
    pub small_percent: u32,
    /// The usual size is the median of at most so many dumps before it,
    pub usual_of: usize,
    /// and of at least so many: with fewer nothing is usual.
    pub usual_needs: usize,
    /// How long daily backups of the tier `starter` are kept,
    pub starter: Span,
    /// of `pro`,
    pub pro: Span,
    /// of `enterprise`,
    pub enterprise: Span,
    /// and of the platform's own databases.
    pub platform: Span,
    /// How long an insurance backup is kept at least, whatever the tier.
    pub insurance: Span,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            late: Span::from_secs(26 * HOUR),
            lost: Span::from_secs(50 * HOUR),
            settle: Span::from_secs(HOUR / 2),
            drift: Span::from_secs(HOUR / 6),
            small_percent: 50,
            usual_of: 7,
            usual_needs: 3,
            starter: Span::from_secs(30 * DAY),
            pro: Span::from_secs(90 * DAY),
            enterprise: Span::from_secs(365 * DAY),
            platform: Span::from_secs(90 * DAY),
            insurance: Span::from_secs(7 * DAY),
        }
    }
}

impl Rules {
    /// How long daily backups of this owner are kept; none when the tier has no published figure.
    #[must_use]
    pub fn retention(&self, owner: &Owner<'_>) -> Option<Span> {
        match owner {
            Owner::Platform => Some(self.platform),
            Owner::Unknown => None,
            Owner::Tenant { tier, .. } => match *tier {
                "starter" => Some(self.starter),
                "pro" => Some(self.pro),
                "enterprise" => Some(self.enterprise),
                _ => None,
            },
        }
    }

    /// Until when an insurance backup is certainly kept; none for a daily one. When it really goes is not known.
    #[must_use]
    pub fn protected_until(&self, copy: &Backup) -> Option<Timestamp> {
        copy.insurance.then(|| copy.at.after(self.insurance))
    }
}

/// Whose backups are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner<'a> {
    /// A tenant.
    Tenant {
        /// Its tier, as its record has it.
        tier: &'a str,
        /// Since when it exists: a new tenant has no backup before its first night. None when that isn't known.
        since: Option<Timestamp>,
    },
    /// The platform's own databases: a dump has no filestore.
    Platform,
    /// No tenant that is known: what is there is judged by age and size alone, and having nothing is no fault.
    Unknown,
}

/// One thing that is wrong with a shelf. Sorting puts the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// There is no daily backup with a dump.
    Missing,
    /// This half of the newest daily backup has no bytes.
    Empty(Part),
    /// The newest daily dump is this old.
    Late(Span),
    /// The newest daily backup is only this half.
    Half(Part),
    /// The newest dump has this many percent of the usual size.
    Small {
        /// Of the median of those before it, rounded down.
        percent: u32,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&match self {
            Self::Missing => "no daily backup".to_owned(),
            Self::Empty(part) => format!("the {part} is empty"),
            Self::Late(age) => format!("late: {age} old"),
            Self::Half(Part::Dump) => "half: no filestore".to_owned(),
            Self::Half(Part::Filestore) => "half: no dump".to_owned(),
            Self::Small { percent } => format!("small: {percent} % of usual"),
        })
    }
}

impl Shelf {
    /// What is wrong at `now`, worst first; empty when nothing is.
    #[must_use]
    pub fn faults(&self, now: Timestamp, owner: &Owner<'_>, rules: &Rules) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.unreadable().is_some() {
            return faults;
        }
        match self.daily().find(|copy| copy.dump.is_some()) {
            None if expected(now, owner, rules) => faults.push(Fault::Missing),
            None => {}
            Some(newest) => {
                let age = now.since(newest.taken());
                faults.extend((age > rules.late).then_some(Fault::Late(age)));
                faults.extend(self.small(rules));
            }
        }
        if let Some(newest) = self.daily().next() {
            let empty = |size, part| (size == Some(0)).then_some(Fault::Empty(part));
            faults.extend(empty(newest.dump, Part::Dump));
            faults.extend(empty(newest.filestore, Part::Filestore));
        }
        faults.extend(self.half(now, owner, rules));
        faults.sort_unstable();
        faults
    }

    /// How well the shelf is at `now`.
    #[must_use]
    pub fn health(&self, now: Timestamp, owner: &Owner<'_>, rules: &Rules) -> Health {
        let of = |fault: &Fault| match fault {
            Fault::Missing | Fault::Empty(_) => Health::Failed,
            Fault::Late(age) if *age > rules.lost => Health::Failed,
            Fault::Late(_) | Fault::Half(_) | Fault::Small { .. } => Health::Degraded,
        };
        let worst = self.faults(now, owner, rules).iter().map(of).min();
        let none = self.daily().next().is_none();
        worst.unwrap_or(if none { Health::Unknown } else { Health::Healthy })
    }

    /// When the next daily backup goes, by the tier's retention; none when nothing is left to go or the retention
    /// isn't known. Insurance backups are not among them: only how long they stay at least is known.
    #[must_use]
    pub fn next_expiry(
        &self,
        now: Timestamp,
        owner: &Owner<'_>,
        rules: &Rules,
    ) -> Option<Timestamp> {
        let kept = rules.retention(owner)?;
        self.daily().map(|copy| copy.at.after(kept)).filter(|end| *end > now).min()
    }

    /// How many daily backups are still there though the tier's retention is over.
    #[must_use]
    pub fn overdue(&self, now: Timestamp, owner: &Owner<'_>, rules: &Rules) -> usize {
        let over = |kept| self.daily().filter(|copy| copy.at.after(kept) <= now).count();
        rules.retention(owner).map_or(0, over)
    }

    /// The insurance backups that are certainly kept at `now`, newest first.
    pub fn protected<'a>(
        &'a self,
        now: Timestamp,
        rules: &'a Rules,
    ) -> impl Iterator<Item = &'a Backup> {
        let held = move |copy: &&Backup| rules.protected_until(copy).is_some_and(|end| end > now);
        self.insurance().filter(held)
    }

    /// The newest daily backup that has had time to become whole, when it isn't.
    fn half(&self, now: Timestamp, owner: &Owner<'_>, rules: &Rules) -> Option<Fault> {
        if *owner == Owner::Platform {
            return None;
        }
        let settled = |copy: &&Backup| copy.is_whole() || now.since(copy.at) > rules.settle;
        let newest = self.daily().find(settled)?;
        match (newest.dump, newest.filestore) {
            (Some(_), None) => Some(Fault::Half(Part::Dump)),
            (None, Some(_)) => Some(Fault::Half(Part::Filestore)),
            _ => None,
        }
    }

    /// The newest daily dump in thousandths of the median of those before it, rounded down. None while nothing is usual;
    /// empty dumps say nothing of what is.
    #[must_use]
    pub fn of_usual(&self, rules: &Rules) -> Option<u16> {
        let mut dumps = self.daily().filter_map(|copy| copy.dump);
        let newest = dumps.next()?;
        let mut before: Vec<u64> = dumps.filter(|bytes| *bytes > 0).take(rules.usual_of).collect();
        if before.len() < rules.usual_needs {
            return None;
        }
        before.sort_unstable();
        let usual = before.get(before.len() / 2).copied()?;
        let share = u128::from(newest) * 1000 / u128::from(usual).max(1);
        Some(u16::try_from(share).unwrap_or(u16::MAX))
    }

    /// The newest daily dump, when it is far below what is usual; one without bytes is a fault of its own.
    fn small(&self, rules: &Rules) -> Option<Fault> {
        let newest = self.daily().find_map(|copy| copy.dump)?;
        let percent = u32::from(self.of_usual(rules)? / 10);
        (newest > 0 && percent < rules.small_percent).then_some(Fault::Small { percent })
    }
}

/// Whether there should be a daily backup by now.
fn expected(now: Timestamp, owner: &Owner<'_>, rules: &Rules) -> bool {
    match owner {
        Owner::Tenant { since, .. } => since.is_none_or(|since| now.since(since) > rules.late),
        Owner::Platform => true,
        Owner::Unknown => false,
    }
}

#[cfg(test)]
mod tests {
    use super::super::ShelfBuilder;
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).expect("a time")
    }

    const PRO: Owner<'_> = Owner::Tenant { tier: "pro", since: None };

    /// A shelf of daily backups, newest first: dump and filestore, made at 02:00 UTC from 2026-05-29 back.
    fn daily(copies: &[(Option<u64>, Option<u64>)]) -> Shelf {
        let mut builder = ShelfBuilder::new("acme", Rules::default().drift);
        for (n, (dump, filestore)) in copies.iter().enumerate() {
            let when = at("2026-05-29T02:00:00Z").before(Span::from_secs(n as u64 * DAY));
            let stamp = when.utc().format("%Y%m%dT%H%M%S");
            if let Some(bytes) = dump {
                builder.add(&format!("acme/backup-{stamp}.dump.gz"), *bytes, when);
            }
            if let Some(bytes) = filestore {
                builder.add(&format!("acme/filestore-{stamp}.tar.gz"), *bytes, when);
            }
        }
        builder.build()
    }

    #[test]
    fn faults_are_found_and_weighed() {
        type Case = (&'static [(Option<u64>, Option<u64>)], &'static str, &'static [Fault], Health);
        const fn hours(n: u64) -> Span {
            Span::from_secs(n * HOUR)
        }
        const FULL: (Option<u64>, Option<u64>) = (Some(100), Some(900));
        const CASES: &[Case] = &[
            (&[], "2026-05-29T12:00:00Z", &[Fault::Missing], Health::Failed),
            (&[FULL], "2026-05-29T12:00:00Z", &[], Health::Healthy),
            (&[FULL], "2026-05-30T04:00:00Z", &[], Health::Healthy),
            (&[FULL], "2026-05-30T05:00:00Z", &[Fault::Late(hours(27))], Health::Degraded),
            (&[FULL], "2026-05-31T05:00:00Z", &[Fault::Late(hours(51))], Health::Failed),
            // A clock that is behind makes nothing late.
            (&[FULL], "2026-05-28T05:00:00Z", &[], Health::Healthy),
            // The other half may still be on its way.
            (&[(Some(100), None), FULL], "2026-05-29T02:20:00Z", &[], Health::Healthy),
            (
                &[(Some(100), None), FULL],
                "2026-05-29T02:40:00Z",
                &[Fault::Half(Part::Dump)],
                Health::Degraded,
            ),
            (
                &[(None, Some(9)), FULL],
                "2026-05-29T09:00:00Z",
                &[Fault::Late(hours(31)), Fault::Half(Part::Filestore)],
                Health::Degraded,
            ),
            (
                &[(None, Some(9))],
                "2026-05-29T09:00:00Z",
                &[Fault::Missing, Fault::Half(Part::Filestore)],
                Health::Failed,
            ),
            (
                &[(Some(0), Some(9)), FULL, FULL, FULL],
                "2026-05-29T09:00:00Z",
                &[Fault::Empty(Part::Dump)],
                Health::Failed,
            ),
            (
                &[(Some(49), Some(9)), FULL, FULL, FULL],
                "2026-05-29T09:00:00Z",
                &[Fault::Small { percent: 49 }],
                Health::Degraded,
            ),
            (
                &[(Some(50), Some(9)), FULL, FULL, FULL],
                "2026-05-29T09:00:00Z",
                &[],
                Health::Healthy,
            ),
            // Two dumps are no habit yet, and empty ones make none.
            (&[(Some(9), Some(9)), FULL, FULL], "2026-05-29T09:00:00Z", &[], Health::Healthy),
            (
                &[(Some(9), Some(9)), FULL, (Some(0), Some(1)), FULL],
                "2026-05-29T09:00:00Z",
                &[],
                Health::Healthy,
            ),
        ];
        for (copies, now, faults, health) in CASES {
            let (shelf, rules) = (daily(copies), Rules::default());
            assert_eq!(shelf.faults(at(now), &PRO, &rules), *faults, "{copies:?} at {now}");
            assert_eq!(shelf.health(at(now), &PRO, &rules), *health, "{copies:?} at {now}");
        }
    }

    #[test]
    fn only_the_last_seven_say_what_is_usual() {
        let mut copies = vec![(Some(60), Some(1))];
        copies.extend([(Some(100), Some(1)); 7]);
        copies.extend([(Some(9_000), Some(1)); 20]);
        let now = at("2026-05-29T09:00:00Z");
        assert_eq!(daily(&copies).faults(now, &PRO, &Rules::default()), []);
        let strict = Rules { small_percent: 61, ..Rules::default() };
        assert_eq!(daily(&copies).faults(now, &PRO, &strict), [Fault::Small { percent: 60 }]);
    }

    #[test]
    fn owners_are_judged_by_what_they_are() {
        let (rules, now) = (Rules::default(), at("2026-05-29T12:00:00Z"));
        let new = Owner::Tenant { tier: "pro", since: Some(at("2026-05-29T10:00:00Z")) };
        let old = Owner::Tenant { tier: "pro", since: Some(at("2026-05-27T10:00:00Z")) };
        for (owner, copies, health) in [
            (new, &[][..], Health::Unknown),
            (old, &[], Health::Failed),
            (Owner::Platform, &[], Health::Failed),
            (Owner::Unknown, &[], Health::Unknown),
            (Owner::Platform, &[(Some(1), None)], Health::Healthy),
            (old, &[(Some(1), None)], Health::Degraded),
        ] {
            assert_eq!(daily(copies).health(now, &owner, &rules), health, "{owner:?} {copies:?}");
        }
    }

    #[test]
    fn retention_is_the_tiers() {
        let rules = Rules::default();
        let tier = |tier| Owner::Tenant { tier, since: None };
        for (owner, days) in [
            (tier("starter"), Some(30)),
            (tier("pro"), Some(90)),
            (tier("enterprise"), Some(365)),
            (tier("gold"), None),
            (Owner::Platform, Some(90)),
            (Owner::Unknown, None),
        ] {
            let kept = days.map(|days| Span::from_secs(days * DAY));
            assert_eq!(rules.retention(&owner), kept, "{owner:?}");
        }
    }

    #[test]
    fn the_oldest_goes_next() {
        let shelf = daily(&[(Some(1), Some(1)); 32]);
        let (rules, now) = (Rules::default(), at("2026-05-29T03:00:00Z"));
        let starter = Owner::Tenant { tier: "starter", since: None };
        // The one of 29 April at 02:00 should be gone, the one of 30 April is the next.
        assert_eq!(shelf.overdue(now, &starter, &rules), 2);
        let next = at("2026-04-30T02:00:00Z").after(rules.starter);
        assert_eq!(shelf.next_expiry(now, &starter, &rules), Some(next));
        assert_eq!(shelf.overdue(now, &PRO, &rules), 0);
        assert_eq!(shelf.next_expiry(now, &Owner::Unknown, &rules), None);
    }

    #[test]
    fn insurance_has_a_floor_and_is_no_daily_backup() {
        let mut builder = ShelfBuilder::new("acme", Rules::default().drift);
        for day in ["20260520", "20260527"] {
            let key = format!("acme/insurance/backup-{day}T100000.dump.gz");
            let written = format!("{}-{}-{}T07:01:00Z", &day[..4], &day[4..6], &day[6..]);
            builder.add(&key, 1, at(&written));
        }
        let (shelf, rules, now) = (builder.build(), Rules::default(), at("2026-05-29T12:00:00Z"));
        let held: Vec<_> = shelf.protected(now, &rules).collect();
        assert_eq!(held.len(), 1);
        assert_eq!(rules.protected_until(held[0]), Some(at("2026-06-03T07:01:00Z")));
        assert_eq!(shelf.faults(now, &PRO, &rules), [Fault::Missing]);
        assert_eq!(shelf.next_expiry(now, &PRO, &rules), None);
    }

    #[test]
    fn faults_are_said_in_words() {
        for (fault, said) in [
            (Fault::Missing, "no daily backup"),
            (Fault::Empty(Part::Dump), "the dump is empty"),
            (Fault::Late(Span::from_secs(27 * HOUR)), "late: 27h00m old"),
            (Fault::Small { percent: 12 }, "small: 12 % of usual"),
        ] {
            let said = said.replace("27h00m", &Span::from_secs(27 * HOUR).to_string());
            assert_eq!(fault.to_string(), said);
        }
    }
}
