//! The pane of alerts over the training world: what an operator sees and does in a calm night and in a storm.

#![allow(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

mod journey;

use std::time::Duration;

use journey::Journey;
use pulse_console::app::{Effect, Msg};
use pulse_console::domain::{
    Alert, AlertStanding, AlertState, Fact, FeedId, Observation, Silence, SilenceState, Span,
    TroubleKind,
};
use pulse_console::store::table::TableId;

fn calm() -> Journey {
    let mut journey = Journey::on("calm-night");
    journey.keys("8").size(160, 60);
    assert_eq!(journey.pane(), TableId::Alerts);
    journey
}

/// The storm, a minute after it began.
fn storm() -> Journey {
    let mut journey = Journey::on("alert-storm");
    journey.keys("8").size(160, 48).advance(60);
    journey
}

#[test]
fn a_calm_night_says_who_looks_after_what() {
    let mut journey = calm();
    journey
        .sees("TenantOdooDown")
        .sees("i.kolev@pl")
        .sees("· 1 acked · 2 inhibited · 1 silenced")
        .keys("j")
        .on_row("TenantOdooDown sinya-varba");
    // What colleagues know stands beside it: owner, promise, tenant, runbook with its names filled in.
    journey.keys("enter");
    for text in [
        "i.kolev@plana.solutions",
        "the route is being looked at",
        "an answer within 4 h of business (pro)",
        "The tenant",
        "sinya-varba ▲ degraded",
        "A tenant's Odoo does not answer",
        "kubectl -n plana-odoo-18 get pods -l app=worker-odoo",
    ] {
        journey.sees(text);
    }
    journey.keys("o");
    let copied = journey.effects();
    let link = "https://docs.planapulse.com/platform/operations/alert-response#tenantodoodown";
    assert!(copied.contains(&Effect::Copy(link.to_owned())), "{copied:?}");
    journey.sees("open it in a browser");
}

#[test]
fn the_end_of_a_silence_is_told_with_what_it_hid() {
    let mut journey = calm();
    let held = journey.app.store.objects().silences.iter().next().expect("a silence").1;
    let before = Silence::clone(&held.object);
    let at = journey.engine.now();
    let ended = Silence { state: SilenceState::Expired, ends: at, ..before.clone() };
    let fact = Fact::Upsert(ended.into());
    let told = Observation { feed: FeedId::Silences, at, fact };
    journey.tell(vec![told.clone()]);
    let receipt = format!("{}’s silence ({}) has ended before its time", before.by, before.words);
    journey.keys("N").sees(&receipt[..60]).sees("people are told again");
    // Told again, as each listing does, it is nothing new.
    let count = |journey: &mut Journey| journey.screen().matches("has ended").count();
    let once = count(&mut journey);
    journey.tell(vec![told]);
    assert_eq!((once, count(&mut journey)), (1, 1), "{}", journey.screen());
}

#[test]
fn the_end_of_a_silence_is_told_the_same_when_the_alerts_answer_first() {
    // What began while it held is what it hid; what began after its end is not.
    for (later, said) in [(0, "people are told again"), (1, "it hid nothing that fires now")] {
        let mut journey = calm();
        let at = journey.engine.now();
        let objects = journey.app.store.objects();
        let silence = Silence::clone(&objects.silences.iter().next().expect("a silence").1.object);
        let hides = |alert: &Alert| alert.silenced_by.contains(&silence.uid);
        let hidden = objects.alerts.iter().find(|(_, held)| hides(&held.object));
        let mut fires = Alert::clone(&hidden.expect("an alert that it hides").1.object);
        (fires.state, fires.silenced_by) = (AlertState::Firing, Box::default());
        if later > 0 {
            fires.since = at.after(Span::from_secs(later));
        }
        let ended = Silence { state: SilenceState::Expired, ends: at, ..silence };
        let told = |feed, fact| Observation { feed, at, fact };
        journey.tell(vec![told(FeedId::Alerts, Fact::Upsert(fires.into()))]);
        journey.tell(vec![told(FeedId::Silences, Fact::Upsert(ended.into()))]);
        let receipt = journey.app.notices.all().newest().expect("a receipt").text.to_string();
        assert!(receipt.contains("has ended") && receipt.contains(said), "{receipt}");
    }
}

#[test]
fn a_silence_says_what_it_hides() {
    let mut journey = calm();
    journey.keys("v");
    assert_eq!(journey.pane(), TableId::Silences);
    journey.sees("tenant is proba-19").sees("m.petrova@plana").keys("enter");
    journey.sees("It hides now: 1 alert").sees("TenantNotReconciled proba-19");
}

#[test]
fn the_clock_of_a_promise_is_said_in_words() {
    // 03:10 on a Saturday in Sofia: what is promised around the clock runs, business hours do not.
    let mut journey = storm();
    journey.size(160, 60).keys("/").types("alert:HighPod").keys("enter enter");
    journey.sees("an answer within 4 h of business (enterprise)");
    journey.sees("4h00m left · paused: outside business hours");
    journey.keys("esc").keys("/").types("OdooDown tier:enterprise state:firing").keys("enter g g");
    journey.sees("an answer within 1 h, 24/7 (enterprise)").lacks("paused");
}

#[test]
fn a_storm_is_a_few_rows_that_open() {
    let mut journey = storm();
    let all = journey.app.store.objects().alerts.len();
    assert!(all >= 800, "{all}");
    let folded = journey.names();
    assert!(folded.len() < 20, "{folded:?}");
    journey.sees("one cause are one row; e opens one").sees("alerts").sees("all in plana-odoo-18");
    journey.keys("g g").on_row("TenantOdooDown in plana-odoo-18 · firing · critical");
    journey.keys("e");
    let open = journey.names();
    let group = open.len() - folded.len();
    assert!(group > 400, "{group}");
    assert!(open[1..=group].iter().all(|name| name.starts_with("TenantOdooDown ")));
    // From one of its alerts the group folds again, and the cursor goes to it.
    journey.keys("j j j e").on_row("TenantOdooDown in plana-odoo-18 · firing · critical");
    assert_eq!(journey.names(), folded);
    // A filter looks into each alert.
    journey.keys("/").types("TenantOdooDown tier:enterprise state:firing").keys("enter");
    let found = journey.names();
    assert!(found.len() > 10 && found.iter().all(|name| !name.contains('·')), "{found:?}");
    journey.keys("e").sees("While there is a filter every alert is a row of its own.");
    // The row under the cursor stays in sight, until the cursor leaves it.
    journey.keys("esc");
    assert_eq!(journey.names().len(), folded.len() + 1);
    journey.keys("g g");
    assert_eq!(journey.names(), folded);
}

#[test]
fn the_cursor_stays_on_its_alert_when_the_storm_breaks() {
    let mut journey = Journey::on("alert-storm");
    journey.keys("8").size(160, 48).advance(22);
    journey.keys("/").types("TenantOdooDown state:firing").keys("enter esc");
    let name = journey.cursor_name().expect("an alert");
    let before = journey.names().len();
    journey.advance(40);
    assert!(journey.app.store.causes().is_grouped());
    journey.on_row(&name);
    assert!(journey.names().len() < 20, "{before}: {:?}", journey.names());
    // When the cursor leaves it, it is folded away.
    let with = journey.names().len();
    journey.keys("g g");
    assert_eq!(journey.names().len(), with - 1);
    // It is over after a quarter of an hour.
    journey.advance(900);
    assert!(!journey.app.store.causes().is_grouped());
}

#[test]
fn the_header_says_how_bad_it_is() {
    let header = Journey::on("calm-night").screen().lines().next().unwrap_or_default().to_owned();
    assert!(header.contains("△1") && !header.contains('✗') && !header.contains('▲'), "{header}");
    let mut journey = storm();
    let counts = journey.app.store.causes().standing(AlertStanding::Firing);
    assert!(counts > 500);
    let header = journey.screen().lines().next().unwrap_or_default().to_owned();
    assert!(header.contains('✗') && header.contains("▲1"), "{header}");
    journey.cut(FeedId::Alerts, TroubleKind::Unreachable);
    let header = journey.screen().lines().next().unwrap_or_default().to_owned();
    assert!(header.contains("? alerts"), "{header}");
}

#[test]
fn who_looks_after_what_may_be_unknown() {
    let mut journey = calm();
    journey.cut(FeedId::Acks, TroubleKind::Denied).sees("who looks after what may have changed");
    journey.sees("TenantOdooDown").lacks("can't be read");
}

/// Not a judgement, as this is no build for speed: benchmarks are.
#[test]
fn what_a_storm_costs_is_printed() {
    let mut journey = storm();
    let engine_told = journey.engine.advance(Span::from_secs(5));
    let update =
        timed(|| drop(journey.app.update(journey.engine.now(), Msg::Observed(engine_told))));
    let settle = timed(|| journey.app.settle());
    let frame = timed(|| drop(journey.frame()));
    journey.keys("g g");
    let open = timed(|| {
        journey.keys("e");
    });
    let open_frame = timed(|| drop(journey.frame()));
    let rows = journey.app.store.with_table(TableId::Alerts, |table| table.len());
    println!(
        "{rows} alerts, unoptimised: update {update:?}, settle {settle:?}, frame {frame:?}, \
         open a group {open:?}, its frame {open_frame:?}"
    );
}

#[expect(clippy::disallowed_methods, reason = "what something costs is real time")]
fn timed(act: impl FnOnce()) -> Duration {
    let began = std::time::Instant::now();
    act();
    began.elapsed()
}
