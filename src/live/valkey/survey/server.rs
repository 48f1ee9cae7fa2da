//! The server itself: its figures, its slow log, and whether it was started again.

use std::collections::HashMap;

use redis::cmd;

use super::ask::{Answer, Asker, End, odd};
use super::replies;
use crate::domain::{SlowCommand, StreamServer, Text, Timestamp, Uid};

/// The most slow commands that are shown.
const SLOW: u64 = 16;

/// What is known of the server, over all connections.
#[derive(Default)]
pub(super) struct Server {
    run: Option<Text>,
    started: Option<Timestamp>,
    restarted: Option<Timestamp>,
    fields: HashMap<String, String>,
    slow: Box<[SlowCommand]>,
    /// Whether snapshots are configured; none while nobody may say.
    snapshots: Option<bool>,
}

/// What a look at the server found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    /// It is the server that it was.
    Same,
    /// It was started again since the last look.
    BeganAnew,
    /// The operator's role may not look.
    Forbidden,
}

impl Server {
    /// Looks at the server's figures.
    pub(super) async fn look(&mut self, asker: &mut Asker<'_>) -> Result<Look, End> {
        let answer = asker.ask("INFO", &cmd("INFO")).await?;
        let Answer::Said(reply) = answer else {
            // Any answer shows that the server is there.
            asker.ask("PING", &cmd("PING")).await?;
            return Ok(Look::Forbidden);
        };
        let fields = replies::info(&reply).map_err(odd("INFO"))?;
        let now = asker.desk.voice.now();
        Ok(self.take(fields, now))
    }

    fn take(&mut self, fields: HashMap<String, String>, now: Timestamp) -> Look {
        let run = fields.get("run_id").map(|run| Text::bounded(run, 64));
        self.fields = fields;
        if run == self.run {
            return Look::Same;
        }
        let first = self.run.is_none();
        self.run = run;
        self.started = started(&self.fields, now);
        self.slow = Box::default();
        if first {
            return Look::Same;
        }
        self.restarted = Some(now);
        Look::BeganAnew
    }

    /// Reads the slow log, and whether snapshots are configured.
    pub(super) async fn read_slow_log(&mut self, asker: &mut Asker<'_>) -> Result<(), End> {
        let mut command = cmd("SLOWLOG");
        command.arg("GET").arg(SLOW);
        if let Some(reply) = asker.ask("SLOWLOG GET", &command).await?.said() {
            self.slow = replies::slow(reply).map_err(odd("SLOWLOG GET"))?.into();
        }
        let mut command = cmd("CONFIG");
        command.arg("GET").arg("save");
        if let Some(reply) = asker.ask("CONFIG GET", &command).await?.said() {
            self.snapshots = replies::setting(reply, "save").map(|save| !save.trim().is_empty());
        }
        Ok(())
    }

    /// The server as the console shows it; none before the first look.
    pub(super) fn told(&self, asker: &Asker<'_>) -> Option<StreamServer> {
        let number = |name: &str| self.fields.get(name).and_then(|n| n.parse().ok()).unwrap_or(0);
        let kept =
            number("aof_enabled") > 0 || self.snapshots.unwrap_or_else(|| number("rdb_saves") > 0);
        Some(StreamServer {
            uid: Uid(Text::clean("valkey")),
            version: version(&self.fields),
            run: self.run.clone()?,
            started: self.started,
            restarted: self.restarted,
            memory: number("used_memory"),
            memory_max: Some(number("maxmemory")).filter(|most| *most > 0),
            policy: self
                .fields
                .get("maxmemory_policy")
                .map(|policy| Text::bounded(policy, 64))
                .unwrap_or_default(),
            clients: number("connected_clients"),
            clients_blocked: number("blocked_clients"),
            evicted: number("evicted_keys"),
            keys: keys(&self.fields),
            commands_per_second: number("instantaneous_ops_per_sec"),
            persistent: kept,
            slow: self.slow.clone(),
            hidden: asker.desk.hidden(),
            cost: asker.desk.cost(),
        })
    }
}

fn started(fields: &HashMap<String, String>, now: Timestamp) -> Option<Timestamp> {
    let up: u64 = fields.get("uptime_in_seconds")?.parse().ok()?;
    Some(now.before(crate::domain::Span::from_secs(up)))
}

/// The server's name and version: what calls itself Valkey says an old version of Redis too.
fn version(fields: &HashMap<String, String>) -> Text {
    let of = |name: &str| fields.get(name).map(String::as_str);
    let said = match (of("valkey_version"), of("redis_version")) {
        (Some(version), _) => format!("valkey {version}"),
        (None, Some(version)) => format!("redis {version}"),
        (None, None) => "of unknown version".to_owned(),
    };
    Text::bounded(&said, 64)
}

/// The keys of all databases.
fn keys(fields: &HashMap<String, String>) -> u64 {
    let databases = fields.iter().filter(|(name, _)| {
        name.strip_prefix("db").is_some_and(|number| number.parse::<u32>().is_ok())
    });
    let count = |line: &str| -> Option<u64> {
        line.split(',').find_map(|part| part.strip_prefix("keys="))?.parse().ok()
    };
    databases.filter_map(|(_, line)| count(line)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(lines: &[(&str, &str)]) -> HashMap<String, String> {
        lines.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn another_run_is_a_restart() {
        let now = Timestamp::from_ms(100_000);
        let run = |id| fields(&[("run_id", id), ("uptime_in_seconds", "40")]);
        let mut server = Server::default();
        assert_eq!(server.take(run("a"), now), Look::Same);
        assert_eq!(server.started, Some(Timestamp::from_ms(60_000)));
        assert_eq!(server.take(run("a"), now), Look::Same);
        assert_eq!((server.take(run("b"), now), server.restarted), (Look::BeganAnew, Some(now)));
    }

    #[test]
    fn versions_and_keys_are_read() {
        let valkey = fields(&[("redis_version", "7.2.4"), ("valkey_version", "9.1.2")]);
        assert_eq!(version(&valkey), "valkey 9.1.2");
        assert_eq!(version(&fields(&[("redis_version", "7.0.15")])), "redis 7.0.15");
        let all = fields(&[("db0", "keys=7,expires=2"), ("db1", "keys=3"), ("dbx", "keys=9")]);
        assert_eq!(keys(&all), 10);
    }
}
