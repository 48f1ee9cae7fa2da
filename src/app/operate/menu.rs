//! The list of what can be done with a row.

use super::aim::Aim;
use crate::app::action;
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
    pub(super) aim: Aim,
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
        let chosen = menu.items.get(menu.chosen).map(|item| item.id);
        chosen.map_or_else(Vec::new, |id| self.run_named(id))
    }

    /// What an operation that begins now is aimed at: what the list was opened for, where it is open.
    pub(super) fn take_aim(&mut self) -> Aim {
        match self.overlay.take() {
            Some(Overlay::Menu(menu)) => menu.aim,
            other => {
                self.overlay = other;
                self.aim()
            }
        }
    }
}

fn item(id: &'static str) -> Option<MenuItem> {
    let spec = action::spec(id)?;
    let word = id.split_once('.').map_or(id, |(_, word)| word);
    Some(MenuItem { id, word, doc: spec.verb.doc })
}
