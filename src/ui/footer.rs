//! The two lines at the bottom: filter and counts; hints or a notice.

use ratatui::layout::Rect;

use super::paint::{Paint, cells};
use super::theme::Role;
use crate::app::detail::grouped;
use crate::app::geometry::Geometry;
use crate::app::notices::Level;
use crate::app::{App, Hint, hints};
use crate::store::table::TableId;
use crate::store::{Freshness, feeds_of};

/// What stands before the filter.
const PROMPT: &str = " / ";

/// What stands before a time to go to.
const JUMP: &str = " go to ";

pub(super) fn draw(app: &App, geometry: &Geometry, paint: &mut Paint<'_>) {
    status(app, geometry.status, paint);
    footer(app, geometry.footer, paint);
}

/// Where the terminal's cursor stands while the filter is typed.
pub(super) fn cursor(app: &App, geometry: &Geometry) -> Option<(u16, u16)> {
    let pane = app.pane();
    let (prompt, line) = match (app.log_page(), &pane.jump, &pane.filter.typing) {
        (Some(page), ..) => (PROMPT, page.search.typing.as_ref()?),
        (None, Some(jump), _) => (JUMP, &jump.line),
        (None, None, Some(line)) => (PROMPT, line),
        (None, None, None) => return None,
    };
    let before: String = line.text().chars().take(line.cursor()).collect();
    let x = cells(prompt) + cells(&before);
    Some((x.min(geometry.status.width.saturating_sub(1)), geometry.status.y))
}

fn status(app: &App, place: Rect, paint: &mut Paint<'_>) {
    paint.fill(place, Role::Header);
    if let Some(page) = app.log_page() {
        return super::log::status(app, page, place, paint);
    }
    let counts = counts(app);
    let room = place.width.saturating_sub(cells(&counts) + 2);
    paint.right(place.x, place.y, place.width.saturating_sub(1), &counts, Role::Header);
    let filter = &app.pane().filter;
    if let Some(jump) = &app.pane().jump {
        paint.text(place.x, place.y, room, JUMP, Role::Key);
        let x = place.x + cells(JUMP);
        let typed = jump.line.text();
        let role = if jump.error.is_some() { Role::InputError } else { Role::Input };
        paint.text(x, place.y, room.saturating_sub(x), typed, role);
        if typed.is_empty() {
            let text = "-30m, 02:41 or 2026-11-21T00:41:00Z";
            paint.text(x + 1, place.y, room.saturating_sub(x + 1), text, Role::Muted);
        }
        return;
    }
    let Some(line) = &filter.typing else {
        if filter.text.is_empty() {
            let keys = app.keymap().keys_for("filter.open", &app.contexts());
            let text = keys.first().map_or_else(String::new, |key| format!(" {key} to filter"));
            paint.text(place.x, place.y, room, &text, Role::Muted);
        } else {
            paint.text(place.x, place.y, room, PROMPT, Role::Key);
            let x = place.x + cells(PROMPT);
            paint.text(x, place.y, room.saturating_sub(x), &filter.text, Role::Input);
        }
        return;
    };
    paint.text(place.x, place.y, room, PROMPT, Role::Key);
    let x = place.x + cells(PROMPT);
    paint.text(x, place.y, room.saturating_sub(x), line.text(), Role::Input);
    if let Some(error) = &filter.error {
        let before = line.text().get(..error.at.start).map_or(0, cells);
        let wide = line.text().get(error.at.clone()).map_or(1, cells).max(1);
        paint.lay(Rect::new(x + before, place.y, wide, 1), Role::InputError);
    }
}

/// How many rows of how many, marks, holding and following, and what had to go.
fn counts(app: &App) -> String {
    let pane = app.pane();
    let (all, revision) = app.store.with_table(pane.table, |table| (table.len(), table.revision()));
    let shown = pane.view.len();
    let mut parts = Vec::new();
    if let Some(held) = pane.held {
        let news = if pane.table == TableId::Events {
            let new = app.store.stream().received().saturating_sub(held.received);
            format!("{} new {}", grouped(new), if new == 1 { "event" } else { "events" })
        } else {
            format!("{} changes", grouped(revision - held.revision))
        };
        parts.push(format!("held still for {}, {news}", app.now().since(held.since)));
    } else if pane.follow {
        parts.push("following".to_owned());
    }
    if pane.table == TableId::Events {
        parts.push(format!("{:.1}/s", app.store.stream().rate(app.now())));
        match app.store.stream().dropped() {
            0 => {}
            dropped => parts.push(format!("{} older let go", grouped(dropped))),
        }
    }
    if !pane.marks.is_empty() {
        parts.push(format!("{} marked", pane.marks.len()));
    }
    if let Some(known) = incomplete(app, all) {
        parts.push(known);
        return parts.join(" · ");
    }
    parts.push(if pane.view.query().is_empty() {
        format!("{} {}", grouped(all as u64), pane.table.noun(all))
    } else {
        let (shown, all) = (grouped(shown as u64), grouped(all as u64));
        format!("{shown} of {all} {}, filtered here", pane.table.noun(2))
    });
    parts.join(" · ")
}

/// What is said instead of a count while there is none to be had: a table that could not be read has not
/// zero rows.
fn incomplete(app: &App, rows: usize) -> Option<String> {
    let noun = app.screen.pane.noun(2);
    feeds_of(app.screen.pane).iter().find_map(|feed| match app.store.feeds().get(*feed).freshness {
        Freshness::Syncing(_) => Some(format!("{} {noun} so far", grouped(rows as u64))),
        Freshness::Down(_) if rows == 0 => Some(format!("no {noun} known")),
        Freshness::Down(_) if app.screen.pane != TableId::Upgrades => {
            Some(format!("{} {noun} known, not all", grouped(rows as u64)))
        }
        Freshness::Down(_) | Freshness::Live(_) | Freshness::Stale(..) => None,
    })
}

fn footer(app: &App, place: Rect, paint: &mut Paint<'_>) {
    paint.fill(place, Role::Screen);
    if let Some(error) = app.pane().jump.as_ref().and_then(|jump| jump.error.as_ref()) {
        let text = format!(" ✗ {error}");
        paint.text(place.x, place.y, place.width, &text, Role::NoticeError);
        return;
    }
    let filter = &app.pane().filter;
    if let (Some(_), Some(error)) = (&filter.typing, &filter.error) {
        paint.text(
            place.x,
            place.y,
            place.width,
            &format!(" ✗ {}", error.message),
            Role::NoticeError,
        );
        return;
    }
    notice_or_hints(app, place, paint);
}

/// What was said last, while it is new; else which keys work.
pub(super) fn notice_or_hints(app: &App, place: Rect, paint: &mut Paint<'_>) {
    if let Some(notice) = app.notices.current(app.now()) {
        let (sign, role) = match notice.level {
            Level::Info => ("·", Role::NoticeInfo),
            Level::Warning => ("▲", Role::NoticeWarn),
            Level::Error => ("✗", Role::NoticeError),
        };
        let text = format!(" {sign} {}", notice.text);
        paint.text(place.x, place.y, place.width, &text, role);
        return;
    }
    let mut x = place.x + 1;
    if !app.pending().is_empty() {
        let pressed: Vec<String> = app.pending().iter().map(ToString::to_string).collect();
        x += paint.text(x, place.y, place.width, &format!("{} … ", pressed.join(" ")), Role::Key);
    }
    for hint in hints(app) {
        let needed = cells(&hint.keys) + 1 + cells(&hint.doc);
        if x + needed > place.right() {
            break;
        }
        x += hint_at(paint, (x, place.y), &hint) + 3;
    }
}

/// Writes `hint` at `(x, y)`; gives the cells used. What may not be done is as muted as what it does.
pub(super) fn hint_at(paint: &mut Paint<'_>, (x, y): (u16, u16), hint: &Hint) -> u16 {
    let key = if hint.refusal.is_some() { Role::Muted } else { Role::Key };
    let doc = if hint.refusal.is_some() { Role::Muted } else { Role::Hint };
    let used = paint.text(x, y, u16::MAX - x, &hint.keys, key) + 1;
    used + paint.text(x + used, y, u16::MAX - x - used, &hint.doc, doc)
}
