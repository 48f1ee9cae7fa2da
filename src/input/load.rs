//! Puts a keymap together from its file and those it inherits.
//!
//! Nothing is half loaded: a file with a problem gives no keymap. What is only doubtful is a warning
//! beside the keymap.

use std::collections::BTreeMap;

use super::chord::{Chord, show_keys};
use super::context::Context;
use super::document::quote;
use super::file::{Entry, File};
use super::keymap::{Binding, Keymap};
use super::problem::{KeymapError, Problem, ProblemKind};

/// The most keys of a sequence.
pub const SEQUENCE_MAX: usize = 4;

/// The most bindings of one file.
pub const BINDINGS_MAX: usize = 1024;

/// The most keymaps that may be inherited, one through the other.
pub const INHERITANCE_MAX: usize = 8;

/// The longest description of a binding, in characters.
pub(super) const DESC_CHARS: usize = 60;

/// An action as key files know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verb {
    /// What `run` says.
    pub id: &'static str,
    /// One line about it, shown where a binding has no description of its own.
    pub doc: &'static str,
    /// Where it has a meaning; it may be bound there and in whatever lies on top of there.
    pub contexts: &'static [Context],
}

/// A keymap that can be used, and what is doubtful about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The keymap.
    pub keymap: Keymap,
    /// What is doubtful, in the order of the files, the inherited ones first.
    pub warnings: Vec<Problem>,
}

type Bindings = BTreeMap<Context, Vec<Binding>>;

/// See [`Keymap::parse`].
pub(super) fn load(
    name: &str,
    text: &str,
    base: &dyn Fn(&str) -> Option<String>,
    verbs: &[Verb],
) -> Result<Parsed, KeymapError> {
    let mut problems = Vec::new();
    let mut files = vec![File::read(name, text, verbs, &mut problems)];
    while let Some((line, inherited)) = files.last().and_then(|file| file.inherits.clone()) {
        let kind = if files.iter().any(|file| file.name == inherited) {
            ProblemKind::Loop(quote(&inherited))
        } else if files.len() > INHERITANCE_MAX {
            ProblemKind::TooDeep
        } else if let Some(text) = base(&inherited) {
            files.push(File::read(&inherited, &text, verbs, &mut problems));
            continue;
        } else {
            ProblemKind::NoBase(quote(&inherited))
        };
        let file = files.last().map_or(name, |file| &file.name).to_owned();
        problems.push(Problem { file, line: Some(line), kind });
        break;
    }
    if !problems.is_empty() {
        return Err(KeymapError::new(problems));
    }
    let mut warnings = Vec::new();
    let mut bindings = Bindings::new();
    for file in files.into_iter().rev() {
        lay_over(file, &mut bindings, &mut warnings);
    }
    Ok(Parsed { keymap: Keymap::new(name, bindings), warnings })
}

/// Lays what `file` says over what it inherits; its own bindings come first, so that hints show them.
fn lay_over(file: File, bindings: &mut Bindings, warnings: &mut Vec<Problem>) {
    let mut doubts = Vec::new();
    let mut sections: BTreeMap<Context, Vec<Entry>> = BTreeMap::new();
    for entry in file.entries {
        sections.entry(entry.context).or_default().push(entry);
    }
    for (context, entries) in sections {
        let inherited = bindings.entry(context).or_default();
        let (runs, unbinds): (Vec<Entry>, Vec<Entry>) =
            entries.into_iter().partition(|entry| entry.run.is_some());
        for entry in unbinds {
            let before = inherited.len();
            inherited.retain(|binding| binding.keys != entry.keys);
            if inherited.len() == before {
                let keys = show_keys(&entry.keys);
                doubts.push((entry.line, ProblemKind::NothingToUnbind { keys, context }));
            }
        }
        for entry in &runs {
            make_room(entry, inherited, &mut doubts);
        }
        let own = runs.into_iter().filter_map(|entry| {
            Some(Binding { keys: entry.keys, verb: entry.run?, desc: entry.desc })
        });
        *inherited = own.chain(std::mem::take(inherited)).collect();
    }
    doubts.sort_by_key(|(line, _)| *line);
    warnings.extend(doubts.into_iter().map(|(line, kind)| Problem {
        file: file.name.clone(),
        line: Some(line),
        kind,
    }));
}

/// Takes away what is inherited and cannot stay beside `entry`.
fn make_room(entry: &Entry, inherited: &mut Vec<Binding>, doubts: &mut Vec<(usize, ProblemKind)>) {
    let context = entry.context;
    if context.types_text() && entry.keys.first().is_some_and(|chord| chord.text().is_some()) {
        doubts.push((entry.line, ProblemKind::Text { keys: show_keys(&entry.keys), context }));
    }
    inherited.retain(|binding| {
        let stays = !start_each_other(&binding.keys, &entry.keys);
        if !stays && binding.keys != entry.keys {
            let (keys, inherited) = (show_keys(&entry.keys), show_keys(&binding.keys));
            doubts.push((entry.line, ProblemKind::Hides { keys, inherited, context }));
        }
        stays
    });
}

/// Whether the two are the same, or one is the start of the other.
pub(super) fn start_each_other(one: &[Chord], other: &[Chord]) -> bool {
    one.starts_with(other) || other.starts_with(one)
}

#[cfg(test)]
#[path = "load_tests.rs"]
mod tests;
