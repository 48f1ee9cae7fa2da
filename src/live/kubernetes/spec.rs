//! `spec`, by kind: typed where PLANA publishes the schema, as found where the published schema is cut.

use serde::Deserialize;
use serde_json::Value;

use super::interner::Interner;
use super::loose::{Items, Loose, Scalar};
use super::meta::{RawOwner, short};
use super::object::{self, Raw, RawReferences};
use crate::domain::{
    ClientSpec, EnvironmentSpec, Field, Kind, Reference, RestoreSpec, Spec, TemplateSpec, Text,
    UpgradeSpec,
};

/// Where an environment or a restore may name its tenant, first match wins. PLANA's published schema of
/// both kinds is cut, so nothing here is certain. An owner of kind `PLANAClient` is asked before these,
/// then the labels `planapulse.com/tenant` and `planapulse.com/client`; the label
/// `crossplane.io/claim-name` is asked last, because a claim may be named after the environment.
const TENANT_FIELDS: [&str; 14] = [
    "tenant",
    "slug",
    "subdomain",
    "client",
    "tenantName",
    "clientName",
    "planaClient",
    "tenantRef.name",
    "clientRef.name",
    "planaClientRef.name",
    "tenantSlug",
    "source.tenant",
    "target.tenant",
    "parameters.tenant",
];

/// Fields of `spec` that are Crossplane's own machinery, not what was asked for.
const MACHINERY: [&str; 10] = [
    "claimRef",
    "compositeDeletePolicy",
    "compositionRef",
    "compositionRevisionRef",
    "compositionRevisionSelector",
    "compositionSelector",
    "compositionUpdatePolicy",
    "crossplane",
    "resourceRefs",
    "writeConnectionSecretToRef",
];

/// The most fields kept of one object.
const FIELDS: usize = 40;
/// The most bytes kept of one field's value.
const VALUE: usize = 512;
/// How deep fields are looked for.
const DEPTH: usize = 8;

/// A `spec` that was read.
pub(super) struct Read {
    /// What was asked for.
    pub(super) spec: Spec,
    /// What it is composed of.
    pub(super) composed: Box<[Reference]>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct RawCrossplane<'a> {
    #[serde(borrow, rename = "resourceRefs")]
    references: RawReferences<'a>,
}

/// The published fields of a `PLANAClient` and of a `TenantUpgrade`, and where every XR names its parts.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct RawSpec<'a> {
    #[serde(borrow)]
    subdomain: Scalar<'a>,
    #[serde(borrow)]
    project_id: Scalar<'a>,
    #[serde(borrow)]
    tier: Scalar<'a>,
    #[serde(borrow)]
    odoo_version: Scalar<'a>,
    #[serde(borrow)]
    owner_email: Scalar<'a>,
    #[serde(borrow)]
    owner_name: Scalar<'a>,
    #[serde(borrow)]
    slug: Scalar<'a>,
    #[serde(borrow)]
    from_version: Scalar<'a>,
    #[serde(borrow)]
    to_version: Scalar<'a>,
    #[serde(borrow)]
    strategy: Scalar<'a>,
    #[serde(borrow)]
    modules: Scalar<'a>,
    #[serde(borrow)]
    resource_refs: RawReferences<'a>,
    #[serde(borrow)]
    crossplane: Loose<RawCrossplane<'a>>,
}

impl<'a> RawSpec<'a> {
    fn references(&self) -> &RawReferences<'a> {
        let v2 = &self.crossplane.0.references;
        if v2.kept.is_empty() { &self.resource_refs } else { v2 }
    }

    fn client(&self, texts: &mut Interner) -> ClientSpec {
        ClientSpec {
            subdomain: value(&self.subdomain),
            project: self.project_id.as_str().trim().parse().ok(),
            tier: short(texts, self.tier.as_str()),
            odoo_version: short(texts, self.odoo_version.as_str()),
            owner_email: value(&self.owner_email),
            owner_name: value(&self.owner_name),
        }
    }

    fn upgrade(&self, texts: &mut Interner) -> UpgradeSpec {
        UpgradeSpec {
            tenant: value(&self.slug),
            from: short(texts, self.from_version.as_str()),
            to: short(texts, self.to_version.as_str()),
            strategy: short(texts, self.strategy.as_str()),
            modules: Text::bounded(self.modules.as_str(), 4 * VALUE),
        }
    }
}

/// Reads the `spec` of an object of `kind`.
pub(super) fn read(kind: Kind, raw: &Raw<'_>, texts: &mut Interner) -> Read {
    let json = raw.spec_json();
    // Text that got this far is JSON, so only a field named twice can fail here: it is read as found below.
    let Loose(typed) = serde_json::from_str::<Loose<RawSpec<'_>>>(json).unwrap_or_default();
    let composed = object::references(typed.references(), texts);
    let spec = match kind {
        Kind::Client => Spec::Client(typed.client(texts)),
        Kind::Upgrade => Spec::Upgrade(typed.upgrade(texts)),
        Kind::Environment => {
            let found = serde_json::from_str(json).unwrap_or(Value::Null);
            Spec::Environment(EnvironmentSpec {
                tenant: tenant(raw, &found),
                fields: fields(&found, texts),
            })
        }
        Kind::Restore => {
            let found = serde_json::from_str(json).unwrap_or(Value::Null);
            Spec::Restore(RestoreSpec {
                tenant: tenant(raw, &found),
                fields: fields(&found, texts),
            })
        }
        Kind::Template => {
            let found = serde_json::from_str(json).unwrap_or(Value::Null);
            Spec::Template(TemplateSpec { fields: fields(&found, texts) })
        }
    };
    Read { spec, composed }
}

fn value(raw: &Scalar<'_>) -> Text {
    Text::bounded(raw.as_str(), VALUE)
}

/// The tenant that an object says it belongs to; see [`TENANT_FIELDS`].
fn tenant(raw: &Raw<'_>, spec: &Value) -> Option<Text> {
    let meta = &raw.metadata.0;
    let owner = owners(&meta.owner_references);
    let labels = &meta.labels.0;
    let said = owner
        .or_else(|| filled(labels.tenant.as_str()))
        .or_else(|| filled(labels.client.as_str()))
        .map(str::to_owned)
        .or_else(|| TENANT_FIELDS.iter().find_map(|path| scalar_at(spec, path)))
        .or_else(|| filled(labels.claim.as_str()).map(str::to_owned));
    said.map(|name| Text::bounded(&name, VALUE))
}

fn owners<'o, const MAX: usize>(owners: &'o Items<RawOwner<'_>, MAX>) -> Option<&'o str> {
    let client = Kind::Client.name();
    owners
        .kept
        .iter()
        .find(|owner| owner.kind.as_str() == client)
        .and_then(|owner| filled(owner.name.as_str()))
}

fn filled(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

fn scalar_at(spec: &Value, path: &str) -> Option<String> {
    let found = path.split('.').try_fold(spec, |value, key| value.get(key))?;
    scalar(found).filter(|text| !text.is_empty())
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(yes) => Some(yes.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The scalar fields of `spec` in order of their path; lists of scalars are one value, joined by commas.
fn fields(spec: &Value, texts: &mut Interner) -> Box<[Field]> {
    let mut found = Vec::new();
    if let Value::Object(map) = spec {
        for (key, value) in map.iter().filter(|(key, _)| !MACHINERY.contains(&key.as_str())) {
            walk(&mut found, texts, (key.clone(), value), DEPTH);
        }
    }
    found.into()
}

fn walk(found: &mut Vec<Field>, texts: &mut Interner, at: (String, &Value), depth: usize) {
    if found.len() == FIELDS || depth == 0 {
        return;
    }
    let (path, value) = at;
    let mut keep = |shown: &str| {
        found.push(Field { path: short(texts, &path), value: Text::bounded(shown, VALUE) });
    };
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                walk(found, texts, (format!("{path}.{key}"), value), depth - 1);
            }
        }
        Value::Array(items) if items.iter().all(|item| scalar(item).is_some()) => {
            let joined: Vec<String> = items.iter().take(VALUE).filter_map(scalar).collect();
            keep(&joined.join(", "));
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                walk(found, texts, (format!("{path}.{index}"), value), depth - 1);
            }
        }
        Value::Null => {}
        Value::String(_) | Value::Number(_) | Value::Bool(_) => {
            keep(&scalar(value).unwrap_or_default());
        }
    }
}
