//! The people who may talk to the API server, and their kubeconfig files.

use std::path::PathBuf;

use base64::Engine as _;
use serde_json::{Value, json};

use super::PlatformError;
use super::certificates::{Authority, Validity};
use super::cluster::Resource;
use super::folder::Folder;
use super::kinds::{GROUP, Kind};

/// Who a kubeconfig is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum User {
    /// May do everything (`system:masters`).
    Admin,
    /// May read the five kinds, their definitions, what the cluster is made of, and logs.
    Viewer,
    /// May read the five kinds and their definitions, and nothing else.
    FiveKinds,
    /// As the viewer, but without `EnvironmentRestore`.
    NoRestores,
    /// Is known, and may do nothing.
    Nobody,
    /// An admin whose certificate ended in 2021: the server answers 401.
    Expired,
    /// An operator: has the rights that are shipped for one, when they were applied.
    Operator,
    /// A senior, likewise.
    Senior,
}

impl User {
    /// Everyone.
    pub const ALL: [Self; 8] = [
        Self::Admin,
        Self::Viewer,
        Self::FiveKinds,
        Self::NoRestores,
        Self::Nobody,
        Self::Expired,
        Self::Operator,
        Self::Senior,
    ];

    /// The name the API server knows them by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Viewer => "viewer",
            Self::FiveKinds => "five-kinds",
            Self::NoRestores => "no-restores",
            Self::Nobody => "nobody",
            Self::Expired => "expired",
            Self::Operator => "operator",
            Self::Senior => "senior",
        }
    }

    /// The groups, two at most.
    fn groups(self) -> &'static [&'static str] {
        match self {
            Self::Admin | Self::Expired => &["system:masters"],
            Self::Operator => &["plana-staff", "plana-operators"],
            Self::Senior => &["plana-staff", "plana-seniors"],
            Self::Viewer | Self::FiveKinds | Self::NoRestores | Self::Nobody => &[],
        }
    }

    fn validity(self) -> Validity {
        match self {
            Self::Expired => Validity::Expired,
            _ => Validity::Valid,
        }
    }

    /// The kinds this user may read by a role of their own.
    fn may_read(self) -> Vec<Kind> {
        match self {
            Self::Viewer | Self::FiveKinds => Kind::ALL.to_vec(),
            Self::NoRestores => {
                Kind::ALL.into_iter().filter(|kind| *kind != Kind::Restore).collect()
            }
            Self::Admin | Self::Nobody | Self::Expired | Self::Operator | Self::Senior => {
                Vec::new()
            }
        }
    }

    /// The `ClusterRole` and its binding; `None` for those who have none.
    pub fn role(self) -> Option<[Value; 2]> {
        let kinds = self.may_read();
        if kinds.is_empty() {
            return None;
        }
        let plurals: Vec<&str> = kinds.into_iter().map(Kind::plural).collect();
        let mut rules = vec![
            reading(GROUP, &plurals),
            reading("apiextensions.k8s.io", &["customresourcedefinitions"]),
        ];
        if self == Self::Viewer {
            rules.extend(
                Resource::ALL.map(|resource| reading(resource.group(), &[resource.plural])),
            );
            rules.push(reading("", &["pods/log"]));
        }
        let role = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRole",
            "metadata": { "name": self.name() },
            "rules": rules,
        });
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "ClusterRoleBinding",
            "metadata": { "name": self.name() },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": self.name() },
            "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": self.name() }],
        });
        Some([role, binding])
    }

    /// Where the kubeconfig of this user lies in the server's folder.
    pub fn file(self, folder: &Folder) -> PathBuf {
        folder.path().join(format!("{}.kubeconfig", self.name()))
    }

    /// Writes the kubeconfig of this user for the server at `url`.
    pub fn write(
        self,
        folder: &Folder,
        authority: &Authority,
        url: &str,
    ) -> Result<(), PlatformError> {
        let pair = authority.user(self.name(), self.groups(), self.validity())?;
        let encode = |pem: &str| base64::engine::general_purpose::STANDARD.encode(pem);
        let text = format!(
            "apiVersion: v1
kind: Config
current-context: {name}@plana-local
preferences: {{}}
clusters:
  - name: plana-local
    cluster:
      server: {url}
      certificate-authority-data: {authority}
users:
  - name: {name}
    user:
      client-certificate-data: {certificate}
      client-key-data: {key}
contexts:
  - name: {name}@plana-local
    context:
      cluster: plana-local
      user: {name}
",
            name = self.name(),
            authority = encode(&authority.pem()),
            certificate = encode(&pair.certificate),
            key = encode(&pair.key),
        );
        folder.write(&format!("{}.kubeconfig", self.name()), &text)?;
        Ok(())
    }
}

fn reading(group: &str, resources: &[&str]) -> Value {
    json!({ "apiGroups": [group], "resources": resources, "verbs": ["get", "list", "watch"] })
}
