//! Doors with somebody before them: each change and each record is let pass before it goes on.

use std::any::Any;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::{
    Control, Inspect, Journal, Journaled, Lease, Listing, Mark, Revision, Unacted, Unwritten, Word,
};
use crate::domain::operation::{Command, Plan, Query, Record, Seen};
use crate::domain::{Span, Text, Trouble};

/// What is about to go through a door. Reading a journal is no part of it.
#[derive(Clone, Copy, Debug)]
pub enum Call<'a> {
    /// [`Inspect::look`].
    Look(&'a Query),
    /// [`Control::act`].
    Act(&'a Command),
    /// [`Control::tell`].
    Tell(&'a Word),
    /// [`Journal::open`].
    Open(&'a Plan),
    /// [`Journal::append`].
    Append(&'a Record),
    /// [`Journal::forget`], by the operation's id.
    Forget(&'a Text),
    /// [`Journal::lease`], by its scope.
    Lease(&'a Text),
    /// [`Journal::release`].
    Release(&'a Lease),
}

/// Held while a call is under way, and dropped when it has ended or is given up.
pub type Pass = Box<dyn Any + Send>;

/// Who is before the doors.
pub trait Interceptor: Send + Sync {
    /// Lets `call` pass, as soon as it may.
    fn before<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Pass>;
}

/// A door with somebody before it.
pub struct Intercepted<D: ?Sized> {
    /// The door.
    pub door: Arc<D>,
    /// Who is before it.
    pub interceptor: Arc<dyn Interceptor>,
}

impl<D: ?Sized + Send + Sync> Intercepted<D> {
    fn pass<'a, T>(
        &'a self,
        call: Call<'a>,
        go: impl FnOnce(&'a D) -> BoxFuture<'a, T> + Send + 'a,
    ) -> BoxFuture<'a, T> {
        async move {
            let _pass = self.interceptor.before(call).await;
            go(&self.door).await
        }
        .boxed()
    }
}

impl Inspect for Intercepted<dyn Control> {
    fn look<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<Seen, Trouble>> {
        self.pass(Call::Look(query), |door| door.look(query))
    }
}

impl Control for Intercepted<dyn Control> {
    fn act<'a>(
        &'a self,
        command: &'a Command,
        mark: &'a Mark,
    ) -> BoxFuture<'a, Result<(), Unacted>> {
        self.pass(Call::Act(command), |door| door.act(command, mark))
    }

    fn tell<'a>(&'a self, word: &'a Word) -> BoxFuture<'a, Result<(), Trouble>> {
        self.pass(Call::Tell(word), |door| door.tell(word))
    }
}

impl Journal for Intercepted<dyn Journal> {
    fn open<'a>(
        &'a self,
        plan: &'a Plan,
        first: &'a Record,
    ) -> BoxFuture<'a, Result<Revision, Unwritten>> {
        self.pass(Call::Open(plan), |door| door.open(plan, first))
    }

    fn append<'a>(
        &'a self,
        id: &'a Text,
        revision: &'a Revision,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<Revision, Unwritten>> {
        self.pass(Call::Append(record), |door| door.append(id, revision, record))
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
        self.pass(Call::Forget(id), |door| door.forget(id, revision))
    }

    fn lease<'a>(
        &'a self,
        scope: &'a Text,
        console: &'a Text,
        term: Span,
    ) -> BoxFuture<'a, Result<Lease, Unwritten>> {
        self.pass(Call::Lease(scope), move |door| door.lease(scope, console, term))
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Result<(), Unwritten>> {
        self.pass(Call::Release(lease), |door| door.release(lease))
    }
}
