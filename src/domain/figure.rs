//! Which figures over time are wanted: a table that is part of the program, `assets/figures.toml`.
//!
//! Refuses to be a setting: the queries are the console's own, so that both worlds show the same figures.

use serde::Deserialize;

use super::{Text, Unit};

/// A figure that is wanted.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    /// Its identity.
    pub word: Text,
    /// What it measures, in words.
    pub words: Text,
    /// What its points count.
    pub unit: Unit,
    /// The query of Prometheus that gives it, as one series.
    pub query: String,
}

/// All of them, in the order shown.
#[must_use]
pub fn figures() -> Vec<Figure> {
    #[derive(Deserialize)]
    struct Table {
        figure: Vec<Figure>,
    }
    // A test reads the same text: it can't be wrong in a program that was built and tested.
    toml::from_str(include_str!("../../assets/figures.toml"))
        .map_or_else(|_| Vec::new(), |table: Table| table.figure)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::Series;
    use super::*;

    #[test]
    fn the_table_is_read_whole() {
        let figures = figures();
        let words: BTreeSet<&str> = figures.iter().map(|figure| figure.word.as_str()).collect();
        assert_eq!((figures.len(), words.len()), (12, 12));
        for figure in &figures {
            assert!(figure.words.as_str().chars().count() <= Series::WORDS_MAX, "{}", figure.words);
            assert!(!figure.query.is_empty());
        }
    }
}
