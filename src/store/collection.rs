//! The objects of one kind: stable slots, identities, and the rule of a relisting.

use std::collections::HashMap;
use std::sync::Arc;

use super::changes::Changes;
use super::table::Slot;
use crate::domain::{Resource, Timestamp, Uid};

/// One object, and when this console saw it change.
#[derive(Clone, Debug)]
pub struct Held {
    /// The object.
    pub resource: Arc<Resource>,
    /// When this console saw it come to this state; none while it only knows it from a listing.
    pub changed: Option<Timestamp>,
    /// The listing that told it last.
    listing: u64,
}

/// The objects of one kind.
#[derive(Clone, Debug, Default)]
pub struct Collection {
    slots: Vec<Option<Held>>,
    free: Vec<usize>,
    by_uid: HashMap<Uid, usize>,
    listing: u64,
    listing_now: bool,
    pub(super) changes: Changes,
}

/// What an upsert did.
pub(super) struct Upserted {
    pub(super) slot: Slot,
    /// The object's former state, when there was one.
    pub(super) before: Option<Arc<Resource>>,
}

impl Collection {
    /// The object at `slot`.
    #[must_use]
    pub fn get(&self, slot: Slot) -> Option<&Held> {
        self.slots.get(usize::try_from(slot).ok()?)?.as_ref()
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
    pub fn iter(&self) -> impl Iterator<Item = (Slot, &Held)> {
        self.slots.iter().zip(0..).filter_map(|(held, slot)| Some((slot, held.as_ref()?)))
    }

    /// A complete listing begins.
    pub(super) fn begin_listing(&mut self) {
        self.listing += 1;
        self.listing_now = true;
    }

    /// The listing is complete; gives what it did not tell.
    pub(super) fn end_listing(&mut self) -> Vec<Uid> {
        self.listing_now = false;
        self.iter()
            .filter(|(_, held)| held.listing != self.listing)
            .map(|(_, held)| held.resource.meta.uid.clone())
            .collect()
    }

    /// Takes in an object's state. A state that is already known is only confirmed.
    pub(super) fn upsert(&mut self, resource: Arc<Resource>, at: Timestamp) -> Upserted {
        let listing = self.listing;
        let known = self.by_uid.get(&resource.meta.uid).copied();
        let index = known.unwrap_or_else(|| self.take_slot(&resource.meta.uid));
        let slot = index as Slot;
        let held = self.slots.get(index).and_then(Option::as_ref);
        let state = match held {
            // The object kept stays: others share it, and two equal ones would take twice the memory.
            Some(held) if held.resource == resource => Held { listing, ..held.clone() },
            held => {
                let only_listed = held.is_none() && self.listing_now;
                self.changes.note(slot);
                Held { resource, changed: (!only_listed).then_some(at), listing }
            }
        };
        let before = self.slots.get_mut(index).and_then(|place| place.replace(state));
        Upserted { slot, before: before.map(|held| held.resource) }
    }

    /// Takes an object out.
    pub(super) fn remove(&mut self, uid: &Uid) -> Option<Arc<Resource>> {
        let index = self.by_uid.remove(uid)?;
        let held = self.slots.get_mut(index)?.take()?;
        self.free.push(index);
        self.changes.note(index as Slot);
        Some(held.resource)
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
