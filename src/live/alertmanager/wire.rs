//! The answers of the API as they come, and what becomes of them.

use std::collections::{BTreeMap, HashSet};

use serde::Deserialize;

use super::tenant::Tenants;
use super::{ALERTS, SILENCES};
use crate::domain::{
    self, AlertState, Matcher, Object, Severity, SilenceState, Text, Timestamp, Uid,
};

/// The longest label that is kept, in bytes.
const LABEL: usize = 1024;
/// The longest annotation, comment or link that is kept, in bytes.
const ANNOTATION: usize = 4 * 1024;
/// The most labels, annotations, matchers or references of one alert or silence.
const EACH: usize = 64;
/// The most different words that are kept once; more cost memory, never correctness.
const WORDS: usize = 8 * 1024;

/// An alert. What is not needed to show it may be absent.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Alert {
    fingerprint: String,
    labels: BTreeMap<String, String>,
    #[serde(default)]
    annotations: BTreeMap<String, String>,
    status: Status,
    starts_at: String,
    #[serde(default)]
    updated_at: String,
    #[serde(default)]
    ends_at: String,
    #[serde(default, rename = "generatorURL")]
    generator_url: String,
    #[serde(default)]
    receivers: Vec<Receiver>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(default)]
    silenced_by: Vec<String>,
    #[serde(default)]
    inhibited_by: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Receiver {
    name: String,
}

/// A silence.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Silence {
    id: String,
    matchers: Vec<Condition>,
    starts_at: String,
    ends_at: String,
    #[serde(default)]
    created_by: String,
    #[serde(default)]
    comment: String,
    status: Held,
}

#[derive(Debug, Deserialize)]
struct Held {
    state: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Condition {
    name: String,
    value: String,
    #[serde(default)]
    is_regex: bool,
    /// Absent from old servers, where every matcher must match.
    #[serde(default = "yes")]
    is_equal: bool,
}

const fn yes() -> bool {
    true
}

/// Words that hundreds of alerts repeat, each kept once.
#[derive(Default)]
struct Words(HashSet<Text>);

impl Words {
    fn text(&mut self, raw: &str) -> Text {
        if let Some(known) = self.0.get(raw) {
            return known.clone();
        }
        let text = Text::bounded(raw, LABEL);
        if self.0.len() < WORDS {
            self.0.insert(text.clone());
        }
        text
    }

    fn uids(&mut self, raw: &[String]) -> Box<[Uid]> {
        raw.iter().take(EACH).map(|id| Uid(self.text(id))).collect()
    }
}

/// The alerts of an answer, as far as they are kept.
pub(super) fn alerts(all: Vec<Alert>, tenants: &Tenants) -> Vec<Object> {
    let mut words = Words::default();
    all.into_iter().take(ALERTS).map(|alert| alert.read(tenants, &mut words).into()).collect()
}

/// The silences of an answer, as far as they are kept.
pub(super) fn silences(all: Vec<Silence>) -> Vec<Object> {
    let mut words = Words::default();
    all.into_iter().take(SILENCES).map(|silence| silence.read(&mut words).into()).collect()
}

impl Alert {
    fn read(self, tenants: &Tenants, words: &mut Words) -> domain::Alert {
        let label = |name: &str| self.labels.get(name).map_or("", String::as_str);
        let state = if !self.status.silenced_by.is_empty() {
            AlertState::Silenced
        } else if !self.status.inhibited_by.is_empty() {
            AlertState::Inhibited
        } else {
            AlertState::Firing
        };
        let pair = |words: &mut Words, (name, value): (&String, &String)| {
            (words.text(name), words.text(value))
        };
        domain::Alert {
            name: words.text(label("alertname")),
            severity: Severity::of_label(label("severity")),
            tenant: tenants.of(&self.labels).map(|tenant| words.text(tenant)),
            state,
            since: time(&self.starts_at).unwrap_or_default(),
            updated: time(&self.updated_at).unwrap_or_default(),
            ends: time(&self.ends_at),
            labels: self.labels.iter().take(EACH).map(|it| pair(words, it)).collect(),
            annotations: self
                .annotations
                .iter()
                .take(EACH)
                .map(|(name, value)| (words.text(name), Text::bounded(value, ANNOTATION)))
                .collect(),
            silenced_by: words.uids(&self.status.silenced_by),
            inhibited_by: words.uids(&self.status.inhibited_by),
            receivers: self.receivers.iter().take(EACH).map(|it| words.text(&it.name)).collect(),
            source: Text::bounded(&self.generator_url, ANNOTATION),
            uid: Uid(words.text(&self.fingerprint)),
        }
    }
}

impl Silence {
    fn read(self, words: &mut Words) -> domain::Silence {
        let matcher = |condition: &Condition| Matcher {
            name: Text::bounded(&condition.name, LABEL),
            value: Text::bounded(&condition.value, ANNOTATION),
            regex: condition.is_regex,
            equal: condition.is_equal,
        };
        let matchers: Box<[Matcher]> = self.matchers.iter().take(EACH).map(matcher).collect();
        domain::Silence {
            words: domain::in_words(&matchers),
            matchers,
            uid: Uid(words.text(&self.id)),
            starts: time(&self.starts_at).unwrap_or_default(),
            ends: time(&self.ends_at).unwrap_or_default(),
            by: words.text(&self.created_by),
            comment: Text::bounded(&self.comment, ANNOTATION),
            state: match self.status.state.as_str() {
                "active" => SilenceState::Active,
                "pending" => SilenceState::Pending,
                _ => SilenceState::Expired,
            },
        }
    }
}

/// A time; the year 1 stands for none.
fn time(raw: &str) -> Option<Timestamp> {
    Timestamp::parse(raw).filter(|at| at.ms() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<Object>, serde_json::Error> {
        let tenants = Tenants { label: "tenant".into(), domain: "planapulse.app".into() };
        Ok(alerts(serde_json::from_str(text)?, &tenants))
    }

    #[test]
    fn an_alert_is_read_with_what_mutes_it() {
        let text = r#"[{"fingerprint":"f1","labels":{"alertname":"TenantOdooDown","severity":"critical",
            "tenant":"acme\u001b[2J"},"annotations":{"summary":"down"},"startsAt":"2026-11-21T00:47:00Z",
            "updatedAt":"2026-11-21T00:48:00Z","endsAt":"0001-01-01T00:00:00Z","receivers":[{"name":"matrix"}],
            "status":{"state":"suppressed","silencedBy":[],"inhibitedBy":["f2"]}}]"#;
        let read = read(text).expect("an alert");
        let Some(Object::Alert(alert)) = read.first() else { unreachable!("an alert") };
        assert_eq!(alert.state, AlertState::Inhibited);
        assert_eq!(alert.severity, Severity::Critical);
        assert_eq!(alert.tenant.as_ref().map(Text::as_str), Some("acme␛[2J"));
        assert_eq!((alert.ends, alert.receivers.len()), (None, 1));
        assert_eq!(alert.since.to_string(), "2026-11-21T00:47:00Z");
    }

    #[test]
    fn what_another_version_says_is_refused() {
        for text in [
            r#"{"status":"success","data":[]}"#,
            r#"[{"labels":{}}]"#,
            r#"[{"fingerprint":"f","labels":{"a":1},"status":{},"startsAt":""}]"#,
            "[null]",
        ] {
            assert!(read(text).is_err(), "{text}");
        }
    }
}
