//! Themes and key maps: built in, or files of the operator that are loaded again when they change.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::app::action;
use crate::domain::{Text, nearest};
use crate::input::{self, Keymap};
use crate::ui::theme::{self, ColorDepth, Theme};

/// The most bytes of a theme or a key map, 256 KiB.
const LARGEST: u64 = 256 * 1024;

/// Why a theme or a key map can't be used. Each message is a sentence, or one per problem.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct AppearanceError(String);

/// Where the operator's own themes and key maps are.
#[derive(Clone, Debug)]
pub struct Folders {
    /// The folder of the themes.
    pub themes: PathBuf,
    /// The folder of the key maps.
    pub keymaps: PathBuf,
}

/// What was loaded, and what about it looks wrong.
#[derive(Clone, Debug)]
pub struct Loaded<T> {
    /// The theme or the key map.
    pub value: T,
    /// Sentences.
    pub warnings: Vec<String>,
}

impl Folders {
    /// The file of the operator that the theme `name` is, or would be, in.
    #[must_use]
    pub fn theme_file(&self, name: &str) -> PathBuf {
        self.themes.join(format!("{name}.toml"))
    }

    /// The file of the operator that the key map `name` is, or would be, in.
    #[must_use]
    pub fn keymap_file(&self, name: &str) -> PathBuf {
        self.keymaps.join(format!("{name}.toml"))
    }

    /// The names of all themes: built in, then the operator's own in order of name.
    #[must_use]
    pub fn theme_names(&self) -> Vec<String> {
        let mut names: Vec<String> = theme::BUILTIN_NAMES.iter().map(ToString::to_string).collect();
        let mut own: Vec<String> = std::fs::read_dir(&self.themes)
            .into_iter()
            .flatten()
            .take(200)
            .filter_map(|entry| {
                let path = entry.ok()?.path();
                let name = path.file_stem()?.to_str()?.to_owned();
                (path.extension()? == "toml" && !names.contains(&name)).then_some(name)
            })
            .collect();
        own.sort();
        names.extend(own);
        names
    }

    /// Loads the theme `name`: the operator's file of that name, else the built-in one.
    ///
    /// # Errors
    /// When there is no such theme, or its file is wrong.
    pub fn theme(&self, name: &str, depth: ColorDepth) -> Result<Loaded<Theme>, AppearanceError> {
        let text = text_of(&self.theme_file(name), name, theme::builtin)
            .ok_or_else(|| unknown("theme", name, &self.theme_names(), &self.theme_file(name)))??;
        self.parse_theme(name, &text, depth)
    }

    /// Reads `text` as the theme `name`.
    ///
    /// # Errors
    /// When it is wrong.
    pub fn parse_theme(
        &self,
        name: &str,
        text: &str,
        depth: ColorDepth,
    ) -> Result<Loaded<Theme>, AppearanceError> {
        let base = |base: &str| {
            // A file may build on the built-in theme of its own name, not on itself.
            let file = if base == name { PathBuf::new() } else { self.theme_file(base) };
            text_of(&file, base, theme::builtin)?.ok()
        };
        let (value, warnings) = Theme::parse(name, text, &base, depth)
            .map_err(|error| AppearanceError(error.to_string()))?;
        Ok(Loaded { value, warnings: warnings.iter().map(ToString::to_string).collect() })
    }

    /// Loads the key map `name`: the operator's file of that name, else the built-in one.
    ///
    /// # Errors
    /// When there is no such map, or its file is wrong.
    pub fn keymap(&self, name: &str) -> Result<Loaded<Arc<Keymap>>, AppearanceError> {
        let known: Vec<String> = input::BUILTIN_NAMES.iter().map(ToString::to_string).collect();
        let text = text_of(&self.keymap_file(name), name, input::builtin)
            .ok_or_else(|| unknown("key map", name, &known, &self.keymap_file(name)))??;
        self.parse_keymap(name, &text)
    }

    /// Reads `text` as the key map `name`.
    ///
    /// # Errors
    /// When it is wrong.
    pub fn parse_keymap(
        &self,
        name: &str,
        text: &str,
    ) -> Result<Loaded<Arc<Keymap>>, AppearanceError> {
        let base = |base: &str| {
            let file = if base == name { PathBuf::new() } else { self.keymap_file(base) };
            text_of(&file, base, input::builtin)?.ok()
        };
        let parsed = Keymap::parse(name, text, &base, &action::verbs())
            .map_err(|error| AppearanceError(error.to_string()))?;
        Ok(Loaded {
            value: Arc::new(parsed.keymap),
            warnings: parsed.warnings.iter().map(ToString::to_string).collect(),
        })
    }
}

/// The text of the operator's file, or of the built-in one; none when there is neither.
fn text_of(
    file: &Path,
    name: &str,
    builtin: fn(&str) -> Option<&'static str>,
) -> Option<Result<String, AppearanceError>> {
    if !file.as_os_str().is_empty() && file.exists() {
        return Some(read(file));
    }
    builtin(name).map(|text| Ok(text.to_owned()))
}

fn read(file: &Path) -> Result<String, AppearanceError> {
    let shown = Text::clean(&file.to_string_lossy());
    let fault = |why: &str| AppearanceError(format!("{shown} can't be read: {why}."));
    let size = std::fs::metadata(file).map_err(|error| fault(&error.to_string()))?.len();
    if size > LARGEST {
        return Err(fault(&format!("it is larger than {} KiB", LARGEST / 1024)));
    }
    std::fs::read_to_string(file).map_err(|error| fault(&error.to_string()))
}

fn unknown(what: &str, name: &str, known: &[String], file: &Path) -> AppearanceError {
    let nearest = nearest(name, known.iter().map(String::as_str))
        .map(|other| format!(" Did you mean {other:?}?"));
    AppearanceError(format!(
        "There is no {what} {:?}.{} Known are {}; a new one would be {}.",
        Text::clean(name),
        nearest.unwrap_or_default(),
        known.join(", "),
        Text::clean(&file.to_string_lossy()),
    ))
}

/// How many colours the terminal has, going by its variables: `NO_COLOR`, `COLORTERM`, `TERM`.
#[must_use]
pub fn terminal_depth(variable: impl Fn(&str) -> Option<String>) -> ColorDepth {
    let is = |name: &str, wanted: &[&str]| {
        variable(name).is_some_and(|value| wanted.iter().any(|part| value.contains(part)))
    };
    if variable("NO_COLOR").is_some_and(|value| !value.is_empty()) || is("TERM", &["dumb"]) {
        ColorDepth::None
    } else if is("COLORTERM", &["truecolor", "24bit"])
        || is("TERM", &["direct", "kitty", "ghostty"])
    {
        ColorDepth::TrueColor
    } else if is("TERM", &["256"]) {
        ColorDepth::Indexed256
    } else {
        ColorDepth::Ansi16
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminal_says_how_many_colours_it_has() {
        let depth = |set: &[(&str, &str)]| {
            terminal_depth(|name| {
                set.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned())
            })
        };
        assert_eq!(depth(&[("TERM", "xterm")]), ColorDepth::Ansi16);
        assert_eq!(depth(&[("TERM", "xterm-256color")]), ColorDepth::Indexed256);
        assert_eq!(
            depth(&[("TERM", "tmux-256color"), ("COLORTERM", "truecolor")]),
            ColorDepth::TrueColor
        );
        assert_eq!(
            depth(&[("TERM", "xterm-256color"), ("COLORTERM", "truecolor"), ("NO_COLOR", "1")]),
            ColorDepth::None
        );
    }

    #[test]
    fn an_unknown_theme_names_the_nearest() {
        let folders = Folders { themes: "/nowhere/themes".into(), keymaps: "/nowhere".into() };
        let error = folders.theme("drak", ColorDepth::TrueColor).expect_err("no such theme");
        let text = error.to_string();
        assert!(text.starts_with("There is no theme \"drak\". Did you mean \"dark\"?"), "{text}");
        assert!(text.ends_with("a new one would be /nowhere/themes/drak.toml."), "{text}");
    }
}
