//! A plan: everything that would be done, decided before anything is.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Command, Goal};
use crate::domain::{Role, Span, Text, Timestamp};

/// Declares [`Verb`]: each with its word and what it is called in a sentence.
macro_rules! verbs {
    ($($(#[$doc:meta])* $id:ident = $word:literal, $what:literal;)+) => {
        /// What an operation does.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Verb {
            $($(#[$doc])* $id,)+
        }

        impl Verb {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$id),+];

            /// The word by which it is asked for and filtered.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$id => $word),+ }
            }

            /// What it is, as in "you want to …".
            #[must_use]
            pub const fn what(self) -> &'static str {
                match self { $(Self::$id => $what),+ }
            }
        }
    };
}

verbs! {
    /// A new tenant.
    Provision = "provision", "make a new tenant";
    /// A backup into a database beside the live one.
    RestoreBeside = "restore-beside", "restore a backup beside the live database";
    /// The same, which then takes the live one's place.
    RestoreSwap = "restore-swap", "put a tenant back to a backup, keeping what is there now";
    /// A backup over the live database.
    RestoreInPlace = "restore-in-place", "put a tenant back to a backup, over what is there now";
    /// New code on the same major.
    UpgradeSame = "upgrade-same", "update a tenant within its version";
    /// The next major.
    UpgradeCross = "upgrade-cross", "upgrade a tenant to another version";
    /// An insurance backup.
    Backup = "backup", "take a backup now";
    /// A template database.
    Template = "template", "build a template database";
    /// Another tier.
    Tier = "tier", "change the tier of a tenant";
    /// The end of a tenant.
    Deprovision = "deprovision", "delete a tenant";
    /// The end of a database that a swap kept.
    DropKept = "drop-kept", "drop a database that was kept";
    /// The end of a statement.
    Cancel = "cancel", "cancel a statement";
    /// The end of a session.
    Terminate = "terminate", "end a session";
    /// Nobody gets through the pool.
    PausePool = "pause-pool", "pause the pool of a tenant";
    /// The pool goes on.
    ResumePool = "resume-pool", "let the pool of a tenant go on";
    /// An alert is hidden.
    Silence = "silence", "silence an alert";
    /// It is not any more.
    ExpireSilence = "expire-silence", "end a silence";
    /// Somebody looks after an alert.
    Ack = "ack", "look after an alert";
    /// They don't any more.
    Unack = "unack", "look after an alert no more";
}

impl Verb {
    /// The verb of this word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|verb| verb.word() == word)
    }
}

impl Verb {
    /// Whether a tenant, or what is in it, is another one afterwards: what was done before can't be taken back then.
    #[must_use]
    pub const fn makes_another(self) -> bool {
        match self {
            Self::Provision
            | Self::RestoreSwap
            | Self::RestoreInPlace
            | Self::UpgradeSame
            | Self::UpgradeCross
            | Self::Tier
            | Self::Deprovision => true,
            Self::RestoreBeside
            | Self::Backup
            | Self::Template
            | Self::DropKept
            | Self::Cancel
            | Self::Terminate
            | Self::PausePool
            | Self::ResumePool
            | Self::Silence
            | Self::ExpireSilence
            | Self::Ack
            | Self::Unack => false,
        }
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.word())
    }
}

/// How much must be given before a plan may run: it grows with the damage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asks {
    /// Yes or no.
    Yes,
    /// The word that names what is damaged, and a reason.
    Typed,
    /// The same, and a second factor given for this plan.
    StepUp,
    /// The same, and the approval of a second person.
    SecondPerson,
}

/// A plan. Nothing in it is decided while it runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The id of the operation: in names of what it makes, and by which it is asked for.
    pub id: Text,
    /// What it does.
    pub verb: Verb,
    /// What nobody else may work on meanwhile: the tenant, or what else it is about.
    pub scope: Text,
    /// The tenant.
    pub tenant: Option<Text>,
    /// What will be done, in a line.
    pub title: Text,
    /// What is damaged, in a line: the first thing that is read.
    pub damage: Text,
    /// Who made it.
    pub by: Text,
    /// When.
    pub at: Timestamp,
    /// What must be given before it runs.
    pub asks: Asks,
    /// The least role that may run it.
    pub role: Role,
    /// What has to be typed, where something has.
    pub word: Text,
    /// What must still be so when it begins.
    pub pins: Vec<Pin>,
    /// What was looked at beforehand, and what came of it.
    pub checks: Vec<Check>,
    /// What else is good to know: blast radius, differences of manifests.
    pub notes: Vec<Text>,
    /// What is done.
    pub steps: Vec<Step>,
    /// From this step on it can't be taken back, where there is such a step.
    pub no_return: Option<usize>,
    /// What is due afterwards.
    pub due: Vec<Due>,
    /// What taking it back damages in its turn, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<WayBack>,
}

/// What there is to know before an operation is taken back that people have worked with since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WayBack {
    /// Once so many steps are done, this counts: people may work with what came of it.
    pub from: usize,
    /// What is damaged, in a line.
    pub damage: Text,
    /// What must be given before.
    pub asks: Asks,
    /// What must still be so: else nothing of it is begun.
    pub pins: Vec<Pin>,
}

/// A fact that a plan was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// What it is, as in "… has changed".
    pub what: Text,
    /// What must still be so.
    pub goal: Goal,
}

/// Something that was looked at before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// What was looked at, and what was seen.
    pub what: Text,
    /// How it stands.
    pub result: CheckResult,
}

/// How a precondition stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CheckResult {
    /// It holds.
    Good,
    /// It can't be known, or does not quite hold: the operator decides.
    Doubtful,
    /// It does not hold: the plan can't be run.
    Bad,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What it does, in a line.
    pub name: Text,
    /// What is changed; none for a step that only looks.
    pub act: Option<Command>,
    /// When this is so, the change was made already; none to go by `settled`.
    pub begun: Option<Goal>,
    /// When this is so, the step is done.
    pub settled: Goal,
    /// How long it may take until then.
    pub limit: Span,
    /// How it is taken back, where it can.
    pub undo: Option<Undo>,
    /// The pods whose log tells of it.
    pub log: Option<PodsOf>,
}

/// How a step is taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// What is changed.
    pub act: Command,
    /// When this is so, it is taken back.
    pub settled: Goal,
}

/// The pods with a label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PodsOf {
    /// The namespace.
    pub namespace: Text,
    /// The label.
    pub label: (Text, Text),
}

/// Something that is due after an operation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// What.
    pub what: Text,
    /// When.
    pub at: Timestamp,
}

impl Plan {
    /// The preconditions that do not hold.
    pub fn refusals(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.result == CheckResult::Bad)
    }

    /// What there is to know before it is taken back, when so many steps are done.
    pub fn way_back(&self, done: usize) -> Option<&WayBack> {
        self.back.as_ref().filter(|back| done >= back.from)
    }

    /// Whether everything that the step `at` and those before it did can be taken back.
    #[must_use]
    pub fn can_undo_at(&self, at: usize) -> bool {
        self.no_return.is_none_or(|edge| at < edge)
    }
}
