//! Silences and acknowledgements: one step each.

use super::Ask;
use super::parts::{BRIEF, act, bad, good, moment, pin, say, span};
use crate::domain::operation::{Asks, Command, Expect, Goal, NewSilence, Plan, Query, Seen};
use crate::domain::{Matcher, Span, Text};
use crate::operation::Unplanned;

/// The longest silence: what must be hidden for longer is a rule that must be mended.
const LONGEST: Span = Span::from_secs(7 * 24 * 60 * 60);
/// How many alerts are named in a plan.
const NAMED: usize = 5;

/// Hides alerts for a while.
pub(super) fn silence(ask: &Ask<'_>) -> Result<Plan, Unplanned> {
    let request = ask.request;
    let long = span(request.get("for")).unwrap_or(LONGEST);
    if long > LONGEST {
        return Err(Unplanned::refused(
            "A silence lasts 7 days at most. What must be hidden for longer is a rule to be mended.",
        ));
    }
    let matchers = matchers(request.get("matchers"))?;
    let silence = NewSilence {
        matchers,
        until: request.at.after(long),
        by: request.by.clone(),
        reason: request.need("reason")?.clone(),
    };
    let hidden = match ask.look(&Query::WouldHide(silence.clone()))? {
        Seen::Alerts(names) => names.as_slice(),
        _ => &[],
    };
    let what = request.get("matchers");
    let mut plan = ask.plan(&format!("silence {what}"), Asks::Yes);
    plan.title = say(&format!("Silence {what} for {long}"));
    plan.damage = say(&match hidden.len() {
        0 => format!(
            "Nobody is told of what matches {what} until {}; nothing fires that it would hide now.",
            moment(silence.until)
        ),
        n => format!(
            "Nobody is told of {n} firing alerts until {}: {}",
            moment(silence.until),
            named(hidden)
        ),
    });
    plan.checks.push(good("it has an end and a reason"));
    let mark = Query::Silence { mark: request.id.clone() };
    let undo = Command::ExpireSilence { id: request.id.clone() };
    let step = act(
        "make the silence",
        Command::Silence(silence.clone()),
        mark.clone(),
        Expect::Hides(true),
        BRIEF,
    );
    plan.steps.push(step.undone_by(undo, mark, Expect::Hides(false)));
    plan.due
        .push(crate::domain::operation::Due { what: say("the silence ends"), at: silence.until });
    Ok(plan)
}

fn named(alerts: &[Text]) -> String {
    let names: Vec<&str> = alerts.iter().take(NAMED).map(Text::as_str).collect();
    let more = alerts.len().saturating_sub(NAMED);
    if more == 0 { names.join(", ") } else { format!("{} and {more} more", names.join(", ")) }
}

/// Reads `alertname=HighLoad,tenant=~a.*`.
fn matchers(text: &str) -> Result<Vec<Matcher>, Unplanned> {
    let mut found = Vec::new();
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let cut = ["!=", "!~", "=~", "="].into_iter().find_map(|sign| {
            let (name, value) = part.split_once(sign)?;
            Some((name.trim(), sign, value.trim().trim_matches('"')))
        });
        let Some((name, sign, value)) = cut.filter(|(name, ..)| !name.is_empty()) else {
            let why = format!("{part} is no matcher such as alertname=HighLoad.");
            return Err(Unplanned::refused(&why));
        };
        found.push(Matcher {
            name: say(name),
            value: say(value),
            regex: sign.contains('~'),
            equal: !sign.starts_with('!'),
        });
    }
    // One that everything matches would hide what nobody thought of.
    if !found.iter().any(|one| one.equal && !one.value.is_empty() && one.value != ".*") {
        return Err(Unplanned::refused(
            "Say what it hides: at least one label with its value, such as alertname=HighLoad.",
        ));
    }
    Ok(found)
}

/// Ends a silence.
pub(super) fn expire(ask: &Ask<'_>) -> Result<Plan, Unplanned> {
    let id = ask.request.need("silence")?.clone();
    let query = Query::Silence { mark: id.clone() };
    let Seen::Silence { id, until, active: true } = ask.look(&query)? else {
        return Err(Unplanned::refused(&format!(
            "There is no silence {id} that hides anything now."
        )));
    };
    let mut plan = ask.plan(&format!("silence {id}"), Asks::Yes);
    plan.title = say(&format!("End the silence {id}"));
    plan.damage = say(&format!(
        "People are told again of what it hides; it would have ended {}.",
        moment(*until)
    ));
    plan.pins.push(pin("the silence", Goal::new(query.clone(), Expect::Hides(true))));
    let end = Command::ExpireSilence { id: id.clone() };
    plan.no_return = Some(0);
    plan.steps.push(act("end the silence", end, query, Expect::Hides(false), BRIEF));
    Ok(plan)
}

/// Somebody looks after an alert.
pub(super) fn ack(ask: &Ask<'_>) -> Result<Plan, Unplanned> {
    let request = ask.request;
    let (fingerprint, name) = (request.need("alert")?.clone(), request.need("name")?.clone());
    let until = request.at.after(span(request.get("for")).unwrap_or(LONGEST));
    let query = Query::Acknowledgement { fingerprint: fingerprint.clone() };
    let mut plan = ask.plan(&format!("alert {fingerprint}"), Asks::Yes);
    plan.title = say(&format!("Look after {name} until {}", moment(until)));
    plan.damage =
        say(&format!("Everybody sees that {} looks after {name}; it fires on.", request.by));
    match ask.look(&query)? {
        Seen::Acknowledgement { by, .. } if *by != request.by => {
            plan.checks.push(bad(&format!("{by} looks after it already")));
        }
        _ => plan.checks.push(good("nobody else looks after it")),
    }
    let command = |by: Option<Text>| Command::Acknowledge {
        fingerprint: fingerprint.clone(),
        name: name.clone(),
        by,
        until,
    };
    let mine = Expect::By(request.by.clone());
    let step = act(
        "say who looks after it",
        command(Some(request.by.clone())),
        query.clone(),
        mine,
        BRIEF,
    );
    plan.steps.push(step.undone_by(command(None), query, Expect::Absent));
    Ok(plan)
}

/// Nobody looks after an alert any more.
pub(super) fn unack(ask: &Ask<'_>) -> Result<Plan, Unplanned> {
    let request = ask.request;
    let (fingerprint, name) = (request.need("alert")?.clone(), request.need("name")?.clone());
    let query = Query::Acknowledgement { fingerprint: fingerprint.clone() };
    let Seen::Acknowledgement { by, until } = ask.look(&query)? else {
        return Err(Unplanned::refused(&format!("Nobody looks after {name}.")));
    };
    let mut plan = ask.plan(&format!("alert {fingerprint}"), Asks::Yes);
    plan.title = say(&format!("{by} looks after {name} no more"));
    plan.damage = say(&format!("{name} is open again: nobody looks after it."));
    let command = |by, until| Command::Acknowledge {
        fingerprint: fingerprint.clone(),
        name: name.clone(),
        by,
        until,
    };
    let (off, again) = (
        command(None, request.at),
        command(Some(by.clone()), until.unwrap_or_else(|| request.at.after(LONGEST))),
    );
    let step = act("take the acknowledgement off", off, query.clone(), Expect::Absent, BRIEF);
    plan.steps.push(step.undone_by(again, query, Expect::By(by.clone())));
    Ok(plan)
}
