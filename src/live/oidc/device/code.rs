//! A code for a device, as the provider gives it.

use std::time::Duration;

use reqwest::Url;
use secrecy::SecretString;
use serde::Deserialize;

use super::DOING;
use crate::domain::{Span, Text, Timestamp, Trouble, TroubleKind};
use crate::live::oidc::http::{self, Failure};

/// What is asked for often when the provider does not say how often.
const USUAL: u64 = 5;
const INTERVALS: std::ops::RangeInclusive<u64> = 1..=60;
/// How long a code may be good, in seconds, whatever the provider says.
const GOOD: std::ops::RangeInclusive<u64> = 1..=1_800;
/// The longest code that a person types, and the longest address, in bytes.
const CODE_BYTES: usize = 64;
const ADDRESS_BYTES: usize = 1_024;

/// A code that was given.
pub(super) struct Code {
    /// What the tokens are asked for with.
    pub(super) secret: SecretString,
    /// What the person types.
    pub(super) shown: Text,
    /// Where.
    pub(super) address: Text,
    /// The same with the code in it.
    pub(super) complete: Option<Text>,
    /// Until when it is good.
    pub(super) until: Timestamp,
    /// How often one may ask.
    pub(super) interval: Duration,
}

#[derive(Deserialize)]
struct Answer {
    device_code: String,
    user_code: String,
    verification_uri: String,
    verification_uri_complete: Option<String>,
    expires_in: u64,
    interval: Option<u64>,
}

impl Code {
    /// Reads the `answer` that came at `now`.
    pub(super) fn read(answer: &[u8], now: Timestamp) -> Result<Self, Trouble> {
        let answer: Answer = http::read(answer).map_err(|_| strange("the answer is not a code"))?;
        if answer.user_code.trim().is_empty() || answer.user_code.len() > CODE_BYTES {
            return Err(strange("the code is none that a person can type"));
        }
        if !is_page(&answer.verification_uri) {
            return Err(strange("the address to go to is none of a page"));
        }
        let complete = answer.verification_uri_complete.filter(|address| is_page(address));
        let good = answer.expires_in.clamp(*GOOD.start(), *GOOD.end());
        let interval = answer.interval.unwrap_or(USUAL);
        Ok(Self {
            secret: SecretString::from(answer.device_code),
            shown: Text::clean(answer.user_code.trim()),
            address: Text::clean(&answer.verification_uri),
            complete: complete.as_deref().map(Text::clean),
            until: now.after(Span::from_secs(good)),
            interval: Duration::from_secs(interval.clamp(*INTERVALS.start(), *INTERVALS.end())),
        })
    }
}

/// Whether a browser can open `address`: it is shown to be opened.
fn is_page(address: &str) -> bool {
    address.len() <= ADDRESS_BYTES
        && Url::parse(address).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

fn strange(why: &str) -> Trouble {
    Trouble::new(
        TroubleKind::Protocol,
        &format!("{DOING}: {why}"),
        "Sign in with the browser, and tell who runs the provider.",
    )
}

/// The provider has no such endpoint.
pub(super) fn no_endpoint() -> Trouble {
    Trouble::new(
        TroubleKind::Config,
        &format!("{DOING}: the provider gives no codes for devices"),
        "Sign in with the browser, or ask who runs the provider to allow device codes.",
    )
}

/// What a refusal to give a code means, where that is special.
pub(super) fn refused(failure: &Failure) -> Option<Trouble> {
    let too_often =
        failure.refusal() == Some("slow_down") || matches!(failure, Failure::Status(429));
    too_often.then(|| {
        Trouble::new(
            TroubleKind::Server,
            &format!("{DOING}: the provider gives no more codes now, too many were asked for from this network"),
            "Sign in with the browser, or wait some minutes: some providers give twenty codes in an hour.",
        )
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;
    use serde_json::json;

    use super::*;

    fn read(change: &[(&str, serde_json::Value)]) -> Result<Code, String> {
        let mut answer = json!({
            "device_code": "d", "user_code": " ABCD-EFGH ", "verification_uri": "https://auth.example/device",
            "verification_uri_complete": "https://auth.example/device?code=ABCD-EFGH", "expires_in": 60,
        });
        for (name, value) in change {
            answer[*name] = value.clone();
        }
        Code::read(answer.to_string().as_bytes(), Timestamp::from_ms(1_000))
            .map_err(|trouble| trouble.to_string())
    }

    #[test]
    fn a_code_is_read_within_bounds() {
        let code = read(&[]).expect("a code");
        assert_eq!((code.shown.as_str(), code.secret.expose_secret()), ("ABCD-EFGH", "d"));
        assert_eq!((code.until.ms(), code.interval), (61_000, Duration::from_secs(5)));
        assert!(code.complete.is_some());
        let code = read(&[("interval", 0.into()), ("expires_in", 86_400.into())]).expect("a code");
        assert_eq!((code.until.ms(), code.interval), (1_801_000, Duration::from_secs(1)));
        let code = read(&[("interval", 7_200.into())]).expect("a code");
        assert_eq!(code.interval, Duration::from_secs(60));
        let evil = "javascript:alert(1)";
        let code = read(&[("verification_uri_complete", evil.into())]).expect("a code");
        assert_eq!(code.complete, None, "the plain address does too");
    }

    #[test]
    fn what_is_no_code_is_said() {
        for (name, value, says) in [
            ("user_code", json!(""), "person can type"),
            ("user_code", json!("x".repeat(65)), "person can type"),
            ("verification_uri", json!("file:///etc/passwd"), "none of a page"),
            ("verification_uri", json!("device"), "none of a page"),
            ("device_code", json!(null), "not a code"),
            ("expires_in", json!(-1), "not a code"),
        ] {
            let said = read(&[(name, value)]).err().expect("a refusal");
            assert!(said.contains(says), "{name}: {said}");
        }
    }

    #[test]
    fn too_many_codes_are_a_matter_of_waiting() {
        let words = |failure| refused(&failure).map(|trouble| trouble.to_string());
        for failure in [Failure::Status(429), Failure::Refused("slow_down".into(), String::new())] {
            assert!(words(failure).is_some_and(|said| said.contains("wait some minutes")));
        }
        assert_eq!(words(Failure::Status(500)), None);
    }
}
