//! Operations: what is asked for, the plan that is shown and confirmed, and the page of what goes on.
//!
//! A row and a verb give a form, a form gives an order to plan, and a plan that is confirmed gives an order to run. Nothing
//! here changes anything: a [`ConfirmedPlan`] is what leaves the app, and only the runtime's executor takes one.

mod aim;
mod beside;
mod confirm;
mod desk;
mod form;
mod menu;
mod pages;
mod question;
mod run;
mod run_lines;
mod suggest;
mod typed;
mod watch;

pub(super) use beside::pods_of;
pub use confirm::PlanPage;
pub use desk::{Desk, Here};
pub use form::{Form, FormField};
pub use menu::{Menu, MenuItem};
pub use pages::form_lines;
pub(super) use pages::{foot, lines};
pub use question::{Asking, Question};
pub use run::RunPage;
pub use typed::Typed;

use serde::{Deserialize, Serialize};

use super::action::{Operate, PlanAction, SignInAction};
use super::notices::Level;
use super::overlay::{Leave, Overlay};
use super::{App, Effect};
use crate::domain::operation::{Phase, Plan, Verb};
use crate::domain::{Text, Trouble};
use crate::operation::kinds::Inputs;
use crate::operation::{ConfirmedPlan, Way};

/// What is to be done about operations outside the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OperateOrder {
    /// Make a plan.
    Plan(Box<Wanted>),
    /// Run one.
    Run(Box<ConfirmedPlan>),
    /// Do something with an operation that is there.
    Resume {
        /// Its id.
        id: Text,
        /// What.
        way: Way,
        /// Who wants it.
        by: Text,
    },
    /// Write an operation to a file.
    Export(Box<crate::domain::Operation>),
}

/// The plan that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its number: an answer to an earlier question is for nobody.
    pub number: u64,
    /// What is to be done.
    pub verb: Verb,
    /// What is given.
    pub inputs: Inputs,
    /// Who asks.
    pub by: Text,
    /// Whether they can give a second factor.
    pub can_step_up: bool,
}

/// What came of an order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum OperateEvent {
    /// The plan of this number was made, or why there is none.
    Planned(u64, Result<Box<Plan>, Trouble>),
    /// How far an operation is that this console works on.
    Progress {
        /// The operation.
        operation: Text,
        /// The number of its step.
        step: usize,
        /// What is seen, or waited for.
        words: Text,
    },
    /// This console does not go on with it, and why.
    Halted {
        /// The operation.
        operation: Text,
        /// A sentence.
        why: Text,
    },
    /// This console is through with it, and how it stands.
    Ended {
        /// The operation.
        operation: Text,
        /// How it stands.
        phase: Phase,
    },
}

impl App {
    /// What this console can do, and what it does.
    #[must_use]
    pub const fn desk(&self) -> &Desk {
        &self.desk
    }

    /// Says whether the world lets itself be changed from here, and who is at the console where nobody signs in.
    pub fn equip(&mut self, able: bool, opener: Text) {
        (self.desk.able, self.desk.opener) = (able, opener);
    }

    /// Who does what is done here.
    #[must_use]
    pub fn operator(&self) -> Text {
        let staff = self.presence.staff();
        staff.map_or_else(|| self.desk.opener.clone(), |staff| staff.person.user.clone())
    }

    pub(super) fn operate(&mut self, action: Operate) -> Vec<Effect> {
        match action {
            Operate::Menu => self.open_menu(),
            Operate::Take => return self.take_chosen(),
            Operate::CloseMenu => self.overlay = None,
            Operate::Begin(verb) => {
                let aim = self.take_aim();
                return self.begin_operation(verb, &aim);
            }
            Operate::Form(action) => return self.form_action(action),
            Operate::Plan(action) => return self.answer_question(action),
            Operate::Run(action) => {
                if matches!(self.overlay, Some(Overlay::Menu(_))) {
                    self.overlay = None;
                }
                return self.run_action(action);
            }
        }
        Vec::new()
    }

    /// Takes in what came of an order.
    pub(super) fn operated(&mut self, event: OperateEvent) {
        match event {
            OperateEvent::Planned(number, planned) => self.planned(number, planned),
            OperateEvent::Progress { operation, step, words } => {
                if let Some(here) = self.desk.here.get_mut(&operation) {
                    (here.step, here.words) = (step, words);
                }
            }
            OperateEvent::Halted { operation, why } => {
                let here = self.desk.here.remove(&operation);
                if let Some(Overlay::Run(page)) = &mut self.overlay
                    && page.id == operation
                {
                    page.halted = Some(why.clone());
                }
                let title = here.map_or(operation, |here| here.title);
                self.say_of_platform(Level::Error, &format!("{title}: {why}"));
            }
            OperateEvent::Ended { operation, phase } => self.ended(operation, &phase),
        }
    }

    fn ended(&mut self, operation: Text, phase: &Phase) {
        let here = self.desk.here.remove(&operation);
        let title = here.map_or(operation, |here| here.title);
        match phase {
            Phase::Done => self.say_of_platform(Level::Info, &format!("{title}: done.")),
            Phase::Undone => self.say_of_platform(Level::Info, &format!("{title}: taken back.")),
            Phase::GivenUp { .. } => {
                self.say_of_platform(Level::Warning, &format!("{title}: left as it is."));
            }
            Phase::Stopped { why } => {
                self.say_of_platform(Level::Error, &format!("{title}: stopped: {why}"));
            }
            Phase::Waiting => {
                let text = format!("{title}: waits for the approval of a second person.");
                self.say_of_platform(Level::Warning, &text);
            }
            Phase::Running | Phase::Undoing => {}
        }
    }

    /// Answers the question that is asked: of a plan, of an operation, or whether to leave.
    fn answer_question(&mut self, action: PlanAction) -> Vec<Effect> {
        let answers = matches!(action, PlanAction::Yes | PlanAction::Accept);
        if answers && self.desk.rests() {
            self.say(Level::Info, "Not taken: keys rest for a moment. Press it again.");
            return Vec::new();
        }
        match &self.overlay {
            Some(Overlay::Plan(_)) => self.answer_plan(action),
            Some(Overlay::Run(_)) => self.answer_run(action),
            Some(Overlay::Leaving { .. }) => self.answer_leaving(action),
            _ => Vec::new(),
        }
    }

    fn answer_leaving(&mut self, action: PlanAction) -> Vec<Effect> {
        if !matches!(action, PlanAction::Yes | PlanAction::No) {
            return Vec::new();
        }
        let Some(Overlay::Leaving { how, over, .. }) = self.overlay.take() else {
            return Vec::new();
        };
        self.overlay = over.map(|over| *over);
        // The next key may still be meant for the question that is gone.
        self.disturb();
        if action == PlanAction::Yes { vec![left(how)] } else { Vec::new() }
    }

    /// Leaves the console; asks before it while this console works on operations. To quit twice is an answer too.
    pub(super) fn leave(&mut self, how: Leave) -> Vec<Effect> {
        let quits = matches!(self.overlay, Some(Overlay::Leaving { how: Leave::Quit, .. }));
        let answered = quits && how == Leave::Quit;
        if answered || self.desk.here.is_empty() || !self.presence.is_open() {
            return vec![left(how)];
        }
        // The page on which a factor is given would cover the question.
        let proving = self.presence.proving().is_some();
        let effects = if proving { self.sign_in_action(SignInAction::Cancel) } else { Vec::new() };
        let over = match self.overlay.take() {
            Some(Overlay::Leaving { over, .. }) => over,
            // The plan that it waits for may come while this is asked, and finds no form then.
            Some(Overlay::Form(form)) if form.waits.is_some() => None,
            other => other.map(Box::new),
        };
        self.overlay = Some(Overlay::Leaving { top: 0, how, over });
        self.disturb();
        effects
    }

    /// Something happened after which a key may be meant for what was there before: keys rest.
    pub(super) const fn disturb(&mut self) {
        self.desk.disturb();
    }

    /// What the runtime must do so that keys count again, while something is asked.
    pub(super) fn resting(&mut self) -> Option<Effect> {
        if self.asks() { self.desk.next_rest().map(Effect::Rest) } else { None }
    }

    /// Whether something is asked that a key answers.
    pub(super) fn asks(&self) -> bool {
        self.overlay.as_ref().is_some_and(Overlay::asks)
    }

    /// Whether something is asked whose place nothing else may take: what is typed for it would be lost. Says so then.
    pub(super) fn must_answer(&mut self) -> bool {
        let asks = self.asks();
        if asks {
            self.say(Level::Warning, "Answer or leave this page first.");
        }
        asks
    }
}

const fn left(how: Leave) -> Effect {
    match how {
        Leave::Quit => Effect::Quit,
        Leave::Suspend => Effect::Suspend,
    }
}
