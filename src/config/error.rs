//! What can be wrong with the settings, said so that a tired person can mend it.
//!
//! Each problem names its place and its key, what was expected, and the nearest valid name. Text
//! of the file is quoted clipped and with its control characters escaped; the value of a secret
//! setting is never quoted.

use std::fmt;
use std::path::PathBuf;

use super::quantity::QuantityError;
use super::settings::Origin;

/// Problems listed in one message; the rest is counted.
const LISTED: usize = 20;
/// Characters of foreign text that a message quotes.
const QUOTED: usize = 60;

/// Why no settings could be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file, a variable or a flag says something that cannot be.
    #[error("{}", Listing(.0))]
    Invalid(Vec<Problem>),
    /// A file that was asked for does not exist.
    #[error(
        "The settings file {} does not exist; {named_by} names it. \
         Correct the path, or leave it out to use the default place.", path.display()
    )]
    Missing {
        /// The path as given.
        path: PathBuf,
        /// What names it: `--config` or `PLANA_CONFIG`.
        named_by: &'static str,
    },
    /// The file is there and cannot be read.
    #[error("The settings file {} can't be read: {reason}.", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What stands in the way.
        reason: String,
    },
    /// Neither the variable nor a home folder says where files belong.
    #[error(
        "Neither {0} nor HOME is set to an absolute path, so there is no place for files. Set one of them."
    )]
    NoHome(&'static str),
    /// A `--set` flag has no `=`.
    #[error("--set {}: a setting is written KEY=VALUE, such as --set ui.theme=dark.", quote(.0))]
    NotAnAssignment(String),
}

struct Listing<'a>(&'a [Problem]);

impl fmt::Display for Listing<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().take(LISTED).enumerate() {
            let line_break = if index == 0 { "" } else { "\n" };
            write!(out, "{line_break}{problem}")?;
        }
        match self.0.len().saturating_sub(LISTED) {
            0 => Ok(()),
            1 => out.write_str("\n... and 1 more problem"),
            more => write!(out, "\n... and {more} more problems"),
        }
    }
}

/// One thing that is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {fault}")]
pub struct Problem {
    /// Where it stands.
    pub place: Place,
    /// What is wrong with it.
    pub fault: Fault,
}

/// Where a problem stands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A line of the settings file, and for bad syntax the column; both count from 1.
    File {
        /// The file as it was opened.
        path: PathBuf,
        /// The line.
        line: usize,
        /// The column in characters.
        column: Option<usize>,
    },
    /// A variable of the environment.
    Variable(String),
    /// A `--set` flag, by key.
    Flag(String),
    /// The table of settings itself.
    Default,
}

impl From<&Origin> for Place {
    fn from(origin: &Origin) -> Self {
        match origin {
            Origin::Default => Self::Default,
            Origin::File { path, line } => {
                Self::File { path: path.to_path_buf(), line: *line, column: None }
            }
            Origin::Env(name) => Self::Variable(name.clone()),
            Origin::Flag(key) => Self::Flag(key.clone()),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line, column: None } => write!(out, "{}:{line}", path.display()),
            Self::File { path, line, column: Some(column) } => {
                write!(out, "{}:{line}:{column}", path.display())
            }
            Self::Variable(name) => out.write_str(name),
            Self::Flag(key) => write!(out, "--set {}", bare(key)),
            Self::Default => out.write_str("default"),
        }
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The file is no TOML.
    #[error("{0}")]
    Syntax(String),
    /// No setting has this name.
    #[error("unknown key {} {place}{}", quote(key), suggestion(nearest.as_deref()))]
    UnknownKey {
        /// The key as written.
        key: String,
        /// Where it stands, such as `in [ui]`.
        place: String,
        /// The nearest valid name.
        nearest: Option<String>,
    },
    /// No section has this name.
    #[error("unknown section [{}]{}", bare(section), suggestion(nearest.as_deref()))]
    UnknownSection {
        /// The section as written.
        section: String,
        /// The nearest valid name.
        nearest: Option<String>,
    },
    /// The setting exists, but belongs elsewhere.
    #[error("\"{key}\" can't stand {place}; it belongs {belongs}")]
    Misplaced {
        /// The key path.
        key: String,
        /// Where it stands.
        place: String,
        /// Where it belongs.
        belongs: String,
    },
    /// A section's name has a plain value.
    #[error("{} must be a section, not {found}; write [{}]", quote(section), bare(section))]
    NotASection {
        /// The section's name.
        section: String,
        /// What stands there.
        found: String,
    },
    /// The name of a profile has characters that names can't have.
    #[error("the profile name {} must be 1 to 64 letters, digits, \"-\", \"_\" or \".\"", quote(.0))]
    ProfileName(String),
    /// The chosen profile is not in the file.
    #[error(
        "there is no profile {}{} The profiles are: {known}",
        quote(name),
        nearest.as_ref().map_or_else(|| ".".to_owned(), |_| suggestion(nearest.as_deref()))
    )]
    UnknownProfile {
        /// The name asked for.
        name: String,
        /// The nearest one.
        nearest: Option<String>,
        /// All of them, with commas.
        known: String,
    },
    /// Several profiles and no choice.
    #[error(
        "no profile is chosen and there are several ({known}); set profile = \"NAME\" or PLANA_PROFILE"
    )]
    NoProfileChosen {
        /// All of them, with commas.
        known: String,
    },
    /// The value breaks the rule of its key.
    #[error("\"{key}\" {refusal}")]
    Refused {
        /// The key path.
        key: &'static str,
        /// Why.
        refusal: Refusal,
    },
}

/// Why a value is not accepted; completes a sentence that begins with the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is something else than its rule says.
    #[error("must be {expected}, not {found}{}", suggestion(nearest.as_deref()))]
    Expected {
        /// What it must be.
        expected: String,
        /// What it is, quoted.
        found: String,
        /// The nearest valid word.
        nearest: Option<String>,
    },
    /// A number of bytes that can't be read.
    #[error("must be {expected}: {error}")]
    Quantity {
        /// What it must be.
        expected: String,
        /// What is wrong with it.
        error: QuantityError,
    },
    /// A secret stands where a reference belongs.
    #[error(
        "must be a reference to the secret, not the secret itself; write \
         {{ env = \"NAME\" }}, {{ file = \"PATH\" }}, {{ command = [\"PROGRAM\", \"ARGUMENT\"] }}, \
         {{ keyring = \"SERVICE/USER\" }} or {{ kubernetes_secret = \"NAMESPACE/NAME#KEY\" }}"
    )]
    PlainSecret,
    /// An address carries a password.
    #[error("must not hold a password; take it out of the address and use password = {{ ... }}")]
    PasswordInUrl,
    /// Something else, as the rest of the sentence.
    #[error("{0}")]
    Because(String),
}

/// Something that looks wrong and stops nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// A variable is spelled almost like one of ours.
    #[error("The variable {} sets nothing; did you mean {nearest}?", bare(name))]
    UnknownVariable {
        /// The variable as set.
        name: String,
        /// The nearest of ours.
        nearest: String,
    },
    /// Anyone on the machine could make the console run a command.
    #[error(
        "Anyone on this machine can change {path}, and with it what the console runs. \
         Run: chmod o-w {}",
        shell_word(path)
    )]
    WritableByAnyone {
        /// The settings file.
        path: String,
    },
}

/// Foreign text in quotes: one line, clipped, with nothing in it that a terminal obeys.
pub(super) fn quote(text: &str) -> String {
    format!("\"{}\"", bare(text))
}

/// Foreign text without quotes, otherwise like [`quote`].
pub(super) fn bare(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}...", escaped(text.get(..end).unwrap_or(text))),
        None => escaped(text),
    }
}

/// Foreign text whole, with nothing in it that a terminal obeys.
pub(super) fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        match char {
            '\'' => shown.push(char),
            _ => shown.extend(char.escape_debug()),
        }
    }
    shown
}

/// `text` as one word of a POSIX shell, for commands that a message tells people to run.
pub(super) fn shell_word(text: &str) -> String {
    let plain = |char: char| char.is_ascii_alphanumeric() || "/._-+:@%".contains(char);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn suggestion(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |name| format!("; did you mean \"{name}\"?"))
}
