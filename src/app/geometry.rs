//! Where everything stands on the screen: a pure function of the app's state.
//!
//! It stands here and not beside the drawing because keys need it too (how far is a page?) and so does the
//! mouse (what was clicked?).

use ratatui::layout::Rect;

use super::App;
use super::banner::Banner;
use super::overlay::Overlay;
use super::pane::Pane;
use super::panes::{PANES, PaneSpec, pane_of};
use super::strip;
use super::{operate, pages};
use crate::store::table::{Column, TableId, Width};

/// The smallest screen that is drawn.
pub const LEAST: (u16, u16) = (60, 15);

/// From this width on the drawer stands beside the table, else below it.
const WIDE: u16 = 120;

/// From this width on a log stands beside the page of an operation, else in its place.
pub(super) const BESIDE: u16 = 140;

/// Where everything stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Geometry {
    /// The whole screen.
    pub screen: Rect,
    /// The line above everything that says that the console was opened without the provider, when it was.
    pub glass: Option<Rect>,
    /// The line at the top.
    pub header: Rect,
    /// The line with the panes.
    pub bar: Rect,
    /// Each pane's place on that line, by its number.
    pub tabs: Vec<(usize, Rect)>,
    /// The lines that sum up the pane, when it has any; the first names its tables where there are several.
    pub strip: Option<Rect>,
    /// Each table's place on the first of them.
    pub views: Vec<(TableId, Rect)>,
    /// The lines that say what is wrong with the pane's feed, when something is.
    pub banner: Option<Rect>,
    /// The line with the columns' titles.
    pub titles: Rect,
    /// The rows.
    pub rows: Rect,
    /// The log that is open in place of titles, rows and drawer: its first line says how it stands.
    pub log: Option<Rect>,
    /// The columns, by number, with their place from left to right.
    pub columns: Vec<(usize, u16, u16)>,
    /// The drawer with its border, when it is open.
    pub drawer: Option<Rect>,
    /// The line with filter and counts.
    pub status: Rect,
    /// The line with hints or a notice.
    pub footer: Rect,
    /// What is laid over the pane, with its border.
    pub overlay: Option<Rect>,
    /// Lines at the bottom of that which do not scroll, and a line above them where there are any.
    pub foot: u16,
    /// Cells that a log beside what is laid over the pane takes of it, with the line between them.
    pub beside: u16,
}

impl Geometry {
    /// Where everything stands for `app`.
    #[must_use]
    pub fn of(app: &App) -> Self {
        let (width, height) = app.screen.size;
        let screen = Rect::new(0, 0, width, height);
        let line = |y| Rect::new(0, y, width, 1);
        let glass = app.presence.is_break_glass().then(|| line(0));
        if width < LEAST.0 || height < LEAST.1 {
            return Self { screen, glass, ..Self::default() };
        }
        let pane = app.pane();
        let in_place = app.log_page().is_some() && !app.has_run_log();
        let top = u16::from(glass.is_some());
        let mut body = Rect::new(0, top + 2, width, height - top - 4);
        let banner = Banner::of(app).map(|banner| {
            let lines = u16::try_from(banner.lines(width).len()).unwrap_or(1);
            body.y += lines;
            body.height -= lines;
            Rect::new(0, top + 2, width, lines)
        });
        let strip = strip::height(app, body).filter(|_| !in_place).map(|lines| {
            let place = Rect { height: lines, ..body };
            body.y += lines;
            body.height -= lines;
            place
        });
        let log = in_place.then_some(body);
        let (body, drawer) = if log.is_some() { (body, None) } else { split(body, pane) };
        let columns = u16::try_from(pane.columns.shown.len()).unwrap_or(u16::MAX - 2);
        let rows = Rect { y: body.y + 1, height: body.height - 1, ..body };
        let overlay = app.overlay().map(|overlay| {
            let screen = Rect { y: top, height: height - top, ..screen };
            overlay_place(app, overlay, columns, screen)
        });
        let beside = overlay.filter(|_| app.has_run_log()).map(|place| beside(app, place));
        let log = log.or(beside);
        let beside = beside.map_or(0, |log| if app.is_wide() { log.width + 3 } else { 0 });
        let foot = app.overlay().zip(overlay).map_or(0, |(overlay, place)| {
            let width = usize::from(place.width.saturating_sub(4 + beside));
            u16::try_from(pages::foot(app, overlay, width).len()).unwrap_or_default()
        });
        Self {
            screen,
            glass,
            header: line(top),
            bar: line(top + 1),
            tabs: tabs(pane_of(app.screen.pane), line(top + 1)),
            strip,
            views: strip.map_or_else(Vec::new, |strip| views(app.screen.pane, strip)),
            banner,
            titles: Rect { height: 1, ..body },
            rows,
            log,
            columns: place_columns(pane, rows.width),
            drawer,
            status: line(height - 2),
            footer: line(height - 1),
            overlay,
            foot: if foot > 0 { foot + 1 } else { 0 },
            beside,
        }
    }

    /// Lines of the drawer between its borders.
    #[must_use]
    pub fn drawer_lines(&self) -> usize {
        self.drawer.map_or(0, |drawer| usize::from(drawer.height.saturating_sub(2)))
    }

    /// Cells of a line of the drawer.
    #[must_use]
    pub fn drawer_width(&self) -> usize {
        self.drawer.map_or(0, |drawer| usize::from(drawer.width.saturating_sub(4)))
    }

    /// Lines of what is laid over the pane, between its borders.
    #[must_use]
    pub fn overlay_lines(&self) -> usize {
        let taken = 2 + self.foot;
        self.overlay.map_or(0, |overlay| usize::from(overlay.height.saturating_sub(taken)))
    }

    /// Cells of a line of what is laid over the pane.
    #[must_use]
    pub fn overlay_width(&self) -> usize {
        let taken = 4 + self.beside;
        self.overlay.map_or(0, |overlay| usize::from(overlay.width.saturating_sub(taken)))
    }

    /// Cells and rows of the lines of the log, below the line that says how it stands.
    #[must_use]
    pub fn log_size(&self) -> (usize, usize) {
        self.log.map_or((0, 0), |log| {
            (usize::from(log.width), usize::from(log.height.saturating_sub(1)))
        })
    }

    /// How many rows fit.
    #[must_use]
    pub fn page(&self) -> usize {
        usize::from(self.rows.height)
    }
}

/// The panes' places on the bar: with their names where there is room, set closer where there is less, else only their
/// digits and the active one's name.
fn tabs(active: usize, bar: Rect) -> Vec<(usize, Rect)> {
    let fits = |(apart, freshness): &(u16, u16)| {
        let named = PANES.iter().filter(|pane| pane.digit.is_some());
        named.map(|pane| tab_width(pane, Some(*apart))).sum::<u16>() + freshness <= bar.width
    };
    let apart = APART.iter().find(|room| fits(room)).map(|(apart, _)| *apart);
    let mut x = 1;
    let mut places = Vec::new();
    for (number, pane) in PANES.iter().enumerate() {
        if pane.digit.is_none() && number != active {
            continue;
        }
        let width = tab_width(pane, apart.or_else(|| (number == active).then_some(2)));
        places.push((number, Rect::new(x, bar.y, width, 1)));
        x += width;
    }
    places
}

/// Cells around a pane's name, and those kept for the freshness of the feeds to the right of the panes; the best first.
const APART: [(u16, u16); 2] = [(2, 16), (1, 10)];

/// Cells of a pane on the bar, its name with so many around it, if it is shown.
fn tab_width(pane: &PaneSpec, named: Option<u16>) -> u16 {
    let digit = if pane.digit.is_some() { 2 } else { 0 };
    let name = named.map(|apart| u16::try_from(pane.name.len()).unwrap_or(0) + apart);
    digit + name.unwrap_or_default()
}

/// The tables' places on the first line of the strip, where the pane has several.
fn views(active: TableId, strip: Rect) -> Vec<(TableId, Rect)> {
    let tables = PANES.get(pane_of(active)).map_or(&[][..], |pane| pane.tables);
    let mut x = strip.x + 1;
    let mut places = Vec::new();
    for table in tables.iter().filter(|_| tables.len() > 1) {
        let width = u16::try_from(table.name().len()).unwrap_or(0) + 2;
        places.push((*table, Rect::new(x, strip.y, width, 1)));
        x += width;
    }
    places
}

fn split(body: Rect, pane: &Pane) -> (Rect, Option<Rect>) {
    if !pane.drawer.open {
        return (body, None);
    }
    if body.width >= WIDE {
        let width = (body.width * 2 / 5).max(56);
        let table = Rect { width: body.width - width, ..body };
        return (table, Some(Rect { x: table.width, width, ..body }));
    }
    let height = (body.height * 3 / 5).max(6);
    let table = Rect { height: body.height - height, ..body };
    (table, Some(Rect { y: body.y + table.height, height, ..body }))
}

fn overlay_place(app: &App, overlay: &Overlay, rows: u16, screen: Rect) -> Rect {
    let (width, height) = match overlay {
        Overlay::Run(_) if app.has_run_log() => (u16::MAX, screen.height),
        // The card takes the whole body.
        Overlay::Card(_) => {
            return Rect::new(0, screen.y + 2, screen.width, screen.height.saturating_sub(3));
        }
        Overlay::Palette(_) => (72, 18),
        Overlay::Columns { .. } => (92, rows + 2),
        Overlay::Help { .. } => (100, screen.height),
        Overlay::Menu(menu) => (100, count(menu.items.len()) + 2),
        Overlay::Form(form) => (84, operate::form_lines(app, form) + 2),
        Overlay::Leaving { .. } => (84, u16::MAX),
        Overlay::Plan(_) | Overlay::Run(_) => (132, u16::MAX),
        Overlay::Feeds { .. } | Overlay::Notices { .. } | Overlay::Rights { .. } => {
            (120, screen.height)
        }
    };
    // On a narrow screen a margin would show but slivers of what lies below.
    let margin = if screen.width < 100 { 0 } else { 4 };
    let width = screen.width.saturating_sub(margin).min(width);
    let height = if height == u16::MAX { own_height(app, overlay, width) } else { height };
    let height = screen.height.saturating_sub(4).min(height);
    Rect::new((screen.width - width) / 2, screen.y + 2, width, height)
}

/// The log of an operation within the place of its page: the right of it, or all of it where there is no room.
fn beside(app: &App, place: Rect) -> Rect {
    let inner = Rect::new(
        place.x + 1,
        place.y + 1,
        place.width.saturating_sub(2),
        place.height.saturating_sub(2),
    );
    if !app.is_wide() {
        return inner;
    }
    let width = inner.width * 9 / 20;
    Rect { x: inner.right() - width, width, ..inner }
}

/// The lines of a page that is as high as what stands on it, with its border.
fn own_height(app: &App, overlay: &Overlay, width: u16) -> u16 {
    let inner = usize::from(width.saturating_sub(4));
    let foot = pages::foot(app, overlay, inner).len();
    count(pages::count_lines(app, overlay, inner) + foot + usize::from(foot > 0)) + 2
}

fn count(lines: usize) -> u16 {
    u16::try_from(lines).unwrap_or(u16::MAX - 2)
}

/// Cells between two columns.
const GAP: u16 = 2;

/// The first column's room for marks and the cursor's sign.
pub const GUTTER: u16 = 2;

/// Names are told apart by their ends: so many cells of the column that names the row come before columns of a rank from
/// [`DISPENSABLE`] on.
const NAME_WANTS: u16 = 28;

/// With so many it is wide enough for nearly every name.
const NAME_WIDE: u16 = 32;

/// The rank from which on columns give way to the name of the row.
const DISPENSABLE: u8 = 5;

/// Places the columns of `pane` on `width` cells: those of the highest rank give way first.
fn place_columns(pane: &Pane, width: u16) -> Vec<(usize, u16, u16)> {
    let mut columns: Vec<(usize, &Column)> = pane.shown_columns().collect();
    let scrolled = pane.columns.scrolled.min(columns.len().saturating_sub(1));
    if scrolled > 0 {
        columns.drain(1..=scrolled);
    }
    let room = width.saturating_sub(GUTTER);
    while columns.len() > 1 && least_width(&columns) > room {
        let least_wanted = columns
            .iter()
            .enumerate()
            .max_by_key(|(place, (_, column))| (column.rank, *place))
            .map(|(place, _)| place);
        // After scrolling the operator asks for what is further right, so the far end gives way.
        let place = if scrolled > 0 { Some(columns.len() - 1) } else { least_wanted };
        columns.remove(place.unwrap_or_default());
    }
    if scrolled == 0 {
        while let Some(place) = dispensable(&columns, room) {
            columns.remove(place);
        }
    }
    let mut spare = room.saturating_sub(least_width(&columns));
    let mut name =
        names(&columns).map_or(0, |least| NAME_WIDE.saturating_sub(least).min(spare * 2 / 3));
    spare -= name;
    let weights: u16 = columns.iter().map(|(_, column)| weight(column)).sum();
    let mut x = GUTTER;
    columns
        .into_iter()
        .map(|(number, column)| {
            let share = (u32::from(spare) * u32::from(weight(column)))
                .checked_div(u32::from(weights))
                .unwrap_or_default();
            let share = u16::try_from(share).unwrap_or_default();
            // Only the first column can be the one that names the row.
            let width = least(column) + share + std::mem::take(&mut name);
            let place = (number, x, width.min(room));
            x += width + GAP;
            place
        })
        .collect()
}

/// The least cells of the first column, where it names the row and can be wider.
fn names(columns: &[(usize, &Column)]) -> Option<u16> {
    match columns.first()?.1 {
        Column { rank: 0, width: Width::Flex { least, .. }, .. } => Some(*least),
        _ => None,
    }
}

/// The column that gives way so that the row's name has room, if one should.
fn dispensable(columns: &[(usize, &Column)], room: u16) -> Option<usize> {
    let lacks = NAME_WANTS.saturating_sub(names(columns)?);
    if least_width(columns) + lacks <= room {
        return None;
    }
    columns
        .iter()
        .enumerate()
        .filter(|(_, (_, column))| column.rank >= DISPENSABLE)
        .max_by_key(|(place, (_, column))| (column.rank, *place))
        .map(|(place, _)| place)
}

fn least_width(columns: &[(usize, &Column)]) -> u16 {
    columns.iter().map(|(_, column)| least(column) + GAP).sum::<u16>().saturating_sub(GAP)
}

const fn least(column: &Column) -> u16 {
    match column.width {
        Width::Fixed(cells) => cells,
        Width::Flex { least, .. } => least,
    }
}

const fn weight(column: &Column) -> u16 {
    match column.width {
        Width::Fixed(_) => 0,
        Width::Flex { weight, .. } => weight,
    }
}
