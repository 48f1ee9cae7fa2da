//! What is wrong now: one finding for each thing, judged from everything known.
//!
//! An area is judged again when one of its feeds told something new, and from time to time because ages grow. What can't
//! be known is never called wrong: a thing is missing only once all that could tell it was read. Invariants: a finding
//! keeps the identity of what it speaks of; of many that are alike only the worst are rows, and the rest is counted.

mod alerts;
mod area;
mod cluster;
mod databases;
mod feeds;
mod operations;
mod runs;
mod streams;
mod tenants;

use std::borrow::Cow;
use std::collections::HashMap;

pub use area::Area;
pub use runs::soak_ends;

use super::changes::Changes;
use super::table::{RowId, Slot};
use super::{Freshness, Store};
use crate::domain::{FeedId, Gap, Health, Kind, Object, Severity, Span, Spec, Text, Timestamp};

/// The most findings that are rows.
pub const MOST: usize = 500;
/// Of findings that are alike, so many are rows of their own.
pub const ALIKE: usize = 12;
/// The most findings that are made in one area; more are counted.
const MADE: usize = 2_000;
/// How many gaps of the event stream are remembered.
const GAPS: usize = 8;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is about.
    pub area: Area,
    /// Its identity within the area.
    pub key: Text,
    /// How bad it is.
    pub health: Health,
    /// Of an alert, its severity.
    pub severity: Severity,
    /// What it speaks of: a tenant or an object.
    pub subject: Text,
    /// What is wrong, in words.
    pub what: Text,
    /// Since when; of what is due, when.
    pub at: Option<Timestamp>,
    /// The tenant that it belongs to.
    pub tenant: Option<Text>,
    /// The tier of that tenant.
    pub tier: Option<Text>,
    /// The row of the area's table that it speaks of.
    pub row: Option<RowId>,
    /// What findings have in common that are alike.
    cause: Cow<'static, str>,
}

impl Finding {
    /// Its row's identity.
    #[must_use]
    pub fn id(&self) -> RowId {
        RowId::Finding(self.area, self.key.clone())
    }

    /// The order: the worst first.
    fn rank(&self) -> impl Ord + '_ {
        let tier = self.tier.as_ref().map(Text::as_str);
        let tier = match tier {
            Some("enterprise") => 0,
            Some("pro") => 1,
            Some("starter") => 2,
            _ => 3,
        };
        (self.health, self.area, self.severity, tier, &self.subject, &self.key)
    }
}

/// What was found in one area.
#[derive(Clone, Debug, Default)]
struct Judged {
    /// What the collections and the feeds were like then.
    known: (u64, u64),
    at: Timestamp,
    found: Vec<Finding>,
    /// How many more there are.
    more: usize,
}

/// What is wrong now.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    areas: [Judged; Area::ALL.len()],
    /// The rows, worst first.
    rows: Vec<Finding>,
    /// How many findings there are of each health, rows or not.
    failed: usize,
    degraded: usize,
    due: usize,
    /// Gaps of the event stream, with when they were learnt, newest last.
    gaps: Vec<(Timestamp, Gap)>,
    /// What the servers' counters were when this console first saw them.
    seen: streams::Seen,
    pub(super) changes: Changes,
}

impl Findings {
    /// The rows, worst first; at most [`MOST`].
    #[must_use]
    pub fn rows(&self) -> &[Finding] {
        &self.rows
    }

    /// The row at `slot`.
    #[must_use]
    pub fn get(&self, slot: Slot) -> Option<&Finding> {
        self.rows.get(usize::try_from(slot).ok()?)
    }

    /// Where the row of `area` and `key` is.
    #[must_use]
    pub fn find(&self, area: Area, key: &Text) -> Option<Slot> {
        let at = self.rows.iter().position(|row| row.area == area && row.key == *key)?;
        Some(at as Slot)
    }

    /// How many failed, are degraded, and are due.
    #[must_use]
    pub const fn counts(&self) -> (usize, usize, usize) {
        (self.failed, self.degraded, self.due)
    }

    /// What is wrong with `tenant`, worst first, row or not.
    #[must_use]
    pub fn of_tenant(&self, tenant: &Text) -> Vec<&Finding> {
        let all = self.areas.iter().flat_map(|judged| &judged.found);
        let mut own: Vec<&Finding> =
            all.filter(|finding| finding.tenant.as_ref() == Some(tenant)).collect();
        own.sort_unstable_by(|a, b| a.rank().cmp(&b.rank()));
        own
    }

    /// How many findings there are in `area`.
    #[must_use]
    pub fn count(&self, area: Area) -> usize {
        self.areas.get(area as usize).map_or(0, |judged| judged.found.len() + judged.more)
    }

    /// How many failed, are degraded, and are due in `area`.
    #[must_use]
    pub fn counts_in(&self, area: Area) -> [(Health, usize); 3] {
        let judged = self.areas.get(area as usize);
        [Health::Failed, Health::Degraded, Health::Progressing].map(|health| {
            let of = |judged: &Judged| {
                judged.found.iter().filter(|finding| finding.health == health).count()
            };
            (health, judged.map_or(0, of))
        })
    }

    /// Grows with every change of a row.
    #[must_use]
    pub const fn revision(&self) -> u64 {
        self.changes.revision()
    }

    /// Notes a gap of the event stream, learnt at `at`.
    pub(super) fn gap(&mut self, at: Timestamp, gap: &Gap) {
        if self.gaps.len() >= GAPS {
            self.gaps.remove(0);
        }
        self.gaps.push((at, gap.clone()));
    }

    /// Notes what the counters of a server are, as `object` says.
    pub(super) fn counters(&mut self, at: Timestamp, object: &Object) {
        self.seen.note(at, object);
    }

    /// Judges `store` at `now`, where something changed.
    fn judge(&mut self, store: &Store, now: Timestamp) {
        let mut changed = false;
        for area in Area::ALL {
            let known = known_of(store, area, &self.gaps);
            let Some(before) = self.areas.get(area as usize) else { continue };
            let long = now < before.at || now.since(before.at) >= area.ages();
            if before.known == known && !long {
                continue;
            }
            let look = Look { store, now, gaps: &self.gaps, seen: &self.seen };
            let mut found = Found { area, made: Vec::new(), more: 0 };
            judge_area(&look, &mut found);
            let Found { made: found, more, .. } = found;
            changed |= found != before.found || more != before.more;
            if let Some(judged) = self.areas.get_mut(area as usize) {
                *judged = Judged { known, at: now, found, more };
            }
        }
        if changed {
            self.arrange();
        }
    }

    /// Makes the rows anew from what was found in each area.
    fn arrange(&mut self) {
        let mut all: Vec<&Finding> = self.areas.iter().flat_map(|judged| &judged.found).collect();
        let of = |health| all.iter().filter(|finding| finding.health == health).count();
        let more: usize = self.areas.iter().map(|judged| judged.more).sum();
        (self.failed, self.degraded) = (of(Health::Failed) + more, of(Health::Degraded));
        self.due = all.len() + more - self.failed - self.degraded;
        all.sort_unstable_by(|a, b| a.rank().cmp(&b.rank()));
        let mut alike: HashMap<(Area, &str), usize> = HashMap::new();
        for finding in &all {
            *alike.entry((finding.area, &finding.cause)).or_default() += 1;
        }
        let mut shown: HashMap<(Area, &str), usize> = HashMap::new();
        let mut rows = Vec::with_capacity(all.len().min(MOST));
        for finding in all {
            let cause = (finding.area, &*finding.cause);
            let nth = shown.entry(cause).or_default();
            *nth += 1;
            let count = alike.get(&cause).copied().unwrap_or_default();
            // A row in place of a single one would spare nothing.
            if *nth <= ALIKE || count == ALIKE + 1 {
                rows.push(finding.clone());
            } else if *nth == ALIKE + 1 {
                rows.push(rest(finding, count - ALIKE));
            }
            if rows.len() == MOST {
                break;
            }
        }
        if rows != self.rows {
            self.rows = rows;
            self.changes.note_all();
        }
    }
}

/// The row that stands for `count` findings like `one`.
fn rest(one: &Finding, count: usize) -> Finding {
    Finding {
        key: Text::clean(&format!("+{}", one.cause)),
        subject: Text::clean(&format!("{count} more")),
        what: Text::clean(&format!("and {count} more like these: {}", one.cause)),
        at: None,
        tenant: None,
        tier: None,
        row: None,
        ..one.clone()
    }
}

/// What is looked at.
struct Look<'a> {
    store: &'a Store,
    now: Timestamp,
    gaps: &'a [(Timestamp, Gap)],
    seen: &'a streams::Seen,
}

impl<'a> Look<'a> {
    /// The tier of `tenant`.
    fn tier(&self, tenant: &Text) -> Option<&'a Text> {
        let slot = self.store.joins().of(tenant.as_str())?.client?;
        match &self.store.collection(Kind::Client).get(slot)?.object.spec {
            Spec::Client(spec) => Some(&spec.tier),
            _ => None,
        }
    }

    /// How long ago `at` was, when it is known.
    fn age(&self, at: Option<Timestamp>) -> Span {
        at.map_or(Span::default(), |at| self.now.since(at))
    }
}

/// What is found in one area, bounded.
struct Found {
    area: Area,
    made: Vec<Finding>,
    more: usize,
}

impl Found {
    /// Begins a finding: how bad, its identity, and what it is like.
    fn begin(&self, health: Health, key: &Text, cause: impl Into<Cow<'static, str>>) -> Finding {
        Finding {
            area: self.area,
            key: key.clone(),
            health,
            severity: Severity::Unknown,
            subject: key.clone(),
            what: Text::default(),
            at: None,
            tenant: None,
            tier: None,
            row: None,
            cause: cause.into(),
        }
    }

    /// Whether there is room for another one; counts it when there is none.
    fn has_room(&mut self) -> bool {
        let room = self.made.len() < MADE;
        self.more += usize::from(!room);
        room
    }

    fn push(&mut self, look: &Look<'_>, mut finding: Finding, what: &str) {
        if !self.has_room() {
            return;
        }
        let doubt = doubt(look, self.area).unwrap_or_default();
        finding.what = Text::bounded(&format!("{what}{doubt}"), 1024);
        if finding.tier.is_none() {
            finding.tier = finding.tenant.as_ref().and_then(|tenant| look.tier(tenant)).cloned();
        }
        self.made.push(finding);
    }
}

/// What is said of findings whose feed can't be read any more.
fn doubt(look: &Look<'_>, area: Area) -> Option<String> {
    let feed = area.feeds().first()?;
    let freshness = &look.store.feeds().get(*feed).freshness;
    freshness.trouble()?;
    Some(format!(" (as last seen: {} can't be read)", feed.system()))
}

/// What the collections and the feeds of `area` are like: another pair when it must be judged anew.
fn known_of(store: &Store, area: Area, gaps: &[(Timestamp, Gap)]) -> (u64, u64) {
    let feeds: &[FeedId] = if area == Area::Feeds { &FeedId::ALL } else { area.feeds() };
    let standing = feeds.iter().fold(0_u64, |sum, feed| {
        let state = store.feeds().get(*feed);
        let number = match state.freshness {
            Freshness::Syncing(_) => 0,
            Freshness::Live(_) => 1,
            Freshness::Stale(..) => 2,
            Freshness::Down(_) => 3,
        };
        sum.wrapping_mul(5).wrapping_add(number).wrapping_add(state.troubles << 8)
    });
    let revision = match area {
        Area::Backups | Area::Insurance => store.shelves().revision(),
        Area::Streams => gaps.last().map_or(0, |(at, _)| at.ms().unsigned_abs()),
        _ => 0,
    };
    let told = area.feeds().iter().map(|feed| store.revision_of(*feed)).sum::<u64>();
    (revision.wrapping_add(told), standing)
}

fn judge_area(look: &Look<'_>, found: &mut Found) {
    match found.area {
        Area::Alerts => alerts::judge(look, found),
        Area::Feeds => feeds::judge(look, found),
        Area::Databases => databases::judge(look, found),
        Area::Sessions => databases::sessions(look, found),
        Area::Pools => databases::pools(look, found),
        Area::Probes => tenants::probes(look, found),
        Area::Tenants => tenants::judge(look, found),
        Area::Backups => tenants::backups(look, found),
        Area::Insurance => tenants::insurance(look, found),
        Area::Streams => streams::judge(look, found),
        Area::Runs => runs::judge(look, found),
        Area::Soaks => runs::soaks(look, found),
        Area::Operations => operations::judge(look, found),
        Area::Workloads | Area::Pods | Area::Network | Area::Flux | Area::Jobs | Area::Nodes => {
            cluster::judge(look, found);
        }
    }
}

impl Store {
    /// What is wrong now.
    #[must_use]
    pub const fn findings(&self) -> &Findings {
        &self.findings
    }

    /// It is `now`: what changed is judged anew.
    pub(super) fn tick_findings(&mut self, now: Timestamp) {
        let mut findings = std::mem::take(&mut self.findings);
        findings.judge(self, now);
        self.findings = findings;
    }
}
