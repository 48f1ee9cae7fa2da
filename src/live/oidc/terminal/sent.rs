//! What is sent back to a stage.

use std::collections::BTreeMap;

use serde::Serialize;

/// The answer to one stage. It borrows what was typed: no copy of that stays.
#[derive(Serialize)]
#[serde(transparent)]
pub(super) struct Sent<'a>(BTreeMap<&'a str, Field<'a>>);

#[derive(Serialize)]
#[serde(untagged)]
enum Field<'a> {
    Text(&'a str),
    Flag(bool),
}

impl<'a> Sent<'a> {
    /// The answer to the stage of this component.
    pub(super) fn to(component: &'a str) -> Self {
        Self(BTreeMap::from([("component", Field::Text(component))]))
    }

    /// The same with `text` in `field`.
    pub(super) fn with(mut self, field: &'a str, text: &'a str) -> Self {
        self.0.insert(field, Field::Text(text));
        self
    }

    /// The same which says no to `field`.
    pub(super) fn without(mut self, field: &'a str) -> Self {
        self.0.insert(field, Field::Flag(false));
        self
    }
}
