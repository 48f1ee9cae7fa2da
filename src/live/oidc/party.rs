//! What every sign-in and every renewal needs: the settings, the provider once it was found, and the clock.

use std::path::Path;
use std::sync::{Arc, Mutex as PlainMutex, PoisonError};

use openidconnect::core::{CoreJsonWebKey, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey as _, Nonce};
use reqwest::Url;
use reqwest::cookie::Jar;
use tokio::sync::Mutex;

use super::Options;
use super::application::Application;
use super::provider::Provider;
use crate::config::ServerUrl;
use crate::domain::{PlanHash, Span, Timestamp, Trouble, TroubleKind};
use crate::live::secret;
use crate::platform::Clock;

/// How long what the provider says of itself is gone by.
const FOUND_FOR: Span = Span::from_secs(3_600);

/// The console's side of the provider.
pub(super) struct Party {
    /// The settings.
    pub(super) options: Options,
    clock: Arc<dyn Clock>,
    found: Mutex<Option<Arc<Provider>>>,
    found_for_step_up: Mutex<Option<Arc<Provider>>>,
    /// What the provider knows this console by since the last sign-in in the terminal.
    cookies: PlainMutex<Arc<Jar>>,
    application: Mutex<Option<Application>>,
}

impl Party {
    /// One that has asked nothing yet.
    pub(super) fn new(options: Options, clock: Arc<dyn Clock>) -> Self {
        Self {
            options,
            clock,
            found: Mutex::new(None),
            found_for_step_up: Mutex::new(None),
            cookies: PlainMutex::default(),
            application: Mutex::new(None),
        }
    }

    /// The clock.
    pub(super) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    /// Now.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The provider, asked how it is set up when that was not done lately.
    pub(super) async fn provider(&self) -> Result<Arc<Provider>, Trouble> {
        self.find(&self.options.issuer, &self.found).await
    }

    /// The same as the second application is told of it: an issuer may be for one application only.
    pub(super) async fn step_up_provider(&self) -> Result<Arc<Provider>, Trouble> {
        let Options { issuer, step_up_client_id, step_up_issuer, .. } = &self.options;
        let (Some(_), Some(second)) = (step_up_client_id, step_up_issuer) else {
            return self.provider().await;
        };
        // Whose subject it is, is known of one server only.
        if !is_same_server(issuer, second) {
            return Err(Trouble::new(
                TroubleKind::Config,
                &format!(
                    "identity.step_up_issuer is {second}, which is not at the server of {issuer}"
                ),
                "Let both be of the same server.",
            ));
        }
        self.find(second, &self.found_for_step_up).await
    }

    /// What the provider knows this console by, which a sign-in in the terminal begins without.
    pub(super) fn cookies(&self) -> Arc<Jar> {
        Arc::clone(&self.cookies.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Lets the provider know nobody here any more.
    pub(super) fn forget_cookies(&self) {
        *self.cookies.lock().unwrap_or_else(PoisonError::into_inner) = Arc::default();
    }

    async fn find(
        &self,
        issuer: &ServerUrl,
        found: &Mutex<Option<Arc<Provider>>>,
    ) -> Result<Arc<Provider>, Trouble> {
        let mut found = found.lock().await;
        let now = self.now();
        if let Some(known) = found.as_ref().filter(|known| now.since(known.asked_at) < FOUND_FOR) {
            return Ok(Arc::clone(known));
        }
        let certificates = match &self.options.ca_file {
            Some(file) => Some(read(file).await?),
            None => None,
        };
        let provider = Arc::new(Provider::find(issuer, certificates, now).await?);
        *found = Some(Arc::clone(&provider));
        Ok(provider)
    }

    /// The console's application. Its secret is fetched once: a command that fetches it may ask a person.
    pub(super) async fn application(&self) -> Result<Application, Trouble> {
        let mut known = self.application.lock().await;
        if let Some(application) = &*known {
            return Ok(application.clone());
        }
        let reference = self.options.client_secret.clone();
        let secret = match reference {
            None => None,
            Some(reference) => Some(
                secret::fetch(reference, "identity.client_secret", &self.options.kubernetes)
                    .await?,
            ),
        };
        let application = Application { id: self.options.client_id.clone(), secret };
        *known = Some(application.clone());
        Ok(application)
    }

    /// Lets go of the application's secret when `said` of the provider means that it is not the right one any more.
    pub(super) async fn heard(&self, said: Option<&str>) {
        if said == Some("invalid_client") {
            *self.application.lock().await = None;
        }
    }

    /// The second application, which asks for a factor each time; none when there is no such.
    pub(super) async fn step_up_application(&self) -> Result<Option<Application>, Trouble> {
        let Some(id) = self.options.step_up_client_id.clone() else { return Ok(None) };
        let secret = match self.options.step_up_client_secret.clone() {
            None => None,
            Some(reference) => {
                let key = "identity.step_up_client_secret";
                Some(secret::fetch(reference, key, &self.options.kubernetes).await?)
            }
        };
        Ok(Some(Application { id, secret }))
    }
}

fn is_same_server(one: &ServerUrl, other: &ServerUrl) -> bool {
    let origin = |url: &ServerUrl| Url::parse(url.as_str()).ok().map(|url| url.origin());
    origin(one).is_some() && origin(one) == origin(other)
}

async fn read(file: &Path) -> Result<Vec<u8>, Trouble> {
    let path = file.to_owned();
    let read = tokio::task::spawn_blocking(move || std::fs::read(path)).await;
    read.ok().and_then(Result::ok).ok_or_else(|| {
        Trouble::new(
            TroubleKind::Config,
            &format!("identity.ca_file {} can't be read", file.display()),
            "Correct the setting, or the file.",
        )
    })
}

/// A value that nobody can guess, for one sign-in.
pub(super) fn fresh_nonce() -> String {
    Nonce::new_random_len(32).secret().clone()
}

/// The same for one `plan`: a digest of it and of what nobody can guess.
pub(super) fn nonce_for(plan: &PlanHash) -> String {
    let seed = format!("{}|{}", plan.as_str(), fresh_nonce());
    // The library's hash of signatures, which is SHA-256 for this one; any key has it.
    let hash = CoreJsonWebKey::new_symmetric(Vec::new())
        .hash_bytes(seed.as_bytes(), &CoreJwsSigningAlgorithm::HmacSha256);
    let digits = |digest, byte: &u8| format!("{digest}{byte:02x}");
    hash.unwrap_or_default().iter().fold(String::new(), digits)
}
