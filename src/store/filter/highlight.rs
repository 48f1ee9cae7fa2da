//! What of a visible cell a query was looking for.

use std::ops::Range;

use super::Query;
use super::expr::Atom;
use super::fuzzy::{Scratch, Word};
use crate::store::table::ColumnKind;

/// See [`Query::highlights`].
pub(super) fn ranges(
    query: &Query,
    column: usize,
    text: &str,
    scratch: &mut Scratch,
) -> Vec<Range<usize>> {
    let found_by_text = query
        .columns
        .get(column)
        .is_some_and(|column| !matches!(column.kind, ColumnKind::Bytes | ColumnKind::Time));
    let mut found = Vec::new();
    if !found_by_text {
        return found;
    }
    let searched = query.searched.contains(&column);
    query.expr.wanted(&mut |atom| match atom {
        Atom::Word(word) if searched => word_ranges(word, text, scratch, &mut found),
        Atom::Pattern(pattern) if searched => {
            found.extend(pattern.find_in(text).take(Query::MAX_HIGHLIGHTS));
        }
        Atom::Like { column: own, pattern } if *own == column => {
            found.extend(pattern.find_in(text).take(Query::MAX_HIGHLIGHTS));
        }
        _ => {}
    });
    merged(found)
}

/// Adds where `word` hits `text`: in one piece where it does, else in pieces.
fn word_ranges(word: &Word, text: &str, scratch: &mut Scratch, found: &mut Vec<Range<usize>>) {
    let before = found.len();
    found.extend(word.exact().find_in(text).take(Query::MAX_HIGHLIGHTS));
    if found.len() > before {
        return;
    }
    let mut places = word.places(text, scratch).iter().peekable();
    for (number, (start, c)) in (0_u32..).zip(text.char_indices()) {
        if places.next_if(|place| **place == number).is_some() {
            found.push(start..start + c.len_utf8());
        }
    }
}

/// Sorts `found`, joins what touches, and keeps as many as are drawn.
fn merged(mut found: Vec<Range<usize>>) -> Vec<Range<usize>> {
    found.sort_by_key(|range| (range.start, range.end));
    let mut apart: Vec<Range<usize>> = Vec::new();
    for range in found {
        match apart.last_mut() {
            Some(last) if range.start <= last.end => last.end = last.end.max(range.end),
            _ => apart.push(range),
        }
    }
    apart.truncate(Query::MAX_HIGHLIGHTS);
    apart
}
