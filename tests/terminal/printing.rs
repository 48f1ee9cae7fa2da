//! Without a terminal: one frame, and pages.

use crate::screen::Home;

#[test]
fn the_demo_without_a_terminal_prints_one_frame_and_a_hint() {
    let home = Home::new();
    let ran = home.run(&["demo"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("42 tenants") && !ran.out.contains('\x1b'), "{}", ran.out);
    assert_eq!(ran.out.lines().count(), 48);
    assert_eq!(
        ran.err.trim(),
        "This is one frame, because there is no terminal. For the live screen, run in a terminal: pulse-console demo"
    );
    assert_eq!(home.run(&["demo"]).out, ran.out, "the same seed gives the same screen");
    assert_ne!(home.run(&["demo", "--seed", "7"]).out, ran.out);
}

#[test]
fn a_snapshot_has_its_pane_size_keys_and_format() {
    let home = Home::new();
    let frame = |more: &[&str]| {
        let mut arguments = vec!["demo", "--size", "100x20"];
        arguments.extend(more);
        let ran = home.run(&arguments);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{more:?}");
        ran.out
    };
    let text = frame(&["--snapshot", "tenants"]);
    assert!(text.contains("42 tenants") && text.lines().count() == 20, "{text}");
    assert!(frame(&["--snapshot", "events"]).contains("lines"));
    assert!(frame(&["--snapshot", "upgrades"]).contains("8 runs"));
    let filtered = frame(&["--snapshot", "tenants", "--keys", "/ t i e r = p r o enter"]);
    assert!(filtered.contains("of 42 tenants, filtered here"), "{filtered}");

    let ansi = frame(&["--snapshot", "tenants", "--format", "ansi"]);
    let mut parser = vt100::Parser::new(20, 100, 0);
    parser.process(ansi.trim_end().replace('\n', "\r\n").as_bytes());
    let shown: Vec<_> =
        parser.screen().rows(0, 100).map(|line| line.trim_end().to_owned()).collect();
    assert_eq!(shown.join("\n").trim_end(), text.trim_end(), "the same characters, in colours");
    assert!(ansi.contains("\x1b[0"));

    let svg = frame(&["--snapshot", "tenants", "--format", "svg"]);
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>") && !svg.contains('\x1b'));
    assert!(svg.contains("proba-19"), "the rows are text in the picture");
    let later = frame(&["--snapshot", "tenants", "--after", "3600"]);
    assert_ne!(later, text, "an hour later");
}

#[test]
fn hostile_data_prints_as_harmless_text() {
    let home = Home::new();
    for pane in ["tenants", "events", "upgrades"] {
        for keys in ["", "enter", "enter tab G"] {
            let arguments =
                ["demo", "--scenario", "hostile-data", "--snapshot", pane, "--keys", keys];
            let ran = home.run(&arguments);
            assert_eq!(ran.code, 0, "{pane} {keys}: {}", ran.err);
            let bad = ran.out.chars().find(|c| {
                (c.is_control() && *c != '\n')
                    || matches!(*c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
            });
            assert_eq!(bad, None, "{pane} {keys}");
        }
    }
}

#[test]
fn the_settings_are_shown_with_their_origin_and_checked() {
    let home = Home::new().with("PLANA_EVENTS_KEPT", "12345");
    let none = home.run(&["config", "check"]);
    let answer = (none.code, none.out.trim());
    assert_eq!(answer, (0, "There is no settings file; the defaults are right."), "{none:?}");
    let path =
        home.write("config.toml", "profile = \"here\"\n[ui]\ntheme = \"light\"\n[profiles.here]\n");
    let path = path.display();
    let shown = home.run(&["config", "show", "--origin", "--set", "ui.keymap=vim"]);
    assert_eq!(shown.code, 0, "{shown:?}");
    for (line, origin) in [
        ("ui.theme", format!("= \"light\"|# from file {path}:3")),
        ("events.kept ", "= 12345|# from variable PLANA_EVENTS_KEPT".to_owned()),
        ("ui.keymap", "= \"vim\"|# from flag --set ui.keymap".to_owned()),
        ("ui.mouse", "= true|# from default".to_owned()),
        ("# valkey.url is not set", "|".to_owned()),
    ] {
        let (value, origin) = origin.split_once('|').expect("two parts");
        let found = shown.out.lines().find(|shown| shown.starts_with(line));
        let found = found.unwrap_or_else(|| panic!("{line}: {}", shown.out));
        assert!(found.contains(value) && found.ends_with(origin), "{found}");
    }
    let checked = home.run(&["config", "check"]);
    assert_eq!((checked.code, checked.out.trim()), (0, format!("{path} is right.").as_str()));
    let places = home.run(&["config", "path"]).out;
    for place in ["settings    ", "themes      ", "key maps    ", "log         ", "recordings  "] {
        let line = places.lines().find(|line| line.starts_with(place));
        let root = home.path().display().to_string();
        assert!(line.is_some_and(|line| line.contains(&root)), "{place}: {places}");
    }
}

#[test]
fn a_wrong_setting_ends_it_with_a_sentence() {
    let home = Home::new();
    let path = home.write("config.toml", "[ui]\nthem = \"light\"\n");
    let expected =
        format!("{}:2: unknown key \"them\" in [ui]; did you mean \"theme\"?", path.display());
    for arguments in [&["demo"][..], &["config", "check"], &["config", "show"]] {
        let ran = home.run(arguments);
        assert_eq!((ran.code, ran.err.trim()), (2, expected.as_str()), "{arguments:?}");
        assert_eq!(ran.out, "", "{arguments:?}");
    }
    home.write("config.toml", "[ui\n");
    let ran = home.run(&["demo"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("config.toml:1:"), "{}", ran.err);
    home.write("config.toml", "");
    for (arguments, said) in [
        (["demo", "--set", "ui.theme"], "a setting is written KEY=VALUE"),
        (["demo", "--set", "ui.mouse=maybe"], "must be true or false"),
        (["demo", "--config", "/nowhere.toml"], "/nowhere.toml does not exist"),
        (["demo", "--scenario", "calm-nihgt"], "calm-night"),
    ] {
        let ran = home.run(&arguments);
        assert_eq!(ran.code, 2, "{ran:?}");
        assert!(ran.err.contains(said), "{arguments:?}: {}", ran.err);
    }
}

#[test]
fn a_wrong_theme_or_keymap_is_said_and_stops_nothing() {
    let home = Home::new();
    home.write("themes/mine.toml", "inherits = \"dark\"\n[roles]\ntexxt = \"#ffffff\"\n");
    home.write(
        "keymaps/mine.toml",
        "inherits = \"default\"\n[table]\nkeys = [{ on = \"j\", run = \"cursor.dwn\" }]\n",
    );
    let ran = home.run(&["config", "check", "--theme", "mine", "--keymap", "mine"]);
    assert_eq!(ran.code, 1, "{ran:?}");
    for said in [
        "mine:3: ",
        "\"texxt\"",
        "Did you mean \"text\"?",
        "cursor.dwn",
        "Did you mean \"cursor.down\"?",
    ] {
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
    }
    assert_eq!(ran.out.trim(), "2 things look wrong.");
    let ran = home.run(&["demo", "--theme", "mine", "--keymap", "mine"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("42 tenants"), "{}", ran.out);
}
