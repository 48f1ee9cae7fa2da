//! The overview as an operator sees it.

use pulse_console::domain::{FeedId, Health, Status, TroubleKind};
use pulse_console::store::table::TableId;
use serde_json::json;

use super::journey::Journey;
use super::objects::{alert, database, series, session, shelf, tenant};
use pulse_console::domain::{Fact, Object, Observation};

/// Tells `objects` to the console, then lets it look at the clock.
pub(crate) fn told(journey: &mut Journey, objects: &[Object]) {
    let at = journey.engine.now();
    let fact = |object: &Object| Observation {
        feed: object.feed(),
        at,
        fact: Fact::Upsert(object.clone()),
    };
    journey.tell(objects.iter().map(fact).collect());
    journey.silence(1);
}

/// A world in which nothing exists at all, not even the training world's own servers.
pub(crate) fn nothing() -> Journey {
    let mut journey = Journey::on_nothing();
    let at = journey.engine.now();
    let told =
        |feed| [Fact::RelistBegun, Fact::RelistEnded].map(|fact| Observation { feed, at, fact });
    journey.tell(FeedId::ALL.into_iter().flat_map(told).collect());
    journey.silence(1);
    journey
}

/// The overview of that world.
fn overview() -> Journey {
    let mut journey = nothing();
    journey.keys("1");
    journey
}

#[test]
fn when_nothing_is_wrong_it_says_so_and_what_is_not_seen() {
    let mut journey = overview();
    journey.sees("Nothing is wrong as far as the feeds can see.").lacks("Not seen");
    journey.cut(FeedId::Backups, TroubleKind::NotConfigured).silence(1);
    journey.sees("Nothing is wrong as far as the feeds can see.").sees("not set: s3");
}

#[test]
fn what_goes_wrong_appears_without_a_key() {
    let mut journey = overview();
    let late = [tenant("acme", "pro", json!({})), database("acme", json!({})), shelf("acme", 40)];
    told(&mut journey, &late);
    journey.sees("backup: late: ");
    told(&mut journey, &[alert("a", "acme", json!({}))]);
    journey.sees("critical TenantOdooDown: Odoo does not answer");
    told(
        &mut journey,
        &[
            session(7, "acme", json!({ "state": "in-transaction" })),
            session(8, "acme", json!({ "blocked_by": [7] })),
        ],
    );
    journey.sees("pid 7 (odoo, in transaction) blocks 8").lacks("Nothing is wrong");
    journey.cut(FeedId::Pools, TroubleKind::Unreachable).silence(1).sees("pools can't be read");
    journey.sees("pgbouncer");
}

#[test]
fn the_cursor_stays_on_its_finding() {
    let mut journey = overview();
    told(&mut journey, &[alert("b", "rila", json!({ "severity": "normal" }))]);
    journey.on_row("rila");
    journey.keys("j");
    told(&mut journey, &[alert("a", "acme", json!({})), alert("c", "zeta", json!({}))]);
    journey.on_row("rila");
    assert_eq!(journey.names(), ["acme", "zeta", "rila"], "the worst stand first");
    journey.keys("s s s s s s s").on_row("rila").keys("s");
    assert_eq!(journey.names(), ["acme", "zeta", "rila"], "after the last column its own order");
}

#[test]
fn a_finding_leads_to_what_it_speaks_of() {
    let mut journey = overview();
    told(&mut journey, &[alert("a", "acme", json!({})), tenant("acme", "pro", json!({}))]);
    journey.on_row("acme").keys("enter").sees("✗ critical TenantOdooDown").sees("from the alerts");
    journey.keys("o");
    assert_eq!(journey.pane(), TableId::Alerts);
    assert_eq!(journey.app.pane().cursor.position, 0);
    journey.keys("2 o").sees("in its own pane already");
    // A row of a feed leads to the page of feeds, a filter that hides the row is taken off.
    let mut journey = overview();
    journey.cut(FeedId::Pools, TroubleKind::Unreachable).silence(1).keys("o").sees("╭ feeds ");
    journey.keys("esc 2 /").types("zzz").keys("enter 1");
    journey.tenant("acme", Status::False).silence(1);
    for _ in 0..9 {
        journey.keys("j");
        if journey.cursor_name().as_deref() == Some("acme") {
            break;
        }
    }
    journey.keys("o");
}

#[test]
fn figures_come_from_prometheus_else_from_the_console_itself() {
    let mut journey = overview();
    journey.sees("firing").sees("connections").sees("streams behind");
    for _ in 0..3 {
        journey.silence(11);
    }
    assert!(journey.app.store.history().len() >= 3);
    told(&mut journey, &[series("requests", &[1_000, 5_500])]);
    journey.sees("requests").sees("▂█ 5.5");
}

#[test]
fn it_reads_well_on_a_small_screen() {
    let mut journey = overview();
    journey.size(80, 24);
    told(&mut journey, &[alert("a", "acme", json!({})), tenant("acme", "enterprise", json!({}))]);
    let line = journey.line("critical");
    assert!(
        line.contains("✗ failed") && line.contains("acme") && line.contains("TenantOdooDown"),
        "{line}"
    );
    journey.sees(&format!("{} 3 failed", Health::Failed.sign()));
}
