//! A text in TOML whose every value knows its line, and the words of complaints about it.
//!
//! Key files and themes are read through it. It knows nothing of what a file means.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The longest text of a key file or a theme that is read, in bytes.
pub(crate) const BYTES_MAX: usize = 256 * 1024;

/// The longest piece of a file that a message repeats, in characters.
const QUOTE_CHARS: usize = 40;

/// A text that is TOML.
pub(crate) struct Document<'a> {
    lines: Lines,
    root: DeTable<'a>,
}

/// What is wrong with a text that is not TOML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Syntax {
    /// The line, from 1.
    pub(crate) line: usize,
    /// What the reader of TOML says about it.
    pub(crate) message: String,
}

impl<'a> Document<'a> {
    /// Reads `text`, which is at most [`BYTES_MAX`] long; the caller has seen to that.
    pub(crate) fn parse(text: &'a str) -> Result<Self, Syntax> {
        let lines = Lines::new(text);
        match DeTable::parse(text) {
            Ok(root) => Ok(Self { lines, root: root.into_inner() }),
            Err(error) => {
                let at = error.span().map_or(0, |span| span.start);
                let message = error.message().trim().replace(char::is_control, " ");
                Err(Syntax { line: lines.at(at), message })
            }
        }
    }

    /// The entries of the file, in the order of their names.
    pub(crate) fn entries(&self) -> impl Iterator<Item = Entry<'_, 'a>> {
        entries(&self.root, &self.lines)
    }
}

fn entries<'t, 'a>(
    table: &'t DeTable<'a>,
    lines: &'t Lines,
) -> impl Iterator<Item = Entry<'t, 'a>> {
    table.iter().map(move |(name, value)| Entry {
        name: name.get_ref(),
        line: lines.at(name.span().start),
        value: Value { value, lines },
    })
}

/// A name with its value.
pub(crate) struct Entry<'t, 'a> {
    /// The name.
    pub(crate) name: &'t str,
    /// The line of the name, from 1.
    pub(crate) line: usize,
    /// The value.
    pub(crate) value: Value<'t, 'a>,
}

/// A value with its place.
#[derive(Clone, Copy)]
pub(crate) struct Value<'t, 'a> {
    value: &'t Spanned<DeValue<'a>>,
    lines: &'t Lines,
}

impl<'t, 'a> Value<'t, 'a> {
    /// The line it starts on, from 1.
    pub(crate) fn line(self) -> usize {
        self.lines.at(self.value.span().start)
    }

    /// What it is, for a message.
    pub(crate) fn kind(self) -> &'static str {
        match self.value.get_ref() {
            DeValue::String(_) => "a text",
            DeValue::Integer(_) | DeValue::Float(_) => "a number",
            DeValue::Boolean(_) => "true or false",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "a list",
            DeValue::Table(_) => "a table",
        }
    }

    /// Its text, if it is one.
    pub(crate) fn text(self) -> Option<&'t str> {
        self.value.get_ref().as_str()
    }

    /// Its truth, if it is true or false.
    pub(crate) fn truth(self) -> Option<bool> {
        self.value.get_ref().as_bool()
    }

    /// Its items, if it is a list.
    pub(crate) fn items(self) -> Option<impl Iterator<Item = Value<'t, 'a>>> {
        let items = self.value.get_ref().as_array()?;
        Some(items.iter().map(move |value| Value { value, lines: self.lines }))
    }

    /// Its entries in the order of their names, if it is a table.
    pub(crate) fn entries(self) -> Option<impl Iterator<Item = Entry<'t, 'a>>> {
        Some(entries(self.value.get_ref().as_table()?, self.lines))
    }
}

/// Where the lines of a text end.
struct Lines(Vec<usize>);

impl Lines {
    fn new(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    fn at(&self, byte: usize) -> usize {
        1 + self.0.partition_point(|end| *end < byte)
    }
}

/// `text` between quotes, shortened, with everything that is not plainly seen written out.
pub(crate) fn quote(text: &str) -> String {
    let mut start: String = text.chars().take(QUOTE_CHARS).collect();
    if start.len() < text.len() {
        start.push('…');
    }
    format!("{start:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_is_short_and_harmless() {
        assert_eq!(quote("a\u{1b}[2J\u{202e}b"), "\"a\\u{1b}[2J\\u{202e}b\"");
        assert_eq!(quote(&"x".repeat(100)).chars().count(), 43);
    }

    #[test]
    fn a_fault_of_syntax_has_its_line() {
        let fault = Document::parse("a = 1\nb = \n").err().map(|syntax| syntax.line);
        assert_eq!(fault, Some(2));
    }
}
