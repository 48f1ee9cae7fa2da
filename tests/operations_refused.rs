//! Operations from the command line, by who may only look: refused before any server is asked.
#![cfg(feature = "live")]
#![allow(clippy::expect_used, reason = "this is test code")]

mod screen;

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use pulse_console::domain::operation::{Asks, Command, Expect, Goal, Plan, Query, Step, Verb};
use pulse_console::domain::{Role, Span, Timestamp};
use screen::{Home, Ran};
use serde_json::json;

/// A cluster that counts who comes, and answers nobody.
fn counting() -> (u16, Arc<AtomicU32>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let came = Arc::<AtomicU32>::default();
    let count = Arc::clone(&came);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            count.fetch_add(1, Ordering::SeqCst);
            drop(stream);
        }
    });
    (port, came)
}

/// A home with a profile of that cluster, in which whoever has the machine has this role.
fn home(port: u16, role: &str) -> Home {
    let home = Home::new();
    let kubeconfig = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: a\nclusters:\n- name: a\n  cluster:\n    \
         server: http://127.0.0.1:{port}\ncontexts:\n- name: a\n  context:\n    cluster: a\n    \
         user: a\nusers:\n- name: a\n  user: {{}}\n"
    );
    let kubeconfig = home.write("kubeconfig", &kubeconfig).display().to_string();
    home.write(
        "config.toml",
        &format!(
            "[profiles.here]\ndanger = \"local\"\n[profiles.here.identity]\n\
             role_without = \"{role}\"\n[profiles.here.kubernetes]\nkubeconfig = {kubeconfig:?}\n"
        ),
    );
    home
}

/// A plan in a file, as `plan --out` writes it.
fn plan_file(home: &Home) -> String {
    let step = Step {
        name: "delete the tenant".into(),
        act: Some(Command::ResumePool { database: "acme".into() }),
        begun: None,
        settled: Goal::new(Query::DatabaseServer, Expect::Present),
        limit: Span::from_secs(60),
        undo: None,
        log: None,
    };
    #[expect(clippy::disallowed_methods, reason = "a plan must be fresh to be refused by its role")]
    let now = Timestamp::from_ms(chrono::Utc::now().timestamp_millis());
    let plan = Plan {
        id: "refused1".into(),
        verb: Verb::ResumePool,
        scope: "acme".into(),
        tenant: Some("acme".into()),
        title: "Let the pool go on".into(),
        damage: "nothing is lost".into(),
        by: "maria".into(),
        at: now,
        asks: Asks::Yes,
        role: Role::Operator,
        word: "acme".into(),
        pins: Vec::new(),
        checks: Vec::new(),
        notes: Vec::new(),
        steps: vec![step],
        no_return: None,
        due: Vec::new(),
    };
    let written = json!({ "hash": pulse_console::operation::hash(&plan), "plan": plan });
    home.write("plan.json", &written.to_string()).display().to_string()
}

/// What changes something, from the command line.
fn tried(home: &Home, flag: &[&str]) -> Vec<(String, Ran)> {
    let file = plan_file(home);
    let all: [&[&str]; 4] = [
        &["apply", &file, "--yes"],
        &["ops", "resume", "refused1"],
        &["ops", "undo", "refused1", "--reason", "a test"],
        &["ops", "give-up", "refused1", "--reason", "a test"],
    ];
    let run = |words: &&[&str]| (words.join(" "), home.run(&[flag, words].concat()));
    all.iter().map(run).collect()
}

#[test]
fn a_read_only_console_changes_nothing_from_the_command_line() {
    let (port, came) = counting();
    for (words, ran) in tried(&home(port, "senior"), &["--readonly"]) {
        assert_eq!(ran.code, 2, "{words}: {ran:?}");
        assert!(ran.err.contains("read-only"), "{words}: {ran:?}");
    }
    assert_eq!(came.load(Ordering::SeqCst), 0, "the cluster was asked");
}

#[test]
fn a_viewer_changes_nothing_from_the_command_line() {
    let (port, came) = counting();
    for (words, ran) in tried(&home(port, "viewer"), &[]) {
        assert_eq!(ran.code, 2, "{words}: {ran:?}");
        assert!(ran.err.contains("Your role is viewer"), "{words}: {ran:?}");
    }
    assert_eq!(came.load(Ordering::SeqCst), 0, "the cluster was asked");
}

/// The same by who may: else the tests above could not fail.
#[test]
fn a_senior_gets_as_far_as_the_cluster() {
    let (port, came) = counting();
    let ran = home(port, "senior").run(&["ops", "resume", "refused1"]);
    assert!(came.load(Ordering::SeqCst) > 0, "{ran:?}");
    assert!(!ran.err.contains("read-only") && !ran.err.contains("Your role"), "{ran:?}");
}
