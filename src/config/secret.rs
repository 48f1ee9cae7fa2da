//! References to secrets: where a secret is, never what it is.
//!
//! A reference is safe to show. Of a command only the program is shown, because people do put
//! secrets into arguments.

use std::fmt;
use std::path::PathBuf;

use toml::de::{DeTable, DeValue};

use super::error::{Refusal, bare, escaped, quote};
use super::value::{Base, toml_string};
use crate::domain::nearest;

/// Words of a command.
const MOST_WORDS: usize = 64;
/// Bytes of one word, name or path.
const LONGEST_WORD: usize = 4096;

const KINDS: [&str; 5] = ["env", "file", "command", "keyring", "kubernetes_secret"];

/// Where a secret is.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretRef {
    /// In a variable of the environment.
    Env(String),
    /// In a file of its own, readable by its owner only.
    File(PathBuf),
    /// On the standard output of a command, which runs without a shell.
    Command(Vec<String>),
    /// In the keyring of the desktop.
    Keyring {
        /// The service it is stored for.
        service: String,
        /// The user it is stored for.
        user: String,
    },
    /// In a Secret of the profile's cluster.
    KubernetesSecret {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
        /// The key in its data.
        key: String,
    },
}

impl fmt::Display for SecretRef {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(name) => write!(out, "env {}", escaped(name)),
            Self::File(path) => write!(out, "file {}", escaped(&path.to_string_lossy())),
            Self::Command(words) => {
                write!(out, "command {}", bare(words.first().map_or("", String::as_str)))
            }
            Self::Keyring { service, user } => {
                write!(out, "keyring {}/{}", bare(service), bare(user))
            }
            Self::KubernetesSecret { namespace, name, key } => {
                write!(out, "kubernetes_secret {namespace}/{name}#{key}")
            }
        }
    }
}

impl fmt::Debug for SecretRef {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "SecretRef({self})")
    }
}

impl SecretRef {
    /// The reference as TOML, with the arguments of a command left out.
    pub(super) fn to_toml(&self) -> String {
        match self {
            Self::Env(name) => format!("{{ env = {} }}", toml_string(name)),
            Self::File(path) => format!("{{ file = {} }}", toml_string(&path.to_string_lossy())),
            Self::Command(words) => {
                let program = toml_string(words.first().map_or("", String::as_str));
                let rest = if words.len() > 1 { ", \"...\"" } else { "" };
                format!("{{ command = [{program}{rest}] }}")
            }
            Self::Keyring { service, user } => {
                format!("{{ keyring = {} }}", toml_string(&format!("{service}/{user}")))
            }
            Self::KubernetesSecret { namespace, name, key } => {
                format!("{{ kubernetes_secret = \"{namespace}/{name}#{key}\" }}")
            }
        }
    }

    /// Reads a reference.
    pub(super) fn read_toml(value: &DeValue<'_>, base: &Base<'_>) -> Result<Self, Refusal> {
        let DeValue::Table(table) = value else {
            return Err(Refusal::PlainSecret);
        };
        let (kind, value) = only_entry(table)?;
        match kind {
            "env" => Self::read_env(word(kind, value)?),
            "file" => Ok(Self::File(base.path(word(kind, value)?)?)),
            "command" => Self::read_command(value),
            "keyring" => Self::read_keyring(word(kind, value)?),
            "kubernetes_secret" => Self::read_kubernetes_secret(word(kind, value)?),
            unknown => Err(unknown_kind(unknown)),
        }
    }

    fn read_env(name: &str) -> Result<Self, Refusal> {
        let plain = |char: char| char.is_ascii_alphanumeric() || char == '_';
        if name.chars().all(plain) && !name.starts_with(|char: char| char.is_ascii_digit()) {
            return Ok(Self::Env(name.to_owned()));
        }
        // A secret is easily written here instead of a name, so it is not quoted.
        Err(because("has an env that is no name of a variable: letters, digits and \"_\" only"))
    }

    fn read_command(value: &DeValue<'_>) -> Result<Self, Refusal> {
        let refused =
            || because("has a command that is not a list such as [\"pass\", \"show\", \"valkey\"]");
        let list = value.as_array().ok_or_else(refused)?;
        if list.is_empty() || list.len() > MOST_WORDS {
            return Err(because(&format!(
                "has a command that is not 1 to {MOST_WORDS} words long"
            )));
        }
        let argument = |value: &toml::Spanned<DeValue<'_>>| {
            let text = value.get_ref().as_str()?;
            (text.len() <= LONGEST_WORD && !text.contains('\0')).then(|| text.to_owned())
        };
        let words: Vec<_> = list.iter().map(argument).collect::<Option<_>>().ok_or_else(refused)?;
        match words.first() {
            Some(program) if !program.is_empty() => Ok(Self::Command(words)),
            _ => Err(refused()),
        }
    }

    fn read_keyring(text: &str) -> Result<Self, Refusal> {
        match text.rsplit_once('/') {
            Some((service, user)) if !service.is_empty() && !user.is_empty() => {
                Ok(Self::Keyring { service: service.to_owned(), user: user.to_owned() })
            }
            _ => Err(because("has a keyring that is not \"SERVICE/USER\"")),
        }
    }

    fn read_kubernetes_secret(text: &str) -> Result<Self, Refusal> {
        let parts = text.split_once('/').and_then(|(namespace, rest)| {
            let (name, key) = rest.split_once('#')?;
            (is_object_name(namespace) && is_object_name(name) && is_data_key(key))
                .then(|| [namespace, name, key].map(str::to_owned))
        });
        let [namespace, name, key] = parts
            .ok_or_else(|| because("has a kubernetes_secret that is not \"NAMESPACE/NAME#KEY\""))?;
        Ok(Self::KubernetesSecret { namespace, name, key })
    }
}

fn because(text: &str) -> Refusal {
    Refusal::Because(text.to_owned())
}

fn only_entry<'a>(table: &'a DeTable<'_>) -> Result<(&'a str, &'a DeValue<'a>), Refusal> {
    if let Some((key, _)) = table.iter().find(|(key, _)| !KINDS.contains(&key.get_ref().as_ref())) {
        return Err(unknown_kind(key.get_ref()));
    }
    let mut entries = table.iter();
    match (entries.next(), entries.next()) {
        (Some((key, value)), None) => Ok((key.get_ref(), value.get_ref())),
        _ => Err(because(&format!("must name exactly one place: {}", KINDS.join(", ")))),
    }
}

fn unknown_kind(kind: &str) -> Refusal {
    Refusal::Expected {
        expected: format!("one of {}", KINDS.map(|kind| format!("{{ {kind} = ... }}")).join(", ")),
        found: quote(kind),
        nearest: nearest(kind, KINDS).map(str::to_owned),
    }
}

fn word<'a>(kind: &str, value: &'a DeValue<'_>) -> Result<&'a str, Refusal> {
    let text = value.as_str().filter(|text| {
        !text.is_empty() && text.len() <= LONGEST_WORD && !text.chars().any(char::is_control)
    });
    text.ok_or_else(|| because(&format!("needs one line of text after {kind} =")))
}

fn is_object_name(text: &str) -> bool {
    let plain =
        |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || "-.".contains(char);
    (1..=253).contains(&text.len()) && text.chars().all(plain)
}

fn is_data_key(text: &str) -> bool {
    let plain = |char: char| char.is_ascii_alphanumeric() || "-_.".contains(char);
    (1..=253).contains(&text.len()) && text.chars().all(plain)
}
