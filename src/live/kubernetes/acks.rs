//! Acknowledgements of alerts, which consoles share in a `ConfigMap` of their namespace.
//!
//! Its keys are the alerts' fingerprints, its values JSON: `{"by", "at", "until", "note"}`. One small question every two
//! and a half seconds; an acknowledgement whose time is over is told as gone, because then somebody must look again.
//! Without the `ConfigMap` nobody has acknowledged anything.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use serde::Deserialize;

use super::Options;
use super::api::{self, Failure};
use super::connect::{self, Link};
use super::trouble::{self, Asked};
use crate::domain::{Ack, Fact, FeedId, Text, Timestamp, Trouble, TroubleKind, Uid};
use crate::platform::{Closed, Feed, Sink};

/// The `ConfigMap`.
pub(super) const NAME: &str = "acks";
/// The time between two questions.
const EVERY: Duration = Duration::from_millis(2_500);
/// The longest wait for an answer.
const WITHIN: Duration = Duration::from_secs(2);
/// The time to the next try when a refusal is not likely to pass by itself.
const REFUSED: Duration = Duration::from_secs(10);
/// The most acknowledgements that are kept; a `ConfigMap` holds 1 MiB.
const MOST: usize = 8 * 1024;

/// The feed of acknowledgements.
#[derive(Debug)]
pub struct Acks {
    options: Options,
    namespace: String,
}

/// A feed of the acknowledgements in `namespace` of the cluster that `options` describe.
#[must_use]
pub fn acks(options: Options, namespace: String) -> Acks {
    Acks { options, namespace }
}

impl Feed for Acks {
    fn ids(&self) -> Vec<FeedId> {
        vec![FeedId::Acks]
    }

    fn run(self: Box<Self>, sink: Sink) -> BoxFuture<'static, ()> {
        async move {
            // The only way to end is that nobody listens.
            let Err(Closed) = self.follow(sink).await;
        }
        .boxed()
    }
}

#[derive(Debug, Deserialize)]
struct ConfigMap {
    /// Always there: what lacks it is something else.
    #[serde(rename = "kind")]
    _kind: String,
    #[serde(default)]
    data: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Written {
    #[serde(default)]
    by: String,
    at: String,
    until: Option<String>,
    #[serde(default)]
    note: String,
}

impl Acks {
    async fn follow(self, sink: Sink) -> Result<std::convert::Infallible, Closed> {
        let mut link: Option<Link> = None;
        let mut told: Option<Vec<Ack>> = None;
        let mut said: Option<Trouble> = None;
        let mut news = self.options.caller.news();
        loop {
            news.look();
            let wait = match self.ask(&mut link, sink.now()).await {
                Ok(all) if told.as_ref() == Some(&all) => {
                    sink.tell(FeedId::Acks, [Fact::Alive]).await?;
                    EVERY
                }
                Ok(all) => {
                    said = None;
                    let listing = all.iter().map(|ack| Fact::Upsert(ack.clone().into()));
                    let begun = std::iter::once(Fact::RelistBegun);
                    let facts: Vec<Fact> =
                        begun.chain(listing).chain([Fact::RelistEnded]).collect();
                    sink.tell(FeedId::Acks, facts).await?;
                    told = Some(all);
                    EVERY
                }
                Err(trouble) => {
                    told = None;
                    link = None;
                    let wait = match trouble.kind {
                        TroubleKind::Unreachable | TroubleKind::Slow | TroubleKind::Server => EVERY,
                        _ => REFUSED,
                    };
                    if said.as_ref() != Some(&trouble) {
                        sink.tell(FeedId::Acks, [Fact::Unreachable(trouble.clone())]).await?;
                        said = Some(trouble);
                    }
                    wait
                }
            };
            news.pause(wait).await;
        }
    }

    async fn ask(&self, link: &mut Option<Link>, now: Timestamp) -> Result<Vec<Ack>, Trouble> {
        let known = match link.take() {
            Some(known) => known,
            None => connect::link(&self.options).await?,
        };
        let known = link.insert(known);
        let path = format!("/api/v1/namespaces/{}/configmaps/{NAME}", self.namespace);
        let failure = match known.api.get_within(&path, WITHIN).await {
            Ok(answer) => match read(&answer, now) {
                Ok(all) => return Ok(all),
                Err(failure) => failure,
            },
            Err(failure) if failure.code() == Some(404) => return Ok(Vec::new()),
            Err(failure) => failure,
        };
        if failure.code() == Some(403) {
            let what = format!(
                "reading who looks after which alert is forbidden: ConfigMap {}/{NAME}",
                self.namespace
            );
            let remedy = "Ask an administrator for the verb get on that ConfigMap.";
            return Err(Trouble::new(TroubleKind::Denied, &what, remedy));
        }
        let doing = "reading who looks after which alert";
        let asked = Asked { doing, resource: "configmaps", group: "" };
        Err(trouble::of(&failure, asked, &known.place, now))
    }
}

/// The acknowledgements in `answer` that hold at `now`. One that can't be read holds all the same: somebody wrote it.
fn read(answer: &str, now: Timestamp) -> Result<Vec<Ack>, Failure> {
    let map: ConfigMap =
        serde_json::from_str(answer).map_err(|error| api::not_json(answer, &error))?;
    let all = map.data.iter().take(MOST).map(|(fingerprint, value)| ack(fingerprint, value));
    Ok(all.filter(|ack| ack.until.is_none_or(|until| until > now)).collect())
}

pub(super) fn ack(fingerprint: &str, value: &str) -> Ack {
    let uid = Uid(Text::bounded(fingerprint, 256));
    match serde_json::from_str::<Written>(value) {
        Ok(written) => Ack {
            uid,
            by: Text::bounded(&written.by, 256),
            at: Timestamp::parse(&written.at).unwrap_or_default(),
            until: written.until.as_deref().and_then(Timestamp::parse),
            note: Text::bounded(&written.note, 2048),
        },
        Err(_) => Ack {
            uid,
            by: Text::clean("somebody"),
            at: Timestamp::default(),
            until: None,
            note: Text::bounded(&format!("can't be read: {value}"), 2048),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acknowledgements_hold_until_their_time_is_over() {
        let answer = r#"{"kind":"ConfigMap","data":{
            "f1":"{\"by\":\"maria\",\"at\":\"2026-11-21T00:10:00Z\",\"until\":\"2026-11-21T01:10:00Z\",\"note\":\"on it\"}",
            "f2":"{\"by\":\"ivan\",\"at\":\"2026-11-20T00:10:00Z\",\"until\":\"2026-11-20T01:10:00Z\"}",
            "f3":"{\"by\":\"ivan\",\"at\":\"2026-11-20T00:10:00Z\",\"until\":null}",
            "f4":"yes"}}"#;
        let now = Timestamp::parse("2026-11-21T00:47:00Z").expect("a time");
        let acks = read(answer, now).expect("acks");
        let held: Vec<(&str, &str)> =
            acks.iter().map(|ack| (ack.uid.0.as_str(), ack.by.as_str())).collect();
        assert_eq!(held, [("f1", "maria"), ("f3", "ivan"), ("f4", "somebody")]);
        for wrong in ["[]", "{}", "<html>"] {
            assert!(read(wrong, now).is_err(), "{wrong}");
        }
        assert_eq!(read(r#"{"kind":"ConfigMap"}"#, now).expect("none"), []);
    }
}
