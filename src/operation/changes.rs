//! What a plan writes into the cluster, field by field: what is new, and what takes the place of what.
//!
//! What may be a secret is left out of what is shown, and of that alone. The plan keeps each manifest whole, for it is
//! written from there; and so do its journal in the cluster, the mirror of that on this machine, a plan in a file, and
//! what is printed as JSON. Secrets that a Job takes from a `Secret` are in none of them.

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
/// What stands in the place of what may be a secret.
const HIDDEN: &str = "(not shown)";
/// The variables of containers that the console itself sets, which are no secrets: where a backup is written, and what
/// files are carried from where to where. Nobody can tell what else is in a cluster's own Jobs.
const SHOWN: [&str; 4] = ["BACKUP_KEY", "DATABASE", "FROM", "TO"];
/// What names of secrets are made of.
const SECRETS: [&str; 6] = ["PASS", "PWD", "SECRET", "TOKEN", "KEY", "CREDENTIAL"];

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

/// What the steps of `plan` write into the cluster, in their order. What may be a secret is left out: values of variables
/// that are not the console's own, and in commands addresses with a login, and what follows a word that sounds like one.
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

/// What a field belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Within {
    /// The variables of a container.
    Variables,
    /// The command of a container, and what it is given.
    Words,
    /// Anything else.
    Anything,
}

impl Within {
    fn of(name: &str) -> Self {
        match name {
            "env" => Self::Variables,
            "args" | "command" => Self::Words,
            _ => Self::Anything,
        }
    }
}

/// The innermost fields of `object`, each by its way through it.
fn fields(object: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    gather(object, String::new(), Within::Anything, DEEP, &mut all);
    all
}

fn gather(
    value: &Value,
    path: String,
    within: Within,
    deep: usize,
    all: &mut Vec<(String, Value)>,
) {
    let below = |name: &str| match (path.as_str(), name.contains('.')) {
        ("", _) => name.to_owned(),
        (_, true) => format!("{path}[{name}]"),
        (_, false) => format!("{path}.{name}"),
    };
    match value {
        Value::Object(parts) if !parts.is_empty() && deep > 0 => {
            let (secret, hidden) = (is_secret(value, within), Value::from(HIDDEN));
            for (name, part) in parts {
                let part = if secret && name == "value" { &hidden } else { part };
                gather(part, below(name), Within::of(name), deep - 1, all);
            }
        }
        Value::Array(parts) if !parts.is_empty() && deep > 0 => {
            let mut follows = false;
            for (number, part) in parts.iter().enumerate() {
                let word = part.as_str().filter(|_| within == Within::Words);
                let word = word.map(|text| Value::from(told(text, &mut follows)));
                let (part, path) = (word.as_ref().unwrap_or(part), format!("{path}[{number}]"));
                gather(part, path, within, deep - 1, all);
            }
        }
        other => all.push((path, other.clone())),
    }
}

/// Whether what has a name and a value may be a secret.
fn is_secret(variable: &Value, within: Within) -> bool {
    let text = |field: &str| variable.get(field).and_then(Value::as_str).unwrap_or_default();
    let name = text("name");
    match within {
        Within::Variables => !SHOWN.contains(&name) || has_login(text("value")),
        Within::Words | Within::Anything => !SHOWN.contains(&name) && sounds_secret(name),
    }
}

/// `text`, which is a word of a command or a script, without what may be a secret. `follows` says whether the word before
/// it sounds like one, and then whether its last one does.
fn told(text: &str, follows: &mut bool) -> String {
    let mut said = String::new();
    for part in text.split_inclusive(char::is_whitespace) {
        // Where a secret ends in a script only its shell can tell: nothing after its name is shown.
        if std::mem::take(follows) {
            return said + HIDDEN;
        }
        let word = part.trim_end();
        if has_login(word) {
            let after = part.strip_prefix(word).unwrap_or_default();
            said.extend([HIDDEN, after]);
            continue;
        }
        let name = word.split_inclusive(['=', ':']).next().unwrap_or_default();
        *follows = sounds_secret(word);
        if *follows && name.len() < word.len() {
            *follows = false;
            return said + name + HIDDEN;
        }
        said.push_str(part);
    }
    said
}

/// Whether it is an address that somebody logs in by.
fn has_login(word: &str) -> bool {
    word.split_once("://").is_some_and(|(_, rest)| rest.contains('@'))
}

fn sounds_secret(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    SECRETS.iter().any(|word| name.contains(word))
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
                { "name": "DATABASE_URL", "value": "postgres://odoo:hunter2@pg01/acme" },
                { "name": "DATABASE", "value": "postgres://odoo:hunter2@pg01/acme" },
                { "name": "PGHOST", "valueFrom": { "secretKeyRef": { "name": "pg" } } },
            ], "marks": [{ "name": "token", "value": "hunter2" }], "empty": [] },
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
            "+ spec.env[2].name: DATABASE_URL",
            "+ spec.env[2].value: (not shown)",
            "+ spec.env[3].name: DATABASE",
            "+ spec.env[3].value: (not shown)",
            "+ spec.env[4].name: PGHOST",
            "+ spec.env[4].valueFrom.secretKeyRef.name: pg",
            "+ spec.marks[0].name: token",
            "+ spec.marks[0].value: (not shown)",
        ];
        assert_eq!(said, wanted);
    }

    #[test]
    fn a_command_is_shown_without_what_sounds_like_a_secret() {
        for (words, wanted) in [
            (json!(["sh", "-ec"]), vec!["sh", "-ec"]),
            (json!(["tar -C \"$FROM\" -cf - ."]), vec!["tar -C \"$FROM\" -cf - ."]),
            (
                json!(["pg_dump postgres://odoo:hunter2@pg01/acme --clean"]),
                vec!["pg_dump (not shown) --clean"],
            ),
            (json!(["s3://backups/acme"]), vec!["s3://backups/acme"]),
            (
                json!(["--password", "my hunter2", "--host", "pg01"]),
                vec!["--password", "(not shown)", "--host", "pg01"],
            ),
            (json!(["--password=hunter2", "--clean"]), vec!["--password=(not shown)", "--clean"]),
            (
                json!(["PGPASSWORD='my hunter2' pg_dump", "acme"]),
                vec!["PGPASSWORD=(not shown)", "acme"],
            ),
            (json!(["login --token hunter2 here"]), vec!["login --token (not shown)"]),
            (json!(["{\"password\":\"hunter2\"}"]), vec!["{\"password\":(not shown)"]),
            (json!(["password:", "hunter2"]), vec!["password:", "(not shown)"]),
        ] {
            for field in ["args", "command"] {
                let mut manifest = json!({});
                manifest[field] = words.clone();
                let said = shown(&plan(Command::Apply { what: object(), manifest }));
                let numbered = wanted.iter().enumerate();
                let wanted: Vec<String> =
                    numbered.map(|(number, word)| format!("+ {field}[{number}]: {word}")).collect();
                assert_eq!(said.get(1..), Some(&wanted[..]));
            }
        }
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
