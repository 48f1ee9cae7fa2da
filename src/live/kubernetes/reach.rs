//! A path of the API server for other adapters: services by its proxy, with the operator's own credentials.

use std::time::Duration;

use http::Method;

use super::Options;
use super::api::Failure;
use super::connect::{self, Link};
use super::trouble::{self, Asked};
use crate::domain::{Timestamp, Trouble};

/// The longest silence inside an answer; the caller limits the whole.
const SILENCE: Duration = Duration::from_secs(10);

/// A way to the API server of a kubeconfig.
pub(in crate::live) struct Reach {
    link: Link,
}

/// Why a path could not be read.
pub(in crate::live) enum Unread {
    /// The answer was not a success: its code, and what it says.
    Answered(u16, String),
    /// The answer is larger than asked for.
    Large,
    /// The API server can't be reached: it was asked nothing.
    Unsent(Trouble),
    /// The API server can't be heard, or speaks strangely.
    Trouble(Trouble),
}

impl Reach {
    /// Reads the kubeconfig. Asks the server nothing yet.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(in crate::live) async fn new(options: &Options) -> Result<Self, Trouble> {
        Ok(Self { link: connect::link(options).await? })
    }

    /// The answer to `GET path` with `headers` beside the usual ones, of at most `most` bytes. `doing` is a clause for
    /// the sentences.
    ///
    /// # Errors
    /// Why it could not be read.
    pub(in crate::live) async fn get(
        &self,
        doing: &str,
        path: &str,
        headers: &[(&'static str, String)],
        most: usize,
    ) -> Result<Vec<u8>, Unread> {
        match self.read(path, headers, most).await {
            Ok(Some(answer)) => Ok(answer),
            Ok(None) => Err(Unread::Large),
            Err(Failure::Status(refusal)) => Err(Unread::Answered(refusal.code, refusal.message)),
            Err(failure) => Err(Unread::Trouble(self.explain(doing, &failure))),
        }
    }

    /// The answer to `method path` with `body`, of at most `most` bytes: what changes something behind the path.
    ///
    /// # Errors
    /// Why there is none; with [`Unread::Unsent`] nothing can have been changed.
    pub(in crate::live) async fn send(
        &self,
        doing: &str,
        (method, path): (Method, &str),
        body: Vec<u8>,
        (most, within): (usize, Duration),
    ) -> Result<Vec<u8>, Unread> {
        let kind = "application/json";
        match self.link.api.change((method, path), (kind, body), within).await {
            Ok(answer) if answer.len() > most => Err(Unread::Large),
            Ok(answer) => Ok(answer.into_bytes()),
            Err(Failure::Status(refusal)) => Err(Unread::Answered(refusal.code, refusal.message)),
            Err(failure) if failure.is_unsent() => {
                Err(Unread::Unsent(self.explain(doing, &failure)))
            }
            Err(failure) => Err(Unread::Trouble(self.explain(doing, &failure))),
        }
    }

    /// The trouble of a server that does not know who asks.
    pub(in crate::live) fn unknown(&self) -> Trouble {
        self.explain("", &Failure::told("401", ""))
    }

    fn explain(&self, doing: &str, failure: &Failure) -> Trouble {
        let asked = Asked { doing, resource: "services/proxy", group: "" };
        // The time would only tell whether a client certificate has run out, which the pane of tenants says.
        trouble::of(failure, asked, &self.link.place, Timestamp::default())
    }

    async fn read(
        &self,
        path: &str,
        headers: &[(&'static str, String)],
        most: usize,
    ) -> Result<Option<Vec<u8>>, Failure> {
        let mut stream = self.link.api.open_with(path, headers).await?;
        let mut answer = Vec::new();
        while let Some(frame) = stream.next(SILENCE).await? {
            if answer.len() + frame.len() > most {
                return Ok(None);
            }
            answer.extend_from_slice(&frame);
        }
        Ok(Some(answer))
    }
}
