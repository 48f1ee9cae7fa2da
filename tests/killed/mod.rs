//! Consoles that are killed at every point of an operation, and colleagues who go on with what they left, or take it back.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, reason = "this is test code")]
#![allow(clippy::indexing_slicing, reason = "a field that is not there is null")]

mod chain;
mod footprint;
mod stand;
mod thrice;
mod victim;

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use futures_util::{FutureExt as _, StreamExt as _, stream};
use pulse_console::config::{Environment, Paths, Sources, load};
use pulse_console::domain::operation::{Plan, Verb};
use pulse_console::live::Live;
use pulse_console::platform::{Control, Journal, Platform as _};
use pulse_console::runtime::WallClock;
use sqlx::{Connection as _, Row as _};

use crate::ground::Ground;
use crate::platform::{PlatformError, Role};
use chain::{Clean, Round};

/// What is done with what a dead console left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// A colleague goes on; then it is taken back, where it can, and who takes it back is killed too.
    GoesOn,
    /// A colleague takes it back, where it can be; where it can't, they go on.
    TakesBack,
}

/// One verb on real servers, and everything that its rounds need.
pub(crate) struct Killing<'a> {
    ground: &'a Ground,
    control: Arc<dyn Control>,
    journal: Arc<dyn Journal>,
    verb: Verb,
    /// Tenants, or places without one, in each of which one operation runs at a time.
    lanes: Mutex<Vec<String>>,
}

impl<'a> Killing<'a> {
    /// `verb` in so many lanes.
    pub(crate) async fn new(ground: &'a Ground, verb: Verb, lanes: usize) -> Self {
        let name = verb.word().replace('-', "");
        let names: Vec<String> = (1..=lanes).map(|lane| format!("{name}{lane:02}")).collect();
        let (control, journal) = doors(ground);
        let killing = Self { ground, control, journal, verb, lanes: Mutex::new(Vec::new()) };
        stream::iter(&names).for_each_concurrent(4, |lane| killing.settle(lane)).await;
        *killing.lanes.lock().unwrap_or_else(PoisonError::into_inner) = names;
        killing
    }

    /// Kills a console at every point; what went wrong.
    #[expect(clippy::disallowed_methods, reason = "a test says how long it took")]
    pub(crate) async fn everywhere(&self) -> Vec<String> {
        let began = Instant::now();
        let clean =
            match self.guarded("nobody is killed", async |lane| self.clean(lane).await).await {
                Ok(clean) => clean,
                Err(why) => return vec![why],
            };
        let thrice = async |lane: &str| self.thrice(lane, &clean).await;
        let thrice = self.guarded("everything is asked for thrice", thrice).await;
        let lanes = self.lanes.lock().unwrap_or_else(PoisonError::into_inner).len();
        let rounds = Self::rounds(&clean);
        let mut failed: Vec<String> = stream::iter(rounds.iter())
            .map(|(at, then)| self.round(&clean, *at, *then))
            .buffer_unordered(lanes)
            .filter_map(|round| async { round.err() })
            .collect()
            .await;
        failed.extend(thrice.err());
        println!(
            "{}: killed at each of {} points, and at {} of the way back; {} rounds, {} failed, {} s",
            self.verb,
            clean.points,
            clean.points_back.unwrap_or(0),
            rounds.len(),
            failed.len(),
            began.elapsed().as_secs()
        );
        failed
    }

    /// Every point with what follows; where nothing can be taken back any more, both ways are one.
    fn rounds(clean: &Clean) -> Vec<(usize, Then)> {
        let on = (1..=clean.points).map(|at| (at, Then::GoesOn));
        let back = (1..=clean.points).map(|at| (at, Then::TakesBack));
        let last = clean.last_return;
        on.filter(|(at, _)| last.is_none_or(|last| *at <= last)).chain(back).collect()
    }

    async fn round(&self, clean: &Clean, at: usize, then: Then) -> Result<(), String> {
        let what = format!("killed at point {at}, a colleague {then:?}");
        let doing = async |lane: &str| self.chain(Round { lane, at, then }, clean).await;
        self.guarded(&what, doing).await
    }

    /// Does `test` in a lane; one that failed leaves its lane in disorder, so nobody comes after it.
    async fn guarded<T>(&self, what: &str, test: impl AsyncFn(&str) -> T) -> Result<T, String> {
        let lanes = || self.lanes.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = lanes().pop();
        let Some(lane) = taken else {
            return Err(format!("{}, {what}: no lane is left", self.verb));
        };
        println!("{}, {what}, in {lane}", self.verb);
        let tested = AssertUnwindSafe(test(&lane)).catch_unwind().await;
        let tested = tested.map_err(|why| {
            let said = why.downcast_ref::<String>().cloned();
            let said = said.or_else(|| why.downcast_ref::<&str>().map(ToString::to_string));
            format!("{}, {what}, in {lane}: {}", self.verb, said.unwrap_or_default())
        })?;
        lanes().push(lane);
        Ok(tested)
    }
}

/// What a colleague of the consoles of `ground` works with.
fn doors(ground: &Ground) -> (Arc<dyn Control>, Arc<dyn Journal>) {
    let file = ground.config();
    let home = file.parent().expect("it lies in a folder").join("colleague");
    let sources = Sources {
        file: Some(file),
        env: Environment::default(),
        flags: Vec::new(),
        paths: Paths::below(&home),
    };
    let settings = load(&sources).expect("settings").settings;
    let live = Live::new(&settings, home.join("cursor.json"), Arc::new(WallClock));
    (live.control().expect("it is live"), live.journal().expect("it is live"))
}

/// The plan in a file.
fn read(file: &str) -> Plan {
    let text = std::fs::read_to_string(file).expect("the plan");
    let mut written: serde_json::Value = serde_json::from_str(&text).expect("a plan");
    serde_json::from_value(written["plan"].take()).expect("a plan")
}

/// Has the servers ask for passwords in a way that costs little: each look of each console is a login of its own.
async fn let_in_quickly(ground: &Ground) -> Result<(), PlatformError> {
    let postgres = &ground.world.postgres;
    let mut session = postgres.connection(Role::Super, "postgres").await?;
    let file: String = sqlx::query("SHOW hba_file").fetch_one(&mut session).await?.try_get(0)?;
    session.close().await?;
    let rule = format!("COPY (SELECT 'host all all 127.0.0.1/32 password') TO '{file}'");
    postgres.run("postgres", &[rule, "SELECT pg_reload_conf()".to_owned()]).await?;
    ground.bouncer.admin("SET auth_type = 'md5'").await
}

/// Kills consoles everywhere in these verbs, each in so many lanes.
pub(crate) async fn everywhere(ground: &Ground, verbs: &[(Verb, usize)]) {
    let_in_quickly(ground).await.expect("the servers take it");
    let each = verbs
        .iter()
        .map(async |(verb, lanes)| Killing::new(ground, *verb, *lanes).await.everywhere().await);
    let failed: Vec<String> = futures_util::future::join_all(each).await.concat();
    assert!(failed.is_empty(), "{} rounds failed:\n{}", failed.len(), failed.join("\n"));
}
