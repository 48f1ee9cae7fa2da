//! The themes that are in the program.

/// The names of the themes that are in the program, the first being the one used when none is chosen.
pub const BUILTIN_NAMES: [&str; 6] =
    ["dark", "light", "high-contrast", "colour-blind", "sixteen", "none"];

/// The text of the theme `name` that is in the program.
#[must_use]
pub fn builtin(name: &str) -> Option<&'static str> {
    match name {
        "dark" => Some(include_str!("../../../themes/dark.toml")),
        "light" => Some(include_str!("../../../themes/light.toml")),
        "high-contrast" => Some(include_str!("../../../themes/high-contrast.toml")),
        "colour-blind" => Some(include_str!("../../../themes/colour-blind.toml")),
        "sixteen" => Some(include_str!("../../../themes/sixteen.toml")),
        "none" => Some(include_str!("../../../themes/none.toml")),
        _ => None,
    }
}
