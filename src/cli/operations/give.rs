//! What the operator gives before anything is done: words by flags or at the terminal, and a second factor.

use std::io::{IsTerminal as _, Write as _};

use super::headless::Headless;
use super::page;
use crate::cli::args::ApplyArgs;
use crate::cli::{CliError, output};
use crate::domain::Text;
use crate::domain::operation::{Asks, Operation, Plan};
use crate::operation::{ConfirmedPlan, Demand, Given, Unconfirmed, Way, hash};
use crate::platform::Clock as _;
use crate::runtime::WallClock;

impl Headless {
    /// Has `plan` confirmed, by flags or at the terminal. A second factor comes last, for it is used up.
    pub(super) fn confirm(
        &mut self,
        plan: Plan,
        args: &ApplyArgs,
        reason: &Text,
    ) -> Result<ConfirmedPlan, CliError> {
        let factor = plan.asks >= Asks::StepUp;
        if factor {
            self.can_prove("It was made where somebody signs in: apply it with that profile.")?;
        }
        let mut given = self.given(&plan, args, reason)?;
        given.stepped_up = true;
        let tried = ConfirmedPlan::new(plan.clone(), given.clone());
        tried.map_err(|why| unconfirmed(why, &plan))?;
        given.stepped_up = factor;
        if factor {
            self.prove(&plan)?;
            given.at = WallClock.now();
        }
        ConfirmedPlan::new(plan, given).map_err(CliError::of)
    }

    fn given(&self, plan: &Plan, args: &ApplyArgs, reason: &Text) -> Result<Given, CliError> {
        let mut given = Given {
            by: self.by.clone(),
            role: self.role,
            typed: Text::default(),
            reason: reason.clone(),
            stepped_up: false,
            at: WallClock.now(),
        };
        if plan.asks == Asks::Yes && !args.yes && !agrees("Do it? [y/N] ")? {
            return Err(CliError("Nothing was done: say --yes to confirm the plan.".to_owned()));
        }
        if plan.asks >= Asks::Typed {
            given.typed = typed(plan, args.confirm.as_deref())?;
            if given.reason.is_empty() && at_terminal() {
                given.reason = ask("Why: ")?;
            }
        }
        given.at = WallClock.now();
        Ok(given)
    }

    /// Has everything given that is wanted before `operation` is dealt with in this `way`, as on the screen; `word` is what
    /// was given by a flag. A second factor comes last, for it is used up. Where nobody signs in, nobody can give one: then
    /// the cluster's own rights are the wall.
    pub(super) fn give_again(
        &mut self,
        operation: &Operation,
        way: &Way,
        word: Option<&str>,
    ) -> Result<(), CliError> {
        let plan = &operation.plan;
        let demand = Demand::of(way, operation, &self.by, self.visit.is_some());
        if demand.factor {
            self.can_prove("")?;
        }
        // Whoever gives a word unasked means that, and nothing else.
        if demand.word || word.is_some() {
            output::complain(&page::before(operation, way));
            if typed(plan, word)? != plan.word {
                return Err(unconfirmed(Unconfirmed::Word(plan.word.clone()), plan));
            }
        }
        if demand.factor { self.prove(plan) } else { Ok(()) }
    }

    /// Whether a second factor can be given here; `otherwise` is what to do where nobody signs in.
    fn can_prove(&self, otherwise: &str) -> Result<(), CliError> {
        if self.visit.is_none() {
            let profile = &self.loaded.settings.profile.value;
            return Err(CliError(format!(
                "This plan asks for your second factor, and nobody can give one here: the profile {profile} names no \
                 provider (identity.issuer). {otherwise}"
            )));
        }
        if at_terminal() {
            return Ok(());
        }
        Err(CliError(
            "This plan asks for your second factor, and there is no terminal to ask for it at: run this at one, or do \
             it on the screen of the console."
                .to_owned(),
        ))
    }

    fn prove(&mut self, plan: &Plan) -> Result<(), CliError> {
        output::complain(&format!("Your second factor is asked, for: {}", plan.title));
        self.visit.as_mut().map_or(Ok(()), |visit| visit.prove(&hash(plan)))
    }
}

/// Whether somebody can be asked.
fn at_terminal() -> bool {
    std::io::stdin().is_terminal()
}

/// The word for `plan`: as it was given, else as it is typed at the terminal.
fn typed(plan: &Plan, given: Option<&str>) -> Result<Text, CliError> {
    let given = Text::bounded(given.unwrap_or_default(), 500);
    if given.is_empty() && at_terminal() {
        return ask(&format!("Type {} to go on: ", plan.word));
    }
    Ok(given)
}

/// Why nothing is done about `plan`. For a word that lacks or is wrong, it names what would be hit.
fn unconfirmed(why: Unconfirmed, plan: &Plan) -> CliError {
    match why {
        Unconfirmed::Word(_) => CliError(format!(
            "Nothing was done. This is about: {}. {why} The word is typed at a terminal, or given with --confirm.",
            plan.title.as_str().trim_end_matches('.')
        )),
        why => CliError::of(why),
    }
}

/// Whether the answer to `question` is yes; nobody can say so where there is no terminal.
fn agrees(question: &str) -> Result<bool, CliError> {
    let answer = if at_terminal() { ask(question)? } else { Text::default() };
    Ok(matches!(answer.as_str(), "y" | "yes"))
}

/// Asks at the terminal.
fn ask(question: &str) -> Result<Text, CliError> {
    let mut out = std::io::stderr().lock();
    let _ = out.write_all(question.as_bytes()).and_then(|()| out.flush());
    let mut line = String::new();
    std::io::stdin().read_line(&mut line).map_err(CliError::of)?;
    Ok(Text::bounded(line.trim(), 500))
}
