//! The page of what the operator may do here: their role, whether the console may only look, and each right in the cluster.

use super::App;
use super::action::REGISTRY;
use super::detail::{DetailLine, Tone};
use super::pages::line;
use crate::domain::{Access, FeedId, Health, Need, Verdict};

/// Cells that the right takes.
const RIGHT: usize = 34;

/// Its lines: what is denied first, for that is what somebody looks for here.
pub(super) fn lines(app: &App) -> Vec<DetailLine> {
    let mut lines = vec![who(app)];
    if app.setting.read_only {
        let says = "This console is read-only: it refuses every change, whatever you may do.";
        lines.push(line(&[(Tone::Warning, says.to_owned())]));
    }
    lines.push(DetailLine::default());
    lines.push(line(&[(Tone::Heading, "in the cluster".to_owned())]));
    if let Some(why) = app.store.feeds().get(FeedId::Access).freshness.trouble() {
        lines.push(line(&[(Tone::Warning, format!("  {why}"))]));
    }
    let access = &app.store.objects().access;
    let of = |need: &Need| access.find(&need.uid()).and_then(|slot| access.get(slot));
    let mut needs: Vec<(&Need, Option<&Access>)> =
        Need::ALL.iter().map(|need| (need, of(need).map(|held| &*held.object))).collect();
    needs.sort_by_key(|(_, access)| verdict(*access));
    for (need, access) in needs {
        right(need, access, &mut lines);
    }
    lines
}

fn who(app: &App) -> DetailLine {
    let role = app.presence.role();
    let says = match app.presence.staff() {
        Some(staff) => format!("You are {}, {role}.", staff.person.user),
        None => format!("Nobody is signed in here; the role is {role}."),
    };
    line(&[(Tone::Plain, says)])
}

fn verdict(access: Option<&Access>) -> Verdict {
    access.map_or(Verdict::Unknown, |access| access.verdict)
}

/// One right, what it is good for, and what says no.
fn right(need: &Need, access: Option<&Access>, lines: &mut Vec<DetailLine>) {
    let verdict = verdict(access);
    let health = match verdict {
        Verdict::Denied => Health::Failed,
        Verdict::Unknown => Health::Unknown,
        Verdict::Allowed => Health::Healthy,
    };
    let place = access.and_then(|access| access.namespace.as_ref());
    let place = place.map(|namespace| format!(" in {namespace}")).unwrap_or_default();
    lines.push(line(&[
        (Tone::Health(health), format!("  {} {:<7} ", health.sign(), verdict.word())),
        (Tone::Plain, format!("{:<RIGHT$} ", format!("{}{place}", need.words()))),
        (Tone::Muted, format!("to {}", need.what)),
    ]));
    if verdict == Verdict::Allowed {
        return;
    }
    let reason = access.map_or("not asked yet", |access| access.reason.as_str());
    if !reason.is_empty() {
        lines.push(line(&[(Tone::Plain, format!("      {reason}"))]));
    }
    let lost: Vec<&str> = REGISTRY
        .iter()
        .filter(|spec| verdict == Verdict::Denied && spec.needs().any(|it| it == need))
        .map(|spec| spec.verb.doc)
        .collect();
    if !lost.is_empty() {
        lines.push(line(&[(
            Tone::Plain,
            format!("      without it you can't: {}", lost.join(", ")),
        )]));
    }
}
