//! How meanings look: roles, and the themes that give each a style.
//!
//! Whoever draws names a [`Role`] and never a colour. This module reads no file and asks no terminal:
//! callers hand in the texts and the [`ColorDepth`].
//!
//! Invariants:
//! - [`Theme::style`] is total: what a theme does not say, the fall-back of the role says.
//! - A role without a ground of its own leaves the ground under it as it is, so a row under the
//!   cursor keeps the colours of its cells.
//! - Fewer colours never make two things one that a ground told apart: what would vanish is reversed, but for
//!   whole areas, which have borders.
//! - Where there are no colours at all, the theme `none` says more than any other.

mod builtin;
mod color;
mod depth;
mod load;
mod problem;
mod role;

use ratatui::style::Style;

pub use builtin::{BUILTIN_NAMES, builtin};
pub use depth::{ColorDepth, UnknownDepth};
pub use load::INHERITANCE_MAX;
pub use problem::{Placed, ProblemKind, ThemeError, Warning, WarningKind};
pub use role::{Role, UnknownRole};

/// A style for every role, in the colours that the terminal can show.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Theme {
    name: String,
    styles: [Style; Role::ALL.len()],
}

impl Default for Theme {
    /// A theme that says nothing: every role is plain.
    fn default() -> Self {
        Self { name: String::new(), styles: [Style::new(); Role::ALL.len()] }
    }
}

impl Theme {
    /// Reads a theme.
    ///
    /// `name` is the file as messages call it, and `base` gives the text of a theme that is inherited
    /// (usually [`builtin()`]).
    ///
    /// # Errors
    /// Everything that is wrong with the file and those it inherits, each with its line.
    pub fn parse(
        name: &str,
        text: &str,
        base: &dyn Fn(&str) -> Option<String>,
        depth: ColorDepth,
    ) -> Result<(Self, Vec<Warning>), ThemeError> {
        let draft = load::load(name, text, base)?;
        let styles = Role::ALL.map(|role| {
            let look = draft.look(role);
            let own = look.bg.filter(|_| role.is_area());
            look.style(own.or(draft.ground()), depth)
        });
        Ok((Self { name: name.to_owned(), styles }, draft.warnings()))
    }

    /// The name it was read under.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How `role` looks.
    #[must_use]
    pub fn style(&self, role: Role) -> Style {
        self.styles.get(role as usize).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
