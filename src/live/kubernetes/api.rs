//! Requests to the API server, each with a time limit and a bounded answer: `GET`, the question what one may do, and the
//! changes that operations make.

use std::time::Duration;

use futures_util::FutureExt;
use http::header::RETRY_AFTER;
use http::request::Builder;
use http::{Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use kube::client::Body;
use serde::Deserialize;

use super::caller::Caller;
use super::loose::{Items, Loose, Scalar};
use crate::live::causes::causes;

/// Where it is asked what one may do. It is a `POST`, and changes nothing.
const REVIEWS: &str = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
/// The longest wait for the answer to that.
const REVIEW: Duration = Duration::from_secs(5);
/// The longest wait for the first byte of an answer.
const ANSWER: Duration = Duration::from_secs(10);
/// The longest silence inside an answer.
const SILENCE: Duration = Duration::from_secs(15);
/// The largest answer that is read whole.
const LARGEST: usize = 256 * 1024 * 1024;
/// As much of an error's answer as is read.
const ERROR: usize = 64 * 1024;
/// The longest that a server may tell us to wait.
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// The most causes of a refusal that are kept.
const CAUSES: usize = 64;
/// What the client says when there was no connection to send on: it has no other way to tell.
const CONNECTING: [&str; 1] = ["client error (Connect)"];

/// Why a request did not succeed.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// No connection, or it broke.
    #[error("the link failed: {0}")]
    Link(#[source] kube::Error),
    /// No answer in time.
    #[error("no answer within {} s", .0.as_secs())]
    Late(Duration),
    /// The server ended its answer too early.
    #[error("the answer ended before it was complete")]
    Cut,
    /// The server answers that it won't or can't.
    #[error("the server answered {}: {}", .0.code, .0.message)]
    Status(Box<Refusal>),
    /// Nobody is signed in as whom to ask; nothing was sent.
    #[error("nobody is signed in")]
    Nobody,
    /// The answer breaks the protocol: a clause that says how.
    #[error("{0}")]
    Strange(String),
}

/// An answer other than success.
#[derive(Debug, Default)]
pub(super) struct Refusal {
    /// The HTTP code.
    pub(super) code: u16,
    /// What the server says, in words.
    pub(super) message: String,
    /// How long the server asks us to wait.
    pub(super) wait: Option<Duration>,
    /// What in particular stands in the way.
    pub(super) causes: Vec<Cause>,
}

/// One thing that stands in the way of a change.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Cause {
    /// The server's word for it, such as `FieldManagerConflict`.
    pub(super) reason: String,
    /// What it says.
    pub(super) message: String,
    /// The field.
    pub(super) field: String,
}

impl Failure {
    /// The HTTP code that the server answered with, if it answered.
    pub(super) fn code(&self) -> Option<u16> {
        match self {
            Self::Status(refusal) => Some(refusal.code),
            Self::Link(_) | Self::Late(_) | Self::Cut | Self::Nobody | Self::Strange(_) => None,
        }
    }

    /// Whether the server could not be heard, as opposed to answering something unwelcome.
    pub(super) fn is_silence(&self) -> bool {
        matches!(self, Self::Link(_) | Self::Late(_) | Self::Cut)
    }

    /// A failure that the server tells inside a stream, as a `Status` object.
    pub(super) fn told(code: &str, message: &str) -> Self {
        Self::Status(Box::new(Refusal {
            code: code.parse().unwrap_or(500),
            message: message.to_owned(),
            ..Refusal::default()
        }))
    }

    /// Whether the request never got to the server, so that it can have done nothing.
    pub(super) fn is_unsent(&self) -> bool {
        match self {
            Self::Nobody => true,
            // It comes before what was sent is looked at: a token that ran out, or a crowd.
            Self::Status(refusal) => matches!(refusal.code, 401 | 429),
            Self::Link(error) => {
                causes(error).any(|cause| CONNECTING.contains(&cause.to_string().as_str()))
            }
            Self::Late(_) | Self::Cut | Self::Strange(_) => false,
        }
    }
}

/// Asks the API server of one kubeconfig.
#[derive(Clone)]
pub(super) struct Api {
    client: kube::Client,
    caller: Caller,
}

impl Api {
    /// Asks through `client`, which must not retry by itself, as `caller`.
    pub(super) fn new(client: kube::Client, caller: Caller) -> Self {
        Self { client, caller }
    }

    /// The whole answer to `GET path`, which may take as long as bytes keep coming.
    pub(super) async fn get(&self, path: &str) -> Result<Vec<u8>, Failure> {
        whole(self.open(path).await?).await
    }

    /// The answer to `GET path` as text, within `limit` altogether.
    pub(super) async fn get_within(&self, path: &str, limit: Duration) -> Result<String, Failure> {
        let answer = tokio::time::timeout(limit, self.get(path))
            .await
            .map_err(|_| Failure::Late(limit))??;
        text(answer)
    }

    /// Opens the answer to `GET path`: it has begun, and it is a success.
    pub(super) async fn open(&self, path: &str) -> Result<Stream, Failure> {
        self.open_with(path, &[]).await
    }

    /// The same, with `headers` beside the usual ones: what a service behind the API server's proxy wants to know.
    pub(super) async fn open_with(
        &self,
        path: &str,
        headers: &[(&'static str, String)],
    ) -> Result<Stream, Failure> {
        let mut request = Request::get(path).header(http::header::ACCEPT, "application/json");
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        self.send(request, Body::empty()).await
    }

    /// The answer to whether one may do something; `question` is a review as JSON.
    pub(super) async fn review(&self, question: &str) -> Result<String, Failure> {
        let asking = async {
            let request = Request::post(REVIEWS)
                .header(http::header::ACCEPT, "application/json")
                .header(http::header::CONTENT_TYPE, "application/json");
            let body = Body::from(question.as_bytes().to_vec());
            whole(self.send(request, body).await?).await
        };
        let answer = tokio::time::timeout(REVIEW, asking).await;
        text(answer.map_err(|_| Failure::Late(REVIEW))??)
    }

    /// The answer to a change: `method` with `body` of the type `kind`, within `limit` altogether.
    pub(super) async fn change(
        &self,
        (method, path): (Method, &str),
        (kind, body): (&'static str, Vec<u8>),
        limit: Duration,
    ) -> Result<String, Failure> {
        let asking = async {
            let request = Request::builder()
                .method(method)
                .uri(path)
                .header(http::header::ACCEPT, "application/json")
                .header(http::header::CONTENT_TYPE, kind);
            whole(self.send(request, Body::from(body)).await?).await
        };
        text(tokio::time::timeout(limit, asking).await.map_err(|_| Failure::Late(limit))??)
    }

    /// Sends a request as the caller; the answer has begun, and it is a success.
    async fn send(&self, mut request: Builder, body: Body) -> Result<Stream, Failure> {
        for (name, value) in self.caller.headers()? {
            request = request.header(name, value);
        }
        let request = request.body(body).map_err(|error| {
            Failure::Strange(format!("the address can't be asked for: {error}"))
        })?;
        let sent = tokio::time::timeout(ANSWER, self.client.send(request));
        let response = sent.await.map_err(|_| Failure::Late(ANSWER))?.map_err(Failure::Link)?;
        if response.status().is_success() {
            return Ok(Stream::new(response.into_body()));
        }
        Err(Failure::Status(Box::new(refusal(response).await)))
    }
}

/// The whole of an answer.
async fn whole(mut stream: Stream) -> Result<Vec<u8>, Failure> {
    let mut answer = Vec::new();
    while let Some(frame) = stream.next(SILENCE).await? {
        if answer.len() + frame.len() > LARGEST {
            return Err(Failure::Strange(format!("the answer is larger than {LARGEST} bytes")));
        }
        answer.extend_from_slice(&frame);
    }
    Ok(answer)
}

/// An answer that comes in parts.
pub(super) struct Stream {
    body: Body,
    /// An end that [`Stream::ready`] met, for [`Stream::next`] to tell.
    end: Option<End>,
}

/// How an answer ended.
enum End {
    Whole,
    Broken(kube::Error),
}

impl Stream {
    fn new(body: Body) -> Self {
        Self { body, end: None }
    }

    /// The next bytes; none when the server ended the answer.
    pub(super) async fn next(&mut self, silence: Duration) -> Result<Option<Vec<u8>>, Failure> {
        match self.end.take() {
            Some(End::Whole) => return Ok(None),
            Some(End::Broken(error)) => return Err(Failure::Link(error)),
            None => {}
        }
        loop {
            let frame = tokio::time::timeout(silence, self.body.frame()).await;
            let Some(frame) = frame.map_err(|_| Failure::Late(silence))? else {
                return Ok(None);
            };
            // Trailers are no news.
            if let Ok(data) = frame.map_err(Failure::Link)?.into_data() {
                return Ok(Some(data.into()));
            }
        }
    }

    /// Bytes that are there already; none when nothing is.
    pub(super) fn ready(&mut self) -> Option<Vec<u8>> {
        if self.end.is_some() {
            return None;
        }
        self.end = match self.body.frame().now_or_never()? {
            Some(Ok(frame)) => return frame.into_data().ok().map(Into::into),
            Some(Err(error)) => Some(End::Broken(error)),
            None => Some(End::Whole),
        };
        None
    }
}

/// The answer as text.
pub(super) fn text(answer: Vec<u8>) -> Result<String, Failure> {
    String::from_utf8(answer)
        .map_err(|_| Failure::Strange("the answer is not UTF-8 text".to_owned()))
}

/// Makes an unexpected answer a failure, without repeating it at length.
pub(super) fn not_json(answer: &str, error: &serde_json::Error) -> Failure {
    if is_page(answer) {
        return Failure::Strange("it answered with a web page instead of JSON".to_owned());
    }
    Failure::Strange(format!("its answer is not the JSON expected ({error})"))
}

fn is_page(answer: &str) -> bool {
    answer.trim_start().starts_with('<')
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Status<'a> {
    #[serde(borrow)]
    message: Scalar<'a>,
    #[serde(borrow)]
    details: Loose<Details<'a>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Details<'a> {
    #[serde(borrow)]
    retry_after_seconds: Scalar<'a>,
    #[serde(borrow)]
    causes: Items<Told<'a>, CAUSES>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Told<'a> {
    #[serde(borrow)]
    reason: Scalar<'a>,
    #[serde(borrow)]
    message: Scalar<'a>,
    #[serde(borrow)]
    field: Scalar<'a>,
}

impl From<&Told<'_>> for Cause {
    fn from(told: &Told<'_>) -> Self {
        let short = |text: &Scalar<'_>| text.as_str().chars().take(300).collect();
        Self {
            reason: short(&told.reason),
            message: short(&told.message),
            field: short(&told.field),
        }
    }
}

async fn refusal(response: Response<Body>) -> Refusal {
    let code = response.status();
    let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
    let wait = header.and_then(|value| value.trim().parse().ok()).map(Duration::from_secs);
    let mut stream = Stream::new(response.into_body());
    let mut answer = Vec::new();
    while let Ok(Some(frame)) = stream.next(Duration::from_secs(2)).await {
        answer.extend_from_slice(&frame);
        if answer.len() > ERROR {
            break;
        }
    }
    read_refusal(code, wait, &String::from_utf8_lossy(&answer))
}

fn read_refusal(code: StatusCode, wait: Option<Duration>, answer: &str) -> Refusal {
    let Loose(status) = serde_json::from_str::<Loose<Status<'_>>>(answer).unwrap_or_default();
    let message = match status.message.as_str() {
        "" if is_page(answer) => "a web page".to_owned(),
        "" if answer.trim_start().starts_with('{') => {
            code.canonical_reason().unwrap_or_default().to_owned()
        }
        "" => answer.trim().chars().take(300).collect(),
        message => message.chars().take(600).collect(),
    };
    let told = status.details.0.retry_after_seconds.as_str().parse().ok().map(Duration::from_secs);
    Refusal {
        code: code.as_u16(),
        message,
        wait: wait.or(told).filter(|wait| !wait.is_zero()).map(|wait| wait.min(LONGEST_WAIT)),
        causes: status.details.0.causes.kept.iter().map(Cause::from).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_read_from_any_answer() {
        let status = r#"{"kind":"Status","message":"too old","reason":"Expired","details":{"retryAfterSeconds":3}}"#;
        for (code, wait, answer, message, waits) in [
            (410, None, status, "too old", Some(3)),
            (
                429,
                Some(1),
                "Too many requests, please try again later.\n",
                "Too many requests, please try again later.",
                Some(1),
            ),
            (429, Some(86_400), "", "", Some(60)),
            (502, None, "<html><body>Bad gateway</body></html>", "a web page", None),
            (503, None, "{}", "Service Unavailable", None),
            (500, None, "null", "null", None),
        ] {
            let code = StatusCode::from_u16(code).expect("a code");
            let refusal = read_refusal(code, wait.map(Duration::from_secs), answer);
            assert_eq!(refusal.message, message, "{answer}");
            assert_eq!(refusal.wait, waits.map(Duration::from_secs), "{answer}");
        }
    }
}
