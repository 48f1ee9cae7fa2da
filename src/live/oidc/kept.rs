//! A session that is kept between runs of the console: in the desktop's keyring, or in the kernel's where there is no desktop.
//!
//! The kernel's forgets with the machine, and what nobody asks for after some days: enough for who comes over SSH again.
//! Beside the refresh token is kept how and when its owner proved themselves: a provider may leave that out of a renewal,
//! and the console asks for a factor at each start otherwise. Whoever can change the entry can use the refresh token too,
//! so it is believed as far as the token is; what the provider says itself goes before it.

use std::sync::Arc;
use std::time::Duration;

use keyring::v1;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};

use super::Options;
use super::person::Proved;
use crate::domain::{Text, Timestamp};
use crate::platform::Way;

/// The longest wait for a keyring: it may ask the operator to unlock it.
const WITHIN: Duration = Duration::from_secs(30);
/// The service that the entry belongs to.
const SERVICE: &str = "pulse-console";

/// A place for one secret text. Its calls may block, and are made where that holds nobody up.
pub trait Keeper: Send + Sync {
    /// The text; none when there is none.
    ///
    /// # Errors
    /// Why the place can't be read: a clause.
    fn read(&self) -> Result<Option<String>, String>;

    /// Keeps `text` instead of what was there.
    ///
    /// # Errors
    /// Why it can't be kept.
    fn write(&self, text: &str) -> Result<(), String>;

    /// Forgets what was there.
    ///
    /// # Errors
    /// Why it can't be removed.
    fn erase(&self) -> Result<(), String>;
}

/// An entry of the desktop's keyring; of the kernel's where there is none.
pub(super) struct Keyring {
    /// The profile.
    pub(super) user: String,
}

impl Keyring {
    /// Looked for at each call: it may block, and is to do so where that holds nobody up.
    fn place(&self) -> Box<dyn Keeper> {
        // One that is there and refuses is not gone round: somebody may have locked it.
        #[cfg(target_os = "linux")]
        if v1::Entry::store_status().is_err() {
            return Box::new(super::kernel::Kernel::entry(SERVICE, &self.user));
        }
        Box::new(Desktop { user: self.user.clone() })
    }
}

impl Keeper for Keyring {
    fn read(&self) -> Result<Option<String>, String> {
        self.place().read()
    }

    fn write(&self, text: &str) -> Result<(), String> {
        self.place().write(text)
    }

    fn erase(&self) -> Result<(), String> {
        self.place().erase()
    }
}

/// An entry of the desktop's keyring.
struct Desktop {
    user: String,
}

impl Desktop {
    fn entry(&self) -> Result<v1::Entry, String> {
        v1::Entry::new(SERVICE, &self.user).map_err(|error| said(&error))
    }
}

impl Keeper for Desktop {
    fn read(&self) -> Result<Option<String>, String> {
        match self.entry()?.get_password() {
            Ok(text) => Ok(Some(text)),
            Err(v1::Error::NoEntry) => Ok(None),
            Err(error) => Err(said(&error)),
        }
    }

    fn write(&self, text: &str) -> Result<(), String> {
        self.entry()?.set_password(text).map_err(|error| said(&error))
    }

    fn erase(&self) -> Result<(), String> {
        match self.entry()?.delete_credential() {
            Ok(()) | Err(v1::Error::NoEntry) => Ok(()),
            Err(error) => Err(said(&error)),
        }
    }
}

/// Why, in words of ours: the library's may repeat what was kept.
fn said(error: &v1::Error) -> String {
    match error {
        v1::Error::NoDefaultStore => "there is no keyring here",
        v1::Error::NoStorageAccess(_) => "the keyring is locked or does not answer",
        _ => "the keyring refuses",
    }
    .to_owned()
}

/// What is kept.
#[derive(Serialize, Deserialize)]
struct Entry {
    issuer: String,
    client_id: String,
    subject: Text,
    refresh_token: String,
    way: Way,
    amr: Option<Vec<Text>>,
    auth_time: Option<Timestamp>,
}

/// A session from an earlier run.
pub(super) struct KeptSession {
    /// Whose it is.
    pub(super) subject: Text,
    /// What becomes its next tokens.
    pub(super) refresh: SecretString,
    /// How they signed in.
    pub(super) proved: Proved,
}

/// Where the session of a profile is kept; nowhere unless that was asked for.
#[derive(Clone)]
pub(super) struct Kept {
    keeper: Option<Arc<dyn Keeper>>,
    issuer: String,
    client_id: String,
}

impl Kept {
    /// The place that `options` ask for, in `keeper` or the keyring.
    pub(super) fn of(options: &Options, keeper: Option<Arc<dyn Keeper>>) -> Self {
        let keyring = || Arc::new(Keyring { user: options.profile.clone() }) as Arc<dyn Keeper>;
        Self {
            keeper: options.keyring.then(|| keeper.unwrap_or_else(keyring)),
            issuer: options.issuer.to_string(),
            client_id: options.client_id.clone(),
        }
    }

    /// The session that was kept. One of another provider or application is none: its token is not for this one to see.
    ///
    /// # Errors
    /// A clause that says why nothing can be kept here.
    pub(super) async fn read(&self) -> Result<Option<KeptSession>, String> {
        let text = self.call(|keeper| keeper.read()).await?.flatten();
        let entry = text.and_then(|text| serde_json::from_str::<Entry>(&text).ok());
        let ours = |entry: &Entry| entry.issuer == self.issuer && entry.client_id == self.client_id;
        Ok(entry.filter(ours).map(|entry| KeptSession {
            subject: entry.subject,
            refresh: SecretString::from(entry.refresh_token),
            proved: Proved { way: entry.way, factors: entry.amr, at: entry.auth_time },
        }))
    }

    /// Keeps a session in place of any other.
    ///
    /// # Errors
    /// A clause that says why not.
    pub(super) async fn write(
        &self,
        subject: &Text,
        refresh: &SecretString,
        proved: &Proved,
    ) -> Result<(), String> {
        let entry = Entry {
            issuer: self.issuer.clone(),
            client_id: self.client_id.clone(),
            subject: subject.clone(),
            refresh_token: refresh.expose_secret().to_owned(),
            way: proved.way,
            amr: proved.factors.clone(),
            auth_time: proved.at,
        };
        let text = serde_json::to_string(&entry).map_err(|_| "it can't be written".to_owned())?;
        let text = SecretString::from(text);
        self.call(move |keeper| keeper.write(text.expose_secret())).await.map(drop)
    }

    /// Forgets what was kept.
    ///
    /// # Errors
    /// A clause that says why not.
    pub(super) async fn erase(&self) -> Result<(), String> {
        self.call(|keeper| keeper.erase()).await.map(drop)
    }

    /// Has the keeper do `work` off the runtime's threads; none when nothing is to be kept.
    async fn call<T: Send + 'static>(
        &self,
        work: impl FnOnce(&dyn Keeper) -> Result<T, String> + Send + 'static,
    ) -> Result<Option<T>, String> {
        let Some(keeper) = self.keeper.clone() else { return Ok(None) };
        let work = tokio::task::spawn_blocking(move || work(&*keeper));
        match tokio::time::timeout(WITHIN, work).await {
            Ok(Ok(done)) => done.map(Some),
            Ok(Err(_)) => Err("the console is closing".to_owned()),
            Err(_) => Err("the keyring does not answer".to_owned()),
        }
    }
}
