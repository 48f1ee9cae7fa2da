//! Requests that go straight to the server.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Certificate, Client, RequestBuilder, Response, Url};
use secrecy::{ExposeSecret as _, SecretString};

use super::trouble::Failure;
use super::{Get, How, Send, Server};
use crate::config::ServerUrl;
use crate::domain::{Trouble, TroubleKind};
use crate::live::secret;

/// The longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(2);
/// The most redirects that are followed, all of them on the same host.
const REDIRECTS: usize = 3;
/// As much of an error's answer as is read, in bytes.
const ERROR: usize = 4 * 1024;

/// A client that knows the server's address and the operator's token.
pub(super) struct Direct {
    client: Client,
    base: String,
}

impl Direct {
    /// Fetches the token and reads the certificates.
    pub(super) async fn reach(url: &ServerUrl, server: &Server) -> Result<Self, Trouble> {
        let token = match server.token.clone() {
            None => None,
            Some(reference) => {
                Some(secret::fetch(reference, server.token_key, &server.kubernetes).await?)
            }
        };
        let certificates = match &server.ca_file {
            None => None,
            Some(file) => Some(certificates(file, server.settings).await?),
        };
        let client = client(url, server, token.as_ref(), certificates)?;
        Ok(Self { client, base: url.to_string() })
    }

    pub(super) async fn get(&self, get: Get<'_>) -> Result<Vec<u8>, Failure> {
        let url = address(&self.base, get)?;
        answer(self.client.get(url), get.bytes).await
    }

    pub(super) async fn send(&self, send: Send<'_>) -> Result<Vec<u8>, Failure> {
        let get = send.as_get();
        let url = address(&self.base, get)?;
        let request = match send.how {
            How::Post(_) => self.client.post(url),
            How::Delete => self.client.delete(url),
        };
        let request = request.header(CONTENT_TYPE, "application/json").body(send.body());
        answer(request, get.bytes).await
    }
}

/// The answer to `request`, of at most `most` bytes.
async fn answer(request: RequestBuilder, most: usize) -> Result<Vec<u8>, Failure> {
    let response = request.send().await.map_err(Failure::Link)?;
    let code = response.status();
    if code.is_redirection() {
        let to = response.headers().get("location").and_then(|to| to.to_str().ok());
        return Err(Failure::Moved(to.unwrap_or("nowhere").chars().take(200).collect()));
    }
    if code.is_success() {
        return body(response, most).await?.ok_or(Failure::Large(most));
    }
    let answer = body(response, ERROR).await.ok().flatten().unwrap_or_default();
    Err(Failure::status(code.as_u16(), &String::from_utf8_lossy(&answer)))
}

/// The whole address of a request below `base`.
pub(super) fn address(base: &str, get: Get<'_>) -> Result<Url, Failure> {
    let mut url = Url::parse(&format!("{base}{}", get.path))
        .map_err(|error| Failure::Strange(format!("the address can't be asked for: {error}")))?;
    if !get.query.is_empty() {
        url.query_pairs_mut().extend_pairs(get.query);
    }
    Ok(url)
}

/// The body, as far as `most` bytes; none when it is larger.
async fn body(mut response: Response, most: usize) -> Result<Option<Vec<u8>>, Failure> {
    let mut answer = Vec::new();
    while let Some(part) = response.chunk().await.map_err(Failure::Link)? {
        if answer.len() + part.len() > most {
            return Ok(None);
        }
        answer.extend_from_slice(&part);
    }
    Ok(Some(answer))
}

async fn certificates(file: &Path, settings: &str) -> Result<Vec<Certificate>, Trouble> {
    let bad = |why: &str| {
        let what = format!("{settings}.ca_file {} can't be used: {why}", file.display());
        Trouble::new(TroubleKind::Config, &what, "Correct the setting, or the file.")
    };
    let path = file.to_owned();
    let pem = tokio::task::spawn_blocking(move || std::fs::read(path))
        .await
        .map_err(|error| bad(&error.to_string()))?
        .map_err(|error| bad(&error.to_string()))?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(all) if all.is_empty() => Err(bad("it holds no certificate")),
        Ok(all) => Ok(all),
        Err(_) => Err(bad("it does not hold certificates in PEM")),
    }
}

fn client(
    url: &ServerUrl,
    server: &Server,
    token: Option<&SecretString>,
    certificates: Option<Vec<Certificate>>,
) -> Result<Client, Trouble> {
    let settings = server.settings;
    let unusable = |what: String, remedy: &str| Trouble::new(TroubleKind::Config, &what, remedy);
    let mut builder = Client::builder()
        .user_agent(concat!("pulse-console/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .pool_max_idle_per_host(2)
        .redirect(Policy::custom(redirected))
        .default_headers(headers(server, token).map_err(|what| {
            unusable(what, "Correct the secret: it must be one line of plain characters.")
        })?);
    let address = Url::parse(url.as_str()).map_err(|error| {
        unusable(format!("{settings}.url {url} can't be read: {error}"), "Correct the setting.")
    })?;
    // Where nothing is encrypted the system's certificates need not be read; nor does a proxy lead to this machine.
    if address.scheme() == "http" {
        builder = builder.tls_certs_only([]);
    } else if let Some(certificates) = certificates {
        builder = builder.tls_certs_only(certificates);
    }
    if is_here(&address) {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| {
        unusable(format!("no client for {url} can be made: {error}"), "See the settings of TLS.")
    })
}

fn headers(server: &Server, token: Option<&SecretString>) -> Result<HeaderMap, String> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    if let Some(token) = token {
        let text = SecretString::from(format!("Bearer {}", token.expose_secret().trim()));
        // The error would hold nothing of the token, and is left out all the same.
        let mut value = HeaderValue::from_str(text.expose_secret())
            .map_err(|_| format!("the secret of {} can't be sent", server.token_key))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    for (name, value) in &server.headers {
        let sent = HeaderName::try_from(*name).ok().zip(HeaderValue::from_str(value).ok());
        let (name, value) =
            sent.ok_or_else(|| format!("the header {name} of {} can't be sent", server.settings))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

/// Follows a server that moves within itself only; another host must be set by the operator, not by an answer.
fn redirected(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let origin =
        |url: &Url| (url.scheme().to_owned(), url.host_str().map(str::to_owned), url.port());
    let first = attempt.previous().first().map(origin);
    if attempt.previous().len() > REDIRECTS || first != Some(origin(attempt.url())) {
        return attempt.stop();
    }
    attempt.follow()
}

fn is_here(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_kept_and_queries_escaped() {
        let get =
            |query| Get { doing: "", path: "/api/v1/query", query, within: CONNECT, bytes: 1 };
        for (base, query, said) in [
            ("http://h:9090", &[] as &[(&str, &str)], "http://h:9090/api/v1/query"),
            (
                "https://h/prom",
                &[("query", "up{a=\"b c\"}&x")],
                "https://h/prom/api/v1/query?query=up%7Ba%3D%22b+c%22%7D%26x",
            ),
        ] {
            let url = address(base, get(query)).expect("an address");
            assert_eq!(url.as_str(), said);
        }
    }

    #[test]
    fn only_this_machine_goes_round_the_proxy() {
        for (url, here) in [
            ("http://127.0.0.1:9093", true),
            ("http://[::1]:9093", true),
            ("http://localhost", true),
            ("http://alerts.example", false),
            ("http://10.0.0.1", false),
        ] {
            assert_eq!(is_here(&Url::parse(url).expect("an address")), here, "{url}");
        }
    }
}
