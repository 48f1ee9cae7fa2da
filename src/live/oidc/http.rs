//! Requests to the provider: to its own addresses only, bounded in time and size.

use std::time::Duration;

use reqwest::{Certificate, Client, ClientBuilder, Response};

use crate::domain::{Trouble, TroubleKind};

/// The longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(3);
/// The longest wait for an answer.
const ANSWER: Duration = Duration::from_secs(10);
/// The largest answer that is read, in bytes.
pub(super) const LARGEST: usize = 256 * 1024;

/// A client that trusts `certificates` (PEM), or the system's, and follows nothing: a provider that sends us elsewhere is
/// refused.
pub(super) fn client(certificates: Option<&[u8]>) -> Result<ClientBuilder, Trouble> {
    let mut builder = Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT)
        .timeout(ANSWER)
        .user_agent(concat!("pulse-console/", env!("CARGO_PKG_VERSION")));
    if let Some(pem) = certificates {
        let found = Certificate::from_pem_bundle(pem).ok().filter(|found| !found.is_empty());
        let Some(found) = found else {
            return Err(Trouble::new(
                TroubleKind::Config,
                "identity.ca_file holds no certificate",
                "Give it one or more in PEM.",
            ));
        };
        builder = builder.tls_certs_only(found);
    }
    Ok(builder)
}

/// The body of `response`; none when it is larger than [`LARGEST`].
pub(super) async fn body(mut response: Response) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await? {
        if body.len() + part.len() > LARGEST {
            return Ok(None);
        }
        body.extend_from_slice(&part);
    }
    Ok(Some(body))
}
