//! One key of a Secret of the cluster.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use serde::Deserialize;

use super::api::Failure;
use super::{Options, connect};
use crate::domain::{Trouble, TroubleKind};

/// The longest wait for the Secret.
const LIMIT: Duration = Duration::from_secs(10);

#[derive(Deserialize)]
struct Secret {
    #[serde(default)]
    data: std::collections::BTreeMap<String, String>,
}

/// Reads `key` of the Secret `name` in `namespace`.
///
/// # Errors
/// The trouble that stands in the way; it never holds anything of the Secret.
pub(in crate::live) async fn secret(
    options: &Options,
    namespace: &str,
    name: &str,
    key: &str,
) -> Result<SecretString, Trouble> {
    let place = format!("the secret {namespace}/{name}");
    let link = connect::link(options).await?;
    let path = format!("/api/v1/namespaces/{namespace}/secrets/{name}");
    let answer =
        link.api.get_within(&path, LIMIT).await.map_err(|failure| refused(&failure, &place))?;
    let strange =
        || Trouble::new(TroubleKind::Protocol, &format!("{place} can't be read as a Secret"), "");
    let secret: Secret = serde_json::from_str(&answer).map_err(|_| strange())?;
    let encoded = secret.data.get(key).ok_or_else(|| {
        let keys: Vec<&str> = secret.data.keys().take(20).map(String::as_str).collect();
        Trouble::new(
            TroubleKind::Config,
            &format!("{place} has no key {key}"),
            &format!("Its keys are: {}.", keys.join(", ")),
        )
    })?;
    let bytes = STANDARD.decode(encoded).map_err(|_| strange())?;
    String::from_utf8(bytes)
        .map(|text| SecretString::from(text.trim_end_matches('\n')))
        .map_err(|_| strange())
}

fn refused(failure: &Failure, place: &str) -> Trouble {
    let (kind, remedy) = match failure.code() {
        Some(403) => (
            TroubleKind::Denied,
            "Ask for the verb get on this Secret, or set the password another way.",
        ),
        Some(401) => (TroubleKind::Unauthenticated, "Log in to the cluster again."),
        Some(404) => (TroubleKind::Config, "Correct the reference in the settings."),
        Some(_) => (TroubleKind::Server, "It is asked for again by itself."),
        None => (TroubleKind::Unreachable, "It is asked for again by itself."),
    };
    Trouble::new(kind, &format!("{place} can't be read: {failure}"), remedy)
}
