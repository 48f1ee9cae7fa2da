//! The loop: what is seen to need work is worked at, each object by one task at a time, and so many together.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use serde_json::Value;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;

use super::desk::Desk;
use super::key::{Key, Sort, is_leaving, number, text};
use super::{clients, jobs, objects, rollouts, runs};
use crate::platform::{Kind, PlatformError};

/// After a server did not answer, it is asked again.
pub(super) const RETRY: Duration = Duration::from_millis(500);

/// When an object is to be looked at again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// When it changes.
    Changed,
    /// After this time at the latest.
    In(Duration),
}

/// An object that is being worked at.
struct Busy {
    /// It has changed meanwhile.
    changed: bool,
    /// Its deletion was seen.
    leaving: bool,
    /// Ends what is under way for it.
    stop: Arc<Notify>,
    /// Ends the wait before the next look.
    wake: Arc<Notify>,
}

struct Keeper {
    desk: Arc<Desk>,
    /// Room for the work of pods, and for everything else: what waits for a Job must not keep the Job from running.
    rooms: [Arc<Semaphore>; 2],
    busy: HashMap<Key, Busy>,
    tasks: JoinSet<(Key, Next)>,
}

/// Keeps the cluster until it is dropped.
pub(super) async fn keep(desk: Arc<Desk>, parallel: usize) {
    let rooms = [(); 2].map(|()| Arc::new(Semaphore::new(parallel.max(1))));
    let mut seen = objects::changes(&desk.client);
    let mut keeper = Keeper { desk, rooms, busy: HashMap::new(), tasks: JoinSet::new() };
    loop {
        tokio::select! {
            Some((sort, object, gone)) = seen.next() => keeper.notice(sort, &object, gone),
            Some(Ok((key, next))) = keeper.tasks.join_next() => keeper.go_on(key, next),
        }
    }
}

impl Keeper {
    fn notice(&mut self, sort: Sort, object: &Value, gone: bool) {
        // A run goes by its Job.
        if let Some(owner) = (sort == Sort::Job).then(|| Key::owner_of(object)).flatten() {
            self.look_at(owner, false);
        }
        let leaving = gone || is_leaving(object);
        if leaving || needs_work(sort, object) {
            self.look_at(Key::of(sort, object), leaving);
        }
    }

    fn look_at(&mut self, key: Key, leaving: bool) {
        let Some(busy) = self.busy.get_mut(&key) else {
            return self.begin(key, Duration::ZERO);
        };
        busy.changed = true;
        busy.wake.notify_one();
        if leaving && !busy.leaving {
            // Nothing is finished for one who is to go.
            busy.leaving = true;
            busy.stop.notify_one();
        }
    }

    fn begin(&mut self, key: Key, wait: Duration) {
        let (stop, wake) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let leaving = self.busy.get(&key).is_some_and(|busy| busy.leaving);
        let busy = Busy { changed: false, leaving, stop: Arc::clone(&stop), wake: wake.clone() };
        self.busy.insert(key.clone(), busy);
        let desk = Arc::clone(&self.desk);
        let [pods, others] = &self.rooms;
        let room = Arc::clone(if key.sort == Sort::Job { pods } else { others });
        self.tasks.spawn(async move {
            let work = async {
                tokio::select! {
                    () = tokio::time::sleep(wait) => {}
                    () = wake.notified() => {}
                }
                let _permit = room.acquire().await;
                reconcile(&desk, &key).await.unwrap_or(Next::In(RETRY))
            };
            let next = tokio::select! {
                next = work => next,
                () = stop.notified() => Next::In(Duration::ZERO),
            };
            (key, next)
        });
    }

    fn go_on(&mut self, key: Key, next: Next) {
        let changed = self.busy.get(&key).is_some_and(|busy| busy.changed);
        match next {
            Next::In(wait) if !changed => self.begin(key, wait),
            _ if changed => self.begin(key, Duration::ZERO),
            _ => drop(self.busy.remove(&key)),
        }
    }
}

/// Whether something is to be done about an object that is not being deleted. What has a status that the controllers did
/// not write is somebody else's tale.
fn needs_work(sort: Sort, object: &Value) -> bool {
    let generation = number(object, "/metadata/generation").unwrap_or(1);
    let observed = number(object, "/status/observedGeneration");
    let new = object.pointer("/status/conditions").is_none();
    match sort {
        Sort::Own(Kind::Client) => {
            let ours = observed.is_some();
            let done = clients::is_settled(object) && clients::is_announced(object);
            new || generation > observed.unwrap_or(1) || (ours && !done)
        }
        Sort::Own(_) => {
            let ended = matches!(text(object, "/status/phase"), "Succeeded" | "Failed");
            new || (observed.is_some() && !ended)
        }
        Sort::Job => jobs::is_ours(object) && jobs::end_of(object).is_none(),
        Sort::Deployment => generation > observed.unwrap_or(0),
    }
}

/// Brings one object a step further.
async fn reconcile(desk: &Desk, key: &Key) -> Result<Next, PlatformError> {
    let object = desk.get(&key.path()).await?;
    match (key.sort, object) {
        (Sort::Job, None) => jobs::clean_up(desk, key).await,
        (Sort::Own(kind), None) => runs::clean_up(desk, key, kind).await,
        (Sort::Deployment, None) => Ok(Next::Changed),
        (Sort::Job, Some(job)) => jobs::reconcile(desk, key, &job).await,
        (Sort::Deployment, Some(deployment)) => rollouts::reconcile(desk, key, &deployment).await,
        (Sort::Own(Kind::Client), Some(client)) => clients::reconcile(desk, key, &client).await,
        (Sort::Own(kind), Some(run)) => runs::reconcile(desk, key, kind, &run).await,
    }
}
