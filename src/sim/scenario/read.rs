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
        return Err(ScenarioError::TooLong { name, bytes: text.len(), max: MAX_BYTES });
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
pub struct Count<const MAX: u64>(u64);

impl<const MAX: u64> Count<MAX> {
    /// The number, at most `MAX`.
    pub(in crate::sim) const fn new(number: u64) -> Self {
        Self(if number > MAX { MAX } else { number })
    }

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
            Ok(_) | Err(_) => Err(D::Error::custom(format!("{count} is not between 0 and {MAX}"))),
        }
    }
}

pub(super) fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    let rate = f64::deserialize(deserializer)?;
    if (0.0..=MAX_RATE).contains(&rate) {
        Ok(rate)
    } else {
        Err(D::Error::custom(format!("{rate} is not between 0 and {MAX_RATE}")))
    }
}

pub(super) fn time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let raw = String::deserialize(deserializer)?;
    // Far times would overflow calendars that show them with an offset.
    Timestamp::parse(&raw).filter(|at| (1970..=9000).contains(&year(*at))).ok_or_else(|| {
        D::Error::custom(format!("“{raw}” is not a time such as 2026-11-21T00:47:00Z"))
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

    const HEAD: &str = "name = \"n\"\ntitle = \"t\"\nseed = 1\nstart = \"2026-11-21T00:47:00Z\"\n";

    /// The whole message of what is wrong with `text` after a sound head of four lines.
    fn message(text: &str) -> String {
        match Scenario::parse("mine.toml", &format!("{HEAD}{text}")) {
            Ok(_) => String::new(),
            Err(why) => why.to_string(),
        }
    }

    #[test]
    fn a_sound_scenario_is_read() {
        assert_eq!(message("[tenants]\ncount = 3\n[[tenant]]\nname = \"acme\"\n"), "");
        let scenario = Scenario::parse("mine.toml", HEAD).expect("a sound scenario");
        assert_eq!(scenario.name().as_str(), "n");
        assert_eq!(scenario.title().as_str(), "t");
        assert_eq!(scenario.seed(), 1);
        assert_eq!(scenario.start().to_string(), "2026-11-21T00:47:00Z");
    }

    /// What is wrong with a text, and in which line, counting the head.
    const MISTAKES: &[(&str, usize, &str)] = &[
        (
            "colour = 1",
            5,
            "unknown field `colour`, expected one of `name`, `title`, `seed`, `start`, `tenants`, `churn`, `stream`, `databases`, `operations`, `hostile`, `cluster`, `denied`, `tenant`, `run`, `backup`, `silence`, `ack`, `people`, `incident`, `fault`",
        ),
        ("[tenants]\ncount = 20001", 6, "20001 is not between 0 and 20000"),
        ("[tenants]\ncount = -1", 6, "-1 is not between 0 and 20000"),
        ("[tenants]\ncount = \"many\"", 6, "invalid type: string \"many\", expected i64"),
        (
            "[tenants]\ntier = { gold = 1 }",
            6,
            "unknown variant `gold`, expected one of `starter`, `pro`, `enterprise`",
        ),
        ("[stream]\nper-second = 1e9", 6, "1000000000 is not between 0 and 2000"),
        ("[stream]\nper-second = nan", 6, "NaN is not between 0 and 2000"),
        (
            "[stream]\n[[stream.past]]\nago = \"soon\"\ntype = \"agent.report\"",
            7,
            "“soon” is not a span such as 90s, 1m30s or 2d4h",
        ),
        (
            "denied = [\"clouds\"]",
            5,
            "unknown variant `clouds`, expected one of `clients`, `environments`, `upgrades`, `templates`, `restores`, `events`, `databases`, `sessions`, `database-server`, `pools`, `streams`, `keys`, `stream-server`, `executions`, `backups`, `buckets`, `alerts`, `silences`, `acks`, `deployments`, `autoscalers`, `quotas`, `pods`, `occurrences`, `gateways`, `routes`, `certificates`, `kustomizations`, `cron-jobs`, `jobs`, `nodes`, `claims`, `series`, `probes`, `log`, `access`, `operations`, `audit`",
        ),
        ("[[tenant]]\nname = \"Acme\"", 5, "“Acme” is not a subdomain: 1 to 30 of a-z, 0-9 and -"),
        ("[[tenant]]\nname = \"a\"\n\n[[tenant]]\nname = \"a\"", 8, "the tenant “a” comes twice"),
        (
            "[[tenant]]\nname = \"acme\"\n[[incident]]\nat = \"1m\"\nwhat = \"recover\"\ntenant = \"acne\"",
            7,
            "there is no tenant “acne”; perhaps “acme” is meant",
        ),
        ("[[incident]]\nat = \"1m\"\nwhat = \"recover\"", 5, "this incident needs a tenant"),
        ("[[incident]]\nat = \"1m\"\nwhat = \"feed-down\"", 5, "this incident needs a feed"),
        ("[[incident]]\nat = \"1m\"\nwhat = \"stream-gap\"", 5, "this incident needs a count"),
        ("[[incident]]\nat = \"1m\"\nwhat = \"event\"", 5, "this incident needs a type"),
        (
            "[[run]]\nkind = \"template\"\nage = \"1m\"\nphase = \"running\"",
            5,
            "a template needs a name",
        ),
        (
            "[[run]]\nkind = \"upgrade\"\nage = \"1m\"\nphase = \"running\"",
            5,
            "this run needs a tenant",
        ),
        (
            "[[fault]]\nat = \"act\"\nwhat = \"fire\"",
            7,
            "unknown variant `fire`, expected one of `error`, `timeout`, `lost-reply`, `token-expired`, `crash-before`, `crash-after`, `torn`, `stale`, `lease-lost`",
        ),
        (
            "[[fault]]\nat = \"roof\"\nwhat = \"error\"",
            6,
            "unknown variant `roof`, expected one of `look`, `act`, `tell`, `open`, `append`, `read`, `lease`, `release`",
        ),
        (
            "[[fault]]\nat = \"act\"\nwhat = \"torn\"",
            5,
            "only what is appended or opened can be torn",
        ),
        ("[[fault]]\nat = \"act\"\nwhat = \"error\"\nnth = 0", 5, "calls are counted from 1"),
        (
            "[operations]\nupgrades-fail = [\"acne\"]\n[[tenant]]\nname = \"acme\"",
            6,
            "there is no tenant “acne”; perhaps “acme” is meant",
        ),
        (
            "[databases]\nbroken = [\"acne\"]\n[[tenant]]\nname = \"acme\"",
            6,
            "there is no tenant “acne”; perhaps “acme” is meant",
        ),
        (
            "[[people]]\nuser = \"maria\"\nrole = \"senior\"",
            7,
            "unknown field `role`, expected one of `user`, `name`, `groups`, `password`, `totp`",
        ),
        ("[[people]]\nuser = \"\"", 5, "somebody has no user or no password"),
        ("[[people]]\nuser = \"a\"\n[[people]]\nuser = \"a\"", 7, "the user “a” comes twice"),
        (
            "[[people]]\nuser = \"a\"\ntotp = \"short\"",
            5,
            "the totp of “a” is shorter than 16 bytes",
        ),
    ];

    #[test]
    fn a_mistake_is_said_with_its_line() {
        for (text, line, what) in MISTAKES {
            let wanted = format!(
                "The scenario “mine.toml” can't be used: line {line}: {what}. Correct that line, then start again."
            );
            assert_eq!(message(text), wanted);
        }
    }

    #[test]
    fn a_name_that_is_not_known_has_a_nearest() {
        let message = |name| crate::sim::scenario::builtin(name).err().map(|why| why.to_string());
        assert_eq!(
            message("calm-nigth").as_deref(),
            Some(
                "There is no scenario “calm-nigth”; perhaps “calm-night” is meant. The scenarios are calm-night, bad-upgrade, restore-under-pressure, pg01-disk-full, redis-restart, alert-storm, identity-outage, fleet-10k, hostile-data."
            )
        );
        assert_eq!(
            message("xyz").as_deref(),
            Some(
                "There is no scenario “xyz”. The scenarios are calm-night, bad-upgrade, restore-under-pressure, pg01-disk-full, redis-restart, alert-storm, identity-outage, fleet-10k, hostile-data."
            )
        );
    }

    #[test]
    fn a_scenario_that_is_too_long_is_not_read() {
        let long = "#".repeat(MAX_BYTES + 1);
        assert_eq!(
            message(&long),
            "The scenario “mine.toml” is 262208 bytes long and at most 262144 are read. Make it shorter, then start again."
        );
    }

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
