//! The log of the process.

use std::path::PathBuf;

use super::output;
use crate::config::Settings;
use crate::runtime::log::{self, LogError, LogGuard};

/// Begins the log, which is written as long as its guard lives; gives its file too.
pub(super) fn begin(settings: &Settings) -> Result<(LogGuard, PathBuf), LogError> {
    let file = settings.log.file.value.clone();
    // The client library logs each failed request; the feeds say it once, with what to do.
    let level = format!("{},kube_client=off", settings.log.level.value.word());
    Ok((log::init(&file, &level)?, file))
}

/// The log of a command without a screen: what can't be written is said when it ends.
pub(super) struct Kept(Option<LogGuard>);

impl Kept {
    /// Begins it. Without a log the command goes on, and that is said.
    pub(super) fn begin(settings: &Settings) -> Self {
        match begin(settings) {
            Ok((guard, _)) => Self(Some(guard)),
            Err(error) => {
                output::complain(&format!("There is no log this time: {error}"));
                Self(None)
            }
        }
    }

    /// Writes what still waits to be written.
    pub(super) fn end(self) {
        let Some(guard) = self.0 else { return };
        let mut losses = guard.losses();
        drop(guard);
        if let Some(said) = losses.news() {
            output::complain(&said);
        }
    }
}
