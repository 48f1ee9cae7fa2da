//! Calls of tools by agents: the newest entries of the streams in which each workspace audits them.
//!
//! The platform does not publish how an entry is laid out, so its fields are read by any of the names they may have, or from
//! the JSON that one field holds.

use std::collections::{BTreeMap, BTreeSet};

use redis::cmd;
use serde_json::{Map, Value as Json};

use super::ask::{Answer, Asker, End, odd};
use super::replies::NAME_BYTES;
use crate::domain::{Execution, Span, StreamId, Text, Timestamp, Uid};
use crate::live::valkey::wire::{self, RawEntry};

/// How the keys of these streams begin.
const PREFIX: &[u8] = b"PLANA:executions:";
/// Workspaces that are read in a round.
const ROUND: usize = 20;
/// The newest calls of a workspace that are kept.
const KEPT: usize = 20;
/// The newest calls of all that are kept.
const KEPT_ALL: usize = 2_000;
/// The most bytes of arguments and answer that are kept.
const DETAIL_BYTES: usize = 1_024;

/// The workspace that the stream at `key` belongs to, if it is one of these.
pub(super) fn workspace(key: &[u8]) -> Option<Text> {
    let name = key.strip_prefix(PREFIX).filter(|name| !name.is_empty())?;
    Some(Text::bounded(&String::from_utf8_lossy(name), NAME_BYTES))
}

/// The calls, over all connections.
#[derive(Default)]
pub(super) struct Calls {
    /// By workspace and entry.
    known: BTreeMap<(Vec<u8>, StreamId), Execution>,
    /// The key that the rotation came to.
    at: Vec<u8>,
}

impl Calls {
    /// The server began anew: no call is there any more.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Reads what is new in some of the streams `all`. Says whether the operator's role may.
    pub(super) async fn round<'k>(
        &mut self,
        asker: &mut Asker<'_>,
        all: impl Iterator<Item = &'k [u8]>,
    ) -> Result<bool, End> {
        let all: BTreeSet<&[u8]> = all.collect();
        self.known.retain(|(key, _), _| all.contains(key.as_slice()));
        let turn: Vec<_> = all
            .range::<[u8], _>((
                std::ops::Bound::Excluded(self.at.as_slice()),
                std::ops::Bound::Unbounded,
            ))
            .take(ROUND)
            .map(|key| key.to_vec())
            .collect();
        self.at = turn.last().filter(|_| turn.len() == ROUND).cloned().unwrap_or_default();
        for key in turn {
            if !self.read(asker, &key).await? {
                return Ok(false);
            }
        }
        self.keep_newest();
        Ok(true)
    }

    async fn read(&mut self, asker: &mut Asker<'_>, key: &[u8]) -> Result<bool, End> {
        let newest = self.newest(key);
        let least = newest.map_or_else(|| "-".to_owned(), |id| format!("({id}"));
        let mut command = cmd("XREVRANGE");
        command.arg(key).arg("+").arg(least).arg("COUNT").arg(KEPT);
        let reply = match asker.ask("XREVRANGE", &command).await? {
            Answer::Said(reply) => reply,
            Answer::Forbidden => return Ok(false),
            Answer::KeyForbidden | Answer::Gone => return Ok(true),
        };
        let name = workspace(key).unwrap_or_default();
        for entry in wire::entries(reply).map_err(odd("XREVRANGE"))? {
            self.known.insert((key.to_vec(), entry.id), execution(&name, &entry));
        }
        let ids: Vec<_> = self.range(key).map(|((_, id), _)| *id).collect();
        for id in ids.iter().rev().skip(KEPT) {
            self.known.remove(&(key.to_vec(), *id));
        }
        Ok(true)
    }

    fn range(
        &self,
        key: &[u8],
    ) -> impl DoubleEndedIterator<Item = (&(Vec<u8>, StreamId), &Execution)> {
        let (least, most) = (StreamId::default(), StreamId { ms: u64::MAX, seq: u64::MAX });
        self.known.range((key.to_vec(), least)..=(key.to_vec(), most))
    }

    fn newest(&self, key: &[u8]) -> Option<StreamId> {
        self.range(key).next_back().map(|((_, id), _)| *id)
    }

    fn keep_newest(&mut self) {
        let more = self.known.len().saturating_sub(KEPT_ALL);
        if more > 0 {
            let mut ids: Vec<_> = self.known.keys().map(|(_, id)| *id).collect();
            ids.sort_unstable();
            let least = ids.get(more).copied().unwrap_or_default();
            self.known.retain(|(_, id), _| *id >= least);
        }
    }

    /// Every call that is kept.
    pub(super) fn told(&self) -> impl Iterator<Item = &Execution> {
        self.known.values()
    }
}

/// The call that an entry speaks of.
fn execution(workspace: &Text, entry: &RawEntry) -> Execution {
    let fields = Fields::of(entry);
    let status = fields.word(&["status", "result_status", "outcome", "state"]);
    let shadow = status.eq_ignore_ascii_case("would_execute")
        || ["would_execute", "shadow", "shadow_mode", "simulated", "dry_run"]
            .iter()
            .any(|name| fields.says(name))
        || fields.word(&["mode"]).eq_ignore_ascii_case("shadow");
    let at = fields
        .get(&["timestamp", "time", "ts", "at"])
        .and_then(|value| Timestamp::parse(value.as_str()?));
    let details = [
        ("", &["arguments", "args", "input", "params"][..]),
        ("→ ", &["return", "result", "output", "response", "return_value"][..]),
        ("✗ ", &["error", "reason", "message"][..]),
    ];
    let detail: Vec<String> = details
        .into_iter()
        .filter_map(|(lead, names)| Some(format!("{lead}{}", line(fields.get(names)?))))
        .collect();
    let short = |text: &str| Text::bounded(text, NAME_BYTES);
    Execution {
        uid: Uid(short(&format!("{workspace}/{}", entry.id))),
        workspace: workspace.clone(),
        at: at.unwrap_or_else(|| entry.id.at()),
        agent: short(&fields.word(&["agent", "agent_name", "agent_id"])),
        tool: short(&fields.word(&["tool", "tool_name", "action", "name"])),
        status: short(&status),
        shadow,
        took: fields
            .get(&["latency", "latency_ms", "duration_ms", "duration", "took"])
            .and_then(took),
        detail: Text::bounded(&detail.join(" "), DETAIL_BYTES),
    }
}

/// The fields of an entry, by name in small letters; those of the JSON that a field holds are among them.
struct Fields(Map<String, Json>);

impl Fields {
    fn of(entry: &RawEntry) -> Self {
        let mut all = Map::new();
        for (name, value) in &entry.fields {
            let name = String::from_utf8_lossy(name).to_ascii_lowercase();
            let value = String::from_utf8_lossy(value).into_owned();
            if ["data", "event", "payload", "execution", "json"].contains(&name.as_str())
                && let Ok(Json::Object(inner)) = serde_json::from_str(&value)
            {
                all.extend(inner.into_iter().map(|(name, it)| (name.to_ascii_lowercase(), it)));
            } else {
                all.insert(name, Json::String(value));
            }
        }
        Self(all)
    }

    fn get(&self, names: &[&str]) -> Option<&Json> {
        let found = names.iter().find_map(|name| self.0.get(*name));
        found.filter(|value| !value.is_null() && value.as_str() != Some(""))
    }

    fn word(&self, names: &[&str]) -> String {
        self.get(names).map(line).unwrap_or_default()
    }

    fn says(&self, name: &str) -> bool {
        match self.0.get(name) {
            Some(Json::Bool(yes)) => *yes,
            Some(Json::String(word)) => ["true", "1", "yes"].contains(&word.as_str()),
            _ => false,
        }
    }
}

fn line(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Milliseconds, or a number with `ms` or `s`.
fn took(value: &Json) -> Option<Span> {
    let raw = line(value);
    let (number, unit) = match (raw.strip_suffix("ms"), raw.strip_suffix('s')) {
        (Some(number), _) => (number, 1.0),
        (None, Some(number)) => (number, 1_000.0),
        (None, None) => (raw.as_str(), 1.0),
    };
    let ms = number.trim().parse::<f64>().ok()? * unit;
    (ms.is_finite() && ms >= 0.0).then(|| Span::from_ms(ms as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(fields: &[(&str, &str)]) -> Execution {
        let pair =
            |(name, value): &(&str, &str)| (name.as_bytes().to_vec(), value.as_bytes().to_vec());
        let entry =
            RawEntry { id: StreamId { ms: 7, seq: 1 }, fields: fields.iter().map(pair).collect() };
        execution(&"acme".into(), &entry)
    }

    #[test]
    fn entries_are_read_by_any_of_their_names() {
        let call = read(&[
            ("timestamp", "2026-11-21T00:47:00Z"),
            ("agent", "finance"),
            ("tool", "register_payment"),
            ("latency", "317"),
            ("status", "would_execute"),
            ("arguments", r#"{"amount":3}"#),
            ("return", r#"{"rows":1}"#),
        ]);
        assert_eq!((call.agent.as_str(), call.tool.as_str()), ("finance", "register_payment"));
        assert_eq!((call.shadow, call.took), (true, Some(Span::from_ms(317))));
        assert_eq!(call.detail, r#"{"amount":3} → {"rows":1}"#);
        assert_eq!(call.uid, Uid("acme/7-1".into()));

        let json = r#"{"agent_id":"sales","tool_name":"quote","duration":"1.5s","status":"error",
                       "simulated":true,"error":"Odoo answered 503"}"#;
        let call = read(&[("data", json)]);
        assert_eq!((call.agent.as_str(), call.tool.as_str()), ("sales", "quote"));
        assert_eq!((call.shadow, call.took), (true, Some(Span::from_ms(1_500))));
        assert_eq!(call.at, Timestamp::from_ms(7));
        assert_eq!(call.detail, "✗ Odoo answered 503");
    }

    #[test]
    fn odd_entries_are_calls_with_holes() {
        for fields in [&[][..], &[("data", "not json")], &[("latency", "-3"), ("ts", "yesterday")]]
        {
            let call = read(fields);
            assert_eq!((call.took, call.shadow, call.at), (None, false, Timestamp::from_ms(7)));
        }
    }

    #[test]
    fn only_streams_of_executions_have_a_workspace() {
        assert_eq!(workspace(b"PLANA:executions:acme"), Some("acme".into()));
        assert_eq!(workspace(b"PLANA:executions:"), None);
        assert_eq!(workspace(b"PLANA:events"), None);
    }
}
