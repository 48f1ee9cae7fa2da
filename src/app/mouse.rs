//! The mouse: what was pointed at, and what that means.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Position;

use super::action::Motion;
use super::overlay::Overlay;
use super::{App, Effect};

/// Rows scrolled by one notch of the wheel.
const NOTCH: usize = 3;

impl App {
    pub(super) fn mouse(&mut self, event: MouseEvent) -> Vec<Effect> {
        if !self.presence.is_open() {
            return Vec::new();
        }
        self.touch();
        // The page of signing in covers everything: what lies under it can't be meant.
        if self.shows_sign_in() {
            return Vec::new();
        }
        let at = Position::new(event.column, event.row);
        match event.kind {
            MouseEventKind::Down(MouseButton::Left) => self.click(at),
            MouseEventKind::ScrollDown => self.wheel(at, true),
            MouseEventKind::ScrollUp => self.wheel(at, false),
            _ => {}
        }
        Vec::new()
    }

    fn click(&mut self, at: Position) {
        self.notices.seen();
        let geometry = self.geometry();
        if let Some(place) = geometry.overlay {
            // Beside a page closes it, unless it asks something; within it the keys choose.
            if !place.contains(at) && !self.must_answer() {
                self.overlay = None;
            }
        } else if let Some((pane, _)) = geometry.tabs.iter().find(|(_, tab)| tab.contains(at)) {
            if let Some(table) = self.last.get(*pane).copied() {
                self.show_table(table);
            }
        } else if let Some((table, _)) = geometry.views.iter().find(|(_, tab)| tab.contains(at)) {
            self.show_table(*table);
        } else if self.log_page().is_some() {
        } else if geometry.titles.contains(at) {
            let under = |(_, x, width): &&(usize, u16, u16)| (*x..x + width).contains(&at.x);
            if let Some((column, ..)) = geometry.columns.iter().find(under) {
                self.sort_by_column(*column);
            }
        } else if geometry.rows.contains(at) {
            let rows = geometry.page();
            let position = self.pane().top + usize::from(at.y - geometry.rows.y);
            self.with_pane(|pane, table| {
                pane.drawer.focused = false;
                pane.point(table, position, rows);
            });
        } else if geometry.drawer.is_some_and(|drawer| drawer.contains(at)) {
            self.pane_mut().drawer.focused = true;
        }
    }

    fn wheel(&mut self, at: Position, down: bool) {
        let geometry = self.geometry();
        let motion = if down { Motion::Down } else { Motion::Up };
        let over_drawer = geometry.drawer.is_some_and(|drawer| drawer.contains(at));
        match &self.overlay {
            Some(Overlay::Palette(_) | Overlay::Columns { .. }) => {}
            Some(_) => (0..NOTCH).for_each(|_| self.scroll(motion)),
            None if over_drawer || geometry.log.is_some() => {
                (0..NOTCH).for_each(|_| self.scroll(motion));
            }
            None => {
                let rows = geometry.page();
                self.with_pane(|pane, table| pane.wheel(table, down, NOTCH, rows));
            }
        }
    }
}
