//! The listing, the reference page, the example file.

use super::Case;
use crate::config::keys::{KEYS, Scope};
use crate::config::{reference, show};

const EXAMPLE: &str = include_str!("../../../assets/config.example.toml");

#[test]
fn the_listing_says_what_is_in_force_and_why() {
    let text = "[ui]\ntheme = \"night\"\n[profiles.a.valkey]\npassword = { command = [\"echo\", \"hunter2\"] }\n";
    let case = Case::with(text)
        .env(&[("PLANA_UI_MOUSE", "false")])
        .flags(&[("kubernetes.context", "a \"b\"")]);
    let shown = show(&case.loaded().settings, true);
    let page = case.short(&shown);
    let line = |start: &str| {
        let line = page.lines().find(|line| line.starts_with(start)).unwrap();
        line.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    for (start, expected) in [
        ("profile", "profile = \"a\" # from file config.toml:3"),
        ("ui.theme", "ui.theme = \"night\" # from file config.toml:2"),
        ("ui.mouse", "ui.mouse = false # from variable PLANA_UI_MOUSE"),
        ("events.kept_bytes", "events.kept_bytes = \"64MiB\" # from default"),
        (
            "kubernetes.context",
            "kubernetes.context = 'a \"b\"' # from flag --set kubernetes.context",
        ),
        (
            "valkey.password",
            "valkey.password = { command = [\"echo\", \"...\"] } # from file config.toml:4",
        ),
        ("# valkey.url", "# valkey.url is not set"),
    ] {
        assert_eq!(line(start), expected);
    }
    let settings = case.loaded().settings;
    assert!(!format!("{page}{settings:?}").contains("hunter2"));
    let comments = shown.lines().filter_map(|line| line.find("  # from"));
    assert_eq!(comments.collect::<std::collections::BTreeSet<_>>().len(), 1, "aligned:\n{shown}");
    assert_eq!(page.lines().count(), KEYS.len());
    assert!(!show(&settings, false).contains("# from"));
}

#[test]
fn the_listing_is_toml() {
    let settings = Case::with(EXAMPLE).loaded().settings;
    let listing: toml::Table = toml::from_str(&show(&settings, true)).unwrap();
    assert_eq!(listing["kubernetes"]["page_size"].as_integer(), Some(500));
    assert_eq!(listing["valkey"]["url"].as_str(), Some("rediss://valkey.plana.internal:6380/0"));
}

#[test]
fn the_reference_has_every_key_once() {
    let page = reference();
    for key in KEYS {
        let cell = format!("| `{}` |\n", key.variable());
        assert_eq!(page.matches(&cell).count(), 1, "{}", key.path);
    }
    let row = "| `page_size` | Objects in one page of a list. | a whole number from 50 to 5000 | `500` | profile \
               | `PLANA_KUBERNETES_PAGE_SIZE` |";
    assert!(page.contains(row), "{page}");
    for heading in
        ["## Top level", "## `[ui]`", "## `[profiles.NAME]`", "## `[profiles.NAME.valkey]`"]
    {
        assert_eq!(page.matches(&format!("\n{heading}\n")).count(), 1, "{heading}");
    }
}

#[test]
fn the_example_loads_and_mentions_every_key() {
    let loaded = Case::with(EXAMPLE).loaded();
    assert_eq!(loaded.profiles, ["local", "production"]);
    let mut section = String::new();
    let mut mentioned = Vec::new();
    for line in EXAMPLE.lines() {
        if let Some(header) = line.strip_prefix('[') {
            header.trim_end_matches(']').clone_into(&mut section);
        } else if let Some((key, _)) = line.trim_start_matches("# ").split_once(" = ") {
            mentioned.push(format!("{section}.{key}"));
        }
    }
    for key in KEYS {
        let place = match key.scope {
            Scope::Profile => "profiles.production",
            Scope::Console | Scope::Either => "",
        };
        let path = format!("{place}.{}", key.path);
        let path =
            if key.section().is_empty() { path } else { path.trim_start_matches('.').to_owned() };
        assert!(mentioned.contains(&path), "{path} is not in {mentioned:?}");
    }
}

/// Each line that is commented out but shows a setting must be valid when it is taken in.
#[test]
fn the_example_loads_with_its_comments_taken_in() {
    let is_setting = |line: &str| {
        let rest = line.strip_prefix("# ")?;
        let (key, _) = rest.split_once(" = ")?;
        let plain = key.chars().all(|char| char.is_ascii_lowercase() || char == '_');
        plain.then(|| rest.to_owned())
    };
    let text: Vec<_> =
        EXAMPLE.lines().map(|line| is_setting(line).unwrap_or_else(|| line.to_owned())).collect();
    let settings = Case::with(text.join("\n")).loaded().settings;
    assert_eq!(settings.valkey.field.as_deref(), Some("event"));
    assert!(settings.kubernetes.kubeconfig.is_some());
}
