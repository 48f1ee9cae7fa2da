//! A JSON value looked into without ever failing: what is absent or of another type is empty.

use serde_json::Value;

use crate::domain::{Status, Timestamp};

/// The most items of a list, and fields of a map, that are looked at.
const MOST: usize = 64;

/// A value of an object, or nothing.
#[derive(Clone, Copy, Debug)]
pub(in crate::live::kubernetes) struct View<'v>(&'v Value);

/// One condition as its controller set it.
#[derive(Clone, Copy, Debug)]
pub(in crate::live::kubernetes) struct Stated<'v> {
    pub(in crate::live::kubernetes) status: Status,
    pub(in crate::live::kubernetes) reason: &'v str,
    pub(in crate::live::kubernetes) message: &'v str,
    pub(in crate::live::kubernetes) since: Option<Timestamp>,
}

impl<'v> View<'v> {
    pub(in crate::live::kubernetes) const fn new(value: &'v Value) -> Self {
        Self(value)
    }

    /// The field `key`.
    pub(in crate::live::kubernetes) fn get(self, key: &str) -> Self {
        Self(self.0.get(key).unwrap_or(&Value::Null))
    }

    /// The field at `path`, whose keys are joined by dots.
    pub(in crate::live::kubernetes) fn at(self, path: &str) -> Self {
        path.split('.').fold(self, Self::get)
    }

    /// Its text; empty for anything but a text.
    pub(in crate::live::kubernetes) fn text(self) -> &'v str {
        self.0.as_str().unwrap_or_default()
    }

    /// The text of a text, a number or a boolean.
    pub(in crate::live::kubernetes) fn word(self) -> String {
        match self.0 {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Bool(yes) => yes.to_string(),
            Value::Null | Value::Array(_) | Value::Object(_) => String::new(),
        }
    }

    /// Its number, where it is a whole one that isn't negative.
    pub(in crate::live::kubernetes) fn number(self) -> Option<u32> {
        self.0.as_u64().map(|number| u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// Its number, or zero.
    pub(in crate::live::kubernetes) fn count(self) -> u32 {
        self.number().unwrap_or(0)
    }

    /// Whether it says yes.
    pub(in crate::live::kubernetes) fn is_true(self) -> bool {
        self.0.as_bool() == Some(true)
    }

    /// Whether there is something.
    pub(in crate::live::kubernetes) fn is_there(self) -> bool {
        !self.0.is_null()
    }

    /// Its time.
    pub(in crate::live::kubernetes) fn time(self) -> Option<Timestamp> {
        Timestamp::parse(self.text())
    }

    /// The first items of a list.
    pub(in crate::live::kubernetes) fn items(self) -> impl Iterator<Item = View<'v>> {
        self.0.as_array().into_iter().flatten().take(MOST).map(View)
    }

    /// The first fields of a map, in order of their names.
    pub(in crate::live::kubernetes) fn entries(self) -> impl Iterator<Item = (&'v str, View<'v>)> {
        let fields = self.0.as_object().into_iter().flatten().take(MOST);
        fields.map(|(key, value)| (key.as_str(), View(value)))
    }

    /// The condition `name` among its `conditions`.
    pub(in crate::live::kubernetes) fn condition(self, name: &str) -> Option<Stated<'v>> {
        let found = self.get("conditions").items().find(|one| one.get("type").text() == name)?;
        Some(Stated {
            status: found.truth(),
            reason: found.get("reason").text(),
            message: found.get("message").text(),
            since: found.get("lastTransitionTime").time(),
        })
    }

    /// Whether a condition holds.
    pub(in crate::live::kubernetes) fn truth(self) -> Status {
        match self.get("status").word().as_str() {
            "True" | "true" => Status::True,
            "False" | "false" => Status::False,
            _ => Status::Unknown,
        }
    }
}

impl Stated<'_> {
    pub(in crate::live::kubernetes) fn is(self, status: Status) -> bool {
        self.status == status
    }

    /// What it says: its message, or the reason where there is none.
    pub(in crate::live::kubernetes) fn words(&self) -> &str {
        if self.message.is_empty() { self.reason } else { self.message }
    }
}
