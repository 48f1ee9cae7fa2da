//! Which keys to show on the page of signing in, and what each means there now.

use super::App;
use super::hints::{Hint, hint};
use crate::platform::{Challenge, Way};
use crate::session::{Stage, Standing};

/// The keys that answer what is asked, the most useful first.
#[must_use]
pub fn sign_in_hints(app: &App) -> Vec<Hint> {
    let contexts = app.contexts();
    let stage = &app.presence.sign_in().stage;
    let mut shown: Vec<(&str, &str)> = match stage {
        Stage::Starting => Vec::new(),
        Stage::Checking if ends(app) => Vec::new(),
        Stage::Checking => vec![("sign-in.cancel", "give up")],
        Stage::Resting => vec![("sign-in.submit", begins(app))],
        Stage::Asked(challenge) => answers(app, challenge),
    };
    if !matches!(stage, Stage::Starting)
        && !ends(app)
        && let Some(way) = app.presence.other_way()
    {
        shown.push(("sign-in.other", instead(way)));
    }
    if matches!(stage, Stage::Asked(_)) {
        shown.push(("sign-in.cancel", "give up"));
    }
    if matches!(app.presence.standing(), Standing::Locked(_)) {
        shown.push(("session.sign-out", "sign out instead"));
    }
    shown.into_iter().filter_map(|(id, doc)| hint(app, &contexts, id, doc)).collect()
}

/// Whether a session is being ended: there is nothing to give up.
fn ends(app: &App) -> bool {
    let sign_in = app.presence.sign_in();
    sign_in.stage == Stage::Checking && sign_in.way.is_none()
}

/// What beginning means while nothing is under way.
fn begins(app: &App) -> &'static str {
    let sign_in = app.presence.sign_in();
    let way = sign_in.way.or_else(|| app.presence.ways().first().copied());
    match (app.presence.standing(), way) {
        _ if sign_in.wrong.is_some() => "try again",
        (Standing::Locked(_), _) => "come back",
        (_, Some(Way::Browser)) => "sign in with the browser",
        (_, Some(Way::Device)) => "sign in with a device code",
        _ => "sign in",
    }
}

fn answers(app: &App, challenge: &Challenge) -> Vec<(&'static str, &'static str)> {
    match challenge {
        Challenge::Prompts { prompts, .. } => {
            let next = (prompts.len() > 1).then_some(("sign-in.next", "next line"));
            [("sign-in.submit", "go on")].into_iter().chain(next).collect()
        }
        Challenge::Choice { .. } => {
            vec![
                ("sign-in.submit", "choose"),
                ("sign-in.next", "next"),
                ("sign-in.previous", "previous"),
            ]
        }
        Challenge::Consent { .. } => vec![("sign-in.submit", "agree")],
        Challenge::Browser { until, .. } if *until <= app.now() => {
            vec![("sign-in.submit", "begin again")]
        }
        Challenge::Browser { .. } => {
            vec![("sign-in.submit", "open the browser again"), ("sign-in.copy", "copy the address")]
        }
        Challenge::Device { until, .. } if *until <= app.now() => {
            vec![("sign-in.submit", "ask for a new code")]
        }
        Challenge::Device { .. } => vec![("sign-in.copy", "copy the address")],
    }
}

const fn instead(way: Way) -> &'static str {
    match way {
        Way::Browser => "use the browser instead",
        Way::Device => "use a device code instead",
        Way::Terminal => "type it here instead",
    }
}
