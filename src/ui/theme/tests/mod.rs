//! The themes in the program, and what is said about those of users.

mod bundled;
mod messages;

use super::*;

fn shipped(name: &str) -> Option<String> {
    builtin(name).map(str::to_owned)
}

/// The theme of the program, with nothing to warn of.
fn theme(name: &str, depth: ColorDepth) -> Theme {
    let text = builtin(name).unwrap();
    let (theme, warnings) =
        Theme::parse(name, text, &shipped, depth).unwrap_or_else(|error| panic!("{error}"));
    let warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(warnings, Vec::<String>::new(), "{name} at {depth}");
    theme
}
