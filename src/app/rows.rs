//! Where a row leads: to what it speaks of in another pane, and to the card of its tenant.

use super::action::RowAction;
use super::detail::card::Card;
use super::notices::Level;
use super::overlay::Overlay;
use super::{App, detail};
use crate::domain::{FeedId, Text};
use crate::store::table::{RowId, TableId};
use crate::store::{Area, OverviewTable, feeds_of};

impl App {
    pub(super) fn row_action(&mut self, action: RowAction) {
        let Some(id) = self.pane().cursor.id.clone() else {
            self.say(Level::Info, "The cursor is on no row.");
            return;
        };
        match action {
            RowAction::Go => self.go_to_row(&id),
            RowAction::Card => match detail::tenant(&self.store, &id) {
                Some(tenant) => self.show_card(tenant),
                None => self.say(Level::Info, "This row speaks of no tenant."),
            },
        }
    }

    /// Opens the card of `tenant`.
    pub(super) fn show_card(&mut self, tenant: Text) {
        self.overlay = Some(Overlay::Card(Box::new(Card::new(tenant))));
        // It is made before it is drawn or scrolled.
        self.settle();
    }

    /// Goes to what the row `id` speaks of.
    fn go_to_row(&mut self, id: &RowId) {
        let Some(finding) = OverviewTable::new(&self.store).finding(id).cloned() else {
            self.say(Level::Info, "This row is in its own pane already.");
            return;
        };
        let table = match (&finding.row, finding.area) {
            (Some(RowId::Object(feed, _)), area) => table_of(*feed).unwrap_or(area.table()),
            (_, Area::Feeds) => {
                self.overlay = Some(Overlay::Feeds { top: 0 });
                return;
            }
            (_, area) => area.table(),
        };
        match finding.row {
            Some(row) => {
                if !self.show_row(table, &row) {
                    let says = format!("It is not among the {} now.", table.name());
                    self.say(Level::Info, &says);
                }
            }
            None => self.show_table(table),
        }
    }

    /// Shows `table` with the cursor on the row `id`, taking the filter off when it hides it.
    fn show_row(&mut self, table: TableId, id: &RowId) -> bool {
        self.show_table(table);
        self.settle();
        let rows = self.geometry().page();
        if self.with_pane(|pane, table| pane.choose(table, id, rows)) {
            return true;
        }
        self.filter_to("");
        self.pane_mut().held = None;
        self.settle();
        self.with_pane(|pane, table| pane.choose(table, id, rows))
    }

    /// Goes to the tenant `id`, and opens its card.
    pub(super) fn show_tenant(&mut self, id: &RowId) {
        if !self.show_row(TableId::Tenants, id) {
            self.say(Level::Warning, "That tenant is gone.");
            return;
        }
        self.row_action(RowAction::Card);
    }
}

/// The table whose rows `feed` tells.
fn table_of(feed: FeedId) -> Option<TableId> {
    let own = |table: &TableId| *table != TableId::Overview && feeds_of(*table).contains(&feed);
    TableId::ALL.into_iter().find(own)
}
