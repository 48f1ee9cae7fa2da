//! The log that is open in place of the table.

use ratatui::layout::Rect;

use super::paint::{Paint, cells};
use super::rows;
use super::theme::Role;
use crate::app::App;
use crate::app::detail::grouped;
use crate::app::log::{LogPage, Shown, ranges, shown, span};
use crate::domain::{FeedId, LogSource, Text};
use crate::store::{Freshness, LogBook, LogEntry};

/// The most matches pointed out on one row.
const MATCHES: usize = 64;

/// What stands before what is looked for.
const PROMPT: &str = " / ";

pub(super) fn draw(app: &App, page: &LogPage, place: Rect, paint: &mut Paint<'_>) {
    head(app, page, Rect { height: 1, ..place }, paint);
    let body = Rect { y: place.y + 1, height: place.height.saturating_sub(1), ..place };
    paint.fill(body, Role::Screen);
    let Some(book) = page.book(app.store.log()).filter(|book| !book.entries().is_empty()) else {
        let (text, role) = nothing(app, page);
        paint.text(body.x + 2, body.y + body.height / 3, body.width.saturating_sub(4), &text, role);
        return;
    };
    let rows = shown(page, book, usize::from(body.width), usize::from(body.height));
    for (y, row) in (body.top()..body.bottom()).zip(&rows) {
        draw_row(app, page, row, Rect { y, height: 1, ..body }, paint);
    }
}

/// The line above: of what, and how it stands.
fn head(app: &App, page: &LogPage, place: Rect, paint: &mut Paint<'_>) {
    paint.fill(place, Role::TableHeader);
    let (number, count) = page.place();
    let which = if count > 1 { format!(" ({number} of {count})") } else { String::new() };
    let (state, role) = standing(app, page);
    let room = place.width.saturating_sub(cells(&state) + 3);
    let what = match page.source() {
        Some(LogSource::Loki { .. }) => format!("audit records of {}", page.title),
        Some(source) => {
            let what = if page.shows_run_before() { "the run before, of" } else { "log of" };
            let source = source.to_string();
            format!("{what} {}", source.trim_end_matches(" before its restart"))
        }
        None => String::new(),
    };
    paint.text(place.x + 1, place.y, room, &format!("{what}{which}"), Role::TableHeader);
    paint.right(place.x, place.y, place.width.saturating_sub(1), &state, role);
}

/// Whether it is followed, how old its last line is, or why there will be no more.
fn standing(app: &App, page: &LogPage) -> (String, Role) {
    let last = page.book(app.store.log()).and_then(last_at);
    let age = last.map(|at| format!("last line {} ago", rows::age(at, app.now())));
    let ended = page.book(app.store.log()).and_then(LogBook::end).is_some();
    match (&app.store.feeds().get(page.feed()).freshness, ended, page.follow) {
        (_, true, _) => {
            (age.map_or("ended".to_owned(), |age| format!("ended, {age}")), Role::Muted)
        }
        (Freshness::Stale(..) | Freshness::Down(_), ..) => {
            (age.map_or("cut off".to_owned(), |age| format!("cut off, {age}")), Role::NoticeWarn)
        }
        (_, _, true) => (join("following", age), Role::TableHeader),
        (_, _, false) => (join("staying here", age), Role::TableSorted),
    }
}

fn join(word: &str, age: Option<String>) -> String {
    age.map_or_else(|| word.to_owned(), |age| format!("{word}, {age}"))
}

fn last_at(book: &LogBook) -> Option<crate::domain::Timestamp> {
    book.entries().iter().rev().find_map(|entry| match entry {
        LogEntry::Line(line) => line.at,
        LogEntry::Gap(_) => None,
    })
}

/// What is said while there is no line.
fn nothing(app: &App, page: &LogPage) -> (String, Role) {
    let state = &app.store.feeds().get(page.feed()).freshness;
    let of = if page.feed() == FeedId::Audit {
        (
            "The audit records",
            "No record of the last 24 h names it; new ones are shown as they come.",
        )
    } else {
        ("The log", "It has said nothing yet.")
    };
    match (state, page.book(app.store.log()).map(LogBook::end)) {
        (_, Some(Some(why))) => (format!("There is no line: {why}."), Role::Muted),
        (Freshness::Down(why) | Freshness::Stale(_, why), _) => {
            (format!("✗ {} can't be read: {why}", of.0), Role::HealthFailed)
        }
        (_, Some(None)) => (of.1.to_owned(), Role::Muted),
        (_, None) => (format!("◌ Asking for {}…", of.0.to_lowercase()), Role::HealthProgressing),
    }
}

fn draw_row(app: &App, page: &LogPage, row: &Shown<'_>, place: Rect, paint: &mut Paint<'_>) {
    let indent = u16::try_from(row.indent).unwrap_or(0);
    let (x, width) = (place.x + indent, place.width.saturating_sub(indent));
    if let Some(at) = row.at {
        let local = at.utc().with_timezone(&app.setting.zone);
        paint.text(place.x + 2, place.y, 8, &local.format("%H:%M:%S").to_string(), Role::Muted);
    }
    if row.gap {
        paint.text(x, place.y, width, &format!("╌╌ {} ╌╌", row.text), Role::Gap);
    } else {
        paint.text(x, place.y, width, row.text, weight(row.text));
    }
    for range in ranges(row.text, &page.search.needle, MATCHES) {
        let before = row.text.get(..range.start).map_or(0, cells).min(width);
        let wide = row.text.get(range).map_or(0, cells).min(width - before);
        paint.lay(Rect::new(x + before, place.y, wide, 1), Role::Match);
    }
    if row.line == page.cursor {
        let focused = app.is_in_log();
        let role = if focused { Role::Cursor } else { Role::CursorUnfocused };
        if row.first {
            paint.text(place.x + 1, place.y, 1, "▸", role);
        }
        if !page.follow {
            paint.lay(place, role);
        }
    }
}

/// The role of a line by the word that it says of itself.
fn weight(text: &str) -> Role {
    const ERRORS: [&str; 7] =
        ["ERROR", "CRITICAL", "FATAL", "Traceback", "\"fatal\"", "\"error\"", "panic"];
    const WARNINGS: [&str; 2] = ["WARN", "\"warn\""];
    let begin: String = text.chars().take(200).collect();
    let says = |words: &[&str]| words.iter().any(|word| begin.contains(word));
    if says(&ERRORS) {
        Role::NoticeError
    } else if says(&WARNINGS) {
        Role::NoticeWarn
    } else {
        Role::Text
    }
}

/// The line below: what is looked for, how many lines there are, and why there will be no more.
pub(super) fn status(app: &App, page: &LogPage, place: Rect, paint: &mut Paint<'_>) {
    let counts = counts(app, page);
    let room = place.width.saturating_sub(cells(&counts) + 2);
    paint.right(place.x, place.y, place.width.saturating_sub(1), &counts, Role::Header);
    if page.search.needle.is_empty() && page.search.typing.is_none() {
        let end = page.book(app.store.log()).and_then(LogBook::end);
        let text = end.map_or_else(
            || {
                let keys = app.keymap().keys_for("log.search", &app.contexts());
                keys.first().map_or_else(String::new, |key| format!(" {key} to search"))
            },
            |why: &Text| format!(" There is no more: {why}."),
        );
        paint.text(place.x, place.y, room, &text, Role::Muted);
        return;
    }
    let text = page.search.typing.as_ref().map_or(page.search.needle.as_str(), |line| line.text());
    paint.text(place.x, place.y, room, PROMPT, Role::Key);
    let x = place.x + cells(PROMPT);
    paint.text(x, place.y, room.saturating_sub(cells(PROMPT)), text, Role::Input);
}

fn counts(app: &App, page: &LogPage) -> String {
    let Some(book) = page.book(app.store.log()) else { return String::new() };
    let mut parts = Vec::new();
    if !page.search.needle.is_empty() {
        parts.push(match page.search.count(page.cursor) {
            (0, _) => "no line holds it".to_owned(),
            (all, Some(at)) => format!("match {} of {}", grouped(at as u64), grouped(all as u64)),
            (all, None) => format!("{} matches", grouped(all as u64)),
        });
    }
    if book.dropped() > 0 {
        parts.push(format!("{} older let go", grouped(book.dropped())));
    }
    let (first, end) = span(book);
    parts.push(format!(
        "line {} of {}",
        grouped(page.cursor - first.min(page.cursor) + 1),
        grouped(end - first)
    ));
    parts.join(" · ")
}
