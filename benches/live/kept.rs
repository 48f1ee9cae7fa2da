//! A session that an earlier run has kept: from the start of the console to its first pane.

use std::fs::read_to_string;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::process::Command;

use super::console::{Console, PROGRAM};
use super::platform::{ApiServer, CLIENT, OPERATOR, PlatformError, Provider, Someone, Valkey};
use super::{median, ms};

const TENANTS: usize = 20;
const ROUNDS: usize = 9;
/// No wait is longer: only a hang lasts so long.
const HANG: Duration = Duration::from_secs(60);

/// Signs somebody in, and opens the console again and again with what was kept of that. Nothing is measured where there is
/// no keyring to keep it in.
pub async fn measure() -> Result<Value, PlatformError> {
    let provider = Provider::start().await?;
    provider.devices(Duration::from_secs(600), Some(Duration::from_secs(1))).await?;
    let server = ApiServer::start().await?;
    server.create_clients(TENANTS).await?;
    let valkey = Valkey::start().await?;
    let identity = format!(
        "[profiles.bench.identity]\nissuer = \"{}\"\nclient_id = \"{CLIENT}\"\nkeyring = true\n",
        provider.issuer()
    );
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("settings.toml");
    let settings = format!("profile = \"bench\"\n{identity}[profiles.bench]\ndanger = \"local\"\n");
    std::fs::write(&file, settings).expect("a settings file");
    let program = |words: &[&str]| {
        let mut command = Command::new(PROGRAM);
        command
            .arg("--config")
            .arg(&file)
            .args(words)
            .env("HOME", folder.path())
            .kill_on_drop(true);
        command
    };

    let said = folder.path().join("said");
    let to = std::fs::File::create(&said).expect("a file");
    let mut login = program(&["login", "--flow", "device"]);
    let mut login = login.stdin(Stdio::null()).stderr(to).spawn().expect("the program runs");
    let someone = Someone::new(&provider, OPERATOR)?;
    someone.go(&address(|| read_to_string(&said).unwrap_or_default()).await).await?;
    if !login.wait().await.expect("the program ends").success() {
        return Ok(json!({ "not_measured": read_to_string(&said).unwrap_or_default() }));
    }

    let (mut all, mut theirs, mut ours) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let before = provider.spent().await?;
        let began = Instant::now();
        let mut console = Console::live_with(&server, &valkey, &identity);
        let there = console.until("a tenant", |screen| screen.contains("starter"));
        let (took, theirs_now) = (there - began, provider.spent().await?.saturating_sub(before));
        all.push(took);
        theirs.push(theirs_now);
        ours.push(took.saturating_sub(theirs_now));
    }
    let left = program(&["logout"]).stderr(Stdio::null()).status().await.expect("the program runs");
    Ok(json!({
        "to_first_pane_ms": median(all.clone()),
        "of_that_provider_ms": median(theirs),
        "to_first_pane_without_the_provider_ms": median(ours),
        "to_first_pane_each_ms": all.iter().map(|took| ms(*took)).collect::<Vec<_>>(),
        "signed_out": left.success(),
    }))
}

/// The address that the program says that one is to go to.
async fn address(said: impl Fn() -> String) -> String {
    let began = Instant::now();
    loop {
        let said = said();
        // The line after it shows that the address is whole.
        let found = said.lines().find_map(|line| line.strip_prefix("  http"));
        if let Some(rest) = found.filter(|_| said.contains("the code")) {
            return format!("http{rest}");
        }
        assert!(began.elapsed() < HANG, "no address to sign in at: {said}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
