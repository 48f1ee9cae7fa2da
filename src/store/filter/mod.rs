//! The one filter language of all tables.
//!
//! A text is parsed into a [`Query`] against the columns of a table, and the query is asked row by row.
//! It reads no clock (`now` is handed in), does no I/O, and asks nothing of a row but its cells. It is
//! not a search: it never ranks, it only keeps or leaves out.
//!
//! | written | keeps the rows |
//! |---|---|
//! | `acme` | where a searched column is close to the word, see [`fuzzy`] |
//! | `"pool timeout"` | where a searched column holds exactly this, in any case |
//! | `/^acme-\d+/` | where a searched column matches; case counts once an upper-case letter is in it |
//! | `tier:pro` | whose column holds the text; numbers and healths must be equal |
//! | `error:` | whose column has any value |
//! | `age>26h` `size>=10GB` | whose value compares so; times are compared by age |
//! | `!a`, `not a` | that `a` leaves out |
//! | `a b`, `a and b`, `a && b` | that both keep |
//! | `a or b`, `a \|\| b` | that one of them keeps; binds loosest |
//! | `(a or b) c` | as grouped |
//!
//! Healths are ordered worst first: failed, degraded, progressing, unknown, healthy. So
//! `health<degraded` is worse than degraded, and `health<=degraded` is whatever needs a hand.
//!
//! A cell without a value meets no comparison but `!=`, which is always the opposite of `=`.
//!
//! Invariants: parsing never panics; an error's range lies inside the text, at character boundaries; the
//! canonical text of a query (its [`Display`](std::fmt::Display)) parses to an equal query; the size of
//! a query is bounded by [`Query::MAX_BYTES`], [`Query::MAX_DEPTH`] and [`Query::MAX_ATOMS`].

mod columns;
mod complete;
mod expr;
pub mod fuzzy;
mod help;
mod highlight;
mod lexer;
mod operand;
mod parser;
mod pattern;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;

pub use self::complete::{completing, completions};
use self::expr::Expr;
pub use self::fuzzy::Scratch;
pub use self::help::{EXAMPLES, Example, help};
use crate::domain::{Span, Text, Timestamp};
use crate::store::table::{Column, Slot, Table};

/// Reads a span as filters write it: `26h`, `2d4h`, `1.5h`.
#[must_use]
pub fn span(written: &str) -> Option<Span> {
    operand::age(written)
}

/// A filter, parsed against the columns of one table.
#[derive(Clone, Debug)]
pub struct Query {
    columns: &'static [Column],
    searched: Vec<usize>,
    expr: Expr,
}

impl Query {
    /// The query that every row passes.
    #[must_use]
    pub fn all(columns: &'static [Column]) -> Self {
        Self { columns, searched: Vec::new(), expr: Expr::empty() }
    }

    /// The longest text that is parsed, in bytes, both as written and in its canonical form.
    pub const MAX_BYTES: usize = 1024;
    /// How deep parentheses may nest.
    pub const MAX_DEPTH: usize = 32;
    /// How many conditions a query may have.
    pub const MAX_ATOMS: usize = 64;

    /// Reads `text` as a filter over `columns`. An empty text keeps every row.
    ///
    /// # Errors
    ///
    /// When `text` is too long, isn't of the grammar, names no one column, or compares a column with
    /// what it can't be compared with. The error says where, and what to write instead.
    pub fn parse(text: &str, columns: &'static [Column]) -> Result<Self, QueryError> {
        if text.len() > Self::MAX_BYTES {
            let at = text.floor_char_boundary(Self::MAX_BYTES)..text.len();
            return Err(QueryError::new(at, "A filter is at most 1024 bytes long. Shorten it."));
        }
        let query = Self {
            columns,
            searched: (0..columns.len())
                .filter(|&at| columns.get(at).is_some_and(|column| column.searched))
                .collect(),
            expr: parser::parse(text, columns)?,
        };
        if query.to_string().len() > Self::MAX_BYTES {
            let message = "With its column names written out, this filter is longer than 1024 \
                           bytes. Shorten it.";
            return Err(QueryError::new(0..text.len(), message));
        }
        Ok(query)
    }

    /// Whether it has no condition, so that every row passes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.expr.is_empty()
    }

    /// Whether the row at `slot` of `table` passes at `now`. `table` has the columns that the query was
    /// parsed against. Rows that are always shown pass.
    #[must_use]
    pub fn matches(
        &self,
        table: &dyn Table,
        slot: Slot,
        now: Timestamp,
        scratch: &mut Scratch,
    ) -> bool {
        let row = expr::Row { table, slot, now, searched: &self.searched };
        self.expr.holds(&row, scratch) || table.always_shown(slot)
    }

    /// Whether rows may pass or not as time goes by, with no row changed.
    #[must_use]
    pub fn depends_on_time(&self) -> bool {
        self.expr.depends_on_time()
    }

    /// The byte ranges of `text`, the content of a cell in the column numbered `column`, that the query
    /// looks for: ascending, apart, at character boundaries, and at most [`Query::MAX_HIGHLIGHTS`].
    #[must_use]
    pub fn highlights(
        &self,
        column: usize,
        text: &str,
        scratch: &mut Scratch,
    ) -> Vec<Range<usize>> {
        highlight::ranges(self, column, text, scratch)
    }

    /// The most ranges that one cell is given to draw.
    pub const MAX_HIGHLIGHTS: usize = 32;
}

/// Queries are equal when they ask the same of the same columns.
impl PartialEq for Query {
    fn eq(&self, other: &Self) -> bool {
        self.expr == other.expr
            && self.columns.iter().map(|column| column.id).eq(other.columns.iter().map(|c| c.id))
    }
}

impl fmt::Display for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.expr.write(f, self.columns)
    }
}

/// Why a text is no filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct QueryError {
    /// Where in the text, in bytes, at character boundaries.
    pub at: Range<usize>,
    /// What is wrong, what is nearest to it, and what to write instead.
    pub message: String,
}

impl QueryError {
    fn new(at: Range<usize>, message: impl Into<String>) -> Self {
        Self { at, message: message.into() }
    }
}

/// What the operator wrote, short and safe enough to be part of a message.
fn quoted(written: &str) -> String {
    format!("“{}”", Text::bounded(written, 40))
}
