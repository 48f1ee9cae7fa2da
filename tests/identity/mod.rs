//! Somebody at the console and the provider, without a screen: what the provider tells goes to the session, and what the
//! session orders to the provider, as the console's runtime does it.
#![allow(dead_code, unreachable_pub, reason = "every test binary uses another part of this module")]
#![allow(clippy::expect_used, clippy::panic, reason = "this is test code")]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pulse_console::config::{ServerUrl, Settings, SignInFlow};
use pulse_console::domain::{PlanHash, Span, Timestamp, Trouble};
use pulse_console::live::{Bearer, Keeper, Live, Signed};
use pulse_console::platform::{
    Answer, Challenge, Clock as _, Grant, IdentityEvent, Order, Platform as _, Prompt, Proof,
    Secret, Teller,
};
use pulse_console::session::{Policy, Presence};
use secrecy::ExposeSecret as _;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::live_watch::Machine;

/// Far longer than anything takes: it only ends a test that hangs.
const GUARD: Duration = Duration::from_mins(1);

/// The console's rules in these tests.
pub fn policy() -> Policy {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Policy {
        staff_group: "plana-staff".to_owned(),
        operator_groups: names(&["plana-operators"]),
        senior_groups: names(&["plana-seniors"]),
        factors: names(&["mfa", "otp", "hwk"]),
        lasts: Span::from_secs(12 * 3_600),
        locks_after: None,
    }
}

/// Settings of a profile whose people sign in at `issuer`, by typing the password here.
pub fn settings(issuer: &str) -> Settings {
    let mut settings = crate::live_watch::settings();
    let identity = &mut settings.identity;
    identity.issuer.value = Some(ServerUrl::parse(issuer).expect("an address"));
    identity.flow.value = SignInFlow::Terminal;
    identity.terminal.value = true;
    settings
}

/// A console at which somebody sits.
pub struct Desk {
    pub presence: Presence,
    orders: mpsc::Sender<Order>,
    told: mpsc::Receiver<IdentityEvent>,
    /// All that was told, in order.
    pub all: Vec<IdentityEvent>,
    bearer: Bearer,
    _tasks: JoinSet<()>,
}

impl Desk {
    /// Opens the console of `settings`; it begins to sign somebody in.
    pub async fn open(settings: &Settings) -> Self {
        let cursor = Path::new("/nonexistent/cursor.json").to_owned();
        Self::of(&Live::new(settings, cursor, Arc::new(Machine))).await
    }

    /// The same, which keeps sessions in `keeper` where `settings` say that they are kept.
    pub async fn open_keeping(settings: &Settings, keeper: Arc<dyn Keeper>) -> Self {
        let cursor = Path::new("/nonexistent/cursor.json").to_owned();
        let live = Live::new(settings, cursor, Arc::new(Machine));
        Self::of(&live.keeping_sessions_in(keeper)).await
    }

    async fn of(live: &Live) -> Self {
        let (bearer, identity) = (live.bearer(), live.identity().expect("a provider"));
        let presence = Presence::guarded(policy(), identity.ways());
        let (orders, ordered) = mpsc::channel(8);
        let (queue, told) = mpsc::channel(8);
        let mut tasks = JoinSet::new();
        tasks.spawn(identity.run(ordered, Teller::new(queue)));
        let mut desk = Self { presence, orders, told, all: Vec::new(), bearer, _tasks: tasks };
        assert_eq!(desk.next().await, IdentityEvent::Ready);
        desk
    }

    /// The next thing that the provider tells, after the session took it in.
    pub async fn next(&mut self) -> IdentityEvent {
        let told = tokio::time::timeout(GUARD, self.told.recv()).await;
        let told = told.expect("something is told in time").expect("the provider is there");
        self.all.push(told.clone());
        let orders = self.presence.take(told.clone(), Machine.now());
        self.order(orders).await;
        told
    }

    /// Passes orders on.
    pub async fn order(&self, orders: Vec<Order>) {
        for order in orders {
            self.orders.send(order).await.expect("the provider is there");
        }
    }

    /// What is asked next.
    pub async fn asked(&mut self) -> Challenge {
        loop {
            match self.next().await {
                IdentityEvent::Asked(challenge) => return challenge,
                IdentityEvent::Checking | IdentityEvent::Hint(_) => {}
                other => panic!("{other:?} where something should be asked"),
            }
        }
    }

    /// What fails next.
    pub async fn failed(&mut self) -> Trouble {
        loop {
            match self.next().await {
                IdentityEvent::Failed(trouble) => return trouble,
                IdentityEvent::Checking | IdentityEvent::Hint(_) => {}
                other => panic!("{other:?} where something should fail"),
            }
        }
    }

    /// Waits until somebody is granted something, whatever the session makes of it.
    pub async fn granted(&mut self) -> Grant {
        loop {
            match self.next().await {
                IdentityEvent::Granted(grant) => return grant,
                IdentityEvent::Checking | IdentityEvent::Hint(_) => {}
                other => panic!("{other:?} where somebody should come in"),
            }
        }
    }

    /// Waits until somebody is in: what the servers are told is theirs.
    pub async fn comes_in(&mut self) -> String {
        self.granted().await;
        self.bearer_after("").await
    }

    /// What the servers are told of who is in; nothing while nobody is.
    pub fn bearer(&self) -> String {
        let signed = self.bearer.borrow();
        let token = signed.as_ref().map(|signed| signed.token.expose_secret().to_owned());
        token.unwrap_or_default()
    }

    /// The same, once it is another than `before`.
    pub async fn bearer_after(&mut self, before: &str) -> String {
        let another = |signed: &Option<Signed>| {
            signed.as_ref().is_some_and(|signed| signed.token.expose_secret() != before)
        };
        let told = tokio::time::timeout(GUARD, self.bearer.wait_for(another)).await;
        told.expect("a token in time").expect("the provider is there");
        self.bearer()
    }

    /// Waits until the session goes on.
    pub async fn renewed(&mut self) -> Grant {
        match self.next().await {
            IdentityEvent::Renewed(grant) => grant,
            other => panic!("{other:?} where the session should go on"),
        }
    }

    /// Waits until the session is over, however often it goes on before.
    pub async fn over(&mut self) -> Trouble {
        loop {
            match self.next().await {
                IdentityEvent::Over(trouble) => return trouble,
                IdentityEvent::Renewed(_) => {}
                other => panic!("{other:?} where the session should be over"),
            }
        }
    }

    /// Waits until a factor was given for a plan.
    pub async fn proved(&mut self) -> Proof {
        loop {
            match self.next().await {
                IdentityEvent::Proved(proof) => return proof,
                IdentityEvent::Checking | IdentityEvent::Hint(_) => {}
                other => panic!("{other:?} where a factor should count"),
            }
        }
    }

    /// Waits for these prompts; says why the last answer was wrong.
    pub async fn prompted(&mut self, expected: &[Prompt]) -> Option<String> {
        match self.asked().await {
            Challenge::Prompts { prompts, wrong, .. } if prompts == expected => {
                wrong.map(|wrong| wrong.to_string())
            }
            other => panic!("{other:?} where {expected:?} should be asked"),
        }
    }

    /// Types an answer to what is asked.
    pub async fn types(&mut self, texts: &[&str]) {
        let typed = texts.iter().map(|text| Secret::new((*text).to_owned())).collect();
        self.answers(Answer::Typed(typed)).await;
    }

    /// Answers what is asked.
    pub async fn answers(&mut self, answer: Answer) {
        let orders = self.presence.answer(answer);
        assert!(!orders.is_empty(), "nothing is asked");
        self.order(orders).await;
    }

    /// Begins to sign in again, in the preferred way.
    pub async fn begins(&mut self) {
        let way = *self.presence.ways().first().expect("a way");
        let orders = self.presence.begin(way);
        assert!(!orders.is_empty(), "somebody is signed in");
        self.order(orders).await;
    }

    /// Asks for a factor for `plan`.
    pub async fn proves(&mut self, plan: &PlanHash) {
        let orders = self.presence.prove(plan.clone());
        assert!(!orders.is_empty(), "nobody is signed in");
        self.order(orders).await;
    }

    /// The sentence that is shown beside the sign-in.
    pub fn wrong(&self) -> String {
        self.presence.sign_in().wrong.as_ref().map(ToString::to_string).unwrap_or_default()
    }
}

/// Now.
pub fn now() -> Timestamp {
    Machine.now()
}
