//! Where an object is, or would be.

use serde_json::Value;

use super::Hand;
use super::kinds::Served;
use crate::domain::operation::ObjectRef;
use crate::domain::{Text, TroubleKind};
use crate::live::kubernetes::line::Miss;
use crate::live::kubernetes::listing::encoded;

/// Where objects go that are in no namespace yet, and whose kind is nowhere.
const USUAL: &str = "default";

/// Where an object is, and what it is now.
pub(super) struct Spot {
    pub(super) served: Served,
    /// The namespace; none for a kind that has none.
    pub(super) namespace: Option<String>,
    /// The path of the object.
    pub(super) path: String,
    /// The object; none when it is not there.
    pub(super) object: Option<Value>,
}

/// A text of `object` at `pointer`.
pub(super) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

impl Hand {
    /// Finds `what`, of this `version` where one is named.
    pub(super) async fn spot(&self, what: &ObjectRef, version: &str) -> Result<Spot, Miss> {
        let kind = (what.group.as_str(), what.kind.as_str());
        let served = self.kinds.find(&self.line, kind, version).await?;
        let named = what.namespace.as_ref().map(Text::as_str).filter(|_| served.namespaced);
        if named.is_some() || !served.namespaced {
            let namespace = named.map(encoded);
            let path =
                format!("{}/{}", served.path(namespace.as_deref()), encoded(what.name.as_str()));
            let object = self.line.find(&format!("reading {what}"), &path).await?;
            return Ok(Spot { served, namespace: named.map(str::to_owned), path, object });
        }
        self.search(what, served).await
    }

    /// Finds `what` in whichever namespace it is.
    async fn search(&self, what: &ObjectRef, served: Served) -> Result<Spot, Miss> {
        let selector = encoded(&format!("metadata.name={}", what.name));
        let all = served.path(None);
        let doing = format!("looking for {what}");
        let path = format!("{all}?fieldSelector={selector}&limit=2");
        let mut found = items(self.line.get(&doing, &path).await?);
        if found.len() > 1 {
            return Err(Miss::refused(
                TroubleKind::Config,
                &format!("there are several {what}, in different namespaces"),
                "Name the namespace.",
            ));
        }
        let object = found.pop();
        let namespace = if let Some(object) = &object {
            text(object, "/metadata/namespace").to_owned()
        } else {
            // Beside the others of its kind.
            let others = items(self.line.get(&doing, &format!("{all}?limit=1")).await?);
            let beside = others.first().map(|other| text(other, "/metadata/namespace").to_owned());
            beside.filter(|name| !name.is_empty()).unwrap_or_else(|| USUAL.to_owned())
        };
        let below = served.path(Some(&encoded(&namespace)));
        let path = format!("{below}/{}", encoded(what.name.as_str()));
        // A list leaves out of each object what kind it is.
        let object = object.map(|object| with_kind(object, &served.version, what.kind.as_str()));
        Ok(Spot { served, namespace: Some(namespace), path, object })
    }
}

/// The objects of a list.
pub(super) fn items(mut list: Value) -> Vec<Value> {
    match list.get_mut("items").map(Value::take) {
        Some(Value::Array(items)) => items,
        _ => Vec::new(),
    }
}

/// `object`, saying of what kind it is.
pub(super) fn with_kind(mut object: Value, version: &str, kind: &str) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.entry("apiVersion").or_insert_with(|| version.into());
        fields.entry("kind").or_insert_with(|| kind.into());
    }
    object
}
