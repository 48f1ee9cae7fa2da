//! An executor that dies: `dying CONFIG run PLAN [CALL]`, `dying CONFIG (resume|undo) ID [CALL]`.
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

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use pulse_console::config::{Environment, Paths, Sources, load};
use pulse_console::domain::operation::{Command, Operation, Plan, Query, Record, Seen};
use pulse_console::domain::{Role, Span, Text, Trouble};
use pulse_console::live::Live;
use pulse_console::operation::{ConfirmedPlan, Executor, Given, Pace, Way};
use pulse_console::platform::{
    Control, Inspect, Journal, Journaled, Lease, Listing, Mark, Platform as _, Revision, Unacted,
    Unwritten, Word,
};
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

/// The hands and the book of a console that may die.
struct Mortal {
    control: Arc<dyn Control>,
    journal: Arc<dyn Journal>,
    fate: Arc<Fate>,
}

impl Inspect for Mortal {
    fn look<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<Seen, Trouble>> {
        self.control.look(query)
    }
}

impl Control for Mortal {
    fn act<'a>(
        &'a self,
        command: &'a Command,
        mark: &'a Mark,
    ) -> BoxFuture<'a, Result<(), Unacted>> {
        async move {
            self.fate.call();
            let acted = self.control.act(command, mark).await;
            self.fate.call();
            acted
        }
        .boxed()
    }

    fn tell<'a>(&'a self, word: &'a Word) -> BoxFuture<'a, Result<(), Trouble>> {
        self.control.tell(word)
    }
}

impl Journal for Mortal {
    fn open<'a>(
        &'a self,
        plan: &'a Plan,
        first: &'a Record,
    ) -> BoxFuture<'a, Result<Revision, Unwritten>> {
        self.fate.call();
        self.journal.open(plan, first)
    }

    fn append<'a>(
        &'a self,
        id: &'a Text,
        revision: &'a Revision,
        record: &'a Record,
    ) -> BoxFuture<'a, Result<Revision, Unwritten>> {
        self.fate.call();
        self.journal.append(id, revision, record)
    }

    fn read<'a>(&'a self, id: &'a Text) -> BoxFuture<'a, Result<Journaled, Unwritten>> {
        self.journal.read(id)
    }

    fn list(&self) -> BoxFuture<'_, Result<Listing, Unwritten>> {
        self.journal.list()
    }

    fn forget<'a>(
        &'a self,
        id: &'a Text,
        revision: &'a Revision,
    ) -> BoxFuture<'a, Result<(), Unwritten>> {
        self.journal.forget(id, revision)
    }

    fn lease<'a>(
        &'a self,
        scope: &'a Text,
        console: &'a Text,
        term: Span,
    ) -> BoxFuture<'a, Result<Lease, Unwritten>> {
        self.journal.lease(scope, console, term)
    }

    fn release<'a>(&'a self, lease: &'a Lease) -> BoxFuture<'a, Result<(), Unwritten>> {
        async move {
            self.fate.call();
            self.journal.release(lease).await
        }
        .boxed()
    }
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let word = |at: usize| words.get(at).map(String::as_str).expect("CONFIG VERB WHAT [CALL]");
    let last = words.get(3).map_or(0, |word| word.parse().expect("a number"));
    let fate = Arc::new(Fate { calls: AtomicUsize::new(0), last });
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let operation = runtime.block_on(work(Path::new(word(0)), word(1), word(2), &fate));
    match operation {
        Ok(operation) => {
            let calls = fate.calls.load(Ordering::SeqCst);
            println!("{} {calls}", operation.standing.word());
        }
        Err(why) => println!("halted {why}"),
    }
}

async fn work(
    config: &Path,
    verb: &str,
    what: &str,
    fate: &Arc<Fate>,
) -> Result<Operation, String> {
    let executor = executor(config, fate);
    let tell = Arc::new(|_| {});
    let tell: pulse_console::operation::Tell = tell;
    let worked = match verb {
        "run" => executor.run(confirmed(&PathBuf::from(what)), &tell).await,
        "resume" => executor.resume(&Text::from(what), &Way::GoOn, &tell).await,
        _ => executor.resume(&Text::from(what), &Way::TurnBack("a test".into()), &tell).await,
    };
    worked.map_err(|halt| halt.to_string())
}

fn executor(config: &Path, fate: &Arc<Fate>) -> Executor {
    let home = config.parent().expect("it lies in a folder").join("dying");
    let sources = Sources {
        file: Some(config.to_owned()),
        env: Environment::default(),
        flags: Vec::new(),
        paths: Paths::below(&home),
    };
    let settings = load(&sources).expect("settings").settings;
    let live = Live::new(&settings, home.join("cursor.json"), Arc::new(WallClock));
    let mortal = Arc::new(Mortal {
        control: live.control().expect("it is live"),
        journal: live.journal().expect("it is live"),
        fate: Arc::clone(fate),
    });
    Executor {
        control: Arc::<Mortal>::clone(&mortal),
        journal: mortal,
        clock: Arc::new(WallClock),
        console: Text::clean(&format!("dying {}", std::process::id())),
        by: Text::from("maria"),
        pace: Pace {
            term: Span::from_secs(2),
            keep: Duration::from_millis(500),
            look: Duration::from_millis(200),
            away: Duration::from_secs(60),
        },
    }
}

/// The plan in the file, confirmed by somebody who may do everything.
fn confirmed(file: &Path) -> ConfirmedPlan {
    let text = std::fs::read_to_string(file).expect("a plan");
    let mut written: serde_json::Value = serde_json::from_str(&text).expect("a plan");
    let plan: Plan = serde_json::from_value(written["plan"].take()).expect("a plan");
    let given = Given {
        by: Text::from("maria"),
        role: Role::Senior,
        typed: plan.word.clone(),
        reason: Text::from("a test"),
        stepped_up: true,
        at: plan.at,
    };
    ConfirmedPlan::new(plan, given).expect("it can be run")
}
