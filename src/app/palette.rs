//! The palette: one fuzzy search over actions, panes and tenants.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str};

use super::action::{Action, Opening, REGISTRY};
use super::line::Line;
use crate::domain::Text;
use crate::input::Context;
use crate::store::table::{RowId, Table};
use crate::store::{Store, TenantsTable};

/// The most choices listed.
const LISTED: usize = 100;

/// Something that can be chosen.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// What it does or is, as searched.
    pub label: Text,
    /// Where it leads.
    pub target: Target,
}

/// Where a choice leads.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// To an action, by its id.
    Action(&'static str),
    /// To a tenant.
    Tenant(RowId),
}

/// The palette while it is open.
#[derive(Debug)]
pub struct Palette {
    /// What is typed.
    pub line: Line,
    /// What matches, best first.
    pub choices: Vec<Choice>,
    /// The chosen one.
    pub chosen: usize,
    /// The contexts below it: actions that mean nothing there are not listed.
    contexts: Vec<Context>,
}

impl Palette {
    /// The palette over `contexts`, listing everything.
    #[must_use]
    pub fn open(store: &Store, contexts: Vec<Context>) -> Self {
        let mut palette = Self { line: Line::default(), choices: Vec::new(), chosen: 0, contexts };
        palette.search(store);
        palette
    }

    /// What is typed changed.
    pub fn search(&mut self, store: &Store) {
        self.chosen = 0;
        let typed = self.line.text().trim();
        let pattern = Pattern::parse(typed, CaseMatching::Ignore, Normalization::Smart);
        let mut matcher = Matcher::new(Config::DEFAULT);
        let mut buffer = Vec::new();
        let mut score = |text: &str| pattern.score(Utf32Str::new(text, &mut buffer), &mut matcher);
        let mut found: Vec<(u32, usize, Choice)> = Vec::new();
        for spec in REGISTRY {
            let usable = spec.verb.contexts.iter().any(|context| self.contexts.contains(context));
            if !usable || spec.action == Action::Open(Opening::Palette) {
                continue;
            }
            if let Some(score) = score(spec.verb.doc).max(score(spec.verb.id)) {
                let label = Text::clean(spec.verb.doc);
                let target = Target::Action(spec.verb.id);
                found.push((score, found.len(), Choice { label, target }));
            }
        }
        if !typed.is_empty() {
            let tenants = TenantsTable::new(store);
            for slot in tenants.slots() {
                let label = tenants.name(slot);
                let Some(score) = score(label.as_str()) else { continue };
                let Some(id) = tenants.id(slot) else { continue };
                found.push((score, found.len(), Choice { label, target: Target::Tenant(id) }));
            }
        }
        found.sort_by_key(|(score, place, _)| (std::cmp::Reverse(*score), *place));
        self.choices = found.into_iter().take(LISTED).map(|(_, _, choice)| choice).collect();
    }

    /// The chosen one.
    #[must_use]
    pub fn choice(&self) -> Option<&Choice> {
        self.choices.get(self.chosen)
    }
}
