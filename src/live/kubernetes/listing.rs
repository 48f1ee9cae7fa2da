//! A round of a watch: the listing, as a stream or in pages, then the changes as they come.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::api::{self, Failure, Stream};
use super::lines::Lines;
use super::loose::{Loose, Scalar};
use super::reading::{Batch, Reader};
use super::session::Session;
use super::target::Target;
use super::watch::{Stop, Watch};
use crate::domain::{Fact, Kind, Timestamp};
use crate::platform::Sink;

/// The longest silence of a watch: the server sends a bookmark about every minute.
const QUIET: Duration = Duration::from_secs(150);
/// The longest silence of a listing that comes as a stream; then the server doesn't know how to end one.
const QUIET_LISTING: Duration = Duration::from_secs(5);
/// How often a listing in pages begins anew, with larger pages, when the server forgets it half-way.
const RESTARTS: u32 = 3;

impl Watch {
    /// Lists if needed, then tells changes until the server ends the watch.
    pub(super) async fn round(&mut self, session: &Session, path: &str) -> Result<(), Stop> {
        if self.is_doubtful && self.position.is_some() && !self.can_resume(session, path).await? {
            self.position = None;
        }
        if self.is_old() {
            self.position = None;
        }
        if self.position.is_none() {
            let streamed =
                if session.streams() { Some(self.stream(session, path).await) } else { None };
            match streamed {
                Some(Err(Stop::Failed(failure)))
                    if cannot_stream(&failure) && session.fall_back() => {}
                Some(other) => return other,
                None => {}
            }
            self.pages(session, path).await?;
        }
        self.resume(session, path).await
    }

    /// Whether the server's data has not gone back behind our position, as it does when it was restored
    /// from a backup or made anew. A watch from the future would be silent instead of failing.
    async fn can_resume(&self, session: &Session, path: &str) -> Result<bool, Failure> {
        let answer = api::text(session.api.get(&format!("{path}?limit=1")).await?)?;
        let page = read_page(&answer)?;
        let parse = |version: &str| version.parse::<u128>().ok();
        let (here, there) = (
            self.position.as_deref().and_then(parse),
            parse(page.metadata.0.resource_version.as_str()),
        );
        Ok(here.zip(there).is_some_and(|(here, there)| here <= there))
    }

    /// Lists by a watch that begins with all objects.
    async fn stream(&mut self, session: &Session, path: &str) -> Result<(), Stop> {
        let initial = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan";
        let stream = session
            .api
            .open(&format!("{path}?{}{}&{initial}", watching(), self.target.selector()))
            .await?;
        self.pump(session, stream, true).await
    }

    /// Watches from the position on.
    async fn resume(&mut self, session: &Session, path: &str) -> Result<(), Stop> {
        let position = encoded(self.position.as_deref().unwrap_or_default());
        let selector = self.target.selector();
        let stream = session
            .api
            .open(&format!("{path}?{}{selector}&resourceVersion={position}", watching()))
            .await?;
        let recovered = self.recover();
        self.tell(recovered.into_iter().collect()).await?;
        session.set_live(self.target.feed(), true);
        self.pump(session, stream, false).await
    }

    /// Lists page by page, told as they come.
    async fn pages(&mut self, session: &Session, path: &str) -> Result<(), Stop> {
        let mut size = session.page_size;
        for _ in 0..RESTARTS {
            match self.pages_of(session, path, size).await {
                Err(Stop::Failed(failure)) if failure.code() == Some(410) => {
                    size = size.saturating_mul(4);
                }
                other => return other,
            }
        }
        self.pages_of(session, path, size).await
    }

    async fn pages_of(&mut self, session: &Session, path: &str, size: u32) -> Result<(), Stop> {
        self.reader.restart();
        self.tell(vec![Fact::RelistBegun]).await?;
        let selector = self.target.selector();
        let mut from = String::new();
        loop {
            let answer = session.api.get(&format!("{path}?limit={size}{selector}{from}")).await?;
            session.hear(answer.len());
            let answer = api::text(answer)?;
            let page = read_page(&answer)?;
            for items in page.items.chunks(Sink::BATCH) {
                let (now, mut facts) = (self.sink.now(), Vec::with_capacity(items.len()));
                for item in items {
                    self.reader.item(item.get(), now, &mut facts);
                }
                self.tell(facts).await?;
            }
            let meta = &page.metadata.0;
            if meta.next.as_str().is_empty() {
                return self.listed(meta.resource_version.as_str()).await;
            }
            from = format!("&continue={}", encoded(meta.next.as_str()));
        }
    }

    /// The last page was told: changes follow from `version` on.
    async fn listed(&mut self, version: &str) -> Result<(), Stop> {
        if version.is_empty() {
            return Err(Failure::Strange("its list names no resource version".to_owned()).into());
        }
        self.tell(vec![Fact::RelistEnded]).await?;
        self.position = Some(version.to_owned());
        self.listed_at = Some(self.sink.now());
        Ok(())
    }

    /// Whether what was listed has to be judged anew.
    fn is_old(&self) -> bool {
        let listed = self.target.read_again().zip(self.listed_at);
        listed.is_some_and(|(span, at)| self.sink.now().since(at) >= span)
    }

    /// Tells what `stream` brings until the server ends it.
    async fn pump(
        &mut self,
        session: &Session,
        mut stream: Stream,
        mut is_listing: bool,
    ) -> Result<(), Stop> {
        let mut lines = Lines::default();
        let mut batch = Batch::default();
        if is_listing {
            self.reader.restart();
            batch.facts.push(Fact::RelistBegun);
        }
        loop {
            let bytes = match stream.next(if is_listing { QUIET_LISTING } else { QUIET }).await {
                Ok(Some(bytes)) => bytes,
                Ok(None) if is_listing => return Err(Failure::Cut.into()),
                // The server ends watches after some minutes; so does a link that was silent for too long.
                Ok(None) => return Ok(()),
                Err(Failure::Late(_)) if !is_listing => return Ok(()),
                Err(failure) => return Err(failure.into()),
            };
            self.gather(session, &mut stream, (&mut lines, &mut batch), bytes)?;
            let mut done = std::mem::take(&mut batch);
            let ends = is_listing && done.is_listed;
            if ends {
                is_listing = false;
                self.listed_at = Some(self.sink.now());
                done.facts.extend(self.recover());
            }
            self.tell(done.facts).await?;
            if ends {
                session.set_live(self.target.feed(), true);
            }
            if !is_listing && let Some(version) = done.version {
                self.position = Some(version);
            }
            if let Some(failure) = done.failure {
                return Err(failure.into());
            }
        }
    }

    /// Reads `bytes` and what else is there already, up to a batch, so that many changes are told at once
    /// and the first one waits for no other.
    fn gather(
        &mut self,
        session: &Session,
        stream: &mut Stream,
        (lines, batch): (&mut Lines, &mut Batch),
        bytes: Vec<u8>,
    ) -> Result<(), Failure> {
        let now = self.sink.now();
        let mut next = Some(bytes);
        while let Some(bytes) = next {
            session.hear(bytes.len());
            lines.push(&bytes).map_err(|error| Failure::Strange(error.to_string()))?;
            while let Some(line) = lines.next() {
                batch.take(&mut self.reader, line, now);
            }
            next = if batch.facts.len() < Sink::BATCH { stream.ready() } else { None };
        }
        Ok(())
    }

    async fn tell(&self, facts: Vec<Fact>) -> Result<(), Stop> {
        Ok(self.sink.tell(self.target.feed(), facts).await?)
    }
}

/// Reading without a server, for the benchmarks alone.
#[doc(hidden)]
#[derive(Debug)]
pub struct Bench(Reader);

impl Default for Bench {
    fn default() -> Self {
        Self(Reader::new(Target::Composite(Kind::Client), ""))
    }
}

impl Bench {
    /// Reads a page of a list; one that can't be read tells nothing.
    pub fn page(&mut self, json: &str) -> Vec<Fact> {
        let items = read_page(json).map(|page| page.items).unwrap_or_default();
        let mut facts = Vec::with_capacity(items.len());
        for item in items {
            self.0.item(item.get(), Timestamp::default(), &mut facts);
        }
        facts
    }

    /// Reads a line of a watch.
    pub fn line(&mut self, line: &[u8]) -> Vec<Fact> {
        let mut batch = Batch::default();
        batch.take(&mut self.0, line, Timestamp::default());
        batch.facts
    }
}

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow, default)]
    metadata: Loose<PageMeta<'a>>,
    #[serde(borrow)]
    items: Vec<&'a RawValue>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct PageMeta<'a> {
    #[serde(borrow)]
    resource_version: Scalar<'a>,
    #[serde(borrow, rename = "continue")]
    next: Scalar<'a>,
}

fn read_page(answer: &str) -> Result<Page<'_>, Failure> {
    serde_json::from_str(answer).map_err(|error| api::not_json(answer, &error))
}

/// Whether the server refuses to stream a listing, or never ends it.
fn cannot_stream(failure: &Failure) -> bool {
    matches!(failure.code(), Some(400 | 422)) || matches!(failure, Failure::Late(QUIET_LISTING))
}

/// The parameters of every watch. The server ends it after four to five minutes, each at another time.
fn watching() -> String {
    format!("watch=1&allowWatchBookmarks=true&timeoutSeconds={}", fastrand::u32(240..300))
}

/// `raw` as a value in a query.
pub(super) fn encoded(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    for byte in raw.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing to a string never fails.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(lines: &[&str]) -> Batch {
        let mut batch = Batch::default();
        let mut reader = Reader::new(Target::Composite(Kind::Client), "");
        for line in lines {
            batch.take(&mut reader, line.as_bytes(), Timestamp::default());
        }
        batch
    }

    fn told(batch: &Batch) -> Vec<String> {
        let tell = |fact: &Fact| match fact {
            Fact::Upsert(crate::domain::Object::Resource(row)) => format!("+{}", row.meta.name),
            Fact::Remove(uid) => format!("-{}", uid.0),
            other => format!("{other:?}"),
        };
        batch.facts.iter().map(tell).collect()
    }

    #[test]
    fn events_become_facts() {
        let batch = check(&[
            r#"{"type":"ADDED","object":{"metadata":{"name":"a","uid":"1","resourceVersion":"5"}}}"#,
            "",
            r#"{"type":"MODIFIED","object":{"metadata":{"name":"a","uid":"1","resourceVersion":"6"}}}"#,
            r#"{"type":"DELETED","object":{"metadata":{"name":"a","uid":"1","resourceVersion":"7"}}}"#,
            r#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9","annotations":{"k8s.io/initial-events-end":"true"}}}}"#,
        ]);
        assert_eq!(told(&batch), ["+a", "+a", "-1", "RelistEnded"]);
        assert_eq!(
            (batch.version.as_deref(), batch.is_listed, batch.failure.is_some()),
            (Some("9"), true, false)
        );
    }

    #[test]
    fn a_bookmark_alone_moves_the_place_only() {
        let batch =
            check(&[r#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"9"}}}"#]);
        assert_eq!(
            (told(&batch).len(), batch.version.as_deref(), batch.is_listed),
            (0, Some("9"), false)
        );
    }

    #[test]
    fn failures_stop_the_batch_where_they_came() {
        let good = r#"{"type":"ADDED","object":{"metadata":{"name":"a","uid":"1","resourceVersion":"5"}}}"#;
        for (bad, code) in [
            (
                r#"{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old","reason":"Expired"}}"#,
                Some(410),
            ),
            (r#"{"type":"ERROR","object":null}"#, Some(500)),
            (r#"{"kind":"Status","status":"Failure","code":403,"message":"no"}"#, Some(403)),
            (r#"{"something":"else"}"#, None),
            ("[]", None),
        ] {
            let batch = check(&[good, bad, good]);
            assert_eq!(told(&batch), ["+a"], "{bad}");
            assert_eq!(batch.failure.expect(bad).code(), code, "{bad}");
        }
    }

    #[test]
    fn a_line_that_is_no_json_is_a_row() {
        let batch = check(&["<html>", r#"{"type":"ADDED","object":{"#]);
        assert_eq!(told(&batch), ["+unreadable-1", "+unreadable-2"]);
    }

    #[test]
    fn places_are_written_safely_into_queries() {
        for (raw, shown) in
            [("123", "123"), ("a=b&c", "a%3Db%26c"), ("a+/=", "a%2B%2F%3D"), ("ж", "%D0%B6")]
        {
            assert_eq!(encoded(raw), shown);
        }
    }
}
