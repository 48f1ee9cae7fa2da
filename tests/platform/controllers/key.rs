//! What the controllers look after, and how one object of it is named.

use kube::discovery::ApiResource;
use serde_json::Value;

use crate::platform::{Kind, Resource};

/// A kind of objects that is looked after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Sort {
    Own(Kind),
    Job,
    Deployment,
}

impl Sort {
    pub(super) fn all() -> impl Iterator<Item = Self> {
        Kind::ALL.into_iter().map(Self::Own).chain([Self::Job, Self::Deployment])
    }

    pub(super) fn resource(self) -> ApiResource {
        match self {
            Self::Own(kind) => kind.resource(),
            Self::Job => Resource::JOB.resource(),
            Self::Deployment => Resource::DEPLOYMENT.resource(),
        }
    }
}

/// One object.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) sort: Sort,
    pub(super) namespace: String,
    pub(super) name: String,
}

impl Key {
    pub(super) fn own(kind: Kind, name: &str) -> Self {
        Self { sort: Sort::Own(kind), namespace: String::new(), name: name.to_owned() }
    }

    pub(super) fn of(sort: Sort, object: &Value) -> Self {
        let text = |pointer| text(object, pointer).to_owned();
        Self { sort, namespace: text("/metadata/namespace"), name: text("/metadata/name") }
    }

    /// The run that made the Job `object`, when one did.
    pub(super) fn owner_of(object: &Value) -> Option<Self> {
        let owners = object.pointer("/metadata/ownerReferences")?.as_array()?;
        owners.iter().find_map(|owner| {
            let kind = Kind::ALL.into_iter().find(|kind| text(owner, "/kind") == kind.name())?;
            Some(Self::own(kind, text(owner, "/name")))
        })
    }

    /// Where the API serves it.
    pub(super) fn path(&self) -> String {
        let collection = match self.sort {
            Sort::Own(kind) => kind.path(),
            Sort::Job => Resource::JOB.path(&self.namespace),
            Sort::Deployment => Resource::DEPLOYMENT.path(&self.namespace),
        };
        format!("{collection}/{}", self.name)
    }
}

/// The text at `pointer`, or nothing.
pub(super) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The number at `pointer`, or none.
pub(super) fn number(object: &Value, pointer: &str) -> Option<u64> {
    object.pointer(pointer).and_then(Value::as_u64)
}

/// Whether somebody asked for the object's deletion.
pub(super) fn is_leaving(object: &Value) -> bool {
    !text(object, "/metadata/deletionTimestamp").is_empty()
}
