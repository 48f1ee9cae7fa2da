//! Secrets, from wherever a reference points to.

use futures_util::future::BoxFuture;
use secrecy::SecretString;

use super::kubernetes;
use crate::config::{Environment, SecretRef};
use crate::domain::{Trouble, TroubleKind};

/// Fetches the secret that `reference` points to, for the setting `key`. The secret itself is in no message.
pub(super) async fn fetch(
    reference: SecretRef,
    key: &'static str,
    cluster: &kubernetes::Options,
) -> Result<SecretString, Trouble> {
    match reference {
        SecretRef::Env(_) | SecretRef::File(_) | SecretRef::Command(_) => {
            off_the_threads(move || {
                reference.resolve_local(&Environment::of_process()).map_err(|error| {
                    Trouble::new(
                        TroubleKind::Config,
                        &format!("the secret of {key} can't be had"),
                        &error.to_string(),
                    )
                })
            })
            .await
        }
        SecretRef::Keyring { service, user } => {
            off_the_threads(move || keyring(&service, &user, key)).await
        }
        SecretRef::KubernetesSecret { namespace, name, key: entry } => {
            kubernetes::secret(cluster, &namespace, &name, &entry).await
        }
    }
}

/// Runs what may block where it holds nobody up.
fn off_the_threads(
    work: impl FnOnce() -> Result<SecretString, Trouble> + Send + 'static,
) -> BoxFuture<'static, Result<SecretString, Trouble>> {
    Box::pin(async {
        let ended = |_| Trouble::new(TroubleKind::Config, "the console is closing", "");
        tokio::task::spawn_blocking(work).await.map_err(ended)?
    })
}

fn keyring(service: &str, user: &str, key: &str) -> Result<SecretString, Trouble> {
    let secret = keyring::v1::Entry::new(service, user).and_then(|entry| entry.get_password());
    secret.map(SecretString::from).map_err(|error| {
        let why = match error {
            keyring::v1::Error::NoEntry => "the keyring has no such entry",
            keyring::v1::Error::NoDefaultStore => "there is no keyring here",
            _ => "the keyring can't be read",
        };
        Trouble::new(
            TroubleKind::Config,
            &format!("the secret of {key} can't be had: {why}"),
            &format!("Store it with: secret-tool store --label=pulse-console service {service} username {user}"),
        )
    })
}
