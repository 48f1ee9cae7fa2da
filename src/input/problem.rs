//! What can be wrong with a key file, in sentences that name file, line, key and what to do.

use std::fmt;

use super::chord::ChordError;
use super::context::{Context, UnknownContext};
use super::load::{BINDINGS_MAX, DESC_CHARS, INHERITANCE_MAX, SEQUENCE_MAX};

/// The most problems that are told; the others are counted.
const TOLD_MAX: usize = 20;

/// Why a keymap was refused: everything wrong with it, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeymapError {
    problems: Vec<Problem>,
}

impl KeymapError {
    pub(super) fn new(problems: Vec<Problem>) -> Self {
        Self { problems }
    }

    /// Every problem, in the order of the file; at least one.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl std::error::Error for KeymapError {}

impl fmt::Display for KeymapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, problem) in self.problems.iter().take(TOLD_MAX).enumerate() {
            if position > 0 {
                writeln!(f)?;
            }
            write!(f, "{problem}")?;
        }
        match self.problems.len().saturating_sub(TOLD_MAX) {
            0 => Ok(()),
            1 => write!(f, "\nOne more problem follows."),
            more => write!(f, "\n{more} more problems follow."),
        }
    }
}

/// One thing wrong, or doubtful, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The name of the key file.
    pub file: String,
    /// The line, from 1; `None` when it is about the whole file.
    pub line: Option<usize>,
    /// What it is.
    pub kind: ProblemKind,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.kind),
            None => write!(f, "{}: {}", self.file, self.kind),
        }
    }
}

/// What is wrong. Texts from the file are already quoted and harmless to show.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProblemKind {
    /// The file is longer than is read.
    #[error("The file has {bytes} bytes, and at most {max} are read. Remove what is not needed.")]
    TooLarge {
        /// The length of the file.
        bytes: usize,
        /// The longest that is read.
        max: usize,
    },
    /// There are more bindings in the file than are kept.
    #[error("The file has more than {BINDINGS_MAX} bindings. Remove what is not needed.")]
    TooMany,
    /// It is not TOML.
    #[error("This is not TOML: {0}.")]
    Syntax(String),
    /// Something is of the wrong type.
    #[error("{what} must be {expected}, not {found}.")]
    Type {
        /// What has the wrong type.
        what: &'static str,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A name that means nothing in this place.
    #[error("{} has no meaning here. {}", .name, did_you_mean_or(.nearest.as_ref(), .known))]
    Field {
        /// What is written.
        name: String,
        /// The nearest name.
        nearest: Option<&'static str>,
        /// Every name that has a meaning here.
        known: &'static str,
    },
    /// A binding lacks `on` or `run`.
    #[error("This binding has no `{0}`. Write {{ on = \"KEY\", run = \"ACTION\" }}.")]
    Missing(&'static str),
    /// The inherited keymap does not exist.
    #[error(
        "It inherits {0}, and there is no such keymap. Write \"default\", \"vim\" or \"emacs\"."
    )]
    NoBase(String),
    /// The inherited keymaps inherit each other.
    #[error("It inherits {0}, which inherits it in turn. Remove one of the two `inherits`.")]
    Loop(String),
    /// The chain of inherited keymaps is too long.
    #[error("It inherits more than {INHERITANCE_MAX} keymaps, one through the other. Use fewer.")]
    TooDeep,
    /// No such context.
    #[error(transparent)]
    Context(#[from] UnknownContext),
    /// Something that is no key.
    #[error(transparent)]
    Key(#[from] ChordError),
    /// A sequence is too long.
    #[error("\"{0}\" has more than {SEQUENCE_MAX} keys. Use a shorter sequence.")]
    TooLong(String),
    /// No such action.
    #[error("\"{}\" runs {}, and there is no such action. {}", .keys, .action, action_hint(.nearest.as_ref()))]
    Action {
        /// The keys.
        keys: String,
        /// The action that is written.
        action: String,
        /// The action of the nearest name.
        nearest: Option<&'static str>,
    },
    /// The action means nothing in this context.
    #[error("\"{keys}\" runs {action}, which has no meaning in [{context}]. Bind it in {}.", sections(.contexts))]
    Misplaced {
        /// The keys.
        keys: String,
        /// The action.
        action: &'static str,
        /// Where it is bound.
        context: Context,
        /// Where it has a meaning.
        contexts: &'static [Context],
    },
    /// The same keys twice.
    #[error("\"{keys}\" is already bound in [{context}] on line {line}. Remove one of the two.")]
    Twice {
        /// The keys.
        keys: String,
        /// In which context.
        context: Context,
        /// The line of the other.
        line: usize,
    },
    /// One sequence is the start of another, so that one of them could never be run.
    #[error(
        "\"{keys}\" and \"{other}\" on line {line} cannot both be bound in [{context}]: \
         \"{start}\" would run before \"{longer}\" is typed. Change one of the two.",
        start = if .keys.len() < .other.len() { .keys } else { .other },
        longer = if .keys.len() < .other.len() { .other } else { .keys },
    )]
    Start {
        /// The keys.
        keys: String,
        /// The other keys.
        other: String,
        /// In which context.
        context: Context,
        /// The line of the other.
        line: usize,
    },
    /// The description cannot be shown.
    #[error(
        "The description must have 1 to {DESC_CHARS} characters, and none that is not printed."
    )]
    Description,
    /// Nothing was bound that could be unbound. A warning.
    #[error(
        "\"{keys}\" is not bound in [{context}] of what is inherited, so there is nothing to unbind."
    )]
    NothingToUnbind {
        /// The keys.
        keys: String,
        /// In which context.
        context: Context,
    },
    /// An inherited sequence had to give way. A warning.
    #[error(
        "\"{keys}\" takes the place of the inherited \"{inherited}\" in [{context}]. If that is \
         meant, add {{ on = \"{inherited}\", run = \"none\" }}."
    )]
    Hides {
        /// The keys.
        keys: String,
        /// The inherited keys.
        inherited: String,
        /// In which context.
        context: Context,
    },
    /// A character that cannot be typed any more. A warning.
    #[error(
        "\"{keys}\" is text in [{context}], and cannot be typed there now. Bind it with ctrl- or alt-."
    )]
    Text {
        /// The keys.
        keys: String,
        /// In which context.
        context: Context,
    },
}

fn did_you_mean_or(nearest: Option<&&str>, known: &str) -> String {
    match nearest {
        Some(nearest) => format!("Did you mean `{nearest}`?"),
        None => format!("Known here: {known}."),
    }
}

fn action_hint(nearest: Option<&&str>) -> String {
    match nearest {
        Some(nearest) => format!("Did you mean \"{nearest}\"?"),
        None => "The page of keys lists every action; \"none\" unbinds a key.".to_owned(),
    }
}

fn sections(contexts: &[Context]) -> String {
    let names: Vec<String> = contexts.iter().map(|context| format!("[{context}]")).collect();
    names.join(" or ")
}
