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

/// What the name of the field of a container begins with.
const CONTAINER: &str = "container.";

impl ClusterObject {
    /// The names of a pod's containers; the first is the one whose log is shown when none is named.
    pub fn containers(&self) -> impl Iterator<Item = &str> {
        self.fields.iter().filter_map(|field| field.path.as_str().strip_prefix(CONTAINER))
    }
}
