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

/// How often the work waited for each server, and said so.
pub type Waits = BTreeMap<Server, usize>;

/// Works off `what`, a plan or an operation, and takes away the server that is about to be asked, each time, until it is
/// said that it is waited for: an operation that is begun ends as if nothing had happened. Before it is begun, nothing is
/// done while a server is away, and that is said too.
pub async fn through_outages(links: &Links, (verb, what): (&str, &str)) -> Waits {
    let ends = if verb == "undo" { "undone" } else { "done" };
    let mut waits = Waits::new();
    let mut refused = 0;
    let mut past = String::new();
    let mut is_begun = verb != "run";
    'again: loop {
        let mut waiter = Waiter::start(&links.config(), &[verb, what]);
        // What the runs before this one saw fail is there now.
        let mut spared = if is_begun { 0 } else { refused };
        let mut line = waiter.next().await;
        'works: loop {
            let server = match line {
                Line::At { act, server } => {
                    is_begun |= act == "open";
                    server
                }
                Line::Says(_) => {
                    line = waiter.next().await;
                    continue;
                }
                Line::Ended(ended) => {
                    assert_eq!(ended.trim(), ends, "{}", waiter.all());
                    let log = waiter.whole_log().await;
                    let told = links.is_open(Server::Valkey);
                    assert_eq!(log.contains("not everybody was told"), !told, "{log}");
                    return waits;
                }
                Line::Halted(why) => panic!("{why}\n{past}\n{}", waiter.all()),
            };
            if !is_begun && spared > 0 {
                spared -= 1;
                line = waiter.goes_on().await;
                continue;
            }
            let Some(link) = links.to(server) else {
                line = waiter.goes_on().await;
                continue;
            };
            link.cut();
            line = waiter.goes_on().await;
            let said = loop {
                match &line {
                    Line::Says(words) if is_waiting(words) => break words.clone(),
                    Line::Says(_) => line = waiter.next().await,
                    Line::Halted(why) if !is_begun => {
                        let nothing = "Nothing was done: ";
                        assert!(why.starts_with(nothing) && links.names(server, why), "{why}");
                        link.mend();
                        refused += 1;
                        past = format!("{past}\n{}", waiter.all());
                        continue 'again;
                    }
                    // On a busy machine the lease was lost meanwhile.
                    Line::At { act, .. } if act == "taken" => {
                        link.mend();
                        continue 'works;
                    }
                    other => panic!("{server:?}: {other:?}\n{}", waiter.all()),
                }
            };
            assert!(links.names(server, &said), "{server:?}: {said}");
            link.mend();
            *waits.entry(server).or_default() += 1;
            line = waiter.next().await;
        }
    }
}

fn is_waiting(words: &str) -> bool {
    words.starts_with("Waiting: ") || words.starts_with("Looking whether it was done: ")
}

/// Works off the plan in `file`, the operation `id`, and takes a server away for too long: each server that is asked, at
/// each sort of thing that is asked of it, once. It stops, or does not go on, and says for whom it waited; then somebody
/// goes on with it.
pub async fn through_stops(links: &Links, (file, id): (&str, &str)) -> BTreeSet<(Server, String)> {
    let mut stopped = BTreeSet::new();
    let mut call = ("run", file);
    let mut is_begun = false;
    'again: loop {
        let mut waiter = Waiter::start(&links.config(), &[call.0, call.1, "away=300"]);
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
                    return stopped;
                }
                Line::Halted(why) => panic!("{why}\n{}", waiter.all()),
            };
            let is_new = is_begun && links.to(server).is_some();
            is_begun |= act == "open";
            if !is_new || !stopped.insert((server, act)) {
                line = waiter.goes_on().await;
                continue;
            }
            let way = links.to(server).expect("there is one");
            way.cut();
            line = waiter.goes_on().await;
            let why = loop {
                match line {
                    Line::At { .. } => line = waiter.goes_on().await,
                    Line::Says(_) => line = waiter.next().await,
                    Line::Halted(why) => break why,
                    Line::Ended(why) => {
                        assert!(why.starts_with("stopped "), "{why}\n{}", waiter.all());
                        assert!(why.contains("; it stayed so for 0s"), "{why}");
                        break why;
                    }
                }
            };
            assert!(links.names(server, &why), "{server:?}: {why}\n{}", waiter.all());
            way.mend();
            call = ("resume", id);
            continue 'again;
        }
    }
}
