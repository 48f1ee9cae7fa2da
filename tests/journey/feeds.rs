//! Journeys in which feeds break, fall silent, or have nothing to tell.

use pulse_console::app::Msg;
use pulse_console::domain::{Fact, FeedId, Observation, TroubleKind};
use pulse_console::sim::Fault;

use crate::journey::Journey;

#[test]
fn a_feed_that_breaks_keeps_its_rows_and_says_why() {
    let mut journey = Journey::on("calm-night");
    let rows = journey.size(100, 40).names();
    journey.advance(4).cut(FeedId::Clients, TroubleKind::Unreachable);
    journey.sees("tenants: asking the server: connection refused. Look whether it runs.");
    journey.advance(90).sees("▲ tenants: 1m3").sees("old, asking the server: connection refused");
    assert_eq!(journey.names().len(), rows.len(), "the rows stay");
    journey.sees("proba-19").sees("▲ k8s").keys("7").lacks("connection refused");
    journey.keys("2").fault(Fault::FeedUp(FeedId::Clients)).sees("tenants: reached again.");
    journey.advance(10).lacks("connection refused").sees("● k8s");
    journey.keys("N").sees("connection refused").sees("reached again");
}

#[test]
fn silence_is_shown_as_age() {
    let mut journey = Journey::on("calm-night");
    journey.advance(4).lacks("nothing heard").silence(20).sees("nothing heard for 2");
    journey.advance(3).lacks("nothing heard");
}

#[test]
fn what_is_not_on_the_screen_waits_for_the_next_second() {
    let mut journey = Journey::on("calm-night");
    journey.advance(1);
    let changes = journey.engine.remove(&journey.tenant_uid("proba-19"));
    let told = |at, fact| vec![Observation { feed: FeedId::Clients, at, fact }];
    let alive = told(changes[0].at, Fact::Alive);
    let ends = told(changes[0].at, Fact::RelistEnded);
    for (keys, is_shown) in [("2", true), ("3", false), ("enter", true), ("esc ?", true)] {
        let app = &journey.keys(keys).app;
        let is_news = |told: &[Observation]| app.is_news(&Msg::Observed(told.to_vec()));
        assert_eq!(is_news(&changes), is_shown, "after {keys}");
        assert_eq!(is_news(&[alive.clone(), changes.clone()].concat()), is_shown, "after {keys}");
        assert!(!is_news(&alive), "after {keys}");
        assert!(is_news(&ends), "after {keys}");
    }
    // A sign of life from a feed that was silent takes a warning away.
    journey.keys("esc").silence(20);
    let alive = told(journey.engine.now(), Fact::Alive);
    assert!(journey.app.is_news(&Msg::Observed(alive)));
}

/// What stands in the place of the rows.
fn nothing(mut journey: Journey) -> String {
    let screen = journey.size(100, 24).screen();
    let lines: Vec<_> =
        screen.lines().skip(3).map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join(" / ")
}

#[test]
fn nothing_to_show_says_why() {
    let broken = |kind: TroubleKind| {
        let mut journey = Journey::before("calm-night");
        journey.cut(FeedId::Clients, kind).start();
        nothing(journey)
    };
    let syncing = nothing(Journey::before("calm-night"));
    let empty = nothing(Journey::on_nothing());
    let filtered = {
        let mut journey = Journey::on("calm-night");
        journey.keys("/").types("zzzz").keys("enter");
        nothing(journey)
    };
    let said = [
        (syncing, "◌ Asking for the tenants… 0 so far."),
        (empty, "There is no tenant."),
        (filtered, "No row matches zzzz"),
        (broken(TroubleKind::Denied), "✗ You are not allowed to see the tenants."),
        (broken(TroubleKind::Absent), "✗ The platform has no tenants."),
        (broken(TroubleKind::Unreachable), "✗ The tenants can't be read."),
        (broken(TroubleKind::NotConfigured), "– No server is set for the tenants."),
    ];
    for (text, wanted) in &said {
        assert!(text.contains(wanted), "{wanted:?} is not said: {text}");
        let same = said.iter().filter(|(_, other)| text.contains(other)).count();
        assert_eq!(same, 1, "one thing only is said: {text}");
    }
    for (text, _) in &said[3..] {
        assert!(
            text.contains("onnection refused.") && text.contains("Look whether it runs."),
            "{text}"
        );
    }
}

#[test]
fn the_feeds_page_says_how_each_feed_is() {
    let mut journey = Journey::on("hostile-data");
    journey.size(120, 70).advance(3).keys("!").sees("╭ feeds ");
    for feed in FeedId::ALL {
        journey.sees(feed.name());
    }
    assert!(journey.line("live, confirmed").contains("● tenants"));
    assert!(journey.line("nothing could be read").contains("✗ restores"));
    journey.keys("q").lacks("╭ feeds ");
    assert!(journey.effects().is_empty(), "q closes the page and not the console");
}

#[test]
fn a_page_is_never_scrolled_past_its_end() {
    let mut journey = Journey::on("hostile-data");
    journey.size(80, 24).advance(3).keys("! G").sees("loki").keys("g g").sees("events: ");
    journey.size(60, 15).keys("G").sees("of ").lacks("events: ").keys("g g").sees("events: ");
}
