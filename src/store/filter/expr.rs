//! What a query asks, and asking it of a row.

use std::fmt;

use super::fuzzy::{Scratch, Word};
use super::operand::{Compare, Operand};
use super::pattern::Pattern;
use crate::domain::Timestamp;
use crate::store::table::{Column, Slot, Table, Value};

/// Conditions joined. In its canonical form, which the parser makes, no joint holds one of its own sort,
/// or fewer than two parts (but for the empty query), and nothing is negated twice.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    All(Vec<Self>),
    Any(Vec<Self>),
    Not(Box<Self>),
    Atom(Atom),
}

/// One condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Atom {
    /// A word, fuzzily, in the searched columns.
    Word(Word),
    /// Exact text or a regular expression in the searched columns.
    Pattern(Pattern),
    /// Any value in a column.
    Has { column: usize },
    /// Exact text or a regular expression in one column.
    Like { column: usize, pattern: Pattern },
    /// The value of a column, compared.
    Compare { column: usize, compare: Compare, operand: Operand },
}

/// A row that is asked.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub table: &'a dyn Table,
    pub slot: Slot,
    pub now: Timestamp,
    pub searched: &'a [usize],
}

impl<'a> Row<'a> {
    fn value(&self, column: usize) -> Value<'a> {
        self.table.value(self.slot, column)
    }

    fn any_searched(
        &self,
        scratch: &mut Scratch,
        test: impl Fn(&str, &mut Scratch) -> bool,
    ) -> bool {
        self.searched.iter().any(|&column| scratch.ask(self.value(column), &test))
    }
}

impl Expr {
    pub(super) const fn empty() -> Self {
        Self::All(Vec::new())
    }

    pub(super) fn is_empty(&self) -> bool {
        matches!(self, Self::All(parts) if parts.is_empty())
    }

    /// All of `parts`, in the canonical form.
    pub(super) fn all(parts: Vec<Self>) -> Self {
        Self::join(parts, Self::All, |part| match part {
            Self::All(inner) => Ok(inner),
            other => Err(other),
        })
    }

    /// Any of `parts`, in the canonical form.
    pub(super) fn any(parts: Vec<Self>) -> Self {
        Self::join(parts, Self::Any, |part| match part {
            Self::Any(inner) => Ok(inner),
            other => Err(other),
        })
    }

    fn join(
        parts: Vec<Self>,
        joint: fn(Vec<Self>) -> Self,
        open: fn(Self) -> Result<Vec<Self>, Self>,
    ) -> Self {
        let mut flat = Vec::with_capacity(parts.len());
        for part in parts {
            match open(part) {
                Ok(inner) => flat.extend(inner),
                Err(other) => flat.push(other),
            }
        }
        match flat.pop() {
            Some(only) if flat.is_empty() => only,
            last => {
                flat.extend(last);
                joint(flat)
            }
        }
    }

    /// The opposite of `inner`, in the canonical form.
    pub(super) fn negated(inner: Self) -> Self {
        match inner {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    /// Whether `row` passes.
    pub(super) fn holds(&self, row: &Row<'_>, scratch: &mut Scratch) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(row, scratch)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(row, scratch)),
            Self::Not(inner) => !inner.holds(row, scratch),
            Self::Atom(atom) => atom.holds(row, scratch),
        }
    }

    pub(super) fn depends_on_time(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::depends_on_time),
            Self::Not(inner) => inner.depends_on_time(),
            Self::Atom(atom) => {
                matches!(atom, Atom::Compare { operand: Operand::Age(_), .. })
            }
        }
    }

    /// Visits the conditions that make a row pass by holding.
    pub(super) fn wanted<'a>(&'a self, visit: &mut dyn FnMut(&'a Atom)) {
        self.visit(true, visit);
    }

    fn visit<'a>(&'a self, wanted: bool, visit: &mut dyn FnMut(&'a Atom)) {
        match self {
            Self::All(parts) | Self::Any(parts) => {
                for part in parts {
                    part.visit(wanted, visit);
                }
            }
            Self::Not(inner) => inner.visit(!wanted, visit),
            Self::Atom(atom) if wanted => visit(atom),
            Self::Atom(_) => {}
        }
    }

    /// Writes the canonical text.
    pub(super) fn write(&self, f: &mut fmt::Formatter<'_>, columns: &[Column]) -> fmt::Result {
        let (parts, between) = match self {
            Self::All(parts) => (parts, " "),
            Self::Any(parts) => (parts, " or "),
            Self::Not(inner) => {
                f.write_str("!")?;
                return inner.write_grouped(f, columns);
            }
            Self::Atom(atom) => return atom.write(f, columns),
        };
        for (at, part) in parts.iter().enumerate() {
            if at > 0 {
                f.write_str(between)?;
            }
            match (self, part) {
                (Self::All(_), Self::Any(_)) => part.write_grouped(f, columns)?,
                _ => part.write(f, columns)?,
            }
        }
        Ok(())
    }

    fn write_grouped(&self, f: &mut fmt::Formatter<'_>, columns: &[Column]) -> fmt::Result {
        if !matches!(self, Self::All(_) | Self::Any(_)) {
            return self.write(f, columns);
        }
        f.write_str("(")?;
        self.write(f, columns)?;
        f.write_str(")")
    }
}

impl Atom {
    fn holds(&self, row: &Row<'_>, scratch: &mut Scratch) -> bool {
        match self {
            Self::Word(word) => row.any_searched(scratch, |text, scratch| word.hits(text, scratch)),
            Self::Pattern(pattern) => row.any_searched(scratch, |text, _| pattern.is_in(text)),
            Self::Has { column } => !matches!(row.value(*column), Value::Nothing | Value::Text("")),
            Self::Like { column, pattern } => {
                scratch.ask(row.value(*column), |text, _| pattern.is_in(text))
            }
            Self::Compare { column, compare, operand } => {
                operand.holds(*compare, row.value(*column), row.now)
            }
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, columns: &[Column]) -> fmt::Result {
        let id = |column: &usize| columns.get(*column).map_or("", |column| column.id);
        match self {
            Self::Word(word) => f.write_str(word.as_str()),
            Self::Pattern(pattern) => write!(f, "{pattern}"),
            Self::Has { column } => write!(f, "{}:", id(column)),
            Self::Like { column, pattern } => {
                write!(f, "{}:", id(column))?;
                pattern.write_as_value(f)
            }
            Self::Compare { column, compare, operand } => {
                write!(f, "{}{compare}{operand}", id(column))
            }
        }
    }
}
