//! The one door to the S3 server: every answer passes here and is checked before the client reads it.
//!
//! The client takes any XML-like page for an empty listing, and an empty listing means that nobody has a backup. So what
//! is no listing is refused here, answers are bounded, and every failure is a [`Refusal`] that says which it was. Nothing
//! is asked again here: who asked decides that.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::StreamExt as _;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse,
    HttpResponseBody, HttpService, ReqwestConnector,
};

/// The most bytes of one answer: a page of a thousand names is a few hundred kilobytes.
const ANSWER_MAX: usize = 8 << 20;
/// How much of an answer is looked at to know what it is.
const HEAD: usize = 1024;

/// Why an answer is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Refusal {
    /// The server refuses or fails.
    #[error("the server answers {status} {code}")]
    Status {
        /// The status.
        status: u16,
        /// The server's word for it; empty when it says none.
        code: String,
        /// Seconds that the server's clock is ahead of ours.
        ahead: Option<i64>,
    },
    /// The answer is something else.
    #[error("the answer is {0} and no listing")]
    NoListing(String),
    /// The answer is larger than any page.
    #[error("the answer is larger than {ANSWER_MAX} bytes")]
    TooLarge,
    /// The server did not answer in time.
    #[error("no answer in time")]
    Late,
    /// No connection, or it broke.
    #[error("{0}")]
    Link(String),
}

/// Makes the door, and counts who goes through.
#[derive(Clone, Debug, Default)]
pub(super) struct Door {
    asked: Arc<AtomicU64>,
    /// Whether single objects are looked at too, whose answers are no listings.
    single: bool,
}

impl Door {
    /// A door for who looks at single objects too.
    pub(super) fn to_objects() -> Self {
        Self { single: true, ..Self::default() }
    }

    /// How many requests went out.
    pub(super) fn asked(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }
}

impl HttpConnector for Door {
    fn connect(&self, options: &ClientOptions) -> object_store::Result<HttpClient> {
        let inner = ReqwestConnector::default().connect(options)?;
        Ok(HttpClient::new(Checked { inner, asked: Arc::clone(&self.asked), single: self.single }))
    }
}

/// A client whose answers are checked.
struct Checked {
    inner: HttpClient,
    asked: Arc<AtomicU64>,
    single: bool,
}

impl fmt::Debug for Checked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Checked")
    }
}

impl HttpService for Checked {
    fn call<'a, 'b>(
        &'a self,
        request: HttpRequest,
    ) -> Pin<Box<dyn Future<Output = Result<HttpResponse, HttpError>> + Send + 'b>>
    where
        'a: 'b,
        Self: 'b,
    {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Box::pin(async move {
            self.answer(request).await.map_err(|refusal| {
                // A kind that the client does not try again.
                HttpError::new(HttpErrorKind::Unknown, refusal)
            })
        })
    }
}

impl Checked {
    async fn answer(&self, request: HttpRequest) -> Result<HttpResponse, Refusal> {
        let is_listing = !self.single || request.uri().query().is_some_and(is_listing);
        let response = self.inner.execute(request).await.map_err(|error| broken(&error))?;
        let (parts, body) = response.into_parts();
        let body = whole(body).await?;
        let head = String::from_utf8_lossy(body.get(..body.len().min(HEAD)).unwrap_or_default());
        if !parts.status.is_success() {
            let date = parts.headers.get("date").and_then(|date| date.to_str().ok());
            return Err(Refusal::Status {
                status: parts.status.as_u16(),
                code: between(&head, "<Code>", "</Code>").unwrap_or_default().to_owned(),
                ahead: date.and_then(ahead),
            });
        }
        if is_listing && !head.contains("<ListBucketResult") {
            let kind = parts.headers.get("content-type").and_then(|kind| kind.to_str().ok());
            return Err(Refusal::NoListing(kind.unwrap_or("of no type").to_owned()));
        }
        Ok(HttpResponse::from_parts(parts, HttpResponseBody::from(body)))
    }
}

/// Whether a request with this query asks for a listing.
fn is_listing(query: &str) -> bool {
    query.split('&').any(|part| part.starts_with("list-type"))
}

/// The whole body, when it is small enough.
async fn whole(body: HttpResponseBody) -> Result<Vec<u8>, Refusal> {
    let mut pieces = body.bytes_stream();
    let mut whole = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| broken(&error))?;
        if whole.len() + piece.len() > ANSWER_MAX {
            return Err(Refusal::TooLarge);
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole)
}

fn broken(error: &HttpError) -> Refusal {
    if error.kind() == HttpErrorKind::Timeout {
        return Refusal::Late;
    }
    // The innermost reason is the one that helps: "connection refused", "invalid peer certificate".
    let mut reason: &dyn std::error::Error = error;
    while let Some(source) = reason.source() {
        reason = source;
    }
    Refusal::Link(reason.to_string())
}

fn between<'a>(text: &'a str, open: &str, close: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(open)?;
    let (inner, _) = rest.split_once(close)?;
    Some(inner)
}

/// How many seconds the server's `date` is ahead of this machine's clock.
#[expect(clippy::disallowed_methods, reason = "requests are signed by this very clock")]
fn ahead(date: &str) -> Option<i64> {
    let at = chrono::DateTime::parse_from_rfc2822(date).ok()?;
    Some(at.timestamp() - chrono::Utc::now().timestamp())
}

/// The refusal somewhere below `error`.
pub(super) fn refusal<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a Refusal> {
    let mut reason = Some(error);
    while let Some(error) = reason {
        if let Some(refusal) = error.downcast_ref::<Refusal>() {
            return Some(refusal);
        }
        reason = error.source();
    }
    None
}
