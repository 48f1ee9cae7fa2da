//! The rules of what feeds tell, checked: the same for every world.
//!
//! A [`Contract`] watches observations as they come and finds the first that breaks a rule of
//! [`Fact`]. It judges only what is told, not whether it is true.

use std::collections::{BTreeMap, HashSet};

use crate::domain::{Fact, FeedId, Gap, Observation, StreamEntry, StreamId, Uid};

/// A watcher of the rules of [`Fact`].
#[derive(Clone, Debug, Default)]
pub struct Contract {
    objects: BTreeMap<FeedId, Listing>,
    newest: Option<StreamId>,
    oldest: Option<StreamId>,
}

/// What one feed has told.
#[derive(Clone, Debug, Default)]
struct Listing {
    /// What the console knows of it.
    known: HashSet<Uid>,
    /// What the listing under way has told; none between listings.
    told: Option<HashSet<Uid>>,
    /// Whether a listing was ever begun.
    begun: bool,
    /// Whether a listing was ever complete.
    complete: bool,
}

/// A rule that an observation breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// A fact that this sort of feed does not tell.
    #[error("The feed {feed} tells {fact}, which it has no right to tell.")]
    Foreign {
        /// Who tells it.
        feed: FeedId,
        /// Its sort.
        fact: &'static str,
    },
    /// A fact before the first listing.
    #[error("The feed {feed} tells {fact} before it begins a listing.")]
    Early {
        /// Who tells it.
        feed: FeedId,
        /// Its sort.
        fact: &'static str,
    },
    /// A listing ends that did not begin.
    #[error("The feed {0} ends a listing that it did not begin.")]
    EndWithoutBegin(FeedId),
    /// Something goes that was not there.
    #[error("The feed {0} removes {1:?}, which is not known.")]
    RemoveUnknown(FeedId, Uid),
    /// An entry is not newer than those told before.
    #[error("The entry {id} is told as new after {newest}.")]
    NotNewer {
        /// The entry.
        id: StreamId,
        /// The newest before it.
        newest: StreamId,
    },
    /// An entry of a page of older ones is not older, or the page is out of order.
    #[error("The entry {id} is told as older, but not older than {oldest}.")]
    NotOlder {
        /// The entry.
        id: StreamId,
        /// What it should be older than.
        oldest: StreamId,
    },
    /// A gap that ends where it begins, or before.
    #[error("A gap is told between {after} and {before}, where nothing can be missing.")]
    EmptyGap {
        /// Where it begins.
        after: StreamId,
        /// Where it ends.
        before: StreamId,
    },
}

impl Contract {
    /// A watcher that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Watches one observation more.
    ///
    /// # Errors
    /// The first rule that it breaks; what was watched before still counts.
    pub fn observe(&mut self, observation: &Observation) -> Result<(), Violation> {
        let Observation { feed, fact, .. } = observation;
        self.belongs(*feed, fact)?;
        match fact {
            Fact::RelistBegun => {
                let listing = self.listing(*feed);
                listing.begun = true;
                listing.told = Some(HashSet::new());
                if *feed == FeedId::Events {
                    // A stream that is listed anew began anew: its ids may be smaller.
                    (self.newest, self.oldest) = (None, None);
                }
            }
            Fact::RelistEnded => {
                let listing = self.listing(*feed);
                let told = listing.told.take().ok_or(Violation::EndWithoutBegin(*feed))?;
                listing.known = told;
                listing.complete = true;
            }
            Fact::Upsert(object) => {
                let listing = self.listing(*feed);
                listing.known.insert(object.uid().clone());
                if let Some(told) = &mut listing.told {
                    told.insert(object.uid().clone());
                }
            }
            Fact::Remove(uid) => self.remove(*feed, uid)?,
            Fact::Entries(entries) => self.entries(entries)?,
            Fact::Older(entries) => self.older(entries)?,
            Fact::Gap(missed) => gap(missed)?,
            Fact::Alive | Fact::Unreachable(_) | Fact::LeftAt(_) | Fact::Log(_) => {}
        }
        Ok(())
    }

    /// Watches many.
    ///
    /// # Errors
    /// As [`Contract::observe`], at the first that breaks a rule.
    pub fn observe_all<'a>(
        &mut self,
        observations: impl IntoIterator<Item = &'a Observation>,
    ) -> Result<(), Violation> {
        observations.into_iter().try_for_each(|observation| self.observe(observation))
    }

    /// Whether `feed` has told a complete listing.
    #[must_use]
    pub fn is_listed(&self, feed: FeedId) -> bool {
        self.objects.get(&feed).is_some_and(|listing| listing.complete)
    }

    /// How many objects of `feed` are known.
    #[must_use]
    pub fn known(&self, feed: FeedId) -> usize {
        self.objects.get(&feed).map_or(0, |listing| listing.known.len())
    }

    /// The newest entry of the stream that was told.
    #[must_use]
    pub const fn newest(&self) -> Option<StreamId> {
        self.newest
    }

    fn listing(&mut self, feed: FeedId) -> &mut Listing {
        self.objects.entry(feed).or_default()
    }

    /// Whether `feed` may tell `fact`, and now.
    fn belongs(&mut self, feed: FeedId, fact: &Fact) -> Result<(), Violation> {
        let (name, native) = match fact {
            Fact::Upsert(object) => ("an object", object.feed() == feed),
            Fact::Remove(_) => ("a removal", feed.tells_objects()),
            Fact::Entries(_) => ("entries", feed == FeedId::Events),
            Fact::Older(_) => ("older entries", feed == FeedId::Events),
            Fact::Gap(_) => ("a gap", feed == FeedId::Events),
            Fact::Log(_) => ("lines of a log", matches!(feed, FeedId::Log | FeedId::Audit)),
            // Where the operator left is known without the server.
            Fact::LeftAt(_) if feed == FeedId::Events => return Ok(()),
            Fact::LeftAt(_) => ("where the operator left", false),
            Fact::RelistBegun | Fact::RelistEnded | Fact::Alive | Fact::Unreachable(_) => {
                return Ok(());
            }
        };
        if !native {
            return Err(Violation::Foreign { feed, fact: name });
        }
        if self.listing(feed).begun { Ok(()) } else { Err(Violation::Early { feed, fact: name }) }
    }

    fn remove(&mut self, feed: FeedId, uid: &Uid) -> Result<(), Violation> {
        let listing = self.listing(feed);
        if let Some(told) = &mut listing.told {
            told.remove(uid);
        }
        if listing.known.remove(uid) {
            Ok(())
        } else {
            Err(Violation::RemoveUnknown(feed, uid.clone()))
        }
    }

    fn entries(&mut self, entries: &[std::sync::Arc<StreamEntry>]) -> Result<(), Violation> {
        for entry in entries {
            let id = entry.id;
            match self.newest {
                Some(newest) if id <= newest => return Err(Violation::NotNewer { id, newest }),
                Some(_) | None => self.newest = Some(id),
            }
            self.oldest = self.oldest.or(Some(id));
        }
        Ok(())
    }

    fn older(&mut self, entries: &[std::sync::Arc<StreamEntry>]) -> Result<(), Violation> {
        // From its end, a page must fall away from what is known.
        for entry in entries.iter().rev() {
            let id = entry.id;
            match self.oldest {
                Some(oldest) if id >= oldest => return Err(Violation::NotOlder { id, oldest }),
                Some(_) | None => self.oldest = Some(id),
            }
        }
        Ok(())
    }
}

/// A gap may lie anywhere: behind the newest entry, or in the past, where an earlier run left.
fn gap(gap: &Gap) -> Result<(), Violation> {
    match (gap.after, gap.before) {
        (Some(after), Some(before)) if after >= before => {
            Err(Violation::EmptyGap { after, before })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::domain::{
        Content, GapCause, Meta, Missed, Payload, Resource, Spec, TemplateSpec, Text, Timestamp,
    };

    fn uid() -> Uid {
        Uid("u1".into())
    }

    fn template() -> Fact {
        let meta = Meta::named("t", uid());
        let resource = Resource {
            meta,
            conditions: Box::default(),
            composed: Box::default(),
            spec: Spec::Template(TemplateSpec::default()),
        };
        Fact::Upsert(resource.into())
    }

    fn page(ids: &[u64]) -> Vec<Arc<StreamEntry>> {
        let entry = |ms: &u64| StreamEntry {
            id: StreamId { ms: *ms, seq: 0 },
            bytes: 0,
            content: Content::Malformed(Text::default()),
            raw: Payload::new(""),
        };
        ids.iter().map(|ms| Arc::new(entry(ms))).collect()
    }

    fn gap(after: Option<u64>, before: Option<u64>) -> Fact {
        let id = |ms| StreamId { ms, seq: 0 };
        let (after, before) = (after.map(id), before.map(id));
        Fact::Gap(Gap { after, before, missed: Missed::Some, cause: GapCause::Trimmed })
    }

    /// Watches facts of one feed; the message of the first rule broken, or nothing.
    fn check(feed: FeedId, facts: Vec<Fact>) -> String {
        let mut contract = Contract::new();
        let told: Vec<_> = facts
            .into_iter()
            .map(|fact| Observation { feed, at: Timestamp::default(), fact })
            .collect();
        contract.observe_all(&told).err().map_or_else(String::new, |why| why.to_string())
    }

    #[test]
    fn objects_keep_the_rules() {
        use Fact::{Alive, RelistBegun, RelistEnded, Remove};
        let feed = FeedId::Templates;
        for (facts, broken) in [
            (vec![RelistBegun, template(), RelistEnded, template(), Remove(uid())], ""),
            (vec![Alive, RelistBegun, RelistBegun, template(), RelistEnded], ""),
            (vec![template()], "The feed templates tells an object before it begins a listing."),
            (vec![RelistEnded], "The feed templates ends a listing that it did not begin."),
            (
                vec![RelistBegun, RelistEnded, RelistEnded],
                "The feed templates ends a listing that it did not begin.",
            ),
            (
                vec![RelistBegun, template(), RelistEnded, RelistBegun, RelistEnded, Remove(uid())],
                "The feed templates removes Uid(\"u1\"), which is not known.",
            ),
            (
                vec![RelistBegun, gap(None, None)],
                "The feed templates tells a gap, which it has no right to tell.",
            ),
        ] {
            assert_eq!(check(feed, facts), broken);
        }
        assert_eq!(
            check(FeedId::Clients, vec![RelistBegun, template()]),
            "The feed tenants tells an object, which it has no right to tell."
        );
    }

    #[test]
    fn streams_keep_the_rules() {
        use Fact::{Entries, Older, RelistBegun, RelistEnded};
        for (facts, broken) in [
            (vec![RelistBegun, Entries(page(&[4, 5])), RelistEnded, Older(page(&[1, 2]))], ""),
            (vec![RelistBegun, Entries(page(&[5])), RelistBegun, Entries(page(&[4]))], ""),
            (vec![RelistBegun, Entries(page(&[5])), gap(Some(5), Some(9)), gap(Some(3), None)], ""),
            (vec![RelistBegun, Entries(page(&[5, 5]))], "The entry 5-0 is told as new after 5-0."),
            (
                vec![RelistBegun, Entries(page(&[5])), RelistEnded, Entries(page(&[4]))],
                "The entry 4-0 is told as new after 5-0.",
            ),
            (
                vec![RelistBegun, Entries(page(&[5])), Older(page(&[3, 5]))],
                "The entry 5-0 is told as older, but not older than 5-0.",
            ),
            (
                vec![RelistBegun, Entries(page(&[5])), Older(page(&[4, 3]))],
                "The entry 4-0 is told as older, but not older than 3-0.",
            ),
            (
                vec![RelistBegun, gap(Some(5), Some(5))],
                "A gap is told between 5-0 and 5-0, where nothing can be missing.",
            ),
        ] {
            assert_eq!(check(FeedId::Events, facts), broken);
        }
    }
}
