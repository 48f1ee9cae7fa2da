//! Looking at single objects of the cluster and changing them, as an operation asks for it.
//!
//! Nothing is forced: what another manager of fields has set stays, and what Flux keeps is changed in git. Every change
//! names the very object that it is meant for, or what it is to become, so that made again it changes nothing more.

mod acks;
mod change;
mod event;
mod kinds;
mod place;
mod rights;
mod seen;

use std::sync::Arc;

use self::kinds::Kinds;
use super::Options;
use super::line::Line;
use crate::domain::operation::{Command, Query, Seen};
use crate::domain::{Trouble, TroubleKind};
use crate::platform::{Clock, Mark, Unacted, Word};

/// The name under which the console sets fields.
const MANAGER: &str = "pulse-console";

/// The hand on one cluster.
pub(in crate::live) struct Hand {
    line: Line,
    kinds: Kinds,
    /// Where consoles keep what they share.
    namespace: String,
    /// The group of the platform's own kinds.
    group: String,
}

impl Hand {
    /// The hand on the cluster that `options` describe. Asks nothing yet.
    pub(in crate::live) fn new(options: Options, clock: Arc<dyn Clock>) -> Self {
        Self {
            namespace: options.namespace.clone(),
            group: options.group.clone(),
            kinds: Kinds::default(),
            line: Line::new(options, clock),
        }
    }

    /// The answer to `query`, which is about the cluster.
    ///
    /// # Errors
    /// Why nobody can tell.
    pub(in crate::live) async fn look(&self, query: &Query) -> Result<Seen, Trouble> {
        let seen = match query {
            Query::Object(what) => self.object(what).await,
            Query::Objects { group, kind, namespace, label } => {
                let (namespace, label) = (namespace.as_ref(), label.as_ref());
                self.objects((group.as_str(), kind.as_str()), namespace, label).await
            }
            Query::DryRun { what, manifest } => self.dry_run(what, manifest).await,
            Query::Acknowledgement { fingerprint } => self.acknowledgement(fingerprint).await,
            Query::Rights(command) => self.rights(command).await,
            _ => return Err(not_mine()),
        };
        Ok(seen?)
    }

    /// Makes the change `command`, which is about the cluster.
    ///
    /// # Errors
    /// Whether it was made, and why not.
    pub(in crate::live) async fn act(&self, command: &Command, mark: &Mark) -> Result<(), Unacted> {
        let done = match command {
            Command::Apply { what, manifest } => self.apply(what, manifest, mark).await,
            Command::Patch { what, which, patch } => self.patch(what, which, patch, mark).await,
            Command::Delete { what, which } => self.delete(what, which).await,
            Command::Acknowledge { fingerprint, by, until, .. } => {
                self.acknowledge(fingerprint, (by.as_ref(), *until), mark).await
            }
            _ => return Err(Unacted::Refused(not_mine())),
        };
        Ok(done?)
    }

    /// Leaves an event on the tenant that `word` is about.
    ///
    /// # Errors
    /// Why it could not be left.
    pub(in crate::live) async fn tell(&self, word: &Word) -> Result<(), Trouble> {
        Ok(self.leave_event(word).await?)
    }
}

fn not_mine() -> Trouble {
    Trouble::new(
        TroubleKind::Config,
        "the cluster is asked for something that it does not keep",
        "",
    )
}
