//! The strip of the services: how many are ready, and what the agents did in the last hour.

use crate::app::App;
use crate::app::detail::{DetailLine, Piece, Tone, grouped};
use crate::domain::{FeedId, Health, Span, Text};
use crate::store::{Freshness, ServicesTable};

/// Calls of agents are summed up over so long.
const BACK: Span = Span::from_secs(3_600);

/// The lines above the services and above the agents' calls.
pub(super) fn lines(app: &App) -> Vec<DetailLine> {
    services(app).into_iter().chain(executions(app)).collect()
}

fn services(app: &App) -> Option<DetailLine> {
    let table = ServicesTable::new(&app.store);
    let (mut all, mut well) = (0, 0);
    let mut unwell = Vec::new();
    for (_, service) in table.iter() {
        all += 1;
        if matches!(service.health, Health::Failed | Health::Degraded) {
            unwell.push((service.health, &service.meta.name, &service.state));
        } else {
            well += 1;
        }
    }
    if all == 0 {
        return None;
    }
    unwell.sort_unstable();
    let mut pieces =
        vec![text(Tone::Muted, "services "), text(Tone::Plain, &format!("{well} of {all} ready"))];
    for (health, name, state) in unwell.into_iter().take(3) {
        pieces.push(text(Tone::Health(health), &format!("   {} {name} {state}", health.sign())));
    }
    Some(DetailLine { label: "", pieces })
}

fn executions(app: &App) -> Option<DetailLine> {
    let state = &app.store.feeds().get(FeedId::Executions).freshness;
    if !matches!(state, Freshness::Live(_) | Freshness::Stale(..)) {
        return None;
    }
    let (mut all, mut shadow) = (0_u64, 0_u64);
    for (_, held) in app.store.objects().executions.iter() {
        if app.now().since(held.object.at) <= BACK {
            all += 1;
            shadow += u64::from(held.object.shadow);
        }
    }
    let real = all - shadow;
    let pieces = vec![
        text(Tone::Muted, "agents in the last hour "),
        text(Tone::Plain, &format!("{} calls", grouped(all))),
        text(Tone::Muted, &format!(", {} in shadow (would_execute), ", grouped(shadow))),
        text(Tone::Plain, &format!("{} real", grouped(real))),
    ];
    Some(DetailLine { label: "", pieces })
}

fn text(tone: Tone, text: &str) -> Piece {
    Piece::Text(tone, Text::clean(text))
}
