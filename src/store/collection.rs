//! The objects of one feed: stable slots, identities, and the rule of a relisting.

use std::collections::HashMap;
use std::sync::Arc;

use super::changes::Changes;
use super::table::Slot;
use crate::domain::{Object, Record, Resource, Timestamp, Uid};

/// One object, and when this console saw it change.
#[derive(Clone, Debug)]
pub struct Held<T = Resource> {
    /// The object.
    pub object: Arc<T>,
    /// When this console saw it come to this state; none while it only knows it from a listing.
    pub changed: Option<Timestamp>,
    /// The listing that told it last.
    listing: u64,
}

/// The objects of one feed.
#[derive(Clone, Debug)]
pub struct Collection<T = Resource> {
    slots: Vec<Option<Held<T>>>,
    free: Vec<usize>,
    by_uid: HashMap<Uid, usize>,
    listing: u64,
    listing_now: bool,
    pub(super) changes: Changes,
}

impl<T> Default for Collection<T> {
    fn default() -> Self {
        Self {
            slots: Vec::new(),
            free: Vec::new(),
            by_uid: HashMap::new(),
            listing: 0,
            listing_now: false,
            changes: Changes::default(),
        }
    }
}

/// What an upsert did.
pub(super) struct Upserted<T> {
    pub(super) slot: Slot,
    /// The object's former state, when there was one.
    pub(super) before: Option<Arc<T>>,
    /// Whether it is another state than before.
    pub(super) changed: bool,
}

/// What all collections have in common, whatever they hold.
pub(super) trait Listed {
    /// A complete listing begins.
    fn begin_listing(&mut self);

    /// The listing is complete; gives what it did not tell.
    fn end_listing(&mut self) -> Vec<Uid>;

    /// Takes an object out.
    fn take(&mut self, uid: &Uid) -> Option<(Slot, Object)>;

    /// The object `uid`.
    fn object(&self, uid: &Uid) -> Option<Object>;

    /// Notes that what is shown of the object at `slot` may have changed, though it did not.
    fn touch(&mut self, slot: Slot);

    /// Notes the same of every object.
    fn touch_all(&mut self);

    /// Grows with every change.
    fn revision(&self) -> u64;

    /// Calls `each` with every object, and when it was seen to change.
    fn each(&self, each: &mut dyn FnMut(Option<Timestamp>, Object));
}

impl<T: Record> Listed for Collection<T>
where
    Object: From<Arc<T>>,
{
    fn begin_listing(&mut self) {
        self.listing += 1;
        self.listing_now = true;
    }

    fn end_listing(&mut self) -> Vec<Uid> {
        self.listing_now = false;
        self.iter()
            .filter(|(_, held)| held.listing != self.listing)
            .map(|(_, held)| held.object.uid().clone())
            .collect()
    }

    fn take(&mut self, uid: &Uid) -> Option<(Slot, Object)> {
        let index = self.by_uid.remove(uid)?;
        let held = self.slots.get_mut(index)?.take()?;
        self.free.push(index);
        self.changes.note(index as Slot);
        Some((index as Slot, held.object.into()))
    }

    fn object(&self, uid: &Uid) -> Option<Object> {
        Some(Arc::clone(&self.get(self.find(uid)?)?.object).into())
    }

    fn touch(&mut self, slot: Slot) {
        self.changes.note(slot);
    }

    fn touch_all(&mut self) {
        self.changes.note_all();
    }

    fn revision(&self) -> u64 {
        self.changes.revision()
    }

    fn each(&self, each: &mut dyn FnMut(Option<Timestamp>, Object)) {
        for (_, held) in self.iter() {
            each(held.changed, Arc::clone(&held.object).into());
        }
    }
}

impl<T> Collection<T> {
    /// The object at `slot`.
    #[must_use]
    pub fn get(&self, slot: Slot) -> Option<&Held<T>> {
        self.slots.get(usize::try_from(slot).ok()?)?.as_ref()
    }

    /// Whether the newest listing, under way or complete, has told the object at `slot`.
    pub(super) fn is_confirmed(&self, slot: Slot) -> bool {
        self.get(slot).is_some_and(|held| held.listing == self.listing)
    }

    /// Whether a listing is under way.
    pub(super) const fn is_listing(&self) -> bool {
        self.listing_now
    }

    /// Where the object `uid` is.
    #[must_use]
    pub fn find(&self, uid: &Uid) -> Option<Slot> {
        self.by_uid.get(uid).map(|slot| *slot as Slot)
    }

    /// How many objects there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_uid.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_uid.is_empty()
    }

    /// Every object with its slot.
    pub fn iter(&self) -> impl Iterator<Item = (Slot, &Held<T>)> {
        self.slots.iter().zip(0..).filter_map(|(held, slot)| Some((slot, held.as_ref()?)))
    }

    /// Grows with every change of one of them.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.changes.revision()
    }

    fn take_slot(&mut self, uid: &Uid) -> usize {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            self.slots.len() - 1
        });
        self.by_uid.insert(uid.clone(), index);
        index
    }
}

impl<T: Record> Collection<T> {
    /// Takes in an object's state. A state that is already known is only confirmed.
    pub(super) fn upsert(&mut self, object: Arc<T>, at: Timestamp) -> Upserted<T> {
        let listing = self.listing;
        let known = self.by_uid.get(object.uid()).copied();
        let index = known.unwrap_or_else(|| self.take_slot(object.uid()));
        let slot = index as Slot;
        let held = self.slots.get(index).and_then(Option::as_ref);
        let (state, changed) = match held {
            // The object kept stays: others share it, and two equal ones would take twice the memory.
            Some(held) if held.object == object => {
                let object = Arc::clone(&held.object);
                (Held { object, changed: held.changed, listing }, false)
            }
            held => {
                let only_listed = held.is_none() && self.listing_now;
                self.changes.note(slot);
                (Held { object, changed: (!only_listed).then_some(at), listing }, true)
            }
        };
        let before = self.slots.get_mut(index).and_then(|place| place.replace(state));
        Upserted { slot, before: before.map(|held| held.object), changed }
    }
}
