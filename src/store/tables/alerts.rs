//! The alerts: one row per alert, and in a storm one for all alerts of one cause.

use super::{column, optional, text};
use crate::domain::{Alert, AlertStanding, FeedId, Text};
use crate::store::causes::{Group, RowOf, alert_slot, group_slot, row_of, tier_word};
use crate::store::table::{Column, ColumnKind, Fold, RowId, Slot, Table, Value};
use crate::store::{Causes, Held, Store};

/// The columns, in the order shown.
pub(super) const COLUMNS: &[Column] = &[
    column(
        "severity",
        "SEVERITY",
        "How bad it is for the customer: critical, high, normal, unknown, info.",
    )
    .fixed(10)
    .rank(0),
    column("alert", "ALERT", "The alert's name; of many with one cause, the name of all.")
        .flex(18, 4)
        .rank(0)
        .searched(),
    column(
        "tenant",
        "TENANT",
        "The tenant that it speaks of; in a storm, how many alerts there are.",
    )
    .flex(12, 2)
    .rank(0)
    .searched(),
    column("state", "STATE", "firing; acked: somebody looks after it; inhibited; silenced.")
        .fixed(9)
        .rank(1),
    column("since", "SINCE", "How long ago it began; in a storm, the first of them.")
        .kind(ColumnKind::Time)
        .fixed(7)
        .right()
        .rank(1),
    column("due", "SLA DUE", "When the customer must have an answer, by tier and business hours.")
        .kind(ColumnKind::Time)
        .fixed(9)
        .right()
        .rank(2),
    column("tier", "TIER", "The tenant's tier; in a storm, the best of them.").fixed(10).rank(4),
    column("owner", "OWNER", "Who looks after it.").flex(10, 2).rank(2).searched(),
    column("summary", "SUMMARY", "What it says of itself.").flex(20, 6).rank(2).searched(),
    column("cause", "WHERE", "Its namespace, else its job or service.")
        .flex(12, 2)
        .rank(5)
        .searched(),
    column("silence", "SILENCED BY", "The silence that hides it.").flex(12, 1).rank(8).hidden(),
    column("urgency", "URGENCY", "The usual order: firing first, by severity, tier and age.")
        .kind(ColumnKind::Number)
        .fixed(7)
        .rank(9)
        .hidden(),
];

/// The alerts of a store.
pub struct AlertsTable<'a> {
    store: &'a Store,
}

impl<'a> AlertsTable<'a> {
    /// The alerts of `store`.
    #[must_use]
    pub const fn new(store: &'a Store) -> Self {
        Self { store }
    }

    /// The group that the row `id` stands for.
    #[must_use]
    pub fn group(&self, id: &RowId) -> Option<&'a Group> {
        let RowId::Group(key) = id else { return None };
        self.causes().group(self.causes().find(key)?)
    }

    const fn causes(&self) -> &'a Causes {
        self.store.causes()
    }

    fn held(&self, alert: Slot) -> Option<&'a Held<Alert>> {
        self.store.objects().alerts.get(alert)
    }

    fn of_alert(&self, slot: Slot, column: &str) -> Value<'a> {
        let Some(held) = self.held(slot) else { return Value::Nothing };
        let alert = &*held.object;
        let standing = self.causes().standing_of(slot).unwrap_or(AlertStanding::Firing);
        match column {
            "severity" => Value::Severity(alert.severity),
            "alert" => text(&alert.name),
            "tenant" => optional(alert.tenant.as_ref()),
            "state" => Value::Text(standing.word()),
            "since" => Value::At(alert.since),
            // Once somebody answered, or nobody is told, no clock runs.
            "due" if standing == AlertStanding::Firing => {
                self.store.promise(alert).map_or(Value::Nothing, |clock| Value::Until(clock.due()))
            }
            "tier" => tier_word(self.causes().rank_of(slot)).map_or(Value::Nothing, Value::Text),
            "owner" => optional(self.store.ack(&alert.uid).map(|ack| &ack.by)),
            "summary" => optional(alert.says()),
            "cause" => optional(alert.cause()),
            "silence" => optional(alert.silenced_by.first().map(|uid| &uid.0)),
            _ => Value::Nothing,
        }
    }

    fn of_group(&self, group: &'a Group, column: &str) -> Value<'a> {
        match column {
            "severity" => Value::Severity(group.severity),
            "alert" => text(&group.name),
            "tenant" => text(&group.words),
            "state" => Value::Text(group.standing.word()),
            "since" => {
                let oldest = group.oldest().map(|(_, since)| since).min();
                oldest.map_or(Value::Nothing, Value::At)
            }
            "due" if group.standing == AlertStanding::Firing => {
                let due = self.store.first_due(group.severity, group.oldest());
                due.map_or(Value::Nothing, Value::Until)
            }
            "tier" => {
                let best = group.oldest().next().and_then(|(rank, _)| tier_word(rank));
                best.map_or(Value::Nothing, Value::Text)
            }
            "summary" => text(&group.says),
            "cause" => optional(group.cause.as_ref()),
            _ => Value::Nothing,
        }
    }
}

impl Table for AlertsTable<'_> {
    fn columns(&self) -> &'static [Column] {
        COLUMNS
    }

    fn revision(&self) -> u64 {
        self.causes().changes.revision()
    }

    fn changes_since(&self, revision: u64) -> Option<Vec<Slot>> {
        self.causes().changes.since(revision)
    }

    fn slots(&self) -> Box<dyn Iterator<Item = Slot> + '_> {
        let alerts = self.store.objects().alerts.iter().map(|(slot, _)| alert_slot(slot));
        let groups = self.causes().groups().map(|(number, _)| group_slot(number));
        Box::new(alerts.chain(groups))
    }

    /// How many alerts there are: groups are only another way to show them.
    fn len(&self) -> usize {
        self.store.objects().alerts.len()
    }

    fn id(&self, slot: Slot) -> Option<RowId> {
        match row_of(slot) {
            RowOf::Alert(alert) => {
                Some(RowId::Object(FeedId::Alerts, self.held(alert)?.object.uid.clone()))
            }
            RowOf::Group(number) => Some(RowId::Group(self.causes().group(number)?.key.clone())),
        }
    }

    fn find(&self, id: &RowId) -> Option<Slot> {
        match id {
            RowId::Object(FeedId::Alerts, uid) => {
                self.store.objects().alerts.find(uid).map(alert_slot)
            }
            RowId::Group(key) => self.causes().find(key).map(group_slot),
            _ => None,
        }
    }

    fn value(&self, slot: Slot, column: usize) -> Value<'_> {
        let Some(column) = COLUMNS.get(column).map(|column| column.id) else {
            return Value::Nothing;
        };
        if column == "urgency" {
            return self.causes().urgency(slot).map_or(Value::Nothing, Value::Number);
        }
        match row_of(slot) {
            RowOf::Alert(alert) => self.of_alert(alert, column),
            RowOf::Group(number) => self
                .causes()
                .group(number)
                .map_or(Value::Nothing, |group| self.of_group(group, column)),
        }
    }

    fn name(&self, slot: Slot) -> Text {
        match row_of(slot) {
            RowOf::Alert(alert) => self
                .held(alert)
                .map(|held| held.object.tenant.as_ref().unwrap_or(&held.object.name).clone())
                .unwrap_or_default(),
            RowOf::Group(number) => {
                self.causes().group(number).map(|group| group.name.clone()).unwrap_or_default()
            }
        }
    }

    fn fold(&self, slot: Slot) -> Fold {
        match row_of(slot) {
            RowOf::Alert(alert) => self.causes().fold(alert),
            RowOf::Group(_) => Fold::Head,
        }
    }
}
