//! What terminals send, and how chords are spelled.

use crossterm::event::KeyEventState;
use proptest::prelude::*;

use super::*;

fn chord(text: &str) -> Chord {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn event(code: KeyCode, modifiers: KeyModifiers) -> KeyEvent {
    KeyEvent::new(code, modifiers)
}

#[test]
fn what_terminals_send_is_spelled_one_way() {
    let (none, ctrl, alt, shift) =
        (KeyModifiers::NONE, KeyModifiers::CONTROL, KeyModifiers::ALT, KeyModifiers::SHIFT);
    for (code, modifiers, text) in [
        (KeyCode::Char('j'), none, "j"),
        (KeyCode::Char('G'), shift, "G"),
        (KeyCode::Char('g'), shift, "G"),
        (KeyCode::Char('G'), none, "G"),
        (KeyCode::Char('<'), shift, "<"),
        (KeyCode::Char('-'), none, "minus"),
        (KeyCode::Char(' '), shift, "space"),
        (KeyCode::Char('ß'), shift, "ß"),
        (KeyCode::Char('\u{a0}'), none, "u+00a0"),
        (KeyCode::Char('\u{202e}'), none, "u+202e"),
        (KeyCode::Char('k'), ctrl, "ctrl-k"),
        (KeyCode::Char('K'), ctrl | shift, "ctrl-k"),
        (KeyCode::Char('i'), ctrl, "tab"),
        (KeyCode::Char('m'), ctrl | alt, "alt-enter"),
        (KeyCode::Char('['), ctrl, "esc"),
        (KeyCode::Char('x'), alt, "alt-x"),
        (KeyCode::Char('x'), alt | shift, "alt-X"),
        (KeyCode::Null, none, "ctrl-space"),
        (KeyCode::BackTab, none, "shift-tab"),
        (KeyCode::BackTab, shift, "shift-tab"),
        (KeyCode::Tab, shift, "shift-tab"),
        (KeyCode::Up, ctrl | alt | shift, "ctrl-alt-shift-up"),
        (KeyCode::PageUp, none, "pageup"),
        (KeyCode::F(12), none, "f12"),
    ] {
        let found = Chord::from_event(&event(code, modifiers)).unwrap();
        assert_eq!(found.to_string(), text, "{code:?} {modifiers:?}");
        assert_eq!(chord(text), found, "{text}");
    }
}

#[test]
fn what_is_no_key_of_ours_is_ignored() {
    let release =
        KeyEvent::new_with_kind(KeyCode::Char('q'), KeyModifiers::NONE, KeyEventKind::Release);
    let repeat = KeyEvent { kind: KeyEventKind::Repeat, state: KeyEventState::NONE, ..release };
    assert_eq!(Chord::from_event(&release), None);
    assert_eq!(Chord::from_event(&repeat), Some(chord("q")));
    for (code, modifiers) in [
        (KeyCode::CapsLock, KeyModifiers::NONE),
        (KeyCode::F(0), KeyModifiers::NONE),
        (KeyCode::F(99), KeyModifiers::NONE),
        (KeyCode::Char('\u{7}'), KeyModifiers::NONE),
        (KeyCode::Char('q'), KeyModifiers::SUPER),
    ] {
        assert_eq!(Chord::from_event(&event(code, modifiers)), None, "{code:?}");
    }
}

#[test]
fn a_wrong_spelling_says_what_to_write() {
    for (text, message) in [
        ("", "No key is written."),
        ("-", "\"-\" must be written \"minus\", the one spelling of this key."),
        ("ctrl-K", "\"ctrl-K\" must be written \"ctrl-k\", the one spelling of this key."),
        ("ctrl-i", "\"ctrl-i\" must be written \"tab\", the one spelling of this key."),
        (
            "alt-ctrl-x",
            "\"alt-ctrl-x\" must be written \"ctrl-alt-x\", the one spelling of this key.",
        ),
        ("f01", "\"f01\" must be written \"f1\", the one spelling of this key."),
        ("u+67", "\"u+67\" must be written \"g\", the one spelling of this key."),
        (
            "shift-g",
            "\"shift-g\" is no key: write the character that shift gives, such as \"G\" or \"!\".",
        ),
        ("entr", "\"entr\" is no key. Did you mean \"enter\"?"),
        ("ctrl-PageUp", "\"ctrl-PageUp\" is no key. Did you mean \"ctrl-pageup\"?"),
        ("gg", "\"gg\" is no key. Keys that follow each other have spaces between them: \"g g\"."),
        (
            "super-x",
            "\"super-x\" is no key. Write a character, or a name such as enter, esc, space or f5, \
             after ctrl- or alt- if they are held.",
        ),
        (
            "f25\u{1b}",
            "\"f25\\u{1b}\" is no key. Write a character, or a name such as enter, esc, space or \
             f5, after ctrl- or alt- if they are held.",
        ),
    ] {
        assert_eq!(text.parse::<Chord>().unwrap_err().to_string(), message);
    }
}

#[test]
fn sequences_have_spaces_between_their_keys() {
    let keys = parse_keys("  j j enter / a  c m e\tenter ").unwrap();
    assert_eq!(show_keys(&keys), "j j enter / a c m e enter");
    assert_eq!(parse_keys(" "), Err(ChordError::Empty));
    assert!(parse_keys("g gg").is_err());
}

#[test]
fn serde_uses_the_spelling() {
    let text = serde_json::to_string(&chord("ctrl-alt-x")).unwrap();
    assert_eq!(text, "\"ctrl-alt-x\"");
    assert_eq!(serde_json::from_str::<Chord>(&text).unwrap(), chord("ctrl-alt-x"));
    let error = serde_json::from_str::<Chord>("\"gg\"").unwrap_err().to_string();
    assert!(error.contains("\"g g\""), "{error}");
}

#[test]
fn text_and_commands_are_told_apart() {
    for (text, typed, command) in [
        ("a", Some('a'), false),
        ("space", Some(' '), false),
        ("ctrl-a", None, true),
        ("alt-a", None, true),
        ("f1", None, true),
        ("tab", None, false),
        ("shift-tab", None, false),
        ("esc", None, false),
    ] {
        assert_eq!((chord(text).text(), chord(text).is_command()), (typed, command), "{text}");
    }
}

fn any_key() -> impl Strategy<Value = Key> {
    let named: Vec<Key> = NAMED.iter().map(|(_, key)| *key).collect();
    prop_oneof![
        any::<char>().prop_filter("control", |c| !c.is_control()).prop_map(Key::Char),
        (0x20_u8..0x7f).prop_map(|byte| Key::Char(char::from(byte))),
        proptest::sample::select(named),
        (1..=F_MAX).prop_map(Key::F),
    ]
}

proptest! {
    #[test]
    fn every_chord_reads_back(key in any_key(), bits in 0_u8..8) {
        let chord = Chord::new(key, Modifiers(bits));
        prop_assert_eq!(chord.to_string().parse::<Chord>(), Ok(chord));
        prop_assert_eq!(Chord::new(chord.key(), chord.modifiers()), chord);
        prop_assert_eq!(Chord::from_event(&chord.event()), Some(chord));
        prop_assert_eq!(parse_keys(&show_keys(&[chord, chord])), Ok(vec![chord, chord]));
    }

    #[test]
    fn any_text_is_a_key_or_an_error(text in "\\PC*") {
        if let Ok(chord) = text.parse::<Chord>() {
            prop_assert_eq!(chord.to_string(), text);
        }
    }

    #[test]
    fn any_modified_word_is_a_key_or_an_error(
        text in "(ctrl-|alt-|shift-){0,3}(u\\+|f)?[a-zA-Z0-9+-]{0,4}",
    ) {
        if let Ok(chord) = text.parse::<Chord>() {
            prop_assert_eq!(chord.to_string(), text);
        }
    }
}
