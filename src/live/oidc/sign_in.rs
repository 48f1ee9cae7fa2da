//! From a way of signing in to a session: the flow, the tokens, and what they say.

use std::sync::Arc;

use secrecy::ExposeSecret as _;

use super::application::Application;
use super::flow::{Answerer, Outcome, Request};
use super::party::{Party, fresh_nonce};
use super::person::{self, Proved};
use super::provider::Provider;
use super::talk::Talk;
use super::tokens::{self, Code, Tokens};
use super::verify::{Claims, Expected};
use super::{browser, device, terminal};
use crate::domain::{Span, Text, Timestamp, Trouble, TroubleKind};
use crate::platform::{Grant, Way};

const DOING: &str = "signing in";
/// How old a token of a sign-in may be.
const WITHIN: Span = Span::from_secs(600);
/// How far the provider's clock may be behind ours.
const SKEW: Span = Span::from_secs(60);

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
    /// How much of the person it must ask.
    pub(super) anew: Anew,
    /// How long ago somebody whom it knows already may have proved themselves; none where that is left to it.
    pub(super) most: Option<Span>,
    /// How old the token may be.
    pub(super) within: Span,
    /// What is being done, for the sentences.
    pub(super) doing: &'a str,
}

/// Whether whom the provider knows already must prove themselves again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anew {
    /// That is left to the provider.
    No,
    /// It is told to ask.
    Asked,
    /// The same, and its answer must say that it did.
    Shown,
}

/// Signs somebody in.
///
/// # Errors
/// What stands in the way: a sentence for the operator.
pub(super) async fn sign_in(
    party: &Party,
    way: Way,
    anew: Anew,
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
        anew,
        // Who proved themselves longer ago is not let in: better that the provider asks at once.
        most: Some(party.options.lasts),
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
    if asked.anew != Anew::No {
        party.forget_cookies();
    }
    let begun = party.now();
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
    if asked.anew == Anew::Shown {
        check_anew(&claims, begun, doing)?;
    }
    Ok(Answered { claims, tokens })
}

/// Whether `claims` are of somebody who proved themselves since `begun`. A provider need not do as it was told, and some
/// do not; what it says of the time is what there is to go by.
fn check_anew(claims: &Claims, begun: Timestamp, doing: &str) -> Result<(), Trouble> {
    let said = match claims.proved_at {
        Some(at) if begun.since(at) <= SKEW => return Ok(()),
        Some(at) => format!("what it goes by is from {} before", begun.since(at)),
        None => "it does not say when that was".to_owned(),
    };
    Err(Trouble::new(
        TroubleKind::Denied,
        &format!(
            "{doing}: the provider was to ask for the factor again and did not: {said} (auth_time)"
        ),
        "Sign out at the provider in the browser, then begin again. Plans are better proved at an application of their \
         own, identity.step_up_client_id.",
    ))
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
        again: asked.anew != Anew::No,
        most: asked.most,
        issuer: Answerer { name: provider.issuer.clone(), says_so: provider.says_who_answers },
        browser: party.options.browser.clone(),
        clock: party.clock(),
    }
}
