//! A line to the API server for whoever asks now and then, as opposed to watching: it is made when it is first needed,
//! and anew when it turns out to be no good.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde_json::Value;
use tokio::sync::Mutex;

use super::Options;
use super::api::{self, Cause, Failure, Refusal};
use super::connect::{self, Link};
use super::trouble::{self, Asked};
use crate::domain::{Span, Trouble, TroubleKind};
use crate::platform::{Clock, Unacted};

/// The longest wait for a whole answer.
const WITHIN: Duration = Duration::from_secs(12);
/// So long before credentials run out, new ones are fetched.
const EARLY: Span = Span::from_secs(30);

/// How the server begins to say that a manifest does not fit the schema.
const NO_SUCH_FIELD: &str = "failed to create typed patch object";

/// JSON as it is.
const JSON: &str = "application/json";

/// A line to one API server. Its users share it.
pub(in crate::live) struct Line {
    pub(super) options: Options,
    pub(super) clock: Arc<dyn Clock>,
    link: Mutex<Option<Arc<Link>>>,
}

/// A request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ask<'a> {
    /// What is being done: a clause such as `reading PLANAClient acme`.
    pub(super) doing: &'a str,
    /// Such as `GET`.
    pub(super) method: &'a Method,
    /// The path, with what follows the `?`.
    pub(super) path: &'a str,
    /// What is sent, and its type.
    pub(super) body: Option<(&'static str, &'a Value)>,
}

/// Why a request did not succeed.
#[derive(Debug)]
pub(super) struct Miss {
    /// The same as a sentence.
    pub(super) trouble: Trouble,
    /// What is known of the change that was asked for.
    pub(super) fate: Fate,
    /// The code of the answer, where there was one.
    pub(super) code: Option<u16>,
    /// What stood in the way in particular.
    pub(super) causes: Vec<Cause>,
}

/// What is known of a change that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The server never heard of it.
    Unsent,
    /// The server won't make it.
    Refused,
    /// Nobody knows.
    Unknown,
}

impl Miss {
    /// It is known without asking that this won't be done.
    pub(super) fn refused(kind: TroubleKind, what: &str, remedy: &str) -> Self {
        let trouble = Trouble::new(kind, what, remedy);
        Self { trouble, fate: Fate::Refused, code: None, causes: Vec::new() }
    }

    fn unsent(trouble: Trouble) -> Self {
        Self { trouble, fate: Fate::Unsent, code: None, causes: Vec::new() }
    }
}

impl From<Miss> for Unacted {
    fn from(miss: Miss) -> Self {
        match miss.fate {
            Fate::Unsent => Self::Unreached(miss.trouble),
            Fate::Refused => Self::Refused(miss.trouble),
            Fate::Unknown => Self::Unsure(miss.trouble),
        }
    }
}

impl From<Miss> for Trouble {
    fn from(miss: Miss) -> Self {
        miss.trouble
    }
}

impl Line {
    /// A line to the server that `options` describe. Asks nothing yet.
    pub(in crate::live) fn new(options: Options, clock: Arc<dyn Clock>) -> Self {
        Self { options, clock, link: Mutex::new(None) }
    }

    /// The answer to `GET path`.
    pub(super) async fn get(&self, doing: &str, path: &str) -> Result<Value, Miss> {
        self.ask(Ask { doing, method: &Method::GET, path, body: None }).await
    }

    /// The same; none when nothing is there.
    pub(super) async fn find(&self, doing: &str, path: &str) -> Result<Option<Value>, Miss> {
        match self.get(doing, path).await {
            Ok(found) => Ok(Some(found)),
            Err(miss) if miss.code == Some(404) => Ok(None),
            Err(miss) => Err(miss),
        }
    }

    /// Puts `body` below `path`.
    pub(super) async fn post(&self, doing: &str, path: &str, body: &Value) -> Result<Value, Miss> {
        self.ask(Ask { doing, method: &Method::POST, path, body: Some((JSON, body)) }).await
    }

    /// Changes fields of what is at `path`.
    pub(super) async fn merge(&self, doing: &str, path: &str, body: &Value) -> Result<Value, Miss> {
        let body = Some(("application/merge-patch+json", body));
        self.ask(Ask { doing, method: &Method::PATCH, path, body }).await
    }

    /// Deletes what is at `path`, as `how` says.
    pub(super) async fn delete(&self, doing: &str, path: &str, how: &Value) -> Result<Value, Miss> {
        self.ask(Ask { doing, method: &Method::DELETE, path, body: Some((JSON, how)) }).await
    }

    /// The answer to a request, as JSON.
    pub(super) async fn ask(&self, ask: Ask<'_>) -> Result<Value, Miss> {
        let link = self.link().await.map_err(Miss::unsent)?;
        let answer = match ask.body {
            None => link.api.get_within(ask.path, WITHIN).await,
            Some((kind, body)) => {
                let body = (kind, body.to_string().into_bytes());
                link.api.change((ask.method.clone(), ask.path), body, WITHIN).await
            }
        };
        let read = answer.and_then(|answer| {
            serde_json::from_str(&answer).map_err(|error| api::not_json(&answer, &error))
        });
        match read {
            Ok(value) => Ok(value),
            Err(failure) => {
                if failure.is_silence() || failure.code() == Some(401) {
                    self.forget(&link).await;
                }
                Err(self.miss(failure, ask, &link))
            }
        }
    }

    fn miss(&self, failure: Failure, ask: Ask<'_>, link: &Link) -> Miss {
        let fate = if failure.is_unsent() {
            Fate::Unsent
        } else if is_refused(&failure) {
            Fate::Refused
        } else if ask.body.is_none() {
            // To look changes nothing, whether it was heard or not.
            Fate::Unsent
        } else {
            Fate::Unknown
        };
        let trouble = match &failure {
            Failure::Status(refusal) if fate == Fate::Refused => answered(refusal, ask),
            _ => {
                let asked = Asked { doing: ask.doing, resource: "*", group: "" };
                trouble::of(&failure, asked, &link.place, self.clock.now())
            }
        };
        let code = failure.code();
        let causes = match failure {
            Failure::Status(refusal) => refusal.causes,
            _ => Vec::new(),
        };
        Miss { trouble, fate, code, causes }
    }

    async fn link(&self) -> Result<Arc<Link>, Trouble> {
        let mut known = self.link.lock().await;
        let soon = self.clock.now().after(EARLY);
        if let Some(link) = known.as_ref().filter(|link| link.ends.is_none_or(|ends| ends > soon)) {
            return Ok(Arc::clone(link));
        }
        let link = Arc::new(connect::link(&self.options).await?);
        *known = Some(Arc::clone(&link));
        Ok(link)
    }

    async fn forget(&self, link: &Arc<Link>) {
        let mut known = self.link.lock().await;
        if known.as_ref().is_some_and(|known| Arc::ptr_eq(known, link)) {
            *known = None;
        }
    }
}

/// Whether the server answers that it won't. A field that its schema does not know is an error of its own to it (500).
fn is_refused(failure: &Failure) -> bool {
    let Failure::Status(refusal) = failure else { return false };
    refusal.code < 500 || refusal.message.starts_with(NO_SUCH_FIELD)
}

/// What the server refuses, in its own words.
fn answered(refusal: &Refusal, ask: Ask<'_>) -> Trouble {
    let (doing, said) = (ask.doing, refusal.message.trim_end_matches('.'));
    match refusal.code {
        403 => Trouble::new(
            TroubleKind::Denied,
            &format!("{doing} is forbidden: {said}"),
            "Ask an administrator for that right; the panes say which ones you have.",
        ),
        404 => Trouble::new(TroubleKind::Absent, &format!("{doing}: {said}"), ""),
        code => Trouble::new(TroubleKind::Denied, &format!("{doing}: {said} ({code})"), ""),
    }
}
