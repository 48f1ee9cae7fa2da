//! The OpenID provider: people sign in at it, stay signed in, and give a factor again.

mod browser;
mod device;
mod flow;
mod http;
mod talk;
mod terminal;

use std::path::PathBuf;

use futures_util::future::BoxFuture;
use tokio::sync::{mpsc, watch};

use self::flow::{Outcome, Request};
use self::talk::Talk;
use super::{Signed, kubernetes};
use crate::config::{SecretRef, ServerUrl, Settings, SignInFlow};
use crate::domain::{Trouble, TroubleKind};
use crate::platform::{Closed, Identity, IdentityEvent, Order, Teller, Way};

/// The provider of a profile, as its settings describe it.
#[derive(Clone)]
pub(super) struct Options {
    pub(super) issuer: ServerUrl,
    pub(super) client_id: String,
    pub(super) client_secret: Option<SecretRef>,
    pub(super) ca_file: Option<PathBuf>,
    pub(super) scopes: String,
    pub(super) flow: SignInFlow,
    pub(super) terminal: bool,
    pub(super) terminal_flow: String,
    pub(super) step_up_client_id: Option<String>,
    pub(super) step_up_client_secret: Option<SecretRef>,
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
            terminal: identity.terminal.value,
            terminal_flow: identity.terminal_flow.value.clone(),
            step_up_client_id: identity.step_up_client_id.value.clone(),
            step_up_client_secret: identity.step_up_client_secret.value.clone(),
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
}

impl Oidc {
    /// The door to the provider that `options` describe; `bearer` is told who came in, with each ID token that was accepted.
    pub(super) fn new(options: Options, bearer: watch::Sender<Option<Signed>>) -> Self {
        Self { options, bearer }
    }
}

impl Identity for Oidc {
    fn ways(&self) -> Vec<Way> {
        let mut ways = match self.options.flow {
            SignInFlow::Device => vec![Way::Device, Way::Browser],
            _ => vec![Way::Browser, Way::Device],
        };
        if self.options.terminal {
            ways.push(Way::Terminal);
        }
        ways
    }

    fn run(
        self: Box<Self>,
        mut orders: mpsc::Receiver<Order>,
        teller: Teller,
    ) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            let _: Result<(), Closed> = async {
                teller.tell(IdentityEvent::Ready).await?;
                while let Some(order) = orders.recv().await {
                    if let Order::Begin(way, _) = order {
                        let (_answers, mut answers) = mpsc::channel(4);
                        let mut talk = Talk { teller: &teller, answers: &mut answers };
                        if let Err(trouble) = self.sign_in(way, &mut talk).await {
                            teller.tell(IdentityEvent::Failed(trouble)).await?;
                        }
                    }
                }
                self.bearer.send_replace(None);
                Ok(())
            }
            .await;
        })
    }
}

impl Oidc {
    async fn sign_in(&self, way: Way, talk: &mut Talk<'_>) -> Result<Outcome, Trouble> {
        let request = self.request()?;
        match way {
            Way::Browser => browser::sign_in(&request, talk).await,
            Way::Device => device::sign_in(&request, talk).await,
            Way::Terminal => terminal::sign_in(&request, &self.options.terminal_flow, talk).await,
        }
    }

    fn request(&self) -> Result<Request, Trouble> {
        let issuer = &self.options.issuer;
        Err(Trouble::new(TroubleKind::Config, &format!("{issuer} can't be asked yet"), ""))
    }
}
