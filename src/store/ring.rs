//! A history of fixed size: the newest items, and a count of those that had to go.

use std::collections::VecDeque;

/// The newest `capacity` items.
#[derive(Clone, Debug)]
pub struct Ring<T> {
    items: VecDeque<T>,
    capacity: usize,
    dropped: u64,
}

impl<T> Ring<T> {
    /// An empty ring for `capacity` items, at least one.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { items: VecDeque::new(), capacity: capacity.max(1), dropped: 0 }
    }

    /// Adds `item` as the newest; the oldest goes when the ring is full.
    pub fn push(&mut self, item: T) {
        if self.items.len() == self.capacity {
            self.items.pop_front();
            self.dropped = self.dropped.saturating_add(1);
        }
        self.items.push_back(item);
    }

    /// The items, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &T> + ExactSizeIterator {
        self.items.iter()
    }

    /// The item that was pushed as number `number`, counted from 0 over all ever pushed; none when it is gone.
    #[must_use]
    pub fn numbered(&self, number: u64) -> Option<&T> {
        self.items.get(usize::try_from(number.checked_sub(self.dropped)?).ok()?)
    }

    /// The newest item.
    #[must_use]
    pub fn newest(&self) -> Option<&T> {
        self.items.back()
    }

    /// The newest item, to be changed in place.
    pub(super) fn newest_mut(&mut self) -> Option<&mut T> {
        self.items.back_mut()
    }

    /// How many items there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// How many items had to go.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_stay_and_the_rest_is_counted() {
        let mut ring = Ring::new(3);
        for item in 0..10 {
            ring.push(item);
        }
        assert_eq!(ring.iter().copied().collect::<Vec<_>>(), [7, 8, 9]);
        assert_eq!(ring.dropped(), 7);
        assert_eq!(
            [6, 7, 9, 10].map(|n| ring.numbered(n).copied()),
            [None, Some(7), Some(9), None]
        );
    }
}
