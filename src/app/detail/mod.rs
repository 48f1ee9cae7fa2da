//! The details of one row, as lines.

mod advice;
mod alert;
mod backup;
pub(super) mod blockers;
pub mod card;
mod cluster;
mod database;
mod event;
mod finding;
mod fold;
mod json;
mod object;
pub(super) mod operation;
mod resource;
mod run;
mod short;
mod valkey;

pub(in crate::app) use backup::size as bytes_in_words;
pub use event::{gap_sentence, grouped};
pub use fold::fold;

pub use alert::link;

use crate::domain::sla::SlaClock;
use crate::domain::{FeedId, Health, Kind, Text, Timestamp, Uid};
use crate::store::table::{RowId, Table};
use crate::store::{
    AlertsTable, EventsTable, Line, OverviewTable, Store, TenantsTable, UpgradesTable,
};

/// Cells that labels take.
pub const LABELS: u16 = 15;

/// What a piece of a line means, for the theme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Nothing special.
    Plain,
    /// Less important.
    Muted,
    /// A heading.
    Heading,
    /// A key to press.
    Key,
    /// Something to be careful about.
    Warning,
    /// Something that failed.
    Error,
    /// A health.
    Health(Health),
    /// Something missing.
    Gap,
    /// A key of JSON.
    JsonKey,
    /// A string of JSON.
    JsonString,
    /// A number of JSON.
    JsonNumber,
    /// `true`, `false` or `null`.
    JsonLiteral,
}

/// A piece of a line.
#[derive(Clone, Debug, PartialEq)]
pub enum Piece {
    /// Text.
    Text(Tone, Text),
    /// A time, with its age.
    Age(Timestamp),
    /// A time, in the zone of the screen.
    Clock(Timestamp),
    /// Where a promise stands now.
    Promise(SlaClock),
}

/// A line of details: a label, where it has one, and what it says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct DetailLine {
    /// What it speaks of.
    pub label: &'static str,
    /// What it says.
    pub pieces: Vec<Piece>,
}

/// The details of one row.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The row.
    pub id: RowId,
    /// Its name.
    pub title: Text,
    /// Its lines.
    pub lines: Vec<DetailLine>,
    /// The revision of the store that they stand for.
    revision: u64,
    /// The cells that they are folded to.
    width: usize,
}

impl Detail {
    /// The details of the row `id` on lines of `width` cells; none when there is no such row.
    #[must_use]
    pub fn of(store: &Store, id: &RowId, width: usize) -> Option<Self> {
        let (title, lines) = lines_of(store, id)?;
        let lines = fold(lines, width);
        Some(Self { id: id.clone(), title, lines, revision: store.revision(), width })
    }

    /// Whether it still says what the store knows of `id`. Entries never change.
    #[must_use]
    pub fn is_current(&self, id: &RowId, store: &Store, width: usize) -> bool {
        let unchanged = matches!(id, RowId::Entry(_)) || self.revision == store.revision();
        self.id == *id && self.width == width && unchanged
    }
}

/// The title and the lines of the row `id`.
fn lines_of(store: &Store, id: &RowId) -> Option<(Text, Vec<DetailLine>)> {
    Some(match id {
        RowId::Object(feed, uid) if feed.kind().is_some() => resource::lines(store, uid)?,
        RowId::Object(feed, uid) if feed.cluster_kind().is_some() => {
            cluster::lines(store, *feed, uid)?
        }
        RowId::Object(FeedId::Backups, uid) => backup::lines(store, uid)?,
        RowId::Object(FeedId::Databases, uid) => database::database(store, uid)?,
        RowId::Object(FeedId::Sessions, uid) => database::session(store, uid)?,
        RowId::Object(FeedId::Pools, uid) => database::pool(store, uid)?,
        RowId::Object(FeedId::Alerts, uid) => alert::lines(store, uid)?,
        RowId::Object(FeedId::Silences, uid) => alert::silence(store, uid)?,
        RowId::Object(FeedId::Operations, uid) => operation::lines(store, uid)?,
        RowId::Due(id, _) => operation::lines(store, &Uid(id.clone()))?,
        RowId::Group(_) => alert::group(store, AlertsTable::new(store).group(id)?),
        RowId::Object(feed, uid) => object::lines(store, *feed, uid)?,
        RowId::Missing(tenant) => {
            let (title, mut lines) = object::missing(store, tenant);
            lines.extend(backup::missing(store, tenant).unwrap_or_default());
            // Why something is missing is most often said by the tenant's own object.
            lines.extend(client_of(store, tenant).map(|client| client.1).unwrap_or_default());
            (title, lines)
        }
        RowId::Finding(..) => finding::lines(store, id)?,
        RowId::Entry(_) | RowId::Mark(_) => {
            let slot = EventsTable::new(store).find(id)?;
            match store.stream().get(slot)? {
                Line::Entry { entry, duplicate } => event::entry_lines(entry, *duplicate),
                Line::Gap(gap) => event::gap_lines(gap),
                Line::Left(left) => event::left_lines(*left),
            }
        }
    })
}

/// What is copied of the row `id`: its name, or all of it.
#[must_use]
pub fn copied(store: &Store, id: &RowId, all: bool) -> Option<String> {
    match id {
        RowId::Object(feed, uid) if feed.kind().is_some() => resource::copied(store, uid, all),
        RowId::Object(feed, uid) if feed.cluster_kind().is_some() => {
            cluster::copied(store, *feed, uid, all)
        }
        RowId::Object(feed @ (FeedId::Databases | FeedId::Sessions | FeedId::Pools), uid)
            if !all =>
        {
            database::copied(store, *feed, uid)
        }
        RowId::Object(FeedId::Alerts, uid) if !all => alert::name(store, uid),
        RowId::Object(feed, uid) => object::copied(store, *feed, uid, all),
        RowId::Group(key) => Some(key.to_string()),
        RowId::Due(id, _) => object::copied(store, FeedId::Operations, &Uid(id.clone()), all),
        RowId::Missing(tenant) => Some(tenant.to_string()),
        RowId::Finding(..) => finding::copied(store, id, all),
        RowId::Entry(entry) => {
            let slot = store.stream().find(*entry)?;
            let Line::Entry { entry, .. } = store.stream().get(slot)? else { return None };
            if all {
                return Some(json::plain(entry.raw.raw()));
            }
            let event = entry.event().filter(|event| !event.id.is_empty());
            Some(event.map_or_else(|| entry.id.to_string(), |event| event.id.to_string()))
        }
        RowId::Mark(_) => {
            let detail = Detail::of(store, id, usize::MAX)?;
            Some(detail.title.to_string())
        }
    }
}

/// The name of the tenant that the row `id` belongs to.
#[must_use]
pub fn tenant(store: &Store, id: &RowId) -> Option<Text> {
    match id {
        RowId::Object(feed, uid) if feed.kind().is_none() => {
            store.object(*feed, uid)?.tenant().cloned()
        }
        RowId::Missing(tenant) => Some(tenant.clone()),
        RowId::Due(id, _) => store.object(FeedId::Operations, &Uid(id.clone()))?.tenant().cloned(),
        RowId::Finding(..) => OverviewTable::new(store).finding(id)?.tenant.clone(),
        RowId::Object(..) => {
            let tenants = TenantsTable::new(store);
            if let Some(slot) = tenants.find(id) {
                return Some(tenants.name(slot));
            }
            let runs = UpgradesTable::new(store);
            runs.held(runs.find(id)?)?.object.tenant().cloned()
        }
        RowId::Entry(entry) => match store.stream().get(store.stream().find(*entry)?)? {
            Line::Entry { entry, .. } => {
                let subject = &entry.event()?.subject;
                (!subject.is_empty()).then(|| subject.clone())
            }
            Line::Gap(_) | Line::Left(_) => None,
        },
        RowId::Mark(_) | RowId::Group(_) => None,
    }
}

/// The page of the customer object of `tenant`.
fn client_of(store: &Store, tenant: &Text) -> Option<(Text, Vec<DetailLine>)> {
    let slot = store.joins().of(tenant.as_str())?.client?;
    let client = store.collection(Kind::Client).get(slot)?;
    resource::lines(store, &client.object.meta.uid)
}

fn heading(text: &str) -> DetailLine {
    DetailLine { label: "", pieces: vec![Piece::Text(Tone::Heading, Text::clean(text))] }
}

fn blank() -> DetailLine {
    DetailLine::default()
}

fn said(label: &'static str, tone: Tone, text: &Text) -> DetailLine {
    DetailLine { label, pieces: vec![Piece::Text(tone, text.clone())] }
}

/// The line of `label`, where there is a text.
fn present(label: &'static str, text: &Text) -> Option<DetailLine> {
    (!text.is_empty()).then(|| said(label, Tone::Plain, text))
}

/// A health with its sign.
fn health_text(health: Health) -> Text {
    Text::from(format!("{} {}", health.sign(), health.word()))
}

fn age(label: &'static str, at: Timestamp) -> DetailLine {
    DetailLine { label, pieces: vec![Piece::Age(at)] }
}
