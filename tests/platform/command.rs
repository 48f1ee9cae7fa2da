//! `platform up` and `platform down`: the real local platform for development, until it is told to end.
//!
//! It starts the servers, fills them, keeps events and conditions moving, and writes a configuration that the console
//! takes with `--config .platform/config.toml --profile local`.

mod fleet;
mod health;
mod life;
#[path = "mod.rs"]
mod platform;
mod servers;
mod stand_in;
mod voices;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, Subcommand};
use platform::{
    ApiServer, ApiServerOptions, CLIENT, EventStream, Kubelet, Provider, ProviderOptions,
    STEP_UP_CLIENT, User, Valkey, ValkeyOptions, accounts, write_private,
};
use servers::{FOLDERS, Servers, clear, secret, text};
use tokio::signal::unix::{SignalKind, signal};

type Failure = Box<dyn std::error::Error>;

#[derive(Debug, Parser)]
#[command(name = "platform", about = "The real local platform for development.")]
struct Arguments {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Starts everything and keeps running until Ctrl-C or `down`.
    Up(Up),
    /// Stops a running platform by the process id in its folder.
    Down {
        /// The folder given to `up`.
        #[arg(long, default_value = ".platform")]
        dir: PathBuf,
    },
}

#[derive(Debug, clap::Args)]
struct Up {
    /// Where certificates, logs and the configuration go.
    #[arg(long, default_value = ".platform")]
    dir: PathBuf,
    /// How many tenants there are.
    #[arg(long, default_value_t = 40)]
    tenants: usize,
    /// How many events are published in a second.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u32).range(0..=10_000))]
    events_per_second: u32,
    /// Also start an OpenID provider, at which one must sign in to use the console.
    #[arg(long)]
    sign_in: bool,
    /// Also break and mend tenants, and start upgrades, all the time.
    #[arg(long)]
    churn: bool,
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().verb {
        Verb::Up(up) => run(&up),
        Verb::Down { dir } => down(&dir),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "platform: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(up: &Up) -> Result<(), Failure> {
    fs::create_dir_all(&up.dir)?;
    let dir = up.dir.canonicalize()?;
    if let Some(pid) = running(&dir) {
        return Err(format!(
            "process {pid} already runs in {}; run `make platform-down` first.",
            dir.display()
        )
        .into());
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(keep_up(up, &dir))
}

async fn keep_up(up: &Up, dir: &Path) -> Result<(), Failure> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    write_private(&dir.join("platform.pid"), &std::process::id().to_string())?;
    let outcome = tokio::select! {
        outcome = serve(up, dir) => outcome,
        _ = interrupt.recv() => Ok(()),
        _ = terminate.recv() => Ok(()),
    };
    let _ = fs::remove_file(dir.join("platform.pid"));
    outcome
}

/// Runs until it is dropped; the servers end with it.
async fn serve(up: &Up, dir: &Path) -> Result<(), Failure> {
    let ((mut server, mut valkey), mut servers) = start(dir, up.tenants).await?;
    let kubelet = Arc::new(Kubelet::start(&server).await?);
    let ((), running) = tokio::try_join!(
        servers.fill(up.tenants, fleet::now()),
        fleet::fill(&server, &valkey, &kubelet, up.tenants),
    )?;
    server.apply_packaging().await?;
    let _controllers = servers.controllers(&server, &valkey, &kubelet).await?;
    let provider = if up.sign_in {
        let options = ProviderOptions { folder: Some(dir.join("provider")) };
        Some(Provider::start_with(options).await?)
    } else {
        None
    };
    let file = dir.join("config.toml");
    let mut settings = configuration(&server, &valkey, dir) + &servers.settings(dir)?;
    settings.extend(provider.as_ref().map(identity));
    // The last of all: who waits for it finds everything else there.
    write_private(&file, &settings)?;
    say(&format!(
        "The platform is up: {} tenants, API server {}, Valkey {},\n\
         {}.\n{}\
         In another terminal: pulse-console --config {} --profile local\n\
         Ctrl-C, or `make platform-down`, ends it.",
        up.tenants,
        server.url(),
        valkey.url(),
        servers.places(),
        provider
            .as_ref()
            .map(|at| format!("Sign in as {} ({}).\n", accounts(), at.issuer()))
            .unwrap_or_default(),
        file.display(),
    ));
    let life = life::Life::new(&kubelet, running, up.tenants, up.churn);
    tokio::try_join!(
        stand_in::run(&mut server, &mut valkey, life, up.events_per_second),
        servers.run(up.tenants, up.churn),
    )?;
    Ok(())
}

async fn start(dir: &Path, tenants: usize) -> Result<((ApiServer, Valkey), Servers), Failure> {
    clear(dir, ["kubernetes", "valkey"].into_iter().chain(FOLDERS))?;
    let _ = fs::remove_file(dir.join("config.toml"));
    let password = secret();
    write_private(&dir.join("valkey.password"), &password)?;
    let server = ApiServer::start_with(ApiServerOptions {
        folder: Some(dir.join("kubernetes")),
        ..ApiServerOptions::default()
    });
    let valkey = Valkey::start_with(ValkeyOptions {
        folder: Some(dir.join("valkey")),
        password: Some(password),
        ..ValkeyOptions::default()
    });
    let (server, valkey, servers) = tokio::join!(server, valkey, Servers::start(dir, tenants));
    Ok(((server?, valkey?), servers?))
}

/// The console's configuration for this platform.
fn configuration(server: &ApiServer, valkey: &Valkey, dir: &Path) -> String {
    format!(
        "profile = \"local\"

[profiles.local]
danger = \"local\"

[profiles.local.kubernetes]
kubeconfig = {}

[profiles.local.valkey]
url = \"{}\"
password = {{ file = {} }}
stream = \"{}\"
",
        text(&server.kubeconfig(User::Admin)),
        valkey.url(),
        text(&dir.join("valkey.password")),
        EventStream::default().key,
    )
}

/// The console's settings for signing in at `provider`.
fn identity(provider: &Provider) -> String {
    format!(
        "
[profiles.local.identity]
issuer = \"{}\"
client_id = \"{CLIENT}\"
step_up_client_id = \"{STEP_UP_CLIENT}\"
staff_group = \"plana-staff\"
operator_groups = \"plana-operators\"
senior_groups = \"plana-seniors\"
",
        provider.issuer(),
    )
}

fn down(dir: &Path) -> Result<(), Failure> {
    let Some(pid) = running(dir) else {
        say("No platform is running.");
        return Ok(());
    };
    Command::new("sh").args(["-c", &format!("kill -TERM {pid}")]).status()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let ended = runtime.block_on(async {
        tokio::time::timeout(Duration::from_secs(30), async {
            while running(dir).is_some() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        })
        .await
    });
    if ended.is_err() {
        return Err(format!(
            "process {pid} did not end within 30 s; end it with `kill -KILL {pid}`."
        )
        .into());
    }
    say("The platform is down.");
    Ok(())
}

/// The process that the folder's pid file names, if it is alive and a platform.
fn running(dir: &Path) -> Option<u32> {
    let pid: u32 = fs::read_to_string(dir.join("platform.pid")).ok()?.trim().parse().ok()?;
    // A number may have been given to another program since.
    let command = fs::read_to_string(format!("/proc/{pid}/cmdline")).ok()?;
    (pid != std::process::id() && command.contains("platform")).then_some(pid)
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
