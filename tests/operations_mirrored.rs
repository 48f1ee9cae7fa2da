//! Operations that this machine saw before, on the screen: until the cluster is heard of, and while it is away.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

mod journey;
mod operated;

use std::sync::Arc;

use journey::Journey;
use operated::{Stage, paced};
use pulse_console::domain::operation::{Operation, Verb};
use pulse_console::domain::{Fact, FeedId, Observation, Role, Span, Trouble, TroubleKind};
use pulse_console::platform::Platform as _;
use pulse_console::runtime::mirror::{Mirror, Reflector};
use pulse_console::session::Presence;

/// An operation that is done, and one that waits for a second person.
fn two() -> Vec<Arc<Operation>> {
    paced(async {
        let stage = Stage::new();
        stage.prepare(Verb::Tier).await;
        let mut plan = stage.plan(Verb::Tier).await.expect("a plan");
        stage.run(&stage.first(), plan.clone()).await.expect("it runs");
        plan = stage.plan(Verb::Backup).await.expect("a plan");
        plan.asks = pulse_console::domain::operation::Asks::SecondPerson;
        stage.run(&stage.first(), plan).await.expect("it waits");
        let journal = stage.sim.journal().expect("a journal");
        journal.list().await.expect("a listing").operations.into_iter().map(Arc::new).collect()
    })
}

#[test]
fn what_was_seen_before_is_shown_with_its_age_until_the_cluster_says_more() {
    let home = tempfile::tempdir().expect("a folder");
    let mirror = Mirror::of(home.path(), "night");
    let mut journey = Journey::before("calm-night");
    let seen = two();
    let ago = journey.engine.now().before(Span::from_secs(3 * 60 * 60));
    Reflector::new(mirror.clone()).reflect(&seen, ago).expect("written");

    // At the start, before anybody has answered.
    journey.app.equip(true, "ivan".into());
    journey.app.presence = Presence::unguarded(Role::Senior);
    journey.tell(mirror.read().expect("it can be read").observations()).size(160, 40);
    journey.keys("9").sees("Change the tier of acme").sees("operations: 3h00m old");
    journey.sees("this is what this machine saw last");
    assert_eq!(journey.cursor_name().as_deref(), Some("k1backup"), "it needs a person");
    journey.keys("enter").sees("a customer asked").sees("Take a backup of acme now");
    journey.keys("esc");

    // The cluster is away.
    let away = Trouble::new(TroubleKind::Unreachable, "connection refused", "");
    let tell = |journey: &mut Journey, fact| {
        let at = journey.engine.now();
        journey.tell(vec![Observation { feed: FeedId::Operations, at, fact }]);
    };
    tell(&mut journey, Fact::Unreachable(away));
    journey
        .sees("operations: 3h00m old")
        .sees("connection refused")
        .sees("Change the tier of acme");

    // It is back: what it says counts, and only that.
    tell(&mut journey, Fact::RelistBegun);
    let waits = seen.iter().find(|one| one.plan.verb == Verb::Backup).expect("it is there");
    tell(&mut journey, Fact::Upsert((**waits).clone().into()));
    journey.sees("operations: 3h00m old");
    tell(&mut journey, Fact::RelistEnded);
    journey.lacks("3h00m old").lacks("Change the tier of acme").sees("Take a backup of acme now");
}

/// Tells `facts` of operations; how many wait for an approval then, and how often one was asked for.
fn tell(journey: &mut Journey, facts: &[Fact]) -> (usize, usize) {
    for fact in facts {
        let (at, fact) = (journey.engine.now(), fact.clone());
        journey.tell(vec![Observation { feed: FeedId::Operations, at, fact }]);
    }
    let asks = |text: &str| text.contains("asks for your approval");
    let said = journey.app.notices.all().iter().filter(|notice| asks(notice.text.as_str()));
    (journey.app.approvals(), said.count())
}

#[test]
fn an_approval_is_asked_for_by_what_the_cluster_says() {
    let home = tempfile::tempdir().expect("a folder");
    let mirror = Mirror::of(home.path(), "night");
    let seen = two();
    let waits = seen.iter().find(|one| one.plan.verb == Verb::Backup).expect("it is there");
    let listing = [Fact::RelistBegun, Fact::Upsert((**waits).clone().into()), Fact::RelistEnded];
    for (is_mirrored, still_waits) in [(true, true), (true, false), (false, true)] {
        let mut journey = Journey::before("calm-night");
        journey.app.equip(true, "ivan".into());
        journey.app.presence = Presence::unguarded(Role::Senior);
        if is_mirrored {
            let ago = journey.engine.now().before(Span::from_secs(3 * 60 * 60));
            Reflector::new(mirror.clone()).reflect(&seen, ago).expect("written");
            journey.tell(mirror.read().expect("it can be read").observations());
            assert_eq!(journey.app.store.objects().operations.len(), 2);
            assert_eq!(tell(&mut journey, &[]), (0, 0), "it may be decided since");
        }
        if !still_waits {
            let nothing = [Fact::RelistBegun, Fact::RelistEnded, Fact::Alive];
            assert_eq!(tell(&mut journey, &nothing), (0, 0));
            continue;
        }
        // Whoever is asked is told once, at the end of the listing, however often it is listed.
        assert_eq!(tell(&mut journey, &listing[..2]), (0, 0));
        assert_eq!(tell(&mut journey, &listing[2..]), (1, 1));
        assert_eq!(tell(&mut journey, &listing), (1, 1));
        // While the cluster is away nobody knows whether it still waits.
        let away = Trouble::new(TroubleKind::Unreachable, "connection refused", "");
        assert_eq!(tell(&mut journey, &[Fact::Unreachable(away)]), (0, 1));
        assert_eq!(tell(&mut journey, &listing), (1, 1));
    }
}
