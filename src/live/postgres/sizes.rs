//! Which database is measured next: those on the screen first, then slowly the others, each of them rarely.
//!
//! It knows no server and no clock: a size that was measured is kept with its time until it is measured again.

use std::collections::HashMap;

use super::connect::Spent;
use crate::domain::{Measured, Span, Text, Timestamp};

/// A size on the screen is measured anew after this time.
const SEEN_AGAIN: Span = Span::from_secs(5 * 60);

/// Any other size.
const UNSEEN_AGAIN: Span = Span::from_secs(60 * 60);

/// When tables were last vacuumed is asked for again after this time, and only for what is on the screen.
const VISIT_AGAIN: Span = Span::from_secs(15 * 60);

/// What there is to find out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Work {
    /// The size of the database with this id; whether it is on the screen.
    Size(u32, bool),
    /// When a table of the database with this id and name was last vacuumed.
    Visit(u32, Text),
}

/// What was found out about the databases one at a time, and what that cost.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    known: HashMap<u32, Entry>,
    /// Whether the server is well: one that is not is left alone.
    well: bool,
    spent: Spent,
}

#[derive(Clone, Debug, Default)]
struct Entry {
    name: Text,
    may_connect: bool,
    size: Option<Measured>,
    /// When its size was last asked for, with or without success.
    asked: Option<Timestamp>,
    refused: bool,
    vacuumed: Option<Timestamp>,
    visited: Option<Timestamp>,
}

impl Sizes {
    /// These databases exist, and no others: id, name, and whether the role may connect.
    pub(super) fn keep<'a>(&mut self, databases: impl Iterator<Item = (u32, &'a Text, bool)>) {
        let mut before = std::mem::take(&mut self.known);
        for (id, name, may_connect) in databases {
            let mut entry = before.remove(&id).unwrap_or_default();
            entry.name = name.clone();
            entry.may_connect = may_connect;
            self.known.insert(id, entry);
        }
    }

    /// The server is well, or not.
    pub(super) const fn set_well(&mut self, well: bool) {
        self.well = well;
    }

    /// What to find out next for one who sees the databases `seen`.
    pub(super) fn next(&self, now: Timestamp, seen: &[Text]) -> Option<Work> {
        if !self.well {
            return None;
        }
        let due = |at: Option<Timestamp>, again| at.is_none_or(|at| now.since(at) >= again);
        let mut visible: Vec<_> =
            self.known.iter().filter(|(_, entry)| seen.contains(&entry.name)).collect();
        // In the order of the screen.
        visible.sort_by_key(|(_, entry)| seen.iter().position(|name| *name == entry.name));
        for (id, entry) in &visible {
            if due(entry.asked, SEEN_AGAIN) {
                return Some(Work::Size(**id, true));
            }
        }
        for (id, entry) in &visible {
            if entry.may_connect && due(entry.visited, VISIT_AGAIN) {
                return Some(Work::Visit(**id, entry.name.clone()));
            }
        }
        let (id, _) = self
            .known
            .iter()
            .filter(|(_, entry)| due(entry.asked, UNSEEN_AGAIN))
            .min_by_key(|(id, entry)| (entry.asked, **id))?;
        Some(Work::Size(*id, false))
    }

    /// The size of `id` was asked for; what it is, where it was told.
    pub(super) fn sized(&mut self, id: u32, bytes: Option<u64>, now: Timestamp) {
        if let Some(entry) = self.known.get_mut(&id) {
            entry.asked = Some(now);
            entry.refused = false;
            if let Some(bytes) = bytes {
                entry.size = Some(Measured { bytes, at: now });
            }
        }
    }

    /// The role may not know the size of `id`.
    pub(super) fn refused(&mut self, id: u32, now: Timestamp) {
        if let Some(entry) = self.known.get_mut(&id) {
            entry.asked = Some(now);
            entry.refused = true;
        }
    }

    /// The database `id` was visited: when one of its tables was last vacuumed, where any was.
    pub(super) fn visited(&mut self, id: u32, vacuumed: Option<Timestamp>, now: Timestamp) {
        if let Some(entry) = self.known.get_mut(&id) {
            entry.visited = Some(now);
            entry.vacuumed = vacuumed.or(entry.vacuumed);
        }
    }

    /// The size of `id`, and when one of its tables was last vacuumed, as far as known.
    pub(super) fn of(&self, id: u32) -> (Option<Measured>, Option<Timestamp>) {
        self.known.get(&id).map_or((None, None), |entry| (entry.size, entry.vacuumed))
    }

    /// How many databases the role may not know the size of.
    pub(super) fn refusals(&self) -> usize {
        self.known.values().filter(|entry| entry.refused).count()
    }

    /// Notes what asking cost.
    pub(super) fn spend(&mut self, spent: Spent) {
        self.spent.asked += spent.asked;
        self.spent.took = Span::from_ms(self.spent.took.ms() + spent.took.ms());
    }

    /// What asking has cost since this was last asked.
    pub(super) fn spent(&mut self) -> Spent {
        std::mem::take(&mut self.spent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_ms(secs * 1000)
    }

    fn three() -> (Sizes, [Text; 3]) {
        let names = ["a", "b", "c"].map(Text::clean);
        let mut sizes = Sizes::default();
        sizes.keep((1..).zip(&names).map(|(id, name)| (id, name, id != 3)));
        sizes.set_well(true);
        (sizes, names)
    }

    #[test]
    fn what_is_seen_comes_first_and_nothing_is_measured_twice_in_a_row() {
        let (mut sizes, [a, b, c]) = three();
        let seen = [c, b];
        let mut done = Vec::new();
        while let Some(work) = sizes.next(at(10), &seen) {
            match &work {
                Work::Size(id, _) => sizes.sized(*id, Some(7), at(10)),
                Work::Visit(id, _) => sizes.visited(*id, None, at(10)),
            }
            done.push(work);
        }
        let visit = Work::Visit(2, seen[1].clone());
        assert_eq!(done, [Work::Size(3, true), Work::Size(2, true), visit, Work::Size(1, false)]);
        assert_eq!(sizes.of(2).0, Some(Measured { bytes: 7, at: at(10) }));
        assert_eq!(sizes.next(at(309), &seen), None);
        assert_eq!(sizes.next(at(310), &seen), Some(Work::Size(3, true)));
        assert_eq!(sizes.next(at(310), std::slice::from_ref(&a)), Some(Work::Size(1, true)));
        assert_eq!(sizes.next(at(3_609), &[]), None);
        assert_eq!(sizes.next(at(3_610), &[]), Some(Work::Size(1, false)));
    }

    #[test]
    fn a_server_that_is_not_well_is_left_alone_and_a_size_outlives_that() {
        let (mut sizes, names) = three();
        sizes.sized(1, Some(5), at(1));
        sizes.set_well(false);
        assert_eq!(sizes.next(at(9_999), &names), None);
        sizes.set_well(true);
        sizes.refused(2, at(2));
        assert_eq!(sizes.refusals(), 1);
        sizes.keep([(1, &names[0], true)].into_iter());
        assert_eq!((sizes.of(1).0.map(|size| size.bytes), sizes.of(2).0), (Some(5), None));
        assert_eq!(sizes.refusals(), 0);
    }
}
