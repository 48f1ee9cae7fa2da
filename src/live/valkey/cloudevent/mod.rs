//! What an entry of the stream carries: a CloudEvent, or the reason why it carries none.
//!
//! Pure and total: any bytes become a [`StreamEntry`]. Which field holds the event is not fixed by the
//! platform, so it is found out for each entry:
//! 1. the field that the settings name;
//! 2. else, if the entry has a field `specversion` (or `ce-specversion`, `ce_specversion`), or fields `type`
//!    and `source`, its fields are the attributes of the event;
//! 3. else the first of `event`, `data`, `payload`, `cloudevent`, `json`, `message` that is there;
//! 4. else the only field that looks like a JSON object.
//!
//! JSON is walked one level deep; what lies deeper is only checked, by a parser that does not recurse
//! without a limit. Bytes that are not UTF-8 are shown as `U+FFFD`.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::wire::RawEntry;
use crate::domain::{CloudEvent, Content, Payload, StreamEntry, Text, Timestamp};

/// The most bytes of an entry that is parsed, 16 MiB.
const PARSED_MAX: u64 = 16 * 1024 * 1024;

/// The most bytes kept of one attribute.
const ATTRIBUTE_MAX: usize = 1024;

/// The most characters of a summary.
const SUMMARY_MAX: usize = 160;

/// Fields that hold whole events on one bus or another.
const NAMES: [&str; 6] = ["event", "data", "payload", "cloudevent", "json", "message"];

/// Reads an entry. `field` is the field that holds the event, none to discover it.
pub(super) fn read(entry: &RawEntry, field: Option<&str>) -> StreamEntry {
    let bytes = entry.bytes();
    let fields: Vec<(Cow<'_, str>, Cow<'_, str>)> = entry
        .fields
        .iter()
        .map(|(name, value)| (String::from_utf8_lossy(name), String::from_utf8_lossy(value)))
        .collect();
    let (content, raw) = if bytes > PARSED_MAX {
        let reason = format!(
            "The entry has {} MiB; only up to {} MiB are read as an event.",
            bytes.div_ceil(1024 * 1024),
            PARSED_MAX / (1024 * 1024)
        );
        (Err(reason), as_json(&fields))
    } else {
        match find(&fields, field) {
            Form::Json(json) => (from_json(json), Payload::new(json)),
            Form::Attributes => (from_attributes(&fields), as_json(&fields)),
            Form::Neither(reason) => (Err(reason), as_json(&fields)),
        }
    };
    let content = match content {
        Ok(event) => Content::Event(event),
        Err(reason) => Content::Malformed(Text::bounded(&reason, ATTRIBUTE_MAX)),
    };
    StreamEntry { id: entry.id, bytes, content, raw }
}

/// How an event that is written lies in its entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Whole, as JSON in the field of this name.
    Field(String),
    /// One field for each attribute, behind this prefix; `data` as JSON.
    Attributes(&'static str),
}

impl Default for Layout {
    fn default() -> Self {
        Self::Field(NAMES[0].to_owned())
    }
}

impl Layout {
    /// The fields and values of the entry for `event`, which is an object.
    pub(super) fn fields(&self, event: &Value) -> Vec<(String, String)> {
        match self {
            Self::Field(name) => vec![(name.clone(), event.to_string())],
            Self::Attributes(prefix) => event
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, value)| {
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    (format!("{prefix}{name}"), text)
                })
                .collect(),
        }
    }
}

/// How `entry` carries its event; none when it carries none.
pub(super) fn layout(entry: &RawEntry) -> Option<Layout> {
    let fields: Vec<(Cow<'_, str>, Cow<'_, str>)> = entry
        .fields
        .iter()
        .map(|(name, value)| (String::from_utf8_lossy(name), String::from_utf8_lossy(value)))
        .collect();
    match find(&fields, None) {
        Form::Json(json) => {
            let holder = fields.iter().find(|(_, value)| std::ptr::eq(value.as_ref(), json))?;
            Some(Layout::Field(holder.0.to_string()))
        }
        Form::Attributes => {
            let prefixed = |prefix: &str| fields.iter().any(|(name, _)| name.starts_with(prefix));
            let prefix = ["ce-", "ce_"].into_iter().find(|prefix| prefixed(prefix));
            Some(Layout::Attributes(prefix.unwrap_or_default()))
        }
        Form::Neither(_) => None,
    }
}

/// How an entry carries its event.
enum Form<'a> {
    Json(&'a str),
    Attributes,
    Neither(String),
}

type Fields<'a> = [(Cow<'a, str>, Cow<'a, str>)];

fn find<'a>(fields: &'a Fields<'_>, named: Option<&str>) -> Form<'a> {
    let value = |name: &str| {
        fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_ref())
    };
    if let Some(name) = named {
        return value(name).map_or_else(
            || Form::Neither(format!("The entry has no field `{name}`.")),
            Form::Json,
        );
    }
    let attribute = |name: &str| fields.iter().any(|(field, _)| plain(field) == name);
    if attribute("specversion") || (attribute("type") && attribute("source")) {
        return Form::Attributes;
    }
    if let Some(json) = NAMES.iter().find_map(|name| value(name)) {
        return Form::Json(json);
    }
    let mut objects = fields.iter().filter(|(_, value)| value.trim_start().starts_with('{'));
    match (objects.next(), objects.next()) {
        (Some((_, json)), None) => Form::Json(json),
        (Some(_), Some(_)) => Form::Neither("Several fields could be the event.".to_owned()),
        (None, _) => Form::Neither("No field of the entry holds a JSON object.".to_owned()),
    }
}

/// The name of an attribute without the prefix that HTTP and message brokers give it.
fn plain(field: &str) -> &str {
    field.strip_prefix("ce-").or_else(|| field.strip_prefix("ce_")).unwrap_or(field)
}

fn from_json(json: &str) -> Result<CloudEvent, String> {
    let members = members(json)?;
    let mut event = CloudEvent::default();
    for (name, value) in &members.0 {
        match name.as_ref() {
            "data" => event.summary = summary(value.get()),
            name => attribute(&mut event, name, &scalar(value.get())),
        }
    }
    complete(event)
}

fn from_attributes(fields: &Fields<'_>) -> Result<CloudEvent, String> {
    let mut event = CloudEvent::default();
    for (name, value) in fields {
        match plain(name) {
            "data" => event.summary = summary(value),
            name => attribute(&mut event, name, value),
        }
    }
    complete(event)
}

fn complete(event: CloudEvent) -> Result<CloudEvent, String> {
    if event.kind.is_empty() { Err("The event has no `type`.".to_owned()) } else { Ok(event) }
}

fn attribute(event: &mut CloudEvent, name: &str, value: &str) {
    let text = || Text::bounded(value, ATTRIBUTE_MAX);
    match name {
        "id" => event.id = text(),
        "type" => event.kind = text(),
        "source" => event.source = text(),
        "subject" => event.subject = text(),
        "time" => event.time = Timestamp::parse(value),
        _ => {}
    }
}

/// A string without its quotes; anything else as it is written. Null is empty.
fn scalar(json: &str) -> Cow<'_, str> {
    match json {
        "null" => Cow::Borrowed(""),
        json if json.starts_with('"') => {
            serde_json::from_str::<String>(json).map_or(Cow::Borrowed(json), Cow::Owned)
        }
        json => Cow::Borrowed(json),
    }
}

/// One line of `data`: its scalar members as `key=value`, or the scalar that it is.
fn summary(data: &str) -> Text {
    let data = data.trim();
    let mut line = String::new();
    match members(data) {
        Ok(members) => {
            for (name, value) in members.0.iter().filter(|(_, value)| is_scalar(value.get())) {
                if line.chars().count() > SUMMARY_MAX {
                    break;
                }
                if !line.is_empty() {
                    line.push(' ');
                }
                line.extend(name.chars().take(SUMMARY_MAX));
                line.push('=');
                line.extend(scalar(value.get()).chars().take(SUMMARY_MAX));
            }
        }
        Err(_) => line.extend(scalar(data).chars().take(SUMMARY_MAX + 1)),
    }
    cut(Text::clean(&line))
}

/// At most [`SUMMARY_MAX`] characters of `line`, after cleaning, which may have made it longer.
fn cut(line: Text) -> Text {
    let starts = || line.as_str().char_indices().map(|(at, _)| at);
    match (starts().nth(SUMMARY_MAX), starts().nth(SUMMARY_MAX - 1)) {
        (Some(_), Some(end)) => Text::bounded(line.as_str(), end),
        _ => line,
    }
}

fn is_scalar(json: &str) -> bool {
    !json.starts_with(['{', '['])
}

/// The members of a JSON object in their order, their values unread.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

fn members(json: &str) -> Result<Members<'_>, String> {
    serde_json::from_str(json).map_err(|error| {
        if error.is_data() {
            "The event is not a JSON object.".to_owned()
        } else {
            format!("The event is not valid JSON: {error}.")
        }
    })
}

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Walk)
    }
}

/// Collects the members of an object.
struct Walk;

impl<'de> Visitor<'de> for Walk {
    type Value = Members<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut members = Vec::new();
        while let Some(Name(name)) = map.next_key()? {
            members.push((name, map.next_value()?));
        }
        Ok(Members(members))
    }
}

/// The name of a member, borrowed where it has no escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// The fields as a JSON object, a value that is itself JSON unquoted. No more of each is taken than a
/// payload keeps.
fn as_json(fields: &Fields<'_>) -> Payload {
    let mut json = String::from("{");
    for (name, value) in fields {
        if json.len() > Payload::MAX_BYTES {
            break;
        }
        if json.len() > 1 {
            json.push(',');
        }
        push_quoted(&mut json, name);
        json.push(':');
        if value.len() <= Payload::MAX_BYTES && members(value).is_ok() {
            json.push_str(value);
        } else {
            push_quoted(&mut json, value);
        }
    }
    json.push('}');
    Payload::new(&json)
}

fn push_quoted(json: &mut String, text: &str) {
    let mut end = text.len().min(Payload::MAX_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    // A string always serialises.
    json.push_str(&serde_json::to_string(text.get(..end).unwrap_or_default()).unwrap_or_default());
}

#[cfg(test)]
mod tests;
