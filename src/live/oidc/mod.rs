//! The identity provider (OIDC): people sign in at it, stay signed in, and give a factor again.

mod application;
mod browser;
mod care;
mod desk;
mod device;
mod flow;
mod http;
mod kept;
#[cfg(target_os = "linux")]
mod kernel;
mod party;
mod person;
mod provider;
mod renew;
mod sign_in;
mod step_up;
mod talk;
mod terminal;
mod tokens;
mod verify;
mod ways;

use std::path::PathBuf;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, watch};

use self::desk::Desk;
pub use self::kept::Keeper;
use self::kept::Kept;
use self::party::Party;
use self::ways::Surroundings;
use super::{Signed, kubernetes};
use crate::config::{SecretRef, ServerUrl, Settings, SignInFlow};
use crate::domain::Span;
use crate::platform::{Clock, Identity, Order, Teller, Way};

/// The provider of a profile, as its settings describe it.
#[derive(Clone)]
pub(super) struct Options {
    pub(super) issuer: ServerUrl,
    pub(super) client_id: String,
    pub(super) client_secret: Option<SecretRef>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) scopes: String,
    pub(super) flow: SignInFlow,
    pub(super) browser: Option<String>,
    pub(super) terminal: bool,
    pub(super) terminal_flow: String,
    pub(super) step_up_client_id: Option<String>,
    pub(super) step_up_issuer: Option<ServerUrl>,
    pub(super) step_up_client_secret: Option<SecretRef>,
    /// How long ago somebody may have proved themselves.
    pub(super) lasts: Span,
    pub(super) keyring: bool,
    /// The profile's name, which the keyring's entry carries.
    pub(super) profile: String,
    pub(super) kubernetes: kubernetes::Options,
}

impl Options {
    /// What `settings` say of the provider; none when the profile has none.
    pub(super) fn of(settings: &Settings, kubernetes: &kubernetes::Options) -> Option<Self> {
        let identity = &settings.identity;
        Some(Self {
            issuer: identity.issuer.value.clone()?,
            client_id: identity.client_id.value.clone(),
            client_secret: identity.client_secret.value.clone(),
            ca_file: identity.ca_file.value.clone(),
            scopes: identity.scopes.value.clone(),
            flow: identity.flow.value,
            browser: identity.browser.value.clone(),
            terminal: identity.terminal.value,
            terminal_flow: identity.terminal_flow.value.clone(),
            step_up_client_id: identity.step_up_client_id.value.clone(),
            step_up_issuer: identity.step_up_issuer.value.clone(),
            step_up_client_secret: identity.step_up_client_secret.value.clone(),
            lasts: Span::from_secs(u64::from(identity.lasts.value) * 60),
            keyring: identity.keyring.value,
            profile: settings.profile.value.clone(),
            kubernetes: kubernetes.clone(),
        })
    }
}

/// The provider's door.
pub(super) struct Oidc {
    options: Options,
    bearer: watch::Sender<Option<Signed>>,
    keeper: Option<Arc<dyn Keeper>>,
    clock: Arc<dyn Clock>,
}

impl Oidc {
    /// The door to the provider that `options` describe; `bearer` is told of everybody who was accepted.
    pub(super) fn new(
        options: Options,
        bearer: watch::Sender<Option<Signed>>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { options, bearer, keeper: None, clock }
    }

    /// The same, which keeps sessions in `keeper` instead of the keyring.
    pub(super) fn keeping(mut self, keeper: Option<Arc<dyn Keeper>>) -> Self {
        self.keeper = keeper;
        self
    }
}

impl Identity for Oidc {
    fn ways(&self) -> Vec<Way> {
        ways::ways(self.options.flow, self.options.terminal, Surroundings::of_process())
    }

    fn run(
        self: Box<Self>,
        orders: mpsc::Receiver<Order>,
        teller: Teller,
    ) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let kept = Kept::of(&self.options, self.keeper);
            let party = Arc::new(Party::new(self.options, self.clock));
            // It ends when nobody listens any more.
            let _ = Desk::new(party, teller, self.bearer, kept).serve(orders).await;
        })
    }
}
