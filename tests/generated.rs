//! What must hold whatever comes: generated keys, sizes and changes, and the scenario made to break a console.

#![expect(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

mod journey;

use journey::Journey;
use proptest::prelude::*;
use pulse_console::app::Effect;
use pulse_console::domain::{FeedId, Status, Text, TroubleKind};
use pulse_console::input::{BUILTIN_NAMES, Chord, Context};
use pulse_console::sim::Fault;
use pulse_console::store::columns;
use pulse_console::store::filter::Query;
use pulse_console::store::table::Slot;
use pulse_console::store::view::View;
use ratatui::buffer::Buffer;
use unicode_width::UnicodeWidthStr as _;

/// Every sequence of keys that the map binds anywhere.
fn bound(map: &str) -> Vec<Vec<Chord>> {
    let map = journey::keymap(map);
    let mut found: Vec<Vec<Chord>> = Vec::new();
    for context in Context::ALL {
        found.extend(map.bindings(context.stack()).into_iter().map(|bound| bound.keys.to_vec()));
    }
    assert!(found.len() > 50);
    found
}

/// Nothing in `frame` may be acted on by a terminal, and nothing may be wider than its cell.
fn assert_clean(frame: &Buffer, what: &str) {
    for y in 0..frame.area.height {
        for x in 0..frame.area.width {
            let cell = frame.cell((x, y)).expect("a cell");
            let symbol = cell.symbol();
            assert!(!symbol.chars().any(Text::is_hostile), "{what}: {symbol:?} at {x},{y}");
            assert!(symbol.width() <= 2, "{what}: {symbol:?} at {x},{y} is wide");
            let room = frame.area.width - x;
            assert!(
                symbol.width() <= usize::from(room),
                "{what}: {symbol:?} at {x},{y} hangs over"
            );
        }
    }
}

const SIZES: [(u16, u16); 3] = [(60, 15), (80, 24), (200, 60)];

#[test]
fn hostile_data_never_reaches_the_terminal() {
    let mut journey = Journey::on("hostile-data");
    journey.advance(32);
    for (width, height) in SIZES {
        journey.size(width, height);
        for pane in ["2", "3", "7"] {
            journey.keys(pane);
            for keys in [
                "", "G", "g g", "enter", "G", "k", "Y", "tab", "G", "esc", "x", "/ a", "esc",
                "! G", "esc",
            ] {
                assert_clean(&journey.keys(keys).frame(), keys);
            }
            // Every row, with its details.
            journey.keys("g g enter");
            for _ in 0..journey.names().len().min(120) {
                assert_clean(&journey.keys("j").frame(), "a row with its details");
            }
            journey.keys("x");
        }
        for keys in [": e", "esc", "N", "g g", "esc", "?", "esc"] {
            assert_clean(&journey.keys(keys).frame(), keys);
        }
    }
}

#[test]
fn a_message_of_hostile_words_is_shown_and_not_sent() {
    let mut journey = Journey::on("hostile-data");
    journey.size(200, 60);
    // At half a minute the scenario answers with control sequences.
    journey.advance(35).sees("owned");
    assert_clean(&journey.frame(), "the banner");
    assert_clean(&journey.keys("!").frame(), "the feeds");
}

#[test]
fn an_event_of_a_mebibyte_is_shown_in_its_bounds() {
    let mut journey = Journey::on("calm-night");
    let long = "\u{1b}[31m\\u001b]0;owned\\u0007Z̸͑a\u{202e}l🦀".repeat(40_000);
    let raw = format!(
        "{{\"specversion\":\"1.0\",\"id\":\"long\",\"source\":\"//x\",\"type\":\"agent.report\",\"subject\":\"meden-dab\",\"data\":{{\"text\":\"{long}\"}}}}"
    );
    assert!(raw.len() > 1024 * 1024);
    for text in [raw.as_str(), &long, &"[".repeat(1_000_000), &"{\"a\":".repeat(200_000), ""] {
        let told = journey.engine.publish_raw(text);
        journey.tell(told);
        for (width, height) in SIZES {
            journey.size(width, height);
            for keys in ["3 f", "enter", "enter", "G", "g g", "esc", "Y", "x"] {
                assert_clean(&journey.keys(keys).frame(), keys);
            }
        }
    }
    let copied = journey.effects();
    assert!(copied.iter().any(|effect| matches!(effect, Effect::Copy(_))));
}

/// What may change in a world while it is looked at.
#[derive(Clone, Debug)]
enum Change {
    Comes(u8, Status),
    Goes(u8),
    Time(u64),
    Breaks(Fault),
    Keys(&'static str),
}

/// Keys that change what is shown.
const KEYS: [&str; 12] = [
    "s",
    "S",
    "2",
    "3",
    "7",
    "/ a enter",
    "/ r e p o r t enter",
    "F",
    "/ h e a l t h < h e a l t h y enter",
    "j",
    "f",
    "k",
];

fn change() -> impl Strategy<Value = Change> {
    let status = prop_oneof![Just(Status::True), Just(Status::False), Just(Status::Unknown)];
    let trouble =
        pulse_console::domain::Trouble::new(TroubleKind::Unreachable, "the link is cut", "");
    let feeds = proptest::sample::select(&FeedId::ALL[..]);
    let down = feeds.clone().prop_map(move |feed| Fault::FeedDown(feed, trouble.clone()));
    let fault = prop_oneof![
        down,
        feeds.clone().prop_map(Fault::FeedUp),
        feeds.prop_map(Fault::Denied),
        (1..5_u64).prop_map(Fault::Gap),
        Just(Fault::Reset),
    ];
    prop_oneof![
        4 => (0..20_u8, status).prop_map(|(n, status)| Change::Comes(n, status)),
        3 => (0..20_u8).prop_map(Change::Goes),
        2 => (1..20_u64).prop_map(Change::Time),
        2 => fault.prop_map(Change::Breaks),
        3 => proptest::sample::select(&KEYS[..]).prop_map(Change::Keys),
    ]
}

fn apply(journey: &mut Journey, change: &Change) {
    match change {
        Change::Comes(n, status) => {
            journey.tenant(&format!("tenant-{n}"), *status);
        }
        Change::Goes(n) => {
            let name = format!("tenant-{n}");
            if journey.engine.world().client(&name).is_some() {
                journey.take(&name);
            }
        }
        Change::Time(secs) => {
            journey.advance(*secs);
        }
        Change::Breaks(fault) => {
            journey.fault(fault.clone());
        }
        Change::Keys(keys) => {
            journey.keys(keys);
        }
    }
}

/// The rows of the pane shown as its view has them, and as a view has them that reads the whole table.
fn followed_and_fresh(journey: &Journey) -> (Vec<Slot>, Vec<Slot>) {
    let pane = journey.app.pane();
    let all = columns(pane.table);
    let mut fresh = View::new(all, pane.view.sort());
    fresh.set_query(Query::parse(&pane.filter.text, all).expect("a filter that was taken"));
    journey.app.store.with_table(pane.table, |table| fresh.refresh(table, journey.app.now()));
    (pane.view.slots_from(0).collect(), fresh.slots_from(0).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(60) })]

    #[test]
    fn a_view_that_follows_changes_equals_a_fresh_one(
        entries in prop_oneof![Just(10_usize), Just(450), Just(10_000)],
        changes in prop::collection::vec(change(), 1..40),
    ) {
        let mut journey = Journey::keeping("calm-night", entries);
        for change in &changes {
            apply(&mut journey, change);
            let (followed, fresh) = followed_and_fresh(&journey);
            prop_assert_eq!(followed, fresh, "after {:?}", change);
        }
    }

    #[test]
    fn no_keys_at_any_size_break_the_console(
        map in proptest::sample::select(&BUILTIN_NAMES[..]),
        steps in prop::collection::vec((any::<prop::sample::Index>(), 0..8_u8, 1..210_u16, 1..70_u16), 1..80),
    ) {
        let keys = bound(map);
        let mut journey = Journey::with_keys("calm-night", map);
        for (key, what, width, height) in steps {
            match what {
                0 => journey.size(width, height),
                1 => journey.advance(u64::from(height) % 5),
                2 => journey.types(["a", "(", "te:", "é", "字", "\""].get(usize::from(width) % 6).expect("one")),
                3 => journey.send(pulse_console::app::Msg::Paste("tier:pro\n\u{1b}x".to_owned())),
                _ => {
                    for chord in key.get(&keys) {
                        journey.send(pulse_console::app::Msg::Key(chord.event()));
                    }
                    &mut journey
                }
            };
            assert_clean(&journey.frame(), map);
        }
    }
}
