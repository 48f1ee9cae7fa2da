//! The platform's composite resources, reduced to the fields that are shown.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Health, Text, Timestamp};

/// The identity of an object within its feed. Where the server gives one it is that (an object of the API server made
/// anew under the same name has another), else it is made of what the server itself goes by.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Uid(pub Text);

/// The five kinds of composite resources of the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// One customer.
    Client,
    /// One Odoo environment of a customer.
    Environment,
    /// One run of an upgrade.
    Upgrade,
    /// One build of a template database.
    Template,
    /// One run of a restore.
    Restore,
}

impl Kind {
    /// All kinds, customers first.
    pub const ALL: [Self; 5] =
        [Self::Client, Self::Environment, Self::Upgrade, Self::Template, Self::Restore];

    /// The kind's name on the API server.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "PLANAClient",
            Self::Environment => "TenantEnvironment",
            Self::Upgrade => "TenantUpgrade",
            Self::Template => "TemplateSnapshot",
            Self::Restore => "EnvironmentRestore",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One object of one of the [`Kind`]s.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resource {
    /// Name, identity and age.
    pub meta: Meta,
    /// Conditions as its controller last set them.
    pub conditions: Box<[Condition]>,
    /// What it is composed of (`spec.resourceRefs`, or `spec.crossplane.resourceRefs`).
    pub composed: Box<[Reference]>,
    /// What was asked for.
    pub spec: Spec,
}

/// Name, identity and age of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meta {
    /// `metadata.name`.
    pub name: Text,
    /// `metadata.namespace`; none for a cluster-scoped kind.
    pub namespace: Option<Text>,
    /// `metadata.uid`.
    pub uid: Uid,
    /// `metadata.resourceVersion`, which names this state of the object.
    pub version: Text,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// `metadata.deletionTimestamp`: it is being removed since then.
    pub deleting: Option<Timestamp>,
    /// Who made it; kept of the platform's own kinds only.
    #[serde(default)]
    pub by: Option<Box<MadeBy>>,
}

impl Meta {
    /// Of the object `name` outside every namespace, of which nothing more is known.
    #[must_use]
    pub fn named(name: impl Into<Text>, uid: Uid) -> Self {
        Self {
            name: name.into(),
            namespace: None,
            uid,
            version: Text::default(),
            created: None,
            deleting: None,
            by: None,
        }
    }
}

/// Who made an object, as far as the object itself tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MadeBy {
    /// The person that an annotation names.
    Person(Text),
    /// The program that wrote it first (`metadata.managedFields`), and when. For whom it did is not said.
    Program(Text, Option<Timestamp>),
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Status {
    /// It holds.
    True,
    /// It does not.
    False,
    /// Its controller can't say.
    Unknown,
}

impl Status {
    /// The word used on the API server.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::True => "True",
            Self::False => "False",
            Self::Unknown => "Unknown",
        }
    }
}

/// One condition of an object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Condition {
    /// Its type, such as `Ready`.
    pub name: Text,
    /// Whether it holds.
    pub status: Status,
    /// One word why.
    pub reason: Text,
    /// A sentence why; may be empty.
    pub message: Text,
    /// Since when it has this status.
    pub since: Option<Timestamp>,
}

/// A resource that another one is composed of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reference {
    /// Its kind.
    pub kind: Text,
    /// Its name; empty while it has none yet.
    pub name: Text,
    /// Its API group and version.
    pub api_version: Text,
    /// Its namespace, where it has one.
    pub namespace: Option<Text>,
}

/// What was asked for, by kind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Spec {
    /// Of a [`Kind::Client`].
    Client(ClientSpec),
    /// Of a [`Kind::Environment`].
    Environment(EnvironmentSpec),
    /// Of a [`Kind::Upgrade`].
    Upgrade(UpgradeSpec),
    /// Of a [`Kind::Template`].
    Template(TemplateSpec),
    /// Of a [`Kind::Restore`].
    Restore(RestoreSpec),
}

/// A customer as ordered. Fields that the object lacks are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientSpec {
    /// The subdomain, which is the tenant's name everywhere.
    pub subdomain: Text,
    /// The id of the customer's project in PLANA's own ERP.
    pub project: Option<i64>,
    /// `starter`, `pro` or `enterprise`.
    pub tier: Text,
    /// The Odoo major, such as `18`.
    pub odoo_version: Text,
    /// The owner's address.
    pub owner_email: Text,
    /// The owner's name.
    pub owner_name: Text,
}

/// An environment; its published schema is cut, so its fields are shown as found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnvironmentSpec {
    /// The tenant it belongs to, where the object says so.
    pub tenant: Option<Text>,
    /// The scalar fields of `spec`, as found.
    pub fields: Box<[Field]>,
}

/// One run of an upgrade.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpgradeSpec {
    /// The tenant to upgrade (`slug`).
    pub tenant: Text,
    /// The major before.
    pub from: Text,
    /// The major after.
    pub to: Text,
    /// `same-major` or `snapshot-then-upgrade`.
    pub strategy: Text,
    /// `all`, or a comma-separated list.
    pub modules: Text,
}

/// One build of a template database; its published schema is cut.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateSpec {
    /// The scalar fields of `spec`, as found.
    pub fields: Box<[Field]>,
}

/// One run of a restore; its published schema is cut.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreSpec {
    /// The tenant to restore, where the object says so.
    pub tenant: Option<Text>,
    /// The scalar fields of `spec`, as found.
    pub fields: Box<[Field]>,
}

/// A scalar field of an object whose schema isn't known: its path below `spec` and its value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Field {
    /// Dotted path, such as `source.key`.
    pub path: Text,
    /// Its value as text.
    pub value: Text,
}

impl Resource {
    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self.spec {
            Spec::Client(_) => Kind::Client,
            Spec::Environment(_) => Kind::Environment,
            Spec::Upgrade(_) => Kind::Upgrade,
            Spec::Template(_) => Kind::Template,
            Spec::Restore(_) => Kind::Restore,
        }
    }

    /// The tenant it belongs to, where it says so. A client without a subdomain goes by its name.
    #[must_use]
    pub fn tenant(&self) -> Option<&Text> {
        match &self.spec {
            Spec::Client(spec) if spec.subdomain.is_empty() => Some(&self.meta.name),
            Spec::Client(spec) => Some(&spec.subdomain),
            Spec::Environment(spec) => spec.tenant.as_ref(),
            Spec::Upgrade(spec) => (!spec.tenant.is_empty()).then_some(&spec.tenant),
            Spec::Template(_) => None,
            Spec::Restore(spec) => spec.tenant.as_ref(),
        }
    }

    /// The condition `name`, where it has one.
    #[must_use]
    pub fn condition(&self, name: &str) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.name == name)
    }

    /// How well it is, from its `Synced` and `Ready` conditions.
    ///
    /// Being removed is progress. `Synced=False` is a failure: its controller can't do what is asked.
    /// `Ready=False` is progress while it is being created and degraded after that.
    #[must_use]
    pub fn health(&self) -> Health {
        if self.meta.deleting.is_some() {
            return Health::Progressing;
        }
        if self.condition("Synced").is_some_and(|synced| synced.status == Status::False) {
            return Health::Failed;
        }
        match self.condition("Ready") {
            None => Health::Unknown,
            Some(ready) => match (ready.status, ready.reason.as_str()) {
                (Status::True, _) => Health::Healthy,
                (
                    Status::False,
                    "Creating" | "Deleting" | "Progressing" | "Running" | "Pending",
                ) => Health::Progressing,
                (Status::False, "Failed" | "Error") => Health::Failed,
                (Status::False, _) => Health::Degraded,
                (Status::Unknown, _) => Health::Unknown,
            },
        }
    }

    /// The reason word of what is wrong: of `Synced` when it is false, else of `Ready`.
    #[must_use]
    pub fn reason(&self) -> Option<&Text> {
        let synced = self.condition("Synced").filter(|synced| synced.status == Status::False);
        synced.or_else(|| self.condition("Ready")).map(|condition| &condition.reason)
    }
}
