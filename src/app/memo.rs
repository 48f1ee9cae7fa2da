//! What is remembered of the screen when a recording begins in the middle of a run.

use serde::{Deserialize, Serialize};

use super::App;
use super::operate::Desk;
use crate::session::SessionMemo;
use crate::store::table::{RowId, TableId};
use crate::store::view::Sort;

/// The screen's state, without what is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Memo {
    size: (u16, u16),
    pane: TableId,
    theme: String,
    session: SessionMemo,
    panes: Vec<PaneMemo>,
    /// What the console can do about operations, and does.
    #[serde(default)]
    desk: Desk,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct PaneMemo {
    table: TableId,
    filter: String,
    sort: Option<Sort>,
    cursor: Option<RowId>,
    position: usize,
    top: usize,
    marks: Vec<RowId>,
    shown: Vec<bool>,
    scrolled: usize,
    drawer: (bool, bool, usize),
    follow: bool,
}

impl Memo {
    /// The state of the screen of `app`. A line being typed and what is laid over the pane are left out.
    #[must_use]
    pub fn of(app: &App) -> Self {
        let panes = app.panes().iter().map(|pane| PaneMemo {
            table: pane.table,
            filter: pane.filter.text.clone(),
            sort: pane.view.sort(),
            cursor: pane.cursor.id.clone(),
            position: pane.cursor.position,
            top: pane.top,
            marks: pane.marks.iter().cloned().collect(),
            shown: pane.columns.shown.clone(),
            scrolled: pane.columns.scrolled,
            drawer: (pane.drawer.open, pane.drawer.focused, pane.drawer.top),
            follow: pane.follow,
        });
        Self {
            size: app.screen.size,
            pane: app.screen.pane,
            theme: app.theme.clone(),
            session: app.presence.memo(),
            panes: panes.collect(),
            desk: app.desk.clone(),
        }
    }

    /// Brings `app` into this state.
    pub fn restore(self, app: &mut App) {
        app.presence.restore(self.session);
        app.desk = self.desk;
        app.screen.size = self.size;
        app.theme = self.theme;
        for memo in self.panes {
            app.screen.pane = memo.table;
            let pane = app.pane_mut();
            if let Some(query) = pane.filter.apply(memo.table, &memo.filter) {
                pane.set_query(query);
            }
            pane.view.set_sort(memo.sort);
            pane.cursor.id = memo.cursor;
            pane.cursor.position = memo.position;
            pane.top = memo.top;
            pane.marks = memo.marks.into_iter().collect();
            if memo.shown.len() == pane.columns.shown.len() {
                pane.columns.shown = memo.shown;
            }
            pane.columns.scrolled = memo.scrolled;
            (pane.drawer.open, pane.drawer.focused, pane.drawer.top) = memo.drawer;
            pane.follow = memo.follow;
        }
        app.screen.pane = self.pane;
    }
}
