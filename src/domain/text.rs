//! The gate for text from outside.
//!
//! A [`Text`] holds nothing that a terminal acts on and nothing invisible: C0 and C1 controls, DEL,
//! bidirectional controls, zero-width and other default-ignorable characters are replaced by something
//! that shows them. It is one line, and its size is bounded. There is no way round the gate: every
//! constructor cleans, deserialising too.

use std::borrow::{Borrow, Cow};
use std::fmt::{self, Write as _};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize};

/// One line of text that is safe to draw, cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Text(Arc<str>);

impl Text {
    /// The most bytes that a [`Text`] keeps of what it is given, 64 KiB.
    pub const MAX_BYTES: usize = 64 * 1024;

    /// Cleans `raw`, keeping at most [`Text::MAX_BYTES`] of it.
    #[must_use]
    pub fn clean(raw: &str) -> Self {
        Self::bounded(raw, Self::MAX_BYTES)
    }

    /// Cleans at most the first `bytes` of `raw`; what is cut off is shown as `…`.
    #[must_use]
    pub fn bounded(raw: &str, bytes: usize) -> Self {
        Self(Arc::from(clean(raw, bytes).as_ref()))
    }

    /// The safe text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `c` is shown instead of sent: controls, bidirectional and invisible characters.
    #[must_use]
    pub fn is_hostile(c: char) -> bool {
        c.is_control() || is_invisible(c)
    }
}

/// The visible form of `raw`, borrowed when there was nothing to replace.
fn clean(raw: &str, bytes: usize) -> Cow<'_, str> {
    let kept = raw.get(..floor_boundary(raw, bytes)).unwrap_or(raw);
    if kept.len() == raw.len() && !kept.chars().any(Text::is_hostile) {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(kept.len() + 8);
    for c in kept.chars() {
        push_visible(&mut out, c);
    }
    if kept.len() < raw.len() {
        out.push('…');
    }
    Cow::Owned(out)
}

fn floor_boundary(raw: &str, bytes: usize) -> usize {
    let mut end = bytes.min(raw.len());
    while !raw.is_char_boundary(end) {
        end -= 1;
    }
    end
}

fn push_visible(out: &mut String, c: char) {
    match c {
        // The Control Pictures block mirrors C0 one to one.
        '\0'..='\u{1f}' => out.extend(char::from_u32(0x2400 + u32::from(c))),
        '\u{7f}' => out.push('␡'),
        c if Text::is_hostile(c) => {
            // Writing to a string can't fail.
            let _ = write!(out, "<U+{:04X}>", u32::from(c));
        }
        c => out.push(c),
    }
}

/// Characters of Unicode's `Default_Ignorable_Code_Point`, the format controls (general category Cf)
/// and the line and paragraph separators: all of them change how a line looks without being seen.
fn is_invisible(c: char) -> bool {
    if c.is_ascii() {
        return false;
    }
    matches!(u32::from(c),
        0x00AD | 0x034F | 0x0600..=0x0605 | 0x061C | 0x06DD | 0x070F | 0x0890..=0x0891 | 0x08E2
        | 0x115F..=0x1160 | 0x17B4..=0x17B5 | 0x180B..=0x180F | 0x200B..=0x200F | 0x2028..=0x202E
        | 0x2060..=0x206F | 0x3164 | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB
        | 0x110BD | 0x110CD | 0x13430..=0x1343F | 0x1BCA0..=0x1BCA3 | 0x1D173..=0x1D17A
        | 0xE0000..=0xE0FFF)
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl Default for Text {
    fn default() -> Self {
        Self(Arc::from(""))
    }
}

impl From<&str> for Text {
    fn from(raw: &str) -> Self {
        Self::clean(raw)
    }
}

impl From<String> for Text {
    fn from(raw: String) -> Self {
        Self::clean(&raw)
    }
}

impl AsRef<str> for Text {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Text {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        &*self.0 == other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        &*self.0 == *other
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Cow::<'de, str>::deserialize(deserializer)?;
        Ok(Self::clean(&raw))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn hostile_characters_are_shown() {
        for (raw, shown) in [
            ("acme", "acme"),
            ("\u{1b}[2J", "␛[2J"),
            ("a\rb\nc\td", "a␍b␊c␉d"),
            ("\u{1b}]52;c;AAAA\u{7}", "␛]52;c;AAAA␇"),
            ("abc\u{202e}fdp", "abc<U+202E>fdp"),
            ("zero\u{200b}width", "zero<U+200B>width"),
            ("\u{9b}31m", "<U+009B>31m"),
            ("\u{7f}", "␡"),
            ("тест ООД", "тест ООД"),
        ] {
            assert_eq!(Text::clean(raw).as_str(), shown);
        }
    }

    #[test]
    fn size_is_bounded_at_a_character() {
        assert_eq!(Text::bounded("абв", 3).as_str(), "а…");
        assert_eq!(Text::bounded("abc", 3).as_str(), "abc");
    }

    #[test]
    fn deserialising_passes_the_gate() {
        let text: Text = serde_json::from_str(r#""\u001b[31mred""#).expect("valid JSON");
        assert_eq!(text.as_str(), "␛[31mred");
    }

    proptest! {
        #[test]
        fn no_control_character_passes(raw in any::<String>()) {
            prop_assert!(!Text::clean(&raw).as_str().chars().any(Text::is_hostile));
        }

        #[test]
        fn cleaning_twice_is_cleaning_once(raw in any::<String>()) {
            let once = Text::clean(&raw);
            prop_assert_eq!(Text::clean(once.as_str()), once);
        }
    }
}
