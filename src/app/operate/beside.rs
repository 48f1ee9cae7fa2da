//! The log of an operation's step, beside its page: on a wide screen as soon as there is one, on a narrow one in place of the
//! page when it is asked for.

use super::RunPage;
use crate::app::geometry::BESIDE;
use crate::app::notices::Level;
use crate::app::overlay::Overlay;
use crate::app::{App, action};
use crate::domain::operation::{Operation, PodsOf};

/// The pods of the step that is under way or went wrong, or of the last one before it that has some.
pub(in crate::app) fn pods_of(operation: &Operation) -> Option<&PodsOf> {
    let reached = operation.standing.reached().max(1);
    let steps = operation.plan.steps.iter().take(reached);
    steps.filter_map(|step| step.log.as_ref()).next_back()
}

impl RunPage {
    /// The keys are the page's again.
    pub(super) const fn leave_log(&mut self) {
        self.at_log = false;
    }
}

impl App {
    /// Whether the log that is open stands beside the page of an operation, or in its place.
    #[must_use]
    pub fn has_run_log(&self) -> bool {
        matches!(self.overlay, Some(Overlay::Run(_)))
            && self.log.as_ref().is_some_and(|log| log.of_run)
    }

    /// Whether the keys are in the log that is open.
    #[must_use]
    pub fn is_in_log(&self) -> bool {
        match &self.overlay {
            Some(Overlay::Run(page)) => page.at_log && self.log.is_some(),
            Some(_) => false,
            None => self.log.is_some(),
        }
    }

    /// Whether there is room for a page and a log beside it.
    pub(in crate::app) const fn is_wide(&self) -> bool {
        self.screen.size.0 >= BESIDE
    }

    /// Moves the keys into the log of the step, which is opened where it is not yet.
    pub(super) fn go_to_run_log(&mut self) {
        self.follow_step();
        let opened = self.has_run_log();
        let known = match &self.overlay {
            Some(Overlay::Run(page)) => self.operation(&page.id).and_then(|it| pods_of(it)),
            _ => None,
        };
        if !opened {
            let text = if known.is_some() {
                "The cluster has no pods of this step yet, or none any more."
            } else {
                "No step so far has pods with a log."
            };
            self.say(Level::Info, text);
            return;
        }
        if let Some(Overlay::Run(page)) = &mut self.overlay {
            page.at_log = true;
        }
    }

    /// Moves the keys back to the page; where there is no room beside it, the log goes.
    pub(in crate::app) fn leave_run_log(&mut self) {
        if let Some(Overlay::Run(page)) = &mut self.overlay {
            page.leave_log();
        }
        if !self.is_wide() {
            self.log = None;
        }
    }

    /// Brings the log beside the page up to date: it is that of the step that is under way, and goes with the page.
    pub(in crate::app) fn settle_run_log(&mut self) {
        match &mut self.overlay {
            Some(Overlay::Run(page)) if self.log.is_none() => page.at_log = false,
            Some(Overlay::Run(_)) => {}
            _ => {
                self.log.take_if(|log| log.of_run);
                return;
            }
        }
        let may = action::spec("operation.log").is_some_and(|spec| self.refusal(spec).is_none());
        if self.is_wide() && may {
            self.follow_step();
        } else if self.is_in_log() && may {
            self.follow_pods();
        } else if !self.is_in_log() {
            self.log.take_if(|log| log.of_run);
        }
    }

    /// Opens the log of the step that is under way; one that is open goes on with the step's pods.
    fn follow_step(&mut self) {
        if self.follow_pods() {
            return;
        }
        let Some(Overlay::Run(page)) = &self.overlay else { return };
        let Some(pods) = self.operation(&page.id).and_then(|it| pods_of(it)).cloned() else {
            return;
        };
        if !self.open_pods_log(&pods) {
            return;
        }
        if let Some(Overlay::Run(page)) = &mut self.overlay {
            page.log_of = Some(pods);
        }
    }

    /// Has the log that is open go on with the pods of the step that is under way, if it is of that; says whether it is. A
    /// Job that tries again has another pod, and so has one that was made anew.
    fn follow_pods(&mut self) -> bool {
        let Some(Overlay::Run(page)) = &self.overlay else { return false };
        let pods = self.operation(&page.id).and_then(|it| pods_of(it));
        let pods = pods.filter(|pods| page.log_of.as_ref() == Some(*pods)).cloned();
        let Some(pods) = pods.filter(|_| self.has_run_log()) else { return false };
        self.renew_pods_log(&pods);
        true
    }
}
