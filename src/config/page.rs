//! The pages made from the table: the settings in force, and the reference.
//!
//! Secrets appear as references only.

use std::fmt::Write as _;

use super::keys::{KEYS, Key, Rule, Scope};
use super::settings::Settings;

/// The settings in force, one `key = value` a line, which is TOML; with `origin` each line says
/// where its value came from. Absent values are comments.
pub fn show(settings: &Settings, origin: bool) -> String {
    let width = KEYS.iter().map(|key| key.path.len()).max().unwrap_or(0);
    let line = |key: &Key| match key.written(settings) {
        Some(value) => format!("{:width$} = {value}", key.path),
        None => format!("# {} is not set", key.path),
    };
    let lines: Vec<_> = KEYS.iter().map(|key| (line(key), key.origin(settings))).collect();
    let widest = lines.iter().map(|(line, _)| line.chars().count()).max().unwrap_or(0);
    let mut page = String::new();
    for (line, from) in lines {
        // Writing to a string can't fail.
        let _ = match (origin, line.starts_with('#')) {
            (true, false) => writeln!(page, "{line:widest$}  # from {from}"),
            _ => writeln!(page, "{line}"),
        };
    }
    page
}

/// The reference page of all settings, as Markdown.
pub fn reference() -> String {
    let mut page = String::from(INTRODUCTION);
    let mut section = None;
    for key in KEYS {
        if section != Some(key.section()) {
            section = Some(key.section());
            page.push_str(&heading(key));
        }
        let default = match (key.default, key.path) {
            (Some(text), _) => format!("`{}`", written_default(key, text)),
            (None, "log.file") => "`console.log` in the state folder".to_owned(),
            (None, _) => "absent".to_owned(),
        };
        let cells = [
            format!("`{}`", key.leaf()),
            key.doc.to_owned(),
            key.rule.expected().replace('|', "\\|"),
            default,
            place(key.scope).to_owned(),
            format!("`{}`", key.variable()),
        ];
        // Writing to a string can't fail.
        let _ = writeln!(page, "| {} |", cells.join(" | "));
    }
    page
}

const INTRODUCTION: &str = "\
# Settings

The file is `$XDG_CONFIG_HOME/pulse-console/config.toml`, or the one named by `--config` or
`PLANA_CONFIG`. A value is taken from the last of these that gives it: the default, the file, the
chosen profile in the file, the variable, the flag `--set KEY=VALUE`. `PLANA_PROFILE` chooses the
profile; without a choice it is `default`, or the only one in the file. Variables and flags for
profile settings apply to the chosen profile. An empty variable counts as not set.

A relative path in the file starts at the folder of the file; `~/` is the home folder.

A secret is never written here, only where it is: `{ env = \"NAME\" }`, `{ file = \"PATH\" }` (mode
0600), `{ command = [\"PROGRAM\", \"ARGUMENT\"] }` (no shell, ten seconds),
`{ keyring = \"SERVICE/USER\" }` or `{ kubernetes_secret = \"NAMESPACE/NAME#KEY\" }`. The variable of
a secret setting holds the secret itself.
";

fn heading(key: &Key) -> String {
    let title = match (key.section(), key.scope) {
        ("", Scope::Console | Scope::Either) => "Top level".to_owned(),
        ("", Scope::Profile) => "`[profiles.NAME]`".to_owned(),
        (section, Scope::Profile) => format!("`[profiles.NAME.{section}]`"),
        (section, Scope::Console | Scope::Either) => format!("`[{section}]`"),
    };
    format!(
        "\n## {title}\n\n| key | what it is | value | default | where | variable |\n\
         |---|---|---|---|---|---|\n"
    )
}

fn place(scope: Scope) -> &'static str {
    match scope {
        Scope::Console => "console",
        Scope::Profile => "profile",
        Scope::Either => "console, profile",
    }
}

fn written_default(key: &Key, text: &str) -> String {
    match key.rule {
        Rule::Flag | Rule::Count(..) => text.to_owned(),
        _ => format!("\"{text}\""),
    }
}
