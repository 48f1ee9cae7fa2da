//! The page of an operation that was confirmed.

use std::sync::Arc;

use super::question::{Asking, Question};
use super::{OperateOrder, run_lines};
use crate::app::action::RunAction;
use crate::app::notices::Level;
use crate::app::overlay::Overlay;
use crate::app::{App, Effect, pages};
use crate::domain::operation::{Plan, PodsOf};
use crate::domain::{Operation, PlanHash, Text, Uid};
use crate::store::table::RowId;

/// The page while it is open.
#[derive(Debug)]
pub struct RunPage {
    /// The id of the operation.
    pub id: Text,
    /// Its plan.
    pub plan: Arc<Plan>,
    /// What a factor for it is bound to.
    pub hash: PlanHash,
    /// The first line shown.
    pub top: usize,
    /// What is asked, while something is.
    pub asking: Option<Question>,
    /// Why this console does not go on with it.
    pub halted: Option<Text>,
    /// Whether the keys are in the log beside it.
    pub(in crate::app) at_log: bool,
    /// Whether the step under way is kept in sight: until somebody scrolls.
    pub(in crate::app) follows: bool,
    /// The pods whose log that is.
    pub(super) log_of: Option<PodsOf>,
}

impl RunPage {
    pub(super) fn new(plan: Arc<Plan>) -> Self {
        let (id, hash) = (plan.id.clone(), crate::operation::hash(&plan));
        let (asking, halted, log_of) = (None, None, None);
        Self { id, plan, hash, top: 0, asking, halted, at_log: false, follows: true, log_of }
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
    pub(super) fn open_run(&mut self) -> bool {
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
            RunAction::Close => (self.overlay, self.log) = (None, None),
            RunAction::Open => {
                self.open_run();
            }
            RunAction::Log => self.go_to_run_log(),
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

    /// Keeps the step that is under way, or went wrong, in sight, until somebody scrolls.
    pub(in crate::app) fn settle_run(&mut self) {
        let Some(overlay @ Overlay::Run(page)) = &self.overlay else { return };
        let geometry = self.geometry();
        let (width, height) = (geometry.overlay_width(), geometry.overlay_lines());
        if !page.follows || height < 4 {
            return;
        }
        let lines = pages::lines(self, overlay, width);
        let at = lines.iter().position(run_lines::is_under_way);
        // With what is seen there, and what comes next.
        let top = at.map_or(0, |at| (at + 3).saturating_sub(height));
        if let Some(Overlay::Run(page)) = &mut self.overlay {
            page.top = top;
        }
    }
}
