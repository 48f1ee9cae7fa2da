//! What the provider tells, taken in.
//!
//! It may tell what is late (of something that was given up meanwhile) or what nobody asked for. Only what belongs to
//! what is under way counts.

use super::{Presence, Refusal, Staff, Stage, Standing, Unproved};
use crate::domain::{Text, Timestamp};
use crate::platform::{Grant, IdentityEvent, Order, Proof, Purpose};

impl Presence {
    /// Takes in what the provider told; says what it shall do.
    pub fn take(&mut self, event: IdentityEvent, now: Timestamp) -> Vec<Order> {
        let steady = self.steady.go_on(now);
        match event {
            IdentityEvent::Ready => return self.ready(),
            IdentityEvent::Granted(grant) => return self.granted(grant, now),
            IdentityEvent::Renewed(grant) => return self.renewed(grant, steady),
            IdentityEvent::Over(trouble) => return self.over(&trouble.to_string()),
            IdentityEvent::Proved(proof) => {
                let age = now.since(proof.issued_at);
                self.proved(proof, steady.before(age), steady);
            }
            IdentityEvent::Asked(challenge) if self.is_under_way() => {
                self.sign_in.asked += 1;
                self.sign_in.stage = Stage::Asked(challenge);
            }
            IdentityEvent::Hint(hint) if self.is_under_way() => self.sign_in.hint = hint,
            IdentityEvent::Checking if self.is_under_way() => self.sign_in.stage = Stage::Checking,
            IdentityEvent::Failed(trouble) if self.is_awaited() => {
                self.sign_in.rest_after(Some(&trouble));
            }
            IdentityEvent::SignedOut(trouble) => {
                self.signed_out(trouble.map(|trouble| trouble.to_string()));
            }
            IdentityEvent::Asked(_)
            | IdentityEvent::Hint(_)
            | IdentityEvent::Checking
            | IdentityEvent::Failed(_)
            // It lasts as long as it did; the caller says so.
            | IdentityEvent::NotRenewed(_) => {}
        }
        Vec::new()
    }

    const fn is_under_way(&self) -> bool {
        self.sign_in.purpose.is_some()
    }

    /// Whether something is to come of the provider: what was begun, or what it begins with.
    fn is_awaited(&self) -> bool {
        self.is_under_way() || self.sign_in.stage == Stage::Starting
    }

    /// The provider has no session: the preferred way is begun. Why an earlier session is none any more stays said.
    fn ready(&mut self) -> Vec<Order> {
        if self.sign_in.stage == Stage::Starting {
            self.sign_in.rest();
        }
        let first = self.ways().first().copied();
        match (&self.standing, first) {
            (Standing::SignedOut, Some(way)) if !self.is_under_way() => {
                self.sign_in.begin(way, Purpose::SignIn);
                vec![Order::Begin(way, Purpose::SignIn)]
            }
            _ => Vec::new(),
        }
    }

    fn granted(&mut self, grant: Grant, now: Timestamp) -> Vec<Order> {
        let Some(rules) = &self.rules else { return vec![Order::Refuse] };
        let admitted = match (&self.standing, &self.sign_in.purpose) {
            (Standing::SignedOut, Some(Purpose::SignIn)) => rules.policy.admit(grant, now),
            // Kept from an earlier run.
            (Standing::SignedOut, None) if self.sign_in.stage == Stage::Starting => {
                rules.policy.admit(grant, now)
            }
            (Standing::Locked(staff), Some(Purpose::Unlock)) => {
                super::Policy::check_same(staff, &grant)
                    .and_then(|()| rules.policy.admit(grant, now))
            }
            _ => return vec![Order::Refuse],
        };
        match admitted {
            Ok(staff) => self.come_in(staff, now),
            Err(refusal) => self.refuse(&refusal),
        }
    }

    fn come_in(&mut self, staff: Staff, now: Timestamp) -> Vec<Order> {
        self.standing = Standing::SignedIn(Box::new(staff));
        self.steady.begin(now);
        self.touched = now;
        self.sign_in.rest_after(None);
        vec![Order::Accept]
    }

    fn refuse(&mut self, refusal: &Refusal) -> Vec<Order> {
        let locked = matches!(self.standing, Standing::Locked(_));
        if locked && matches!(refusal, Refusal::NotStaff { .. }) {
            // Whose session it is was taken out of the group: there is nothing to come back to.
            self.sign_in.purpose = None;
            let mut orders = vec![Order::Refuse];
            orders.extend(self.end(&refusal.to_string()));
            return orders;
        }
        self.sign_in.rest_because(&refusal.to_string());
        vec![Order::Refuse]
    }

    /// The session goes on. What the provider says of the person counts at once, whatever is under way beside it.
    fn renewed(&mut self, grant: Grant, now: Timestamp) -> Vec<Order> {
        let (Some(rules), Some(staff)) = (&self.rules, self.standing.staff()) else {
            return vec![Order::Refuse];
        };
        match rules.policy.renew(staff, grant, now) {
            Ok(renewed) => {
                let renewed = Box::new(renewed);
                self.standing = match self.standing {
                    Standing::Locked(_) => Standing::Locked(renewed),
                    _ => Standing::SignedIn(renewed),
                };
                vec![Order::Accept]
            }
            Err(refusal) => self.end(&refusal.to_string()),
        }
    }

    fn proved(&mut self, proof: Proof, given: Timestamp, now: Timestamp) {
        let asked = (&self.standing, &self.sign_in.purpose);
        let (Standing::SignedIn(staff), Some(Purpose::StepUp(plan))) = asked else { return };
        let held = if proof.plan == *plan {
            self.proofs.hold(proof, given);
            self.proofs.check(plan, &staff.person.subject, now)
        } else {
            Err(Unproved::OtherPlan)
        };
        match held {
            Ok(()) => self.sign_in.rest_after(None),
            Err(unproved) => {
                self.proofs.clear();
                self.sign_in.rest_because(&unproved.to_string());
            }
        }
    }

    /// The session is over at the provider: it need not be ended there.
    fn over(&mut self, why: &str) -> Vec<Order> {
        if self.staff().is_none() {
            if self.sign_in.stage == Stage::Starting {
                self.sign_in.wrong = Some(Text::clean(why));
            }
            return Vec::new();
        }
        let mut orders = self.end(why);
        orders.retain(|order| *order != Order::SignOut);
        orders
    }

    /// The session was ended. Why it had to be stays said, and what was begun since goes on.
    fn signed_out(&mut self, trouble: Option<String>) {
        if self.staff().is_some() {
            let _ = self.end("");
            self.sign_in.wrong = None;
        }
        let said = self.sign_in.wrong.as_ref().map(Text::to_string);
        let wrong: Vec<String> = said.into_iter().chain(trouble).collect();
        self.sign_in.wrong = (!wrong.is_empty()).then(|| Text::clean(&wrong.join(" ")));
        if !self.is_under_way() && self.sign_in.stage != Stage::Starting {
            self.sign_in.rest();
        }
    }
}
