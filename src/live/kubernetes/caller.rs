//! As whom the API server is asked: the kubeconfig's user, or whoever is signed in at the console.
//!
//! What proves who is signed in is put on each request as it is now, so a renewal needs no new link and cuts no watch.
//! The token goes into that one header and nowhere else: the kubeconfig's commands never see it.

use std::time::Duration;

use futures_util::future::pending;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use secrecy::ExposeSecret as _;

use super::api::Failure;
use crate::domain::{Timestamp, Trouble, TroubleKind};
use crate::live::{Bearer, Signed};

/// The longest wait for somebody to sign in before that is said.
const SIGNED_IN: Duration = Duration::from_secs(2);
/// What the API server keeps for itself: nobody from outside may be that.
const RESERVED: &str = "system:";

/// As whom the API server is asked.
#[derive(Clone, Debug, Default)]
pub enum Caller {
    /// As the user of the kubeconfig.
    #[default]
    Kubeconfig,
    /// As whoever is signed in, by their ID token. The kubeconfig's user is not used.
    Token {
        /// Who is signed in.
        bearer: Bearer,
        /// The provider that the API server must trust.
        issuer: String,
        /// The application that it must accept tokens for.
        client_id: String,
    },
    /// As whoever is signed in, for whom the kubeconfig's user speaks.
    Impersonating(Bearer),
}

/// A header of a request.
pub(super) type Header = (HeaderName, HeaderValue);

impl Caller {
    /// Whether the kubeconfig's user is left out.
    pub(super) const fn ignores_user(&self) -> bool {
        matches!(self, Self::Token { .. })
    }

    const fn bearer(&self) -> Option<&Bearer> {
        match self {
            Self::Kubeconfig => None,
            Self::Token { bearer, .. } | Self::Impersonating(bearer) => Some(bearer),
        }
    }

    /// The word of the setting `kubernetes.identity`.
    const fn word(&self) -> &'static str {
        match self {
            Self::Kubeconfig => "kubeconfig",
            Self::Token { .. } => "oidc",
            Self::Impersonating(_) => "impersonate",
        }
    }

    /// Who is signed in; none where that is nobody, or does not matter.
    pub(super) fn user(&self) -> Option<String> {
        self.bearer()?.borrow().as_ref().map(|signed| signed.person.user.to_string())
    }

    /// Waits for somebody to be signed in, where that matters; gives who.
    ///
    /// # Errors
    /// Nobody is.
    pub(super) async fn ready(&self) -> Result<Option<String>, Trouble> {
        let Some(bearer) = self.bearer() else { return Ok(None) };
        let mut bearer = bearer.clone();
        let signed = tokio::time::timeout(SIGNED_IN, bearer.wait_for(Option::is_some)).await;
        if !matches!(signed, Ok(Ok(_))) {
            return Err(self.nobody());
        }
        Ok(self.user())
    }

    /// Nobody is signed in.
    pub(super) fn nobody(&self) -> Trouble {
        let what = format!(
            "nobody is signed in, so the cluster is not asked (kubernetes.identity is {})",
            self.word()
        );
        let remedy = "Sign in; the profile needs identity.issuer for that.";
        Trouble::new(TroubleKind::Unauthenticated, &what, remedy)
    }

    /// The server does not know the token; none where no token is sent.
    pub(super) fn refused(&self, address: &str, now: Timestamp) -> Option<Trouble> {
        let Self::Token { bearer, issuer, client_id } = self else { return None };
        let Some(Signed { person, expires_at, .. }) = bearer.borrow().clone() else {
            return Some(self.nobody());
        };
        let user = &person.user;
        let (what, remedy) = if expires_at <= now {
            (
                format!(
                    "the ID token of {user} expired on {expires_at} and was not renewed, so the API server at {address} \
                     refuses it (401)"
                ),
                "The console goes on as soon as the token is renewed; if it is not, sign out and in again.".to_owned(),
            )
        } else {
            (
                format!("the API server at {address} does not accept the ID token of {user} (401)"),
                format!(
                    "kubernetes.identity is oidc: the API server must be started with --oidc-issuer-url={issuer} and \
                     --oidc-client-id={client_id} (or the same in --authentication-config). Else set kubernetes.identity \
                     to kubeconfig."
                ),
            )
        };
        Some(Trouble::new(TroubleKind::Unauthenticated, &what, &remedy))
    }

    /// The headers that say who asks, as they are now.
    pub(super) fn headers(&self) -> Result<Vec<Header>, Failure> {
        let Some(bearer) = self.bearer() else { return Ok(Vec::new()) };
        let signed = bearer.borrow();
        let Some(signed) = signed.as_ref() else { return Err(Failure::Nobody) };
        match self {
            Self::Impersonating(_) => acting_as(signed),
            Self::Kubeconfig | Self::Token { .. } => Ok(vec![token(signed)?]),
        }
    }

    /// What notices that somebody signs in, or is renewed.
    pub(super) fn news(&self) -> News {
        News(self.bearer().cloned())
    }
}

fn token(signed: &Signed) -> Result<Header, Failure> {
    let value = format!("Bearer {}", signed.token.expose_secret());
    let mut value = HeaderValue::try_from(value)
        .map_err(|_| Failure::Strange("the ID token is no token".to_owned()))?;
    value.set_sensitive(true);
    Ok((AUTHORIZATION, value))
}

fn acting_as(signed: &Signed) -> Result<Vec<Header>, Failure> {
    let user = signed.person.user.as_str();
    if user.is_empty() || user.starts_with(RESERVED) {
        return Err(Failure::Strange(format!("nobody may act as {user:?}")));
    }
    let header = |name: &'static str, value: &str| {
        let value = HeaderValue::from_bytes(value.as_bytes())
            .map_err(|_| Failure::Strange(format!("nobody can act as {value:?}")))?;
        Ok((HeaderName::from_static(name), value))
    };
    let groups = signed.person.groups.iter().filter(|group| !group.as_str().starts_with(RESERVED));
    let groups = groups.map(|group| header("impersonate-group", group.as_str()));
    std::iter::once(header("impersonate-user", user)).chain(groups).collect()
}

/// Notices that somebody signs in, or is renewed.
pub(super) struct News(Option<Bearer>);

impl News {
    /// What is known up to now is no news.
    pub(super) fn look(&mut self) {
        if let Some(bearer) = &mut self.0 {
            bearer.mark_unchanged();
        }
    }

    /// Waits for `wait`, or until there is news since [`News::look`].
    pub(super) async fn pause(&mut self, wait: Duration) {
        let Self(bearer) = self;
        let news = async {
            let is_news = match bearer {
                Some(bearer) => bearer.changed().await.is_ok(),
                None => false,
            };
            if !is_news {
                // Nobody can sign in any more, or nobody needs to.
                pending::<()>().await;
            }
        };
        let _ = tokio::time::timeout(wait, news).await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;
    use crate::domain::{Person, Text};

    fn signed(user: &str, groups: &[&str]) -> Signed {
        Signed {
            token: "hunter2".into(),
            person: Person {
                subject: Text::clean("1"),
                user: Text::clean(user),
                name: Text::default(),
                groups: groups.iter().map(|group| Text::clean(group)).collect(),
            },
            expires_at: Timestamp::parse("2026-05-29T02:00:00Z").expect("a time"),
        }
    }

    fn caller(bearer: Bearer) -> Caller {
        let (issuer, client_id) = ("https://id".to_owned(), "console".to_owned());
        Caller::Token { bearer, issuer, client_id }
    }

    #[test]
    fn a_token_is_sent_as_it_is_now_and_shown_nowhere() {
        let (sender, bearer) = watch::channel(None);
        let caller = caller(bearer);
        assert!(matches!(caller.headers(), Err(Failure::Nobody)));
        sender.send_replace(Some(signed("maria", &[])));
        let headers = caller.headers().expect("headers");
        assert_eq!(headers[0].1.as_bytes(), b"Bearer hunter2");
        assert!(!format!("{headers:?}{caller:?}").contains("hunter2"));
        let mut broken = signed("maria", &[]);
        broken.token = "hunter2\nx: y".into();
        sender.send_replace(Some(broken));
        let failure = caller.headers().expect_err("no token");
        assert!(!format!("{failure} {failure:?}").contains("hunter2"));
    }

    #[test]
    fn nobody_acts_as_a_part_of_the_cluster() {
        let (sender, bearer) =
            watch::channel(Some(signed("мария", &["plana-staff", "system:masters"])));
        let caller = Caller::Impersonating(bearer);
        let headers = caller.headers().expect("headers");
        let shown: Vec<(&str, &[u8])> =
            headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
        assert_eq!(
            shown,
            [
                ("impersonate-user", "мария".as_bytes()),
                ("impersonate-group", "plana-staff".as_bytes())
            ]
        );
        for user in ["system:admin", ""] {
            sender.send_replace(Some(signed(user, &[])));
            assert!(matches!(caller.headers(), Err(Failure::Strange(_))), "{user}");
        }
    }

    #[test]
    fn a_refused_token_is_a_sentence() {
        let (sender, bearer) = watch::channel(Some(signed("maria", &[])));
        let caller = caller(bearer);
        let said = |now: &str| {
            let now = Timestamp::parse(now).expect("a time");
            caller.refused("k8s:6443", now).expect("trouble").to_string()
        };
        assert_eq!(
            said("2026-05-29T01:00:00Z"),
            "the API server at k8s:6443 does not accept the ID token of maria (401). kubernetes.identity is oidc: the API \
             server must be started with --oidc-issuer-url=https://id and --oidc-client-id=console (or the same in \
             --authentication-config). Else set kubernetes.identity to kubeconfig."
        );
        assert!(said("2026-05-29T03:00:00Z").contains("expired on 2026-05-29T02:00:00Z"));
        sender.send_replace(None);
        assert!(said("2026-05-29T03:00:00Z").starts_with("nobody is signed in"));
    }
}
