//! The scenarios that the program carries.

use super::{Scenario, ScenarioError};
use crate::domain::{Text, nearest};

/// The names of the built-in scenarios; the first is the usual one.
pub const NAMES: [&str; 9] = [
    "calm-night",
    "bad-upgrade",
    "restore-under-pressure",
    "pg01-disk-full",
    "redis-restart",
    "alert-storm",
    "identity-outage",
    "fleet-10k",
    "hostile-data",
];

const TEXTS: [&str; 9] = [
    include_str!("../../../assets/scenarios/calm-night.toml"),
    include_str!("../../../assets/scenarios/bad-upgrade.toml"),
    include_str!("../../../assets/scenarios/restore-under-pressure.toml"),
    include_str!("../../../assets/scenarios/pg01-disk-full.toml"),
    include_str!("../../../assets/scenarios/redis-restart.toml"),
    include_str!("../../../assets/scenarios/alert-storm.toml"),
    include_str!("../../../assets/scenarios/identity-outage.toml"),
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
