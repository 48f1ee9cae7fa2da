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

/// The API group of leases.
const LEASES: &str = "coordination.k8s.io";

/// Where a right is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// In every namespace.
    Everywhere,
    /// In the console's own namespace, which is a setting.
    Console,
    /// In the namespace where Jobs of backups run, which is a setting.
    Jobs,
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

/// Declares every need: both verbs for each kind that is watched, then the others, then the four verbs by which
/// operations look at the platform's own kinds and change them.
macro_rules! needs {
    (
        { $($group:expr, $resource:literal, $what:literal;)+ }
        { $($other:expr),+ $(,)? }
        { $($own:ident = $kind:literal, $noun:literal;)+ }
    ) => {
        /// Everything that the console needs: what is not here is never asked for.
        pub const ALL: &'static [Self] = &[
            $(
                Need::everywhere("list", $group, $resource, $what),
                Need::everywhere("watch", $group, $resource, $what),
            )+
            $($other,)+
            $(
                Need::own("get", $kind, concat!("plan anything about ", $noun)),
                Need::own("create", $kind, concat!("make ", $noun)),
                Need::own("patch", $kind, concat!("change ", $noun)),
                Need::own("delete", $kind, concat!("delete ", $noun)),
            )+
        ];

        $(
            #[doc = concat!("To make and change ", $noun, ".")]
            pub const $own: &'static [Self] = &[
                Need::own("get", $kind, concat!("plan anything about ", $noun)),
                Need::own("create", $kind, concat!("make ", $noun)),
                Need::own("patch", $kind, concat!("change ", $noun)),
            ];
        )+
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

    /// To see operations.
    pub const LIST_JOURNALS: Self = Self::console("list", "", "configmaps", "see the operations");
    /// To see them go on.
    pub const WATCH_JOURNALS: Self = Self::console("watch", "", "configmaps", "see the operations");
    /// To look at one before going on with it.
    pub const READ_JOURNALS: Self = Self::console("get", "", "configmaps", "look at an operation");
    /// To begin one.
    pub const OPEN_JOURNALS: Self = Self::console("create", "", "configmaps", "begin an operation");
    /// To write down what is done.
    pub const WRITE_JOURNALS: Self =
        Self::console("patch", "", "configmaps", "write down what an operation does");
    /// To remove what is old.
    pub const FORGET_JOURNALS: Self =
        Self::console("delete", "", "configmaps", "remove the record of an operation that is over");
    /// To see who works on what.
    pub const READ_LEASES: Self =
        Self::console("get", LEASES, "leases", "see who works on a tenant");
    /// To be the first who works on something.
    pub const MAKE_LEASES: Self =
        Self::console("create", LEASES, "leases", "keep others off a tenant meanwhile");
    /// To work on something after somebody else.
    pub const TAKE_LEASES: Self =
        Self::console("patch", LEASES, "leases", "keep others off a tenant meanwhile");
    /// To leave word on a tenant.
    pub const LEAVE_EVENTS: Self =
        Self::everywhere("create", ApiGroup::Named(""), "events", "leave word on a tenant");
    /// To find the Job that takes backups.
    pub const READ_CRON_JOBS: Self = Self::jobs("get", "cronjobs", "plan a backup");
    /// To follow a Job.
    pub const READ_JOBS: Self = Self::jobs("get", "jobs", "follow a backup");
    /// To have a Job run.
    pub const MAKE_JOBS: Self = Self::jobs("create", "jobs", "take a backup");
    /// The same: what is applied is made or changed.
    pub const CHANGE_JOBS: Self = Self::jobs("patch", "jobs", "take a backup");
    /// To clear a Job away.
    pub const DELETE_JOBS: Self = Self::jobs("delete", "jobs", "clear a Job away");
    /// To follow a Deployment. Whether one may restart it is another question in each namespace, and is not asked.
    pub const READ_DEPLOYMENTS: Self =
        Self::everywhere("get", ApiGroup::Named("apps"), "deployments", "follow a restart");

    /// To run any operation: its journal, and the lease of what it is about.
    pub const RUN_OPERATIONS: &'static [Self] = &[
        Self::READ_JOURNALS,
        Self::OPEN_JOURNALS,
        Self::WRITE_JOURNALS,
        Self::READ_LEASES,
        Self::MAKE_LEASES,
        Self::TAKE_LEASES,
    ];
    /// To take a backup by the Job that does.
    pub const TAKE_BACKUPS: &'static [Self] =
        &[Self::READ_CRON_JOBS, Self::READ_JOBS, Self::MAKE_JOBS, Self::CHANGE_JOBS];
    /// To delete a tenant.
    pub const DELETE_TENANTS: &'static [Self] = &[
        Self::own("get", "planaclients", "plan anything about tenants"),
        Self::own("delete", "planaclients", "delete tenants"),
    ];

    needs!({
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
    } {
        Self::READ_PODS,
        Self::READ_LOGS,
        Self::READ_ACKS,
        Self::LIST_JOURNALS,
        Self::WATCH_JOURNALS,
        Self::READ_JOURNALS,
        Self::OPEN_JOURNALS,
        Self::WRITE_JOURNALS,
        Self::FORGET_JOURNALS,
        Self::READ_LEASES,
        Self::MAKE_LEASES,
        Self::TAKE_LEASES,
        Self::LEAVE_EVENTS,
        Self::READ_CRON_JOBS,
        Self::READ_JOBS,
        Self::MAKE_JOBS,
        Self::CHANGE_JOBS,
        Self::DELETE_JOBS,
        Self::READ_DEPLOYMENTS,
    } {
        CHANGE_TENANTS = "planaclients", "tenants";
        CHANGE_ENVIRONMENTS = "tenantenvironments", "environments";
        RUN_UPGRADES = "tenantupgrades", "upgrades";
        BUILD_TEMPLATES = "templatesnapshots", "templates";
        RUN_RESTORES = "environmentrestores", "restores";
    });

    const fn own(verb: &'static str, resource: &'static str, what: &'static str) -> Self {
        Self::everywhere(verb, ApiGroup::Own, resource, what)
    }

    const fn jobs(verb: &'static str, resource: &'static str, what: &'static str) -> Self {
        let group = ApiGroup::Named("batch");
        Self { scope: Scope::Jobs, ..Self::everywhere(verb, group, resource, what) }
    }

    const fn console(
        verb: &'static str,
        group: &'static str,
        resource: &'static str,
        what: &'static str,
    ) -> Self {
        let group = ApiGroup::Named(group);
        Self { scope: Scope::Console, ..Self::everywhere(verb, group, resource, what) }
    }

    /// Whether only who runs operations needs it: viewers do without.
    #[must_use]
    pub fn is_for_operations(&self) -> bool {
        let looking = [Self::READ_PODS, Self::READ_LOGS, Self::READ_ACKS, Self::READ_JOURNALS];
        !matches!(self.verb, "list" | "watch") && !looking.contains(self)
    }

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

    /// What the cluster says of it. `own` is the group of the platform's own kinds; then come the console's namespace and
    /// that of Jobs.
    #[must_use]
    pub fn judged(
        &self,
        own: &str,
        [console, jobs]: [&str; 2],
        verdict: Verdict,
        reason: &str,
    ) -> Access {
        Access {
            uid: self.uid(),
            verb: self.verb.into(),
            group: Text::clean(match self.group {
                ApiGroup::Own => own,
                ApiGroup::Named(group) => group,
            }),
            resource: self.resource.into(),
            subresource: self.subresource.into(),
            namespace: match self.scope {
                Scope::Everywhere => None,
                Scope::Console => Some(Text::clean(console)),
                Scope::Jobs => Some(Text::clean(jobs)),
            },
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
    fn what_operations_need_is_asked_for_and_viewers_do_without() {
        let lists = [
            Need::RUN_OPERATIONS,
            Need::TAKE_BACKUPS,
            Need::DELETE_TENANTS,
            Need::CHANGE_TENANTS,
            Need::CHANGE_ENVIRONMENTS,
            Need::RUN_UPGRADES,
            Need::BUILD_TEMPLATES,
            Need::RUN_RESTORES,
        ];
        for need in lists.into_iter().flatten() {
            let known = need.is_for_operations() || *need == Need::READ_JOURNALS;
            assert!(Need::ALL.contains(need) && known, "{}", need.words());
        }
        assert!(!Need::READ_LOGS.is_for_operations() && !Need::LIST_JOURNALS.is_for_operations());
    }

    #[test]
    fn what_is_a_setting_is_filled_in() {
        let of = |need: &Need| {
            let access = need.judged("plana.example", ["console", "jobs"], Verdict::Allowed, "");
            (access.group.to_string(), access.namespace.map(|namespace| namespace.to_string()))
        };
        let clients = Need::ALL.first().expect("a need");
        assert_eq!(of(clients), ("plana.example".to_owned(), None));
        assert_eq!(of(&Need::READ_ACKS), (String::new(), Some("console".to_owned())));
        assert_eq!(of(&Need::MAKE_JOBS), ("batch".to_owned(), Some("jobs".to_owned())));
    }
}
