//! The doors by which the training world is asked and changed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use serde_json::Value;

use super::{act, look, word};
use crate::domain::Trouble;
use crate::domain::operation::{Command, Query, Seen};
use crate::platform::{Control, Inspect, Mark, Unacted, Word};
use crate::sim::fault_plan::{Break, FaultPlan, Place, away, expired, silence};
use crate::sim::ground::Ground;

/// The desk at which the training world is asked and changed.
pub(in crate::sim) struct Desk {
    ground: Arc<Ground>,
    faults: Arc<FaultPlan>,
    /// What was seen last, for looks that are to be stale.
    seen: Mutex<BTreeMap<String, Seen>>,
}

impl Desk {
    pub(in crate::sim) fn new(ground: Arc<Ground>, faults: Arc<FaultPlan>) -> Self {
        Self { ground, faults, seen: Mutex::default() }
    }

    fn see(&self, query: &Query) -> Seen {
        look::look(&self.ground.now(), query)
    }

    /// What is seen, or was the time before.
    fn see_as(&self, query: &Query, stale: bool) -> Seen {
        let key = serde_json::to_string(query).unwrap_or_default();
        let now = self.see(query);
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let before = seen.insert(key, now.clone());
        before.filter(|_| stale).unwrap_or(now)
    }

    fn make(&self, command: &Command, mark: &Mark) -> Result<(), Unacted> {
        act::act(&mut self.ground.now(), command, mark).map_err(Unacted::Refused)
    }
}

/// The word of what is serialized as `value`: its variant's.
fn variant(value: Result<Value, serde_json::Error>) -> String {
    match value.unwrap_or_default() {
        Value::String(word) => word,
        Value::Object(fields) => fields.keys().next().cloned().unwrap_or_default(),
        _ => String::new(),
    }
}

impl Inspect for Desk {
    fn look<'a>(&'a self, query: &'a Query) -> BoxFuture<'a, Result<Seen, Trouble>> {
        Box::pin(async move {
            let what = variant(serde_json::to_value(query));
            let broken = self.faults.pass(Place::Look, &[&what]).map(|(broken, _)| broken);
            match broken {
                None | Some(Break::Torn | Break::LeaseLost) => Ok(self.see_as(query, false)),
                Some(Break::Stale) => Ok(self.see_as(query, true)),
                Some(Break::Error) => Err(away(&what)),
                Some(Break::TokenExpired) => Err(expired(&what)),
                Some(Break::Timeout | Break::LostReply) => Err(silence(&what).await),
                Some(Break::CrashBefore | Break::CrashAfter) => self.faults.crash().await,
            }
        })
    }
}

impl Control for Desk {
    fn act<'a>(
        &'a self,
        command: &'a Command,
        mark: &'a Mark,
    ) -> BoxFuture<'a, Result<(), Unacted>> {
        Box::pin(async move {
            let what = variant(serde_json::to_value(command));
            let broken = self.faults.pass(Place::Act, &[&what]).map(|(broken, _)| broken);
            match broken {
                None | Some(Break::Torn | Break::LeaseLost | Break::Stale) => {
                    self.make(command, mark)
                }
                Some(Break::Error) => Err(Unacted::Unreached(away(&what))),
                Some(Break::TokenExpired) => Err(Unacted::Unreached(expired(&what))),
                Some(Break::Timeout) => Err(Unacted::Unsure(silence(&what).await)),
                Some(Break::LostReply) => {
                    let _ = self.make(command, mark);
                    Err(Unacted::Unsure(silence(&what).await))
                }
                Some(Break::CrashBefore) => self.faults.crash().await,
                Some(Break::CrashAfter) => {
                    let _ = self.make(command, mark);
                    self.faults.crash().await
                }
            }
        })
    }

    fn tell<'a>(&'a self, said: &'a Word) -> BoxFuture<'a, Result<(), Trouble>> {
        Box::pin(async move {
            let broken = self.faults.pass(Place::Tell, &[said.happened]);
            match broken.map(|(broken, _)| broken) {
                Some(Break::Error) => return Err(away("the stream")),
                Some(Break::TokenExpired) => return Err(expired("the stream")),
                Some(Break::Timeout) => return Err(silence("the stream").await),
                Some(Break::CrashBefore) => return self.faults.crash().await,
                _ => {}
            }
            word::leave(&mut self.ground.now(), said);
            match broken.map(|(broken, _)| broken) {
                Some(Break::LostReply) => Err(silence("the stream").await),
                Some(Break::CrashAfter) => self.faults.crash().await,
                _ => Ok(()),
            }
        })
    }
}
