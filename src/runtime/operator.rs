//! The hands of the console: makes plans and runs confirmed ones, on tasks of their own, and says what comes of it.
//!
//! A console that may only look holds no [`Control`] at all: there is nothing by which it could change anything.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::interrupt::{Bench, Place};
use super::{housekeeping, saved};
use crate::app::{Importance, OperateEvent, OperateOrder, Wanted};
use crate::domain::operation::Phase;
use crate::domain::{Opener, Operation, Text, Trouble, TroubleKind};
use crate::operation::kinds::Request;
use crate::operation::{
    ConfirmedPlan, Executor, Halt, Manifests, Pace, Progress, Retention, Shape, Sweeper, Way, plan,
};
use crate::platform::{Clock, Control, Inspect, Journal, Platform, Unwritten};

/// Letters and digits of an operation's id.
const LETTERS: usize = 8;

/// The most journals that are removed in one go, and the pause after each: they are not to be felt.
const SWEPT: usize = 20;
const SWEEP_PAUSE: Duration = Duration::from_secs(2);

/// What ids are made of: they stand in names of the cluster and of databases.
const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";

/// Makes the ids of operations, each unlike any other.
pub type Ids = Box<dyn FnMut() -> Text + Send>;

/// What a platform is like, as far as plans go by it.
#[derive(Clone, Debug, Default)]
pub struct Ground {
    /// Names, places and limits.
    pub shape: Shape,
    /// The templates of what is applied.
    pub manifests: Manifests,
    /// How long journals are kept.
    pub retention: Retention,
}

/// What comes of an order, for the event loop.
#[derive(Debug)]
pub enum Told {
    /// For the app.
    Event(OperateEvent),
    /// To be said.
    Say(Importance, String),
}

/// Makes plans, and runs them.
pub struct Operator {
    inspect: Option<Arc<dyn Inspect>>,
    hands: Option<Hands>,
    clock: Arc<dyn Clock>,
    ground: Ground,
    console: Text,
    ids: Ids,
    bench: Bench,
    /// Whether the cluster does not let journals be removed.
    refused: Arc<AtomicBool>,
}

/// What something is changed by, and where it is written down.
#[derive(Clone)]
struct Hands {
    control: Arc<dyn Control>,
    journal: Arc<dyn Journal>,
}

impl Operator {
    /// The operator of `platform`; one that may only look is given nothing to change anything by.
    #[must_use]
    pub fn new(platform: &dyn Platform, read_only: bool, ground: Ground, console: Text) -> Self {
        let control = platform.control();
        let inspect = control.clone().map(|control| -> Arc<dyn Inspect> { control });
        let hands = control.zip(platform.journal()).filter(|_| !read_only);
        Self {
            inspect,
            hands: hands.map(|(control, journal)| Hands { control, journal }),
            clock: platform.clock(),
            ground,
            console,
            ids: Box::new(random_id),
            bench: Bench::default(),
            refused: Arc::default(),
        }
    }

    /// The same, with ids from `ids`.
    #[must_use]
    pub fn with_ids(self, ids: Ids) -> Self {
        Self { ids, ..self }
    }

    /// Whether it can change anything.
    #[must_use]
    pub const fn is_able(&self) -> bool {
        self.hands.is_some()
    }

    /// What is to be awaited for `order`; it says what comes of it through `told`. What an operator saves goes to `saved`.
    pub fn order(
        &mut self,
        order: OperateOrder,
        told: mpsc::Sender<Told>,
        saved: PathBuf,
    ) -> BoxFuture<'static, ()> {
        match order {
            OperateOrder::Plan(wanted) => self.plan(*wanted, told),
            OperateOrder::Run(confirmed) => self.run(*confirmed, told),
            OperateOrder::Resume { id, way, by } => self.resume(id, way, &by, told),
            OperateOrder::Export(operation) => self.export(*operation, told, saved),
        }
    }

    fn plan(&mut self, wanted: Wanted, told: mpsc::Sender<Told>) -> BoxFuture<'static, ()> {
        let (number, mut ground) = (wanted.number, self.ground.clone());
        ground.shape.can_step_up |= wanted.can_step_up;
        let request = Request {
            verb: wanted.verb,
            id: (self.ids)(),
            by: wanted.by,
            at: self.clock.now(),
            inputs: wanted.inputs,
        };
        let inspect = self.inspect.clone();
        Box::pin(async move {
            let planned = match inspect {
                Some(inspect) => plan(&*inspect, &request, &ground.shape, &ground.manifests).await,
                None => Err(nothing_to_look_with()),
            };
            let event = OperateEvent::Planned(number, planned.map(Box::new));
            let _ = told.send(Told::Event(event)).await;
        })
    }

    /// An executor for `by`, who works at `place`.
    fn executor(&self, by: &Text, place: &Place) -> Option<Executor> {
        let Hands { control, journal } = self.hands.clone()?;
        let (control, journal) = place.doors(control, journal);
        let (clock, console) = (Arc::clone(&self.clock), self.console.clone());
        let pace = Pace::default();
        Some(Executor { control, journal, clock, console, by: by.clone(), pace })
    }

    fn run(
        &mut self,
        confirmed: ConfirmedPlan,
        told: mpsc::Sender<Told>,
    ) -> BoxFuture<'static, ()> {
        let id = confirmed.plan().id.clone();
        let place = self.bench.place(&id);
        let executor = self.executor(&confirmed.given().by, &place);
        let tell = teller(&told);
        Box::pin(async move {
            let work = async {
                match executor {
                    Some(executor) => executor.run(confirmed, &tell).await,
                    None => Err(Halt::Trouble(nothing_to_act_with())),
                }
            };
            // Whoever stopped it says what comes of it.
            if let Some(ended) = place.works(work).await {
                report(&told, id, ended).await;
            }
        })
    }

    fn resume(
        &mut self,
        id: Text,
        way: Way,
        by: &Text,
        told: mpsc::Sender<Told>,
    ) -> BoxFuture<'static, ()> {
        let place = self.bench.place(&id);
        let executor = self.executor(by, &place);
        let (tell, of, say) = (teller(&told), id.clone(), told.clone());
        let goes_on = place.stops_work() && way != Way::GoOn;
        Box::pin(async move {
            let work = async move {
                let Some(executor) = executor else {
                    return Err(Halt::Trouble(nothing_to_act_with()));
                };
                match executor.resume(&of, &way, &tell).await {
                    // What worked on it here was stopped for this, and must not be left in the middle.
                    Err(halt) if goes_on => {
                        let why = format!("The operation goes on: {halt}");
                        let _ = say.send(Told::Say(Importance::Warning, why)).await;
                        executor.resume(&of, &Way::GoOn, &tell).await
                    }
                    ended => ended,
                }
            };
            if let Some(ended) = place.works(work).await {
                report(&told, id, ended).await;
            }
        })
    }

    /// Removes journals of `operations` whose time is up; nothing where nothing can be changed. What came of it is in the
    /// log. Where the cluster refuses, that is said, and it is not tried again.
    pub fn sweep(
        &self,
        operations: Vec<Arc<Operation>>,
        told: mpsc::Sender<Told>,
    ) -> BoxFuture<'static, ()> {
        let sweeper = self.hands.clone().map(|Hands { control, journal }| Sweeper {
            journal,
            inspect: control,
            clock: Arc::clone(&self.clock),
            retention: self.ground.retention,
            most: SWEPT,
            pause: SWEEP_PAUSE,
        });
        let refused = Arc::clone(&self.refused);
        Box::pin(async move {
            let Some(sweeper) = sweeper.filter(|_| !refused.load(Ordering::Relaxed)) else {
                return;
            };
            let swept = sweeper.sweep(&operations).await;
            housekeeping::log(&swept);
            if let Some(Unwritten::Trouble(why)) = swept.left_off
                && why.kind == TroubleKind::Denied
            {
                refused.store(true, Ordering::Relaxed);
                let said = format!("Journals whose time is up can't be removed: {why}");
                let _ = told.send(Told::Say(Importance::Warning, said)).await;
            }
        })
    }

    fn export(
        &self,
        operation: Operation,
        told: mpsc::Sender<Told>,
        folder: PathBuf,
    ) -> BoxFuture<'static, ()> {
        let now = self.clock.now();
        Box::pin(async move {
            let writing =
                tokio::task::spawn_blocking(move || saved::operation(&folder, &operation, now));
            let said = writing.await.unwrap_or_else(|error| {
                (Importance::Error, format!("The operation could not be written: {error}."))
            });
            let _ = told.send(Told::Say(said.0, said.1)).await;
        })
    }
}

/// The name by which this console holds leases: of the account, the machine and the process.
#[must_use]
pub fn console_name(opener: &Opener) -> Text {
    let (user, host) = (opener.user.as_str(), opener.host.as_str());
    Text::bounded(&format!("{user}@{host}#{}", std::process::id()), 512)
}

/// Tells how far the work is. What does not fit into the queue is left out: the next one says more.
fn teller(told: &mpsc::Sender<Told>) -> Arc<dyn Fn(Progress) + Send + Sync> {
    let told = told.clone();
    Arc::new(move |Progress { operation, step, words }| {
        let _ = told.try_send(Told::Event(OperateEvent::Progress { operation, step, words }));
    })
}

async fn report(told: &mpsc::Sender<Told>, id: Text, ended: Result<Operation, Halt>) {
    let event = match ended {
        Ok(Operation { standing, .. }) => {
            if let Phase::Stopped { why } = &standing.phase {
                tracing::warn!(operation = %id, "an operation stopped: {why}");
            }
            OperateEvent::Ended { operation: id, phase: standing.phase }
        }
        Err(halt) => {
            tracing::warn!(operation = %id, "an operation does not go on here: {halt}");
            OperateEvent::Halted { operation: id, why: Text::bounded(&halt.to_string(), 1024) }
        }
    };
    let _ = told.send(Told::Event(event)).await;
}

/// The id of a new operation.
pub(crate) fn random_id() -> Text {
    let letter =
        |most: usize| ALPHABET.get(fastrand::usize(..most)).copied().map_or('a', char::from);
    // A letter first: some names may not begin with a digit.
    let id: String = (0..LETTERS).map(|at| letter(if at == 0 { 26 } else { 36 })).collect();
    Text::clean(&id)
}

fn nothing_to_look_with() -> Trouble {
    let what = "this world has no way to look at what a plan is made from";
    Trouble::new(TroubleKind::NotConfigured, what, "")
}

fn nothing_to_act_with() -> Trouble {
    let what = "this console has nothing to change anything by";
    Trouble::new(TroubleKind::Denied, what, "Start it without --read-only.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_can_stand_in_any_name_and_differ() {
        let ids: std::collections::BTreeSet<Text> = (0..1000).map(|_| random_id()).collect();
        assert_eq!(ids.len(), 1000);
        for id in ids {
            let id = id.as_str();
            assert_eq!(id.len(), LETTERS, "{id}");
            assert!(id.starts_with(|c: char| c.is_ascii_lowercase()), "{id}");
            assert!(id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()), "{id}");
        }
    }
}
