//! Tenants.

use serde_json::Value;

use super::desk::Desk;
use super::keeper::Next;
use super::key::Key;
use crate::platform::PlatformError;

/// Brings a tenant a step further.
pub(super) async fn reconcile(
    desk: &Desk,
    key: &Key,
    client: &Value,
) -> Result<Next, PlatformError> {
    let _ = (desk, key, client);
    Ok(Next::Changed)
}
