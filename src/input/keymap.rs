//! Which action a key means in a place.
//!
//! Contexts lie on each other; the keys of the upper ones hide those below that are the same, or that
//! one would have to wait for. [`Keymap::step`] and [`Keymap::bindings`] follow the same rule, so what
//! is shown is what works.

use std::collections::{BTreeMap, BTreeSet};

use super::chord::{Chord, show_keys};
use super::context::Context;
use super::load::{self, Parsed, Verb};
use super::problem::KeymapError;
use super::trie::{Node, Trie};

/// The keys of the console.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keymap {
    name: String,
    sections: BTreeMap<Context, Section>,
}

/// The keys of one context: in the order they are shown, and as a tree of positions in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Section {
    bindings: Vec<Binding>,
    trie: Trie,
}

/// A sequence with its action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Binding {
    /// The keys.
    pub(super) keys: Vec<Chord>,
    /// The action.
    pub(super) verb: &'static str,
    /// What it does, in words.
    pub(super) desc: String,
}

/// What a key means after those already pressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// This action; the pending keys are used up.
    Run(&'static str),
    /// Nothing yet: one of these must follow.
    Pending(Vec<Continuation>),
    /// Nothing; the pending keys are to be forgotten. Where text is typed, the key is text.
    Unbound,
}

/// A key that may follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Continuation {
    /// The key.
    pub chord: Chord,
    /// What it does, or how many sequences start with it.
    pub label: String,
    /// The action, if the key ends the sequence.
    pub verb: Option<&'static str>,
}

/// A binding that works in a stack of contexts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound<'a> {
    /// The context it is bound in.
    pub context: Context,
    /// The keys.
    pub keys: &'a [Chord],
    /// The action.
    pub verb: &'static str,
    /// What it does, in words.
    pub desc: &'a str,
}

impl Keymap {
    /// Reads a key file.
    ///
    /// `name` is the file as messages call it, `base` gives the text of a keymap that is inherited
    /// (usually [`super::builtin()`]), and `verbs` are the actions there are.
    ///
    /// # Errors
    /// Everything that is wrong with the file and those it inherits, each with its line.
    pub fn parse(
        name: &str,
        text: &str,
        base: &dyn Fn(&str) -> Option<String>,
        verbs: &[Verb],
    ) -> Result<Parsed, KeymapError> {
        load::load(name, text, base, verbs)
    }

    pub(super) fn new(name: &str, bindings: BTreeMap<Context, Vec<Binding>>) -> Self {
        let section = |bindings: Vec<Binding>| {
            let mut trie = Trie::default();
            for (position, binding) in bindings.iter().enumerate() {
                trie.insert(&binding.keys, position);
            }
            Section { bindings, trie }
        };
        let sections =
            bindings.into_iter().map(|(context, bindings)| (context, section(bindings))).collect();
        Self { name: name.to_owned(), sections }
    }

    /// The name it was read under.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What `pending`, the keys pressed and not used up yet with the newest last, mean in `stack`,
    /// whose first context is the uppermost.
    #[must_use]
    pub fn step(&self, stack: &[Context], pending: &[Chord]) -> Step {
        match self.look_up(stack, pending) {
            Found::Nothing => Step::Unbound,
            Found::Binding(_, binding) => Step::Run(binding.verb),
            Found::Places(places) => Step::Pending(continuations(&places)),
        }
    }

    /// Every binding that works in `stack`, the uppermost context first, each in the order of its file.
    #[must_use]
    pub fn bindings(&self, stack: &[Context]) -> Vec<Bound<'_>> {
        self.bindings_of(stack, |_| true)
    }

    /// The bindings of the verbs that `wanted` accepts; a binding is only looked up when its verb is.
    fn bindings_of(&self, stack: &[Context], wanted: impl Fn(&str) -> bool) -> Vec<Bound<'_>> {
        let mut bound = Vec::new();
        for (level, context) in stack.iter().enumerate() {
            let Some(section) = self.sections.get(context) else {
                continue;
            };
            let candidates = section.bindings.iter().filter(|binding| wanted(binding.verb));
            bound.extend(candidates.filter_map(|binding| {
                let found = self.look_up(stack, &binding.keys);
                let works = matches!(found, Found::Binding(at, _) if at == level);
                let Binding { keys, verb, desc } = binding;
                works.then_some(Bound { context: *context, keys, verb, desc })
            }));
        }
        bound
    }

    /// The keys that run `verb` in `stack`, as they are spelled, the best to show first.
    #[must_use]
    pub fn keys_for(&self, verb: &str, stack: &[Context]) -> Vec<String> {
        let bound = self.bindings_of(stack, |other| other == verb);
        bound.iter().map(|bound| show_keys(bound.keys)).collect()
    }

    /// Walks all contexts of `stack` at once.
    fn look_up(&self, stack: &[Context], keys: &[Chord]) -> Found<'_> {
        let Some((first, rest)) = keys.split_first() else {
            return Found::Nothing;
        };
        let places = searched(stack, *first).iter().enumerate();
        let roots: Vec<Place<'_>> = places
            .filter_map(|(level, context)| Some((level, self.sections.get(context)?)))
            .map(|(level, section)| Place { level, section, trie: &section.trie })
            .collect();
        let mut found = press(&roots, *first);
        for chord in rest {
            let Found::Places(places) = found else {
                return Found::Nothing;
            };
            found = press(&places, *chord);
        }
        found
    }
}

/// What a sequence leads to.
enum Found<'a> {
    Nothing,
    /// A binding, and at which level of the stack.
    Binding(usize, &'a Binding),
    /// Further keys, the uppermost context first.
    Places(Vec<Place<'a>>),
}

/// Where a sequence has come to in the context at `level` of the stack.
#[derive(Clone, Copy)]
struct Place<'a> {
    level: usize,
    section: &'a Section,
    trie: &'a Trie,
}

/// The contexts of `stack` in which a sequence that starts with `first` is looked up: what can be
/// text goes no deeper than the line it is typed into.
fn searched(stack: &[Context], first: Chord) -> &[Context] {
    let line = stack.iter().position(|context| matches!(context, Context::Line | Context::SignIn));
    let deepest = if first.is_command() { None } else { line };
    deepest.and_then(|line| stack.get(..=line)).unwrap_or(stack)
}

/// What `chord` leads to from `places`: the uppermost one that knows it decides between the end of a
/// sequence and a way on, and the ways on of all are taken together.
fn press<'a>(places: &[Place<'a>], chord: Chord) -> Found<'a> {
    let mut further = Vec::new();
    for Place { level, section, trie } in places {
        match trie.get(chord) {
            Some(Node::Branch(trie)) => further.push(Place { level: *level, section, trie }),
            Some(Node::Leaf(position)) if further.is_empty() => {
                let binding = section.bindings.get(*position);
                return binding.map_or(Found::Nothing, |binding| Found::Binding(*level, binding));
            }
            Some(Node::Leaf(_)) | None => {}
        }
    }
    if further.is_empty() { Found::Nothing } else { Found::Places(further) }
}

fn continuations(places: &[Place<'_>]) -> Vec<Continuation> {
    let step = |chord| match press(places, chord) {
        Found::Nothing => None,
        Found::Binding(_, binding) => {
            Some(Continuation { chord, label: binding.desc.clone(), verb: Some(binding.verb) })
        }
        Found::Places(further) => {
            let label = format!("{} with more keys", ends(&further));
            Some(Continuation { chord, label, verb: None })
        }
    };
    chords(places).into_iter().filter_map(step).collect()
}

/// How many sequences end somewhere beyond `places`.
fn ends(places: &[Place<'_>]) -> usize {
    let beyond = |chord| match press(places, chord) {
        Found::Nothing => 0,
        Found::Binding(..) => 1,
        Found::Places(further) => ends(&further),
    };
    chords(places).into_iter().map(beyond).sum()
}

fn chords(places: &[Place<'_>]) -> BTreeSet<Chord> {
    places.iter().flat_map(|place| place.trie.chords()).collect()
}

#[cfg(test)]
#[path = "keymap_tests.rs"]
mod tests;
