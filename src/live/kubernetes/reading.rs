//! From lines of a watch and items of a list to facts, whichever kind they are of.

use serde::Deserialize;

use super::api::Failure;
use super::loose::{Loose, Scalar};
use super::meta::RawMeta;
use super::target::Target;
use super::{cluster, object};
use crate::domain::{Fact, Timestamp};

/// Something received, with what every object, bookmark and `Status` has.
pub(super) trait Received<'a> {
    /// Its metadata.
    fn meta(&self) -> &RawMeta<'a>;

    /// Of a `Status`: the HTTP code, and a sentence why.
    fn status(&self) -> (&str, &str);
}

/// Makes facts of objects of one kind.
pub(super) trait Reads {
    /// An object as received.
    type Raw<'a>: Deserialize<'a> + Default + Received<'a>;

    /// The object is there in this state.
    fn upsert(&mut self, raw: &Self::Raw<'_>, now: Timestamp, facts: &mut Vec<Fact>);

    /// The object is gone.
    fn remove(&mut self, raw: &Self::Raw<'_>, facts: &mut Vec<Fact>);

    /// There is something that can't be read.
    fn lost(&mut self, why: &str, facts: &mut Vec<Fact>);
}

/// The reader of one kind.
#[derive(Debug)]
pub(super) enum Reader {
    /// Of one of the platform's own kinds.
    Composite(object::Reader),
    /// Of a kind of the cluster.
    Cluster(cluster::Reader),
}

impl Reader {
    /// A reader of objects of `target`. Tenants' addresses are subdomains of `domain`.
    pub(super) fn new(target: Target, domain: &str) -> Self {
        match target {
            Target::Composite(kind) => Self::Composite(object::Reader::new(kind)),
            Target::Cluster(kind) => Self::Cluster(cluster::Reader::new(kind, domain)),
        }
    }

    /// A new listing begins: rows for unreadable objects are counted anew, so that they replace those before.
    pub(super) fn restart(&mut self) {
        match self {
            Self::Composite(reader) => reader.restart(),
            Self::Cluster(reader) => reader.restart(),
        }
    }

    /// Tells of an item of a list.
    pub(super) fn item(&mut self, json: &str, now: Timestamp, facts: &mut Vec<Fact>) {
        match self {
            Self::Composite(reader) => item(reader, json, now, facts),
            Self::Cluster(reader) => item(reader, json, now, facts),
        }
    }
}

fn item<R: Reads>(reader: &mut R, json: &str, now: Timestamp, facts: &mut Vec<Fact>) {
    match serde_json::from_str::<Loose<R::Raw<'_>>>(json) {
        Ok(raw) => reader.upsert(&raw.0, now, facts),
        Err(error) => reader.lost(&error.to_string(), facts),
    }
}

/// Facts that were read and not yet told.
#[derive(Default)]
pub(super) struct Batch {
    /// The facts.
    pub(super) facts: Vec<Fact>,
    /// The newest resource version among them.
    pub(super) version: Option<String>,
    /// The listing is complete.
    pub(super) is_listed: bool,
    /// The server said that it stops.
    pub(super) failure: Option<Failure>,
}

#[derive(Default, Deserialize)]
#[serde(default, bound(deserialize = "T: Deserialize<'de> + Default"))]
struct Event<'a, T> {
    #[serde(borrow, rename = "type")]
    kind: Scalar<'a>,
    object: Loose<T>,
}

impl Batch {
    /// Takes in one line of a watch.
    pub(super) fn take(&mut self, reader: &mut Reader, line: &[u8], now: Timestamp) {
        if line.iter().all(u8::is_ascii_whitespace) || self.failure.is_some() {
            return;
        }
        match reader {
            Reader::Composite(reader) => self.take_in(reader, line, now),
            Reader::Cluster(reader) => self.take_in(reader, line, now),
        }
    }

    fn take_in<R: Reads>(&mut self, reader: &mut R, line: &[u8], now: Timestamp) {
        let Loose(event) = match serde_json::from_slice::<Loose<Event<'_, R::Raw<'_>>>>(line) {
            Ok(event) => event,
            Err(error) => return reader.lost(&error.to_string(), &mut self.facts),
        };
        let raw = &event.object.0;
        match event.kind.as_str() {
            "ADDED" | "MODIFIED" => reader.upsert(raw, now, &mut self.facts),
            "DELETED" => reader.remove(raw, &mut self.facts),
            "BOOKMARK" => {
                if raw.meta().annotations.0.listed.as_str() == "true" {
                    self.is_listed = true;
                    self.facts.push(Fact::RelistEnded);
                }
            }
            "ERROR" => {
                let (code, message) = raw.status();
                self.failure = Some(Failure::told(code, message));
                return;
            }
            // A bare `Status`, as some proxies write it, or something that is no event at all.
            _ => {
                self.failure = Some(raw_status(line).unwrap_or_else(|| {
                    Failure::Strange("its watch brings something that is no event".to_owned())
                }));
                return;
            }
        }
        let version = raw.meta().resource_version.as_str();
        if !version.is_empty() {
            self.version = Some(version.to_owned());
        }
    }
}

fn raw_status(line: &[u8]) -> Option<Failure> {
    let Loose(raw) = serde_json::from_slice::<Loose<object::Raw<'_>>>(line).ok()?;
    let (code, message) = raw.status();
    (!code.is_empty()).then(|| Failure::told(code, message))
}
