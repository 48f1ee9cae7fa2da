//! The ways from one console to each of its servers: each can be cut, without the servers or others noticing.

use std::path::PathBuf;

use crate::ground::Ground;
use crate::platform::{PlatformError, Proxy, User, write_private};

/// A server that a console asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Server {
    /// The API server.
    Cluster,
    /// PostgreSQL.
    Pg01,
    /// pgbouncer.
    Pooler,
    /// The S3 server.
    Bucket,
    /// Alertmanager.
    Alertmanager,
    /// Valkey, which is only told.
    Valkey,
    /// A tenant itself.
    Tenant,
}

impl Server {
    /// By its word in what the executor prints.
    pub fn of(word: &str) -> Self {
        match word {
            "cluster" => Self::Cluster,
            "pg01" => Self::Pg01,
            "pooler" => Self::Pooler,
            "bucket" => Self::Bucket,
            "alertmanager" => Self::Alertmanager,
            "tenant" => Self::Tenant,
            other => panic!("there is no server {other}"),
        }
    }

    /// What it is called in a sentence for people.
    const fn name(self) -> &'static str {
        match self {
            Self::Cluster => "the API server",
            Self::Pg01 => "PostgreSQL at",
            Self::Pooler => "pgbouncer at",
            Self::Bucket => "http://",
            Self::Alertmanager => "alertmanager at",
            Self::Valkey => "Valkey at",
            Self::Tenant => "planapulse",
        }
    }
}

/// The ways of one console, and its configuration.
pub struct Links {
    ways: Vec<(Server, Proxy)>,
    shut: Vec<Server>,
    home: tempfile::TempDir,
}

impl Links {
    /// Ways to the servers of `ground`, all of them open.
    pub async fn to_servers_of(ground: &Ground) -> Result<Self, PlatformError> {
        let world = &ground.world;
        let servers = [
            (Server::Cluster, world.api.port()),
            (Server::Pg01, world.postgres.port()),
            (Server::Pooler, ground.bouncer.port()),
            (Server::Bucket, world.objects.port()),
            (Server::Alertmanager, ground.alertmanager.port()),
            (Server::Valkey, world.valkey.port()),
        ];
        let read = |path: PathBuf| std::fs::read_to_string(path).expect("a file");
        let kubeconfig = world.api.kubeconfig(User::Senior);
        let mut texts = [read(ground.config()), read(kubeconfig.clone())];
        let mut ways = Vec::new();
        for (server, port) in servers {
            let way = Proxy::start(port).await?;
            let (direct, through) =
                (format!("127.0.0.1:{port}"), format!("127.0.0.1:{}", way.port()));
            texts = texts.map(|text| text.replace(&direct, &through));
            ways.push((server, way));
        }
        let links = Self { ways, shut: Vec::new(), home: tempfile::tempdir().expect("a folder") };
        let [config, cluster] = texts;
        let own = write_private(&links.home.path().join("kubeconfig"), &cluster)?;
        let config = config.replace(&kubeconfig.display().to_string(), &own.display().to_string());
        write_private(&links.config(), &config)?;
        Ok(links)
    }

    /// From now on the console shows the API server a token; the file that it reads it from.
    pub fn signed_in_by_token(&self, token: &str) -> Result<PathBuf, PlatformError> {
        let file = write_private(&self.home.path().join("token"), token)?;
        let kubeconfig = self.home.path().join("kubeconfig");
        let text = std::fs::read_to_string(&kubeconfig).expect("the kubeconfig");
        let is_kept = |line: &&str| !line.trim_start().starts_with("client-");
        let mut lines: Vec<String> = text.lines().filter(is_kept).map(str::to_owned).collect();
        let user = lines.iter().position(|line| line.trim() == "user:").expect("a user");
        lines.insert(user + 1, format!("      tokenFile: {}", file.display()));
        write_private(&kubeconfig, &lines.join("\n"))?;
        Ok(file)
    }

    /// The configuration of the console.
    pub fn config(&self) -> PathBuf {
        self.home.path().join("config.toml")
    }

    /// A file of the console's own.
    pub fn file(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The way to `server`; none to what is no server of the platform.
    pub fn to(&self, server: Server) -> Option<&Proxy> {
        self.ways.iter().find(|(of, _)| *of == server).map(|(_, way)| way)
    }

    /// Cuts the way to `server`, and leaves it so.
    pub fn cut(&mut self, server: Server) {
        self.to(server).expect("there is a way").cut();
        self.shut.push(server);
    }

    /// Whether nobody cut the way to `server` for good.
    pub fn is_open(&self, server: Server) -> bool {
        !self.shut.contains(&server)
    }

    /// Whether `sentence` says that it is about `server`, and where that is.
    pub fn names(&self, server: Server, sentence: &str) -> bool {
        let address = self.to(server).map(|way| format!("127.0.0.1:{}", way.port()));
        sentence.contains(server.name()) && address.is_some_and(|it| sentence.contains(&it))
    }
}
