//! What pods that have ended used of a quota is free again. The API server counts pods in; no controller counts them out.

use serde_json::{Map, Value, json};

use super::desk::Desk;
use super::key::text;
use crate::platform::{PlatformError, Resource};

/// The units that are met, each with its thousandths, the largest first.
const UNITS: [(&str, u64); 4] = [("Gi", 1_000 << 30), ("Mi", 1_000 << 20), ("", 1_000), ("m", 1)];

/// Gives back what a pod of this specification has used.
pub(super) async fn give_back(
    desk: &Desk,
    namespace: &str,
    spec: &Value,
) -> Result<(), PlatformError> {
    let path = Resource::QUOTA.path(namespace);
    let limits = spec.pointer("/containers/0/resources/limits");
    for quota in desk.list(&path, "").await? {
        let Some(hard) = quota.pointer("/spec/hard").and_then(Value::as_object) else { continue };
        let used: Map<String, Value> = hard
            .keys()
            .filter_map(|name| {
                let used = quota.pointer("/status/used")?.get(name)?.as_str()?;
                let limit = name.strip_prefix("limits.").and_then(|part| limits?.get(part));
                let size = if name == "pods" { "1" } else { limit.and_then(Value::as_str)? };
                Some((name.clone(), less(used, size)?.into()))
            })
            .collect();
        let path = format!("{path}/{}/status", text(&quota, "/metadata/name"));
        desk.merge(&path, &json!({ "status": { "used": used } })).await?;
    }
    Ok(())
}

/// What is left of a quantity, as the API server writes it.
fn less(used: &str, size: &str) -> Option<String> {
    let left = thousandths(used)?.saturating_sub(thousandths(size)?);
    let unit = UNITS.into_iter().find(|(_, factor)| left.is_multiple_of(*factor))?;
    Some(format!("{}{}", left / unit.1, unit.0))
}

fn thousandths(text: &str) -> Option<u64> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let (_, factor) = UNITS.into_iter().find(|(known, _)| *known == unit)?;
    text.strip_suffix(unit)?.parse::<u64>().ok()?.checked_mul(factor)
}
