//! What the screen looks like, character by character: panes at three sizes in every state, pages laid over them, and
//! each theme as runs of styles.
//!
//! `INSTA_UPDATE=always cargo test --test snapshots` takes them anew; look at the difference before it is kept.

#![expect(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

mod journey;

use std::fmt::Write as _;

use journey::Journey;
use pulse_console::app::panes::{PANES, pane_of};
use pulse_console::domain::{FeedId, TroubleKind};
use pulse_console::runtime::snapshot::{Format, print};
use pulse_console::sim::Fault;
use pulse_console::store::table::TableId;
use pulse_console::ui::theme::{BUILTIN_NAMES, ColorDepth};
use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier};

const SIZES: [(u16, u16); 3] = [(80, 24), (160, 48), (200, 60)];

/// The tables that are kept in every theme: between them they use every role.
const THEMED: [TableId; 6] = [
    TableId::Overview,
    TableId::Tenants,
    TableId::Events,
    TableId::Databases,
    TableId::Upgrades,
    TableId::Alerts,
];

const STATES: [&str; 8] =
    ["live", "syncing", "empty", "failed", "denied", "stale", "drawer", "filter-error"];

/// The keys that lead to `table`.
fn keys_to(table: TableId) -> String {
    let pane = PANES.get(pane_of(table)).expect("every table is in a pane");
    let place = pane.tables.iter().position(|other| *other == table).expect("it is there");
    match pane.digit {
        Some(digit) => format!("{digit}{}", " v".repeat(place)),
        // The services have no digit: they stand after the cluster.
        None => format!("0 >{}", " v".repeat(place)),
    }
}

/// The console in the state, at the size: the same for every table.
fn console(state: &str, size: (u16, u16)) -> Journey {
    let mut journey = match state {
        "empty" => Journey::on_nothing(),
        _ => Journey::before("calm-night"),
    };
    journey.size(size.0, size.1);
    match state {
        "syncing" => {}
        "failed" => cut(&mut journey, &FeedId::ALL),
        "denied" => FeedId::ALL.iter().for_each(|feed| {
            journey.fault(Fault::Denied(*feed));
        }),
        "stale" => {
            journey.start().advance(130);
            cut(&mut journey, &FeedId::ALL);
            journey.advance(75);
        }
        // Late enough for a gap in the stream, a run that failed and changes that were seen.
        _ => {
            journey.start().advance(590);
        }
    }
    if state != "syncing" {
        journey.start();
    }
    journey
}

/// Goes to `table` and brings it into the state; [`leave`] undoes that.
fn enter(journey: &mut Journey, table: TableId, state: &str) {
    // From another pane, so that its digit does not mean its next table.
    journey.keys("2").keys(&keys_to(table));
    match state {
        "drawer" => journey.keys("k tab"),
        "filter-error" => journey.keys("/").types("(meden or"),
        _ => journey,
    };
}

fn leave(journey: &mut Journey, table: TableId, state: &str) {
    match state {
        "drawer" => journey.keys("x"),
        "filter-error" => journey.keys("esc"),
        _ => journey,
    };
    // Back to the pane's first table, where the next way to it begins.
    let pane = PANES.get(pane_of(table)).expect("every table is in a pane");
    let place = pane.tables.iter().position(|other| *other == table).expect("it is there");
    for _ in place..pane.tables.len() * usize::from(place > 0) {
        journey.keys("v");
    }
}

fn cut(journey: &mut Journey, feeds: &[FeedId]) {
    for feed in feeds {
        journey.cut(*feed, TroubleKind::Unreachable);
    }
}

fn assert_same(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn tables_look_as_they_did() {
    for size in SIZES {
        let mut pages = TableId::ALL.map(|_| String::new());
        for state in STATES {
            let mut journey = console(state, size);
            for (table, page) in TableId::ALL.into_iter().zip(&mut pages) {
                enter(&mut journey, table, state);
                assert_eq!(journey.pane(), table);
                let _ = write!(page, "\n== {state}\n{}", journey.screen());
                leave(&mut journey, table, state);
            }
        }
        for (table, page) in TableId::ALL.into_iter().zip(&pages) {
            assert_same(&format!("{}-{}x{}", table.name(), size.0, size.1), page);
        }
    }
}

#[test]
fn pages_laid_over_look_as_they_did() {
    let pages = [
        ("palette", ": n e x t"),
        ("help", "?"),
        ("feeds", "!"),
        ("columns", "c j j"),
        ("notices", "N"),
    ];
    for (width, height) in [(80, 24), (160, 48)] {
        for (name, keys) in pages {
            let mut journey = Journey::on("hostile-data");
            journey.size(width, height).advance(55);
            let screen = journey.keys(keys).screen();
            assert_same(&format!("over-{width}x{height}-{name}"), &screen);
        }
    }
}

#[test]
fn a_window_too_small_looks_as_it_did() {
    for (width, height) in [(59, 14), (20, 4), (60, 15)] {
        let mut journey = Journey::on("calm-night");
        let screen = journey.size(width, height).screen();
        assert_same(&format!("small-{width}x{height}"), &screen);
    }
}

#[test]
fn themes_change_colours_and_not_a_character() {
    let mut journeys: Vec<_> =
        STATES.iter().map(|state| (*state, console(state, (160, 48)))).collect();
    for table in THEMED {
        let looks = BUILTIN_NAMES.map(|theme| journey::theme(theme, ColorDepth::TrueColor));
        let mut pages = BUILTIN_NAMES.map(|_| (Legend::default(), String::new()));
        for (state, journey) in &mut journeys {
            enter(journey, table, state);
            let screen = journey.screen();
            for ((look, theme), (legend, page)) in looks.iter().zip(BUILTIN_NAMES).zip(&mut pages) {
                let frame = journey.frame_in(look);
                assert_eq!(print(&frame, Format::Text), screen, "{theme}: {state}");
                let _ = write!(page, "\n== {state}\n{}", legend.runs(&frame));
            }
            leave(journey, table, state);
        }
        for (theme, (legend, page)) in BUILTIN_NAMES.iter().zip(&pages) {
            assert_same(
                &format!("theme-{theme}-{}", table.name()),
                &format!("{}{page}", legend.page()),
            );
        }
    }
}

/// How a cell looks.
type Look = (Color, Color, Modifier);

/// Letters for looks, in the order met.
#[derive(Default)]
struct Legend(Vec<Look>);

impl Legend {
    fn letter(&mut self, look: Look) -> String {
        let known = self.0.iter().position(|other| *other == look);
        let number = known.unwrap_or_else(|| {
            self.0.push(look);
            self.0.len() - 1
        });
        let letter = |n: usize| char::from(b'a' + u8::try_from(n % 26).expect("a letter"));
        match number / 26 {
            0 => letter(number).to_string(),
            more => format!("{}{}", letter(more - 1), letter(number)),
        }
    }

    /// Each line as runs: the letter of a look, how many cells it has, and what stands in them.
    fn runs(&mut self, frame: &Buffer) -> String {
        let mut out = String::new();
        for y in 0..frame.area.height {
            let mut runs: Vec<(Look, u16, String)> = Vec::new();
            for x in 0..frame.area.width {
                let cell = frame.cell((x, y)).expect("a cell");
                let look = (cell.fg, cell.bg, cell.modifier);
                match runs.last_mut() {
                    Some((last, cells, text)) if *last == look => {
                        *cells += 1;
                        text.push_str(cell.symbol());
                    }
                    _ => runs.push((look, 1, cell.symbol().to_owned())),
                }
            }
            let line: Vec<String> = runs
                .into_iter()
                .map(|(look, cells, text)| {
                    let words: Vec<&str> = text.split_whitespace().collect();
                    format!("{}{cells} {}", self.letter(look), words.join(" "))
                        .trim_end()
                        .to_owned()
                })
                .collect();
            let _ = writeln!(out, "{:>2} {}", y, line.join(" | "));
        }
        out
    }

    fn page(&self) -> String {
        let mut out = String::new();
        for (number, (fg, bg, modifier)) in self.0.iter().enumerate() {
            let letter = Self(self.0.clone()).letter(self.0.get(number).copied().expect("a look"));
            let _ = writeln!(out, "{letter:<2} {fg} on {bg} {modifier:?}");
        }
        out
    }
}
