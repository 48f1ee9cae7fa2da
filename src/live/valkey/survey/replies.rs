//! What the server's answers to the survey mean: replies become plain figures, or a sentence why not.
//!
//! Pure. Replies are taken apart without trust; fields that a server does not know are left out, for servers of
//! different age say more or less.

use std::collections::HashMap;

use redis::Value;

use crate::domain::{SlowCommand, Span, StreamId, Text, Timestamp};
use crate::live::valkey::wire::Odd;

/// The most bytes of a name that are kept.
pub(super) const NAME_BYTES: usize = 512;

/// The most bytes of a slow command that are kept: its arguments may be anything.
const COMMAND_BYTES: usize = 160;

/// What `XINFO STREAM` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct StreamFacts {
    pub length: u64,
    pub added: Option<u64>,
    pub groups: u64,
    pub first: Option<StreamId>,
    pub last: Option<StreamId>,
}

/// What `XINFO GROUPS` says of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct GroupFacts {
    /// Its name as the server knows it.
    pub name: Vec<u8>,
    pub consumers: u64,
    pub pending: u64,
    pub delivered: StreamId,
    pub lag: Option<u64>,
}

/// What `XINFO CONSUMERS` says of one consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ConsumerFacts {
    pub name: Text,
    pub pending: u64,
    pub idle: Span,
}

/// The description of a stream.
pub(super) fn stream(reply: Value) -> Result<StreamFacts, Odd> {
    let mut facts = StreamFacts::default();
    let mut known = false;
    for (name, value) in fields(reply, "the description of the stream is not a list")? {
        match name.as_str() {
            "length" => (facts.length, known) = (number(&value).unwrap_or(0), true),
            "entries-added" => facts.added = number(&value),
            "groups" => facts.groups = number(&value).unwrap_or(0),
            "first-entry" => facts.first = entry_id(&value),
            "last-entry" => facts.last = entry_id(&value),
            _ => {}
        }
    }
    if known { Ok(facts) } else { Err(Odd("the description of the stream has no length")) }
}

/// The groups of a stream.
pub(super) fn groups(reply: Value) -> Result<Vec<GroupFacts>, Odd> {
    let Value::Array(items) = reply else {
        return Err(Odd("the answer is not a list of groups"));
    };
    items.into_iter().map(group).collect()
}

fn group(item: Value) -> Result<GroupFacts, Odd> {
    let (mut name, mut delivered) = (None, None);
    let (mut consumers, mut pending, mut lag) = (0, 0, None);
    for (field, value) in fields(item, "a group is not a list")? {
        match field.as_str() {
            "name" => name = bytes(&value),
            "consumers" => consumers = number(&value).unwrap_or(0),
            "pending" => pending = number(&value).unwrap_or(0),
            "last-delivered-id" => delivered = id(&value),
            "lag" => lag = number(&value),
            _ => {}
        }
    }
    let name = name.ok_or(Odd("a group has no name"))?;
    let delivered = delivered.ok_or(Odd("a group has no last id"))?;
    Ok(GroupFacts { name, consumers, pending, delivered, lag })
}

/// The consumers of a group.
pub(super) fn consumers(reply: Value) -> Result<Vec<ConsumerFacts>, Odd> {
    let Value::Array(items) = reply else {
        return Err(Odd("the answer is not a list of consumers"));
    };
    let consumer = |item| {
        let mut facts = ConsumerFacts { name: Text::default(), pending: 0, idle: Span::from_ms(0) };
        for (field, value) in fields(item, "a consumer is not a list")? {
            match field.as_str() {
                "name" => facts.name = name(&value).ok_or(Odd("a consumer has no name"))?,
                "pending" => facts.pending = number(&value).unwrap_or(0),
                "idle" => facts.idle = Span::from_ms(number(&value).unwrap_or(0)),
                _ => {}
            }
        }
        Ok(facts)
    };
    items.into_iter().map(consumer).collect()
}

/// The oldest entry in a summary of what is pending; none when nothing is.
pub(super) fn oldest_pending(reply: Value) -> Result<Option<StreamId>, Odd> {
    match reply {
        Value::Array(items) if items.len() == 4 => Ok(items.get(1).and_then(id)),
        _ => Err(Odd("the summary of what is pending has not four parts")),
    }
}

/// Where the walk over the keys goes on, and the keys of this step. It is over at cursor 0.
pub(super) fn page(reply: Value) -> Result<(u64, Vec<Vec<u8>>), Odd> {
    let odd = Odd("a step of the walk over the keys is not a cursor and a list");
    let Value::Array(pair) = reply else { return Err(odd) };
    let mut pair = pair.into_iter();
    let (Some(cursor), Some(Value::Array(keys)), None) = (pair.next(), pair.next(), pair.next())
    else {
        return Err(odd);
    };
    let cursor = bytes(&cursor)
        .and_then(|raw| String::from_utf8(raw).ok())
        .and_then(|text| text.parse().ok())
        .ok_or(odd)?;
    let keys = keys.iter().map(bytes).collect::<Option<_>>();
    Ok((cursor, keys.ok_or(odd)?))
}

/// The slow log, newest first.
pub(super) fn slow(reply: Value) -> Result<Vec<SlowCommand>, Odd> {
    let Value::Array(items) = reply else {
        return Err(Odd("the slow log is not a list"));
    };
    items.iter().map(|item| slow_command(item).ok_or(Odd("the slow log is odd"))).collect()
}

fn slow_command(item: &Value) -> Option<SlowCommand> {
    let Value::Array(parts) = item else { return None };
    let (Some(at), Some(took)) = (parts.get(1), parts.get(2)) else { return None };
    let Some(Value::Array(words)) = parts.get(3) else { return None };
    let words: Vec<_> = words.iter().filter_map(bytes).collect();
    let command = words.iter().map(|word| String::from_utf8_lossy(word)).collect::<Vec<_>>();
    let seconds = i64::try_from(number(at)?).ok()?;
    Some(SlowCommand {
        at: Timestamp::from_ms(seconds.saturating_mul(1_000)),
        took: Span::from_ms(number(took)? / 1_000),
        command: Text::bounded(&command.join(" "), COMMAND_BYTES),
    })
}

/// The fields of an answer to `INFO`.
pub(super) fn info(reply: &Value) -> Result<HashMap<String, String>, Odd> {
    let raw = match reply {
        Value::VerbatimString { text, .. } => text.clone(),
        other => bytes(other)
            .and_then(|raw| String::from_utf8(raw).ok())
            .ok_or(Odd("the figures of the server are not text"))?,
    };
    let fields: HashMap<_, _> = raw
        .lines()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect();
    // Without the one a restart would not be seen; without the other a full memory would look empty.
    if !fields.contains_key("run_id") {
        return Err(Odd("the figures of the server have no run_id"));
    }
    if fields.get("used_memory").is_none_or(|used| used.parse::<u64>().is_err()) {
        return Err(Odd("the figures of the server have no used_memory"));
    }
    Ok(fields)
}

/// The values of a list of names and values whose name is `wanted`.
pub(super) fn setting(reply: Value, wanted: &str) -> Option<String> {
    let fields = fields(reply, "").ok()?;
    let (_, value) = fields.into_iter().find(|(name, _)| name == wanted)?;
    String::from_utf8(bytes(&value)?).ok()
}

/// A count.
pub(super) fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        _ => None,
    }
}

/// Names and values, from a flat list or a map.
fn fields(reply: Value, odd: &'static str) -> Result<Vec<(String, Value)>, Odd> {
    let pairs: Vec<(Value, Value)> = match reply {
        Value::Map(pairs) => pairs,
        Value::Array(items) => {
            let mut items = items.into_iter();
            std::iter::from_fn(|| Some((items.next()?, items.next()?))).collect()
        }
        _ => return Err(Odd(odd)),
    };
    let named = pairs
        .into_iter()
        .filter_map(|(name, value)| Some((String::from_utf8(bytes(&name)?).ok()?, value)));
    Ok(named.collect())
}

fn bytes(value: &Value) -> Option<Vec<u8>> {
    match value {
        Value::BulkString(bytes) => Some(bytes.clone()),
        Value::SimpleString(text) => Some(text.clone().into_bytes()),
        Value::Int(number) => Some(number.to_string().into_bytes()),
        _ => None,
    }
}

fn name(value: &Value) -> Option<Text> {
    bytes(value).map(|raw| Text::bounded(&String::from_utf8_lossy(&raw), NAME_BYTES))
}

fn id(value: &Value) -> Option<StreamId> {
    String::from_utf8(bytes(value)?).ok()?.parse().ok()
}

/// The id of an entry; none where there is no entry.
fn entry_id(value: &Value) -> Option<StreamId> {
    match value {
        Value::Array(pair) => pair.first().and_then(id),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(resp: &str) -> Value {
        redis::parse_redis_value(resp.replace('\n', "\r\n").as_bytes()).expect("valid RESP")
    }

    #[test]
    fn answers_become_figures() {
        let reply = "*10\n$6\nlength\n:2\n$13\nentries-added\n:9\n$6\ngroups\n:1\n$11\nfirst-entry\n*2\n\
                     $3\n6-0\n*0\n$10\nlast-entry\n*2\n$3\n7-1\n*0\n";
        let id = |ms, seq| Some(StreamId { ms, seq });
        let facts =
            StreamFacts { length: 2, added: Some(9), groups: 1, first: id(6, 0), last: id(7, 1) };
        assert_eq!(stream(parse(reply)), Ok(facts));

        let reply = "*1\n*12\n$4\nname\n$1\ng\n$9\nconsumers\n:1\n$7\npending\n:3\n\
                     $17\nlast-delivered-id\n$3\n6-0\n$12\nentries-read\n$-1\n$3\nlag\n$-1\n";
        let found = groups(parse(reply)).expect("groups");
        assert_eq!((found[0].consumers, found[0].pending, found[0].lag), (1, 3, None));

        assert_eq!(oldest_pending(parse("*4\n:3\n$3\n6-0\n$3\n7-0\n*0\n")), Ok(id(6, 0)));
        assert_eq!(oldest_pending(parse("*4\n:0\n$-1\n$-1\n*-1\n")), Ok(None));
        assert_eq!(page(parse("*2\n$2\n17\n*1\n$1\na\n")), Ok((17, vec![b"a".to_vec()])));

        let log = "*1\n*6\n:4\n:1700000000\n:21000\n*2\n$4\nKEYS\n$1\n*\n$1\na\n$0\n\n";
        let log = slow(parse(log)).expect("a log");
        assert_eq!((log[0].took, log[0].command.as_str()), (Span::from_ms(21), "KEYS *"));
        let said =
            info(&parse("$46\n# Server\nrun_id:abc\nkeys:7 \nused_memory:9\n\n")).expect("figures");
        assert_eq!((said["run_id"].as_str(), said["keys"].as_str()), ("abc", "7"));
    }

    #[test]
    fn odd_answers_are_refused() {
        for reply in ["+OK\n", ":1\n", "*1\n:1\n", "*2\n*0\n*0\n"] {
            assert!(stream(parse(reply)).is_err(), "{reply:?}");
            assert!(page(parse(reply)).is_err(), "{reply:?}");
            assert!(oldest_pending(parse(reply)).is_err(), "{reply:?}");
            assert!(info(&parse(reply)).is_err(), "{reply:?}");
        }
        assert!(groups(parse("*1\n*2\n$4\nname\n$1\ng\n")).is_err());
        assert!(slow(parse("*1\n*1\n:1\n")).is_err());
    }

    proptest! {
        #[test]
        fn no_answer_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(value) = redis::parse_redis_value(&bytes) {
                let _ = (stream(value.clone()), groups(value.clone()), consumers(value.clone()));
                let _ = (page(value.clone()), slow(value.clone()), info(&value));
                let _ = oldest_pending(value);
            }
        }
    }
}
