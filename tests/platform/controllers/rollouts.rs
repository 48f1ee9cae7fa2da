//! Deployments whose template was changed: replicas are replaced one after another.

use serde_json::{Value, json};

use super::Fault;
use super::desk::Desk;
use super::keeper::Next;
use super::key::{Key, is_leaving, number};
use crate::platform::PlatformError;

const LATER: u32 = 10;

/// Brings a Deployment a step further.
pub(super) async fn reconcile(
    desk: &Desk,
    key: &Key,
    deployment: &Value,
) -> Result<Next, PlatformError> {
    if is_leaving(deployment) {
        desk.release(&key.path()).await?;
        return Ok(Next::Changed);
    }
    let generation = number(deployment, "/metadata/generation").unwrap_or(1);
    let wanted = number(deployment, "/spec/replicas").unwrap_or(1);
    let fault = desk.faults.of(deployment);
    // The new replica set begins with none of them.
    for updated in 0..=wanted {
        let done = updated == wanted;
        let status = json!({
            "observedGeneration": if done { Some(generation) } else { number(deployment, "/status/observedGeneration") },
            "updatedReplicas": updated,
            "replicas": if done { wanted } else { wanted + 1 },
            "readyReplicas": wanted,
            "availableReplicas": wanted,
            "unavailableReplicas": if done { Value::Null } else { 1.into() },
        });
        desk.merge(&format!("{}/status", key.path()), &json!({ "status": status })).await?;
        desk.phase(fault).await;
        if fault == Some(Fault::NeverReady) {
            // The first new pod does not become ready, and so no old one goes.
            return Ok(Next::In(desk.pace * LATER));
        }
    }
    Ok(Next::Changed)
}
