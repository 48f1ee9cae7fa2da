//! What the token endpoint gives, and giving it back.

use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::application::Application;
use super::http::{self, Failure};
use super::provider::Provider;
use crate::domain::{Span, Timestamp, Trouble, TroubleKind};

/// The longest token that is kept, in bytes: an access token may be opaque and is only passed on.
const LARGEST: usize = 64 * 1024;

/// Tokens of one sign-in.
#[derive(Clone)]
pub(super) struct Tokens {
    /// What says who it is; a renewal may come without.
    pub(super) id: Option<SecretString>,
    /// What the provider's other addresses take.
    pub(super) access: SecretString,
    /// What becomes the next tokens.
    pub(super) refresh: Option<SecretString>,
    /// Until when the access token is good, when that is said.
    pub(super) access_until: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    // Providers write it as they like: Bearer, bearer.
    token_type: String,
    #[serde(default)]
    id_token: Option<String>,
    #[serde(default)]
    refresh_token: Option<String>,
    #[serde(default)]
    expires_in: Option<f64>,
}

impl Tokens {
    /// Reads the token endpoint's `answer`.
    ///
    /// # Errors
    /// It is none.
    pub(super) fn read(answer: &[u8], now: Timestamp) -> Result<Self, Failure> {
        let answer: Answer = http::read(answer)?;
        let all =
            [Some(&answer.access_token), answer.id_token.as_ref(), answer.refresh_token.as_ref()];
        let bounded = all.into_iter().flatten().all(|token| token.len() <= LARGEST);
        if !answer.token_type.eq_ignore_ascii_case("bearer")
            || answer.access_token.is_empty()
            || !bounded
        {
            return Err(Failure::Strange);
        }
        let lasts = answer.expires_in.filter(|seconds| *seconds > 0.0);
        Ok(Self {
            id: answer.id_token.map(SecretString::from),
            access: SecretString::from(answer.access_token),
            refresh: answer.refresh_token.filter(|token| !token.is_empty()).map(SecretString::from),
            access_until: lasts.map(|seconds| now.after(Span::from_secs(seconds as u64))),
        })
    }
}

/// A code, and what proves that it is ours.
pub(super) struct Code {
    pub(super) text: SecretString,
    pub(super) verifier: SecretString,
    pub(super) redirect: Url,
}

/// Exchanges `code` for tokens.
pub(super) async fn exchange(
    provider: &Provider,
    application: &Application,
    code: &Code,
    now: Timestamp,
) -> Result<Tokens, Failure> {
    let (text, verifier) = (code.text.expose_secret(), code.verifier.expose_secret());
    let form = [
        ("grant_type", "authorization_code"),
        ("code", text),
        ("redirect_uri", code.redirect.as_str()),
        ("code_verifier", verifier),
    ];
    ask(provider, application, &form, &[text, verifier], now).await
}

/// Exchanges a refresh token for the next tokens.
pub(super) async fn refresh(
    provider: &Provider,
    application: &Application,
    token: &SecretString,
    now: Timestamp,
) -> Result<Tokens, Failure> {
    let token = token.expose_secret();
    let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
    ask(provider, application, &form, &[token], now).await
}

async fn ask(
    provider: &Provider,
    application: &Application,
    form: &[(&str, &str)],
    secrets: &[&str],
    now: Timestamp,
) -> Result<Tokens, Failure> {
    let request = provider.http.post(provider.token.clone());
    let request = application.asks(request, form, provider.given);
    let answer = http::send(request).await;
    let answer =
        answer.map_err(|failure| failure.hiding(secrets).hiding(&[application.hidden()]))?;
    Tokens::read(&answer, now)
}

/// Ends `tokens` at the provider, the refresh token first: the others come from it. A provider where that can't be done
/// lets them run out.
///
/// # Errors
/// What the provider said to the first that it did not end.
pub(super) async fn revoke(
    provider: &Provider,
    application: &Application,
    tokens: &Tokens,
) -> Result<(), Trouble> {
    let Some(at) = &provider.revocation else { return Ok(()) };
    let refresh = tokens.refresh.as_ref().map(|token| ("refresh_token", token));
    let mut ended = Ok(());
    for (hint, token) in refresh.into_iter().chain([("access_token", &tokens.access)]) {
        let token = token.expose_secret();
        let form = [("token", token), ("token_type_hint", hint)];
        let request = application.asks(provider.http.post(at.clone()), &form, provider.given);
        if let Err(failure) = http::send(request).await {
            let failure = failure.hiding(&[token, application.hidden()]);
            ended = ended.and(Err(failure.trouble("ending the session at the provider", at)));
        }
    }
    ended
}

/// Ends the session that `id` tells of at the provider, where it has an address for that. It is told and not followed: what
/// it shows is for a browser.
///
/// # Errors
/// What it said.
pub(super) async fn end_session(
    provider: &Provider,
    application: &Application,
    id: &SecretString,
) -> Result<(), Trouble> {
    let Some(at) = &provider.end_session else { return Ok(()) };
    let query = [("id_token_hint", id.expose_secret()), ("client_id", application.id.as_str())];
    match http::send(provider.http.get(at.clone()).query(&query)).await {
        Ok(_) | Err(Failure::Moved | Failure::Large) => Ok(()),
        Err(failure) => {
            let failure = failure.hiding(&[id.expose_secret()]);
            Err(failure.trouble("ending the session at the provider", at))
        }
    }
}

/// An answer without an ID token.
pub(super) fn no_id_token(doing: &str) -> Trouble {
    Trouble::new(
        TroubleKind::Protocol,
        &format!("{doing}: the provider's answer has no ID token"),
        "See whether identity.scopes holds openid, and whether the provider gives it to this application.",
    )
}
