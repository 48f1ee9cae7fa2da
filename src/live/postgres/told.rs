//! What a polling feed has told: each poll is told as what is different from the last one.

use std::collections::HashMap;

use crate::domain::{Fact, Object, Record, Uid};

/// The objects of one feed as they were told.
#[derive(Debug)]
pub(super) struct Told<T> {
    known: HashMap<Uid, T>,
    /// Whether the listing was told since the feed was last lost.
    listed: bool,
}

impl<T> Default for Told<T> {
    fn default() -> Self {
        Self { known: HashMap::new(), listed: false }
    }
}

impl<T: Record + Into<Object>> Told<T> {
    /// The feed was lost: next comes a whole listing.
    pub(super) fn lost(&mut self) {
        self.listed = false;
        self.known.clear();
    }

    /// The facts that tell `now`, the whole of what there is. Of two with one identity the first counts.
    pub(super) fn facts(&mut self, now: Vec<T>) -> Vec<Fact> {
        let mut before = std::mem::take(&mut self.known);
        let mut facts = Vec::new();
        for object in now {
            let uid = object.uid().clone();
            if self.known.contains_key(&uid) {
                continue;
            }
            let same = before.remove(&uid).is_some_and(|known| known == object);
            if !(same && self.listed) {
                facts.push(Fact::Upsert(object.clone().into()));
            }
            self.known.insert(uid, object);
        }
        if self.listed {
            facts.extend(before.into_keys().map(Fact::Remove));
            if facts.is_empty() {
                facts.push(Fact::Alive);
            }
            return facts;
        }
        self.listed = true;
        facts.insert(0, Fact::RelistBegun);
        facts.push(Fact::RelistEnded);
        facts
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Bucket, FeedId, Observation, Text, Timestamp};
    use crate::platform::contract::Contract;

    fn bucket(name: &str, objects: u64) -> Bucket {
        let text = Text::clean(name);
        Bucket {
            uid: Uid(text.clone()),
            name: text.clone(),
            what: text,
            objects,
            bytes: 0,
            listed: None,
            progress: None,
            newest: Box::default(),
            trouble: None,
        }
    }

    #[test]
    fn only_what_is_different_is_told_and_the_contract_is_kept() {
        let (mut told, mut contract) = (Told::default(), Contract::new());
        let mut kinds = Vec::new();
        for poll in [
            Some(vec![bucket("a", 1), bucket("b", 1), bucket("b", 9)]),
            Some(vec![bucket("a", 1), bucket("b", 1)]),
            Some(vec![bucket("a", 2), bucket("c", 1)]),
            None,
            Some(vec![bucket("c", 1)]),
        ] {
            let Some(poll) = poll else {
                told.lost();
                continue;
            };
            let facts = told.facts(poll);
            kinds.push(facts.len());
            for fact in facts {
                let observation =
                    Observation { feed: FeedId::Buckets, at: Timestamp::default(), fact };
                contract.observe(&observation).expect("the contract is kept");
            }
        }
        assert_eq!(kinds, [4, 1, 3, 3]);
        assert_eq!(contract.known(FeedId::Buckets), 1);
    }
}
