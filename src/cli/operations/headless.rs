//! What operations without a screen are planned and run with, and who does it.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Runtime;

use super::{NOT_DONE, page};
use crate::cli::log::Kept;
use crate::cli::session::{Visit, ended};
use crate::cli::{CliError, output};
use crate::config::{Environment, Loaded, Paths, RoleWithout};
use crate::domain::operation::{Operation, Phase};
use crate::domain::{Role, Text};
use crate::live::Live;
use crate::operation::{Executor, Halt, Pace, Progress, Tell};
use crate::platform::{Control, Journal, Platform as _};
use crate::runtime::mirror::{Mirror, Reflector};
use crate::runtime::{WallClock, machine, operator};

/// Everything that these commands work with.
pub(super) struct Headless {
    pub(super) loaded: Loaded,
    pub(super) paths: Paths,
    pub(super) runtime: Runtime,
    /// Who signed in; none where nobody does.
    pub(super) visit: Option<Visit>,
    pub(super) control: Arc<dyn Control>,
    pub(super) journal: Arc<dyn Journal>,
    pub(super) by: Text,
    pub(super) role: Role,
    console: Text,
}

impl Headless {
    pub(super) fn open(mut loaded: Loaded, paths: Paths) -> Result<Self, CliError> {
        // The session is the one that was kept.
        loaded.settings.identity.keyring.value = true;
        let settings = &loaded.settings;
        let live = Live::new(settings, paths.cursors().join("unused.json"), Arc::new(WallClock));
        let visit = match live.identity() {
            Some(identity) => Some(Visit::of(identity, settings, Arc::new(WallClock))?),
            None => None,
        };
        let opener = machine::opener(&Environment::of_process(), None);
        let (by, role) = match visit.as_ref().map(Visit::presence) {
            Some(presence) => {
                let person = presence.staff().map(|staff| staff.person.user.clone());
                (person.unwrap_or_default(), presence.role())
            }
            None => (Text::clean(&opener.name()), role(settings.identity.role_without.value)),
        };
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(1).enable_all().build().map_err(CliError::of)?;
        let guard = runtime.enter();
        let none = || CliError("This platform can't be changed from here.".to_owned());
        let (control, journal) =
            (live.control().ok_or_else(none)?, live.journal().ok_or_else(none)?);
        drop(guard);
        let console = operator::console_name(&opener);
        Ok(Self { loaded, paths, runtime, visit, control, journal, by, role, console })
    }

    pub(super) fn close(self) {
        self.runtime.shutdown_timeout(std::time::Duration::from_millis(200));
        if let Some(visit) = self.visit {
            visit.end();
        }
    }

    /// Refuses where nothing may be changed, and whoever is less than `needed`.
    pub(super) fn may_change(&self, needed: Role) -> Result<(), CliError> {
        if self.loaded.settings.read_only.value {
            return Err(CliError("This console is read-only: it changes nothing.".to_owned()));
        }
        if self.role < needed {
            return Err(CliError(format!("Your role is {}; this needs {needed}.", self.role)));
        }
        Ok(())
    }

    /// The operation `id`, as its journal tells it.
    pub(super) fn read(&self, id: &Text) -> Result<Operation, CliError> {
        let read = self.runtime.block_on(self.journal.read(id));
        read.map(|read| read.operation).map_err(CliError::of)
    }

    pub(super) fn executor(&self) -> Executor {
        Executor {
            control: Arc::clone(&self.control),
            journal: Arc::clone(&self.journal),
            clock: Arc::new(WallClock),
            console: self.console.clone(),
            by: self.by.clone(),
            pace: Pace::default(),
        }
    }

    /// Where operations are mirrored on this machine.
    pub(super) fn mirror(&self) -> Mirror {
        Mirror::of(&self.paths.mirrors(), &self.loaded.settings.profile.value)
    }

    /// Keeps what was seen of `operation` for reading offline.
    pub(super) fn note(&self, operation: &Operation) {
        if let Err(error) = Reflector::new(self.mirror()).note(operation) {
            output::complain(&unkept(&error));
        }
    }

    /// Works until the operation is over, a person must decide, or the command is ended.
    pub(super) fn work(
        &self,
        id: &Text,
        work: impl Future<Output = Result<Operation, Halt>> + Send + 'static,
    ) -> Result<u8, CliError> {
        let log = Kept::begin(&self.loaded.settings);
        tracing::info!(operation = %id, by = %self.by, "an operation is worked on");
        let worked = self.runtime.block_on(async {
            tokio::select! {
                worked = work => Some(worked),
                () = ended() => None,
            }
        });
        log_end(id, worked.as_ref());
        log.end();
        let goes_on = format!("Go on with: pulse-console ops resume {id}");
        match worked {
            None => {
                output::complain(&format!("Left where it stands. {goes_on}"));
                Ok(NOT_DONE)
            }
            Some(Err(halt)) if !halt.can_go_on() => Err(CliError::of(halt)),
            Some(Err(halt)) => Err(CliError(format!("{halt} {goes_on}"))),
            Some(Ok(operation)) => {
                output::say(&page::end(&operation));
                self.note(&operation);
                let done = matches!(operation.standing.phase, Phase::Done | Phase::Undone);
                Ok(if done { 0 } else { NOT_DONE })
            }
        }
    }
}

/// Puts into the log how the work on the operation `id` ended here.
fn log_end(id: &Text, worked: Option<&Result<Operation, Halt>>) {
    match worked {
        Some(Ok(operation)) => {
            tracing::info!(operation = %id, "the operation is {}", operation.standing.word());
        }
        Some(Err(halt)) => {
            tracing::warn!(operation = %id, "the operation does not go on here: {halt}");
        }
        None => tracing::warn!(operation = %id, "the operation was left where it stands"),
    }
}

/// What is said where the mirror can't be written.
pub(super) fn unkept(error: &std::io::Error) -> String {
    format!("Operations can't be kept for reading offline: {error}.")
}

/// What people may do where nobody signs in.
const fn role(without: RoleWithout) -> Role {
    match without {
        RoleWithout::Viewer => Role::Viewer,
        RoleWithout::Operator => Role::Operator,
        RoleWithout::Senior => Role::Senior,
    }
}

/// Prints how far the work is, each thing once.
pub(super) fn told() -> Tell {
    let last = Mutex::new(Text::default());
    Arc::new(move |progress: Progress| {
        let words = Text::clean(&format!("  {}. {}", progress.step + 1, progress.words));
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if *last != words {
            output::complain(words.as_str());
            *last = words;
        }
    })
}
