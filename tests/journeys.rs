//! What an operator does, and what must be seen then: each journey is a string of keys over the training world.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

#[path = "journey/audit.rs"]
mod audit;
#[path = "journey/feeds.rs"]
mod feeds;
mod journey;
#[path = "journey/tail.rs"]
mod tail;
#[path = "journey/typing.rs"]
mod typing;

use journey::Journey;
use pulse_console::app::pane::Cursor;
use pulse_console::app::{Effect, Importance, Msg};
use pulse_console::domain::Status;
use pulse_console::store::table::{RowId, TableId};

use crossterm::event::MouseEventKind;
use proptest::prelude::*;

/// A still world of five tenants: alfa to eta, in that order on the screen.
fn five() -> Journey {
    let mut journey = Journey::on_nothing();
    for name in ["alfa", "beta", "gama", "delta", "epsilon"] {
        journey.tenant(name, Status::True);
    }
    assert_eq!(journey.names(), ["alfa", "beta", "delta", "epsilon", "gama"]);
    journey
}

#[test]
fn the_cursor_moves_by_rows_screens_and_to_the_ends() {
    let mut journey = five();
    for (keys, row) in [
        ("", "alfa"),
        ("j", "beta"),
        ("j down", "epsilon"),
        ("k", "delta"),
        ("G", "gama"),
        ("j", "gama"),
        ("g g", "alfa"),
        ("k", "alfa"),
        ("end", "gama"),
        ("home", "alfa"),
    ] {
        journey.keys(keys).on_row(row);
    }
    let mut journey = Journey::on("calm-night");
    journey.size(80, 24);
    let names = journey.names();
    let page = journey.app.geometry().page();
    assert_eq!(page, 19, "80×24 less header, bar, titles, status and footer");
    journey.keys("pagedown").on_row(&names[page - 1]);
    journey.keys("ctrl-f").on_row(&names[2 * (page - 1)]);
    journey.keys("pagedown").on_row(names.last().expect("a row"));
    journey.keys("pageup").on_row(&names[names.len() - page]);
    journey.keys("ctrl-b ctrl-b").on_row(&names[0]);
}

#[test]
fn a_filter_is_live_as_it_is_typed() {
    let mut journey = five();
    journey.keys("/").types("t");
    assert_eq!(journey.names(), ["beta", "delta"]);
    journey.types("a");
    assert_eq!(journey.names(), ["beta", "delta"]);
    journey.sees("2 of 5 tenants, filtered here").keys("backspace backspace");
    assert_eq!(journey.names().len(), 5);
    journey.types("gam").keys("enter");
    assert_eq!(journey.names(), ["gama"]);
    journey.sees(" / gam").keys("esc");
    assert_eq!(journey.names().len(), 5);
    journey.sees("5 tenants").lacks("filtered");
    journey
        .keys("/")
        .types("nothing-like-it")
        .sees("No row matches")
        .sees("Take the filter off with esc.");
}

#[test]
fn a_bad_filter_keeps_the_last_and_says_where_it_is_wrong() {
    let mut journey = five();
    journey.keys("/").types("tenant:a");
    let before = journey.names();
    journey.types(" (x");
    assert_eq!(journey.names(), before, "the last filter that was one stays");
    let error = journey.app.pane().filter.error.clone().expect("an error");
    assert_eq!(error.at.start, "tenant:a ".len(), "at the bracket");
    journey.sees(&error.message.chars().take(20).collect::<String>());
    journey.keys("enter").sees(&error.message);
    assert!(journey.app.pane().filter.typing.is_some(), "the line is still typed");
    journey.keys("esc");
    assert_eq!(journey.names().len(), 5, "back to what was applied before typing began");
    assert!(journey.app.pane().filter.error.is_none());
    journey.lacks(&error.message.chars().take(20).collect::<String>());
}

#[test]
fn a_filter_left_is_as_if_it_had_not_been_typed() {
    let mut journey = five();
    journey.keys("/").types("ta").keys("enter /").types("zzz");
    assert!(journey.names().is_empty());
    journey.keys("esc");
    assert_eq!(journey.names(), ["beta", "delta"]);
    journey.keys("j").on_row("delta").keys("/").types("zzz").keys("esc").on_row("delta");
}

#[test]
fn a_filter_leads_to_what_it_finds() {
    let mut journey = five();
    journey.keys("/").types("gama").keys("enter").on_row("gama").keys("enter").sees("╭ gama ");
    journey.keys("esc F").on_row("gama");
}

#[test]
fn filters_taken_are_recalled() {
    let mut journey = five();
    journey.keys("/").types("beta").keys("enter F /").types("gama").keys("enter F");
    assert_eq!(journey.names().len(), 5);
    for (keys, names) in [
        ("/ up", vec!["gama"]),
        ("up", vec!["beta"]),
        ("up", vec!["beta"]),
        ("down", vec!["gama"]),
        ("down", vec!["alfa", "beta", "delta", "epsilon", "gama"]),
    ] {
        journey.keys(keys);
        assert_eq!(journey.names(), names, "{keys}");
    }
}

#[test]
fn filters_go_by_column() {
    let mut journey = Journey::on("calm-night");
    let all = journey.names().len();
    for (filter, few) in [
        ("tenant:meden-dab", vec!["meden-dab"]),
        ("tenant=proba-19", vec!["proba-19"]),
        ("health<healthy", vec!["proba-19", "sinya-varba", "tih-pristan"]),
        ("health=failed and odoo=19", vec!["proba-19"]),
        ("tenant:/^tih-/ or tenant=lunen-far", vec!["tih-pristan", "lunen-far"]),
    ] {
        journey.keys("/").types(filter).keys("enter");
        assert_eq!(journey.names(), few, "{filter}");
        let count = format!("{} of {all} tenants", few.len());
        journey.sees(&count).keys("esc");
    }
    let mut journey = Journey::on("calm-night");
    journey.keys("/").types("!health=healthy").keys("enter").on_row("proba-19");
}

#[test]
fn sorting_goes_on_by_column_and_turns_round() {
    let mut journey = five();
    journey.tenant("beta", Status::False);
    journey.sees("HEALTH▲");
    assert_eq!(journey.names()[0], "beta", "the worst first");
    journey.keys("S").sees("HEALTH▼");
    assert_eq!(journey.names(), ["alfa", "delta", "epsilon", "gama", "beta"]);
    journey.keys("s").sees("ALERT▲").lacks("HEALTH▲").keys("s").sees("TIER▲");
    // After the last column comes the first.
    let columns = journey.app.pane().shown_columns().count();
    for _ in 0..columns - 3 {
        journey.keys("s");
    }
    journey.sees("TENANT▲").keys("S").sees("TENANT▼");
    assert_eq!(journey.names(), ["gama", "epsilon", "delta", "beta", "alfa"]);
}

#[test]
fn the_cursor_keeps_its_row_when_the_order_changes() {
    let mut journey = five();
    journey.keys("j j").on_row("delta");
    journey.keys("S").on_row("delta").keys("s s").on_row("delta");
    journey.keys("/").types("l").on_row("delta").keys("esc").on_row("delta");
}

#[test]
fn marks_belong_to_rows_and_go_with_them() {
    let mut journey = five();
    journey.keys("space space");
    assert_eq!(journey.marked(), ["alfa", "beta"]);
    journey.sees("2 marked").on_row("delta");
    journey.keys("k space");
    assert_eq!(journey.marked(), ["alfa"], "a second time takes the mark off");
    journey.keys("space");
    assert_eq!(journey.marked(), ["alfa", "delta"]);
    journey.take("alfa");
    assert_eq!(journey.marked(), ["delta"], "a mark goes with its row");
    journey.sees("1 marked").keys("y");
    assert_eq!(journey.effects(), [Effect::Copy("delta".to_owned())], "what is marked is copied");
    journey.keys("esc").lacks("marked");
    assert!(journey.marked().is_empty());
    journey.keys("space space y");
    assert_eq!(journey.effects().len(), 1);
    journey.keys("M").lacks("marked");
}

#[test]
fn the_cursor_stays_when_rows_come_and_go_above() {
    let mut journey = five();
    journey.keys("j j").on_row("delta");
    for name in ["aaa", "abc"] {
        journey.tenant(name, Status::True).on_row("delta");
    }
    journey.take("alfa").on_row("delta").take("aaa").on_row("delta");
    journey.tenant("delta", Status::False).on_row("delta");
    assert_eq!(journey.names()[0], "delta", "it became the worst and stands first");
}

#[test]
fn a_cursor_whose_row_goes_is_on_none() {
    for (keys, next) in [("j", "epsilon"), ("k", "beta"), ("G", "zeta"), ("g g", "alfa")] {
        let mut journey = five();
        journey.keys("j j tab esc").on_row("delta").sees("╭ delta ");
        journey.take("delta").lacks("▸").sees("The row that was here is gone.");
        assert_eq!(journey.cursor_name(), None);
        // Nothing can be done to a row that is not there, and it does not slip to another.
        journey.keys("y").sees("There is no row to copy");
        journey.keys("space").sees("The cursor is on no row.");
        assert!(journey.marked().is_empty() && journey.effects().is_empty());
        journey.tenant("zeta", Status::True).advance(3).lacks("▸");
        journey.keys(keys).on_row(next);
    }
}

#[test]
fn the_drawer_opens_scrolls_and_gives_the_keys_back() {
    let mut journey = Journey::on("calm-night");
    journey.size(100, 30).lacks("Conditions").keys("tab esc");
    journey.sees("╭ proba-19 ").sees("Conditions");
    journey.keys("j").sees("╭ sinya-varba ").keys("k").sees("╭ proba-19 ");
    let first = journey.line("kind  ");
    journey.keys("tab j j j").on_row("proba-19").lacks(&first).sees(" 4–");
    journey.keys("G").sees("of ").keys("g g").sees(&first);
    journey.keys("space pagedown pageup").on_row("proba-19");
    journey.keys("esc j").on_row("sinya-varba").sees("╭ sinya-varba ");
    journey.keys("tab").keys("j").on_row("sinya-varba");
    journey.keys("tab j x").lacks("Conditions");
    journey.keys("tab esc esc").lacks("Conditions");
}

#[test]
fn copies_are_the_name_or_all_of_it() {
    let mut journey = five();
    journey.keys("y");
    assert_eq!(journey.effects(), [Effect::Copy("alfa".to_owned())]);
    journey.sees("Copied alfa.").keys("Y");
    let effects = journey.effects();
    let [Effect::Copy(all)] = effects.as_slice() else { panic!("{effects:?}") };
    assert!(all.contains("alfa") && all.contains("Synced") && all.contains("uid-alfa"), "{all}");
    journey.sees("Copied the whole object.");
    let mut journey = Journey::on("calm-night");
    journey.keys("3 Y");
    let effects = journey.effects();
    let [Effect::Copy(all)] = effects.as_slice() else { panic!("{effects:?}") };
    assert!(all.contains("\"specversion\"") || all.contains("\"type\""), "{all}");
}

#[test]
fn the_palette_finds_actions_and_tenants() {
    let mut journey = Journey::on("calm-night");
    journey.keys(":").sees("╭ palette ").types("notices").sees("show past notices").keys("enter");
    journey.sees("╭ notices ").keys("esc").lacks("╭ notices ");
    journey.keys("/").types("health=failed").keys("enter :").types("meden-dab").keys("enter");
    journey.sees("╭ meden-dab ").keys("esc").on_row("meden-dab");
    assert!(journey.app.pane().filter.text.is_empty(), "a filter that hides it is taken off");
    journey.keys("3 :").types("lunen-far");
    let choices: Vec<String> = palette(&journey);
    assert!(choices.contains(&"lunen-far".to_owned()), "{choices:?}");
    journey.keys("ctrl-c").lacks("╭ palette ");
    journey.keys(":").types("zzzzzz").sees("Nothing matches.").keys("enter").sees("╭ palette ");
    journey.keys("esc :").types("quit").keys("enter");
    assert_eq!(journey.effects(), [Effect::Quit]);
    // What means nothing here is not listed.
    journey.keys("2 :").types("follow the newest");
    assert!(!palette(&journey).iter().any(|label| label.contains("newest")));
}

fn palette(journey: &Journey) -> Vec<String> {
    match journey.app.overlay() {
        Some(pulse_console::app::overlay::Overlay::Palette(palette)) => {
            palette.choices.iter().map(|choice| choice.label.to_string()).collect()
        }
        _ => panic!("no palette"),
    }
}

#[test]
fn columns_are_shown_and_hidden() {
    let mut journey = Journey::on("calm-night");
    journey.size(160, 30).sees("ODOO").lacks("E-MAIL").keys("c").sees("╭ columns ");
    journey.keys("space").sees("The first column says which row it is, so it stays.");
    journey.keys("j j j j j j").line("[x] odoo");
    journey.keys("space").line("[ ] odoo");
    journey.keys("enter").lacks("ODOO").keys("c j j j j j j space esc").sees("ODOO");
}

#[test]
fn columns_scroll_and_the_first_stays() {
    let mut journey = Journey::on("calm-night");
    journey.size(80, 24).sees("HEALTH").sees("TENANT");
    journey.keys("right").lacks("HEALTH").sees("TENANT").keys("left").sees("HEALTH");
    for _ in 0..30 {
        journey.keys("right").sees("TENANT").on_row("proba-19");
    }
}

#[test]
fn panes_keep_what_was_done_in_them() {
    let mut journey = Journey::on("calm-night");
    journey.keys("j").on_row("sinya-varba").keys("7");
    assert_eq!(journey.pane(), TableId::Upgrades);
    journey.sees("STRATEGY").keys("j j").keys("2").on_row("sinya-varba").keys(">");
    assert_eq!(journey.pane(), TableId::Events);
    for (key, pane) in [
        (">", TableId::Databases),
        ("v", TableId::Sessions),
        (">", TableId::Streams),
        ("<", TableId::Sessions),
        ("4", TableId::Pools),
        ("4", TableId::Databases),
        ("V", TableId::Pools),
        ("7", TableId::Upgrades),
    ] {
        journey.keys(key);
        assert_eq!(journey.pane(), pane);
    }
    assert_eq!(journey.app.pane().cursor.position, 2);
}

#[test]
fn a_window_too_small_says_so_and_comes_back() {
    let mut journey = Journey::on("calm-night");
    journey.keys("j").size(80, 24);
    let before = journey.screen();
    for (width, height) in [(59, 14), (59, 24), (80, 14), (1, 1), (0, 0), (20, 3)] {
        journey.size(width, height).keys("j k").screen();
    }
    journey.size(59, 14).sees("The window is too small.").sees("It has 59×14 cells,");
    journey.sees("60×15 are needed.").lacks("TENANT");
    journey.size(80, 24);
    journey.keys("k").on_row("proba-19").keys("j");
    assert_eq!(journey.screen(), before);
    journey.size(60, 15).sees("TENANT").on_row("sinya-varba");
}

#[test]
fn the_mouse_points_scrolls_and_sorts() {
    let mut journey = Journey::on("calm-night");
    journey.size(120, 24).click("meden-dab").on_row("meden-dab");
    journey.click("TENANT").sees("TENANT▲").on_row("meden-dab").click("TENANT").sees("TENANT▼");
    journey.keys("g g").mouse(MouseEventKind::ScrollDown, 10, 10);
    assert_eq!(journey.app.pane().top, 3, "three rows a notch");
    assert_eq!(journey.app.pane().cursor.position, 3, "the cursor stays in sight");
    journey.mouse(MouseEventKind::ScrollUp, 10, 10);
    assert_eq!(journey.app.pane().top, 0);
    journey.click("7 upgrades");
    assert_eq!(journey.pane(), TableId::Upgrades);
    journey.keys("2").keys("?").click("42 tenants").lacks("╭ keys that work here");
    journey.keys("tab esc").click("Conditions");
    assert!(journey.app.pane().drawer.focused, "a click into the drawer moves the keys there");
    assert!(journey.effects().is_empty());
}

#[test]
fn themes_go_round() {
    let mut journey = Journey::on("calm-night");
    for next in ["light", "high-contrast", "colour-blind", "sixteen", "none", "dark"] {
        journey.keys("T");
        assert_eq!(journey.effects(), [Effect::LoadTheme(next.to_owned())]);
        journey.send(Msg::Theme(next.to_owned()));
    }
}

#[test]
fn the_header_says_where_one_is_and_what_one_may() {
    let mut journey = Journey::on("calm-night");
    journey.sees(" DEMO ").lacks("read-only").sees("UTC").sees("Sofia");
    journey.app.setting.read_only = true;
    journey.sees("read-only");
    journey.app.setting.danger = pulse_console::app::ProfileDanger::Production;
    journey.app.setting.profile = "pulse-prod".to_owned();
    journey.sees("pulse-prod").lacks("DEMO");
}

#[test]
fn notices_go_when_read_and_are_kept() {
    let mut journey = five();
    for (importance, secs) in
        [(Importance::Info, 4), (Importance::Warning, 8), (Importance::Error, 12)]
    {
        journey.send(Msg::Say(importance, format!("It was said for {secs}.")));
        journey.advance(secs - 1).sees("It was said for").advance(2).lacks("It was said for");
    }
    journey.send(Msg::Say(Importance::Error, "Seen.".to_owned())).sees("✗ Seen.");
    journey.keys("j").lacks("Seen.").keys("N").sees("Seen.").sees("It was said for 4.");
}

#[test]
fn same_seed_and_keys_give_the_same_screens() {
    let screens = || {
        let mut journey = Journey::on("calm-night");
        let mut screens = Vec::new();
        for keys in [
            "j j enter",
            "tab j",
            "x 3",
            "k k p",
            "/ b a c k enter",
            "p esc f",
            "7 G enter",
            "2 S ?",
        ] {
            screens.push(journey.keys(keys).advance(45).screen());
        }
        (screens, journey.effects())
    };
    assert_eq!(screens(), screens());
}

/// What may happen around a cursor.
#[derive(Clone, Debug)]
enum Happening {
    /// The tenant comes, or changes.
    Comes(u8, Status),
    /// The tenant goes.
    Goes(u8),
    /// Keys that move the cursor.
    Moves(&'static str),
    /// Keys that change what is shown, and move nothing.
    Shows(&'static str),
    /// Keys that change the filter.
    Filters(&'static str),
}

/// Keys that move the cursor.
const MOVES: [&str; 7] = ["j", "k", "G", "g g", "pagedown", "pageup", "space"];

/// Keys that change what is shown.
const SHOWS: [&str; 6] = ["s", "S", "tab esc", "x", "right", "left"];

/// Keys that change the filter.
const FILTERS: [&str; 6] = ["/ a enter", "/ b e enter", "/ z z esc", "/ esc", "F", "esc"];

fn happening() -> impl Strategy<Value = Happening> {
    let status = prop_oneof![Just(Status::True), Just(Status::False), Just(Status::Unknown)];
    prop_oneof![
        4 => (0..12_u8, status).prop_map(|(n, status)| Happening::Comes(n, status)),
        3 => (0..12_u8).prop_map(Happening::Goes),
        3 => proptest::sample::select(&MOVES[..]).prop_map(Happening::Moves),
        3 => proptest::sample::select(&SHOWS[..]).prop_map(Happening::Shows),
        2 => proptest::sample::select(&FILTERS[..]).prop_map(Happening::Filters),
    ]
}

/// Twelve names in which the filters of [`happening`] find some.
fn tenant(n: u8) -> String {
    let words = ["alfa", "beta", "gong", "delta", "ubel", "zulu"];
    format!("{}-{n}", words[usize::from(n) % words.len()])
}

fn happens(journey: &mut Journey, what: &Happening) {
    match what {
        Happening::Comes(n, status) => {
            journey.tenant(&tenant(*n), *status);
        }
        Happening::Goes(n) if journey.engine.world().client(&tenant(*n)).is_some() => {
            journey.take(&tenant(*n));
        }
        Happening::Goes(_) => {}
        Happening::Moves(keys) | Happening::Shows(keys) | Happening::Filters(keys) => {
            journey.keys(keys);
        }
    }
}

/// The row that stands where the cursor says it is.
fn row_at_cursor(journey: &Journey) -> Option<RowId> {
    let pane = journey.app.pane();
    let slot = pane.view.slot(pane.cursor.position)?;
    journey.app.store.with_table(pane.table, |table| table.id(slot))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn cursor_stays_on_its_row(height in 15..24_u16, all in prop::collection::vec(happening(), 1..60)) {
        let mut journey = five();
        journey.size(80, height).keys("j");
        for what in &all {
            let Cursor { id: before, lost, .. } = journey.app.pane().cursor.clone();
            happens(&mut journey, what);
            let cursor = journey.app.pane().cursor.clone();
            let top = journey.app.pane().top;
            let shown = before.as_ref().and_then(|id| journey.name(id));
            let shown = shown.is_some_and(|name| journey.names().contains(&name));
            if cursor.id.is_some() {
                prop_assert_eq!(&row_at_cursor(&journey), &cursor.id, "{:?}", what);
                let may_move = match what {
                    Happening::Moves(_) => true,
                    // A filter that hides the row leaves it for the first that it shows.
                    Happening::Filters(_) => !shown && cursor.position == 0,
                    // Where there never was a row to be on, it begins on the first that comes.
                    _ => before.is_none() && !lost,
                };
                prop_assert!(may_move || cursor.id == before, "{:?} moved the cursor", what);
                let rows = journey.app.geometry().page();
                let seen = top..top + rows;
                prop_assert!(seen.contains(&cursor.position), "{:?}: out of sight", what);
                prop_assert!(journey.line("▸").contains(&journey.cursor_name().expect("a name")));
            } else {
                prop_assert!(cursor.lost || journey.names().is_empty());
                prop_assert!(!shown, "{:?} lost a cursor whose row is there", what);
                journey.lacks("▸");
            }
            let detail = journey.app.pane().drawer.detail.as_ref().map(|detail| detail.id.clone());
            prop_assert!(detail.is_none() || detail == cursor.id, "the drawer shows another row");
        }
    }
}
