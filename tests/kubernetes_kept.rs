//! Journals that are kept, tidied up, and mirrored: the program on a real API server, which is killed.
#![cfg(feature = "real-servers")]
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test says what it expects")]
#![allow(clippy::disallowed_methods, reason = "a test may look at the clock")]

mod hands;
mod platform;
mod screen;

use std::path::PathBuf;

use hands::{Console, ask, confirmed, guarded, plan, record, text};
use platform::{ApiServer, CONSOLE, PlatformError, User};
use pulse_console::domain::Timestamp;
use pulse_console::domain::operation::{Command as Change, Due, Entry, Plan, Record};
use pulse_console::platform::Revision;
use screen::{Home, Ran};
use serde_json::{Value, json};

type Outcome = Result<(), PlatformError>;

const SENIOR: &str = "identity.role_without=senior";

struct Ground {
    server: ApiServer,
    home: Home,
    console: Console,
}

impl Ground {
    async fn start() -> Result<Self, PlatformError> {
        let server = ApiServer::start().await?;
        server.apply_manifest(include_str!("../packaging/kubernetes/namespace.yaml")).await?;
        let home = Home::new();
        let kubeconfig = server.kubeconfig(User::Admin).display().to_string();
        let settings = format!(
            "profile = 'night'\n[profiles.night.kubernetes]\nkubeconfig = '{kubeconfig}'\n"
        );
        home.write("config.toml", &settings);
        let console = Console::new([("kubernetes.kubeconfig", kubeconfig)]);
        Ok(Self { server, home, console })
    }

    /// The program with `words`, without a terminal.
    fn run(&self, words: &[&str]) -> Ran {
        self.home.run(words)
    }

    fn mirrored(&self, name: &str) -> PathBuf {
        self.home.state().join("mirror/night.operations").join(name)
    }

    /// Writes the journal of an operation whose steps are done, and gives its state.
    async fn done(&self, plan: &Plan, at: Timestamp) -> Revision {
        let first = Record { at, ..confirmed() };
        let mut revision =
            guarded(self.console.journal.open(plan, &first)).await.expect("it begins");
        for step in 0..plan.steps.len() {
            for entry in [Entry::Began { step }, Entry::Done { step, saw: text("it") }] {
                let record = Record { at, ..record(entry, 1) };
                let written = self.console.journal.append(&plan.id, &revision, &record);
                revision = guarded(written).await.expect("written");
            }
        }
        revision
    }
}

fn now() -> Timestamp {
    Timestamp::from_ms(chrono::Utc::now().timestamp_millis())
}

fn long_ago() -> Timestamp {
    Timestamp::parse("2026-01-01T00:00:00Z").expect("a time")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_over_for_long_goes_and_what_is_left_out_is_said() -> Outcome {
    let ground = Ground::start().await?;
    ground.done(&plan("old"), long_ago()).await;
    ground.done(&plan("fresh"), now()).await;
    let due = vec![Due { what: text("the soak ends"), at: now() }];
    ground.done(&Plan { due, ..plan("soaks") }, long_ago()).await;
    let mut kept = Plan { tenant: Some(text("beta")), ..plan("kept") };
    let (from, to) = (text("beta.planapulse.app"), text("beta-kept-202601010000-kept"));
    kept.steps[0].act = Some(Change::RenameDatabase { from, to, oid: None });
    ground.done(&kept, long_ago()).await;
    let runs = plan("runs");
    guarded(ground.console.journal.open(&runs, &confirmed())).await.expect("it begins");
    ground.done(&plan("odd"), long_ago()).await;
    let client = ground.server.client().await?;
    let path = format!("/api/v1/namespaces/{CONSOLE}/configmaps/operation-odd");
    let spoil = json!({ "data": { "r0001": "{" } });
    ask(&client, ("PATCH", &path), &spoil).await.map_err(Box::new)?;

    let listed = ground.run(&["ops", "list"]);
    assert_eq!((listed.code, listed.out.lines().count()), (0, 5), "{listed:?}");
    assert!(listed.err.contains("Left out: operation-odd can't be read here."), "{}", listed.err);
    assert!(listed.err.contains("what was over for 90 days"), "{}", listed.err);
    let running = ground.run(&["ops", "list", "--running"]);
    assert!(running.out.starts_with("runs ") && running.out.lines().count() == 1, "{running:?}");
    assert!(running.err.contains("Left out: 4 of 5."), "{}", running.err);
    let beta = ground.run(&["ops", "list", "--tenant", "beta", "--json"]);
    let one: Value = serde_json::from_str(&beta.out).expect("one object");
    assert_eq!((one["plan"]["id"].as_str(), beta.err.as_str()), (Some("kept"), ""));
    let none = ground.run(&["ops", "list", "--tenant", "gama"]);
    assert!(none.out.contains("None of the 5 operations"), "{none:?}");

    // Who may not change anything tidies nothing up.
    let viewer = ground.run(&["ops", "tidy"]);
    assert!(viewer.code == 2 && viewer.err.contains("Your role is viewer"), "{viewer:?}");
    let looks = ground.run(&["ops", "tidy", "--set", SENIOR, "--read-only"]);
    assert!(looks.code == 2 && looks.err.contains("read-only"), "{looks:?}");
    let tidied = ground.run(&["ops", "tidy", "--set", SENIOR]);
    assert_eq!(tidied.code, 0, "{tidied:?}");
    assert!(tidied.out.contains("Removed the journal of old."), "{}", tidied.out);
    assert!(tidied.out.contains("The journal of kept stays:"), "{}", tidied.out);
    assert_eq!(tidied.out.lines().count(), 2, "{}", tidied.out);
    let listed = ground.run(&["ops", "list"]);
    assert!(!listed.out.contains("old ") && listed.out.lines().count() == 4, "{}", listed.out);
    assert!(!ground.mirrored("old.json").exists() && ground.mirrored("fresh.json").exists());
    let again = ground.run(&["ops", "tidy", "--set", SENIOR]);
    assert_eq!(again.out.lines().count(), 1, "{again:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_cluster_is_away_what_was_seen_last_is_shown() -> Outcome {
    let mut ground = Ground::start().await?;
    let nothing = ground.run(&["ops", "list", "--offline"]);
    assert_eq!(nothing.code, 0, "{nothing:?}");
    assert!(nothing.err.contains("has seen no operation yet"), "{}", nothing.err);
    ground.done(&plan("one"), now()).await;
    ground.done(&Plan { tenant: Some(text("beta")), ..plan("two") }, now()).await;
    // Who looks at one has seen that one.
    assert_eq!(ground.run(&["ops", "show", "one"]).code, 0);
    let offline = ground.run(&["ops", "list", "--offline"]);
    assert_eq!((offline.code, offline.out.lines().count()), (0, 1), "{offline:?}");
    let listed = ground.run(&["ops", "list"]);
    let shown = ground.run(&["ops", "show", "two"]);
    assert_eq!(listed.out.lines().count(), 2, "{listed:?}");

    ground.server.kill();
    std::fs::write(ground.mirrored("spoilt.json"), "\u{1b}[2J{").expect("written");
    let away = ground.run(&["ops", "list"]);
    assert_eq!((away.code, &away.out), (1, &listed.out), "{away:?}");
    assert!(away.err.contains("The journals can't be read:"), "{}", away.err);
    assert!(away.err.contains("This is what this machine saw last, "), "{}", away.err);
    assert!(away.err.contains("Skipped spoilt.json:") && !away.err.contains('\u{1b}'), "{away:?}");
    let beta = ground.run(&["ops", "list", "--offline", "--tenant", "beta"]);
    assert!(beta.code == 0 && beta.out.lines().count() == 1, "{beta:?}");
    let page = ground.run(&["ops", "show", "two"]);
    assert_eq!((page.code, page.out), (1, shown.out));
    let unseen = ground.run(&["ops", "show", "three", "--offline"]);
    assert!(unseen.code == 2 && unseen.err.contains("seen no operation three"), "{unseen:?}");

    // Nothing is done by what was seen.
    let words = ["ops", "undo", "one", "--set", SENIOR, "--reason", "a try"];
    let undone = ground.run(&words);
    assert!(undone.code == 2 && undone.out.is_empty(), "{undone:?}");
    for words in [["ops", "undo", "one"], ["ops", "give-up", "one"]] {
        let said = ground.run(&words);
        assert!(said.code == 2 && said.err.contains("needs --reason"), "{said:?}");
    }

    ground.server.start_again().await?;
    let back = ground.run(&["ops", "list"]);
    assert_eq!((back.code, back.out), (0, listed.out), "{}", back.err);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_screen_shows_what_was_seen_last_until_the_cluster_is_back() -> Outcome {
    let mut ground = Ground::start().await?;
    ground.done(&plan("one"), now()).await;
    let open = |ground: &Ground| {
        screen::Console::start(&ground.home, &["--set", "ui.pane=operations"], (120, 30))
    };
    let console = open(&ground);
    console.wait_for("Look twice at acme");
    let mirrored = ground.mirrored("one.json");
    console.wait_until("the mirror", |_| mirrored.exists());
    console.quit();

    ground.server.kill();
    let console = open(&ground);
    console.wait_for("Look twice at acme");
    // Why it can't be reached, once that is known, and how old what is shown is.
    console.wait_until("its age and why", |screen| {
        screen.contains("operations: ") && screen.contains(" old, ") && screen.contains("refused")
    });
    console.quit();

    // Nobody can see it who may not see the platform.
    let shut = ["--set", "ui.pane=operations", "--set", "identity.issuer=http://127.0.0.1:1"];
    let console = screen::Console::start(&ground.home, &shut, (120, 30));
    // It says so, or already why the provider can't be asked.
    let shown = console.wait_for("signed in");
    assert!(!shown.contains("Look twice"), "{shown}");
    drop(console);

    ground.server.start_again().await?;
    ground.done(&plan("two"), now()).await;
    let console = open(&ground);
    console.wait_until("both", |screen| {
        screen.matches("Look twice at acme").count() == 2 && !screen.contains(" old, ")
    });
    console.quit();
    Ok(())
}
