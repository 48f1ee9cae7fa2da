//! The live world as operations look at it and change it: each question and each change goes to the one server that it is
//! about.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::{Live, kubernetes, postgres};
use crate::domain::operation::{Command, Query, Seen};
use crate::domain::{Trouble, TroubleKind};
use crate::platform::{Control, Inspect, Mark, Unacted, Word};

/// The hands on all servers of a profile.
pub(super) struct Hands {
    kubernetes: kubernetes::Hand,
    postgres: postgres::Hand,
}

impl Hands {
    /// Those of `live`. Asks nothing yet.
    pub(super) fn of(live: &Live) -> Self {
        Self {
            kubernetes: kubernetes::Hand::new(live.kubernetes.clone(), live.clock.clone()),
            postgres: postgres::Hand::new(live.postgres.clone(), live.pgbouncer.clone()),
        }
    }

    async fn ask(&self, query: &Query) -> Result<Seen, Trouble> {
        match query {
            Query::Object(_)
            | Query::Objects { .. }
            | Query::DryRun { .. }
            | Query::Acknowledgement { .. } => self.kubernetes.look(query).await,
            Query::Database { .. }
            | Query::Contents { .. }
            | Query::DatabaseServer
            | Query::Session(_)
            | Query::Pool { .. } => self.postgres.look(query).await,
            _ => Err(Trouble::new(TroubleKind::NotConfigured, "nobody knows that", "")),
        }
    }

    async fn change(&self, command: &Command, mark: &Mark) -> Result<(), Unacted> {
        match command {
            Command::Apply { .. }
            | Command::Patch { .. }
            | Command::Delete { .. }
            | Command::Acknowledge { .. } => self.kubernetes.act(command, mark).await,
            Command::RenameDatabase { .. }
            | Command::DropDatabase { .. }
            | Command::AllowConnections { .. }
            | Command::EndSessions { .. }
            | Command::CancelStatement(_)
            | Command::EndSession(_)
            | Command::PausePool { .. }
            | Command::ResumePool { .. } => self.postgres.act(command).await,
            _ => Err(Unacted::Refused(Trouble::new(
                TroubleKind::NotConfigured,
                "nobody can do that",
                "",
            ))),
        }
    }
}

impl Inspect for Hands {
    fn look<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<Seen, Trouble>> {
        self.ask(query).boxed()
    }
}

impl Control for Hands {
    fn act<'a>(
        &'a self,
        command: &'a Command,
        mark: &'a Mark,
    ) -> BoxFuture<'a, Result<(), Unacted>> {
        self.change(command, mark).boxed()
    }

    fn tell<'a>(&'a self, word: &'a Word) -> BoxFuture<'a, Result<(), Trouble>> {
        self.kubernetes.tell(word).boxed()
    }
}
