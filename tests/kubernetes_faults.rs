//! What goes wrong at the console itself in the middle of an operation: its clock, its disk, its token.
#![cfg(feature = "real-servers")]
#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test says what it expects, and what it measured"
)]

mod controlled;
mod ground;
mod outages;
mod platform;
mod screen;

use std::path::Path;
use std::time::Duration;

use controlled::Outcome;
use ground::Ground;
use outages::{Deed, Links, Server, Waiter};
use platform::{CONSOLE, PlatformError, write_private};
use screen::{Console, Home};
use serde_json::{Value, json};

const PROGRAM: &str = env!("CARGO_BIN_EXE_pulse-console");
/// Nothing here takes so long; it only keeps a broken test from hanging.
const HANG: Duration = Duration::from_mins(2);
/// Has the program after it run where no file can grow, as on a full disk.
const FULL: &str = "trap '' XFSZ; ulimit -f 0; exec \"$0\" \"$@\"";

/// Makes a plan at a console whose clock is off by so many seconds.
async fn plan(config: &Path, (file, verb): (&Path, &str), more: &[&str]) -> String {
    let file = file.to_str().expect("a path");
    let verb = format!("verb={verb}");
    let words: Vec<&str> = ["plan", file, &verb].into_iter().chain(more.iter().copied()).collect();
    let mut waiter = Waiter::start(config, &words);
    assert_eq!(waiter.until_ended().await, "planned", "{}", waiter.all());
    file.to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consoles_whose_clocks_are_off_work_and_do_not_work_at_once() -> Outcome {
    let ground = Ground::start(2).await?;
    let config = ground.config();
    let home = tempfile::tempdir().expect("a folder");
    let (ahead, behind) = ("clock=3600", "clock=-3600");

    // Each clock's plans are fresh by itself, and at the console with the right one they are not.
    for (clock, sentence) in [
        (ahead, "the plan will be made in 59m only: that clock is wrong"),
        (behind, "the plan was made 1h00m ago. Make it anew"),
    ] {
        let file = home.path().join(clock);
        let file = plan(&config, (&file, "backup"), &["tenant=acme", clock]).await;
        let said = ground.apply(&file).await;
        assert_eq!(said.code, Some(2), "{}", said.err);
        assert!(said.err.contains(sentence), "{}", said.err);
        let mut waiter = Waiter::start(&config, &["run", &file, clock]);
        assert_eq!(waiter.until_ended().await, "done", "{}", waiter.all());
    }

    // Whoever holds a lease is judged by what is heard of it, whatever it writes of the time.
    for (first, second, tier) in [(ahead, behind, "pro"), (behind, ahead, "enterprise")] {
        let file = home.path().join(format!("{tier}.json"));
        let words = ["tenant=acme", &format!("tier={tier}"), first];
        let file = plan(&config, (&file, "tier"), &words).await;
        let mut one = Waiter::start(&config, &["run", &file, first]);
        one.until_at("act", Server::Cluster).await;
        let text = std::fs::read_to_string(&file).expect("a plan");
        let written: serde_json::Value = serde_json::from_str(&text).expect("a plan");
        let id = written.pointer("/plan/id").and_then(|id| id.as_str()).expect("it has an id");

        let mut other = Waiter::start(&config, &["resume", id, second]);
        let said = other.until_ended().await;
        assert!(said.contains("works on acme already"), "{said}");
        one.kill().await;
        let mut other = Waiter::start(&config, &["resume", id, second]);
        assert_eq!(other.until_ended().await, "done", "{}", other.all());
        assert!(other.all().contains("its lease runs out"), "{}", other.all());
        // No time that is shown is less than nothing.
        let page =
            ground.console(&["--snapshot", "operations", "--size", "200x60", "--wait", "60"]).await;
        assert!(page.out.contains("Change the tier of acme"), "{}\n{}", page.out, page.err);
        assert!(!page.out.contains(" -"), "{}", page.out);
    }
    ground.assert_no_lease().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_console_whose_disk_is_full_goes_on_and_says_that_there_is_no_log() -> Outcome {
    let ground = Ground::start(2).await?;
    let deed = Deed::new("tier", "acme");
    let (file, id) = ground.plan(&["tier", "acme", "--tier", "enterprise"]).await;
    let config = ground.config();
    let log = tempfile::tempdir().expect("a folder");
    let log = format!("log.file={}", log.path().join("console.log").display());
    let flags = ["--config", config.to_str().expect("a path"), "--set", &log];
    let words = ["apply", &file, "--yes", "--confirm", "acme", "--reason", "a test"];
    let mut command = tokio::process::Command::new("sh");
    command.args(["-c", FULL, PROGRAM]).args(flags).args(words).env_clear();
    let output = command.env("HOME", "/").kill_on_drop(true).output().await.expect("it runs");
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{err}");
    assert!(err.contains("console.log can't be written: File too large"), "{err}");
    deed.assert_done(&ground, &id).await?;

    let home = Home::new();
    let words: Vec<&str> = ["-c", FULL, PROGRAM]
        .into_iter()
        .chain(flags)
        .chain(["--set", "log.level=debug"])
        .collect();
    let console = Console::start_program(&home, Path::new("/bin/sh"), &words, (220, 48));
    console.wait_for("can't be written: File too large");
    ground.assert_no_lease().await
}

/// Where the account of the console is.
fn account() -> String {
    format!("/api/v1/namespaces/{CONSOLE}")
}

fn named(kind: &str, name: &str) -> Value {
    json!({ "apiVersion": "v1", "kind": kind, "metadata": { "name": name } })
}

/// A token of the console's account, which lives as long as the secret that it is bound to.
async fn token(ground: &Ground, bound: &str) -> Result<String, PlatformError> {
    let account = account();
    ground.world.post(&format!("{account}/secrets"), &named("Secret", bound)).await?;
    let wanted = json!({
        "apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest",
        "spec": { "boundObjectRef": { "apiVersion": "v1", "kind": "Secret", "name": bound } },
    });
    let request = http::Request::post(format!("{account}/serviceaccounts/maria/token"))
        .header("content-type", "application/json")
        .body(wanted.to_string().into_bytes())
        .expect("a request");
    let given: Value = ground.world.client.request(request).await?;
    let token = given.pointer("/status/token").and_then(Value::as_str);
    Ok(token.expect("a token").to_owned())
}

/// Ends a token, and waits until the server knows: it believes one for some seconds more than it should.
async fn end_token(ground: &Ground, bound: &str, token: &str) -> Outcome {
    let api = &ground.world.api;
    api.delete_at(&format!("{}/secrets/{bound}", account())).await?;
    let client = api.client_by_token(token.trim()).await?;
    let refused = tokio::time::timeout(HANG, async {
        while client.apiserver_version().await.is_ok() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    refused.await.expect("the token ends");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_runs_out_is_waited_for_and_a_new_one_is_taken() -> Outcome {
    let ground = Ground::start(2).await?;
    let user = format!("system:serviceaccount:{CONSOLE}:maria");
    let everything = json!([{ "apiGroups": ["*"], "resources": ["*"], "verbs": ["*"] }]);
    ground.world.api.grant("maria", &everything, &[("User", &user)]).await?;
    let accounts = format!("{}/serviceaccounts", account());
    ground.world.post(&accounts, &named("ServiceAccount", "maria")).await?;
    let links = Links::to_servers_of(&ground).await?;
    let file = links.signed_in_by_token(&token(&ground, "first").await?)?;

    for (deed, old, new) in [
        (Deed::new("tier", "acme"), "first", "second"),
        (Deed::new("backup", "rila"), "second", "third"),
    ] {
        let words = deed.prepare(&ground).await?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (planned, id) = ground.plan(&words).await;
        let mut waiter = Waiter::start(&links.config(), &["run", &planned]);
        waiter.until_at("act", Server::Cluster).await;
        end_token(&ground, old, &std::fs::read_to_string(&file).expect("a token")).await?;
        let said = waiter.until_says("(401)").await;
        println!("{}: {said}", deed.verb);
        assert!(said.starts_with("Waiting: ") && links.names(Server::Cluster, &said), "{said}");
        assert!(said.contains("log in again, or fetch a fresh kubeconfig"), "{said}");
        // As an editor leaves it.
        write_private(&file, &format!("{}\n", token(&ground, new).await?))?;
        assert_eq!(waiter.until_ended().await, "done", "{}", waiter.all());
        deed.assert_done(&ground, &id).await?;
    }
    ground.assert_no_lease().await
}
