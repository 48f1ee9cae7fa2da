//! The rules that hold the shape of the program, read from its source. `ARCHITECTURE.md` says why each is there.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

mod source;

use std::sync::Arc;

use pulse_console::app::action::{self, REGISTRY};
use pulse_console::app::overlay::Overlay;
use pulse_console::app::palette::Target;
use pulse_console::app::{App, Msg, ProfileDanger, Setting};
use pulse_console::domain::Timestamp;
use pulse_console::input::{self, Context, Keymap};
use pulse_console::store::StreamLimits;
use source::{Source, closing, every_file, program};

/// What is wrong in `files`, one line for each place; `wrong` gives places and what to say of them.
fn faults(files: &[Source], wrong: impl Fn(&Source) -> Vec<(usize, String)>) -> Vec<String> {
    let mut said = Vec::new();
    for file in files {
        for (at, what) in wrong(file) {
            said.push(format!("src/{}:{}: {what}", file.path, file.line(at)));
        }
    }
    said
}

fn assert_none(faults: &[String]) {
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

/// The layers in their order.
fn layers(lib: &Source) -> Vec<String> {
    let after = |at: &usize| lib.code[at + 3..].trim_start();
    let name = |rest: &str| {
        rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().map(str::to_owned)
    };
    lib.places("mod").iter().filter_map(|at| name(after(at))).collect()
}

/// The names that `file` looks for at the crate's root.
fn used(file: &Source) -> Vec<(usize, String)> {
    let first = |path: &str| path.split("::").next().unwrap_or_default().trim().to_owned();
    let mut found: Vec<(usize, String)> = Vec::new();
    for (at, path) in file.imports() {
        found.extend(path.strip_prefix("crate::").map(|path| (at, first(path))));
    }
    for at in file.places("crate::") {
        let rest = &file.code[at + 7..];
        let name: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        // Braces are a `use`, which is written out above.
        if !name.is_empty() {
            found.push((at, name));
        }
    }
    // `super::super` reaches the root too.
    for (at, run) in supers(&file.code) {
        if run >= file.depth() {
            found.push((at, "the crate's root by way of super".to_owned()));
        }
    }
    found.sort_by_key(|(at, name)| (file.line(*at), name.clone()));
    found.dedup_by_key(|(at, name)| (file.line(*at), name.clone()));
    found
}

/// Where `super::` begins, and how often it stands there.
fn supers(code: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = code[at..].find("super::") {
        let from = at + next;
        at = from;
        while code[at..].starts_with("super::") {
            at += 7;
        }
        found.push((from, (at - from) / 7));
    }
    found
}

fn layer_faults(layers: &[String], files: &[Source]) -> Vec<String> {
    let place = |layer: &str| layers.iter().position(|other| other == layer);
    faults(files, |file| {
        let Some(own) = place(file.layer()) else { return Vec::new() };
        let world = matches!(file.layer(), "sim" | "live");
        let allowed = |name: &str| {
            let known_to_worlds = ["domain", "config", "platform", file.layer()].contains(&name);
            place(name).is_some_and(|other| other <= own) && (!world || known_to_worlds)
        };
        let wrong = used(file).into_iter().filter(|(_, name)| !allowed(name));
        wrong.map(|(at, name)| (at, format!("{} may not use {name}.", file.layer()))).collect()
    })
}

#[test]
fn layers_use_only_what_stands_above_them() {
    let files = program();
    let lib = files.iter().find(|file| file.path == "lib.rs").expect("lib.rs");
    let layers = layers(lib);
    assert_eq!(layers.first().map(String::as_str), Some("domain"));
    assert_eq!(layers.len(), 13, "{layers:?}");
    for file in &files {
        let outside = ["lib.rs", "main.rs"].contains(&file.path.as_str());
        assert!(outside || layers.iter().any(|layer| layer == file.layer()), "{}", file.path);
    }
    assert_none(&layer_faults(&layers, &files));

    for (path, code, faults) in [
        ("store/a.rs", "use crate::domain::Text;", 0),
        ("store/a.rs", "use crate::app::App;", 1),
        ("store/a.rs", "use crate::{domain::Text, ui::{draw, theme}};", 1),
        ("store/a.rs", "fn f() -> crate::runtime::X { todo() }", 1),
        ("store/a.rs", "use super::super::app::App;", 1),
        ("store/a/b.rs", "use super::super::table::Slot;", 0),
        ("store/a.rs", "// crate::app\nconst A: &str = \"crate::app\";", 0),
        ("store/a.rs", "#[cfg(test)]\nmod tests {\n use crate::sim::Engine;\n}", 0),
        ("sim/a.rs", "use crate::domain::Text; use crate::platform::Feed;", 0),
        ("sim/a.rs", "use crate::store::Store;", 1),
    ] {
        assert_eq!(layer_faults(&layers, &[Source::new(path, code)]).len(), faults, "{code}");
    }
}

const PURE: [&str; 6] = ["domain", "session", "store", "input", "app", "ui"];

/// What a pure layer may not name.
const IMPURE: [&str; 23] = [
    "async",
    "await",
    "tokio",
    "futures_util",
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "std::sync::mpsc",
    "Instant",
    "SystemTime",
    "Utc::now",
    "chrono::Local",
    "fastrand",
    "rand",
    "RandomState::new",
    "File::open",
    "crossterm::terminal",
    "crossterm::execute",
    "event::read",
];

fn impure(files: &[Source]) -> Vec<String> {
    faults(files, |file| {
        let mut found = Vec::new();
        if PURE.contains(&file.layer()) {
            for word in IMPURE {
                let say = |at| (at, format!("{} is pure and may not know {word}.", file.layer()));
                found.extend(file.names(word).into_iter().map(say));
            }
        }
        found
    })
}

#[test]
fn pure_layers_have_no_async_clock_randomness_file_or_socket() {
    let files = program();
    for layer in PURE {
        assert!(files.iter().any(|file| file.layer() == layer), "{layer}");
    }
    assert_none(&impure(&files));

    for (path, code, faults) in [
        ("app/a.rs", "async fn f() {}", 1),
        ("app/a.rs", "use std::{fmt, fs};", 1),
        ("app/a.rs", "use std::{collections::{HashMap}, time::{Duration, Instant}};", 1),
        ("ui/a.rs", "fn f() { let _ = chrono::Utc::now(); }", 1),
        ("ui/a.rs", "/// async\nfn asynchronous() { say(\"std::fs\", r#\"tokio\"#, '\"') }", 0),
        ("runtime/a.rs", "async fn f() { std::fs::read(\"\") }", 0),
    ] {
        assert_eq!(impure(&[Source::new(path, code)]).len(), faults, "{code}");
    }
}

/// The fields of the struct `name` in `file`, each on a line of its own.
fn fields<'a>(file: &'a Source, name: &str) -> Vec<&'a str> {
    let at = file.code.find(&format!("struct {name} {{")).expect("the struct");
    let open = at + file.code[at..].find('{').expect("its fields");
    let body = &file.code[open + 1..closing(&file.code, open)];
    body.lines().map(str::trim).filter(|line| line.contains(':')).collect()
}

/// The head of each public function of `code`.
fn public_functions(code: &str) -> Vec<&str> {
    ["pub fn ", "pub const fn "]
        .into_iter()
        .flat_map(|sign| code.match_indices(sign))
        .map(|(at, _)| code[at..].split(['{', ';']).next().unwrap_or_default())
        .collect()
}

/// Ways round the store's one writer, outside the store.
fn other_writers(files: &[Source]) -> Vec<String> {
    faults(files, |file| {
        let mut found = Vec::new();
        if file.layer() == "store" {
            return found;
        }
        for word in ["&mut Store", "&mut self.store", "&mut app.store", "Store::apply"] {
            found.extend(
                file.places(word).into_iter().map(|at| (at, format!("{word} is a second way in."))),
            );
        }
        let squeezed: String = file.code.split_whitespace().collect();
        for way in ["store.apply(", "store.tick("] {
            let used = squeezed.matches(way).count();
            let allowed = usize::from(file.path == "app/mod.rs");
            if used != allowed {
                found.push((0, format!("{way}) is called {used} times and not {allowed}.")));
            }
        }
        // Signing out empties it: what a person saw is not for the next one.
        let empties = file.path == "app/sign_in.rs";
        if squeezed.contains(".store=") && !squeezed.contains(".store==") && !empties {
            found.push((0, "a store takes another's place.".to_owned()));
        }
        found
    })
}

#[test]
fn only_the_store_changes_facts() {
    let files = program();
    let store = files.iter().find(|file| file.path == "store/mod.rs").expect("the store");
    let of_store = fields(store, "Store");
    assert!(of_store.len() >= 4, "{of_store:?}");
    assert!(of_store.iter().all(|field| !field.starts_with("pub")), "{of_store:?}");
    let writing = |path: &str| -> Vec<String> {
        let file = files.iter().find(|file| file.path == path).expect("a file of the store");
        let heads = public_functions(&file.code).into_iter();
        heads.filter(|head| head.contains("&mut self")).map(str::to_owned).collect()
    };
    // One way for facts, and one for the time, which changes only what is judged of them.
    for (path, way) in [("store/mod.rs", "pub fn apply("), ("store/tick.rs", "pub fn tick(")] {
        let writing = writing(path);
        assert_eq!(writing.len(), 1, "{writing:?}");
        assert!(writing[0].starts_with(way), "{writing:?}");
    }
    assert!(writing("store/shelves.rs").is_empty());
    for file in files.iter().filter(|file| file.layer() == "store") {
        for head in public_functions(&file.code) {
            let given = head.split("->").nth(1).unwrap_or_default();
            assert!(!given.contains("&mut"), "{}: {head} hands out something to change", file.path);
        }
    }
    assert_none(&other_writers(&files));

    for (code, faults) in [
        ("fn f(store: &mut Store) {}", 1),
        ("fn f() { self.app\n.store\n.apply(fact) }", 1),
        ("fn f() { app.store = Store::default(); }", 1),
        ("fn f(store: &Store) -> bool { a.store == b.store }", 0),
    ] {
        assert_eq!(other_writers(&[Source::new("runtime/a.rs", code)]).len(), faults, "{code}");
    }
}

fn unbounded(files: &[Source]) -> Vec<String> {
    faults(files, |file| {
        let mut found = Vec::new();
        for word in
            ["unbounded", "unbounded_channel", "UnboundedSender", "UnboundedReceiver", "SegQueue"]
        {
            found.extend(
                file.names(word).into_iter().map(|at| (at, format!("{word} has no bound."))),
            );
        }
        for at in file.places("channel") {
            let rest = &file.code[at + 7..];
            let rest = match rest.strip_prefix("::<") {
                Some(generic) => generic.split_once(">(").map_or("", |(_, rest)| rest),
                None => rest.strip_prefix('(').unwrap_or("no call"),
            };
            if rest.trim_start().starts_with(')') {
                found.push((at, "a channel is given no bound.".to_owned()));
            }
        }
        found
    })
}

#[test]
fn queues_are_bounded() {
    assert_none(&unbounded(&program()));
    for (code, faults) in [
        ("fn f() { tokio::sync::mpsc::unbounded_channel(); }", 1),
        ("fn f() { let (a, b) = mpsc::channel(); }", 1),
        ("fn f() { let (a, b) = mpsc::channel::<Vec<u8>>(); }", 1),
        ("fn f() { let (a, b) = mpsc::channel::<Vec<u8>>(64); mpsc::sync_channel(1); }", 0),
    ] {
        assert_eq!(unbounded(&[Source::new("runtime/a.rs", code)]).len(), faults, "{code}");
    }
}

/// Where actions are run or judged, as `path: function`.
fn calls(files: &[Source], call: &str) -> Vec<String> {
    let mut found = Vec::new();
    for file in files {
        for (at, _) in file.code.match_indices(call) {
            let before = &file.code[..at];
            let name = before.rfind("fn ").map_or("", |at| &before[at + 3..]);
            found.push(format!(
                "{}: {}",
                file.path,
                name.split(['(', '<']).next().unwrap_or_default()
            ));
        }
    }
    found
}

#[test]
fn every_action_passes_the_gate() {
    let files: Vec<Source> = program().into_iter().filter(|file| file.layer() == "app").collect();
    assert_eq!(calls(&files, "gate::check("), ["app/keys.rs: refusal"]);
    assert_eq!(calls(&files, "self.run("), ["app/keys.rs: run_named"]);
    assert_eq!(calls(&files, "app.run("), [] as [&str; 0]);
    let keys = files.iter().find(|file| file.path == "app/keys.rs").expect("the keys");
    let named = &keys.code[keys.code.find("fn run_named").expect("run_named")..];
    let named = &named[..closing(named, named.find('{').expect("its body"))];
    let asked = named.find("self.refusal(").expect("the gate is asked");
    assert!(Some(asked) < named.find("self.run("), "the gate is asked first");
    assert!(!keys.code.contains("pub fn run("), "nobody outside can go round the gate");
    // A key, the palette and the list of what can be done come in by the same door.
    assert_eq!(
        calls(&files, "self.run_named("),
        [
            "app/keys.rs: key",
            "app/operate/menu.rs: take_chosen",
            "app/update.rs: drawer_action",
            "app/update.rs: line_action"
        ]
    );

    let round = Source::new("app/mouse.rs", "fn click(&mut self) { self.run(spec.action); }");
    assert_eq!(calls(&[round], "self.run("), ["app/mouse.rs: click"], "a way round is seen");
}

fn keymap(name: &str) -> Keymap {
    let base = |name: &str| input::builtin(name).map(ToOwned::to_owned);
    let text = input::builtin(name).expect("a built-in key map");
    let parsed = Keymap::parse(name, text, &base, &action::verbs()).expect("a key map that loads");
    assert!(parsed.warnings.is_empty(), "{:?}", parsed.warnings);
    parsed.keymap
}

/// Every action that the palette lists, over each pane and over the drawer.
fn in_the_palette(map: &Arc<Keymap>) -> Vec<&'static str> {
    let mut found = Vec::new();
    for keys in ["pane.tenants", "pane.events"] {
        for focused in [false, true] {
            let mut app = App::new(setting(), StreamLimits::default(), Arc::clone(map), "dark");
            let press = |app: &mut App, id: &str| {
                let keys = map.keys_for(id, &app.contexts());
                let keys = keys.first().unwrap_or_else(|| panic!("a key for {id}"));
                for chord in input::parse_keys(keys).expect("keys") {
                    drop(app.update(Timestamp::default(), Msg::Key(chord.event())));
                    app.settle();
                }
            };
            drop(app.update(Timestamp::default(), Msg::Resize(100, 40)));
            press(&mut app, keys);
            if focused {
                press(&mut app, "drawer.open");
                press(&mut app, "drawer.focus");
            }
            press(&mut app, "app.palette");
            let Some(Overlay::Palette(palette)) = app.overlay() else { panic!("no palette") };
            found.extend(palette.choices.iter().filter_map(|choice| match choice.target {
                Target::Action(id) => Some(id),
                Target::Tenant(_) => None,
            }));
        }
    }
    found
}

fn setting() -> Setting {
    Setting {
        profile: "test".to_owned(),
        danger: ProfileDanger::Local,
        scenario: None,
        zone: chrono_tz::UTC,
        themes: Vec::new(),
        read_only: false,
        audit: "{namespace=\"audit-webhook\"}".to_owned(),
    }
}

#[test]
fn every_action_is_reachable_by_a_key_or_the_palette() {
    for name in input::BUILTIN_NAMES {
        let map = Arc::new(keymap(name));
        let listed = in_the_palette(&map);
        for spec in REGISTRY {
            assert!(!spec.verb.contexts.is_empty(), "{}", spec.verb.id);
            for context in spec.verb.contexts {
                let bound =
                    map.keys_for(spec.verb.id, context.stack()).iter().any(|key| !key.is_empty());
                let pane = !context.types_text()
                    && ![Context::Help, Context::Feeds, Context::Columns].contains(context);
                assert!(
                    bound || (pane && listed.contains(&spec.verb.id)),
                    "{name}: there is no way to {} in {}",
                    spec.verb.id,
                    context.name()
                );
            }
        }
        assert!(!listed.contains(&"app.palette"), "the palette does not list itself");
    }
}

/// Commands that change nothing on a server of the stream.
const READING: [&str; 18] = [
    "AUTH",
    "SELECT",
    "CLIENT",
    "XINFO",
    "XRANGE",
    "XREVRANGE",
    "XREAD",
    "PING",
    "INFO",
    "SLOWLOG",
    "CONFIG",
    "XPENDING",
    "MEMORY",
    "SCAN",
    "DBSIZE",
    "LLEN",
    "ZCARD",
    "HEXISTS",
];

/// Of commands that can do more, the one thing that they may.
const ONLY: [(&str, &str); 4] =
    [("CLIENT", "SETNAME"), ("CONFIG", "GET"), ("SLOWLOG", "GET"), ("MEMORY", "USAGE")];

/// Words by which something else than a reading request could be sent to a server.
const WRITING: [&str; 25] = [
    "Request::post",
    "Request::put",
    "Request::patch",
    "Request::delete",
    "Request::builder",
    "Request::new",
    "Method",
    "kube::Api",
    "kube::api",
    "Patch",
    "PostParams",
    "PatchParams",
    "DeleteParams",
    "ReplaceParams",
    "request_text",
    "Commands",
    "AsyncCommands",
    "ConnectionLike",
    "req_packed_command",
    "Pipeline",
    "pipe",
    "Cmd::new",
    "Script",
    "invoke_async",
    "packed_command",
];

fn writing(files: &[Source]) -> Vec<String> {
    faults(files, |file| {
        let mut found = Vec::new();
        if file.layer() != "live" {
            return found;
        }
        // What goes by way of these two is given by an operation, but for the question what one may do.
        let asks = |word: &str| match file.path.as_str() {
            "live/kubernetes/api.rs" => {
                ["Request::post", "Request::builder", "Method"].contains(&word)
            }
            "live/http/service.rs" | "live/kubernetes/reach.rs" => word == "Method",
            _ => false,
        };
        for word in WRITING.into_iter().filter(|word| !asks(word)) {
            found.extend(
                file.names(word).into_iter().map(|at| (at, format!("{word} may change a server."))),
            );
        }
        for at in file.places("cmd").into_iter().filter(|at| file.code[at + 3..].starts_with('(')) {
            let named = file.code[at + 4..].starts_with('"');
            let command = file.literal(at).filter(|_| named).unwrap_or("a command not named here");
            if !READING.contains(&command) {
                found.push((at, format!("{command} is not known to be only reading.")));
            }
            for (_, only) in ONLY.into_iter().filter(|(many, _)| *many == command) {
                let rest = at + "cmd(\"\")".len() + command.len();
                if file.literal(rest) != Some(only) {
                    found.push((at, format!("{command} may only {only}.")));
                }
            }
        }
        found
    })
}

/// Statements that do more than look: each literal of the file of statements must be one `SELECT` that calls nothing which
/// acts, and a pooler is only told to `SHOW`.
fn statements(files: &[Source]) -> Vec<String> {
    const ACTING: [&str; 9] = [
        ";",
        "pg_cancel",
        "pg_terminate",
        "pg_reload",
        "set_config",
        "pg_switch",
        "lock(",
        "for update",
        "into ",
    ];
    faults(files, |file| {
        let mut found = Vec::new();
        if file.path.ends_with("postgres/sql.rs") {
            for at in file.places("str") {
                let said = file
                    .literal(at)
                    .unwrap_or_default()
                    .trim_start_matches('\\')
                    .trim()
                    .to_lowercase();
                let acts = ACTING.iter().any(|word| said.contains(word));
                if !said.starts_with("select ") || acts {
                    found.push((at, format!("this is no plain SELECT: {said}")));
                }
            }
        }
        if file.path.ends_with("postgres/bouncer.rs") {
            for at in file.places("show") {
                // What it is for comes first, then the command.
                let call = file.text[at..].split(')').next().unwrap_or_default();
                if !call.contains("\"SHOW ") {
                    found.push((at, "a pooler is only told to SHOW.".to_owned()));
                }
            }
        }
        found
    })
}

/// Where people sign in, and what was done is told: neither changes anything of the platform.
const TELLING: [&str; 3] = ["live/oidc/", "live/matrix/", "live/valkey/announce.rs"];

fn tells(file: &Source) -> bool {
    TELLING.iter().any(|place| file.path.starts_with(place))
}

/// What a broken glass sends: one entry on the stream, and one message into one room.
#[test]
fn a_broken_glass_is_told_by_one_command_and_one_request() {
    let files = program();
    let of = |place: &str| -> Vec<&Source> {
        files.iter().filter(|file| file.path.starts_with(place)).collect()
    };
    let announce = of("live/valkey/announce.rs");
    let commands: Vec<_> = announce
        .iter()
        .flat_map(|file| {
            let calls = file.code.match_indices("cmd(");
            calls.filter_map(|(at, _)| file.literal(at))
        })
        .collect();
    assert_eq!(commands, ["XADD"]);
    let text: String = announce.iter().map(|file| file.text.as_str()).collect();
    assert!(
        text.contains("\"NOMKSTREAM\"") && !text.contains("\"MAXLEN\""),
        "it makes and trims nothing"
    );
    let matrix = of("live/matrix/");
    let count =
        |word: &str| matrix.iter().map(|file| file.code.matches(word).count()).sum::<usize>();
    assert_eq!((count(".get(address)"), count(".put(address)")), (1, 1));
    for verb in [".post(", ".patch(", ".delete(", ".request("] {
        assert_eq!(count(verb), 0, "{verb}");
    }
    // Nobody but the herald of the outlets tells it, and of operations those who make them.
    let herald = ["live/herald.rs"];
    assert_eq!(users(&files, "valkey::announce("), ["live/control/word.rs", "live/herald.rs"]);
    assert_eq!(users(&files, "room.announce("), herald);
}

/// The files whose code has `word` in it.
fn users<'a>(files: &'a [Source], word: &str) -> Vec<&'a str> {
    let using = files.iter().filter(|file| file.code.contains(word));
    using.map(|file| file.path.as_str()).collect()
}

/// Where operations change something; nothing else of the live world does.
const CHANGING: [&str; 7] = [
    "live/alertmanager/control.rs",
    "live/control/",
    "live/kubernetes/control/",
    "live/kubernetes/journal/",
    "live/kubernetes/line.rs",
    "live/objects/control.rs",
    "live/postgres/control/",
];

fn changes(path: &str) -> bool {
    CHANGING.iter().any(|place| path.starts_with(place))
}

#[test]
fn only_the_executor_changes_anything_and_only_what_it_is_for_can() {
    let files = program();
    let above: Vec<&Source> =
        files.iter().filter(|file| !["live", "sim", "platform"].contains(&file.layer())).collect();
    for (word, only) in [
        ("control.act(", &["operation/executor/work.rs"][..]),
        ("control.tell(", &["operation/executor/work.rs"]),
        ("journal.append(", &["operation/executor/work.rs"]),
        ("journal.open(", &["operation/executor/mod.rs"]),
        (".lease(", &["operation/executor/mod.rs"]),
        ("journal.forget(", &["operation/retention.rs"]),
    ] {
        let found: Vec<&str> = above
            .iter()
            .filter(|file| file.code.split_whitespace().collect::<String>().contains(word))
            .map(|file| file.path.as_str())
            .collect();
        assert_eq!(found, only, "{word}");
    }
    // What can send a change is asked from there only; the second carries what the third gives it.
    assert_eq!(
        users(&files, "api.change("),
        ["live/kubernetes/line.rs", "live/kubernetes/reach.rs"]
    );
    assert_eq!(users(&files, "How::Post(&"), ["live/alertmanager/control.rs"]);
    assert_eq!(users(&files, "AssertSqlSafe("), ["live/postgres/control/line.rs"]);
}

#[test]
fn only_reading_commands_reach_the_servers() {
    let reads = |file: &Source| !tells(file) && !changes(&file.path);
    let files: Vec<Source> = program().into_iter().filter(reads).collect();
    let live: Vec<&Source> = files.iter().filter(|file| file.layer() == "live").collect();
    let count = |word: &str| live.iter().map(|file| file.code.matches(word).count()).sum::<usize>();
    assert_eq!(count("client.send("), 1, "one place sends to the API server");
    assert_eq!(count("Request::get("), 1, "and it only gets");
    assert_eq!(count("Request::post(REVIEWS)"), 1, "but for asking what one may do");
    assert_eq!(count("Request::post("), 1);
    let reviews =
        "const REVIEWS: &str = \"/apis/authorization.k8s.io/v1/selfsubjectaccessreviews\";";
    assert_eq!(live.iter().filter(|file| file.text.contains(reviews)).count(), 1);
    assert_eq!(count(".query_async("), 1, "one place sends to the stream's server");
    // Servers that answer over HTTP are asked in one place, which only gets.
    let speaks: Vec<&str> =
        live.iter().filter(|file| file.code.contains("reqwest")).map(|file| &*file.path).collect();
    assert_eq!(speaks, ["live/health.rs", "live/http/direct.rs", "live/http/trouble.rs"]);
    assert_eq!(
        count("client.get("),
        2,
        "one place asks them, and one asks whether a tenant is well"
    );
    // What these two send is given by an operation.
    assert_eq!((count("client.post("), count("client.delete(")), (1, 1));
    for verb in ["client.put(", "client.patch(", "client.head("] {
        assert_eq!(count(verb), 0, "{verb}");
    }
    assert_eq!(count("client.request(") + count("client.execute("), 0);
    // The one program that is run is what a kubeconfig names to get a credential.
    let runs: Vec<&str> = live
        .iter()
        .filter(|file| file.code.contains("Command::new("))
        .map(|file| &*file.path)
        .collect();
    assert_eq!(runs, ["live/kubernetes/credential.rs"]);
    assert!(count("cmd(") >= READING.len());
    assert_eq!(count(".fetch_all("), 2, "two places send statements: by name, and to a pooler");
    assert_eq!(count("AssertSqlSafe"), 0, "no statement is made of pieces");
    assert_none(&statements(&files));
    assert_none(&writing(&files));

    for (code, faults) in [
        ("fn f() { cmd(\"XADD\").arg(key) }", 1),
        ("fn f(name: &str) { let key = \"x\"; cmd(name).arg(\"XREAD\") }", 1),
        ("fn f() { cmd(\"CLIENT\").arg(\"KILL\") }", 1),
        ("fn f() { let mut c = cmd(\"CONFIG\"); c.arg(\"SET\").arg(\"save\") }", 1),
        ("fn f() { let mut c = cmd(\"CONFIG\"); c.arg(\"GET\").arg(\"save\") }", 0),
        ("fn f() { cmd(\"XREAD\").arg(\"COUNT\"); // cmd(\"DEL\")\n }", 0),
        ("use redis::{AsyncCommands, cmd};", 1),
        ("fn f() { http::Request::delete(path) }", 1),
        ("use kube::{Client, api::{Api, Patch}};", 2),
    ] {
        assert_eq!(writing(&[Source::new("live/a.rs", code)]).len(), faults, "{code}");
    }
}

#[test]
fn generated_pages_are_current() {
    for name in ["actions", "settings"] {
        let path = format!("{}/assets/reference/{name}.md", env!("CARGO_MANIFEST_DIR"));
        let page = pulse_console::cli::reference_page(name).expect("a page");
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept.trim_end() == page.trim_end(),
            "assets/reference/{name}.md is not current; run: \
             pulse-console reference {name} > assets/reference/{name}.md"
        );
    }
    assert_eq!(pulse_console::cli::reference_page("nothing"), None);
}

/// Where variables of the process are read that are no settings of this console: what they say of the terminal, and
/// where every tool of the API server looks.
const VARIABLES: [(&str, &[&str]); 7] = [
    ("cli/start.rs", &["name"]),
    ("runtime/screen.rs", &["TMUX"]),
    ("runtime/terminal.rs", &["TERM"]),
    ("live/kubernetes/kubeconfig.rs", &["KUBECONFIG", "KUBERNETES_SERVICE_HOST"]),
    ("live/kubernetes/proxy.rs", &["name", "name.to_ascii_lowercase()"]),
    // What a browser is given of them, and whether there is a screen for one.
    ("live/oidc/browser/open.rs", &["name", ""]),
    ("live/oidc/ways.rs", &["name"]),
];

/// Where TOML is read that is no settings file: it is handed in as text.
const OWN_FILES: [&str; 5] =
    ["domain/figure.rs", "domain/runbook.rs", "input/", "ui/theme/", "sim/"];

/// What is read of the process's variables: the name in quotes, or the expression.
fn variables(file: &Source) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for word in ["env::var", "env::var_os", "env::vars", "env::vars_os"] {
        for at in file.names(word).into_iter().filter(|at| file.code[*at..].starts_with("env::")) {
            let rest = &file.text[at + word.len()..];
            let argument = rest.strip_prefix('(').map_or(rest, |rest| {
                let end = rest.find([')', ';']).unwrap_or(rest.len());
                // A call within the call keeps its own brackets.
                let end = if rest[..end].ends_with('(') { end + 1 } else { end };
                rest[..end].trim_matches('"')
            });
            found.push((at, argument));
        }
    }
    found
}

fn other_settings(files: &[Source]) -> Vec<String> {
    faults(files, |file| {
        let mut found = Vec::new();
        if file.layer() == "config" {
            return found;
        }
        if !OWN_FILES.iter().any(|place| file.path.starts_with(place)) {
            found.extend(file.names("toml").into_iter().map(|at| (at, "TOML is read.".to_owned())));
        }
        let known = VARIABLES
            .iter()
            .find(|(path, _)| *path == file.path)
            .map_or(&[][..], |(_, names)| names);
        for (at, name) in variables(file) {
            if !known.contains(&name) {
                found.push((at, format!("the variable {name} of the process is read.")));
            }
        }
        if file.layer() != "cli" {
            for word in ["config::load", "config::Sources", "config::Paths"] {
                found.extend(
                    file.names(word).into_iter().map(|at| (at, format!("{word} is for cli."))),
                );
            }
        }
        found
    })
}

#[test]
fn no_layer_but_config_reads_settings() {
    assert_none(&other_settings(&program()));
    for (path, code, faults) in [
        ("runtime/a.rs", "fn f() { std::env::var(\"TERM\") }", 1),
        ("runtime/screen.rs", "fn f() { std::env::var_os(\"TMUX\") }", 0),
        ("runtime/screen.rs", "fn f() { std::env::var_os(\"HOME\") }", 1),
        ("app/a.rs", "fn f(text: &str) { toml::from_str::<Settings>(text) }", 1),
        ("runtime/a.rs", "use crate::config::{load, Paths};", 2),
        ("config/a.rs", "fn f() { std::env::vars_os(); toml::from_str(\"\") }", 0),
    ] {
        assert_eq!(other_settings(&[Source::new(path, code)]).len(), faults, "{code}");
    }
}

fn undescribed(files: &[Source]) -> Vec<String> {
    faults(files, |file| {
        let mut found = Vec::new();
        let said =
            file.text.lines().next().and_then(|line| line.strip_prefix("//! ")).unwrap_or_default();
        if said.trim().len() < 10 {
            found.push((0, "it does not begin by saying what it is.".to_owned()));
        }
        let mut at = 0;
        let mut before = "";
        for line in file.text.lines() {
            let trimmed = line.trim_start();
            let opens = trimmed.trim_end() == "///" && !before.trim_start().starts_with("///");
            let closes = !trimmed.starts_with("///") && before.trim() == "///";
            if opens || closes {
                found.push((at, "a line of documentation says nothing.".to_owned()));
            }
            at += line.len() + 1;
            before = line;
        }
        found
    })
}

#[test]
fn every_module_says_what_it_is() {
    let files = every_file();
    assert!(files.len() > 100);
    assert_none(&undescribed(&files));
    for (code, faults) in [
        ("//! What a row is made of.\n\n/// A row.\n///\n/// More of it.\nstruct Row;\n", 0),
        ("use std::fmt;\n", 1),
        ("//!\n//! Late.\n", 1),
        ("//! What a row is made of.\n///\nstruct Row;\n", 2),
    ] {
        assert_eq!(undescribed(&[Source::new("app/a.rs", code)]).len(), faults, "{code}");
    }
}
