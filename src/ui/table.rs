//! The table: titles, the rows on the screen, and what stands in their place when there are none.

use ratatui::layout::Rect;

use super::drawer;
use super::header::pane_is_old;
use super::paint::{Paint, cells};
use super::rows;
use super::theme::Role;
use crate::app::App;
use crate::app::banner::{Banner, wrapped};
use crate::app::detail::gap_sentence;
use crate::app::geometry::Geometry;
use crate::app::pane::Pane;
use crate::app::strip;
use crate::domain::{FeedId, TroubleKind};
use crate::store::filter::Scratch;
use crate::store::table::{Slot, Table, TableId, Value};
use crate::store::{Freshness, Line, columns, feeds_of};

pub(super) fn draw(app: &App, geometry: &Geometry, paint: &mut Paint<'_>) {
    if let Some(place) = geometry.banner {
        banner(app, place, paint);
    }
    if let Some(place) = geometry.strip {
        strip(app, geometry, place, paint);
    }
    if geometry.log.is_some() {
        return;
    }
    titles(app.pane(), geometry, paint);
    if app.pane().view.is_empty() {
        nothing(app, geometry.rows, paint);
        return;
    }
    app.store.with_table(app.screen.pane, |table| draw_rows(app, table, geometry, paint));
}

/// The pane's tables, and what sums them up.
fn strip(app: &App, geometry: &Geometry, place: Rect, paint: &mut Paint<'_>) {
    let mut top = place.y;
    for (table, tab) in &geometry.views {
        let active = *table == app.screen.pane;
        let role = if active { Role::PaneActive } else { Role::Pane };
        paint.text(tab.x, tab.y, tab.width, &format!(" {} ", table.name()), role);
        top = place.y + 1;
    }
    let width = place.width.saturating_sub(2);
    let lines = strip::lines(app, usize::from(width));
    for (y, line) in (top..place.bottom()).zip(&lines) {
        drawer::draw_line(app, line, Rect::new(place.x + 1, y, width, 1), paint);
    }
}

/// What is wrong with the pane's feed, and how old its rows are.
fn banner(app: &App, place: Rect, paint: &mut Paint<'_>) {
    let Some(banner) = Banner::of(app) else { return };
    let role = if banner.quiet { Role::Muted } else { Role::NoticeWarn };
    for (y, line) in (place.top()..place.bottom()).zip(banner.lines(place.width)) {
        paint.text(place.x + 1, y, place.width.saturating_sub(2), &line, role);
    }
}

fn titles(pane: &Pane, geometry: &Geometry, paint: &mut Paint<'_>) {
    paint.fill(geometry.titles, Role::TableHeader);
    let sort = pane.view.sort();
    for &(number, x, width) in &geometry.columns {
        let Some(column) = columns(pane.table).get(number) else { continue };
        let (sign, role) = match sort.filter(|sort| sort.column == number) {
            Some(sort) if sort.descending => ("▼", Role::TableSorted),
            Some(_) => ("▲", Role::TableSorted),
            None => ("", Role::TableHeader),
        };
        let (x, y) = (geometry.titles.x + x, geometry.titles.y);
        if column.right {
            // The sign stands before the title, so that the title stays over its figures.
            paint.right(
                x.saturating_sub(1),
                y,
                width + 1,
                &format!("{sign}{}", column.title),
                role,
            );
        } else {
            paint.text(x, y, width + 1, &format!("{}{sign}", column.title), role);
        }
    }
}

fn draw_rows(app: &App, table: &dyn Table, geometry: &Geometry, paint: &mut Paint<'_>) {
    let pane = app.pane();
    let old = pane_is_old(app);
    // Only a query has something to be pointed out, and finding it needs memory to work in.
    let mut scratch = (!pane.view.query().is_empty()).then(Scratch::new);
    let place = geometry.rows;
    for (y, slot) in (place.top()..place.bottom()).zip(pane.view.slots_from(pane.top)) {
        let line = Rect { y, height: 1, ..place };
        let id = table.id(slot);
        if pane.table == TableId::Events && table.always_shown(slot) {
            mark_line(app, slot, line, paint);
        } else if id.is_none() {
            paint.text(line.x + 2, y, line.width, "(no longer kept)", Role::Muted);
        } else {
            let row = Row { table, slot, line, geometry };
            draw_cells(app, &row, scratch.as_mut(), paint);
        }
        if old {
            paint.lay(line, Role::Stale);
        }
        if id.as_ref().is_some_and(|id| pane.marks.contains(id)) {
            paint.text(line.x, y, 1, "◆", Role::Mark);
        }
        if id.is_some() && id == pane.cursor.id {
            let focused = app.overlay().is_none() && !pane.drawer.focused;
            paint.lay(line, if focused { Role::Cursor } else { Role::CursorUnfocused });
            paint.text(
                line.x + 1,
                y,
                1,
                "▸",
                if focused { Role::Cursor } else { Role::CursorUnfocused },
            );
        }
    }
}

/// A row of cells, and its line.
struct Row<'a> {
    table: &'a dyn Table,
    slot: Slot,
    line: Rect,
    geometry: &'a Geometry,
}

fn draw_cells(app: &App, row: &Row<'_>, mut scratch: Option<&mut Scratch>, paint: &mut Paint<'_>) {
    let y = row.line.y;
    for &(number, x, width) in &row.geometry.columns {
        let value = row.table.value(row.slot, number);
        let shown = rows::show(value, app.now(), app.setting.zone);
        let x = row.line.x + x;
        if columns(app.screen.pane).get(number).is_some_and(|column| column.right) {
            paint.right(x, y, width, &shown.text, shown.role);
            continue;
        }
        paint.text(x, y, width, &shown.text, shown.role);
        if let (Value::Text(text), Some(scratch)) = (value, scratch.as_deref_mut()) {
            for range in app.pane().view.query().highlights(number, text, scratch) {
                let before = text.get(..range.start).map_or(0, cells);
                let wide = text.get(range).map_or(0, cells).min(width.saturating_sub(before));
                paint.lay(Rect::new(x + before, y, wide, 1), Role::Match);
            }
        }
    }
}

/// A line between the entries of the stream.
fn mark_line(app: &App, slot: Slot, line: Rect, paint: &mut Paint<'_>) {
    let clock = |id: crate::domain::StreamId| {
        let text = rows::time_of_day(id.at(), app.now(), app.setting.zone);
        text.split('.').next().unwrap_or_default().to_owned()
    };
    let text = match app.store.stream().get(slot) {
        Some(Line::Gap(gap)) => {
            let when = match (gap.after.map(clock), gap.before.map(clock)) {
                (Some(after), Some(before)) => format!(" {after}–{before} "),
                (Some(after), None) => format!(" since {after} "),
                (None, Some(before)) => format!(" before {before} "),
                (None, None) => " ".to_owned(),
            };
            format!("╌╌{when}{} ╌╌", gap_sentence(gap))
        }
        Some(Line::Left(left)) => format!("╌╌ you left here, at {} ╌╌", clock(*left)),
        Some(Line::Entry { .. }) | None => return,
    };
    paint.text(line.x + 2, line.y, line.width.saturating_sub(2), &text, Role::Gap);
}

/// What stands where the rows would be: never the same for syncing, empty, filtered, failed and denied.
fn nothing(app: &App, place: Rect, paint: &mut Paint<'_>) {
    let pane = app.pane();
    let feeds = feeds_of(pane.table);
    let Some(first) = feeds.first().copied() else { return };
    let worst = feeds
        .iter()
        .map(|feed| (*feed, &app.store.feeds().get(*feed).freshness))
        .find(|(_, freshness)| !matches!(freshness, Freshness::Live(_)));
    let rows = app.store.with_table(pane.table, |table| table.len());
    let lines: Vec<(String, Role)> = match worst {
        _ if rows > 0 && pane.held.is_some() && pane.view.query().is_empty() => {
            vec![("The list is held still, and it was empty then.".to_owned(), Role::Muted)]
        }
        _ if rows > 0 && !pane.view.query().is_empty() => vec![
            (format!("No row matches {}", pane.view.query()), Role::Text),
            ("Take the filter off with esc.".to_owned(), Role::Muted),
        ],
        _ if pane.table == TableId::Overview => {
            strip::overview::empty(app).into_iter().map(|line| (line, Role::Muted)).collect()
        }
        Some((feed, Freshness::Down(why) | Freshness::Stale(_, why))) => vec![
            match why.kind {
                TroubleKind::NotConfigured => (denied_or_failed(feed, why.kind), Role::Muted),
                _ => (denied_or_failed(feed, why.kind), Role::HealthFailed),
            },
            (format!("{}.", capital(why.what.as_str())), Role::Text),
            (why.remedy.to_string(), Role::Muted),
        ],
        Some((feed, Freshness::Syncing(seen))) => {
            vec![(format!("◌ Asking for the {feed}… {seen} so far."), Role::HealthProgressing)]
        }
        Some((_, Freshness::Live(_))) | None if pane.table == TableId::Due => {
            let text = "Nothing is due: no operation that is done left anything to be done later.";
            vec![(text.to_owned(), Role::Muted)]
        }
        Some((_, Freshness::Live(_))) | None => vec![(empty(first), Role::Muted)],
    };
    let mut y = place.y + place.height / 3;
    for (text, role) in lines {
        for line in wrapped(&text, place.width.saturating_sub(8)) {
            if y < place.bottom() {
                paint.text(place.x + 4, y, place.width.saturating_sub(8), &line, role);
                y += 1;
            }
        }
    }
}

fn denied_or_failed(feed: FeedId, kind: TroubleKind) -> String {
    match kind {
        TroubleKind::NotConfigured => format!("– No server is set for the {feed}."),
        TroubleKind::Denied | TroubleKind::Unauthenticated => {
            format!("✗ You are not allowed to see the {feed}.")
        }
        TroubleKind::Absent => format!("✗ The platform has no {feed}."),
        _ => format!("✗ The {feed} can't be read."),
    }
}

fn empty(feed: FeedId) -> String {
    match feed {
        FeedId::Clients => "There is no tenant.".to_owned(),
        FeedId::Events => {
            "There is no event on the stream. New ones appear here as they come.".to_owned()
        }
        FeedId::Upgrades => "There is no upgrade, no restore and no template build.".to_owned(),
        FeedId::Streams => "The server has no stream: not even the event stream.".to_owned(),
        FeedId::Keys => "No family of keys is known.".to_owned(),
        FeedId::Executions => {
            "No agent has called a tool in any workspace, as far as the audit is kept.".to_owned()
        }
        FeedId::Operations => {
            "No operation is known. On any row m lists what can be done with it.".to_owned()
        }
        FeedId::Alerts => "There is no alert. Nothing fires.".to_owned(),
        FeedId::Backups => {
            "There is no backup in the bucket, and no tenant that should have one.".to_owned()
        }
        other => format!("There are no {other}."),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}
