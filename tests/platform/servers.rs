//! The servers beside the API server and Valkey, as one: started together, filled with the same tenants, kept busy.

use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::fleet;
use crate::health::Health;
use crate::platform::{
    Alertmanager, AlertmanagerOptions, ApiServer, BACKUPS, Blackbox, Controllers,
    ControllersOptions, Kubelet, LATE_BACKUP, Load, Loki, Objects, ObjectsOptions, PLATFORM_PREFIX,
    PgBouncer, PgBouncerOptions, PlatformError, Postgres, PostgresOptions, Prometheus,
    PrometheusOptions, REGION, Role, SLOW, TEMPLATES, Target, Valkey, WITHOUT_BACKUP,
    WITHOUT_DATABASE, alert, client_name, write_private,
};

/// Their folders in the platform's folder.
pub(crate) const FOLDERS: [&str; 6] =
    ["postgres", "pgbouncer", "objects", "alertmanager", "prometheus", "blackbox"];
/// Sparklines begin with so many hours.
const PAST_HOURS: u32 = 12;
/// A phase of a run takes so long that one can see it.
const PACE: Duration = Duration::from_millis(1_500);
const CHECK: Duration = Duration::from_secs(1);
/// A session is blocked for so many checks, and then nobody is.
const BLOCKED: usize = 45;
const UNBLOCKED: usize = 15;

/// All of them. They end with this.
pub(crate) struct Servers {
    postgres: Postgres,
    pgbouncer: PgBouncer,
    objects: Objects,
    alertmanager: Alertmanager,
    prometheus: Prometheus,
    blackbox: Blackbox,
    loki: Loki,
    health: Health,
}

impl Servers {
    /// Starts them in the folders `FOLDERS` of `dir`, empty but for the series of `tenants`.
    pub(crate) async fn start(dir: &Path, tenants: usize) -> Result<Self, PlatformError> {
        let folder = |name: &str| Some(dir.join(name));
        let databases = async {
            let postgres = Postgres::start_with(PostgresOptions {
                folder: folder("postgres"),
                secret: Some(secret()),
                ..PostgresOptions::default()
            })
            .await?;
            let options = PgBouncerOptions {
                folder: folder("pgbouncer"),
                secret: Some(secret()),
                ..PgBouncerOptions::default()
            };
            let pgbouncer = PgBouncer::start_with(&postgres, options).await?;
            Ok::<_, PlatformError>((postgres, pgbouncer))
        };
        let objects = Objects::start_with(ObjectsOptions {
            folder: folder("objects"),
            secret_key: Some(secret()),
            ..ObjectsOptions::default()
        });
        let alerts = async {
            let options = AlertmanagerOptions { folder: folder("alertmanager") };
            let alertmanager = Alertmanager::start_with(options).await?;
            let blackbox = Blackbox::start_with(folder("blackbox")).await?;
            let prometheus = Prometheus::start_with(PrometheusOptions {
                folder: folder("prometheus"),
                tenants,
                alertmanager: Some(alertmanager.port()),
                past_hours: PAST_HOURS,
                probes: Some(blackbox.job(&probed(&alertmanager))),
            })
            .await?;
            Ok::<_, PlatformError>((alertmanager, prometheus, blackbox))
        };
        let (databases, objects, alerts, loki) =
            tokio::join!(databases, objects, alerts, Loki::start());
        let ((postgres, pgbouncer), (alertmanager, prometheus, blackbox)) = (databases?, alerts?);
        let (objects, loki) = (objects?, loki?);
        let health = Health::start(&postgres).await?;
        Ok(Self { postgres, pgbouncer, objects, alertmanager, prometheus, blackbox, loki, health })
    }

    /// Fills them for clients `0..tenants`, as they are at `now`.
    pub(crate) async fn fill(
        &self,
        tenants: usize,
        now: DateTime<Utc>,
    ) -> Result<(), PlatformError> {
        // Ten thousand tenants are for measuring the list, not for the disk.
        self.loki.push(None, &[("namespace", "audit-webhook")], audit_history(tenants, now));
        self.objects.fill(tenants.min(200), now)?;
        self.postgres.fill(tenants).await?;
        self.objects.fill_dumps(&self.postgres, tenants, now).await?;
        let hours = |hours| now - chrono::Duration::hours(hours);
        self.alertmanager
            .post(&[
                alert("BackupLate", "warning", LATE_BACKUP, hours(5)),
                alert("BackupMissing", "critical", WITHOUT_BACKUP[1], hours(3)),
                alert("DatabaseMissing", "critical", WITHOUT_DATABASE, hours(2)),
            ])
            .await?;
        let tenant = client_name(SLOW[1]);
        let labels = [("alertname", "TenantSlow"), ("tenant", tenant.as_str())];
        let comment = "their import runs until noon";
        let until = now + chrono::Duration::hours(2);
        self.alertmanager.silence(&labels, "deyan", comment, [now, until]).await.map(drop)
    }

    /// Starts the controllers, which provision, restore, upgrade and back up on these servers.
    pub(crate) async fn controllers(
        &self,
        server: &ApiServer,
        valkey: &Valkey,
        kubelet: &Arc<Kubelet>,
    ) -> Result<Controllers, PlatformError> {
        let options = ControllersOptions {
            kubelet: Some(Arc::clone(kubelet)),
            pace: PACE,
            ..ControllersOptions::default()
        };
        Controllers::start(server, &self.postgres, &self.objects, valkey, options).await
    }

    /// Keeps the databases busy, until a server is lost; with `churn`, one session blocks another most of the time.
    pub(crate) async fn run(
        &mut self,
        tenants: usize,
        churn: bool,
    ) -> Result<Infallible, PlatformError> {
        let _load: [Load; 2] =
            [self.postgres.load(tenants.min(6)), self.pgbouncer.load(tenants.min(5))];
        let mut clock = tokio::time::interval(CHECK);
        let mut block = None;
        let mut second = 0;
        loop {
            clock.tick().await;
            self.postgres.check()?;
            self.pgbouncer.check()?;
            self.objects.check()?;
            self.alertmanager.check()?;
            self.prometheus.check()?;
            self.blackbox.check()?;
            self.audit(tenants, second);
            if second == 0 && churn && tenants > 1 {
                block = self.postgres.block(&client_name(1)).await.ok();
            } else if second == BLOCKED {
                // One whom an operator has ended can't be released any more.
                let _ = match block.take() {
                    Some(block) => block.release().await,
                    None => Ok(()),
                };
            }
            second = (second + 1) % (BLOCKED + UNBLOCKED);
        }
    }

    /// Writes the secrets into files of `dir`, and gives the console's settings.
    pub(crate) fn settings(&self, dir: &Path) -> Result<String, PlatformError> {
        let secret = |name: &str, value: &str| -> Result<String, PlatformError> {
            let path = write_private(&dir.join(name), value)?;
            Ok(format!("{{ file = {} }}", text(&path)))
        };
        Ok(format!(
            "
[profiles.local.postgres]
url = \"{}\"
password = {}
control_url = \"{}\"
control_password = {}

[profiles.local.pgbouncer]
url = \"{}\"
password = {}
control_url = \"{}\"
control_password = {}

[profiles.local.objects]
endpoint = \"{}\"
bucket = \"{BACKUPS}\"
templates_bucket = \"{TEMPLATES}\"
platform_prefix = \"{PLATFORM_PREFIX}\"
region = \"{REGION}\"
access_key = {}
secret_key = {}

[profiles.local.alertmanager]
url = \"{}\"

[profiles.local.prometheus]
url = \"{}\"

[profiles.local.loki]
url = \"{}\"

[profiles.local.operations]
health_url = \"{}\"
",
            self.postgres.url(Role::Console),
            secret("postgres.password", &self.postgres.password(Role::Console))?,
            self.postgres.url(Role::Operations),
            secret("postgres.control_password", &self.postgres.password(Role::Operations))?,
            self.pgbouncer.url(),
            secret("pgbouncer.password", &self.pgbouncer.password())?,
            self.pgbouncer.admin_url(),
            secret("pgbouncer.control_password", &self.pgbouncer.admin_password())?,
            self.objects.url(),
            secret("objects.access_key", self.objects.access_key())?,
            secret("objects.secret_key", self.objects.secret_key())?,
            self.alertmanager.url(),
            self.prometheus.url(),
            self.loki.url(),
            self.health.url(),
        ))
    }

    /// Where they are, in one line.
    pub(crate) fn places(&self) -> String {
        format!(
            "PostgreSQL 127.0.0.1:{}, pgbouncer 127.0.0.1:{}, S3 {}, Alertmanager {}, Prometheus {}, Loki {}",
            self.postgres.port(),
            self.pgbouncer.port(),
            self.objects.url(),
            self.alertmanager.url(),
            self.prometheus.url(),
            self.loki.url(),
        )
    }

    /// Somebody changes an object of a tenant, as the audit webhook logs it.
    fn audit(&self, tenants: usize, second: usize) {
        if tenants > 0 && second.is_multiple_of(3) {
            let record = audit_record(fleet::now(), second % tenants, second);
            self.loki.push(None, &[("namespace", "audit-webhook")], [record]);
        }
    }
}

/// What the blackbox exporter probes for real: one that answers, and one that says that it does not know the page.
fn probed(alertmanager: &Alertmanager) -> [Target; 2] {
    let target = |name: &str, path: &str| Target {
        shown: format!("https://{name}.planapulse.app/web/health"),
        address: format!("{}{path}", alertmanager.url()),
    };
    [target("status", "/-/healthy"), target("docs", "/nowhere")]
}

/// What was changed in the last hours.
fn audit_history(tenants: usize, now: DateTime<Utc>) -> Vec<(i64, String)> {
    let record = |number: usize| {
        let ago = chrono::Duration::seconds(i64::try_from(number * 97).unwrap_or(0));
        audit_record(now - ago, number % tenants.max(1), number)
    };
    (1..400).map(record).collect()
}

/// A change that some person or controller made at `at`, as the audit webhook writes it.
fn audit_record(at: DateTime<Utc>, tenant: usize, number: usize) -> (i64, String) {
    let who = match number % 7 {
        0 => "deyan@plana.solutions",
        _ => "system:serviceaccount:crossplane-system:crossplane",
    };
    let name = client_name(tenant);
    let record = serde_json::json!({
        "timestamp": at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        "user": who,
        "action": "UPDATE",
        "kind": "PLANAClient",
        "name": name,
        "sourceIP": "10.42.0.17",
        "diff": { "metadata.annotations": { "before": null, "after": format!("change-{number}") } },
    });
    (at.timestamp_nanos_opt().unwrap_or_default(), record.to_string())
}

/// A word that nobody can guess.
pub(crate) fn secret() -> String {
    std::iter::repeat_with(fastrand::alphanumeric).take(24).collect()
}

/// A path as TOML: a JSON string is a TOML string too.
pub(crate) fn text(path: &Path) -> String {
    serde_json::Value::from(path.display().to_string()).to_string()
}

/// Removes what an earlier run left: it would be another platform's data.
pub(crate) fn clear(
    dir: &Path,
    names: impl IntoIterator<Item = &'static str>,
) -> std::io::Result<()> {
    for name in names {
        let folder: PathBuf = dir.join(name);
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
