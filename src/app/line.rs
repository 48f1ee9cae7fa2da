//! One line of text being typed.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use tui_textarea::{CursorMove, TextArea};

/// The most characters of a line.
const LONGEST: usize = 1024;

/// A line being typed, with its cursor.
#[derive(Clone, Debug, Default)]
pub struct Line {
    area: TextArea<'static>,
}

impl Line {
    /// A line that holds `text`, with the cursor at its end.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut area = TextArea::new(vec![one_line(text)]);
        area.move_cursor(CursorMove::End);
        Self { area }
    }

    /// What is typed so far.
    #[must_use]
    pub fn text(&self) -> &str {
        self.area.lines().first().map_or("", String::as_str)
    }

    /// The characters before the cursor.
    #[must_use]
    pub fn cursor(&self) -> usize {
        self.area.cursor().1
    }

    /// Takes in a key; says whether the text changed.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        let typed = matches!(key.code, KeyCode::Char(_))
            && !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        if matches!(key.code, KeyCode::Enter) || (typed && self.text().chars().count() >= LONGEST) {
            return false;
        }
        let before = self.text().to_owned();
        if key.code == KeyCode::Char('u') && key.modifiers == KeyModifiers::CONTROL {
            // As in a shell: everything before the cursor goes.
            self.area.delete_line_by_head();
            return before != self.text();
        }
        self.area.input(key);
        before != self.text()
    }

    /// Takes in pasted text, as one line.
    pub fn paste(&mut self, text: &str) {
        let room = LONGEST.saturating_sub(self.text().chars().count());
        self.area.insert_str(one_line(text).chars().take(room).collect::<String>());
    }
}

/// `text` without what would break the line or hide in it.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c })
        .filter(|c| !crate::domain::Text::is_hostile(*c))
        .take(LONGEST)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paste_stays_one_clean_line() {
        let mut line = Line::new("tier:");
        line.paste("pro\nrm -rf\u{1b}[2J\u{202e}");
        assert_eq!(line.text(), "tier:pro rm -rf[2J");
        line.paste(&"x".repeat(5000));
        assert_eq!(line.text().chars().count(), LONGEST);
    }

    #[test]
    fn keys_edit_the_line() {
        let mut line = Line::new("ab");
        assert!(line.key(KeyEvent::from(KeyCode::Char('c'))));
        assert!(line.key(KeyEvent::from(KeyCode::Backspace)));
        assert!(!line.key(KeyEvent::from(KeyCode::Left)));
        assert_eq!((line.text(), line.cursor()), ("ab", 1));
        assert!(!line.key(KeyEvent::from(KeyCode::Enter)));
        assert!(line.key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL)));
        assert_eq!(line.text(), "b");
    }
}
