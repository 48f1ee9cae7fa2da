//! Runs a feed of the event stream as the console would, and keeps what it tells.
#![allow(dead_code, unreachable_pub, reason = "every test binary uses another part of this module")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this is test code"
)]

use std::sync::Arc;
use std::time::Duration;

use pulse_console::domain::{
    Content, Fact, Gap, Observation, StreamEntry, StreamId, Timestamp, Trouble,
};
use pulse_console::live::valkey::{Options, feed};
use pulse_console::platform::{Clock, Feed as _, Sink};
use redis::aio::MultiplexedConnection;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Far longer than anything takes: it only ends a test that hangs.
const GUARD: Duration = Duration::from_mins(1);

/// The time of the machine.
struct Machine;

impl Clock for Machine {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock of the tests against real servers"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(chrono::Utc::now().timestamp_millis())
    }
}

/// Milliseconds of the machine's clock, for figures that are printed and never judged.
pub fn now() -> i64 {
    Machine.now().ms()
}

/// A running feed and everything it told.
pub struct Watch {
    queue: mpsc::Receiver<Vec<Observation>>,
    task: Option<JoinHandle<()>>,
    /// All facts told, in order.
    pub facts: Vec<Fact>,
}

impl Watch {
    /// Runs the feed of `options` on a runtime thread.
    #[expect(clippy::disallowed_methods, reason = "the test is the runtime")]
    pub fn start(options: Options) -> Self {
        let (sender, queue) = mpsc::channel(64);
        let sink = Sink::new(sender, Arc::new(Machine));
        let task = tokio::spawn(Box::new(feed(options)).run(sink));
        Self { queue, task: Some(task), facts: Vec::new() }
    }

    /// Runs the feed on a thread of its own, so that what it costs can be told from the rest.
    pub fn start_apart(options: Options, thread: &str) -> Self {
        let (sender, queue) = mpsc::channel(64);
        let sink = Sink::new(sender, Arc::new(Machine));
        let run = move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(Box::new(feed(options)).run(sink));
        };
        std::thread::Builder::new().name(thread.to_owned()).spawn(run).expect("a thread");
        Self { queue, task: None, facts: Vec::new() }
    }

    /// Waits until `done` is true of what was told.
    pub async fn until(&mut self, what: &str, done: impl Fn(&Self) -> bool) {
        while !done(self) {
            match tokio::time::timeout(GUARD, self.queue.recv()).await {
                Ok(Some(batch)) => self.facts.extend(batch.into_iter().map(|told| told.fact)),
                Ok(None) => panic!("the feed ended before {what}"),
                Err(elapsed) => panic!("no sign of {what} ({elapsed}); told: {:#?}", self.brief()),
            }
        }
    }

    /// Takes what was told already, without waiting.
    pub fn drain(&mut self) {
        while let Ok(batch) = self.queue.try_recv() {
            self.facts.extend(batch.into_iter().map(|told| told.fact));
        }
    }

    /// Ends the feed as the console does, and waits for it.
    pub async fn close(self) -> Vec<Fact> {
        let Self { queue, task, facts } = self;
        drop(queue);
        if let Some(task) = task {
            tokio::time::timeout(GUARD, task)
                .await
                .expect("the feed ends")
                .expect("without a panic");
        }
        facts
    }

    /// The entries told as new ones.
    pub fn entries(&self) -> Vec<Arc<StreamEntry>> {
        let told = self.facts.iter().filter_map(|fact| match fact {
            Fact::Entries(entries) => Some(entries.clone()),
            _ => None,
        });
        told.flatten().collect()
    }

    /// The entries told as older ones.
    pub fn older(&self) -> Vec<Arc<StreamEntry>> {
        let told = self.facts.iter().filter_map(|fact| match fact {
            Fact::Older(entries) => Some(entries.clone()),
            _ => None,
        });
        told.flatten().collect()
    }

    pub fn gaps(&self) -> Vec<Gap> {
        let told = self.facts.iter().filter_map(|fact| match fact {
            Fact::Gap(gap) => Some(gap.clone()),
            _ => None,
        });
        told.collect()
    }

    pub fn troubles(&self) -> Vec<Trouble> {
        let told = self.facts.iter().filter_map(|fact| match fact {
            Fact::Unreachable(trouble) => Some(trouble.clone()),
            _ => None,
        });
        told.collect()
    }

    pub fn left_at(&self) -> Option<StreamId> {
        self.facts.iter().find_map(|fact| match fact {
            Fact::LeftAt(id) => Some(*id),
            _ => None,
        })
    }

    pub fn count(&self, matching: impl Fn(&Fact) -> bool) -> usize {
        self.facts.iter().filter(|fact| matching(fact)).count()
    }

    pub fn is_listed(&self) -> bool {
        self.facts.contains(&Fact::RelistEnded)
    }

    pub fn is_alive(&self) -> bool {
        self.facts.contains(&Fact::Alive)
    }

    /// The facts by name and number, for the message of a failing test.
    fn brief(&self) -> Vec<String> {
        let name = |fact: &Fact| match fact {
            Fact::Entries(entries) => format!("{} entries", entries.len()),
            Fact::Older(entries) => format!("{} older", entries.len()),
            fact => format!("{fact:?}"),
        };
        self.facts.iter().map(name).collect()
    }
}

/// The subject of an event; the reason where there is none.
pub fn subject(entry: &StreamEntry) -> String {
    match &entry.content {
        Content::Event(event) => event.subject.to_string(),
        Content::Malformed(reason) => reason.to_string(),
    }
}

/// Adds one event per number, its subject the number.
pub async fn add(
    connection: &mut MultiplexedConnection,
    stream: &str,
    numbers: std::ops::Range<u64>,
) {
    let numbers: Vec<u64> = numbers.collect();
    for chunk in numbers.chunks(500) {
        let mut pipe = redis::pipe();
        for number in chunk {
            let json = format!(
                r#"{{"specversion":"1.0","id":"{number}","type":"client.provisioned","source":"//test","subject":"{number}","data":{{"n":{number}}}}}"#
            );
            pipe.cmd("XADD").arg(stream).arg("*").arg("event").arg(json).ignore();
        }
        pipe.query_async::<()>(connection).await.expect("events are added");
    }
}

/// Runs a command as it is written, split at spaces.
pub async fn run(connection: &mut MultiplexedConnection, command: &str) -> redis::Value {
    let mut words = command.split(' ');
    let mut line = redis::cmd(words.next().expect("a command"));
    words.for_each(|word| {
        line.arg(word);
    });
    line.query_async(connection).await.expect("the command works")
}

/// Whether every id is greater than the one before.
pub fn ascends(entries: &[Arc<StreamEntry>]) -> bool {
    entries.windows(2).all(|pair| pair[0].id < pair[1].id)
}

/// The numbers of events added by [`add`].
pub fn numbers(entries: &[Arc<StreamEntry>]) -> Vec<u64> {
    entries.iter().map(|entry| subject(entry).parse().expect("a number")).collect()
}
