//! The page of signing in, which is also the hidden screen: nothing else is shown with it.
//!
//! A panel in the middle says what is asked; below it stand the keys that answer, and in the last line of the screen what
//! was said about signing in. What belongs to the platform is not drawn here at all.

mod field;
mod page;
mod picture;

use ratatui::layout::Rect;

use super::footer::{hint_at, notice_or_hints};
use super::paint::{Paint, cells};
use super::theme::Role;
use crate::app::geometry::Geometry;
use crate::app::{App, Hint};
use page::Row;
use picture::Picture;

/// The widest that the panel is, without and with a picture.
const WIDE: u16 = 72;
const WIDEST: u16 = 78;
/// Cells of its border and of the margin within, on both sides.
const FRAME: u16 = 6;
/// Cells between a text and the picture beside it.
const BESIDE: u16 = 2;
/// The least cells of a text beside a picture.
const LEAST_TEXT: u16 = 24;
/// Cells between two hints.
const GAP: u16 = 3;

pub(super) fn draw(app: &App, geometry: &Geometry, paint: &mut Paint<'_>) {
    super::header::line(app, geometry.header, paint);
    notice_or_hints(app, geometry.footer, paint);
    let panel = Panel::of(app, geometry, paint.ink().is_some());
    paint.frame(panel.place, page::title(app), (Role::BorderFocused, Role::Dialog));
    for (row, place) in panel.lines() {
        draw_row(app, row, place, paint);
    }
    if let Some((picture, place)) = &panel.picture {
        picture.draw(*place, paint);
    }
    for (y, hints) in (panel.hints_top()..).zip(&panel.hints) {
        let mut x = panel.inner.x;
        for hint in hints {
            x += hint_at(paint, (x, y), hint) + GAP;
        }
    }
}

/// Where the terminal's cursor stands: in the line that is typed into.
pub(super) fn cursor(app: &App, geometry: &Geometry) -> Option<(u16, u16)> {
    let panel = Panel::of(app, geometry, true);
    panel.lines().find_map(|(row, place)| match row {
        Row::Field { prompt, number } if *number == app.sign_in_page().chosen => {
            let line = app.sign_in_page().lines.get(*number)?;
            let (_, before) = field::shown(*prompt, line, field::room(place));
            Some((field::start(place) + before, place.y))
        }
        _ => None,
    })
}

/// The panel, laid out.
struct Panel {
    place: Rect,
    /// Between its margins.
    inner: Rect,
    rows: Vec<Row>,
    /// Cells of a row.
    width: u16,
    picture: Option<(Picture, Rect)>,
    hints: Vec<Vec<Hint>>,
}

impl Panel {
    /// The panel on the screen; with a picture only if it is `seen` by a camera.
    fn of(app: &App, geometry: &Geometry, seen: bool) -> Self {
        let screen = geometry.screen;
        let most = screen.width.saturating_sub(if screen.width < 80 { 0 } else { 2 });
        // Between header and footer, within the border.
        let lines = screen.height.saturating_sub(4);
        let drawn = page::picture(app).filter(|picture| {
            let hints = in_lines(page::hints(app), most.min(WIDEST) - FRAME).len();
            let wide = picture.width() + BESIDE + LEAST_TEXT + FRAME;
            seen && wide <= most && picture.height() + count(hints) < lines
        });
        let outer = most.min(if drawn.is_some() { WIDEST } else { WIDE });
        let wide = outer.saturating_sub(FRAME);
        let hints = in_lines(page::hints(app), wide);
        let room = lines.saturating_sub(count(hints.len()));
        let width = drawn.as_ref().map_or(wide, |drawn| wide - drawn.width() - BESIDE);
        let mut rows = page::rows(app, (width, room), drawn.is_some());
        if !hints.is_empty() {
            rows.push(Row::Blank);
        }
        page::fit(&mut rows, usize::from(room));
        let used = count(rows.len()).max(drawn.as_ref().map_or(0, |drawn| drawn.height() + 1));
        let free = room.saturating_sub(used);
        // Space within the border first, then around it: a little above the middle is where one looks.
        let margin = u16::from(free >= 2);
        let height = used + count(hints.len()) + 2 + 2 * margin;
        let y = 1 + free.saturating_sub(2 * margin) * 2 / 5;
        let place = Rect::new((screen.width - outer) / 2, y, outer, height);
        let inner = Rect::new(place.x + 3, y + 1 + margin, wide, height - 2 - 2 * margin);
        let picture = drawn.map(|drawn| {
            let (x, size) = (inner.right() - drawn.width(), (drawn.width(), drawn.height()));
            (drawn, Rect::new(x, inner.y, size.0, size.1))
        });
        Self { place, inner, rows, width, picture, hints }
    }

    fn lines(&self) -> impl Iterator<Item = (&Row, Rect)> {
        let (inner, width) = (self.inner, self.width);
        self.rows
            .iter()
            .zip(inner.top()..inner.bottom())
            .map(move |(row, y)| (row, Rect { y, height: 1, width, ..inner }))
    }

    /// The line of the first hints: they stand at the bottom.
    fn hints_top(&self) -> u16 {
        self.inner.bottom().saturating_sub(count(self.hints.len()))
    }
}

fn count(lines: usize) -> u16 {
    u16::try_from(lines).unwrap_or(u16::MAX)
}

/// `hints` in lines of at most `width` cells.
fn in_lines(hints: Vec<Hint>, width: u16) -> Vec<Vec<Hint>> {
    let mut lines: Vec<Vec<Hint>> = Vec::new();
    let mut used = 0;
    for hint in hints {
        let needed = cells(&hint.keys) + 1 + cells(&hint.doc);
        match lines.last_mut() {
            Some(line) if used + GAP + needed <= width => {
                used += GAP + needed;
                line.push(hint);
            }
            _ => {
                used = needed;
                lines.push(vec![hint]);
            }
        }
    }
    lines
}

fn draw_row(app: &App, row: &Row, place: Rect, paint: &mut Paint<'_>) {
    match row {
        Row::Blank => {}
        Row::Text(text, role) | Row::Aside(text, role) => {
            paint.text(place.x, place.y, place.width, text, *role);
        }
        Row::Pair(label, text, role) => {
            paint.text(place.x, place.y, field::LABEL - 1, label, Role::Muted);
            paint.text(field::start(place), place.y, field::room(place), text, *role);
        }
        Row::Field { prompt, number } => field::draw(app, *prompt, *number, place, paint),
        Row::Choice { text, number } => {
            let chosen = app.sign_in_page().chosen == *number;
            let text = format!("{} {text}", if chosen { "▸" } else { " " });
            paint.text(place.x, place.y, place.width, &text, Role::Text);
            if chosen {
                paint.lay(place, Role::Cursor);
            }
        }
    }
}
