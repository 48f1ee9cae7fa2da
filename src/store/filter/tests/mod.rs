//! Tests of the filter language on a small table.

mod errors;
mod forms;
mod laws;
mod shown;
mod words;

use super::sample::{COLUMNS, NOW, Row, Rows};
use super::*;
use crate::domain::{Health, Span};

const HOUR: u64 = 3600;

fn rows() -> Rows {
    let row = Row { health: Health::Healthy, version: "18", ..Row::default() };
    Rows(vec![
        Row {
            name: "acme",
            owner: "Acme Corp",
            tier: "pro",
            bytes: 12_400_000_000,
            age: Span::from_secs(400 * HOUR),
            backup: Some(Span::from_secs(3 * HOUR)),
            ..row.clone()
        },
        Row {
            name: "plana-demo",
            owner: "Проба ООД",
            tier: "Enterprise Plus",
            version: "9",
            health: Health::Degraded,
            restarts: 15,
            bytes: 900,
            age: Span::from_secs(26 * HOUR),
            backup: Some(Span::from_secs(30 * HOUR)),
            ..row.clone()
        },
        Row {
            name: "beta/shop",
            owner: "Café (Sofia)",
            version: "18.2",
            health: Health::Failed,
            restarts: 5,
            bytes: 1 << 30,
            age: Span::from_secs(60),
            ..row
        },
    ])
}

fn query(text: &str) -> Query {
    Query::parse(text, COLUMNS).unwrap_or_else(|error| panic!("{text}: {error} {:?}", error.at))
}

/// The letters a, p, b of the rows of [`rows`] that pass.
fn passing(text: &str) -> String {
    let (rows, query, mut scratch) = (rows(), query(text), Scratch::new());
    rows.slots()
        .zip("apb".chars())
        .filter(|(slot, _)| query.matches(&rows, *slot, NOW, &mut scratch))
        .map(|(_, letter)| letter)
        .collect()
}
