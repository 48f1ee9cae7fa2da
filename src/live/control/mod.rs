//! The live world as operations look at it and change it: each question and each change goes to the one server that it is
//! about.

mod word;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use self::word::Outlets;
use super::health::Health;
use super::{Live, alertmanager, kubernetes, objects, postgres};
use crate::domain::Trouble;
use crate::domain::operation::{Command, Query, Seen};
use crate::platform::{Control, Inspect, Mark, Unacted, Word};

/// The hands on all servers of a profile.
pub(super) struct Hands {
    kubernetes: kubernetes::Hand,
    postgres: postgres::Hand,
    objects: objects::Hand,
    alertmanager: alertmanager::Hand,
    health: Health,
    outlets: Outlets,
}

impl Hands {
    /// Those of `live`. Asks nothing yet.
    pub(super) fn of(live: &Live) -> Self {
        let clock = || live.clock.clone();
        Self {
            kubernetes: kubernetes::Hand::new(live.kubernetes.clone(), clock()),
            postgres: postgres::Hand::new(live.databases.clone()),
            objects: objects::Hand::new(live.objects.clone()),
            alertmanager: alertmanager::Hand::new(&live.alertmanager, clock()),
            health: Health::new(live.health_url.clone()),
            outlets: Outlets::new(live.matrix.clone(), live.stream.clone(), clock()),
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
            Query::Backup { key } => self.objects.backup(key).await,
            Query::Backups { prefix } => self.objects.backups(prefix).await,
            Query::Silence { mark } => self.alertmanager.silence(mark).await,
            Query::WouldHide(silence) => self.alertmanager.would_hide(silence).await,
            Query::Health { host } => self.health.look(host).await,
            Query::Rights(command) => match &**command {
                Command::Apply { .. } | Command::Patch { .. } | Command::Delete { .. } => {
                    self.kubernetes.look(query).await
                }
                // These are plans of one step: what lacks is found out at once.
                Command::Silence(_)
                | Command::ExpireSilence { .. }
                | Command::Acknowledge { .. } => Ok(Seen::Lacking(Vec::new())),
                _ => self.postgres.look(query).await,
            },
        }
    }

    async fn change(&self, command: &Command, mark: &Mark) -> Result<(), Unacted> {
        match command {
            Command::Apply { .. } | Command::Patch { .. } | Command::Delete { .. } => {
                self.kubernetes.act(command, mark).await
            }
            Command::Acknowledge { .. } => {
                self.kubernetes.act(command, mark).await?;
                self.outlets.acknowledged(command, mark).await;
                Ok(())
            }
            Command::RenameDatabase { .. }
            | Command::DropDatabase { .. }
            | Command::AllowConnections { .. }
            | Command::EndSessions { .. }
            | Command::CancelStatement(_)
            | Command::EndSession(_)
            | Command::PausePool { .. }
            | Command::ResumePool { .. } => self.postgres.act(command).await,
            Command::Silence(silence) => self.alertmanager.make(silence, mark).await,
            Command::ExpireSilence { id } => self.alertmanager.expire(id).await,
        }
    }

    /// Tells both, whether or not the other hears it.
    async fn leave_word(&self, word: &Word) -> Result<(), Trouble> {
        let (event, stream) = tokio::join!(self.kubernetes.tell(word), self.outlets.tell(word));
        event.and(stream)
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
        self.leave_word(word).boxed()
    }
}
