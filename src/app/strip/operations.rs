//! The strip of the operations: what needs a person, what goes on, and what is due next.

use crate::app::App;
use crate::app::detail::{DetailLine, Piece, Tone};
use crate::domain::operation::Phase;
use crate::domain::{Health, Text};
use crate::store::DueTable;
use crate::store::table::Table as _;

/// The lines above the operations, and above what is due.
pub(super) fn lines(app: &App) -> Vec<DetailLine> {
    let (mut stopped, mut waiting, mut running, mut soaking) = (0, 0, 0, 0);
    for (_, held) in app.store.objects().operations.iter() {
        match held.object.standing.phase {
            Phase::Stopped { .. } => stopped += 1,
            Phase::Waiting => waiting += 1,
            Phase::Running | Phase::Undoing => running += 1,
            Phase::Done if app.store.operation_word(&held.object) == "soaking" => soaking += 1,
            Phase::Done | Phase::Undone | Phase::GivenUp { .. } => {}
        }
    }
    let counted = |count: usize, what: &str, health: Health| {
        let tone = if count > 0 { Tone::Health(health) } else { Tone::Muted };
        Piece::Text(tone, Text::clean(&format!("{count} {what}   ")))
    };
    let mut pieces = vec![
        counted(stopped, "stopped", Health::Failed),
        counted(waiting, "waiting for approval", Health::Degraded),
        counted(running, "under way", Health::Progressing),
        counted(soaking, "soaking", Health::Healthy),
    ];
    let due = DueTable::new(&app.store);
    let next = due.slots().filter_map(|slot| due.due(slot)).map(|(_, due)| due);
    if let Some(next) = next.filter(|due| due.at > app.now()).min_by_key(|due| due.at) {
        let text = format!("next due: {} in {}", next.what, next.at.since(app.now()));
        pieces.push(Piece::Text(Tone::Plain, Text::clean(&text)));
    }
    vec![DetailLine { label: "", pieces }]
}
