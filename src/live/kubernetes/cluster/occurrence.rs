//! Events about objects of the cluster: warnings only, the newest of each object, and not more than a bound.

use std::collections::{BTreeSet, HashMap};

use serde::Deserialize;

use super::Raw;
use super::draft::Draft;
use crate::domain::{ClusterObject, Health, Text, Timestamp, Uid};
use crate::live::kubernetes::loose::Scalar;
use crate::live::kubernetes::meta::short;

/// The most events kept about one object.
const OF_ONE: usize = 8;
/// The most events kept altogether.
const ALL: usize = 2_000;

/// The object that an event speaks of.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Involved<'a> {
    #[serde(borrow)]
    pub(super) kind: Scalar<'a>,
    #[serde(borrow)]
    pub(super) name: Scalar<'a>,
    #[serde(borrow, rename = "fieldPath")]
    part: Scalar<'a>,
}

/// How an event went on.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Went<'a> {
    #[serde(borrow)]
    count: Scalar<'a>,
    #[serde(borrow, rename = "lastObservedTime")]
    last: Scalar<'a>,
}

/// Reads an event.
pub(super) fn read(draft: &mut Draft<'_>, raw: &Raw<'_>) {
    let number = |scalar: &Scalar<'_>| scalar.as_str().parse::<u32>().unwrap_or(0);
    let count = number(&raw.count).max(number(&raw.series.0.count)).max(1);
    let reason = match raw.reason.as_str() {
        "" => "warning",
        reason => reason,
    };
    let state = if count > 1 { format!("{reason} ×{count}") } else { reason.to_owned() };
    draft.stands(Health::Degraded, &state);
    draft.says(raw.message.as_str());
    let times = [&raw.series.0.last, &raw.last, &raw.time, &raw.metadata.0.creation_timestamp];
    draft.at = times.into_iter().filter_map(|time| Timestamp::parse(time.as_str())).max();
    let about = &raw.involved.0;
    if !about.name.as_str().is_empty() {
        let owner = format!("{}/{}", about.kind.as_str(), about.name.as_str());
        draft.owner = Some(short(draft.texts, &owner));
    }
    draft.field("reason", raw.reason.as_str());
    draft.field("seen", &count.to_string());
    draft.field("part", about.part.as_str());
}

/// The events that were told: the newest.
#[derive(Debug, Default)]
pub(super) struct Newest {
    by_age: BTreeSet<(Timestamp, Uid)>,
    /// When each was last seen, and of which object it speaks.
    known: HashMap<Uid, (Timestamp, Text)>,
    of: HashMap<Text, Vec<(Timestamp, Uid)>>,
}

impl Newest {
    /// Takes in an event. Answers whether it is to be told, and which one has to go for it.
    pub(super) fn take(&mut self, event: &ClusterObject) -> (bool, Option<Uid>) {
        let uid = &event.meta.uid;
        let was_known = self.forget(uid);
        let at = event.at.unwrap_or_default();
        let namespace = event.meta.namespace.clone().unwrap_or_default();
        let object = event.owner.clone().unwrap_or_default();
        let about = Text::from(format!("{namespace}/{object}"));
        self.known.insert(uid.clone(), (at, about.clone()));
        self.by_age.insert((at, uid.clone()));
        let of = self.of.entry(about).or_default();
        of.push((at, uid.clone()));
        let oldest = if of.len() > OF_ONE {
            of.iter().min().map(|(_, uid)| uid.clone())
        } else if self.known.len() > ALL {
            self.by_age.first().map(|(_, uid)| uid.clone())
        } else {
            None
        };
        let Some(oldest) = oldest else { return (true, None) };
        self.forget(&oldest);
        if oldest == *uid {
            // It is older than all that are kept; if it was told before, it goes.
            return (false, was_known.then_some(oldest));
        }
        (true, Some(oldest))
    }

    /// The event is gone. Answers whether it had been told.
    pub(super) fn forget(&mut self, uid: &Uid) -> bool {
        let Some((at, about)) = self.known.remove(uid) else { return false };
        self.by_age.remove(&(at, uid.clone()));
        if let Some(of) = self.of.get_mut(&about) {
            of.retain(|(_, other)| other != uid);
            if of.is_empty() {
                self.of.remove(&about);
            }
        }
        true
    }
}
