//! What is watched: the platform's own kinds first, then the cluster's.

use super::discovery::Found;
use crate::domain::{ClusterKind, FeedId, Kind, Span};

/// A kind of objects that is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// One of the platform's own kinds: its path is discovered.
    Composite(Kind),
    /// A kind of the cluster: its path is known.
    Cluster(ClusterKind),
}

impl Target {
    /// All of them, the platform's own first.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        let own = Kind::ALL.into_iter().map(Self::Composite);
        own.chain(ClusterKind::ALL.into_iter().map(Self::Cluster))
    }

    /// The feed that tells of it.
    pub(super) const fn feed(self) -> FeedId {
        match self {
            Self::Composite(kind) => FeedId::of(kind),
            Self::Cluster(kind) => FeedId::of_cluster(kind),
        }
    }

    /// The kind's name on the API server.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Composite(kind) => kind.name(),
            Self::Cluster(kind) => kind.name(),
        }
    }

    /// Its API group; empty for the core group. `own` is that of the platform's kinds.
    pub(super) fn group(self, own: &str) -> &str {
        match self {
            Self::Composite(_) => own,
            Self::Cluster(kind) => {
                let path = place(kind).strip_prefix("/apis/").unwrap_or_default();
                path.split_once('/').map_or("", |(group, _)| group)
            }
        }
    }

    /// The path of all its objects, in all namespaces; none when the server is known not to have it.
    pub(super) fn path(self, found: &Found) -> Option<&str> {
        match self {
            Self::Composite(kind) => found.path(kind),
            Self::Cluster(kind) => Some(place(kind)),
        }
    }

    /// What is added to each query, so that the server leaves out what isn't shown.
    pub(super) const fn selector(self) -> &'static str {
        match self {
            Self::Cluster(ClusterKind::Occurrence) => "&fieldSelector=type%3DWarning",
            Self::Composite(_) | Self::Cluster(_) => "",
        }
    }

    /// How old a listing may grow before it is read anew, where what is shown depends on the time.
    pub(super) const fn read_again(self) -> Option<Span> {
        match self {
            Self::Cluster(ClusterKind::Certificate) => Some(Span::from_secs(3600)),
            Self::Composite(_) | Self::Cluster(_) => None,
        }
    }

    /// What to do when the server doesn't have it.
    pub(super) const fn remedy(self) -> &'static str {
        match self {
            Self::Composite(_) => {
                "See whether this is the right cluster and whether Crossplane has installed the kind (kubectl get xrd)."
            }
            Self::Cluster(_) => "Nothing is wrong if it isn't used there; all else is shown.",
        }
    }
}

/// The path of all objects of `kind`.
const fn place(kind: ClusterKind) -> &'static str {
    match kind {
        ClusterKind::Deployment => "/apis/apps/v1/deployments",
        ClusterKind::Autoscaler => "/apis/autoscaling/v2/horizontalpodautoscalers",
        ClusterKind::Quota => "/api/v1/resourcequotas",
        ClusterKind::Pod => "/api/v1/pods",
        ClusterKind::Occurrence => "/api/v1/events",
        ClusterKind::Gateway => "/apis/gateway.networking.k8s.io/v1/gateways",
        ClusterKind::Route => "/apis/gateway.networking.k8s.io/v1/httproutes",
        ClusterKind::Certificate => "/apis/cert-manager.io/v1/certificates",
        ClusterKind::Kustomization => "/apis/kustomize.toolkit.fluxcd.io/v1/kustomizations",
        ClusterKind::CronJob => "/apis/batch/v1/cronjobs",
        ClusterKind::Job => "/apis/batch/v1/jobs",
        ClusterKind::Node => "/api/v1/nodes",
        ClusterKind::Claim => "/api/v1/persistentvolumeclaims",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_platforms_own_come_first_and_groups_are_those_of_the_paths() {
        let all: Vec<Target> = Target::all().collect();
        assert!(all.iter().take(5).all(|target| matches!(target, Target::Composite(_))));
        assert_eq!(all.len(), 18);
        for (kind, group) in [
            (ClusterKind::Pod, ""),
            (ClusterKind::Deployment, "apps"),
            (ClusterKind::Route, "gateway.networking.k8s.io"),
        ] {
            assert_eq!(Target::Cluster(kind).group("own"), group);
        }
        assert_eq!(Target::Composite(Kind::Client).group("own"), "own");
    }
}
