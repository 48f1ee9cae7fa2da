//! What stands on the pages of plans and operations: the lines that scroll, and below them what is asked.

use super::desk::Desk;
use super::{Asking, PlanPage, RunPage};
use crate::app::App;
use crate::app::detail::{DetailLine, Piece, Tone, operation};
use crate::app::overlay::Overlay;
use crate::app::pages::line;
use crate::domain::operation::{Asks, Phase};

/// The lines of `overlay` that scroll.
pub(in crate::app) fn lines(app: &App, overlay: &Overlay) -> Vec<DetailLine> {
    match overlay {
        Overlay::Plan(page) => plan(page),
        Overlay::Run(page) => run(app, page),
        Overlay::Leaving { .. } => leaving(app.desk()),
        _ => Vec::new(),
    }
}

/// The lines of `overlay` that stand at its bottom: what is asked.
pub(in crate::app) fn foot(app: &App, overlay: &Overlay) -> Vec<DetailLine> {
    match overlay {
        Overlay::Plan(page) => plan_foot(app, page),
        Overlay::Run(page) => run_foot(app, page),
        Overlay::Leaving { .. } => vec![question("Quit all the same?")],
        _ => Vec::new(),
    }
}

fn say(tone: Tone, text: &str) -> DetailLine {
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
    lines.extend(operation::written(plan));
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
    let mut lines = Vec::new();
    if let Some(wrong) = &page.wrong {
        lines.push(say(Tone::Error, &format!("✗ {wrong}")));
    } else if let Some(wrong) =
        app.presence.sign_in().wrong.as_ref().filter(|_| plan.asks >= Asks::StepUp)
    {
        lines.push(say(Tone::Error, &format!("✗ The second factor does not count: {wrong}")));
    }
    if plan.asks >= Asks::StepUp {
        lines.push(match app.presence.proof_left(&page.hash, app.now()) {
            Some(left) => {
                say(Tone::Warning, &format!("Your second factor counts for {left} more."))
            }
            None => say(Tone::Plain, "Your second factor is asked next, for this plan alone."),
        });
    }
    if plan.asks == Asks::SecondPerson {
        let text = "It begins once a second person has approved of it, at a console of theirs.";
        lines.push(say(Tone::Plain, text));
    }
    if plan.asks == Asks::Yes {
        lines.push(question("Do it?"));
        return lines;
    }
    lines.push(DetailLine {
        label: "type",
        pieces: vec![Piece::Text(Tone::Key, plan.word.clone())],
    });
    // The lines that are typed are drawn over these two.
    lines.extend([DetailLine { label: "word", pieces: Vec::new() }]);
    lines.extend([DetailLine { label: "reason", pieces: Vec::new() }]);
    lines
}

fn run(app: &App, page: &RunPage) -> Vec<DetailLine> {
    let known = app.operation(&page.id);
    let here = app.desk().here.get(&page.id);
    let mut lines = match known {
        Some(known) => operation::head(&app.store, known),
        None if here.is_some() => vec![say(Tone::Plain, "◌ Beginning.")],
        None => vec![say(Tone::Muted, "Its journal was not heard of.")],
    };
    if let Some(halted) = &page.halted {
        lines.push(say(Tone::Error, &format!("✗ {halted}")));
    } else if here.is_some() {
        lines.push(say(
            Tone::Muted,
            "This console works on it. It goes on when this page is closed.",
        ));
    }
    lines.extend([DetailLine::default(), say(Tone::Heading, "Steps")]);
    let progress = here.map(|here| (here.step, &here.words));
    lines.extend(operation::steps(&page.plan, known.map(|known| &**known), progress));
    lines.extend(operation::due(&page.plan));
    if let Some(known) = known {
        lines.extend(operation::records(known));
    }
    lines
}

fn run_foot(app: &App, page: &RunPage) -> Vec<DetailLine> {
    let Some(asking) = page.asking else { return Vec::new() };
    let standing = app.operation(&page.id).map(|operation| &operation.standing);
    let reached = standing.map_or(0, crate::domain::operation::Standing::reached);
    let (what, stays) = match asking {
        Asking::Resume => (
            "Go on from where it stands?",
            "What was done already is looked at first, and is not done twice.".to_owned(),
        ),
        Asking::Undo => {
            let plan = &page.plan;
            let keeps =
                plan.steps.iter().take(reached).filter(|s| s.act.is_some() && s.undo.is_none());
            let keeps: Vec<&str> = keeps.map(|step| step.name.as_str()).collect();
            let stays = if keeps.is_empty() {
                "Everything that was done is taken back.".to_owned()
            } else {
                format!("What has no way back stays: {}.", keeps.join(", "))
            };
            ("Take it back?", stays)
        }
        Asking::GiveUp => {
            let open = standing.is_some_and(|standing| standing.phase == Phase::Running);
            let text = if open { "" } else { " Nobody goes on with it." };
            let done = page.plan.steps.iter().take(reached).map(|step| step.name.as_str());
            let done: Vec<&str> = done.collect();
            let stays = if done.is_empty() {
                format!("Nothing was done so far.{text}")
            } else {
                format!("What was done stays: {}.{text}", done.join(", "))
            };
            ("Leave it as it is?", stays)
        }
        Asking::Approve => {
            ("Approve of it? It begins at once, at this console.", page.plan.damage.to_string())
        }
    };
    vec![say(Tone::Warning, &stays), question(what)]
}

fn leaving(desk: &Desk) -> Vec<DetailLine> {
    let mut lines = vec![say(Tone::Heading, "This console works on:")];
    lines.extend(desk.here.values().map(|here| say(Tone::Plain, &format!("· {}", here.title))));
    let text = "It stays in its journal as far as it is. Once the lease of this console has run out, any console of a \
                colleague can go on with it from there: it looks first, and does nothing twice.";
    lines.extend([DetailLine::default(), say(Tone::Plain, text)]);
    lines
}

/// Lines that `form` takes.
#[must_use]
pub fn form_lines(app: &App, form: &super::Form) -> u16 {
    let suggested = form.current().map_or(0, |field| form.suggestions(&app.store, field).len());
    u16::try_from(form.fields.len() + suggested).unwrap_or_default() + 4
}
