//! Alerts, silences and acknowledgements.

use std::fmt::Write as _;

use regex::{Regex, RegexBuilder};
use serde::{Deserialize, Serialize};

use super::{Severity, Text, Timestamp, Uid};

/// What keeps an alert from being told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertState {
    /// Nothing: people are told of it.
    Firing,
    /// Another alert makes it needless.
    Inhibited,
    /// A silence.
    Silenced,
}

impl AlertState {
    /// The word shown and filtered by.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Inhibited => "inhibited",
            Self::Silenced => "silenced",
        }
    }
}

/// How an alert stands with those on call. Sorting puts first what somebody must look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertStanding {
    /// Nobody looks after it.
    Firing,
    /// Somebody looks after it.
    Acked,
    /// Another alert makes it needless.
    Inhibited,
    /// A silence hides it.
    Silenced,
}

impl AlertStanding {
    /// All of them, in the order shown.
    pub const ALL: [Self; 4] = [Self::Firing, Self::Acked, Self::Inhibited, Self::Silenced];

    /// How an alert in `state` stands, whether or not somebody looks after it.
    #[must_use]
    pub const fn of(state: AlertState, acked: bool) -> Self {
        match state {
            AlertState::Firing if acked => Self::Acked,
            AlertState::Firing => Self::Firing,
            AlertState::Inhibited => Self::Inhibited,
            AlertState::Silenced => Self::Silenced,
        }
    }

    /// The word shown and filtered by.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Acked => "acked",
            Self::Inhibited => "inhibited",
            Self::Silenced => "silenced",
        }
    }
}

/// One alert.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Its identity: the fingerprint of its labels.
    pub uid: Uid,
    /// Its name (`alertname`).
    pub name: Text,
    /// How bad it is, by its label.
    pub severity: Severity,
    /// The tenant that it speaks of.
    pub tenant: Option<Text>,
    /// Whether people are told of it.
    pub state: AlertState,
    /// Since when.
    pub since: Timestamp,
    /// When it was last confirmed.
    pub updated: Timestamp,
    /// When it will be taken for resolved unless it is confirmed.
    pub ends: Option<Timestamp>,
    /// Labels, in order of their names.
    pub labels: Box<[(Text, Text)]>,
    /// Annotations, in order of their names.
    pub annotations: Box<[(Text, Text)]>,
    /// The silences that keep it quiet.
    pub silenced_by: Box<[Uid]>,
    /// The alerts that make it needless.
    pub inhibited_by: Box<[Uid]>,
    /// Who is told.
    pub receivers: Box<[Text]>,
    /// Where its expression can be looked at.
    pub source: Text,
}

impl Alert {
    /// The label `name`.
    #[must_use]
    pub fn label(&self, name: &str) -> Option<&Text> {
        self.labels.iter().find(|(label, _)| label == name).map(|(_, value)| value)
    }

    /// The annotation `name`.
    #[must_use]
    pub fn annotation(&self, name: &str) -> Option<&Text> {
        self.annotations.iter().find(|(other, _)| other == name).map(|(_, value)| value)
    }

    /// What it says in a line: its summary, else its description.
    #[must_use]
    pub fn says(&self) -> Option<&Text> {
        let said = ["summary", "message", "description"];
        said.iter().find_map(|name| self.annotation(name)).filter(|text| !text.is_empty())
    }

    /// Where its cause is to be looked for: what many alerts of one name have in common when one thing broke.
    #[must_use]
    pub fn cause(&self) -> Option<&Text> {
        ["namespace", "job", "service"].iter().find_map(|name| self.label(name))
    }

    /// A page about it that can be opened: its runbook's, its dashboard's, or that of its expression.
    pub fn links(&self) -> impl Iterator<Item = (&'static str, &Text)> {
        let named = |names: &[&'static str], label| {
            let found = names.iter().find_map(|name| self.annotation(name));
            found.map(|link| (label, link))
        };
        [
            named(&["runbook_url", "runbook"], "runbook"),
            named(&["dashboard_url", "dashboard", "grafana"], "dashboard"),
            Some(("expression", &self.source)),
        ]
        .into_iter()
        .flatten()
        .filter(|(_, link)| link.as_str().starts_with("http"))
    }
}

/// A silence: alerts that match all of it are not told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silence {
    /// Its identity, given by the server.
    pub uid: Uid,
    /// What it matches.
    pub matchers: Box<[Matcher]>,
    /// The same in words, see [`in_words`].
    pub words: Text,
    /// From when on.
    pub starts: Timestamp,
    /// Until when.
    pub ends: Timestamp,
    /// Who made it.
    pub by: Text,
    /// Why.
    pub comment: Text,
    /// Whether it holds.
    pub state: SilenceState,
}

/// The most bytes that a compiled expression of a matcher may take.
const EXPRESSION: usize = 256 * 1024;

/// What the conditions of a silence say: `alertname is TenantSlow and tenant is not acme`.
#[must_use]
pub fn in_words(matchers: &[Matcher]) -> Text {
    let mut out = String::new();
    for matcher in matchers {
        if !out.is_empty() {
            out.push_str(" and ");
        }
        let verb = match (matcher.regex, matcher.equal) {
            (false, true) => "is",
            (false, false) => "is not",
            (true, true) => "matches",
            (true, false) => "does not match",
        };
        let value = match matcher.value.as_str() {
            "" => "empty",
            value => value,
        };
        // Writing to a string can't fail.
        let _ = write!(out, "{} {verb} {value}", matcher.name);
    }
    Text::clean(&out)
}

/// Finds the alerts that a silence would hide.
#[derive(Debug)]
pub struct Covers<'a> {
    tests: Vec<(&'a Matcher, Option<Regex>)>,
    sound: bool,
}

impl Silence {
    /// What finds the alerts that it would hide: all of its conditions hold. One whose expression can't be read hides
    /// nothing, as it would on the server.
    #[must_use]
    pub fn covers(&self) -> Covers<'_> {
        let mut sound = !self.matchers.is_empty();
        let mut compiled = |matcher: &Matcher| {
            let whole = format!("^(?:{})$", matcher.value);
            let regex = RegexBuilder::new(&whole).size_limit(EXPRESSION).build().ok();
            sound &= regex.is_some();
            regex
        };
        let tests = self
            .matchers
            .iter()
            .map(|matcher| (matcher, if matcher.regex { compiled(matcher) } else { None }))
            .collect();
        Covers { tests, sound }
    }
}

impl Covers<'_> {
    /// Whether it would hide `alert`. A label that is not there is an empty one.
    #[must_use]
    pub fn hides(&self, alert: &Alert) -> bool {
        self.sound
            && self.tests.iter().all(|(matcher, regex)| {
                let value = alert.label(matcher.name.as_str()).map_or("", Text::as_str);
                let fits = match regex {
                    Some(regex) => regex.is_match(value),
                    None => matcher.value == value,
                };
                fits == matcher.equal
            })
    }
}

/// Whether a silence holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SilenceState {
    /// It holds now.
    Active,
    /// It will.
    Pending,
    /// It has ended.
    Expired,
}

impl SilenceState {
    /// The word shown and filtered by.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Pending => "pending",
            Self::Expired => "expired",
        }
    }
}

/// One condition of a silence on a label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Matcher {
    /// The label.
    pub name: Text,
    /// What it must be, or the expression that it must match.
    pub value: Text,
    /// Whether `value` is a regular expression.
    pub regex: bool,
    /// Whether it must match (`true`) or must not.
    pub equal: bool,
}

/// Somebody looks after an alert; it is told all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// The alert's fingerprint.
    pub uid: Uid,
    /// Who.
    pub by: Text,
    /// Since when.
    pub at: Timestamp,
    /// Until when; then somebody must look again.
    pub until: Option<Timestamp>,
    /// What they say.
    pub note: Text,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matcher(name: &str, value: &str, [regex, equal]: [bool; 2]) -> Matcher {
        Matcher { name: name.into(), value: value.into(), regex, equal }
    }

    fn silence(matchers: Vec<Matcher>) -> Silence {
        Silence {
            uid: Uid("s".into()),
            words: in_words(&matchers),
            matchers: matchers.into(),
            starts: Timestamp::default(),
            ends: Timestamp::default(),
            by: Text::default(),
            comment: Text::default(),
            state: SilenceState::Active,
        }
    }

    fn alert(labels: &[(&str, &str)]) -> Alert {
        let labels = labels.iter().map(|(name, value)| ((*name).into(), (*value).into()));
        Alert {
            uid: Uid("a".into()),
            name: "TenantSlow".into(),
            severity: Severity::Normal,
            tenant: None,
            state: AlertState::Firing,
            since: Timestamp::default(),
            updated: Timestamp::default(),
            ends: None,
            labels: labels.collect(),
            annotations: Box::default(),
            silenced_by: Box::default(),
            inhibited_by: Box::default(),
            receivers: Box::default(),
            source: Text::default(),
        }
    }

    #[test]
    fn a_silence_hides_what_all_of_it_matches() {
        let slow = alert(&[("alertname", "TenantSlow"), ("tenant", "acme")]);
        for (matchers, hides, words) in [
            (vec![matcher("tenant", "acme", [false, true])], true, "tenant is acme"),
            (vec![matcher("tenant", "acm", [true, true])], false, "tenant matches acm"),
            (vec![matcher("tenant", "ac.*", [true, true])], true, "tenant matches ac.*"),
            (vec![matcher("tenant", "ac.*", [true, false])], false, "tenant does not match ac.*"),
            (vec![matcher("cluster", "", [false, true])], true, "cluster is empty"),
            (
                vec![
                    matcher("tenant", "acme", [false, true]),
                    matcher("alertname", "X", [false, false]),
                ],
                true,
                "tenant is acme and alertname is not X",
            ),
            (vec![matcher("tenant", "(", [true, true])], false, "tenant matches ("),
            (vec![], false, ""),
        ] {
            let silence = silence(matchers);
            assert_eq!(silence.covers().hides(&slow), hides, "{words}");
            assert_eq!(silence.words, *words);
        }
    }

    #[test]
    fn links_are_addresses_only() {
        let mut slow = alert(&[]);
        slow.annotations = Box::new([
            ("dashboard".into(), "javascript:alert(1)".into()),
            ("runbook_url".into(), "https://docs.example/slow".into()),
        ]);
        slow.source = "http://prometheus:9090/graph".into();
        let links: Vec<_> = slow.links().map(|(name, link)| (name, link.as_str())).collect();
        assert_eq!(
            links,
            [
                ("runbook", "https://docs.example/slow"),
                ("expression", "http://prometheus:9090/graph")
            ]
        );
    }
}
