//! From the API server's JSON to the few fields that are kept.
//!
//! Reads each object once, borrowing from the received bytes; managed fields, annotations and whatever
//! isn't shown never become memory. Of managed fields only who made the object is kept. Never fails: an object that can't be read becomes a row that says so.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::interner::Interner;
use super::loose::{Items, Loose, Scalar};
use super::meta::{self, NAME, RawMeta, short};
use super::reading::{Reads, Received};
use super::spec;
use crate::domain::{
    ClientSpec, Condition, EnvironmentSpec, Fact, Kind, Reference, Resource, RestoreSpec, Spec,
    Status, TemplateSpec, Text, Timestamp, UpgradeSpec,
};

/// The most conditions kept of one object.
const CONDITIONS: usize = 16;
/// The most references to composed resources kept of one object.
pub(super) const COMPOSED: usize = 200;
/// The most bytes kept of a condition's message.
const MESSAGE: usize = 2 * 1024;

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
    lost: u64,
}

impl Reader {
    /// A reader of objects of `kind`.
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind, texts: Interner::default(), lost: 0 }
    }

    /// A new listing begins: rows for unreadable objects are counted anew, so that they replace those before.
    pub(super) fn restart(&mut self) {
        self.lost = 0;
    }

    /// The kept fields of an object that was received.
    pub(super) fn resource(&mut self, raw: &Raw<'_>) -> Arc<Resource> {
        let Some(uid) = raw.metadata.0.identity() else {
            return self.unreadable("it has neither a name nor a uid");
        };
        let mut meta = raw.metadata.0.kept(uid, &mut self.texts);
        meta.by = raw.metadata.0.made_by(&mut self.texts).map(Box::new);
        let conditions =
            raw.status.0.conditions.kept.iter().map(|raw| self.condition(raw)).collect();
        let read = spec::read(self.kind, raw, &mut self.texts);
        Arc::new(Resource { meta, conditions, composed: read.composed, spec: read.spec })
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
    fn unreadable(&mut self, why: &str) -> Arc<Resource> {
        self.lost += 1;
        let (kind, number) = (self.kind, self.lost);
        tracing::warn!(%kind, number, "an object can't be read");
        let why = format!("this {kind} can't be read: {why}; look at it with kubectl");
        Arc::new(Resource {
            meta: meta::unreadable(kind.name(), number),
            conditions: Box::new([Condition {
                name: self.texts.text("Synced"),
                status: Status::False,
                reason: self.texts.text("Unreadable"),
                message: Text::bounded(&why, MESSAGE),
                since: None,
            }]),
            composed: Box::default(),
            spec: match kind {
                Kind::Client => Spec::Client(ClientSpec::default()),
                Kind::Environment => Spec::Environment(EnvironmentSpec::default()),
                Kind::Upgrade => Spec::Upgrade(UpgradeSpec::default()),
                Kind::Template => Spec::Template(TemplateSpec::default()),
                Kind::Restore => Spec::Restore(RestoreSpec::default()),
            },
        })
    }
}

impl<'a> Received<'a> for Raw<'a> {
    fn meta(&self) -> &RawMeta<'a> {
        &self.metadata.0
    }

    fn status(&self) -> (&str, &str) {
        (self.code.as_str(), self.message.as_str())
    }
}

impl Reads for Reader {
    type Raw<'a> = Raw<'a>;

    fn upsert(&mut self, raw: &Raw<'_>, _: Timestamp, facts: &mut Vec<Fact>) {
        facts.push(Fact::Upsert(self.resource(raw).into()));
    }

    fn remove(&mut self, raw: &Raw<'_>, facts: &mut Vec<Fact>) {
        facts.extend(raw.metadata.0.identity().map(Fact::Remove));
    }

    fn lost(&mut self, why: &str, facts: &mut Vec<Fact>) {
        facts.push(Fact::Upsert(self.unreadable(why).into()));
    }
}

/// What an object is composed of. What is beyond the bound is one last row that says how many.
pub(super) fn references(raw: &RawReferences<'_>, texts: &mut Interner) -> Box<[Reference]> {
    let mut kept: Vec<Reference> = Vec::with_capacity(raw.kept.len() + usize::from(raw.more > 0));
    for raw in &raw.kept {
        kept.push(Reference {
            kind: short(texts, raw.kind.as_str()),
            name: Text::bounded(raw.name.as_str(), NAME),
            api_version: short(texts, raw.api_version.as_str()),
            namespace: raw
                .namespace
                .0
                .as_deref()
                .filter(|name| !name.is_empty())
                .map(|name| short(texts, name)),
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{Health, MadeBy};

    fn read(kind: Kind, json: &str) -> Resource {
        Resource::clone(&object(&mut Reader::new(kind), json))
    }

    fn object(reader: &mut Reader, json: &str) -> Arc<Resource> {
        match serde_json::from_str::<Raw<'_>>(json) {
            Ok(raw) => reader.resource(&raw),
            Err(error) => reader.unreadable(&error.to_string()),
        }
    }

    fn client(metadata: &str, spec: &str, status: &str) -> Resource {
        read(Kind::Client, &format!(r#"{{"metadata":{metadata},"spec":{spec},"status":{status}}}"#))
    }

    #[test]
    fn a_client_as_published_is_read() {
        let metadata = r#"{"name":"acme","uid":"u-1","resourceVersion":"42","creationTimestamp":"2026-05-29T02:00:00Z",
            "managedFields":[{"manager":"x","fieldsV1":{"f:spec":{}}}],"annotations":{"big":"text"}}"#;
        let spec = r#"{"subdomain":"acme","projectId":23,"tier":"pro","odooVersion":"18","ownerEmail":"ceo@acme.bg",
            "ownerName":"Acme Corp","resourceRefs":[{"apiVersion":"batch/v1","kind":"Job","name":"acme-room","namespace":"crossplane-system"},{"kind":"Database","name":"acme"}]}"#;
        let status = r#"{"conditions":[
            {"type":"Synced","status":"True","reason":"ReconcileSuccess","lastTransitionTime":"2026-05-29T02:00:01Z"},
            {"type":"Ready","status":"False","reason":"Creating","message":"wait","lastTransitionTime":"2026-05-29T02:00:02Z"}]}"#;
        let row = client(metadata, spec, status);
        assert_eq!(
            (row.meta.name.as_str(), row.meta.uid.0.as_str(), row.meta.version.as_str()),
            ("acme", "u-1", "42")
        );
        assert_eq!((row.meta.namespace, row.meta.deleting), (None, None));
        assert_eq!(row.meta.created, Timestamp::parse("2026-05-29T02:00:00Z"));
        let Spec::Client(spec) = &row.spec else { panic!("a client") };
        assert_eq!(
            (spec.subdomain.as_str(), spec.project, spec.tier.as_str()),
            ("acme", Some(23), "pro")
        );
        assert_eq!((spec.odoo_version.as_str(), spec.owner_name.as_str()), ("18", "Acme Corp"));
        assert_eq!(row.composed.len(), 2);
        assert_eq!(row.composed[0].namespace.as_ref().map(Text::as_str), Some("crossplane-system"));
        assert_eq!(
            (row.composed[1].kind.as_str(), row.composed[1].namespace.is_none()),
            ("Database", true)
        );
    }

    #[test]
    fn who_made_it_is_kept_and_nothing_else_of_the_managers() {
        let person =
            r#""annotations":{"planapulse.com/requested-by":" m.petrova@plana.solutions "}"#;
        let entry = |manager: &str, time: &str, more: &str| {
            format!(
                r#"{{"manager":"{manager}","time":"{time}"{more},"fieldsV1":{{"f:spec":{{}}}}}}"#
            )
        };
        let managers = [
            entry("crossplane", "2026-05-29T02:00:09Z", ""),
            entry("portal-api", "2026-05-29T02:00:00Z", ""),
            entry("status-writer", "2026-05-29T01:00:00Z", r#","subresource":"status""#),
        ];
        let managed = format!(r#""managedFields":[{}]"#, managers.join(","));
        let program = |name: &str, at| MadeBy::Program(name.into(), Timestamp::parse(at));
        for (metadata, by) in [
            (managed.clone(), Some(program("portal-api", "2026-05-29T02:00:00Z"))),
            (
                format!("{person},{managed}"),
                Some(MadeBy::Person("m.petrova@plana.solutions".into())),
            ),
            (r#""managedFields":[{"manager":"old"}]"#.to_owned(), Some(program("old", ""))),
            (
                r#""managedFields":[{"manager":7},{}],"annotations":[]"#.to_owned(),
                Some(program("7", "")),
            ),
            (r#""managedFields":"none""#.to_owned(), None),
        ] {
            let row = client(&format!(r#"{{"name":"a","uid":"u",{metadata}}}"#), "{}", "{}");
            assert_eq!(row.meta.by.as_deref(), by.as_ref(), "{metadata}");
        }
    }

    #[test]
    fn conditions_give_health() {
        let condition = |name: &str, status: &str, reason: &str| {
            format!(r#"{{"type":"{name}","status":{status},"reason":"{reason}"}}"#)
        };
        for (conditions, health) in [
            (vec![condition("Ready", "\"True\"", "Available")], Health::Healthy),
            (vec![condition("Ready", "true", "Available")], Health::Healthy),
            (vec![condition("Ready", "\"False\"", "Creating")], Health::Progressing),
            (vec![condition("Synced", "\"False\"", "ReconcileError")], Health::Failed),
            (vec![condition("Ready", "7", "x")], Health::Unknown),
            (vec!["null".to_owned(), "[]".to_owned(), "\"x\"".to_owned()], Health::Unknown),
        ] {
            let status = format!(r#"{{"conditions":[{}]}}"#, conditions.join(","));
            assert_eq!(
                client(r#"{"name":"a","uid":"u"}"#, "{}", &status).health(),
                health,
                "{status}"
            );
        }
    }

    #[test]
    fn malformed_fields_keep_the_row() {
        let metadata = r#"{"name":"acme","uid":"u"}"#;
        for (spec, status) in [
            ("null", "null"),
            ("{}", "[]"),
            ("\"text\"", "\"text\""),
            ("[]", "17"),
            (
                r#"{"subdomain":{"a":1},"projectId":"x","tier":[],"resourceRefs":"none"}"#,
                r#"{"conditions":null}"#,
            ),
            (
                r#"{"resourceRefs":[null,7,{"name":9}],"crossplane":null}"#,
                r#"{"conditions":{"type":"Ready"}}"#,
            ),
            (
                r#"{"crossplane":[{"resourceRefs":[]}]}"#,
                r#"{"conditions":[{"type":null,"lastTransitionTime":"soon"}]}"#,
            ),
        ] {
            let row = client(metadata, spec, status);
            assert_eq!(row.meta.name, "acme", "{spec} {status}");
            assert_eq!(row.kind(), Kind::Client);
        }
        for (project, read) in [
            ("23", Some(23)),
            ("\"23\"", Some(23)),
            ("23.0", Some(23)),
            ("23.5", None),
            ("\"\"", None),
            ("-1", Some(-1)),
        ] {
            let row = client(metadata, &format!(r#"{{"projectId":{project}}}"#), "{}");
            assert!(matches!(&row.spec, Spec::Client(spec) if spec.project == read), "{project}");
        }
        let row = client(metadata, r#"{"odooVersion":18,"subdomain":7}"#, "{}");
        assert!(
            matches!(&row.spec, Spec::Client(spec) if spec.odoo_version == "18" && spec.subdomain == "7")
        );
    }

    #[test]
    fn references_of_both_generations_are_read_and_bounded() {
        let one = r#"{"apiVersion":"v1","kind":"Job","name":"a"}"#;
        let many = vec![one; COMPOSED + 7].join(",");
        for (spec, count) in [
            (format!(r#"{{"resourceRefs":[{one}]}}"#), 1),
            (format!(r#"{{"crossplane":{{"resourceRefs":[{one},{one}]}}}}"#), 2),
            (format!(r#"{{"crossplane":{{"resourceRefs":[]}},"resourceRefs":[{one}]}}"#), 1),
            (format!(r#"{{"resourceRefs":[{many}]}}"#), COMPOSED + 1),
        ] {
            let row = client(r#"{"name":"a","uid":"u"}"#, &spec, "{}");
            assert_eq!(row.composed.len(), count);
            if count > COMPOSED {
                assert_eq!(row.composed[COMPOSED].name, "and 7 more");
            }
        }
    }

    #[test]
    fn sizes_are_bounded_and_text_is_cleaned() {
        let long = "x".repeat(100_000);
        let conditions = vec![
            format!(
                r#"{{"type":"{long}","status":"True","reason":"\u001b[2J","message":"{long}"}}"#
            );
            40
        ];
        let status = format!(r#"{{"conditions":[{}]}}"#, conditions.join(","));
        let row = client(
            &format!(r#"{{"name":"\u202e{long}","uid":"u"}}"#),
            &format!(r#"{{"subdomain":"{long}"}}"#),
            &status,
        );
        assert_eq!(row.conditions.len(), CONDITIONS);
        assert_eq!(row.conditions[0].reason, "␛[2J");
        assert!(row.conditions[0].message.as_str().len() <= MESSAGE + 3);
        assert!(row.conditions[0].name.as_str().len() <= NAME + 3);
        assert!(
            row.meta.name.as_str().starts_with("<U+202E>")
                && row.meta.name.as_str().len() < NAME + 20
        );
    }

    #[test]
    fn what_cannot_be_read_becomes_a_row_that_says_so() {
        let mut reader = Reader::new(Kind::Upgrade);
        for (number, json) in
            ["{", "{}", r#"{"metadata":{"uid":""}}"#, "nonsense"].into_iter().enumerate()
        {
            let row = object(&mut reader, json);
            assert_eq!(row.meta.name, format!("unreadable-{}", number + 1).as_str());
            assert_eq!((row.kind(), row.health()), (Kind::Upgrade, Health::Failed));
            assert!(
                row.conditions[0]
                    .message
                    .as_str()
                    .starts_with("this TenantUpgrade can't be read: ")
            );
        }
        // A name alone is enough to be a row.
        assert_eq!(object(&mut reader, r#"{"metadata":{"name":"a"}}"#).meta.uid.0, "/a");
    }

    #[test]
    fn tenants_are_found_where_objects_name_them() {
        for (metadata, spec, tenant) in [
            (
                r#""ownerReferences":[{"kind":"Other","name":"x"},{"kind":"PLANAClient","name":"acme"}]"#,
                r#"{"tenant":"no"}"#,
                Some("acme"),
            ),
            (r#""labels":{"planapulse.com/tenant":"acme"}"#, r#"{"slug":"no"}"#, Some("acme")),
            (
                r#""labels":{"crossplane.io/claim-name":"claim"}"#,
                r#"{"slug":"acme"}"#,
                Some("acme"),
            ),
            (r#""labels":{"crossplane.io/claim-name":"claim"}"#, r#"{"x":"y"}"#, Some("claim")),
            (r#""labels":null"#, r#"{"clientRef":{"name":"acme"}}"#, Some("acme")),
            (r#""labels":{}"#, r#"{"tenant":"","client":{"name":"x"}}"#, None),
            (r#""labels":{}"#, "null", None),
        ] {
            let json =
                format!(r#"{{"metadata":{{"name":"a","uid":"u",{metadata}}},"spec":{spec}}}"#);
            for kind in [Kind::Environment, Kind::Restore] {
                assert_eq!(read(kind, &json).tenant().map(Text::as_str), tenant, "{json}");
            }
        }
    }

    #[test]
    fn unknown_schemas_are_shown_as_found() {
        let many: Vec<String> =
            (0..100).map(|number| format!(r#","z{number}":{number}"#)).collect();
        let many = many.concat();
        let spec = format!(
            r#"{{"source":{{"key":"a/b.dump","parts":[1,2]}},"mode":"side-by-side","filestore":true,"deep":[{{"a":null}},{{"b":1.5}}],
            "compositionRef":{{"name":"x"}},"resourceRefs":[{{"name":"y"}}],"long":"{}"{many}}}"#,
            "x".repeat(5000)
        );
        let row = read(
            Kind::Restore,
            &format!(r#"{{"metadata":{{"name":"a","uid":"u"}},"spec":{spec}}}"#),
        );
        let Spec::Restore(spec) = &row.spec else { panic!("a restore") };
        let shown: Vec<String> = spec
            .fields
            .iter()
            .take(6)
            .map(|field| format!("{}={:.20}", field.path, field.value))
            .collect();
        assert_eq!(
            shown,
            [
                "deep.1.b=1.5",
                "filestore=true",
                "long=xxxxxxxxxxxxxxxxxxxx",
                "mode=side-by-side",
                "source.key=a/b.dump",
                "source.parts=1, 2"
            ]
        );
        assert_eq!(spec.fields.len(), 40);
        assert!(spec.fields.iter().all(|field| field.value.as_str().len() <= 515));
    }

    proptest! {
        #[test]
        fn no_json_is_too_odd(spec in json(), status in json(), metadata in json()) {
            for kind in Kind::ALL {
                let row = read(kind, &format!(r#"{{"metadata":{metadata},"spec":{spec},"status":{status}}}"#));
                prop_assert_eq!(row.kind(), kind);
                prop_assert!(!row.meta.uid.0.is_empty());
            }
        }
    }

    /// JSON of the words that are looked for, in every wrong place.
    fn json() -> impl Strategy<Value = String> {
        let key = prop::sample::select(vec![
            "name",
            "uid",
            "labels",
            "conditions",
            "resourceRefs",
            "crossplane",
            "tenant",
            "type",
            "kind",
            "ownerReferences",
            "projectId",
            "x",
        ]);
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("true".to_owned()),
            any::<i64>().prop_map(|number| number.to_string()),
            any::<String>().prop_map(|text| serde_json::Value::String(text).to_string()),
        ];
        leaf.prop_recursive(5, 40, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6)
                    .prop_map(|items| format!("[{}]", items.join(","))),
                prop::collection::btree_map(key.clone(), inner, 0..6).prop_map(|map| {
                    let pairs: Vec<String> =
                        map.iter().map(|(key, value)| format!("\"{key}\":{value}")).collect();
                    format!("{{{}}}", pairs.join(","))
                }),
            ]
        })
    }
}
