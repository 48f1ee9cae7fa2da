//! Reading a scenario's file: bounded, with the line of every mistake.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use super::{Scenario, ScenarioError, check};
use crate::domain::{Span, Text, Timestamp};

/// The most bytes of a scenario.
const MAX_BYTES: usize = 256 * 1024;
/// The longest span in a scenario: ten years.
const MAX_SECS: u64 = 10 * 366 * 86_400;
/// The most events in a second.
const MAX_RATE: f64 = 2_000.0;

pub(super) fn scenario(name: &str, text: &str) -> Result<Scenario, ScenarioError> {
    let name = Text::bounded(name, 128);
    if text.len() > MAX_BYTES {
        return Err(ScenarioError::TooLong {
            name,
            bytes: text.len(),
            max: MAX_BYTES,
        });
    }
    let wrong = |at: Option<usize>, what: &str| ScenarioError::Wrong {
        name: name.clone(),
        line: line(text, at.unwrap_or_default()),
        what: Text::bounded(what.trim_end_matches('.'), 1024),
    };
    let scenario: Scenario = toml::from_str(text)
        .map_err(|why| wrong(why.span().map(|span| span.start), why.message()))?;
    match check::mistake(&scenario) {
        None => Ok(scenario),
        Some((at, what)) => Err(wrong(Some(at), &what)),
    }
}

/// The line, from 1, of the byte `at` of `text`.
fn line(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|byte| *byte == b'\n').count()
}

/// A whole number up to `MAX`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::sim) struct Count<const MAX: u64>(u64);

impl<const MAX: u64> Count<MAX> {
    pub(in crate::sim) const fn get(self) -> u64 {
        self.0
    }

    pub(in crate::sim) fn size(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }
}

impl<'de, const MAX: u64> Deserialize<'de> for Count<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let count = i64::deserialize(deserializer)?;
        match u64::try_from(count) {
            Ok(count) if count <= MAX => Ok(Self(count)),
            Ok(_) | Err(_) => Err(D::Error::custom(format!(
                "{count} is not between 0 and {MAX}"
            ))),
        }
    }
}

pub(super) fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let rate = f64::deserialize(deserializer)?;
    if (0.0..=MAX_RATE).contains(&rate) {
        Ok(rate)
    } else {
        Err(D::Error::custom(format!(
            "{rate} is not between 0 and {MAX_RATE}"
        )))
    }
}

pub(super) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let raw = String::deserialize(deserializer)?;
    // Far times would overflow calendars that show them with an offset.
    Timestamp::parse(&raw)
        .filter(|at| (1970..=9000).contains(&year(*at)))
        .ok_or_else(|| {
            D::Error::custom(format!(
                "“{raw}” is not a time such as 2026-11-21T00:47:00Z"
            ))
        })
}

fn year(at: Timestamp) -> i32 {
    chrono::Datelike::year(&at.utc())
}

pub(super) fn span<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Span, D::Error> {
    let raw = String::deserialize(deserializer)?;
    parse_span(&raw).ok_or_else(|| {
        D::Error::custom(format!("“{raw}” is not a span such as 90s, 1m30s or 2d4h"))
    })
}

pub(super) fn maybe_span<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Span>, D::Error> {
    span(deserializer).map(Some)
}

/// Numbers with the units d, h, m and s, each at most once, largest first; at most ten years.
fn parse_span(raw: &str) -> Option<Span> {
    let mut units = [('d', 86_400), ('h', 3_600), ('m', 60), ('s', 1)].into_iter();
    let (mut rest, mut secs) = (raw, 0_u64);
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit())?;
        let (digits, tail) = rest.split_at(end);
        let unit = tail.chars().next()?;
        let (_, scale) = units.find(|(name, _)| *name == unit)?;
        secs = secs.checked_add(digits.parse::<u64>().ok()?.checked_mul(scale)?)?;
        rest = tail.get(unit.len_utf8()..)?;
    }
    (!raw.is_empty() && secs <= MAX_SECS).then(|| Span::from_secs(secs))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read() {
        for (raw, secs) in [
            ("0s", Some(0)),
            ("90s", Some(90)),
            ("1m30s", Some(90)),
            ("2d4h", Some(187_200)),
            ("", None),
            ("5", None),
            ("s", None),
            ("1s1m", None),
            ("1m1m", None),
            ("-1s", None),
            ("1я", None),
            ("4000d", None),
            ("99999999999999999999s", None),
        ] {
            assert_eq!(parse_span(raw), secs.map(Span::from_secs), "{raw}");
        }
    }
}
