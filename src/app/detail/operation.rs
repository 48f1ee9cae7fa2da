//! The details of an operation: what it damages, what was looked at before, its steps with what was seen, its records as a
//! time line, and what is due.

use super::{DetailLine, Piece, Tone, age, blank, heading, present, said};
use crate::domain::operation::{CheckResult, Entry, Phase, Plan, Record, Standing};
use crate::domain::{Health, Operation, Span, Text, Timestamp, Uid};
use crate::operation::{Line, Timeline, changes};
use crate::store::Store;

/// The title and the lines of the operation `uid`.
pub(super) fn lines(store: &Store, uid: &Uid) -> Option<(Text, Vec<DetailLine>)> {
    let operations = &store.objects().operations;
    let operation = &*operations.get(operations.find(uid)?)?.object;
    let mut lines = head(store, operation);
    lines.extend([blank(), heading("Steps")]);
    lines.extend(steps(&operation.plan, Some(operation), None));
    lines.extend([blank()]);
    lines.extend(damage(&operation.plan));
    lines.extend(looked_at(&operation.plan));
    lines.extend(due(&operation.plan));
    lines.extend(records(operation));
    let id = Text::clean(&format!("press enter for its page; its id is {}", operation.plan.id));
    lines.extend([blank(), said("", Tone::Muted, &id)]);
    Some((operation.plan.title.clone(), lines))
}

/// How it stands, by whom and why.
pub(in crate::app) fn head(store: &Store, operation: &Operation) -> Vec<DetailLine> {
    let Operation { plan, standing, .. } = operation;
    let health = standing.health();
    let state = Text::clean(&format!("{} {}", health.sign(), store.operation_word(operation)));
    let mut lines = vec![said("state", Tone::Health(health), &state)];
    if let Phase::Stopped { why } | Phase::GivenUp { why } = &standing.phase {
        lines.push(said("why", Tone::Error, why));
    }
    lines.push(said("verb", Tone::Plain, &Text::from(plan.verb.word())));
    lines.extend(plan.tenant.as_ref().and_then(|tenant| present("tenant", tenant)));
    lines.push(said("by", Tone::Plain, &standing.by));
    lines.extend(present("reason", &standing.reason));
    if let Some(by) = &standing.approved_by {
        lines.push(said("approved by", Tone::Plain, by));
    }
    lines.push(age("confirmed", standing.confirmed));
    lines.push(age("last change", standing.last));
    lines.extend(present("console", &standing.console));
    lines
}

/// What is damaged: computed, and the first thing that is read.
pub(in crate::app) fn damage(plan: &Plan) -> Vec<DetailLine> {
    let (sign, tone) = match plan.asks {
        crate::domain::operation::Asks::Yes => ("", Tone::Heading),
        _ => ("▲ ", Tone::Error),
    };
    vec![text(tone, &format!("{sign}{}", plan.damage))]
}

/// What was looked at beforehand, what else is good to know, and what is pinned.
pub(in crate::app) fn looked_at(plan: &Plan) -> Vec<DetailLine> {
    let mut lines = Vec::new();
    if !plan.checks.is_empty() {
        lines.extend([blank(), heading("Looked at")]);
    }
    lines.extend(plan.checks.iter().map(|check| {
        let (sign, tone) = match check.result {
            CheckResult::Good => ("✓", Tone::Health(Health::Healthy)),
            CheckResult::Doubtful => ("?", Tone::Warning),
            CheckResult::Bad => ("✗", Tone::Error),
        };
        let what = if check.result == CheckResult::Good { Tone::Plain } else { tone };
        pieces(&[(tone, format!("{sign} ")), (what, check.what.to_string())])
    }));
    lines.extend(plan.notes.iter().map(|note| text(Tone::Plain, &format!("· {note}"))));
    let pins: Vec<&str> = plan.pins.iter().map(|pin| pin.what.as_str()).collect();
    if !pins.is_empty() {
        let says = format!("It begins only while this is as it was: {}.", pins.join(", "));
        lines.push(text(Tone::Muted, &says));
    }
    lines
}

/// What is written into the cluster, field by field.
pub(in crate::app) fn written(plan: &Plan) -> Vec<DetailLine> {
    let mut lines = Vec::new();
    for change in changes(plan) {
        if lines.is_empty() {
            lines.extend([blank(), heading("Written into the cluster")]);
        }
        lines.push(text(Tone::Plain, &format!("{} {}", change.step + 1, change.what)));
        lines.extend(change.lines.iter().map(|line| {
            let tone = match line {
                Line::Adds(_) => Tone::Health(Health::Healthy),
                Line::Removes(_) => Tone::Warning,
                Line::More(_) => Tone::Muted,
            };
            text(tone, &format!("  {line}"))
        }));
    }
    lines
}

/// What is due afterwards.
pub(in crate::app) fn due(plan: &Plan) -> Vec<DetailLine> {
    if plan.due.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![blank(), heading("Due afterwards")];
    lines.extend(plan.due.iter().map(|due| {
        let mut line = text(Tone::Plain, &format!("· {}: ", due.what));
        line.pieces.push(Piece::Age(due.at));
        line
    }));
    lines
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ahead,
    Begun,
    Done,
    Stopped,
    Undoing,
    Undone,
}

/// What the records say of one step.
#[derive(Default)]
struct Told<'a> {
    began: Option<Timestamp>,
    ended: Option<Timestamp>,
    tries: u32,
    words: Option<&'a Text>,
}

fn told(records: &[Record], step: usize) -> Told<'_> {
    let mut told = Told::default();
    for record in records {
        match &record.entry {
            Entry::Began { step: at } | Entry::Undoing { step: at } if *at == step => {
                told.tries += 1;
                (told.began, told.ended) = (told.began.or(Some(record.at)), None);
            }
            Entry::Done { step: at, saw: words }
            | Entry::Undone { step: at, saw: words }
            | Entry::Stopped { step: at, why: words }
                if *at == step =>
            {
                (told.ended, told.words) = (Some(record.at), Some(words));
            }
            Entry::TurnedBack { .. } => (told.tries, told.began) = (0, None),
            _ => {}
        }
    }
    told
}

fn state_of(standing: &Standing, step: usize) -> State {
    let stopped = matches!(standing.phase, Phase::Stopped { .. });
    let undone = standing.phase == Phase::Undone;
    if standing.is_turned_back() || undone {
        let left = standing.left;
        return match step + 1 {
            next if next > standing.reached() => State::Ahead,
            next if undone || next > left => State::Undone,
            next if next == left && stopped => State::Stopped,
            next if next == left => State::Undoing,
            _ => State::Done,
        };
    }
    match step {
        step if step < standing.done => State::Done,
        step if step == standing.done && stopped => State::Stopped,
        step if step == standing.done && standing.begun => State::Begun,
        _ => State::Ahead,
    }
}

/// The steps of `plan`, with how far each is; `progress` is what this console sees of the one under way.
pub(in crate::app) fn steps(
    plan: &Plan,
    operation: Option<&Operation>,
    progress: Option<(usize, &Text)>,
) -> Vec<DetailLine> {
    let mut lines = Vec::new();
    for (number, step) in plan.steps.iter().enumerate() {
        if plan.no_return == Some(number) {
            let says = "── from here on it can't be taken back ──";
            lines.push(text(Tone::Warning, says));
        }
        let state = operation.map_or(State::Ahead, |it| state_of(&it.standing, number));
        let (sign, tone) = match state {
            State::Ahead => ("·", Tone::Muted),
            State::Begun => ("◌", Tone::Health(Health::Progressing)),
            State::Done => ("✓", Tone::Health(Health::Healthy)),
            State::Stopped => ("✗", Tone::Error),
            State::Undoing => ("↶", Tone::Health(Health::Progressing)),
            State::Undone => ("↶", Tone::Muted),
        };
        let told = operation.map(|it| told(&it.records, number)).unwrap_or_default();
        let mut line = pieces(&[
            (tone, format!("{sign} ")),
            (Tone::Plain, format!("{} {}", number + 1, step.name)),
        ]);
        if operation.is_none() {
            let aside = match (&step.act, &step.undo) {
                (None, _) => "  only looks",
                (Some(_), Some(_)) => "  can be taken back",
                (Some(_), None) => "",
            };
            line.pieces.push(Piece::Text(Tone::Muted, Text::clean(aside)));
        }
        if told.tries > 1 {
            let tries = format!("  attempt {}", told.tries);
            line.pieces.push(Piece::Text(Tone::Warning, Text::clean(&tries)));
        }
        match (told.began, told.ended, state) {
            (Some(began), Some(ended), _) => {
                let took = ended.since(began);
                if took >= Span::from_secs(1) {
                    let took = format!("  {took}");
                    line.pieces.push(Piece::Text(Tone::Muted, Text::clean(&took)));
                }
            }
            (Some(began), None, State::Begun | State::Undoing) => {
                let most = Text::clean(&format!("  at most {}, began ", step.limit));
                line.pieces.push(Piece::Text(Tone::Muted, most));
                line.pieces.push(Piece::Age(began));
            }
            _ => {}
        }
        lines.push(line);
        let live = progress.filter(|(at, _)| *at == number).map(|(_, words)| words);
        let live = live.filter(|_| matches!(state, State::Begun | State::Undoing | State::Ahead));
        if let Some(words) = live.or(told.words) {
            let tone = if state == State::Stopped { Tone::Error } else { Tone::Muted };
            lines.push(text(tone, &format!("    {words}")));
        }
    }
    lines
}

/// The records as a time line.
pub(in crate::app) fn records(operation: &Operation) -> Vec<DetailLine> {
    let mut lines = vec![blank(), heading("Journal")];
    let timeline = Timeline::new(&operation.plan);
    for record in &operation.records {
        let says = Piece::Text(Tone::Plain, Text::clean(&timeline.line(record)));
        lines.push(DetailLine { label: "", pieces: vec![Piece::Clock(record.at), says] });
    }
    lines
}

fn text(tone: Tone, text: &str) -> DetailLine {
    pieces(&[(tone, text.to_owned())])
}

fn pieces(pieces: &[(Tone, String)]) -> DetailLine {
    let piece = |(tone, text): &(Tone, String)| Piece::Text(*tone, Text::clean(text));
    DetailLine { label: "", pieces: pieces.iter().map(piece).collect() }
}
