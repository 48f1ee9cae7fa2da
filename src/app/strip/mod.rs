//! The strip: a few lines above a table that sum up what it speaks of, such as the server's own figures.

mod alerts;
mod backups;
mod cluster;
mod databases;
mod operations;
pub mod overview;
mod services;
mod streams;

use ratatui::layout::Rect;

use super::App;
use super::detail::DetailLine;
use super::panes::{PANES, pane_of};
use crate::store::table::TableId;

/// Below this height of the body only the first line is shown.
const ROOMY: u16 = 18;

/// The most lines of a strip.
pub const LINES: usize = 4;

/// The lines of the strip of the pane shown, on `width` cells; without the line of its tables.
#[must_use]
pub fn lines(app: &App, width: usize) -> Vec<DetailLine> {
    let mut lines = match app.screen.pane {
        TableId::Overview => overview::lines(app, width),
        TableId::Workloads
        | TableId::Pods
        | TableId::Network
        | TableId::Flux
        | TableId::Jobs
        | TableId::Nodes => cluster::lines(app),
        TableId::Services | TableId::Executions => services::lines(app),
        TableId::Backups => backups::lines(app),
        TableId::Databases | TableId::Sessions => databases::server(app, width),
        TableId::Pools => databases::pools(app),
        TableId::Alerts | TableId::Silences => alerts::lines(app),
        TableId::Operations | TableId::Due => operations::lines(app),
        TableId::Tenants | TableId::Events | TableId::Upgrades => Vec::new(),
        TableId::Streams | TableId::Keys => streams::lines(app, width),
    };
    lines.truncate(LINES);
    lines
}

/// Whether the pane shown has several tables, which the first line of its strip names.
#[must_use]
pub fn names_tables(app: &App) -> bool {
    PANES.get(pane_of(app.screen.pane)).is_some_and(|pane| pane.tables.len() > 1)
}

/// How many lines the strip takes of `body`; none when there is nothing to say.
#[must_use]
pub fn height(app: &App, body: Rect) -> Option<u16> {
    let named = u16::from(names_tables(app));
    let lines = named + u16::try_from(lines(app, usize::from(body.width)).len()).unwrap_or(0);
    let most = if body.height < ROOMY { 1 } else { lines };
    Some(lines.min(most)).filter(|lines| *lines > 0)
}
