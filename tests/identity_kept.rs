//! A session that is kept between runs on a machine without a desktop, as somebody who comes over SSH has it.
#![cfg(feature = "real-servers")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

mod platform;

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use platform::{CLIENT, OPERATOR, PlatformError, Provider, Someone};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::Command;

/// Far longer than anything takes: it only ends a test that hangs.
const GUARD: Duration = Duration::from_mins(1);

/// The program with `words`, where there is no desktop.
fn program(home: &Path, words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pulse-console"));
    command.arg("--config").arg(home.join("settings.toml")).args(words);
    for variable in ["DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME"] {
        command.env_remove(variable);
    }
    command.env("HOME", home).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.kill_on_drop(true);
    command
}

async fn run(home: &Path, words: &[&str]) -> Output {
    let run = tokio::time::timeout(GUARD, program(home, words).output());
    run.await.expect("it ends").expect("it runs")
}

/// Signs in with a device code; gives the exit code and what was said after that.
async fn login(home: &Path, someone: &Someone) -> Result<(Option<i32>, String), PlatformError> {
    let mut child =
        program(home, &["login", "--keep", "--flow", "device"]).spawn().expect("it runs");
    let mut said = BufReader::new(child.stderr.take().expect("what it says"));
    let mut line = String::new();
    while !line.trim_start().starts_with("http") {
        line.clear();
        let read = tokio::time::timeout(GUARD, said.read_line(&mut line)).await;
        assert_ne!(read.expect("a line in time").expect("a line"), 0, "no address is said");
    }
    someone.go(line.trim()).await?;
    let mut rest = String::new();
    let end = async {
        said.read_to_string(&mut rest).await.expect("text");
        child.wait().await.expect("it ends").code()
    };
    let code = tokio::time::timeout(GUARD, end).await.expect("it ends");
    Ok((code, rest))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_kernel_keeps_a_session_where_there_is_no_desktop() -> Result<(), PlatformError> {
    let provider = Provider::start().await?;
    provider.devices(Duration::from_secs(600), Some(Duration::from_secs(1))).await?;
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let profile = format!("kept-{}", std::process::id());
    let settings = format!(
        "profile = \"{profile}\"\n[profiles.{profile}]\ndanger = \"local\"\n\
         [profiles.{profile}.identity]\nissuer = \"{}\"\nclient_id = \"{CLIENT}\"\n",
        provider.issuer()
    );
    std::fs::write(home.join("settings.toml"), settings).expect("settings");

    let someone = Someone::new(&provider, OPERATOR)?;
    let (code, said) = login(home, &someone).await?;
    if said.contains("there is no keyring here") {
        // Some containers hide it. Then the command says that it did nothing of use.
        assert_eq!(code, Some(1), "{said}");
        return Ok(());
    }
    assert!(code == Some(0) && said.contains("ivan is signed in as operator"), "{code:?} {said}");
    // Each run uses up a refresh token, and keeps the next one.
    for _ in 0..2 {
        let who = run(home, &["whoami", "--json"]).await;
        let said: Value = serde_json::from_slice(&who.stdout).expect("an object");
        let is = (said["user"].as_str(), said["way"].as_str());
        assert_eq!(is, (Some(OPERATOR), Some("device")), "{said}");
    }
    let out = run(home, &["logout"]).await;
    assert!(out.status.success(), "{out:?}");
    let who = run(home, &["whoami"]).await;
    assert_eq!(who.status.code(), Some(1), "{who:?}");
    Ok(())
}
