//! Journeys about keys themselves: what they are shown as, sequences, pastes, and keys that mean nothing.

use pulse_console::app::{Effect, Msg};

use crate::five;
use crate::journey::{self, Journey};

#[test]
fn help_shows_the_keys_in_effect() {
    for (map, seen, other) in [
        ("default", "j, down ", "ctrl-d"),
        ("vim", "ctrl-d", "alt-x"),
        ("emacs", "alt-x", "ctrl-d"),
    ] {
        let mut journey = Journey::with_keys("calm-night", map);
        journey.size(120, 90).keys("f1").sees("╭ keys that work here").sees(seen).lacks(other);
        journey.sees("the filter line").sees("health<=degraded");
        journey.keys("esc").lacks("╭ keys that work here");
    }
    let mut journey = Journey::with_keys("calm-night", "vim");
    journey.keys("j j g g").on_row("proba-19").keys("y y").sees("Copied proba-19.");
    let mut journey = Journey::with_keys("calm-night", "emacs");
    journey.keys("ctrl-n").on_row("tih-pristan").keys("alt-x").sees("╭ palette ").keys("ctrl-g");
    journey.lacks("╭ palette ").keys("ctrl-x ctrl-c");
    assert_eq!(journey.effects(), [Effect::Quit]);
}

#[test]
fn help_scrolls_to_its_end_and_no_further() {
    let mut journey = Journey::on("calm-night");
    journey.size(80, 24).keys("?").sees(" 1–18 of").keys("G").sees("Names of columns");
    let end = journey.screen();
    journey.keys("j pagedown j");
    assert_eq!(journey.screen(), end, "there is nothing after the end");
    journey.keys("k").lacks("Names of columns").keys("g g").sees(" 1–18 of");
}

#[test]
fn a_key_that_means_nothing_says_so() {
    let mut journey = five();
    journey.keys("z").sees("z does nothing here; ? shows the keys.");
    journey.keys("g z").sees("g z does nothing here; ? shows the keys.").on_row("alfa");
    journey.keys("j").lacks("does nothing");
    let mut journey = Journey::with_keys("calm-night", "emacs");
    journey.keys("ctrl-x z").sees("ctrl-x z does nothing here");
}

#[test]
fn a_key_that_begins_a_sequence_shows_how_it_goes_on() {
    let mut journey = five();
    journey.keys("j g");
    assert_eq!(journey.footer(), "g … g first");
    journey.on_row("beta").keys("g").on_row("alfa");
    assert!(journey.app.pending().is_empty());
    let mut journey = Journey::with_keys("calm-night", "emacs");
    journey.keys("ctrl-x");
    let footer = journey.footer();
    for (key, does) in [("ctrl-c", "quit"), ("o", "into details"), ("1", "close details")] {
        assert!(footer.contains(&format!("{key} {does}")), "{footer}");
    }
}

#[test]
fn keys_bound_anew_forget_what_was_begun() {
    let mut journey = five();
    journey.keys("j g").send(Msg::Keymap(journey::keymap("emacs")));
    assert!(journey.app.pending().is_empty());
    journey.keys("ctrl-n").on_row("delta").keys("alt-<").on_row("alfa");
}

#[test]
fn a_paste_where_no_line_is_typed_does_nothing() {
    let mut journey = Journey::on("calm-night");
    journey.keys("j g");
    let before = journey.app.pane().cursor.id.clone();
    for paste in
        ["q", "G", "dd:quit\n", "j\nj\nspace\n", "\u{1b}[A\u{1b}:q\r", &"xqYTN!/".repeat(2_000)]
    {
        journey.send(Msg::Paste(paste.to_owned()));
        journey.sees("The pasted text was ignored: no line is being typed.");
        assert!(journey.effects().is_empty());
        assert!(journey.app.overlay().is_none() && journey.app.pane().filter.typing.is_none());
        assert!(journey.marked().is_empty() && journey.app.pending().is_empty());
        assert_eq!(journey.app.pane().cursor.id, before);
    }
    journey.keys("/").send(Msg::Paste("tenant:\nme\u{1b}[2J\u{202e}den".to_owned()));
    assert_eq!(
        journey.app.pane().filter.typing.as_ref().expect("a line").text(),
        "tenant: me[2Jden"
    );
}

#[test]
fn a_burst_of_letters_is_read_key_by_key_and_only_looks() {
    let mut journey = five();
    // Everything one can type without enter, as from a terminal that knows no bracketed paste.
    for c in (' '..='~').filter(|c| *c != 'q') {
        journey.types(&c.to_string());
        journey.screen();
    }
    let effects = journey.effects();
    let harmless = |effect: &Effect| matches!(effect, Effect::Copy(_) | Effect::LoadTheme(_));
    assert!(effects.iter().all(harmless), "{effects:?}");
}

#[test]
fn what_the_program_is_asked_is_an_effect() {
    for (keys, effect) in [
        ("q", Effect::Quit),
        ("ctrl-c", Effect::Quit),
        ("ctrl-z", Effect::Suspend),
        ("ctrl-l", Effect::Redraw),
        ("ctrl-g", Effect::Record),
    ] {
        let mut journey = five();
        journey.keys(keys);
        assert_eq!(journey.effects(), [effect], "{keys}");
    }
    let mut journey = five();
    journey.keys("/ q");
    assert!(journey.effects().is_empty(), "a letter that is typed is a letter");
    journey.keys("ctrl-c").lacks("/ q");
    assert!(journey.effects().is_empty(), "ctrl-c leaves the line first");
}
