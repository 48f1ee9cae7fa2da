//! Who holds up whom, as a tree: above who holds, under him who waits.
//!
//! A session that waits behind several stands once, under the first of them that is met. A ring, which the server breaks
//! by itself after a moment, hangs from its lowest process. Depth and length are bounded.

use std::collections::{BTreeSet, HashMap};

use super::{DetailLine, Piece, Tone};
use crate::domain::{Session, SessionState, Text};
use crate::store::Store;

/// The most entries of a tree.
const ENTRIES: usize = 60;

/// The deepest that it is indented.
const DEEPEST: usize = 8;

/// The most of a statement that is shown under its session.
const STATEMENT: usize = 200;

/// One session of the tree.
#[derive(Clone, Copy, Debug)]
pub(in crate::app) struct Entry<'a> {
    /// How many stand between it and who holds it all up.
    pub(in crate::app) depth: usize,
    /// Its process.
    pub(in crate::app) pid: u32,
    /// The session; none when it is not among those that are known.
    pub(in crate::app) session: Option<&'a Session>,
}

/// Everybody who waits for another session or holds one up.
pub(in crate::app) fn tree(store: &Store) -> Vec<Entry<'_>> {
    let sessions = &store.objects().sessions;
    let known: HashMap<u32, &Session> =
        sessions.iter().map(|(_, held)| (held.object.pid, &*held.object)).collect();
    let mut waiting: Vec<&Session> =
        known.values().copied().filter(|session| !session.blocked_by.is_empty()).collect();
    if waiting.is_empty() {
        return Vec::new();
    }
    // Who waits longest comes first.
    waiting.sort_by_key(|session| (session.statement_at, session.pid));
    let waits = |pid: u32| known.get(&pid).is_some_and(|session| !session.blocked_by.is_empty());
    let mut tree =
        Tree { known: &known, waiting: &waiting, seen: BTreeSet::new(), out: Vec::new() };
    let holders: BTreeSet<u32> =
        waiting.iter().flat_map(|session| session.blocked_by.iter().copied()).collect();
    let mut roots: Vec<u32> = holders.into_iter().filter(|pid| !waits(*pid)).collect();
    let held_up = |pid: &u32| known.get(pid).map_or(0, |session| session.blocks);
    roots.sort_by_key(|pid| std::cmp::Reverse(held_up(pid)));
    for root in roots {
        tree.grow(root, 0);
    }
    let mut rest: Vec<u32> = waiting.iter().map(|session| session.pid).collect();
    rest.sort_unstable();
    for pid in rest {
        tree.grow(pid, 0);
    }
    tree.out
}

struct Tree<'a, 'k> {
    known: &'k HashMap<u32, &'a Session>,
    waiting: &'k [&'a Session],
    seen: BTreeSet<u32>,
    out: Vec<Entry<'a>>,
}

impl Tree<'_, '_> {
    fn grow(&mut self, pid: u32, depth: usize) {
        if self.out.len() >= ENTRIES || depth > 64 || !self.seen.insert(pid) {
            return;
        }
        self.out.push(Entry { depth, pid, session: self.known.get(&pid).copied() });
        for session in self.waiting {
            if session.blocked_by.contains(&pid) {
                self.grow(session.pid, depth + 1);
            }
        }
    }
}

/// The part of `tree` that has a session for which `wanted` is true: each whole, from who holds it up.
pub(super) fn part<'a>(tree: Vec<Entry<'a>>, wanted: impl Fn(&Session) -> bool) -> Vec<Entry<'a>> {
    let mut parts: Vec<Vec<Entry<'a>>> = Vec::new();
    for entry in tree {
        match parts.last_mut() {
            Some(part) if entry.depth > 0 => part.push(entry),
            _ => parts.push(vec![entry]),
        }
    }
    parts.retain(|part| part.iter().any(|entry| entry.session.is_some_and(&wanted)));
    parts.concat()
}

/// The tree as lines; `marked` is the process that the page is about.
pub(super) fn lines(tree: &[Entry<'_>], marked: Option<u32>) -> Vec<DetailLine> {
    let mut lines = Vec::new();
    for entry in tree {
        lines.push(line(entry, marked));
        if let Some(session) = entry.session.filter(|session| !session.statement.is_empty()) {
            let indent = "   ".repeat(entry.depth.min(DEEPEST) + 1);
            let statement = Text::bounded(session.statement.as_str(), STATEMENT);
            lines.push(DetailLine {
                label: "",
                pieces: vec![Piece::Text(Tone::Muted, Text::from(format!("{indent}{statement}")))],
            });
        }
    }
    if tree.len() == ENTRIES {
        let text = Text::clean("… and more, which are not shown");
        lines.push(DetailLine { label: "", pieces: vec![Piece::Text(Tone::Muted, text)] });
    }
    lines
}

fn line(entry: &Entry<'_>, marked: Option<u32>) -> DetailLine {
    let indent = match entry.depth {
        0 => String::new(),
        depth => format!("{}└ ", "   ".repeat(depth.min(DEEPEST) - 1)),
    };
    let Some(session) = entry.session else {
        let text =
            format!("{indent}? {} is no session: a prepared transaction, or gone", entry.pid);
        let pieces = vec![Piece::Text(Tone::Warning, Text::from(text))];
        return DetailLine { label: "", pieces };
    };
    let health = session.health();
    let here = if marked == Some(session.pid) { " (this one)" } else { "" };
    let who = format!("{indent}{} {} {}{here} ", health.sign(), session.pid, whose(session));
    let (what, since) = if session.blocked_by.is_empty() {
        (format!("{}, holds up {} since ", doing(session), session.blocks), session.transaction)
    } else {
        let wait = session.wait.as_ref().map_or("another one", Text::as_str);
        (format!("waits for {wait} since "), session.statement_at)
    };
    let mut pieces = vec![
        Piece::Text(Tone::Health(health), Text::from(who)),
        Piece::Text(Tone::Plain, Text::from(what)),
    ];
    pieces.extend(since.map(Piece::Age));
    DetailLine { label: "", pieces }
}

/// The tenant whose data the session works on; else the database.
pub(in crate::app) fn whose(session: &Session) -> &str {
    session.tenant.as_ref().unwrap_or(&session.database).as_str()
}

/// What the session does, for one who waits for it.
pub(in crate::app) fn doing(session: &Session) -> &'static str {
    match session.state {
        SessionState::InTransaction => "idle in its transaction",
        SessionState::Aborted => "idle in a failed transaction",
        other => other.word(),
    }
}
