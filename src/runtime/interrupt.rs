//! Work on an operation that who is at the console can stop: between two changes, never in the middle of one.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, oneshot};

use crate::domain::operation::{Command, Operation, Plan, Query, Record, Seen};
use crate::domain::{Span, Text, Trouble};
use crate::platform::{
    Control, Inspect, Journal, Journaled, Lease, Mark, Revision, Unacted, Unwritten, Word,
};

/// Held while something is changed or written: whoever stops the work waits for it.
type Gate = Arc<Mutex<()>>;

/// What this console works on.
#[derive(Default)]
pub(super) struct Bench(BTreeMap<Text, Working>);

/// Work that can be stopped.
struct Working {
    stop: oneshot::Sender<()>,
    ended: oneshot::Receiver<()>,
}

/// A place at the bench, for work on one operation.
pub(super) struct Place {
    /// The end of the work that is stopped for this one.
    before: Option<oneshot::Receiver<()>>,
    stopped: oneshot::Receiver<()>,
    gate: Gate,
    /// When it goes, the work has ended.
    _ended: oneshot::Sender<()>,
}

impl Bench {
    /// Makes a place for work on the operation `id`: what goes on with it here is stopped.
    pub(super) fn place(&mut self, id: &Text) -> Place {
        self.0.retain(|_, working| !working.stop.is_closed());
        let before = self.0.remove(id).map(|working| {
            let _ = working.stop.send(());
            working.ended
        });
        let (stop, stopped) = oneshot::channel();
        let (still, ended) = oneshot::channel();
        self.0.insert(id.clone(), Working { stop, ended });
        Place { before, stopped, gate: Gate::default(), _ended: still }
    }
}

impl Place {
    /// The same doors, which can be waited for.
    pub(super) fn doors(
        &self,
        control: Arc<dyn Control>,
        journal: Arc<dyn Journal>,
    ) -> (Arc<dyn Control>, Arc<dyn Journal>) {
        let gate = &self.gate;
        let control = Gated { door: control, gate: Arc::clone(gate) };
        let journal = Gated { door: journal, gate: Arc::clone(gate) };
        (Arc::new(control), Arc::new(journal))
    }

    /// Works once what was stopped has ended; none when this is stopped too.
    pub(super) async fn works<T>(self, work: impl Future<Output = T>) -> Option<T> {
        let Self { before, stopped, gate, _ended: still } = self;
        if let Some(before) = before {
            // An error says that it has ended too.
            let _ = before.await;
        }
        let stops = async {
            if stopped.await.is_err() {
                std::future::pending::<()>().await;
            }
            gate.lock().await
        };
        let worked = tokio::select! {
            worked = work => Some(worked),
            _ = stops => None,
        };
        drop(still);
        worked
    }
}

/// A door at which what changes something can be waited for.
struct Gated<D: ?Sized> {
    gate: Gate,
    door: Arc<D>,
}

impl Inspect for Gated<dyn Control> {
    fn look<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<Seen, Trouble>> {
        self.door.look(query)
    }
}

impl Control for Gated<dyn Control> {
    fn act<'a>(
        &'a self,
        command: &'a Command,
        mark: &'a Mark,
    ) -> BoxFuture<'a, Result<(), Unacted>> {
        Box::pin(async move {
            let _held = self.gate.lock().await;
            self.door.act(command, mark).await
        })
    }

    fn tell<'a>(&'a self, word: &'a Word) -> BoxFuture<'a, Result<(), Trouble>> {
        self.door.tell(word)
    }
}

impl Journal for Gated<dyn Journal> {
    fn open<'a>(
        &'a self,
        plan: &'a Plan,
        first: &'a Record,
    ) -> BoxFuture<'a, Result<Revision, Unwritten>> {
        Box::pin(async move {
            let _held = self.gate.lock().await;
            self.door.open(plan, first).await
        })
    }

    fn append<'a>(
        &'a self,
        id: &'a Text,
        revision: &'a Revision,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<Revision, Unwritten>> {
        Box::pin(async move {
            let _held = self.gate.lock().await;
            self.door.append(id, revision, record).await
        })
    }

    fn read<'a>(&'a self, id: &'a Text) -> BoxFuture<'a, Result<Journaled, Unwritten>> {
        self.door.read(id)
    }

    fn list(&self) -> BoxFuture<'_, Result<Vec<Operation>, Unwritten>> {
        self.door.list()
    }

    fn forget<'a>(
        &'a self,
        id: &'a Text,
        revision: &'a Revision,
    ) -> BoxFuture<'a, Result<(), Unwritten>> {
        self.door.forget(id, revision)
    }

    fn lease<'a>(
        &'a self,
        scope: &'a Text,
        console: &'a Text,
        term: Span,
    ) -> BoxFuture<'a, Result<Lease, Unwritten>> {
        self.door.lease(scope, console, term)
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Result<(), Unwritten>> {
        self.door.release(lease)
    }
}
