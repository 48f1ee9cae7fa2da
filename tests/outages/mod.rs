//! A console whose servers can be taken away from it, and an executor that waits while they are.
#![allow(dead_code, unreachable_pub, reason = "not every test takes everything away")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "this is test code"
)]

mod links;
mod waiter;

pub use links::{Links, Server};
pub use waiter::{Line, Waiter};

use std::collections::BTreeMap;

/// How often the work waited for each server, and said so.
pub type Waits = BTreeMap<Server, usize>;

/// Works off `what`, a plan or an operation, and takes away the server that is about to be asked, each time, until it is
/// said that it is waited for: an operation that is begun ends as if nothing had happened. Before it is begun, nothing is
/// done while a server is away, and that is said too.
pub async fn through_outages(links: &Links, (verb, what): (&str, &str)) -> Waits {
    let mut waits = Waits::new();
    let mut refused = 0;
    let mut is_begun = verb != "run";
    'again: loop {
        let mut waiter = Waiter::start(links, &[verb, what]);
        // What the runs before this one saw fail is there now.
        let mut spared = if is_begun { 0 } else { refused };
        let mut line = waiter.next().await;
        loop {
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
                    assert_eq!(ended.trim(), "done", "{what}: {}", waiter.log());
                    return waits;
                }
                Line::Halted(why) => panic!("{what}: {why}\n{}", waiter.all()),
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
                        continue 'again;
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
