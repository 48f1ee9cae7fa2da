//! Words that are close enough.
//!
//! A word hits a text when its letters stand in the text in their order, in few pieces close together.
//! Each letter in its place earns points (the matcher's: 16, at least 4 more next to the one before, up
//! to 10 more at the start of a piece of a name), and letters between them cost. With `n` letters in the
//! word, a hit needs
//!
//! > points − 2 × (letters between) ≥ 16 + 20 × (n − 1)
//!
//! and no more than `2 n` letters between. The right side is what the word earns in one piece in the
//! middle of another word, so that every exact find is a hit, and what is in pieces must win back its
//! gaps at the starts of names: `plnapp` and `acst` hit `plana.app` and `acme-staging`, and `acme`
//! doesn't hit `a-c-company-me-east`.
//!
//! Words of one or two letters, and of more than [`LETTERS_MAX`], are only looked for in one piece.
//! Beyond its first [`WINDOW`] characters a text is, too. Accents and case count for nothing.

use std::fmt::Write as _;

use nucleo_matcher::chars::{normalize, to_lower_case};
use nucleo_matcher::{Config, Matcher, Utf32Str, Utf32String};

use super::pattern::{Pattern, Style};
use crate::store::table::Value;

/// The longest word that may hit in pieces, in characters.
pub const LETTERS_MAX: usize = 64;
/// How much of a text a word may hit in pieces, in characters.
pub const WINDOW: usize = 1024;

const LETTERS_MIN: usize = 3;
/// What the matcher gives the first letter, and at least each one that follows it closely.
const FIRST: usize = 16;
const NEXT: usize = 20;
const GAP_COST: usize = 2;

/// The memory that matching works in, made once and used again for every row.
pub struct Scratch {
    matcher: Matcher,
    chars: Vec<char>,
    found: Vec<u32>,
    digits: String,
}

impl Scratch {
    /// Takes about 140 KiB.
    #[must_use]
    pub fn new() -> Self {
        Self {
            matcher: Matcher::new(Config::DEFAULT),
            chars: Vec::with_capacity(WINDOW),
            found: Vec::with_capacity(LETTERS_MAX),
            digits: String::with_capacity(20),
        }
    }

    /// Asks whether `holds` of the text that words and patterns find `value` by; none for values that are
    /// shown differently as time passes or in another unit.
    pub(super) fn ask(
        &mut self,
        value: Value<'_>,
        holds: impl FnOnce(&str, &mut Self) -> bool,
    ) -> bool {
        match value {
            Value::Text(text) => holds(text, self),
            Value::Health(health) => holds(health.word(), self),
            Value::Severity(severity) => holds(severity.word(), self),
            Value::Number(number) => {
                let mut digits = std::mem::take(&mut self.digits);
                digits.clear();
                let written = write!(digits, "{number}").is_ok();
                let held = written && holds(&digits, self);
                self.digits = digits;
                held
            }
            Value::Nothing
            | Value::Bytes(_)
            | Value::At(_)
            | Value::Clock(_)
            | Value::Span(_)
            | Value::Until(_)
            | Value::Ends(_)
            | Value::Ratio(..)
            | Value::Permille(_) => false,
        }
    }
}

impl Default for Scratch {
    fn default() -> Self {
        Self::new()
    }
}

impl std::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scratch").finish_non_exhaustive()
    }
}

/// A word of a filter.
#[derive(Clone, Debug)]
pub(super) struct Word {
    text: String,
    /// Its letters as the matcher compares them; none when it is only looked for in one piece.
    letters: Option<Utf32String>,
    exact: Pattern,
}

impl Word {
    pub(super) fn new(text: &str) -> Result<Self, String> {
        let count = text.chars().count();
        let letters = (LETTERS_MIN..=LETTERS_MAX).contains(&count).then(|| {
            let folded: String = text.chars().map(|c| to_lower_case(normalize(c))).collect();
            if folded.is_ascii() {
                Utf32String::Ascii(folded.into_boxed_str())
            } else {
                Utf32String::Unicode(folded.chars().collect())
            }
        });
        Ok(Self { text: text.to_owned(), letters, exact: Pattern::new(Style::Exact, text)? })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// The word, in one piece.
    pub(super) const fn exact(&self) -> &Pattern {
        &self.exact
    }

    /// Whether it hits `text`.
    pub(super) fn hits(&self, text: &str, scratch: &mut Scratch) -> bool {
        match self.try_pieces(text, scratch) {
            Pieces::Hit => true,
            Pieces::Miss => false,
            Pieces::Unclear => self.exact.is_in(text),
        }
    }

    /// The numbers of the characters of `text` that it hits, ascending, when it hits in pieces.
    pub(super) fn places<'a>(&self, text: &str, scratch: &'a mut Scratch) -> &'a [u32] {
        match self.try_pieces(text, scratch) {
            Pieces::Hit => &scratch.found,
            Pieces::Miss | Pieces::Unclear => &[],
        }
    }

    fn try_pieces(&self, text: &str, scratch: &mut Scratch) -> Pieces {
        let Scratch { matcher, chars, found, .. } = scratch;
        let Some(letters) = &self.letters else {
            return Pieces::Unclear;
        };
        let (window, whole) = window(text, chars);
        let needle = letters.slice(..);
        let enough = FIRST + NEXT * needle.len().saturating_sub(1);
        let miss = if whole { Pieces::Miss } else { Pieces::Unclear };
        if matcher.fuzzy_match(window, needle).is_none_or(|score| usize::from(score) < enough) {
            return miss;
        }
        found.clear();
        let Some(score) = matcher.fuzzy_indices(window, needle, found) else {
            return miss;
        };
        let (Some(first), Some(last)) = (found.first(), found.last()) else {
            return miss;
        };
        let span = usize::try_from(last.saturating_sub(*first)).unwrap_or(usize::MAX);
        let between = span.saturating_add(1).saturating_sub(needle.len());
        let close =
            between <= 2 * needle.len() && usize::from(score) >= enough + GAP_COST * between;
        // The matcher may prefer starts of names far apart to the word in one piece elsewhere.
        if close { Pieces::Hit } else { Pieces::Unclear }
    }
}

impl PartialEq for Word {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// What looking for a word in pieces tells.
enum Pieces {
    Hit,
    Miss,
    /// It may still be there in one piece.
    Unclear,
}

/// The part of `text` that words may hit in pieces, and whether that is all of it.
fn window<'a>(text: &'a str, chars: &'a mut Vec<char>) -> (Utf32Str<'a>, bool) {
    if text.is_ascii() {
        let bytes = text.as_bytes();
        let window = bytes.get(..WINDOW).unwrap_or(bytes);
        return (Utf32Str::Ascii(window), window.len() == bytes.len());
    }
    chars.clear();
    let mut rest = text.chars();
    chars.extend(rest.by_ref().take(WINDOW));
    (Utf32Str::Unicode(chars), rest.next().is_none())
}
