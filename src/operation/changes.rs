//! What a plan writes into the cluster, field by field: what is new, and what takes the place of what.

use std::fmt;

use serde_json::Value;

use crate::domain::Text;
use crate::domain::operation::{Command, Expect, ObjectRef, Plan, Query};

/// The most lines that are shown of one object.
const MOST: usize = 120;
/// The longest value that is shown, in characters.
const LONG: usize = 160;
/// The deepest field that is looked into.
const DEEP: usize = 24;

/// What one step writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The number of the step.
    pub step: usize,
    /// The object, and what becomes of it.
    pub what: Text,
    /// Its fields.
    pub lines: Vec<Line>,
}

/// One field of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// It is this from then on.
    Adds(Text),
    /// It is this no more.
    Removes(Text),
    /// So many more fields are not shown.
    More(usize),
}

impl fmt::Display for Line {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Adds(field) => write!(out, "+ {field}"),
            Self::Removes(field) => write!(out, "- {field}"),
            Self::More(count) => write!(out, "… {count} fields more"),
        }
    }
}

/// What the steps of `plan` write into the cluster, in their order. Values of variables that sound like secrets are left
/// out.
#[must_use]
pub fn changes(plan: &Plan) -> Vec<Change> {
    let steps = plan.steps.iter().enumerate();
    steps.filter_map(|(step, it)| change(plan, step, it.act.as_ref()?)).collect()
}

fn change(plan: &Plan, step: usize, act: &Command) -> Option<Change> {
    let (what, lines) = match act {
        Command::Apply { what, manifest } => {
            let new = fields(manifest).into_iter().map(|(path, value)| line(&path, &value));
            (format!("{what} is made"), new.map(Line::Adds).collect())
        }
        Command::Patch { what, patch, .. } => {
            let before = spec_of(plan, what);
            (format!("{what} is changed"), exchanged(&fields(patch), before))
        }
        Command::Delete { what, .. } => (format!("{what} is deleted"), Vec::new()),
        _ => return None,
    };
    Some(Change { step, what: Text::bounded(&what, 300), lines: bounded(lines) })
}

/// The fields of a patch: each takes the place of what it was before, where that is known.
fn exchanged(patch: &[(String, Value)], before: Option<&Value>) -> Vec<Line> {
    let mut lines = Vec::new();
    for (path, value) in patch {
        let pointer = path.strip_prefix("spec.").map(|rest| format!("/{}", rest.replace('.', "/")));
        let was = pointer.and_then(|pointer| before?.pointer(&pointer));
        lines.extend(was.map(|was| Line::Removes(line(path, was))));
        if !value.is_null() {
            lines.push(Line::Adds(line(path, value)));
        }
    }
    lines
}

/// The specification of `what` that `plan` was made from.
fn spec_of<'a>(plan: &'a Plan, what: &ObjectRef) -> Option<&'a Value> {
    plan.pins.iter().find_map(|pin| match (&pin.goal.query, &pin.goal.expect) {
        (Query::Object(it), Expect::Unchanged { spec, .. }) if it == what => Some(spec),
        _ => None,
    })
}

fn bounded(mut lines: Vec<Line>) -> Vec<Line> {
    let more = lines.len().saturating_sub(MOST);
    if more > 0 {
        lines.truncate(MOST);
        lines.push(Line::More(more));
    }
    lines
}

fn line(path: &str, value: &Value) -> Text {
    let value = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let short: String = value.chars().take(LONG).collect();
    let rest = if short.len() < value.len() { "…" } else { "" };
    Text::bounded(&format!("{path}: {short}{rest}"), 1024)
}

/// The innermost fields of `object`, each by its way through it.
fn fields(object: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    gather(object, String::new(), DEEP, &mut all);
    all
}

fn gather(value: &Value, path: String, deep: usize, all: &mut Vec<(String, Value)>) {
    let below = |name: &str| match (path.as_str(), name.contains('.')) {
        ("", _) => name.to_owned(),
        (_, true) => format!("{path}[{name}]"),
        (_, false) => format!("{path}.{name}"),
    };
    match value {
        Value::Object(parts) if !parts.is_empty() && deep > 0 => {
            let (secret, hidden) = (is_secret(value), Value::from("(not shown)"));
            for (name, part) in parts {
                let part = if secret && name == "value" { &hidden } else { part };
                gather(part, below(name), deep - 1, all);
            }
        }
        Value::Array(parts) if !parts.is_empty() && deep > 0 => {
            for (number, part) in parts.iter().enumerate() {
                gather(part, format!("{path}[{number}]"), deep - 1, all);
            }
        }
        other => all.push((path, other.clone())),
    }
}

/// Whether `variable` is one of a container's, and sounds like a secret.
fn is_secret(variable: &Value) -> bool {
    let name = variable.get("name").and_then(Value::as_str).unwrap_or_default();
    let name = name.to_ascii_uppercase();
    name != "BACKUP_KEY"
        && ["PASS", "SECRET", "TOKEN", "KEY", "CREDENTIAL"].iter().any(|word| name.contains(word))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::operation::{Goal, Pin, Step, Which};
    use crate::domain::{Span, Uid};
    use crate::operation::kinds::tests::any_plan;

    fn object() -> ObjectRef {
        let (group, kind) = ("planapulse.com".into(), "PLANAClient".into());
        ObjectRef { group, kind, namespace: None, name: "acme".into() }
    }

    fn plan(act: Command) -> Plan {
        let settled = Goal::new(Query::Object(object()), Expect::Present);
        let spec = json!({ "tier": "pro", "owner": { "email": "a@b.bg" } });
        let unchanged = Expect::Unchanged { uid: Uid("u".into()), spec };
        let pin =
            Pin { what: "the tenant".into(), goal: Goal::new(settled.query.clone(), unchanged) };
        let step = Step {
            name: "write".into(),
            act: Some(act),
            begun: None,
            settled,
            limit: Span::from_secs(1),
            undo: None,
            log: None,
        };
        Plan { pins: vec![pin], steps: vec![step], ..any_plan() }
    }

    fn shown(plan: &Plan) -> Vec<String> {
        let lines = changes(plan).into_iter().flat_map(|change| {
            let head = [format!("{} {}", change.step, change.what)];
            head.into_iter().chain(change.lines.into_iter().map(|line| line.to_string()))
        });
        lines.collect()
    }

    #[test]
    fn a_patch_shows_what_was_there_before() {
        let patch =
            json!({ "spec": { "tier": "enterprise", "room": 3, "owner": { "email": null } } });
        let which = Which::Uid(Uid("u".into()));
        let said = shown(&plan(Command::Patch { what: object(), which, patch }));
        let wanted = [
            "0 PLANAClient acme is changed",
            "- spec.owner.email: a@b.bg",
            "+ spec.room: 3",
            "- spec.tier: pro",
            "+ spec.tier: enterprise",
        ];
        assert_eq!(said, wanted);
    }

    #[test]
    fn what_is_made_is_shown_without_what_sounds_like_a_secret() {
        let manifest = json!({
            "metadata": { "labels": { "app.kubernetes.io/name": "x" } },
            "spec": { "env": [
                { "name": "PGPASSWORD", "value": "hunter2" },
                { "name": "BACKUP_KEY", "value": "acme/a.dump" },
            ], "empty": [] },
        });
        let said = shown(&plan(Command::Apply { what: object(), manifest }));
        let wanted = [
            "0 PLANAClient acme is made",
            "+ metadata.labels[app.kubernetes.io/name]: x",
            "+ spec.empty: []",
            "+ spec.env[0].name: PGPASSWORD",
            "+ spec.env[0].value: (not shown)",
            "+ spec.env[1].name: BACKUP_KEY",
            "+ spec.env[1].value: acme/a.dump",
        ];
        assert_eq!(said, wanted);
    }

    #[test]
    fn a_manifest_of_any_size_is_bounded() {
        let many: Vec<String> = (0..1000).map(|number| "x".repeat(number)).collect();
        let said = shown(&plan(Command::Apply { what: object(), manifest: json!({ "a": many }) }));
        assert_eq!(said.len(), 1 + MOST + 1);
        assert_eq!(said.last().map(String::as_str), Some("… 880 fields more"));
        assert!(said.iter().all(|line| line.chars().count() < LONG + 20), "{said:?}");
    }
}
