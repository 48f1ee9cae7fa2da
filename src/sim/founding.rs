//! Making the world that a scenario describes, as it is when the trainee arrives.

use super::engine::{Engine, Task};
use super::events::{self, Event, EventType};
use super::hostile;
use super::names::Company;
use super::objects::{Order, RunOrder, Standing};
use super::parts;
use super::scenario::{
    NamedTenant, Part, Past, Phase, Run, RunKind, Scenario, Tier, Word, generated, pick,
};
use crate::domain::{Resource, Span, Text, Timestamp, Trouble, TroubleKind};

const DAY: u64 = 86_400;

/// Fills the world of `engine` and queues its story.
pub(super) fn found(engine: &mut Engine) {
    let scenario = std::sync::Arc::clone(&engine.scenario);
    for tenant in &scenario.named {
        named(engine, tenant.get_ref());
    }
    for company in generated(&scenario) {
        ordinary(engine, &scenario, company);
    }
    for run in &scenario.runs {
        founded_run(engine, run.get_ref());
    }
    hostile::found(engine);
    history(engine, &scenario);
    parts::found(engine);
    for feed in &scenario.denied {
        let trouble = denied(*feed);
        if let Some(link) = engine.links.get_mut(feed) {
            link.trouble = Some(trouble);
        }
    }
    for (index, incident) in scenario.incidents.iter().enumerate() {
        engine.queue(incident.get_ref().at, Task::Incident(index));
    }
    engine.queue(Span::from_secs(2), Task::Alive);
    engine.queue_at_rate(scenario.stream.per_second, Task::Event);
    engine.queue_at_rate(scenario.churn.per_second(), Task::Churn);
}

/// What a feed says whose operator has no right to it.
pub(super) fn denied(feed: crate::domain::FeedId) -> Trouble {
    let what = feed.kind().map_or("the stream PLANA:events", crate::domain::Kind::name);
    Trouble::new(
        TroubleKind::Denied,
        &format!("listing {what}: trainee may not list this"),
        "Ask for the right to list it; it is tried again from time to time.",
    )
}

fn named(engine: &mut Engine, tenant: &NamedTenant) {
    let now = engine.now();
    let owner = tenant.owner.clone().unwrap_or_else(|| tenant.name.clone());
    let order = Order {
        slug: tenant.name.clone(),
        owner,
        tier: tenant.tier,
        version: tenant.version.clone().unwrap_or_else(|| Text::clean("18")),
        created: now.before(tenant.age.unwrap_or(Span::from_secs(400 * DAY))),
    };
    let standing = Standing {
        word: tenant.health,
        since: now.before(tenant.since.unwrap_or(Span::from_secs(20 * 60))),
        reason: tenant.reason.clone(),
        message: tenant.message.clone(),
    };
    settle(engine, &order, &standing, tenant.on);
    if tenant.staging {
        staging(engine, &order);
    }
    if let Some(after) = tenant.ready_after {
        engine.queue(after, Task::Ready(tenant.name.clone()));
    }
}

/// One of the tenants that the story does not speak of.
fn ordinary(engine: &mut Engine, scenario: &Scenario, company: Company) {
    let now = engine.now();
    let rng = &mut engine.rng;
    let tenants = &scenario.tenants;
    let word = pick(&tenants.health, rng).copied().unwrap_or_default();
    let age = match word {
        Word::Creating => rng.u64(20..240),
        Word::Healthy | Word::Degraded | Word::Failed | Word::Unknown => {
            rng.u64(2 * DAY..900 * DAY)
        }
    };
    let order = Order {
        slug: Text::from(company.slug),
        owner: Text::from(company.owner),
        tier: pick(&tenants.tier, rng).copied().unwrap_or_default(),
        version: pick(&tenants.version, rng).cloned().unwrap_or_else(|| Text::clean("18")),
        created: now.before(Span::from_secs(age)),
    };
    let since = now.before(Span::from_secs(rng.u64(10..=age.min(2 * DAY))));
    let part = if rng.bool() { Part::Client } else { Part::Environment };
    let staged = order.tier != Tier::Starter && rng.u64(0..100) < tenants.staging_percent.get();
    settle(engine, &order, &Standing::plain(word, since), part);
    if staged {
        staging(engine, &order);
    }
}

/// Puts a tenant's client and production environment into the world: `part` has the standing; a
/// tenant that is being made has it in both.
pub(super) fn settle(engine: &mut Engine, order: &Order, standing: &Standing, part: Part) {
    let well = Standing::plain(Word::Healthy, order.created);
    let (client, environment) = match (standing.word, part) {
        (Word::Creating, _) => (standing, standing),
        (_, Part::Client) => (standing, &well),
        (_, Part::Environment) => (&well, standing),
    };
    let object = engine.world.maker.client(order, client, &mut engine.rng);
    place(engine, object);
    let object = engine.world.maker.environment(order, "prod", environment, &mut engine.rng);
    place(engine, object);
}

fn staging(engine: &mut Engine, order: &Order) {
    let well = Standing::plain(Word::Healthy, order.created);
    let object = engine.world.maker.environment(order, "staging", &well, &mut engine.rng);
    place(engine, object);
}

fn place(engine: &mut Engine, object: Resource) {
    let object = engine.world.put(object);
    engine.tell_object(Some(object));
}

fn founded_run(engine: &mut Engine, run: &Run) {
    let created = engine.now().before(run.age);
    let version = run.tenant.as_ref().and_then(|tenant| engine.world.order(tenant.as_str()));
    let version = version.map_or_else(|| Text::clean("18"), |client| client.odoo_version.clone());
    let to = run.to.clone().unwrap_or(version);
    let order = RunOrder {
        name: run.name.clone().unwrap_or_default(),
        tenant: run.tenant.clone().unwrap_or_default(),
        from: run.from.clone().unwrap_or_else(|| to.clone()),
        to,
        created,
    };
    let uid = make_run(engine, run.kind, order, run.phase);
    if let Some(after) = run.ends_after {
        engine.queue(after, Task::Ends(uid, run.fails));
    }
}

/// Puts a run into the world; one without a name gets one from its tenant and day.
pub(super) fn make_run(
    engine: &mut Engine,
    kind: RunKind,
    mut order: RunOrder,
    phase: Phase,
) -> crate::domain::Uid {
    if order.name.is_empty() {
        order.name = run_name(engine, kind, &order);
    }
    let (maker, rng) = (&mut engine.world.maker, &mut engine.rng);
    let mut object = match kind {
        RunKind::Upgrade => maker.upgrade(&order, rng),
        RunKind::Restore => maker.restore(&order, rng),
        RunKind::Template => maker.template(&order, rng),
    };
    object.conditions = maker.phase(&order.name, phase, order.created);
    let uid = object.meta.uid.clone();
    place(engine, object);
    uid
}

/// `tenant-day`, with a number after it when that is taken.
fn run_name(engine: &Engine, kind: RunKind, order: &RunOrder) -> Text {
    let kind_word = match kind {
        RunKind::Upgrade => "",
        RunKind::Restore => "restore-",
        RunKind::Template => "template-",
    };
    let base = format!("{}-{kind_word}{}", order.tenant, order.created.utc().format("%Y-%m-%d"));
    let taken = |name: &str| {
        crate::domain::Kind::ALL.into_iter().any(|kind| engine.world.named(kind, name).is_some())
    };
    let mut name = base.clone();
    let mut number = 2;
    while taken(&name) && number < 1_000 {
        name = format!("{base}-{number}");
        number += 1;
    }
    Text::from(name)
}

/// Puts the events before the start on the stream, in the order of their times.
fn history(engine: &mut Engine, scenario: &Scenario) {
    let mut events: Vec<(Timestamp, EventType, Option<Text>)> = Vec::new();
    let (start, plan) = (engine.now(), &scenario.stream);
    for _ in 0..plan.history.get() {
        let ago = Span::from_ms(engine.rng.u64(1..=plan.history_span.ms().max(1)));
        if let Some(kind) = pick(&plan.mix, &mut engine.rng) {
            events.push((start.before(ago), *kind, None));
        }
    }
    let roster: Vec<Text> = engine
        .world
        .objects(crate::domain::Kind::Client)
        .filter_map(|client| client.tenant().cloned())
        .collect();
    for past in &plan.past {
        group(&mut events, past.get_ref(), start, &roster);
    }
    events.sort_by_key(|(at, _, _)| *at);
    for (at, kind, tenant) in events {
        if engine.rng.u64(0..100) < scenario.hostile.events_percent.get() {
            hostile::publish(engine, at);
            continue;
        }
        let client = match &tenant {
            Some(tenant) => engine.world.order(tenant.as_str()),
            None => engine.world.any_tenant(&mut engine.rng),
        };
        let Some(client) = client else { continue };
        let event = Event::about(kind, client, at, &mut engine.rng);
        let id = events::ulid(at, &mut engine.rng);
        let stream_id = engine.world.stream.next_id(at);
        engine.world.stream.push(events::entry(&event, stream_id, &id, at));
    }
}

fn group(
    events: &mut Vec<(Timestamp, EventType, Option<Text>)>,
    past: &Past,
    start: Timestamp,
    roster: &[Text],
) {
    let count = past.count.get().max(1);
    let first = start.before(past.ago);
    for number in 0..count {
        let at = first.after(Span::from_ms(past.over.ms() * number / count));
        let index = usize::try_from(number).unwrap_or_default() % roster.len().max(1);
        let tenant = past.tenant.clone().or_else(|| roster.get(index).cloned());
        events.push((at.min(start), past.kind, tenant));
    }
}
