//! What every scenario keeps: determinism, the contract of facts, clean texts.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::domain::{
    Content, Fact, FeedId, Gap, GapCause, Health, Kind, Missed, Observation, Payload, Span,
    StreamEntry, Text, Trouble, TroubleKind,
};
use crate::platform::contract::Contract;

fn scenario(name: &str) -> Scenario {
    scenario::builtin(name).unwrap_or_else(|why| panic!("{why}"))
}

fn engine(name: &str) -> Engine {
    Engine::new(&scenario(name), None)
}

/// What is told by the first `secs` seconds of a scenario, in one step.
fn run(name: &str, seed: Option<u64>, secs: u64) -> Vec<Observation> {
    let mut engine = Engine::new(&scenario(name), seed);
    let mut told = engine.start();
    told.extend(engine.advance(Span::from_secs(secs)));
    told
}

#[test]
fn every_scenario_obeys_the_contract() {
    for (name, secs) in
        [("calm-night", 900), ("identity-outage", 700), ("fleet-10k", 20), ("hostile-data", 120)]
    {
        let told = run(name, None, secs);
        let mut contract = Contract::new();
        contract.observe_all(&told).unwrap_or_else(|why| panic!("{name}: {why}"));
        let mut last = told[0].at;
        for observation in &told {
            assert!(observation.at >= last, "{name}: {observation:?} is told late");
            last = observation.at;
        }
        for feed in FeedId::ALL {
            let denied = name == "hostile-data" && feed == FeedId::Restores;
            assert_eq!(contract.is_listed(feed), !denied, "{name}: {feed}");
        }
    }
}

#[test]
fn the_same_seed_gives_the_same_world() {
    for name in NAMES {
        let secs = if name == "fleet-10k" { 2 } else { 120 };
        let told = run(name, None, secs);
        assert!(told == run(name, None, secs), "{name}");
        assert!(told != run(name, Some(1), secs), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn steps_of_any_size_give_the_same(steps in proptest::collection::vec(0_u64..12_000, 1..16)) {
        for name in ["calm-night", "hostile-data"] {
            let total: u64 = steps.iter().sum();
            let mut at_once = engine(name);
            let mut in_steps = engine(name);
            let whole = at_once.advance(Span::from_ms(total));
            let mut parts = Vec::new();
            for step in &steps {
                parts.extend(in_steps.advance(Span::from_ms(*step)));
            }
            prop_assert!(whole == parts);
            prop_assert_eq!(at_once.now(), in_steps.now());
        }
    }
}

#[test]
fn the_whole_story_is_the_same_in_small_steps() {
    let whole = engine("calm-night").advance(Span::from_secs(700));
    let mut in_steps = engine("calm-night");
    let parts: Vec<_> = (0..1_000).flat_map(|_| in_steps.advance(Span::from_ms(700))).collect();
    assert!(whole == parts);
}

#[test]
fn what_passes_unwatched_is_told_as_it_is_then() {
    let mut engine = engine("calm-night");
    engine.start();
    engine.advance(Span::from_secs(30));
    engine.pass_unwatched(Span::from_secs(600));
    let told = engine.start();
    let mut contract = Contract::new();
    contract.observe_all(&told).expect("the contract");
    assert!(told.iter().all(|observation| observation.at == engine.now()), "all of it is now");
    for kind in Kind::ALL {
        let exist = engine.world().objects(kind).count();
        assert_eq!(contract.known(FeedId::of(kind)), exist, "{kind:?}");
    }
    let later = engine.advance(Span::from_secs(60));
    contract.observe_all(&later).expect("the contract");
    // What happens does not depend on who watches.
    let mut watched = self::engine("calm-night");
    watched.advance(Span::from_secs(690));
    assert_eq!(watched.now(), engine.now());
    let names = |engine: &Engine| -> Vec<_> {
        engine.world().objects(Kind::Client).map(|o| o.meta.clone()).collect()
    };
    assert_eq!(names(&watched), names(&engine));
}

#[test]
fn an_outage_of_pg01_is_told_by_all_its_feeds_and_ends() {
    use FeedId::{DatabaseServer, Databases, Pools, Sessions};
    let told = run("identity-outage", None, 620);
    for feed in [Databases, Sessions, DatabaseServer, Pools] {
        let facts = told.iter().filter(|observation| observation.feed == feed);
        let (mut down, mut back) = (0, 0);
        for observation in facts {
            down += u32::from(matches!(observation.fact, Fact::Unreachable(_)));
            back += u32::from(matches!(observation.fact, Fact::RelistEnded));
        }
        assert_eq!((down, back), (1, 2), "{feed}: listed, down, listed again");
    }
    let down = |name| NAMES.contains(&name) && !scenario(name).provider_away().is_empty();
    assert!(down("identity-outage") && !down("calm-night"));
}

#[test]
fn no_text_is_hostile() {
    for name in NAMES {
        let secs = if name == "fleet-10k" { 2 } else { 300 };
        for observation in run(name, None, secs) {
            texts(&observation.fact).iter().for_each(clean);
        }
    }
}

/// What a fact holds of texts, as JSON.
fn texts(fact: &Fact) -> Vec<serde_json::Value> {
    let json = match fact {
        Fact::Upsert(object) => vec![serde_json::to_value(object)],
        Fact::Unreachable(trouble) => vec![serde_json::to_value(trouble)],
        Fact::Entries(entries) | Fact::Older(entries) => {
            entries.iter().map(|entry| serde_json::to_value(&entry.content)).collect()
        }
        _ => Vec::new(),
    };
    json.into_iter().map(|json| json.expect("JSON")).collect()
}

fn clean(value: &serde_json::Value) {
    match value {
        serde_json::Value::String(text) => {
            assert!(!text.chars().any(Text::is_hostile), "{text:?}");
        }
        serde_json::Value::Array(items) => items.iter().for_each(clean),
        serde_json::Value::Object(fields) => fields.values().for_each(clean),
        _ => {}
    }
}

#[test]
fn the_calm_night_begins_as_told() {
    let mut engine = engine("calm-night");
    let mut contract = Contract::new();
    contract.observe_all(&engine.start()).expect("the contract");
    assert_eq!(contract.known(FeedId::Clients), 42);
    assert_eq!(contract.known(FeedId::Templates), 4);
    assert_eq!(contract.known(FeedId::Upgrades), 3);
    assert_eq!(contract.known(FeedId::Restores), 1);
    let mut health: BTreeMap<Health, usize> = BTreeMap::new();
    for client in engine.world().objects(Kind::Client) {
        *health.entry(client.health()).or_default() += 1;
    }
    let wanted = [(Health::Failed, 1), (Health::Progressing, 1), (Health::Healthy, 40)];
    assert_eq!(health, BTreeMap::from(wanted));
}

/// The first `name`d client's health at each time of the calm night.
#[test]
fn the_story_of_the_calm_night_happens() {
    let mut engine = engine("calm-night");
    engine.start();
    let mut at = 0;
    for (secs, tenant, health) in [
        (0, "tih-pristan", Some(Health::Progressing)),
        (21, "tih-pristan", Some(Health::Healthy)),
        (125, "gorska-pchela", Some(Health::Degraded)),
        (245, "lunen-far", Some(Health::Failed)),
        (300, "lunen-far", Some(Health::Healthy)),
        (500, "demo-april", Some(Health::Progressing)),
        (521, "demo-april", None),
        (580, "lyatna-nosht", Some(Health::Progressing)),
        (690, "lyatna-nosht", Some(Health::Healthy)),
    ] {
        engine.advance(Span::from_secs(secs - at));
        at = secs;
        let found = engine.world().client(tenant).map(|client| client.health());
        assert_eq!(found, health, "{tenant} after {secs} s");
    }
}

#[test]
fn the_night_tells_of_both_gaps() {
    let gaps: Vec<_> = run("calm-night", None, 600)
        .into_iter()
        .filter_map(|observation| match observation.fact {
            Fact::Gap(Gap { missed, cause, .. }) => Some((missed, cause)),
            _ => None,
        })
        .collect();
    let wanted = [(Missed::Some, GapCause::Reset), (Missed::Exactly(213), GapCause::Trimmed)];
    assert_eq!(gaps, wanted);
}

#[test]
fn hostile_data_shows_every_danger() {
    let mut engine = engine("hostile-data");
    let mut told = engine.start();
    told.extend(engine.advance(Span::from_secs(240)));
    let entries: Vec<_> = told
        .iter()
        .filter_map(|observation| match &observation.fact {
            Fact::Entries(entries) | Fact::Older(entries) => Some((observation.at, entries)),
            _ => None,
        })
        .flat_map(|(at, entries)| entries.iter().map(move |entry| (at, entry)))
        .collect();
    let count = |wanted: &dyn Fn(&StreamEntry) -> bool| {
        entries.iter().filter(|(_, entry)| wanted(entry)).count()
    };
    assert!(count(&|entry| entry.bytes > Payload::MAX_BYTES as u64) > 0, "no huge event");
    assert!(count(&|entry| matches!(entry.content, Content::Malformed(_))) > 20, "few malformed");
    let twice = |entry: &StreamEntry| match &entry.content {
        Content::Event(event) => event.id == "01JDUPLICATE00000000000000",
        Content::Malformed(_) => false,
    };
    assert!(count(&twice) > 1, "no duplicates");
    let ahead = entries.iter().filter(|(at, entry)| entry.id.at() > at.after(Span::from_secs(60)));
    assert!(ahead.count() > 0, "no id from the future");
    assert_eq!(sorts(&told, FeedId::Restores), ["unreachable"]);
    let clients: Vec<_> = engine.world().objects(Kind::Client).collect();
    assert_eq!(clients.len(), 72);
    assert!(clients.iter().any(|client| client.meta.name.as_str().len() > 10_000));
    assert!(clients.iter().any(|client| client.meta.name.is_empty()));
    assert!(clients.iter().any(|client| client.meta.created > Some(engine.now())));
}

/// The sorts of the facts that were told, for a feed.
fn sorts(told: &[Observation], feed: FeedId) -> Vec<&'static str> {
    let told = told.iter().filter(|observation| observation.feed == feed);
    told.map(|observation| match &observation.fact {
        Fact::RelistBegun => "begun",
        Fact::RelistEnded => "ended",
        Fact::Upsert(_) => "upsert",
        Fact::Remove(_) => "remove",
        Fact::Alive => "alive",
        Fact::Unreachable(_) => "unreachable",
        Fact::Entries(_) => "entries",
        Fact::Older(_) => "older",
        Fact::Gap(_) => "gap",
        Fact::LeftAt(_) => "left",
        Fact::Log(_) => "log",
    })
    .collect()
}

#[test]
fn a_feed_that_is_down_tells_nothing_and_then_lists_anew() {
    let mut engine = engine("calm-night");
    let mut contract = Contract::new();
    contract.observe_all(&engine.start()).expect("the contract");
    let trouble = Trouble::new(TroubleKind::Unreachable, "listing: connection refused", "");
    let mut told = engine.fault(Fault::FeedDown(FeedId::Templates, trouble));
    let uid = engine.world().objects(Kind::Template).next().expect("a template").meta.uid.clone();
    told.extend(engine.remove(&uid));
    told.extend(engine.advance(Span::from_secs(3)));
    told.extend(engine.fault(Fault::FeedUp(FeedId::Templates)));
    told.extend(engine.fault(Fault::FeedUp(FeedId::Templates)));
    let wanted = ["unreachable", "begun", "upsert", "upsert", "upsert", "ended"];
    assert_eq!(sorts(&told, FeedId::Templates), wanted);
    contract.observe_all(&told).expect("the contract");
    assert_eq!(contract.known(FeedId::Templates), 3);
}

#[test]
fn a_stream_that_was_down_goes_on_where_it_stopped() {
    let mut engine = engine("calm-night");
    let mut told = engine.start();
    let trouble = Trouble::new(TroubleKind::Unreachable, "reading: connection refused", "");
    told.extend(engine.fault(Fault::FeedDown(FeedId::Events, trouble)));
    let event = Event::new(EventType::AgentReport, "meden-dab").with("agent", "test");
    assert_eq!(engine.publish(&event), []);
    let up = engine.fault(Fault::FeedUp(FeedId::Events));
    assert_eq!(sorts(&up, FeedId::Events), ["alive", "entries"]);
    told.extend(up);
    let gap = engine.fault(Fault::Gap(7));
    assert_eq!(sorts(&gap, FeedId::Events), ["gap", "entries"]);
    told.extend(gap);
    let reset = engine.fault(Fault::Reset);
    assert_eq!(sorts(&reset, FeedId::Events), ["gap"]);
    told.extend(reset);
    told.extend(engine.publish(&event));
    Contract::new().observe_all(&told).expect("the contract");
}

#[test]
fn tests_may_act_on_the_world() {
    let mut engine = engine("calm-night");
    assert_eq!(engine.advance(Span::from_ms(0)).len(), engine_start_len());
    let mut object = (**engine.world().client("meden-dab").expect("a client")).clone();
    object.meta.version = "48999999".into();
    let told = engine.upsert(object.clone());
    assert_eq!(sorts(&told, FeedId::Clients), ["upsert"]);
    assert_eq!(sorts(&engine.remove(&object.meta.uid), FeedId::Clients), ["remove"]);
    assert_eq!(engine.remove(&object.meta.uid), []);
    let told = engine.publish_raw("{\u{1b}");
    let Fact::Entries(entries) = &told[0].fact else { panic!("{told:?}") };
    assert!(matches!(entries[0].content, Content::Malformed(_)), "{entries:?}");
    assert_eq!(
        sorts(&engine.fault(Fault::Denied(FeedId::Clients)), FeedId::Clients),
        ["unreachable"]
    );
}

fn engine_start_len() -> usize {
    engine("calm-night").start().len()
}
