//! Stand-ins for Crossplane and for the cluster's own controllers, which do for real what those would: databases are
//! cloned, dumped and restored by PostgreSQL's own programs, dumps lie in the S3 server, and every object is made,
//! changed and deleted through the API server.
//!
//! What is done is read from the cluster, so that controllers that were dropped half-way are followed by others that
//! finish. They take up only what is new, what they have begun, and what somebody changed or deleted since: objects that
//! a test has put there with a status of its own are left as they are.

mod clients;
mod desk;
mod faults;
mod jobs;
mod keeper;
mod key;
mod objects;
mod pods;
mod programs;
mod quotas;
mod rollouts;
mod runs;
mod seeds;
mod states;
mod work;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;

use super::{ApiServer, BACKUPS, Kubelet, Objects, PlatformError, Postgres, Role, Valkey};
use desk::Desk;

pub use faults::{FAULT, Fault};
pub use seeds::filestore;

/// How the controllers are to work.
#[derive(Debug, Clone)]
pub struct ControllersOptions {
    /// Who serves the logs of their pods; without one they have none.
    pub kubelet: Option<Arc<Kubelet>>,
    /// How long each phase takes that has nothing to do, so that one can see it.
    pub pace: Duration,
    /// How many objects are worked at together.
    pub parallel: usize,
}

impl Default for ControllersOptions {
    fn default() -> Self {
        Self { kubelet: None, pace: Duration::from_millis(50), parallel: 4 }
    }
}

/// Running controllers. Dropping them ends them wherever they are, as a lost node would.
#[derive(Debug)]
pub struct Controllers {
    desk: Arc<Desk>,
    task: JoinHandle<()>,
}

impl Controllers {
    /// Starts them; the cluster must be filled ([`ApiServer::fill_cluster`]), because they need its namespaces and kinds.
    pub async fn start(
        server: &ApiServer,
        postgres: &Postgres,
        objects: &Objects,
        valkey: &Valkey,
        options: ControllersOptions,
    ) -> Result<Self, PlatformError> {
        let desk = Arc::new(Desk {
            client: server.client().await?,
            programs: programs::Programs::new(postgres)?,
            database: postgres.options(Role::Super, "postgres"),
            backups: objects.store(BACKUPS)?,
            valkey: valkey.client()?,
            kubelet: options.kubelet,
            pace: options.pace,
            faults: faults::Faults::default(),
        });
        let kept = keeper::keep(Arc::clone(&desk), options.parallel);
        #[expect(clippy::disallowed_methods, reason = "aborted when the controllers are dropped")]
        let task = tokio::spawn(kept);
        Ok(Self { desk, task })
    }

    /// From now on everything whose name begins with `names` meets this fault; none lets it go well again.
    pub fn set_fault(&self, names: &str, fault: Option<Fault>) {
        self.desk.faults.set(names, fault);
    }
}

impl Drop for Controllers {
    fn drop(&mut self) {
        self.task.abort();
    }
}
