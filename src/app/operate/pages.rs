//! What stands on the pages of plans and operations: the lines that scroll, and below them what is asked.

use super::desk::Desk;
use super::run_lines;
use super::{PlanPage, Typed};
use crate::app::App;
use crate::app::detail::{DetailLine, Piece, Tone, operation};
use crate::app::overlay::{Leave, Overlay};
use crate::app::pages::line;
use crate::domain::PlanHash;
use crate::domain::operation::Asks;

/// The lines of `overlay` that scroll.
pub(in crate::app) fn lines(app: &App, overlay: &Overlay) -> Vec<DetailLine> {
    match overlay {
        Overlay::Plan(page) => plan(page),
        Overlay::Run(page) => run_lines::lines(app, page),
        Overlay::Leaving { how, .. } => leaving(app.desk(), *how),
        _ => Vec::new(),
    }
}

/// The lines of `overlay` that stand at its bottom: what is asked.
pub(in crate::app) fn foot(app: &App, overlay: &Overlay) -> Vec<DetailLine> {
    match overlay {
        Overlay::Plan(page) => plan_foot(app, page),
        Overlay::Run(page) => run_lines::foot(app, page),
        Overlay::Leaving { how: Leave::Quit, .. } => vec![question("Quit all the same?")],
        Overlay::Leaving { how: Leave::Suspend, .. } => {
            vec![question("Suspend to the shell all the same?")]
        }
        _ => Vec::new(),
    }
}

pub(super) fn say(tone: Tone, text: &str) -> DetailLine {
    line(&[(tone, text.to_owned())])
}

fn question(text: &str) -> DetailLine {
    line(&[
        (Tone::Heading, format!("{text} ")),
        (Tone::Key, "y".to_owned()),
        (Tone::Plain, "/N".to_owned()),
    ])
}

fn plan(page: &PlanPage) -> Vec<DetailLine> {
    let plan = &page.plan;
    let mut lines = operation::damage(plan);
    lines.extend([DetailLine::default(), say(Tone::Heading, plan.title.as_str())]);
    let made = format!("{}, by {}: operation {}", plan.verb.what(), plan.by, plan.id);
    lines.push(say(Tone::Muted, &made));
    lines.extend(operation::looked_at(plan));
    lines.extend([DetailLine::default(), say(Tone::Heading, "Steps")]);
    lines.extend(operation::steps(plan, None, None));
    lines.extend(operation::due(plan));
    lines.extend(page.written.iter().cloned());
    lines
}

fn plan_foot(app: &App, page: &PlanPage) -> Vec<DetailLine> {
    let plan = &page.plan;
    let anew = |app: &App| {
        let key = app.keymap().keys_for("plan.again", &app.contexts()).into_iter().next();
        key.map(|key| line(&[(Tone::Key, key), (Tone::Plain, " makes the plan anew".to_owned())]))
    };
    if let Some(moved) = &page.moved {
        let text = format!("✗ {moved} since the plan was made, so it can't be confirmed any more.");
        return [Some(say(Tone::Error, &text)), anew(app)].into_iter().flatten().collect();
    }
    let refusals: Vec<String> =
        plan.refusals().map(|check| format!("✗ It can't be done: {}.", check.what)).collect();
    if !refusals.is_empty() {
        let refused = refusals.iter().map(|text| say(Tone::Error, text));
        return refused.chain(anew(app)).collect();
    }
    let factor = Some(&page.hash).filter(|_| plan.asks >= Asks::StepUp);
    let mut lines = given(app, &page.typed, factor);
    if plan.asks == Asks::SecondPerson {
        let text = "It begins once a second person has approved of it, at a console of theirs.";
        lines.push(say(Tone::Plain, text));
    }
    lines.extend(asked(&page.typed, "Do it?"));
    lines
}

/// What was wrong with what was given, and how it stands with the factor for the plan of the hash `factor`.
pub(super) fn given(app: &App, typed: &Typed, factor: Option<&PlanHash>) -> Vec<DetailLine> {
    let mut lines = Vec::new();
    if let Some(wrong) = &typed.wrong {
        lines.push(say(Tone::Error, &format!("✗ {wrong}")));
    } else if let Some(wrong) = app.presence.sign_in().wrong.as_ref().filter(|_| factor.is_some()) {
        lines.push(say(Tone::Error, &format!("✗ The second factor does not count: {wrong}")));
    }
    if let Some(hash) = factor {
        lines.push(match app.presence.proof_left(hash, app.now()) {
            Some(left) => {
                say(Tone::Warning, &format!("Your second factor counts for {left} more."))
            }
            None => say(Tone::Plain, "Your second factor is asked next, for this plan alone."),
        });
    }
    lines
}

/// The question, or the lines that are typed to answer it.
pub(super) fn asked(typed: &Typed, what: &str) -> Vec<DetailLine> {
    if !typed.types() {
        return vec![question(what)];
    }
    let mut lines = Vec::new();
    // The lines that are typed are drawn over those of a word and a reason.
    if let Some(word) = typed.wanted() {
        let pieces = vec![Piece::Text(Tone::Key, word.clone())];
        lines.push(DetailLine { label: "type", pieces });
        lines.push(DetailLine { label: "word", pieces: Vec::new() });
    }
    if typed.is_reasoned() {
        lines.push(DetailLine { label: "reason", pieces: Vec::new() });
    }
    lines
}

fn leaving(desk: &Desk, how: Leave) -> Vec<DetailLine> {
    let mut lines = vec![say(Tone::Heading, "This console works on:")];
    lines.extend(desk.here.values().map(|here| say(Tone::Plain, &format!("· {}", here.title))));
    let text = "It stays in its journal as far as it is. Once the lease of this console has run out, any console of a \
                colleague can go on with it from there: it looks first, and does nothing twice.";
    lines.push(DetailLine::default());
    if how == Leave::Suspend {
        lines.push(say(Tone::Warning, "Nothing of it goes on here while this console is stopped."));
    }
    lines.push(say(Tone::Plain, text));
    lines
}

/// Lines that `form` takes.
#[must_use]
pub fn form_lines(app: &App, form: &super::Form) -> u16 {
    let suggested = form.current().map_or(0, |field| form.suggestions(&app.store, field).len());
    u16::try_from(form.fields.len() + suggested).unwrap_or_default() + 4
}
