//! Which rows changed since when: lets a view follow a table without reading it whole.

use std::collections::VecDeque;

use super::table::Slot;

/// How many changes are remembered. A view that is further behind is redone whole, which costs less than
/// following so many single changes.
const REMEMBERED: usize = 4096;

/// The newest changes of a table, each a revision.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes {
    revision: u64,
    slots: VecDeque<Slot>,
}

impl Changes {
    /// Notes that the row at `slot` changed.
    pub(super) fn note(&mut self, slot: Slot) {
        if self.slots.len() == REMEMBERED {
            self.slots.pop_front();
        }
        self.slots.push_back(slot);
        self.revision += 1;
    }

    /// Notes that everything may have changed.
    pub(super) fn note_all(&mut self) {
        self.slots.clear();
        self.revision += 1;
    }

    /// The number of changes ever noted.
    pub(super) const fn revision(&self) -> u64 {
        self.revision
    }

    /// The slots changed since `revision`; none when they are no longer known one by one.
    pub(super) fn since(&self, revision: u64) -> Option<Vec<Slot>> {
        let missed = usize::try_from(self.revision.checked_sub(revision)?).ok()?;
        let skip = self.slots.len().checked_sub(missed)?;
        Some(self.slots.iter().skip(skip).copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_told_until_they_are_too_old() {
        let mut changes = Changes::default();
        changes.note(5);
        let seen = changes.revision();
        changes.note(7);
        changes.note(9);
        assert_eq!(changes.since(seen), Some(vec![7, 9]));
        assert_eq!(changes.since(changes.revision()), Some(vec![]));
        changes.note_all();
        assert_eq!(changes.since(seen), None);
        (0..5000).for_each(|slot| changes.note(slot));
        assert_eq!(changes.since(seen), None);
    }
}
