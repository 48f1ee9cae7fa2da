//! What could be written next: names of columns, and the words of a health.

use std::ops::Range;

use super::columns::starts;
use super::lexer::{Given, Lexer, Token, TokenKind};
use super::operand::Compare;
use crate::domain::Health;
use crate::store::table::{Column, ColumnKind};

/// The most completions given.
const MOST: usize = 16;

/// What the word before `cursor`, a byte of `text`, could become; it would take the place of
/// [`completing`]. Columns end with a colon, or with `>` where only comparing makes sense. None inside
/// quotes and regular expressions, and where nothing fits.
#[must_use]
pub fn completions(text: &str, cursor: usize, columns: &'static [Column]) -> Vec<String> {
    let before = before(text, cursor);
    match last(before, columns) {
        Last::Other => Vec::new(),
        Last::Word(at) => {
            let part = before.get(at).unwrap_or_default();
            columns.iter().filter(|column| starts(column.id, part)).take(MOST).map(named).collect()
        }
        Last::Health { column, compare, part, .. } => {
            let sign = compare.map_or_else(|| ":".to_owned(), |compare| compare.to_string());
            Health::ALL
                .into_iter()
                .filter(|health| starts(health.word(), part))
                .map(|health| format!("{}{sign}{health}", column.id))
                .collect()
        }
    }
}

/// The bytes of `text` that a completion at `cursor` takes the place of; empty where none would.
#[must_use]
pub fn completing(text: &str, cursor: usize, columns: &'static [Column]) -> Range<usize> {
    let before = before(text, cursor);
    match last(before, columns) {
        Last::Other => before.len()..before.len(),
        Last::Word(at) | Last::Health { at, .. } => at,
    }
}

fn before(text: &str, cursor: usize) -> &str {
    text.get(..text.floor_char_boundary(cursor)).unwrap_or(text)
}

/// `column` as the start of a condition.
fn named(column: &Column) -> String {
    let sign = match column.kind {
        ColumnKind::Text | ColumnKind::Health => ':',
        ColumnKind::Number | ColumnKind::Bytes | ColumnKind::Time => '>',
    };
    format!("{}{sign}", column.id)
}

/// What is being written.
enum Last<'a> {
    /// A word, or nothing yet.
    Word(Range<usize>),
    Health {
        at: Range<usize>,
        column: &'static Column,
        compare: Option<Compare>,
        part: &'a str,
    },
    Other,
}

fn last<'a>(text: &'a str, columns: &'static [Column]) -> Last<'a> {
    let mut lexer = Lexer::new(text, columns);
    let mut last: Option<Token<'a>> = None;
    loop {
        match lexer.token() {
            Ok(Some(token)) => last = Some(token),
            Ok(None) => break,
            // `health=` is an error for now, but one that ends with what is asked for.
            Err(error) if error.at.end == text.len() => return unfinished(text, error.at, columns),
            Err(_) => return Last::Other,
        }
    }
    let here = text.len()..text.len();
    let Some(token) = last.filter(|token| token.at.end == text.len()) else {
        return Last::Word(here);
    };
    match token.kind {
        TokenKind::Open | TokenKind::Not => Last::Word(here),
        TokenKind::Word(_) | TokenKind::And | TokenKind::Or if is_name(text, &token.at) => {
            Last::Word(token.at)
        }
        TokenKind::Term(term) => {
            let part = match term.value {
                Given::Nothing => "",
                Given::Bare(part) => part,
                Given::Quoted(_) | Given::Regex(_) => return Last::Other,
            };
            let health = |column: &&Column| column.kind == ColumnKind::Health;
            columns.get(term.column).filter(health).map_or(Last::Other, |column| Last::Health {
                at: token.at,
                column,
                compare: term.compare,
                part,
            })
        }
        _ => Last::Other,
    }
}

/// Whether letters stand at `at`, and not the sign `&&` or `||`.
fn is_name(text: &str, at: &Range<usize>) -> bool {
    text.get(at.clone()).is_some_and(|word| !word.starts_with(['&', '|']))
}

/// The condition at `at` whose value isn't written yet.
fn unfinished<'a>(text: &'a str, at: Range<usize>, columns: &'static [Column]) -> Last<'a> {
    let written = text.get(at.clone()).unwrap_or_default();
    let name = written.trim_end_matches(['<', '>', '=', '!']);
    let sign = Compare::sign_of(written.get(name.len()..).unwrap_or_default());
    let column = super::columns::find(name.trim_end(), columns).ok();
    match (sign, column.and_then(|column| columns.get(column))) {
        (Some((compare, _)), Some(column)) if column.kind == ColumnKind::Health => {
            Last::Health { at, column, compare: Some(compare), part: "" }
        }
        _ => Last::Other,
    }
}
