//! From a way of signing in to a session: the flow, the tokens, and what they say.

use std::sync::Arc;

use secrecy::ExposeSecret as _;

use super::application::Application;
use super::flow::{Outcome, Request};
use super::party::{Party, fresh_nonce};
use super::person::{self, Proved};
use super::provider::Provider;
use super::talk::Talk;
use super::tokens::{self, Code, Tokens};
use super::verify::{Claims, Expected};
use super::{browser, device, terminal};
use crate::domain::{Span, Text, Trouble};
use crate::platform::{Grant, Way};

const DOING: &str = "signing in";
/// How old a token of a sign-in may be.
const WITHIN: Span = Span::from_secs(600);

/// Somebody who is signed in.
pub(super) struct Session {
    /// Who (`sub`).
    pub(super) subject: Text,
    /// How they proved it.
    pub(super) proved: Proved,
    /// What was given for it.
    pub(super) tokens: Tokens,
    /// What the console was told.
    pub(super) grant: Grant,
}

/// Tokens, and what they say of whom.
pub(super) struct Answered {
    pub(super) claims: Claims,
    pub(super) tokens: Tokens,
}

/// What is asked of the provider by a sign-in.
pub(super) struct Asked<'a> {
    pub(super) way: Way,
    pub(super) application: &'a Application,
    pub(super) nonce: String,
    /// With blanks between.
    pub(super) scopes: &'a str,
    /// Whether it must ask the person again.
    pub(super) again: bool,
    /// How old the token may be.
    pub(super) within: Span,
    /// What is being done, for the sentences.
    pub(super) doing: &'a str,
}

/// Signs somebody in.
///
/// # Errors
/// What stands in the way: a sentence for the operator.
pub(super) async fn sign_in(
    party: &Party,
    way: Way,
    again: bool,
    talk: &mut Talk<'_>,
) -> Result<Session, Trouble> {
    // Whoever signs in does so anew; who gives a factor for a plan may still be known.
    party.forget_cookies();
    let provider = party.provider().await?;
    let application = party.application().await?;
    let asked = Asked {
        way,
        application: &application,
        nonce: fresh_nonce(),
        scopes: &party.options.scopes,
        again,
        within: WITHIN,
        doing: DOING,
    };
    let Answered { mut claims, tokens } = answered(party, &provider, asked, talk).await?;
    person::complete(&mut claims, &provider, &tokens.access, DOING).await?;
    let proved = Proved::fresh(&claims, way);
    let grant = person::grant(&claims, &proved, tokens.refresh.is_some());
    Ok(Session { subject: claims.subject, proved, tokens, grant })
}

/// Goes the way that is `asked` for to its end, and verifies what comes of it.
pub(super) async fn answered(
    party: &Party,
    provider: &Arc<Provider>,
    asked: Asked<'_>,
    talk: &mut Talk<'_>,
) -> Result<Answered, Trouble> {
    let Asked { way, application, within, doing, .. } = asked;
    if asked.again {
        party.forget_cookies();
    }
    let request = request(party, provider, &asked);
    let outcome = match way {
        Way::Browser => browser::sign_in(&request, talk).await?,
        Way::Device => device::sign_in(&request, talk).await?,
        Way::Terminal => terminal::sign_in(&request, &party.options.terminal_flow, talk).await?,
    };
    let got = match outcome {
        Outcome::Code { code, verifier, redirect } => {
            let code = Code { text: code, verifier, redirect };
            tokens::exchange(provider, application, &code, party.now()).await
        }
        Outcome::Tokens(answer) => Tokens::read(answer.expose_secret().as_bytes(), party.now()),
    };
    let tokens = match got {
        Ok(tokens) => tokens,
        Err(failure) => {
            party.heard(failure.refusal()).await;
            return Err(failure.trouble(doing, &provider.token));
        }
    };
    let id = tokens.id.as_ref().ok_or_else(|| tokens::no_id_token(doing))?;
    let expected = Expected {
        issuer: &provider.issuer,
        client_id: &application.id,
        // A device can't send one along: its tokens came on the connection that it asked on.
        nonce: (way != Way::Device).then_some(asked.nonce.as_str()),
        within: Some(within),
        now: party.now(),
    };
    let claims = provider.verify(id, Some(&tokens.access), expected, doing).await?;
    Ok(Answered { claims, tokens })
}

fn request(party: &Party, provider: &Provider, asked: &Asked<'_>) -> Request {
    Request {
        cookies: party.cookies(),
        http: provider.http.clone(),
        certificates: provider.certificates.clone(),
        authorization_endpoint: provider.authorization.clone(),
        device_endpoint: provider.device.clone(),
        token_endpoint: provider.token.clone(),
        client_id: asked.application.id.clone(),
        client_secret: asked.application.secret.clone(),
        given: provider.given,
        scopes: asked.scopes.to_owned(),
        nonce: asked.nonce.clone(),
        again: asked.again,
        browser: party.options.browser.clone(),
        clock: party.clock(),
    }
}
