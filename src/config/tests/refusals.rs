//! One small case for each way to be wrong, with the whole message.

use std::os::unix::fs::PermissionsExt;

use super::Case;

const REFERENCES: &str = "write { env = \"NAME\" }, { file = \"PATH\" }, \
    { command = [\"PROGRAM\", \"ARGUMENT\"] }, { keyring = \"SERVICE/USER\" } \
    or { kubernetes_secret = \"NAMESPACE/NAME#KEY\" }";

fn check(cases: &[(&str, &str)]) {
    for (text, message) in cases {
        assert_eq!(Case::with(text).refusal(), *message, "in:\n{text}");
    }
}

const UNKNOWN: &[(&str, &str)] = &[
    (
        "[ui]\nthemee = \"x\"",
        "config.toml:2: unknown key \"themee\" in [ui]; did you mean \"theme\"?",
    ),
    (
        "profil = \"x\"",
        "config.toml:1: unknown key \"profil\" at the top level; did you mean \"profile\"?",
    ),
    (
        "theme = \"x\"",
        "config.toml:1: unknown key \"theme\" at the top level; did you mean \"ui.theme\"?",
    ),
    (
        "context = \"x\"",
        "config.toml:1: unknown key \"context\" at the top level; \
             did you mean \"profiles.NAME.kubernetes.context\"?",
    ),
    ("[events]\nzzz = 1", "config.toml:2: unknown key \"zzz\" in [events]"),
    ("[events]\nkep = 1", "config.toml:2: unknown key \"kep\" in [events]; did you mean \"kept\"?"),
    ("[log]\nlevle = 1", "config.toml:2: unknown key \"levle\" in [log]; did you mean \"level\"?"),
    (
        "[recorder]\nkpet = 1",
        "config.toml:2: unknown key \"kpet\" in [recorder]; did you mean \"kept\"?",
    ),
    (
        "[profiles.a]\nreadonly = true",
        "config.toml:2: unknown key \"readonly\" in [profiles.a]; did you mean \"read_only\"?",
    ),
    (
        "[profiles.a.ui]\nthem = \"x\"",
        "config.toml:2: unknown key \"them\" in [profiles.a.ui]; did you mean \"theme\"?",
    ),
    (
        "[profiles.a.kubernetes]\ncontxt = \"x\"",
        "config.toml:2: unknown key \"contxt\" in [profiles.a.kubernetes]; did you mean \"context\"?",
    ),
    (
        "[profiles.a.valkey]\nusernam = \"x\"",
        "config.toml:2: unknown key \"usernam\" in [profiles.a.valkey]; did you mean \"username\"?",
    ),
    ("[event]", "config.toml:1: unknown section [event]; did you mean \"events\"?"),
    ("[profile.a]", "config.toml:1: unknown section [profile]; did you mean \"profiles\"?"),
    ("[profils.a]", "config.toml:1: unknown section [profils]; did you mean \"profiles\"?"),
    (
        "[profiles.a.kubernetis]",
        "config.toml:1: unknown section [profiles.a.kubernetis]; \
             did you mean \"profiles.a.kubernetes\"?",
    ),
    (
        "\"ui.theme\" = \"x\"",
        "config.toml:1: \"ui.theme\" can't stand in quotes; it belongs in [ui]",
    ),
    ("\"\" = 1", "config.toml:1: unknown key \"\" at the top level"),
    (
        "\"\\u001b[2J\\u202e\" = 1",
        "config.toml:1: unknown key \"\\u{1b}[2J\\u{202e}\" at the top level",
    ),
];

#[test]
fn unknown_keys_and_sections() {
    check(UNKNOWN);
}

const MISPLACED: &[(&str, &str)] = &[
    (
        "danger = \"local\"",
        "config.toml:1: \"danger\" can't stand at the top level; \
             it belongs in a profile, [profiles.NAME]",
    ),
    (
        "[kubernetes]\ncontext = \"x\"",
        "config.toml:1: \"kubernetes\" can't stand at the top level; \
             it belongs in a profile, [profiles.NAME.kubernetes]",
    ),
    (
        "[profiles.a.events]\nkept = 500",
        "config.toml:1: \"events\" can't stand in [profiles.a]; \
             it belongs in [events], outside of profiles",
    ),
    (
        "[profiles.a.ui]\nmouse = true",
        "config.toml:2: \"ui.mouse\" can't stand in [profiles.a.ui]; \
             it belongs in [ui], outside of profiles",
    ),
    (
        "[profiles.a]\nprofile = \"x\"",
        "config.toml:2: \"profile\" can't stand in [profiles.a]; it belongs at the top level",
    ),
    ("ui = 3", "config.toml:1: \"ui\" must be a section, not the number 3; write [ui]"),
    (
        "profiles = [1]",
        "config.toml:1: \"profiles.NAME\" must be a section, not a list; write [profiles.NAME]",
    ),
    (
        "[profiles]\na = true",
        "config.toml:2: \"profiles.a\" must be a section, not true; write [profiles.a]",
    ),
    (
        "[profiles.\"a b\"]",
        "config.toml:1: the profile name \"a b\" must be 1 to 64 letters, digits, \"-\", \"_\" or \".\"",
    ),
];

#[test]
fn misplaced_and_misshapen_keys() {
    check(MISPLACED);
}

const REFUSED: &[(&str, &str)] = &[
    (
        "[ui]\nmouse = \"yes\"",
        "config.toml:2: \"ui.mouse\" must be true or false, not the string \"yes\"",
    ),
    ("[ui]\nmouse = 1", "config.toml:2: \"ui.mouse\" must be true or false, not the number 1"),
    (
        "[ui]\ntheme = \"../../etc\"",
        "config.toml:2: \"ui.theme\" must be a name of letters, digits, \"-\", \"_\" and \".\", \
             not the string \"../../etc\"",
    ),
    (
        "[ui]\ncolor = \"truecolour\"",
        "config.toml:2: \"ui.color\" must be one of \"auto\", \"truecolor\", \"256\", \"16\", \"none\", \
             not the string \"truecolour\"; did you mean \"truecolor\"?",
    ),
    (
        "[ui]\ntime_zone = \"Europe/Sofja\"",
        "config.toml:2: \"ui.time_zone\" must be a time zone such as \"Europe/Sofia\", \
             not the string \"Europe/Sofja\"; did you mean \"Europe/Sofia\"?",
    ),
    (
        "[events]\nkept = 99",
        "config.toml:2: \"events.kept\" must be a whole number from 100 to 1000000, not the number 99",
    ),
    (
        "[events]\nkept = -5",
        "config.toml:2: \"events.kept\" must be a whole number from 100 to 1000000, not the number -5",
    ),
    (
        "[events]\nkept = 1e3",
        "config.toml:2: \"events.kept\" must be a whole number from 100 to 1000000, not the number 1e3",
    ),
    (
        "[events]\nkept_bytes = \"64Mx\"",
        "config.toml:2: \"events.kept_bytes\" must be a size from 1MiB to 4GiB such as \"64MiB\": \
             \"Mx\" is not a unit, the units are B, kB, KiB, MB, MiB, GB, GiB, TB, TiB",
    ),
    (
        "[events]\nkept_bytes = \"5TB\"",
        "config.toml:2: \"events.kept_bytes\" must be a size from 1MiB to 4GiB such as \"64MiB\", \
             not the string \"5TB\"",
    ),
    (
        "[log]\nlevel = \"warning\"",
        "config.toml:2: \"log.level\" must be one of \"error\", \"warn\", \"info\", \"debug\", \"trace\", \
             not the string \"warning\"",
    ),
    ("[log]\nfile = 2024-01-01", "config.toml:2: \"log.file\" must be a path, not a date"),
    (
        "[profiles.a]\ndanger = \"prod\"",
        "config.toml:2: \"danger\" must be one of \"production\", \"staging\", \"local\", \"training\", \
             not the string \"prod\"; did you mean \"production\"?",
    ),
    (
        "[profiles.a.kubernetes]\ncontext = \"a\\nb\"",
        "config.toml:2: \"kubernetes.context\" must be one line of text, not the string \"a\\nb\"",
    ),
    (
        "[profiles.a.valkey]\nurl = \"http://h\"",
        "config.toml:2: \"valkey.url\" must be an address such as \"rediss://valkey.example:6379/0\", \
             not \"http://h\"",
    ),
    (
        "[profiles.a.valkey]\nurl = \"redis://:hunter2@h\"",
        "config.toml:2: \"valkey.url\" must not hold a password; \
             take it out of the address and use password = { ... }",
    ),
];

#[test]
fn values_that_break_their_rule() {
    check(REFUSED);
}

#[test]
fn secrets_are_references() {
    let plain = format!(
        "config.toml:2: \"valkey.password\" must be a reference to the secret, not the secret itself; {REFERENCES}"
    );
    let case =
        |value: &str| Case::with(format!("[profiles.a.valkey]\npassword = {value}")).refusal();
    for value in ["\"hunter2\"", "12345", "[\"hunter2\"]"] {
        assert_eq!(case(value), plain, "{value}");
    }
    let flag = Case::without_file().flags(&[("valkey.password", "hunter2")]).refusal();
    assert_eq!(flag, plain.replace("config.toml:2:", "--set valkey.password:"));
}

#[test]
fn references_that_lead_nowhere() {
    let kinds = "one of { env = ... }, { file = ... }, { command = ... }, { keyring = ... }, \
                 { kubernetes_secret = ... }";
    let case =
        |value: &str| Case::with(format!("[profiles.a.valkey]\npassword = {value}")).refusal();
    for (value, rest) in [
        ("{ evn = \"X\" }", format!("must be {kinds}, not \"evn\"; did you mean \"env\"?")),
        (
            "{}",
            "must name exactly one place: env, file, command, keyring, kubernetes_secret".into(),
        ),
        (
            "{ env = \"X\", file = \"y\" }",
            "must name exactly one place: env, file, command, keyring, kubernetes_secret".into(),
        ),
        ("{ env = \"\" }", "needs one line of text after env =".into()),
        (
            "{ env = \"hunter2!\" }",
            "has an env that is no name of a variable: letters, digits and \"_\" only".into(),
        ),
        (
            "{ command = \"pass show x\" }",
            "has a command that is not a list such as [\"pass\", \"show\", \"valkey\"]".into(),
        ),
        ("{ command = [] }", "has a command that is not 1 to 64 words long".into()),
        ("{ keyring = \"x\" }", "has a keyring that is not \"SERVICE/USER\"".into()),
        (
            "{ kubernetes_secret = \"ns/name\" }",
            "has a kubernetes_secret that is not \"NAMESPACE/NAME#KEY\"".into(),
        ),
    ] {
        assert_eq!(case(value), format!("config.toml:2: \"valkey.password\" {rest}"), "{value}");
    }
}

#[test]
fn bad_syntax_has_a_line_and_a_column() {
    check(&[
        ("[ui\ntheme = \"x\"", "config.toml:1:4: unclosed table, expected `]`"),
        ("[ui]\nmouse = true\nmouse = false", "config.toml:3:1: duplicate key"),
        (
            "[ui]\ntheme = \"x\"\n\nkeymap = \n",
            "config.toml:4:10: string values must be quoted, expected literal string",
        ),
    ]);
}

#[test]
fn profiles_that_are_not_there() {
    let text = "[profiles.production]\n[profiles.staging]";
    let known = "The profiles are: production, staging, default (built in)";
    for (case, message) in [
        (
            Case::with(text).env(&[("PLANA_PROFILE", "prodction")]),
            format!(
                "PLANA_PROFILE: there is no profile \"prodction\"; did you mean \"production\"? {known}"
            ),
        ),
        (
            Case::with(format!("profile = \"x\"\n{text}")),
            format!("config.toml:1: there is no profile \"x\". {known}"),
        ),
        (
            Case::without_file().flags(&[("profile", "prod")]),
            "--set profile: there is no profile \"prod\". The profiles are: default (built in)"
                .into(),
        ),
        (
            Case::with(text),
            "config.toml:1: no profile is chosen and there are several (production, staging); \
             set profile = \"NAME\" or PLANA_PROFILE"
                .into(),
        ),
    ] {
        assert_eq!(case.refusal(), message);
    }
}

#[test]
fn all_problems_come_together_in_order() {
    let case = Case::with("[ui]\nthemee = \"x\"\nmouse = 3\n[profiles.unused.valkey]\nurl = 1\n")
        .env(&[("PLANA_EVENTS_KEPT", "many")])
        .flags(&[("ui.thme", "x"), ("log.level", "loud")]);
    assert_eq!(
        case.refusal(),
        "config.toml:2: unknown key \"themee\" in [ui]; did you mean \"theme\"?\n\
         config.toml:3: \"ui.mouse\" must be true or false, not the number 3\n\
         config.toml:5: \"valkey.url\" must be an address such as \"rediss://valkey.example:6379/0\", \
         not the number 1\n\
         PLANA_EVENTS_KEPT: \"events.kept\" must be a whole number from 100 to 1000000, not \"many\"\n\
         --set log.level: \"log.level\" must be one of \"error\", \"warn\", \"info\", \"debug\", \"trace\", \
         not \"loud\"\n\
         --set ui.thme: unknown key \"ui.thme\" among the settings; did you mean \"ui.theme\"?"
    );
    let many =
        Case::with((0..50).map(|n| format!("zz{n} = 1")).collect::<Vec<_>>().join("\n")).refusal();
    assert_eq!(many.lines().count(), 21);
    assert_eq!(many.lines().last(), Some("... and 30 more problems"));
}

#[test]
fn files_that_can_not_be_read() {
    let mut missing = Case::without_file();
    missing.sources.file = Some("/nowhere/x.toml".into());
    let advice = "Correct the path, or leave it out to use the default place.";
    assert_eq!(
        missing.refusal(),
        format!("The settings file /nowhere/x.toml does not exist; --config names it. {advice}")
    );
    assert_eq!(
        Case::without_file().env(&[("PLANA_CONFIG", "/nowhere/y.toml")]).refusal(),
        format!(
            "The settings file /nowhere/y.toml does not exist; PLANA_CONFIG names it. {advice}"
        )
    );

    let folder = Case::without_file();
    std::fs::create_dir(folder.file()).unwrap();
    assert_eq!(
        folder.refusal(),
        "The settings file config.toml can't be read: it is not a regular file."
    );
    let latin1 = Case::with(b"[ui]\n# caf\xe9\n");
    assert_eq!(
        latin1.refusal(),
        "The settings file config.toml can't be read: line 2 is not UTF-8 text."
    );
    let large = Case::with("#".repeat((1 << 20) + 1));
    assert_eq!(
        large.refusal(),
        "The settings file config.toml can't be read: it is larger than 1 MiB."
    );
    assert!(Case::with("#".repeat(1 << 20)).load().is_ok());
}

#[test]
fn a_file_without_permission_or_behind_a_file_is_unreadable() {
    let case = Case::with("");
    std::fs::set_permissions(case.file(), PermissionsExt::from_mode(0o000)).unwrap();
    if rustix::process::geteuid().is_root() {
        // Nothing is forbidden to root, so the system's refusal is provoked otherwise.
        let mut case = Case::with("");
        case.sources.file = Some(case.file().join("below"));
        assert_eq!(
            case.refusal(),
            "The settings file config.toml/below can't be read: Not a directory (os error 20)."
        );
    } else {
        assert_eq!(
            case.refusal(),
            "The settings file config.toml can't be read: Permission denied (os error 13)."
        );
    }
}
