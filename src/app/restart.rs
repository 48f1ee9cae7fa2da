//! A server that was started again, as a sentence: what it held is gone, and nobody else says so.

use crate::domain::{Fact, Object, Observation};
use crate::store::Store;

/// What is to be said of `observation`, which `store` has not taken in yet: that the streams' server runs anew.
pub(super) fn noticed(store: &Store, observation: &Observation) -> Option<String> {
    let Fact::Upsert(Object::StreamServer(now)) = &observation.fact else { return None };
    let (_, before) = store.objects().stream_server.iter().next()?;
    if before.object.run == now.run {
        return None;
    }
    let rest = if now.persistent {
        "what it had not written down is gone"
    } else {
        "sessions, queues and the event stream began empty"
    };
    Some(format!("The Valkey was started again: {rest}."))
}
