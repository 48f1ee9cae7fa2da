//! Objects of the cluster beside the platform's own kinds, reduced to what is shown.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Condition, Field, Health, Meta, Text, Timestamp};

/// The kinds of objects of the cluster that are watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ClusterKind {
    /// A Deployment.
    Deployment,
    /// A `HorizontalPodAutoscaler`.
    Autoscaler,
    /// A `ResourceQuota`.
    Quota,
    /// A Pod.
    Pod,
    /// An Event about another object.
    Occurrence,
    /// A Gateway.
    Gateway,
    /// An HTTPRoute.
    Route,
    /// A Certificate of cert-manager.
    Certificate,
    /// A Kustomization of Flux.
    Kustomization,
    /// A CronJob.
    CronJob,
    /// A Job.
    Job,
    /// A Node.
    Node,
    /// A `PersistentVolumeClaim`.
    Claim,
}

impl ClusterKind {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Deployment,
        Self::Autoscaler,
        Self::Quota,
        Self::Pod,
        Self::Occurrence,
        Self::Gateway,
        Self::Route,
        Self::Certificate,
        Self::Kustomization,
        Self::CronJob,
        Self::Job,
        Self::Node,
        Self::Claim,
    ];

    /// The kind's name on the API server.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::Autoscaler => "HorizontalPodAutoscaler",
            Self::Quota => "ResourceQuota",
            Self::Pod => "Pod",
            Self::Occurrence => "Event",
            Self::Gateway => "Gateway",
            Self::Route => "HTTPRoute",
            Self::Certificate => "Certificate",
            Self::Kustomization => "Kustomization",
            Self::CronJob => "CronJob",
            Self::Job => "Job",
            Self::Node => "Node",
            Self::Claim => "PersistentVolumeClaim",
        }
    }

    /// The word shown and filtered by.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deployment => "deployment",
            Self::Autoscaler => "hpa",
            Self::Quota => "quota",
            Self::Pod => "pod",
            Self::Occurrence => "event",
            Self::Gateway => "gateway",
            Self::Route => "route",
            Self::Certificate => "certificate",
            Self::Kustomization => "kustomization",
            Self::CronJob => "cronjob",
            Self::Job => "job",
            Self::Node => "node",
            Self::Claim => "claim",
        }
    }
}

impl fmt::Display for ClusterKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One object of the cluster.
///
/// Its adapter judges it where the object is read: the rest of the console needs no knowledge of each kind's
/// status. There may be ten thousand, so nothing is kept that isn't shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClusterObject {
    /// Name, identity and age.
    pub meta: Meta,
    /// Its kind.
    pub kind: ClusterKind,
    /// How well it is.
    pub health: Health,
    /// How it stands, in a few words: `2 of 3 ready`, `CrashLoopBackOff`, `suspended`.
    pub state: Text,
    /// What is wrong or what was said last; may be empty.
    pub message: Text,
    /// The tenant that it belongs to, where it says so.
    pub tenant: Option<Text>,
    /// The run (upgrade, restore, template) that it belongs to, by name.
    pub run: Option<Text>,
    /// The object that it belongs to or speaks of, as `Kind/name`.
    pub owner: Option<Text>,
    /// The Flux Kustomization that owns it: it must be changed in git.
    pub flux: Option<Text>,
    /// Ready and wanted, where it counts that: of a pod its containers, of a Deployment its pods, of a Job its
    /// completions, of a Gateway its listeners, of a route its gateways, of an autoscaler its replicas.
    pub ready: Option<(u32, u32)>,
    /// Restarts of its containers.
    pub restarts: u32,
    /// The time that matters most: of a pod the end of its last run, of a certificate its end, of a CronJob its last
    /// success, of a Job its end or, before that, its begin, of an event when it was last seen.
    pub at: Option<Timestamp>,
    /// More of it for the details, in order. Of a pod, `container.NAME` says how that container stands, in the order in
    /// which the pod names them.
    pub fields: Box<[Field]>,
    /// Conditions, where they are shown.
    pub conditions: Box<[Condition]>,
}

impl ClusterObject {
    /// The path of the fields that name a pod's containers, the first of them the one that does its work.
    pub const CONTAINER: &'static str = "container";

    /// The path of the field that says how a container of a pod ended last: `OOMKilled (exit 137)`.
    pub const LAST_END: &'static str = "last end";

    /// The path of the field that says when that was, in RFC 3339.
    pub const LAST_ENDED: &'static str = "ended";

    /// The path of the field that names the image.
    pub const IMAGE: &'static str = "image";

    /// An object of which nothing more is known than what it is.
    #[must_use]
    pub fn bare(kind: ClusterKind, meta: Meta) -> Self {
        Self {
            meta,
            kind,
            health: Health::Unknown,
            state: Text::default(),
            message: Text::default(),
            tenant: None,
            run: None,
            owner: None,
            flux: None,
            ready: None,
            restarts: 0,
            at: None,
            fields: Box::default(),
            conditions: Box::default(),
        }
    }

    /// The value of the first field `path`.
    #[must_use]
    pub fn field(&self, path: &str) -> Option<&Text> {
        self.fields.iter().find(|field| field.path == path).map(|field| &field.value)
    }

    /// The names of a pod's containers, where they are known.
    pub fn containers(&self) -> impl Iterator<Item = &Text> {
        let named = |field: &&Field| field.path == Self::CONTAINER;
        self.fields.iter().filter(named).map(|field| &field.value)
    }

    /// The kind and the name of what it belongs to or speaks of. Of a pod made by a `ReplicaSet` that is the Deployment,
    /// whose name and a hash make the `ReplicaSet`'s.
    #[must_use]
    pub fn belongs_to(&self) -> Option<(&str, &str)> {
        let (kind, name) = self.owner.as_ref()?.as_str().split_once('/')?;
        if kind == "ReplicaSet" && self.kind == ClusterKind::Pod {
            return name.rsplit_once('-').map(|(deployment, _)| ("Deployment", deployment));
        }
        Some((kind, name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Uid;

    fn object(kind: ClusterKind, owner: &str) -> ClusterObject {
        let meta = Meta::named("it", Uid(Text::clean("uid")));
        let owner = (!owner.is_empty()).then(|| Text::clean(owner));
        ClusterObject { owner, ..ClusterObject::bare(kind, meta) }
    }

    #[test]
    fn a_pod_belongs_to_its_deployment() {
        for (kind, owner, wanted) in [
            (
                ClusterKind::Pod,
                "ReplicaSet/worker-odoo-test-7d9f",
                Some(("Deployment", "worker-odoo-test")),
            ),
            (ClusterKind::Pod, "Job/acme-2026-05-29", Some(("Job", "acme-2026-05-29"))),
            (
                ClusterKind::Occurrence,
                "ReplicaSet/worker-7d9f",
                Some(("ReplicaSet", "worker-7d9f")),
            ),
            (ClusterKind::Pod, "ReplicaSet/odd", None),
            (ClusterKind::Pod, "odd", None),
            (ClusterKind::Pod, "", None),
        ] {
            assert_eq!(object(kind, owner).belongs_to(), wanted, "{owner}");
        }
    }

    #[test]
    fn containers_are_named_by_fields() {
        let mut pod = object(ClusterKind::Pod, "");
        let field =
            |path: &str, value: &str| Field { path: Text::clean(path), value: Text::clean(value) };
        pod.fields = Box::new([
            field("node", "a"),
            field(ClusterObject::CONTAINER, "main"),
            field(ClusterObject::CONTAINER, "sidecar"),
        ]);
        assert_eq!(pod.containers().collect::<Vec<_>>(), ["main", "sidecar"]);
        assert_eq!(pod.field("node").map(Text::as_str), Some("a"));
        assert_eq!(pod.field("image"), None);
    }
}
