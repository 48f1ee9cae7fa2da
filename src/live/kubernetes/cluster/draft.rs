//! An object of the cluster while it is being read.

use super::view::View;
use crate::domain::{ClusterKind, ClusterObject, Condition, Field, Health, Meta, Text, Timestamp};
use crate::live::kubernetes::interner::Interner;
use crate::live::kubernetes::meta::short;

/// The most fields kept of one object.
const FIELDS: usize = 48;
/// The most conditions kept of one object.
const CONDITIONS: usize = 16;
/// The most bytes kept of a field's value.
const VALUE: usize = 512;
/// The most bytes kept of a message.
const MESSAGE: usize = 1024;

/// What was learnt so far.
pub(super) struct Draft<'t> {
    pub(super) texts: &'t mut Interner,
    pub(super) health: Health,
    state: Text,
    message: Text,
    pub(super) tenant: Option<Text>,
    pub(super) run: Option<Text>,
    pub(super) owner: Option<Text>,
    pub(super) flux: Option<Text>,
    pub(super) ready: Option<(u32, u32)>,
    pub(super) restarts: u32,
    pub(super) at: Option<Timestamp>,
    fields: Vec<Field>,
    conditions: Vec<Condition>,
}

impl<'t> Draft<'t> {
    pub(super) fn new(texts: &'t mut Interner) -> Self {
        Self {
            texts,
            health: Health::Unknown,
            state: Text::default(),
            message: Text::default(),
            tenant: None,
            run: None,
            owner: None,
            flux: None,
            ready: None,
            restarts: 0,
            at: None,
            fields: Vec::new(),
            conditions: Vec::new(),
        }
    }

    /// How it stands.
    pub(super) fn stands(&mut self, health: Health, state: &str) {
        self.health = health;
        self.state = short(self.texts, state);
    }

    /// What is wrong, or what was said last.
    pub(super) fn says(&mut self, message: &str) {
        self.message = if message.len() <= MESSAGE {
            self.texts.text(message)
        } else {
            Text::bounded(message, MESSAGE)
        };
    }

    /// Keeps one field more for the details; an empty one isn't kept.
    pub(super) fn field(&mut self, path: &str, value: &str) {
        if value.is_empty() || self.fields.len() == FIELDS {
            return;
        }
        let value =
            if value.len() <= VALUE { self.texts.text(value) } else { Text::bounded(value, VALUE) };
        self.fields.push(Field { path: short(self.texts, path), value });
    }

    /// Keeps the conditions of `status`.
    pub(super) fn conditions(&mut self, status: View<'_>) {
        for one in status.get("conditions").items().take(CONDITIONS) {
            let condition = Condition {
                name: short(self.texts, one.get("type").text()),
                status: one.truth(),
                reason: short(self.texts, one.get("reason").text()),
                message: Text::bounded(one.get("message").text(), MESSAGE),
                since: one.get("lastTransitionTime").time(),
            };
            self.conditions.push(condition);
        }
    }

    /// The object.
    pub(super) fn object(self, meta: Meta, kind: ClusterKind) -> ClusterObject {
        ClusterObject {
            meta,
            kind,
            health: self.health,
            state: self.state,
            message: self.message,
            tenant: self.tenant,
            run: self.run,
            owner: self.owner,
            flux: self.flux,
            ready: self.ready,
            restarts: self.restarts,
            at: self.at,
            fields: self.fields.into(),
            conditions: self.conditions.into(),
        }
    }
}
