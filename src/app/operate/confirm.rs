//! The plan that is shown: what must be given for it grows with the damage.
//!
//! It is disarmed when what it is about changes meanwhile, and its keys rest while they may be meant for what was there
//! before. What leaves here is a [`ConfirmedPlan`], which only what was given can make.

use super::typed::Typed;
use super::watch::Watch;
use super::{OperateOrder, RunPage, Wanted};
use crate::app::action::{self, PlanAction};
use crate::app::detail::{DetailLine, operation};
use crate::app::overlay::Overlay;
use crate::app::sign_in::ordered;
use crate::app::{App, Effect};
use crate::domain::operation::{Asks, Plan};
use crate::domain::{PlanHash, Text};
use crate::operation::{ConfirmedPlan, Given};

/// A plan while it is shown.
#[derive(Debug)]
pub struct PlanPage {
    /// The plan.
    pub plan: Plan,
    /// What a factor for it is bound to.
    pub hash: PlanHash,
    /// What it writes into the cluster: the same as long as it is shown, and dear to tell.
    pub written: Vec<DetailLine>,
    /// What is typed for it.
    pub typed: Typed,
    /// The first line shown.
    pub top: usize,
    /// What happened to what it is about; then it is disarmed.
    pub moved: Option<String>,
    wanted: Wanted,
    watch: Option<Watch>,
}

impl PlanPage {
    /// Whether it can be confirmed at all.
    #[must_use]
    pub fn is_armed(&self) -> bool {
        self.moved.is_none() && self.plan.refusals().next().is_none()
    }

    /// Whether a word and a reason are typed for it.
    #[must_use]
    pub fn types(&self) -> bool {
        self.is_armed() && self.typed.types()
    }
}

impl App {
    pub(super) fn show_plan(&mut self, plan: Plan, wanted: Wanted) {
        let watch = Watch::of(&self.store, wanted.verb, &wanted.inputs);
        let hash = crate::operation::hash(&plan);
        let written = operation::written(&plan);
        let types = plan.asks >= Asks::Typed;
        let typed = Typed::new(Some(&plan.word).filter(|_| types), types);
        let page = PlanPage { plan, hash, written, typed, top: 0, moved: None, wanted, watch };
        self.overlay = Some(Overlay::Plan(Box::new(page)));
        self.disturb();
    }

    /// Disarms the plan that is shown when what it is about changed.
    pub(in crate::app) fn watch_plan(&mut self) {
        if let Some(Overlay::Plan(page)) = &mut self.overlay
            && page.moved.is_none()
        {
            page.moved = page.watch.as_ref().and_then(|watch| watch.moved(&self.store));
        }
    }

    /// What the plan does for which a factor is asked now.
    #[must_use]
    pub fn proving_title(&self) -> Option<&Text> {
        match (&self.overlay, self.presence.proving()) {
            (Some(Overlay::Plan(page)), Some(hash)) if page.hash == *hash => Some(&page.plan.title),
            (Some(Overlay::Run(page)), Some(hash)) if page.hash == *hash => Some(&page.plan.title),
            _ => None,
        }
    }

    pub(super) fn answer_plan(&mut self, action: PlanAction) -> Vec<Effect> {
        let Some(Overlay::Plan(page)) = &mut self.overlay else { return Vec::new() };
        page.typed.wrong = None;
        match action {
            PlanAction::No => self.overlay = None,
            PlanAction::Other => page.typed.other(),
            PlanAction::Again => {
                let wanted = page.wanted.clone();
                return self.plan_again(&wanted);
            }
            PlanAction::Yes | PlanAction::Accept if !page.is_armed() => {}
            PlanAction::Yes if page.typed.types() => {}
            PlanAction::Yes | PlanAction::Accept => {
                if page.typed.accept() {
                    return self.confirm();
                }
            }
        }
        Vec::new()
    }

    /// Confirms the plan that is shown with what was given; asks for a factor first, where one is wanted.
    fn confirm(&mut self) -> Vec<Effect> {
        match self.confirmed() {
            Err(wrong) => {
                if let Some(Overlay::Plan(page)) = &mut self.overlay {
                    page.typed.wrong = Some(wrong);
                }
                Vec::new()
            }
            Ok(Step::Factor(hash)) => ordered(self.presence.prove(hash)),
            Ok(Step::Run(confirmed)) => {
                let plan = confirmed.plan().clone();
                self.desk.begins(plan.id.clone(), plan.title.clone());
                self.overlay = Some(Overlay::Run(Box::new(RunPage::new(plan.into()))));
                vec![Effect::Operate(OperateOrder::Run(confirmed))]
            }
        }
    }

    fn confirmed(&mut self) -> Result<Step, String> {
        let Some(Overlay::Plan(page)) = &self.overlay else { return Err(String::new()) };
        let (plan, hash) = (page.plan.clone(), page.hash.clone());
        let id = format!("operate.{}", plan.verb);
        // What was allowed when it was asked for may not be any more.
        if let Some(refusal) = action::spec(&id).and_then(|spec| self.refusal(spec)) {
            return Err(refusal);
        }
        let mut given = Given {
            by: self.operator(),
            role: self.presence.role(),
            typed: Text::clean(page.typed.word.text().trim()),
            reason: page.typed.why(),
            stepped_up: true,
            at: self.now,
        };
        // Everything else first: a factor is used up.
        let refused = ConfirmedPlan::new(plan.clone(), given.clone());
        refused.map_err(|error| error.to_string())?;
        given.stepped_up = false;
        if plan.asks >= Asks::StepUp {
            given.stepped_up = self.spend_factor(&hash)?;
            if !given.stepped_up {
                return Ok(Step::Factor(hash));
            }
        }
        let confirmed = ConfirmedPlan::new(plan, given).map_err(|error| error.to_string())?;
        Ok(Step::Run(Box::new(confirmed)))
    }

    /// Uses up the factor that was given for the plan of this hash; says whether there was one, for else it is asked now.
    pub(super) fn spend_factor(&mut self, hash: &PlanHash) -> Result<bool, String> {
        if self.presence.proof_left(hash, self.now).is_some() {
            let spent = self.presence.spend_proof(hash, self.now);
            return spent.map(|()| true).map_err(|error| error.to_string());
        }
        if self.presence.ways().is_empty() {
            let why = "It wants a second factor, and nobody can give one here: sign in with the provider.";
            return Err(why.to_owned());
        }
        Ok(false)
    }

    /// A key that means nothing else while something is confirmed by typing; says whether it was for that.
    pub(in crate::app) fn confirm_key(&mut self, key: crossterm::event::KeyEvent) -> bool {
        let rests = self.desk.rests();
        let Some(typed) = self.overlay.as_mut().and_then(Overlay::typed_mut) else { return false };
        if rests {
            typed.wrong = Some("Not taken: keys rest for a moment. Type it again.".to_owned());
        } else {
            typed.key(key);
        }
        true
    }

    /// What is pasted where something is confirmed does not count; says whether something is.
    pub(in crate::app) fn confirm_paste(&mut self) -> bool {
        let wrong = match &mut self.overlay {
            Some(Overlay::Plan(page)) => &mut page.typed.wrong,
            Some(Overlay::Run(page)) => match &mut page.asking {
                Some(question) => &mut question.typed.wrong,
                None => return false,
            },
            _ => return false,
        };
        *wrong = Some("What is pasted into a plan does not count: type it.".to_owned());
        self.disturb();
        true
    }
}

/// What comes next.
enum Step {
    /// A factor is asked for this plan.
    Factor(PlanHash),
    /// It is run.
    Run(Box<ConfirmedPlan>),
}
