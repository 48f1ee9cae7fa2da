//! What is wrong now, and everything about one tenant: from facts made by hand to what stands on the screen.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::too_many_lines,
    clippy::needless_pass_by_value,
    reason = "a test says what it expects"
)]

#[path = "overview/card.rs"]
mod card;
mod journey;
#[path = "overview/objects.rs"]
mod objects;
#[path = "overview/screen.rs"]
mod screen;

use std::collections::BTreeSet;
use std::time::Instant;

use objects::{
    ack, ago, alert, cluster, condition, database, database_server, insured, now, pool, probe,
    session, shelf, stream, stream_server, tenant, upgrade,
};
use proptest::prelude::*;
use pulse_console::domain::{
    Fact, FeedId, Gap, GapCause, Health, Missed, Object, Observation, Span, StreamId, Trouble,
    TroubleKind,
};
use pulse_console::store::findings::{ALIKE, MOST};
use pulse_console::store::table::{RowId, TableId};
use pulse_console::store::{Area, Finding, Store};
use serde_json::json;

/// What `feed` tells, now.
fn tell(store: &mut Store, feed: FeedId, fact: Fact) {
    store.apply(Observation { feed, at: now(), fact });
}

/// A store in which every feed told all there is, and that is `objects`.
fn knowing(objects: Vec<Object>) -> Store {
    let mut store = Store::default();
    for feed in FeedId::ALL {
        tell(&mut store, feed, Fact::RelistBegun);
        for object in objects.iter().filter(|object| object.feed() == feed) {
            tell(&mut store, feed, Fact::Upsert(object.clone()));
        }
        tell(&mut store, feed, Fact::RelistEnded);
    }
    store.tick(now());
    store
}

/// A tenant that has what it should have.
fn well(name: &str, tier: &str) -> Vec<Object> {
    vec![tenant(name, tier, json!({})), database(name, json!({})), shelf(name, 3)]
}

fn found(store: &Store, area: Area) -> Vec<&Finding> {
    store.findings().rows().iter().filter(|finding| finding.area == area).collect()
}

#[test]
fn nothing_is_wrong_with_what_is_well() {
    let mut objects = well("acme", "pro");
    objects.extend([
        database_server(json!({})),
        pool("acme", json!({})),
        session(1, "acme", json!({})),
        stream(json!({})),
        stream_server(json!({})),
        probe("acme", json!({})),
        cluster("pod", "worker", json!({})),
        cluster("certificate", "wildcard", json!({ "at": ago(0) + 86_400_000 * 60 })),
        alert("a", "acme", json!({ "state": "silenced" })),
        alert("b", "acme", json!({})),
        ack("b", None),
        alert("c", "acme", json!({ "severity": "info" })),
        upgrade("old", "acme", json!({ "conditions": [
            { "name": "Ready", "status": "True", "reason": "Done", "message": "", "since": ago(86_400 * 9) }] })),
    ]);
    let store = knowing(objects);
    assert_eq!(store.findings().rows(), [], "{:?}", store.findings().rows());
}

/// What is there beside a tenant that is well, and the finding that it makes.
type Wrong = (Vec<Object>, Area, Health, &'static str, &'static str);

fn wrongs() -> Vec<Wrong> {
    use Area::*;
    use Health::{Degraded, Failed, Progressing};
    let failed = json!({ "conditions": [condition("Ready", "False", "Failed")] });
    vec![
        (
            vec![alert("a", "acme", json!({}))],
            Alerts,
            Failed,
            "acme",
            "critical TenantOdooDown: Odoo does not answer",
        ),
        (
            vec![alert("a", "acme", json!({ "severity": "normal" })), ack("a", Some(ago(1)))],
            Alerts,
            Degraded,
            "acme",
            "(the acknowledgement of mira ran out)",
        ),
        (
            vec![database("acme", json!({ "frozen_age": 1_600_000_000 }))],
            Databases,
            Failed,
            "acme.planapulse.app",
            "1600 million transactions",
        ),
        (
            vec![database("lost", json!({}))],
            Databases,
            Degraded,
            "lost.planapulse.app",
            "a database of no tenant",
        ),
        (
            vec![tenant("rila", "pro", json!({})), shelf("rila", 3)],
            Databases,
            Failed,
            "rila",
            "the tenant has no database",
        ),
        (
            vec![database_server(json!({ "connections": 190 }))],
            Databases,
            Failed,
            "pg01",
            "190 of 197 connections are in use",
        ),
        (
            vec![database_server(json!({ "disk": [90, 100] }))],
            Databases,
            Degraded,
            "pg01",
            "its disk is 90 % full",
        ),
        (
            vec![database_server(
                json!({ "replicas": [{ "name": "pg02", "state": "catchup", "behind": 9 }] }),
            )],
            Databases,
            Degraded,
            "pg01",
            "the replica pg02 is catchup",
        ),
        (
            vec![
                session(7, "acme", json!({ "state": "in-transaction" })),
                session(8, "acme", json!({ "blocked_by": [7], "statement_at": ago(90) })),
                session(9, "acme", json!({ "blocked_by": [8, 7] })),
            ],
            Sessions,
            Failed,
            "acme",
            "pid 7 (odoo, in transaction) blocks 8, 9",
        ),
        (
            vec![session(8, "acme", json!({ "blocked_by": [99] }))],
            Sessions,
            Degraded,
            "acme",
            "pid 99 blocks 8",
        ),
        (
            vec![session(7, "acme", json!({ "state": "in-transaction", "transaction": ago(700) }))],
            Sessions,
            Degraded,
            "acme",
            "pid 7 (odoo, in transaction) keeps a transaction open",
        ),
        (
            vec![pool("acme", json!({ "clients_waiting": 4, "longest_wait": 9_000 }))],
            Pools,
            Failed,
            "acme",
            "4 clients wait",
        ),
        (
            vec![pool("acme", json!({ "paused": true }))],
            Pools,
            Degraded,
            "acme",
            "the pool is paused",
        ),
        (
            vec![probe("acme", json!({ "up": false, "status": 503 }))],
            Probes,
            Failed,
            "acme",
            "from outside: down, HTTP 503",
        ),
        (vec![shelf("acme", 30)], Backups, Degraded, "acme", "backup: late: 1d6h old"),
        (
            vec![tenant("rila", "pro", json!({})), database("rila", json!({}))],
            Backups,
            Failed,
            "rila",
            "no daily backup",
        ),
        (
            vec![insured("acme", 24 * 7 - 5)],
            Insurance,
            Progressing,
            "acme",
            "the insurance backup is kept no longer",
        ),
        (
            vec![stream(json!({ "lag": 2_000 }))],
            Streams,
            Degraded,
            "PLANA:events",
            "the group portal is 2000 entries behind",
        ),
        (
            vec![stream(json!({ "pending": 3, "oldest_pending": { "ms": ago(4_000), "seq": 0 } }))],
            Streams,
            Degraded,
            "PLANA:events",
            "3 handed out and not acknowledged",
        ),
        (
            vec![stream_server(json!({ "started": ago(60) }))],
            Streams,
            Failed,
            "valkey",
            "the server was started again: what it held is lost",
        ),
        (
            vec![stream_server(json!({ "memory": 95 }))],
            Streams,
            Degraded,
            "valkey",
            "its memory is 95 % full",
        ),
        (
            vec![upgrade("up", "acme", failed.clone())],
            Runs,
            Failed,
            "acme",
            "upgrade failed: Failed (up)",
        ),
        (
            vec![upgrade(
                "up",
                "acme",
                json!({ "conditions": [condition("Ready", "False", "Running")] }),
            )],
            Runs,
            Degraded,
            "acme",
            "upgrade still runs: Running (up)",
        ),
        (
            vec![upgrade(
                "up",
                "acme",
                json!({ "conditions": [
                { "name": "Ready", "status": "True", "reason": "Done", "message": "", "since": ago(3_600 * 47) }] }),
            )],
            Soaks,
            Progressing,
            "acme",
            "the soak ends (upgrade up)",
        ),
        (
            vec![cluster(
                "pod",
                "w-1",
                json!({ "health": "failed", "state": "CrashLoopBackOff", "restarts": 9 }),
            )],
            Pods,
            Failed,
            "w-1",
            "pod CrashLoopBackOff, 9 restarts",
        ),
        (
            vec![cluster(
                "deployment",
                "w",
                json!({ "health": "degraded", "state": "1 of 3 ready" }),
            )],
            Workloads,
            Degraded,
            "w",
            "deployment 1 of 3 ready",
        ),
        (
            vec![cluster(
                "route",
                "acme",
                json!({ "health": "failed", "state": "not resolved", "message": "no backend" }),
            )],
            Network,
            Failed,
            "acme",
            "route not resolved: no backend",
        ),
        (
            vec![cluster("certificate", "wildcard", json!({ "at": ago(0) + 86_400_000 * 9 }))],
            Network,
            Degraded,
            "wildcard",
            "certificate ends soon",
        ),
        (
            vec![cluster("certificate", "wildcard", json!({ "at": ago(9) }))],
            Network,
            Failed,
            "wildcard",
            "certificate",
        ),
        (
            vec![cluster("kustomization", "apps", json!({ "state": "suspended" }))],
            Flux,
            Degraded,
            "apps",
            "kustomization suspended",
        ),
        (
            vec![cluster("job", "dump", json!({ "health": "failed", "state": "failed" }))],
            Jobs,
            Failed,
            "dump",
            "job failed",
        ),
        (
            vec![cluster("node", "n1", json!({ "health": "failed", "state": "not ready" }))],
            Nodes,
            Failed,
            "n1",
            "node not ready",
        ),
    ]
}

#[test]
fn each_thing_that_is_wrong_is_a_row() {
    for (beside, area, health, subject, what) in wrongs() {
        let mut objects = well("acme", "pro");
        objects.retain(|own| {
            !beside.iter().any(|it| (it.feed(), it.uid()) == (own.feed(), own.uid()))
        });
        objects.extend(beside);
        let store = knowing(objects);
        let rows = found(&store, area);
        assert_eq!(rows.len(), 1, "{area:?} {what}: {:?}", store.findings().rows());
        let row = rows[0];
        assert_eq!((row.health, row.subject.as_str()), (health, subject), "{what}");
        assert!(row.what.as_str().contains(what), "{} instead of {what}", row.what);
        assert_eq!(store.findings().rows().len(), 1, "nothing else: {:?}", store.findings().rows());
    }
}

#[test]
fn a_tenant_that_is_not_ready_is_a_row_and_one_being_made_is_not_yet() {
    for (status, since, health) in [
        (("Ready", "False", "Unavailable"), 60, Some(Health::Degraded)),
        (("Synced", "False", "ReconcileError"), 60, Some(Health::Failed)),
        (("Ready", "False", "Creating"), 60, None),
        (("Ready", "False", "Creating"), 3_600, Some(Health::Degraded)),
    ] {
        let (name, word, reason) = status;
        let mut condition = condition(name, word, reason);
        condition["since"] = json!(ago(since));
        let mut objects = well("acme", "enterprise");
        objects[0] = tenant("acme", "enterprise", json!({ "conditions": [condition] }));
        let store = knowing(objects);
        let rows = found(&store, Area::Tenants);
        assert_eq!(rows.first().map(|row| row.health), health, "{status:?} since {since} s");
        if let Some(row) = rows.first() {
            assert_eq!(
                row.tier.as_ref().map(pulse_console::domain::Text::as_str),
                Some("enterprise")
            );
            assert!(row.what.as_str().contains(reason), "{}", row.what);
        }
    }
}

#[test]
fn a_reset_stream_and_what_the_server_lost_are_said_for_an_hour() {
    let mut store = knowing(vec![stream_server(json!({ "evicted": 5 }))]);
    let id = |ms| Some(StreamId { ms, seq: 0 });
    let gap =
        Gap { after: id(1), before: None, missed: Missed::Exactly(213), cause: GapCause::Reset };
    tell(&mut store, FeedId::Events, Fact::Gap(gap));
    store.tick(now());
    let rows = found(&store, Area::Streams);
    assert_eq!(
        rows.len(),
        1,
        "keys that went before the console looked are not its news: {rows:?}"
    );
    assert_eq!(rows[0].what, *"213 events are missing: the stream began anew");
    tell(&mut store, FeedId::StreamServer, Fact::Upsert(stream_server(json!({ "evicted": 9 }))));
    store.tick(now());
    assert!(
        found(&store, Area::Streams)
            .iter()
            .any(|row| row.what.as_str().starts_with("4 keys had to go"))
    );
    let again = stream_server(json!({ "run": "b", "started": null, "persistent": true }));
    tell(&mut store, FeedId::StreamServer, Fact::Upsert(again));
    store.tick(now());
    assert!(
        found(&store, Area::Streams).iter().any(|row| row.what == *"the server was started again")
    );
    store.tick(now().after(Span::from_secs(3_700)));
    assert_eq!(found(&store, Area::Streams).len(), 0);
}

#[test]
fn what_is_not_known_is_not_called_wrong() {
    let mut store = Store::default();
    tell(&mut store, FeedId::Clients, Fact::RelistBegun);
    tell(&mut store, FeedId::Clients, Fact::Upsert(tenant("acme", "pro", json!({}))));
    tell(&mut store, FeedId::Clients, Fact::RelistEnded);
    store.tick(now());
    assert_eq!(store.findings().rows(), [], "databases and backups are still asked for");
    let why = Trouble::new(TroubleKind::Denied, "listing databases: permission denied", "Ask.");
    tell(&mut store, FeedId::Databases, Fact::Unreachable(why));
    tell(
        &mut store,
        FeedId::Backups,
        Fact::Unreachable(Trouble::new(TroubleKind::NotConfigured, "no", "")),
    );
    store.tick(now());
    let rows = store.findings().rows();
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!((rows[0].area, rows[0].health), (Area::Feeds, Health::Degraded));
    assert_eq!(
        rows[0].what,
        *"databases may not be seen: listing databases: permission denied. Ask."
    );
}

#[test]
fn feeds_that_share_a_trouble_are_one_row_and_what_they_told_is_doubted() {
    let mut store = knowing(vec![
        tenant("acme", "pro", json!({})),
        shelf("acme", 40),
        database("acme", json!({})),
    ]);
    let why = || Trouble::new(TroubleKind::Unreachable, "asking s3: connection refused", "Look.");
    for feed in [FeedId::Backups, FeedId::Buckets] {
        tell(&mut store, feed, Fact::Unreachable(why()));
    }
    store.tick(now());
    let feeds = found(&store, Area::Feeds);
    assert_eq!(feeds.len(), 1, "{feeds:?}");
    assert_eq!((feeds[0].subject.as_str(), feeds[0].health), ("s3", Health::Failed));
    assert!(feeds[0].what.as_str().starts_with("backups, buckets can't be read: asking s3"));
    let backup = found(&store, Area::Backups)[0].what.clone();
    assert!(backup.as_str().ends_with("(as last seen: s3 can't be read)"), "{backup}");
    // Feeds that say nothing at all are said too.
    store.tick(now().after(Span::from_secs(9)));
    assert!(
        found(&store, Area::Feeds)
            .iter()
            .any(|row| row.what.as_str().starts_with("nothing is heard of"))
    );
}

#[test]
fn of_a_storm_the_worst_are_rows_and_the_rest_is_counted() {
    let mut objects: Vec<Object> = Vec::new();
    for n in 0..800 {
        let (name, severity) =
            [("TenantOdooDown", "critical"), ("TenantSlow", "normal"), ("Disk", "high")][n % 3];
        let tier = ["starter", "pro", "enterprise"][n / 3 % 3];
        let slug = format!("t{n}");
        objects.push(tenant(&slug, tier, json!({})));
        objects.push(database(&slug, json!({})));
        objects.push(shelf(&slug, 3));
        objects.push(alert(&format!("a{n}"), &slug, json!({ "name": name, "severity": severity })));
    }
    let store = knowing(objects);
    let rows = store.findings().rows();
    assert_eq!(rows.len(), 3 * (ALIKE + 1));
    assert_eq!(store.findings().counts(), (267, 533, 0));
    let order: Vec<&str> = rows
        .iter()
        .step_by(ALIKE + 1)
        .map(|row| row.what.as_str().split(' ').nth(1).unwrap_or(""))
        .collect();
    assert_eq!(order, ["TenantOdooDown:", "Disk:", "TenantSlow:"]);
    assert!(
        rows[..ALIKE].iter().all(|row| row.tier.as_ref().is_some_and(|tier| tier == "enterprise"))
    );
    assert_eq!(rows[ALIKE].what, *"and 255 more like these: TenantOdooDown");
    assert_eq!(rows[ALIKE].row, None);
}

#[test]
fn rows_keep_their_identity_and_change_only_when_they_do() {
    let mut store = knowing(vec![alert("a", "acme", json!({})), alert("b", "rila", json!({}))]);
    let (ids, revision) = (ids(&store), store.findings().revision());
    store.tick(now().after(Span::from_secs(1)));
    tell(
        &mut store,
        FeedId::Alerts,
        Fact::Upsert(alert("a", "acme", json!({ "updated": ago(1) }))),
    );
    store.tick(now().after(Span::from_secs(2)));
    assert_eq!((self::ids(&store), store.findings().revision()), (ids.clone(), revision));
    tell(&mut store, FeedId::Acks, Fact::Upsert(ack("a", None)));
    store.tick(now().after(Span::from_secs(3)));
    assert_eq!(self::ids(&store), ids[1..]);
    assert_ne!(store.findings().revision(), revision);
}

fn ids(store: &Store) -> Vec<RowId> {
    store.with_table(TableId::Overview, |table| {
        table.slots().filter_map(|slot| table.id(slot)).collect()
    })
}

/// Objects of every sort, as many as there are numbers below `count`.
fn fleet(count: usize) -> Vec<Object> {
    let mut objects = vec![stream(json!({})), stream_server(json!({})), database_server(json!({}))];
    for n in 0..count {
        let name = format!("tenant-{n}");
        objects.push(tenant(&name, "pro", json!({})));
        objects.push(database(&name, json!({})));
        objects.push(shelf(&name, if n % 97 == 0 { 30 } else { 3 }));
        objects.push(pool(&name, json!({})));
        objects.push(probe(&name, json!({})));
        objects.push(cluster("route", &name, json!({ "tenant": name })));
        let pid = u32::try_from(n).unwrap_or_default();
        objects.push(session(pid, &name, json!({})));
    }
    objects
}

/// Prints what a judgement costs: 2 000 tenants and 12 000 objects beside them. It is no benchmark and asserts no time.
#[test]
fn the_cost_of_a_judgement_is_printed() {
    let mut store = knowing(fleet(2_000));
    let best = (0..20_u64).map(|n| {
        let began = Instant::now();
        // After so long everything is judged again.
        store.tick(now().after(Span::from_secs(20 * (n + 1))));
        began.elapsed()
    });
    let best = best.min().unwrap_or_default();
    let began = Instant::now();
    store.tick(now().after(Span::from_secs(401)));
    println!("all areas judged again: {best:?}; nothing to judge: {:?}", began.elapsed());
    assert!(!store.findings().rows().is_empty());
}

#[test]
fn a_tenants_row_follows_what_it_shows_and_nothing_else() {
    let mut store = knowing(well("acme", "pro"));
    let revision = |store: &Store| store.with_table(TableId::Tenants, |table| table.revision());
    let before = revision(&store);
    let busy =
        json!({ "connections": { "active": 9, "idle": 2, "in_transaction": 0, "other": 0 } });
    for object in [database("acme", busy), session(4, "acme", json!({})), pool("acme", json!({}))] {
        tell(&mut store, object.feed(), Fact::Upsert(object));
    }
    assert_eq!(revision(&store), before, "what is polled does not move the row");
    for object in [
        database("acme", json!({ "size": { "bytes": 5, "at": ago(1) } })),
        alert("a", "acme", json!({})),
        probe("acme", json!({ "up": false })),
        cluster("route", "acme", json!({ "tenant": "acme", "health": "failed" })),
    ] {
        let before = revision(&store);
        tell(&mut store, object.feed(), Fact::Upsert(object));
        assert!(revision(&store) > before);
    }
}

/// What a feed is like, by a number.
fn standing(number: u8) -> Vec<Fact> {
    let trouble = |kind| Fact::Unreachable(Trouble::new(kind, "asking: refused", "Look."));
    match number {
        0 => vec![],
        1 => vec![Fact::RelistBegun],
        2 => vec![trouble(TroubleKind::NotConfigured)],
        3 => vec![trouble(TroubleKind::Denied)],
        4 => vec![Fact::RelistBegun, Fact::RelistEnded, trouble(TroubleKind::Unreachable)],
        _ => vec![Fact::RelistBegun, Fact::RelistEnded],
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn findings_are_sound_on_any_subset_of_feeds(
        feeds in prop::collection::vec(0..6_u8, FeedId::ALL.len()),
        kept in prop::collection::vec(any::<bool>(), 60),
        later in 0..200_000_u64,
        earlier: bool,
    ) {
        let mut objects: Vec<Object> = wrongs().into_iter().flat_map(|wrong| wrong.0).collect();
        objects.extend(well("acme", "pro"));
        let mut store = Store::default();
        for (feed, number) in FeedId::ALL.into_iter().zip(&feeds) {
            let mut facts = standing(*number).into_iter();
            if let Some(fact) = facts.next() {
                tell(&mut store, feed, fact);
            }
            for (object, _) in objects.iter().zip(&kept).filter(|(it, kept)| **kept && it.feed() == feed) {
                tell(&mut store, feed, Fact::Upsert(object.clone()));
            }
            for fact in facts {
                tell(&mut store, feed, fact);
            }
        }
        let later = Span::from_secs(later);
        for at in [now(), if earlier { now().before(later) } else { now().after(later) }] {
            store.tick(at);
            let rows = store.findings().rows().len();
            prop_assert!(rows <= MOST);
            let ids = ids(&store);
            prop_assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), rows, "{:?}", ids);
            store.with_table(TableId::Overview, |table| {
                for (slot, id) in (0..).zip(&ids) {
                    assert_eq!(table.find(id), Some(slot));
                }
            });
        }
    }
}
