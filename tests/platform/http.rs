//! How the harness speaks to its own HTTP servers.

use std::time::Duration;

use reqwest::{Client, RequestBuilder};
use serde_json::Value;

use super::PlatformError;

const ANSWER_WITHIN: Duration = Duration::from_mins(1);

/// A client that goes straight to loopback, whatever proxies the machine has.
pub fn client() -> Result<Client, PlatformError> {
    Ok(Client::builder().no_proxy().timeout(ANSWER_WITHIN).build()?)
}

/// Sends a request and reads the answer as JSON; `null` when it is empty.
pub async fn send(request: RequestBuilder) -> Result<Value, PlatformError> {
    let answer = request.send().await?;
    let status = answer.status();
    let url = answer.url().to_string();
    let text = answer.text().await?;
    if !status.is_success() {
        return Err(PlatformError::Refused { url, answer: format!("{status}: {text}") });
    }
    if text.trim().is_empty() {
        return Ok(Value::Null);
    }
    serde_json::from_str(&text)
        .map_err(|error| PlatformError::Refused { url, answer: format!("{error} in {text}") })
}
