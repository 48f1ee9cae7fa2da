//! Changes of the training world. Each is made at once, or begun; what changed nothing is not a deed.

use super::{Deed, alerting, cluster, data};
use crate::domain::Trouble;
use crate::domain::operation::Command;
use crate::platform::Mark;
use crate::sim::engine::Engine;

/// Makes the change.
///
/// # Errors
/// Why it is refused.
pub(super) fn act(engine: &mut Engine, command: &Command, mark: &Mark) -> Result<(), Trouble> {
    let changed = match command {
        Command::Apply { what, manifest } => cluster::apply(engine, what, manifest, mark),
        Command::Patch { what, which, patch } => cluster::patch(engine, (what, which), patch, mark),
        Command::Delete { what, which } => cluster::delete(engine, what, which),
        Command::RenameDatabase { from, to, oid } => data::rename(engine, from, to, *oid),
        Command::DropDatabase { name, oid } => data::drop(engine, name, *oid),
        Command::AllowConnections { database, allow } => data::allow(engine, database, *allow),
        Command::EndSessions { database } => Ok(data::end_all(engine, database)),
        Command::CancelStatement(session) => data::cancel(engine, session),
        Command::EndSession(session) => data::end(engine, session),
        Command::PausePool { database } => Ok(data::pause(engine, database)),
        Command::ResumePool { database } => Ok(data::resume(engine, database)),
        Command::Silence(silence) => Ok(alerting::silence(engine, silence, mark)),
        Command::ExpireSilence { id } => alerting::expire(engine, id),
        Command::Acknowledge { fingerprint, by, until, .. } => {
            alerting::acknowledge(engine, fingerprint, (by.as_ref(), *until), mark)
        }
    }?;
    if changed {
        let deed = Deed { command: command.clone(), operation: mark.operation.clone() };
        engine.operations.deeds.push(deed);
    }
    Ok(())
}
