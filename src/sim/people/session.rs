//! The session of who is signed in, kept fresh.

use super::Provider;
use super::begun::person;
use crate::domain::{Role, Span, Text, Timestamp};
use crate::platform::{Grant, IdentityEvent, Way};
use crate::sim::scenario::{Account, OPERATORS, SENIORS};

/// How long a grant holds.
const HOLDS: Span = Span::from_secs(600);
/// When it is renewed.
const RENEWED_AFTER: Span = Span::from_secs(300);
/// When that is tried again.
const TRIED_AFTER: Span = Span::from_secs(30);

/// Who is signed in, or would be if the console takes them in.
#[derive(Clone, Debug)]
pub(super) struct Session {
    pub(super) account: Account,
    pub(super) grant: Grant,
    renew_at: Timestamp,
    /// Whether the last try to renew it failed.
    late: bool,
}

/// A session of `account`, who gave password and factor just `now`.
pub(super) fn begin(account: &Account, way: Way, now: Timestamp) -> Session {
    let grant = Grant {
        person: person(account),
        way,
        factors: Some(vec![Text::clean("pwd"), Text::clean("mfa")]),
        proved_at: Some(now),
        issued_at: now,
        expires_at: now.after(HOLDS),
        renews: true,
    };
    Session { account: account.clone(), grant, renew_at: now.after(RENEWED_AFTER), late: false }
}

impl Session {
    /// As what the training platform's cluster knows them.
    pub(super) fn role(&self) -> Role {
        let person = &self.grant.person;
        if person.is_in(SENIORS) {
            Role::Senior
        } else if person.is_in(OPERATORS) {
            Role::Operator
        } else {
            Role::Viewer
        }
    }
}

impl Provider {
    /// Renews the session when it is time for that. That it can't be is told once, and tried again.
    pub(super) fn renew(&mut self) -> Option<IdentityEvent> {
        let now = self.clock.now();
        let away = self.away("asking for a new token");
        let session = self.session.as_mut().filter(|session| session.renew_at <= now)?;
        if let Some(trouble) = away {
            session.renew_at = now.after(TRIED_AFTER);
            let told = std::mem::replace(&mut session.late, true);
            return (!told).then_some(IdentityEvent::NotRenewed(trouble));
        }
        (session.renew_at, session.late) = (now.after(RENEWED_AFTER), false);
        let mut renewed = session.clone();
        renewed.grant.issued_at = now;
        renewed.grant.expires_at = now.after(HOLDS);
        // As at a real provider: the factor was given once, and is not told of again.
        renewed.grant.factors = None;
        let grant = renewed.grant.clone();
        self.granted = Some(renewed);
        Some(IdentityEvent::Renewed(grant))
    }
}
