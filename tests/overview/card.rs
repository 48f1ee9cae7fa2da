//! The tenant card as an operator sees it.

use pulse_console::domain::{Fact, FeedId, Observation, System, Trouble, TroubleKind};
use pulse_console::store::table::TableId;
use serde_json::json;

use super::journey::Journey;
use super::objects::{
    ack, ago, alert, cluster, database, execution, pool, probe, session, shelf, tenant, upgrade,
};
use super::screen::{nothing, told};

/// A tenant of which every server knows something, its card open.
fn card() -> Journey {
    let mut journey = nothing();
    let composed = json!([{ "kind": "Database", "name": "acme-db", "api_version": "sql/v1", "namespace": null }]);
    told(
        &mut journey,
        &[
            tenant("acme", "enterprise", json!({ "composed": composed })),
            database("acme", json!({})),
            session(7, "acme", json!({ "state": "in-transaction", "transaction": ago(30) })),
            session(8, "acme", json!({ "blocked_by": [7] })),
            pool("acme", json!({ "clients_waiting": 2 })),
            shelf("acme", 40),
            alert("a", "acme", json!({})),
            alert("b", "acme", json!({ "name": "TenantSlow", "severity": "normal" })),
            ack("b", None),
            probe("acme", json!({ "up": false, "status": 503 })),
            upgrade("up-18", "acme", json!({})),
            cluster("route", "acme-route", json!({ "tenant": "acme", "state": "accepted" })),
            cluster(
                "certificate",
                "wildcard-planapulse",
                json!({ "at": ago(0) + 86_400_000 * 60 }),
            ),
            cluster("cronjob", "acme-backup", json!({ "tenant": "acme", "at": ago(9_000) })),
            execution("acme"),
        ],
    );
    journey.keys("enter").sees("╭ acme ");
    journey
}

/// Every line of the card, in one column.
fn whole(journey: &mut Journey) -> String {
    journey.size(140, 120).screen()
}

/// What each system tells, as it stands on the card.
const TOLD: [(System, &[&str]); 6] = [
    (
        System::Kubernetes,
        &[
            "● Ready=True Available",
            "up-18",
            "acme-route",
            "wildcard-planapulse",
            "acme-backup",
            "Database acme-db",
        ],
    ),
    (System::Postgres, &["acme.planapulse.app  2.0GiB", "pid 8 waits for pid 7"]),
    (System::Pgbouncer, &["2 waiting"]),
    (System::Valkey, &["finance register_payment would_execute (shadow"]),
    (System::Objects, &["1.0GiB, 3.0GiB"]),
    (System::Alertmanager, &["critical TenantOdooDown", "mira looks after it"]),
];

#[test]
fn it_joins_everything_about_a_tenant() {
    let mut journey = card();
    let screen = whole(&mut journey);
    for text in TOLD.iter().flat_map(|(_, texts)| *texts) {
        assert!(screen.contains(text), "{text:?} is not on the card:\n{screen}");
    }
    assert!(screen.contains("is down  HTTP 503"), "{screen}");
    assert!(screen.contains("alert TenantOdooDown began (critical)"), "{screen}");
}

#[test]
fn it_is_complete_with_any_one_server_down() {
    for (down, _) in TOLD {
        let mut journey = card();
        for feed in FeedId::ALL.into_iter().filter(|feed| feed.system() == down) {
            journey.cut(feed, TroubleKind::Unreachable);
        }
        journey.silence(1);
        let screen = whole(&mut journey);
        for text in TOLD.iter().flat_map(|(_, texts)| *texts) {
            assert!(screen.contains(text), "{down} down: {text:?} is gone:\n{screen}");
        }
        assert!(
            screen.contains("can't be read: asking the server: connection refused"),
            "{down}:\n{screen}"
        );
    }
}

#[test]
fn what_was_never_read_says_why_in_one_line() {
    let mut journey = Journey::before("calm-night");
    let at = journey.engine.now();
    let trouble = |feed, kind| {
        let why = Trouble::new(kind, "asking the server: refused", "Look whether it runs.");
        Observation { feed, at, fact: Fact::Unreachable(why) }
    };
    journey.tell(vec![
        trouble(FeedId::Backups, TroubleKind::Denied),
        trouble(FeedId::Probes, TroubleKind::NotConfigured),
    ]);
    told(&mut journey, &[tenant("acme", "pro", json!({}))]);
    journey.keys("enter");
    let line = journey.line("│ backups");
    assert!(line.contains("can't be read: asking the server"), "{line}");
    let line = journey.line("from outside");
    assert!(line.contains("not set"), "{line}");
    let line = journey.line("│ alerts");
    assert!(line.contains("asking…"), "{line}");
}

#[test]
fn what_is_wrong_stands_first_on_a_small_screen() {
    let mut journey = card();
    let screen = journey.size(80, 24).screen();
    for text in
        ["✗ critical TenantOdooDown", "backup: late: ", "pid 7 (odoo, in transaction) blocks 8"]
    {
        assert!(screen.contains(text), "{text:?} is not on the first page:\n{screen}");
    }
    journey
        .keys("G")
        .sees("composed of")
        .keys("g g")
        .sees("what's wrong")
        .keys("esc")
        .lacks("╭ acme ");
}

#[test]
fn a_wide_screen_has_two_columns() {
    let mut journey = card();
    journey.size(180, 50);
    let line = journey.line("what changed");
    assert!(line.contains("tenant  "), "the story stands beside the state: {line}");
}

#[test]
fn it_opens_from_any_row_that_speaks_of_a_tenant() {
    let mut journey = card();
    journey.keys("esc 1 i").sees("╭ acme ").keys("esc 8 t").sees("╭ acme ").keys("esc");
    assert_eq!(journey.pane(), TableId::Alerts);
    journey.keys("2 :").types("acme").keys("enter").sees("╭ acme ");
    // It stays when its tenant goes, and says so.
    let mut journey = nothing();
    journey.tenant("rila", pulse_console::domain::Status::True).keys("enter").take("rila");
    journey.sees("no PLANAClient has this name");
}
