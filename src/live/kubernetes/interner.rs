//! One copy of each short text that ten thousand objects repeat: condition types, reasons, kinds, tiers.

use std::collections::HashSet;

use crate::domain::Text;

/// Hands out clones of texts that it has seen before.
///
/// Bounded: texts longer than [`Interner::LONGEST`] are never kept, and when [`Interner::MOST`] are kept
/// it begins anew. Forgetting costs memory, never correctness.
#[derive(Debug, Default)]
pub(super) struct Interner {
    known: HashSet<Text>,
}

impl Interner {
    /// The longest text that is kept, in bytes.
    const LONGEST: usize = 64;
    /// The most texts that are kept.
    const MOST: usize = 4096;

    /// `raw`, cleaned; shared with everyone who asked for it before.
    pub(super) fn text(&mut self, raw: &str) -> Text {
        if raw.len() > Self::LONGEST {
            return Text::clean(raw);
        }
        if let Some(known) = self.known.get(raw) {
            return known.clone();
        }
        if self.known.len() == Self::MOST {
            self.known.clear();
        }
        let text = Text::clean(raw);
        // What had to be cleaned is never found again by its raw form, so it isn't kept.
        if text == *raw {
            self.known.insert(text.clone());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_texts_share_memory() {
        let mut interner = Interner::default();
        let (one, two) = (interner.text("Ready"), interner.text("Ready"));
        assert!(std::ptr::eq(one.as_str(), two.as_str()));
        let long = "x".repeat(Interner::LONGEST + 1);
        assert!(!std::ptr::eq(
            interner.text(&long).as_str(),
            interner.text(&long).as_str()
        ));
    }

    #[test]
    fn it_is_bounded_and_hostile_text_is_cleaned() {
        let mut interner = Interner::default();
        for number in 0..3 * Interner::MOST {
            interner.text(&number.to_string());
        }
        assert!(interner.known.len() <= Interner::MOST);
        assert_eq!(interner.text("\u{1b}[2J").as_str(), "␛[2J");
    }
}
