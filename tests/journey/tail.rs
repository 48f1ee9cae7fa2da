//! Journeys along the live tail of events.

use pulse_console::app::Effect;
use pulse_console::sim::Fault;
use pulse_console::store::Line;

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

#[test]
fn events_that_come_while_the_list_is_held_are_counted() {
    let mut journey = Journey::on("calm-night");
    journey.keys("3 p");
    let before = journey.app.store.stream().received();
    journey.advance(30).fault(Fault::Gap(5)).advance(10);
    let new = journey.app.store.stream().received() - before;
    assert!(new > 3, "{new}");
    journey.sees(&format!("held still for 40s, {new} new events"));
}

#[test]
fn one_type_is_followed_by_a_key_and_a_tenant_within_it() {
    let mut journey = Journey::on("calm-night");
    journey.keys("3 /").types("backup.failed").keys("enter").keys("g g e");
    journey.sees("/ type=\"backup.failed\"").sees("filtered here");
    journey.keys("t").sees("/ type=\"backup.failed\" tenant=\"sinya-varba\"");
    journey.keys("t").sees("/ tenant=\"sinya-varba\"").lacks("type=");
    journey.keys("e").sees("/ tenant=\"sinya-varba\" type=");
    journey.keys("esc").fault(Fault::Gap(3)).advance(10).keys("G [");
    journey.keys("e").sees("This row is of no type.");
}

#[test]
fn a_time_is_gone_to() {
    let mut journey = Journey::on("calm-night");
    journey.keys("3").advance(20).keys("@").sees("go to").sees("-30m, 02:41");
    journey.types("-30m").keys("enter").lacks("following");
    journey.sees("the event nearest to 21 Nov 02:17:2").lacks("go to -30m");
    let line = journey.line("▸");
    assert!(
        line.contains("02:17:") || line.contains("02:16:") || line.contains("02:18:"),
        "{line}"
    );
    journey.keys("@").types("02:05").keys("enter");
    assert!(journey.line("▸").contains("02:05:"), "backups are made at that time");

    journey.keys("@").types("2026-11-20T00:00:00Z").keys("enter");
    journey.sees("is older than what is kept, which begins 20 Nov 23:47:");
    assert_eq!(journey.cursor_name(), journey.names().first().cloned());
    journey.keys("@").types("2026-11-21T09:00:00Z").keys("enter").sees("is yet to come");
    assert_eq!(journey.cursor_name(), journey.names().last().cloned());

    journey.keys("@").types("soon").keys("enter").sees("“soon” is no time.").sees("go to soon");
    journey.keys("backspace").lacks("is no time").keys("esc").lacks("go to soo");
    let row = journey.cursor_name();
    journey.keys("k");
    assert_ne!(journey.cursor_name(), row, "the keys are the table's again");
}

#[test]
fn a_time_is_gone_to_in_a_sorted_and_filtered_list() {
    let mut journey = Journey::on("calm-night");
    journey.keys("3 /").types("type=\"backup.failed\"").keys("enter").keys("s");
    journey.keys("@").types("-1m").keys("enter");
    journey.sees("away.");
    assert!(journey.app.pane().view.sort().is_none(), "times are gone to in the order of time");
}

#[test]
fn what_the_filter_shows_is_saved() {
    let mut journey = Journey::on("calm-night");
    journey.keys("3").fault(Fault::Gap(3)).advance(10).keys("/").types("backup.failed");
    journey.keys("enter W");
    let effects = journey.effects();
    let [Effect::Save(lines)] = effects.as_slice() else { panic!("{effects:?}") };
    let kinds: Vec<&str> = lines
        .iter()
        .filter_map(|line| match line {
            Line::Entry { entry, .. } => entry.event().map(|event| event.kind.as_str()),
            Line::Gap(_) | Line::Left(_) => None,
        })
        .collect();
    assert!(!kinds.is_empty() && kinds.iter().all(|kind| *kind == "backup.failed"), "{kinds:?}");
    assert!(lines.iter().any(|line| matches!(line, Line::Gap(_))), "gaps are saved too");
    let mut empty = Journey::on_nothing();
    empty.keys("3 W").sees("There is no event to save.");
    assert!(empty.effects().is_empty());
}

#[test]
fn a_server_that_was_started_again_is_said() {
    let mut journey = Journey::on("calm-night");
    journey.keys("5").advance(10).lacks("started again").fault(Fault::Reset).advance(5);
    journey
        .sees("The Valkey was started again: sessions, queues and the event stream began empty.");
    journey.advance(10).sees("▲ started again").sees("all it held before is gone");
}

#[test]
fn streams_keys_and_calls_have_pages() {
    let mut journey = Journey::on("calm-night");
    journey.keys("5").advance(30).sees("nothing is kept over a restart").sees("slow log: 61 ms");
    journey.sees("▲ degraded").keys("enter").sees("Group bos-notify").sees("consumer");
    journey.keys("x v").sees("bull:webhooks").keys("enter").sees("Jobs by state");
    journey.keys("x G enter").sees("Its largest parts");
    journey
        .keys("esc esc :")
        .types("services")
        .keys("enter v")
        .sees("would_execute")
        .sees("shadow");
    journey.keys("/").types("mode=shadow").keys("enter").keys("enter");
    journey.sees("pretended, nothing was changed");
}
