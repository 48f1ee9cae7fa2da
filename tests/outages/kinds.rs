//! Every kind of operation: what it takes, which servers it needs, and what must have come of it.

use chrono::{DateTime, SecondsFormat};
use sqlx::{Connection as _, Row as _};

use super::links::Server::{self, Alertmanager, Bucket, Cluster, Pg01, Pooler};
use crate::controlled::{JOBS, Outcome};
use crate::ground::Ground;
use crate::platform::{Kind, PlatformError, Resource, Role};

/// The fingerprint of an alert that somebody looks after.
const ALERT: &str = "a1b2c3d4e5f60718";
/// Whose silence is ended.
const OLD_SILENCE: &str = "OldSilence";
/// How many rows a tenant has where nobody deleted any.
const ROWS: i64 = 60;

/// The kinds whose plans name no tenant.
const BARE: [&str; 8] =
    ["template", "drop-kept", "cancel", "terminate", "silence", "expire-silence", "ack", "unack"];

/// A kind of operation on a tenant.
#[derive(Clone, Copy, Debug)]
pub struct Deed {
    /// Its word.
    pub verb: &'static str,
    /// The tenant.
    pub tenant: &'static str,
}

impl Deed {
    pub const fn new(verb: &'static str, tenant: &'static str) -> Self {
        Self { verb, tenant }
    }

    fn host(self) -> String {
        format!("{}.planapulse.app", self.tenant)
    }

    fn kept(self) -> String {
        format!("{}-kept-202601020304-old.planapulse.app", self.tenant)
    }

    /// The servers that it asks while it is under way.
    pub const fn servers(self) -> &'static [Server] {
        match self.verb.as_bytes() {
            b"restore-swap" | b"restore-in-place" => &[Cluster, Pg01, Pooler, Bucket],
            b"restore-beside" | b"upgrade-same" | b"upgrade-cross" | b"deprovision" => {
                &[Cluster, Pg01, Bucket]
            }
            b"provision" | b"drop-kept" | b"cancel" | b"terminate" => &[Cluster, Pg01],
            b"pause-pool" | b"resume-pool" => &[Cluster, Pooler],
            b"silence" | b"expire-silence" => &[Cluster, Alertmanager],
            b"backup" => &[Cluster, Bucket],
            _ => &[Cluster],
        }
    }

    /// Makes the world such that there is something to do; gives the words of the plan.
    pub async fn prepare(self, ground: &Ground) -> Result<Vec<String>, PlatformError> {
        let world = &ground.world;
        let more = match self.verb {
            "restore-swap" | "restore-in-place" | "restore-beside" => {
                ground.back_up(self.tenant).await?;
                // From then on the pooler knows its database.
                ground.works(&self.host()).until_it_works().await;
                world.run(&self.host(), "DELETE FROM sale_order WHERE id <= 40").await?;
                let by = "the owner, by telephone";
                if self.verb == "restore-in-place" { given("accepted-by", by) } else { vec![] }
            }
            "tier" => given("tier", "enterprise"),
            "upgrade-cross" => {
                makes_room(ground, "plana-odoo-19").await?;
                given("version", "19")
            }
            "provision" => vec![
                "--project=77".into(),
                "--owner-email=owner@nova.example.bg".into(),
                "--owner-name=Nova".into(),
            ],
            "template" => vec!["--edition=pro".into(), "--version=17".into()],
            "drop-kept" => {
                world
                    .run("postgres", &format!("CREATE DATABASE \"{}\" OWNER plana", self.kept()))
                    .await?;
                given("database", &self.kept())
            }
            "cancel" | "terminate" => self.sleep(ground).await?,
            "pause-pool" => {
                ground.works(&self.host()).until_it_works().await;
                vec![]
            }
            "silence" => {
                vec!["--matchers=alertname=Loud".into(), "--for=1h".into(), "--reason=x".into()]
            }
            "expire-silence" => {
                let [from, until] =
                    [0, 1].map(|hours| crate::controlled::now() + chrono::Duration::hours(hours));
                let labels = [("alertname", OLD_SILENCE)];
                let id = ground.alertmanager.silence(&labels, "ivan", "x", [from, until]).await?;
                given("silence", &id)
            }
            "ack" | "unack" => vec![format!("--alert={ALERT}"), "--name=Loud".into()],
            _ => vec![],
        };
        let mut words = vec![self.verb.to_owned()];
        if !BARE.contains(&self.verb) {
            words.push(self.tenant.to_owned());
        }
        words.extend(more);
        Ok(words)
    }

    /// Has somebody sleep in the tenant's database; which session that is.
    async fn sleep(self, ground: &Ground) -> Result<Vec<String>, PlatformError> {
        let postgres = &ground.world.postgres;
        let mut session = postgres.connection(Role::Owner, &self.host()).await?;
        let mine = "SELECT pid, (extract(epoch FROM backend_start) * 1000)::int8 AS began
            FROM pg_stat_activity WHERE pid = pg_backend_pid()";
        let row = sqlx::query(mine).fetch_one(&mut session).await?;
        let (pid, began): (i32, i64) = (row.try_get("pid")?, row.try_get("began")?);
        #[expect(clippy::disallowed_methods, reason = "ends with the session")]
        tokio::spawn(async move {
            let _ = sqlx::raw_sql("SELECT pg_sleep(6000)").execute(&mut session).await;
            // Whose statement was cancelled is there still.
            tokio::time::sleep(std::time::Duration::from_mins(10)).await;
            let _ = session.close().await;
        });
        let began = DateTime::from_timestamp_millis(began).expect("a moment");
        let began = began.to_rfc3339_opts(SecondsFormat::Millis, true);
        Ok(vec![format!("--pid={pid}"), format!("--began={began}")])
    }

    /// What must have come of the operation `id`, once and for good.
    pub async fn assert_done(self, ground: &Ground, id: &str) -> Outcome {
        match self.verb {
            "restore-swap" | "restore-in-place" | "restore-beside" | "upgrade-same"
            | "provision" | "drop-kept" | "cancel" | "terminate" => {
                self.assert_databases(ground, id).await
            }
            "backup" | "tier" | "deprovision" | "template" | "upgrade-cross" => {
                self.assert_cluster(ground, id).await
            }
            "silence" => assert_silence(ground, id).await,
            "expire-silence" => assert_old_silence(ground).await,
            // The last step of these is the look at it.
            "pause-pool" | "resume-pool" | "ack" | "unack" => Ok(()),
            other => panic!("nobody knows what comes of {other}"),
        }
    }

    /// Whether it is taken back once it is done.
    pub const fn is_taken_back(self) -> bool {
        matches!(self.verb.as_bytes(), b"restore-swap" | b"restore-beside" | b"tier")
    }

    /// What must be as it was before the operation `id`.
    pub async fn assert_undone(self, ground: &Ground, id: &str) -> Outcome {
        let world = &ground.world;
        if self.verb == "tier" {
            let client = world.get(&format!("{}/{}", Kind::Client.path(), self.tenant)).await?;
            assert_ne!(client.expect("the tenant")["spec"]["tier"], "enterprise");
            return Ok(());
        }
        let of_it = format!("SELECT count(*) FROM pg_database WHERE datname LIKE '%-{id}.%'");
        assert_eq!(world.ask("postgres", &of_it).await?, 0, "no database of it is left");
        assert_eq!(world.rows(&self.host(), "sale_order").await?, ROWS - 40);
        ground.works(&self.host()).until_it_works().await;
        Ok(())
    }

    async fn assert_databases(self, ground: &Ground, id: &str) -> Outcome {
        let (world, tenant, host) = (&ground.world, self.tenant, self.host());
        let databases = async |like: &str| {
            let query = format!("SELECT count(*) FROM pg_database WHERE datname LIKE '{like}'");
            world.ask("postgres", &query).await
        };
        match self.verb {
            "restore-swap" => {
                assert_eq!(world.rows(&host, "sale_order").await?, ROWS);
                assert_eq!(databases(&format!("{tenant}-kept-%-{id}.%")).await?, 1);
                assert_eq!(databases(&format!("{tenant}-copy-{id}.%")).await?, 0);
            }
            "restore-beside" => {
                let copy = format!("{tenant}-copy-{id}.planapulse.app");
                assert_eq!(world.rows(&copy, "sale_order").await?, ROWS);
                assert_eq!(world.rows(&host, "sale_order").await?, ROWS - 40);
            }
            "upgrade-same" => assert_eq!(world.rows(&host, "plana_upgrade_log").await?, 1),
            "drop-kept" => assert!(!world.has_database(&self.kept()).await?),
            "cancel" | "terminate" => {
                let asleep = format!(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = '{host}' AND query LIKE '%pg_sleep%'
                     AND state = 'active' AND pid <> pg_backend_pid()"
                );
                assert_eq!(world.ask("postgres", &asleep).await?, 0);
            }
            _ => assert_eq!(world.rows(&host, "sale_order").await?, ROWS),
        }
        Ok(())
    }

    async fn assert_cluster(self, ground: &Ground, id: &str) -> Outcome {
        let (world, tenant) = (&ground.world, self.tenant);
        let client = world.get(&format!("{}/{tenant}", Kind::Client.path())).await?;
        match self.verb {
            "backup" => {
                let label = "app.kubernetes.io/created-by=pulse-console";
                let jobs = world.labelled(Resource::JOB, label).await?;
                let name = format!("{tenant}-insurance-{id}");
                let made = jobs.iter().filter(|job| job["metadata"]["name"] == *name).count();
                assert_eq!(made, 1);
                assert_eq!(world.until_job(JOBS, &name).await?, None);
            }
            "tier" => assert_eq!(client.expect("the tenant")["spec"]["tier"], "enterprise"),
            "upgrade-cross" => {
                assert_eq!(client.expect("the tenant")["spec"]["odooVersion"], "19");
                assert_eq!(world.rows(&self.host(), "plana_upgrade_log").await?, 1);
            }
            "deprovision" => {
                assert_eq!(client, None);
                assert!(!world.has_database(&self.host()).await?);
            }
            _ => {
                let label = format!("templatesnapshot=pro-template-17-{id}");
                assert_eq!(world.labelled(Resource::JOB, &label).await?.len(), 1);
            }
        }
        Ok(())
    }
}

/// The silence of the operation `id` is there, once.
async fn assert_silence(ground: &Ground, id: &str) -> Outcome {
    let all = ground.alertmanager.silences().await?;
    let mark = format!("[{id}]");
    let comments = all.iter().filter_map(|silence| silence["comment"].as_str());
    assert_eq!(comments.filter(|comment| comment.contains(&mark)).count(), 1, "{all:#?}");
    Ok(())
}

/// The old silence hides nothing any more.
async fn assert_old_silence(ground: &Ground) -> Outcome {
    let all = ground.alertmanager.silences().await?;
    let old = all.iter().filter(|silence| silence["matchers"][0]["value"] == OLD_SILENCE);
    let states: Vec<&serde_json::Value> = old.map(|silence| &silence["status"]["state"]).collect();
    assert!(!states.is_empty() && states.iter().all(|state| *state == "expired"), "{all:#?}");
    Ok(())
}

/// Makes room for another Job in `namespace`.
async fn makes_room(ground: &Ground, namespace: &str) -> Outcome {
    let quotas = Resource::QUOTA.path(namespace);
    ground.world.api.delete_at(&format!("{quotas}/odoo-quota")).await
}

fn given(name: &str, value: &str) -> Vec<String> {
    vec![format!("--{name}={value}")]
}
