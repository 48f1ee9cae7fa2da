//! Where the provider and the console's rules meet without a screen: who is let in is decided as it is on the screen.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::talk::{GaveUp, Talk};
use crate::domain::{PlanHash, Text};
use crate::platform::{Challenge, Clock, Identity, IdentityEvent, Order, Teller, Way};
use crate::session::{Policy, Presence, Staff, Stage};

/// How many orders, and events, wait at most.
const WAITING: usize = 16;
/// The longest wait for the first word of the provider: a session that was kept may have to be renewed, and a keyring
/// may have to be unlocked by hand.
const FIRST: Duration = Duration::from_secs(60);
/// The longest wait for what the provider and the keyring still have to do at the end.
const LAST: Duration = Duration::from_secs(40);

/// What a provider begins with.
#[derive(Debug)]
pub(super) enum First {
    /// Somebody's session was kept, and they may come in.
    Staff(Box<Staff>),
    /// Nobody's; a sentence when there is a reason.
    Nobody(Option<String>),
}

/// The provider at work, and who it vouches for.
pub(super) struct Reception {
    presence: Presence,
    orders: mpsc::Sender<Order>,
    events: mpsc::Receiver<IdentityEvent>,
    clock: Arc<dyn Clock>,
    /// What was said beside everything else.
    hints: Vec<Text>,
    tasks: JoinSet<()>,
}

impl Reception {
    /// Has `identity` begin; people sign in by `ways`, in that order, under the rules of `policy`.
    pub(super) fn open(
        identity: Box<dyn Identity>,
        policy: Policy,
        ways: Vec<Way>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let (orders, ordered) = mpsc::channel(WAITING);
        let (teller, events) = mpsc::channel(WAITING);
        let mut tasks = JoinSet::new();
        tasks.spawn(identity.run(ordered, Teller::new(teller)));
        let presence = Presence::guarded(policy, ways);
        Self { presence, orders, events, clock, hints: Vec::new(), tasks }
    }

    /// Who is there.
    pub(super) const fn presence(&self) -> &Presence {
        &self.presence
    }

    /// Waits for the first word of the provider. Where there are ways to sign in, one is begun if nobody is there.
    pub(super) async fn first(&mut self) -> First {
        let begun = async {
            loop {
                let event = self.event().await?;
                let decides = matches!(event, IdentityEvent::Granted(_) | IdentityEvent::Ready);
                self.take(event).await;
                if decides {
                    return Some(());
                }
            }
        };
        let waited = tokio::time::timeout(FIRST, begun).await;
        if let Some(staff) = self.presence.staff() {
            return First::Staff(Box::new(staff.clone()));
        }
        let late = "The provider, or the keyring, does not answer.".to_owned();
        First::Nobody(waited.map_or(Some(late), |_| self.wrong()))
    }

    /// Signs somebody in, as `talk` answers.
    ///
    /// # Errors
    /// A sentence that says why nobody is signed in.
    pub(super) async fn sign_in(&mut self, talk: &mut dyn Talk) -> Result<Staff, String> {
        let mut asked = 0;
        loop {
            if let Some(staff) = self.presence.staff() {
                return Ok(staff.clone());
            }
            self.step(&mut asked, talk, "Nobody was signed in.").await?;
        }
    }

    /// Has who is signed in give a factor for `plan`, in one of `ways`, as `talk` answers. What is proved is used up by
    /// that.
    ///
    /// # Errors
    /// A sentence that says why nothing was proved.
    pub(super) async fn prove(
        &mut self,
        plan: &PlanHash,
        ways: Vec<Way>,
        talk: &mut dyn Talk,
    ) -> Result<(), String> {
        self.presence.offer(ways);
        let orders = self.presence.prove(plan.clone());
        if orders.is_empty() {
            return Err("Nobody is signed in who could give a second factor.".to_owned());
        }
        self.send(orders).await;
        let mut asked = self.presence.sign_in().asked;
        loop {
            let now = self.clock.now();
            if self.presence.proof_left(plan, now).is_some() {
                return self.presence.spend_proof(plan, now).map_err(|why| why.to_string());
            }
            self.step(&mut asked, talk, "No second factor was given.").await?;
        }
    }

    /// Puts what is asked to the operator, else waits for what the provider tells next. Where nothing is under way any
    /// more, that is why, or `otherwise`.
    async fn step(
        &mut self,
        asked: &mut u64,
        talk: &mut dyn Talk,
        otherwise: &str,
    ) -> Result<(), String> {
        let sign_in = self.presence.sign_in();
        match &sign_in.stage {
            Stage::Asked(challenge) if sign_in.asked != *asked => {
                *asked = sign_in.asked;
                let challenge = challenge.clone();
                if self.answer(&challenge, talk).await? {
                    return Ok(());
                }
            }
            Stage::Resting => return Err(self.wrong().unwrap_or_else(|| otherwise.to_owned())),
            Stage::Asked(_) | Stage::Starting | Stage::Checking => {}
        }
        let Some(event) = self.event().await else {
            return Err("The sign-in ended by itself. Try again.".to_owned());
        };
        self.take(event).await;
        Ok(())
    }

    /// Puts `challenge` to the operator; says whether it was answered.
    async fn answer(&mut self, challenge: &Challenge, talk: &mut dyn Talk) -> Result<bool, String> {
        match talk.ask(challenge).await {
            Ok(None) => Ok(false),
            Ok(Some(answer)) => {
                let orders = self.presence.answer(answer);
                self.send(orders).await;
                Ok(true)
            }
            Err(GaveUp(why)) => {
                let orders = self.presence.cancel();
                self.send(orders).await;
                Err(why)
            }
        }
    }

    /// Ends the session at the provider and forgets it, whoever's it is; trouble when the provider could not be told.
    pub(super) async fn sign_out(&mut self) -> Option<String> {
        drop(self.presence.sign_out());
        self.send(vec![Order::SignOut]).await;
        let ended = async {
            loop {
                match self.event().await {
                    Some(IdentityEvent::SignedOut(trouble)) => {
                        return trouble.map(|trouble| trouble.to_string());
                    }
                    Some(_) => {}
                    None => return Some("The sign-in ended by itself.".to_owned()),
                }
            }
        };
        let late = "The provider does not answer; the session runs out there by itself.".to_owned();
        tokio::time::timeout(LAST, ended).await.unwrap_or(Some(late))
    }

    /// Lets the provider finish, such as keeping the session; gives what it said beside everything else since the start.
    pub(super) async fn close(mut self) -> Vec<Text> {
        let Self { orders, events, tasks, hints, .. } = &mut self;
        let (unused, _) = mpsc::channel(1);
        drop(std::mem::replace(orders, unused));
        let end = async {
            loop {
                tokio::select! {
                    event = events.recv() => match event {
                        Some(event) => note(hints, &event),
                        None => return,
                    },
                    done = tasks.join_next() => if done.is_none() { return },
                }
            }
        };
        // Late, it is left as it is.
        let _ = tokio::time::timeout(LAST, end).await;
        while let Ok(event) = self.events.try_recv() {
            note(&mut self.hints, &event);
        }
        self.hints
    }

    async fn event(&mut self) -> Option<IdentityEvent> {
        let event = self.events.recv().await?;
        note(&mut self.hints, &event);
        Some(event)
    }

    async fn take(&mut self, event: IdentityEvent) {
        let orders = self.presence.take(event, self.clock.now());
        self.send(orders).await;
    }

    async fn send(&self, orders: Vec<Order>) {
        for order in orders {
            // A provider that ended is noticed by its silence.
            let _ = self.orders.send(order).await;
        }
    }

    /// Why nobody is there.
    fn wrong(&self) -> Option<String> {
        let wrong = self.presence.sign_in().wrong.as_ref().map(Text::to_string);
        let hints: Vec<&str> = self.hints.iter().map(Text::as_str).collect();
        wrong.or_else(|| (!hints.is_empty()).then(|| hints.join(" ")))
    }
}

fn note(hints: &mut Vec<Text>, event: &IdentityEvent) {
    /// The most that is remembered.
    const MOST: usize = 16;
    if let IdentityEvent::Hint(lines) = event
        && hints.len() < MOST
    {
        hints.extend(lines.iter().cloned());
    }
}
