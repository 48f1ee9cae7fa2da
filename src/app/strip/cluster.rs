//! The strip of the cluster: nodes and pods by state, and what needs a hand soon.

use crate::app::App;
use crate::app::detail::{DetailLine, Piece, Tone, grouped};
use crate::domain::{ClusterKind, ClusterObject, Health, Text};
use crate::store::Freshness;

/// The most names in one line.
const NAMED: usize = 3;

/// The lines above the cluster's tables.
pub(super) fn lines(app: &App) -> Vec<DetailLine> {
    if app.store.tally().all(ClusterKind::Pod) + app.store.tally().all(ClusterKind::Node) == 0 {
        return Vec::new();
    }
    vec![counts(app), soon(app)]
}

fn counts(app: &App) -> DetailLine {
    let mut pieces = Vec::new();
    for (kind, words) in [
        (ClusterKind::Node, ["nodes", "well", "unwell"]),
        (ClusterKind::Pod, ["pods", "well", "unwell"]),
        (ClusterKind::Deployment, ["workloads", "well", "short of pods"]),
        (ClusterKind::Route, ["routes", "resolved", "broken"]),
    ] {
        pieces.extend(count(app, kind, words));
    }
    DetailLine { label: "", pieces }
}

fn count(app: &App, kind: ClusterKind, [noun, well, unwell]: [&str; 3]) -> Vec<Piece> {
    let tally = app.store.tally();
    let all = tally.all(kind);
    let state = &app.store.feeds().get(crate::domain::FeedId::of_cluster(kind)).freshness;
    if all == 0 {
        return match state {
            Freshness::Live(_) => Vec::new(),
            _ => vec![text(Tone::Muted, format!("{noun} ?   "))],
        };
    }
    let bad = tally.of(kind, Health::Failed) + tally.of(kind, Health::Degraded);
    let moving = tally.of(kind, Health::Progressing);
    let good = all - bad - moving;
    let mut pieces = vec![text(Tone::Muted, format!("{noun} "))];
    let numbers = format!("{} of {} {well}", grouped(good as u64), grouped(all as u64));
    pieces.push(text(Tone::Plain, numbers));
    if bad > 0 {
        let tone = Tone::Health(if tally.of(kind, Health::Failed) > 0 {
            Health::Failed
        } else {
            Health::Degraded
        });
        pieces.push(text(tone, format!(", {} {unwell}", grouped(bad as u64))));
    }
    if moving > 0 {
        let moving = format!(", {} on the way", grouped(moving as u64));
        pieces.push(text(Tone::Health(Health::Progressing), moving));
    }
    pieces.push(text(Tone::Plain, "   ".to_owned()));
    pieces
}

/// Certificates that end soon, Kustomizations that do not apply, quotas without room.
fn soon(app: &App) -> DetailLine {
    let mut pieces = Vec::new();
    for (kind, what, name_is_place) in [
        (ClusterKind::Certificate, "certificates", false),
        (ClusterKind::Kustomization, "flux", false),
        (ClusterKind::Quota, "quota", true),
        (ClusterKind::Claim, "claims", true),
    ] {
        let mut unwell: Vec<&ClusterObject> = app
            .store
            .cluster(kind)
            .iter()
            .map(|(_, held)| &*held.object)
            .filter(|object| matches!(object.health, Health::Failed | Health::Degraded))
            .collect();
        if unwell.is_empty() {
            continue;
        }
        unwell.sort_by_key(|object| (object.health, object.at));
        pieces.push(text(Tone::Muted, format!("{what} ")));
        let more = unwell.len().saturating_sub(NAMED);
        for object in unwell.into_iter().take(NAMED) {
            let namespace = object.meta.namespace.as_ref().filter(|_| name_is_place);
            let name = namespace.unwrap_or(&object.meta.name);
            let said = format!("{} {name} {} ", object.health.sign(), object.state);
            pieces.push(text(Tone::Health(object.health), said));
        }
        if more > 0 {
            pieces.push(text(Tone::Muted, format!("and {more} more ")));
        }
        pieces.push(text(Tone::Plain, "  ".to_owned()));
    }
    if pieces.is_empty() {
        let well = "certificates, Flux, quotas and claims are well";
        pieces.push(text(Tone::Muted, well.to_owned()));
    }
    DetailLine { label: "", pieces }
}

fn text(tone: Tone, text: String) -> Piece {
    Piece::Text(tone, Text::from(text))
}
