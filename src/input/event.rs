//! Chords as the terminal would report them: for journeys and for frames taken after some keys.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::{Chord, Key, Modifiers};

impl Chord {
    /// The event that a terminal reports for this chord.
    #[must_use]
    pub fn to_event(self) -> KeyEvent {
        let (key, held) = (self.key(), self.modifiers());
        let mut modifiers = KeyModifiers::NONE;
        for (one, same) in [
            (Modifiers::CTRL, KeyModifiers::CONTROL),
            (Modifiers::ALT, KeyModifiers::ALT),
            (Modifiers::SHIFT, KeyModifiers::SHIFT),
        ] {
            modifiers.set(same, held.contains(one));
        }
        let code = match key {
            Key::Char(character) => KeyCode::Char(character),
            Key::Enter => KeyCode::Enter,
            Key::Esc => KeyCode::Esc,
            Key::Tab if held.contains(Modifiers::SHIFT) => KeyCode::BackTab,
            Key::Tab => KeyCode::Tab,
            Key::Backspace => KeyCode::Backspace,
            Key::Delete => KeyCode::Delete,
            Key::Insert => KeyCode::Insert,
            Key::Up => KeyCode::Up,
            Key::Down => KeyCode::Down,
            Key::Left => KeyCode::Left,
            Key::Right => KeyCode::Right,
            Key::PageUp => KeyCode::PageUp,
            Key::PageDown => KeyCode::PageDown,
            Key::Home => KeyCode::Home,
            Key::End => KeyCode::End,
            Key::F(number) => KeyCode::F(number),
        };
        KeyEvent::new(code, modifiers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chord_survives_the_way_through_the_terminal() {
        for text in ["j", "G", "ctrl-c", "alt-<", "space", "shift-tab", "pageup", "f5", "/", "ctrl-space"] {
            let chord: Chord = text.parse().expect("a chord");
            assert_eq!(Chord::from_event(&chord.to_event()), Some(chord), "{text}");
        }
    }
}
