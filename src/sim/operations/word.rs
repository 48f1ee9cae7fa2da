//! Word of operations: an event on the stream, and one on the tenant's object.

use serde_json::json;

use crate::domain::Text;
use crate::platform::Word;
use crate::sim::cluster::said_of_tenant;
use crate::sim::engine::Engine;
use crate::sim::events;

/// Leaves `word`; the same one a second time is not heard.
pub(super) fn leave(engine: &mut Engine, word: &Word) {
    let operation = &word.mark.operation;
    let id = Text::from(format!("{operation}-{}", word.happened));
    if !engine.operations.left.insert(id.clone()) {
        return;
    }
    let now = engine.now();
    let tenant = word.tenant.as_ref().map_or("", Text::as_str);
    let event = json!({
        "specversion": "1.0",
        "id": id.as_str(),
        "type": format!("console.operation.{}", word.happened),
        "source": "//plana-pulse/console",
        "subject": tenant,
        "time": now.to_string(),
        "datacontenttype": "application/json",
        "data": {
            "operation": operation.as_str(),
            "verb": word.verb,
            "by": word.mark.by.as_str(),
            "reason": word.mark.reason.as_str(),
            "says": word.sentence.as_str(),
        },
    });
    let stream_id = engine.world.stream.next_id(now);
    engine.append(events::raw_entry(&event.to_string(), stream_id));
    if !tenant.is_empty() && engine.scenario.cluster.is_some() {
        let reason = format!("Operation{}", capital(word.happened));
        let said = said_of_tenant(tenant, &reason, word.sentence.as_str(), now);
        engine.put(said);
    }
}

fn capital(word: &str) -> String {
    word.split('-')
        .filter_map(|part| {
            let mut chars = part.chars();
            let first = chars.next()?.to_uppercase();
            Some(first.chain(chars).collect::<String>())
        })
        .collect()
}
