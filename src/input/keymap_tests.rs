//! Looking keys up in the key maps, the built-in ones and others.

use std::collections::HashMap;

use proptest::prelude::*;

use super::super::chord::parse_keys;
use super::super::verbs::TEST_VERBS;
use super::super::{BUILTIN_NAMES, builtin};
use super::*;

fn none(_: &str) -> Option<String> {
    None
}

fn shipped(name: &str) -> Option<String> {
    builtin(name).map(str::to_owned)
}

fn load(name: &str, text: &str) -> Parsed {
    Keymap::parse(name, text, &shipped, TEST_VERBS).unwrap_or_else(|error| panic!("{error}"))
}

fn map(text: &str) -> Keymap {
    load("mine", text).keymap
}

fn keys(text: &str) -> Vec<Chord> {
    parse_keys(text).unwrap()
}

#[test]
fn the_keymaps_in_the_program_load_without_a_warning() {
    for name in BUILTIN_NAMES {
        let parsed = load(name, builtin(name).unwrap());
        assert_eq!(parsed.warnings, [], "{name}");
        assert_eq!(parsed.keymap.name(), name);
    }
    assert_eq!(builtin("nano"), None);
}

#[test]
fn every_action_has_a_key_in_every_keymap_and_every_place_a_way_out() {
    for name in BUILTIN_NAMES {
        let keymap = load(name, builtin(name).unwrap()).keymap;
        for verb in TEST_VERBS {
            for context in verb.contexts {
                assert_ne!(
                    keymap.keys_for(verb.id, context.stack()),
                    Vec::<String>::new(),
                    "{name}: {} in [{context}]",
                    verb.id
                );
            }
        }
        for context in Context::ALL {
            let step = keymap.step(context.stack(), &keys("ctrl-c"));
            assert!(matches!(step, Step::Run("app.quit" | "line.cancel")), "{name} [{context}]");
        }
    }
}

#[test]
fn keys_mean_what_hands_expect() {
    for (name, context, pressed, id) in [
        ("default", Context::Table, "j", "cursor.down"),
        ("default", Context::Table, "g g", "cursor.first"),
        ("default", Context::Table, "q", "app.quit"),
        ("default", Context::Table, "tab", "drawer.focus"),
        ("default", Context::Events, "j", "cursor.down"),
        ("default", Context::Events, "]", "gap.next"),
        ("default", Context::Drawer, "tab", "drawer.blur"),
        ("default", Context::Help, "q", "help.close"),
        ("default", Context::Filter, "ctrl-c", "line.cancel"),
        ("default", Context::Filter, "ctrl-l", "app.redraw"),
        ("default", Context::Palette, "tab", "choice.next"),
        ("default", Context::Columns, "space", "columns.toggle"),
        ("vim", Context::Table, "y y", "row.copy"),
        ("vim", Context::Table, "g g", "cursor.first"),
        ("vim", Context::Table, "g t", "pane.next"),
        ("vim", Context::Table, "ctrl-d", "cursor.page-down"),
        ("vim", Context::Table, "ctrl-w w", "drawer.focus"),
        ("emacs", Context::Table, "ctrl-n", "cursor.down"),
        ("emacs", Context::Table, "alt-<", "cursor.first"),
        ("emacs", Context::Table, "ctrl-x ctrl-c", "app.quit"),
        ("emacs", Context::Table, "ctrl-x o", "drawer.focus"),
        ("emacs", Context::Filter, "ctrl-g", "line.cancel"),
        ("emacs", Context::Filter, "alt-x", "app.palette"),
    ] {
        let keymap = load(name, builtin(name).unwrap()).keymap;
        assert_eq!(keymap.step(context.stack(), &keys(pressed)), Step::Run(id), "{name} {pressed}");
    }
}

#[test]
fn what_is_typed_into_a_line_is_text() {
    let keymap = load("default", builtin("default").unwrap()).keymap;
    for context in [Context::Line, Context::Filter, Context::Palette] {
        for text in ["q", ":", "2", "space", "?", "left", "home", "backspace"] {
            let step = keymap.step(context.stack(), &keys(text));
            assert_eq!(step, Step::Unbound, "{text} in [{context}]");
        }
        let global = keymap.bindings(context.stack());
        assert!(global.iter().all(|bound| bound.context != Context::Global
            || bound.keys.first().is_some_and(|chord| chord.is_command())));
        assert_eq!(keymap.keys_for("app.help", context.stack()), ["f1"]);
    }
}

#[test]
fn a_pending_sequence_lists_what_may_follow() {
    let keymap = map("[global]\nkeys = [{ on = \"g t\", run = \"pane.next\" }]\n\
                      [table]\nkeys = [{ on = \"g g\", run = \"cursor.first\", desc = \"first\" },\
                      { on = [\"g z a\", \"g z b\"], run = \"cursor.last\" }]");
    let stack = Context::Table.stack();
    let Step::Pending(further) = keymap.step(stack, &keys("g")) else { panic!("not pending") };
    let shown: Vec<String> = further
        .iter()
        .map(|next| format!("{} {} {}", next.chord, next.label, next.verb.unwrap_or("-")))
        .collect();
    assert_eq!(
        shown,
        ["g first cursor.first", "t go to the next pane pane.next", "z 2 with more keys -"]
    );
    assert_eq!(keymap.step(stack, &keys("g z a")), Step::Run("cursor.last"));
    assert_eq!(keymap.step(stack, &keys("g x")), Step::Unbound);
    assert_eq!(keymap.step(stack, &keys("g g g")), Step::Unbound);
    assert_eq!(keymap.step(stack, &[]), Step::Unbound);
    assert_eq!(keymap.step(&[], &keys("g")), Step::Unbound);
}

#[test]
fn an_upper_context_hides_the_same_key_below() {
    let keymap = map(
        "[global]\nkeys = [{ on = \"x\", run = \"app.quit\" }, { on = \"g\", run = \"app.help\" },\
                      { on = \"z z\", run = \"app.feeds\" }]\n\
                      [table]\nkeys = [{ on = \"x\", run = \"cursor.down\" }, { on = \"g g\", run = \"cursor.first\" },\
                      { on = \"z\", run = \"cursor.up\" }]",
    );
    let stack = Context::Table.stack();
    assert_eq!(keymap.step(stack, &keys("x")), Step::Run("cursor.down"));
    assert_eq!(keymap.step(stack, &keys("z")), Step::Run("cursor.up"));
    for hidden in ["app.quit", "app.help", "app.feeds"] {
        assert_eq!(keymap.keys_for(hidden, stack), Vec::<String>::new(), "{hidden}");
        assert_eq!(keymap.keys_for(hidden, Context::Global.stack()).len(), 1, "{hidden}");
    }
}

#[test]
fn a_file_lays_its_keys_over_what_it_inherits() {
    let parsed = load(
        "mine",
        "inherits = \"default\"\n[table]\nkeys = [{ on = \"j\", run = \"none\" }, \
         { on = \"n\", run = \"cursor.down\", desc = \"next\" }, { on = \"k\", run = \"cursor.last\" }]",
    );
    assert_eq!(parsed.warnings, []);
    let stack = Context::Table.stack();
    assert_eq!(parsed.keymap.keys_for("cursor.down", stack), ["n", "down"]);
    assert_eq!(parsed.keymap.keys_for("cursor.up", stack), ["up"]);
    assert_eq!(parsed.keymap.keys_for("cursor.last", stack), ["k", "G", "end"]);
    assert_eq!(parsed.keymap.step(stack, &keys("j")), Step::Unbound);
    let bound = parsed.keymap.bindings(stack);
    assert_eq!(bound.first().map(|bound| (bound.desc, bound.verb)), Some(("next", "cursor.down")));
    assert_eq!(bound.last().map(|bound| bound.context), Some(Context::Global));
}

/// A few chords, so that random sequences meet.
fn any_sequence() -> impl Strategy<Value = Vec<Chord>> {
    let chord = proptest::sample::select(vec!["a", "b", "ctrl-a", "tab"]);
    proptest::collection::vec(chord.prop_map(|text| text.parse().unwrap()), 1..=4)
}

/// Bindings of one context that clash with none before them.
fn any_section() -> impl Strategy<Value = Vec<(Vec<Chord>, &'static str)>> {
    let id = proptest::sample::select(vec!["one", "two", "three", "four"]);
    proptest::collection::vec((any_sequence(), id), 0..8).prop_map(|all| {
        let mut taken: Vec<(Vec<Chord>, &'static str)> = Vec::new();
        for (keys, id) in all {
            if !taken.iter().any(|(other, _)| load::start_each_other(other, &keys)) {
                taken.push((keys, id));
            }
        }
        taken
    })
}

/// What works in `stack`, told by the rule alone: upper bindings push out those they start or are
/// started by, and text goes no deeper than a line.
fn naive(
    stack: &[Context],
    sections: &HashMap<Context, Vec<(Vec<Chord>, &'static str)>>,
) -> Vec<(Vec<Chord>, &'static str)> {
    let mut works: Vec<(Vec<Chord>, &'static str)> = Vec::new();
    let mut below_line = false;
    for context in stack {
        let upper = works.clone();
        for (keys, id) in &sections[context] {
            let text = below_line && !keys[0].is_command();
            if !text && !upper.iter().any(|(other, _)| load::start_each_other(other, keys)) {
                works.push((keys.clone(), id));
            }
        }
        below_line |= *context == Context::Line;
    }
    works
}

proptest! {
    #[test]
    fn step_and_bindings_agree_with_a_naive_map(
        upper in any_section(), middle in any_section(), lower in any_section(),
        pressed in any_sequence(), line in any::<bool>(),
    ) {
        let second = if line { Context::Line } else { Context::Table };
        let stack = [Context::Palette, second, Context::Global];
        let sections: HashMap<_, _> = stack.into_iter().zip([upper, middle, lower]).collect();
        let bindings = sections.iter().map(|(context, bindings)| {
            let bindings = bindings.iter().map(|(keys, verb)| Binding {
                keys: keys.clone(), verb, desc: String::new(),
            });
            (*context, bindings.collect())
        });
        let keymap = Keymap::new("mine", bindings.collect());
        let works = naive(&stack, &sections);

        let bound: Vec<_> =
            keymap.bindings(&stack).iter().map(|bound| (bound.keys.to_vec(), bound.verb)).collect();
        prop_assert_eq!(&bound, &works);

        let expected = works.iter().find(|(keys, _)| *keys == pressed);
        let mut next: Vec<Chord> = works
            .iter()
            .filter(|(keys, _)| keys.len() > pressed.len() && keys.starts_with(&pressed))
            .map(|(keys, _)| keys[pressed.len()])
            .collect();
        next.sort();
        next.dedup();
        match keymap.step(&stack, &pressed) {
            Step::Run(id) => prop_assert_eq!(Some(id), expected.map(|(_, id)| *id)),
            Step::Pending(further) => {
                let chords: Vec<Chord> = further.iter().map(|further| further.chord).collect();
                prop_assert_eq!(chords, next);
            }
            Step::Unbound => prop_assert!(expected.is_none() && next.is_empty()),
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC*") {
        let _ = Keymap::parse("mine", &text, &none, TEST_VERBS);
    }

    #[test]
    fn no_likely_text_makes_it_panic(lines in proptest::collection::vec(
        proptest::sample::select(vec![
            "inherits = \"default\"", "inherits = 3", "[table]", "[global]", "[tabel]", "keys = [",
            "]", "{ on = \"j\", run = \"cursor.down\" },", "{ on = [\"g g\", \"\"], run = \"none\" },",
            "{ on = [], run = 3, desc = \"\" },", "{ on = \"g\" },", "3,", "table = 1", "\u{1b}",
            "keys = 3", "[[table.keys]]", "on = \"x\"", "run = \"app.quit\"",
        ]), 0..12)) {
        let _ = Keymap::parse("mine", &lines.join("\n"), &shipped, TEST_VERBS);
    }
}
