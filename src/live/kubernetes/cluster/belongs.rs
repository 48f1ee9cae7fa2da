//! To whom an object belongs: its tenant, its run, what made it, and the Kustomization that owns it.
//!
//! Only the label `tenantupgrade` is published; the rest is what Crossplane and the controllers of the cluster write.

use super::Raw;
use crate::domain::{ClusterKind, Kind, Text};
use crate::live::kubernetes::interner::Interner;
use crate::live::kubernetes::meta::{NAME, short};

/// The ending of the name of a tenant's `CronJob` that makes backups.
const BACKUP: &str = "-backup";

/// The Flux Kustomization that owns it.
pub(super) fn flux(raw: &Raw<'_>, texts: &mut Interner) -> Option<Text> {
    filled(raw.metadata.0.labels.0.flux.as_str()).map(|name| short(texts, name))
}

/// What made it, as `Kind/name`. Of a Deployment's pod that is the Deployment, not the set between them.
pub(super) fn owner(raw: &Raw<'_>, texts: &mut Interner) -> Option<Text> {
    let meta = &raw.metadata.0;
    let owner = meta.owner_references.kept.first()?;
    let (mut kind, mut name) = (owner.kind.as_str(), filled(owner.name.as_str())?);
    if kind == "ReplicaSet"
        && let Some(whole) = name.strip_suffix(meta.labels.0.template_hash.as_str())
        && let Some(deployment) = whole.strip_suffix('-')
    {
        (kind, name) = ("Deployment", deployment);
    }
    Some(short(texts, &format!("{kind}/{name}")))
}

/// The run that it belongs to: what its label or its owner says.
pub(super) fn run(raw: &Raw<'_>) -> Option<Text> {
    let meta = &raw.metadata.0;
    let runs = [Kind::Upgrade, Kind::Restore, Kind::Template];
    let owner = meta
        .owner_references
        .kept
        .iter()
        .find(|owner| runs.iter().any(|kind| kind.name() == owner.kind.as_str()));
    let named = filled(meta.labels.0.upgrade.as_str())
        .or_else(|| owner.and_then(|owner| filled(owner.name.as_str())))
        .or_else(|| {
            let involved = &raw.involved.0;
            let is_run = runs.iter().any(|kind| kind.name() == involved.kind.as_str());
            filled(involved.name.as_str()).filter(|_| is_run)
        });
    named.map(|name| Text::bounded(name, NAME))
}

/// The tenant that it belongs to. What belongs to a run has the run's tenant, which the run itself knows.
pub(super) fn tenant(raw: &Raw<'_>, kind: ClusterKind) -> Option<Text> {
    let meta = &raw.metadata.0;
    let labels = &meta.labels.0;
    let client = Kind::Client.name();
    let owner = |kind: &str| {
        let found = meta.owner_references.kept.iter().find(|owner| owner.kind.as_str() == kind);
        found.and_then(|owner| filled(owner.name.as_str()))
    };
    let named = filled(labels.tenant.as_str())
        .or_else(|| filled(labels.client.as_str()))
        .or_else(|| owner(client))
        .or_else(|| {
            let involved = &raw.involved.0;
            filled(involved.name.as_str()).filter(|_| involved.kind.as_str() == client)
        })
        .or_else(|| composed(raw, kind))
        .or_else(|| filled(labels.claim.as_str()))
        .or_else(|| match kind {
            ClusterKind::CronJob => meta.name.as_str().strip_suffix(BACKUP),
            ClusterKind::Job => owner("CronJob").and_then(|name| name.strip_suffix(BACKUP)),
            _ => None,
        });
    named.and_then(filled).map(|name| Text::bounded(name, NAME))
}

/// What Crossplane's label says. It names the composite, and that is the tenant for what a tenant alone is composed of.
fn composed<'r>(raw: &'r Raw<'_>, kind: ClusterKind) -> Option<&'r str> {
    let meta = &raw.metadata.0;
    let is_tenants = match kind {
        ClusterKind::Route | ClusterKind::CronJob | ClusterKind::Claim => true,
        ClusterKind::Job => {
            meta.owner_references.kept.iter().any(|owner| owner.kind.as_str() == "CronJob")
        }
        _ => false,
    };
    filled(meta.labels.0.composite.as_str()).filter(|_| is_tenants)
}

fn filled(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}
