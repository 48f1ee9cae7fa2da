//! The places in which keys have a meaning.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::document::quote;
use crate::domain::nearest;

/// A place in which keys have a meaning; key files have one section for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Context {
    /// Everywhere, unless a place above it binds the same key.
    Global,
    /// The rows of any pane.
    Table,
    /// The rows of the events, on top of [`Context::Table`].
    Events,
    /// The rows of the alerts, on top of [`Context::Table`].
    Alerts,
    /// The details of a row.
    Drawer,
    /// A log in place of the rows.
    Log,
    /// A line of text that is being typed. A key bound nowhere above it is text, and is looked up
    /// below only when it has control or alt or is a function key.
    Line,
    /// The filter, on top of [`Context::Line`].
    Filter,
    /// The palette, on top of [`Context::Line`].
    Palette,
    /// The page of keys.
    Help,
    /// The choice of columns.
    Columns,
    /// The page about the feeds, and that of past notices.
    Feeds,
    /// The page of signing in, where characters are text.
    SignIn,
    /// The list of what can be done with a row.
    Menu,
    /// The form of an operation, on top of [`Context::Line`].
    Form,
    /// A question that is answered with yes or no: a plan, or whether to quit.
    Plan,
    /// What is typed to confirm a plan, on top of [`Context::Line`].
    Confirm,
    /// The page of an operation.
    Run,
}

impl Context {
    /// All of them, in the order of help and of the reference page.
    pub const ALL: [Self; 18] = [
        Self::Global,
        Self::Table,
        Self::Events,
        Self::Alerts,
        Self::Drawer,
        Self::Log,
        Self::Line,
        Self::Filter,
        Self::Palette,
        Self::Help,
        Self::Columns,
        Self::Feeds,
        Self::SignIn,
        Self::Menu,
        Self::Form,
        Self::Plan,
        Self::Confirm,
        Self::Run,
    ];

    /// The name of its section in a key file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Table => "table",
            Self::Events => "events",
            Self::Alerts => "alerts",
            Self::Drawer => "drawer",
            Self::Log => "log",
            Self::Line => "line",
            Self::Filter => "filter",
            Self::Palette => "palette",
            Self::Help => "help",
            Self::Columns => "columns",
            Self::Feeds => "feeds",
            Self::SignIn => "sign-in",
            Self::Menu => "menu",
            Self::Form => "form",
            Self::Plan => "plan",
            Self::Confirm => "confirm",
            Self::Run => "run",
        }
    }

    /// One line about it, for help.
    #[must_use]
    pub const fn doc(self) -> &'static str {
        match self {
            Self::Global => "everywhere",
            Self::Table => "in the rows of a pane",
            Self::Events => "in the rows of the events",
            Self::Alerts => "in the rows of the alerts",
            Self::Drawer => "in the details of a row",
            Self::Log => "in a log",
            Self::Line => "while a line is typed",
            Self::Filter => "while the filter is typed",
            Self::Palette => "in the palette",
            Self::Help => "on the page of keys",
            Self::Columns => "in the choice of columns",
            Self::Feeds => "on the pages of feeds and of notices",
            Self::SignIn => "on the page of signing in",
            Self::Menu => "in the list of what can be done",
            Self::Form => "in the form of an operation",
            Self::Plan => "before a question of yes or no",
            Self::Confirm => "while a plan is confirmed by typing",
            Self::Run => "on the page of an operation",
        }
    }

    /// The stack that keys are looked up in when it has the focus, itself first.
    #[must_use]
    pub const fn stack(self) -> &'static [Self] {
        match self {
            Self::Global => &[Self::Global],
            Self::Table => &[Self::Table, Self::Global],
            Self::Events => &[Self::Events, Self::Table, Self::Global],
            Self::Alerts => &[Self::Alerts, Self::Table, Self::Global],
            Self::Drawer => &[Self::Drawer, Self::Global],
            Self::Log => &[Self::Log, Self::Global],
            Self::Line => &[Self::Line, Self::Global],
            Self::Filter => &[Self::Filter, Self::Line, Self::Global],
            Self::Palette => &[Self::Palette, Self::Line, Self::Global],
            Self::Help => &[Self::Help, Self::Global],
            Self::Columns => &[Self::Columns, Self::Global],
            Self::Feeds => &[Self::Feeds, Self::Global],
            Self::SignIn => &[Self::SignIn, Self::Global],
            Self::Menu => &[Self::Menu, Self::Global],
            Self::Form => &[Self::Form, Self::Line, Self::Global],
            Self::Plan => &[Self::Plan, Self::Global],
            Self::Confirm => &[Self::Confirm, Self::Line, Self::Global],
            Self::Run => &[Self::Run, Self::Global],
        }
    }

    /// Whether characters are text here.
    #[must_use]
    pub const fn types_text(self) -> bool {
        matches!(
            self,
            Self::Line | Self::Filter | Self::Palette | Self::SignIn | Self::Form | Self::Confirm
        )
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Context {
    type Err = UnknownContext;

    fn from_str(text: &str) -> Result<Self, UnknownContext> {
        Self::ALL.into_iter().find(|context| context.name() == text).ok_or_else(|| UnknownContext {
            name: quote(text),
            nearest: nearest(text, Self::ALL.iter().map(|context| context.name())),
        })
    }
}

/// No context has this name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownContext {
    /// What is written, quoted.
    pub name: String,
    /// The context of the nearest name.
    pub nearest: Option<&'static str>,
}

impl std::error::Error for UnknownContext {}

impl fmt::Display for UnknownContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "There is no context {}. ", self.name)?;
        if let Some(nearest) = self.nearest {
            return write!(f, "Did you mean [{nearest}]?");
        }
        let names: Vec<&str> = Context::ALL.iter().map(|context| context.name()).collect();
        write!(f, "The contexts are {}.", names.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_and_has_a_line() {
        for context in Context::ALL {
            assert_eq!(context.name().parse(), Ok(context));
            assert!(!context.doc().is_empty());
            assert_eq!(context.stack().first(), Some(&context));
            assert_eq!(context.stack().last(), Some(&Context::Global));
        }
    }

    #[test]
    fn an_unknown_name_gets_the_nearest_or_the_list() {
        let message = |text: &str| text.parse::<Context>().unwrap_err().to_string();
        assert_eq!(message("tabel"), "There is no context \"tabel\". Did you mean [table]?");
        assert_eq!(
            message("kitchen"),
            "There is no context \"kitchen\". The contexts are global, table, events, alerts, drawer, \
             log, line, filter, palette, help, columns, feeds, sign-in, menu, form, plan, confirm, run."
        );
    }
}
