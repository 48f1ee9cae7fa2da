//! A real pgbouncer in front of a PostgreSQL, pooling transactions, as pg01 has it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _};

use super::folder::Folder;
use super::load::Load;
use super::ports::Port;
use super::process::{Process, on_path};
use super::unprivileged::Unprivileged;
use super::{PlatformError, Postgres, Role, database_name};

const PROGRAM: &str = "pgbouncer";
const REMEDY: &str = "installs it";
const START_WITHIN: Duration = Duration::from_mins(2);
/// The database that is no database but the admin console. It speaks the simple protocol only.
const CONSOLE: &str = "pgbouncer";
/// May `PAUSE`, `RESUME` and `KILL`.
const ADMIN: &str = "pgbouncer_admin";
/// May `SHOW`.
const STATS: &str = "stats";

/// How a pgbouncer is to differ from the usual one.
#[derive(Debug, Default)]
pub struct PgBouncerOptions {
    /// Keep the log in this folder instead of a temporary one.
    pub folder: Option<PathBuf>,
    /// What the passwords are made of; `local` without it.
    pub secret: Option<String>,
    /// Connections to the server for each database, so that clients have to wait; 3 when 0.
    pub pool_size: usize,
    /// Let everybody in under any name, without a password (`auth_type = any`).
    pub open: bool,
}

/// A running pgbouncer. Dropping it kills it.
#[derive(Debug)]
pub struct PgBouncer {
    process: Option<Process>,
    program: PathBuf,
    port: Port,
    options: PgBouncerOptions,
    owner: PgConnectOptions,
    user: Unprivileged,
    folder: Folder,
}

impl PgBouncer {
    /// Starts the usual one in front of `server`.
    pub async fn start(server: &Postgres) -> Result<Self, PlatformError> {
        Self::start_with(server, PgBouncerOptions::default()).await
    }

    /// Starts one in front of `server` as told.
    pub async fn start_with(
        server: &Postgres,
        mut options: PgBouncerOptions,
    ) -> Result<Self, PlatformError> {
        let program = on_path(PROGRAM)
            .or_else(|| {
                Some(Path::new("/usr/sbin/pgbouncer").to_path_buf()).filter(|f| f.is_file())
            })
            .ok_or(PlatformError::Missing { program: PROGRAM, remedy: REMEDY })?;
        let folder = Folder::new(options.folder.take())?;
        let port = Port::reserve()?;
        let owner = server.options(Role::Owner, "postgres").port(port.number());
        let user = Unprivileged::new()?;
        let mut pgbouncer = Self { process: None, program, port, options, owner, user, folder };
        pgbouncer.write_files(server)?;
        pgbouncer.start_again().await?;
        Ok(pgbouncer)
    }

    /// The port it listens on, the same after every start.
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// `postgres://stats@127.0.0.1:PORT/pgbouncer`, the admin console for one who may look, without the password.
    pub fn url(&self) -> String {
        format!("postgres://{STATS}@127.0.0.1:{}/{CONSOLE}", self.port())
    }

    /// The password of the one who may look.
    pub fn password(&self) -> String {
        self.password_of(STATS)
    }

    /// The admin console for one who may pause and resume, without the password.
    pub fn admin_url(&self) -> String {
        format!("postgres://{ADMIN}@127.0.0.1:{}/{CONSOLE}", self.port())
    }

    /// The password of the one who may pause and resume.
    pub fn admin_password(&self) -> String {
        self.password_of(ADMIN)
    }

    /// How Odoo's workers log in to `database` through the pooler.
    pub fn options(&self, database: &str) -> PgConnectOptions {
        self.owner.clone().database(database)
    }

    /// One command of the admin console, such as `PAUSE "acme.planapulse.app"`.
    pub async fn admin(&self, command: &str) -> Result<(), PlatformError> {
        let options = PgConnectOptions::new_without_pgpass()
            .host("127.0.0.1")
            .port(self.port())
            .ssl_mode(PgSslMode::Disable)
            .username(ADMIN)
            .password(&self.password_of(ADMIN))
            .database(CONSOLE);
        let mut connection = options.connect().await?;
        sqlx::raw_sql(AssertSqlSafe(command)).execute(&mut connection).await?;
        Ok(connection.close().await?)
    }

    /// Keeps `sessions` clients busy, all of them on the first tenant's database: more than the pool's size have to wait.
    pub fn load(&self, sessions: usize) -> Load {
        let target = self.options(&database_name(0));
        Load::start(std::iter::repeat_n(target, sessions), 0)
    }

    /// Asks pgbouncer to end.
    pub async fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.stop().await;
        }
    }

    /// Kills pgbouncer.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Holds it where it is: connections stay open and nothing answers.
    pub fn freeze(&self) {
        self.process.iter().for_each(Process::freeze);
    }

    /// Lets a frozen one go on.
    pub fn thaw(&self) {
        self.process.iter().for_each(Process::thaw);
    }

    /// An error when the process has ended by itself.
    pub fn check(&mut self) -> Result<(), PlatformError> {
        self.process.iter_mut().try_for_each(Process::check)
    }

    /// Starts on the same port, and waits until the admin console answers.
    pub async fn start_again(&mut self) -> Result<(), PlatformError> {
        self.kill();
        let configuration = self.user.home().join("pgbouncer.ini").display().to_string();
        let log = self.folder.path().join("pgbouncer.log");
        let mut process = self.user.spawn(PROGRAM, &self.program, &[configuration], &log)?;
        process.wait_until(START_WITHIN, async || self.admin("SHOW VERSION").await.is_ok()).await?;
        self.process = Some(process);
        Ok(())
    }

    fn password_of(&self, user: &str) -> String {
        format!("{}-{user}", self.options.secret.as_deref().unwrap_or("local"))
    }

    fn write_files(&self, server: &Postgres) -> Result<(), PlatformError> {
        let users = [
            (Role::Owner.name(), server.password(Role::Owner)),
            (ADMIN, self.password_of(ADMIN)),
            (STATS, self.password()),
        ]
        .map(|(name, password)| format!("\"{name}\" \"{password}\"\n"))
        .concat();
        let list = self.user.write("userlist.txt", &users)?;
        let (kind, forced) = if self.options.open {
            let password = server.password(Role::Owner);
            ("any", format!(" user={} password={password}", Role::Owner))
        } else {
            ("scram-sha-256", String::new())
        };
        let pool_size = if self.options.pool_size == 0 { 3 } else { self.options.pool_size };
        let text = format!(
            "[databases]
* = host=127.0.0.1 port={}{forced}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {}
unix_socket_dir =
auth_type = {kind}
auth_file = {}
admin_users = {ADMIN}
stats_users = {STATS}
pool_mode = transaction
default_pool_size = {pool_size}
max_client_conn = 500
max_db_connections = 50
ignore_startup_parameters = extra_float_digits,options
stats_period = 1
log_connections = 0
log_disconnections = 0
server_login_retry = 1
",
            server.port(),
            self.port(),
            list.display(),
        );
        self.user.write("pgbouncer.ini", &text)?;
        Ok(())
    }
}
