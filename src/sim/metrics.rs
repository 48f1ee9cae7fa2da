//! The training platform's figures over time and probes.
//!
//! Figures are functions of the scenario's seed and of time alone; probes follow the tenants' health: one that failed
//! does not answer, one that is degraded answers late. No chance is drawn here, so the story of other parts stays as it is.

use std::collections::BTreeMap;
use std::f64::consts::TAU;

use super::engine::Engine;
use crate::domain::{
    FeedId, Figure, Health, Kind, Object, Probe, Resource, Series, Span, Text, Timestamp, Uid,
    figures, thousandths,
};

/// Points of each figure, a minute apart.
const POINTS: i64 = 60;
const STEP_MS: i64 = 60_000;
/// A day of the figures' slow wave.
const DAY_MS: f64 = 86_400_000.0;
/// In a beat so many probes are made anew though nothing changed; the others keep their time.
const PROBED: usize = 250;
/// The domain of the training tenants.
const DOMAIN: &str = "planapulse.app";

/// Puts it into the world of `engine`.
pub(super) fn found(engine: &mut Engine) {
    probe(engine, usize::MAX);
    measure(engine);
}

/// It goes on.
pub(super) fn beat(engine: &mut Engine) {
    probe(engine, PROBED);
    measure(engine);
}

/// Probes every tenant; tells what changed, and `most` of the rest.
fn probe(engine: &mut Engine, most: usize) {
    let (now, seed) = (engine.now(), engine.scenario().seed);
    let standings = standings(engine);
    let gone: Vec<Uid> = engine
        .world()
        .others(FeedId::Probes)
        .map(|object| object.uid().clone())
        .filter(|uid| !standings.contains_key(uid))
        .collect();
    for uid in gone {
        engine.take(FeedId::Probes, &uid);
    }
    // Another part of the tenants has its turn in each beat.
    let count = standings.len().max(1);
    let beat = usize::try_from(now.ms() / 15_000).unwrap_or_default();
    let first = beat.wrapping_mul(most.min(count)) % count;
    for (index, (uid, (tenant, health))) in standings.into_iter().enumerate() {
        let has_turn = (index + count - first) % count < most;
        let known = match engine.world().other(FeedId::Probes, &uid) {
            Some(Object::Probe(probe)) => Some(probe.up),
            _ => None,
        };
        if has_turn || known != Some(health != Health::Failed) {
            engine.put(result(uid, tenant, health, now, seed));
        }
    }
}

/// How well each tenant is that is there to be probed: the worse of its order and its production.
fn standings(engine: &Engine) -> BTreeMap<Uid, (Text, Health)> {
    let world = engine.world();
    let production = |name: &str| {
        let of_production =
            |one: &&std::sync::Arc<Resource>| one.meta.name.as_str().ends_with("-prod");
        world.environments(name).find(of_production).map(|environment| environment.health())
    };
    let tenants = world.objects(Kind::Client).filter_map(|client| {
        let tenant = client.tenant()?;
        let health = client.health();
        let health = production(tenant.as_str()).map_or(health, |other| other.min(health));
        // Who is being made has no address yet.
        let there = health != Health::Progressing;
        there.then(|| (Uid(address(tenant)), (tenant.clone(), health)))
    });
    tenants.collect()
}

fn address(tenant: &Text) -> Text {
    Text::from(format!("https://{tenant}.{DOMAIN}/web/health"))
}

fn result(uid: Uid, tenant: Text, health: Health, now: Timestamp, seed: u64) -> Probe {
    let up = health != Health::Failed;
    let own = hash(seed, tenant.as_str(), 0);
    let usual = 60.0 + own * 80.0 + hash(seed, tenant.as_str(), now.ms() / 15_000) * 40.0;
    let took = match health {
        Health::Failed => 9_500.0,
        Health::Degraded => 2_300.0 + usual,
        Health::Progressing | Health::Unknown | Health::Healthy => usual,
    };
    Probe {
        target: uid.0.clone(),
        uid,
        job: Some(Text::from("blackbox")),
        tenant: Some(tenant),
        up,
        status: Some(if up { 200 } else { 503 }),
        took: Some(Span::from_ms(took as u64)),
        certificate_until: None,
        at: now,
    }
}

/// Measures every figure anew.
fn measure(engine: &mut Engine) {
    let now = engine.now();
    let minute = now.ms().div_euclid(STEP_MS);
    let platform = Platform::of(engine);
    for (rank, figure) in figures().into_iter().enumerate() {
        let point = |back: i64| {
            let at = (minute - back) * STEP_MS;
            let value = platform.value(&figure, at)?;
            Some((Timestamp::from_ms(at), thousandths(value)?))
        };
        let mut points: Vec<(Timestamp, i64)> = (0..POINTS).rev().filter_map(point).collect();
        if let Some((last, value)) =
            points.last_mut().zip(platform.now(&figure).and_then(thousandths))
        {
            last.1 = value;
        }
        engine.put(Series {
            uid: Uid(figure.word),
            what: figure.words,
            unit: figure.unit,
            rank: rank as u16,
            tenant: None,
            points: points.into(),
            trouble: None,
        });
    }
}

/// What figures are made from.
struct Platform {
    seed: u64,
    tenants: f64,
    down: f64,
    slow: f64,
}

impl Platform {
    fn of(engine: &Engine) -> Self {
        let mut platform =
            Self { seed: engine.scenario().seed, tenants: 0.0, down: 0.0, slow: 0.0 };
        for object in engine.world().others(FeedId::Probes) {
            let Object::Probe(probe) = object else { continue };
            platform.tenants += 1.0;
            platform.down += f64::from(u8::from(!probe.up));
            platform.slow += f64::from(u8::from(probe.up && probe.took >= Some(SLOW)));
        }
        platform
    }

    /// The figure as the probes show it now, where they do.
    fn now(&self, figure: &Figure) -> Option<f64> {
        match figure.word.as_str() {
            "targets-down" => Some(self.down),
            "probe-success" if self.tenants > 0.0 => Some(1.0 - self.down / self.tenants),
            _ => None,
        }
    }

    /// The figure at `at`, in milliseconds.
    fn value(&self, figure: &Figure, at: i64) -> Option<f64> {
        let word = figure.word.as_str();
        let noise = hash(self.seed, word, at / STEP_MS);
        // Days are busy, nights are not.
        let busy = 1.2 + (at as f64 / DAY_MS * TAU).sin();
        Some(match word {
            "targets-down" => self.down,
            "probe-success" => 1.0 - self.down / self.tenants.max(1.0),
            "probe-time" => 0.14 + noise * 0.05 + 2.0 * (self.slow / self.tenants.max(1.0)).sqrt(),
            "requests" => self.tenants * (0.6 * busy + noise * 0.2),
            "errors" => 0.002 + noise * 0.003 + self.down / self.tenants.max(1.0) * 0.2,
            "restarts" => (noise * 2.4).floor(),
            "pg-connections" => (40.0 + self.tenants.min(300.0) * 0.3 * busy + noise * 9.0).floor(),
            "pg-transactions" => self.tenants * (2.0 * busy + noise),
            "valkey-memory" => 4.0e8 + busy * 6.0e7 + noise * 4.0e6,
            "node-cpu" => 0.18 + busy * 0.12 + noise * 0.06,
            "node-memory" => 0.55 + busy * 0.05 + noise * 0.01,
            "disk-free" => 0.37 - noise * 0.002,
            _ => return None,
        })
    }
}

/// An answer that takes so long is slow.
const SLOW: Span = Span::from_secs(2);

/// A number from 0 to 1 that depends on these alone.
fn hash(seed: u64, word: &str, step: i64) -> f64 {
    let mut state = seed ^ 0x9e37_79b9_7f4a_7c15;
    for byte in word.bytes().chain(step.to_le_bytes()) {
        state = (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        state ^= state >> 29;
    }
    (state >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::super::scenario;
    use super::*;
    use crate::domain::Observation;

    fn engine(name: &str) -> Engine {
        let mut engine = Engine::new(&scenario::builtin(name).expect("a scenario"), None);
        engine.start();
        engine
    }

    fn probes(engine: &Engine) -> Vec<Probe> {
        let probe = |object: &Object| match object {
            Object::Probe(probe) => Some(Probe::clone(probe)),
            _ => None,
        };
        engine.world().others(FeedId::Probes).filter_map(probe).collect()
    }

    /// Tenants whose probe says other than their objects do.
    fn liars(engine: &Engine) -> Vec<Text> {
        let standings = standings(engine);
        let lies = |probe: &Probe| {
            standings.get(&probe.uid).is_none_or(|(_, health)| probe.health() != *health)
                && !(probe.up
                    && standings.get(&probe.uid).is_some_and(|(_, h)| *h != Health::Failed))
        };
        probes(engine).into_iter().filter(lies).filter_map(|probe| probe.tenant).collect()
    }

    #[test]
    fn probes_follow_the_tenants() {
        let mut engine = engine("calm-night");
        let count = probes(&engine).len();
        assert!(count > 10, "{count} probes");
        for _ in 0..40 {
            engine.advance(Span::from_secs(15));
            // A beat is due at the end of each step.
            assert_eq!(liars(&engine), [""; 0].map(Text::from));
        }
        assert!(probes(&engine).iter().any(|probe| probe.up));
        assert!(probes(&engine).iter().any(|probe| !probe.up), "one is down in the night");
    }

    #[test]
    fn every_figure_has_an_hour_of_points() {
        let mut engine = engine("calm-night");
        engine.advance(Span::from_secs(120));
        let all: Vec<_> = engine.world().others(FeedId::Series).cloned().collect();
        assert_eq!(all.len(), figures().len());
        for object in all {
            let Object::Series(series) = object else { panic!("a series") };
            assert_eq!(series.points.len(), 60, "{}", series.what);
            assert!(series.points.is_sorted_by_key(|(at, _)| *at));
            assert!(series.points.iter().all(|(_, value)| *value >= 0), "{}", series.what);
        }
    }

    #[test]
    fn a_large_platform_is_probed_in_turns() {
        let mut engine = engine("fleet-10k");
        let told: Vec<Observation> = engine.advance(Span::from_secs(30));
        let probed = told.iter().filter(|told| told.feed == FeedId::Probes).count();
        assert!((2 * PROBED..4 * PROBED).contains(&probed), "{probed} probes in two beats");
    }
}
