//! Journeys along the live tail of events.

use pulse_console::sim::Fault;

use crate::journey::Journey;

#[test]
fn the_tail_follows_until_it_is_left() {
    let mut journey = Journey::on("calm-night");
    journey.keys("3").sees("following");
    let newest = |journey: &Journey| journey.names().last().cloned().expect("an event");
    let first = newest(&journey);
    journey.advance(30);
    assert_ne!(newest(&journey), first, "events came");
    let last = newest(&journey);
    assert_eq!(journey.cursor_name(), Some(last));
    journey.keys("k").lacks("following");
    let row = journey.cursor_name();
    journey.advance(60);
    assert_eq!(journey.cursor_name(), row, "left, it stays on its row");
    journey.keys("f").sees("following");
    assert_eq!(journey.cursor_name(), Some(newest(&journey)));
}

#[test]
fn a_list_held_still_counts_what_it_does_not_show() {
    let mut journey = Journey::on("calm-night");
    journey.keys("3 p").sees("held still");
    let body = |journey: &mut Journey| {
        let screen = journey.screen();
        screen.lines().skip(2).take(34).map(str::to_owned).collect::<Vec<_>>()
    };
    let before = body(&mut journey);
    journey.advance(45);
    assert_eq!(body(&mut journey), before, "not a character of the rows moves");
    let changes = journey.status();
    assert!(
        changes.contains("held still for 45s, ") && !changes.contains(" 0 changes"),
        "{changes}"
    );
    journey.keys("p").lacks("held still").sees("following");
    assert_ne!(body(&mut journey), before);
}

#[test]
fn one_tenant_is_followed_by_a_key() {
    let mut journey = Journey::on("calm-night");
    journey.keys("3 /").types("backup.failed").keys("enter").keys("g g t");
    journey.sees("/ tenant=\"sinya-varba\"").sees("filtered here");
    journey.advance(60);
    let tenant = journey.app.pane().view.len();
    assert!(tenant > 1, "more than the one event is of it");
    // A gap belongs to nobody and is shown all the same.
    journey.fault(Fault::Gap(12)).sees("12 events");
}

#[test]
fn a_gap_is_a_row_and_can_be_gone_to() {
    let mut journey = Journey::on("calm-night");
    journey.keys("3").fault(Fault::Gap(213)).sees("213 events").advance(20);
    journey.keys("[").sees("╌╌");
    let line = journey.line("▸");
    assert!(line.contains("213 events"), "{line}");
    journey.keys("enter").sees("213");
    journey.keys("x [");
    assert!(journey.line("▸").contains("you left here"), "the place where one left is found too");
    journey.keys("[").sees("There is no further gap in that direction.").keys("]");
    assert!(journey.line("▸").contains("213 events"));
    journey.keys("]").sees("There is no further gap in that direction.");
}

#[test]
fn a_stream_that_began_anew_says_so() {
    let mut journey = Journey::on("calm-night");
    journey.keys("3").advance(5).fault(Fault::Reset).advance(20);
    journey.sees("the stream began anew").keys("[");
    assert!(journey.line("▸").contains("began anew"));
}

#[test]
fn a_filter_works_on_a_list_held_still() {
    let mut journey = Journey::on("calm-night");
    journey
        .keys("3 p /")
        .types("backup.completed")
        .keys("enter")
        .sees("filtered here")
        .sees("held still");
    let screen = journey.screen();
    assert!(!screen.contains("agent.report"), "what is filtered away is not shown:\n{screen}");
}
