//! Doors at which what changes something can be waited for: a change that was sent off is never given up half way.

use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::Mutex;

use super::{
    Control, Inspect, Journal, Journaled, Lease, Listing, Mark, Revision, Unacted, Unwritten, Word,
};
use crate::domain::operation::{Command, Plan, Query, Record, Seen};
use crate::domain::{Span, Text, Trouble};

/// Held while something is changed or written.
#[derive(Clone, Default)]
pub struct Gate(Arc<Mutex<()>>);

impl Gate {
    /// Waits for the change that is under way, if one is.
    pub async fn wait(&self) {
        drop(self.0.lock().await);
    }
}

/// A door at which what changes something can be waited for.
pub struct Gated<D: ?Sized> {
    /// The gate.
    pub gate: Gate,
    /// The door itself.
    pub door: Arc<D>,
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
            let _held = self.gate.0.lock().await;
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
            let _held = self.gate.0.lock().await;
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
            let _held = self.gate.0.lock().await;
            self.door.append(id, revision, record).await
        })
    }

    fn read<'a>(&'a self, id: &'a Text) -> BoxFuture<'a, Result<Journaled, Unwritten>> {
        self.door.read(id)
    }

    fn list(&self) -> BoxFuture<'_, Result<Listing, Unwritten>> {
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
