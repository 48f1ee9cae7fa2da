//! Requests to the provider: to its own addresses only, bounded in time and size.

use std::error::Error;
use std::time::Duration;

use reqwest::{Certificate, Client, ClientBuilder, RequestBuilder, Response, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::domain::{Trouble, TroubleKind};

/// The longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(3);
/// The longest wait for an answer.
const ANSWER: Duration = Duration::from_secs(10);
/// The largest answer that is read, in bytes.
pub(super) const LARGEST: usize = 256 * 1024;
/// As much of the provider's own words as is repeated, in characters.
const SAID: usize = 200;

/// A client that trusts `certificates` (PEM), or the system's, and follows nothing: a provider that sends us elsewhere is
/// refused.
pub(super) fn client(certificates: Option<&[u8]>) -> Result<ClientBuilder, Trouble> {
    let mut builder = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .timeout(ANSWER)
        .user_agent(concat!("pulse-console/", env!("CARGO_PKG_VERSION")));
    if let Some(pem) = certificates {
        let found = Certificate::from_pem_bundle(pem).ok().filter(|found| !found.is_empty());
        let Some(found) = found else {
            return Err(Trouble::new(
                TroubleKind::Config,
                "identity.ca_file holds no certificate",
                "Give it one or more in PEM.",
            ));
        };
        builder = builder.tls_certs_only(found);
    }
    Ok(builder)
}

/// The body of `response`; none when it is larger than [`LARGEST`].
pub(super) async fn body(mut response: Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await? {
        if body.len() + part.len() > LARGEST {
            return Ok(None);
        }
        body.extend_from_slice(&part);
    }
    Ok(Some(body))
}

/// Why the provider gave no answer that can be used.
#[derive(Debug)]
pub(super) enum Failure {
    /// No connection, or it broke, or no answer came in time.
    Link(Box<reqwest::Error>),
    /// The answer is larger than is read.
    Large,
    /// It points to another address.
    Moved,
    /// It answered with a page for people.
    Page,
    /// Its answer is not what the protocol promises.
    Strange,
    /// It refuses in the protocol's words: what, and how it explains it.
    Refused(String, String),
    /// It answered with a code other than success.
    Status(u16),
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        // An address may carry a token.
        Self::Link(Box::new(error.without_url()))
    }
}

/// A refusal as OAuth words it.
#[derive(Deserialize)]
struct Refusal {
    error: String,
    #[serde(default)]
    error_description: String,
}

/// The body of the answer to `request`, when it is a success.
pub(super) async fn send(request: RequestBuilder) -> Result<Vec<u8>, Failure> {
    let response = request.send().await?;
    let status = response.status();
    if status.is_redirection() {
        return Err(Failure::Moved);
    }
    let body = body(response).await?.ok_or(Failure::Large)?;
    if status.is_success() {
        return Ok(body);
    }
    match serde_json::from_slice(&body) {
        Ok(Refusal { error, error_description }) if status.is_client_error() => {
            let error = error.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_');
            let said = error_description.chars().take(SAID).collect();
            Err(Failure::Refused(error.take(64).collect(), said))
        }
        _ => Err(Failure::Status(status.as_u16())),
    }
}

/// The answer to `request`, read as JSON.
pub(super) async fn json<T: DeserializeOwned>(request: RequestBuilder) -> Result<T, Failure> {
    read(&send(request).await?)
}

/// `answer` read as JSON. What is wrong with it is not repeated: it may hold tokens.
pub(super) fn read<T: DeserializeOwned>(answer: &[u8]) -> Result<T, Failure> {
    let is_page = answer.trim_ascii_start().starts_with(b"<");
    serde_json::from_slice(answer)
        .map_err(|_| if is_page { Failure::Page } else { Failure::Strange })
}

impl Failure {
    /// Leaves out the provider's explanation when it repeats one of `secrets`.
    pub(super) fn hiding(self, secrets: &[&str]) -> Self {
        match self {
            Self::Refused(error, said)
                if secrets.iter().any(|secret| !secret.is_empty() && said.contains(secret)) =>
            {
                Self::Refused(error, String::new())
            }
            other => other,
        }
    }

    /// The protocol's word for the refusal, if it is one.
    pub(super) fn refusal(&self) -> Option<&str> {
        match self {
            Self::Refused(error, _) => Some(error),
            _ => None,
        }
    }

    /// Whether the provider may have done what was asked all the same.
    pub(super) fn may_have_happened(&self) -> bool {
        match self {
            Self::Link(error) => !error.is_connect() && !error.is_dns(),
            Self::Refused(..) => false,
            Self::Status(code) => *code >= 500,
            Self::Large | Self::Moved | Self::Page | Self::Strange => true,
        }
    }

    /// The sentence of what failed at `address` while `doing` something.
    pub(super) fn trouble(&self, doing: &str, address: &Url) -> Trouble {
        let place = place(address);
        let right = "See whether identity.issuer is right";
        let (kind, what, remedy) = match self {
            Self::Link(error) => return link(error, doing, &place),
            Self::Refused(error, said) => return refused(error, said, doing, &place),
            Self::Large => (
                TroubleKind::Protocol,
                format!("{doing}: the answer of {place} is larger than {} KiB", LARGEST >> 10),
                format!("{right}: no provider says that much."),
            ),
            Self::Moved => (
                TroubleKind::Protocol,
                format!("{doing}: {place} points to another address, which is not followed"),
                format!("{right}, and whether a proxy stands before the provider."),
            ),
            Self::Page => (
                TroubleKind::Protocol,
                format!("{doing}: {place} answered with a web page instead of JSON"),
                format!("{right}. A page to log in means that a proxy stands before it."),
            ),
            Self::Strange => (
                TroubleKind::Protocol,
                format!(
                    "{doing}: the answer of {place} is not the JSON that OpenID Connect asks for"
                ),
                format!("{right}; if it is, ask who runs the provider."),
            ),
            Self::Status(404) => (
                TroubleKind::Protocol,
                format!("{doing}: there is nothing at {place} (404)"),
                format!("{right}: it is the address before /.well-known."),
            ),
            Self::Status(429) => (
                TroubleKind::Server,
                format!("{doing}: {place} is asked too often (429)"),
                "Wait a few minutes, then try again.".to_owned(),
            ),
            Self::Status(code @ 500..) => (
                TroubleKind::Server,
                format!("{doing}: {place} can't answer now ({code})"),
                "See how the provider is, then try again.".to_owned(),
            ),
            Self::Status(code) => (
                TroubleKind::Protocol,
                format!("{doing}: {place} answered {code}"),
                format!("{right}; if it is, ask who runs the provider."),
            ),
        };
        Trouble::new(kind, &what, &remedy)
    }
}

/// `address` without what may be secret in it.
fn place(address: &Url) -> String {
    let mut shown = address.clone();
    shown.set_query(None);
    shown.set_fragment(None);
    shown.to_string()
}

fn refused(error: &str, said: &str, doing: &str, place: &str) -> Trouble {
    let said = if said.is_empty() { String::new() } else { format!(" ({said})") };
    let (kind, remedy) = match error {
        "invalid_client" | "unauthorized_client" => (
            TroubleKind::Unauthenticated,
            "See identity.client_id and identity.client_secret, and whether the provider lets this application do that.",
        ),
        "invalid_scope" => (
            TroubleKind::Config,
            "See identity.scopes, and whether the provider gives them to this application.",
        ),
        "unsupported_grant_type" => (
            TroubleKind::Config,
            "Ask who runs the provider to allow this kind of grant to the application.",
        ),
        "slow_down" => (TroubleKind::Server, "Wait a few minutes, then try again."),
        _ => (TroubleKind::Denied, "Begin again; if it stays so, ask who runs the provider."),
    };
    Trouble::new(kind, &format!("{doing}: {place} refuses: {error}{said}"), remedy)
}

fn link(error: &reqwest::Error, doing: &str, place: &str) -> Trouble {
    let network = "See whether it is up and can be reached from here (VPN, firewall), and whether identity.issuer is right.";
    let (kind, what, remedy) = if let Some(tls) = find::<rustls::Error>(error) {
        (
            TroubleKind::Certificate,
            format!("{doing}: the certificate of {place} is not accepted ({tls})"),
            "If it comes from an authority of your own, set identity.ca_file to that; else ask who runs the provider.",
        )
    } else if error.is_dns() {
        (
            TroubleKind::Unreachable,
            format!("{doing}: the name in {place} is not known here"),
            network,
        )
    } else if error.is_timeout() {
        (TroubleKind::Slow, format!("{doing}: no answer from {place} in time"), network)
    } else if error.is_connect() {
        let why = innermost(error);
        (TroubleKind::Unreachable, format!("{doing}: no connection to {place} ({why})"), network)
    } else {
        let why = innermost(error);
        (TroubleKind::Unreachable, format!("{doing}: the link to {place} broke ({why})"), network)
    };
    Trouble::new(kind, &what, remedy)
}

/// The error of this type within `error`. The system's errors hide what they carry from the chain.
fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(found) = error.downcast_ref::<T>() {
            return Some(found);
        }
        let carried = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = carried.map(|carried| carried as &(dyn Error + 'static)).or_else(|| error.source());
    }
    None
}

fn innermost(error: &dyn Error) -> String {
    let mut last = error;
    while let Some(next) = last.source() {
        last = next;
    }
    last.to_string()
}
