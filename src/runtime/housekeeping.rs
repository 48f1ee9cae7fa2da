//! What the console does by the way while it watches operations: it mirrors them on this machine, and lets go of journals
//! whose time is up.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::mirror::{Mirror, Reflected, Reflector};
use super::operator::{Operator, Told};
use crate::app::{App, Importance};
use crate::domain::operation::Operation;
use crate::domain::{FeedId, Observation, Role, Timestamp};
use crate::operation::Swept;
use crate::store::Freshness;

/// So many seconds after the start journals are looked at first, and then every so many. Consoles that were opened
/// together don't do it together.
const FIRST: u64 = 60;
const EVERY: u64 = 600;
const SPREAD: u64 = 120;
/// So many seconds after which the mirror is confirmed, though nothing in it changed.
const CONFIRM: u64 = 30;
/// The longest wait for the mirror at the start.
const READ: Duration = Duration::from_secs(2);

/// All operations, as of a moment.
#[derive(Clone, Debug, Default)]
struct Picture {
    operations: Vec<Arc<Operation>>,
    at: Timestamp,
}

/// What is done by the way.
pub(super) struct Housekeeping {
    mirror: Option<Mirror>,
    picture: watch::Sender<Picture>,
    /// The state of the store's operations that was mirrored last, and at which beat.
    mirrored: Option<(u64, u64)>,
    /// How many seconds the console runs.
    beat: u64,
    sweeps_at: u64,
}

impl Housekeeping {
    /// Keeps `mirror`, where there is one, on a task of `tasks`; what goes wrong is said through `told`.
    pub(super) fn start(
        mirror: Option<Mirror>,
        tasks: &mut JoinSet<()>,
        told: &mpsc::Sender<Told>,
    ) -> Self {
        let (picture, pictures) = watch::channel(Picture::default());
        if let Some(mirror) = mirror.clone() {
            tasks.spawn(reflect(Reflector::new(mirror), pictures, told.clone()));
        }
        let sweeps_at = FIRST + fastrand::u64(..SPREAD);
        Self { mirror, picture, mirrored: None, beat: 0, sweeps_at }
    }

    /// What the mirror shows, for a store that knows nothing yet; to be awaited.
    pub(super) fn remembered(&self) -> impl Future<Output = Vec<Observation>> + use<> {
        let mirror = self.mirror.clone();
        async move {
            let Some(mirror) = mirror else { return Vec::new() };
            let reading = tokio::task::spawn_blocking(move || mirror.read());
            // A disk that does not answer must not hold up what the cluster says.
            match tokio::time::timeout(READ, reading).await {
                Ok(Ok(Ok(reflected))) => remembered(reflected),
                Ok(Ok(Err(error))) => {
                    tracing::warn!(%error, "the mirror of operations can't be read");
                    Vec::new()
                }
                Ok(Err(_)) | Err(_) => Vec::new(),
            }
        }
    }

    /// A second passed.
    pub(super) fn beat(
        &mut self,
        app: &App,
        operator: &Operator,
        told: &mpsc::Sender<Told>,
        tasks: &mut JoinSet<()>,
    ) {
        self.beat += 1;
        // Only what is complete, and confirmed now, is worth keeping, or to be gone by.
        let freshness = &app.store.feeds().get(FeedId::Operations).freshness;
        let Freshness::Live(at) = *freshness else { return };
        if freshness.is_old(app.now()) {
            return;
        }
        self.mirror(app, at);
        let may = app.presence.role() >= Role::Operator && !app.presence.is_break_glass();
        if may && self.beat >= self.sweeps_at {
            self.sweeps_at = self.beat + EVERY + fastrand::u64(..SPREAD);
            tasks.spawn(operator.sweep(operations(app), told.clone()));
        }
    }

    fn mirror(&mut self, app: &App, at: Timestamp) {
        let revision = app.store.objects().operations.revision();
        let is_same = |(seen, beat)| seen == revision && self.beat < beat + CONFIRM;
        if self.mirror.is_none() || self.mirrored.is_some_and(is_same) {
            return;
        }
        self.mirrored = Some((revision, self.beat));
        // The newest counts: one that was not written yet need not be any more.
        self.picture.send_replace(Picture { operations: operations(app), at });
    }
}

fn operations(app: &App) -> Vec<Arc<Operation>> {
    app.store.objects().operations.iter().map(|(_, held)| Arc::clone(&held.object)).collect()
}

fn remembered(reflected: Reflected) -> Vec<Observation> {
    for (file, why) in &reflected.skipped {
        tracing::warn!(%file, "a mirrored operation is skipped: {why}");
    }
    reflected.observations()
}

/// Writes each picture that comes, on a thread that may wait for the disk.
async fn reflect(
    mut reflector: Reflector,
    mut pictures: watch::Receiver<Picture>,
    told: mpsc::Sender<Told>,
) {
    let mut failed = false;
    while pictures.changed().await.is_ok() {
        let picture = pictures.borrow_and_update().clone();
        let writing = tokio::task::spawn_blocking(move || {
            let written = reflector.reflect(&picture.operations, picture.at);
            (reflector, written)
        });
        let Ok((back, written)) = writing.await else { return };
        reflector = back;
        if let Err(error) = &written
            && !failed
        {
            let said = format!("Operations can't be kept for reading offline: {error}.");
            let _ = told.send(Told::Say(Importance::Warning, said)).await;
        }
        failed = written.is_err();
    }
}

/// What is said of a sweep, in the log.
pub(super) fn log(swept: &Swept) {
    for id in &swept.removed {
        tracing::info!(operation = %id, "its journal was removed: its time was up");
    }
    for (id, why) in &swept.stay {
        tracing::info!(operation = %id, "its journal stays though its time is up: {why}");
    }
    if let Some(why) = &swept.left_off {
        tracing::warn!("journals whose time is up could not be removed: {why}");
    }
}
