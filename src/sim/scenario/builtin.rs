//! The scenarios that the program carries.

use super::{Scenario, ScenarioError};
use crate::domain::Text;

/// The names of the built-in scenarios; the first is the usual one.
pub const NAMES: [&str; 4] = ["calm-night", "alert-storm", "fleet-10k", "hostile-data"];

const TEXTS: [&str; 4] = [
    include_str!("../../../assets/scenarios/calm-night.toml"),
    include_str!("../../../assets/scenarios/alert-storm.toml"),
    include_str!("../../../assets/scenarios/fleet-10k.toml"),
    include_str!("../../../assets/scenarios/hostile-data.toml"),
];

/// The built-in scenario `name`.
///
/// # Errors
/// [`ScenarioError::Unknown`] with the nearest name when there is none.
pub fn builtin(name: &str) -> Result<Scenario, ScenarioError> {
    match NAMES.iter().zip(TEXTS).find(|(known, _)| **known == name) {
        Some((known, text)) => Scenario::parse(known, text),
        None => Err(ScenarioError::Unknown {
            name: Text::bounded(name, 128),
            nearest: nearest(name, NAMES),
        }),
    }
}

/// The one of `known` that `name` is most like, if it is like any.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name: String = name.chars().take(64).collect();
    known
        .into_iter()
        .map(|known| (strsim::jaro_winkler(&name, known), known))
        .filter(|(likeness, _)| *likeness > 0.75)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, known)| known)
}
