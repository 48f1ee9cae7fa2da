//! Saying who looks after an alert, where every console reads it: see [`mod@super::super::acks`].

use serde_json::{Value, json};

use super::Hand;
use super::place::text;
use crate::domain::operation::Seen;
use crate::domain::{Text, Timestamp, TroubleKind};
use crate::live::kubernetes::acks;
use crate::live::kubernetes::line::Miss;
use crate::platform::Mark;

/// How often it is tried to write what somebody else wrote to meanwhile.
const TRIES: usize = 5;

impl Hand {
    pub(super) async fn acknowledgement(&self, fingerprint: &Text) -> Result<Seen, Miss> {
        let map = self.acks().await?;
        let held = map.as_ref().and_then(|map| self.held(map, fingerprint));
        Ok(held
            .map_or(Seen::Absent, |held| Seen::Acknowledgement { by: held.by, until: held.until }))
    }

    /// Writes that `by` looks after the alert until then, or that nobody does.
    pub(super) async fn acknowledge(
        &self,
        fingerprint: &Text,
        (by, until): (Option<&Text>, Timestamp),
        mark: &Mark,
    ) -> Result<(), Miss> {
        if !is_key(fingerprint.as_str()) {
            let what = format!("{fingerprint} is no fingerprint of an alert");
            return Err(Miss::refused(TroubleKind::Config, &what, ""));
        }
        let mut last = None;
        for _ in 0..TRIES {
            let map = self.acks().await?;
            let held = map.as_ref().and_then(|map| self.held(map, fingerprint));
            let same = match (&held, by) {
                (Some(held), Some(by)) => held.by == *by && held.until == Some(whole(until)),
                (None, None) => true,
                _ => false,
            };
            if same {
                return Ok(());
            }
            if let Some(other) = held.as_ref().filter(|held| by.is_some_and(|by| held.by != *by)) {
                let what = format!("{} looks after the alert already", other.by);
                return Err(Miss::refused(TroubleKind::Denied, &what, "Ask them first."));
            }
            let value = by.map(|by| self.written(by, until, mark));
            match self.write(map.as_ref(), fingerprint, value).await {
                Ok(()) => return Ok(()),
                Err(miss) if miss.code == Some(409) => last = Some(miss),
                Err(miss) => return Err(miss),
            }
        }
        let busy = || Miss::refused(TroubleKind::Server, "others write there all the time", "");
        Err(last.unwrap_or_else(busy))
    }

    fn path(&self) -> String {
        format!("/api/v1/namespaces/{}/configmaps", self.namespace)
    }

    async fn acks(&self) -> Result<Option<Value>, Miss> {
        let path = format!("{}/{}", self.path(), acks::NAME);
        self.line.find("reading who looks after which alert", &path).await
    }

    fn held(&self, map: &Value, fingerprint: &Text) -> Option<crate::domain::Ack> {
        let now = self.line.clock.now();
        let value = map.get("data")?.get(fingerprint.as_str())?.as_str()?;
        Some(acks::ack(fingerprint.as_str(), value))
            .filter(|ack| ack.until.is_none_or(|until| until > now))
    }

    fn written(&self, by: &Text, until: Timestamp, mark: &Mark) -> String {
        let at = whole(self.line.clock.now());
        let (at, until) = (at.to_string(), whole(until).to_string());
        json!({ "by": by, "at": at, "until": until, "note": mark.reason }).to_string()
    }

    /// Writes one value into `map`, as it was read; makes it where there is none.
    async fn write(
        &self,
        map: Option<&Value>,
        fingerprint: &Text,
        value: Option<String>,
    ) -> Result<(), Miss> {
        const DOING: &str = "writing who looks after which alert";
        let data = json!({ fingerprint.as_str(): value });
        let Some(map) = map else {
            let map = json!({
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {
                    "name": acks::NAME,
                    "labels": { "app.kubernetes.io/managed-by": "pulse-console" },
                },
                "data": data,
            });
            return self.line.post(DOING, &self.path(), &map).await.map(drop);
        };
        let version = text(map, "/metadata/resourceVersion");
        let change = json!({ "metadata": { "resourceVersion": version }, "data": data });
        let path = format!("{}/{}", self.path(), acks::NAME);
        self.line.merge(DOING, &path, &change).await.map(drop)
    }
}

/// Whether it can be a key of a `ConfigMap`.
fn is_key(key: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    !key.is_empty() && key.len() <= 253 && key.chars().all(fits)
}

/// `at` in whole seconds, as it is written.
fn whole(at: Timestamp) -> Timestamp {
    Timestamp::from_ms(at.ms().div_euclid(1000) * 1000)
}
