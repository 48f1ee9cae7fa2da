//! What each action does.

use super::action::{
    ChoiceAction, CopyWhat, DrawerAction, FormAction, LineAction, Motion, Opening, Operate,
    PaneMove, PlanAction, RowAction, Shell, TableAction,
};
use super::detail;
use super::notices::Level;
use super::overlay::{Leave, Overlay};
use super::palette::{Palette, Target};
use super::panes::{PANES, pane_of};
use super::{App, Effect, pages};
use crate::domain::FeedId;
use crate::store::columns;
use crate::store::table::{Fold, RowId, Table, TableId};
use crate::store::view::Sort;

impl App {
    pub(super) fn shell(&mut self, action: Shell) -> Vec<Effect> {
        match action {
            Shell::Quit => self.leave(Leave::Quit),
            Shell::Suspend => self.leave(Leave::Suspend),
            Shell::Redraw => vec![Effect::Redraw],
            Shell::Record => vec![Effect::Record],
            Shell::NextTheme => {
                let themes = &self.setting.themes;
                let at = themes.iter().position(|name| *name == self.theme).map_or(0, |at| at + 1);
                let next = themes.get(at).or_else(|| themes.first()).cloned();
                next.map(Effect::LoadTheme).into_iter().collect()
            }
        }
    }

    /// Opens something over the pane, unless something is asked there: that would be lost.
    pub(super) fn open(&mut self, opening: Opening) {
        if self.must_answer() {
            return;
        }
        self.overlay = Some(match opening {
            Opening::Filter => {
                self.pane_mut().drawer.focused = false;
                let home = self.pane().cursor.id.clone();
                self.pane_mut().filter.open(home);
                return;
            }
            Opening::Help => Overlay::Help { top: 0 },
            Opening::Feeds => Overlay::Feeds { top: 0 },
            Opening::Notices => Overlay::Notices { top: usize::MAX },
            Opening::Rights => Overlay::Rights { top: 0 },
            Opening::Columns => Overlay::Columns { chosen: 0 },
            Opening::Palette => {
                self.overlay = None;
                Overlay::Palette(Box::new(Palette::open(&self.store, self.contexts())))
            }
        });
        self.limit_overlay();
    }

    /// Goes to a pane, to the table that it showed last; asked for the pane shown, to its next table.
    pub(super) fn go(&mut self, to: PaneMove) {
        if self.must_answer() {
            return;
        }
        self.overlay = None;
        let at = pane_of(self.screen.pane);
        let next = match to {
            PaneMove::To(table) if pane_of(table) == at => return self.next_view(true),
            PaneMove::To(table) => pane_of(table),
            PaneMove::Next => (at + 1) % PANES.len(),
            PaneMove::Previous => (at + PANES.len() - 1) % PANES.len(),
            PaneMove::NextView => return self.next_view(true),
            PaneMove::PreviousView => return self.next_view(false),
        };
        if let Some(table) = self.last.get(next) {
            self.show_table(*table);
        }
    }

    /// Shows `table`, which its pane remembers.
    pub(super) fn show_table(&mut self, table: TableId) {
        self.log = None;
        self.screen.pane = table;
        if let Some(last) = self.last.get_mut(pane_of(table)) {
            *last = table;
        }
    }

    fn next_view(&mut self, forward: bool) {
        let tables = PANES.get(pane_of(self.screen.pane)).map_or(&[][..], |pane| pane.tables);
        let at = tables.iter().position(|table| *table == self.screen.pane).unwrap_or_default();
        let step = if forward { 1 } else { tables.len().saturating_sub(1) };
        if let Some(table) = tables.get((at + step) % tables.len().max(1)) {
            self.show_table(*table);
        }
    }

    pub(super) fn move_cursor(&mut self, motion: Motion) {
        let rows = self.geometry().page();
        self.with_pane(|pane, table| pane.step(table, motion, rows));
    }

    /// Calls `act` with the pane shown and its table.
    pub(super) fn with_pane<R>(
        &mut self,
        act: impl FnOnce(&mut super::pane::Pane, &dyn Table) -> R,
    ) -> R {
        let pane = super::pane_of(&mut self.panes, self.screen.pane);
        self.store.with_table(pane.table, |table| act(pane, table))
    }

    pub(super) fn table_action(&mut self, action: TableAction) {
        match action {
            TableAction::Mark => self.mark(),
            TableAction::ClearMarks => self.pane_mut().marks.clear(),
            TableAction::NextSort => self.next_sort(),
            TableAction::ReverseSort => self.reverse_sort(),
            TableAction::ColumnsLeft => {
                let scrolled = &mut self.pane_mut().columns.scrolled;
                *scrolled = scrolled.saturating_sub(1);
            }
            TableAction::ColumnsRight => {
                let most = self.pane().shown_columns().count().saturating_sub(2);
                let scrolled = &mut self.pane_mut().columns.scrolled;
                *scrolled = (*scrolled + 1).min(most);
            }
            TableAction::ClearFilter => self.filter_to(""),
            TableAction::Back => self.back(),
            TableAction::Unfold => self.unfold(),
        }
    }

    fn mark(&mut self) {
        let Some(id) = self.pane().cursor.id.clone() else {
            self.say(Level::Info, "The cursor is on no row.");
            return;
        };
        let marks = &mut self.pane_mut().marks;
        if !marks.remove(&id) {
            marks.insert(id);
        }
        self.move_cursor(Motion::Down);
    }

    /// Opens what is folded under the row under the cursor, or folds it and its like again.
    fn unfold(&mut self) {
        let head = self.with_pane(|pane, table| {
            let slot = pane.cursor_slot(table)?;
            let head = match table.fold(slot) {
                Fold::Head => slot,
                Fold::Under(head) => head,
                Fold::Alone => return None,
            };
            table.id(head)
        });
        let Some(head) = head else {
            self.say(Level::Info, "Nothing is folded under this row.");
            return;
        };
        if !self.pane().filter.text.is_empty() {
            self.say(Level::Info, "While there is a filter every alert is a row of its own.");
            return;
        }
        let rows = self.geometry().page();
        let open = self.pane_mut().view.toggle(&head);
        if !open {
            // The row under the cursor is folded away, so the cursor goes to the one it is under.
            self.with_pane(|pane, table| pane.choose(table, &head, rows));
        }
    }

    /// Goes back one step: the filter first, then the drawer, then the marks.
    fn back(&mut self) {
        let pane = self.pane_mut();
        if !pane.filter.text.is_empty() {
            self.filter_to("");
        } else if pane.drawer.open {
            pane.drawer.open = false;
        } else {
            pane.marks.clear();
            pane.columns.scrolled = 0;
        }
    }

    pub(super) fn filter_to(&mut self, text: &str) {
        let pane = self.pane_mut();
        if let Some(query) = pane.filter.apply(pane.table, text) {
            pane.set_query(query);
        } else if let Some(error) = pane.filter.error.take() {
            self.say(Level::Warning, &error.message);
        }
    }

    fn next_sort(&mut self) {
        let pane = self.pane();
        let shown: Vec<usize> = pane.shown_columns().map(|(number, _)| number).collect();
        let next = match pane.view.sort() {
            None => shown.first().copied(),
            Some(sort) => shown.iter().copied().find(|number| *number > sort.column),
        };
        // A table may have an order of its own, to which it comes back after the last column.
        let natural = pane.table.sorted_by().is_none() && pane.view.sort().is_some();
        let next = next.or_else(|| shown.first().copied().filter(|_| !natural));
        self.sort_by(next.map(|column| Sort { column, descending: false }));
    }

    fn reverse_sort(&mut self) {
        let sort = self.pane().view.sort();
        self.sort_by(sort.map(|sort| Sort { descending: !sort.descending, ..sort }));
    }

    /// Sorts by the column numbered `column`; a second time turns the order round.
    pub(super) fn sort_by_column(&mut self, column: usize) {
        let descending =
            self.pane().view.sort().is_some_and(|sort| sort.column == column && !sort.descending);
        self.sort_by(Some(Sort { column, descending }));
    }

    pub(super) fn sort_by(&mut self, sort: Option<Sort>) {
        let pane = self.pane_mut();
        pane.view.set_sort(sort);
        pane.follow &= sort.is_none();
    }

    pub(super) fn drawer_action(&mut self, action: DrawerAction) {
        if action == DrawerAction::Open && self.screen.pane == TableId::Tenants {
            return self.row_action(RowAction::Card);
        }
        let operations = matches!(self.screen.pane, TableId::Operations | TableId::Due);
        if action == DrawerAction::Open && operations && !self.pane().drawer.focused {
            drop(self.run_named("operation.open"));
            return;
        }
        let drawer = &mut self.pane_mut().drawer;
        match action {
            DrawerAction::Open if drawer.open => drawer.focused = true,
            DrawerAction::Open => (drawer.open, drawer.focused) = (true, false),
            DrawerAction::Close => (drawer.open, drawer.focused) = (false, false),
            DrawerAction::Focus => (drawer.open, drawer.focused) = (true, true),
            DrawerAction::Blur => drawer.focused = false,
        }
    }

    pub(super) fn scroll(&mut self, motion: Motion) {
        if self.is_in_log() {
            return self.log_step(motion);
        }
        if let Some(Overlay::Run(page)) = &mut self.overlay {
            page.follows = false;
        }
        let geometry = self.geometry();
        let page = match self.overlay {
            Some(_) => geometry.overlay_lines(),
            None => geometry.drawer_lines(),
        }
        .max(1);
        let top = match &mut self.overlay {
            Some(overlay) => overlay.top_mut(),
            None => Some(&mut super::pane_of(&mut self.panes, self.screen.pane).drawer.top),
        };
        if let Some(top) = top {
            *top = match motion {
                Motion::Down => top.saturating_add(1),
                Motion::Up => top.saturating_sub(1),
                Motion::PageDown => top.saturating_add(page - 1),
                Motion::PageUp => top.saturating_sub(page - 1),
                Motion::First => 0,
                Motion::Last => usize::MAX,
            };
        }
        self.limit_overlay();
    }

    /// Keeps a page laid over the pane from being scrolled past its end.
    pub(super) fn limit_overlay(&mut self) {
        let geometry = self.geometry();
        let Some(overlay) = &self.overlay else { return };
        let all = pages::count_lines(self, overlay, geometry.overlay_width());
        let most = all.saturating_sub(geometry.overlay_lines());
        if let Some(top) = self.overlay.as_mut().and_then(Overlay::top_mut) {
            *top = (*top).min(most);
        }
    }

    pub(super) fn copy(&mut self, what: CopyWhat) -> Vec<Effect> {
        if what == CopyWhat::Link {
            return self.copy_link();
        }
        let all = what == CopyWhat::All;
        if self.log.is_some() {
            return self.copy_log(all);
        }
        let marks = &self.pane().marks;
        let rows: Vec<&RowId> = if marks.is_empty() {
            self.pane().cursor.id.iter().collect()
        } else {
            marks.iter().collect()
        };
        let texts: Vec<String> =
            rows.into_iter().filter_map(|id| detail::copied(&self.store, id, all)).collect();
        if texts.is_empty() {
            self.say(Level::Info, "There is no row to copy: the cursor is on none.");
            return Vec::new();
        }
        let said = match (texts.as_slice(), all) {
            ([name], false) => format!("Copied {name}."),
            ([_], true) => "Copied the whole object.".to_owned(),
            (texts, _) => format!("Copied {} rows.", texts.len()),
        };
        self.say(Level::Info, &said);
        vec![Effect::Copy(texts.join("\n"))]
    }

    /// A console on another machine can't open a browser here, so the address goes to the clipboard.
    fn copy_link(&mut self) -> Vec<Effect> {
        let link = match &self.pane().cursor.id {
            Some(RowId::Object(FeedId::Alerts, uid)) => detail::link(&self.store, uid),
            _ => None,
        };
        let Some(link) = link else {
            self.say(Level::Info, "This row has no link.");
            return Vec::new();
        };
        self.say(Level::Info, &format!("Copied; open it in a browser: {link}"));
        vec![Effect::Copy(link.to_string())]
    }

    pub(super) fn line_action(&mut self, action: LineAction) -> Vec<Effect> {
        if let Some(Overlay::Palette(palette)) = &self.overlay {
            let chosen = palette.choice().cloned();
            if action == LineAction::Accept && chosen.is_none() {
                self.say(Level::Info, "Nothing matches; esc closes the palette.");
                return Vec::new();
            }
            self.overlay = None;
            return match (action, chosen.map(|choice| choice.target)) {
                (LineAction::Accept, Some(Target::Action(id))) => self.run_named(id),
                (LineAction::Accept, Some(Target::Tenant(id))) => {
                    self.show_tenant(&id);
                    Vec::new()
                }
                _ => Vec::new(),
            };
        }
        match &self.overlay {
            Some(Overlay::Form(_)) if action == LineAction::Cancel => {
                return self.operate(Operate::Form(FormAction::Cancel));
            }
            Some(Overlay::Plan(_)) if action == LineAction::Cancel => {
                return self.operate(Operate::Plan(PlanAction::No));
            }
            Some(_) if !self.is_in_log() => return Vec::new(),
            _ => {}
        }
        if let Some(log) = &mut self.log {
            log.search.close(action == LineAction::Accept);
            return Vec::new();
        }
        if self.pane().jump.is_some() {
            self.jump_line(action);
            return Vec::new();
        }
        let pane = self.pane_mut();
        match action {
            // What is no filter yet is not taken; the footer says why.
            LineAction::Accept => pane.filter.accept(),
            LineAction::Cancel => {
                // The line is still there while the query is set, so that the cursor finds its way back.
                if let Some(query) = pane.filter.restore(pane.table) {
                    pane.set_query(query);
                }
                pane.filter.typing = None;
            }
            LineAction::Previous | LineAction::Next => {
                pane.filter.recall(action == LineAction::Previous);
                self.line_changed();
            }
        }
        Vec::new()
    }

    pub(super) fn choose(&mut self, action: ChoiceAction) {
        let table = self.screen.pane;
        let (chosen, count) = match &mut self.overlay {
            Some(Overlay::Palette(palette)) => (&mut palette.chosen, palette.choices.len()),
            Some(Overlay::Columns { chosen }) => (chosen, columns(table).len()),
            Some(Overlay::Menu(menu)) => (&mut menu.chosen, menu.items.len()),
            Some(Overlay::Form(_)) => return self.form_choose(action == ChoiceAction::Next),
            Some(
                Overlay::Help { .. }
                | Overlay::Feeds { .. }
                | Overlay::Notices { .. }
                | Overlay::Rights { .. }
                | Overlay::Plan(_)
                | Overlay::Run(_)
                | Overlay::Leaving { .. }
                | Overlay::Card(_),
            ) => {
                if action == ChoiceAction::Close {
                    self.overlay = None;
                }
                return;
            }
            None => return,
        };
        match action {
            ChoiceAction::Next => *chosen = (*chosen + 1).min(count.saturating_sub(1)),
            ChoiceAction::Previous => *chosen = chosen.saturating_sub(1),
            ChoiceAction::Close => self.overlay = None,
            ChoiceAction::Toggle => {
                let chosen = *chosen;
                self.toggle_column(chosen);
            }
        }
    }

    fn toggle_column(&mut self, number: usize) {
        if number == 0 {
            self.say(Level::Info, "The first column says which row it is, so it stays.");
            return;
        }
        if let Some(shown) = self.pane_mut().columns.shown.get_mut(number) {
            *shown = !*shown;
        }
    }
}
