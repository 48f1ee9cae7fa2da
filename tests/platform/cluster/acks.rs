//! Acknowledgements of alerts, kept in a `ConfigMap` where every colleague's console sees them.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::{Cluster, Resource};
use crate::platform::PlatformError;
use crate::platform::kinds::stamp;

/// The console's own namespace.
pub const CONSOLE: &str = "pulse-console";
/// The name of the `ConfigMap`.
pub const ACKS: &str = "acks";

/// Someone has seen an alert.
#[derive(Debug, Clone)]
pub struct Ack<'a> {
    /// The alert's fingerprint, as Alertmanager has it.
    pub fingerprint: &'a str,
    /// Who.
    pub by: &'a str,
    /// Since when.
    pub at: DateTime<Utc>,
    /// When it ends by itself.
    pub until: DateTime<Utc>,
    /// Why.
    pub note: &'a str,
}

impl Ack<'_> {
    fn value(&self) -> String {
        json!({
            "by": self.by,
            "at": stamp(self.at),
            "until": stamp(self.until),
            "note": self.note,
        })
        .to_string()
    }
}

impl Cluster {
    /// Two that hold and one that has ended.
    pub(super) fn acks(&self) -> Value {
        let ago = |minutes: i64| self.now - Duration::minutes(minutes);
        let note = "rolled back, waiting for the image";
        let acks = [
            ("6a1f4c02d9e37b58", "m.petrova@plana.solutions", 18, -222, note),
            ("c37be0915d2f8a64", "i.kolev@plana.solutions", 95, -25, ""),
            ("02d5e8f7a41b96c3", "i.kolev@plana.solutions", 900, 660, "known, see the postmortem"),
        ];
        let data: serde_json::Map<String, Value> = acks
            .iter()
            .map(|&(fingerprint, by, at, until, note)| {
                let ack = Ack { fingerprint, by, at: ago(at), until: ago(until), note };
                (fingerprint.to_owned(), ack.value().into())
            })
            .collect();
        Resource::CONFIG_MAP.object(CONSOLE, ACKS, json!({ "data": data }))
    }
}

impl crate::platform::ApiServer {
    /// Writes one acknowledgement beside the others; the `ConfigMap` must be there.
    pub async fn acknowledge(&self, ack: &Ack<'_>) -> Result<(), PlatformError> {
        let data = json!({ "data": { ack.fingerprint: ack.value() } });
        self.change(Resource::CONFIG_MAP, (CONSOLE, ACKS), "", &data).await
    }
}
