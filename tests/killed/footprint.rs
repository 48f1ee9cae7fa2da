//! What operations leave in the world, and how it differs from what was there before.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::TryStreamExt as _;
use object_store::ObjectStore as _;
use object_store::path::Path;
use pulse_console::domain::Text;
use pulse_console::domain::operation::{Command, ObjectRef, Plan};
use regex::Regex;
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, Row as _};

use super::stand::{Stand, host};
use crate::ground::Ground;
use crate::platform::{
    ACKS, BACKUPS, CONSOLE, Kind, PlatformError, Resource, Role, backup_name, route_name,
    version_namespace,
};

/// What stays when the rest is taken back, such as a backup that was taken, begins so.
const STAYS: &str = "stays: ";

/// The world as far as an operation can have changed it.
#[derive(Debug, Default)]
pub(super) struct Footprint {
    lines: BTreeSet<String>,
    counts: BTreeMap<&'static str, i64>,
    /// Databases by their numbers.
    databases: BTreeMap<String, String>,
}

/// What became different.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Change {
    gained: BTreeSet<String>,
    lost: BTreeSet<String>,
    counted: BTreeMap<&'static str, i64>,
}

impl Footprint {
    /// What there is now of `stand`, and of what `plan` makes.
    pub(super) async fn of(
        ground: &Ground,
        stand: &Stand,
        plan: Option<&Plan>,
    ) -> Result<Self, PlatformError> {
        let mut all = Self::default();
        if let Some(tenant) = &stand.tenant {
            all.see_tenant(ground, tenant).await?;
            all.see_databases(ground, &host(tenant), &format!("{tenant}-%")).await?;
            all.see_pool(ground, &host(tenant)).await?;
        }
        if let Some(template) = &stand.template {
            all.see_databases(ground, &host(template), "").await?;
        }
        if let Some(namespace) = stand.workers {
            let workers =
                ground.world.object(Resource::DEPLOYMENT, namespace, "worker-odoo").await?;
            let generation = workers.unwrap_or_default()["metadata"]["generation"].as_i64();
            all.counts.insert("restarts", generation.unwrap_or_default());
        }
        if let Some(alert) = &stand.alert {
            all.see_alert(ground, alert).await?;
        }
        if let Some(victim) = &stand.victim {
            all.lines.insert(format!("session {}", victim.state(ground).await?));
            all.counts.insert("cancelled statements", victim.cancelled());
        }
        for step in plan.iter().flat_map(|plan| &plan.steps) {
            if let Some(Command::Apply { what, .. }) = &step.act {
                all.see_made(ground, what).await?;
            }
        }
        Ok(all)
    }

    async fn see_tenant(&mut self, ground: &Ground, tenant: &str) -> Result<(), PlatformError> {
        let world = &ground.world;
        let client = world.get(&format!("{}/{tenant}", Kind::Client.path())).await?;
        if client.is_some_and(|client| client["metadata"]["deletionTimestamp"].is_null()) {
            // Its controller may be at work on a change still.
            let client = world.until_settled(Kind::Client, tenant).await?;
            self.lines.insert(told("client", &client));
        }
        for version in ["17", "18", "19"] {
            let namespace = version_namespace(version);
            let claim = format!("{tenant}-filestore");
            if world.part(Resource::CLAIM, namespace, &claim).await? {
                self.lines.insert(format!("claim {namespace}/{claim}"));
            }
            let route = route_name(tenant);
            if world.part(Resource::ROUTE, namespace, &route).await? {
                self.lines.insert(format!("route {namespace}/{route}"));
            }
        }
        let cron = backup_name(tenant);
        if world.part(Resource::CRON_JOB, crate::controlled::JOBS, &cron).await? {
            self.lines.insert(format!("cron job {cron}"));
        }
        let prefix = Path::from(format!("{tenant}/insurance"));
        let store = world.objects.store(BACKUPS)?;
        let backups: Vec<_> = store.list(Some(&prefix)).try_collect().await.expect("a listing");
        self.counts.insert("stays: insurance backups", whole(backups.len()));
        Ok(())
    }

    /// The database of this name, and those whose names are like this.
    async fn see_databases(
        &mut self,
        ground: &Ground,
        name: &str,
        like: &str,
    ) -> Result<(), PlatformError> {
        let query = format!(
            "SELECT datname::text AS name, oid::text AS oid, datallowconn AS open, datistemplate AS template
             FROM pg_database WHERE datname = '{name}' OR datname LIKE '{like}'"
        );
        let mut session = ground.world.postgres.connection(Role::Super, "postgres").await?;
        let rows = sqlx::query(AssertSqlSafe(query)).fetch_all(&mut session).await?;
        session.close().await?;
        for row in rows {
            let (name, oid): (String, String) = (row.try_get("name")?, row.try_get("oid")?);
            let template: bool = row.try_get("template")?;
            let holds = match row.try_get("open")? {
                true if !template => self.contents(ground, &name).await?,
                true => "a template".to_owned(),
                false => "closed".to_owned(),
            };
            let stays = if template { STAYS } else { "" };
            self.lines.insert(format!("{stays}database {name} #{oid} {holds}"));
            self.databases.insert(oid, name);
        }
        Ok(())
    }

    async fn contents(&mut self, ground: &Ground, name: &str) -> Result<String, PlatformError> {
        let tables = "SELECT to_regclass('sale_order') IS NOT NULL AS odoo,
                      to_regclass('plana_upgrade_log') IS NOT NULL AS upgraded";
        let mut session = ground.world.postgres.connection(Role::Super, name).await?;
        let row = sqlx::query(tables).fetch_one(&mut session).await?;
        if row.try_get("upgraded")? {
            let runs = sqlx::query("SELECT count(*) FROM plana_upgrade_log");
            let runs: i64 = runs.fetch_one(&mut session).await?.try_get(0)?;
            self.counts.insert("runs of upgrades", runs);
        }
        let mut holds = "nothing".to_owned();
        if row.try_get("odoo")? {
            let query = "SELECT (SELECT count(*) FROM sale_order),
                (SELECT split_part(latest_version, '.', 1) FROM ir_module_module WHERE name = 'base')";
            let row = sqlx::query(query).fetch_one(&mut session).await?;
            let (rows, major): (i64, String) = (row.try_get(0)?, row.try_get(1)?);
            holds = format!("{rows} orders of Odoo \"{major}\"");
        }
        session.close().await?;
        Ok(holds)
    }

    async fn see_pool(&mut self, ground: &Ground, name: &str) -> Result<(), PlatformError> {
        let url = ground.bouncer.admin_url();
        let options: PgConnectOptions = url.parse().expect("an address");
        let options = options.password(&ground.bouncer.admin_password());
        let mut session = options.connect().await?;
        let databases = sqlx::raw_sql("SHOW DATABASES").fetch_all(&mut session).await?;
        session.close().await?;
        let text = |row: &sqlx::postgres::PgRow, column: &str| {
            let value = row.try_get_raw(column).expect("a column");
            value.as_str().unwrap_or_default().to_owned()
        };
        let own = databases.iter().find(|row| text(row, "name") == name);
        if own.is_some_and(|row| text(row, "paused") != "0") {
            self.lines.insert("its pool is paused".to_owned());
        }
        Ok(())
    }

    async fn see_alert(
        &mut self,
        ground: &Ground,
        (name, fingerprint): &(String, String),
    ) -> Result<(), PlatformError> {
        let silences = ground.alertmanager.silences().await?;
        let own = silences.iter().filter(|one| one["matchers"][0]["value"] == **name);
        self.counts.insert("stays: silences", whole(own.clone().count()));
        let active = own.filter(|one| one["status"]["state"] == "active");
        self.lines.extend(active.map(|one| format!("silence: {}", one["comment"])));
        let acks = ground.world.object(Resource::CONFIG_MAP, CONSOLE, ACKS).await?;
        let acks = acks.unwrap_or_default();
        let ack = acks["data"][fingerprint].as_str().unwrap_or("null");
        let ack: Value = serde_json::from_str(ack).expect("an acknowledgement");
        if let Some(by) = ack["by"].as_str() {
            let until = if by == "vera" { ack["until"].to_string() } else { String::new() };
            self.lines.insert(format!("{by} looks after it {until}"));
        }
        Ok(())
    }

    /// An object that the operation makes, with the Job that it makes in turn.
    async fn see_made(&mut self, ground: &Ground, what: &ObjectRef) -> Result<(), PlatformError> {
        let (name, kind) = (what.name.as_str(), what.kind.as_str());
        let own = |kind: Kind| format!("{}/{name}", kind.path());
        let (path, job) = match kind {
            "Job" => {
                let namespace = what.namespace.as_ref().map(Text::as_str).unwrap_or_default();
                return self.see_job(ground, namespace, name).await;
            }
            "EnvironmentRestore" => (own(Kind::Restore), (crate::controlled::JOBS, "restore")),
            "TemplateSnapshot" => (own(Kind::Template), (crate::controlled::JOBS, "build")),
            "TenantUpgrade" => (own(Kind::Upgrade), ("", "upgrade")),
            // It is looked at anyhow.
            _ => return Ok(()),
        };
        let Some(object) = ground.world.get(&path).await? else { return Ok(()) };
        self.lines.insert(told(kind, &object));
        let version = object["spec"]["toVersion"].as_str().unwrap_or_default();
        let namespace = if job.0.is_empty() { version_namespace(version) } else { job.0 };
        self.see_job(ground, namespace, &format!("{name}-{}", job.1)).await
    }

    async fn see_job(
        &mut self,
        ground: &Ground,
        namespace: &str,
        name: &str,
    ) -> Result<(), PlatformError> {
        let stays = if name.contains("-insurance-") { STAYS } else { "" };
        if let Some(job) = ground.world.object(Resource::JOB, namespace, name).await? {
            let done = job["status"]["succeeded"].as_i64().unwrap_or_default();
            self.lines.insert(format!("{stays}Job {namespace}/{name}: {done} succeeded"));
        }
        let pods = ground.world.labelled(Resource::POD, &format!("job-name={name}")).await?;
        for (number, pod) in pods.iter().enumerate() {
            let phase = pod["status"]["phase"].as_str().unwrap_or_default();
            self.lines.insert(format!("{stays}pod {number} of {name}: {phase}"));
        }
        Ok(())
    }

    /// What is other than `before`, in words that are the same on every stand.
    pub(super) fn since(&self, before: &Self, names: &[(String, &'static str)]) -> Change {
        let plain = |line: &String| before.plain(line, names);
        let count = |name: &'static str| {
            let of = |all: &Self| all.counts.get(name).copied().unwrap_or_default();
            Some((name, of(self) - of(before))).filter(|(_, difference)| *difference != 0)
        };
        Change {
            gained: self.lines.difference(&before.lines).map(plain).collect(),
            lost: before.lines.difference(&self.lines).map(plain).collect(),
            counted: self
                .counts
                .keys()
                .chain(before.counts.keys())
                .filter_map(|name| count(name))
                .collect(),
        }
    }

    fn plain(&self, line: &str, names: &[(String, &'static str)]) -> String {
        let number = Regex::new(r"#(\d+)").expect("an expression");
        let line = number.replace_all(line, |found: &regex::Captures<'_>| {
            self.databases.get(&found[1]).map_or("(new)".to_owned(), |name| format!("(was {name})"))
        });
        let mut line = line.into_owned();
        for (name, stands_for) in names {
            line = line.replace(name, stands_for);
        }
        let moment = Regex::new(r"\d{8}T\d{6}|-kept-\d{12}").expect("an expression");
        moment.replace_all(&line, "{moment}").into_owned()
    }
}

impl Change {
    /// Without what stays.
    pub(super) fn that_goes(&self) -> Self {
        let goes = |lines: &BTreeSet<String>| {
            lines.iter().filter(|line| !line.starts_with(STAYS)).cloned().collect()
        };
        let counted = self.counted.iter().filter(|(name, _)| !name.starts_with(STAYS));
        Self {
            gained: goes(&self.gained),
            lost: goes(&self.lost),
            counted: counted.map(|(name, count)| (*name, *count)).collect(),
        }
    }

    /// Whether everything of it is in `other` too.
    pub(super) fn is_part_of(&self, other: &Self) -> bool {
        let known =
            |(name, count): (&&str, &i64)| other.counted.get(*name).is_some_and(|all| count <= all);
        self.gained.is_subset(&other.gained)
            && self.lost.is_subset(&other.lost)
            && self.counted.iter().all(known)
    }
}

fn whole(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// An object of the platform: what is wanted of it, and how it is.
fn told(kind: &str, object: &Value) -> String {
    let leaves = object["metadata"]["deletionTimestamp"].is_string();
    format!(
        "{kind} {} {} {} leaves: {leaves}",
        object["metadata"]["name"], object["spec"], object["status"]["phase"]
    )
}
