//! From what a token says to what the console is told: the grant.

use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::http::{self, Failure};
use super::provider::Provider;
use super::verify::{self, Claims};
use crate::domain::{Person, Text, Timestamp, Trouble, TroubleKind};
use crate::platform::{Grant, Way};

/// How somebody signed in, which a renewal may not say again.
#[derive(Clone, Debug)]
pub(super) struct Proved {
    /// In which way.
    pub(super) way: Way,
    /// How they proved it (`amr`).
    pub(super) factors: Option<Vec<Text>>,
    /// When (`auth_time`).
    pub(super) at: Option<Timestamp>,
}

impl Proved {
    /// What `claims` of a sign-in in `way` say.
    pub(super) fn fresh(claims: &Claims, way: Way) -> Self {
        Self { way, factors: claims.factors.clone(), at: claims.proved_at }
    }

    /// The same after a renewal that says `claims`.
    pub(super) fn renewed(&self, claims: &Claims) -> Self {
        Self {
            way: self.way,
            factors: claims.factors.clone().or_else(|| self.factors.clone()),
            // A renewal proves nothing anew: where the login is not found any more, a provider says that it is now.
            at: match (claims.proved_at, self.at) {
                (Some(said), Some(known)) => Some(said.min(known)),
                (said, known) => said.or(known),
            },
        }
    }
}

/// What the console is told of who signed in.
pub(super) fn grant(claims: &Claims, proved: &Proved, renews: bool) -> Grant {
    Grant {
        person: Person {
            subject: claims.subject.clone(),
            user: claims.user.clone(),
            name: claims.name.clone(),
            groups: claims.groups.clone().unwrap_or_default(),
        },
        way: proved.way,
        factors: proved.factors.clone(),
        proved_at: proved.at,
        issued_at: claims.issued_at,
        expires_at: claims.expires_at,
        renews,
    }
}

/// What the provider says of a person beside the token.
#[derive(Deserialize)]
pub(super) struct Info {
    sub: String,
    #[serde(default)]
    groups: Option<Vec<String>>,
}

/// Asks the provider about the person of `access`.
pub(super) async fn ask(
    provider: &Provider,
    at: &Url,
    access: &SecretString,
) -> Result<Info, Failure> {
    let request = provider.http.get(at.clone()).bearer_auth(access.expose_secret());
    http::json(request).await.map_err(|failure: Failure| failure.hiding(&[access.expose_secret()]))
}

impl Info {
    /// Whether it is about `subject`.
    pub(super) fn is_about(&self, subject: &Text) -> bool {
        verify::subject(&self.sub).is_ok_and(|sub| sub == *subject)
    }
}

/// Asks for the groups where the token says nothing of them.
///
/// # Errors
/// The provider can't say, or speaks of somebody else.
pub(super) async fn complete(
    claims: &mut Claims,
    provider: &Provider,
    access: &SecretString,
    doing: &str,
) -> Result<(), Trouble> {
    let (None, Some(at)) = (&claims.groups, &provider.userinfo) else { return Ok(()) };
    let info = ask(provider, at, access).await.map_err(|failure| failure.trouble(doing, at))?;
    if !info.is_about(&claims.subject) {
        return Err(Trouble::new(
            TroubleKind::Protocol,
            &format!("{doing}: the provider tells of somebody else's groups (sub)"),
            "Begin again; if it stays so, ask who runs the provider.",
        ));
    }
    let groups = info.groups.as_deref().map(verify::groups).transpose();
    claims.groups = groups.map_err(|refusal| refusal.trouble(doing, ""))?;
    Ok(())
}
