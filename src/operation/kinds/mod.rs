//! The kinds of operations: one file for each family, one function for each verb.
//!
//! A kind writes a plan from a request and from evidence, and does nothing else: no waiting, no clock, no randomness.

mod alerts;
mod backup;
mod fields;
mod parts;
mod provision;
mod restore;
mod rights;
mod sessions;
mod swap;
#[cfg(test)]
pub(crate) mod tests;
mod tier;
mod upgrade;

use std::collections::BTreeMap;

pub use fields::{Field, Suggest, fields, subdomain_fault};

use super::{Evidence, Manifests, Shape, Unplanned};
use crate::domain::operation::{Plan, Verb};
use crate::domain::{Text, Timestamp};

/// What is given for the fields of a verb, by their names.
pub type Inputs = BTreeMap<String, Text>;

/// What the operator asks for.
#[derive(Clone, Debug)]
pub struct Request {
    /// What is to be done.
    pub verb: Verb,
    /// The id that the operation gets: letters and digits, unlike any other.
    pub id: Text,
    /// Who asks.
    pub by: Text,
    /// When.
    pub at: Timestamp,
    /// What is given.
    pub inputs: Inputs,
}

impl Request {
    /// The input `name`.
    ///
    /// # Errors
    /// When it is not given.
    fn need(&self, name: &str) -> Result<&Text, Unplanned> {
        let given = self.inputs.get(name).filter(|value| !value.is_empty());
        given.ok_or_else(|| Unplanned::refused(&format!("Say which {name}: it was not given.")))
    }

    /// The input `name`, or nothing.
    fn get(&self, name: &str) -> &str {
        self.inputs.get(name).map_or("", Text::as_str)
    }
}

/// What a kind goes by.
#[derive(Clone, Copy)]
struct Ask<'a> {
    request: &'a Request,
    shape: &'a Shape,
    manifests: &'a Manifests,
    evidence: &'a Evidence,
}

/// Writes the plan that `request` asks for, from `evidence`.
///
/// # Errors
/// What must be asked first, or why it can't be done.
pub fn plan(
    request: &Request,
    shape: &Shape,
    manifests: &Manifests,
    evidence: &Evidence,
) -> Result<Plan, Unplanned> {
    let ask = &Ask { request, shape, manifests, evidence };
    fields::check(request)?;
    let plan = match request.verb {
        Verb::Provision => provision::provision(ask),
        Verb::Deprovision => provision::deprovision(ask),
        Verb::RestoreBeside => restore::beside(ask),
        Verb::RestoreInPlace => restore::in_place(ask),
        Verb::RestoreSwap => swap::swap(ask),
        Verb::DropKept => swap::drop_kept(ask),
        Verb::UpgradeSame => upgrade::same(ask),
        Verb::UpgradeCross => upgrade::cross(ask),
        Verb::Backup => backup::backup(ask),
        Verb::Template => backup::template(ask),
        Verb::Tier => tier::tier(ask),
        Verb::Cancel | Verb::Terminate => sessions::session(ask),
        Verb::PausePool | Verb::ResumePool => sessions::pool(ask),
        Verb::Silence => alerts::silence(ask),
        Verb::ExpireSilence => alerts::expire(ask),
        Verb::Ack => alerts::ack(ask),
        Verb::Unack => alerts::unack(ask),
    }?;
    rights::judged(ask, parts::guarded(ask, plan)?)
}
