//! Rights in the cluster: what the console needs there, and whether the cluster lets this operator.

use serde::{Deserialize, Serialize};

use super::{Text, Uid};

/// The API group that a right is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ApiGroup {
    /// That of the platform's own kinds, which is a setting.
    Own,
    /// This one; empty for the core group.
    Named(&'static str),
}

/// Where a right is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In every namespace.
    Everywhere,
    /// In the console's own namespace, which is a setting.
    Console,
}

/// A right that the console needs for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Need {
    /// Such as `list`.
    pub verb: &'static str,
    /// The API group.
    pub group: ApiGroup,
    /// The plural, such as `pods`.
    pub resource: &'static str,
    /// The part of it, such as `log`; empty for the whole.
    pub subresource: &'static str,
    /// The one object that it is for; empty for any.
    pub name: &'static str,
    /// Where.
    pub scope: Scope,
    /// What it is good for, as in "the cluster does not let you …".
    pub what: &'static str,
}

/// Declares every need: both verbs for each kind that is watched, then the others.
macro_rules! needs {
    ({ $($group:expr, $resource:literal, $what:literal;)+ } $($other:expr),+) => {
        &[
            $(
                Need::everywhere("list", $group, $resource, $what),
                Need::everywhere("watch", $group, $resource, $what),
            )+
            $($other),+
        ]
    };
}

impl Need {
    /// To read what a container says.
    pub const READ_LOGS: Self = Self {
        subresource: "log",
        ..Self::everywhere("get", ApiGroup::Named(""), "pods", "read logs of pods")
    };
    /// To find the containers whose log is wanted.
    pub const READ_PODS: Self =
        Self::everywhere("get", ApiGroup::Named(""), "pods", "look at a pod whose log is read");
    /// To see who looks after which alert.
    pub const READ_ACKS: Self = Self {
        name: "acks",
        scope: Scope::Console,
        ..Self::everywhere("get", ApiGroup::Named(""), "configmaps", "see who looks after an alert")
    };

    /// Everything that the console needs: what is not here is never asked for.
    pub const ALL: &'static [Self] = needs!({
        ApiGroup::Own, "planaclients", "see the tenants";
        ApiGroup::Own, "tenantenvironments", "see the environments";
        ApiGroup::Own, "tenantupgrades", "see the upgrades";
        ApiGroup::Own, "templatesnapshots", "see the templates";
        ApiGroup::Own, "environmentrestores", "see the restores";
        ApiGroup::Named("apps"), "deployments", "see the Deployments";
        ApiGroup::Named("autoscaling"), "horizontalpodautoscalers", "see the autoscalers";
        ApiGroup::Named(""), "resourcequotas", "see the quotas";
        ApiGroup::Named(""), "pods", "see the pods";
        ApiGroup::Named(""), "events", "see the cluster's events";
        ApiGroup::Named("gateway.networking.k8s.io"), "gateways", "see the gateways";
        ApiGroup::Named("gateway.networking.k8s.io"), "httproutes", "see the routes";
        ApiGroup::Named("cert-manager.io"), "certificates", "see the certificates";
        ApiGroup::Named("kustomize.toolkit.fluxcd.io"), "kustomizations", "see the Kustomizations";
        ApiGroup::Named("batch"), "cronjobs", "see the CronJobs";
        ApiGroup::Named("batch"), "jobs", "see the Jobs";
        ApiGroup::Named(""), "nodes", "see the nodes";
        ApiGroup::Named(""), "persistentvolumeclaims", "see the claims";
    } Self::READ_PODS, Self::READ_LOGS, Self::READ_ACKS);

    const fn everywhere(
        verb: &'static str,
        group: ApiGroup,
        resource: &'static str,
        what: &'static str,
    ) -> Self {
        Self { verb, group, resource, subresource: "", name: "", scope: Scope::Everywhere, what }
    }

    /// The right in short, such as `get pods/log`. No two needs have the same.
    #[must_use]
    pub fn words(&self) -> String {
        let Self { verb, resource, subresource, name, .. } = self;
        let slash = if subresource.is_empty() { "" } else { "/" };
        let blank = if name.is_empty() { "" } else { " " };
        format!("{verb} {resource}{slash}{subresource}{blank}{name}")
    }

    /// The identity of what the cluster says of it.
    #[must_use]
    pub fn uid(&self) -> Uid {
        Uid(Text::clean(&self.words()))
    }

    /// What the cluster says of it. `own` is the group of the platform's own kinds, `console` the console's namespace.
    #[must_use]
    pub fn judged(&self, own: &str, console: &str, verdict: Verdict, reason: &str) -> Access {
        Access {
            uid: self.uid(),
            verb: self.verb.into(),
            group: Text::clean(match self.group {
                ApiGroup::Own => own,
                ApiGroup::Named(group) => group,
            }),
            resource: self.resource.into(),
            subresource: self.subresource.into(),
            namespace: (self.scope == Scope::Console).then(|| Text::clean(console)),
            verdict,
            reason: Text::bounded(reason, 1024),
        }
    }
}

/// Whether something is allowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It is not.
    Denied,
    /// The cluster does not say.
    Unknown,
    /// It is.
    Allowed,
}

impl Verdict {
    /// The word shown.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Denied => "denied",
            Self::Unknown => "unknown",
            Self::Allowed => "allowed",
        }
    }
}

/// What the cluster says of one right of the operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Access {
    /// Its identity: that of the [`Need`].
    pub uid: Uid,
    /// The verb.
    pub verb: Text,
    /// The API group; empty for the core group.
    pub group: Text,
    /// The resource.
    pub resource: Text,
    /// The part of it; empty for the whole.
    pub subresource: Text,
    /// The namespace; none for every one.
    pub namespace: Option<Text>,
    /// Whether it is allowed.
    pub verdict: Verdict,
    /// Why, in the cluster's words.
    pub reason: Text,
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_need_has_an_identity_of_its_own() {
        let all: BTreeSet<String> = Need::ALL.iter().map(Need::words).collect();
        assert_eq!(all.len(), Need::ALL.len());
        assert_eq!(Need::READ_LOGS.words(), "get pods/log");
    }

    #[test]
    fn what_is_a_setting_is_filled_in() {
        let of = |need: &Need| {
            let access = need.judged("plana.example", "console", Verdict::Allowed, "");
            (access.group.to_string(), access.namespace.map(|namespace| namespace.to_string()))
        };
        let clients = Need::ALL.first().expect("a need");
        assert_eq!(of(clients), ("plana.example".to_owned(), None));
        assert_eq!(of(&Need::READ_ACKS), (String::new(), Some("console".to_owned())));
    }
}
