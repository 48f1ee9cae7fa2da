//! The gate: the one place that allows or refuses an action.

use super::action::{ActionSpec, Danger, Permission};

/// What the gate goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// The most that the operator may do.
    pub permission: Permission,
    /// Whether this console may only look, whatever the operator may do.
    pub read_only: bool,
}

/// Says whether the action may be done.
///
/// # Errors
/// The sentence that tells the operator why not.
pub fn check(spec: &ActionSpec, rights: Rights) -> Result<(), String> {
    let name = spec.verb.doc;
    if rights.read_only && spec.danger > Danger::None {
        return Err(format!("This console is read-only, so it can't {name}."));
    }
    if spec.permission > rights.permission {
        return Err(format!("Your role may look but not {name}."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::action::{Action, REGISTRY, Shell};
    use crate::input::Verb;

    const VIEWER: Rights = Rights { permission: Permission::Look, read_only: true };

    fn dangerous(danger: Danger) -> ActionSpec {
        let verb = Verb { id: "test.act", doc: "drop the database", contexts: &[] };
        let action = Action::Shell(Shell::Redraw);
        ActionSpec { action, verb, permission: Permission::Operate, danger }
    }

    #[test]
    fn read_only_refuses_everything_that_changes_something() {
        let senior = Rights { permission: Permission::Operate, read_only: true };
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
        let viewer = Rights { permission: Permission::Look, read_only: false };
        assert_eq!(
            check(&dangerous(Danger::None), viewer),
            Err("Your role may look but not drop the database.".to_owned())
        );
    }
}
