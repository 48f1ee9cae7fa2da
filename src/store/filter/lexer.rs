//! From text to tokens, each with its place.
//!
//! A condition on a column (`age>26h`) is one token, because what follows a colon is read by other rules
//! than a word. The lexer knows the names of columns, but nothing of what they hold.

use std::ops::Range;

use super::operand::Compare;
use super::{QueryError, columns, quoted};
use crate::store::table::Column;

/// A token and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'a> {
    pub at: Range<usize>,
    pub kind: TokenKind<'a>,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TokenKind<'a> {
    Open,
    Close,
    And,
    Or,
    Not,
    Word(&'a str),
    Quoted(String),
    Regex(String),
    Term(Term<'a>),
}

/// A condition on one column.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Term<'a> {
    /// The number of the column.
    pub column: usize,
    /// How it is compared; none is a colon.
    pub compare: Option<Compare>,
    pub value: Given<'a>,
    pub value_at: Range<usize>,
}

/// What stands after the sign of a [`Term`].
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Given<'a> {
    Nothing,
    Bare(&'a str),
    Quoted(String),
    Regex(String),
}

/// Whether a bare value or word ends before `rest`.
pub(super) fn ends_value(rest: &str) -> bool {
    rest.starts_with(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"'))
        || rest.starts_with("&&")
        || rest.starts_with("||")
}

fn ends_name(rest: &str) -> bool {
    ends_value(rest) || rest.starts_with(':') || Compare::sign_of(rest).is_some()
}

/// The keyword that `word` is.
fn keyword(word: &str) -> Option<TokenKind<'static>> {
    [("and", TokenKind::And), ("or", TokenKind::Or), ("not", TokenKind::Not)]
        .into_iter()
        .find_map(|(name, kind)| name.eq_ignore_ascii_case(word).then_some(kind))
}

/// Reads `text` from its start to its end.
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    columns: &'static [Column],
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str, columns: &'static [Column]) -> Self {
        Self { text, at: 0, columns }
    }

    /// The next token; none at the end.
    pub(super) fn token(&mut self) -> Result<Option<Token<'a>>, QueryError> {
        self.skip_space();
        let start = self.at;
        let Some(first) = self.rest().chars().next() else {
            return Ok(None);
        };
        let kind = match first {
            '(' => self.sign(1, TokenKind::Open),
            ')' => self.sign(1, TokenKind::Close),
            '&' if self.rest().starts_with("&&") => self.sign(2, TokenKind::And),
            '|' if self.rest().starts_with("||") => self.sign(2, TokenKind::Or),
            '!' if !self.rest().starts_with("!=") => self.sign(1, TokenKind::Not),
            '"' => TokenKind::Quoted(self.delimited('"')?),
            '/' => TokenKind::Regex(self.delimited('/')?),
            _ => self.word()?,
        };
        Ok(Some(Token { at: start..self.at, kind }))
    }

    fn rest(&self) -> &'a str {
        self.from(self.at)
    }

    fn from(&self, at: usize) -> &'a str {
        self.text.get(at..).unwrap_or_default()
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn sign(&mut self, bytes: usize, kind: TokenKind<'a>) -> TokenKind<'a> {
        self.at += bytes;
        kind
    }

    /// Takes what stands before the first place where `ends` holds.
    fn take_until(&mut self, ends: fn(&str) -> bool) -> &'a str {
        let rest = self.rest();
        let end = rest.char_indices().map(|(at, _)| at).find(|&at| ends(self.from(self.at + at)));
        let (taken, _) = rest.split_at(end.unwrap_or(rest.len()));
        self.at += taken.len();
        taken
    }

    /// A word, a keyword, or a condition on a column.
    fn word(&mut self) -> Result<TokenKind<'a>, QueryError> {
        let start = self.at;
        let name = self.take_until(ends_name);
        let compare = self.compare_ahead(name);
        if compare.is_some() || self.rest().starts_with(':') {
            return self.term(name, start, compare).map(TokenKind::Term);
        }
        if let Some(kind) = keyword(name) {
            return Ok(kind);
        }
        self.expect_gap(start, "a word")?;
        Ok(TokenKind::Word(name))
    }

    /// The comparison that follows, after spaces too unless `name` is a keyword.
    fn compare_ahead(&self, name: &str) -> Option<Compare> {
        let rest = if keyword(name).is_none() { self.rest().trim_start() } else { self.rest() };
        Compare::sign_of(rest).map(|(compare, _)| compare)
    }

    /// The condition on the column `name`, which began at `start`.
    fn term(
        &mut self,
        name: &str,
        start: usize,
        compare: Option<Compare>,
    ) -> Result<Term<'a>, QueryError> {
        let name_at = start..start + name.len();
        self.skip_space();
        let bytes = Compare::sign_of(self.rest()).map_or(1, |(_, bytes)| bytes);
        let sign_at = self.at..self.at + bytes;
        if name.is_empty() {
            let sign = quoted(self.text.get(sign_at.clone()).unwrap_or_default());
            let message = format!(
                "There is no column before {sign}. Write one, as in age>26h, or put the text in quotes."
            );
            return Err(QueryError::new(sign_at, message));
        }
        let column = columns::find(name, self.columns)
            .map_err(|message| QueryError::new(name_at, message))?;
        self.at = sign_at.end;
        if compare.is_some() {
            self.skip_space();
        }
        let value_start = self.at;
        let value = match compare {
            None => self.colon_value()?,
            Some(_) => self.compared_value()?,
        };
        if let (Some(compare), Given::Nothing) = (compare, &value) {
            let message = format!("{compare} needs a value after it, as in age>26h or tier=pro.");
            return Err(QueryError::new(start..sign_at.end, message));
        }
        Ok(Term { column, compare, value, value_at: value_start..self.at })
    }

    fn colon_value(&mut self) -> Result<Given<'a>, QueryError> {
        match self.rest().chars().next() {
            Some('"') => Ok(Given::Quoted(self.delimited('"')?)),
            Some('/') => Ok(Given::Regex(self.delimited('/')?)),
            _ => self.bare_value(),
        }
    }

    fn compared_value(&mut self) -> Result<Given<'a>, QueryError> {
        let message = match self.rest().chars().next() {
            Some('"') => return Ok(Given::Quoted(self.delimited('"')?)),
            Some('/') => {
                "A regular expression can't be compared. Write it after a colon, as in \
                 tier:/pro|basic/, or quote text that begins with a slash."
            }
            Some('<' | '>' | '=' | '!' | ':') => {
                "The comparisons are = != < <= > >=. Quote a value that begins with such a sign."
            }
            _ => return self.bare_value(),
        };
        Err(QueryError::new(self.at..self.at + 1, message))
    }

    fn bare_value(&mut self) -> Result<Given<'a>, QueryError> {
        let start = self.at;
        let value = self.take_until(ends_value);
        self.expect_gap(start, "a value")?;
        Ok(if value.is_empty() { Given::Nothing } else { Given::Bare(value) })
    }

    /// What stands between two of `mark`. A backslash before the mark makes it part of the text.
    fn delimited(&mut self, mark: char) -> Result<String, QueryError> {
        let (start, what) = (self.at, if mark == '"' { "a quote" } else { "a regular expression" });
        let mut inner = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((_, c)) = chars.next() {
            if c == mark {
                self.at = chars.next().map_or(self.text.len(), |(at, _)| start + at);
                if inner.is_empty() {
                    let message = format!("There is nothing between {mark} and {mark}.");
                    return Err(QueryError::new(start..self.at, message));
                }
                self.expect_gap(start, what)?;
                return Ok(inner);
            }
            if c != '\\' {
                inner.push(c);
                continue;
            }
            match chars.next() {
                Some((_, next)) if next == mark => inner.push(next),
                Some((_, '\\')) if mark == '"' => inner.push('\\'),
                Some((_, next)) => inner.extend(['\\', next]),
                None => {}
            }
        }
        let message = format!(
            "There is {what} without an end. Close it with {mark}{}.",
            if mark == '/' { ", or put text that begins with a slash in quotes" } else { "" }
        );
        Err(QueryError::new(start..self.text.len(), message))
    }

    /// Refuses what would run into the `what` that began at `start` and now ends.
    fn expect_gap(&self, start: usize, what: &str) -> Result<(), QueryError> {
        let rest = self.rest();
        let stuck = rest.starts_with(['"', '(']) || !(rest.is_empty() || ends_value(rest));
        // An empty bare value may be followed by a group: `error:(…)` is caught here as well.
        if !stuck {
            return Ok(());
        }
        let next = rest.chars().next().map_or(0, char::len_utf8);
        let message = format!(
            "{} runs into what follows. Put a space between them, or put the whole text in quotes.",
            quoted(self.text.get(start..self.at).filter(|taken| !taken.is_empty()).unwrap_or(what))
        );
        Err(QueryError::new(self.at..self.at + next, message))
    }
}
