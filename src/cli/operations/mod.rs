//! Operations without a screen: plan, apply, and what is there.
//!
//! The same plans, journal and executor as on the screen. Exit codes: 0 done; 1 not done, stopped, or refused by how the
//! world is; 2 asked wrongly.

mod file;
mod page;

use std::io::{IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Runtime;

use super::args::{ApplyArgs, Args, Command, OpsCommand, PlanArgs};
use super::session::{Visit, ended};
use super::{CliError, output, start};
use crate::config::{Environment, Loaded, Paths, RoleWithout};
use crate::domain::operation::{Asks, Operation, Phase, Plan};
use crate::domain::{Role, Text};
use crate::live::Live;
use crate::operation::kinds::{Inputs, Request};
use crate::operation::{ConfirmedPlan, Executor, Given, Halt, Pace, Progress, Tell, Way, export};
use crate::platform::{Clock as _, Control, Journal, Platform};
use crate::runtime::{WallClock, machine};

/// Exit code when the operation was not done.
const NOT_DONE: u8 = 1;

pub(super) fn run(args: &Args) -> Result<u8, CliError> {
    let desk = Desk::open(args)?;
    let reason = Text::bounded(args.glass.reason.as_deref().unwrap_or_default(), 500);
    let result = match &args.command {
        Some(Command::Plan(plan)) => desk.plan(plan, &reason),
        Some(Command::Apply(apply)) => desk.apply(apply, &reason),
        Some(Command::Ops(OpsCommand::List { json })) => desk.list(*json),
        Some(Command::Ops(OpsCommand::Show { id, json })) => desk.show(id, *json),
        Some(Command::Ops(OpsCommand::Resume { id })) => desk.resume(id, &Way::GoOn),
        Some(Command::Ops(OpsCommand::Undo { id })) => desk.resume(id, &Way::TurnBack(reason)),
        Some(Command::Ops(OpsCommand::GiveUp { id })) => desk.resume(id, &Way::GiveUp(reason)),
        _ => Ok(super::WRONG),
    };
    desk.close();
    result
}

/// Everything that these commands work with.
struct Desk {
    loaded: Loaded,
    paths: Paths,
    runtime: Runtime,
    visit: Option<Visit>,
    control: Arc<dyn Control>,
    journal: Arc<dyn Journal>,
    by: Text,
    role: Role,
    console: Text,
}

impl Desk {
    fn open(args: &Args) -> Result<Self, CliError> {
        let (mut loaded, paths) = start::settings(&args.settings)?;
        // The session is the one that was kept.
        loaded.settings.identity.keyring.value = true;
        let settings = &loaded.settings;
        let live = Live::new(settings, paths.cursors().join("unused.json"), Arc::new(WallClock));
        let visit = match live.identity() {
            Some(identity) => Some(Visit::of(identity, settings, Arc::new(WallClock))?),
            None => None,
        };
        let opener = machine::opener(&Environment::of_process(), None);
        let (by, role) = match visit.as_ref().map(Visit::presence) {
            Some(presence) => {
                let person = presence.staff().map(|staff| staff.person.user.clone());
                (person.unwrap_or_default(), presence.role())
            }
            None => (Text::clean(&opener.name()), role(settings.identity.role_without.value)),
        };
        let console = format!("{} ({}, process {})", by, opener.host, std::process::id());
        let runtime = tokio::runtime::Builder::new_multi_thread();
        let runtime = { runtime }.worker_threads(1).enable_all().build().map_err(CliError::of)?;
        let guard = runtime.enter();
        let none = || CliError("This platform can't be changed from here.".to_owned());
        let (control, journal) =
            (live.control().ok_or_else(none)?, live.journal().ok_or_else(none)?);
        drop(guard);
        let console = Text::bounded(&console, 200);
        Ok(Self { loaded, paths, runtime, visit, control, journal, by, role, console })
    }

    fn close(self) {
        self.runtime.shutdown_timeout(std::time::Duration::from_millis(200));
        if let Some(visit) = self.visit {
            visit.end();
        }
    }

    fn plan(&self, args: &PlanArgs, reason: &Text) -> Result<u8, CliError> {
        let (shape, manifests) = start::plans(&self.loaded.settings, &self.paths)?;
        let mut inputs = Inputs::new();
        for field in crate::operation::kinds::fields(args.verb) {
            inputs.insert(field.name.to_owned(), Text::clean(field.default));
        }
        for (name, value) in args.inputs.given() {
            inputs.insert(name.to_owned(), Text::bounded(value, 1024));
        }
        if let Some(tenant) = &args.tenant {
            inputs.insert("tenant".to_owned(), Text::bounded(tenant, 64));
        }
        if !reason.is_empty() {
            inputs.insert("reason".to_owned(), reason.clone());
        }
        let request =
            Request { verb: args.verb, id: id(), by: self.by.clone(), at: WallClock.now(), inputs };
        let planning = crate::operation::plan(&*self.control, &request, &shape, &manifests);
        let plan = self.runtime.block_on(planning).map_err(CliError::of)?;
        if let Some(out) = &args.out {
            file::write(out, &plan)?;
        }
        if args.json {
            output::say(&file::written(&plan)?);
        } else {
            output::say(&page::plan(&plan));
        }
        Ok(if plan.refusals().next().is_some() { NOT_DONE } else { 0 })
    }

    fn apply(&self, args: &ApplyArgs, reason: &Text) -> Result<u8, CliError> {
        self.may_change()?;
        let plan = file::read(&args.file)?;
        output::complain(&page::plan(&plan));
        let given = self.given(&plan, args, reason)?;
        let confirmed = ConfirmedPlan::new(plan, given).map_err(CliError::of)?;
        let id = confirmed.plan().id.clone();
        let executor = self.executor();
        self.work(&id, async move { executor.run(confirmed, &told()).await })
    }

    /// What the operator gives: by flags, or at the terminal.
    fn given(&self, plan: &Plan, args: &ApplyArgs, reason: &Text) -> Result<Given, CliError> {
        if plan.asks >= Asks::StepUp {
            return Err(CliError(
                "This plan asks for your second factor: make it and confirm it on the screen of the console."
                    .to_owned(),
            ));
        }
        let mut given = Given {
            by: self.by.clone(),
            role: self.role,
            typed: Text::bounded(args.confirm.as_deref().unwrap_or_default(), 200),
            reason: reason.clone(),
            stepped_up: false,
            at: WallClock.now(),
        };
        let at_terminal = std::io::stdin().is_terminal();
        if plan.asks == Asks::Yes && !args.yes {
            let answer = if at_terminal { ask("Do it? [y/N] ")? } else { Text::default() };
            if answer != "y" && answer != "yes" {
                return Err(CliError(
                    "Nothing was done: say --yes to confirm the plan.".to_owned(),
                ));
            }
        }
        if plan.asks == Asks::Typed && at_terminal {
            if given.typed.is_empty() {
                given.typed = ask(&format!("Type {} to go on: ", plan.word))?;
            }
            if given.reason.is_empty() {
                given.reason = ask("Why: ")?;
            }
        }
        given.at = WallClock.now();
        Ok(given)
    }

    fn list(&self, json: bool) -> Result<u8, CliError> {
        let mut all = self.runtime.block_on(self.journal.list()).map_err(CliError::of)?;
        all.sort_by_key(|operation| std::cmp::Reverse(operation.standing.confirmed));
        for operation in &all {
            let line = if json { page::json(operation)? } else { page::line(operation) };
            output::say(&line);
        }
        if all.is_empty() && !json {
            output::say("There are no operations.");
        }
        Ok(0)
    }

    fn show(&self, id: &str, json: bool) -> Result<u8, CliError> {
        let id = Text::bounded(id, 64);
        let read = self.runtime.block_on(self.journal.read(&id)).map_err(CliError::of)?;
        output::say(&if json { page::json(&read.operation)? } else { export(&read.operation) });
        Ok(0)
    }

    fn resume(&self, id: &str, way: &Way) -> Result<u8, CliError> {
        self.may_change()?;
        if self.role < Role::Operator {
            return Err(CliError(format!("Your role is {}; this needs operator.", self.role)));
        }
        let id = Text::bounded(id, 64);
        let read = self.runtime.block_on(self.journal.read(&id)).map_err(CliError::of)?;
        let needed = read.operation.plan.role;
        if self.role < needed {
            return Err(CliError(format!("Your role is {}; this needs {needed}.", self.role)));
        }
        let (executor, way) = (self.executor(), way.clone());
        let of = id.clone();
        self.work(&id, async move { executor.resume(&of, &way, &told()).await })
    }

    fn may_change(&self) -> Result<(), CliError> {
        if !self.loaded.settings.read_only.value {
            return Ok(());
        }
        Err(CliError("This console is read-only: it changes nothing.".to_owned()))
    }

    fn executor(&self) -> Executor {
        Executor {
            control: Arc::clone(&self.control),
            journal: Arc::clone(&self.journal),
            clock: Arc::new(WallClock),
            console: self.console.clone(),
            by: self.by.clone(),
            pace: Pace::default(),
        }
    }

    /// Works until the operation is over, a person must decide, or the command is ended.
    fn work(
        &self,
        id: &Text,
        work: impl Future<Output = Result<Operation, Halt>> + Send + 'static,
    ) -> Result<u8, CliError> {
        let worked = self.runtime.block_on(async {
            tokio::select! {
                worked = work => Some(worked),
                () = ended() => None,
            }
        });
        let goes_on = format!("Go on with: pulse-console ops resume {id}");
        match worked {
            None => {
                output::complain(&format!("Left where it stands. {goes_on}"));
                Ok(NOT_DONE)
            }
            Some(Err(halt @ Halt::Moved { .. })) => Err(CliError::of(halt)),
            Some(Err(halt)) => Err(CliError(format!("{halt} {goes_on}"))),
            Some(Ok(operation)) => {
                output::say(&page::end(&operation));
                let done = matches!(operation.standing.phase, Phase::Done | Phase::Undone);
                Ok(if done { 0 } else { NOT_DONE })
            }
        }
    }
}

const fn role(without: RoleWithout) -> Role {
    match without {
        RoleWithout::Viewer => Role::Viewer,
        RoleWithout::Operator => Role::Operator,
        RoleWithout::Senior => Role::Senior,
    }
}

/// The id of a new operation.
fn id() -> Text {
    let letters: String = std::iter::repeat_with(fastrand::alphanumeric).take(8).collect();
    Text::clean(&letters.to_lowercase())
}

/// Prints how far the work is, each thing once.
fn told() -> Tell {
    let last = Mutex::new(Text::default());
    Arc::new(move |progress: Progress| {
        let words = Text::clean(&format!("  {}. {}", progress.step + 1, progress.words));
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        if *last != words {
            output::complain(words.as_str());
            *last = words;
        }
    })
}

/// Asks at the terminal.
fn ask(question: &str) -> Result<Text, CliError> {
    let mut out = std::io::stderr().lock();
    let _ = out.write_all(question.as_bytes()).and_then(|()| out.flush());
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(CliError::of)?;
    Ok(Text::bounded(line.trim(), 500))
}
