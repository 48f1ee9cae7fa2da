//! Reading an event as some producer sent it.
//!
//! Total: whatever is not a CloudEvent becomes [`Content::Malformed`] with a reason, never an error.

use std::borrow::Cow;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

use crate::domain::{CloudEvent, Content, Text, Timestamp};

/// The most bytes kept of one attribute.
const ATTRIBUTE_BYTES: usize = 1024;
/// The most characters of a summary.
const SUMMARY_CHARS: usize = 160;

/// Reads one event.
pub(super) fn read(raw: &str) -> Content {
    match envelope(raw) {
        Ok(event) => Content::Event(event),
        Err(why) => Content::Malformed(Text::bounded(&why, ATTRIBUTE_BYTES)),
    }
}

fn envelope(raw: &str) -> Result<CloudEvent, String> {
    let members: Members = serde_json::from_str(raw).map_err(|why| {
        if why.is_data() {
            "The event is not a JSON object.".to_owned()
        } else {
            format!("The event is not valid JSON: {why}.")
        }
    })?;
    let mut event = CloudEvent::default();
    for (name, value) in &members.0 {
        let text = || Text::bounded(&scalar(value), ATTRIBUTE_BYTES);
        match name.as_str() {
            "id" => event.id = text(),
            "type" => event.kind = text(),
            "source" => event.source = text(),
            "subject" => event.subject = text(),
            "time" => event.time = value.as_str().and_then(Timestamp::parse),
            "data" => event.summary = data_summary(value),
            _ => {}
        }
    }
    if event.kind.is_empty() {
        return Err("The event has no `type`.".to_owned());
    }
    Ok(event)
}

/// The members of a JSON object in their order.
struct Members(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Walk;

        impl<'de> Visitor<'de> for Walk {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let members = std::iter::from_fn(|| map.next_entry().transpose());
                members.collect::<Result<_, _>>().map(Members)
            }
        }

        deserializer.deserialize_map(Walk)
    }
}

/// A string without its quotes, null as nothing, anything else as JSON.
fn scalar(value: &Value) -> Cow<'_, str> {
    match value {
        Value::String(text) => Cow::Borrowed(text),
        Value::Null => Cow::Borrowed(""),
        other => Cow::Owned(other.to_string()),
    }
}

fn data_summary(data: &Value) -> Text {
    match data {
        Value::Object(fields) => summary(fields.iter().map(|(key, value)| (key.as_str(), value))),
        other => bounded_line(&scalar(other)),
    }
}

/// `key=value` of each scalar, in one line of at most 160 characters.
pub(super) fn summary<'a>(fields: impl Iterator<Item = (&'a str, &'a Value)>) -> Text {
    let mut line = String::new();
    for (key, value) in fields.filter(|(_, value)| !value.is_array() && !value.is_object()) {
        if line.len() > SUMMARY_CHARS * 4 {
            break;
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.extend(key.chars().take(SUMMARY_CHARS));
        line.push('=');
        line.extend(scalar(value).chars().take(SUMMARY_CHARS));
    }
    bounded_line(&line)
}

/// At most [`SUMMARY_CHARS`] characters of `line`, counted after cleaning, which makes some longer.
fn bounded_line(line: &str) -> Text {
    let more = line.char_indices().nth(SUMMARY_CHARS + 1);
    let text = Text::bounded(line, more.map_or(line.len(), |(end, _)| end));
    if text.as_str().char_indices().nth(SUMMARY_CHARS).is_none() {
        return text;
    }
    let kept = text.as_str().chars().take(SUMMARY_CHARS - 1);
    Text::from(kept.chain(['…']).collect::<String>())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_no_event_says_why() {
        for (raw, why) in [
            ("", "The event is not valid JSON: EOF while parsing a value at line 1 column 0."),
            ("[1]", "The event is not a JSON object."),
            ("7", "The event is not a JSON object."),
            (r#"{"id":"a"}"#, "The event has no `type`."),
            (r#"{"id":"a","type":null}"#, "The event has no `type`."),
        ] {
            assert_eq!(read(raw), Content::Malformed(why.into()), "{raw}");
        }
    }

    #[test]
    fn attributes_may_be_of_any_type() {
        let raw =
            r#"{"id":7,"type":"t","subject":{"a":1},"time":"soon","data":{"z":null,"n":[1]}}"#;
        let event = CloudEvent {
            id: "7".into(),
            kind: "t".into(),
            subject: r#"{"a":1}"#.into(),
            summary: "z=".into(),
            ..CloudEvent::default()
        };
        assert_eq!(read(raw), Content::Event(event));
    }

    proptest! {
        #[test]
        fn summaries_are_one_bounded_line(key in ".{0,300}", value in ".{0,300}") {
            let value = Value::String(value);
            let line = summary([(key.as_str(), &value), ("b", &value)].into_iter());
            prop_assert!(line.as_str().chars().count() <= SUMMARY_CHARS);
        }
    }
}
