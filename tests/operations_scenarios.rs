//! The scenarios that set the stage for an operation: each goes as its title says.

#![expect(clippy::expect_used, reason = "a test says what it expects")]

mod operated;

use std::time::Duration;

use operated::{Stage, paced, silent};
use pulse_console::domain::operation::{Command, Operation, Phase, Plan, Query, Seen, Verb};
use pulse_console::domain::{FeedId, Health, Object, Text};
use pulse_console::operation::Way;
use pulse_console::sim::scenario;

fn stage(name: &str) -> Stage {
    Stage::on(&scenario::builtin(name).expect("a scenario"))
}

async fn pass(secs: u64) {
    tokio::time::sleep(Duration::from_secs(secs)).await;
}

fn refusals(plan: &Plan) -> Vec<String> {
    plan.refusals().map(|check| check.what.to_string()).collect()
}

async fn is_well(stage: &Stage, tenant: &str) -> bool {
    let host = Text::from(format!("{tenant}.planapulse.app"));
    matches!(stage.look(Query::Health { host }).await, Seen::Health { well: true, .. })
}

fn health(stage: &Stage, tenant: &str) -> Health {
    stage.sim.with(|engine| {
        let world = engine.world();
        let all = world.client(tenant).into_iter().chain(world.environments(tenant));
        all.map(|object| object.health()).min().expect("a tenant")
    })
}

async fn restore(stage: &Stage, tenant: &str, backup: &str) -> Operation {
    let given = [("tenant", tenant), ("backup", backup), ("filestore", "yes")];
    let plan = stage.plan_with(Verb::RestoreSwap, &given).await.expect("a plan");
    assert_eq!(refusals(&plan), Vec::<String>::new());
    stage.run(&stage.first(), plan).await.expect("it runs")
}

#[test]
fn a_bad_upgrade_is_put_back_and_the_other_state_again() {
    paced(async {
        let stage = stage("bad-upgrade");
        pass(30).await;
        assert!(!is_well(&stage, "sinya-varba").await);
        assert_eq!(health(&stage, "sinya-varba"), Health::Degraded);
        let done = restore(&stage, "sinya-varba", "latest").await;
        assert_eq!(done.standing.phase, Phase::Done, "{:?}", done.records);
        assert!(is_well(&stage, "sinya-varba").await);
        assert_eq!(health(&stage, "sinya-varba"), Health::Healthy);
        let way = Way::TurnBack(Text::from("it was not that"));
        let back = stage.second().resume(&done.plan.id, &way, &silent()).await.expect("back");
        assert_eq!(back.standing.phase, Phase::Undone, "{:?}", back.records);
        pass(10).await;
        assert!(!is_well(&stage, "sinya-varba").await);
        assert_eq!(health(&stage, "sinya-varba"), Health::Degraded);
    });
}

#[test]
fn an_upgrade_that_fails_stops_and_says_why() {
    paced(async {
        let stage = stage("bad-upgrade");
        pass(5).await;
        let given = [("tenant", "gorska-pchela"), ("modules", "all"), ("restart", "now")];
        let plan = stage.plan_with(Verb::UpgradeSame, &given).await.expect("a plan");
        assert_eq!(refusals(&plan), Vec::<String>::new());
        assert!(is_well(&stage, "gorska-pchela").await);
        let stopped = stage.run(&stage.first(), plan).await.expect("it stops");
        let Phase::Stopped { why } = &stopped.standing.phase else {
            unreachable!("{:?}", stopped.records)
        };
        assert!(why.as_str().contains("BackoffLimitExceeded"), "{why}");
        assert!(!is_well(&stage, "gorska-pchela").await);
        assert!(stage.sim.is_free());
        // The insurance that was taken puts it back.
        let listing = Query::Backups { prefix: Text::from("gorska-pchela/insurance/") };
        let Seen::Backups(insurance) = stage.look(listing).await else { unreachable!() };
        let newest = insurance.last().expect("an insurance backup").key.clone();
        let why = Text::from("it is put back");
        let over = stage.first().resume(&stopped.plan.id, &Way::GiveUp(why), &silent()).await;
        assert!(over.expect("it is given up").standing.is_over());
        let done = restore(&stage, "gorska-pchela", newest.as_str()).await;
        assert_eq!(done.standing.phase, Phase::Done, "{:?}", done.records);
        assert!(is_well(&stage, "gorska-pchela").await);
    });
}

#[test]
fn under_pressure_nothing_is_done_twice_and_no_page_is_restored() {
    paced(async {
        let stage = stage("restore-under-pressure");
        pass(30).await;
        let given = [("tenant", "lunen-far"), ("backup", "latest"), ("filestore", "yes")];
        let plan = stage.plan_with(Verb::RestoreSwap, &given).await.expect("a plan");
        let refused = refusals(&plan);
        assert!(refused.iter().any(|why| why.contains("neither packed nor a dump")), "{refused:?}");
        let done = restore(&stage, "meden-dab", "latest").await;
        assert_eq!(done.standing.phase, Phase::Done, "{:?}", done.records);
        let renamed = stage
            .sim
            .deeds()
            .into_iter()
            .filter(|deed| matches!(deed.command, Command::RenameDatabase { .. }));
        assert_eq!(renamed.count(), 2);
        assert!(is_well(&stage, "meden-dab").await);
        assert!(stage.is_free().await);
    });
}

#[test]
fn a_full_disk_refuses_until_somebody_makes_room() {
    paced(async {
        let stage = stage("pg01-disk-full");
        pass(30).await;
        let given = [("tenant", "siv-chuk"), ("backup", "latest"), ("filestore", "yes")];
        let plan = stage.plan_with(Verb::RestoreSwap, &given).await.expect("a plan");
        let refused = refusals(&plan);
        assert!(refused.iter().any(|why| why.contains("make room first")), "{refused:?}");
        let kept: Vec<String> = stage.sim.with(|engine| {
            let all = engine.world().others(FeedId::Databases).filter_map(|object| match object {
                Object::Database(it) if it.name.as_str().contains("-kept-2026") => {
                    Some(it.name.to_string())
                }
                _ => None,
            });
            all.filter(|name| name != operated::KEPT).collect()
        });
        assert_eq!(kept.len(), 2);
        for name in kept {
            let plan = stage.plan_with(Verb::DropKept, &[("database", &name)]).await;
            let done = stage.run(&stage.first(), plan.expect("a plan")).await.expect("it runs");
            assert_eq!(done.standing.phase, Phase::Done, "{:?}", done.records);
        }
        let done = restore(&stage, "siv-chuk", "latest").await;
        assert_eq!(done.standing.phase, Phase::Done, "{:?}", done.records);
    });
}

#[test]
fn a_restart_of_valkey_empties_it_and_what_follows_can_be_silenced() {
    paced(async {
        let stage = stage("redis-restart");
        let length = || {
            stage.sim.with(|engine| {
                let mut all = engine.world().others(FeedId::Streams);
                all.find_map(|object| match object {
                    Object::StreamInfo(stream) if stream.uid.0 == "PLANA:events" => {
                        Some(stream.length)
                    }
                    _ => None,
                })
            })
        };
        pass(15).await;
        assert!(length().expect("the stream") > 800);
        pass(45).await;
        assert!(length().expect("the stream") < 200);
        pass(60).await;
        let given =
            [("matchers", "alertname=TenantSlow"), ("for", "2h"), ("reason", "Valkey restarted")];
        let plan = stage.plan_with(Verb::Silence, &given).await.expect("a plan");
        assert!(plan.damage.as_str().contains("38 firing alerts"), "{}", plan.damage);
        let done = stage.run(&stage.first(), plan).await.expect("it runs");
        assert_eq!(done.standing.phase, Phase::Done);
        let firing = stage.sim.with(|engine| {
            let all = engine.world().others(FeedId::Alerts);
            all.filter(|object| matches!(object, Object::Alert(it) if it.name == "TenantSlow" && it.silenced_by.is_empty())).count()
        });
        assert_eq!(firing, 0);
    });
}
