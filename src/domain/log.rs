//! Lines of a log that is followed.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Text, Timestamp};

/// Which log is wanted.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LogSource {
    /// Of a container.
    Pod {
        /// The pod's namespace.
        namespace: Text,
        /// The pod.
        pod: Text,
        /// The container; none for the pod's first.
        container: Option<Text>,
        /// Whether of the run before its last restart.
        previous: bool,
    },
    /// What Loki has for a query in its own language.
    Loki {
        /// The query.
        query: Text,
    },
}

impl fmt::Display for LogSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pod { namespace, pod, container, previous } => {
                write!(f, "{namespace}/{pod}")?;
                if let Some(container) = container {
                    write!(f, " {container}")?;
                }
                if *previous { f.write_str(" before its restart") } else { Ok(()) }
            }
            Self::Loki { query } => write!(f, "{query}"),
        }
    }
}

/// One line of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When it was written, where the source says so.
    pub at: Option<Timestamp>,
    /// The line, bounded.
    pub text: Text,
}

/// What was read of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogChunk {
    /// Of which log.
    pub source: LogSource,
    /// What it says of it.
    pub told: LogTold,
}

/// What is said of a log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LogTold {
    /// These lines follow.
    Lines(Box<[LogLine]>),
    /// Lines may be missing here, and why.
    Gap(Text),
    /// There will be no more, and why: the container ended.
    End(Text),
}
