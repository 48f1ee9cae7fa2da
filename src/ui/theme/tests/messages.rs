//! What is wrong with theme files, and how that is said.

use proptest::prelude::*;
use ratatui::style::{Color, Style};

use super::*;
use crate::input::document::BYTES_MAX;

fn parse(text: &str) -> Result<(Theme, Vec<Warning>), ThemeError> {
    let base = |name: &str| match name {
        "loop" => Some("inherits = \"mine.toml\"".to_owned()),
        "bad" => Some("[roles]\ntext = \"inky\"".to_owned()),
        _ => match name.strip_prefix("deep-") {
            Some(number) => number
                .parse::<usize>()
                .ok()
                .map(|number| format!("inherits = \"deep-{}\"", number + 1)),
            None => builtin(name).map(str::to_owned),
        },
    };
    Theme::parse("mine.toml", text, &base, ColorDepth::TrueColor)
}

fn error(text: &str) -> String {
    parse(text).map_or_else(|error| error.to_string(), |_| panic!("{text} was taken"))
}

#[test]
fn every_problem_names_file_line_and_what_to_do() {
    for (text, message) in [
        (
            "[roles]\nhelth-failed = \"red\"",
            "mine.toml:2: There is no role \"helth-failed\". Did you mean \"health-failed\"?",
        ),
        (
            "[roles]\nbuttons = \"red\"",
            "mine.toml:2: There is no role \"buttons\". The theme \"dark\" of the program has all of \
             them.",
        ),
        (
            "[palette]\nshade = \"#202020\"\n[roles]\ncursor = { bg = \"shad\" }\nborder = \"shade\"",
            "mine.toml:4: cursor has the colour \"shad\", which is unknown. Did you mean \"shade\"?",
        ),
        (
            "[roles]\ntext = \"#12345\"",
            "mine.toml:2: text has the colour \"#12345\", which is unknown. Write #rrggbb, a name of \
             [palette], or an ANSI name such as bright-blue.",
        ),
        (
            "[palette]\ninky = \"bright-blu\"\n[roles]\ntext = \"inky\"",
            "mine.toml:2: \"inky\" of [palette] has the value \"bright-blu\", which is no colour. Did \
             you mean \"bright-blue\"?",
        ),
        (
            "[palette]\ninky = \"#ggg\"",
            "mine.toml:2: \"inky\" of [palette] has the value \"#ggg\", which is no colour. Write \
             #rrggbb, or an ANSI name such as bright-blue.",
        ),
        ("[palette]\ninky = 3", "mine.toml:2: \"inky\" must be a colour, not a number."),
        (
            "[palette]\nred = \"#ff0000\"",
            "mine.toml:2: \"red\" is a colour of the terminal already. Give it another name in \
             [palette].",
        ),
        (
            "[roles]\ntext = { fg = \"red\", blod = true }",
            "mine.toml:2: \"blod\" has no meaning here. Did you mean `bold`?",
        ),
        (
            "[roles]\ntext = { blink = true }",
            "mine.toml:2: \"blink\" has no meaning here. Known here: fg, bg, bold, dim, italic, \
             underline, reverse and strike.",
        ),
        (
            "[roles]\ntext = { bold = \"yes\" }",
            "mine.toml:2: `bold` must be true or false, not a text.",
        ),
        ("[roles]\ntext = { bg = 4 }", "mine.toml:2: `bg` must be a colour, not a number."),
        (
            "[roles]\ntext = 4",
            "mine.toml:2: text must be a colour, or { fg = \"COLOUR\", bold = true }, not a number.",
        ),
        ("roles = 4", "mine.toml:1: [roles] must be a section of roles, not a number."),
        ("palette = []", "mine.toml:1: [palette] must be a section of colours, not a list."),
        ("[role]", "mine.toml:1: \"role\" has no meaning here. Did you mean `roles`?"),
        (
            "[colours]",
            "mine.toml:1: \"colours\" has no meaning here. Known here: `inherits`, [palette] and \
             [roles].",
        ),
        ("inherits = 3", "mine.toml:1: `inherits` must be the name of a theme, not a number."),
        (
            "\ninherits = \"neon\"",
            "mine.toml:2: It inherits \"neon\", and there is no such theme. The themes in the program \
             are dark, light, high-contrast, colour-blind, sixteen, none.",
        ),
        (
            "inherits = \"loop\"",
            "loop:1: It inherits \"mine.toml\", which inherits it in turn. Remove one of the two \
             `inherits`.",
        ),
        (
            "inherits = \"deep-1\"",
            "deep-8:1: It inherits more than 8 themes, one through the other. Use fewer.",
        ),
        (
            "inherits = \"bad\"",
            "bad:2: text has the colour \"inky\", which is unknown. Write #rrggbb, a name of \
             [palette], or an ANSI name such as bright-blue.",
        ),
    ] {
        assert_eq!(error(text), message, "{text}");
    }
    let syntax = error("[roles]\ntext = \n");
    assert!(syntax.starts_with("mine.toml:2: This is not TOML: "), "{syntax}");
    assert_eq!(
        error(&" ".repeat(BYTES_MAX + 1)),
        "mine.toml: The file has 262145 bytes, and at most 262144 are read. Remove what is not \
         needed."
    );
}

#[test]
fn all_problems_are_told_at_once() {
    let text = "[roles]\ntext = 3\nmuted = { bolt = true }\ntitle = \"inkk\"\n";
    let message = error(text);
    let lines: Vec<&str> = message.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(lines, ["mine.toml:2:", "mine.toml:3:", "mine.toml:4:"]);
    let many: Vec<String> = (0..30).map(|number| format!("nothing-{number} = \"red\"\n")).collect();
    let many = many.concat();
    let many = format!("[roles]\n{many}");
    assert!(error(&many).ends_with("\n10 more problems follow."), "{}", error(&many));
    assert_eq!(parse(&many).unwrap_err().problems().len(), 30);
}

#[test]
fn what_is_doubtful_is_a_warning() {
    for (text, message) in [
        (
            "[palette]\ninky = \"#112233\"",
            "mine.toml:2: No role uses the colour \"inky\" of [palette]. Remove it.",
        ),
        (
            "inherits = \"dark\"\n[roles]\nhint = \"#222222\"",
            "mine.toml:3: hint is hard to read: its contrast with the ground is 1.2, and should be \
             4.5 or more. Change fg or bg.",
        ),
        (
            "inherits = \"dark\"\n[roles]\ncursor = { bg = \"ink\" }",
            "mine.toml:3: cursor is hard to read: its contrast with the ground is 1.0, and should be \
             4.5 or more. Change fg or bg.",
        ),
    ] {
        let (_, warnings) = parse(text).unwrap();
        let shown: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        assert_eq!(shown, [message]);
    }
}

#[test]
fn a_theme_changes_only_what_it_says() {
    let dark = theme("dark", ColorDepth::TrueColor);
    let text =
        "inherits = \"dark\"\n[palette]\nsky = \"#a0c0ff\"\n[roles]\ncursor = { reverse = true }";
    let (mine, warnings) = parse(text).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(mine.name(), "mine.toml");
    assert_eq!(mine.style(Role::Cursor), Style::new().reversed());
    assert_eq!(mine.style(Role::Key).fg, Some(Color::Rgb(0xa0, 0xc0, 0xff)));
    assert_eq!(mine.style(Role::HealthFailed), dark.style(Role::HealthFailed));
}

#[test]
fn what_a_theme_does_not_say_looks_like_its_fall_back() {
    let (mine, _) = parse("[roles]\ntext = \"red\"\nnotice-warn = { bold = true }").unwrap();
    let (red, bold) = (Style::new().fg(Color::Red), Style::new().bold());
    for (role, style) in [
        (Role::Text, red),
        (Role::Dialog, red),
        (Role::InputError, bold),
        (Role::Gap, bold),
        (Role::NoticeInfo, red),
    ] {
        assert_eq!(mine.style(role), style, "{role}");
    }
    assert_eq!(Theme::default().style(Role::Cursor), Style::new());
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text in "\\PC*") {
        let _ = parse(&text);
    }

    #[test]
    fn no_likely_text_makes_it_panic(lines in proptest::collection::vec(
        proptest::sample::select(vec![
            "inherits = \"dark\"", "inherits = \"loop\"", "[palette]", "[roles]", "ink = \"#fff\"",
            "ink = \"#ffffff\"", "red = \"red\"", "text = \"ink\"", "text = { fg = \"ink\" }",
            "cursor = { bg = 3 }", "cursor.bold = true", "muted = []", "\u{1b}", "[roles.text]",
            "nonsense", "roles = 3",
        ]), 0..12)) {
        let _ = parse(&lines.join("\n"));
    }
}
