//! Operations without a screen: plan, apply, and what is there.
//!
//! The same plans, journal and executor as on the screen. Exit codes: 0 done; 1 not done, stopped, or refused by how the
//! world is; 2 asked wrongly.

mod file;
mod give;
mod headless;
mod ledger;
mod page;

use self::headless::{Headless, told};
use super::args::{ApplyArgs, Args, Command, OneArgs, OpsCommand, PlanArgs};
use super::{CliError, output, start};
use crate::domain::operation::{Operation, Phase};
use crate::domain::{Role, Text};
use crate::operation::Way;
use crate::operation::kinds::{Inputs, Request};
use crate::platform::Clock as _;
use crate::runtime::WallClock;
use crate::runtime::mirror::Mirror;
use crate::runtime::operator::random_id;

/// Exit code when the operation was not done.
const NOT_DONE: u8 = 1;

pub(super) fn run(args: &Args) -> Result<u8, CliError> {
    let reason = Text::bounded(args.glass.reason.as_deref().unwrap_or_default().trim(), 500);
    let (loaded, paths) = start::settings(&args.settings)?;
    if let Some(Command::Ops(command)) = &args.command {
        unreasoned(command, &reason)?;
        // Nobody needs to sign in for what is in their own files.
        let mirror = Mirror::of(&paths.mirrors(), &loaded.settings.profile.value);
        if let Some(shown) = offline(command, &mirror) {
            return shown.map(|()| 0);
        }
    }
    let mut headless = Headless::open(loaded, paths).map_err(|error| match &args.command {
        Some(Command::Ops(OpsCommand::List(_) | OpsCommand::Show { .. })) => {
            CliError(format!("{error} What this machine saw last is shown with --offline."))
        }
        _ => error,
    })?;
    let result = match &args.command {
        Some(Command::Plan(plan)) => headless.plan(plan, &reason),
        Some(Command::Apply(apply)) => headless.apply(apply, &reason),
        Some(Command::Ops(command)) => headless.ops(command, reason),
        _ => Ok(super::WRONG),
    };
    headless.close();
    result
}

/// Refuses what changes the end of an operation without saying why.
fn unreasoned(command: &OpsCommand, reason: &Text) -> Result<(), CliError> {
    let name = match command {
        OpsCommand::Undo(_) => "undo",
        OpsCommand::GiveUp(_) => "give-up",
        _ => return Ok(()),
    };
    if !reason.is_empty() {
        return Ok(());
    }
    Err(CliError(format!(
        "ops {name} needs --reason: say why, in a few words. It is kept with the operation."
    )))
}

/// Shows what this machine saw last, where that is wanted.
fn offline(command: &OpsCommand, mirror: &Mirror) -> Option<Result<(), CliError>> {
    match command {
        OpsCommand::List(args) if args.offline => Some(ledger::list_mirrored(mirror, None, args)),
        OpsCommand::Show { id, json, offline: true } => {
            Some(ledger::show_mirrored(mirror, None, &Text::bounded(id, 64), *json))
        }
        _ => None,
    }
}

impl Headless {
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
        let (id, by, at) = (random_id(), self.by.clone(), WallClock.now());
        let request = Request { verb: args.verb, id, by, at, inputs };
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

    fn apply(&mut self, args: &ApplyArgs, reason: &Text) -> Result<u8, CliError> {
        self.may_change(Role::Viewer)?;
        let plan = file::read(&args.file)?;
        output::complain(&page::plan(&plan));
        let confirmed = self.confirm(plan, args, reason)?;
        let id = confirmed.plan().id.clone();
        let executor = self.executor();
        self.work(&id, async move { executor.run(confirmed, &told()).await })
    }

    fn ops(&mut self, command: &OpsCommand, reason: Text) -> Result<u8, CliError> {
        match command {
            OpsCommand::List(args) => self.list(args),
            OpsCommand::Show { id, json, .. } => self.show(id, *json),
            OpsCommand::Resume(one) => self.go_on(one, Way::GoOn),
            OpsCommand::Undo(one) => self.go_on(one, Way::TurnBack(reason)),
            OpsCommand::GiveUp(one) => self.go_on(one, Way::GiveUp(reason)),
            OpsCommand::Approve(one) => self.go_on(one, Way::Approve),
            OpsCommand::Tidy => self.tidy(),
        }
    }

    /// Does with an operation that is there what `way` says, once everything is given for it.
    fn go_on(&mut self, one: &OneArgs, way: Way) -> Result<u8, CliError> {
        self.may_change(Role::Operator)?;
        let operation = self.read(&Text::bounded(&one.id, 64))?;
        self.may_change(operation.plan.role)?;
        if way == Way::Approve {
            self.may_approve(&operation)?;
        }
        self.give_again(&operation, &way, one.confirm.as_deref())?;
        let (executor, id) = (self.executor(), operation.plan.id.clone());
        let of = id.clone();
        self.work(&id, async move { executor.resume(&of, &way, &told()).await })
    }

    /// Refuses whoever is no second person for `operation`.
    fn may_approve(&self, operation: &Operation) -> Result<(), CliError> {
        if self.visit.is_none() {
            return Err(CliError(
                "Nobody signs in to this profile, so nobody can be told from who confirmed it: set identity.issuer."
                    .to_owned(),
            ));
        }
        if operation.standing.phase == Phase::Waiting && operation.standing.by == self.by {
            return Err(CliError(
                "Nobody approves of what they confirmed themselves: a second person must."
                    .to_owned(),
            ));
        }
        Ok(())
    }
}
