//! The journal of the training world: in memory, as text of one record a line, so that a record can be torn.
//!
//! Leases go by the real time and not by the world's, as the executor does that keeps them: a world that is fast must not
//! take them away.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::time::Instant;

use crate::domain::operation::{Entry, Operation, Plan, Record};
use crate::domain::{FeedId, Object, Span, Text, Uid};
use crate::platform::{Journal, Journaled, Lease, Listing, Revision, Unwritten};
use crate::sim::fault_plan::{Break, FaultPlan, Place, away, expired, silence};
use crate::sim::ground::Ground;

/// The most bytes of the records of one operation, as in the cluster.
const MOST: usize = 900 * 1024;

/// The journal.
pub(in crate::sim) struct MemoryJournal {
    ground: Arc<Ground>,
    faults: Arc<FaultPlan>,
    shelf: Mutex<Shelf>,
}

#[derive(Default)]
struct Shelf {
    books: BTreeMap<Text, Book>,
    leases: BTreeMap<Text, Held>,
    /// Until when each lease ran when a console asked for it in vain.
    asked: BTreeMap<(Text, Text), Instant>,
}

/// The journal of one operation.
struct Book {
    plan: Arc<Plan>,
    /// A record a line; what has no end of line was torn.
    text: Vec<u8>,
    revision: u64,
}

/// A lease, held or free.
struct Held {
    by: Option<Text>,
    fence: u64,
    until: Instant,
}

/// How much of a record is written.
#[derive(Clone, Copy)]
enum Much {
    All,
    Bytes(u64),
}

impl MemoryJournal {
    pub(in crate::sim) fn new(ground: Arc<Ground>, faults: Arc<FaultPlan>) -> Self {
        Self { ground, faults, shelf: Mutex::default() }
    }

    /// Whether nobody holds a lease.
    pub(in crate::sim) fn is_free(&self) -> bool {
        let now = real_time();
        !self.shelf().leases.values().any(|lease| lease.is_held(now))
    }

    /// The bytes of each record of `id`.
    pub(in crate::sim) fn record_bytes(&self, id: &Text) -> Vec<usize> {
        let shelf = self.shelf();
        let text = shelf.books.get(id).map_or(&[][..], |book| &book.text);
        text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::len).collect()
    }

    fn shelf(&self) -> MutexGuard<'_, Shelf> {
        self.shelf.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the operation `id` as its journal has it.
    fn tell(&self, id: &Text) {
        let told = self.shelf().books.get(id).and_then(|book| book.operation().ok());
        if let Some(operation) = told {
            self.ground.now().put(Object::from(operation));
        }
    }

    fn write_first(&self, plan: &Plan, first: &Record, much: Much) -> Result<Revision, Unwritten> {
        let mut shelf = self.shelf();
        let known = shelf.books.get(&plan.id).is_some_and(|book| book.records().0 > 0);
        if known {
            return Err(Unwritten::Exists);
        }
        let mut book = Book { plan: Arc::new(plan.clone()), text: Vec::new(), revision: 0 };
        let written = book.write(first, much);
        shelf.books.insert(plan.id.clone(), book);
        drop(shelf);
        self.tell(&plan.id);
        written
    }

    fn write_next(
        &self,
        id: &Text,
        revision: &Revision,
        record: &Record,
        much: Much,
    ) -> Result<Revision, Unwritten> {
        let mut shelf = self.shelf();
        let book = shelf.books.get_mut(id).ok_or(Unwritten::Missing)?;
        if book.revision() != *revision {
            return Err(Unwritten::Moved);
        }
        let written = book.write(record, much);
        drop(shelf);
        self.tell(id);
        written
    }

    /// Reads the journal; where it is `stale`, as it was before its last record.
    fn read_now(&self, id: &Text, stale: bool) -> Result<Journaled, Unwritten> {
        let shelf = self.shelf();
        let book = shelf.books.get(id).ok_or(Unwritten::Missing)?;
        let mut operation = book.operation()?;
        let mut revision = book.revision();
        if stale && operation.records.len() > 1 {
            operation.records.pop();
            operation = Operation::new(Arc::clone(&book.plan), operation.records)?;
            revision = Revision(Text::clean(&book.revision.saturating_sub(1).to_string()));
        }
        Ok(Journaled { operation, revision })
    }

    fn take(&self, scope: &Text, console: &Text, term: Span) -> Result<Lease, Unwritten> {
        let now = real_time();
        let mut shelf = self.shelf();
        let held =
            shelf.leases.entry(scope.clone()).or_insert(Held { by: None, fence: 0, until: now });
        if let Some(by) = held.by.clone().filter(|by| held.is_held(now) && by != console) {
            let (until, asker) = (held.until, (scope.clone(), console.clone()));
            let lives = shelf.asked.insert(asker, until).is_some_and(|before| before != until);
            return Err(Unwritten::Held { scope: scope.clone(), by, lives });
        }
        if held.by.as_ref() != Some(console) || !held.is_held(now) {
            held.fence += 1;
        }
        held.by = Some(console.clone());
        held.until = now + Duration::from_millis(term.ms());
        Ok(Lease { scope: scope.clone(), console: console.clone(), fence: held.fence })
    }

    fn let_go(&self, lease: &Lease) {
        let mut shelf = self.shelf();
        let held = shelf.leases.get_mut(&lease.scope);
        if let Some(held) = held.filter(|held| held.fence == lease.fence) {
            held.by = None;
        }
    }

    /// Every lease runs out.
    fn run_out(&self) {
        self.shelf().leases.values_mut().for_each(|lease| lease.by = None);
    }
}

impl Held {
    fn is_held(&self, now: Instant) -> bool {
        self.by.is_some() && self.until > now
    }
}

impl Book {
    fn revision(&self) -> Revision {
        Revision(Text::clean(&self.revision.to_string()))
    }

    /// Writes `record` after the last whole one.
    fn write(&mut self, record: &Record, much: Much) -> Result<Revision, Unwritten> {
        let broken = |_| Unwritten::Full;
        let mut line = serde_json::to_vec(record).map_err(broken)?;
        line.push(b'\n');
        let (_, whole) = self.records();
        self.text.truncate(whole);
        if whole + line.len() > MOST {
            return Err(Unwritten::Full);
        }
        if let Much::Bytes(bytes) = much {
            line.truncate(usize::try_from(bytes).unwrap_or(usize::MAX));
        }
        self.text.extend(line);
        self.revision += 1;
        Ok(self.revision())
    }

    /// How many whole records there are, and how many bytes they take.
    fn records(&self) -> (usize, usize) {
        let ends = self.text.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
        ends.fold((0, 0), |(count, _), (at, _)| (count + 1, at + 1))
    }

    fn operation(&self) -> Result<Operation, Unwritten> {
        let (count, whole) = self.records();
        if count == 0 {
            // Its first record was torn: it never began.
            return Err(Unwritten::Missing);
        }
        let text = self.text.get(..whole).unwrap_or_default();
        let records = serde_json::Deserializer::from_slice(text).into_iter::<Record>();
        let records: Vec<Record> = records.filter_map(Result::ok).collect();
        Ok(Operation::new(Arc::clone(&self.plan), records)?)
    }
}

/// The word by which a plan of faults speaks of a record.
const fn word(entry: &Entry) -> &'static str {
    match entry {
        Entry::Confirmed { .. } => "confirmed",
        Entry::Approved => "approved",
        Entry::Taken => "taken",
        Entry::Began { .. } => "began",
        Entry::Done { .. } => "done",
        Entry::Stopped { .. } => "stopped",
        Entry::TurnedBack { .. } => "turned-back",
        Entry::Undoing { .. } => "undoing",
        Entry::Undone { .. } => "undone",
        Entry::GivenUp { .. } => "given-up",
    }
}

impl MemoryJournal {
    /// Does `work`, unless something breaks at `place`.
    async fn breaking<T>(
        &self,
        place: Place,
        words: &[&str],
        work: impl Fn(Much) -> Result<T, Unwritten> + Send,
    ) -> Result<T, Unwritten> {
        let what = "the journal";
        let Some((broken, bytes)) = self.faults.pass(place, words) else {
            return work(Much::All);
        };
        match broken {
            Break::Error => Err(Unwritten::Trouble(away(what))),
            Break::TokenExpired => Err(Unwritten::Trouble(expired(what))),
            Break::Timeout => Err(Unwritten::Unsure(silence(what).await)),
            Break::LostReply => {
                let _ = work(Much::All);
                Err(Unwritten::Unsure(silence(what).await))
            }
            Break::CrashBefore => self.faults.crash().await,
            Break::CrashAfter => {
                let _ = work(Much::All);
                self.faults.crash().await
            }
            Break::Torn => {
                let _ = work(Much::Bytes(bytes));
                self.faults.crash().await
            }
            Break::LeaseLost => {
                self.run_out();
                work(Much::All)
            }
            Break::Stale => work(Much::Bytes(0)),
        }
    }
}

impl Journal for MemoryJournal {
    fn open<'a>(
        &'a self,
        plan: &'a Plan,
        first: &'a Record,
    ) -> BoxFuture<'a, Result<Revision, Unwritten>> {
        let work = move |much| self.write_first(plan, first, much);
        Box::pin(async move { self.breaking(Place::Open, &[plan.verb.word()], work).await })
    }

    fn append<'a>(
        &'a self,
        id: &'a Text,
        revision: &'a Revision,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<Revision, Unwritten>> {
        let work = move |much| self.write_next(id, revision, record, much);
        Box::pin(async move { self.breaking(Place::Append, &[word(&record.entry)], work).await })
    }

    fn read<'a>(&'a self, id: &'a Text) -> BoxFuture<'a, Result<Journaled, Unwritten>> {
        let work = move |much| self.read_now(id, matches!(much, Much::Bytes(_)));
        Box::pin(async move { self.breaking(Place::Read, &[], work).await })
    }

    fn list(&self) -> BoxFuture<'_, Result<Listing, Unwritten>> {
        let mut listing = Listing::default();
        for (id, book) in &self.shelf().books {
            match book.operation() {
                Ok(operation) => listing.operations.push(operation),
                Err(Unwritten::Broken(broken)) => listing.unreadable.push((id.clone(), broken)),
                // It never began.
                Err(_) => {}
            }
        }
        Box::pin(async move { Ok(listing) })
    }

    fn forget<'a>(
        &'a self,
        id: &'a Text,
        revision: &'a Revision,
    ) -> BoxFuture<'a, Result<(), Unwritten>> {
        let forgotten = || {
            let mut shelf = self.shelf();
            let book = shelf.books.get(id).ok_or(Unwritten::Missing)?;
            if book.revision() != *revision {
                return Err(Unwritten::Moved);
            }
            shelf.books.remove(id);
            drop(shelf);
            self.ground.now().take(FeedId::Operations, &Uid(id.clone()));
            Ok(())
        };
        let forgotten = forgotten();
        Box::pin(async move { forgotten })
    }

    fn lease<'a>(
        &'a self,
        scope: &'a Text,
        console: &'a Text,
        term: Span,
    ) -> BoxFuture<'a, Result<Lease, Unwritten>> {
        let work = move |_| self.take(scope, console, term);
        Box::pin(async move {
            self.breaking(Place::Lease, &[scope.as_str(), console.as_str()], work).await
        })
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Result<(), Unwritten>> {
        let work = move |_| {
            self.let_go(lease);
            Ok(())
        };
        Box::pin(async move { self.breaking(Place::Release, &[], work).await })
    }
}

#[expect(clippy::disallowed_methods, reason = "leases go by the machine's time")]
fn real_time() -> Instant {
    Instant::now()
}
