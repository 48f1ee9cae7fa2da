//! What stands on the page of an operation, and what is asked below it.

use super::RunPage;
use super::pages::{asked, given, say};
use super::question::{Asking, Question};
use crate::app::App;
use crate::app::detail::{DetailLine, Piece, Tone, operation};
use crate::domain::Operation;
use crate::domain::operation::{Phase, Plan, Standing, Step};

/// The lines that scroll.
pub(super) fn lines(app: &App, page: &RunPage) -> Vec<DetailLine> {
    let known = app.operation(&page.id).map(|known| &**known);
    let waits = known.is_some_and(|known| known.standing.phase == Phase::Waiting);
    let mut lines = Vec::new();
    // Who is to approve of it reads what its author read, in the same order.
    if waits {
        lines.extend(operation::damage(&page.plan));
        lines.extend(awaited(app, page));
        lines.push(DetailLine::default());
    }
    lines.extend(head(app, page, known));
    if waits {
        lines.extend(operation::looked_at(&page.plan));
    }
    lines.extend([DetailLine::default(), say(Tone::Heading, "Steps")]);
    let progress = app.desk().here.get(&page.id).map(|here| (here.step, &here.words));
    lines.extend(operation::steps(&page.plan, known, progress));
    lines.extend(operation::due(&page.plan));
    if let Some(known) = known {
        lines.extend(operation::records(known));
    }
    if !waits {
        lines.push(DetailLine::default());
        lines.extend(operation::damage(&page.plan));
        lines.extend(operation::looked_at(&page.plan));
    }
    lines
}

/// Whether `line` is of the step that is under way, or went wrong.
pub(super) fn is_under_way(line: &DetailLine) -> bool {
    let sign = line.pieces.first().filter(|_| line.label.is_empty());
    matches!(sign, Some(Piece::Text(_, text)) if matches!(text.as_str(), "◌ " | "✗ " | "↶ "))
}

/// How it stands.
fn head(app: &App, page: &RunPage, known: Option<&Operation>) -> Vec<DetailLine> {
    let here = app.desk().here.contains_key(&page.id);
    let mut lines = match known {
        Some(known) => operation::head(&app.store, known),
        None if here => vec![say(Tone::Plain, "◌ Beginning.")],
        None => vec![say(Tone::Muted, "Its journal was not heard of.")],
    };
    if let Some(halted) = &page.halted {
        lines.push(say(Tone::Error, &format!("✗ {halted}")));
    } else if here {
        let text = "This console works on it. It goes on when this page is closed.";
        lines.push(say(Tone::Muted, text));
    }
    lines
}

/// For whom it waits.
fn awaited(app: &App, page: &RunPage) -> Option<DetailLine> {
    let by = &app.operation(&page.id)?.standing.by;
    let role = page.plan.role;
    Some(if *by == app.operator() {
        let text = format!(
            "It waits for the approval of another {role}: whoever approves of it begins it at their console."
        );
        say(Tone::Warning, &text)
    } else if app.presence.role() < role {
        say(Tone::Warning, &format!("It waits for the approval of a {role} other than {by}."))
    } else {
        say(Tone::Warning, &format!("{by} asks you to approve of it, or another {role}."))
    })
}

/// What is asked, and what comes of it.
pub(super) fn foot(app: &App, page: &RunPage) -> Vec<DetailLine> {
    let (Some(question), Some(known)) = (&page.asking, app.operation(&page.id)) else {
        return Vec::new();
    };
    let (mut lines, what) = match question.asking {
        Asking::Resume => resume(app, known),
        Asking::Undo => undo(known),
        Asking::GiveUp => give_up(app, known),
        Asking::Approve => (
            vec![say(Tone::Error, page.plan.damage.as_str())],
            "Approve of it? It begins at once, at this console.",
        ),
    };
    if app.desk().here.contains_key(&page.id) {
        let text = "This console works on it: it is stopped first, between two changes.";
        lines.push(say(Tone::Plain, text));
    }
    let Question { typed, factor, .. } = question;
    if typed.types() {
        lines.push(say(Tone::Heading, what));
    }
    lines.extend(given(app, typed, Some(&page.hash).filter(|_| *factor)));
    lines.extend(asked(typed, what));
    lines
}

/// Who began it, when something was heard of it last, and what is done next.
fn resume(app: &App, known: &Operation) -> (Vec<DetailLine>, &'static str) {
    let Operation { plan, standing, .. } = known;
    let own = standing.by == app.operator();
    let mut lines = Vec::new();
    if !own {
        let mut began = say(Tone::Warning, &format!("{} confirmed it ", standing.by));
        began.pieces.push(Piece::Age(standing.confirmed));
        let mut heard = say(Tone::Warning, "Its journal was written last ");
        heard.pieces.push(Piece::Age(standing.last));
        lines.extend([began, heard]);
        let text = match standing.console.as_str() {
            "" => "No console worked on it yet.".to_owned(),
            console => format!(
                "{console} worked on it last. While that console lives nothing is taken from it."
            ),
        };
        lines.push(say(Tone::Plain, &text));
    }
    let looks = "What was done already is looked at first, and is not done twice.";
    let next = next(plan, standing).map(|next| format!("Next: {next}. ")).unwrap_or_default();
    lines.push(say(Tone::Plain, &format!("{next}{looks}")));
    let back = standing.is_turned_back();
    if !back && plan.no_return.is_some_and(|edge| edge >= standing.done) {
        let name = plan.no_return.and_then(|edge| plan.steps.get(edge)).map(|step| &step.name);
        let text =
            format!("From {} on it can't be taken back.", name.map_or("there", |it| it.as_str()));
        lines.push(say(Tone::Warning, &text));
    }
    (lines, if own { "Go on from where it stands?" } else { "Take it over and go on?" })
}

/// The step that comes next.
fn next(plan: &Plan, standing: &Standing) -> Option<String> {
    let back = standing.is_turned_back();
    let at = if back { standing.left.saturating_sub(1) } else { standing.done };
    let name = &plan.steps.get(at)?.name;
    let does = if back { "takes back " } else { "" };
    Some(format!("{does}{}. {name}", at + 1))
}

/// What that damages in its turn, and what of it stays.
fn undo(known: &Operation) -> (Vec<DetailLine>, &'static str) {
    let Operation { plan, standing, .. } = known;
    let mut lines = Vec::new();
    if let Some(back) = plan.way_back(standing.done) {
        let mut since = say(Tone::Plain, "Its last change was made ");
        since.pieces.push(Piece::Age(standing.last));
        lines.extend([say(Tone::Error, &format!("▲ {}", back.damage)), since]);
    }
    let stays = |step: &&Step| step.act.is_some() && step.undo.is_none();
    let keeps = names(plan.steps.iter().take(standing.reached()).filter(stays));
    let text = if keeps.is_empty() {
        "Everything that was done is taken back.".to_owned()
    } else {
        format!("What has no way back stays: {keeps}.")
    };
    lines.push(say(Tone::Warning, &text));
    (lines, "Take it back?")
}

fn give_up(app: &App, known: &Operation) -> (Vec<DetailLine>, &'static str) {
    let Operation { plan, standing, .. } = known;
    if standing.phase == Phase::Waiting {
        let own = standing.by == app.operator();
        let what = if own { "Withdraw it?" } else { "Refuse it?" };
        let text = "Nothing was done so far. Nobody can approve of it then.";
        return (vec![say(Tone::Warning, text)], what);
    }
    let open = if standing.phase == Phase::Running { "" } else { " Nobody goes on with it." };
    let done = names(plan.steps.iter().take(standing.reached()).filter(|step| step.act.is_some()));
    let text = if done.is_empty() {
        format!("Nothing was changed so far.{open}")
    } else {
        format!("What was done stays: {done}.{open}")
    };
    (vec![say(Tone::Warning, &text)], "Leave it as it is?")
}

fn names<'a>(steps: impl Iterator<Item = &'a Step>) -> String {
    let names: Vec<&str> = steps.map(|step| step.name.as_str()).collect();
    names.join(", ")
}
