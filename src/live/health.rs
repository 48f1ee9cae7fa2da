//! Whether a tenant's address is well, as whoever uses it would see it.

use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Url};

use super::causes::causes;
use crate::domain::operation::Seen;
use crate::domain::{Text, Trouble, TroubleKind};

/// The longest wait for the whole answer.
const WITHIN: Duration = Duration::from_secs(5);
/// As much of an answer as is read.
const BYTES: usize = 64 * 1024;
/// What stands for the host in the setting.
const HOST: &str = "{host}";

/// Asks addresses of tenants.
pub(super) struct Health {
    url: String,
    client: Result<Client, Trouble>,
}

impl Health {
    /// Asks at `url`, in which `{host}` stands for the host. Asks nothing yet.
    pub(super) fn new(url: String) -> Self {
        let client = Client::builder()
            .user_agent(concat!("pulse-console/", env!("CARGO_PKG_VERSION")))
            // Who is sent elsewhere is not well: that is a page to sign in, or one of nobody.
            .redirect(Policy::none())
            .timeout(WITHIN)
            .build()
            .map_err(|error| {
                let what = format!("no client for the tenants' addresses can be made: {error}");
                Trouble::new(TroubleKind::Config, &what, "See the settings of TLS.")
            });
        Self { url, client }
    }

    /// Whether `host` is well.
    ///
    /// # Errors
    /// The setting can't be used.
    pub(super) async fn look(&self, host: &Text) -> Result<Seen, Trouble> {
        if !is_host(host.as_str()) {
            return Ok(Seen::Refused(Text::bounded(&format!("{host} is no host"), 256)));
        }
        let address = self.url.replace(HOST, host.as_str());
        let url = Url::parse(&address).map_err(|error| {
            let what = format!("operations.health_url gives {address}, which is none: {error}");
            Trouble::new(TroubleKind::Config, &what, "Correct the setting.")
        })?;
        let client = self.client.as_ref().map_err(Clone::clone)?;
        let (well, says) = match ask(client, url).await {
            Ok(code) => (code == 200, format!("{host} answers {code}")),
            Err(error) if error.is_timeout() => {
                (false, format!("{host} does not answer within {} s", WITHIN.as_secs()))
            }
            Err(error) => {
                let error = error.without_url();
                let why = causes(&error).last().map(ToString::to_string).unwrap_or_default();
                (false, format!("{host} can't be reached: {why}"))
            }
        };
        Ok(Seen::Health { well, says: Text::bounded(&says, 512) })
    }
}

/// The code of the answer, once it is there as a whole, or as much of it as matters.
async fn ask(client: &Client, url: Url) -> Result<u16, reqwest::Error> {
    let mut response = client.get(url).send().await?;
    let code = response.status().as_u16();
    let mut read = 0;
    while let Some(part) = response.chunk().await? {
        read += part.len();
        if read > BYTES {
            break;
        }
    }
    Ok(code)
}

fn is_host(host: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || ".-".contains(c);
    !host.is_empty() && host.len() <= 253 && host.chars().all(fits)
}
