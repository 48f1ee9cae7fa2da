//! Requests to the homeserver: one address, a bearer token, bounded in time and size.

use std::path::Path;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Client, RequestBuilder, Response, Url};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use crate::config::ServerUrl;
use crate::domain::{Trouble, TroubleKind};

/// The longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(3);
/// The longest wait for an answer.
const ANSWER: Duration = Duration::from_secs(8);
/// The largest answer that is read, in bytes.
const LARGEST: usize = 64 * 1024;
/// The largest file of certificates, in bytes.
const LARGEST_FILE: u64 = 1024 * 1024;
/// The longest that a server which asks for patience is waited for; past it, the next round tries again.
const PATIENCE: Duration = Duration::from_secs(5);
/// How often it is asked.
const TRIES: u32 = 3;
/// How long to wait for a server that asks for patience and does not say how much.
const SOME_TIME: Duration = Duration::from_secs(2);

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Said {
    /// The server refuses: its code, its error code (`M_FORBIDDEN`) and its words.
    No(u16, String, String),
    /// The server asks to be asked again after so long.
    Later(Duration),
    /// No connection, or it broke.
    Link(reqwest::Error),
    /// The answer is not what the protocol promises: a clause that says how.
    Strange(String),
}

/// A client that knows the server's address and the console's token.
pub(super) struct Api {
    client: Client,
    base: Url,
    bearer: HeaderValue,
}

impl Api {
    /// Reads the certificates; asks nothing yet.
    pub(super) async fn new(
        url: &ServerUrl,
        token: &SecretString,
        ca_file: Option<&Path>,
    ) -> Result<Self, Trouble> {
        let unusable = |what: &str| Trouble::new(TroubleKind::Config, what, "Correct the setting.");
        let base = Url::parse(url.as_str())
            .map_err(|error| unusable(&format!("matrix.url {url} can't be read: {error}")))?;
        let text = SecretString::from(format!("Bearer {}", token.expose_secret().trim()));
        // The error would hold nothing of the token, and is left out all the same.
        let mut bearer = HeaderValue::from_str(text.expose_secret())
            .map_err(|_| unusable("the secret of matrix.token can't be sent"))?;
        bearer.set_sensitive(true);
        let mut builder = Client::builder()
            .user_agent(concat!("pulse-console/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .connect_timeout(CONNECT)
            .timeout(ANSWER);
        if base.scheme() == "http" {
            builder = builder.tls_certs_only([]);
        } else if let Some(file) = ca_file {
            builder = builder.tls_certs_only(certificates(file).await?);
        }
        if is_here(&base) {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| {
            unusable(&format!("no client for matrix.url {url} can be made: {error}"))
        })?;
        Ok(Self { client, base, bearer })
    }

    /// Asks for what is at `path`, or puts `body` there; asks again when the server asks for a little patience.
    pub(super) async fn ask(&self, path: &[&str], body: Option<&Value>) -> Result<Value, Said> {
        let mut tries = 1;
        loop {
            let address = self.address(path)?;
            let request = match body {
                None => self.client.get(address),
                Some(body) => self.client.put(address).json(body),
            };
            match self.answer(request).await {
                Err(Said::Later(after)) if after <= PATIENCE && tries < TRIES => {
                    tries += 1;
                    tokio::time::sleep(after).await;
                }
                answer => return answer,
            }
        }
    }

    /// The address of the parts of `path`, each escaped.
    fn address(&self, path: &[&str]) -> Result<Url, Said> {
        let mut url = self.base.clone();
        match url.path_segments_mut() {
            Ok(mut segments) => {
                segments.pop_if_empty().extend(path);
            }
            Err(()) => return Err(Said::Strange("its address has no path".to_owned())),
        }
        Ok(url)
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Value, Said> {
        let request = request.header(AUTHORIZATION, self.bearer.clone());
        let response = request.send().await.map_err(|error| Said::Link(error.without_url()))?;
        let code = response.status();
        let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let header = header.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
        let body = body(response).await?;
        if code.is_redirection() {
            return Err(Said::Strange(format!("it points elsewhere ({code})")));
        }
        let answer = serde_json::from_slice::<Value>(&body).ok().filter(Value::is_object);
        if code.is_success() {
            return answer.ok_or_else(|| Said::Strange("its answer is no JSON object".to_owned()));
        }
        let answer = answer.unwrap_or_default();
        let word = |name: &str| {
            let word = answer.get(name).and_then(Value::as_str).unwrap_or_default();
            word.chars().take(200).collect::<String>()
        };
        if code.as_u16() == 429 {
            let after = answer.get("retry_after_ms").and_then(Value::as_u64);
            let after = after.map(Duration::from_millis).or(header).unwrap_or(SOME_TIME);
            return Err(Said::Later(after));
        }
        Err(Said::No(code.as_u16(), word("errcode"), word("error")))
    }
}

async fn body(mut response: Response) -> Result<Vec<u8>, Said> {
    let mut body = Vec::new();
    while let Some(part) =
        response.chunk().await.map_err(|error| Said::Link(error.without_url()))?
    {
        if body.len() + part.len() > LARGEST {
            return Err(Said::Strange("its answer is too large".to_owned()));
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}

async fn certificates(file: &Path) -> Result<Vec<Certificate>, Trouble> {
    let bad = |why: &str| {
        let what = format!("matrix.ca_file {} can't be used: {why}", file.display());
        Trouble::new(TroubleKind::Config, &what, "Correct the setting, or the file.")
    };
    let path = file.to_owned();
    let read = move || {
        if std::fs::metadata(&path)?.len() > LARGEST_FILE {
            return Err(std::io::Error::other("it is too large"));
        }
        std::fs::read(&path)
    };
    let pem = tokio::task::spawn_blocking(read)
        .await
        .map_err(|error| bad(&error.to_string()))?
        .map_err(|error| bad(&error.to_string()))?;
    let found = Certificate::from_pem_bundle(&pem).ok().filter(|found| !found.is_empty());
    found.ok_or_else(|| bad("it holds no certificate in PEM"))
}

/// Whether the address is of this machine, where no proxy leads.
fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
