//! What the operator gives before anything is done: words by flags or at the terminal, and a second factor.

use std::io::{IsTerminal as _, Write as _};

use super::desk::Desk;
use crate::cli::CliError;
use crate::cli::args::ApplyArgs;
use crate::domain::Text;
use crate::domain::operation::{Asks, Plan};
use crate::operation::{ConfirmedPlan, Given, Way, hash};
use crate::platform::Clock as _;
use crate::runtime::WallClock;

impl Desk {
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
        ConfirmedPlan::new(plan.clone(), given.clone()).map_err(CliError::of)?;
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
            typed: Text::bounded(args.confirm.as_deref().unwrap_or_default(), 200),
            reason: reason.clone(),
            stepped_up: false,
            at: WallClock.now(),
        };
        if plan.asks == Asks::Yes && !args.yes && !agrees("Do it? [y/N] ")? {
            return Err(CliError("Nothing was done: say --yes to confirm the plan.".to_owned()));
        }
        if plan.asks >= Asks::Typed && at_terminal() {
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

    /// Asks once more for what `plan` asked, before an operation of it is gone on with in this `way`. Where nobody signs
    /// in, nobody can give it: then the cluster's own rights are the wall.
    pub(super) fn prove_again(&mut self, plan: &Plan, way: &Way) -> Result<(), CliError> {
        let asks = plan.asks >= Asks::StepUp && !matches!(way, Way::GiveUp(_));
        if !asks || self.visit.is_none() {
            return Ok(());
        }
        self.can_prove("")?;
        self.prove(plan)
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
        crate::cli::output::complain(&format!("Your second factor is asked, for: {}", plan.title));
        self.visit.as_mut().map_or(Ok(()), |visit| visit.prove(&hash(plan)))
    }
}

/// Whether somebody can be asked.
fn at_terminal() -> bool {
    std::io::stdin().is_terminal()
}

/// Whether the answer to `question` is yes; nobody can say so where there is no terminal.
pub(super) fn agrees(question: &str) -> Result<bool, CliError> {
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
