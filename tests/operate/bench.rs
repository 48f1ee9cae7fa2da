//! An operator before the console whose orders are carried out: by the console's own operator and executor, on a small
//! world in memory that keeps acknowledgements and silences, and its journal.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use futures_util::future::BoxFuture;
use pulse_console::app::{Effect, Msg, OperateOrder};
use pulse_console::domain::operation::{Command, Operation, Plan, Query, Record, Seen};
use pulse_console::domain::{Fact, FeedId, Observation, Role, Span, Text, Timestamp, Trouble, Uid};
use pulse_console::platform::{
    Clock, Control, Feed, Inspect, Journal, Journaled, Lease, Listing, Mark, Platform, Revision,
    Unacted, Unwritten, Word, World,
};
use pulse_console::runtime::operator::{Ground, Operator, Told};
use pulse_console::session::Presence;
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use crate::journey::Journey;

/// An operator, and what their orders are carried out by.
pub(crate) struct Bench {
    pub(crate) journey: Journey,
    pub(crate) world: Arc<Small>,
    operator: Operator,
    runtime: Runtime,
    told: (mpsc::Sender<Told>, mpsc::Receiver<Told>),
    /// Orders that were given, and not carried out yet.
    orders: Vec<OperateOrder>,
    /// Everything else that was asked for.
    pub(crate) effects: Vec<Effect>,
    folder: tempfile::TempDir,
    listed: bool,
}

impl Bench {
    /// Before the scenario `name`, as a senior.
    pub(crate) fn on(name: &str) -> Self {
        Self::that_may(name, false)
    }

    /// Before a world in which nothing exists.
    pub(crate) fn on_nothing() -> Self {
        Self::before(Journey::on_nothing(), false)
    }

    /// The same, at a console that may only look if it is `read_only`.
    pub(crate) fn that_may(name: &str, read_only: bool) -> Self {
        Self::before(Journey::on(name), read_only)
    }

    fn before(mut journey: Journey, read_only: bool) -> Self {
        let world = Arc::new(Small::default());
        let ground = Ground::default();
        let mut number = 0;
        let ids = move || {
            number += 1;
            Text::clean(&format!("op{number:06}"))
        };
        let operator =
            Operator::new(&Door(Arc::clone(&world)), read_only, ground, "maria@here#1".into())
                .with_ids(Box::new(ids));
        journey.app.setting.read_only = read_only;
        journey.app.presence = Presence::unguarded(Role::Senior);
        journey.app.equip(true, "maria".into());
        Self {
            journey,
            world,
            operator,
            runtime: tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime"),
            told: mpsc::channel(64),
            orders: Vec::new(),
            effects: Vec::new(),
            folder: tempfile::tempdir().expect("a folder"),
            listed: false,
        }
    }

    /// Whether the operator holds anything to change the world by.
    pub(crate) const fn is_able(&self) -> bool {
        self.operator.is_able()
    }

    /// Presses keys as a hand does: with time between them.
    pub(crate) fn slowly(&mut self, keys: &str) -> &mut Self {
        for key in keys.split_whitespace() {
            self.pass(100);
            self.journey.keys(key);
        }
        self.collect();
        self
    }

    /// Types text as a hand does.
    pub(crate) fn types(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.pass(100);
            self.journey.types(&c.to_string());
        }
        self.collect();
        self
    }

    /// Waits until keys count again.
    pub(crate) fn rest(&mut self) -> &mut Self {
        self.collect();
        let rests = |effect: &Effect| matches!(effect, Effect::Rest(_));
        let (resting, others) = std::mem::take(&mut self.effects).into_iter().partition(rests);
        self.effects = others;
        for effect in resting as Vec<Effect> {
            let Effect::Rest(number) = effect else { continue };
            self.journey.send(Msg::Rested(number));
        }
        self
    }

    /// Types as a terminal does that pastes without saying so.
    pub(crate) fn bursts(&mut self, text: &str, keys: &str) -> &mut Self {
        for c in text.chars() {
            self.journey.send(Msg::Hasty).types(&c.to_string());
        }
        self.journey.send(Msg::Hasty).keys(keys);
        self.collect();
        self
    }

    /// Lets so many milliseconds go by.
    pub(crate) fn pass(&mut self, ms: u64) {
        let told = self.journey.engine.advance(Span::from_ms(ms));
        self.journey.tell(told);
    }

    fn collect(&mut self) {
        for effect in self.journey.effects() {
            match effect {
                Effect::Operate(order) => self.orders.push(order),
                other => self.effects.push(other),
            }
        }
    }

    /// The orders that were given since; they are not carried out.
    pub(crate) fn orders(&mut self) -> Vec<OperateOrder> {
        self.collect();
        std::mem::take(&mut self.orders)
    }

    /// Has the orders carried out that were given, and tells what came of it.
    pub(crate) fn works(&mut self) -> &mut Self {
        self.collect();
        for order in std::mem::take(&mut self.orders) {
            *self.world.now.lock().expect("the time") = self.journey.engine.now();
            let saved = self.folder.path().to_owned();
            let work = self.operator.order(order, self.told.0.clone(), saved);
            self.runtime.block_on(work);
        }
        while let Ok(told) = self.told.1.try_recv() {
            self.journey.send(match told {
                Told::Event(event) => Msg::Operate(event),
                Told::Say(importance, text) => Msg::Say(importance, text),
            });
        }
        self.tell_journal();
        self
    }

    /// Puts an operation there as if another console had written it.
    pub(crate) fn finds(&mut self, plan: Plan, records: Vec<Record>) -> &mut Self {
        let operation = Operation::new(Arc::new(plan), records).expect("records that make sense");
        let id = operation.plan.id.clone();
        self.world.journals.lock().expect("journals").insert(id, operation);
        self.tell_journal();
        self
    }

    /// Tells what the journals hold, as the feed of a world does.
    pub(crate) fn tell_journal(&mut self) {
        let at = self.journey.engine.now();
        let observe = |fact| Observation { feed: FeedId::Operations, at, fact };
        let journals = self.world.journals.lock().expect("journals").clone();
        let mut facts = Vec::new();
        if !std::mem::replace(&mut self.listed, true) {
            facts.push(observe(Fact::RelistBegun));
            facts.push(observe(Fact::RelistEnded));
        }
        let upsert = |operation: Operation| observe(Fact::Upsert(Arc::new(operation).into()));
        facts.extend(journals.into_values().map(upsert));
        self.journey.tell(facts);
    }

    /// The files that were written.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).expect("the folder");
        let read = |entry: std::io::Result<std::fs::DirEntry>| {
            std::fs::read_to_string(entry.expect("an entry").path()).expect("its text")
        };
        entries.map(read).collect()
    }
}

/// A small world.
#[derive(Default)]
pub(crate) struct Small {
    now: Mutex<Timestamp>,
    /// Who looks after which alert.
    pub(crate) acks: Mutex<BTreeMap<Text, Text>>,
    /// Whether the world takes no change.
    pub(crate) refuses: Mutex<Option<Text>>,
    /// Commands, in their order.
    pub(crate) acted: Mutex<Vec<Command>>,
    pub(crate) journals: Mutex<BTreeMap<Text, Operation>>,
}

impl Small {
    fn seen(&self, query: &Query) -> Seen {
        match query {
            Query::Acknowledgement { fingerprint } => {
                let acks = self.acks.lock().expect("acks");
                let by = acks.get(fingerprint).cloned();
                by.map_or(Seen::Absent, |by| Seen::Acknowledgement { by, until: None })
            }
            Query::WouldHide(_) => Seen::Alerts(vec!["TenantDown".into()]),
            Query::Silence { mark } => {
                let acted = self.acted.lock().expect("what was done");
                let made = acted.iter().rev().find_map(|command| match command {
                    Command::Silence(silence) => Some(silence.until),
                    _ => None,
                });
                made.map_or(Seen::Absent, |until| Seen::Silence {
                    id: mark.clone(),
                    active: true,
                    until,
                })
            }
            _ => Seen::Absent,
        }
    }
}

impl Inspect for Small {
    fn look<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<Seen, Trouble>> {
        Box::pin(async move { Ok(self.seen(query)) })
    }
}

impl Control for Small {
    fn act<'a>(&'a self, command: &'a Command, _: &'a Mark) -> BoxFuture<'a, Result<(), Unacted>> {
        Box::pin(async move {
            if let Some(why) = &*self.refuses.lock().expect("whether it refuses") {
                let kind = pulse_console::domain::TroubleKind::Denied;
                return Err(Unacted::Refused(Trouble::new(kind, why.as_str(), "")));
            }
            if let Command::Acknowledge { fingerprint, by, .. } = command {
                let mut acks = self.acks.lock().expect("acks");
                match by {
                    Some(by) => acks.insert(fingerprint.clone(), by.clone()),
                    None => acks.remove(fingerprint),
                };
            }
            self.acted.lock().expect("what was done").push(command.clone());
            Ok(())
        })
    }

    fn tell<'a>(&'a self, _: &'a Word) -> BoxFuture<'a, Result<(), Trouble>> {
        Box::pin(async { Ok(()) })
    }
}

fn revision(operation: &Operation) -> Revision {
    Revision(Text::clean(&operation.records.len().to_string()))
}

impl Journal for Small {
    fn open<'a>(
        &'a self,
        plan: &'a Plan,
        first: &'a Record,
    ) -> BoxFuture<'a, Result<Revision, Unwritten>> {
        Box::pin(async move {
            let operation = Operation::new(Arc::new(plan.clone()), vec![first.clone()])?;
            let revision = revision(&operation);
            self.journals.lock().expect("journals").insert(plan.id.clone(), operation);
            Ok(revision)
        })
    }

    fn append<'a>(
        &'a self,
        id: &'a Text,
        _: &'a Revision,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<Revision, Unwritten>> {
        Box::pin(async move {
            let mut journals = self.journals.lock().expect("journals");
            let operation = journals.get_mut(id).ok_or(Unwritten::Missing)?;
            let mut records = operation.records.clone();
            records.push(record.clone());
            *operation = Operation::new(Arc::clone(&operation.plan), records)?;
            Ok(revision(operation))
        })
    }

    fn read<'a>(&'a self, id: &'a Text) -> BoxFuture<'a, Result<Journaled, Unwritten>> {
        Box::pin(async move {
            let journals = self.journals.lock().expect("journals");
            let operation = journals.get(id).cloned().ok_or(Unwritten::Missing)?;
            Ok(Journaled { revision: revision(&operation), operation })
        })
    }

    fn list(&self) -> BoxFuture<'_, Result<Listing, Unwritten>> {
        Box::pin(async {
            let operations = self.journals.lock().expect("journals").values().cloned().collect();
            Ok(Listing { operations, ..Listing::default() })
        })
    }

    fn forget<'a>(&'a self, id: &'a Text, _: &'a Revision) -> BoxFuture<'a, Result<(), Unwritten>> {
        Box::pin(async move {
            self.journals.lock().expect("journals").remove(id);
            Ok(())
        })
    }

    fn lease<'a>(
        &'a self,
        scope: &'a Text,
        console: &'a Text,
        _: Span,
    ) -> BoxFuture<'a, Result<Lease, Unwritten>> {
        Box::pin(
            async move { Ok(Lease { scope: scope.clone(), console: console.clone(), fence: 1 }) },
        )
    }

    fn release<'a>(&'a self, _: &'a Lease) -> BoxFuture<'a, Result<(), Unwritten>> {
        Box::pin(async { Ok(()) })
    }
}

impl Clock for Small {
    fn now(&self) -> Timestamp {
        *self.now.lock().expect("the time")
    }
}

/// The door to it.
struct Door(Arc<Small>);

impl Platform for Door {
    fn world(&self) -> World {
        World::Training
    }

    fn feeds(&self) -> Vec<Box<dyn Feed>> {
        Vec::new()
    }

    fn control(&self) -> Option<Arc<dyn Control>> {
        Some(Arc::clone(&self.0) as Arc<dyn Control>)
    }

    fn journal(&self) -> Option<Arc<dyn Journal>> {
        Some(Arc::clone(&self.0) as Arc<dyn Journal>)
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.0) as Arc<dyn Clock>
    }
}

/// The identity of an operation.
pub(crate) fn uid(id: &str) -> Uid {
    Uid(Text::clean(id))
}
