//! The identity provider of the training world.
//!
//! It asks for what a real one asks for, and tells the trainee what to type. Its grants and its outages go by the world's
//! time; its codes and its waiting by that of the trainee's hands.

mod authenticator;
mod begun;
mod hint;
mod session;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, watch};
use tokio::time::MissedTickBehavior;

use self::authenticator::Authenticator;
use self::begun::{Begun, Wrong};
use self::session::Session;
use super::clock::{Hands, SimClock};
use super::scenario::{Account, Scenario};
use crate::domain::{Role, Text, Timestamp, Trouble, TroubleKind};
use crate::platform::{Answer, Clock, Closed, Identity, IdentityEvent, Order, Secret, Teller, Way};

pub use super::scenario::{OPERATORS, SENIORS, STAFF};

/// How often it looks whether it is time for something.
const LOOKS: Duration = Duration::from_millis(200);

/// The provider of the training world.
pub struct Provider {
    /// The world's time.
    clock: Arc<dyn Clock>,
    /// The trainee's time.
    hands: Hands,
    /// Whether time stands still.
    stands_still: bool,
    accounts: Vec<Account>,
    /// The authenticators, by what they were given.
    codes: BTreeMap<Text, Authenticator>,
    /// When it is away.
    away: Vec<(Timestamp, Timestamp)>,
    begun: Option<Begun>,
    wrong: Wrong,
    /// What was told last, and not yet taken in or refused.
    granted: Option<Session>,
    session: Option<Session>,
    /// Where the role of whoever came in goes.
    role: Option<watch::Sender<Option<Role>>>,
}

impl Provider {
    /// The provider of the world of `scenario`, whose time is `clock`.
    pub(super) fn new(scenario: &Scenario, clock: &Arc<SimClock>) -> Self {
        let accounts = scenario.accounts();
        let seeds = accounts.iter().map(|account| &account.totp);
        let codes = seeds.map(|seed| (seed.clone(), Authenticator::new(seed))).collect();
        Self {
            clock: Arc::<SimClock>::clone(clock),
            hands: Hands(Arc::clone(clock)),
            stands_still: clock.stands_still(),
            accounts,
            codes,
            away: scenario.provider_away(),
            begun: None,
            wrong: Wrong::default(),
            granted: None,
            session: None,
            role: None,
        }
    }

    /// The same, which tells `role` as what somebody came in.
    pub(super) fn telling(self, role: watch::Sender<Option<Role>>) -> Self {
        Self { role: Some(role), ..self }
    }

    async fn serve(
        mut self,
        mut orders: mpsc::Receiver<Order>,
        teller: Teller,
    ) -> Result<(), Closed> {
        teller.tell(IdentityEvent::Ready).await?;
        let mut looks = tokio::time::interval(LOOKS);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut hinted = Vec::new();
        loop {
            let told = tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.order(order),
                    None => return Ok(()),
                },
                _ = looks.tick() => self.look(),
            };
            // What is asked anew has its lines of help anew.
            if told.iter().any(|event| matches!(event, IdentityEvent::Asked(_))) {
                hinted.clear();
            }
            for event in told {
                teller.tell(event).await?;
            }
            let hint = self.hint();
            if hint != hinted {
                hinted.clone_from(&hint);
                teller.tell(IdentityEvent::Hint(hint)).await?;
            }
        }
    }

    /// What comes of time.
    fn look(&mut self) -> Vec<IdentityEvent> {
        self.agreed().into_iter().chain(self.renew()).collect()
    }

    /// What comes of `order`.
    fn order(&mut self, order: Order) -> Vec<IdentityEvent> {
        let event = match order {
            Order::Begin(way, purpose) => Some(self.begin(way, purpose)),
            Order::Answer(Answer::Typed(typed)) => {
                let typed: Vec<&str> = typed.iter().map(Secret::expose).collect();
                self.check(&typed)
            }
            Order::Answer(Answer::Chosen(_) | Answer::Agreed) => None,
            Order::Cancel => {
                self.begun = None;
                None
            }
            Order::Accept => {
                self.session = self.granted.take().or_else(|| self.session.take());
                if let (Some(role), Some(session)) = (&self.role, &self.session) {
                    role.send_replace(Some(session.role()));
                }
                None
            }
            Order::Refuse => {
                self.granted = None;
                None
            }
            Order::SignOut => {
                (self.begun, self.granted, self.session) = (None, None, None);
                Some(IdentityEvent::SignedOut(self.away("ending the session at the provider")))
            }
        };
        event.into_iter().collect()
    }

    /// Why it can't be asked for what one is `doing`, while it is away.
    fn away(&self, doing: &str) -> Option<Trouble> {
        let now = self.clock.now();
        let away = self.away.iter().any(|(from, until)| (*from..*until).contains(&now));
        away.then(|| {
            Trouble::new(
                TroubleKind::Server,
                &format!(
                    "{doing}: auth.planapulse.app answers 503, for its own database is on pg01, and pg01 is down"
                ),
                "Try again when pg01 is back. If you can't wait: quit, and start the console with --break-glass --reason \
                 \"pg01 is down\".",
            )
        })
    }
}

impl Identity for Provider {
    /// Where time stands still, nobody ever says yes on another device.
    fn ways(&self) -> Vec<Way> {
        if self.stands_still { vec![Way::Terminal] } else { vec![Way::Terminal, Way::Device] }
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
