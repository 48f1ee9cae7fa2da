//! Key sequences as a tree: each chord leads to a meaning or to further chords, never to both.

use std::collections::BTreeMap;

use super::chord::Chord;

/// What a chord leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Node {
    /// The end of a sequence: the position of its binding in its context.
    Leaf(usize),
    /// Further chords.
    Branch(Trie),
}

/// The chords that may come next.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Trie {
    next: BTreeMap<Chord, Node>,
}

impl Trie {
    /// Puts in `keys`; `false` when they are none, or the same or the start of a sequence that is
    /// there, or the other way round.
    pub(super) fn insert(&mut self, keys: &[Chord], binding: usize) -> bool {
        let Some((first, rest)) = keys.split_first() else {
            return false;
        };
        if rest.is_empty() {
            let free = !self.next.contains_key(first);
            if free {
                self.next.insert(*first, Node::Leaf(binding));
            }
            return free;
        }
        match self.next.entry(*first).or_insert_with(|| Node::Branch(Self::default())) {
            Node::Leaf(_) => false,
            Node::Branch(trie) => trie.insert(rest, binding),
        }
    }

    /// What `chord` leads to.
    pub(super) fn get(&self, chord: Chord) -> Option<&Node> {
        self.next.get(&chord)
    }

    /// The chords that lead on from here.
    pub(super) fn chords(&self) -> impl Iterator<Item = Chord> {
        self.next.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::super::chord::parse_keys;
    use super::*;

    #[test]
    fn a_sequence_never_ends_where_another_goes_on() {
        let mut trie = Trie::default();
        for (keys, taken) in [
            ("g g", true),
            ("g g", false),
            ("g", false),
            ("g g g", false),
            ("g e", true),
            ("j", true),
            ("j j", false),
        ] {
            assert_eq!(trie.insert(&parse_keys(keys).unwrap(), 0), taken, "{keys}");
        }
        assert!(!trie.insert(&[], 0));
        assert_eq!(trie.chords().count(), 2);
    }
}
