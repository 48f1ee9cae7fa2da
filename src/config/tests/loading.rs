//! What wins over what, and what is filled in.

use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;

use super::Case;
use crate::config::keys::{KEYS, Rule};
use crate::config::value::{Base, Raw};
use crate::config::{ColorDepth, Danger, Origin, Settings, Warning, load, parse_assignment, show};

#[test]
fn later_sources_win() {
    let file = "profile = \"a\"\n[ui]\ntheme = \"file\"\n[profiles.a]\n[profiles.a.ui]\ntheme = \"skin\"\n";
    let top = "[ui]\ntheme = \"file\"\n";
    let env = [("PLANA_UI_THEME", "env")];
    let flag = [("ui.theme", "flag"), ("ui.theme", "last")];
    for (case, theme, origin) in [
        (Case::without_file(), "dark", "default"),
        (Case::with(top), "file", "file config.toml:2"),
        (Case::with(file), "skin", "file config.toml:6"),
        (Case::with(file).flags(&[("profile", "default")]), "file", "file config.toml:3"),
        (Case::with(file).env(&env), "env", "variable PLANA_UI_THEME"),
        (Case::with(file).env(&env).flags(&flag), "last", "flag --set ui.theme"),
        (Case::with(top).env(&[("PLANA_UI_THEME", "")]), "file", "file config.toml:2"),
    ] {
        let found = case.loaded().settings.ui.theme;
        assert_eq!(
            (found.get().as_str(), case.short(&found.origin.to_string()).as_str()),
            (theme, origin)
        );
    }
}

#[test]
fn every_key_can_be_set_by_its_variable_and_by_a_flag() {
    for key in KEYS {
        let text = match key.rule {
            Rule::Text | Rule::Name => "default",
            Rule::Flag => "true",
            Rule::Count(..) => "700",
            Rule::Size(..) => "2MiB",
            Rule::Choice(words) => words[words.len() - 1],
            Rule::TimeZone => "UTC",
            Rule::Path => "~/x",
            Rule::ValkeyUrl => "redis://host",
            Rule::ServerUrl => "https://host",
            Rule::Secret => "{ env = 'X' }",
        };
        let variable = key.variable();
        let by_variable = Case::without_file().env(&[(&variable, text)]).loaded();
        assert_eq!(key.origin(&by_variable.settings), &Origin::Env(variable));
        let by_flag = Case::without_file().flags(&[(key.path, text)]).loaded();
        assert_eq!(key.origin(&by_flag.settings), &Origin::Flag(key.path.to_owned()));
    }
}

#[test]
fn profile_settings_are_those_of_the_chosen_profile() {
    let file =
        "[profiles.a]\ndanger = \"local\"\n[profiles.b]\ndanger = \"staging\"\nread_only = true\n";
    for (case, profile, danger, read_only) in [
        (Case::with(file).flags(&[("profile", "a")]), "a", Danger::Local, false),
        (Case::with(file).env(&[("PLANA_PROFILE", "b")]), "b", Danger::Staging, true),
        (Case::with(file).flags(&[("profile", "default")]), "default", Danger::Production, false),
        (
            Case::with(file).env(&[("PLANA_PROFILE", "b")]).flags(&[("danger", "training")]),
            "b",
            Danger::Training,
            true,
        ),
        (Case::with("[profiles.only]\nread_only = true"), "only", Danger::Production, true),
        (
            Case::with("[profiles.default]\nread_only = true\n[profiles.b]"),
            "default",
            Danger::Production,
            true,
        ),
        (Case::without_file(), "default", Danger::Production, false),
    ] {
        let settings = case.loaded().settings;
        let found = (settings.profile.as_str(), *settings.danger, *settings.read_only);
        assert_eq!(found, (profile, danger, read_only));
    }
    assert_eq!(Case::with(file).flags(&[("profile", "a")]).loaded().profiles, ["a", "b"]);
}

#[test]
fn paths_start_at_home_or_at_the_file() {
    let text = |path: &str| format!("[profiles.a.kubernetes]\nkubeconfig = \"{path}\"");
    for (case, expected) in [
        (Case::with(text("~/kube")), "kube"),
        (Case::with(text("sub/kube")), "CONFIG/sub/kube"),
        (Case::with(text("/etc/kube")), "/etc/kube"),
        (Case::without_file().flags(&[("kubernetes.kubeconfig", "kube")]), "kube"),
    ] {
        let path = case.loaded().settings.kubernetes.kubeconfig.value.unwrap();
        let folder = case.folder.path().display().to_string();
        let shown = path.display().to_string();
        let shown = shown.replace(&format!("{folder}/config/"), "CONFIG/");
        assert_eq!(shown.replace(&format!("{folder}/"), ""), expected);
    }
    let case = Case::without_file();
    assert_eq!(
        case.short(&case.loaded().settings.log.file.display().to_string()),
        "state/console.log"
    );
}

#[test]
fn numbers_and_words_are_read_in_all_their_forms() {
    let text = "[ui]\ncolor = 256\n[events]\nkept = 0x1_000\nkept_bytes = 2097152\n";
    let settings = Case::with(text).loaded().settings;
    assert_eq!(*settings.ui.color, ColorDepth::Indexed256);
    assert_eq!((*settings.events.kept, settings.events.kept_bytes.0), (4096, 2 << 20));
    let off = Case::without_file().env(&[("PLANA_UI_MOUSE", "0")]).loaded();
    assert!(!off.settings.ui.mouse.get());
}

#[test]
fn a_named_file_is_read_instead_of_the_default_one() {
    let mut case = Case::with("[ui]\ntheme = \"default-place\"");
    let other = case.folder.path().join("other.toml");
    std::fs::write(&other, "[ui]\ntheme = \"other\"").unwrap();
    let named = other.display().to_string();
    assert_eq!(*case.loaded().settings.ui.theme, "default-place");
    case = case.env(&[("PLANA_CONFIG", &named)]);
    assert_eq!(*case.loaded().settings.ui.theme, "other");
    case.sources.file = Some(case.file());
    assert_eq!(*case.loaded().settings.ui.theme, "default-place");
}

#[test]
fn defaults_obey_their_own_rules() {
    let base = Base { home: None, folder: None };
    for key in KEYS {
        let Some(text) = key.default else { continue };
        let mut settings = Settings::unset();
        let set = key.set(&mut settings, Raw::Text(text), &base, Origin::Default);
        assert_eq!(set.map_err(|refusal| refusal.to_string()), Ok(()), "{}", key.path);
        assert_eq!(key.written(&settings).unwrap().trim_matches(['"', '\'']), text);
    }
}

#[test]
fn names_of_the_table_are_unique() {
    for (index, key) in KEYS.iter().enumerate() {
        for other in &KEYS[index + 1..] {
            assert_ne!(key.path, other.path);
            assert_ne!(key.variable(), other.variable());
        }
    }
}

#[test]
fn warnings() {
    let text = "[profiles.a.valkey]\npassword = { env = \"PLANA_VALKEY_PASWORD\" }";
    let env =
        [("PLANA_VALKEY_PASWORD", "x"), ("PLANA_UI_THEEM", "x"), ("PLANA_OTHER", "x"), ("UI", "x")];
    let case = Case::with(text).env(&env);
    std::fs::set_permissions(case.file(), PermissionsExt::from_mode(0o666)).unwrap();
    let warnings = case.load().unwrap().warnings;
    let shown: Vec<_> = warnings.iter().map(|warning| case.short(&warning.to_string())).collect();
    assert!(matches!(warnings[0], Warning::WritableByAnyone { .. }));
    assert_eq!(
        shown,
        [
            "Anyone on this machine can change config.toml, and with it what the console runs. \
             Run: chmod o-w config.toml",
            "The variable PLANA_UI_THEEM sets nothing; did you mean PLANA_UI_THEME?",
        ]
    );
}

#[test]
fn assignments_are_split_at_the_first_equals_sign() {
    let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    assert_eq!(parse_assignment("a.b = c=d").unwrap(), pair("a.b", "c=d"));
    assert_eq!(
        parse_assignment("ui.theme").unwrap_err().to_string(),
        "--set \"ui.theme\": a setting is written KEY=VALUE, such as --set ui.theme=dark."
    );
}

/// Text that is often nearly a settings file.
fn any_text() -> impl Strategy<Value = String> {
    let word = prop::sample::select(vec![
        "[",
        "]",
        "[[",
        "\"",
        "'''",
        "=",
        ".",
        "\n",
        " ",
        "{",
        "}",
        ",",
        "#",
        "-1",
        "1e9",
        "true",
        "profiles",
        "a",
        "ui",
        "theme",
        "color",
        "valkey",
        "url",
        "password",
        "env",
        "command",
        "file",
        "kubernetes",
        "page_size",
        "events",
        "kept_bytes",
        "\"64MiB\"",
        "0x",
        "2024-01-01",
        "\u{202e}",
        "redis://",
        "@",
        ":",
        "[::1]",
        "\0",
        "profile",
    ]);
    let nearly = prop::collection::vec(word, 0..60).prop_map(|words| words.concat());
    prop_oneof![any::<String>(), nearly]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn no_text_makes_loading_panic(text in any_text(), value in any_text()) {
        let mut case = Case::with(&text);
        let flags = KEYS.iter().map(|key| (key.path.to_owned(), value.clone()));
        case.sources.flags = flags.chain([(value.clone(), text.clone())]).collect();
        if let Err(error) = load(&case.sources) {
            let message = error.to_string();
            prop_assert!(!message.is_empty());
            let plain = |char: char| char == '\n' || !char.is_control();
            prop_assert!(message.chars().all(plain), "{message:?}");
        }
        case.sources.flags.clear();
        if let Ok(loaded) = load(&case.sources) {
            prop_assert!(toml::from_str::<toml::Table>(&show(&loaded.settings, true)).is_ok());
        }
    }
}
