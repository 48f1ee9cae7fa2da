//! Figures over time, and the results of probes.
//!
//! Figures are whole thousandths of their unit: equal answers are equal objects, and what is no number (a division by
//! zero at night) is no point. Refuses to judge what a figure means.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Health, Span, Text, Timestamp, Uid};

/// What a figure counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Things.
    #[default]
    Count,
    /// A part of a whole, from 0 to 1.
    Share,
    /// Things in a second.
    PerSecond,
    /// Seconds.
    Seconds,
    /// Bytes.
    Bytes,
}

/// One figure over time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Series {
    /// Its identity: what it measures, a word of the console's own such as `requests`.
    pub uid: Uid,
    /// What it measures, in words.
    pub what: Text,
    /// What its points count.
    pub unit: Unit,
    /// Its place among the others, from 0.
    pub rank: u16,
    /// The tenant that it speaks of.
    pub tenant: Option<Text>,
    /// Its points, oldest first, in thousandths of its unit; at most [`Series::POINTS_MAX`]. There may be holes.
    pub points: Box<[(Timestamp, i64)]>,
    /// Why it has no points, where the server says so: a clause.
    pub trouble: Option<Text>,
}

impl Series {
    /// The most points that one has; only the newest are kept.
    pub const POINTS_MAX: usize = 120;
    /// The most cells of what the console's own figures measure.
    pub const WORDS_MAX: usize = 19;

    /// The newest point.
    #[must_use]
    pub fn newest(&self) -> Option<(Timestamp, i64)> {
        self.points.last().copied()
    }
}

/// `value` in whole thousandths; none for what is no number or has no end.
#[must_use]
pub fn thousandths(value: f64) -> Option<i64> {
    // The conversion keeps to the limits of the target by itself.
    value.is_finite().then(|| (value * 1_000.0).round() as i64)
}

/// What a probe from outside last found of a tenant's address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// Its identity: what is probed, and how.
    pub uid: Uid,
    /// What is probed: an address.
    pub target: Text,
    /// Who probes it: the job of Prometheus.
    pub job: Option<Text>,
    /// The tenant that it belongs to.
    pub tenant: Option<Text>,
    /// Whether it answered as it should.
    pub up: bool,
    /// The HTTP status, where there was one.
    pub status: Option<u16>,
    /// How long the answer took.
    pub took: Option<Span>,
    /// When the first of the certificates that it showed runs out, where it showed one.
    pub certificate_until: Option<Timestamp>,
    /// When it was probed.
    pub at: Timestamp,
}

impl Probe {
    /// How well what is probed is, seen from outside.
    #[must_use]
    pub const fn health(&self) -> Health {
        if self.up { Health::Healthy } else { Health::Failed }
    }
}

impl fmt::Display for Probe {
    /// What it found, in words: `up, HTTP 200 in 84 ms`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.up { "up" } else { "down" })?;
        if let Some(status) = self.status {
            write!(f, ", HTTP {status}")?;
        } else if !self.up {
            f.write_str(", no answer")?;
        }
        match self.took.map(Span::ms) {
            Some(ms @ ..10_000) => write!(f, " in {ms} ms"),
            Some(ms) => write!(f, " in {} s", ms / 1_000),
            None => Ok(()),
        }
    }
}

/// The tenant at `address`, an address or a bare host: the one label before `domain`.
#[must_use]
pub fn tenant_at(address: &str, domain: &str) -> Option<Text> {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = host.split_once(':').map_or(host, |(host, _)| host).to_ascii_lowercase();
    let label = host.strip_suffix(&domain.to_ascii_lowercase())?.strip_suffix('.')?;
    (!label.is_empty() && !label.contains('.')).then(|| Text::bounded(label, 253))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_become_points() {
        for (value, kept) in [
            (0.0, Some(0)),
            (0.0004, Some(0)),
            (0.0005, Some(1)),
            (-1.5, Some(-1_500)),
            (1e300, Some(i64::MAX)),
            (f64::NAN, None),
            (f64::INFINITY, None),
            (f64::NEG_INFINITY, None),
        ] {
            assert_eq!(thousandths(value), kept, "{value}");
        }
    }

    #[test]
    fn an_address_names_its_tenant() {
        for (address, tenant) in [
            ("https://acme.planapulse.app/web/health", Some("acme")),
            ("acme.planapulse.app:443", Some("acme")),
            ("http://probe@Acme.PlanaPulse.app?x=.planapulse.app", Some("acme")),
            ("https://www.acme.planapulse.app", None),
            ("https://planapulse.app", None),
            ("https://.planapulse.app", None),
            ("https://evilplanapulse.app", None),
            ("https://acme.planapulse.app.example", None),
            ("10.0.0.1:9100", None),
            ("", None),
        ] {
            assert_eq!(tenant_at(address, "planapulse.app"), tenant.map(Text::from), "{address}");
        }
    }

    #[test]
    fn a_probe_is_said_in_words() {
        let probe = |up, status, ms: Option<u64>| Probe {
            uid: Uid("p".into()),
            target: "https://acme.planapulse.app".into(),
            job: None,
            tenant: None,
            up,
            status,
            took: ms.map(Span::from_ms),
            certificate_until: None,
            at: Timestamp::default(),
        };
        for (probe, words) in [
            (probe(true, Some(200), Some(84)), "up, HTTP 200 in 84 ms"),
            (probe(false, Some(503), Some(12_400)), "down, HTTP 503 in 12 s"),
            (probe(false, None, Some(9_999)), "down, no answer in 9999 ms"),
            (probe(true, None, None), "up"),
        ] {
            assert_eq!(probe.to_string(), words);
        }
    }
}
