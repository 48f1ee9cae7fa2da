//! What the operator may do in the cluster: each right that the console needs is asked for, one after the other, at the
//! beginning of a session and from time to time.
//!
//! Nothing is changed by asking. A cluster that does not let one ask is no trouble: then it is unknown what one may do,
//! and whoever tries finds out.

use std::time::Duration;

use serde::Deserialize;
use serde_json::json;

use super::api::{self, Failure};
use super::session::{Ended, Session};
use super::trouble::{self, Asked};
use crate::domain::{Access, Fact, FeedId, Need, Trouble, Verdict};
use crate::platform::{Closed, Sink};

/// The time between two questions, so that asking is never a burst.
const BETWEEN: Duration = Duration::from_millis(10);

/// The feed of the operator's rights.
pub(super) struct Rights {
    sink: Sink,
    /// The console's namespace, and that of Jobs.
    namespaces: [String; 2],
    /// How often it asks.
    every: Duration,
    said: Option<Trouble>,
}

#[derive(Default, Deserialize)]
struct Review {
    status: Status,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    allowed: bool,
    reason: String,
    evaluation_error: String,
}

impl Rights {
    /// A feed that tells `sink`, of rights in all namespaces, the console's or that of Jobs, and asks anew after `every`.
    pub(super) fn new(sink: Sink, namespaces: [&str; 2], every: Duration) -> Self {
        Self { sink, namespaces: namespaces.map(str::to_owned), every, said: None }
    }

    /// Tells `trouble` with the link, unless it is what was told last.
    pub(super) async fn say(&mut self, trouble: Trouble) -> Result<(), Closed> {
        if self.said.as_ref() == Some(&trouble) {
            return Ok(());
        }
        self.sink.tell(FeedId::Access, [Fact::Unreachable(trouble.clone())]).await?;
        self.said = Some(trouble);
        Ok(())
    }

    /// Asks until the session is over.
    pub(super) async fn follow(&mut self, session: &Session) -> Ended {
        let Err(Closed) = self.run(session).await;
        Ended::Closed
    }

    async fn run(&mut self, session: &Session) -> Result<std::convert::Infallible, Closed> {
        // What is on the screen comes first.
        session.own_kinds_first().await;
        loop {
            let wait = match self.ask(session).await {
                Ok(all) => {
                    let told = all.into_iter().map(|access| Fact::Upsert(access.into()));
                    let begun = std::iter::once(Fact::RelistBegun);
                    let facts: Vec<Fact> = begun.chain(told).chain([Fact::RelistEnded]).collect();
                    self.sink.tell(FeedId::Access, facts).await?;
                    self.said = None;
                    session.set_live(FeedId::Access, true);
                    self.every
                }
                Err(failure) => {
                    session.set_live(FeedId::Access, false);
                    let asked = Asked {
                        doing: "asking what you may do",
                        resource: "selfsubjectaccessreviews",
                        group: "authorization.k8s.io",
                    };
                    let now = self.sink.now();
                    self.say(trouble::of(&failure, asked, &session.place, now)).await?;
                    session.doubt.notify_one();
                    self.every.min(session.ask_again)
                }
            };
            tokio::time::sleep(wait).await;
        }
    }

    /// What the cluster says of every need.
    async fn ask(&self, session: &Session) -> Result<Vec<Access>, Failure> {
        let judged = |need: &Need, verdict, reason: &str| {
            need.judged(
                &session.group,
                self.namespaces.each_ref().map(String::as_str),
                verdict,
                reason,
            )
        };
        let mut all = Vec::with_capacity(Need::ALL.len());
        for need in Need::ALL {
            let wanted = judged(need, Verdict::Unknown, "");
            let status = match session.api.review(&question(need, &wanted)).await {
                Ok(answer) => read(&answer)?,
                Err(failure) if matches!(failure.code(), Some(403..=405)) => {
                    tracing::info!(%failure, "the cluster does not say what the operator may do");
                    let reason = format!("the cluster does not let you ask: {failure}");
                    let unknown = |need| judged(need, Verdict::Unknown, &reason);
                    return Ok(Need::ALL.iter().map(unknown).collect());
                }
                Err(failure) => return Err(failure),
            };
            let verdict = if status.allowed { Verdict::Allowed } else { Verdict::Denied };
            let parts = [status.reason.as_str(), status.evaluation_error.as_str()];
            let said: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            all.push(judged(need, verdict, &said.join("; ")));
            tokio::time::sleep(BETWEEN).await;
        }
        Ok(all)
    }
}

fn question(need: &Need, wanted: &Access) -> String {
    json!({
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": { "resourceAttributes": {
            "verb": wanted.verb,
            "group": wanted.group,
            "resource": wanted.resource,
            "subresource": wanted.subresource,
            "name": need.name,
            "namespace": wanted.namespace,
        } },
    })
    .to_string()
}

fn read(answer: &str) -> Result<Status, Failure> {
    let review: Review =
        serde_json::from_str(answer).map_err(|error| api::not_json(answer, &error))?;
    Ok(review.status)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_and_what_is_none_is_refused() {
        let status = read(
            r#"{"kind":"SelfSubjectAccessReview","status":{"allowed":true,"reason":"RBAC: allowed"}}"#,
        );
        let status = status.expect("an answer");
        assert!(status.allowed && status.reason == "RBAC: allowed");
        assert!(!read(r#"{"status":{"allowed":false}}"#).expect("an answer").allowed);
        for wrong in ["<html>", "[]", "{}", r#"{"status":{"allowed":"yes"}}"#] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_right_in_every_namespace_names_none() {
        let of = |need: &Need| {
            let wanted = need.judged("planapulse.com", ["console", "jobs"], Verdict::Unknown, "");
            question(need, &wanted)
        };
        assert!(of(&Need::READ_LOGS).contains(r#""subresource":"log""#));
        assert!(of(&Need::READ_LOGS).contains(r#""namespace":null"#));
        assert!(of(&Need::READ_ACKS).contains(r#""namespace":"console""#));
        assert!(of(&Need::READ_ACKS).contains(r#""name":"acks""#));
    }
}
