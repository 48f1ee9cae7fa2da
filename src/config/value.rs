//! How a raw value becomes a typed one, and how it is written back.
//!
//! One [`Setting`] implementation per type; the rule of the row bounds it. A value that is refused
//! changes nothing.

use std::path::{Path, PathBuf};

use chrono_tz::{TZ_VARIANTS, Tz};
use toml::de::DeValue;

use super::error::{Refusal, quote};
use super::keys::Rule;
use super::quantity::{ByteSize, parse_size};
use super::settings::{
    ColorDepth, Danger, KubernetesIdentity, LogLevel, Origin, RoleWithout, SignInFlow, Sourced,
    StreamingLists,
};
use super::{SecretRef, ServerUrl, ValkeyUrl, server_url, valkey_url};
use crate::domain::nearest;

/// Bytes of a text value.
const LONGEST_TEXT: usize = 4096;
/// Characters of a name.
const LONGEST_NAME: usize = 64;

/// A value as it arrives.
#[derive(Debug, Clone, Copy)]
pub(super) enum Raw<'a> {
    /// From the settings file.
    Toml(&'a DeValue<'a>),
    /// From a flag or the table's default.
    Text(&'a str),
    /// From a variable of the environment.
    Variable {
        /// The variable.
        name: &'a str,
        /// Its value.
        text: &'a str,
    },
}

impl<'a> Raw<'a> {
    /// The text of a string, wherever it comes from.
    fn text(self) -> Option<&'a str> {
        match self {
            Self::Toml(value) => value.as_str(),
            Self::Text(text) | Self::Variable { text, .. } => Some(text),
        }
    }

    /// What is there, for messages.
    pub(super) fn found(self) -> String {
        match self {
            Self::Text(text) | Self::Variable { text, .. } => quote(text),
            Self::Toml(DeValue::String(text)) => format!("the string {}", quote(text)),
            Self::Toml(DeValue::Integer(number)) => format!("the number {number}"),
            Self::Toml(DeValue::Float(number)) => format!("the number {number}"),
            Self::Toml(DeValue::Boolean(flag)) => format!("{flag}"),
            Self::Toml(DeValue::Datetime(_)) => "a date".to_owned(),
            Self::Toml(DeValue::Array(_)) => "a list".to_owned(),
            Self::Toml(DeValue::Table(_)) => "a section".to_owned(),
        }
    }

    fn refused(self, rule: Rule) -> Refusal {
        Refusal::Expected { expected: rule.expected(), found: self.found(), nearest: None }
    }
}

/// Where the paths of a value begin.
pub(super) struct Base<'a> {
    /// What `~/` means.
    pub(super) home: Option<&'a Path>,
    /// What a relative path starts at; absent: it stays as it is.
    pub(super) folder: Option<&'a Path>,
}

impl Base<'_> {
    /// The path that `text` means.
    pub(super) fn path(&self, text: &str) -> Result<PathBuf, Refusal> {
        let below_home = text.strip_prefix("~/").or((text == "~").then_some(""));
        let path = match (below_home, self.home) {
            (Some(rest), Some(home)) => home.join(rest),
            (Some(_), None) => {
                let reason = "begins with ~, but HOME is not set; write the whole path";
                return Err(Refusal::Because(reason.to_owned()));
            }
            (None, _) => PathBuf::from(text),
        };
        Ok(self.folder.map_or_else(|| path.clone(), |folder| folder.join(&path)))
    }
}

impl Rule {
    /// What a value must be, for messages and the reference page.
    pub fn expected(self) -> String {
        match self {
            Self::Text => "one line of text".to_owned(),
            Self::Name => "a name of letters, digits, \"-\", \"_\" and \".\"".to_owned(),
            Self::Flag => "true or false".to_owned(),
            Self::Count(low, high) => format!("a whole number from {low} to {high}"),
            Self::Size(low, high) => {
                format!("a size from {} to {} such as \"64MiB\"", ByteSize(low), ByteSize(high))
            }
            Self::Choice(words) => format!("one of \"{}\"", words.join("\", \"")),
            Self::TimeZone => "a time zone such as \"Europe/Sofia\"".to_owned(),
            Self::Path => "a path".to_owned(),
            Self::ValkeyUrl => valkey_url::EXPECTED.to_owned(),
            Self::ServerUrl => server_url::EXPECTED.to_owned(),
            Self::Secret => "a reference to a secret such as { env = \"NAME\" }".to_owned(),
        }
    }

    fn bounds(self) -> (u64, u64) {
        match self {
            Self::Count(low, high) | Self::Size(low, high) => (low, high),
            _ => (0, u64::MAX),
        }
    }
}

/// A leaf of the settings, whatever its type.
pub(super) trait Slot {
    fn set(
        &mut self,
        raw: Raw<'_>,
        rule: Rule,
        base: &Base<'_>,
        origin: Origin,
    ) -> Result<(), Refusal>;
    fn written(&self) -> Option<String>;
    fn origin(&self) -> &Origin;
}

impl<T: Setting> Slot for Sourced<T> {
    fn set(
        &mut self,
        raw: Raw<'_>,
        rule: Rule,
        base: &Base<'_>,
        origin: Origin,
    ) -> Result<(), Refusal> {
        *self = Self { value: T::read(raw, rule, base)?, origin };
        Ok(())
    }

    fn written(&self) -> Option<String> {
        self.value.write()
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }
}

/// A type that a setting can have.
pub(super) trait Setting: Sized {
    /// Reads a value that obeys `rule`.
    fn read(raw: Raw<'_>, rule: Rule, base: &Base<'_>) -> Result<Self, Refusal>;
    /// The value as TOML, `None` when absent.
    fn write(&self) -> Option<String>;
}

impl<T: Setting> Setting for Option<T> {
    fn read(raw: Raw<'_>, rule: Rule, base: &Base<'_>) -> Result<Self, Refusal> {
        T::read(raw, rule, base).map(Some)
    }

    fn write(&self) -> Option<String> {
        self.as_ref().and_then(T::write)
    }
}

impl Setting for String {
    fn read(raw: Raw<'_>, rule: Rule, _: &Base<'_>) -> Result<Self, Refusal> {
        let text = line_of_text(raw, rule)?;
        match rule {
            Rule::Name if !is_name(text) => Err(raw.refused(rule)),
            _ => Ok(text.to_owned()),
        }
    }

    fn write(&self) -> Option<String> {
        Some(toml_string(self))
    }
}

impl Setting for bool {
    fn read(raw: Raw<'_>, rule: Rule, _: &Base<'_>) -> Result<Self, Refusal> {
        match raw {
            Raw::Toml(DeValue::Boolean(flag)) => Ok(*flag),
            Raw::Text("true" | "1") | Raw::Variable { text: "true" | "1", .. } => Ok(true),
            Raw::Text("false" | "0") | Raw::Variable { text: "false" | "0", .. } => Ok(false),
            _ => Err(raw.refused(rule)),
        }
    }

    fn write(&self) -> Option<String> {
        Some(self.to_string())
    }
}

macro_rules! count {
    ($($type:ty),+) => {$(
        impl Setting for $type {
            fn read(raw: Raw<'_>, rule: Rule, _: &Base<'_>) -> Result<Self, Refusal> {
                let number = whole_number(raw).filter(|number| within(*number, rule));
                number.and_then(|number| number.try_into().ok()).ok_or_else(|| raw.refused(rule))
            }

            fn write(&self) -> Option<String> {
                Some(self.to_string())
            }
        }
    )+};
}
count!(usize, u32);

impl Setting for ByteSize {
    fn read(raw: Raw<'_>, rule: Rule, _: &Base<'_>) -> Result<Self, Refusal> {
        let size = match (whole_number(raw), raw.text()) {
            (Some(number), _) => Self(number),
            (None, Some(text)) => parse_size(text)
                .map_err(|error| Refusal::Quantity { expected: rule.expected(), error })?,
            (None, None) => return Err(raw.refused(rule)),
        };
        if within(size.0, rule) { Ok(size) } else { Err(raw.refused(rule)) }
    }

    fn write(&self) -> Option<String> {
        Some(toml_string(&self.to_string()))
    }
}

macro_rules! word {
    ($($type:ty),+) => {$(
        impl Setting for $type {
            fn read(raw: Raw<'_>, rule: Rule, _: &Base<'_>) -> Result<Self, Refusal> {
                let digits = whole_number(raw).map(|number| number.to_string());
                let word = raw.text().or(digits.as_deref());
                word.and_then(Self::from_word).ok_or_else(|| Refusal::Expected {
                    expected: rule.expected(),
                    found: raw.found(),
                    nearest: word
                        .and_then(|word| nearest(word, Self::WORDS.iter().copied()))
                        .map(str::to_owned),
                })
            }

            fn write(&self) -> Option<String> {
                Some(toml_string(self.word()))
            }
        }
    )+};
}
word!(Danger, ColorDepth, KubernetesIdentity, LogLevel, RoleWithout, SignInFlow, StreamingLists);

impl Setting for Tz {
    fn read(raw: Raw<'_>, rule: Rule, _: &Base<'_>) -> Result<Self, Refusal> {
        let name = raw.text().ok_or_else(|| raw.refused(rule))?;
        name.parse().map_err(|_| Refusal::Expected {
            expected: rule.expected(),
            found: raw.found(),
            nearest: nearest(name, TZ_VARIANTS.iter().map(|zone| zone.name())).map(str::to_owned),
        })
    }

    fn write(&self) -> Option<String> {
        Some(toml_string(self.name()))
    }
}

impl Setting for PathBuf {
    fn read(raw: Raw<'_>, rule: Rule, base: &Base<'_>) -> Result<Self, Refusal> {
        base.path(line_of_text(raw, rule)?)
    }

    fn write(&self) -> Option<String> {
        Some(toml_string(&self.to_string_lossy()))
    }
}

impl Setting for ValkeyUrl {
    fn read(raw: Raw<'_>, rule: Rule, _: &Base<'_>) -> Result<Self, Refusal> {
        Self::parse(raw.text().ok_or_else(|| raw.refused(rule))?)
    }

    fn write(&self) -> Option<String> {
        Some(toml_string(&self.to_string()))
    }
}

impl Setting for ServerUrl {
    fn read(raw: Raw<'_>, rule: Rule, _: &Base<'_>) -> Result<Self, Refusal> {
        Self::parse(raw.text().ok_or_else(|| raw.refused(rule))?)
    }

    fn write(&self) -> Option<String> {
        Some(toml_string(self.as_str()))
    }
}

impl Setting for SecretRef {
    /// A variable of the environment *is* the secret, so its name is the reference.
    fn read(raw: Raw<'_>, _: Rule, base: &Base<'_>) -> Result<Self, Refusal> {
        match raw {
            Raw::Toml(value) => Self::read_toml(value, base),
            Raw::Text(text) => match DeValue::parse(text) {
                Ok(value) => Self::read_toml(value.get_ref(), base),
                Err(_) => Err(Refusal::PlainSecret),
            },
            Raw::Variable { name, .. } => Ok(Self::Env(name.to_owned())),
        }
    }

    fn write(&self) -> Option<String> {
        Some(self.to_toml())
    }
}

/// Whether `text` can be the name of a profile, a theme and the like.
pub(super) fn is_name(text: &str) -> bool {
    let plain = |char: char| char.is_alphanumeric() || "-_.".contains(char);
    let length = text.chars().take(LONGEST_NAME + 1).count();
    (1..=LONGEST_NAME).contains(&length) && text.chars().all(plain) && !text.starts_with('.')
}

/// `text` as a TOML string.
pub(super) fn toml_string(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// Text that fits on one line and is not empty.
fn line_of_text(raw: Raw<'_>, rule: Rule) -> Result<&str, Refusal> {
    let text = raw.text().ok_or_else(|| raw.refused(rule))?;
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(raw.refused(rule));
    }
    if text.len() > LONGEST_TEXT {
        return Err(Refusal::Because(format!("must not be longer than {LONGEST_TEXT} bytes")));
    }
    Ok(text)
}

fn whole_number(raw: Raw<'_>) -> Option<u64> {
    match raw {
        Raw::Toml(DeValue::Integer(number)) => {
            u64::from_str_radix(number.as_str(), number.radix()).ok()
        }
        Raw::Toml(_) => None,
        Raw::Text(text) | Raw::Variable { text, .. } => text.parse().ok(),
    }
}

fn within(number: u64, rule: Rule) -> bool {
    let (low, high) = rule.bounds();
    (low..=high).contains(&number)
}
