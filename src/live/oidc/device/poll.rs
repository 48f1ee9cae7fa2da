//! Asking again and again: what each answer means, and when the next question may come.

use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;

use super::DOING;
use crate::domain::{Trouble, TroubleKind};

/// How much later each question comes after the provider found them too many (RFC 8628, 3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// The longest pause that is taken, whatever the provider asks for: the code ends before long.
const LONGEST: Duration = Duration::from_mins(5);
/// As much of the provider's own words as is repeated, in characters.
const SAID: usize = 200;

/// What an answer means.
#[derive(Debug)]
pub(super) enum Heard {
    /// The code was used, and these are the tokens.
    Tokens(SecretString),
    /// It was not used yet.
    Pending,
    /// Ask less often.
    SlowDown,
    /// Ask again after that long.
    Pause(Option<Duration>),
    /// The code is not good any more.
    Over,
    /// No answer, or none that says anything: it may go better later.
    Away,
    /// It is of no use to ask again.
    Failed(Trouble),
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
    #[serde(default)]
    error_description: String,
}

/// What the answer with this status and `body` means; `pause` is what it asks for in its head. None of `secrets` is
/// repeated.
pub(super) fn judge(
    status: u16,
    pause: Option<Duration>,
    body: Vec<u8>,
    secrets: &[&str],
) -> Heard {
    match status {
        200 => match String::from_utf8(body) {
            Ok(text) => Heard::Tokens(SecretString::from(text)),
            Err(_) => Heard::Failed(strange("the answer is no text")),
        },
        429 => Heard::Pause(pause),
        500.. => Heard::Away,
        400 | 401 | 403 => match serde_json::from_slice::<Refusal>(&body) {
            Ok(refusal) => refused(&refusal, secrets),
            Err(_) => Heard::Failed(strange(&format!("the answer is {status}, and no JSON"))),
        },
        _ => Heard::Failed(strange(&format!("the answer is {status}"))),
    }
}

fn refused(refusal: &Refusal, secrets: &[&str]) -> Heard {
    let (what, remedy) = match refusal.error.as_str() {
        "authorization_pending" => return Heard::Pending,
        "slow_down" => return Heard::SlowDown,
        // Some providers have forgotten a code that is too old, and call it no grant at all.
        "expired_token" | "invalid_grant" => return Heard::Over,
        "access_denied" => (
            "it was refused in the browser".to_owned(),
            "Begin again, and agree there; if the provider refuses by itself, ask who runs it.",
        ),
        error => {
            let hidden = secrets
                .iter()
                .any(|secret| !secret.is_empty() && refusal.error_description.contains(secret));
            let said = if hidden { "" } else { refusal.error_description.as_str() };
            let error: String = error.chars().take(64).collect();
            let said: String = said.chars().take(SAID).collect();
            let what = format!("the provider refuses: {error} {said}");
            let remedy = "See identity.client_id and identity.client_secret, and whether the provider allows device codes to this application.";
            (what.trim_end().to_owned(), remedy)
        }
    };
    Heard::Failed(Trouble::new(TroubleKind::Denied, &format!("{DOING}: {what}"), remedy))
}

/// The answer is larger than is read.
pub(super) fn too_large() -> Heard {
    Heard::Failed(strange("the answer is too large"))
}

fn strange(why: &str) -> Trouble {
    Trouble::new(
        TroubleKind::Protocol,
        &format!("{DOING}: {why}"),
        "Begin again; if it stays so, ask who runs the provider.",
    )
}

/// How long to wait before the next question.
pub(super) struct Pace {
    interval: Duration,
    pause: Option<Duration>,
}

impl Pace {
    /// The pace that a code comes with.
    pub(super) const fn of(interval: Duration) -> Self {
        Self { interval, pause: None }
    }

    /// The wait before the next question.
    pub(super) fn next(&self) -> Duration {
        self.pause.unwrap_or(self.interval).max(self.interval).min(LONGEST)
    }

    /// Takes the last answer into account.
    pub(super) fn heard(&mut self, heard: &Heard) {
        self.pause = None;
        match heard {
            Heard::SlowDown | Heard::Pause(None) => {
                self.interval = (self.interval + SLOWER).min(LONGEST);
            }
            Heard::Pause(pause) => self.pause = *pause,
            _ => {}
        }
    }

    /// A line for the operator: `why`, and when it goes on.
    pub(super) fn hint(&self, why: &str) -> String {
        format!("{why}. It is asked again in {} s.", self.next().as_secs())
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    fn of(status: u16, body: &str) -> Heard {
        judge(status, None, body.as_bytes().to_vec(), &["hunter2"])
    }

    fn error(word: &str) -> Heard {
        of(400, &format!(r#"{{"error":"{word}","error_description":"so it is"}}"#))
    }

    fn said(heard: Heard) -> String {
        match heard {
            Heard::Failed(trouble) => trouble.to_string(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_words_of_the_protocol_are_understood() {
        assert!(matches!(error("authorization_pending"), Heard::Pending));
        assert!(matches!(error("slow_down"), Heard::SlowDown));
        assert!(matches!(error("expired_token"), Heard::Over));
        assert!(matches!(error("invalid_grant"), Heard::Over));
        assert!(said(error("access_denied")).contains("refused in the browser"));
        assert!(said(error("unauthorized_client")).contains("unauthorized_client so it is"));
        match of(200, "{}") {
            Heard::Tokens(tokens) => assert_eq!(tokens.expose_secret(), "{}"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_may_get_better_is_asked_again_and_the_rest_is_not() {
        assert!(matches!(of(503, "<html>"), Heard::Away));
        assert!(matches!(of(429, "<html>"), Heard::Pause(None)));
        assert!(said(of(302, "")).contains("302"));
        assert!(said(of(400, "<html>")).contains("no JSON"));
    }

    #[test]
    fn secrets_are_not_repeated() {
        let body = r#"{"error":"invalid_client","error_description":"hunter2 is wrong"}"#;
        let said = said(of(401, body));
        assert!(said.contains("invalid_client") && !said.contains("hunter2"), "{said}");
    }

    #[test]
    fn the_pace_is_what_the_provider_asks_for() {
        let seconds = Duration::from_secs;
        let mut pace = Pace::of(seconds(5));
        pace.heard(&Heard::Pending);
        assert_eq!(pace.next(), seconds(5));
        pace.heard(&Heard::SlowDown);
        pace.heard(&Heard::Pending);
        assert_eq!(pace.next(), seconds(10), "slower for good");
        pace.heard(&Heard::Pause(Some(seconds(30))));
        assert_eq!(pace.next(), seconds(30));
        assert!(pace.hint("Why").ends_with("in 30 s."));
        pace.heard(&Heard::Pending);
        assert_eq!(pace.next(), seconds(10), "a pause is taken once");
        pace.heard(&Heard::Pause(Some(seconds(2))));
        assert_eq!(pace.next(), seconds(10), "never faster than before");
        pace.heard(&Heard::Pause(Some(seconds(86_400))));
        assert_eq!(pace.next(), LONGEST);
    }
}
