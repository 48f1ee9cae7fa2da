//! Reads one key file.
//!
//! ```toml
//! inherits = "default"      # optional
//! [table]
//! keys = [
//!   { on = "j", run = "cursor.down", desc = "down" },
//!   { on = ["g g", "home"], run = "cursor.first" },
//!   { on = "x", run = "none" },                # unbinds an inherited key
//! ]
//! ```
//!
//! It goes on after a problem, so that all of them are told at once.

use super::chord::{Chord, parse_keys, show_keys};
use super::context::Context;
use super::document::{BYTES_MAX, Document, Syntax, Value, quote};
use super::load::{BINDINGS_MAX, DESC_CHARS, SEQUENCE_MAX, Verb, start_each_other};
use super::problem::{Problem, ProblemKind};
use crate::domain::nearest;

/// What `run` says to unbind a key.
const NONE: &str = "none";

/// What one file says.
pub(super) struct File {
    /// The name it was read under.
    pub(super) name: String,
    /// The keymap it inherits, and the line that says so.
    pub(super) inherits: Option<(usize, String)>,
    /// Its bindings, in the order of the file within a context.
    pub(super) entries: Vec<Entry>,
}

/// One sequence of a binding.
pub(super) struct Entry {
    /// The line of the keys.
    pub(super) line: usize,
    /// Where it is bound.
    pub(super) context: Context,
    /// The keys, 1 to [`SEQUENCE_MAX`].
    pub(super) keys: Vec<Chord>,
    /// The action; `None` unbinds.
    pub(super) run: Option<&'static str>,
    /// What it does, in words.
    pub(super) desc: String,
}

impl File {
    /// Reads `text`; whatever is wrong is added to `problems` in the order of the lines.
    pub(super) fn read(
        name: &str,
        text: &str,
        verbs: &[Verb],
        problems: &mut Vec<Problem>,
    ) -> Self {
        let mut reader = Reader {
            verbs,
            inherits: None,
            entries: Vec::new(),
            problems: Vec::new(),
            told: false,
        };
        let too_large = text.len() > BYTES_MAX;
        if too_large {
            let kind = ProblemKind::TooLarge { bytes: text.len(), max: BYTES_MAX };
            problems.push(Problem { file: name.to_owned(), line: None, kind });
        } else {
            reader.file(text);
        }
        reader.clashes();
        reader.problems.sort_by_key(|(line, _)| *line);
        problems.extend(reader.problems.into_iter().map(|(line, kind)| Problem {
            file: name.to_owned(),
            line: Some(line),
            kind,
        }));
        Self { name: name.to_owned(), inherits: reader.inherits, entries: reader.entries }
    }
}

struct Reader<'v> {
    verbs: &'v [Verb],
    inherits: Option<(usize, String)>,
    entries: Vec<Entry>,
    problems: Vec<(usize, ProblemKind)>,
    /// Whether it was told that there are too many bindings.
    told: bool,
}

/// The parts of a binding, as far as they are written.
#[derive(Default)]
struct Parts<'t, 'a> {
    on: Option<Value<'t, 'a>>,
    run: Option<Value<'t, 'a>>,
    desc: Option<Value<'t, 'a>>,
}

impl Reader<'_> {
    fn problem(&mut self, line: usize, kind: ProblemKind) {
        self.problems.push((line, kind));
    }

    fn wrong_type(&mut self, value: Value<'_, '_>, what: &'static str, expected: &'static str) {
        self.problem(value.line(), ProblemKind::Type { what, expected, found: value.kind() });
    }

    fn unknown(&mut self, line: usize, name: &str, known: &[&'static str], list: &'static str) {
        let nearest = nearest(name, known.iter().copied());
        self.problem(line, ProblemKind::Field { name: quote(name), nearest, known: list });
    }

    fn file(&mut self, text: &str) {
        let document = match Document::parse(text) {
            Ok(document) => document,
            Err(Syntax { line, message }) => {
                return self.problem(line, ProblemKind::Syntax(message));
            }
        };
        for entry in document.entries() {
            if entry.name == "inherits" {
                match entry.value.text() {
                    Some(name) => self.inherits = Some((entry.line, name.to_owned())),
                    None => self.wrong_type(entry.value, "`inherits`", "the name of a keymap"),
                }
            } else if entry.value.entries().is_none() && entry.name.parse::<Context>().is_err() {
                let known = "`inherits` and the sections of the contexts";
                self.unknown(entry.line, entry.name, &["inherits"], known);
            } else {
                match entry.name.parse() {
                    Ok(context) => self.section(context, entry.value),
                    Err(unknown) => self.problem(entry.line, ProblemKind::Context(unknown)),
                }
            }
        }
    }

    fn section(&mut self, context: Context, value: Value<'_, '_>) {
        let Some(entries) = value.entries() else {
            return self.wrong_type(value, "A context", "a section with `keys`");
        };
        for entry in entries {
            if entry.name != "keys" {
                self.unknown(entry.line, entry.name, &["keys"], "`keys`");
                continue;
            }
            match entry.value.items() {
                Some(bindings) => bindings.for_each(|binding| self.binding(context, binding)),
                None => self.wrong_type(entry.value, "`keys`", "a list of bindings"),
            }
        }
    }

    fn binding(&mut self, context: Context, value: Value<'_, '_>) {
        let Some(entries) = value.entries() else {
            return self.wrong_type(value, "A binding", "{ on = \"KEY\", run = \"ACTION\" }");
        };
        let mut parts = Parts::default();
        for entry in entries {
            match entry.name {
                "on" => parts.on = Some(entry.value),
                "run" => parts.run = Some(entry.value),
                "desc" => parts.desc = Some(entry.value),
                name => {
                    let known = "`on`, `run` and `desc`";
                    self.unknown(entry.line, name, &["on", "run", "desc"], known);
                }
            }
        }
        let Some(on) = parts.on else {
            return self.problem(value.line(), ProblemKind::Missing("on"));
        };
        let sequences = self.sequences(on);
        let Some(run) = parts.run else {
            return self.problem(value.line(), ProblemKind::Missing("run"));
        };
        let keys = sequences.first().map(|(_, keys)| show_keys(keys)).unwrap_or_default();
        let Some((run, doc)) = self.run(context, run, keys) else {
            return;
        };
        let Some(desc) = self.description(parts.desc, doc) else {
            return;
        };
        for (line, keys) in sequences {
            if self.entries.len() < BINDINGS_MAX {
                let desc = desc.clone();
                self.entries.push(Entry { line, context, keys, run, desc });
            } else if !self.told {
                self.told = true;
                self.problem(line, ProblemKind::TooMany);
            }
        }
    }

    /// The sequences of `on`, with the line of each, without those that cannot be read.
    fn sequences(&mut self, on: Value<'_, '_>) -> Vec<(usize, Vec<Chord>)> {
        let Some(items) = on.items() else {
            return self.sequence(on).into_iter().collect();
        };
        let sequences: Vec<_> = items.map(|item| self.sequence(item)).collect();
        if sequences.is_empty() {
            self.problem(on.line(), ProblemKind::Missing("on"));
        }
        sequences.into_iter().flatten().collect()
    }

    fn sequence(&mut self, value: Value<'_, '_>) -> Option<(usize, Vec<Chord>)> {
        let Some(text) = value.text() else {
            self.wrong_type(value, "`on`", "a key, or a list of keys");
            return None;
        };
        match parse_keys(text) {
            Ok(keys) if keys.len() > SEQUENCE_MAX => {
                self.problem(value.line(), ProblemKind::TooLong(shown(&keys)));
            }
            Ok(keys) => return Some((value.line(), keys)),
            Err(error) => self.problem(value.line(), ProblemKind::Key(error)),
        }
        None
    }

    /// The action of `run` with its doc; `(None, _)` unbinds.
    fn run(
        &mut self,
        context: Context,
        run: Value<'_, '_>,
        keys: String,
    ) -> Option<(Option<&'static str>, &'static str)> {
        let Some(id) = run.text() else {
            self.wrong_type(run, "`run`", "an action");
            return None;
        };
        if id == NONE {
            return Some((None, ""));
        }
        let Some(verb) = self.verbs.iter().find(|verb| verb.id == id) else {
            let ids = self.verbs.iter().map(|verb| verb.id);
            let nearest = nearest(id, ids.chain([NONE]));
            self.problem(run.line(), ProblemKind::Action { keys, action: quote(id), nearest });
            return None;
        };
        if !context.stack().iter().any(|below| verb.contexts.contains(below)) {
            let (action, contexts) = (verb.id, verb.contexts);
            let kind = ProblemKind::Misplaced { keys, action, context, contexts };
            self.problem(run.line(), kind);
            return None;
        }
        Some((Some(verb.id), verb.doc))
    }

    fn description(&mut self, desc: Option<Value<'_, '_>>, doc: &str) -> Option<String> {
        let Some(value) = desc else {
            return Some(doc.to_owned());
        };
        let Some(text) = value.text() else {
            self.wrong_type(value, "`desc`", "a text");
            return None;
        };
        let length = text.chars().count();
        let printed = text.chars().all(|c| c == ' ' || Chord::can_be_seen(c));
        if !printed || !(1..=DESC_CHARS).contains(&length) {
            self.problem(value.line(), ProblemKind::Description);
            return None;
        }
        Some(text.to_owned())
    }

    /// Tells of sequences that cannot stand beside each other.
    fn clashes(&mut self) {
        for (position, entry) in self.entries.iter().enumerate() {
            let clash = self.entries.iter().take(position).find(|other| {
                let both_run = entry.run.is_some() && other.run.is_some();
                let clash = entry.keys == other.keys
                    || both_run && start_each_other(&entry.keys, &other.keys);
                entry.context == other.context && clash
            });
            let Some(Entry { line, keys: other, .. }) = clash else {
                continue;
            };
            let (context, line) = (entry.context, *line);
            let keys = show_keys(&entry.keys);
            let kind = if entry.keys == *other {
                ProblemKind::Twice { keys, context, line }
            } else {
                ProblemKind::Start { keys, other: show_keys(other), context, line }
            };
            self.problems.push((entry.line, kind));
        }
    }
}

/// The start of `keys` as text, for a message about a sequence of any length.
fn shown(keys: &[Chord]) -> String {
    let start: Vec<Chord> = keys.iter().take(SEQUENCE_MAX + 1).copied().collect();
    let more = if start.len() < keys.len() { " …" } else { "" };
    format!("{}{more}", show_keys(&start))
}
