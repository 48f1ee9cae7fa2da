//! The alerts in a line or two: how many of each, who waits longest, and whether it is known who looks after what.

use crate::app::App;
use crate::app::detail::{DetailLine, Piece, Tone};
use crate::domain::{AlertStanding, FeedId, Health, Severity, Text, TroubleKind};
use crate::store::Freshness;

/// The lines.
pub(super) fn lines(app: &App) -> Vec<DetailLine> {
    let store = &app.store;
    if store.causes().is_empty() {
        return trouble(app).into_iter().collect();
    }
    let mut lines = vec![counts(app)];
    lines.extend(oldest(app));
    lines.extend(trouble(app));
    if store.causes().is_grouped() {
        let keys = app.keymap().keys_for("table.unfold", &app.contexts());
        let key = keys.first().map(|key| format!("; {key} opens one")).unwrap_or_default();
        let text = format!("Many: alerts of one cause are one row{key}. A filter looks into each.");
        lines.push(DetailLine {
            label: "",
            pieces: vec![Piece::Text(Tone::Muted, Text::clean(&text))],
        });
    }
    lines
}

fn counts(app: &App) -> DetailLine {
    let causes = app.store.causes();
    let mut pieces = Vec::new();
    for severity in Severity::ALL {
        let count = causes.counts().get(&(AlertStanding::Firing, severity)).copied().unwrap_or(0);
        if count > 0 {
            let text = format!("{count} {severity}  ");
            pieces.push(Piece::Text(tone(severity), Text::clean(&text)));
        }
    }
    if pieces.is_empty() {
        let none = Text::clean("nothing that nobody looks after  ");
        pieces.push(Piece::Text(Tone::Health(Health::Healthy), none));
    }
    for standing in [AlertStanding::Acked, AlertStanding::Inhibited, AlertStanding::Silenced] {
        let text = format!("· {} {} ", causes.standing(standing), standing.word());
        pieces.push(Piece::Text(Tone::Muted, Text::clean(&text)));
    }
    DetailLine { label: "firing", pieces }
}

fn oldest(app: &App) -> Option<DetailLine> {
    let (since, slot) = app.store.causes().oldest_waiting()?;
    let alert = &app.store.objects().alerts.get(slot)?.object;
    let tenant = alert.tenant.as_ref().map(|tenant| format!(" {tenant}")).unwrap_or_default();
    let text = Text::clean(&format!("{}{tenant}, nobody looks after it; it began ", alert.name));
    let pieces = vec![Piece::Text(Tone::Plain, text), Piece::Age(since)];
    Some(DetailLine { label: "waits longest", pieces })
}

/// Says when it is not known who looks after what.
fn trouble(app: &App) -> Option<DetailLine> {
    let freshness = &app.store.feeds().get(FeedId::Acks).freshness;
    let why = freshness.trouble().filter(|why| why.kind != TroubleKind::NotConfigured)?;
    let lead = match freshness {
        Freshness::Stale(..) => "who looks after what may have changed",
        _ => "who looks after what is not known",
    };
    let text = Text::clean(&format!("▲ {lead}: {why}"));
    Some(DetailLine { label: "", pieces: vec![Piece::Text(Tone::Warning, text)] })
}

const fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Critical => Tone::Health(Health::Failed),
        Severity::High => Tone::Health(Health::Degraded),
        Severity::Normal => Tone::Health(Health::Progressing),
        Severity::Unknown | Severity::Info => Tone::Muted,
    }
}
