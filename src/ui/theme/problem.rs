//! What can be wrong with a theme, in sentences that name file, line, role and what to do.

use std::fmt;

use super::builtin::BUILTIN_NAMES;
use super::load::INHERITANCE_MAX;
use super::role::Role;

/// The most problems that are told; the others are counted.
const TOLD_MAX: usize = 20;

/// Why a theme was refused: everything wrong with it, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThemeError {
    problems: Vec<Placed<ProblemKind>>,
}

impl ThemeError {
    pub(super) fn new(problems: Vec<Placed<ProblemKind>>) -> Self {
        Self { problems }
    }

    /// Every problem, in the order of the file; at least one.
    #[must_use]
    pub fn problems(&self) -> &[Placed<ProblemKind>] {
        &self.problems
    }
}

impl std::error::Error for ThemeError {}

impl fmt::Display for ThemeError {
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

/// One thing to say, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed<K> {
    /// The name of the theme's file.
    pub file: String,
    /// The line, from 1; `None` when it is about the whole file.
    pub line: Option<usize>,
    /// What it is.
    pub kind: K,
}

impl<K: fmt::Display> fmt::Display for Placed<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.kind),
            None => write!(f, "{}: {}", self.file, self.kind),
        }
    }
}

/// Something doubtful about a theme that can be used.
pub type Warning = Placed<WarningKind>;

/// What is doubtful. Texts from the file are already quoted and harmless to show.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WarningKind {
    /// A colour of the palette that no role uses.
    #[error("No role uses the colour {0} of [palette]. Remove it.")]
    Unused(String),
    /// Characters that are hard to read on their ground.
    #[error(
        "{role} is hard to read: its contrast with the ground is {ratio:.1}, and should be {min:.1} \
         or more. Change fg or bg."
    )]
    Contrast {
        /// The role.
        role: Role,
        /// The contrast, 1 to 21.
        ratio: f64,
        /// What it should be.
        min: f64,
    },
}

// The ratios are made from whole numbers and are never NaN.
impl Eq for WarningKind {}

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
    /// It is not TOML.
    #[error("This is not TOML: {0}.")]
    Syntax(String),
    /// Something is of the wrong type.
    #[error("{what} must be {expected}, not {found}.")]
    Type {
        /// What has the wrong type.
        what: String,
        /// What it must be.
        expected: &'static str,
        /// What it is.
        found: &'static str,
    },
    /// A name that means nothing in this place.
    #[error("{name} has no meaning here. {}", did_you_mean_or(.nearest.as_ref(), .known))]
    Field {
        /// What is written.
        name: String,
        /// The nearest name.
        nearest: Option<&'static str>,
        /// Every name that has a meaning here.
        known: &'static str,
    },
    /// No such role.
    #[error("There is no role {name}. {}", role_hint(.nearest.as_ref()))]
    Role {
        /// What is written.
        name: String,
        /// The role of the nearest name.
        nearest: Option<&'static str>,
    },
    /// Something that is no colour.
    #[error("{role} has the colour {color}, which is unknown. {}", color_hint(.nearest.as_ref()))]
    Color {
        /// The role.
        role: Role,
        /// What is written.
        color: String,
        /// The colour of the nearest name.
        nearest: Option<String>,
    },
    /// An entry of the palette that is no colour.
    #[error(
        "{name} of [palette] has the value {color}, which is no colour. {}",
        value_hint(.nearest.as_ref())
    )]
    Palette {
        /// The name.
        name: String,
        /// What is written.
        color: String,
        /// The ANSI colour of the nearest name.
        nearest: Option<&'static str>,
    },
    /// A name of the palette that is a colour already.
    #[error("{0} is a colour of the terminal already. Give it another name in [palette].")]
    Reserved(String),
    /// The inherited theme does not exist.
    #[error(
        "It inherits {0}, and there is no such theme. The themes in the program are {names}.",
        names = BUILTIN_NAMES.join(", ")
    )]
    NoBase(String),
    /// The inherited themes inherit each other.
    #[error("It inherits {0}, which inherits it in turn. Remove one of the two `inherits`.")]
    Loop(String),
    /// The chain of inherited themes is too long.
    #[error("It inherits more than {INHERITANCE_MAX} themes, one through the other. Use fewer.")]
    TooDeep,
}

fn did_you_mean_or(nearest: Option<&&str>, known: &str) -> String {
    match nearest {
        Some(nearest) => format!("Did you mean `{nearest}`?"),
        None => format!("Known here: {known}."),
    }
}

fn role_hint(nearest: Option<&&str>) -> String {
    match nearest {
        Some(nearest) => format!("Did you mean \"{nearest}\"?"),
        None => "The theme \"dark\" of the program has all of them.".to_owned(),
    }
}

fn color_hint(nearest: Option<&String>) -> String {
    match nearest {
        Some(nearest) => format!("Did you mean \"{nearest}\"?"),
        None => {
            "Write #rrggbb, a name of [palette], or an ANSI name such as bright-blue.".to_owned()
        }
    }
}

fn value_hint(nearest: Option<&&str>) -> String {
    match nearest {
        Some(nearest) => format!("Did you mean \"{nearest}\"?"),
        None => "Write #rrggbb, or an ANSI name such as bright-blue.".to_owned(),
    }
}
