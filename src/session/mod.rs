//! Who is here: signing in, what the role allows, locking, and proofs for dangerous plans.
//!
//! Pure: what the provider tells goes in, what it shall do comes out.

mod policy;
mod proofs;

pub use policy::{Policy, Refusal, Staff};
pub use proofs::{GOOD_FOR, Proofs, Unproved};

use serde::{Deserialize, Serialize};

use crate::domain::{PlanHash, Role, Span, Text, Timestamp, Trouble};
use crate::platform::{Answer, Challenge, Grant, IdentityEvent, Order, Proof, Purpose, Way};

/// Who is at the console.
#[derive(Clone, Debug)]
pub struct Presence {
    rules: Option<Rules>,
    standing: Standing,
    /// What is under way with the provider.
    sign_in: SignIn,
    proofs: Proofs,
    /// When the last key came.
    touched: Timestamp,
}

/// What a console with an identity provider goes by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Rules {
    policy: Policy,
    ways: Vec<Way>,
}

/// Where the person at the console stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// Nobody needs to sign in: whoever has the machine has this role.
    Unguarded(Role),
    /// The console was opened without the provider, for this reason; the role is what the profile allows then.
    BreakGlass {
        /// Why.
        reason: Text,
        /// As what.
        role: Role,
        /// Since when.
        since: Timestamp,
    },
    /// Nobody is signed in.
    SignedOut,
    /// Somebody is.
    SignedIn(Box<Staff>),
    /// Somebody is, and went away: the screen is hidden.
    Locked(Box<Staff>),
}

/// What is under way with the provider.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// In which way.
    pub way: Option<Way>,
    /// How far it is.
    pub stage: Stage,
    /// What went wrong last: a sentence for the operator.
    pub wrong: Option<Text>,
    /// A line of help beside what is asked.
    pub hint: Option<Text>,
    /// How many challenges there were: a new one empties what was typed.
    pub asked: u64,
}

/// What is remembered of who was at the console when a recording begins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionMemo {
    rules: Option<Rules>,
    standing: Standing,
    sign_in: SignIn,
    touched: Timestamp,
}

/// How far a sign-in is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// The provider was not heard of yet.
    #[default]
    Starting,
    /// Nothing is under way: a way is to be begun.
    Resting,
    /// The provider is asked.
    Checking,
    /// The operator is asked.
    Asked(Challenge),
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

    /// What a recording remembers of it.
    #[must_use]
    pub fn memo(&self) -> SessionMemo {
        SessionMemo {
            rules: self.rules.clone(),
            standing: self.standing.clone(),
            sign_in: self.sign_in.clone(),
            touched: self.touched,
        }
    }

    /// Brings it into this state.
    pub fn restore(&mut self, memo: SessionMemo) {
        (self.rules, self.standing) = (memo.rules, memo.standing);
        (self.sign_in, self.touched) = (memo.sign_in, memo.touched);
    }

    fn standing_as(rules: Option<Rules>, standing: Standing) -> Self {
        Self {
            rules,
            standing,
            sign_in: SignIn::default(),
            proofs: Proofs::default(),
            touched: Timestamp::default(),
        }
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

    /// The ways to sign in, the preferred first.
    #[must_use]
    pub fn ways(&self) -> &[Way] {
        self.rules.as_ref().map_or(&[], |rules| &rules.ways)
    }

    /// Who is signed in, whether or not the screen is hidden.
    #[must_use]
    pub fn staff(&self) -> Option<&Staff> {
        match &self.standing {
            Standing::SignedIn(staff) | Standing::Locked(staff) => Some(staff),
            _ => None,
        }
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
        match &self.standing {
            Standing::Unguarded(role) | Standing::BreakGlass { role, .. } => *role,
            Standing::SignedIn(staff) => staff.role,
            Standing::SignedOut | Standing::Locked(_) => Role::Viewer,
        }
    }

    /// How long until the person must sign in again.
    #[must_use]
    pub fn left(&self, now: Timestamp) -> Option<Span> {
        self.staff().map(|staff| staff.ends_at.since(now))
    }

    /// Takes in what the provider told; says what it shall do.
    pub fn take(&mut self, event: IdentityEvent, now: Timestamp) -> Vec<Order> {
        match event {
            IdentityEvent::Ready => return self.ready(),
            IdentityEvent::Asked(challenge) => {
                self.sign_in.asked += 1;
                self.sign_in.stage = Stage::Asked(challenge);
            }
            IdentityEvent::Hint(hint) => self.sign_in.hint = Some(hint),
            IdentityEvent::Checking => self.sign_in.stage = Stage::Checking,
            IdentityEvent::Granted(grant) => return self.granted(grant, now),
            IdentityEvent::Renewed(grant) => return self.renewed(grant, now),
            IdentityEvent::Proved(proof) => self.proved(proof),
            IdentityEvent::Failed(trouble) => self.rest(Some(&trouble)),
            IdentityEvent::Over(trouble) => self.sign_out_because(&trouble.to_string()),
            IdentityEvent::SignedOut(trouble) => {
                self.standing = Standing::SignedOut;
                self.rest(trouble.as_ref());
            }
            // It lasts as long as it did; the caller says so.
            IdentityEvent::NotRenewed(_) => {}
        }
        Vec::new()
    }

    /// Takes in that time went on.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Order> {
        let Some(rules) = &self.rules else { return Vec::new() };
        let Some(staff) = self.staff() else { return Vec::new() };
        if now >= staff.ends_at {
            let refusal = Refusal::TooOld {
                user: staff.person.user.clone(),
                age: now.since(staff.proved_at),
                lasts: rules.policy.lasts,
            };
            self.sign_out_because(&refusal.to_string());
            return vec![Order::SignOut];
        }
        let idle = now.since(self.touched);
        if rules.policy.locks_after.is_some_and(|after| idle >= after) {
            self.lock();
        }
        Vec::new()
    }

    /// When the last key came before the screen was hidden.
    #[must_use]
    pub const fn touched(&self) -> Timestamp {
        self.touched
    }

    /// Takes in that a key came.
    pub const fn touch(&mut self, now: Timestamp) {
        self.touched = now;
    }

    /// Hides the screen until the factor is given again. Without a provider there is nothing to come back with.
    pub fn lock(&mut self) {
        if let Standing::SignedIn(staff) = &self.standing {
            self.standing = Standing::Locked(staff.clone());
            self.proofs.clear();
            self.rest(None);
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

    /// Asks for a factor for `plan`.
    pub fn prove(&mut self, plan: PlanHash) -> Vec<Order> {
        match (&self.standing, self.ways().first()) {
            (Standing::SignedIn(staff), Some(way)) => {
                let way =
                    if self.ways().contains(&staff.grant.way) { staff.grant.way } else { *way };
                self.begin_for(way, Purpose::StepUp(plan))
            }
            _ => Vec::new(),
        }
    }

    fn begin_for(&mut self, way: Way, purpose: Purpose) -> Vec<Order> {
        self.sign_in.way = Some(way);
        self.sign_in.stage = Stage::Checking;
        self.sign_in.wrong = None;
        vec![Order::Begin(way, purpose)]
    }

    /// The way after the one that is under way; none where there is but one.
    #[must_use]
    pub fn other_way(&self) -> Option<Way> {
        let ways = self.ways();
        let way = self.sign_in.way.or_else(|| ways.first().copied());
        let at = ways.iter().position(|other| Some(*other) == way)?;
        let next = ways.get(at + 1).or_else(|| ways.first()).copied();
        next.filter(|next| Some(*next) != way)
    }

    /// Begins anew in the way after the one that is under way.
    pub fn begin_other(&mut self) -> Vec<Order> {
        self.other_way().map_or_else(Vec::new, |way| self.begin(way))
    }

    /// Answers what the operator was asked.
    pub fn answer(&mut self, answer: Answer) -> Vec<Order> {
        if !matches!(self.sign_in.stage, Stage::Asked(_)) {
            return Vec::new();
        }
        // A browser is only opened again: nothing is checked by that.
        if !matches!(self.sign_in.stage, Stage::Asked(Challenge::Browser { .. })) {
            self.sign_in.stage = Stage::Checking;
        }
        vec![Order::Answer(answer)]
    }

    /// Gives up what is under way.
    pub fn cancel(&mut self) -> Vec<Order> {
        if matches!(self.sign_in.stage, Stage::Resting | Stage::Starting) {
            return Vec::new();
        }
        self.rest(None);
        vec![Order::Cancel]
    }

    /// Ends the session.
    pub fn sign_out(&mut self) -> Vec<Order> {
        if self.staff().is_none() {
            return Vec::new();
        }
        self.standing = Standing::SignedOut;
        self.proofs.clear();
        self.sign_in = SignIn { stage: Stage::Checking, ..SignIn::default() };
        vec![Order::SignOut]
    }

    /// How long what was proved for `plan` still counts.
    #[must_use]
    pub fn proof_left(&self, plan: &PlanHash, now: Timestamp) -> Option<Span> {
        self.proofs.left(plan, now)
    }

    /// Uses up what was proved for `plan`.
    ///
    /// # Errors
    /// Why it does not count.
    pub fn spend_proof(&mut self, plan: &PlanHash, now: Timestamp) -> Result<(), Unproved> {
        let Standing::SignedIn(staff) = &self.standing else { return Err(Unproved::Missing) };
        self.proofs.spend(plan, &staff.person.subject, now)
    }

    fn ready(&mut self) -> Vec<Order> {
        self.rest(None);
        match (&self.standing, self.ways().first().copied()) {
            (Standing::SignedOut, Some(way)) => self.begin(way),
            _ => Vec::new(),
        }
    }

    fn granted(&mut self, grant: Grant, now: Timestamp) -> Vec<Order> {
        let Some(rules) = &self.rules else { return vec![Order::Refuse] };
        let same = match &self.standing {
            Standing::Locked(staff) => rules.policy.check_same(staff, &grant),
            _ => Ok(()),
        };
        match same.and_then(|()| rules.policy.admit(grant, now)) {
            Ok(staff) => {
                self.standing = Standing::SignedIn(Box::new(staff));
                self.touched = now;
                self.rest(None);
                vec![Order::Accept]
            }
            Err(refusal) => {
                self.rest(None);
                self.sign_in.wrong = Some(Text::clean(&refusal.to_string()));
                vec![Order::Refuse]
            }
        }
    }

    fn renewed(&mut self, grant: Grant, now: Timestamp) -> Vec<Order> {
        let (Some(rules), Some(staff)) = (&self.rules, self.staff()) else {
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
            Err(refusal) => {
                self.sign_out_because(&refusal.to_string());
                vec![Order::SignOut]
            }
        }
    }

    fn proved(&mut self, proof: Proof) {
        self.rest(None);
        self.proofs.hold(proof);
    }

    fn sign_out_because(&mut self, why: &str) {
        self.standing = Standing::SignedOut;
        self.proofs.clear();
        self.rest(None);
        self.sign_in.wrong = Some(Text::clean(why));
    }

    fn rest(&mut self, trouble: Option<&Trouble>) {
        self.sign_in.stage = Stage::Resting;
        self.sign_in.wrong = trouble.map(|trouble| Text::clean(&trouble.to_string()));
    }
}
