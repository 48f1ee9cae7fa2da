//! Looking at single databases and pools and changing them, as an operation asks for it.
//!
//! Each question and each change has a connection of its own, which is closed afterwards, so that the console is never
//! the one who holds a database up. What is hit is compared with what was meant on that very connection.

mod change;
mod line;
mod look;
mod pooler;
mod rights;

use super::Wanted;
use super::connect::Target;
use super::trouble::{self, Whose};
use crate::domain::operation::{Command, Query, Seen};
use crate::domain::{Trouble, TroubleKind};
use crate::platform::Unacted;

/// The hand on one PostgreSQL server and the pgbouncer before it.
pub(in crate::live) struct Hand {
    server: Wanted,
    bouncer: Wanted,
}

impl Hand {
    /// The hand on these. Asks nothing yet.
    pub(in crate::live) fn new([server, bouncer]: [Wanted; 2]) -> Self {
        Self { server, bouncer }
    }

    /// The answer to `query`, which is about databases or pools.
    ///
    /// # Errors
    /// Why nobody can tell.
    pub(in crate::live) async fn look(&self, query: &Query) -> Result<Seen, Trouble> {
        if let Query::Pool { database } = query {
            let target = self.pooler().await?;
            let seen = pooler::look(&target, database.as_str()).await;
            return seen.map_err(|stop| stop.explain(&target, Whose::Pgbouncer));
        }
        if let Query::Rights(command) = query {
            return self.rights(command).await;
        }
        let target = self.postgres().await?;
        let seen = match query {
            Query::Database { name } => look::database(&target, name.as_str()).await,
            Query::Contents { database } => look::contents(&target, database.as_str()).await,
            Query::DatabaseServer => look::server(&target).await,
            Query::Session(session) => look::session(&target, session).await,
            _ => return Err(not_mine()),
        };
        seen.map_err(|stop| stop.explain(&target, Whose::Postgres))
    }

    /// Makes the change `command`, which is about databases or pools.
    ///
    /// # Errors
    /// Whether it was made, and why not.
    pub(in crate::live) async fn act(&self, command: &Command) -> Result<(), Unacted> {
        if let Command::PausePool { database } | Command::ResumePool { database } = command {
            let target = self.pooler().await.map_err(unreached)?;
            let done = match command {
                Command::PausePool { .. } => pooler::pause(&target, database.as_str()).await,
                _ => pooler::resume(&target, database.as_str()).await,
            };
            return done.map_err(|stop| stop.judge(&target, Whose::Pgbouncer));
        }
        let target = self.postgres().await.map_err(unreached)?;
        let done = match command {
            Command::RenameDatabase { from, to, oid } => {
                change::rename(&target, (from.as_str(), to.as_str()), *oid).await
            }
            Command::DropDatabase { name, oid } => {
                change::drop_database(&target, name.as_str(), *oid).await
            }
            Command::AllowConnections { database, allow } => {
                change::allow(&target, database.as_str(), *allow).await
            }
            Command::EndSessions { database } => {
                change::end_sessions(&target, database.as_str()).await
            }
            Command::CancelStatement(session) => change::cancel(&target, session).await,
            Command::EndSession(session) => change::end(&target, session).await,
            _ => return Err(Unacted::Refused(not_mine())),
        };
        done.map_err(|stop| stop.judge(&target, Whose::Postgres))
    }

    /// What the roles lack to make the change `command`.
    async fn rights(&self, command: &Command) -> Result<Seen, Trouble> {
        if let Command::PausePool { .. } | Command::ResumePool { .. } = command {
            let target = self.pooler().await?;
            let lacking = rights::pool(&target).await;
            return lacking.map_err(|stop| stop.explain(&target, Whose::Pgbouncer));
        }
        let target = self.postgres().await?;
        let lacking = match command {
            Command::CancelStatement(session) | Command::EndSession(session) => {
                rights::session(&target, session).await
            }
            _ => rights::database(&target, command).await,
        };
        lacking.map_err(|stop| stop.explain(&target, Whose::Postgres))
    }

    async fn postgres(&self) -> Result<Target, Trouble> {
        let options = self.server.fetch().await?;
        let target = Target::controlled(&options);
        let target = target.map_err(|failure| trouble::address(&failure, Whose::Postgres))?;
        Ok(target.to_database("postgres"))
    }

    async fn pooler(&self) -> Result<Target, Trouble> {
        let options = self.bouncer.fetch().await?;
        Target::bouncer(&options).map_err(|failure| trouble::address(&failure, Whose::Pgbouncer))
    }
}

/// Nothing was asked, for the way there is not known. What won't pass by itself is no reason to wait.
fn unreached(trouble: Trouble) -> Unacted {
    match trouble.kind {
        TroubleKind::NotConfigured | TroubleKind::Config => Unacted::Refused(trouble),
        _ => Unacted::Unreached(trouble),
    }
}

fn not_mine() -> Trouble {
    Trouble::new(TroubleKind::Config, "pg01 is asked for something that it does not keep", "")
}
