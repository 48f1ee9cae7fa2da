//! CloudEvents as the platform's bus carries them, pure functions of an index.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::kinds;

/// How an event lies in a stream entry; which one PLANA uses is not published.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum EventLayout {
    /// The whole envelope as JSON in one field of this name.
    OneField(String),
    /// One field for each attribute, `data` as JSON.
    #[default]
    Separate,
}

impl EventLayout {
    /// The whole envelope in a field named `event`.
    pub fn one_field() -> Self {
        Self::OneField("event".into())
    }

    /// The fields and values of the entry for `event`.
    pub fn fields(&self, event: &Value) -> Vec<(String, String)> {
        match self {
            Self::OneField(name) => vec![(name.clone(), event.to_string())],
            Self::Separate => event
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, value)| {
                    (name.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                })
                .collect(),
        }
    }
}

/// A stream to publish to.
#[derive(Debug, Clone)]
pub struct EventStream {
    /// Its key.
    pub key: String,
    /// How an event lies in an entry.
    pub layout: EventLayout,
    /// About how many entries it keeps (`MAXLEN ~`).
    pub keep: usize,
}

impl Default for EventStream {
    /// As PLANA has it; the layout is a guess.
    fn default() -> Self {
        Self { key: "PLANA:events".into(), layout: EventLayout::one_field(), keep: 50_000 }
    }
}

/// The event with this index, said to have happened at `at`. Its id is unique and grows with the index.
pub fn cloud_event(index: usize, at: DateTime<Utc>) -> Value {
    let (kind, source) = match index % 10 {
        0 => ("client.provisioned", "//plana-pulse/crossplane/planaclient"),
        1 => ("client.provisioning.failed", "//plana-pulse/crossplane/planaclient"),
        2 | 3 => ("subscription.changed", "//plana-pulse/billing"),
        4..=6 => ("agent.report.created", "//plana-pulse/ai-agents"),
        _ => ("tenant.health.changed", "//plana-pulse/probes"),
    };
    let client = index.wrapping_mul(7) % 40;
    let slug = kinds::client_name(client);
    let mut data = json!({
        "subdomain": slug,
        "projectId": 23 + client,
        "tier": kinds::client_tier(client),
        "odooVersion": kinds::client_version(client),
        "ownerEmail": format!("owner@{slug}.example.bg"),
    });
    if kind == "client.provisioning.failed" {
        data["reason"] = "cannot apply composed resource \"database\": timeout".into();
    }
    json!({
        "specversion": "1.0",
        "id": identifier(index),
        "type": kind,
        "source": source,
        "subject": slug,
        "time": at.to_rfc3339_opts(SecondsFormat::Millis, true),
        "datacontenttype": "application/json",
        "data": data,
    })
}

/// 26 characters of Crockford's alphabet, as a ULID has.
fn identifier(index: usize) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let digit = |place: u32| {
        ALPHABET.get((index >> (5 * place).min(60)) & 31).copied().map_or('0', char::from)
    };
    let tail: String = (0..12).rev().map(digit).collect();
    format!("01KSVPLANA0000{tail}")
}
