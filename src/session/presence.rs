//! Who is at the console, and what the operator does about it.

use serde::{Deserialize, Serialize};

use super::steady::Steady;
use super::{Policy, Proofs, Refusal, SignIn, Staff, Stage, Standing, Unproved};
use crate::domain::{PlanHash, Role, Span, Text, Timestamp};
use crate::platform::{Answer, Challenge, Order, Purpose, Way};

/// Who is at the console.
///
/// A factor for a plan is asked while somebody is signed in, and leaves that alone: [`Presence::proving`] says for which
/// plan, the stage of [`Presence::sign_in`] how far it is, and its `wrong` why it failed.
#[derive(Clone, Debug)]
pub struct Presence {
    pub(super) rules: Option<Rules>,
    pub(super) standing: Standing,
    pub(super) sign_in: SignIn,
    pub(super) proofs: Proofs,
    /// When the last key came.
    pub(super) touched: Timestamp,
    pub(super) steady: Steady,
}

/// What a console with an identity provider goes by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Rules {
    pub(super) policy: Policy,
    pub(super) ways: Vec<Way>,
}

/// What is remembered of who was at the console when a recording begins: enough to decide the same when it is played.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionMemo {
    rules: Option<Rules>,
    standing: Standing,
    sign_in: SignIn,
    touched: Timestamp,
    steady: Steady,
}

impl Presence {
    /// The console of a profile without an identity provider.
    #[must_use]
    pub fn unguarded(role: Role) -> Self {
        Self::standing_as(None, Standing::Unguarded(role))
    }

    /// A console opened without the provider.
    #[must_use]
    pub fn break_glass(reason: Text, role: Role, since: Timestamp) -> Self {
        Self::standing_as(None, Standing::BreakGlass { reason, role, since })
    }

    /// A console that somebody has to sign in to, in one of `ways`.
    #[must_use]
    pub fn guarded(policy: Policy, ways: Vec<Way>) -> Self {
        Self::standing_as(Some(Rules { policy, ways }), Standing::SignedOut)
    }

    fn standing_as(rules: Option<Rules>, standing: Standing) -> Self {
        Self {
            rules,
            standing,
            sign_in: SignIn::default(),
            proofs: Proofs::default(),
            touched: Timestamp::default(),
            steady: Steady::default(),
        }
    }

    /// What a recording remembers of it.
    #[must_use]
    pub fn memo(&self) -> SessionMemo {
        SessionMemo {
            rules: self.rules.clone(),
            standing: self.standing.clone(),
            sign_in: self.sign_in.clone(),
            touched: self.touched,
            steady: self.steady,
        }
    }

    /// Brings it into this state. What was proved is not remembered.
    pub fn restore(&mut self, memo: SessionMemo) {
        let SessionMemo { rules, standing, sign_in, touched, steady } = memo;
        *self = Self { rules, standing, sign_in, proofs: Proofs::default(), touched, steady };
    }

    /// Where the person stands.
    #[must_use]
    pub const fn standing(&self) -> &Standing {
        &self.standing
    }

    /// What is under way with the provider.
    #[must_use]
    pub const fn sign_in(&self) -> &SignIn {
        &self.sign_in
    }

    /// The plan for which a factor is being asked of who is signed in.
    #[must_use]
    pub const fn proving(&self) -> Option<&PlanHash> {
        match &self.sign_in.purpose {
            Some(Purpose::StepUp(plan)) => Some(plan),
            _ => None,
        }
    }

    /// The ways to sign in, the preferred first.
    #[must_use]
    pub fn ways(&self) -> &[Way] {
        self.rules.as_ref().map_or(&[], |rules| &rules.ways)
    }

    /// Who is signed in, whether or not the screen is hidden.
    #[must_use]
    pub fn staff(&self) -> Option<&Staff> {
        self.standing.staff()
    }

    /// Whether anything may be shown, and keys mean what they mean.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !matches!(self.standing, Standing::SignedOut | Standing::Locked(_))
    }

    /// Whether the console was opened without the provider.
    #[must_use]
    pub const fn is_break_glass(&self) -> bool {
        matches!(self.standing, Standing::BreakGlass { .. })
    }

    /// Whether the platform may be watched: a hidden screen goes on watching.
    #[must_use]
    pub const fn watches(&self) -> bool {
        !matches!(self.standing, Standing::SignedOut)
    }

    /// What the person may do.
    #[must_use]
    pub fn role(&self) -> Role {
        self.standing.role()
    }

    /// How long until the person must sign in again.
    #[must_use]
    pub fn left(&self, now: Timestamp) -> Option<Span> {
        self.staff().map(|staff| staff.ends_at.since(self.steady.at(now)))
    }

    /// Takes in that time went on: the session may be over, or the screen is hidden because nobody is there.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Order> {
        let now = self.steady.go_on(now);
        let (Some(rules), Some(staff)) = (&self.rules, self.standing.staff()) else {
            return Vec::new();
        };
        if now >= staff.ends_at {
            let (user, age) = (staff.person.user.clone(), now.since(staff.proved_at));
            let refusal = Refusal::TooOld { user, age, lasts: rules.policy.lasts };
            return self.end(&refusal.to_string());
        }
        let idle = now.since(self.touched);
        if rules.policy.locks_after.is_some_and(|after| idle >= after) {
            return self.lock();
        }
        Vec::new()
    }

    /// When the last key came before the screen was hidden.
    #[must_use]
    pub const fn touched(&self) -> Timestamp {
        self.touched
    }

    /// Takes in that a key came.
    pub fn touch(&mut self, now: Timestamp) {
        self.touched = self.steady.go_on(now);
    }

    /// Hides the screen until the factor is given again. Without a provider there is nothing to come back with.
    pub fn lock(&mut self) -> Vec<Order> {
        let Standing::SignedIn(staff) = &self.standing else { return Vec::new() };
        self.standing = Standing::Locked(staff.clone());
        self.proofs.clear();
        let orders = self.give_up();
        self.sign_in.rest_after(None);
        orders
    }

    /// Has people prove themselves in one of `ways` from now on.
    pub fn offer(&mut self, ways: Vec<Way>) {
        if let Some(rules) = &mut self.rules {
            rules.ways = ways;
        }
    }

    /// Begins to sign in, or to come back to the locked screen, in `way`.
    pub fn begin(&mut self, way: Way) -> Vec<Order> {
        let purpose = match &self.standing {
            Standing::SignedOut => Purpose::SignIn,
            Standing::Locked(_) => Purpose::Unlock,
            _ => return Vec::new(),
        };
        self.begin_for(way, purpose)
    }

    /// Asks who is signed in for a factor for `plan`, in the way in which they signed in. Their standing stays as it is,
    /// whatever comes of it.
    pub fn prove(&mut self, plan: PlanHash) -> Vec<Order> {
        let Standing::SignedIn(staff) = &self.standing else { return Vec::new() };
        let usual = staff.grant.way;
        let way = self.ways().iter().find(|way| **way == usual).or_else(|| self.ways().first());
        way.copied().map_or_else(Vec::new, |way| self.begin_for(way, Purpose::StepUp(plan)))
    }

    fn begin_for(&mut self, way: Way, purpose: Purpose) -> Vec<Order> {
        self.sign_in.begin(way, purpose.clone());
        self.sign_in.wrong = None;
        vec![Order::Begin(way, purpose)]
    }

    /// The way after the one that is under way; none where there is but one.
    #[must_use]
    pub fn other_way(&self) -> Option<Way> {
        let ways = self.ways();
        let way = self.sign_in.way.or_else(|| ways.first().copied());
        let at = ways.iter().position(|other| Some(*other) == way);
        let next = at.and_then(|at| ways.get(at + 1)).or_else(|| ways.first()).copied();
        next.filter(|next| Some(*next) != way)
    }

    /// Begins anew in the way after the one that is under way.
    pub fn begin_other(&mut self) -> Vec<Order> {
        self.other_way().map_or_else(Vec::new, |way| match self.sign_in.purpose.clone() {
            Some(Purpose::StepUp(plan)) => self.begin_for(way, Purpose::StepUp(plan)),
            _ => self.begin(way),
        })
    }

    /// Answers what the operator was asked.
    pub fn answer(&mut self, answer: Answer) -> Vec<Order> {
        match &self.sign_in.stage {
            Stage::Asked(Challenge::Browser { .. }) => {
                // A browser is only opened again: nothing is checked by that.
            }
            Stage::Asked(_) => self.sign_in.stage = Stage::Checking,
            Stage::Starting | Stage::Resting | Stage::Checking => return Vec::new(),
        }
        vec![Order::Answer(answer)]
    }

    /// Gives up what is under way.
    pub fn cancel(&mut self) -> Vec<Order> {
        if matches!(self.sign_in.stage, Stage::Resting | Stage::Starting) {
            return Vec::new();
        }
        let orders = self.give_up();
        self.sign_in.rest_after(None);
        orders
    }

    /// Ends the session.
    pub fn sign_out(&mut self) -> Vec<Order> {
        if self.staff().is_none() {
            return Vec::new();
        }
        let mut orders = self.give_up();
        self.standing = Standing::SignedOut;
        self.proofs.clear();
        self.sign_in.rest_after(None);
        // Until the provider was told; nobody is on any way in meanwhile.
        (self.sign_in.stage, self.sign_in.way) = (Stage::Checking, None);
        orders.push(Order::SignOut);
        orders
    }

    /// How long what was proved for `plan` still counts.
    #[must_use]
    pub fn proof_left(&self, plan: &PlanHash, now: Timestamp) -> Option<Span> {
        self.proofs.left(plan, self.steady.at(now))
    }

    /// Uses up what was proved for `plan`.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn spend_proof(&mut self, plan: &PlanHash, now: Timestamp) -> Result<(), Unproved> {
        let Standing::SignedIn(staff) = &self.standing else { return Err(Unproved::Missing) };
        self.proofs.spend(plan, &staff.person.subject, self.steady.at(now))
    }

    /// Ends the session, and says why.
    pub(super) fn end(&mut self, why: &str) -> Vec<Order> {
        let mut orders = self.give_up();
        self.standing = Standing::SignedOut;
        self.proofs.clear();
        self.sign_in.rest_because(why);
        orders.push(Order::SignOut);
        orders
    }

    /// The provider gives up what is under way.
    pub(super) fn give_up(&mut self) -> Vec<Order> {
        self.sign_in.purpose.take().map(|_| Order::Cancel).into_iter().collect()
    }
}
