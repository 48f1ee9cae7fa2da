//! The gate: the one place that allows or refuses an action.

use super::action::{Action, ActionSpec, Danger, Shell, SignInAction};
use crate::domain::{Access, FeedId, Need, Role, Span, Verdict};
use crate::store::Collection;

/// What the gate goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// The role of the operator.
    pub role: Role,
    /// Whether this console may only look, whatever the operator may do.
    pub read_only: bool,
    /// Whether somebody is here who may see anything.
    pub is_open: bool,
    /// How many ways there are to sign in; none where nobody does.
    pub ways: usize,
    /// Whether the world lets itself be changed from here.
    pub able: bool,
    /// The feed by which a row was chosen and how old it is, when that is too old to act by.
    pub stale: Option<(FeedId, Span)>,
}

/// Says whether the action may be done. `access` is what the cluster says of the operator: what it says nothing of is not
/// refused here, for the cluster itself is the wall.
///
/// # Errors
/// The sentence that tells the operator why not.
pub fn check(spec: &ActionSpec, rights: Rights, access: &Collection<Access>) -> Result<(), String> {
    let name = spec.verb.doc;
    if !rights.is_open && !is_for_anybody(spec.action) {
        return Err(format!("Sign in first: nobody who is not signed in can {name}."));
    }
    if rights.ways == 0
        && matches!(spec.action, Action::SignIn(SignInAction::Lock | SignInAction::SignOut))
    {
        return Err(format!("Nobody is signed in here, so you can't {name}."));
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
    if !rights.able && spec.danger > Danger::None {
        return Err(format!("Nothing can be changed from here: this world has no way to {name}."));
    }
    if let Some((feed, age)) = rights.stale.filter(|_| spec.danger > Danger::None) {
        return Err(format!(
            "The {feed} were confirmed {age} ago. That is too old to {name} by them: wait until they can be read again."
        ));
    }
    match spec.needs().find_map(|need| denial(need, access)) {
        Some(denial) => Err(denial),
        None => Ok(()),
    }
}

/// Why the cluster denies `need`; none when it does not, or was not asked yet.
fn denial(need: &Need, access: &Collection<Access>) -> Option<String> {
    let held = access.get(access.find(&need.uid())?)?;
    if held.object.verdict != Verdict::Denied {
        return None;
    }
    let reason = match held.object.reason.as_str() {
        "" => "no role grants it",
        reason => reason.trim_end_matches('.'),
    };
    Some(format!(
        "The cluster does not let you {} ({}): {reason}. Ask who runs the cluster for that right.",
        need.what,
        need.words()
    ))
}

/// Whether whoever finds the console may do it, though nobody is signed in or the screen is hidden. A recording
/// holds what was on the screen.
const fn is_for_anybody(action: Action) -> bool {
    matches!(
        action,
        Action::SignIn(_)
            | Action::Shell(Shell::Quit | Shell::Suspend | Shell::Redraw | Shell::NextTheme)
    )
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
    use crate::domain::{Fact, FeedId, Observation, Timestamp};
    use crate::input::Verb;
    use crate::store::Store;

    const VIEWER: Rights = Rights {
        role: Role::Viewer,
        read_only: true,
        is_open: true,
        ways: 1,
        able: true,
        stale: None,
    };

    fn dangerous(danger: Danger) -> ActionSpec {
        let verb = Verb { id: "test.act", doc: "drop the database", contexts: &[] };
        let action = Action::Shell(Shell::Redraw);
        ActionSpec { action, verb, role: Role::Operator, danger, needs: &[&[Need::READ_LOGS]] }
    }

    /// A store in which the cluster says this of reading logs.
    fn told(verdict: Verdict, reason: &str) -> Store {
        let mut store = Store::default();
        let access = Need::READ_LOGS.judged("own", ["console", "jobs"], verdict, reason);
        for fact in [Fact::RelistBegun, Fact::Upsert(access.into()), Fact::RelistEnded] {
            let at = Timestamp::default();
            store.apply(Observation { feed: FeedId::Access, at, fact });
        }
        store
    }

    #[test]
    fn what_the_cluster_denies_is_refused_with_its_reason() {
        let operator = Rights { role: Role::Operator, read_only: false, ..VIEWER };
        let said = |rights, verdict, reason: &str| {
            let store = told(verdict, reason);
            check(&dangerous(Danger::Reversible), rights, &store.objects().access)
        };
        let denied = |reason: &str| {
            Err(format!(
                "The cluster does not let you read logs of pods (get pods/log): {reason}. Ask who runs the cluster for \
                 that right."
            ))
        };
        assert_eq!(said(operator, Verdict::Denied, "RBAC: no."), denied("RBAC: no"));
        assert_eq!(said(operator, Verdict::Denied, ""), denied("no role grants it"));
        assert_eq!(said(operator, Verdict::Unknown, "not said"), Ok(()));
        assert_eq!(said(operator, Verdict::Allowed, ""), Ok(()));
        // Read-only wins over the role, and the role over the cluster.
        let why = said(VIEWER, Verdict::Denied, "RBAC: no").expect_err("refused");
        assert!(why.contains("read-only"), "{why}");
        let viewer = Rights { read_only: false, ..VIEWER };
        let why = said(viewer, Verdict::Denied, "RBAC: no").expect_err("refused");
        assert!(why.starts_with("Your role is viewer"), "{why}");
    }

    #[test]
    fn every_need_of_an_action_is_asked_for() {
        for spec in REGISTRY {
            for need in spec.needs() {
                assert!(Need::ALL.contains(need), "{}: {}", spec.verb.id, need.words());
            }
        }
    }

    #[test]
    fn read_only_refuses_everything_that_changes_something() {
        let senior = Rights { role: Role::Senior, ..VIEWER };
        for danger in [Danger::Reversible, Danger::Destructive] {
            assert_eq!(
                check(&dangerous(danger), senior, &Collection::default()),
                Err("This console is read-only, so it can't drop the database.".to_owned())
            );
        }
        for spec in REGISTRY {
            assert_eq!(
                check(spec, VIEWER, &Collection::default()).is_ok(),
                spec.danger == Danger::None,
                "{}",
                spec.verb.id
            );
        }
    }

    #[test]
    fn a_viewer_may_not_operate() {
        let viewer = Rights { read_only: false, ..VIEWER };
        assert_eq!(
            check(&dangerous(Danger::None), viewer, &Collection::default()),
            Err("Your role is viewer; only operators and above can drop the database.".to_owned())
        );
    }

    #[test]
    fn behind_the_page_nothing_is_done() {
        let shut = Rights { is_open: false, ..VIEWER };
        for spec in REGISTRY {
            let allowed = check(spec, shut, &Collection::default()).is_ok();
            let harmless = ["app.quit", "app.suspend", "app.redraw", "theme.next"];
            let is_about_it = matches!(spec.action, Action::SignIn(_));
            assert_eq!(
                allowed,
                is_about_it || harmless.contains(&spec.verb.id),
                "{}",
                spec.verb.id
            );
        }
    }

    #[test]
    fn where_nobody_signs_in_nobody_locks_or_signs_out() {
        let unguarded = Rights { ways: 0, role: Role::Senior, read_only: false, ..VIEWER };
        let refused: Vec<String> = REGISTRY
            .iter()
            .filter_map(|spec| check(spec, unguarded, &Collection::default()).err())
            .collect();
        assert_eq!(
            refused,
            [
                "Nobody is signed in here, so you can't hide the screen until you come back.",
                "Nobody is signed in here, so you can't sign out.",
            ]
        );
    }
}
