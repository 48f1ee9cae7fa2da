//! The people of the training world, and the provider that they sign in at.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, watch};
use totp_rs::{Builder, Totp};

use crate::domain::{Person, Role, Span, Text, Timestamp, Trouble, TroubleKind};
use crate::platform::{
    Answer, Challenge, Clock, Closed, Grant, Identity, IdentityEvent, Order, Prompt, Proof,
    Purpose, Teller, Way,
};

/// The group of everybody who may use the console.
pub const STAFF: &str = "plana-staff";
/// The group of the operators.
pub const OPERATORS: &str = "plana-operators";
/// The group of the seniors.
pub const SENIORS: &str = "plana-seniors";

/// Everybody's password: nothing here is real.
const PASSWORD: &str = "training";
/// What everybody's authenticator was given.
const SECRET: &[u8; 20] = b"pulse-console demo!!";
/// How often the code that is told is looked at anew.
const HINT_EVERY: Duration = Duration::from_secs(1);
/// How long a grant holds.
const HOLDS: Span = Span::from_secs(3600);

/// Somebody of the training world.
struct Account {
    user: &'static str,
    name: &'static str,
    groups: &'static [&'static str],
}

const ACCOUNTS: [Account; 4] = [
    Account {
        user: "maria", name: "Мария Стоянова", groups: &[STAFF, OPERATORS, SENIORS]
    },
    Account { user: "ivan", name: "Иван Петров", groups: &[STAFF, OPERATORS] },
    Account { user: "vera", name: "Вера Колева", groups: &[STAFF] },
    Account { user: "office@acme.example", name: "Акме ООД", groups: &["tenant-acme"] },
];

/// The provider of the training world.
pub struct Provider {
    clock: Arc<dyn Clock>,
    codes: Totp,
    purpose: Purpose,
    /// The role of whoever was granted last, and where it goes once they came in.
    granted: Role,
    role: Option<watch::Sender<Option<Role>>>,
}

impl Provider {
    /// One that goes by `clock`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let codes = Builder::new().with_secret(SECRET.to_vec()).build_noncompliant();
        Self { clock, codes, purpose: Purpose::SignIn, granted: Role::Viewer, role: None }
    }

    /// The same, which tells `role` as what somebody came in.
    #[must_use]
    pub fn telling(self, role: watch::Sender<Option<Role>>) -> Self {
        Self { role: Some(role), ..self }
    }

    /// The code that the authenticators show now.
    #[must_use]
    pub fn code(&self) -> String {
        self.codes.generate(self.seconds()).to_string()
    }

    fn seconds(&self) -> u64 {
        u64::try_from(self.clock.now().ms() / 1000).unwrap_or(0)
    }

    fn hint(&self) -> Text {
        let now = self.seconds();
        let left = self.codes.next_step(now).saturating_sub(now);
        let users: Vec<&str> = ACCOUNTS.iter().map(|account| account.user).collect();
        Text::clean(&format!(
            "Training: {} · password {PASSWORD} · code {} (for {left} s)",
            users.join(", "),
            self.code()
        ))
    }

    async fn serve(
        mut self,
        mut orders: mpsc::Receiver<Order>,
        teller: Teller,
    ) -> Result<(), Closed> {
        teller.tell(IdentityEvent::Ready).await?;
        let mut hints = tokio::time::interval(HINT_EVERY);
        let mut hinted = None;
        loop {
            let order = tokio::select! {
                order = orders.recv() => order,
                _ = hints.tick() => {
                    let hint = self.hint();
                    if hinted.as_ref() != Some(&hint) {
                        hinted = Some(hint.clone());
                        teller.tell(IdentityEvent::Hint(hint)).await?;
                    }
                    continue;
                }
            };
            let Some(order) = order else { return Ok(()) };
            if let Some(event) = self.answer(order) {
                teller.tell(event).await?;
            }
        }
    }

    fn answer(&mut self, order: Order) -> Option<IdentityEvent> {
        match order {
            Order::Begin(_, purpose) => {
                self.purpose = purpose;
                Some(IdentityEvent::Asked(asked(None)))
            }
            Order::Answer(Answer::Typed(typed)) => {
                let typed: Vec<&str> = typed.iter().map(|secret| secret.expose()).collect();
                Some(self.check(&typed))
            }
            Order::SignOut => Some(IdentityEvent::SignedOut(None)),
            Order::Accept => {
                if let Some(role) = &self.role {
                    role.send_replace(Some(self.granted));
                }
                None
            }
            Order::Answer(_) | Order::Cancel | Order::Refuse => None,
        }
    }

    fn check(&mut self, typed: &[&str]) -> IdentityEvent {
        let [user, password, code] = typed else {
            return IdentityEvent::Failed(Trouble::new(
                TroubleKind::Protocol,
                "signing in: the answer has not three parts",
                "Begin again.",
            ));
        };
        let account = ACCOUNTS.iter().find(|account| account.user == *user);
        let now = self.clock.now();
        let (Some(account), true) = (account, *password == PASSWORD) else {
            return IdentityEvent::Asked(asked(Some("No such user, or not their password.")));
        };
        if self.codes.check(code, self.seconds()).is_none() {
            return IdentityEvent::Asked(asked(Some("That is not the code shown now.")));
        }
        let person = account.person();
        self.granted = account.role();
        match &self.purpose {
            Purpose::StepUp(plan) => IdentityEvent::Proved(Proof {
                plan: plan.clone(),
                subject: person.subject,
                issued_at: now,
            }),
            Purpose::SignIn | Purpose::Unlock => IdentityEvent::Granted(granted(person, now)),
        }
    }
}

impl Account {
    fn role(&self) -> Role {
        let is_in = |group| self.groups.contains(&group);
        if is_in(SENIORS) {
            Role::Senior
        } else if is_in(OPERATORS) {
            Role::Operator
        } else {
            Role::Viewer
        }
    }

    fn person(&self) -> Person {
        Person {
            subject: Text::clean(self.user),
            user: Text::clean(self.user),
            name: Text::clean(self.name),
            groups: self.groups.iter().map(|group| Text::clean(group)).collect(),
        }
    }
}

fn granted(person: Person, now: Timestamp) -> Grant {
    Grant {
        person,
        way: Way::Terminal,
        factors: Some(vec![Text::clean("pwd"), Text::clean("mfa")]),
        proved_at: Some(now),
        issued_at: now,
        expires_at: now.after(HOLDS),
        renews: true,
    }
}

fn asked(wrong: Option<&str>) -> Challenge {
    Challenge::Prompts {
        title: Text::clean("Sign in to the training world"),
        person: None,
        prompts: vec![Prompt::User, Prompt::Password, Prompt::Code],
        wrong: wrong.map(Text::clean),
    }
}

impl Identity for Provider {
    fn ways(&self) -> Vec<Way> {
        vec![Way::Terminal]
    }

    fn run(
        self: Box<Self>,
        orders: mpsc::Receiver<Order>,
        teller: Teller,
    ) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            // It ends when nobody listens any more.
            let _ = self.serve(orders, teller).await;
        })
    }
}
