//! `metadata` of any object, as far as it is used: name, identity and age, and the labels and owners that tie objects
//! together.

use serde::Deserialize;

use super::interner::Interner;
use super::loose::{Items, Loose, Scalar};
use crate::domain::{MadeBy, Meta, Text, Timestamp, Uid};

/// The most bytes kept of a name or another short text.
pub(super) const NAME: usize = 512;

/// `metadata`, as far as it is used.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct RawMeta<'a> {
    #[serde(borrow)]
    pub(super) name: Scalar<'a>,
    #[serde(borrow)]
    pub(super) namespace: Scalar<'a>,
    #[serde(borrow)]
    uid: Scalar<'a>,
    #[serde(borrow)]
    pub(super) resource_version: Scalar<'a>,
    #[serde(borrow)]
    pub(super) generation: Scalar<'a>,
    #[serde(borrow)]
    pub(super) creation_timestamp: Scalar<'a>,
    #[serde(borrow)]
    pub(super) deletion_timestamp: Scalar<'a>,
    #[serde(borrow)]
    pub(super) labels: Loose<RawLabels<'a>>,
    #[serde(borrow)]
    pub(super) annotations: Loose<RawAnnotations<'a>>,
    #[serde(borrow)]
    pub(super) owner_references: Items<RawOwner<'a>, 16>,
    #[serde(borrow)]
    managed_fields: Items<RawManaged<'a>, 16>,
}

/// Who wrote some of an object's fields. Which fields is never kept.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawManaged<'a> {
    #[serde(borrow)]
    manager: Scalar<'a>,
    #[serde(borrow)]
    time: Scalar<'a>,
    #[serde(borrow)]
    subresource: Scalar<'a>,
}

/// The labels that say to whom an object belongs.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawLabels<'a> {
    #[serde(borrow, rename = "planapulse.com/tenant")]
    pub(super) tenant: Scalar<'a>,
    #[serde(borrow, rename = "planapulse.com/client")]
    pub(super) client: Scalar<'a>,
    #[serde(borrow, rename = "crossplane.io/claim-name")]
    pub(super) claim: Scalar<'a>,
    #[serde(borrow, rename = "crossplane.io/composite")]
    pub(super) composite: Scalar<'a>,
    #[serde(borrow, rename = "tenantupgrade")]
    pub(super) upgrade: Scalar<'a>,
    #[serde(borrow, rename = "kustomize.toolkit.fluxcd.io/name")]
    pub(super) flux: Scalar<'a>,
    #[serde(borrow, rename = "pod-template-hash")]
    pub(super) template_hash: Scalar<'a>,
    #[serde(borrow, rename = "topology.kubernetes.io/zone")]
    pub(super) zone: Scalar<'a>,
}

/// The one annotation of a bookmark that matters, and the one of an object.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct RawAnnotations<'a> {
    #[serde(borrow, rename = "k8s.io/initial-events-end")]
    pub(super) listed: Scalar<'a>,
    #[serde(borrow, rename = "planapulse.com/requested-by")]
    requested_by: Scalar<'a>,
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

impl RawMeta<'_> {
    /// The identity of the object; none when it has neither a name nor a uid.
    pub(super) fn identity(&self) -> Option<Uid> {
        match (self.uid.as_str(), self.namespace.as_str(), self.name.as_str()) {
            ("", _, "") => None,
            ("", namespace, name) => Some(Uid(Text::bounded(&format!("{namespace}/{name}"), NAME))),
            (uid, _, _) => Some(Uid(Text::bounded(uid, NAME))),
        }
    }

    /// What is kept of it.
    pub(super) fn kept(&self, uid: Uid, texts: &mut Interner) -> Meta {
        Meta {
            name: Text::bounded(self.name.as_str(), NAME),
            namespace: self
                .namespace
                .0
                .as_deref()
                .filter(|name| !name.is_empty())
                .map(|name| texts.text(name)),
            uid,
            version: Text::bounded(self.resource_version.as_str(), NAME),
            created: Timestamp::parse(self.creation_timestamp.as_str()),
            deleting: Timestamp::parse(self.deletion_timestamp.as_str()),
            by: None,
        }
    }
}

impl RawMeta<'_> {
    /// Who made the object: the person that it names, else the program that wrote it first.
    pub(super) fn made_by(&self, texts: &mut Interner) -> Option<MadeBy> {
        let person = self.annotations.0.requested_by.as_str().trim();
        if !person.is_empty() {
            return Some(MadeBy::Person(short(texts, person)));
        }
        // A controller that only reports how the object stands has not made it.
        let entries = self.managed_fields.kept.iter();
        let made = entries.filter(|entry| {
            entry.subresource.as_str().is_empty() && !entry.manager.as_str().is_empty()
        });
        let (at, entry) = made
            .map(|entry| (Timestamp::parse(entry.time.as_str()), entry))
            .min_by_key(|(at, _)| (at.is_none(), *at))?;
        Some(MadeBy::Program(short(texts, entry.manager.as_str()), at))
    }
}

/// What is known of an object that can't be read, the `number`th of its `kind` in this listing.
pub(super) fn unreadable(kind: &str, number: u64) -> Meta {
    let uid = Uid(Text::clean(&format!("unreadable-{kind}-{number}")));
    Meta::named(format!("unreadable-{number}"), uid)
}

/// A short text, shared when it is seen often.
pub(super) fn short(texts: &mut Interner, raw: &str) -> Text {
    if raw.len() <= NAME { texts.text(raw) } else { Text::bounded(raw, NAME) }
}
