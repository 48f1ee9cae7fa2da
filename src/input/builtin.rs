//! The keymaps that are in the program.

/// The names of the keymaps that are in the program, the first being the one used when none is chosen.
pub const BUILTIN_NAMES: [&str; 3] = ["default", "vim", "emacs"];

/// The text of the keymap `name` that is in the program.
#[must_use]
pub fn builtin(name: &str) -> Option<&'static str> {
    match name {
        "default" => Some(include_str!("../../keymaps/default.toml")),
        "vim" => Some(include_str!("../../keymaps/vim.toml")),
        "emacs" => Some(include_str!("../../keymaps/emacs.toml")),
        _ => None,
    }
}
