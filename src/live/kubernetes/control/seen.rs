//! Questions about objects.

use serde_json::Value;

use super::Hand;
use super::place::{items, with_kind};
use crate::domain::Text;
use crate::domain::operation::{ObjectRef, Seen};
use crate::live::kubernetes::line::{Fate, Miss};
use crate::live::kubernetes::listing::encoded;

/// The most objects of one answer.
const MOST: usize = 5_000;
/// Objects on a page.
const PAGE: usize = 500;

impl Hand {
    pub(super) async fn object(&self, what: &ObjectRef) -> Result<Seen, Miss> {
        let object = self.spot(what, "").await?.object;
        Ok(object.map_or(Seen::Absent, |object| Seen::Object(trimmed(object))))
    }

    pub(super) async fn objects(
        &self,
        kind: (&str, &str),
        namespace: Option<&Text>,
        label: Option<&(Text, Text)>,
    ) -> Result<Seen, Miss> {
        let served = self.kinds.find(&self.line, kind, "").await?;
        let namespace = namespace.map(|name| encoded(name.as_str()));
        let all = served.path(namespace.as_deref());
        let selector = label.map_or_else(String::new, |(name, value)| {
            format!("&labelSelector={}", encoded(&format!("{name}={value}")))
        });
        let doing = format!("listing each {}", kind.1);
        let (mut found, mut from) = (Vec::new(), String::new());
        while found.len() < MOST {
            let page = format!("{all}?limit={PAGE}{selector}{from}");
            let page = self.line.get(&doing, &page).await?;
            let next = page.pointer("/metadata/continue").and_then(Value::as_str);
            let next = next.map(encoded).filter(|next| !next.is_empty());
            let named = |object| with_kind(trimmed(object), &served.version, kind.1);
            found.extend(items(page).into_iter().map(named));
            match next {
                Some(next) => from = format!("&continue={next}"),
                None => break,
            }
        }
        found.truncate(MOST);
        Ok(Seen::Objects(found))
    }

    pub(super) async fn dry_run(&self, what: &ObjectRef, manifest: &Value) -> Result<Seen, Miss> {
        match self.send(what, manifest, None).await {
            Ok(object) => Ok(Seen::Object(trimmed(object))),
            Err(miss) if miss.fate == Fate::Refused => {
                Ok(Seen::Refused(Text::bounded(&miss.trouble.to_string(), 2048)))
            }
            Err(miss) => Err(miss),
        }
    }
}

/// `object` without what says who set which of its fields: it is long, and nobody asks for it.
fn trimmed(mut object: Value) -> Value {
    if let Some(meta) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        meta.remove("managedFields");
    }
    object
}
