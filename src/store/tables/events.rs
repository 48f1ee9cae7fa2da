//! The event stream: one row per entry, and a row for every gap.

use super::{column, text};
use crate::domain::{CloudEvent, Content, Text};
use crate::store::table::{Column, ColumnKind, RowId, Slot, Table, Value};
use crate::store::{Line, Store, Stream};

/// The columns, in the order shown.
pub(super) const COLUMNS: &[Column] = &[
    column("at", "AT", "When the stream took the event in; filters compare its age.")
        .kind(ColumnKind::Time)
        .fixed(12)
        .rank(0),
    column("type", "TYPE", "The event's type.").flex(20, 3).rank(0).searched(),
    column("tenant", "TENANT", "The event's subject: the tenant it speaks of.")
        .flex(12, 2)
        .rank(1)
        .searched(),
    column("data", "DATA", "The event's data in a line.").flex(16, 6).rank(2).searched(),
    column("source", "SOURCE", "Who produced the event.").flex(18, 2).rank(4).searched(),
    column("note", "NOTE", "Whether it is a duplicate or malformed.").fixed(9).rank(3),
    column("bytes", "BYTES", "The event's size.").kind(ColumnKind::Bytes).fixed(7).right().rank(5),
    column("sent", "SENT", "When its producer says it happened; filters compare its age.")
        .kind(ColumnKind::Time)
        .fixed(12)
        .rank(6)
        .hidden(),
    column("id", "ID", "The id that its producer gave it.").flex(16, 1).rank(7).hidden(),
];

/// The event stream of a store.
pub struct EventsTable<'a> {
    stream: &'a Stream,
}

impl<'a> EventsTable<'a> {
    /// The event stream of `store`.
    #[must_use]
    pub const fn new(store: &'a Store) -> Self {
        Self { stream: store.stream() }
    }
}

/// The event's data in a line, without the tenant that stands beside it.
fn data(event: &CloudEvent) -> Value<'_> {
    let rest = event.summary.as_str().strip_prefix("subdomain=");
    let rest = rest.and_then(|rest| rest.strip_prefix(event.subject.as_str()));
    match rest.and_then(|rest| rest.strip_prefix(' ')) {
        Some(rest) => Value::Text(rest),
        None => text(&event.summary),
    }
}

fn note(event: Option<&CloudEvent>, duplicate: bool) -> Value<'static> {
    match event {
        None => Value::Text("malformed"),
        Some(_) if duplicate => Value::Text("duplicate"),
        Some(_) => Value::Nothing,
    }
}

impl Table for EventsTable<'_> {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn revision(&self) -> u64 {
        self.stream.changes.revision()
    }

    fn changes_since(&self, revision: u64) -> Option<Vec<Slot>> {
        self.stream.changes.since(revision)
    }

    fn slots(&self) -> Box<dyn Iterator<Item = Slot> + '_> {
        Box::new(self.stream.iter().map(|(slot, _)| slot))
    }

    fn len(&self) -> usize {
        self.stream.len()
    }

    fn id(&self, slot: Slot) -> Option<RowId> {
        Some(match self.stream.get(slot)? {
            Line::Entry { entry, .. } => RowId::Entry(entry.id),
            Line::Gap(_) | Line::Left(_) => RowId::Mark(slot),
        })
    }

    fn find(&self, id: &RowId) -> Option<Slot> {
        match id {
            RowId::Entry(id) => self.stream.find(*id),
            RowId::Mark(slot) => match self.stream.get(*slot)? {
                Line::Gap(_) | Line::Left(_) => Some(*slot),
                Line::Entry { .. } => None,
            },
            RowId::Object(..)
            | RowId::Missing(_)
            | RowId::Finding(..)
            | RowId::Group(_)
            | RowId::Due(..) => None,
        }
    }

    fn value(&self, slot: Slot, column: usize) -> Value<'_> {
        let Some(Line::Entry { entry, duplicate }) = self.stream.get(slot) else {
            return Value::Nothing;
        };
        let event = entry.event();
        let of = |read: fn(&CloudEvent) -> &Text| event.map_or(Value::Nothing, |e| text(read(e)));
        match COLUMNS.get(column).map(|column| column.id) {
            Some("at") => Value::Clock(entry.id.at()),
            Some("type") => of(|event| &event.kind),
            Some("tenant") => of(|event| &event.subject),
            Some("data") => match &entry.content {
                Content::Event(event) => data(event),
                Content::Malformed(reason) => text(reason),
            },
            Some("source") => of(|event| &event.source),
            Some("note") => note(event, *duplicate),
            Some("bytes") => Value::Bytes(entry.bytes),
            Some("sent") => event.and_then(|event| event.time).map_or(Value::Nothing, Value::Clock),
            Some("id") => of(|event| &event.id),
            _ => Value::Nothing,
        }
    }

    fn name(&self, _slot: Slot) -> Text {
        Text::default()
    }

    fn always_shown(&self, slot: Slot) -> bool {
        matches!(self.stream.get(slot), Some(Line::Gap(_) | Line::Left(_)))
    }
}
