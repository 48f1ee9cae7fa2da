//! The gate: the one place that allows or refuses an action.

use super::action::{Action, ActionSpec, Danger};
use crate::domain::Role;

/// What the gate goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// The role of the operator.
    pub role: Role,
    /// Whether this console may only look, whatever the operator may do.
    pub read_only: bool,
    /// Whether somebody is here who may see anything.
    pub is_open: bool,
}

/// Says whether the action may be done.
///
/// # Errors
/// The sentence that tells the operator why not.
pub fn check(spec: &ActionSpec, rights: Rights) -> Result<(), String> {
    let name = spec.verb.doc;
    if !rights.is_open && !matches!(spec.action, Action::Shell(_) | Action::SignIn(_)) {
        return Err(format!("Sign in first: nobody who is not signed in can {name}."));
    }
    if rights.read_only && spec.danger > Danger::None {
        return Err(format!("This console is read-only, so it can't {name}."));
    }
    if spec.role > rights.role {
        return Err(format!(
            "Your role is {}; only {} and above can {name}.",
            rights.role,
            plural(spec.role)
        ));
    }
    Ok(())
}

const fn plural(role: Role) -> &'static str {
    match role {
        Role::Viewer => "viewers",
        Role::Operator => "operators",
        Role::Senior => "seniors",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::action::{Action, REGISTRY, Shell};
    use crate::input::Verb;

    const VIEWER: Rights = Rights { role: Role::Viewer, read_only: true, is_open: true };

    fn dangerous(danger: Danger) -> ActionSpec {
        let verb = Verb { id: "test.act", doc: "drop the database", contexts: &[] };
        let action = Action::Shell(Shell::Redraw);
        ActionSpec { action, verb, role: Role::Operator, danger }
    }

    #[test]
    fn read_only_refuses_everything_that_changes_something() {
        let senior = Rights { role: Role::Senior, read_only: true, is_open: true };
        for danger in [Danger::Reversible, Danger::Destructive] {
            assert_eq!(
                check(&dangerous(danger), senior),
                Err("This console is read-only, so it can't drop the database.".to_owned())
            );
        }
        for spec in REGISTRY {
            assert_eq!(
                check(spec, VIEWER).is_ok(),
                spec.danger == Danger::None,
                "{}",
                spec.verb.id
            );
        }
    }

    #[test]
    fn a_viewer_may_not_operate() {
        let viewer = Rights { role: Role::Viewer, read_only: false, is_open: true };
        assert_eq!(
            check(&dangerous(Danger::None), viewer),
            Err("Your role is viewer; only operators and above can drop the database.".to_owned())
        );
    }
}
