//! How it looks: the app's state, drawn.
//!
//! [`draw`] changes nothing but cells. It formats only the rows that are on the screen, cannot fail, and
//! takes what is where from [`Geometry`].

mod drawer;
mod footer;
mod header;
mod log;
mod operate;
mod overlays;
mod paint;
mod rows;
mod sign_in;
mod table;
pub mod theme;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::app::App;
use crate::app::geometry::{Geometry, LEAST};
use paint::Paint;
use theme::{Role, Theme};

/// Draws `app` into `buffer`, which has the size of the screen.
pub fn draw(app: &App, geometry: &Geometry, theme: &Theme, buffer: &mut Buffer) {
    let mut paint = Paint::new(buffer, theme);
    paint.fill(geometry.screen, Role::Screen);
    if let Some(place) = geometry.glass {
        header::glass(app, place, &mut paint);
    }
    if geometry.header.width == 0 {
        let under = u16::from(geometry.glass.is_some());
        too_small(&mut paint, geometry.screen, under);
        return;
    }
    if app.shows_sign_in() {
        sign_in::draw(app, geometry, &mut paint);
        return;
    }
    header::draw(app, geometry, &mut paint);
    table::draw(app, geometry, &mut paint);
    if let Some(place) = geometry.drawer {
        drawer::draw(app, place, &mut paint);
    }
    let beside = app.has_run_log();
    if !beside {
        draw_log(app, geometry, &mut paint);
    }
    footer::draw(app, geometry, &mut paint);
    if let Some(overlay) = app.overlay() {
        overlays::draw(app, geometry, overlay, &mut paint);
    }
    if beside {
        draw_log(app, geometry, &mut paint);
    }
}

fn draw_log(app: &App, geometry: &Geometry, paint: &mut Paint<'_>) {
    if let (Some(place), Some(page)) = (geometry.log, app.log_page()) {
        log::draw(app, page, place, paint);
    }
}

/// Where the terminal's cursor stands, while a line is being typed.
#[must_use]
pub fn cursor(app: &App, geometry: &Geometry) -> Option<(u16, u16)> {
    if geometry.header.width == 0 {
        return None;
    }
    if app.shows_sign_in() {
        return sign_in::cursor(app, geometry);
    }
    match (app.overlay(), geometry.overlay) {
        (Some(overlay), Some(place)) if !app.is_in_log() => {
            overlays::cursor(app, geometry, overlay, place)
        }
        _ => footer::cursor(app, geometry),
    }
}

fn too_small(paint: &mut Paint<'_>, screen: Rect, under: u16) {
    let (width, height) = LEAST;
    let lines = [
        "The window is too small.".to_owned(),
        format!("It has {}×{} cells,", screen.width, screen.height),
        format!("{width}×{height} are needed."),
    ];
    let top = (screen.height.saturating_sub(3) / 2).max(under);
    for (y, line) in (top..screen.height).zip(&lines) {
        paint.text(0, y, screen.width, line, Role::NoticeWarn);
    }
}
