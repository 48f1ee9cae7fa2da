//! Journals of operations in the cluster: a `ConfigMap` for each in the console's namespace, and a Lease for each scope.
//!
//! Everything is written under the version of what was read, so of two consoles that write at once one is told that the
//! other did. What the server has taken is durable.

mod book;
mod feed;
mod lease;

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use self::book::Place;
pub(super) use self::feed::Operations;
use self::lease::Watched;
use super::Options;
use super::line::{Fate, Line, Miss};
use super::listing::encoded;
use crate::domain::operation::{Plan, Record};
use crate::domain::{Span, Text, Trouble, TroubleKind};
use crate::platform::{Clock, Journal, Journaled, Lease, Listing, Revision, Unwritten};

/// Journals on one page of a listing: each may be almost a megabyte.
const PAGE: usize = 50;
/// The most journals that are listed; the kept ones are few.
const MOST: usize = 2_000;

/// Journals in one namespace of a cluster.
pub(in crate::live) struct Book {
    line: Line,
    namespace: String,
    /// Leases of others, as they were first seen to be.
    watched: Mutex<HashMap<Text, Watched>>,
}

/// The journals in the console's namespace of the cluster that `options` describe.
#[must_use]
pub fn journal(options: Options, clock: Arc<dyn Clock>) -> impl Journal + use<> {
    let namespace = options.namespace.clone();
    Book { line: Line::new(options, clock), namespace, watched: Mutex::default() }
}

/// What became of something that was to be written.
fn unwritten(miss: Miss) -> Unwritten {
    match (miss.code, miss.fate) {
        (Some(409), _) => Unwritten::Moved,
        (Some(413), _) => Unwritten::Full,
        (_, Fate::Unknown) => Unwritten::Unsure(miss.trouble),
        _ => Unwritten::Trouble(miss.trouble),
    }
}

impl Book {
    fn path(&self, id: &Text) -> Result<String, Unwritten> {
        let name = book::name(id.as_str()).ok_or_else(|| {
            let what = format!("{id} is no id of an operation");
            Unwritten::Trouble(Trouble::new(TroubleKind::Config, &what, ""))
        })?;
        Ok(format!("{}/{name}", self.all()))
    }

    fn all(&self) -> String {
        format!("/api/v1/namespaces/{}/configmaps", self.namespace)
    }

    async fn begin(&self, plan: &Plan, first: &Record) -> Result<Revision, Unwritten> {
        let path = self.path(&plan.id)?;
        let name = path.rsplit('/').next().unwrap_or_default();
        let map = book::begun(name, plan, first)?;
        let doing = format!("beginning the journal of {}", plan.id);
        match self.line.post(&doing, &self.all(), &map).await {
            Ok(map) => Ok(book::place(&map).revision()),
            Err(miss) if miss.code == Some(409) => Err(Unwritten::Exists),
            Err(miss) => Err(unwritten(miss)),
        }
    }

    async fn add(&self, id: &Text, at: &Revision, record: &Record) -> Result<Revision, Unwritten> {
        let path = self.path(id)?;
        let place = Place::of(at).ok_or(Unwritten::Moved)?;
        let change = book::appended(&place, record)?;
        let doing = format!("writing into the journal of {id}");
        match self.line.merge(&doing, &path, &change).await {
            Ok(map) => Ok(book::place(&map).revision()),
            Err(miss) if miss.code == Some(404) => Err(Unwritten::Missing),
            Err(miss) => Err(unwritten(miss)),
        }
    }

    async fn look(&self, id: &Text) -> Result<Journaled, Unwritten> {
        let path = self.path(id)?;
        let found = self.line.find(&format!("reading the journal of {id}"), &path).await;
        let found = found.map_err(|miss| Unwritten::Trouble(miss.trouble))?;
        Ok(book::read(&found.ok_or(Unwritten::Missing)?)?)
    }

    async fn all_operations(&self) -> Result<Listing, Unwritten> {
        let (mut listing, mut more) = (Listing::default(), String::new());
        let label = encoded(&format!("{}={}", book::LABEL.0, book::LABEL.1));
        loop {
            let path = format!("{}?labelSelector={label}&limit={PAGE}{more}", self.all());
            let page = self.line.get("listing the operations", &path).await;
            let page = page.map_err(|miss| Unwritten::Trouble(miss.trouble))?;
            let items = page.pointer("/items").and_then(Value::as_array);
            for map in items.into_iter().flatten() {
                match book::read(map) {
                    Ok(journaled) => listing.operations.push(journaled.operation),
                    Err(broken) => listing.unreadable.push((book::called(map), broken)),
                }
            }
            let next = page.pointer("/metadata/continue").and_then(Value::as_str);
            let Some(token) = next.filter(|token| !token.is_empty()) else { return Ok(listing) };
            if listing.operations.len() + listing.unreadable.len() >= MOST {
                listing.more = true;
                return Ok(listing);
            }
            more = format!("&continue={}", encoded(token));
        }
    }

    async fn remove(&self, id: &Text, at: &Revision) -> Result<(), Unwritten> {
        let path = self.path(id)?;
        let place = Place::of(at).ok_or(Unwritten::Moved)?;
        let how = json!({ "preconditions": { "resourceVersion": place.version } });
        match self.line.delete(&format!("removing the journal of {id}"), &path, &how).await {
            Ok(_) => Ok(()),
            Err(miss) if miss.code == Some(404) => Err(Unwritten::Missing),
            Err(miss) => Err(unwritten(miss)),
        }
    }
}

impl Journal for Book {
    fn open<'a>(
        &'a self,
        plan: &'a Plan,
        first: &'a Record,
    ) -> BoxFuture<'a, Result<Revision, Unwritten>> {
        self.begin(plan, first).boxed()
    }

    fn append<'a>(
        &'a self,
        id: &'a Text,
        revision: &'a Revision,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<Revision, Unwritten>> {
        self.add(id, revision, record).boxed()
    }

    fn read<'a>(&'a self, id: &'a Text) -> BoxFuture<'a, Result<Journaled, Unwritten>> {
        self.look(id).boxed()
    }

    fn list(&self) -> BoxFuture<'_, Result<Listing, Unwritten>> {
        self.all_operations().boxed()
    }

    fn forget<'a>(
        &'a self,
        id: &'a Text,
        revision: &'a Revision,
    ) -> BoxFuture<'a, Result<(), Unwritten>> {
        self.remove(id, revision).boxed()
    }

    fn lease<'a>(
        &'a self,
        scope: &'a Text,
        console: &'a Text,
        term: Span,
    ) -> BoxFuture<'a, Result<Lease, Unwritten>> {
        self.take(scope, console, term).boxed()
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Result<(), Unwritten>> {
        self.let_go(lease).boxed()
    }
}
