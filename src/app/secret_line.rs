//! One line of text that nobody else may see.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use secrecy::zeroize::Zeroizing;

use crate::domain::Text;
use crate::platform::Secret;

/// The most characters of a line.
const LONGEST: usize = 256;

/// Its bytes. Its memory is never moved while it grows, so that no copy is left behind.
const BYTES: usize = LONGEST * 4;

/// A line being typed, wiped from memory when it is let go.
pub struct SecretLine {
    text: Zeroizing<String>,
    /// The characters before the cursor.
    cursor: usize,
}

impl Default for SecretLine {
    fn default() -> Self {
        Self { text: Zeroizing::new(String::with_capacity(BYTES)), cursor: 0 }
    }
}

impl SecretLine {
    /// What is typed so far.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many characters are typed so far.
    #[must_use]
    pub fn len(&self) -> usize {
        self.text.chars().count()
    }

    /// Whether nothing is typed yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// The characters before the cursor.
    #[must_use]
    pub const fn cursor(&self) -> usize {
        self.cursor
    }

    /// What is typed, to be handed on.
    #[must_use]
    pub fn secret(&self) -> Secret {
        Secret::new(self.text.to_string())
    }

    /// Takes in a key; says whether it was one for a line.
    pub fn key(&mut self, key: KeyEvent) -> bool {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            // A password has no words: what a shell's ctrl-w takes away is all of it before the cursor.
            KeyCode::Char('u' | 'w') if control => self.keep_from(self.cursor),
            KeyCode::Char('a') if control => self.cursor = 0,
            KeyCode::Char('e') if control => self.cursor = self.len(),
            KeyCode::Char('k') if control => self.keep_to(self.cursor),
            KeyCode::Char('h') if control => self.backspace(),
            KeyCode::Char(_) if control || key.modifiers.contains(KeyModifiers::ALT) => {
                return false;
            }
            KeyCode::Char(typed) => self.insert(typed),
            KeyCode::Backspace => self.backspace(),
            KeyCode::Delete => self.remove(),
            KeyCode::Left => self.cursor = self.cursor.saturating_sub(1),
            KeyCode::Right => self.cursor = (self.cursor + 1).min(self.len()),
            KeyCode::Home => self.cursor = 0,
            KeyCode::End => self.cursor = self.len(),
            _ => return false,
        }
        true
    }

    /// Takes in pasted text: the first line of it, for a password manager copies the end of the line too.
    pub fn paste(&mut self, text: &str) {
        for typed in text.lines().next().unwrap_or_default().chars() {
            self.insert(typed);
        }
    }

    fn insert(&mut self, typed: char) {
        if !Text::is_hostile(typed) && self.len() < LONGEST {
            let at = self.byte(self.cursor);
            self.text.insert(at, typed);
            self.cursor += 1;
        }
    }

    fn backspace(&mut self) {
        if self.cursor > 0 {
            self.cursor -= 1;
            self.remove();
        }
    }

    fn remove(&mut self) {
        let at = self.byte(self.cursor);
        if at < self.text.len() {
            self.text.remove(at);
        }
    }

    fn keep_from(&mut self, cursor: usize) {
        let at = self.byte(cursor);
        self.text.drain(..at);
        self.cursor = 0;
    }

    fn keep_to(&mut self, cursor: usize) {
        let at = self.byte(cursor);
        self.text.truncate(at);
    }

    fn byte(&self, cursor: usize) -> usize {
        self.text.char_indices().nth(cursor).map_or(self.text.len(), |(at, _)| at)
    }
}

impl Clone for SecretLine {
    fn clone(&self) -> Self {
        let mut other = Self { cursor: self.cursor, ..Self::default() };
        other.text.push_str(&self.text);
        other
    }
}

impl std::fmt::Debug for SecretLine {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("SecretLine")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_edited_like_a_line_and_shows_itself_nowhere() {
        let mut line = SecretLine::default();
        line.paste("hünter2\nsecond line");
        assert_eq!((line.text(), line.len(), line.cursor()), ("hünter2", 7, 7));
        assert!(line.key(KeyEvent::from(KeyCode::Home)));
        assert!(line.key(KeyEvent::from(KeyCode::Delete)));
        assert!(line.key(KeyEvent::from(KeyCode::Right)));
        assert!(line.key(KeyEvent::from(KeyCode::Char('x'))));
        assert!(line.key(KeyEvent::from(KeyCode::Backspace)));
        assert_eq!((line.text(), line.cursor()), ("ünter2", 1));
        assert!(line.key(KeyEvent::new(KeyCode::Char('u'), KeyModifiers::CONTROL)));
        assert_eq!((line.text(), line.cursor()), ("nter2", 0));
        for (letter, left) in
            [('h', "nter2"), ('e', "nter2"), ('h', "nter"), ('a', "nter"), ('k', "")]
        {
            line.key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL));
            assert_eq!(line.text(), left, "after ctrl-{letter}");
        }
        line.paste("nter");
        assert!(!line.key(KeyEvent::from(KeyCode::Enter)));
        assert!(!format!("{line:?} {:?}", line.secret()).contains("nter"));
    }

    #[test]
    fn it_is_bounded_and_takes_no_controls() {
        let mut line = SecretLine::default();
        line.paste("a\u{1b}[2J\u{202e}b");
        assert_eq!(line.text(), "a[2Jb");
        line.paste(&"é".repeat(5000));
        assert_eq!((line.len(), line.text.capacity()), (LONGEST, BYTES));
        assert_eq!(line.clone().text.capacity(), BYTES);
    }
}
