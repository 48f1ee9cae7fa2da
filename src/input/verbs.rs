//! The actions that the key files in the program bind, for the tests of this layer.

use super::context::Context::{
    self, Columns, Drawer, Events, Feeds, Filter, Global, Help, Line, Palette, Table,
};
use super::load::Verb;

const fn verb(id: &'static str, contexts: &'static [Context], doc: &'static str) -> Verb {
    Verb { id, doc, contexts }
}

/// The same ids and contexts as the registry of actions has.
pub(super) const TEST_VERBS: &[Verb] = &[
    verb("app.quit", &[Global], "quit"),
    verb("app.suspend", &[Global], "suspend to the shell"),
    verb("app.help", &[Global], "show the keys that work here"),
    verb("app.palette", &[Global], "find an action, pane or tenant"),
    verb("app.redraw", &[Global], "draw the screen anew"),
    verb(
        "app.record",
        &[Global],
        "save a recording of the last minutes",
    ),
    verb("app.feeds", &[Global], "show the state of every feed"),
    verb("app.notices", &[Global], "show past notices"),
    verb("theme.next", &[Global], "go to the next theme"),
    verb("pane.tenants", &[Global], "go to the tenants"),
    verb("pane.events", &[Global], "go to the live events"),
    verb(
        "pane.upgrades",
        &[Global],
        "go to upgrades, restores and templates",
    ),
    verb("pane.next", &[Global], "go to the next pane"),
    verb("pane.previous", &[Global], "go to the pane before"),
    verb("cursor.down", &[Table], "move down"),
    verb("cursor.up", &[Table], "move up"),
    verb("cursor.page-down", &[Table], "move a screen down"),
    verb("cursor.page-up", &[Table], "move a screen up"),
    verb("cursor.first", &[Table], "move to the first row"),
    verb("cursor.last", &[Table], "move to the last row"),
    verb(
        "cursor.mark",
        &[Table],
        "mark the row, or take the mark off",
    ),
    verb("marks.clear", &[Table], "take every mark off"),
    verb("sort.next", &[Table], "sort by the next column"),
    verb("sort.reverse", &[Table], "turn the order round"),
    verb("columns.left", &[Table], "scroll the columns left"),
    verb("columns.right", &[Table], "scroll the columns right"),
    verb("columns.open", &[Table], "choose the columns"),
    verb("filter.open", &[Table], "filter the rows"),
    verb("filter.clear", &[Table], "take the filter off"),
    verb("table.back", &[Table], "go back: filter, drawer, marks"),
    verb("drawer.open", &[Table], "open the details of the row"),
    verb("drawer.close", &[Table, Drawer], "close the details"),
    verb("drawer.focus", &[Table], "move into the details"),
    verb("drawer.blur", &[Drawer], "move back to the table"),
    verb("drawer.down", &[Drawer, Help, Feeds], "scroll down"),
    verb("drawer.up", &[Drawer, Help, Feeds], "scroll up"),
    verb(
        "drawer.page-down",
        &[Drawer, Help, Feeds],
        "scroll a screen down",
    ),
    verb(
        "drawer.page-up",
        &[Drawer, Help, Feeds],
        "scroll a screen up",
    ),
    verb("drawer.first", &[Drawer, Help, Feeds], "scroll to the top"),
    verb("drawer.last", &[Drawer, Help, Feeds], "scroll to the end"),
    verb("row.copy", &[Table, Drawer], "copy the name of the row"),
    verb("row.copy-all", &[Table, Drawer], "copy the whole object"),
    verb(
        "tail.pause",
        &[Table],
        "hold the list still, or let it go on",
    ),
    verb("tail.newest", &[Events], "follow the newest event"),
    verb(
        "events.follow-tenant",
        &[Events],
        "show only the tenant of the row",
    ),
    verb("gap.next", &[Events], "go to the next gap"),
    verb("gap.previous", &[Events], "go to the gap before"),
    verb("line.accept", &[Line, Filter, Palette], "take the line"),
    verb("line.cancel", &[Line, Filter, Palette], "leave the line"),
    verb("history.previous", &[Filter], "the filter before"),
    verb("history.next", &[Filter], "the filter after"),
    verb("choice.next", &[Palette, Columns], "move down"),
    verb("choice.previous", &[Palette, Columns], "move up"),
    verb("columns.toggle", &[Columns], "show or hide the column"),
    verb("columns.close", &[Columns], "close the choice"),
    verb("help.close", &[Help, Feeds], "close the page"),
];
