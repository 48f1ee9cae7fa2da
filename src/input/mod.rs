//! What keys mean: chords, the contexts they are looked up in, and the keymaps that bind them.
//!
//! This layer knows the names of actions only as the [`Verb`]s it is given; what an action does, and
//! whether it is allowed now, stands above it. It reads no file: callers hand in the texts.
//!
//! Invariants:
//! - A key has one spelling, and what is shown can be typed back into a key file.
//! - A keymap that loads has no two meanings for one key in one context.
//! - What hints, help and the palette show are the keys that really work in that place.

mod builtin;
mod chord;
mod context;
mod event;
pub(crate) mod document;
mod file;
mod keymap;
mod load;
mod problem;
mod trie;
#[cfg(test)]
mod verbs;

pub use builtin::{BUILTIN_NAMES, builtin};
pub use chord::{Chord, ChordError, Key, Modifiers, parse_keys, show_keys};
pub use context::{Context, UnknownContext};
pub use keymap::{Bound, Continuation, Keymap, Step};
pub use load::{BINDINGS_MAX, INHERITANCE_MAX, Parsed, SEQUENCE_MAX, Verb};
pub use problem::{KeymapError, Problem, ProblemKind};
