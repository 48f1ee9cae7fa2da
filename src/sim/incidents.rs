//! What happens by itself and what the scenario makes happen.

use std::sync::Arc;

use super::alerts;
use super::cluster;
use super::engine::{Engine, Task};
use super::events::{Event, EventType};
use super::faults::Fault;
use super::founding;
use super::hostile;
use super::objects::{Order, RunOrder, Standing};
use super::operations;
use super::scenario::{Incident, Part, Phase, RunKind, Tier, What, Word, pick};
use crate::domain::{FeedId, Kind, Resource, Span, Spec, Status, Text, Trouble, TroubleKind, Uid};

impl Engine {
    /// An event of the scenario's mix, and the next one queued.
    pub(super) fn event(&mut self) {
        let scenario = Arc::clone(&self.scenario);
        self.queue_at_rate(scenario.stream.per_second, Task::Event);
        if self.rng.u64(0..100) < scenario.hostile.events_percent.get() {
            let now = self.now();
            hostile::publish(self, now);
        } else if let Some(kind) = pick(&scenario.stream.mix, &mut self.rng) {
            self.emit_about(*kind, None);
        }
    }

    /// A change without meaning, or a short trouble, and the next one queued.
    pub(super) fn churn(&mut self) {
        let scenario = Arc::clone(&self.scenario);
        self.queue_at_rate(scenario.churn.per_second(), Task::Churn);
        let Some(object) = self.world.any(&mut self.rng).cloned() else {
            return;
        };
        let flaps = self.rng.u64(0..100) < scenario.churn.flap_percent.get();
        let uid = &object.meta.uid;
        if flaps && is_well(&object) {
            self.stand(uid, &Standing::plain(Word::Degraded, self.now()));
            let after = Span::from_secs(self.rng.u64(20..180));
            self.queue(after, Task::Recover(uid.clone()));
        } else {
            let touched = self.world.set_conditions(uid, object.conditions.clone());
            self.tell_object(touched);
        }
    }

    /// Gives the object the conditions of `standing`.
    pub(super) fn stand(&mut self, uid: &Uid, standing: &Standing) {
        let created = self.world.object(uid).and_then(|object| object.meta.created);
        let conditions = self.world.maker.conditions(standing, created.unwrap_or(standing.since));
        let object = self.world.set_conditions(uid, conditions);
        self.tell_object(object);
    }

    /// The object is well again.
    pub(super) fn recover(&mut self, uid: &Uid) {
        let Some(object) = self.world.object(uid) else {
            return;
        };
        if object.meta.deleting.is_some() || is_well(object) {
            return;
        }
        let now = self.now();
        let mut conditions = self.world.maker.conditions(&Standing::plain(Word::Healthy, now), now);
        for condition in &mut conditions {
            condition.since = Some(now);
        }
        let object = self.world.set_conditions(uid, conditions);
        self.tell_object(object);
    }

    /// A tenant that was being made is ready.
    pub(super) fn ready(&mut self, tenant: &Text) {
        for uid in self.part(tenant, Part::Environment) {
            self.recover(&uid);
        }
        for uid in self.part(tenant, Part::Client) {
            self.recover(&uid);
            self.emit_about(EventType::ClientProvisioned, Some(tenant));
        }
    }

    /// The client of a tenant, or its environments.
    fn part(&self, tenant: &Text, part: Part) -> Vec<Uid> {
        match part {
            Part::Client => {
                self.world.client(tenant.as_str()).map(|c| c.meta.uid.clone()).into_iter().collect()
            }
            Part::Environment => self
                .world
                .environments(tenant.as_str())
                .map(|environment| environment.meta.uid.clone())
                .collect(),
        }
    }

    /// The incident of this index of the scenario.
    pub(super) fn incident(&mut self, index: usize) {
        let scenario = Arc::clone(&self.scenario);
        let Some(incident) = scenario.incidents.get(index).map(toml::Spanned::get_ref) else {
            return;
        };
        match (incident.what, &incident.tenant, incident.feed) {
            (What::ReadyFalse, Some(tenant), _) => self.worsen(incident, tenant, Word::Degraded),
            (What::SyncedFalse, Some(tenant), _) => self.worsen(incident, tenant, Word::Failed),
            (What::Recover, Some(tenant), _) => {
                for uid in self.part(tenant, incident.on) {
                    self.recover(&uid);
                }
            }
            (What::Deleting, Some(tenant), _) => self.delete(tenant, incident.lasts),
            (What::Provision, Some(tenant), _) => self.provision(tenant, incident.lasts),
            (What::UpgradeStart, Some(tenant), _) => {
                self.start_run(RunKind::Upgrade, tenant, incident);
            }
            (What::RestoreStart, Some(tenant), _) => {
                self.start_run(RunKind::Restore, tenant, incident);
            }
            (What::FeedDown, _, Some(feed)) => self.feed_down_by(incident, feed),
            (What::FeedUp, _, Some(feed)) => self.apply(Fault::FeedUp(feed)),
            (What::FeedDenied, _, Some(feed)) => self.apply(Fault::Denied(feed)),
            (What::StreamGap, _, _) => self.apply(Fault::Gap(incident.count.get())),
            (What::StreamReset, _, _) => self.apply(Fault::Reset),
            (What::Event, tenant, _) => {
                self.emit_about(incident.kind.unwrap_or(EventType::AgentReport), tenant.as_ref());
            }
            (What::Burst, tenant, _) => self.burst(incident, tenant.as_ref()),
            (What::Alert | What::Alerts, _, _) => alerts::incident(self, incident),
            // The provider goes by the scenario itself: it serves whether or not the world is watched. And the checks of
            // the scenario let no incident through that lacks its tenant or feed.
            (What::ProviderDown, _, _)
            | (_, None, _)
            | (What::FeedDown | What::FeedUp | What::FeedDenied, _, None) => {}
        }
    }

    fn worsen(&mut self, incident: &Incident, tenant: &Text, word: Word) {
        let standing = Standing {
            word,
            since: self.now(),
            reason: incident.reason.clone(),
            message: incident.message.clone(),
        };
        for uid in self.part(tenant, incident.on).into_iter().take(1) {
            self.stand(&uid, &standing);
            if let Some(lasts) = incident.lasts {
                self.queue(lasts, Task::Recover(uid));
            }
        }
    }

    /// The tenant is being removed, its environments first.
    fn delete(&mut self, tenant: &Text, lasts: Option<Span>) {
        let lasts = lasts.unwrap_or(Span::from_secs(40));
        let (now, half) = (self.now(), Span::from_ms(lasts.ms() / 2));
        for (part, after) in [(Part::Environment, half), (Part::Client, lasts)] {
            for uid in self.part(tenant, part) {
                let object = self.world.mark_deleting(&uid, now);
                self.tell_object(object);
                self.queue(after, Task::Gone(uid));
            }
        }
    }

    fn provision(&mut self, tenant: &Text, lasts: Option<Span>) {
        let order = Order {
            slug: tenant.clone(),
            owner: tenant.clone(),
            tier: Tier::Starter,
            version: Text::clean("18"),
            created: self.now(),
        };
        let standing = Standing::plain(Word::Creating, self.now());
        founding::settle(self, &order, &standing, Part::Client);
        self.queue(lasts.unwrap_or(Span::from_secs(110)), Task::Ready(tenant.clone()));
    }

    fn start_run(&mut self, kind: RunKind, tenant: &Text, incident: &Incident) {
        let Some(client) = self.world.order(tenant.as_str()) else {
            return;
        };
        let version = client.odoo_version.clone();
        let order = RunOrder {
            name: Text::default(),
            tenant: tenant.clone(),
            from: version.clone(),
            to: version,
            created: self.now(),
        };
        let uid = founding::make_run(self, kind, order, Phase::Pending);
        self.queue(Span::from_secs(4), Task::Runs(uid.clone()));
        let lasts = incident.lasts.unwrap_or(Span::from_secs(170));
        self.queue(lasts, Task::Ends(uid, incident.fails));
    }

    /// The run enters `phase`.
    pub(super) fn run_phase(&mut self, uid: &Uid, phase: Phase) {
        let Some(run) = self.world.object(uid).cloned() else {
            return;
        };
        let now = self.now();
        let mut conditions = self.world.maker.phase(&run.meta.name, phase, now);
        for condition in conditions.iter_mut().filter(|condition| condition.name == "Synced") {
            condition.since = run.meta.created;
        }
        let object = self.world.set_conditions(uid, conditions);
        self.tell_object(object);
        cluster::follow_runs(self);
        self.tell_run(&run, phase);
    }

    /// The run is over.
    pub(super) fn run_ends(&mut self, uid: &Uid, failed: bool) {
        let failed = operations::run_ends(self, uid, failed);
        self.run_phase(uid, if failed { Phase::Failed } else { Phase::Finished });
    }

    /// Puts the event on the stream that says that `run` enters `phase`.
    fn tell_run(&mut self, run: &Resource, phase: Phase) {
        let kind = match (run.kind(), phase) {
            (Kind::Upgrade, Phase::Running) => EventType::UpgradeStarted,
            (Kind::Upgrade, Phase::Finished) => EventType::UpgradeFinished,
            (Kind::Upgrade, Phase::Failed) => EventType::UpgradeFailed,
            (Kind::Restore, Phase::Running) => EventType::RestoreStarted,
            (Kind::Restore, Phase::Finished) => EventType::RestoreFinished,
            (Kind::Restore, Phase::Failed) => EventType::RestoreFailed,
            (_, Phase::Pending) | (Kind::Client | Kind::Environment | Kind::Template, _) => return,
        };
        let tenant = run.tenant().cloned().unwrap_or_default();
        let mut event = Event::new(kind, tenant.as_str()).with("run", run.meta.name.as_str());
        if let Spec::Upgrade(spec) = &run.spec {
            event = event
                .with("fromVersion", spec.from.as_str())
                .with("toVersion", spec.to.as_str())
                .with("strategy", spec.strategy.as_str());
        }
        if let (Some(created), Phase::Finished | Phase::Failed) = (run.meta.created, phase) {
            event = event.with("seconds", self.now().since(created).secs());
        }
        self.emit(&event);
    }

    fn feed_down_by(&mut self, incident: &Incident, feed: FeedId) {
        let kind = incident.trouble.unwrap_or(TroubleKind::Unreachable);
        let what = incident.message.as_ref().map_or("connection refused", |text| text.as_str());
        let trouble = Trouble::new(
            kind,
            &format!("reading {feed}: {what}"),
            "It is tried again by itself; what was read before stays.",
        );
        self.apply(Fault::FeedDown(feed, trouble));
        if let Some(lasts) = incident.lasts {
            self.queue(lasts, Task::FeedUp(feed));
        }
    }

    fn burst(&mut self, incident: &Incident, tenant: Option<&Text>) {
        let kind = incident.kind.unwrap_or(EventType::AgentReport);
        let lasts = incident.lasts.unwrap_or(Span::from_secs(5));
        let count = incident.count.get();
        for number in 0..count {
            let after = Span::from_ms(lasts.ms() * number / count.max(1));
            self.queue(after, Task::Burst(kind, tenant.cloned()));
        }
    }
}

fn is_well(object: &Resource) -> bool {
    let holds = |name| object.condition(name).is_some_and(|c| c.status == Status::True);
    object.meta.deleting.is_none() && holds("Synced") && holds("Ready")
}
