//! The tenant card: everything about one tenant on one page, what is wrong first.
//!
//! It is made of what is known now and waits for nothing: a part whose feed can't be read says so in one line, a part
//! that is old says how old, and the others are complete all the same.

mod changes;
mod data;
mod platform;

use std::cell::RefCell;

use super::{DetailLine, LABELS, Piece, Tone, fold};
use crate::domain::{
    Bytes, FeedId, Health, Kind, Resource, Span, Spec, Text, Timestamp, Trouble, TroubleKind,
};
use crate::store::{Freshness, Held, Joined, Store, TenantsTable};

/// From this width on the card has two columns.
const TWO_COLUMNS: usize = 146;
/// Cells between them.
pub const BETWEEN: usize = 3;

/// The card that is open.
#[derive(Debug)]
pub struct Card {
    /// The tenant that it is about.
    pub tenant: Text,
    /// The first line shown.
    pub top: usize,
    /// Its columns, one or two, each of lines.
    columns: Vec<Vec<DetailLine>>,
    /// What the columns stand for: the store's revision, the second, and the cells of the page.
    made: Option<(u64, i64, usize)>,
}

impl Card {
    /// The card of `tenant`, before anything is on it.
    #[must_use]
    pub const fn new(tenant: Text) -> Self {
        Self { tenant, top: 0, columns: Vec::new(), made: None }
    }

    /// Brings the card up to date with `store` at `now`, on a page of `width` cells.
    pub fn refresh(&mut self, store: &Store, now: Timestamp, width: usize) {
        let stamp = (store.revision(), now.ms().div_euclid(1000), width);
        if self.made == Some(stamp) {
            return;
        }
        let page = Page::new(store, now, &self.tenant);
        let (state, story) = (page.state(), page.story());
        self.columns = if width >= TWO_COLUMNS {
            let half = (width - BETWEEN) / 2;
            vec![fold(state, half), fold(story, half)]
        } else {
            vec![fold(state.into_iter().chain(story).collect(), width)]
        };
        self.made = Some(stamp);
    }

    /// Its columns, from left to right.
    #[must_use]
    pub fn columns(&self) -> &[Vec<DetailLine>] {
        &self.columns
    }

    /// How many lines the longest column has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns.iter().map(Vec::len).max().unwrap_or_default()
    }

    /// Whether there is nothing on it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How many operations are shown.
const OPERATIONS: usize = 5;

/// One thing of a section: its pieces, on a line of their own.
type Item = Vec<Piece>;

/// What the card is made of.
struct Page<'a> {
    store: &'a Store,
    now: Timestamp,
    tenant: &'a Text,
    joined: &'a Joined,
    /// The troubles that stand on the page already: a server that is away is away for many sections.
    told: RefCell<Vec<&'a Trouble>>,
}

/// What belongs to a tenant that nothing is known of.
static NOTHING: Joined = Joined::empty();

impl<'a> Page<'a> {
    fn new(store: &'a Store, now: Timestamp, tenant: &'a Text) -> Self {
        let joined = store.joins().of(tenant.as_str()).unwrap_or(&NOTHING);
        Self { store, now, tenant, joined, told: RefCell::default() }
    }

    /// How the tenant is: what is wrong first, then what it rests on.
    fn state(&self) -> Vec<DetailLine> {
        let mut lines = self.head();
        lines.extend(self.wrong());
        lines.extend(self.alerts());
        lines.extend(self.probes());
        lines.extend(self.conditions());
        lines.extend(self.environments());
        lines.extend(self.database());
        lines.extend(self.sessions());
        lines.extend(self.pool());
        lines.extend(self.backups());
        lines.extend(self.upgrades());
        lines.extend(self.restores());
        lines.extend(self.operations());
        lines.extend(self.routes());
        lines.extend(self.certificate());
        lines.extend(self.jobs());
        lines.extend(self.others());
        lines
    }

    /// What happened to it.
    fn story(&self) -> Vec<DetailLine> {
        let mut lines = self.changes();
        lines.extend(self.events());
        lines.extend(self.executions());
        lines.extend(self.composed());
        lines
    }

    /// The customer object.
    fn client(&self) -> Option<&'a Held> {
        self.store.collection(Kind::Client).get(self.joined.client?)
    }

    fn head(&self) -> Vec<DetailLine> {
        let Some(held) = self.client() else {
            let item = vec![plain(Tone::Warning, "no PLANAClient has this name")];
            return self.section("tenant", &[FeedId::Clients], vec![item]);
        };
        let client = &*held.object;
        let health = TenantsTable::new(self.store).worst(client).health();
        let mut item = vec![sign(health), plain(Tone::Health(health), health.word())];
        if let Spec::Client(spec) = &client.spec {
            let words = [&spec.tier, &spec.owner_name, &spec.owner_email];
            let words = words.into_iter().filter(|word| !word.is_empty());
            let mut says = vec![String::new()];
            says.extend(words.map(ToString::to_string));
            if !spec.odoo_version.is_empty() {
                says.push(format!("Odoo {}", spec.odoo_version));
            }
            says.extend(spec.project.map(|project| format!("project {project}")));
            let says = says.join("  ");
            item.push(plain(Tone::Plain, &says));
        }
        if let Some(at) = client.meta.created {
            item.push(plain(Tone::Muted, &format!("  {} old", self.now.since(at))));
        }
        self.section("tenant", &[FeedId::Clients], vec![item])
    }

    /// What the overview says of it.
    fn wrong(&self) -> Vec<DetailLine> {
        let findings = self.store.findings().of_tenant(self.tenant);
        let mut items: Vec<Item> = findings
            .into_iter()
            .map(|finding| {
                let mut item = vec![sign(finding.health)];
                item.push(plain(Tone::Health(finding.health), finding.what.as_str()));
                item.extend(finding.at.map(|at| self.when(at)));
                item
            })
            .collect();
        if items.is_empty() {
            items.push(vec![plain(Tone::Muted, "nothing, as far as the feeds can see")]);
        }
        listed("what's wrong", items)
    }

    /// The newest operations on it.
    fn operations(&self) -> Vec<DetailLine> {
        let operations = &self.store.objects().operations;
        let held = self.joined.of(FeedId::Operations).filter_map(|slot| operations.get(slot));
        let mut all: Vec<_> = held.map(|held| &*held.object).collect();
        all.sort_by_key(|operation| std::cmp::Reverse(operation.standing.last));
        let items = all.into_iter().take(OPERATIONS).map(|operation| {
            let health = operation.standing.health();
            let word = self.store.operation_word(operation);
            let says = format!("{word}  {}", operation.plan.title);
            vec![sign(health), plain(Tone::Plain, &says), self.when(operation.standing.last)]
        });
        self.section("operations", &[FeedId::Operations], items.collect())
    }

    /// A section of what `feeds` tell: its items, and what its feeds can't say.
    fn section(&self, label: &'static str, feeds: &[FeedId], items: Vec<Item>) -> Vec<DetailLine> {
        let mut items = items;
        let mut told: Vec<String> = Vec::new();
        let mut quiet = None;
        for feed in feeds {
            let freshness = &self.store.feeds().get(*feed).freshness;
            let says = match freshness {
                Freshness::Down(why) if why.kind == TroubleKind::NotConfigured => {
                    quiet = Some("not set");
                    continue;
                }
                Freshness::Syncing(_) => {
                    quiet = Some("asking…");
                    continue;
                }
                Freshness::Down(why) => self.unread(why),
                Freshness::Stale(as_of, why) => {
                    format!("as of {} ago, {}", self.now.since(*as_of), self.unread(why))
                }
                Freshness::Live(as_of) if freshness.is_old(self.now) => {
                    format!("nothing heard for {}", self.now.since(*as_of))
                }
                Freshness::Live(_) => continue,
            };
            if !told.contains(&says) {
                told.push(says);
            }
        }
        if items.is_empty() && told.is_empty() {
            items.push(vec![plain(Tone::Muted, quiet.unwrap_or("none"))]);
        }
        items.extend(told.iter().map(|says| vec![plain(Tone::Warning, says)]));
        listed(label, items)
    }

    /// Why something can't be read: the first time in full.
    fn unread(&self, why: &'a Trouble) -> String {
        let mut told = self.told.borrow_mut();
        if told.contains(&why) {
            return "can't be read either, for the same reason".to_owned();
        }
        told.push(why);
        format!("can't be read: {why}")
    }

    /// How long ago `at` was, or how long it is till then.
    fn when(&self, at: Timestamp) -> Piece {
        plain(Tone::Muted, &format!("  {}", self.ago(at)))
    }

    fn ago(&self, at: Timestamp) -> String {
        if at > self.now {
            format!("in {}", at.since(self.now))
        } else {
            format!("{} ago", self.now.since(at))
        }
    }

    /// The objects at `slots` of the collection of `kind`, newest first.
    fn of_kind(&self, kind: Kind, slots: &[crate::store::table::Slot]) -> Vec<&'a Held> {
        let collection = self.store.collection(kind);
        let mut held: Vec<&Held> = slots.iter().filter_map(|slot| collection.get(*slot)).collect();
        held.sort_by_key(|held| std::cmp::Reverse(held.object.meta.created));
        held
    }
}

/// The health of `resource` in a line, with why.
fn resource_item(page: &Page<'_>, resource: &Resource) -> Item {
    let health = resource.health();
    let mut item = vec![sign(health), plain(Tone::Plain, resource.meta.name.as_str())];
    if let Some(reason) = resource.reason().filter(|reason| !reason.is_empty()) {
        item.push(plain(Tone::Health(health), &format!("  {reason}")));
    }
    item.extend(resource.meta.created.map(|at| page.when(at)));
    item
}

fn plain(tone: Tone, text: &str) -> Piece {
    Piece::Text(tone, Text::clean(text))
}

fn sign(health: Health) -> Piece {
    plain(Tone::Health(health), &format!("{} ", health.sign()))
}

/// `items` as lines, the label before the first.
fn listed(label: &'static str, items: Vec<Item>) -> Vec<DetailLine> {
    // A label of a blank keeps the items below each other.
    let labels = std::iter::once(label).chain(std::iter::repeat(" "));
    items.into_iter().zip(labels).map(|(pieces, label)| DetailLine { label, pieces }).collect()
}

/// A size in words.
fn size(bytes: u64) -> String {
    Bytes(bytes).to_string()
}

/// A span that may be less than a second.
fn took(span: Span) -> String {
    if span.ms() < 10_000 { format!("{} ms", span.ms()) } else { span.to_string() }
}

const _: () = assert!(LABELS > 12, "the longest label stands before its items");
