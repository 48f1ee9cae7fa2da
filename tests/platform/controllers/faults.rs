//! What is to go wrong, on demand.

use std::sync::{Mutex, PoisonError};

use serde_json::Value;

/// The annotation that asks for a fault on the object that carries it.
pub const FAULT: &str = "test.planapulse.com/fault";

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The object is synced and never becomes ready; a Job never gets a pod.
    NeverReady,
    /// Every pod of the Job fails half-way.
    JobFails,
    /// Each phase takes a hundred times as long.
    Slow,
    /// The quota of the namespace has no room for the pod.
    QuotaExceeded,
    /// The disk of the database server is full half-way.
    NoSpace,
    /// The first pod is killed half-way, the next one does the work.
    PodDies,
}

impl Fault {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::NeverReady,
        Self::JobFails,
        Self::Slow,
        Self::QuotaExceeded,
        Self::NoSpace,
        Self::PodDies,
    ];

    /// The value of the annotation.
    pub fn word(self) -> &'static str {
        match self {
            Self::NeverReady => "never-ready",
            Self::JobFails => "job-fails",
            Self::Slow => "slow",
            Self::QuotaExceeded => "quota-exceeded",
            Self::NoSpace => "no-space",
            Self::PodDies => "pod-dies",
        }
    }

    fn read(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.word() == word)
    }
}

/// The faults that were asked for by name.
#[derive(Debug, Default)]
pub(super) struct Faults {
    by_name: Mutex<Vec<(String, Fault)>>,
}

impl Faults {
    pub(super) fn set(&self, names: &str, fault: Option<Fault>) {
        let mut by_name = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        by_name.retain(|(known, _)| known != names);
        by_name.extend(fault.map(|fault| (names.to_owned(), fault)));
    }

    /// What goes wrong with `object`: its own annotation counts first.
    pub(super) fn of(&self, object: &Value) -> Option<Fault> {
        let annotation = object.pointer("/metadata/annotations").and_then(|all| all.get(FAULT));
        if let Some(fault) = annotation.and_then(Value::as_str).and_then(Fault::read) {
            return Some(fault);
        }
        let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
        let by_name = self.by_name.lock().unwrap_or_else(PoisonError::into_inner);
        by_name.iter().find(|(names, _)| name.starts_with(names)).map(|(_, fault)| *fault)
    }
}
