//! What is laid over the pane: one thing at a time, closed by going back.

use super::detail::card::Card;
use super::operate::{Form, Menu, PlanPage, RunPage, Typed};
use super::palette::Palette;

/// What is laid over the pane.
#[derive(Debug)]
pub enum Overlay {
    /// The palette.
    Palette(Box<Palette>),
    /// The keys that work here, and the filter language.
    Help {
        /// The first line shown.
        top: usize,
    },
    /// The state of every feed.
    Feeds {
        /// The first line shown.
        top: usize,
    },
    /// Past notices.
    Notices {
        /// The first line shown.
        top: usize,
    },
    /// What the operator may do here.
    Rights {
        /// The first line shown.
        top: usize,
    },
    /// Everything about one tenant.
    Card(Box<Card>),
    /// What can be done with a row.
    Menu(Box<Menu>),
    /// The form of an operation.
    Form(Box<Form>),
    /// A plan that is to be confirmed.
    Plan(Box<PlanPage>),
    /// An operation that was confirmed.
    Run(Box<RunPage>),
    /// Whether to leave though operations go on here.
    Leaving {
        /// The first line shown.
        top: usize,
        /// How.
        how: Leave,
        /// What it was asked over: that comes back.
        over: Option<Box<Self>>,
    },
    /// The choice of columns.
    Columns {
        /// The chosen column's number.
        chosen: usize,
    },
}

/// How the console is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Leave {
    /// For good.
    Quit,
    /// Until it is resumed.
    Suspend,
}

impl Overlay {
    /// The first line shown, where it is a page that scrolls.
    pub fn top_mut(&mut self) -> Option<&mut usize> {
        match self {
            Self::Help { top }
            | Self::Feeds { top }
            | Self::Notices { top }
            | Self::Rights { top }
            | Self::Leaving { top, .. } => Some(top),
            Self::Card(card) => Some(&mut card.top),
            Self::Plan(page) => Some(&mut page.top),
            Self::Run(page) => Some(&mut page.top),
            Self::Palette(_) | Self::Columns { .. } | Self::Menu(_) | Self::Form(_) => None,
        }
    }

    /// What is typed to confirm something, while something is.
    #[must_use]
    pub fn typed(&self) -> Option<&Typed> {
        match self {
            Self::Plan(page) => Some(&page.typed).filter(|_| page.types()),
            Self::Run(page) => {
                let typed = page.asking.as_ref().map(|question| &question.typed);
                typed.filter(|typed| typed.types())
            }
            _ => None,
        }
    }

    /// The same, to be typed into.
    pub(super) fn typed_mut(&mut self) -> Option<&mut Typed> {
        match self {
            Self::Plan(page) => {
                let types = page.types();
                Some(&mut page.typed).filter(|_| types)
            }
            Self::Run(page) => {
                let typed = page.asking.as_mut().map(|question| &mut question.typed);
                typed.filter(|typed| typed.types())
            }
            _ => None,
        }
    }

    /// Whether it asks something that a key answers.
    #[must_use]
    pub fn asks(&self) -> bool {
        match self {
            Self::Plan(_) | Self::Leaving { .. } => true,
            Self::Run(page) => page.asking.is_some(),
            _ => false,
        }
    }
}
