//! The list of what can be done with a row.

use super::aim::Aim;
use crate::app::action::{self, Action, Operate};
use crate::app::notices::Level;
use crate::app::overlay::Overlay;
use crate::app::{App, Effect};
use crate::domain::Text;

/// The list while it is open.
#[derive(Debug)]
pub struct Menu {
    /// What it is for.
    pub subject: Text,
    /// What can be done.
    pub items: Vec<MenuItem>,
    /// The chosen one.
    pub chosen: usize,
    aim: Aim,
}

/// Something that can be done.
#[derive(Clone, Copy, Debug)]
pub struct MenuItem {
    /// The action's id.
    pub id: &'static str,
    /// The word for it.
    pub word: &'static str,
    /// What it does.
    pub doc: &'static str,
}

impl App {
    pub(super) fn open_menu(&mut self) {
        let mut aim = self.aim();
        aim.chosen = true;
        let items: Vec<MenuItem> = aim.actions().iter().filter_map(|id| item(id)).collect();
        if items.is_empty() {
            let text = "Nothing can be done with this row; the palette lists everything.";
            self.say(Level::Info, text);
            return;
        }
        let subject = aim.subject.clone();
        self.overlay = Some(Overlay::Menu(Box::new(Menu { subject, items, chosen: 0, aim })));
    }

    /// Does the chosen one, if the gate lets it.
    pub(super) fn take_chosen(&mut self) -> Vec<Effect> {
        let Some(Overlay::Menu(menu)) = &self.overlay else { return Vec::new() };
        let (Some(item), aim) = (menu.items.get(menu.chosen), menu.aim.clone()) else {
            return Vec::new();
        };
        let Some(spec) = action::spec(item.id) else { return Vec::new() };
        if let Some(refusal) = self.refusal(spec) {
            self.say(Level::Warning, &refusal);
            return Vec::new();
        }
        self.overlay = None;
        match spec.action {
            Action::Operate(Operate::Begin(verb)) => self.begin_operation(verb, &aim),
            other => self.run(other),
        }
    }
}

fn item(id: &'static str) -> Option<MenuItem> {
    let spec = action::spec(id)?;
    let word = id.split_once('.').map_or(id, |(_, word)| word);
    Some(MenuItem { id, word, doc: spec.verb.doc })
}
