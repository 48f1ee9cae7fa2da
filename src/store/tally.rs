//! How many objects of the cluster there are of each kind and health: counted as they come and go, because there may be
//! ten thousand.

use crate::domain::{ClusterKind, Health, Object};

/// The counts.
#[derive(Clone, Debug, Default)]
pub struct Tally([[usize; Health::ALL.len()]; ClusterKind::ALL.len()]);

impl Tally {
    /// How many objects of `kind` have `health`.
    #[must_use]
    pub fn of(&self, kind: ClusterKind, health: Health) -> usize {
        let row = self.0.get(kind as usize);
        row.and_then(|row| row.get(health as usize)).copied().unwrap_or_default()
    }

    /// How many objects of `kind` there are.
    #[must_use]
    pub fn all(&self, kind: ClusterKind) -> usize {
        self.0.get(kind as usize).map_or(0, |row| row.iter().sum())
    }

    fn count(&mut self, object: &Object) -> Option<&mut usize> {
        let Object::ClusterObject(object) = object else { return None };
        self.0.get_mut(object.kind as usize)?.get_mut(object.health as usize)
    }

    /// Notes that `object` is there.
    pub(super) fn add(&mut self, object: &Object) {
        if let Some(count) = self.count(object) {
            *count += 1;
        }
    }

    /// Notes that `object` is there no longer.
    pub(super) fn take(&mut self, object: &Object) {
        if let Some(count) = self.count(object) {
            *count = count.saturating_sub(1);
        }
    }
}
