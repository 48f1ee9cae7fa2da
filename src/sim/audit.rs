//! The training platform's audit records, as its Loki would give them: who made and changed which object.
//!
//! They are a function of the objects that exist: nothing is kept for them. It is no `LogQL`: of a question only the words
//! count that every line must hold.

use super::world::World;
use crate::domain::{Kind, LogLine, MadeBy, Resource, Span, Text, Timestamp};

/// The most records of one answer: the newest.
const MOST: usize = 1_000;
/// The time between what an operator does and what the controllers do about it.
const AFTER: Span = Span::from_secs(4);

/// The records up to `now` that the question `query` gives, oldest first.
pub(super) fn audit_lines(world: &World, query: &str, now: Timestamp) -> Vec<LogLine> {
    let wanted = words(query);
    let mut found: Vec<(Timestamp, String)> = Kind::ALL
        .into_iter()
        .flat_map(|kind| world.objects(kind))
        .flat_map(|object| records(object))
        .filter(|(at, line)| *at <= now && wanted.iter().all(|word| line.contains(word)))
        .collect();
    found.sort();
    found.drain(..found.len().saturating_sub(MOST));
    let line = |(at, line): (Timestamp, String)| LogLine { at: Some(at), text: Text::from(line) };
    found.into_iter().map(line).collect()
}

/// That the object was made, and each change of a condition.
fn records(object: &Resource) -> Vec<(Timestamp, String)> {
    let Some(created) = object.meta.created else { return Vec::new() };
    let made_by = match (object.meta.by.as_deref(), object.kind()) {
        (Some(MadeBy::Person(name)), _) => name.as_str(),
        (_, Kind::Client) => "system:serviceaccount:portal:portal-api",
        (_, Kind::Environment) => "system:serviceaccount:crossplane-system:crossplane",
        (_, Kind::Upgrade | Kind::Template | Kind::Restore) => "deyan@plana.solutions",
    };
    let mut records = vec![(created, record(object, created, made_by, "CREATE", None))];
    for condition in &object.conditions {
        let Some(at) = condition.since else { continue };
        let at = at.max(created.after(AFTER));
        let who = "system:serviceaccount:crossplane-system:crossplane";
        let change = format!("{} is {:?}", condition.name, condition.status);
        records.push((at, record(object, at, who, "UPDATE", Some(&change))));
    }
    records
}

fn record(
    object: &Resource,
    at: Timestamp,
    who: &str,
    action: &str,
    change: Option<&str>,
) -> String {
    let Resource { meta, .. } = object;
    serde_json::json!({
        "timestamp": at.to_string(),
        "user": who,
        "action": action,
        "kind": object.kind().to_string(),
        "name": meta.name.as_str(),
        "tenant": object.tenant().map(Text::as_str),
        "sourceIP": "10.42.0.17",
        "uid": meta.uid.0.as_str(),
        "diff": change,
    })
    .to_string()
}

/// The words that every line must hold: the strings after `|=`.
fn words(query: &str) -> Vec<String> {
    let filters = query.split("|=").skip(1);
    let word = |filter: &str| {
        let mut stream = serde_json::Deserializer::from_str(filter).into_iter::<String>();
        stream.next()?.ok()
    };
    filters.filter_map(word).collect()
}

#[cfg(test)]
mod tests {
    use super::super::engine::Engine;
    use super::super::scenario;
    use super::*;
    use crate::domain::LogSource;

    fn lines(query: &str) -> Vec<LogLine> {
        let engine = Engine::new(&scenario::builtin("calm-night").expect("a scenario"), None);
        audit_lines(engine.world(), query, engine.now())
    }

    #[test]
    fn a_question_gives_the_records_of_its_words() {
        let all = lines("{namespace=\"audit-webhook\"}");
        assert!(all.len() > 20 && all.len() <= MOST, "{} records", all.len());
        assert!(all.is_sorted_by_key(|line| line.at));
        let engine = Engine::new(&scenario::builtin("calm-night").expect("a scenario"), None);
        let client = engine.world().objects(Kind::Client).next().expect("a tenant");
        let name = client.meta.name.as_str();
        let LogSource::Loki { query } = LogSource::loki("{a=\"b\"}", [name, "CREATE"]) else {
            panic!("a question to Loki");
        };
        let found = lines(query.as_str());
        assert!(!found.is_empty() && found.len() < all.len());
        for line in found {
            assert!(line.text.as_str().contains(name) && line.text.as_str().contains("CREATE"));
        }
        assert_eq!(lines("{a=\"b\"} |= \"nobody at all\""), []);
    }
}
