//! Exact text and regular expressions: what is found where it stands.

use std::fmt;
use std::ops::Range;

use regex::{Regex, RegexBuilder};

use super::lexer::ends_value;

/// The most bytes that one compiled expression may take.
const COMPILED_BYTES: usize = 256 * 1024;

/// What a [`Pattern`] was written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Style {
    /// Text, found in any case.
    Exact,
    /// A regular expression; case counts once an upper-case letter is in it.
    Regex,
}

/// Something to find in a text. Two are equal when they were written so.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    style: Style,
    source: String,
    regex: Regex,
}

impl Pattern {
    /// Reads `source`, or says why it isn't a regular expression that can be used.
    pub(super) fn new(style: Style, source: &str) -> Result<Self, String> {
        let (pattern, any_case) = match style {
            Style::Exact => (regex::escape(source), true),
            Style::Regex => (source.to_owned(), !has_upper(source)),
        };
        RegexBuilder::new(&pattern)
            .case_insensitive(any_case)
            .size_limit(COMPILED_BYTES)
            .dfa_size_limit(COMPILED_BYTES)
            .nest_limit(64)
            .build()
            .map(|regex| Self { style, source: source.to_owned(), regex })
            .map_err(|error| explain(&error))
    }

    /// Whether it is somewhere in `text`.
    pub(super) fn is_in(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// Where it is in `text`, in bytes, ascending and apart; empty finds are left out.
    pub(super) fn find_in<'a>(&'a self, text: &'a str) -> impl Iterator<Item = Range<usize>> + 'a {
        self.regex.find_iter(text).map(|found| found.range()).filter(|found| !found.is_empty())
    }

    /// Writes it as the value of a column, where text needs quotes only at times.
    pub(super) fn write_as_value(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.style {
            Style::Exact => write_value(f, &self.source),
            Style::Regex => write!(f, "{self}"),
        }
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.style == other.style && self.source == other.source
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.style {
            Style::Exact => write_quoted(f, &self.source),
            Style::Regex => write_regex(f, &self.source),
        }
    }
}

/// Whether an upper-case letter stands for itself: `\S` and `\p{Lu}` don't.
fn has_upper(source: &str) -> bool {
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if matches!(chars.next(), Some('p' | 'P' | 'x' | 'u' | 'U')) => {
                let mut class = chars.clone();
                if class.next() == Some('{') && class.any(|c| c == '}') {
                    chars = class;
                } else {
                    chars.next();
                }
            }
            c if c.is_uppercase() => return true,
            _ => {}
        }
    }
    false
}

/// The one line of a regex error that says what is wrong.
fn explain(error: &regex::Error) -> String {
    if let regex::Error::CompiledTooBig(_) = error {
        return "This regular expression needs too much memory. Repeat less in it.".to_owned();
    }
    let told = error.to_string();
    let line = told.lines().last().unwrap_or_default().trim();
    let why = line.strip_prefix("error: ").unwrap_or(line).trim_end_matches('.');
    let why = super::Text::bounded(why, 200);
    format!("This isn't a regular expression: {why}. Quote it to look for it as it stands.")
}

/// Writes the text of a value: bare where that reads back the same, else quoted.
pub(super) fn write_value(f: &mut fmt::Formatter<'_>, value: &str) -> fmt::Result {
    let bare = !value.is_empty()
        && !value.starts_with(['/', '<', '>', '=', '!', ':'])
        && !value.char_indices().any(|(at, _)| value.get(at..).is_some_and(ends_value));
    if bare { f.write_str(value) } else { write_quoted(f, value) }
}

fn write_quoted(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            f.write_str("\\")?;
        }
        write!(f, "{c}")?;
    }
    f.write_str("\"")
}

fn write_regex(f: &mut fmt::Formatter<'_>, source: &str) -> fmt::Result {
    f.write_str("/")?;
    let mut chars = source.chars();
    while let Some(c) = chars.next() {
        match c {
            '/' => f.write_str("\\/")?,
            '\\' => write!(f, "\\{}", chars.next().unwrap_or('\\'))?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("/")
}
