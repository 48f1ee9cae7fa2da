//! The page of an operation that was confirmed.

use std::sync::Arc;

use super::OperateOrder;
use crate::app::action::RunAction;
use crate::app::notices::Level;
use crate::app::overlay::Overlay;
use crate::app::{App, Effect};
use crate::domain::operation::{Phase, Plan};
use crate::domain::{Operation, Text, Uid};
use crate::operation::Way;
use crate::store::table::RowId;

/// The page while it is open.
#[derive(Debug)]
pub struct RunPage {
    /// The id of the operation.
    pub id: Text,
    /// Its plan.
    pub plan: Arc<Plan>,
    /// The first line shown.
    pub top: usize,
    /// What is asked, while something is.
    pub asking: Option<Asking>,
    /// Why this console does not go on with it.
    pub halted: Option<Text>,
}

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

impl RunPage {
    pub(super) fn new(plan: Arc<Plan>) -> Self {
        Self { id: plan.id.clone(), plan, top: 0, asking: None, halted: None }
    }
}

impl App {
    /// The operation `id`, once its journal was heard of.
    pub(super) fn operation(&self, id: &Text) -> Option<&Arc<Operation>> {
        let operations = &self.store.objects().operations;
        let slot = operations.find(&Uid(id.clone()))?;
        operations.get(slot).map(|held| &held.object)
    }

    /// The operation that the keys point at.
    fn pointed_operation(&self) -> Option<Text> {
        if let Some(Overlay::Run(page)) = &self.overlay {
            return Some(page.id.clone());
        }
        match self.pane().cursor.id.as_ref()? {
            RowId::Object(crate::domain::FeedId::Operations, uid) => Some(uid.0.clone()),
            RowId::Due(id, _) => Some(id.clone()),
            RowId::Finding(..) => {
                let id = self.pane().cursor.id.as_ref()?;
                let finding = crate::store::OverviewTable::new(&self.store).finding(id)?;
                match &finding.row {
                    Some(RowId::Object(crate::domain::FeedId::Operations, uid)) => {
                        Some(uid.0.clone())
                    }
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Opens the page of the operation under the cursor; says whether there is one.
    fn open_run(&mut self) -> bool {
        if matches!(self.overlay, Some(Overlay::Run(_))) {
            return true;
        }
        let Some(operation) = self.pointed_operation().and_then(|id| self.operation(&id)) else {
            self.say(Level::Info, "This row is no operation.");
            return false;
        };
        self.overlay = Some(Overlay::Run(Box::new(RunPage::new(Arc::clone(&operation.plan)))));
        true
    }

    pub(super) fn run_action(&mut self, action: RunAction) -> Vec<Effect> {
        match action {
            RunAction::Close => self.overlay = None,
            RunAction::Open => {
                self.open_run();
            }
            RunAction::Log => self.open_step_log(),
            RunAction::Export => return self.export(),
            RunAction::Resume => self.ask_run(Asking::Resume),
            RunAction::Undo => self.ask_run(Asking::Undo),
            RunAction::GiveUp => self.ask_run(Asking::GiveUp),
            RunAction::Approve => self.ask_run(Asking::Approve),
        }
        Vec::new()
    }

    fn export(&mut self) -> Vec<Effect> {
        let operation = self.pointed_operation().and_then(|id| self.operation(&id).cloned());
        let Some(operation) = operation else {
            self.say(Level::Info, "There is no operation here to write to a file.");
            return Vec::new();
        };
        vec![Effect::Operate(OperateOrder::Export(Box::new((*operation).clone())))]
    }

    /// Asks whether to do it, where it can be done.
    fn ask_run(&mut self, asking: Asking) {
        if !self.open_run() {
            return;
        }
        let Some(Overlay::Run(page)) = &self.overlay else { return };
        let id = page.id.clone();
        if let Some(why) = self.unfit(&id, asking) {
            self.say(Level::Warning, &why);
            return;
        }
        if let Some(Overlay::Run(page)) = &mut self.overlay {
            page.asking = Some(asking);
        }
        self.disturb();
    }

    /// Why that can't be done with the operation `id` now.
    fn unfit(&self, id: &Text, asking: Asking) -> Option<String> {
        let Some(operation) = self.operation(id) else {
            return Some("Its journal was not heard of yet. Wait a moment.".to_owned());
        };
        let (standing, here) = (&operation.standing, self.desk.here.contains_key(id));
        let word = standing.word();
        let fits = match asking {
            Asking::Resume => {
                matches!(standing.phase, Phase::Running | Phase::Stopped { .. } | Phase::Undoing)
            }
            Asking::Undo => standing.can_turn_back(&operation.plan),
            Asking::GiveUp => !standing.is_over(),
            Asking::Approve => standing.phase == Phase::Waiting,
        };
        if asking == Asking::Undo && !fits && !standing.is_over() {
            return Some("It is past the point of no return: it can't be taken back.".to_owned());
        }
        if !fits {
            return Some(format!("The operation is {word}: that can't be done with it now."));
        }
        if asking == Asking::Approve && standing.by == self.operator() {
            return Some("Nobody approves of what they confirmed themselves.".to_owned());
        }
        here.then(|| "This console works on it. Wait until it stops.".to_owned())
    }

    pub(super) fn answer_run(&mut self, yes: bool) -> Vec<Effect> {
        let by = self.operator();
        let Some(Overlay::Run(page)) = &mut self.overlay else { return Vec::new() };
        let Some(asking) = page.asking.take().filter(|_| yes) else { return Vec::new() };
        let (id, title) = (page.id.clone(), page.plan.title.clone());
        page.halted = None;
        // It may have gone on meanwhile.
        if let Some(why) = self.unfit(&id, asking) {
            self.say(Level::Warning, &why);
            return Vec::new();
        }
        let why = Text::clean(&format!("{by} decided so"));
        let way = match asking {
            Asking::Resume => Way::GoOn,
            Asking::Undo => Way::TurnBack(why),
            Asking::GiveUp => Way::GiveUp(why),
            Asking::Approve => Way::Approve,
        };
        self.desk.begins(id.clone(), title);
        vec![Effect::Operate(OperateOrder::Resume { id, way, by })]
    }

    /// Opens the log of the pods of the step that is under way, or of the last one that has some.
    fn open_step_log(&mut self) {
        let Some(Overlay::Run(page)) = &self.overlay else { return };
        let reached = self.operation(&page.id).map_or(0, |operation| operation.standing.reached());
        let steps = page.plan.steps.iter().take(reached.max(1));
        let Some(pods) = steps.filter_map(|step| step.log.clone()).next_back() else {
            self.say(Level::Info, "No step so far has pods with a log.");
            return;
        };
        self.open_pods_log(&pods);
    }
}
