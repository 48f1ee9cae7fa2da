//! The doors of the training world by which something is changed, with everything counted that goes through them.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use pulse_console::domain::operation::{Command, Plan, Query, Record, Seen};
use pulse_console::domain::{Span, Text, Trouble};
use pulse_console::platform::{
    Clock, Control, Feed, Inspect, Journal, Journaled, Lease, Listing, Mark, Platform, Revision,
    Unacted, Unwritten, Word, World,
};
use pulse_console::sim::Sim;

/// How often what was called.
#[derive(Default)]
pub(crate) struct Calls(Mutex<BTreeMap<&'static str, u32>>);

impl Calls {
    fn note(&self, what: &'static str) {
        *self.0.lock().expect("calls").entry(what).or_default() += 1;
    }

    /// The calls so far.
    pub(crate) fn all(&self) -> BTreeMap<&'static str, u32> {
        self.0.lock().expect("calls").clone()
    }
}

/// The training world, with its doors counted.
pub(crate) struct Counted {
    pub(crate) sim: Arc<Sim>,
    pub(crate) calls: Arc<Calls>,
}

impl Platform for Counted {
    fn world(&self) -> World {
        self.sim.world()
    }

    fn feeds(&self) -> Vec<Box<dyn Feed>> {
        Vec::new()
    }

    fn control(&self) -> Option<Arc<dyn Control>> {
        let (door, calls) = (self.sim.control()?, Arc::clone(&self.calls));
        Some(Arc::new(Counting { door, calls }))
    }

    fn journal(&self) -> Option<Arc<dyn Journal>> {
        let (door, calls) = (self.sim.journal()?, Arc::clone(&self.calls));
        Some(Arc::new(Counting { door, calls }))
    }

    fn clock(&self) -> Arc<dyn Clock> {
        self.sim.clock()
    }
}

/// A door that is counted.
struct Counting<D: ?Sized> {
    door: Arc<D>,
    calls: Arc<Calls>,
}

impl Inspect for Counting<dyn Control> {
    fn look<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<Seen, Trouble>> {
        self.door.look(query)
    }
}

impl Control for Counting<dyn Control> {
    fn act<'a>(
        &'a self,
        command: &'a Command,
        mark: &'a Mark,
    ) -> BoxFuture<'a, Result<(), Unacted>> {
        self.calls.note("act");
        self.door.act(command, mark)
    }

    fn tell<'a>(&'a self, word: &'a Word) -> BoxFuture<'a, Result<(), Trouble>> {
        self.calls.note("tell");
        self.door.tell(word)
    }
}

impl Journal for Counting<dyn Journal> {
    fn open<'a>(
        &'a self,
        plan: &'a Plan,
        first: &'a Record,
    ) -> BoxFuture<'a, Result<Revision, Unwritten>> {
        self.calls.note("open");
        self.door.open(plan, first)
    }

    fn append<'a>(
        &'a self,
        id: &'a Text,
        revision: &'a Revision,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<Revision, Unwritten>> {
        self.calls.note("append");
        self.door.append(id, revision, record)
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
        self.calls.note("forget");
        self.door.forget(id, revision)
    }

    fn lease<'a>(
        &'a self,
        scope: &'a Text,
        console: &'a Text,
        term: Span,
    ) -> BoxFuture<'a, Result<Lease, Unwritten>> {
        self.calls.note("lease");
        self.door.lease(scope, console, term)
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Result<(), Unwritten>> {
        self.calls.note("release");
        self.door.release(lease)
    }
}
