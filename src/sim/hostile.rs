//! Names, objects and events that try to break a console.
//!
//! Everything is made raw and passes the same gates as what a real adapter reads.

use serde_json::{Value, json};

use super::engine::Engine;
use super::events::{self, raw_entry};
use super::objects::{Order, RunOrder, Standing};
use super::scenario::{Phase, Tier, Word};
use crate::domain::{
    Condition, Field, Reference, Resource, Span, Spec, Status, StreamId, Text, Timestamp,
};

/// How many hostile strings there are.
const STRINGS: usize = 20;
/// One hostile event in so many is of more than 1 MiB.
const HUGE_EVERY: usize = 400;
/// The hostile event whose stream id is from the future: all ids after it must be too.
const AHEAD_AT: usize = 200;

/// A string that a console must not send to a terminal as it is; `index` counts round.
fn string(index: usize) -> String {
    match index % STRINGS {
        0 => "\u{1b}[2J\u{1b}[1;31mred".to_owned(),
        1 => "\u{1b}]0;owned\u{7}title".to_owned(),
        2 => "\u{1b}]52;c;b3duZWQ=\u{1b}\\clip".to_owned(),
        3 => "line\r\nbreak\rover\ttab".to_owned(),
        4 => "abc\u{202e}moc.live\u{202c}\u{2066}x".to_owned(),
        5 => "ze\u{200b}ro\u{200d}wi\u{2060}dth\u{feff}".to_owned(),
        6 => "long-".repeat(2_048),
        7 => format!("z{}", "\u{0301}\u{0316}\u{0489}".repeat(300)),
        8 => "株式会社東京電算・有限会社深夜当番".to_owned(),
        9 => "👩‍👩‍👧‍👦🏴󠁧󠁢󠁥󠁮󠁧󠁿🇧🇬👍🏽❤️".to_owned(),
        10 => "חברת בדיקה בע״מ مؤسسة الاختبار".to_owned(),
        11 => String::new(),
        12 => "   ".to_owned(),
        13 => "\u{9b}31m\u{90}q\u{9c}\u{85}".to_owned(),
        14 => "\0\u{8}\u{7f}nul".to_owned(),
        15 => "-rf;$(reboot)`id`'\"\\%s{}".to_owned(),
        16 => "\u{fffd}\u{fdd0}\u{10ffff}\u{e000}".to_owned(),
        17 => "ａｃｍｅ-аcme-acme\u{00ad}".to_owned(),
        18 => "﷽𒐫꧅".repeat(12),
        _ => "\u{1f1e7}\u{0e33}\u{1100}\u{1161}\u{11a8}ำ\u{17b4}ゞ".to_owned(),
    }
}

/// Puts the hostile objects of the scenario into the world.
pub(super) fn found(engine: &mut Engine) {
    let count = engine.scenario.hostile.tenants.size();
    for index in 0..count {
        let object = client(engine, index);
        engine.world.put(object);
        let object = environment(engine, index);
        engine.world.put(object);
    }
    for index in 0..count.min(STRINGS) {
        let object = upgrade(engine, index);
        engine.world.put(object);
    }
}

fn order(engine: &Engine, index: usize) -> Order {
    let round = index / STRINGS;
    let slug = match (string(index), round) {
        (name, 0) => name,
        (name, round) => format!("{name}{round}"),
    };
    Order {
        slug: Text::clean(&slug),
        owner: Text::clean(&string(index + 7)),
        tier: Tier::Starter,
        version: Text::clean(["18", "", "19.0.1-\u{1b}[m", "99"].get(index % 4).unwrap_or(&"18")),
        created: engine.now().before(Span::from_secs(86_400)),
    }
}

fn standing(engine: &Engine, index: usize) -> Standing {
    let words = [Word::Degraded, Word::Failed, Word::Creating, Word::Healthy, Word::Unknown];
    Standing {
        word: words.get(index % words.len()).copied().unwrap_or_default(),
        since: engine.now().after(Span::from_secs(3_600)),
        reason: Some(Text::clean(&string(index + 3))),
        message: Some(Text::clean(&string(index + 11).repeat(4))),
    }
}

fn client(engine: &mut Engine, index: usize) -> Resource {
    let (order, standing) = (order(engine, index), standing(engine, index));
    let mut object = engine.world.maker.client(&order, &standing, &mut engine.rng);
    times(&mut object, index, engine.now());
    if let Spec::Client(spec) = &mut object.spec {
        match index % 5 {
            0 => spec.tier = Text::clean("platinum\u{1b}[5m"),
            1 => spec.project = Some(i64::MIN),
            2 => spec.project = None,
            3 => (spec.tier, spec.owner_email) = (Text::default(), Text::clean("a@b\r\nBcc: c@d")),
            _ => spec.subdomain = Text::default(),
        }
    }
    if index % 10 == 6 {
        object.composed = (0..600).map(|number| reference(index + number)).collect();
    }
    object
}

/// A condition of each sort comes twice, and times are missing, past or still to come.
fn times(object: &mut Resource, index: usize, now: Timestamp) {
    let far = Span::from_secs(400 * 86_400 * 365);
    object.meta.created = match index % 4 {
        0 => None,
        1 => Some(now.after(Span::from_secs(7_200))),
        2 => Some(Timestamp::from_ms(0)),
        _ => Some(now.after(far)),
    };
    object.meta.deleting = (index % 9 == 4).then(|| now.after(far));
    if index % 6 == 5 {
        let strange = Condition {
            name: Text::clean(&string(index)),
            status: Status::Unknown,
            reason: Text::default(),
            message: Text::clean(&string(index + 1)),
            since: None,
        };
        let twice = object.conditions.iter().cloned().chain(object.conditions.iter().cloned());
        object.conditions = twice.chain([strange]).collect();
    }
}

fn reference(index: usize) -> Reference {
    Reference {
        kind: Text::clean(&string(index)),
        name: Text::clean(&string(index + 1)),
        api_version: Text::clean(&string(index + 2)),
        namespace: index.is_multiple_of(2).then(|| Text::clean(&string(index + 3))),
    }
}

fn environment(engine: &mut Engine, index: usize) -> Resource {
    let (order, standing) = (order(engine, index), standing(engine, index + 1));
    let mut object = engine.world.maker.environment(&order, "prod", &standing, &mut engine.rng);
    times(&mut object, index + 1, engine.now());
    if let Spec::Environment(spec) = &mut object.spec {
        spec.tenant = (!index.is_multiple_of(3)).then(|| order.slug.clone());
        spec.fields = (0..8)
            .map(|number| Field {
                path: Text::clean(&string(index + number)),
                value: Text::clean(&string(index * 3 + number)),
            })
            .collect();
    }
    object
}

fn upgrade(engine: &mut Engine, index: usize) -> Resource {
    let run = RunOrder {
        name: Text::clean(&string(index)),
        tenant: Text::clean(&string(index + 1)),
        from: Text::clean(&string(index + 2)),
        to: Text::clean(&string(index + 3)),
        created: engine.now().before(Span::from_secs(60)),
    };
    let mut object = engine.world.maker.upgrade(&run, &mut engine.rng);
    object.conditions = engine.world.maker.phase(&run.name, Phase::Failed, run.created);
    times(&mut object, index, engine.now());
    object
}

/// Puts the next hostile event on the stream, taken in at `at`.
pub(super) fn publish(engine: &mut Engine, at: Timestamp) {
    let index = engine.hostile;
    engine.hostile += 1;
    let ulid = events::ulid(at, &mut engine.rng);
    let raw = raw_event(index, &ulid, at);
    let ahead = if index == AHEAD_AT { Span::from_secs(3_600) } else { Span::default() };
    let id: StreamId = engine.world.stream.next_id(at.after(ahead));
    engine.append(raw_entry(&raw, id));
}

/// The hostile event of `index` as its producer sends it.
fn raw_event(index: usize, ulid: &str, at: Timestamp) -> String {
    if index % HUGE_EVERY == 7 {
        return event(ulid, "agent.report", "huge", at, json!({ "text": "я".repeat(600_000) }));
    }
    let (text, other) = (string(index / 2), string(index / 2 + 5));
    let plain = |data: Value| event(ulid, "agent.report", "hostile", at, data);
    match index % 24 {
        0 => event(ulid, &format!("agent.{text}"), &other, at, json!({ "a": text })),
        1 => event(ulid, "agent.report", &text, at, json!({ text.as_str(): other })),
        2 => {
            event("01JDUPLICATE00000000000000", "agent.report", "twice", at, json!({ "n": index }))
        }
        3 => format!("{text} is not JSON"),
        4 => "[1,2,3]".to_owned(),
        5 => json!({ "id": 7, "type": ["a"], "source": { "a": 1 }, "time": 12 }).to_string(),
        6 => json!({ "type": "agent.report", "subject": "no-id", "data": null }).to_string(),
        7 => json!({ "id": ulid, "subject": "no-type" }).to_string(),
        8 => plain(json!({ "time": "skewed" })).replace(&at.to_string(), "9999-12-31T23:59:59Z"),
        9 => plain(json!({ "time": "skewed" })).replace(&at.to_string(), "1970-01-01T00:00:00Z"),
        10 => plain(json!({ "time": "none" })).replace(&at.to_string(), "yesterday \\u001b[m"),
        11 => plain(json!({ "tier": "platinum", "subdomain": "", "projectId": -1e300 })),
        12 => format!(
            r#"{{"id":"{ulid}","type":"deep","data":{}1{}}}"#,
            "[".repeat(4_000),
            "]".repeat(4_000)
        ),
        13 => format!(r#"{{"id":"{ulid}","type":"first","type":"second","type":"third"}}"#),
        14 => format!(r#"{{"id":"{ulid}","type":"surrogate","subject":"\ud800"}}"#),
        15 => format!("\u{feff}{}", plain(json!({ "bom": true }))),
        16 => plain(json!("a text for data")),
        17 => plain(json!([1, 2, 3])),
        18 => plain(json!({ "many": vec![0; 2_000], "then": text })),
        19 => String::new(),
        20 => plain((0..500).map(|n| (format!("key{n}"), json!(n))).collect()),
        21 => plain(json!({ "nested": { "text": text }, "shown": other })),
        22 => format!(r#"{{"id":"{ulid}","type":"cut","data":{{"a":"#),
        _ => json!({ "id": "", "type": "empty", "source": "", "subject": "", "time": "" })
            .to_string(),
    }
}

fn event(id: &str, kind: &str, subject: &str, at: Timestamp, data: Value) -> String {
    let time = at.to_string();
    let mut event = json!({
        "specversion": "1.0", "id": id, "type": kind, "source": "//plana-pulse/ai-agents",
        "subject": subject, "time": time,
    });
    if let Some(fields) = event.as_object_mut() {
        fields.insert("data".to_owned(), data);
    }
    event.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_strings_are_hostile() {
        let hostile = (0..STRINGS).filter(|index| string(*index).chars().any(Text::is_hostile));
        assert_eq!(hostile.count(), 11);
        assert!((0..STRINGS).any(|index| string(index).len() >= 10_000));
    }

    #[test]
    fn events_of_each_sort_come() {
        let at = Timestamp::from_ms(1_000);
        let count = |wanted: fn(&str) -> bool| {
            (0..48).filter(|index| wanted(&raw_event(*index, "01H8", at))).count()
        };
        assert_eq!(count(|raw| raw.len() > 1024 * 1024), 1);
        assert_eq!(count(|raw| raw.contains("01JDUPLICATE")), 2);
        assert_eq!(count(|raw| serde_json::from_str::<Value>(raw).is_err()), 12);
    }
}
