//! What every way of signing in begins with and ends in.

use std::sync::Arc;

use openidconnect::{CsrfToken, PkceCodeChallenge};
use reqwest::Url;
use reqwest::cookie::Jar;
use secrecy::{ExposeSecret as _, SecretString};

use super::application::Given;
use crate::domain::{Span, Trouble, TroubleKind};
use crate::platform::Clock;

/// What the provider is asked for.
pub(super) struct Request {
    /// The client to ask it with: no redirects, no cookies, bounded in time.
    pub(super) http: reqwest::Client,
    /// What the provider knows this console by, for a way that goes through its pages itself.
    pub(super) cookies: Arc<Jar>,
    /// Certificates (PEM) trusted instead of the system's, for a way that needs a client of its own.
    pub(super) certificates: Option<Vec<u8>>,
    /// Where a person is sent.
    pub(super) authorization_endpoint: Url,
    /// Where a device asks for a code; none when the provider has no such endpoint.
    pub(super) device_endpoint: Option<Url>,
    /// Where codes become tokens.
    pub(super) token_endpoint: Url,
    /// The application.
    pub(super) client_id: String,
    /// Its secret; none for a public application.
    pub(super) client_secret: Option<SecretString>,
    /// How that is given.
    pub(super) given: Given,
    /// With blanks between.
    pub(super) scopes: String,
    /// What the ID token must carry. A device can't send it.
    pub(super) nonce: String,
    /// Whether the provider must ask the person again (`prompt=login`).
    pub(super) again: bool,
    /// How long ago somebody whom the provider knows already may have proved themselves (`max_age`); none where that is
    /// left to the provider.
    pub(super) most: Option<Span>,
    /// Who must answer.
    pub(super) issuer: Answerer,
    /// The program that opens a page, with its arguments; none for the desktop's browser.
    pub(super) browser: Option<String>,
    /// The clock, to say until when something is waited for.
    pub(super) clock: Arc<dyn Clock>,
}

/// Who must answer an authorization, and whether it says so (RFC 9207).
#[derive(Clone)]
pub(super) struct Answerer {
    /// What the provider calls itself.
    pub(super) name: String,
    /// Whether it promises to say so in each answer.
    pub(super) says_so: bool,
}

/// What a way of signing in ends in.
pub(super) enum Outcome {
    /// A code, to be exchanged at the token endpoint.
    Code {
        code: SecretString,
        /// What proves that the code is ours (PKCE).
        verifier: SecretString,
        /// The address that it came to, which the exchange must name.
        redirect: Url,
    },
    /// The answer of the token endpoint.
    Tokens(SecretString),
}

/// An authorization that is under way: where a person is sent, and what must come back.
pub(super) struct Authorization {
    /// The address to send the person to.
    pub(super) address: Url,
    redirect: Url,
    state: CsrfToken,
    verifier: SecretString,
    issuer: Answerer,
}

impl Authorization {
    /// Begins one whose answer comes to `redirect`.
    pub(super) fn begin(request: &Request, redirect: Url) -> Self {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let state = CsrfToken::new_random();
        let mut address = request.authorization_endpoint.clone();
        {
            let mut query = address.query_pairs_mut();
            query
                .append_pair("response_type", "code")
                .append_pair("client_id", &request.client_id)
                .append_pair("redirect_uri", redirect.as_str())
                .append_pair("scope", &request.scopes)
                .append_pair("state", state.secret())
                .append_pair("nonce", &request.nonce)
                .append_pair("code_challenge", challenge.as_str())
                .append_pair("code_challenge_method", "S256");
            if request.again {
                query.append_pair("prompt", "login");
            }
            if let Some(most) = request.most {
                query.append_pair("max_age", &most.secs().to_string());
            }
        }
        let verifier = SecretString::from(verifier.into_secret());
        Self { address, redirect, state, verifier, issuer: request.issuer.clone() }
    }

    /// Whether `answer` is one to this authorization, and not one that somebody else made up.
    pub(super) fn is_answered_by(&self, answer: &Url) -> bool {
        answer.query_pairs().any(|(key, value)| key == "state" && value == *self.state.secret())
    }

    /// Whether `answer` is the provider's. A code of another provider's would be shown to this one, or the other way round:
    /// what says whose it is must be right, and be there where that was promised.
    pub(super) fn is_answered_by_the_provider(&self, answer: &Url) -> bool {
        let mut said = answer.query_pairs().filter(|(key, _)| key == "iss").peekable();
        let silent = said.peek().is_none();
        if silent { !self.issuer.says_so } else { said.all(|(_, name)| name == *self.issuer.name) }
    }

    /// What came back to the redirect address: `answer` is that address with its query.
    ///
    /// # Errors
    /// It is no answer to this authorization, or the provider refused.
    pub(super) fn end(self, answer: &Url) -> Result<Outcome, Trouble> {
        let value = |name: &str| {
            answer.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
        };
        let expected = SecretString::from(self.state.secret().clone());
        if value("state").as_deref() != Some(expected.expose_secret()) {
            return Err(Trouble::new(
                TroubleKind::Protocol,
                "signing in: an answer came that is not to this sign-in (state)",
                "Begin again, and use only the page that opens then.",
            ));
        }
        if !self.is_answered_by_the_provider(answer) {
            return Err(Trouble::new(
                TroubleKind::Protocol,
                "signing in: the answer that came does not say that it is of this provider (iss)",
                "Begin again; if it stays so, somebody may stand between: ask who runs the provider.",
            ));
        }
        if let Some(error) = value("error") {
            let said = value("error_description").unwrap_or_default();
            return Err(Trouble::new(
                TroubleKind::Denied,
                &format!("signing in: the provider refuses: {error} {said}"),
                "Begin again; if it stays so, ask who runs the provider.",
            ));
        }
        let Some(code) = value("code") else {
            return Err(Trouble::new(
                TroubleKind::Protocol,
                "signing in: the provider's answer has no code",
                "Begin again.",
            ));
        };
        Ok(Outcome::Code {
            code: SecretString::from(code),
            verifier: self.verifier,
            redirect: self.redirect,
        })
    }
}
