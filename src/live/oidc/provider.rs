//! The provider as it describes itself: its addresses, and the keys it signs with.

use std::net::IpAddr;
use std::sync::Arc;

use openidconnect::core::CoreJsonWebKeySet;
use reqwest::{Client, Url};
use secrecy::SecretString;
use serde::Deserialize;
use tokio::sync::Mutex;

use super::application::Given;
use super::http::{self, Failure};
use super::verify::{Claims, Expected, Refusal, verify};
use crate::config::ServerUrl;
use crate::domain::{Span, Timestamp, Trouble, TroubleKind};

const DOING: &str = "asking the provider how it is set up";
/// How often keys are fetched again for tokens with a key that is not known: anybody can make such tokens.
const KEYS_EVERY: Span = Span::from_secs(30);

/// What the provider says of itself.
#[derive(Deserialize)]
struct Document {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    device_authorization_endpoint: Option<Url>,
    userinfo_endpoint: Option<Url>,
    revocation_endpoint: Option<Url>,
    end_session_endpoint: Option<Url>,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
    authorization_response_iss_parameter_supported: Option<bool>,
}

/// A provider that was asked how it is set up.
pub(super) struct Provider {
    /// A client that goes only where it is sent.
    pub(super) http: Client,
    /// Certificates (PEM) trusted instead of the system's.
    pub(super) certificates: Option<Vec<u8>>,
    /// What it calls itself.
    pub(super) issuer: String,
    /// Where a person is sent.
    pub(super) authorization: Url,
    /// Where codes and refresh tokens become tokens.
    pub(super) token: Url,
    /// Where a device asks for a code.
    pub(super) device: Option<Url>,
    /// Where it says more of a person.
    pub(super) userinfo: Option<Url>,
    /// Where tokens are ended.
    pub(super) revocation: Option<Url>,
    /// Where a session is ended.
    pub(super) end_session: Option<Url>,
    /// How it takes an application's secret.
    pub(super) given: Given,
    /// Whether it says who it is when it sends a person back (RFC 9207).
    pub(super) says_who_answers: bool,
    /// When it was asked.
    pub(super) asked_at: Timestamp,
    jwks: Url,
    keys: Mutex<Keys>,
}

struct Keys {
    set: Arc<CoreJsonWebKeySet>,
    /// When they were fetched again for a key that was not known.
    again_at: Option<Timestamp>,
}

impl Provider {
    /// Asks the provider at `issuer`, with `certificates` (PEM) or the system's.
    pub(super) async fn find(
        issuer: &ServerUrl,
        certificates: Option<Vec<u8>>,
        now: Timestamp,
    ) -> Result<Self, Trouble> {
        let base = Url::parse(issuer.as_str()).ok().filter(is_safe);
        let Some(base) = base else {
            return Err(Trouble::new(
                TroubleKind::Config,
                &format!("identity.issuer is {issuer}, and only https:// keeps a sign-in secret"),
                "Set it to the https:// address of the provider.",
            ));
        };
        let mut builder = http::client(certificates.as_deref())?;
        if is_loopback(&base) {
            // No proxy leads to this machine.
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|_| {
            let what = "no connection to the provider can be prepared";
            Trouble::new(TroubleKind::Config, what, "See whether identity.ca_file is right.")
        })?;
        let at = format!("{}/.well-known/openid-configuration", issuer.as_str());
        let at = Url::parse(&at).unwrap_or(base);
        let document: Document = http::json(http.get(at.clone()))
            .await
            .map_err(|failure| failure.trouble(DOING, &at))?;
        check(&document, issuer)?;
        let jwks = document.jwks_uri;
        let set = keys(&http, &jwks).await?;
        Ok(Self {
            http,
            certificates,
            issuer: document.issuer,
            authorization: document.authorization_endpoint,
            token: document.token_endpoint,
            device: document.device_authorization_endpoint,
            userinfo: document.userinfo_endpoint,
            revocation: document.revocation_endpoint,
            end_session: document.end_session_endpoint,
            given: Given::of(document.token_endpoint_auth_methods_supported.as_deref()),
            says_who_answers: document
                .authorization_response_iss_parameter_supported
                .unwrap_or(false),
            asked_at: now,
            jwks,
            keys: Mutex::new(Keys { set: Arc::new(set), again_at: None }),
        })
    }

    /// What `token` says, when it is good. A key that is not known is looked for once more: providers change keys.
    ///
    /// # Errors
    /// Which rule it breaks; the keys can't be fetched.
    pub(super) async fn verify(
        &self,
        token: &SecretString,
        access: Option<&SecretString>,
        expected: Expected<'_>,
        doing: &str,
    ) -> Result<Claims, Trouble> {
        let known = Arc::clone(&self.keys.lock().await.set);
        let mut verified = verify(token, access, &known, expected);
        if matches!(verified, Err(Refusal::UnknownKey))
            && let Some(fresh) = self.fresh_keys(expected.now).await?
        {
            verified = verify(token, access, &fresh, expected);
        }
        verified.map_err(|refusal| refusal.trouble(doing, expected.client_id))
    }

    async fn fresh_keys(&self, now: Timestamp) -> Result<Option<Arc<CoreJsonWebKeySet>>, Trouble> {
        let mut known = self.keys.lock().await;
        if known.again_at.is_some_and(|at| now.since(at) < KEYS_EVERY) {
            return Ok(None);
        }
        known.again_at = Some(now);
        let fresh = Arc::new(keys(&self.http, &self.jwks).await?);
        known.set = Arc::clone(&fresh);
        Ok(Some(fresh))
    }
}

async fn keys(http: &Client, at: &Url) -> Result<CoreJsonWebKeySet, Trouble> {
    let doing = "asking the provider for its keys";
    let set: Result<CoreJsonWebKeySet, Failure> = http::json(http.get(at.clone())).await;
    set.map_err(|failure| failure.trouble(doing, at))
}

fn check(document: &Document, issuer: &ServerUrl) -> Result<(), Trouble> {
    if document.issuer.trim_end_matches('/') != issuer.as_str() {
        let called: String = document.issuer.chars().take(200).collect();
        return Err(Trouble::new(
            TroubleKind::Config,
            &format!("{DOING}: the provider at {issuer} calls itself {called}"),
            "If that is the right one, set identity.issuer to it.",
        ));
    }
    let required = [&document.authorization_endpoint, &document.token_endpoint, &document.jwks_uri];
    let optional = [
        &document.device_authorization_endpoint,
        &document.userinfo_endpoint,
        &document.revocation_endpoint,
        &document.end_session_endpoint,
    ];
    let mut all = required.into_iter().chain(optional.into_iter().flatten());
    // What is begun encrypted goes on so, wherever the issuer is.
    let encrypted = issuer.as_str().starts_with("https://");
    match all.find(|url| !is_safe(url) || encrypted && url.scheme() != "https") {
        None => Ok(()),
        Some(url) => Err(Trouble::new(
            TroubleKind::Protocol,
            &format!("{DOING}: it names {url}, and only https:// keeps a sign-in secret"),
            "Ask who runs the provider; behind a proxy it may not know that it is reached by https.",
        )),
    }
}

/// Whether what is sent there can't be read on the way.
fn is_safe(url: &Url) -> bool {
    match url.scheme() {
        "https" => url.has_host(),
        "http" => is_loopback(url),
        _ => false,
    }
}

/// Whether it is on this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_encrypted_or_stays_here_is_safe() {
        for (url, safe) in [
            ("https://auth.example/application/o/console/", true),
            ("http://127.0.0.1:9000/", true),
            ("http://[::1]:9000/", true),
            ("http://localhost:9000/", true),
            ("http://auth.example/", false),
            ("http://127.0.0.1.example/", false),
            ("http://localhost.example/", false),
            ("ftp://127.0.0.1/", false),
            ("file:///etc/passwd", false),
        ] {
            assert_eq!(is_safe(&Url::parse(url).expect("an address")), safe, "{url}");
        }
    }

    fn refused(issuer: &str, change: (&str, &str)) -> Option<String> {
        let mut text = serde_json::json!({
            "issuer": format!("{issuer}/"),
            "authorization_endpoint": "https://auth.example/authorize",
            "token_endpoint": "https://auth.example/token",
            "jwks_uri": "https://auth.example/jwks",
        });
        let (name, value) = change;
        text.as_object_mut().expect("an object").insert(name.into(), value.into());
        let document = serde_json::from_value(text).expect("a document");
        let issuer = ServerUrl::parse(issuer).expect("an address");
        check(&document, &issuer).err().map(|trouble| trouble.to_string())
    }

    #[test]
    fn the_description_must_be_of_this_provider_and_name_safe_addresses() {
        let at = "https://auth.example/o/console";
        assert_eq!(refused(at, ("issuer", at)), None);
        assert_eq!(refused(at, ("issuer", "https://auth.example/o/console/")), None);
        for (name, value, says) in [
            ("issuer", "https://evil.example/o/console", "calls itself https://evil.example"),
            ("issuer", "https://auth.example/o/consoles", "calls itself"),
            ("token_endpoint", "http://auth.example/token", "names http://auth.example/token"),
            ("token_endpoint", "http://127.0.0.1/token", "names http://127.0.0.1/token"),
            ("revocation_endpoint", "http://auth.example/revoke", "names"),
            ("end_session_endpoint", "file:///tmp/x", "names"),
        ] {
            let said = refused(at, (name, value)).expect("a refusal");
            assert!(said.contains(says), "{name}={value}: {said}");
        }
    }
}
