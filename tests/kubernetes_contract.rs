//! The live world on a real API server and a real Valkey passes the checks that the training world passes in
//! `contract.rs`.
#![cfg(feature = "real-servers")]
#![expect(clippy::expect_used, reason = "a test says what it expects")]

mod platform;
mod world;

use std::sync::Arc;

use platform::{
    ApiServer, Cluster, EventStream, Kind, PlatformError, User, Valkey, condition, usual_moment,
};
use pulse_console::config::{Environment, Paths, Sources, load};
use pulse_console::live::Live;
use pulse_console::platform::Platform;
use pulse_console::runtime::WallClock;
use world::{What, World};

struct Servers {
    objects: ApiServer,
    stream: Valkey,
    published: usize,
    platform: Arc<dyn Platform>,
}

impl Servers {
    async fn start(home: &std::path::Path) -> Result<Self, PlatformError> {
        let (objects, stream) = (ApiServer::start().await?, Valkey::start().await?);
        objects.create_clients(12).await?;
        objects.fill_cluster(&Cluster::new(12, usual_moment())).await?;
        stream.publish(&EventStream::default(), 0..40, usual_moment()).await?;
        let kubeconfig = objects.kubeconfig(User::Viewer);
        let flags = [
            ("kubernetes.kubeconfig", kubeconfig.display().to_string()),
            ("valkey.url", stream.url()),
        ];
        let sources = Sources {
            file: None,
            env: Environment::default(),
            flags: flags.into_iter().map(|(key, value)| (key.to_owned(), value)).collect(),
            paths: Paths::below(home),
        };
        let settings = load(&sources).expect("settings").settings;
        let live = Live::new(&settings, home.join("cursor.json"), Arc::new(WallClock));
        Ok(Self { objects, stream, published: 40, platform: Arc::new(live) })
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
                self.objects.set_condition(Kind::Client, &name, &failed).await
            }
            What::Events(count) => self.publish(usize::try_from(count).expect("a count")).await,
            What::Outage => {
                self.objects.kill();
                self.stream.kill();
                Ok(())
            }
            What::Return => {
                self.objects.start_again().await?;
                self.stream.start_again().await?;
                self.publish(1).await
            }
        }
    }

    async fn publish(&mut self, count: usize) -> Result<(), PlatformError> {
        let range = self.published..self.published + count;
        self.published += count;
        self.stream.publish(&EventStream::default(), range, usual_moment()).await
    }
}

impl World for Servers {
    fn platform(&self) -> Arc<dyn Platform> {
        Arc::clone(&self.platform)
    }

    fn tenant(&self) -> String {
        platform::client_name(3)
    }

    async fn happen(&mut self, what: What) {
        self.act(what).await.expect("the servers do as they are told");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_live_world_passes_the_checks_of_both_worlds() -> Result<(), PlatformError> {
    let home = tempfile::tempdir().expect("a folder");
    world::passes_the_checks(Servers::start(home.path()).await?).await;
    Ok(())
}
