//! A real PostgreSQL, as pg01 is: passwords over loopback, one owner of all tenants' databases, and a console that may look.
//!
//! The data outlives a stop and a kill, and vanishes with the value. Nothing is flushed to the disk: it need not outlive the
//! machine.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};

use super::folder::Folder;
use super::ports::Port;
use super::process::{Process, on_path};
use super::unprivileged::Unprivileged;
use super::{Doing as _, PlatformError};

const PROGRAM: &str = "postgres";
const REMEDY: &str = "installs it";
/// The console's roles, as they are shipped.
const SHIPPED: &str = include_str!("../../packaging/postgres/console.sql");
const START_WITHIN: Duration = Duration::from_mins(2);
/// Debian keeps the programs of each major version in a folder of its own, out of PATH.
const VERSIONS: &str = "/usr/lib/postgresql";

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// The superuser `postgres`.
    Super,
    /// `plana`, who owns the tenants' databases and is every Odoo worker.
    Owner,
    /// `pulse_console`: what is shipped for looking, `CONNECT`, and nothing else.
    Console,
    /// `pulse_console_operations`: what is shipped for operations, and nothing else.
    Operations,
    /// `denied`: may log in to `postgres`, and see only himself.
    Denied,
}

impl Role {
    const ALL: [Self; 5] =
        [Self::Super, Self::Owner, Self::Console, Self::Operations, Self::Denied];

    /// The name to log in with.
    pub fn name(self) -> &'static str {
        match self {
            Self::Super => "postgres",
            Self::Owner => "plana",
            Self::Console => "pulse_console",
            Self::Operations => "pulse_console_operations",
            Self::Denied => "denied",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// How a PostgreSQL is to differ from the usual one.
#[derive(Debug, Default)]
pub struct PostgresOptions {
    /// Keep the log in this folder instead of a temporary one.
    pub folder: Option<PathBuf>,
    /// What the passwords are made of; `local` without it.
    pub secret: Option<String>,
    /// Further server settings, such as `("max_connections", "20")`.
    pub settings: Vec<(&'static str, String)>,
}

/// A running PostgreSQL. Dropping it kills it.
#[derive(Debug)]
pub struct Postgres {
    process: Option<Process>,
    programs: PathBuf,
    port: Port,
    options: PostgresOptions,
    user: Unprivileged,
    folder: Folder,
}

impl Postgres {
    /// Starts an empty server with the five roles.
    pub async fn start() -> Result<Self, PlatformError> {
        Self::start_with(PostgresOptions::default()).await
    }

    /// Starts an empty server as told.
    pub async fn start_with(mut options: PostgresOptions) -> Result<Self, PlatformError> {
        let missing = PlatformError::Missing { program: PROGRAM, remedy: REMEDY };
        let programs = programs().ok_or(missing)?;
        let folder = Folder::new(options.folder.take())?;
        let mut postgres = Self {
            process: None,
            programs,
            port: Port::reserve()?,
            options,
            user: Unprivileged::new()?,
            folder,
        };
        postgres.initialise()?;
        postgres.start_again().await?;
        postgres.make_roles().await?;
        Ok(postgres)
    }

    /// The port it listens on, the same after every start.
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// `postgres://ROLE@127.0.0.1:PORT/postgres`, without the password.
    pub fn url(&self, role: Role) -> String {
        format!("postgres://{role}@127.0.0.1:{}/postgres", self.port())
    }

    /// The password of `role`.
    pub fn password(&self, role: Role) -> String {
        format!("{}-{role}", self.options.secret.as_deref().unwrap_or("local"))
    }

    /// The folder of PostgreSQL's programs of this version.
    pub(super) fn programs(&self) -> &Path {
        &self.programs
    }

    /// How to log in to `database`.
    pub fn options(&self, role: Role, database: &str) -> PgConnectOptions {
        PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port())
            .ssl_mode(PgSslMode::Disable)
            .username(role.name())
            .password(&self.password(role))
            .database(database)
            .application_name("harness")
    }

    /// A connection to `database`.
    pub async fn connection(
        &self,
        role: Role,
        database: &str,
    ) -> Result<PgConnection, PlatformError> {
        Ok(self.options(role, database).connect().await?)
    }

    /// Runs statements in `database` as the superuser, each in a transaction of its own unless it says otherwise.
    pub async fn run(&self, database: &str, statements: &[String]) -> Result<(), PlatformError> {
        let mut connection = self.connection(Role::Super, database).await?;
        for statement in statements {
            sqlx::raw_sql(AssertSqlSafe(statement.as_str())).execute(&mut connection).await?;
        }
        Ok(connection.close().await?)
    }

    /// Asks the server to end: it rolls back what is open and ends every session. The data stays.
    pub async fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            // `TERM` would wait until the last client goes by himself.
            process.stop_by("INT").await;
        }
    }

    /// Kills the server and its sessions, as a power cut would. The data stays.
    pub fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.kill_family();
        }
    }

    /// Holds the server and every session where they are: connections stay open and nothing answers.
    pub fn freeze(&self) {
        self.process.iter().for_each(Process::freeze_family);
    }

    /// Lets a frozen server go on.
    pub fn thaw(&self) {
        self.process.iter().for_each(Process::thaw_family);
    }

    /// An error when the process has ended by itself.
    pub fn check(&mut self) -> Result<(), PlatformError> {
        self.process.iter_mut().try_for_each(Process::check)
    }

    /// Starts on the same port with the same data, and waits until it answers.
    pub async fn start_again(&mut self) -> Result<(), PlatformError> {
        self.kill();
        let program = self.programs.join("postgres");
        let log = self.folder.path().join("postgres.log");
        let mut process = self.user.spawn(PROGRAM, &program, &self.arguments(), &log)?;
        let options = self.options(Role::Super, "postgres");
        let ready = async || options.connect().await.is_ok();
        process.wait_until(START_WITHIN, ready).await?;
        self.process = Some(process);
        Ok(())
    }

    fn data(&self) -> PathBuf {
        self.user.home().join("data")
    }

    fn initialise(&self) -> Result<(), PlatformError> {
        let password = self.user.write("superuser", &self.password(Role::Super))?;
        let arguments = [
            format!("--pgdata={}", self.data().display()),
            format!("--pwfile={}", password.display()),
            format!("--username={}", Role::Super),
            "--auth=scram-sha-256".into(),
            "--encoding=UTF8".into(),
            "--locale=C.UTF-8".into(),
            "--no-sync".into(),
        ];
        self.user.run(&self.programs.join("initdb"), &arguments)
    }

    async fn make_roles(&self) -> Result<(), PlatformError> {
        let mut statements = vec![
            format!("CREATE ROLE {} LOGIN CREATEDB", Role::Owner),
            format!("CREATE ROLE {} LOGIN", Role::Denied),
            SHIPPED.to_owned(),
        ];
        let others = Role::ALL.into_iter().filter(|role| *role != Role::Super);
        let given = |role| format!("ALTER ROLE {role} PASSWORD '{}'", self.password(role));
        statements.extend(others.map(given));
        self.run("postgres", &statements).await
    }

    fn arguments(&self) -> Vec<String> {
        let port = self.port().to_string();
        let usual = [
            ("listen_addresses", "127.0.0.1"),
            ("port", port.as_str()),
            ("unix_socket_directories", ""),
            ("fsync", "off"),
            ("synchronous_commit", "off"),
            ("full_page_writes", "off"),
            ("shared_buffers", "64MB"),
            ("max_connections", "200"),
            // Many small databases: a checkpoint for each that is made would be most of the work.
            ("max_wal_size", "4GB"),
            ("log_min_messages", "warning"),
            ("log_checkpoints", "off"),
        ];
        let mut arguments = vec!["-D".to_owned(), self.data().display().to_string()];
        let given = self.options.settings.iter().map(|(name, value)| (*name, value.as_str()));
        // The last one counts.
        for (name, value) in usual.into_iter().chain(given) {
            arguments.extend(["-c".to_owned(), format!("{name}={value}")]);
        }
        arguments
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The folder that holds `initdb` and `postgres`: on PATH, or Debian's for the newest version.
fn programs() -> Option<PathBuf> {
    // A link in PATH leads to the folder where pg_dump and pg_restore of the same version are.
    let on_path = on_path("initdb").and_then(|file| {
        let file = file.canonicalize().ok()?;
        file.parent().map(Path::to_path_buf)
    });
    on_path.or_else(|| {
        let versions = std::fs::read_dir(VERSIONS).ok()?.flatten();
        let folders = versions.filter_map(|entry| {
            let version: u32 = entry.file_name().to_str()?.parse().ok()?;
            let folder = entry.path().join("bin");
            folder.join("initdb").is_file().then_some((version, folder))
        });
        folders.max().map(|(_, folder)| folder)
    })
}
