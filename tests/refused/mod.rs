//! Operations that come to nothing: what they must leave behind.

#![allow(
    unreachable_pub,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "this is test code"
)]

use pulse_console::domain::Span;
use pulse_console::domain::operation::Plan;
use pulse_console::operation::hash;
use serde_json::{Value, json};

use crate::controlled::Outcome;
use crate::ground::{Ground, Said, Worker};
use crate::platform::{Fault, PlatformError, User};

/// What is counted of a tenant's data.
const COUNTED: [&str; 5] =
    ["sale_order", "account_move", "res_users", "res_partner", "ir_module_module"];
/// What the server's own housekeeping may add to a database meanwhile.
const HOUSEKEEPING: i64 = 256 * 1024;
/// How often one goes on with what is slow.
const TRIES: usize = 20;

/// A tenant whose live data is to stay as it is.
pub struct Kept<'a> {
    ground: &'a Ground,
    pub tenant: &'static str,
    pub database: String,
    rows: [i64; 5],
    bytes: i64,
    oid: i64,
    worker: Worker,
}

impl<'a> Kept<'a> {
    /// Counts what is there; from now on somebody works in it.
    pub async fn of(ground: &'a Ground, tenant: &'static str) -> Result<Self, PlatformError> {
        let database = format!("{tenant}.planapulse.app");
        let worker = ground.works(&database);
        worker.until_it_works().await;
        let (rows, bytes, oid) = count(ground, &database).await?;
        Ok(Self { ground, tenant, database, rows, bytes, oid, worker })
    }

    /// It is the same database with the same rows, and people work in it.
    pub async fn untouched(&self) -> Outcome {
        let (rows, bytes, oid) = count(self.ground, &self.database).await?;
        assert_eq!((rows, oid), (self.rows, self.oid), "{}", self.database);
        let more = bytes.abs_diff(self.bytes).cast_signed();
        assert!(more <= HOUSEKEEPING, "{}: {} bytes, now {bytes}", self.database, self.bytes);
        self.worker.until_it_works().await;
        Ok(())
    }

    /// The same rows are there, in whatever database, and people work in it.
    pub async fn restored(&mut self) -> Outcome {
        let (rows, bytes, oid) = count(self.ground, &self.database).await?;
        assert_eq!(rows, self.rows, "{}", self.database);
        self.worker.until_it_works().await;
        (self.bytes, self.oid) = (bytes, oid);
        Ok(())
    }

    /// Nobody who worked in it saw an error.
    pub fn end(self) {
        let (rounds, errors, longest) = self.worker.end();
        assert!(errors.is_empty(), "{}: {errors:?}", self.tenant);
        println!("{}: {rounds} rounds, longest pause {longest} ms", self.tenant);
    }
}

async fn count(ground: &Ground, database: &str) -> Result<([i64; 5], i64, i64), PlatformError> {
    let world = &ground.world;
    let mut rows = [0; 5];
    for (count, table) in rows.iter_mut().zip(COUNTED) {
        *count = world.rows(database, table).await?;
    }
    let bytes = world.ask(database, "SELECT pg_database_size(current_database())").await?;
    let own = "SELECT oid::int8 FROM pg_database WHERE datname = current_database()";
    Ok((rows, bytes, world.ask(database, own).await?))
}

/// The plan is refused, and says this.
pub async fn refused(ground: &Ground, words: &[&str], says: &str) {
    let mut all = vec!["plan"];
    all.extend(words);
    let said = ground.console_of(User::Senior, &all).await;
    assert_eq!(said.code, Some(1), "{words:?}: {}\n{}", said.out, said.err);
    let mut bad = said.out.lines().filter(|line| line.trim_start().starts_with("NO"));
    assert!(bad.any(|line| line.contains(says)), "{words:?}: {says}: {}", said.out);
}

/// The operation has stopped and says why, what is next, and that it may be gone on with or taken back.
pub async fn stopped(ground: &Ground, id: &str, said: &Said, says: &str) {
    assert_eq!(said.code, Some(1), "{id}: {}\n{}", said.out, said.err);
    assert!(said.out.contains("Stopped at step"), "{id}: {}\n{}", said.out, said.err);
    assert!(said.out.contains(says), "{id}: {says}: {}", said.out);
    assert!(said.out.contains(&format!("pulse-console ops resume {id}")), "{}", said.out);
    let shown = ground.console(&["ops", "show", id, "--json"]).await;
    let shown: Value = serde_json::from_str(&shown.out).expect("an operation");
    let why = shown.pointer("/standing/phase/stopped/why").and_then(Value::as_str);
    assert!(why.is_some_and(|why| why.contains(says)), "{id}: {:#}", shown["standing"]);
}

/// Goes on with the operation, as often as that is slow, until it is done.
pub async fn resumed(ground: &Ground, id: &str) {
    let mut last = String::new();
    for _ in 0..TRIES {
        let said = ground.console(&["ops", "resume", id]).await;
        if said.code == Some(0) {
            return;
        }
        last = format!("{}\n{}", said.out, said.err);
        assert!(last.contains("did not come to an end within"), "{id}: {last}");
    }
    panic!("{id}: {last}");
}

/// Takes the operation back. Its way back is as hurried as its way there, and gone on with in the same way.
pub async fn undone(ground: &Ground, id: &str) {
    let said = ground.undo(id, "it was wrong").await;
    if said.code != Some(0) {
        let all = format!("{}\n{}", said.out, said.err);
        assert!(all.contains("did not come to an end within"), "{id}: {all}");
        resumed(ground, id).await;
    }
}

/// The same plan, in which steps whose names hold `part` may take so many seconds only.
pub fn hurried(file: &str, part: &str, seconds: u64) {
    let text = std::fs::read_to_string(file).expect("the plan");
    let written: Value = serde_json::from_str(&text).expect("a plan");
    let mut plan: Plan = serde_json::from_value(written["plan"].clone()).expect("a plan");
    let mut steps = plan.steps.iter_mut().filter(|step| step.name.as_str().contains(part));
    let first = steps.next().expect("there is such a step");
    first.limit = Span::from_secs(seconds);
    let written = json!({ "hash": hash(&plan), "plan": plan });
    std::fs::write(file, written.to_string()).expect("room for a plan");
}

/// What is to go wrong in one step.
pub struct Wrong {
    pub fault: Fault,
    /// What the journal says of it.
    pub says: &'static str,
    /// How long the step may take, where it would wait for long.
    pub limit: Option<u64>,
}

/// Everything that can go wrong with a run and its Job.
pub const RUNS: [Wrong; 4] = [
    Wrong { fault: Fault::JobFails, says: "made to fail half-way", limit: None },
    Wrong { fault: Fault::NoSpace, says: "No space left on device", limit: None },
    Wrong { fault: Fault::NeverReady, says: "Unready resources: database", limit: Some(6) },
    Wrong { fault: Fault::QuotaExceeded, says: "Job is waiting for a pod", limit: Some(6) },
];

/// Runs a plan of `words` while `wrong` holds for what is called `TENANT-PART-ID`, until it has stopped.
pub async fn hindered(
    ground: &Ground,
    words: &[&str],
    (called, step): (&str, &str),
    wrong: &Wrong,
) -> String {
    let (file, id) = ground.plan(words).await;
    if let Some(seconds) = wrong.limit {
        hurried(&file, step, seconds);
    }
    let name = called.replace("{id}", &id);
    ground.world.controllers().set_fault(&name, Some(wrong.fault));
    let said = ground.apply(&file).await;
    stopped(ground, &id, &said, wrong.says).await;
    id
}

/// What was wrong with the operation is right again; it is gone on with until it is done.
pub async fn mended(ground: &Ground, called: &str, id: &str) {
    ground.world.controllers().set_fault(&called.replace("{id}", id), None);
    resumed(ground, id).await;
}
