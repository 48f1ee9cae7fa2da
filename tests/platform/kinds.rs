//! The five PLANA kinds as JSON objects with believable contents: pure functions of an index, so that every run of a test
//! meets the same fleet.

use chrono::{DateTime, Duration, SecondsFormat, Utc};
use serde_json::{Value, json};

/// The API group of the PLANA kinds.
pub const GROUP: &str = "planapulse.com";
/// Its only version.
pub const VERSION: &str = "v1alpha1";

const WORDS: [&str; 40] = [
    "acme",
    "rila",
    "pirin",
    "vitosha",
    "iskar",
    "struma",
    "mesta",
    "arda",
    "tundzha",
    "yantra",
    "osam",
    "vit",
    "ogosta",
    "lom",
    "timok",
    "danube",
    "kamchia",
    "ropotamo",
    "veleka",
    "strandzha",
    "sakar",
    "rhodope",
    "belasitsa",
    "osogovo",
    "ruen",
    "musala",
    "vihren",
    "botev",
    "kom",
    "murgash",
    "lyulin",
    "plana",
    "verila",
    "konyavo",
    "vlahina",
    "maleshevo",
    "slavyanka",
    "stargach",
    "orbelus",
    "haemus",
];

/// One of the kinds of group `planapulse.com`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `PLANAClient`.
    Client,
    /// `TenantEnvironment`.
    Environment,
    /// `TenantUpgrade`.
    Upgrade,
    /// `TemplateSnapshot`.
    Template,
    /// `EnvironmentRestore`.
    Restore,
}

impl Kind {
    /// All five.
    pub const ALL: [Self; 5] =
        [Self::Client, Self::Environment, Self::Upgrade, Self::Template, Self::Restore];

    /// The name in `kind:`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Client => "PLANAClient",
            Self::Environment => "TenantEnvironment",
            Self::Upgrade => "TenantUpgrade",
            Self::Template => "TemplateSnapshot",
            Self::Restore => "EnvironmentRestore",
        }
    }

    /// The name in paths.
    pub fn plural(self) -> &'static str {
        match self {
            Self::Client => "planaclients",
            Self::Environment => "tenantenvironments",
            Self::Upgrade => "tenantupgrades",
            Self::Template => "templatesnapshots",
            Self::Restore => "environmentrestores",
        }
    }

    /// The definition that is installed, a YAML document.
    pub fn definition(self) -> &'static str {
        match self {
            Self::Client => include_str!("../../assets/crds/planaclients.yaml"),
            Self::Environment => include_str!("../../assets/crds/tenantenvironments.yaml"),
            Self::Upgrade => include_str!("../../assets/crds/tenantupgrades.yaml"),
            Self::Template => include_str!("../../assets/crds/templatesnapshots.yaml"),
            Self::Restore => include_str!("../../assets/crds/environmentrestores.yaml"),
        }
    }

    /// The path of the collection on the API server.
    pub fn path(self) -> String {
        format!("/apis/{GROUP}/{VERSION}/{}", self.plural())
    }

    /// What the `kube` crate needs to know of the kind.
    pub fn resource(self) -> kube::discovery::ApiResource {
        let kind = kube::api::GroupVersionKind::gvk(GROUP, VERSION, self.name());
        kube::discovery::ApiResource::from_gvk_with_plural(&kind, self.plural())
    }

    /// An object of this kind without a status.
    pub fn object(self, name: &str, spec: &Value) -> Value {
        json!({
            "apiVersion": format!("{GROUP}/{VERSION}"),
            "kind": self.name(),
            "metadata": { "name": name },
            "spec": spec,
        })
    }
}

/// The moment around which test objects were made, unless a test says otherwise.
pub fn usual_moment() -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_045_200, 0).unwrap_or_default()
}

/// RFC 3339 in seconds, as Kubernetes writes it.
pub fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

/// One condition as Crossplane writes it.
pub fn condition(
    kind: &str,
    status: &str,
    reason: &str,
    message: &str,
    at: DateTime<Utc>,
) -> Value {
    let mut condition = json!({
        "type": kind,
        "status": status,
        "reason": reason,
        "lastTransitionTime": stamp(at),
    });
    if !message.is_empty() {
        condition["message"] = message.into();
    }
    condition
}

/// The subdomain of the client with this index: `acme`, `rila` …, then `acme-00001` …
pub fn client_name(index: usize) -> String {
    let word = WORDS.get(index % WORDS.len()).copied().unwrap_or("acme");
    match index / WORDS.len() {
        0 => word.to_owned(),
        round => format!("{word}-{round:05}"),
    }
}

/// The tier of the client with this index: of ten, six starters, three pros, one enterprise.
pub fn client_tier(index: usize) -> &'static str {
    match index % 10 {
        0..6 => "starter",
        6..9 => "pro",
        _ => "enterprise",
    }
}

/// The Odoo major of the client with this index: mostly 18.
pub fn client_version(index: usize) -> &'static str {
    match index % 12 {
        5 => "19",
        11 => "17",
        _ => "18",
    }
}

/// The namespace that serves this major: 17 has the oldest one, without a number.
pub fn version_namespace(version: &str) -> &'static str {
    match version {
        "17" => "plana-odoo",
        "19" => "plana-odoo-19",
        _ => "plana-odoo-18",
    }
}

/// A `PLANAClient` with its status, about 1.6 KB as JSON.
pub fn client_object(index: usize, now: DateTime<Utc>) -> Value {
    let name = client_name(index);
    let tier = client_tier(index);
    let version = client_version(index);
    let refs = composed_resources(&name, version);
    let mut spec = json!({
        "subdomain": name,
        "projectId": 23 + index,
        "tier": tier,
        "odooVersion": version,
        "ownerEmail": format!("owner@{name}.example.bg"),
        "ownerName": format!("{}{} OOD", name.get(..1).unwrap_or_default().to_uppercase(), name.get(1..).unwrap_or_default()),
        "compositionRef": { "name": "planaclient" },
        "compositionUpdatePolicy": "Automatic",
    });
    // Both generations of Crossplane are met in the wild.
    if index % 4 == 3 {
        spec["crossplane"] = json!({ "resourceRefs": refs });
    } else {
        spec["resourceRefs"] = refs;
    }
    let mut object = Kind::Client.object(&name, &spec);
    object["metadata"]["labels"] =
        json!({ "crossplane.io/composite": name, "planapulse.com/tier": tier });
    object["metadata"]["finalizers"] = json!(["composite.apiextensions.crossplane.io"]);
    if let Some(conditions) = client_conditions(index, now) {
        object["status"] = json!({ "conditions": conditions });
    }
    object
}

/// Of forty clients, 35 are well; the others are making, failing, unavailable, brand-new (no status at all) and unknown.
fn client_conditions(index: usize, now: DateTime<Utc>) -> Option<Value> {
    let minutes = i64::try_from(index % 50_000).unwrap_or(0);
    let at = now - Duration::minutes(minutes + 1);
    let synced = condition("Synced", "True", "ReconcileSuccess", "", at);
    let conditions = match index % 40 {
        7 => [
            synced,
            condition(
                "Ready",
                "False",
                "Creating",
                "Unready resources: database, filestore, matrix-room",
                at,
            ),
        ],
        11 => [
            condition(
                "Synced",
                "False",
                "ReconcileError",
                "cannot compose resources: cannot apply composed resource \"database\": connect to pg01.planapulse.com:5432: timeout",
                at,
            ),
            condition("Ready", "False", "Creating", "Unready resources: database", at),
        ],
        13 => [
            synced,
            condition("Ready", "False", "Unavailable", "Unready resources: backup-cronjob", at),
        ],
        17 => return None,
        19 => [synced, condition("Ready", "Unknown", "Pending", "", at)],
        _ => [synced, condition("Ready", "True", "Available", "", at)],
    };
    Some(conditions.into())
}

/// What Crossplane composes for a client, as its documentation lists it.
fn composed_resources(name: &str, version: &str) -> Value {
    let namespace = version_namespace(version);
    json!([
        { "apiVersion": "postgresql.sql.crossplane.io/v1alpha1", "kind": "Database", "name": format!("{name}.planapulse.app") },
        { "apiVersion": "v1", "kind": "PersistentVolumeClaim", "name": format!("{name}-filestore"), "namespace": namespace },
        { "apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "name": format!("{name}-planapulse-app"), "namespace": namespace },
        { "apiVersion": "batch/v1", "kind": "CronJob", "name": format!("{name}-backup"), "namespace": "crossplane-system" },
        { "apiVersion": "batch/v1", "kind": "Job", "name": format!("{name}-matrix-room"), "namespace": "crossplane-system" },
        { "apiVersion": "batch/v1", "kind": "Job", "name": format!("{name}-portal-webhook"), "namespace": "crossplane-system" },
    ])
}
