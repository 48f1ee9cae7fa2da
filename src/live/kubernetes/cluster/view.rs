//! A JSON value looked into without ever failing: what is absent or of another type is empty.

use serde_json::Value;

use crate::domain::{Status, Timestamp};

/// The most items of a list, and fields of a map, that are looked at.
const MOST: usize = 64;

/// A value of an object, or nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct View<'v>(&'v Value);

/// One condition as its controller set it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stated<'v> {
    pub(super) status: Status,
    pub(super) reason: &'v str,
    pub(super) message: &'v str,
    pub(super) since: Option<Timestamp>,
}

impl<'v> View<'v> {
    pub(super) const fn new(value: &'v Value) -> Self {
        Self(value)
    }

    /// The field `key`.
    pub(super) fn get(self, key: &str) -> Self {
        Self(self.0.get(key).unwrap_or(&Value::Null))
    }

    /// The field at `path`, whose keys are joined by dots.
    pub(super) fn at(self, path: &str) -> Self {
        path.split('.').fold(self, Self::get)
    }

    /// Its text; empty for anything but a text.
    pub(super) fn text(self) -> &'v str {
        self.0.as_str().unwrap_or_default()
    }

    /// The text of a text, a number or a boolean.
    pub(super) fn word(self) -> String {
        match self.0 {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(yes) => yes.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
        }
    }

    /// Its number, where it is a whole one that isn't negative.
    pub(super) fn number(self) -> Option<u32> {
        self.0.as_u64().map(|number| u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// Its number, or zero.
    pub(super) fn count(self) -> u32 {
        self.number().unwrap_or(0)
    }

    /// Whether it says yes.
    pub(super) fn is_true(self) -> bool {
        self.0.as_bool() == Some(true)
    }

    /// Whether there is something.
    pub(super) fn is_there(self) -> bool {
        !self.0.is_null()
    }

    /// Its time.
    pub(super) fn time(self) -> Option<Timestamp> {
        Timestamp::parse(self.text())
    }

    /// The first items of a list.
    pub(super) fn items(self) -> impl Iterator<Item = View<'v>> {
        self.0.as_array().into_iter().flatten().take(MOST).map(View)
    }

    /// The first fields of a map, in order of their names.
    pub(super) fn entries(self) -> impl Iterator<Item = (&'v str, View<'v>)> {
        let fields = self.0.as_object().into_iter().flatten().take(MOST);
        fields.map(|(key, value)| (key.as_str(), View(value)))
    }

    /// The condition `name` among its `conditions`.
    pub(super) fn condition(self, name: &str) -> Option<Stated<'v>> {
        let found = self.get("conditions").items().find(|one| one.get("type").text() == name)?;
        Some(Stated {
            status: found.truth(),
            reason: found.get("reason").text(),
            message: found.get("message").text(),
            since: found.get("lastTransitionTime").time(),
        })
    }

    /// Whether a condition holds.
    pub(super) fn truth(self) -> Status {
        match self.get("status").word().as_str() {
            "True" | "true" => Status::True,
            "False" | "false" => Status::False,
            _ => Status::Unknown,
        }
    }
}

impl Stated<'_> {
    pub(super) fn is(self, status: Status) -> bool {
        self.status == status
    }

    /// What it says: its message, or the reason where there is none.
    pub(super) fn words(&self) -> &str {
        if self.message.is_empty() { self.reason } else { self.message }
    }
}
