//! What is asked of a person before something is done with an operation that is there: more, the more it may damage.

use super::typed::Typed;
use super::{OperateOrder, RunPage};
use crate::app::action::{self, PlanAction};
use crate::app::notices::Level;
use crate::app::overlay::Overlay;
use crate::app::sign_in::ordered;
use crate::app::{App, Effect};
use crate::domain::operation::{Operation, Phase};
use crate::domain::{PlanHash, Text};
use crate::operation::{Demand, Way};

/// What is asked on the page of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    /// Whether to go on.
    Resume,
    /// Whether to take it back.
    Undo,
    /// Whether to leave it as it is.
    GiveUp,
    /// Whether it is approved of.
    Approve,
}

impl Asking {
    /// The action that asks it: what the gate refuses then is not answered either.
    const fn id(self) -> &'static str {
        match self {
            Self::Resume => "operation.resume",
            Self::Undo => "operation.undo",
            Self::GiveUp => "operation.give-up",
            Self::Approve => "operation.approve",
        }
    }

    /// What the action `id` asks, if it asks anything.
    pub(in crate::app) fn of(id: &str) -> Option<Self> {
        let all = [Self::Resume, Self::Undo, Self::GiveUp, Self::Approve];
        all.into_iter().find(|asking| asking.id() == id)
    }

    /// What is done when it is answered, because of `why`.
    fn way(self, why: Text) -> Way {
        match self {
            Self::Resume => Way::GoOn,
            Self::Undo => Way::TurnBack(why),
            Self::GiveUp => Way::GiveUp(why),
            Self::Approve => Way::Approve,
        }
    }
}

/// A question on the page of an operation.
#[derive(Debug)]
pub struct Question {
    /// What is asked.
    pub asking: Asking,
    /// What is typed for it.
    pub typed: Typed,
    /// Whether a second factor is asked too.
    pub factor: bool,
}

impl Question {
    /// What must be given before `by` does that with `operation`.
    fn new(asking: Asking, operation: &Operation, by: &Text, can_prove: bool) -> Self {
        let demand = Demand::of(&asking.way(Text::default()), operation, by, can_prove);
        let word = Some(&operation.plan.word).filter(|_| demand.word);
        Self { asking, typed: Typed::new(word, demand.reason), factor: demand.factor }
    }

    fn way(&self) -> Way {
        self.asking.way(self.typed.why())
    }
}

/// What comes of an answer.
enum Next {
    /// Nothing: the question is no question any more, and why.
    Drop(String),
    /// A factor is asked for this plan.
    Factor(PlanHash),
    /// It is done.
    Go(Way),
}

impl App {
    /// Asks whether to do it, where it can be done.
    pub(super) fn ask_run(&mut self, asking: Asking) {
        if !self.open_run() {
            return;
        }
        let Some(Overlay::Run(page)) = &self.overlay else { return };
        let id = page.id.clone();
        if let Some(why) = self.unfit(&id, asking) {
            self.say(Level::Warning, &why);
            return;
        }
        let (by, can_prove) = (self.operator(), !self.presence.ways().is_empty());
        let asked = self.operation(&id).map(|it| Question::new(asking, it, &by, can_prove));
        if let Some(Overlay::Run(page)) = &mut self.overlay {
            page.asking = asked;
            page.leave_log();
        }
        self.disturb();
    }

    /// Why that can't be done with the operation `id` now.
    pub(in crate::app) fn unfit(&self, id: &Text, asking: Asking) -> Option<String> {
        let Some(operation) = self.operation(id) else {
            return Some("Its journal was not heard of yet. Wait a moment.".to_owned());
        };
        let (plan, standing) = (&operation.plan, &operation.standing);
        let word = standing.word();
        let fits = match asking {
            Asking::Resume => {
                matches!(standing.phase, Phase::Running | Phase::Stopped { .. } | Phase::Undoing)
            }
            Asking::Undo => standing.can_turn_back(plan),
            Asking::GiveUp => !standing.is_over(),
            Asking::Approve => standing.phase == Phase::Waiting,
        };
        if asking == Asking::Undo && standing.phase == Phase::Waiting {
            return Some("Nothing was done yet. Leave it as it is instead.".to_owned());
        }
        if asking == Asking::Undo && !fits && !standing.is_over() {
            return Some("It is past the point of no return: it can't be taken back.".to_owned());
        }
        if asking == Asking::Undo && plan.way_back(standing.done).is_some() {
            let all = self.store.objects().operations.iter();
            if let Some(later) = operation.covered_by(all.map(|(_, held)| &*held.object)) {
                let title = &later.plan.title;
                return Some(format!("It can't be taken back any more: {title} came after it."));
            }
        }
        if !fits {
            return Some(format!("The operation is {word}: that can't be done with it now."));
        }
        if asking == Asking::Approve && standing.by == self.operator() {
            return Some("Nobody approves of what they confirmed themselves.".to_owned());
        }
        let (is, needs) = (self.presence.role(), plan.role);
        if is < needs {
            return Some(format!("Your role is {is}; this operation needs {needs}."));
        }
        // What ends or turns it stops this console first.
        let here =
            self.desk.here.contains_key(id) && matches!(asking, Asking::Resume | Asking::Approve);
        here.then(|| "This console works on it. Wait until it stops.".to_owned())
    }

    /// Whether what the action `id` asks can be done with the operation whose page is open; what asks nothing can.
    pub(in crate::app) fn fits_run(&self, id: &str) -> bool {
        match (&self.overlay, Asking::of(id)) {
            (Some(Overlay::Run(page)), Some(asking)) => self.unfit(&page.id, asking).is_none(),
            _ => true,
        }
    }

    pub(super) fn answer_run(&mut self, action: PlanAction) -> Vec<Effect> {
        let Some(Overlay::Run(page)) = &mut self.overlay else { return Vec::new() };
        let Some(question) = &mut page.asking else { return Vec::new() };
        question.typed.wrong = None;
        match action {
            PlanAction::No => page.asking = None,
            PlanAction::Other => question.typed.other(),
            PlanAction::Again => {}
            PlanAction::Yes if question.typed.types() => {}
            PlanAction::Yes | PlanAction::Accept => {
                if question.typed.accept() {
                    return self.decide();
                }
            }
        }
        Vec::new()
    }

    /// Does what was asked, if it may still be done.
    fn decide(&mut self) -> Vec<Effect> {
        let next = self.decided();
        let by = self.operator();
        let Some(Overlay::Run(page)) = &mut self.overlay else { return Vec::new() };
        match next {
            Err(wrong) => {
                if let Some(question) = &mut page.asking {
                    question.typed.wrong = Some(wrong);
                }
                Vec::new()
            }
            Ok(Next::Factor(hash)) => ordered(self.presence.prove(hash)),
            Ok(Next::Drop(why)) => {
                page.asking = None;
                self.say(Level::Warning, &why);
                Vec::new()
            }
            Ok(Next::Go(way)) => {
                (page.asking, page.halted) = (None, None);
                let (id, title) = (page.id.clone(), page.plan.title.clone());
                self.desk.begins(id.clone(), title);
                vec![Effect::Operate(OperateOrder::Resume { id, way, by })]
            }
        }
    }

    fn decided(&mut self) -> Result<Next, String> {
        let Some(Overlay::Run(page)) = &self.overlay else { return Err(String::new()) };
        let RunPage { id, asking: Some(question), plan, .. } = &**page else {
            return Err(String::new());
        };
        let (asking, way, factor) = (question.asking, question.way(), question.factor);
        // What was allowed when it was asked may not be any more, and it may have gone on meanwhile.
        let refused = action::spec(asking.id()).and_then(|spec| self.refusal(spec));
        if let Some(why) = refused.or_else(|| self.unfit(id, asking)) {
            return Ok(Next::Drop(why));
        }
        if factor {
            let hash = crate::operation::hash(plan);
            if !self.spend_factor(&hash)? {
                return Ok(Next::Factor(hash));
            }
        }
        Ok(Next::Go(way))
    }
}
