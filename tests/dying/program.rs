//! An executor that dies: `dying CONFIG (run PLAN | resume ID | undo ID) [CALL]`.
//!
//! It works as the console does, on the same real servers, but counts its calls and kills itself (as `kill -9` would) at
//! the one of the number `CALL`: before each record, before each change and right after it, and before the lease is let
//! go. When it lives to the end it prints how the operation stands, and how many calls there were.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a program of tests says what it expects"
)]
#![allow(dead_code, reason = "it uses a part of what such programs have in common")]

#[path = "../executing/mod.rs"]
mod executing;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use executing::Ground;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use pulse_console::domain::Span;
use pulse_console::operation::{Pace, Tell};
use pulse_console::platform::{Call, Clock as _, Interceptor, Pass};
use pulse_console::runtime::WallClock;

/// Counts calls, and dies at one of them.
struct Fate {
    calls: AtomicUsize,
    last: usize,
}

impl Fate {
    fn call(&self) {
        if self.calls.fetch_add(1, Ordering::SeqCst) + 1 == self.last {
            let own = rustix::process::getpid();
            let _ = rustix::process::kill_process(own, rustix::process::Signal::KILL);
        }
    }
}

/// Counts once more when a change was made.
struct After(Arc<Fate>);

impl Drop for After {
    fn drop(&mut self) {
        self.0.call();
    }
}

/// Is before the doors of a console that may die.
struct Mortal(Arc<Fate>);

impl Interceptor for Mortal {
    fn before<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Pass> {
        async move {
            match call {
                Call::Act(_) => {
                    self.0.call();
                    return Box::new(After(Arc::clone(&self.0))) as Pass;
                }
                Call::Open(_) | Call::Append(_) | Call::Release(_) => self.0.call(),
                Call::Look(_) | Call::Tell(_) | Call::Forget(_) | Call::Lease(_) => {}
            }
            Box::new(())
        }
        .boxed()
    }
}

const PACE: Pace = Pace {
    term: Span::from_secs(2),
    keep: Duration::from_millis(500),
    look: Duration::from_millis(200),
    away: Duration::from_secs(60),
};

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let word = |at: usize| words.get(at).map(String::as_str).expect("CONFIG VERB WHAT [CALL]");
    let last = words.get(3).map_or(0, |word| word.parse().expect("a number"));
    let fate = Arc::new(Fate { calls: AtomicUsize::new(0), last });
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let operation = runtime.block_on(async {
        let ground = Ground::new(Path::new(word(0)), "dying", Arc::new(WallClock));
        let mortal = Arc::new(Mortal(Arc::clone(&fate)));
        let executor = ground.executor("dying", &mortal, PACE);
        let tell: Tell = Arc::new(|_| {});
        executing::work(&executor, word(1), word(2), WallClock.now(), &tell).await
    });
    match operation {
        Ok(operation) => {
            let calls = fate.calls.load(Ordering::SeqCst);
            println!("{} {calls}", operation.standing.word());
        }
        Err(why) => println!("halted {why}"),
    }
}
