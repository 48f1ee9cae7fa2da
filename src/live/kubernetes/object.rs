//! From the API server's JSON to the few fields that are kept.
//!
//! Reads each object once, borrowing from the received bytes; managed fields, annotations and whatever
//! isn't shown never become memory. Never fails: an object that can't be read becomes a row that says so.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::interner::Interner;
use super::loose::{Items, Loose, Scalar};
use super::spec;
use crate::domain::{Condition, Kind, Meta, Reference, Resource, Spec, Status, Text, Timestamp, Uid};

/// The most conditions kept of one object.
const CONDITIONS: usize = 16;
/// The most references to composed resources kept of one object.
pub(super) const COMPOSED: usize = 200;
/// The most bytes kept of a condition's message.
const MESSAGE: usize = 2 * 1024;
/// The most bytes kept of a name or another short text.
const NAME: usize = 512;

/// An object as received; also a bookmark and a `Status`, which come in its place.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Raw<'a> {
    #[serde(borrow)]
    pub(super) metadata: Loose<RawMeta<'a>>,
    #[serde(borrow)]
    spec: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Loose<RawStatus<'a>>,
    /// Of a `Status`: the HTTP code.
    #[serde(borrow)]
    pub(super) code: Scalar<'a>,
    /// Of a `Status`: one word why.
    #[serde(borrow)]
    pub(super) reason: Scalar<'a>,
    /// Of a `Status`: a sentence why.
    #[serde(borrow)]
    pub(super) message: Scalar<'a>,
}

impl Raw<'_> {
    /// `spec` as received; `null` when there is none.
    pub(super) fn spec_json(&self) -> &str {
        self.spec.map_or("null", RawValue::get)
    }
}

/// `metadata`, as far as it is used.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct RawMeta<'a> {
    #[serde(borrow)]
    name: Scalar<'a>,
    #[serde(borrow)]
    namespace: Scalar<'a>,
    #[serde(borrow)]
    uid: Scalar<'a>,
    #[serde(borrow)]
    pub(super) resource_version: Scalar<'a>,
    #[serde(borrow)]
    creation_timestamp: Scalar<'a>,
    #[serde(borrow)]
    deletion_timestamp: Scalar<'a>,
    #[serde(borrow)]
    pub(super) labels: Loose<RawLabels<'a>>,
    #[serde(borrow)]
    pub(super) annotations: Loose<RawAnnotations<'a>>,
    #[serde(borrow)]
    pub(super) owner_references: Items<RawOwner<'a>, 16>,
}

/// The labels that may name the tenant.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawLabels<'a> {
    #[serde(borrow, rename = "planapulse.com/tenant")]
    pub(super) tenant: Scalar<'a>,
    #[serde(borrow, rename = "planapulse.com/client")]
    pub(super) client: Scalar<'a>,
    #[serde(borrow, rename = "crossplane.io/claim-name")]
    pub(super) claim: Scalar<'a>,
}

/// The one annotation of a bookmark that matters.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawAnnotations<'a> {
    #[serde(borrow, rename = "k8s.io/initial-events-end")]
    pub(super) listed: Scalar<'a>,
}

/// One owner of an object.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawOwner<'a> {
    #[serde(borrow)]
    pub(super) kind: Scalar<'a>,
    #[serde(borrow)]
    pub(super) name: Scalar<'a>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawStatus<'a> {
    #[serde(borrow)]
    conditions: Items<RawCondition<'a>, CONDITIONS>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawCondition<'a> {
    #[serde(borrow, rename = "type")]
    name: Scalar<'a>,
    #[serde(borrow)]
    status: Scalar<'a>,
    #[serde(borrow)]
    reason: Scalar<'a>,
    #[serde(borrow)]
    message: Scalar<'a>,
    #[serde(borrow)]
    last_transition_time: Scalar<'a>,
}

/// One reference to a composed resource.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct RawReference<'a> {
    #[serde(borrow)]
    api_version: Scalar<'a>,
    #[serde(borrow)]
    kind: Scalar<'a>,
    #[serde(borrow)]
    name: Scalar<'a>,
    #[serde(borrow)]
    namespace: Scalar<'a>,
}

/// References as Crossplane v1 (`spec.resourceRefs`) or v2 (`spec.crossplane.resourceRefs`) writes them.
pub(super) type RawReferences<'a> = Items<RawReference<'a>, COMPOSED>;

/// Reads the objects of one kind.
#[derive(Debug)]
pub(super) struct Reader {
    kind: Kind,
    texts: Interner,
    unreadable: u64,
}

impl Reader {
    /// A reader of objects of `kind`.
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, texts: Interner::default(), unreadable: 0 }
    }

    /// How many objects so far could not be read at all.
    pub(super) fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// A new listing begins: rows for unreadable objects are counted anew, so that they replace those before.
    pub(super) fn restart(&mut self) {
        self.unreadable = 0;
    }

    /// The object in `json`, or a row that says that there is one which can't be read.
    pub(super) fn object(&mut self, json: &str) -> Arc<Resource> {
        match serde_json::from_str::<Raw<'_>>(json) {
            Ok(raw) => self.resource(&raw),
            Err(error) => self.lost(&error.to_string()),
        }
    }

    /// The identity of an object; the one that [`Reader::resource`] gives it.
    pub(super) fn uid(raw: &Raw<'_>) -> Option<Uid> {
        let meta = &raw.metadata.0;
        match (meta.uid.as_str(), meta.namespace.as_str(), meta.name.as_str()) {
            ("", _, "") => None,
            ("", namespace, name) => Some(Uid(Text::bounded(&format!("{namespace}/{name}"), NAME))),
            (uid, _, _) => Some(Uid(Text::bounded(uid, NAME))),
        }
    }

    /// The kept fields of an object that was received.
    pub(super) fn resource(&mut self, raw: &Raw<'_>) -> Arc<Resource> {
        let Some(uid) = Self::uid(raw) else {
            return self.lost("it has neither a name nor a uid");
        };
        let meta = self.meta(&raw.metadata.0, uid);
        let conditions = raw.status.0.conditions.kept.iter().map(|raw| self.condition(raw)).collect();
        let read = spec::read(self.kind, raw, &mut self.texts);
        Arc::new(Resource { meta, conditions, composed: read.composed, spec: read.spec })
    }

    fn meta(&mut self, raw: &RawMeta<'_>, uid: Uid) -> Meta {
        Meta {
            name: Text::bounded(raw.name.as_str(), NAME),
            namespace: raw.namespace.0.as_deref().filter(|name| !name.is_empty()).map(|name| self.texts.text(name)),
            uid,
            version: Text::bounded(raw.resource_version.as_str(), NAME),
            created: Timestamp::parse(raw.creation_timestamp.as_str()),
            deleting: Timestamp::parse(raw.deletion_timestamp.as_str()),
        }
    }

    fn condition(&mut self, raw: &RawCondition<'_>) -> Condition {
        let message = raw.message.as_str();
        Condition {
            name: self.short(raw.name.as_str()),
            status: match raw.status.as_str() {
                "True" | "true" => Status::True,
                "False" | "false" => Status::False,
                _ => Status::Unknown,
            },
            reason: self.short(raw.reason.as_str()),
            message: if message.len() <= MESSAGE {
                self.texts.text(message)
            } else {
                Text::bounded(message, MESSAGE)
            },
            since: Timestamp::parse(raw.last_transition_time.as_str()),
        }
    }

    fn short(&mut self, raw: &str) -> Text {
        short(&mut self.texts, raw)
    }

    /// A row in place of an object that could not be read: said, counted, and told as failed.
    pub(super) fn lost(&mut self, why: &str) -> Arc<Resource> {
        self.unreadable += 1;
        let (kind, number) = (self.kind, self.unreadable);
        tracing::warn!(%kind, number, "an object can't be read");
        let why = format!("this {kind} can't be read: {why}; look at it with kubectl");
        Arc::new(Resource {
            meta: Meta {
                name: Text::clean(&format!("unreadable-{number}")),
                namespace: None,
                uid: Uid(Text::clean(&format!("unreadable-{kind}-{number}"))),
                version: Text::default(),
                created: None,
                deleting: None,
            },
            conditions: Box::new([Condition {
                name: self.texts.text("Synced"),
                status: Status::False,
                reason: self.texts.text("Unreadable"),
                message: Text::bounded(&why, MESSAGE),
                since: None,
            }]),
            composed: Box::default(),
            spec: match kind {
                Kind::Client => Spec::Client(Default::default()),
                Kind::Environment => Spec::Environment(Default::default()),
                Kind::Upgrade => Spec::Upgrade(Default::default()),
                Kind::Template => Spec::Template(Default::default()),
                Kind::Restore => Spec::Restore(Default::default()),
            },
        })
    }
}

/// A short text, shared when it is seen often.
pub(super) fn short(texts: &mut Interner, raw: &str) -> Text {
    if raw.len() <= NAME { texts.text(raw) } else { Text::bounded(raw, NAME) }
}

/// What an object is composed of. What is beyond the bound is one last row that says how many.
pub(super) fn references(raw: &RawReferences<'_>, texts: &mut Interner) -> Box<[Reference]> {
    let mut kept: Vec<Reference> = Vec::with_capacity(raw.kept.len() + usize::from(raw.more > 0));
    for raw in &raw.kept {
        kept.push(Reference {
            kind: short(texts, raw.kind.as_str()),
            name: Text::bounded(raw.name.as_str(), NAME),
            api_version: short(texts, raw.api_version.as_str()),
            namespace: raw.namespace.0.as_deref().filter(|name| !name.is_empty()).map(|name| short(texts, name)),
        });
    }
    if raw.more > 0 {
        kept.push(Reference {
            kind: texts.text("…"),
            name: Text::clean(&format!("and {} more", raw.more)),
            api_version: Text::default(),
            namespace: None,
        });
    }
    kept.into()
}
