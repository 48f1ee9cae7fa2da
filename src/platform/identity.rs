//! The door to the identity provider: who is at the console, and how they prove it.
//!
//! The provider is ordered and tells. What it tells is verified as far as the protocol goes (signature, issuer,
//! audience, nonce, times of the token); whether such a person may use the console is decided by
//! [`crate::session`]. Tokens and passwords never come through this door towards the console.

use std::fmt;

use futures_util::future::BoxFuture;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

use super::Closed;
use crate::domain::{Person, PlanHash, Text, Timestamp, Trouble};

/// Signs people in, keeps them signed in, and asks for a factor again.
pub trait Identity: Send {
    /// The ways in which one can sign in here, the preferred first.
    fn ways(&self) -> Vec<Way>;

    /// Does as ordered until nobody orders any more, and tells what comes of it. Begins with
    /// [`IdentityEvent::Granted`] when a session was kept from an earlier run, else with [`IdentityEvent::Ready`].
    fn run(
        self: Box<Self>,
        orders: mpsc::Receiver<Order>,
        teller: Teller,
    ) -> BoxFuture<'static, ()>;
}

/// A way to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// In a browser on this machine, which comes back on a loopback port.
    Browser,
    /// In a browser anywhere, with a code shown here.
    Device,
    /// In this terminal: user, password, code.
    Terminal,
}

impl Way {
    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Device => "device",
            Self::Terminal => "terminal",
        }
    }
}

/// What somebody proves themselves for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Purpose {
    /// To come in.
    SignIn,
    /// To come back to a locked screen: the provider asks for a factor again.
    Unlock,
    /// To run this plan: the provider asks for a factor again, and the proof counts for this plan only.
    StepUp(PlanHash),
}

/// What the provider shall do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Order {
    /// Begin in this way. What is under way is given up.
    Begin(Way, Purpose),
    /// Take this as the answer to the last challenge.
    Answer(Answer),
    /// Give up what is under way.
    Cancel,
    /// The last grant may come in: keep it fresh, and use it towards the servers.
    Accept,
    /// The last grant may not come in: end it at the provider, and forget it.
    Refuse,
    /// End the session at the provider, and forget it.
    SignOut,
}

/// An answer to a challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// What was typed at the prompts, in their order.
    Typed(Vec<Secret>),
    /// The choice of this number.
    Chosen(usize),
    /// Yes: consents, or opens the browser again.
    Agreed,
}

/// Something typed that nobody else may see. It shows itself nowhere.
#[derive(Clone)]
pub struct Secret(SecretString);

impl Secret {
    /// Keeps `text`.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(SecretString::from(text))
    }

    /// What was typed.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl PartialEq for Secret {
    fn eq(&self, other: &Self) -> bool {
        self.expose() == other.expose()
    }
}

impl Eq for Secret {}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret")
    }
}

/// What the provider tells. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum IdentityEvent {
    /// There is no session from before; a way can be begun.
    Ready,
    /// Something is asked of the operator.
    Asked(Challenge),
    /// Lines of help beside what is asked, short ones and at most three; they may change while that stands.
    Hint(Vec<Text>),
    /// The answer is being checked.
    Checking,
    /// Somebody is who they say. It counts once it was accepted.
    Granted(Grant),
    /// The session goes on: what the provider says of the person now.
    Renewed(Grant),
    /// The session could not be renewed, and will be tried again: it still lasts as long as it did.
    NotRenewed(Trouble),
    /// The plan may run: a factor was given for it just now.
    Proved(Proof),
    /// What was begun has failed.
    Failed(Trouble),
    /// The session is over at the provider: it was revoked there, or can't be renewed any more.
    Over(Trouble),
    /// The session was ended as ordered; trouble when the provider could not be told.
    SignedOut(Option<Trouble>),
}

/// What is asked of the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Challenge {
    /// To go on in the browser of this machine.
    Browser {
        /// The address, for a browser that did not open by itself.
        address: Text,
        /// Why the browser did not open, if it did not.
        unopened: Option<Text>,
        /// Until when it is waited for.
        until: Timestamp,
    },
    /// To go on in a browser anywhere.
    Device {
        /// The address to go to.
        address: Text,
        /// The same with the code in it, for a camera.
        complete: Option<Text>,
        /// The code to type there.
        code: Text,
        /// Until when the code is good.
        until: Timestamp,
    },
    /// To type something.
    Prompts {
        /// What the provider calls this step.
        title: Text,
        /// Who is signing in, when that is known.
        person: Option<Text>,
        /// What is to be typed.
        prompts: Vec<Prompt>,
        /// Why the last answer was wrong.
        wrong: Option<Text>,
    },
    /// To choose one of these.
    Choice {
        /// What is chosen.
        title: Text,
        /// The choices.
        choices: Vec<Text>,
    },
    /// To agree.
    Consent {
        /// What is agreed to.
        title: Text,
        /// What the console is given.
        permissions: Vec<Text>,
    },
}

/// What is to be typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Prompt {
    /// The name of an account, or its e-mail address.
    User,
    /// A password.
    Password,
    /// The code of an authenticator, or a code kept for emergencies.
    Code,
}

impl Prompt {
    /// What stands before it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Password => "password",
            Self::Code => "code",
        }
    }

    /// Whether what is typed is hidden.
    #[must_use]
    pub const fn is_hidden(self) -> bool {
        !matches!(self, Self::User)
    }
}

/// What the provider vouches for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Who it is.
    pub person: Person,
    /// How they signed in.
    pub way: Way,
    /// How they proved it (`amr`), such as `pwd` and `mfa`; none when the provider does not say.
    pub factors: Option<Vec<Text>>,
    /// When they proved it (`auth_time`).
    pub proved_at: Option<Timestamp>,
    /// When the provider said so (`iat`).
    pub issued_at: Timestamp,
    /// Until when it holds unless it is renewed.
    pub expires_at: Timestamp,
    /// Whether it can be renewed without the operator.
    pub renews: bool,
}

/// A factor was given for a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof {
    /// The plan.
    pub plan: PlanHash,
    /// Who gave it (`sub`).
    pub subject: Text,
    /// When the provider said so (`iat`).
    pub issued_at: Timestamp,
}

/// Where an identity tells what happens.
#[derive(Clone)]
pub struct Teller(mpsc::Sender<IdentityEvent>);

impl Teller {
    /// One that tells into `queue`.
    #[must_use]
    pub const fn new(queue: mpsc::Sender<IdentityEvent>) -> Self {
        Self(queue)
    }

    /// Tells `event`.
    ///
    /// # Errors
    /// [`Closed`] when the console is closing.
    pub async fn tell(&self, event: IdentityEvent) -> Result<(), Closed> {
        self.0.send(event).await.map_err(|_| Closed)
    }
}
