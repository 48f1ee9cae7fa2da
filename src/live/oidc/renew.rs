//! Keeping a session fresh: when to renew it, what an answer means, and when there is no more to hope for.

use secrecy::SecretString;

use super::http::Failure;
use super::party::Party;
use super::person::{self, Proved};
use super::sign_in::Session;
use super::tokens::{self, Tokens};
use super::verify::{Claims, Expected};
use crate::domain::{Span, Text, Timestamp, Trouble, TroubleKind};
use crate::platform::Grant;

const DOING: &str = "renewing the session";
/// The most that a renewal comes before the tokens run out.
const AHEAD: Span = Span::from_secs(300);
/// The first wait after a renewal that failed; it doubles up to [`WAIT_MOST`].
const WAIT_FIRST: Span = Span::from_secs(2);
const WAIT_MOST: Span = Span::from_secs(60);
/// How often the provider is asked whether the session is still good; more often where tokens are short-lived.
const LOOK_EVERY: Span = Span::from_secs(60);
const LOOK_LEAST: Span = Span::from_secs(1);

/// What comes of a renewal.
pub(super) enum Renewal {
    /// It goes on, with these tokens. What they say is not known when they could not be verified.
    Fresh(Tokens, Result<Box<Renewed>, Trouble>),
    /// The refresh token is good for nothing any more.
    Refused(Trouble),
    /// It could not be renewed now, and the provider may have used up the refresh token without our knowing.
    Lost(Trouble),
    /// It could not be renewed now.
    Away(Trouble),
}

/// What a renewed session says.
pub(super) struct Renewed {
    pub(super) subject: Text,
    pub(super) proved: Proved,
    pub(super) grant: Grant,
}

/// What is renewed.
#[derive(Clone)]
pub(super) struct Old {
    pub(super) refresh: SecretString,
    pub(super) subject: Text,
    pub(super) proved: Proved,
}

/// Exchanges the refresh token of `old` for new tokens, and looks at what they say.
pub(super) async fn renew(party: &Party, old: Old) -> Renewal {
    let (provider, application) = match (party.provider().await, party.application().await) {
        (Ok(provider), Ok(application)) => (provider, application),
        (Err(trouble), _) | (_, Err(trouble)) => return Renewal::Away(trouble),
    };
    let now = party.now();
    let mut tokens = match tokens::refresh(&provider, &application, &old.refresh, now).await {
        Ok(tokens) => tokens,
        Err(failure) => {
            party.heard(failure.refusal()).await;
            return failed(&failure, failure.trouble(DOING, &provider.token));
        }
    };
    if tokens.refresh.is_none() {
        // It was not changed.
        tokens.refresh = Some(old.refresh.clone());
    }
    let said = async {
        let id = tokens.id.as_ref().ok_or_else(|| tokens::no_id_token(DOING))?;
        let expected = Expected {
            issuer: &provider.issuer,
            client_id: &application.id,
            // A renewal may leave it out, or repeat the one of the sign-in.
            nonce: None,
            within: None,
            now: party.now(),
        };
        let mut claims = provider.verify(id, Some(&tokens.access), expected, DOING).await?;
        if claims.subject == old.subject {
            person::complete(&mut claims, &provider, &tokens.access, DOING).await?;
        }
        Ok::<_, Trouble>(renewed(&claims, &old.proved))
    }
    .await;
    Renewal::Fresh(tokens, said)
}

fn renewed(claims: &Claims, proved: &Proved) -> Box<Renewed> {
    let proved = proved.renewed(claims);
    let grant = person::grant(claims, &proved, true);
    Box::new(Renewed { subject: claims.subject.clone(), proved, grant })
}

fn failed(failure: &Failure, trouble: Trouble) -> Renewal {
    if failure.refusal() == Some("invalid_grant") {
        Renewal::Refused(Trouble::new(
            TroubleKind::Unauthenticated,
            "the session is over at the provider: it was ended there, its refresh token was used twice, or it can't be \
             renewed any more",
            "Sign in again. If nobody ended it, tell who runs the provider: somebody else may have the token.",
        ))
    } else if failure.may_have_happened() {
        Renewal::Lost(trouble)
    } else {
        Renewal::Away(trouble)
    }
}

/// The tokens of somebody else, where those of the session were expected.
pub(super) fn somebody_else() -> Trouble {
    Trouble::new(
        TroubleKind::Protocol,
        &format!("{DOING}: the provider answered for somebody else (sub)"),
        "Sign in again; if it stays so, ask who runs the provider.",
    )
}

/// An answer with new tokens went astray, and the old ones are refused now.
pub(super) fn lost() -> Trouble {
    Trouble::new(
        TroubleKind::Unauthenticated,
        &format!(
            "{DOING}: an answer of the provider was lost on the way, so it can't be renewed any more"
        ),
        "It lasts until it runs out; then sign in again.",
    )
}

/// Why a session that can't be renewed has ended.
pub(super) fn ran_out(renews: bool) -> Trouble {
    let remedy = if renews {
        "Sign in again."
    } else {
        "Sign in again; with offline_access in identity.scopes, and the provider giving it, it would be renewed by itself."
    };
    let what = "the session has run out and can't be renewed";
    Trouble::new(TroubleKind::Unauthenticated, what, remedy)
}

/// When a session is looked after next, and what is known of its renewals.
#[derive(Clone, Debug)]
pub(super) struct Upkeep {
    /// When the tokens run out.
    until: Timestamp,
    /// When it is to be renewed; none when that can't be done any more.
    renew_at: Option<Timestamp>,
    look_at: Timestamp,
    look_every: Span,
    failures: u32,
    /// Whether the refresh token may have been used without our knowing.
    uncertain: bool,
    /// Whether the operator knows that it is not renewed.
    told: bool,
}

/// What is to be done for a session now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    /// To ask whether it is still good.
    Look,
    Renew,
    /// To end it: it has run out.
    End,
}

impl Upkeep {
    /// That of `session`, which is fresh.
    pub(super) fn fresh(session: &Session, now: Timestamp) -> Self {
        Self::of(&session.grant, &session.tokens, now)
    }

    fn of(grant: &Grant, tokens: &Tokens, now: Timestamp) -> Self {
        let until = tokens.access_until.map_or(grant.expires_at, |at| at.min(grant.expires_at));
        let lasts = until.since(now);
        let fifth = Span::from_ms(lasts.ms() / 5);
        let look_every = fifth.clamp(LOOK_LEAST, LOOK_EVERY);
        Self {
            until,
            renew_at: tokens.refresh.is_some().then(|| until.before(fifth.min(AHEAD))),
            look_at: now.after(look_every),
            look_every,
            failures: 0,
            uncertain: false,
            told: false,
        }
    }

    /// What is due at `now`.
    pub(super) fn due(&self, now: Timestamp) -> Due {
        match self.renew_at {
            Some(at) if now >= at => Due::Renew,
            None if now >= self.until => Due::End,
            // Without a way to go on nothing is left to find out, and with tokens that ran out nothing can be.
            Some(_) if now >= self.look_at && now < self.until => Due::Look,
            _ => Due::Nothing,
        }
    }

    /// How long until something may be due.
    pub(super) fn wait(&self, now: Timestamp) -> Span {
        let next = match self.renew_at {
            Some(at) if now < self.until => at.min(self.look_at),
            Some(at) => at,
            None => self.until,
        };
        next.since(now)
    }

    /// Takes in that it was looked at.
    pub(super) fn looked(&mut self, now: Timestamp) {
        self.look_at = now.after(self.look_every);
    }

    /// Takes in that the provider does not know the session any more: whether that is so, a renewal tells.
    pub(super) fn revoked(&mut self, now: Timestamp) {
        match &mut self.renew_at {
            // What a renewal that went astray may have done is not what this is about.
            Some(at) => (*at, self.uncertain) = (now, false),
            None => self.until = now,
        }
    }

    /// Takes in that a renewal failed; `lost` when the refresh token may be used up. Whether the operator is to be told.
    pub(super) fn failed(&mut self, lost: bool, now: Timestamp) -> bool {
        self.uncertain |= lost;
        let wait = WAIT_FIRST.ms().saturating_mul(1 << self.failures.min(10)).min(WAIT_MOST.ms());
        self.failures = self.failures.saturating_add(1);
        // Many consoles must not ask at once.
        let wait = (wait as f64 * (0.75 + fastrand::f64() / 4.0)) as u64;
        self.renew_at = Some(now.after(Span::from_ms(wait)));
        !std::mem::replace(&mut self.told, true)
    }

    /// Takes in that a renewal was refused; whether the session is over. It is not when an answer of the provider was lost:
    /// then the tokens that are held were refused for being old, and last as long as they did.
    pub(super) fn refused(&mut self) -> bool {
        self.renew_at = None;
        !self.uncertain
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Person;
    use crate::platform::Way;

    fn upkeep(lasts_secs: u64, renews: bool) -> (Upkeep, Timestamp) {
        let now = Timestamp::from_ms(1_000_000_000);
        let secret = || SecretString::from("secret");
        let tokens = Tokens {
            id: Some(secret()),
            access: secret(),
            refresh: renews.then(secret),
            access_until: None,
        };
        let person = Person {
            subject: Text::clean("1"),
            user: Text::clean("maria"),
            name: Text::default(),
            groups: Vec::new(),
        };
        let grant = Grant {
            person,
            way: Way::Device,
            factors: None,
            proved_at: None,
            issued_at: now,
            expires_at: now.after(Span::from_secs(lasts_secs)),
            renews,
        };
        (Upkeep::of(&grant, &tokens, now), now)
    }

    fn secs(secs: u64) -> Span {
        Span::from_secs(secs)
    }

    #[test]
    fn a_session_is_looked_at_then_renewed_before_it_runs_out() {
        for (lasts, look, renew) in
            [(300, 60, 240), (3_600, 60, 3_300), (10, 2, 8), (86_400, 60, 86_100)]
        {
            let (upkeep, now) = upkeep(lasts, true);
            assert_eq!(upkeep.wait(now), secs(look), "{lasts}");
            assert_eq!(upkeep.due(now.after(secs(look - 1))), Due::Nothing, "{lasts}");
            assert_eq!(upkeep.due(now.after(secs(look))), Due::Look, "{lasts}");
            assert_eq!(upkeep.due(now.after(secs(renew))), Due::Renew, "{lasts}");
        }
    }

    #[test]
    fn a_session_without_a_refresh_token_ends_when_it_runs_out() {
        let (upkeep, now) = upkeep(300, false);
        assert_eq!(upkeep.due(now.after(secs(299))), Due::Nothing);
        assert_eq!(upkeep.due(now.after(secs(300))), Due::End);
        assert_eq!(upkeep.wait(now), secs(300));
    }

    #[test]
    fn failures_are_told_once_tried_ever_more_slowly_and_never_given_up() {
        let (mut upkeep, now) = upkeep(300, true);
        assert!(upkeep.failed(true, now));
        let mut waits = vec![upkeep.wait(now)];
        for _ in 0..30 {
            assert!(!upkeep.failed(false, now));
            waits.push(upkeep.renew_at.expect("another try").since(now));
        }
        assert!(waits[0] <= secs(2) && waits[0] >= secs(1), "{waits:?}");
        assert!(waits[30] <= secs(60) && waits[30] >= secs(45), "{waits:?}");
        assert_eq!(upkeep.due(now.after(secs(100_000))), Due::Renew);
    }

    #[test]
    fn a_refusal_after_a_lost_answer_lets_the_session_last_as_long_as_it_did() {
        let (mut sure, now) = upkeep(300, true);
        sure.failed(false, now);
        assert!(sure.refused(), "a refusal out of the blue ends it");

        let (mut lost, now) = upkeep(300, true);
        lost.failed(true, now);
        assert!(!lost.refused());
        assert_eq!(lost.due(now.after(secs(299))), Due::Nothing);
        assert_eq!(lost.due(now.after(secs(300))), Due::End);

        let (mut revoked, now) = upkeep(300, true);
        revoked.failed(true, now);
        revoked.revoked(now);
        assert_eq!(revoked.due(now), Due::Renew);
        assert!(revoked.refused(), "the provider knows nothing of it any more");
    }
}
