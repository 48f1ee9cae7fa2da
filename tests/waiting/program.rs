//! An executor that waits: `waiting CONFIG (run PLAN | resume ID | undo ID | plan FILE) [NAME=VALUE…]`.
//!
//! It works as the console does, on the same real servers, but before it asks one of them for something it prints a line
//! `at NUMBER ACT SERVER`, and goes on when it reads that number. In between the world may change. What it tells of its work it prints
//! as `says STEP WORDS`, and at last `end STANDING WHY` or `halted WHY`. What is logged goes to standard error.
//!
//! Of what it asks, it stops at the first question to each server after each change: those after it only wait for the
//! same.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a program of tests says what it expects"
)]

#[path = "../executing/mod.rs"]
mod executing;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use executing::Ground;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use pulse_console::domain::operation::{Command, Entry, Phase, Query, Verb};
use pulse_console::domain::{Span, Text, Timestamp};
use pulse_console::operation::kinds::{Inputs, Request, fields};
use pulse_console::operation::{Executor, Manifests, Pace, Progress, Shape, Tell, hash, plan};
use pulse_console::platform::{Call, Clock, Interceptor, Pass, Platform as _};
use pulse_console::runtime::WallClock;
use serde::Serialize;
use tokio::sync::watch;

/// A clock that is off by so many milliseconds.
struct OffClock(i64);

impl Clock for OffClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(WallClock.now().ms().saturating_add(self.0))
    }
}

/// Where the work waits until it is told to go on.
struct Gate {
    last: Mutex<Last>,
    /// How often it waited.
    waits: AtomicUsize,
    /// The number that was read last; none where it never waits.
    told: Option<watch::Receiver<usize>>,
}

/// What went through the gate last.
#[derive(Default)]
struct Last {
    /// The change: of which sort, and what it is in full.
    act: &'static str,
    change: String,
    /// The servers that were asked since.
    asked: Vec<&'static str>,
}

impl Gate {
    /// One that waits until it is told to go on, or never does.
    fn new(waits: bool) -> Self {
        let told = waits.then(|| {
            let (tell, told) = watch::channel(0);
            let read = move || {
                for line in std::io::stdin().lines().map_while(Result::ok) {
                    tell.send_replace(line.trim().parse().unwrap_or_default());
                }
            };
            std::thread::spawn(read);
            told
        });
        Self { last: Mutex::default(), waits: AtomicUsize::new(0), told }
    }

    /// A change of what `server` keeps, or a record. The same again is the same.
    async fn change(&self, act: &'static str, server: &'static str, change: &impl Serialize) {
        let change = serde_json::to_string(change).expect("it can be written");
        {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.change == change {
                return;
            }
            *last = Last { act, change, asked: Vec::new() };
        }
        self.wait(act, server).await;
    }

    /// A question to `server`.
    async fn question(&self, server: &'static str) {
        let act = {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            if last.asked.contains(&server) {
                return;
            }
            last.asked.push(server);
            if last.act == "act" { "settle" } else { "look" }
        };
        self.wait(act, server).await;
    }

    async fn wait(&self, act: &'static str, server: &'static str) {
        let Some(told) = &self.told else { return };
        let number = self.waits.fetch_add(1, Ordering::Relaxed) + 1;
        println!("at {number} {act} {server}");
        // Where nobody tells anything more, it goes on.
        let _ = told.clone().wait_for(|told| *told == number).await;
    }
}

fn asked(query: &Query) -> &'static str {
    match query {
        Query::Object(_)
        | Query::Objects { .. }
        | Query::DryRun { .. }
        | Query::Acknowledgement { .. } => "cluster",
        Query::Database { .. }
        | Query::Contents { .. }
        | Query::DatabaseServer
        | Query::Session(_) => "pg01",
        Query::Pool { .. } => "pooler",
        Query::Backup { .. } | Query::Backups { .. } => "bucket",
        Query::Silence { .. } | Query::WouldHide(_) => "alertmanager",
        Query::Health { .. } => "tenant",
        Query::Rights(command) => told(command),
    }
}

const fn told(command: &Command) -> &'static str {
    match command {
        Command::Apply { .. }
        | Command::Patch { .. }
        | Command::Delete { .. }
        | Command::Acknowledge { .. } => "cluster",
        Command::RenameDatabase { .. }
        | Command::DropDatabase { .. }
        | Command::AllowConnections { .. }
        | Command::EndSessions { .. }
        | Command::CancelStatement(_)
        | Command::EndSession(_) => "pg01",
        Command::PausePool { .. } | Command::ResumePool { .. } => "pooler",
        Command::Silence(_) | Command::ExpireSilence { .. } => "alertmanager",
    }
}

impl Interceptor for Gate {
    fn before<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Pass> {
        async move {
            match call {
                Call::Look(query) => self.question(asked(query)).await,
                Call::Act(command) => self.change("act", told(command), command).await,
                Call::Open(plan) => self.change("open", "cluster", plan).await,
                Call::Append(record) => {
                    let act = if record.entry == Entry::Taken { "taken" } else { "record" };
                    self.change(act, "cluster", record).await;
                }
                Call::Tell(_) | Call::Forget(_) | Call::Lease(_) | Call::Release(_) => {}
            }
            Box::new(()) as Pass
        }
        .boxed()
    }
}

/// What it was called with.
struct Invocation {
    ground: Ground,
    given: BTreeMap<String, String>,
}

impl Invocation {
    fn new(config: &Path, words: &[String]) -> Self {
        let pairs = words.iter().map(|word| word.split_once('=').expect("NAME=VALUE"));
        let given: BTreeMap<String, String> =
            pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let off = given.get("clock").map_or(0, |word| word.parse().expect("seconds"));
        let ground = Ground::new(config, "waiting", Arc::new(OffClock(off * 1000)));
        Self { ground, given }
    }

    fn ms(&self, name: &str, usual: u64) -> Duration {
        let given = self.given.get(name).map(|word| word.parse().expect("milliseconds"));
        Duration::from_millis(given.unwrap_or(usual))
    }

    fn executor(&self) -> Executor {
        let pace = Pace {
            term: Span::from_secs(3),
            keep: Duration::from_millis(500),
            look: Duration::from_millis(50),
            away: self.ms("away", 60_000),
        };
        let gate = Arc::new(Gate::new(!self.given.contains_key("freely")));
        self.ground.executor("waiting", &gate, pace)
    }

    /// Makes the plan that is asked for, and writes it into `file`.
    async fn plan(&self, file: &str) -> Result<(), String> {
        let ground = &self.ground;
        let verb = self.given.get("verb").expect("verb=WORD");
        let verb = Verb::of(verb).expect("a verb");
        let mut inputs = Inputs::new();
        for field in fields(verb) {
            let given = self.given.get(field.name).map_or(field.default, String::as_str);
            inputs.insert(field.name.to_owned(), Text::clean(given));
        }
        let id = Text::clean(&format!("k{}", std::process::id()));
        let request = Request { verb, id, by: Text::from("maria"), at: ground.clock.now(), inputs };
        let shape = Shape::of(&ground.settings).expect("a shape");
        let control = ground.live.control().expect("it is live");
        let plan = plan(&*control, &request, &shape, &Manifests::default()).await;
        let plan = plan.map_err(|trouble| trouble.to_string())?;
        let written = serde_json::json!({ "hash": hash(&plan), "plan": plan });
        std::fs::write(file, written.to_string()).expect("a file");
        Ok(())
    }
}

fn main() {
    let filter = tracing_subscriber::EnvFilter::new("warn,kube_client=off");
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false);
    log.with_writer(std::io::stderr).init();
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [config, verb, what, given @ ..] = words.as_slice() else {
        println!("halted say CONFIG VERB WHAT [NAME=VALUE…]");
        return;
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let ended = runtime.block_on(async {
        let call = Invocation::new(Path::new(config), given);
        work(&call, verb, what).await
    });
    match ended {
        Ok(words) => println!("end {words}"),
        Err(why) => println!("halted {why}"),
    }
}

async fn work(call: &Invocation, verb: &str, what: &str) -> Result<String, String> {
    if verb == "plan" {
        return call.plan(what).await.map(|()| "planned".to_owned());
    }
    let tell: Tell = Arc::new(|Progress { step, words, .. }| println!("says {step} {words}"));
    let at = call.ground.clock.now();
    let operation = executing::work(&call.executor(), verb, what, at, &tell).await?;
    let why = match &operation.standing.phase {
        Phase::Stopped { why } => why.as_str(),
        _ => "",
    };
    Ok(format!("{} {why}", operation.standing.word()))
}
