//! What is wrong with key files, and how that is said.

use super::super::document::BYTES_MAX;
use super::super::verbs::TEST_VERBS;
use super::super::{Keymap, builtin};
use super::*;

fn parse(text: &str) -> Result<Parsed, KeymapError> {
    let base = |name: &str| match name {
        "loop" => Some("inherits = \"mine.toml\"".to_owned()),
        "bad" => Some("[table]\nkeys = [{ on = \"gg\", run = \"none\" }]".to_owned()),
        _ => match name.strip_prefix("deep-") {
            Some(number) => number
                .parse::<usize>()
                .ok()
                .map(|number| format!("inherits = \"deep-{}\"", number + 1)),
            None => builtin(name).map(str::to_owned),
        },
    };
    Keymap::parse("mine.toml", text, &base, TEST_VERBS)
}

fn error(text: &str) -> String {
    parse(text).map_or_else(|error| error.to_string(), |_| panic!("{text} was taken"))
}

/// A file with these bindings in [table], the first on line 2.
fn table(bindings: &str) -> String {
    format!("table.keys = [\n{bindings}\n]")
}

#[test]
fn every_problem_names_file_line_key_and_what_to_do() {
    for (bindings, message) in [
        (
            "{ on = \"j\", run = \"cursor.down\" },\n{ on = [\"k\", \"j\"], run = \"cursor.up\" }",
            "mine.toml:3: \"j\" is already bound in [table] on line 2. Remove one of the two.",
        ),
        (
            "{ on = \"j\", run = \"none\" },\n{ on = \"j\", run = \"cursor.up\" }",
            "mine.toml:3: \"j\" is already bound in [table] on line 2. Remove one of the two.",
        ),
        (
            "{ on = \"g g\", run = \"cursor.first\" },\n{ on = \"g\", run = \"cursor.up\" }",
            "mine.toml:3: \"g\" and \"g g\" on line 2 cannot both be bound in [table]: \"g\" would \
             run before \"g g\" is typed. Change one of the two.",
        ),
        (
            "{ on = \"g\", run = \"cursor.first\" },\n{ on = \"g g\", run = \"cursor.up\" }",
            "mine.toml:3: \"g g\" and \"g\" on line 2 cannot both be bound in [table]: \"g\" would \
             run before \"g g\" is typed. Change one of the two.",
        ),
        (
            "{ on = \"j\", run = \"cursor.dwon\" }",
            "mine.toml:2: \"j\" runs \"cursor.dwon\", and there is no such action. Did you mean \
             \"cursor.down\"?",
        ),
        (
            "{ on = \"j\", run = \"coffee\" }",
            "mine.toml:2: \"j\" runs \"coffee\", and there is no such action. The page of keys \
             lists every action; \"none\" unbinds a key.",
        ),
        (
            "{ on = \"j\", run = \"drawer.down\" }",
            "mine.toml:2: \"j\" runs drawer.down, which has no meaning in [table]. Bind it in \
             [drawer] or [help] or [feeds] or [log] or [plan] or [run] or [confirm].",
        ),
        (
            "{ on = \"gg\", run = \"cursor.first\" }",
            "mine.toml:2: \"gg\" is no key. Keys that follow each other have spaces between them: \
             \"g g\".",
        ),
        (
            "{ on = \"a b c d e\", run = \"cursor.first\" }",
            "mine.toml:2: \"a b c d e\" has more than 4 keys. Use a shorter sequence.",
        ),
        (
            "{ on = \"a b c d e f g\", run = \"cursor.first\" }",
            "mine.toml:2: \"a b c d e …\" has more than 4 keys. Use a shorter sequence.",
        ),
        (
            "{ on = \"j\" }",
            "mine.toml:2: This binding has no `run`. Write { on = \"KEY\", run = \"ACTION\" }.",
        ),
        (
            "{ on = [], run = \"none\" }",
            "mine.toml:2: This binding has no `on`. Write { on = \"KEY\", run = \"ACTION\" }.",
        ),
        (
            "{ no = \"j\", on = \"j\", run = \"none\" }",
            "mine.toml:2: \"no\" has no meaning here. Known here: `on`, `run` and `desc`.",
        ),
        (
            "{ on = \"j\", run = \"none\", dsec = \"x\" }",
            "mine.toml:2: \"dsec\" has no meaning here. Did you mean `desc`?",
        ),
        ("3", "mine.toml:2: A binding must be { on = \"KEY\", run = \"ACTION\" }, not a number."),
        (
            "{ on = { x = 1 }, run = \"none\" }",
            "mine.toml:2: `on` must be a key, or a list of keys, not a table.",
        ),
        ("{ on = \"j\", run = [\"none\"] }", "mine.toml:2: `run` must be an action, not a list."),
        (
            "{ on = \"j\", run = \"cursor.up\", desc = true }",
            "mine.toml:2: `desc` must be a text, not true or false.",
        ),
        (
            "{ on = \"j\", run = \"cursor.up\", desc = \"\\u001b[2J\" }",
            "mine.toml:2: The description must have 1 to 60 characters, and none that is not \
             printed.",
        ),
    ] {
        assert_eq!(error(&table(bindings)), message, "{bindings}");
    }
}

#[test]
fn problems_of_the_whole_file_are_told_as_well() {
    for (text, message) in [
        ("[tabel]\nkeys = []", "mine.toml:1: There is no context \"tabel\". Did you mean [table]?"),
        ("table = 3", "mine.toml:1: A context must be a section with `keys`, not a number."),
        ("[table]\nkeys = 3", "mine.toml:2: `keys` must be a list of bindings, not a number."),
        ("[table]\nkey = []", "mine.toml:2: \"key\" has no meaning here. Did you mean `keys`?"),
        (
            "inherit = \"vim\"",
            "mine.toml:1: \"inherit\" has no meaning here. Did you mean `inherits`?",
        ),
        (
            "colour = 1",
            "mine.toml:1: \"colour\" has no meaning here. Known here: `inherits` and the sections \
             of the contexts.",
        ),
        ("inherits = 1", "mine.toml:1: `inherits` must be the name of a keymap, not a number."),
        (
            "\ninherits = \"nano\"",
            "mine.toml:2: It inherits \"nano\", and there is no such keymap. Write \"default\", \
             \"vim\" or \"emacs\".",
        ),
        (
            "inherits = \"mine.toml\"",
            "mine.toml:1: It inherits \"mine.toml\", which inherits it in turn. Remove one of the \
             two `inherits`.",
        ),
        (
            "inherits = \"loop\"",
            "loop:1: It inherits \"mine.toml\", which inherits it in turn. Remove one of the two \
             `inherits`.",
        ),
        (
            "inherits = \"deep-1\"",
            "deep-8:1: It inherits more than 8 keymaps, one through the other. Use fewer.",
        ),
        (
            "inherits = \"bad\"",
            "bad:2: \"gg\" is no key. Keys that follow each other have spaces between them: \"g g\".",
        ),
    ] {
        assert_eq!(error(text), message, "{text}");
    }
    let syntax = error("[table]\nkeys = [{ on = ]\n");
    assert!(syntax.starts_with("mine.toml:2: This is not TOML: "), "{syntax}");
    let twice = error("[table]\n[table]\n");
    assert!(twice.starts_with("mine.toml:2: This is not TOML: "), "{twice}");
}

#[test]
fn sizes_are_bounded() {
    let large = " ".repeat(BYTES_MAX + 1);
    assert_eq!(
        error(&large),
        "mine.toml: The file has 262145 bytes, and at most 262144 are read. Remove what is not \
         needed."
    );
    let bindings: Vec<String> = (0..=BINDINGS_MAX)
        .map(|number| {
            let (a, b) = (0x4e00 + number / 64, 0x4e00 + number % 64);
            let key = |code: usize| char::from_u32(u32::try_from(code).unwrap()).unwrap();
            format!("{{ on = \"{} {}\", run = \"cursor.up\" }},", key(a), key(b))
        })
        .collect();
    assert_eq!(
        error(&table(&bindings.join("\n"))),
        "mine.toml:1026: The file has more than 1024 bindings. Remove what is not needed."
    );
    assert!(parse(&table(&bindings[1..].join("\n"))).is_ok());
}

#[test]
fn all_problems_are_told_at_once_in_the_order_of_the_lines() {
    let text = "[table]\nkeys = [\n{ on = \"jj\", run = \"cursor.dwon\" },\n{ on = \"k\" },\n]\n\
                [globl]\nkeys = []\n";
    let message = error(text);
    let lines: Vec<&str> = message.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(lines, ["mine.toml:3:", "mine.toml:3:", "mine.toml:4:", "mine.toml:6:"]);

    let many = table(&"{ on = \"jj\", run = \"none\" },\n".repeat(30));
    assert!(error(&many).ends_with("\n10 more problems follow."), "{}", error(&many));
    assert_eq!(parse(&many).unwrap_err().problems().len(), 30);
}

#[test]
fn what_is_doubtful_is_a_warning() {
    for (text, message) in [
        (
            "inherits = \"default\"\n[table]\nkeys = [{ on = \"g\", run = \"cursor.first\" }]",
            "mine.toml:3: \"g\" takes the place of the inherited \"g g\" in [table]. If that is \
             meant, add { on = \"g g\", run = \"none\" }.",
        ),
        (
            "inherits = \"default\"\n[events]\nkeys = [{ on = \"j\", run = \"none\" }]",
            "mine.toml:3: \"j\" is not bound in [events] of what is inherited, so there is nothing \
             to unbind.",
        ),
        (
            "[filter]\nkeys = [{ on = \"x\", run = \"line.cancel\" }]",
            "mine.toml:2: \"x\" is text in [filter], and cannot be typed there now. Bind it with \
             ctrl- or alt-.",
        ),
    ] {
        let warnings = parse(text).unwrap().warnings;
        let shown: Vec<String> = warnings.iter().map(Problem::to_string).collect();
        assert_eq!(shown, [message]);
    }
    let said = "inherits = \"default\"\n[table]\nkeys = [{ on = \"g\", run = \"cursor.first\" }, \
                { on = \"g g\", run = \"none\" }]";
    assert_eq!(parse(said).unwrap().warnings, []);
}
