//! Events on tenants: what `kubectl describe` shows of what the console did.

use serde_json::json;

use super::Hand;
use super::place::text;
use crate::domain::operation::ObjectRef;
use crate::domain::{Text, TroubleKind};
use crate::live::kubernetes::line::Miss;
use crate::live::kubernetes::listing::encoded;
use crate::platform::Word;

/// Where events on objects are kept that are in no namespace.
const NOWHERE: &str = "default";
/// The longest message of an event.
const LONGEST: usize = 1000;

impl Hand {
    /// Leaves an event on the tenant; nothing where there is none.
    pub(super) async fn leave_event(&self, word: &Word) -> Result<(), Miss> {
        let Some(tenant) = &word.tenant else { return Ok(()) };
        let what = ObjectRef {
            group: Text::clean(&self.group),
            kind: Text::from("PLANAClient"),
            namespace: None,
            name: tenant.clone(),
        };
        let spot = self.spot(&what, "").await?;
        let Some(object) = &spot.object else {
            let what = format!("there is no {what} to leave an event on");
            return Err(Miss::refused(TroubleKind::Absent, &what, ""));
        };
        let namespace = spot.namespace.as_deref().unwrap_or(NOWHERE);
        // Named by what happened: told twice, it is there once.
        let name = format!("{tenant}.{}.{}", word.mark.operation, word.happened);
        let at = self.line.clock.now().utc().format("%Y-%m-%dT%H:%M:%SZ").to_string();
        let is_bad = matches!(word.happened, "stopped" | "given-up");
        let event = json!({
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": { "name": name, "namespace": namespace },
            "involvedObject": {
                "apiVersion": spot.served.version,
                "kind": what.kind,
                "namespace": spot.namespace,
                "name": tenant,
                "uid": text(object, "/metadata/uid"),
            },
            "type": if is_bad { "Warning" } else { "Normal" },
            "reason": reason(word.happened),
            "message": Text::bounded(word.sentence.as_str(), LONGEST),
            "action": word.verb,
            "source": { "component": "pulse-console" },
            "reportingComponent": "pulse-console",
            "reportingInstance": Text::bounded(word.mark.operation.as_str(), 120),
            "firstTimestamp": at,
            "lastTimestamp": at,
            "count": 1,
        });
        let path = format!("/api/v1/namespaces/{}/events", encoded(namespace));
        match self.line.post(&format!("leaving an event on {what}"), &path, &event).await {
            Err(miss) if miss.code != Some(409) => Err(miss),
            _ => Ok(()),
        }
    }
}

/// The reason of the event: one word.
fn reason(happened: &str) -> &'static str {
    match happened {
        "begun" => "OperationBegun",
        "done" => "OperationDone",
        "stopped" => "OperationStopped",
        "undone" => "OperationUndone",
        _ => "OperationGivenUp",
    }
}
