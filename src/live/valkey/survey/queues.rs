//! The depth of queues: how many jobs are in which state, by the length of the lists that hold them.

use std::collections::BTreeMap;

use redis::{Cmd, cmd};

use super::ask::{Answer, Asker, End};
use super::families::QUEUE;
use super::replies;
use crate::domain::{Health, KeyFamily, KeyPart, Text, Uid};

/// Queues that are looked into in a round.
const ROUND: usize = 8;

/// Where a queue keeps its jobs: the state, the end of the key, and whether it is a list or a sorted set.
const STATES: [(&str, &str, bool); 6] = [
    ("wait", "wait", true),
    ("held", "paused", true),
    ("active", "active", true),
    ("delayed", "delayed", false),
    ("prioritized", "prioritized", false),
    ("failed", "failed", false),
];

/// How many jobs of a queue are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Depth {
    jobs: [u64; STATES.len()],
    paused: bool,
}

/// One queue: what was seen last, and before that.
#[derive(Clone, Copy, Debug, Default)]
struct Queue {
    now: Depth,
    before: Option<Depth>,
}

/// The queues, over all connections.
#[derive(Default)]
pub(super) struct Queues {
    known: BTreeMap<Text, Queue>,
    /// The queue that the rotation came to.
    at: Option<Text>,
}

impl Depth {
    fn of(&self, state: &str) -> u64 {
        let found = STATES.iter().zip(self.jobs).find(|((name, ..), _)| *name == state);
        found.map_or(0, |(_, jobs)| jobs)
    }

    /// Jobs that nobody works on yet and that are due.
    fn waiting(&self) -> u64 {
        self.of("wait") + self.of("held") + self.of("prioritized")
    }

    /// Such as `41 wait, 9 failed`.
    fn words(&self) -> String {
        let states = STATES.iter().zip(self.jobs).filter(|(_, jobs)| *jobs > 0);
        states.map(|((name, ..), jobs)| format!("{jobs} {name}")).collect::<Vec<_>>().join(", ")
    }
}

impl Queue {
    /// How well it is, and a clause about it.
    fn verdict(&self) -> (Health, String) {
        let words = self.now.words();
        let waiting = self.now.waiting();
        if self.now.paused {
            let health = if waiting > 0 { Health::Degraded } else { Health::Unknown };
            return (health, join("paused", &words));
        }
        // Between two looks a worker may be between two jobs: only a queue that stands still twice is left alone.
        let idle = |depth: &Depth| depth.waiting() > 0 && depth.of("active") == 0;
        let left = self.before.is_some_and(|before| idle(&before) && waiting >= before.waiting());
        if left && idle(&self.now) {
            return (Health::Degraded, join("nobody works on it", &words));
        }
        (Health::Healthy, words)
    }
}

fn join(lead: &str, words: &str) -> String {
    if words.is_empty() { lead.to_owned() } else { format!("{lead}: {words}") }
}

impl Queues {
    /// The server began anew: no depth holds.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Whether none was looked into yet.
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// Looks into some of the queues named `all`.
    pub(super) async fn round<'n>(
        &mut self,
        asker: &mut Asker<'_>,
        all: impl Iterator<Item = &'n Text>,
    ) -> Result<(), End> {
        let turn = self.turn(all);
        for name in turn {
            if let Some(depth) = depth(asker, &name).await? {
                let before = self.known.get(&name).map(|queue| queue.now);
                self.known.insert(name, Queue { now: depth, before });
            }
        }
        Ok(())
    }

    fn turn<'n>(&mut self, all: impl Iterator<Item = &'n Text>) -> Vec<Text> {
        let after = self.at.take();
        let mut turn: Vec<Text> = all
            .filter(|name| after.as_ref().is_none_or(|after| *name > after))
            .take(ROUND)
            .cloned()
            .collect();
        // At the end of the list the rotation begins anew.
        self.at = turn.last().filter(|_| turn.len() == ROUND).cloned();
        turn.dedup();
        turn
    }

    /// Every queue as the console shows it. `counted` is the family of all of them: it says how many keys each has,
    /// and learns how deep they are.
    pub(super) fn told(&self, counted: &mut KeyFamily) -> Vec<KeyFamily> {
        let keys: BTreeMap<_, _> =
            counted.parts.iter().map(|part| (part.name.clone(), part.count)).collect();
        let family = |(name, queue): (&Text, &Queue)| {
            let (health, note) = queue.verdict();
            let pattern = Text::clean(&format!("{QUEUE}{name}"));
            KeyFamily {
                uid: Uid(pattern.clone()),
                pattern,
                what: Text::clean("a queue, by the state of its jobs"),
                count: keys.get(name).copied(),
                counted: counted.counted,
                progress: counted.progress,
                parts: parts(&queue.now),
                health,
                note: Text::clean(&note),
            }
        };
        let queues: Vec<_> = self.known.iter().map(family).collect();
        for part in &mut counted.parts {
            if let Some(queue) = self.known.get(&part.name) {
                part.note = Text::clean(&queue.now.words());
            }
        }
        let waiting: u64 = self.known.values().map(|queue| queue.now.waiting()).sum();
        if !self.known.is_empty() {
            counted.note = Text::clean(&format!("{waiting} wait in {} queues", self.known.len()));
        }
        queues
    }
}

fn parts(depth: &Depth) -> Box<[KeyPart]> {
    let part = |((name, ..), count): (&(&str, &str, bool), u64)| KeyPart {
        name: Text::clean(name),
        count,
        note: Text::default(),
    };
    STATES.iter().zip(depth.jobs).map(part).collect()
}

/// How deep the queue `name` is; none when the operator's role may not know.
async fn depth(asker: &mut Asker<'_>, name: &Text) -> Result<Option<Depth>, End> {
    let mut depth = Depth::default();
    let key = |end: &str| format!("{QUEUE}{name}:{end}");
    for ((_, end, list), jobs) in STATES.iter().zip(&mut depth.jobs) {
        let (word, mut command): (_, Cmd) =
            if *list { ("LLEN", cmd("LLEN")) } else { ("ZCARD", cmd("ZCARD")) };
        command.arg(key(end));
        match asker.ask(word, &command).await? {
            Answer::Said(reply) => *jobs = replies::number(&reply).unwrap_or(0),
            Answer::Gone => {}
            Answer::Forbidden | Answer::KeyForbidden => return Ok(None),
        }
    }
    let mut command = cmd("HEXISTS");
    command.arg(key("meta")).arg("paused");
    let paused = asker.ask("HEXISTS", &command).await?.said();
    depth.paused = paused.as_ref().and_then(replies::number) == Some(1);
    Ok(Some(depth))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth(wait: u64, active: u64, failed: u64) -> Depth {
        Depth { jobs: [wait, 0, active, 0, 0, failed], paused: false }
    }

    #[test]
    fn queues_are_judged_by_two_looks() {
        let verdict = |now, before| Queue { now, before }.verdict();
        let idle = depth(5, 0, 0);
        assert_eq!(verdict(idle, None), (Health::Healthy, "5 wait".to_owned()));
        assert_eq!(
            verdict(idle, Some(idle)),
            (Health::Degraded, "nobody works on it: 5 wait".to_owned())
        );
        assert_eq!(verdict(idle, Some(depth(6, 0, 0))).0, Health::Healthy, "it shrinks");
        assert_eq!(
            verdict(depth(0, 1, 9), None),
            (Health::Healthy, "1 active, 9 failed".to_owned())
        );
        let paused = Depth { paused: true, ..idle };
        assert_eq!(verdict(paused, None), (Health::Degraded, "paused: 5 wait".to_owned()));
    }

    #[test]
    fn every_queue_has_its_turn() {
        let all: Vec<Text> = (0..20).map(|n| Text::clean(&format!("q{n:02}"))).collect();
        let mut queues = Queues::default();
        let mut seen = Vec::new();
        for _ in 0..3 {
            let turn = queues.turn(all.iter());
            assert!(turn.len() <= ROUND);
            seen.extend(turn);
        }
        assert_eq!(seen, all);
        assert_eq!(queues.turn(all.iter())[0], all[0]);
    }
}
