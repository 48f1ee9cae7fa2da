//! A console whose servers can be taken away from it, and an executor that waits while they are.
#![allow(dead_code, unreachable_pub, reason = "not every test takes everything away")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "this is test code"
)]

mod kinds;
mod links;
mod waiter;

pub use kinds::Deed;
pub use links::{Links, Server};
pub use waiter::{Line, Waiter};

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::platform::Proxy;

/// How often the work waited for each server, and said so.
pub type Waits = BTreeMap<Server, usize>;

/// Where the work stopped: a server, and what was asked of it.
pub type Stops = BTreeSet<(Server, String)>;

/// Works off `what`, a plan or an operation, and takes away the server that is about to be asked, each time, until it is
/// said that it is waited for: an operation that is begun ends as if nothing had happened. Before it is begun, nothing is
/// done while a server is away, and that is said too.
pub async fn through_outages(links: &Links, (verb, what): (&str, &str)) -> Waits {
    let ends = if verb == "undo" { "undone" } else { "done" };
    let is_begun = verb != "run";
    let mut trial = Trial { links, waits: Waits::new(), refused: 0, is_begun };
    loop {
        let mut waiter = Waiter::start(&links.config(), &[verb, what]);
        let Some(ended) = trial.work(&mut waiter).await else { continue };
        assert_eq!(ended.trim(), ends, "{}", waiter.all());
        let log = waiter.whole_log().await;
        let is_told = links.is_open(Server::Valkey);
        assert_eq!(log.contains("not everybody was told"), !is_told, "{log}");
        return trial.waits;
    }
}

/// What has been taken away.
struct Trial<'a> {
    links: &'a Links,
    waits: Waits,
    /// How often nothing was done.
    refused: usize,
    is_begun: bool,
}

/// What an executor does whose server is away.
enum Answer {
    /// It waits, and says so.
    Waits(String),
    /// It does not begin.
    Halts(String),
    /// It has lost its lease meanwhile, on a busy machine.
    Lost(Line),
}

impl Trial<'_> {
    /// Has `waiter` work; how it ended, or none when it did nothing.
    async fn work(&mut self, waiter: &mut Waiter) -> Option<String> {
        // What the ones before saw fail is there now.
        let mut spared = self.refused;
        let mut line = waiter.next().await;
        loop {
            let (act, server) = match line {
                Line::At { act, server } => (act, server),
                Line::Says(_) => {
                    line = waiter.next().await;
                    continue;
                }
                Line::Ended(ended) => return Some(ended),
                Line::Halted(why) => panic!("{why}\n{}", waiter.all()),
            };
            self.is_begun |= act == "open";
            let is_spared = !self.is_begun && spared > 0;
            let Some(link) = self.links.to(server).filter(|_| !is_spared) else {
                spared = spared.saturating_sub(1);
                line = waiter.goes_on().await;
                continue;
            };
            cut(link).await;
            let answered = answer(waiter).await;
            link.mend();
            line = match answered {
                Answer::Waits(said) => {
                    assert!(self.links.names(server, &said), "{server:?}: {said}");
                    *self.waits.entry(server).or_default() += 1;
                    waiter.next().await
                }
                Answer::Halts(why) => {
                    let nothing = !self.is_begun && why.starts_with("Nothing was done: ");
                    assert!(nothing && self.links.names(server, &why), "{}", waiter.all());
                    self.refused += 1;
                    return None;
                }
                Answer::Lost(line) => line,
            };
        }
    }
}

/// Cuts the way to a server, and leaves its forwarder, and then its caller, the moment that they take to notice.
async fn cut(link: &Proxy) {
    link.cut();
    while !link.is_idle() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
}

/// Lets `waiter` go on where a server is away.
async fn answer(waiter: &mut Waiter) -> Answer {
    let mut line = waiter.goes_on().await;
    loop {
        match line {
            Line::Says(words) if is_waiting(&words) => return Answer::Waits(words),
            Line::Says(_) => line = waiter.next().await,
            Line::Halted(why) => return Answer::Halts(why),
            Line::At { ref act, .. } if act == "taken" => return Answer::Lost(line),
            other => panic!("nobody waits: {other:?}\n{}", waiter.all()),
        }
    }
}

fn is_waiting(words: &str) -> bool {
    words.starts_with("Waiting: ") || words.starts_with("Looking whether it was done: ")
}

/// Works off the plan in `file`, the operation `id`, and takes a server away for too long: each server that is asked, at
/// each sort of thing that is asked of it, once. It stops, or does not go on, and says for whom it waited; then somebody
/// goes on with it.
pub async fn through_stops(links: &Links, (file, id): (&str, &str)) -> Stops {
    let mut stops = Stops::new();
    let mut waiter = Waiter::start(&links.config(), &["run", file, "away=300"]);
    let mut is_begun = false;
    let mut line = waiter.next().await;
    loop {
        let (act, server) = match line {
            Line::At { act, server } => (act, server),
            Line::Says(_) => {
                line = waiter.next().await;
                continue;
            }
            Line::Ended(ended) => {
                assert_eq!(ended.trim(), "done", "{}", waiter.all());
                return stops;
            }
            Line::Halted(why) => panic!("{why}\n{}", waiter.all()),
        };
        let link = links.to(server).filter(|_| is_begun);
        is_begun |= act == "open";
        let Some(link) = link.filter(|_| stops.insert((server, act))) else {
            line = waiter.goes_on().await;
            continue;
        };
        cut(link).await;
        waiter.go_on().await;
        let why = waiter.until_ended().await;
        if let Some(why) = why.strip_prefix("stopped ") {
            assert!(why.contains("; it stayed so for 0s"), "{why}");
        }
        assert!(links.names(server, &why), "{server:?}: {why}\n{}", waiter.all());
        link.mend();
        waiter = Waiter::start(&links.config(), &["resume", id, "away=300"]);
        line = waiter.next().await;
    }
}
