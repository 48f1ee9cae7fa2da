//! One key pressed with its modifiers, and its one spelling.
//!
//! The spelling is the same in key files, in hints and in the key strings of journeys: modifiers
//! `ctrl-`, `alt-` and `shift-` in that order, then a character as it is typed (`G`, `<`, `/`) or a
//! name (`space`, `minus`, `enter`, `esc`, `pageup`, `f1`). Keys that follow each other have spaces
//! between them: `g g`, or `j j enter / a c m e enter`. A character that cannot be seen is written by
//! its number: `u+00a0`.
//!
//! Invariant: a [`Chord`] is what a plain terminal can tell apart. Shift is in the character, control
//! makes letters small, and `ctrl-i`, `ctrl-m` and `ctrl-[` are `tab`, `enter` and `esc`. So a key
//! means the same on every terminal, however much more some of them report.

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use serde::{Deserialize, Serialize};
use unicode_width::UnicodeWidthChar;

use super::document::quote;
use crate::domain::nearest;

/// A key of the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// A character as it is typed.
    Char(char),
    /// The return key.
    Enter,
    /// The escape key.
    Esc,
    /// The tabulator; with shift it goes back.
    Tab,
    /// Deletes to the left.
    Backspace,
    /// Deletes to the right.
    Delete,
    /// The insert key.
    Insert,
    /// The arrow up.
    Up,
    /// The arrow down.
    Down,
    /// The arrow to the left.
    Left,
    /// The arrow to the right.
    Right,
    /// A screen up.
    PageUp,
    /// A screen down.
    PageDown,
    /// To the start.
    Home,
    /// To the end.
    End,
    /// A function key, 1 to 24.
    F(u8),
}

/// The keys that have a name, with it. `Char(' ')` and `Char('-')` would be lost in a spelling.
const NAMED: [(&str, Key); 16] = [
    ("space", Key::Char(' ')),
    ("minus", Key::Char('-')),
    ("enter", Key::Enter),
    ("esc", Key::Esc),
    ("tab", Key::Tab),
    ("backspace", Key::Backspace),
    ("delete", Key::Delete),
    ("insert", Key::Insert),
    ("up", Key::Up),
    ("down", Key::Down),
    ("left", Key::Left),
    ("right", Key::Right),
    ("pageup", Key::PageUp),
    ("pagedown", Key::PageDown),
    ("home", Key::Home),
    ("end", Key::End),
];

/// The keys without a character or number, with what crossterm calls them.
const PLAIN: [(KeyCode, Key); 14] = [
    (KeyCode::Enter, Key::Enter),
    (KeyCode::Esc, Key::Esc),
    (KeyCode::Tab, Key::Tab),
    (KeyCode::Backspace, Key::Backspace),
    (KeyCode::Delete, Key::Delete),
    (KeyCode::Insert, Key::Insert),
    (KeyCode::Up, Key::Up),
    (KeyCode::Down, Key::Down),
    (KeyCode::Left, Key::Left),
    (KeyCode::Right, Key::Right),
    (KeyCode::PageUp, Key::PageUp),
    (KeyCode::PageDown, Key::PageDown),
    (KeyCode::Home, Key::Home),
    (KeyCode::End, Key::End),
];

/// The modifiers, with what crossterm calls them.
const MODIFIERS: [(KeyModifiers, Modifiers); 3] = [
    (KeyModifiers::CONTROL, Modifiers::CTRL),
    (KeyModifiers::ALT, Modifiers::ALT),
    (KeyModifiers::SHIFT, Modifiers::SHIFT),
];

/// The highest function key.
const F_MAX: u8 = 24;

/// A set of the modifiers held down.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Modifiers(u8);

impl Modifiers {
    /// None held.
    pub const NONE: Self = Self(0);
    /// Control.
    pub const CTRL: Self = Self(1);
    /// Alt, also called meta or option.
    pub const ALT: Self = Self(2);
    /// Shift, where it is not already in the character.
    pub const SHIFT: Self = Self(4);

    /// In the order of a spelling, with the text of each.
    const SPELLED: [(&'static str, Self); 3] =
        [("ctrl-", Self::CTRL), ("alt-", Self::ALT), ("shift-", Self::SHIFT)];

    /// Whether all of `other` are held.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Those of both.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// These without those of `other`.
    #[must_use]
    pub const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }
}

impl fmt::Debug for Modifiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Modifiers({self})")
    }
}

impl fmt::Display for Modifiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (text, one) in Self::SPELLED {
            if self.contains(one) {
                f.write_str(text)?;
            }
        }
        Ok(())
    }
}

/// A key with the modifiers held while it was pressed, as a plain terminal can tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Chord {
    key: Key,
    modifiers: Modifiers,
}

impl Chord {
    /// The chord of `key` and `modifiers`, brought into the one form that all terminals send.
    #[must_use]
    pub fn new(key: Key, modifiers: Modifiers) -> Self {
        let Key::Char(character) = key else {
            return Self { key, modifiers };
        };
        let ctrl = modifiers.contains(Modifiers::CTRL);
        let character = match ctrl {
            true => lower(character),
            false if modifiers.contains(Modifiers::SHIFT) => upper(character),
            false => character,
        };
        let same_as = match character {
            'i' => Some(Key::Tab),
            'm' => Some(Key::Enter),
            '[' => Some(Key::Esc),
            _ => None,
        };
        let modifiers = modifiers.without(Modifiers::SHIFT);
        match same_as {
            Some(key) if ctrl => Self { key, modifiers: modifiers.without(Modifiers::CTRL) },
            _ => Self { key: Key::Char(character), modifiers },
        }
    }

    /// The chord that a terminal reported; `None` for a key let go, a modifier alone, the keys of
    /// media players, and whatever is held together with the window system's own key.
    #[must_use]
    pub fn from_event(event: &KeyEvent) -> Option<Self> {
        let foreign = KeyModifiers::SUPER | KeyModifiers::HYPER | KeyModifiers::META;
        if event.kind == KeyEventKind::Release || event.modifiers.intersects(foreign) {
            return None;
        }
        let mut modifiers = Modifiers::NONE;
        for (theirs, ours) in MODIFIERS {
            if event.modifiers.contains(theirs) {
                modifiers = modifiers.with(ours);
            }
        }
        let key = match event.code {
            KeyCode::Char(character) if !character.is_control() => Key::Char(character),
            KeyCode::BackTab => {
                modifiers = modifiers.with(Modifiers::SHIFT);
                Key::Tab
            }
            KeyCode::Null => {
                modifiers = modifiers.with(Modifiers::CTRL);
                Key::Char(' ')
            }
            KeyCode::F(number @ 1..=F_MAX) => Key::F(number),
            code => PLAIN.iter().find(|(theirs, _)| *theirs == code).map(|(_, ours)| *ours)?,
        };
        Some(Self::new(key, modifiers))
    }

    /// The event that a plain terminal reports for it, for key strings that are played.
    #[must_use]
    pub fn event(self) -> KeyEvent {
        let mut modifiers = KeyModifiers::NONE;
        for (theirs, ours) in MODIFIERS {
            modifiers.set(theirs, self.modifiers.contains(ours));
        }
        let code = match self.key {
            Key::Tab if self.modifiers.contains(Modifiers::SHIFT) => KeyCode::BackTab,
            Key::Char(character) => KeyCode::Char(character),
            Key::F(number) => KeyCode::F(number),
            key => {
                PLAIN.iter().find(|(_, ours)| *ours == key).map_or(KeyCode::Null, |(code, _)| *code)
            }
        };
        KeyEvent::new(code, modifiers)
    }

    /// The key.
    #[must_use]
    pub const fn key(self) -> Key {
        self.key
    }

    /// The modifiers held with it.
    #[must_use]
    pub const fn modifiers(self) -> Modifiers {
        self.modifiers
    }

    /// The character that this chord types into a line of text, if it types one.
    #[must_use]
    pub const fn text(self) -> Option<char> {
        match self.key {
            Key::Char(character) if self.modifiers.0 == 0 => Some(character),
            _ => None,
        }
    }

    /// Whether `character` takes up cells and leaves a mark in them.
    pub(super) fn can_be_seen(character: char) -> bool {
        !character.is_whitespace() && character.width().is_some_and(|cells| cells > 0)
    }

    /// Whether it has control or alt, or is a function key: what never belongs to a line of text.
    #[must_use]
    pub const fn is_command(self) -> bool {
        self.modifiers.contains(Modifiers::CTRL)
            || self.modifiers.contains(Modifiers::ALT)
            || matches!(self.key, Key::F(_))
    }
}

/// The small letter, where it is one character.
fn lower(character: char) -> char {
    only(character.to_lowercase()).unwrap_or(character)
}

/// The capital letter, where it is one character.
fn upper(character: char) -> char {
    only(character.to_uppercase()).unwrap_or(character)
}

fn only(mut characters: impl Iterator<Item = char>) -> Option<char> {
    characters.next().filter(|_| characters.next().is_none())
}

impl fmt::Display for Chord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.modifiers)?;
        if let Some((name, _)) = NAMED.iter().find(|(_, key)| *key == self.key) {
            return f.write_str(name);
        }
        match self.key {
            Key::Char(character) if Self::can_be_seen(character) => write!(f, "{character}"),
            Key::Char(character) => write!(f, "u+{:04x}", u32::from(character)),
            Key::F(number) => write!(f, "f{number}"),
            // Every other key stands in `NAMED`, which the round-trip test holds.
            key => write!(f, "{key:?}"),
        }
    }
}

impl From<Chord> for String {
    fn from(chord: Chord) -> Self {
        chord.to_string()
    }
}

impl TryFrom<String> for Chord {
    type Error = ChordError;

    fn try_from(text: String) -> Result<Self, ChordError> {
        text.parse()
    }
}

impl FromStr for Chord {
    type Err = ChordError;

    fn from_str(text: &str) -> Result<Self, ChordError> {
        let mut rest = text;
        let mut modifiers = Modifiers::NONE;
        while let Some((after, one)) = Modifiers::SPELLED
            .iter()
            .find_map(|(spelled, one)| Some((rest.strip_prefix(spelled)?, *one)))
            .filter(|(after, _)| !after.is_empty())
        {
            rest = after;
            modifiers = modifiers.with(one);
        }
        let key = key_of(rest).ok_or_else(|| ChordError::unknown(text, rest))?;
        if modifiers == Modifiers::SHIFT && matches!(key, Key::Char(_)) {
            return Err(ChordError::Shift(quote(text)));
        }
        let chord = Self::new(key, modifiers);
        let spelled = chord.to_string();
        if spelled == text {
            Ok(chord)
        } else {
            Err(ChordError::Spelling { text: quote(text), write: spelled })
        }
    }
}

fn key_of(text: &str) -> Option<Key> {
    if let Some((_, key)) = NAMED.iter().find(|(name, _)| *name == text) {
        return Some(*key);
    }
    if let Some(character) = only(text.chars()) {
        return (!character.is_control()).then_some(Key::Char(character));
    }
    if let Some(digits) = text.strip_prefix("u+") {
        let character = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
        return (!character.is_control()).then_some(Key::Char(character));
    }
    let number = text.strip_prefix('f')?.parse::<u8>().ok()?;
    (1..=F_MAX).contains(&number).then_some(Key::F(number))
}

/// Why a text names no key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChordError {
    /// Nothing is written.
    #[error("No key is written.")]
    Empty,
    /// It is a known key in another spelling.
    #[error("{text} must be written \"{write}\", the one spelling of this key.")]
    Spelling {
        /// What is written, quoted.
        text: String,
        /// What to write.
        write: String,
    },
    /// Shift with a character.
    #[error("{0} is no key: write the character that shift gives, such as \"G\" or \"!\".")]
    Shift(String),
    /// No such key, but one of nearly that name.
    #[error("{text} is no key. Did you mean \"{nearest}\"?")]
    Near {
        /// What is written, quoted.
        text: String,
        /// The key of the nearest name.
        nearest: String,
    },
    /// Characters that follow each other without spaces.
    #[error("{text} is no key. Keys that follow each other have spaces between them: \"{write}\".")]
    Sequence {
        /// What is written, quoted.
        text: String,
        /// The same as a sequence.
        write: String,
    },
    /// No such key, and nothing like it.
    #[error(
        "{0} is no key. Write a character, or a name such as enter, esc, space or f5, after ctrl- \
         or alt- if they are held."
    )]
    Unknown(String),
}

impl ChordError {
    /// The longest word taken for keys written without spaces.
    const SEQUENCE_CHARS: usize = 4;

    fn unknown(text: &str, key: &str) -> Self {
        if text.is_empty() {
            return Self::Empty;
        }
        let modifiers = text.strip_suffix(key).unwrap_or_default();
        if let Some(name) = nearest(key, NAMED.iter().map(|(name, _)| *name)) {
            return Self::Near { text: quote(text), nearest: format!("{modifiers}{name}") };
        }
        let short = key.chars().count() <= Self::SEQUENCE_CHARS;
        if modifiers.is_empty() && short && key.chars().all(char::is_alphanumeric) {
            let apart: Vec<String> = key.chars().map(String::from).collect();
            return Self::Sequence { text: quote(text), write: apart.join(" ") };
        }
        Self::Unknown(quote(text))
    }
}

/// The chords of a text in which spaces stand between keys, such as `g g` or `/ a c m e enter`.
///
/// # Errors
/// When there is none, or one of them is no key.
pub fn parse_keys(text: &str) -> Result<Vec<Chord>, ChordError> {
    let chords: Vec<Chord> =
        text.split_ascii_whitespace().map(str::parse).collect::<Result<_, _>>()?;
    if chords.is_empty() { Err(ChordError::Empty) } else { Ok(chords) }
}

/// The text that [`parse_keys`] reads back as `chords`.
#[must_use]
pub fn show_keys(chords: &[Chord]) -> String {
    let texts: Vec<String> = chords.iter().map(Chord::to_string).collect();
    texts.join(" ")
}

#[cfg(test)]
#[path = "chord_tests.rs"]
mod tests;
