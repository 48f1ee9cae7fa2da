//! Certificates: when they end, and why they are not renewed.
//!
//! How many days are left depends on the time; the words change only when the judgement does, so the listing is read
//! anew from time to time.

use super::Raw;
use super::draft::Draft;
use super::view::View;
use crate::domain::{Health, Span, Status, Timestamp};

/// With less time left it is degraded: cert-manager renews a month before the end.
const LATE: Span = Span::from_secs(14 * 86_400);
/// With less time left it is failed.
const LAST_CHANCE: Span = Span::from_secs(3 * 86_400);

/// Reads a Certificate.
pub(super) fn read(draft: &mut Draft<'_>, raw: &Raw<'_>, now: Timestamp) {
    let (spec, status) = raw.parts();
    let (spec, status) = (View::new(&spec), View::new(&status));
    let end = status.get("notAfter").time();
    draft.at = end;
    let unready = status.condition("Ready").filter(|one| !one.is(Status::True));
    let failing = status.condition("Issuing").filter(|one| one.reason == "Failed");
    match (end, unready) {
        (Some(end), _) if end <= now => draft.stands(Health::Failed, "expired"),
        (Some(end), _) if end.since(now) < LAST_CHANCE => {
            draft.stands(Health::Failed, "ends in less than 3 days");
        }
        (Some(end), _) if end.since(now) < LATE => {
            draft.stands(Health::Degraded, "ends in less than 14 days");
        }
        (Some(_), Some(unready)) => {
            draft.stands(Health::Degraded, &format!("not ready: {}", unready.reason));
        }
        (Some(_), None) => draft.stands(Health::Healthy, "valid"),
        (None, Some(unready)) if unready.reason == "Failed" => {
            draft.stands(Health::Failed, "was never issued");
        }
        (None, _) => draft.stands(Health::Progressing, "not issued yet"),
    }
    if let Some(why) = failing.or(unready) {
        draft.says(why.words());
    }
    draft.conditions(status);
    let names: Vec<&str> = spec.get("dnsNames").items().map(View::text).collect();
    draft.field("names", &names.join(", "));
    let issuer = spec.get("issuerRef");
    let kind = issuer.get("kind").text();
    draft.field("issuer", format!("{kind}/{}", issuer.get("name").text()).trim_matches('/'));
    draft.field("secret", spec.get("secretName").text());
    draft.field("ends", status.get("notAfter").text());
    draft.field("renewal", status.get("renewalTime").text());
    draft.field("failed attempts", &status.get("failedIssuanceAttempts").word());
    draft.field("last failure", status.get("lastFailureTime").text());
}
