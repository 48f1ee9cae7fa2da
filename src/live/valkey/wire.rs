//! What the server's answers mean: replies become entries and snapshots, or a sentence why not.
//!
//! Pure. Replies are taken apart without trust: a shape that the protocol does not promise is [`Odd`].

use redis::Value;

use super::position::Snapshot;
use crate::domain::StreamId;

/// An entry of the stream as received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct RawEntry {
    /// Its id.
    pub id: StreamId,
    /// Names and values, in the order of the entry.
    pub fields: Vec<(Vec<u8>, Vec<u8>)>,
}

impl RawEntry {
    /// The size of its names and values in bytes.
    pub(super) fn bytes(&self) -> u64 {
        self.fields.iter().map(|(name, value)| (name.len() + value.len()) as u64).sum()
    }
}

/// An answer that the protocol does not promise; says what was wrong with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Odd(pub &'static str);

/// The entries of one stream in an answer to `XREAD`, ascending; none when it timed out.
pub(super) fn read_reply(reply: Value) -> Result<Vec<RawEntry>, Odd> {
    match reply {
        Value::Nil => Ok(Vec::new()),
        // RESP2: one pair of a name and its entries for each stream.
        Value::Array(mut streams) => match (streams.pop(), streams.is_empty()) {
            (Some(Value::Array(mut pair)), true) if pair.len() == 2 => {
                entries(pair.pop().unwrap_or(Value::Nil))
            }
            _ => Err(Odd("the answer is not the entries of one stream")),
        },
        _ => Err(Odd("the answer is not a list of streams")),
    }
}

/// The entries of an answer to `XRANGE` or `XREVRANGE`, in its order.
pub(super) fn entries(reply: Value) -> Result<Vec<RawEntry>, Odd> {
    match reply {
        Value::Nil => Ok(Vec::new()),
        Value::Array(items) => items.into_iter().map(entry).collect(),
        _ => Err(Odd("the answer is not a list of entries")),
    }
}

/// What an answer to `XINFO STREAM` says.
pub(super) fn snapshot(reply: Value) -> Result<Snapshot, Odd> {
    let Value::Array(items) = reply else {
        return Err(Odd("the description of the stream is not a list"));
    };
    let (mut last, mut added, mut length, mut first) = (None, None, None, None);
    let mut items = items.into_iter();
    while let (Some(name), Some(value)) = (items.next(), items.next()) {
        match text(&name) {
            Some("length") => length = number(&value),
            Some("last-generated-id") => last = text(&value).and_then(|id| id.parse().ok()),
            Some("entries-added") => added = number(&value),
            Some("first-entry") => first = first_id(&value)?,
            _ => {}
        }
    }
    let last = last.ok_or(Odd("the description of the stream has no last id"))?;
    Ok(Snapshot { last, added, length, first })
}

fn first_id(value: &Value) -> Result<Option<StreamId>, Odd> {
    match value {
        Value::Nil => Ok(None),
        Value::Array(pair) => pair.first().map(id).transpose(),
        _ => Err(Odd("the first entry of the stream is not an entry")),
    }
}

fn entry(item: Value) -> Result<RawEntry, Odd> {
    let Value::Array(pair) = item else {
        return Err(Odd("an entry is not a pair"));
    };
    let mut pair = pair.into_iter();
    let (Some(name), Some(fields), None) = (pair.next(), pair.next(), pair.next()) else {
        return Err(Odd("an entry is not a pair"));
    };
    let id = id(&name)?;
    let fields = match fields {
        Value::Array(fields) => fields,
        // An entry that was deleted while it was read.
        Value::Nil => Vec::new(),
        _ => return Err(Odd("the fields of an entry are not a list")),
    };
    let mut pairs = Vec::with_capacity(fields.len() / 2);
    let mut fields = fields.into_iter();
    while let Some(name) = fields.next() {
        let value = fields.next().ok_or(Odd("a field of an entry has no value"))?;
        pairs.push((bytes(name)?, bytes(value)?));
    }
    Ok(RawEntry { id, fields: pairs })
}

fn id(value: &Value) -> Result<StreamId, Odd> {
    text(value).and_then(|id| id.parse().ok()).ok_or(Odd("the id of an entry is not an id"))
}

fn bytes(value: Value) -> Result<Vec<u8>, Odd> {
    match value {
        Value::BulkString(bytes) => Ok(bytes),
        Value::SimpleString(text) => Ok(text.into_bytes()),
        Value::Int(number) => Ok(number.to_string().into_bytes()),
        _ => Err(Odd("a field of an entry is not a string")),
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text),
        _ => None,
    }
}

fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok(),
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
    fn answers_become_entries() {
        let reply = "*1\n*2\n$1\ns\n*2\n*2\n$3\n1-1\n*2\n$1\na\n$1\nb\n*2\n$3\n1-2\n*0\n";
        let read = read_reply(parse(reply)).expect("entries");
        assert_eq!(read.len(), 2);
        assert_eq!(read[0].fields, [(b"a".to_vec(), b"b".to_vec())]);
        assert_eq!((read[0].bytes(), read[1].id), (2, StreamId { ms: 1, seq: 2 }));
        assert_eq!(read_reply(Value::Nil), Ok(Vec::new()));
    }

    #[test]
    fn a_description_becomes_a_snapshot() {
        let new = "*8\n$6\nlength\n:1\n$17\nlast-generated-id\n$3\n7-0\n$13\nentries-added\n:9\n\
                   $11\nfirst-entry\n*2\n$3\n6-0\n*0\n";
        let old = "*6\n$6\nlength\n:0\n$17\nlast-generated-id\n$3\n7-0\n$11\nfirst-entry\n$-1\n";
        let last = StreamId { ms: 7, seq: 0 };
        let first = Some(StreamId { ms: 6, seq: 0 });
        assert_eq!(
            snapshot(parse(new)),
            Ok(Snapshot { last, added: Some(9), length: Some(1), first })
        );
        assert_eq!(
            snapshot(parse(old)),
            Ok(Snapshot { last, added: None, length: Some(0), first: None })
        );
    }

    #[test]
    fn odd_answers_are_refused() {
        for reply in ["+OK\n", ":1\n", "*1\n:1\n", "*2\n*0\n*0\n", "*1\n*2\n$1\ns\n:1\n"] {
            assert!(read_reply(parse(reply)).is_err(), "{reply:?}");
        }
        for reply in ["*1\n*1\n$3\n1-1\n", "*1\n*2\n$1\nx\n*0\n", "*1\n*2\n$3\n1-1\n*1\n$1\na\n"] {
            assert!(entries(parse(reply)).is_err(), "{reply:?}");
        }
        assert!(snapshot(parse("*2\n$6\nlength\n:1\n")).is_err());
    }

    proptest! {
        #[test]
        fn no_answer_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Ok(value) = redis::parse_redis_value(&bytes) {
                let _ = read_reply(value.clone());
                let _ = entries(value.clone());
                let _ = snapshot(value);
            }
        }
    }
}
