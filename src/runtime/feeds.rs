//! The feeds of a world, run on tasks of their own.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::domain::{Attention, Observation};
use crate::platform::{Platform, Sink};

/// How many batches of observations wait at most; then the feeds wait.
const WAITING: usize = 8;

/// Runs every feed of `platform` for an operator who looks at what `attention` says; what they tell comes out of the
/// receiver. Dropping the set ends them.
pub(super) fn run(
    platform: &Arc<dyn Platform>,
    attention: &watch::Receiver<Attention>,
) -> (JoinSet<()>, mpsc::Receiver<Vec<Observation>>) {
    let (queue, told) = mpsc::channel(WAITING);
    let mut tasks = JoinSet::new();
    for feed in platform.feeds() {
        tasks
            .spawn(feed.run(Sink::new(queue.clone(), platform.clock()).watched(attention.clone())));
    }
    (tasks, told)
}
