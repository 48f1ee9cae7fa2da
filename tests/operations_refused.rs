//! Operations from the command line, by who may only look: refused before any server is asked. And by who does not give the
//! word of a plan: refused before anything is done.
#![cfg(feature = "live")]
#![allow(clippy::expect_used, reason = "this is test code")]

mod kubernetes;
mod screen;

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use kubernetes::canned::{Answer, Canned};
use pulse_console::domain::operation::{
    Asks, Command, Entry, Expect, Goal, Plan, Query, Record, Step, Verb,
};
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
    settled(home, &kubeconfig, role)
}

/// The same home with a profile of the cluster of that kubeconfig.
fn settled(home: Home, kubeconfig: &str, role: &str) -> Home {
    home.write(
        "config.toml",
        &format!(
            "[profiles.here]\ndanger = \"local\"\n[profiles.here.identity]\n\
             role_without = \"{role}\"\n[profiles.here.kubernetes]\nkubeconfig = {kubeconfig:?}\n"
        ),
    );
    home
}

/// A plan that was made just now, and asks for so much.
fn plan(asks: Asks) -> Plan {
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
    Plan {
        id: "refused1".into(),
        verb: Verb::ResumePool,
        scope: "acme".into(),
        tenant: Some("acme".into()),
        title: "Let the pool go on".into(),
        damage: "nothing is lost".into(),
        by: "maria".into(),
        at: now,
        asks,
        role: Role::Operator,
        word: "acme".into(),
        pins: Vec::new(),
        checks: Vec::new(),
        notes: Vec::new(),
        steps: vec![step],
        no_return: None,
        back: None,
        due: Vec::new(),
    }
}

/// A plan in a file, as `plan --out` writes it.
fn plan_file(home: &Home) -> String {
    let plan = plan(Asks::Yes);
    let written = json!({ "hash": pulse_console::operation::hash(&plan), "plan": plan });
    home.write("plan.json", &written.to_string()).display().to_string()
}

/// An API server with the journal of an operation that maria confirmed, whose plan asks for so much. Its leases are for
/// nobody, so nothing more is done there.
fn journaled(asks: Asks) -> Canned {
    let plan = plan(asks);
    let entry = Entry::Confirmed { reason: "a test".into(), stepped_up: false };
    let (by, console) = ("maria".into(), "maria@laptop/1".into());
    let first = Record { at: plan.at, by, console, fence: 1, entry };
    let text = |value: serde_json::Result<String>| value.expect("JSON");
    let map = json!({
        "metadata": { "name": "operation-refused1", "resourceVersion": "7" },
        "data": {
            "plan": text(serde_json::to_string(&plan)),
            "r0000": text(serde_json::to_string(&first)),
        },
    });
    let map = map.to_string();
    Canned::new(move |path, _| match path {
        path if path.contains("/configmaps/operation-refused1") => Answer::ok(map.as_str()),
        path if path.contains("/leases/") => Answer::code(403, "{}"),
        "/version" | "/readyz" => Answer::ok("{}"),
        _ => Answer::code(404, "{}"),
    })
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

const RESUME: &[&str] = &["ops", "resume", "refused1"];
const UNDO: &[&str] = &["ops", "undo", "refused1", "--reason", "a test"];
const GIVE_UP: &[&str] = &["ops", "give-up", "refused1", "--reason", "a test"];

/// Whether `words` get as far as the lease.
fn begins(server: &Canned, home: &Home, words: &[&str]) -> (bool, Ran) {
    let before = server.asked("/leases/").len();
    let ran = home.run(words);
    (server.asked("/leases/").len() > before, ran)
}

#[test]
fn what_is_a_colleagues_or_is_taken_back_wants_the_word_of_its_plan() {
    let server = journaled(Asks::Typed);
    let home = settled(Home::new(), &server.kubeconfig().display().to_string(), "senior");
    let wrong: [&[&str]; 3] = [&[], &["--confirm", ""], &["--confirm", "beta"]];
    for words in [RESUME, UNDO] {
        for given in wrong {
            let (began, ran) = begins(&server, &home, &[words, given].concat());
            assert!(ran.code == 2 && !began, "{words:?} {given:?}: {ran:?}");
            for part in
                ["Nothing was done", "Let the pool go on", "Type acme to go on.", "--confirm"]
            {
                assert!(ran.err.contains(part), "{words:?} {given:?}: {part}: {ran:?}");
            }
        }
        // With it they get as far as the lease: else this could not fail.
        let (began, ran) = begins(&server, &home, &[words, &["--confirm", "acme"]].concat());
        assert!(began && !ran.err.contains("Type acme"), "{words:?}: {ran:?}");
    }
    let (began, ran) = begins(&server, &home, GIVE_UP);
    assert!(began, "it damages nothing to leave it: {ran:?}");
}

#[test]
fn what_asks_for_no_word_is_not_done_with_another_one() {
    let server = journaled(Asks::Yes);
    let home = settled(Home::new(), &server.kubeconfig().display().to_string(), "senior");
    for words in [RESUME, UNDO, GIVE_UP] {
        let (began, ran) = begins(&server, &home, &[words, &["--confirm", "beta"]].concat());
        assert!(ran.code == 2 && !began && ran.err.contains("Type acme to go on."), "{ran:?}");
        let (began, ran) = begins(&server, &home, words);
        assert!(began, "{words:?}: {ran:?}");
    }
}
