//! Consoles without a screen, as processes, on real servers with controllers.
#![allow(dead_code, unreachable_pub, reason = "every test binary uses another part of this module")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "this is test code"
)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::sync::OwnedMutexGuard;
use tokio::task::JoinHandle;

use crate::controlled::{Outcome, World, now};
use crate::platform::{
    Alertmanager, BACKUPS, EventStream, PgBouncer, PlatformError, REGION, Role, TEMPLATES, User,
    write_private,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_pulse-console");
/// Far longer than anything takes: it only ends a test that hangs.
const GUARD: Duration = Duration::from_mins(4);

/// What only seniors may do.
const SENIORS: [&str; 6] =
    ["restore", "restore-swap", "restore-in-place", "upgrade-cross", "deprovision", "drop-kept"];

/// One ground at a time: each is a whole platform, and pauses are measured on it.
static TURN: LazyLock<Arc<tokio::sync::Mutex<()>>> = LazyLock::new(Arc::default);

/// The servers, and a configuration for consoles on them.
pub struct Ground {
    pub world: World,
    pub bouncer: PgBouncer,
    pub alertmanager: Alertmanager,
    health: JoinHandle<()>,
    home: tempfile::TempDir,
    _turn: OwnedMutexGuard<()>,
}

/// What a process said.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ground {
    /// So many tenants, whose first has a genuine backup.
    pub async fn start(tenants: usize) -> Result<Self, PlatformError> {
        let turn = Arc::clone(&TURN).lock_owned().await;
        let (world, alertmanager) = tokio::try_join!(World::start(tenants), Alertmanager::start())?;
        let bouncer = PgBouncer::start(&world.postgres).await?;
        // Word is left on a stream that is there: the console makes none.
        world.valkey.publish(&EventStream::default(), 0..3, now()).await?;
        let home = tempfile::tempdir().expect("a folder");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("a port").port();
        let direct = world.postgres.options(Role::Super, "postgres");
        #[expect(clippy::disallowed_methods, reason = "aborted when the ground is dropped")]
        let health = tokio::spawn(answer(listener, direct));
        let ground = Self { world, bouncer, alertmanager, health, home, _turn: turn };
        // Everybody has the rights that are shipped, and no others.
        ground.world.api.apply_packaging().await?;
        for user in [User::Operator, User::Senior] {
            write_private(&ground.config_of(user), &ground.settings(user, port)?)?;
        }
        Ok(ground)
    }

    /// The settings of a senior, who may do everything.
    pub fn config(&self) -> PathBuf {
        self.config_of(User::Senior)
    }

    /// The settings of an operator or a senior.
    pub fn config_of(&self, user: User) -> PathBuf {
        self.home.path().join(format!("{}.toml", user.name()))
    }

    fn settings(&self, user: User, health: u16) -> Result<String, PlatformError> {
        let secret = |name: &str, value: &str| -> Result<String, PlatformError> {
            let path = write_private(&self.home.path().join(name), value)?;
            Ok(format!("{{ file = '{}' }}", path.display()))
        };
        let World { api, postgres, objects, valkey, .. } = &self.world;
        Ok(format!(
            "profile = 'local'
[profiles.local]
danger = 'local'
[profiles.local.identity]
role_without = '{}'
[profiles.local.kubernetes]
kubeconfig = '{}'
[profiles.local.valkey]
url = '{}'
stream = '{}'
[profiles.local.postgres]
url = '{}'
password = {}
control_url = '{}'
control_password = {}
[profiles.local.pgbouncer]
url = '{}'
password = {}
control_url = '{}'
control_password = {}
[profiles.local.objects]
endpoint = '{}'
bucket = '{BACKUPS}'
templates_bucket = '{TEMPLATES}'
region = '{REGION}'
access_key = {}
secret_key = {}
[profiles.local.alertmanager]
url = '{}'
[profiles.local.operations]
health_url = 'http://127.0.0.1:{health}/{{host}}'
",
            user.name(),
            api.kubeconfig(user).display(),
            valkey.url(),
            EventStream::default().key,
            postgres.url(Role::Console),
            secret("postgres.password", &postgres.password(Role::Console))?,
            postgres.url(Role::Operations),
            secret("postgres.control_password", &postgres.password(Role::Operations))?,
            self.bouncer.url(),
            secret("pgbouncer.password", &self.bouncer.password())?,
            self.bouncer.admin_url(),
            secret("pgbouncer.control_password", &self.bouncer.admin_password())?,
            objects.url(),
            secret("objects.access_key", objects.access_key())?,
            secret("objects.secret_key", objects.secret_key())?,
            self.alertmanager.url(),
        ))
    }

    /// Runs a senior's console with these words, as somebody at a terminal would who has no keyboard.
    pub async fn console(&self, words: &[&str]) -> Said {
        self.console_of(User::Senior, words).await
    }

    /// Runs the console of an operator or a senior.
    pub async fn console_of(&self, user: User, words: &[&str]) -> Said {
        let config = self.config_of(user);
        let mut all = vec!["--config", config.to_str().expect("a path")];
        all.extend(words);
        self.process(Path::new(PROGRAM), &all).await
    }

    /// Runs the executor that dies before the call of the number `call`; 0 never.
    pub async fn dying(&self, verb: &str, what: &str, call: usize) -> Said {
        let program = Path::new(PROGRAM).with_file_name("examples").join("dying");
        let user = if Path::new(what).is_file() { least(&written(what)) } else { User::Senior };
        let (config, call) = (self.config_of(user), call.to_string());
        let config = config.to_str().expect("a path");
        self.process(&program, &[config, verb, what, &call]).await
    }

    async fn process(&self, program: &Path, words: &[&str]) -> Said {
        let mut command = tokio::process::Command::from(Command::new(program));
        command.args(words).env_clear().env("HOME", self.home.path()).stdin(Stdio::null());
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).kill_on_drop(true);
        // In a file, so that it can be read of one who hangs.
        let heard = tempfile::NamedTempFile::new_in(self.home.path()).expect("a file");
        command.stdout(Stdio::piped()).stderr(heard.reopen().expect("the file"));
        let child = command.spawn().expect("the program can be started");
        let ended = tokio::time::timeout(GUARD, child.wait_with_output()).await;
        let err = std::fs::read_to_string(heard.path()).unwrap_or_default();
        let ended = ended.unwrap_or_else(|_| panic!("{words:?} does not end:\n{err}"));
        let Output { status, stdout, .. } = ended.expect("it can be waited for");
        Said { code: status.code(), out: String::from_utf8_lossy(&stdout).into_owned(), err }
    }

    /// Plans; the file of the plan, and its id.
    pub async fn plan(&self, words: &[&str]) -> (String, String) {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let file = self.home.path().join(format!("plan-{number}.json"));
        let file = file.to_str().expect("a path").to_owned();
        let mut all = vec!["plan"];
        all.extend(words);
        all.extend(["--out", &file]);
        // A plan can be made by whoever may run it, and by nobody with less rights.
        let senior = SENIORS.contains(&words[0]);
        let user = if senior { User::Senior } else { User::Operator };
        let said = self.console_of(user, &all).await;
        assert_eq!(said.code, Some(0), "{words:?}: {}\n{}", said.out, said.err);
        let written = written(&file);
        assert_eq!(least(&written), user, "{words:?}");
        let id = written["plan"]["id"].as_str().expect("it has an id").to_owned();
        (file, id)
    }

    /// Confirms the plan in `file`, whatever it asks for, and runs it as somebody of the least role that may.
    pub async fn apply(&self, file: &str) -> Said {
        let written = written(file);
        let word = written["plan"]["word"].as_str().expect("a word");
        let words = ["apply", file, "--yes", "--confirm", word, "--reason", "a test"];
        self.console_of(least(&written), &words).await
    }

    /// Plans and runs; the id of the operation, which is done.
    pub async fn done(&self, words: &[&str]) -> String {
        let (file, id) = self.plan(words).await;
        let said = self.apply(&file).await;
        assert_eq!(said.code, Some(0), "{words:?}: {}\n{}", said.out, said.err);
        id
    }

    /// Takes the operation back, with the word that its plan asks for.
    pub async fn undo(&self, id: &str, why: &str) -> Said {
        let shown = self.console(&["ops", "show", id, "--json"]).await;
        let operation: Value = serde_json::from_str(&shown.out).expect("an operation");
        let word = operation["plan"]["word"].as_str().expect("a word");
        self.console(&["ops", "undo", id, "--confirm", word, "--reason", why]).await
    }

    /// Takes a genuine backup of `tenant`, as its CronJob would.
    pub async fn back_up(&self, tenant: &str) -> Result<String, PlatformError> {
        self.world.postgres.back_up(&self.world.objects, tenant, now()).await
    }

    /// How the operation stands, by its journal.
    pub async fn standing(&self, id: &str) -> String {
        let said = self.console(&["ops", "show", id, "--json"]).await;
        let operation: Value = serde_json::from_str(&said.out).expect("an operation");
        let phase = &operation["standing"]["phase"];
        phase.as_str().map_or_else(|| phase.to_string(), str::to_owned)
    }

    /// Nobody holds a lease.
    pub async fn assert_no_lease(&self) -> Outcome {
        let path = "/apis/coordination.k8s.io/v1/namespaces/pulse-console/leases";
        let leases = self.world.get(path).await?.unwrap_or_default();
        for lease in leases["items"].as_array().into_iter().flatten() {
            let holder = lease["spec"]["holderIdentity"].as_str().unwrap_or_default();
            assert_eq!(holder, "", "{lease:#}");
        }
        Ok(())
    }

    /// Somebody who works in `database` by way of the pool, all the time.
    pub fn works(&self, database: &str) -> Worker {
        let (stop, errors, longest, rounds) = Default::default();
        let worker = Worker { stop, errors, longest, rounds };
        let (shared, options) = (worker.clone(), self.bouncer.options(database));
        #[expect(clippy::disallowed_methods, reason = "told to stop by its handle")]
        tokio::spawn(async move { shared.work(options).await });
        worker
    }
}

/// The plan in a file.
fn written(file: &str) -> Value {
    let text = std::fs::read_to_string(file).expect("the plan");
    serde_json::from_str(&text).expect("a plan")
}

/// Somebody of the least role that may run the plan.
fn least(written: &Value) -> User {
    match written["plan"]["role"].as_str() {
        Some("senior") => User::Senior,
        _ => User::Operator,
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        self.health.abort();
    }
}

/// Somebody who works in a database.
#[derive(Clone)]
pub struct Worker {
    stop: Arc<AtomicBool>,
    errors: Arc<Mutex<Vec<String>>>,
    longest: Arc<AtomicU64>,
    rounds: Arc<AtomicUsize>,
}

impl Worker {
    #[expect(clippy::disallowed_methods, reason = "a test measures")]
    async fn work(&self, options: PgConnectOptions) {
        let mut connection = None;
        while !self.stop.load(Ordering::Relaxed) {
            let began = Instant::now();
            if connection.is_none() {
                connection = options.connect().await.ok();
            }
            let asked = match &mut connection {
                // Without a prepared statement, which the pooler's next connection would not know.
                Some(it) => sqlx::raw_sql("SELECT count(*) FROM sale_order").execute(it).await,
                None => Err(sqlx::Error::PoolClosed),
            };
            match asked {
                Ok(_) => drop(self.rounds.fetch_add(1, Ordering::Relaxed)),
                Err(error) => {
                    let mut errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
                    errors.push(error.to_string());
                    connection = None;
                }
            }
            let took = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
            self.longest.fetch_max(took, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until it has worked once more: from then on the pool knows the database, and lets work through.
    pub async fn until_it_works(&self) {
        let before = self.rounds.load(Ordering::Relaxed);
        let worked = tokio::time::timeout(GUARD, async {
            while self.rounds.load(Ordering::Relaxed) == before {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        });
        worked.await.expect("it works");
    }

    /// Ends the work: how many rounds went well, the errors, and how long the longest took in milliseconds.
    pub fn end(self) -> (usize, Vec<String>, u64) {
        self.stop.store(true, Ordering::Relaxed);
        let errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (self.rounds.load(Ordering::Relaxed), errors, self.longest.load(Ordering::Relaxed))
    }
}

/// Answers for tenants: one is well when its database can be read.
async fn answer(listener: TcpListener, direct: PgConnectOptions) {
    while let Ok((mut stream, _)) = listener.accept().await {
        let mut request = [0; 1024];
        let read = stream.read(&mut request).await.unwrap_or(0);
        let text = String::from_utf8_lossy(request.get(..read).unwrap_or_default()).into_owned();
        let host = text.split_whitespace().nth(1).unwrap_or("/").trim_start_matches('/').to_owned();
        let well = match direct.clone().database(&host).connect().await {
            Ok(mut session) => {
                let well = sqlx::raw_sql("SELECT 1").execute(&mut session).await.is_ok();
                let _ = session.close().await;
                well
            }
            Err(_) => false,
        };
        let status = if well { "200 OK" } else { "503 Service Unavailable" };
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        let _ = stream.write_all(head.as_bytes()).await;
    }
}
