//! The feed of operations: their journals, listed and then watched.
//!
//! A journal that can't be read is none of the feed's trouble: it is said in the log, once for each state of it, and
//! what was last read of it stays until the next listing.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use serde_json::Value;

use super::book::{self, LABEL};
use super::{MOST, PAGE};
use crate::domain::operation::Operation;
use crate::domain::{Fact, FeedId, Text, Trouble, Uid};
use crate::live::kubernetes::api::{self, Failure};
use crate::live::kubernetes::lines::Lines;
use crate::live::kubernetes::listing::encoded;
use crate::live::kubernetes::pace::Pace;
use crate::live::kubernetes::session::{Ended, Session};
use crate::live::kubernetes::trouble::{self, Asked};
use crate::platform::{Closed, Sink};

/// The longest silence of a watch: the server sends a bookmark about every minute.
const QUIET: Duration = Duration::from_secs(150);
/// The most journals that can't be read which are remembered.
const ODD: usize = 256;

/// The feed of operations.
pub(in crate::live::kubernetes) struct Operations {
    sink: Sink,
    namespace: String,
    said: Option<Trouble>,
    /// The operations that were told.
    known: HashSet<Text>,
    /// Journals that can't be read, with the state of each that was said.
    odd: HashMap<String, String>,
}

/// Why following stopped.
enum Stop {
    Closed,
    Failed(Failure),
}

impl From<Closed> for Stop {
    fn from(_: Closed) -> Self {
        Self::Closed
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl Operations {
    /// A feed that tells `sink` of the journals in `namespace`.
    pub(in crate::live::kubernetes) fn new(sink: Sink, namespace: &str) -> Self {
        Self {
            sink,
            namespace: namespace.to_owned(),
            said: None,
            known: HashSet::new(),
            odd: HashMap::new(),
        }
    }

    /// Tells `trouble` with the link, unless it is what was told last.
    pub(in crate::live::kubernetes) async fn say(
        &mut self,
        trouble: Trouble,
    ) -> Result<(), Closed> {
        if self.said.as_ref() == Some(&trouble) {
            return Ok(());
        }
        self.sink.tell(FeedId::Operations, [Fact::Unreachable(trouble.clone())]).await?;
        self.said = Some(trouble);
        Ok(())
    }

    /// Lists and watches until the session is over.
    pub(in crate::live::kubernetes) async fn follow(&mut self, session: &Session) -> Ended {
        let Err(Closed) = self.run(session).await;
        Ended::Closed
    }

    async fn run(&mut self, session: &Session) -> Result<std::convert::Infallible, Closed> {
        session.own_kinds_first().await;
        let mut pace = Pace::default();
        loop {
            let failure = match self.round(session, &mut pace).await {
                Stop::Closed => return Err(Closed),
                // The server forgot where we were.
                Stop::Failed(failure) if failure.code() == Some(410) => continue,
                Stop::Failed(failure) => failure,
            };
            session.set_live(FeedId::Operations, false);
            let asked = Asked {
                doing: "reading the operations' journals",
                resource: "configmaps",
                group: "",
            };
            self.say(trouble::of(&failure, asked, &session.place, self.sink.now())).await?;
            session.doubt.notify_one();
            let refused = failure.code().is_some_and(|code| code < 500);
            let most = if refused { session.ask_again } else { Pace::OTHER.min(session.ask_again) };
            tokio::time::sleep(pace.next(most)).await;
        }
    }

    /// Lists, then watches for as long as the server goes on.
    async fn round(&mut self, session: &Session, pace: &mut Pace) -> Stop {
        let mut position = match self.list(session).await {
            Ok(position) => position,
            Err(stop) => return stop,
        };
        self.said = None;
        session.set_live(FeedId::Operations, true);
        pace.reset();
        loop {
            if let Err(stop) = self.watch(session, &mut position).await {
                return stop;
            }
        }
    }

    fn path(&self) -> String {
        let selector = encoded(&format!("{}={}", LABEL.0, LABEL.1));
        format!("/api/v1/namespaces/{}/configmaps?labelSelector={selector}", self.namespace)
    }

    async fn list(&mut self, session: &Session) -> Result<String, Stop> {
        self.sink.tell(FeedId::Operations, [Fact::RelistBegun]).await?;
        let (mut from, mut listed, mut told) = (String::new(), 0, HashSet::new());
        loop {
            let path = format!("{}&limit={PAGE}{from}", self.path());
            let answer = api::text(session.api.get(&path).await?)?;
            session.hear(answer.len());
            let page: Value =
                serde_json::from_str(&answer).map_err(|error| api::not_json(&answer, &error))?;
            let items = page.get("items").and_then(Value::as_array);
            let items =
                items.ok_or_else(|| Failure::Strange("its list has no items".to_owned()))?;
            listed += items.len();
            let read: Vec<Operation> = items.iter().filter_map(|item| self.read(item)).collect();
            told.extend(read.iter().map(|operation| operation.plan.id.clone()));
            self.known.extend(told.iter().cloned());
            let facts = read.into_iter().map(|operation| Fact::Upsert(operation.into()));
            self.sink.tell(FeedId::Operations, facts).await?;
            let text = |at| page.pointer(at).and_then(Value::as_str).unwrap_or_default();
            let next = text("/metadata/continue");
            if next.is_empty() || listed >= MOST {
                self.sink.tell(FeedId::Operations, [Fact::RelistEnded]).await?;
                self.known = told;
                return Ok(text("/metadata/resourceVersion").to_owned());
            }
            from = format!("&continue={}", encoded(next));
        }
    }

    /// Watches from `position` on, which moves with what is told, until the server ends it.
    async fn watch(&mut self, session: &Session, position: &mut String) -> Result<(), Stop> {
        let path = format!(
            "{}&watch=1&allowWatchBookmarks=true&timeoutSeconds={}&resourceVersion={}",
            self.path(),
            fastrand::u32(240..300),
            encoded(position),
        );
        let mut stream = session.api.open(&path).await?;
        let mut lines = Lines::default();
        loop {
            let bytes = match stream.next(QUIET).await {
                Ok(Some(bytes)) => bytes,
                Ok(None) | Err(Failure::Late(_)) => return Ok(()),
                Err(failure) => return Err(failure.into()),
            };
            session.hear(bytes.len());
            lines.push(&bytes).map_err(|error| Failure::Strange(error.to_string()))?;
            while let Some(line) = lines.next() {
                self.line(line, position).await?;
            }
        }
    }

    async fn line(&mut self, line: &[u8], position: &mut String) -> Result<(), Stop> {
        if line.is_empty() {
            return Ok(());
        }
        let event: Value = serde_json::from_slice(line).map_err(|error| {
            Failure::Strange(format!("a line of its watch is no JSON: {error}"))
        })?;
        let object = event.get("object").unwrap_or(&Value::Null);
        let text = |at| object.pointer(at).and_then(Value::as_str).unwrap_or_default();
        let fact = match event.get("type").and_then(Value::as_str).unwrap_or_default() {
            "ADDED" | "MODIFIED" => self.read(object).map(|operation| {
                self.known.insert(operation.plan.id.clone());
                Fact::Upsert(operation.into())
            }),
            "DELETED" => {
                id(object).filter(|id| self.known.remove(id)).map(|id| Fact::Remove(Uid(id)))
            }
            "BOOKMARK" => None,
            _ => {
                let code = object.get("code").map(ToString::to_string).unwrap_or_default();
                return Err(Failure::told(&code, text("/message")).into());
            }
        };
        self.sink.tell(FeedId::Operations, fact).await?;
        let version = text("/metadata/resourceVersion");
        if !version.is_empty() {
            version.clone_into(position);
        }
        Ok(())
    }

    /// The operation that `object` tells; none when it can't be read.
    fn read(&mut self, object: &Value) -> Option<Operation> {
        let broken = match book::read(object) {
            Ok(read) => return Some(read.operation),
            Err(broken) => broken,
        };
        let text = |at| object.pointer(at).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (name, version) = (text("/metadata/name"), text("/metadata/resourceVersion"));
        if self.odd.len() >= ODD {
            self.odd.clear();
        }
        if self.odd.insert(name.clone(), version.clone()) != Some(version) {
            tracing::warn!(journal = %Text::bounded(&name, 256), "a journal can't be read: {broken}");
        }
        None
    }
}

/// The id of the operation whose journal `object` is.
fn id(object: &Value) -> Option<Text> {
    let name = object.pointer("/metadata/name").and_then(Value::as_str)?;
    name.strip_prefix("operation-").map(|id| Text::bounded(id, 256))
}
