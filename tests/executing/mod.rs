//! What programs of tests that execute operations have in common: the console's own executor on the real servers, with
//! somebody before its doors.

use std::path::Path;
use std::sync::Arc;

use pulse_console::config::{Environment, Paths, Settings, Sources, load};
use pulse_console::domain::operation::{Operation, Plan};
use pulse_console::domain::{Role, Text, Timestamp};
use pulse_console::live::Live;
use pulse_console::operation::{ConfirmedPlan, Executor, Given, Pace, Tell, Way};
use pulse_console::platform::{Clock, Intercepted, Interceptor, Platform as _};

/// What such a program works with.
pub(crate) struct Ground {
    pub(crate) settings: Settings,
    pub(crate) live: Live,
    pub(crate) clock: Arc<dyn Clock>,
}

impl Ground {
    /// What the file `config` says; what is kept lies in the folder `name` beside it.
    pub(crate) fn new(config: &Path, name: &str, clock: Arc<dyn Clock>) -> Self {
        let home = config.parent().expect("it lies in a folder").join(name);
        let sources = Sources {
            file: Some(config.to_owned()),
            env: Environment::default(),
            flags: Vec::new(),
            paths: Paths::below(&home),
        };
        let settings = load(&sources).expect("settings").settings;
        let live = Live::new(&settings, home.join("cursor.json"), Arc::clone(&clock));
        Self { settings, live, clock }
    }

    /// An executor of this `pace`, of a console that `name` names.
    pub(crate) fn executor(
        &self,
        name: &str,
        interceptor: &Arc<impl Interceptor + 'static>,
        pace: Pace,
    ) -> Executor {
        let control = self.live.control().expect("it is live");
        let journal = self.live.journal().expect("it is live");
        let before = || Arc::clone(interceptor) as Arc<dyn Interceptor>;
        Executor {
            control: Arc::new(Intercepted { door: control, interceptor: before() }),
            journal: Arc::new(Intercepted { door: journal, interceptor: before() }),
            clock: Arc::clone(&self.clock),
            console: Text::clean(&format!("{name} {}", std::process::id())),
            by: Text::from("maria"),
            pace,
        }
    }
}

/// Does what is asked for: `run PLAN`, `resume ID` or `undo ID`. A plan is confirmed at `at`.
pub(crate) async fn work(
    executor: &Executor,
    verb: &str,
    what: &str,
    at: Timestamp,
    tell: &Tell,
) -> Result<Operation, String> {
    let worked = match verb {
        "run" => executor.run(confirmed(what, at)?, tell).await,
        "resume" => executor.resume(&Text::from(what), &Way::GoOn, tell).await,
        _ => executor.resume(&Text::from(what), &Way::TurnBack("a test".into()), tell).await,
    };
    worked.map_err(|halt| halt.to_string())
}

/// The plan in `file`, confirmed by somebody who may do everything.
fn confirmed(file: &str, at: Timestamp) -> Result<ConfirmedPlan, String> {
    let text = std::fs::read_to_string(file).expect("a plan");
    let mut written: serde_json::Value = serde_json::from_str(&text).expect("a plan");
    let plan: Plan = serde_json::from_value(written["plan"].take()).expect("a plan");
    let given = Given {
        by: Text::from("maria"),
        role: Role::Senior,
        typed: plan.word.clone(),
        reason: Text::from("a test"),
        stepped_up: true,
        at,
    };
    ConfirmedPlan::new(plan, given).map_err(|why| why.to_string())
}
