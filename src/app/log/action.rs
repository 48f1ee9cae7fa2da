//! What the actions of a log's page do.

use super::{LogPage, SIDEWAYS, target};
use crate::app::action::{LogAction, Motion};
use crate::app::notices::Level;
use crate::app::{App, Effect};
use crate::domain::operation::PodsOf;
use crate::domain::{FeedId, LogSource};
use crate::store::table::RowId;

impl App {
    /// The log that is open.
    #[must_use]
    pub const fn log_page(&self) -> Option<&LogPage> {
        self.log.as_ref()
    }

    /// Reads the log of the row under the cursor.
    fn open_log(&mut self) {
        let Some(id) = self.pane().cursor.id.clone() else {
            self.say(Level::Info, "The cursor is on no row.");
            return;
        };
        self.read_log_of(&id);
    }

    /// Reads the log of the row `id`.
    pub(in crate::app) fn read_log_of(&mut self, id: &RowId) {
        match target::sources(&self.store, id) {
            Ok(sources) => {
                let name = crate::app::detail::copied(&self.store, id, false).unwrap_or_default();
                self.log = Some(LogPage::new(name.into(), sources));
            }
            Err(why) => self.say(Level::Info, &why.to_string()),
        }
    }

    /// Opens the log of `pods`, which a step of an operation has its work done by, beside its page; says whether there is
    /// one.
    pub(in crate::app) fn open_pods_log(&mut self, pods: &PodsOf) -> bool {
        let Some(id) = target::of_label(&self.store, pods) else { return false };
        let Ok(sources) = target::sources(&self.store, &id) else { return false };
        let name = crate::app::detail::copied(&self.store, &id, false).unwrap_or_default();
        let mut log = LogPage::new(name.into(), sources);
        log.of_run = true;
        self.log = Some(log);
        true
    }

    /// Has the log beside the page of an operation go on with the pods that there are of `pods` now. While somebody reads
    /// in it, it stays what it is, and so it does while there are none.
    pub(in crate::app) fn renew_pods_log(&mut self, pods: &PodsOf) {
        let as_of = Some(target::revision(&self.store));
        let Some(page) = self.log.as_mut().filter(|page| page.as_of != as_of && !page.is_read())
        else {
            return;
        };
        page.as_of = as_of;
        let id = target::of_label(&self.store, pods);
        if let Some(Ok(sources)) = id.map(|id| target::sources(&self.store, &id)) {
            page.renew(sources);
        }
    }

    /// Reads the audit records of the object under the cursor.
    fn open_audit(&mut self) {
        let Some(id) = self.pane().cursor.id.clone() else {
            self.say(Level::Info, "The cursor is on no row.");
            return;
        };
        let Some(name) = target::audited(&self.store, &id) else {
            let text = "This row is no object of the cluster and speaks of no tenant, so nobody's change of it is on record.";
            self.say(Level::Info, text);
            return;
        };
        // Records are JSON. Without the quotes those of acme-2 would be among those of acme.
        let source = LogSource::loki(&self.setting.audit, [format!("\"{name}\"").as_str()]);
        self.log = Some(LogPage::new(name, vec![source]));
    }

    pub(in crate::app) fn log_action(&mut self, action: LogAction) {
        match action {
            LogAction::Open => return self.open_log(),
            LogAction::Audit => return self.open_audit(),
            _ => {}
        }
        let Some(page) = &mut self.log else { return };
        match action {
            LogAction::Open | LogAction::Audit => {}
            // First what is looked for goes, then the page.
            LogAction::Close if !page.search.needle.is_empty() => {
                page.search = super::Search::default();
            }
            LogAction::Close if page.of_run => self.leave_run_log(),
            LogAction::Close => self.log = None,
            LogAction::Follow => page.follow = !page.follow,
            LogAction::Wrap => {
                page.style.wrap = !page.style.wrap;
                page.style.left = 0;
                page.top.row = 0;
            }
            LogAction::Times => {
                page.style.times = !page.style.times;
                page.top.row = 0;
            }
            LogAction::Left => page.style.left = page.style.left.saturating_sub(SIDEWAYS),
            LogAction::Right if page.style.wrap => {
                self.say(Level::Info, "Long lines are wrapped, so there is nothing to the right.");
            }
            LogAction::Right => {
                page.style.left = page.style.left.saturating_add(SIDEWAYS).min(65_536);
            }
            LogAction::NextLog if page.place().1 == 1 => {
                self.say(Level::Info, "This is its only log.");
            }
            LogAction::NextLog => page.next(),
            LogAction::OtherRun if page.feed() == FeedId::Audit => {
                self.say(Level::Info, "Only the log of a container has a run before this one.");
            }
            LogAction::OtherRun => page.other_run(),
            LogAction::Search => page.search.open(),
            LogAction::NextMatch | LogAction::PreviousMatch => {
                let forward = action == LogAction::NextMatch;
                let sought = !page.search.needle.is_empty();
                if !page.go_to_match(forward) {
                    let text = if sought {
                        "There is no further match in that direction."
                    } else {
                        "Nothing is looked for yet."
                    };
                    self.say(Level::Info, text);
                }
            }
        }
    }

    /// Moves along the lines of the log.
    pub(in crate::app) fn log_step(&mut self, motion: Motion) {
        let (width, height) = self.geometry().log_size();
        if let Some(page) = &mut self.log {
            page.step(self.store.log(), motion, width, height);
        }
    }

    /// What is typed into the log's search changed.
    pub(in crate::app) fn log_typed(&mut self) {
        if let Some(page) = &mut self.log {
            page.search_typed(self.store.log());
        }
    }

    /// Copies the line under the cursor, or all lines.
    pub(in crate::app) fn copy_log(&mut self, all: bool) -> Vec<Effect> {
        let copied = self.log.as_ref().and_then(|page| page.copied(self.store.log(), all));
        let Some(text) = copied else {
            self.say(Level::Info, "There is no line to copy.");
            return Vec::new();
        };
        self.say(Level::Info, if all { "Copied all lines." } else { "Copied the line." });
        vec![Effect::Copy(text)]
    }

    /// Brings the page up to date before a frame.
    pub(in crate::app) fn settle_log(&mut self) {
        let (width, height) = self.geometry().log_size();
        if let Some(page) = &mut self.log {
            page.refresh(self.store.log(), width, height);
        }
    }
}
