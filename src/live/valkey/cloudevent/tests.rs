//! The readings of events: every layout, every way to be malformed.

use proptest::prelude::*;

use super::*;
use crate::domain::StreamId;

fn entry(fields: &[(&str, &str)]) -> RawEntry {
    let fields = fields.iter().map(|(n, v)| (n.as_bytes().to_vec(), v.as_bytes().to_vec()));
    RawEntry { id: StreamId { ms: 1, seq: 0 }, fields: fields.collect() }
}

const EVENT: &str = r#"{"specversion":"1.0","id":"01H8","type":"client.provisioned",
    "source":"//plana-pulse/crossplane/planaclient","subject":"acme","time":"2026-05-29T02:00:00Z",
    "datacontenttype":"application/json",
    "data":{"subdomain":"acme","projectId":23,"trial":false,"tags":["a"],"owner":{"a":1},"note":null}}"#;

/// The event in one line, or the reason why there is none.
fn shown(read: &StreamEntry) -> String {
    match &read.content {
        Content::Event(event) => {
            let time = event.time.map_or_else(String::new, |time| time.to_string());
            let CloudEvent { id, kind, source, subject, summary, .. } = event;
            format!("{id}|{kind}|{source}|{subject}|{time}|{summary}")
        }
        Content::Malformed(reason) => reason.to_string(),
    }
}

const SHOWN: &str = "01H8|client.provisioned|//plana-pulse/crossplane/planaclient|acme|\
                     2026-05-29T02:00:00Z|subdomain=acme projectId=23 trial=false note=";

#[test]
fn events_are_found_in_any_shape() {
    let separate = |prefix: &str| {
        let data = r#"{"subdomain":"acme","projectId":23,"trial":false,"tags":[],"note":null}"#;
        let mut fields: Vec<_> = [
            ("specversion", "1.0"),
            ("id", "01H8"),
            ("type", "client.provisioned"),
            ("source", "//plana-pulse/crossplane/planaclient"),
            ("subject", "acme"),
            ("time", "2026-05-29T05:00:00+03:00"),
        ]
        .map(|(name, value)| (format!("{prefix}{name}").into_bytes(), value.as_bytes().to_vec()))
        .to_vec();
        fields.push((b"data".to_vec(), data.as_bytes().to_vec()));
        RawEntry { id: StreamId::default(), fields }
    };
    for raw in [
        entry(&[("event", EVENT)]),
        entry(&[("attempt", "1"), ("payload", EVENT)]),
        entry(&[("e", EVENT)]),
        entry(&[("key", "acme"), ("blob", EVENT)]),
        separate(""),
        separate("ce-"),
        separate("ce_"),
    ] {
        assert_eq!(shown(&read(&raw, None)), SHOWN);
    }
    assert_eq!(shown(&read(&entry(&[("event", "{}"), ("mine", EVENT)]), Some("mine"))), SHOWN);
}

#[test]
fn what_is_no_event_says_why() {
    let deep = format!("{{\"type\":\"t\",\"data\":{}{}}}", "[".repeat(20_000), "]".repeat(20_000));
    let open = "{\"a\":".repeat(20_000);
    for (fields, named, reason) in [
        (vec![("a", "b")], None, "No field of the entry holds a JSON object."),
        (vec![], None, "No field of the entry holds a JSON object."),
        (vec![("a", "{}"), ("b", "{}")], None, "Several fields could be the event."),
        (vec![("a", "{}")], Some("b"), "The entry has no field `b`."),
        (vec![("event", "[1]")], None, "The event is not a JSON object."),
        (vec![("event", "\"x\"")], None, "The event is not a JSON object."),
        (vec![("event", "{\"type\":")], None, "The event is not valid JSON: EOF"),
        (vec![("event", "hello")], None, "The event is not valid JSON: expected value"),
        (vec![("event", "{\"id\":\"1\"}")], None, "The event has no `type`."),
        (vec![("event", "{\"type\":null}")], None, "The event has no `type`."),
        (vec![("specversion", "1.0")], None, "The event has no `type`."),
        (vec![("event", open.as_str())], None, "The event is not valid JSON"),
    ] {
        let read = read(&entry(&fields), named);
        assert!(shown(&read).starts_with(reason), "{} for {reason}", shown(&read));
        assert!(matches!(read.content, Content::Malformed(_)));
    }
    // Deep but whole JSON is an event, or says that it is too deep; either way it returns.
    let read = read(&entry(&[("event", &deep)]), None);
    assert_eq!(read.raw.raw().len(), deep.len());
}

#[test]
fn attributes_may_be_of_any_type() {
    let json =
        r#"{"type":7,"id":true,"source":{"a":1},"subject":"\ud800","time":"soon","type":"x"}"#;
    let event = shown(&read(&entry(&[("event", json)]), None));
    assert_eq!(event, r#"true|x|{"a":1}|"\ud800"||"#);
}

#[test]
fn the_summary_is_one_bounded_line() {
    for (data, line) in [
        ("\"all is well\"", "all is well"),
        ("42", "42"),
        ("null", ""),
        ("[1,2]", "[1,2]"),
        (r#"{"a":"\u001b[31mred","b":"x\ny"}"#, "a=␛[31mred b=x␊y"),
        (r#"{"a":"\u202egnp.exe"}"#, "a=<U+202E>gnp.exe"),
    ] {
        assert_eq!(summary(data).as_str(), line, "{data}");
    }
    let long = format!(r#"{{"a":"{}","b":"{}"}}"#, "щ".repeat(100), "\\u202e".repeat(100));
    let line = summary(&long);
    assert_eq!(line.as_str().chars().count(), SUMMARY_MAX);
    assert!(line.as_str().ends_with('…'));
}

#[test]
fn raw_text_is_kept_as_received_and_bounded() {
    let event = entry(&[("event", EVENT)]);
    let bytes = event.bytes();
    let one = read(&event, None);
    assert_eq!((one.raw.raw(), one.bytes), (EVENT, bytes));

    let fields = entry(&[("specversion", "1.0"), ("type", "a\"b"), ("data", r#"{"x": 1}"#)]);
    let json = r#"{"specversion":"1.0","type":"a\"b","data":{"x": 1}}"#;
    assert_eq!(read(&fields, None).raw.raw(), json);

    let large = format!(r#"{{"type":"t","data":"{}"}}"#, "x".repeat(3 * 1024 * 1024));
    let one = read(&entry(&[("event", &large)]), None);
    assert_eq!((one.raw.raw().len(), one.bytes), (Payload::MAX_BYTES, large.len() as u64 + 5));
    assert!(matches!(one.content, Content::Event(_)));

    let vast = "x".repeat(17 * 1024 * 1024);
    let one = read(&entry(&[("event", &vast)]), None);
    assert_eq!(shown(&one), "The entry has 18 MiB; only up to 16 MiB are read as an event.");
    assert_eq!(one.raw.raw().len(), Payload::MAX_BYTES);
}

#[test]
fn bytes_that_are_no_text_are_shown() {
    let mut json = br#"{"type":"t","subject":"aZ"}"#.to_vec();
    let at = json.iter().position(|byte| *byte == b'Z').expect("a Z");
    json[at] = 0xff;
    let raw = RawEntry { id: StreamId::default(), fields: vec![(b"event".to_vec(), json)] };
    assert_eq!(shown(&read(&raw, None)), "|t||a\u{fffd}||");
}

proptest! {
    #[test]
    fn any_entry_is_read(
        fields in proptest::collection::vec(
            (proptest::collection::vec(any::<u8>(), 0..12), proptest::collection::vec(any::<u8>(), 0..60)),
            0..6,
        )
    ) {
        let raw = RawEntry { id: StreamId::default(), fields };
        let bytes = raw.bytes();
        prop_assert_eq!(read(&raw, None).bytes, bytes);
    }

    #[test]
    fn any_json_like_text_is_read(text in r#"[\{\}\[\]":,a-z0-9\\u ]{0,80}"#) {
        let one = read(&entry(&[("event", &text)]), None);
        prop_assert_eq!(one.raw.raw(), text.as_str());
    }
}
