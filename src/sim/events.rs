//! Events of the platform: what their data says, and the envelope around it.

use serde::ser::SerializeMap as _;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;

use super::reading::{self, summary};
use crate::domain::{
    ClientSpec, CloudEvent, Content, Payload, StreamEntry, StreamId, Text, Timestamp,
};

/// The types of events that the training world makes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub enum EventType {
    /// A tenant is ready.
    #[serde(rename = "client.provisioned")]
    ClientProvisioned,
    /// A tenant could not be made.
    #[serde(rename = "client.provisioning.failed")]
    ClientProvisioningFailed,
    /// A subscription goes on.
    #[serde(rename = "subscription.renewed")]
    SubscriptionRenewed,
    /// A subscription is not paid.
    #[serde(rename = "subscription.suspended")]
    SubscriptionSuspended,
    /// The nightly backup of a tenant is in the bucket.
    #[serde(rename = "backup.completed")]
    BackupCompleted,
    /// The nightly backup of a tenant is not in the bucket.
    #[serde(rename = "backup.failed")]
    BackupFailed,
    /// An upgrade began.
    #[serde(rename = "upgrade.started")]
    UpgradeStarted,
    /// An upgrade is done.
    #[serde(rename = "upgrade.finished")]
    UpgradeFinished,
    /// An upgrade failed.
    #[serde(rename = "upgrade.failed")]
    UpgradeFailed,
    /// A restore began.
    #[serde(rename = "restore.started")]
    RestoreStarted,
    /// A restore is done.
    #[serde(rename = "restore.finished")]
    RestoreFinished,
    /// A restore failed.
    #[serde(rename = "restore.failed")]
    RestoreFailed,
    /// An agent tells what it did.
    #[serde(rename = "agent.report")]
    AgentReport,
}

impl EventType {
    /// Its name on the stream.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ClientProvisioned => "client.provisioned",
            Self::ClientProvisioningFailed => "client.provisioning.failed",
            Self::SubscriptionRenewed => "subscription.renewed",
            Self::SubscriptionSuspended => "subscription.suspended",
            Self::BackupCompleted => "backup.completed",
            Self::BackupFailed => "backup.failed",
            Self::UpgradeStarted => "upgrade.started",
            Self::UpgradeFinished => "upgrade.finished",
            Self::UpgradeFailed => "upgrade.failed",
            Self::RestoreStarted => "restore.started",
            Self::RestoreFinished => "restore.finished",
            Self::RestoreFailed => "restore.failed",
            Self::AgentReport => "agent.report",
        }
    }

    const fn source(self) -> &'static str {
        match self {
            Self::ClientProvisioned | Self::ClientProvisioningFailed => {
                "//plana-pulse/crossplane/planaclient"
            }
            Self::SubscriptionRenewed | Self::SubscriptionSuspended => {
                "//plana-pulse/pulse-billing"
            }
            Self::BackupCompleted | Self::BackupFailed => "//plana-pulse/crossplane/backup",
            Self::UpgradeStarted | Self::UpgradeFinished | Self::UpgradeFailed => {
                "//plana-pulse/crossplane/tenantupgrade"
            }
            Self::RestoreStarted | Self::RestoreFinished | Self::RestoreFailed => {
                "//plana-pulse/crossplane/environmentrestore"
            }
            Self::AgentReport => "//plana-pulse/ai-agents",
        }
    }
}

/// An event that is yet to be put on the stream, where it gets its id and time.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// `type`.
    pub kind: String,
    /// `source`.
    pub source: String,
    /// `subject`: the tenant.
    pub subject: String,
    /// `data`, in order.
    pub data: Vec<(String, Value)>,
}

impl Event {
    /// An event of `kind` about `subject` without data.
    #[must_use]
    pub fn new(kind: EventType, subject: &str) -> Self {
        Self {
            kind: kind.name().to_owned(),
            source: kind.source().to_owned(),
            subject: subject.to_owned(),
            data: Vec::new(),
        }
    }

    /// The same event with one more field of data.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.data.push((key.to_owned(), value.into()));
        self
    }

    /// An event of `kind` as the platform would tell it of `tenant`.
    pub(super) fn about(
        kind: EventType,
        tenant: &ClientSpec,
        at: Timestamp,
        rng: &mut fastrand::Rng,
    ) -> Self {
        let event =
            Self::new(kind, tenant.subdomain.as_str()).with("subdomain", tenant.subdomain.as_str());
        match kind {
            EventType::ClientProvisioned => event
                .with("projectId", tenant.project.unwrap_or_default())
                .with("tier", tenant.tier.as_str())
                .with("odooVersion", tenant.odoo_version.as_str())
                .with("ownerEmail", tenant.owner_email.as_str()),
            EventType::ClientProvisioningFailed => event
                .with("projectId", tenant.project.unwrap_or_default())
                .with("step", pick(rng, &["database", "filestore", "route", "room"]))
                .with("reason", "timed out after 300 s"),
            EventType::SubscriptionRenewed => {
                subscription(event, tenant, rng).with("period", "P1M")
            }
            EventType::SubscriptionSuspended => {
                subscription(event, tenant, rng).with("daysOverdue", rng.u32(14..40))
            }
            EventType::BackupCompleted | EventType::BackupFailed => backup(event, kind, at, rng),
            EventType::UpgradeStarted | EventType::UpgradeFinished | EventType::UpgradeFailed => {
                event
                    .with("fromVersion", tenant.odoo_version.as_str())
                    .with("toVersion", tenant.odoo_version.as_str())
                    .with("strategy", "same-major")
                    .with("modules", "all")
            }
            EventType::RestoreStarted | EventType::RestoreFinished | EventType::RestoreFailed => {
                event
                    .with("mode", "side-by-side")
                    .with("source", format!("backup-{}.dump.gz", at.utc().format("%Y%m%dT000000")))
            }
            EventType::AgentReport => report(event, rng),
        }
    }
}

fn pick<'a>(rng: &mut fastrand::Rng, words: &[&'a str]) -> &'a str {
    rng.choice(words).copied().unwrap_or_default()
}

fn subscription(event: Event, tenant: &ClientSpec, rng: &mut fastrand::Rng) -> Event {
    let amount = match tenant.tier.as_str() {
        "enterprise" => 890,
        "pro" => 249,
        _ => 59,
    };
    event
        .with("tier", tenant.tier.as_str())
        .with("invoice", format!("PL-{:07}", rng.u32(1_200_000..1_300_000)))
        .with("amount", amount)
        .with("currency", "EUR")
}

fn backup(event: Event, kind: EventType, at: Timestamp, rng: &mut fastrand::Rng) -> Event {
    let object = format!("backup-{}.dump.gz", at.utc().format("%Y%m%dT%H%M%S"));
    let event = event.with("object", object);
    if kind == EventType::BackupFailed {
        return event.with("exitCode", 1).with(
            "reason",
            pick(
                rng,
                &[
                    "pg_dump: connection timed out",
                    "upload: 503 Slow Down",
                    "no space left on device",
                ],
            ),
        );
    }
    event
        .with("bytes", rng.u64(40_000_000..9_000_000_000))
        .with("seconds", rng.u32(11..420))
        .with("filestore", rng.u32(0..20) > 0)
}

fn report(event: Event, rng: &mut fastrand::Rng) -> Event {
    let agents =
        ["fiscal-check", "invoice-reader", "bank-matcher", "stock-forecast", "mail-triage"];
    event
        .with("agent", pick(rng, &agents))
        .with("outcome", pick(rng, &["done", "done", "done", "done", "needs-review", "refused"]))
        .with("documents", rng.u32(0..90))
        .with("seconds", rng.u32(1..140))
        .with("shadow", rng.u32(0..8) == 0)
}

/// The event as JSON: its envelope and data.
#[derive(Serialize)]
struct Envelope<'a> {
    specversion: &'static str,
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    source: &'a str,
    subject: &'a str,
    time: String,
    datacontenttype: &'static str,
    data: Data<'a>,
}

struct Data<'a>(&'a [(String, Value)]);

impl Serialize for Data<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (key, value) in self.0 {
            map.serialize_entry(key, value)?;
        }
        map.end()
    }
}

/// The stream entry that carries `event`, produced at `at` with the CloudEvents id `id`.
pub(super) fn entry(event: &Event, stream_id: StreamId, id: &str, at: Timestamp) -> StreamEntry {
    let envelope = Envelope {
        specversion: "1.0",
        id,
        kind: &event.kind,
        source: &event.source,
        subject: &event.subject,
        time: at.to_string(),
        datacontenttype: "application/json",
        data: Data(&event.data),
    };
    let raw = serde_json::to_string(&envelope).unwrap_or_default();
    let fields = event.data.iter().map(|(key, value)| (key.as_str(), value));
    StreamEntry {
        id: stream_id,
        bytes: raw.len() as u64,
        content: Content::Event(CloudEvent {
            id: Text::clean(id),
            kind: Text::clean(&event.kind),
            source: Text::clean(&event.source),
            subject: Text::clean(&event.subject),
            time: Some(at),
            summary: summary(fields),
        }),
        raw: Payload::new(&raw),
    }
}

/// The stream entry that carries `raw` as some producer sent it.
pub(super) fn raw_entry(raw: &str, stream_id: StreamId) -> StreamEntry {
    StreamEntry {
        id: stream_id,
        bytes: raw.len() as u64,
        content: reading::read(raw),
        raw: Payload::new(raw),
    }
}

/// A ULID of `at` (26 characters of Crockford's base 32).
pub(super) fn ulid(at: Timestamp, rng: &mut fastrand::Rng) -> String {
    const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let time = u128::from(u64::try_from(at.ms()).unwrap_or_default() & 0xFFFF_FFFF_FFFF);
    let bits = (time << 80) | (rng.u128(..) >> 48);
    (0..26)
        .rev()
        .filter_map(|place| DIGITS.get(usize::try_from((bits >> (place * 5)) & 31).ok()?))
        .map(|digit| char::from(*digit))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant() -> ClientSpec {
        ClientSpec {
            subdomain: "sin-oreh".into(),
            project: Some(23),
            tier: "pro".into(),
            odoo_version: "18".into(),
            owner_email: "office@sin-oreh.example".into(),
            owner_name: "Син орех ООД".into(),
        }
    }

    #[test]
    fn reading_gives_what_was_written() {
        let mut rng = fastrand::Rng::with_seed(7);
        let at = Timestamp::parse("2026-11-21T00:47:00Z").expect("a time");
        for kind in [
            EventType::ClientProvisioned,
            EventType::ClientProvisioningFailed,
            EventType::SubscriptionRenewed,
            EventType::BackupCompleted,
            EventType::BackupFailed,
            EventType::UpgradeStarted,
            EventType::RestoreFailed,
            EventType::AgentReport,
        ] {
            let event = Event::about(kind, &tenant(), at, &mut rng);
            let id = ulid(at, &mut rng);
            let entry = entry(&event, StreamId { ms: 1, seq: 0 }, &id, at);
            let Content::Event(mut written) = entry.content.clone() else {
                panic!("{kind:?} is malformed")
            };
            let Content::Event(mut read) = reading::read(entry.raw.raw()) else {
                panic!("{kind:?} can't be read")
            };
            // Objects read back come in order of key.
            let words = |text: Text| {
                let mut words: Vec<_> = text.as_str().split(' ').map(str::to_owned).collect();
                words.sort();
                words
            };
            let summaries = (
                words(std::mem::take(&mut written.summary)),
                words(std::mem::take(&mut read.summary)),
            );
            assert_eq!(summaries.0, summaries.1);
            assert_eq!(read, written);
        }
    }

    #[test]
    fn an_event_looks_like_the_platforms() {
        let mut rng = fastrand::Rng::with_seed(7);
        let at = Timestamp::parse("2026-11-21T00:47:00Z").expect("a time");
        let event = Event::about(EventType::ClientProvisioned, &tenant(), at, &mut rng);
        let entry = entry(&event, StreamId { ms: 1, seq: 0 }, "01H8", at);
        assert_eq!(
            entry.raw.raw(),
            concat!(
                r#"{"specversion":"1.0","id":"01H8","type":"client.provisioned","#,
                r#""source":"//plana-pulse/crossplane/planaclient","subject":"sin-oreh","#,
                r#""time":"2026-11-21T00:47:00Z","datacontenttype":"application/json","#,
                r#""data":{"subdomain":"sin-oreh","projectId":23,"tier":"pro","odooVersion":"18","#,
                r#""ownerEmail":"office@sin-oreh.example"}}"#,
            )
        );
        let Content::Event(event) = entry.content else { panic!("malformed") };
        assert_eq!(
            event.summary.as_str(),
            "subdomain=sin-oreh projectId=23 tier=pro odooVersion=18 ownerEmail=office@sin-oreh.example"
        );
    }

    #[test]
    fn ulids_sort_by_time() {
        let mut rng = fastrand::Rng::with_seed(1);
        let (early, late) =
            (ulid(Timestamp::from_ms(1_000), &mut rng), ulid(Timestamp::from_ms(2_000), &mut rng));
        assert_eq!(early.len(), 26);
        assert!(early < late);
    }
}
