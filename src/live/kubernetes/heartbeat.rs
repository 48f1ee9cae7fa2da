//! Whether the server is still there while nothing changes: one small request every 2.5 seconds.

use std::time::Duration;

use super::api::Failure;
use super::session::{Ended, Session};
use super::trouble::{self, Asked};
use crate::domain::{Fact, Observation};
use crate::platform::Sink;

/// How often the server is asked.
const EVERY: Duration = Duration::from_millis(2500);
/// The longest wait for its answer: a dead link is known within five seconds.
const LIMIT: Duration = Duration::from_secs(2);

/// Asks until the server can't be heard. Tells [`Fact::Alive`] for each feed that is up to date.
pub(super) async fn beat(session: &Session, sink: &Sink) -> Ended {
    loop {
        // A watch that broke asks for a beat at once; either way it is time.
        let _ = tokio::time::timeout(EVERY, session.doubt.notified()).await;
        if session.is_due(sink.now()) {
            return Ended::Renew;
        }
        let before = session.heard();
        match session.api.get_within("/version", LIMIT).await {
            Ok(_) => {}
            // Any answer shows that the server is there; what it refuses, the watches find out.
            Err(failure) if failure.code().is_some_and(|code| code < 500 && code != 401) => {}
            // The link is so busy with a listing that the answer has to wait.
            Err(Failure::Late(_)) if session.heard() != before => continue,
            Err(failure) => {
                let asked = Asked {
                    doing: "asking whether it is there",
                    resource: "*",
                    group: &session.group,
                };
                return Ended::Lost(trouble::of(&failure, asked, &session.place, sink.now()));
            }
        }
        let at = sink.now();
        let alive = |feed| Observation { feed, at, fact: Fact::Alive };
        let batch: Vec<Observation> = session.live().map(alive).collect();
        if !batch.is_empty() && sink.send(batch).await.is_err() {
            return Ended::Closed;
        }
    }
}
