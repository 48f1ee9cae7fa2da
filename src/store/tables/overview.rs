//! What is wrong now: one row per finding, the worst first.

use super::{column, optional, text};
use crate::domain::{Health, Text};
use crate::store::findings::Findings;
use crate::store::table::{Column, ColumnKind, RowId, Slot, Table, Value};
use crate::store::{Finding, Store};

/// The columns, in the order shown.
pub(super) const COLUMNS: &[Column] = &[
    column("health", "HEALTH", "How bad it is: failed, degraded, or merely due (progressing).")
        .kind(ColumnKind::Health)
        .fixed(13)
        .rank(0),
    column("area", "AREA", "What it is about: alert, tenant, backup, session, feed and so on.")
        .fixed(9)
        .rank(2)
        .searched(),
    column("subject", "SUBJECT", "The tenant or the object that it speaks of.")
        .flex(14, 2)
        .rank(0)
        .searched(),
    column("what", "WHAT IS WRONG", "What is wrong, in words.").flex(34, 7).rank(0).searched(),
    column("since", "SINCE", "How long it is so, where that is known; of what is due, till when.")
        .kind(ColumnKind::Time)
        .fixed(9)
        .right()
        .rank(1),
    column("tier", "TIER", "The tier of the tenant that it belongs to.").fixed(10).rank(3),
    column("tenant", "TENANT", "The tenant that it belongs to.")
        .flex(12, 1)
        .rank(5)
        .searched()
        .hidden(),
];

/// The findings of a store.
pub struct OverviewTable<'a> {
    findings: &'a Findings,
}

impl<'a> OverviewTable<'a> {
    /// What is wrong in `store`.
    #[must_use]
    pub const fn new(store: &'a Store) -> Self {
        Self { findings: store.findings() }
    }

    /// The finding of the row `id`.
    #[must_use]
    pub fn finding(&self, id: &RowId) -> Option<&'a Finding> {
        self.findings.get(self.find(id)?)
    }
}

impl Table for OverviewTable<'_> {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn revision(&self) -> u64 {
        self.findings.revision()
    }

    fn changes_since(&self, revision: u64) -> Option<Vec<Slot>> {
        self.findings.changes.since(revision)
    }

    fn slots(&self) -> Box<dyn Iterator<Item = Slot> + '_> {
        Box::new(0..self.findings.rows().len() as Slot)
    }

    fn len(&self) -> usize {
        self.findings.rows().len()
    }

    fn id(&self, slot: Slot) -> Option<RowId> {
        self.findings.get(slot).map(Finding::id)
    }

    fn find(&self, id: &RowId) -> Option<Slot> {
        match id {
            RowId::Finding(area, key) => self.findings.find(*area, key),
            _ => None,
        }
    }

    fn value(&self, slot: Slot, column: usize) -> Value<'_> {
        let Some(finding) = self.findings.get(slot) else { return Value::Nothing };
        match COLUMNS.get(column).map(|column| column.id) {
            Some("health") => Value::Health(finding.health),
            Some("area") => Value::Text(finding.area.word()),
            Some("subject") => text(&finding.subject),
            Some("what") => text(&finding.what),
            Some("since") => match (finding.at, finding.health) {
                (None, _) => Value::Nothing,
                (Some(at), Health::Progressing) => Value::Until(at),
                (Some(at), _) => Value::At(at),
            },
            Some("tier") => optional(finding.tier.as_ref()),
            Some("tenant") => optional(finding.tenant.as_ref()),
            _ => Value::Nothing,
        }
    }

    fn name(&self, slot: Slot) -> Text {
        self.findings.get(slot).map(|finding| finding.subject.clone()).unwrap_or_default()
    }
}
