//! Operations on the training world, with everything that can befall them.

#![allow(dead_code, unreachable_pub, reason = "every test binary uses another part of it")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use pulse_console::domain::operation::{Command, Operation, Phase, Plan, Query, Seen, Verb};
use pulse_console::domain::{DatabaseClass, FeedId, Kind, Object, Role, SilenceState, Spec, Text};
use pulse_console::operation::kinds::Request;
use pulse_console::operation::{
    ConfirmedPlan, Executor, Given, Halt, Manifests, Pace, Shape, Tell, Way, plan,
};
use pulse_console::platform::{Platform, Unwritten};
use pulse_console::sim::{Engine, Planned, Scenario, Sim};

/// Far longer than any operation here takes, in time that only seems to pass.
const GUARD: Duration = Duration::from_hours(30);

pub const SCENARIO: &str = r#"
name = "operated"
title = "Three tenants, and everything that operations need."
seed = 11
start = "2026-11-21T09:00:00Z"
[tenants]
count = 3
[cluster]
tenants = true
[[tenant]]
name = "acme"
tier = "pro"
[[tenant]]
name = "beta"
tier = "enterprise"
[[tenant]]
name = "gama"
health = "degraded"
since = "5m"
[[databases.block]]
at = "0s"
lasts = "9d"
tenant = "beta"
[[silence]]
tenant = "beta"
by = "vera"
reason = "known"
ago = "1h"
lasts = "2d"
[[ack]]
alert = "TenantOdooDown"
tenant = "gama"
by = "maria"
note = "mine"
ago = "1m"
lasts = "2d"
"#;

/// Runs `test` on a time that passes only as far as something waits for it.
pub fn paced<T>(test: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_time().start_paused(true).build().expect("a runtime");
    let guarded = async { tokio::time::timeout(GUARD, test).await.expect("it hangs") };
    runtime.block_on(guarded)
}

/// The training world with its consoles.
pub struct Stage {
    pub sim: Arc<Sim>,
    planned: AtomicU32,
}

/// The name of the database that a swap kept long ago.
pub const KEPT: &str = "acme-kept-202611010101-oldold.planapulse.app";

impl Stage {
    pub fn new() -> Self {
        Self::of(SCENARIO)
    }

    pub fn of(scenario: &str) -> Self {
        Self::on(&Scenario::parse("operated", scenario).expect("a scenario"))
    }

    /// On a scenario of the program's own.
    pub fn on(scenario: &Scenario) -> Self {
        let sim = Arc::new(Sim::new(Engine::new(scenario, None), 1.0));
        sim.with(|engine| engine.make_database(KEPT));
        Self { sim, planned: AtomicU32::new(0) }
    }

    /// A console with somebody at it.
    pub fn console(&self, name: &str, by: &str) -> Executor {
        Executor {
            control: self.sim.control().expect("a control"),
            journal: self.sim.journal().expect("a journal"),
            clock: self.sim.clock(),
            console: Text::from(name),
            by: Text::from(by),
            pace: Pace::default(),
        }
    }

    /// The first console.
    pub fn first(&self) -> Executor {
        self.console("console-a", "maria")
    }

    /// The console of a colleague.
    pub fn second(&self) -> Executor {
        self.console("console-b", "ivan")
    }

    pub async fn look(&self, query: Query) -> Seen {
        let control = self.sim.control().expect("a control");
        control.look(&query).await.expect("an answer")
    }

    /// Makes the world what `verb` needs, beside what it is anyhow.
    pub async fn prepare(&self, verb: Verb) {
        // The sessions that wait come with the first beat.
        tokio::time::sleep(Duration::from_secs(5)).await;
        if verb == Verb::ResumePool {
            let paused = self.plan(Verb::PausePool).await.expect("a plan");
            self.run(&self.first(), paused).await.expect("a pause");
        }
    }

    /// The plan of `verb`.
    pub async fn plan(&self, verb: Verb) -> Result<Plan, String> {
        self.plan_of(verb, self.inputs(verb)).await
    }

    /// The plan of `verb` from `given`.
    pub async fn plan_with(&self, verb: Verb, given: &[(&str, &str)]) -> Result<Plan, String> {
        let inputs = given.iter().map(|(name, value)| ((*name).to_owned(), Text::from(*value)));
        self.plan_of(verb, inputs.collect()).await
    }

    async fn plan_of(&self, verb: Verb, inputs: BTreeMap<String, Text>) -> Result<Plan, String> {
        let number = self.planned.fetch_add(1, Ordering::Relaxed);
        let request = Request {
            verb,
            id: Text::from(format!("k{number}{}", verb.word().replace('-', ""))),
            by: Text::from("maria"),
            at: self.sim.clock().now(),
            inputs,
        };
        let control = self.sim.control().expect("a control");
        let planned = plan(&*control, &request, &Shape::default(), &Manifests::default()).await;
        planned.map_err(|trouble| trouble.to_string())
    }

    fn inputs(&self, verb: Verb) -> BTreeMap<String, Text> {
        let (pid, began) = self.waiter();
        let (alert, acked) = (self.alert("Watchdog"), self.alert("TenantOdooDown"));
        let given: &[(&str, &str)] = match verb {
            Verb::Provision => &[
                ("tenant", "nova"),
                ("version", "18"),
                ("tier", "pro"),
                ("project", "7"),
                ("owner-email", "office@nova.example"),
                ("owner-name", "Нова ООД"),
            ],
            Verb::RestoreBeside | Verb::RestoreSwap => {
                &[("tenant", "acme"), ("backup", "latest"), ("filestore", "yes")]
            }
            Verb::RestoreInPlace => &[
                ("tenant", "acme"),
                ("backup", "latest"),
                ("filestore", "yes"),
                ("accepted-by", "the owner, by telephone"),
            ],
            Verb::UpgradeSame => &[("tenant", "acme"), ("modules", "all"), ("restart", "now")],
            Verb::UpgradeCross => &[("tenant", "acme"), ("version", "19")],
            Verb::Backup | Verb::Deprovision | Verb::PausePool | Verb::ResumePool => {
                &[("tenant", "acme")]
            }
            Verb::Template => &[("edition", "basic"), ("version", "18")],
            Verb::Tier => &[("tenant", "acme"), ("tier", "enterprise")],
            Verb::DropKept => &[("database", KEPT)],
            Verb::Cancel | Verb::Terminate => &[("pid", &pid), ("began", &began)],
            Verb::Silence => {
                &[("matchers", "alertname=Watchdog"), ("for", "2h"), ("reason", "a test")]
            }
            Verb::ExpireSilence => &[("silence", "silence-0")],
            Verb::Ack => &[("alert", &alert), ("name", "Watchdog"), ("for", "4h")],
            Verb::Unack => &[("alert", &acked), ("name", "TenantOdooDown")],
        };
        given.iter().map(|(name, value)| ((*name).to_owned(), Text::from(*value))).collect()
    }

    /// A session that waits for another's lock, and goes on waiting.
    fn waiter(&self) -> (String, String) {
        self.sim.with(|engine| {
            let mut all = engine.world().others(FeedId::Sessions);
            let found = all.find_map(|object| match object {
                Object::Session(session) if session.pid == 61_001 => {
                    let began = session.connected.unwrap_or_default();
                    Some((session.pid.to_string(), began.to_string()))
                }
                _ => None,
            });
            found.unwrap_or_default()
        })
    }

    fn alert(&self, name: &str) -> String {
        self.sim.with(|engine| {
            let mut all = engine.world().others(FeedId::Alerts);
            let found = all.find(|object| matches!(object, Object::Alert(it) if it.name == *name));
            found.map(|object| object.uid().0.to_string()).unwrap_or_default()
        })
    }

    pub fn confirmed(&self, plan: Plan) -> ConfirmedPlan {
        let given = Given {
            by: plan.by.clone(),
            role: Role::Senior,
            typed: plan.word.clone(),
            reason: Text::from("a customer asked"),
            stepped_up: true,
            at: self.sim.clock().now(),
        };
        ConfirmedPlan::new(plan, given).expect("it may run")
    }

    pub async fn run(&self, console: &Executor, plan: Plan) -> Result<Operation, Halt> {
        console.run(self.confirmed(plan), &silent()).await
    }

    /// Runs what `verb` plans to its end.
    pub async fn done(&self, verb: Verb) -> Operation {
        let plan = self.plan(verb).await.expect("a plan");
        let done = self.run(&self.first(), plan).await.expect("it runs");
        assert_eq!(done.standing.phase, Phase::Done, "{verb}: {:?}", done.records);
        done
    }

    /// Runs `plan` on the first console until that dies.
    pub async fn run_until_it_dies(&self, plan: Plan, planned: Planned) -> Option<Operation> {
        let faults = self.sim.faults();
        faults.add(planned);
        let first = self.first();
        let ended = tokio::select! {
            ended = self.run(&first, plan) => Some(ended.expect("it ends well or dies")),
            () = faults.crashed() => None,
        };
        faults.clear();
        ended
    }

    /// A colleague takes the operation over; none when it never began.
    pub async fn take_over(&self, id: &Text, way: &Way) -> Option<Result<Operation, Halt>> {
        let second = self.second();
        match second.journal.read(id).await {
            Err(Unwritten::Missing) => None,
            Ok(read) if read.operation.standing.is_over() && *way == Way::GoOn => {
                Some(Ok(read.operation))
            }
            _ => Some(second.resume(id, way, &silent()).await),
        }
    }

    /// Waits until a lease that nobody keeps has run out; whether none is held.
    pub async fn is_free(&self) -> bool {
        tokio::time::sleep(Duration::from_secs(16)).await;
        self.sim.is_free()
    }

    /// What was changed, but for what may be done any number of times. In an order of its own.
    pub fn deeds(&self) -> Vec<String> {
        let deeds = self.sim.deeds().into_iter();
        let counted = deeds.filter(|deed| !matches!(deed.command, Command::EndSessions { .. }));
        let mut all: Vec<String> =
            counted.map(|deed| format!("{} {:?}", deed.operation, deed.command)).collect();
        all.sort();
        all
    }

    /// What operations change in the world, as it is now.
    pub fn footprint(&self) -> Footprint {
        self.sim.with(|engine| {
            let world = engine.world();
            let (mut lines, mut stays) = (Vec::new(), Vec::new());
            for object in FeedId::ALL.into_iter().flat_map(|feed| world.others(feed)) {
                match object {
                    Object::Database(it) if it.class == DatabaseClass::Template => {
                        stays.push(format!("template {} {}", it.name, it.uid.0));
                    }
                    Object::Shelf(it) => {
                        let kept =
                            it.insurance().map(|copy| format!("{} {:?}", it.uid.0, copy.stamp));
                        stays.extend(kept);
                    }
                    Object::Session(it) if it.pid == 61_001 => {
                        lines.push(format!("session {} {}", it.pid, it.state.word()));
                    }
                    Object::Database(it) => {
                        lines.push(format!("database {} {} open: {}", it.name, it.uid.0, it.open));
                    }
                    Object::Pool(it) if it.paused => lines.push(format!("paused {}", it.database)),
                    Object::Silence(it) if it.state == SilenceState::Active => {
                        lines.push(format!("silence {}", it.uid.0));
                    }
                    Object::Ack(it) => lines.push(format!("ack {} {}", it.uid.0, it.by)),
                    _ => {}
                }
            }
            for object in Kind::ALL.into_iter().flat_map(|kind| world.objects(kind)) {
                let deleting = object.meta.deleting.is_some();
                let spec = match &object.spec {
                    Spec::Client(spec) => format!("{} {}", spec.tier, spec.odoo_version),
                    _ => String::new(),
                };
                lines.push(format!("{} {} {spec} {deleting}", object.kind(), object.meta.name));
            }
            lines.sort();
            Footprint { lines, stays }
        })
    }
}

/// What operations change in the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Footprint {
    /// What can be taken back.
    pub lines: Vec<String>,
    /// What stays, such as a backup that was taken.
    pub stays: Vec<String>,
}

/// Nobody is told.
pub fn silent() -> Tell {
    Arc::new(|_| {})
}
