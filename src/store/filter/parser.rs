//! From tokens to an [`Expr`], by recursive descent: `or` over `and` over `not` over groups and atoms.

use std::ops::Range;

use super::expr::{Atom, Expr};
use super::fuzzy::Word;
use super::lexer::{Given, Lexer, Term, Token, TokenKind};
use super::operand::{Compare, Operand};
use super::pattern::{Pattern, Style};
use super::{Query, QueryError, quoted};
use crate::store::table::{Column, ColumnKind};

/// Reads the whole of `text`.
pub(super) fn parse(text: &str, columns: &'static [Column]) -> Result<Expr, QueryError> {
    let mut lexer = Lexer::new(text, columns);
    let ahead = lexer.token()?;
    if ahead.is_none() {
        return Ok(Expr::empty());
    }
    let start = Range { start: 0, end: text.chars().next().map_or(0, char::len_utf8) };
    let mut parser = Parser { lexer, ahead, last: start, columns, depth: 0, atoms: 0 };
    let expr = parser.any()?;
    match parser.ahead {
        None => Ok(expr),
        Some(token) => Err(QueryError::new(
            token.at,
            "There is no ( for this ). Remove it, or open one before.",
        )),
    }
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    ahead: Option<Token<'a>>,
    /// Where the token before `ahead` stands.
    last: Range<usize>,
    columns: &'static [Column],
    depth: usize,
    atoms: usize,
}

impl<'a> Parser<'a> {
    fn advance(&mut self) -> Result<Option<Token<'a>>, QueryError> {
        let next = self.lexer.token()?;
        let token = std::mem::replace(&mut self.ahead, next);
        if let Some(token) = &token {
            self.last = token.at.clone();
        }
        Ok(token)
    }

    fn next_is(&self, kind: &TokenKind<'_>) -> bool {
        self.ahead.as_ref().is_some_and(|token| token.kind == *kind)
    }

    /// Parts joined by `or`.
    fn any(&mut self) -> Result<Expr, QueryError> {
        let mut parts = vec![self.all()?];
        while self.next_is(&TokenKind::Or) {
            self.advance()?;
            parts.push(self.all()?);
        }
        Ok(Expr::any(parts))
    }

    /// Parts joined by `and`, or by standing together.
    fn all(&mut self) -> Result<Expr, QueryError> {
        let mut parts = vec![self.one()?];
        loop {
            match self.ahead.as_ref().map(|token| &token.kind) {
                None | Some(TokenKind::Or | TokenKind::Close) => return Ok(Expr::all(parts)),
                Some(TokenKind::And) => {
                    self.advance()?;
                }
                Some(_) => {}
            }
            parts.push(self.one()?);
        }
    }

    /// A group or an atom, negated or not.
    fn one(&mut self) -> Result<Expr, QueryError> {
        let mut negated = false;
        while self.next_is(&TokenKind::Not) {
            self.advance()?;
            negated = !negated;
        }
        let before = self.last.clone();
        let Some(token) = self.advance()? else {
            return Err(QueryError::new(before, "Something is missing after this."));
        };
        let expr = match token.kind {
            TokenKind::Open => self.group(token.at)?,
            TokenKind::Word(_)
            | TokenKind::Quoted(_)
            | TokenKind::Regex(_)
            | TokenKind::Term(_) => Expr::Atom(self.atom(token)?),
            TokenKind::Close | TokenKind::And | TokenKind::Or | TokenKind::Not => {
                let message = "Something is missing before this. To look for the word itself, put it \
                               in quotes.";
                return Err(QueryError::new(token.at, message));
            }
        };
        Ok(if negated { Expr::negated(expr) } else { expr })
    }

    /// What stands in parentheses; the first was at `open`.
    fn group(&mut self, open: Range<usize>) -> Result<Expr, QueryError> {
        self.depth += 1;
        if self.depth > Query::MAX_DEPTH {
            return Err(QueryError::new(
                open,
                "Parentheses nest at most 32 deep. Write it flatter.",
            ));
        }
        if self.next_is(&TokenKind::Close) {
            let at = open.start..self.ahead.as_ref().map_or(open.end, |token| token.at.end);
            return Err(QueryError::new(at, "There is nothing in these parentheses."));
        }
        let inner = self.any()?;
        if self.advance()?.is_none() {
            return Err(QueryError::new(open, "This ( is never closed. Add the )."));
        }
        self.depth -= 1;
        Ok(inner)
    }

    fn atom(&mut self, token: Token<'a>) -> Result<Atom, QueryError> {
        self.atoms += 1;
        if self.atoms > Query::MAX_ATOMS {
            return Err(QueryError::new(token.at, "A filter has at most 64 conditions."));
        }
        let at = token.at;
        let told = |message: String| QueryError::new(at.clone(), message);
        match token.kind {
            TokenKind::Word(word) => Word::new(word).map(Atom::Word).map_err(told),
            TokenKind::Quoted(text) => {
                Pattern::new(Style::Exact, &text).map(Atom::Pattern).map_err(told)
            }
            TokenKind::Regex(source) => {
                Pattern::new(Style::Regex, &source).map(Atom::Pattern).map_err(told)
            }
            TokenKind::Term(term) => {
                let value_at = if term.value_at.is_empty() { at } else { term.value_at.clone() };
                self.condition(&term).map_err(|message| QueryError::new(value_at, message))
            }
            TokenKind::Open
            | TokenKind::Close
            | TokenKind::And
            | TokenKind::Or
            | TokenKind::Not => Err(told("A condition is missing here.".to_owned())),
        }
    }

    /// The condition on a column that `term` is, or why it is none.
    fn condition(&self, term: &Term<'a>) -> Result<Atom, String> {
        let number = term.column;
        let Some(column) = self.columns.get(number) else {
            return Err("There is no such column.".to_owned());
        };
        let (written, style) = match &term.value {
            Given::Nothing => return Ok(Atom::Has { column: number }),
            Given::Bare(text) => (*text, Style::Exact),
            Given::Quoted(text) => (text.as_str(), Style::Exact),
            Given::Regex(source) => (source.as_str(), Style::Regex),
        };
        let compare = match (term.compare, column.kind, style) {
            (Some(compare), ..) => compare,
            (None, ColumnKind::Bytes | ColumnKind::Time, _) => return Err(only_compared(column)),
            (None, ColumnKind::Text, _) | (None, _, Style::Regex) => {
                let pattern = Pattern::new(style, written)?;
                return Ok(Atom::Like { column: number, pattern });
            }
            (None, ColumnKind::Number | ColumnKind::Health, Style::Exact) => Compare::Same,
        };
        let operand = Operand::read(column, compare, written)?;
        Ok(Atom::Compare { column: number, compare, operand })
    }
}

/// Why a colon doesn't go with `column`.
fn only_compared(column: &Column) -> String {
    let (id, example) =
        (column.id, if column.kind == ColumnKind::Time { ">26h" } else { ">=10GB" });
    format!("{} holds no words. Compare it, as in {id}{example}.", quoted(id))
}
