//! The live world on real servers of every kind passes the checks that the training world passes in `contract.rs`.
#![cfg(feature = "real-servers")]
#![expect(clippy::expect_used, reason = "a test says what it expects")]

mod hands;
mod platform;
mod world;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use platform::{
    Alertmanager, ApiServer, BACKUPS, Block, Cluster, EventStream, Kind, Load, Objects, PgBouncer,
    PlatformError, Postgres, Prometheus, PrometheusOptions, REGION, Role, TEMPLATES, User, Valkey,
    alert, condition, usual_moment, write_private,
};
use pulse_console::config::{Environment, Paths, Sources, load};
use pulse_console::domain::FeedId;
use pulse_console::live::Live;
use pulse_console::platform::{Clock as _, Platform};
use pulse_console::runtime::WallClock;
use world::{What, World};

const TENANTS: usize = 12;

struct Servers {
    cluster: ApiServer,
    valkey: Valkey,
    postgres: Postgres,
    /// Sessions to see, until the first outage ends them.
    _blocked: Block,
    pgbouncer: PgBouncer,
    /// Clients of the pooler.
    _pooled: Load,
    objects: Objects,
    alertmanager: Alertmanager,
    prometheus: Prometheus,
    published: usize,
    platform: Option<Arc<dyn Platform>>,
}

impl Servers {
    async fn start(home: &std::path::Path) -> Result<Self, PlatformError> {
        let now = WallClock.now().utc();
        let (cluster, valkey, postgres, objects, alertmanager) = tokio::try_join!(
            ApiServer::start(),
            Valkey::start(),
            Postgres::start(),
            Objects::start(),
            Alertmanager::start(),
        )?;
        let options = PrometheusOptions {
            tenants: TENANTS,
            alertmanager: Some(alertmanager.port()),
            ..PrometheusOptions::default()
        };
        let (pgbouncer, prometheus) =
            tokio::try_join!(PgBouncer::start(&postgres), Prometheus::start_with(options))?;
        postgres.fill(TENANTS).await?;
        let blocked = postgres.block(&platform::client_name(3)).await?;
        let pooled = pgbouncer.load(1);
        let mut servers = Self {
            cluster,
            valkey,
            postgres,
            _blocked: blocked,
            pgbouncer,
            _pooled: pooled,
            objects,
            alertmanager,
            prometheus,
            published: 40,
            platform: None,
        };
        servers.fill(now).await?;
        servers.platform = Some(servers.live(home)?);
        Ok(servers)
    }

    async fn fill(&self, now: DateTime<Utc>) -> Result<(), PlatformError> {
        self.cluster.create_clients(TENANTS).await?;
        self.cluster.fill_cluster(&Cluster::new(TENANTS, now)).await?;
        let file = self.cluster.kubeconfig(User::Admin).display().to_string();
        let operator = hands::Console::new([("kubernetes.kubeconfig", file)]);
        operator.journal.open(&hands::plan("op1"), &hands::confirmed()).await.expect("it begins");
        self.objects.fill(TENANTS, now)?;
        self.alertmanager.post(&[alert("TenantOdooDown", "critical", 3, now)]).await?;
        self.valkey.publish(&EventStream::default(), 0..40, usual_moment()).await?;
        self.valkey.fill(TENANTS, now).await?;
        Ok(())
    }

    /// The live world of these servers.
    fn live(&self, home: &std::path::Path) -> Result<Arc<dyn Platform>, PlatformError> {
        let secret = |name: &str, value: &str| -> Result<String, PlatformError> {
            let file = home.join(name);
            write_private(&file, value)?;
            Ok(format!("{{ file = '{}' }}", file.display()))
        };
        let flags = [
            ("kubernetes.kubeconfig", self.cluster.kubeconfig(User::Viewer).display().to_string()),
            ("valkey.url", self.valkey.url()),
            ("postgres.url", self.postgres.url(Role::Console)),
            ("postgres.password", secret("pg", &self.postgres.password(Role::Console))?),
            ("pgbouncer.url", self.pgbouncer.url()),
            ("pgbouncer.password", secret("pgb", &self.pgbouncer.password())?),
            ("objects.endpoint", self.objects.url()),
            ("objects.region", REGION.to_owned()),
            ("objects.bucket", BACKUPS.to_owned()),
            ("objects.templates_bucket", TEMPLATES.to_owned()),
            ("objects.access_key", secret("access", self.objects.access_key())?),
            ("objects.secret_key", secret("secret", self.objects.secret_key())?),
            ("alertmanager.url", self.alertmanager.url()),
            ("prometheus.url", self.prometheus.url()),
        ];
        let sources = Sources {
            file: None,
            env: Environment::default(),
            flags: flags.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            paths: Paths::below(home),
        };
        let settings = load(&sources).expect("settings").settings;
        let live = Live::new(&settings, home.join("cursor.json"), Arc::new(WallClock));
        Ok(Arc::new(live))
    }

    async fn act(&mut self, what: What) -> Result<(), PlatformError> {
        match what {
            What::TenantFails => {
                let name = self.tenant();
                let failed = condition(
                    "Synced",
                    "False",
                    "ReconcileError",
                    "cannot compose",
                    usual_moment(),
                );
                self.cluster.set_condition(Kind::Client, &name, &failed).await
            }
            What::Events(count) => self.publish(usize::try_from(count).expect("a count")).await,
            What::Outage => {
                self.cluster.kill();
                self.valkey.kill();
                self.pgbouncer.kill();
                self.postgres.kill();
                self.objects.kill();
                self.alertmanager.kill();
                self.prometheus.kill();
                Ok(())
            }
            What::Return => {
                self.cluster.start_again().await?;
                self.valkey.start_again().await?;
                self.postgres.start_again().await?;
                self.pgbouncer.start_again().await?;
                self.objects.start_again().await?;
                self.alertmanager.start_again().await?;
                self.prometheus.start_again().await?;
                self.publish(1).await
            }
        }
    }

    async fn publish(&mut self, count: usize) -> Result<(), PlatformError> {
        let range = self.published..self.published + count;
        self.published += count;
        self.valkey.publish(&EventStream::default(), range, usual_moment()).await
    }
}

impl World for Servers {
    fn platform(&self) -> Arc<dyn Platform> {
        Arc::clone(self.platform.as_ref().expect("the servers are filled"))
    }

    fn tenant(&self) -> String {
        platform::client_name(3)
    }

    fn holds(&self) -> Vec<FeedId> {
        vec![
            FeedId::Databases,
            FeedId::Sessions,
            FeedId::DatabaseServer,
            FeedId::Pools,
            FeedId::Streams,
            FeedId::Keys,
            FeedId::StreamServer,
            FeedId::Executions,
            FeedId::Backups,
            FeedId::Buckets,
            FeedId::Alerts,
            FeedId::Acks,
            FeedId::Deployments,
            FeedId::Autoscalers,
            FeedId::Quotas,
            FeedId::Pods,
            FeedId::Occurrences,
            FeedId::Gateways,
            FeedId::Routes,
            FeedId::Certificates,
            FeedId::Kustomizations,
            FeedId::CronJobs,
            FeedId::Jobs,
            FeedId::Nodes,
            FeedId::Claims,
            FeedId::Series,
            FeedId::Probes,
            FeedId::Access,
            FeedId::Operations,
        ]
    }

    async fn happen(&mut self, what: What) {
        self.act(what).await.expect("the servers do as they are told");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_live_world_passes_the_checks_of_both_worlds() -> Result<(), PlatformError> {
    let home = tempfile::tempdir().expect("a folder");
    let servers = Box::pin(Servers::start(home.path())).await?;
    Box::pin(world::passes_the_checks(servers)).await;
    Ok(())
}
