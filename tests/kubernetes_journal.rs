//! Journals and leases of operations on a real API server.
#![cfg(feature = "real-servers")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]
#![allow(clippy::disallowed_methods, reason = "a test may look at the clock")]

mod hands;
mod kubernetes;
mod platform;

use std::time::{Duration, Instant};

use hands::{Console, ask, confirmed, guarded, plan, record, text};
use kubernetes::Seen;
use platform::{ApiServer, CONSOLE, PlatformError, User};
use pulse_console::domain::operation::{Entry, Phase};
use pulse_console::domain::{FeedId, Span};
use pulse_console::live::kubernetes::Options;
use pulse_console::platform::{Lease, Revision, Unwritten};
use serde_json::{Value, json};

type Outcome = Result<(), PlatformError>;

const TERM: Span = Span::from_secs(3);

async fn server() -> Result<ApiServer, PlatformError> {
    let server = ApiServer::start().await?;
    server.apply_manifest(include_str!("../packaging/kubernetes/namespace.yaml")).await?;
    Ok(server)
}

fn console(server: &ApiServer) -> Console {
    let file = server.kubeconfig(User::Admin).display().to_string();
    Console::new([("kubernetes.kubeconfig", file)])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_written_is_read_and_nobody_writes_over_another() -> Outcome {
    let server = server().await?;
    let (one, two) = (console(&server), console(&server));
    let (plan, first) = (plan("20261121-7k2m"), confirmed());
    let begun = guarded(one.journal.open(&plan, &first)).await.expect("it begins");
    let again = guarded(two.journal.open(&plan, &first)).await;
    assert_eq!(again, Err(Unwritten::Exists), "a plan runs once");

    let taken = record(Entry::Taken, 1);
    let next = guarded(one.journal.append(&plan.id, &begun, &taken)).await.expect("appended");
    let late = record(Entry::GivenUp { why: text("late") }, 1);
    let old = guarded(two.journal.append(&plan.id, &begun, &late)).await;
    assert_eq!(old, Err(Unwritten::Moved), "an old revision is no good");
    let read = guarded(two.journal.read(&plan.id)).await.expect("it is there");
    assert_eq!(read.revision, next);
    assert_eq!(*read.operation.plan, plan);
    assert_eq!(read.operation.records, [first, taken]);
    assert_eq!(read.operation.standing.phase, Phase::Running);

    // Both write at once: one of them is told.
    let (left, right) = tokio::join!(
        one.journal.append(&plan.id, &next, &late),
        two.journal.append(&plan.id, &next, &late),
    );
    let won = [&left, &right].into_iter().filter(|result| result.is_ok()).count();
    let lost = [&left, &right].into_iter().filter(|it| **it == Err(Unwritten::Moved)).count();
    assert_eq!((won, lost), (1, 1), "{left:?} {right:?}");

    let forgot = guarded(one.journal.forget(&plan.id, &next)).await;
    assert_eq!(forgot, Err(Unwritten::Moved), "what was read is not what is there");
    let now = guarded(one.journal.read(&plan.id)).await.expect("it is there").revision;
    guarded(one.journal.forget(&plan.id, &now)).await.expect("forgotten");
    let gone = guarded(one.journal.read(&plan.id)).await;
    assert_eq!(gone.map(|read| read.revision), Err(Unwritten::Missing));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journal_that_somebody_spoilt_is_broken_and_a_full_one_says_so() -> Outcome {
    let server = server().await?;
    let console = console(&server);
    let client = server.client().await?;
    let plan = plan("op2");
    let mut at = guarded(console.journal.open(&plan, &confirmed())).await.expect("it begins");
    let path = format!("/api/v1/namespaces/{CONSOLE}/configmaps/operation-op2");
    let long = record(Entry::Stopped { step: 0, why: text(&"x".repeat(60_000)) }, 1);
    let mut written = 0;
    let full = loop {
        match guarded(console.journal.append(&plan.id, &at, &long)).await {
            Ok(next) => (at, written) = (next, written + 1),
            Err(error) => break error,
        }
    };
    assert_eq!(full, Unwritten::Full);
    println!("{written} records of 60 kB fit");
    assert!(written > 10, "{written}");
    let spoil = json!({ "data": { "r0001": "{" } });
    let spoilt: Value = ask(&client, ("PATCH", &path), &spoil).await.map_err(Box::new)?;
    assert!(spoilt.pointer("/metadata/labels/console.planapulse.com~1journal").is_some());
    let read = guarded(console.journal.read(&plan.id)).await;
    assert!(matches!(&read, Err(Unwritten::Broken(broken)) if broken.at == 1), "{read:?}");
    let odd = guarded(console.journal.read(&text("../../secrets/x"))).await;
    assert!(matches!(odd, Err(Unwritten::Trouble(_))), "{odd:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_consoles_one_gets_the_lease_and_the_other_learns_who() -> Outcome {
    let server = server().await?;
    let (one, two) = (console(&server), console(&server));
    let (scope, maria, ivan) = (text("acme"), text("maria@laptop/1"), text("ivan@desk/2"));
    let take =
        async |console: &Console, who| guarded(console.journal.lease(&scope, who, TERM)).await;
    for round in 0..5 {
        let (left, right) = tokio::join!(take(&one, &maria), take(&two, &ivan));
        let (held, by, other) = match (left, right) {
            (Ok(lease), Err(Unwritten::Held { by, .. })) => (lease, by, &one),
            (Err(Unwritten::Held { by, .. }), Ok(lease)) => (lease, by, &two),
            other => panic!("{other:?}"),
        };
        assert_eq!((&by, held.fence), (&held.console, round + 1), "the fence grows each time");
        guarded(other.journal.release(&held)).await.expect("let go");
    }
    // Kept by the same console it is the same lease, and free at once when it is let go.
    let first = take(&one, &maria).await.expect("it is free");
    let kept = take(&one, &maria).await.expect("it is kept");
    assert_eq!(first, kept);
    let old = Lease { fence: first.fence - 1, ..first.clone() };
    guarded(one.journal.release(&old)).await.expect("nothing to let go");
    assert!(matches!(take(&two, &ivan).await, Err(Unwritten::Held { .. })));
    guarded(one.journal.release(&kept)).await.expect("let go");
    let next = take(&two, &ivan).await.expect("it is free");
    assert_eq!(next.fence, kept.fence + 1);
    // Another scope is another lease.
    let other = guarded(one.journal.lease(&text("rila"), &maria, TERM)).await.expect("free");
    assert_eq!(other.fence, 1);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lease_of_a_dead_console_is_taken_when_its_term_is_over() -> Outcome {
    let server = server().await?;
    let (dead, heir) = (console(&server), console(&server));
    let (scope, maria, ivan) = (text("acme"), text("maria@laptop/1"), text("ivan@desk/2"));
    let held = guarded(dead.journal.lease(&scope, &maria, TERM)).await.expect("it is free");
    // Whatever the holder's clock says, only its silence counts.
    let client = server.client().await?;
    let path = format!("/apis/coordination.k8s.io/v1/namespaces/{CONSOLE}/leases");
    let leases = ask(&client, ("GET", &path), &Value::Null).await.map_err(Box::new)?;
    let name = leases.pointer("/items/0/metadata/name").and_then(Value::as_str).expect("it");
    let wrong = json!({ "spec": { "renewTime": "2001-01-01T00:00:00.000000Z" } });
    ask(&client, ("PATCH", &format!("{path}/{name}")), &wrong).await.map_err(Box::new)?;

    let began = Instant::now();
    let mut tries = 0;
    let taken = loop {
        tries += 1;
        match guarded(heir.journal.lease(&scope, &ivan, TERM)).await {
            Ok(lease) => break lease,
            Err(Unwritten::Held { by, .. }) => assert_eq!(by, maria),
            Err(other) => panic!("{other}"),
        }
        if tries == 4 {
            // A sign of life: the term begins anew.
            let kept = guarded(dead.journal.lease(&scope, &maria, TERM)).await.expect("kept");
            assert_eq!(kept.fence, held.fence);
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    };
    println!("taken after {:?} and {tries} looks", began.elapsed());
    assert!(began.elapsed() >= Duration::from_millis(TERM.ms()), "not before its term is over");
    assert_eq!(taken.fence, held.fence + 1);
    let back = guarded(dead.journal.lease(&scope, &maria, TERM)).await;
    assert!(matches!(back, Err(Unwritten::Held { by, .. }) if by == ivan));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_server_nothing_is_said_to_be_written() -> Outcome {
    let mut server = server().await?;
    let console = console(&server);
    let plan = plan("op3");
    let at: Revision = guarded(console.journal.open(&plan, &confirmed())).await.expect("it begins");
    server.freeze();
    let taken = record(Entry::Taken, 1);
    let unsure = guarded(console.journal.append(&plan.id, &at, &taken)).await;
    assert!(matches!(unsure, Err(Unwritten::Unsure(_))), "{unsure:?}");
    server.thaw();
    server.kill();
    let away = guarded(console.journal.append(&plan.id, &at, &taken)).await;
    println!("{away:?}");
    assert!(matches!(away, Err(Unwritten::Trouble(_) | Unwritten::Unsure(_))), "{away:?}");
    let again = guarded(console.journal.append(&plan.id, &at, &taken)).await;
    assert!(matches!(again, Err(Unwritten::Trouble(_))), "no connection: {again:?}");
    server.start_again().await?;
    // Whether the first one was written after all, only reading tells.
    let read = guarded(console.journal.read(&plan.id)).await.expect("it is there");
    let known = read.operation.records.len();
    assert!((1..=2).contains(&known), "{known}");
    println!("the append without an answer was {}written", if known == 2 { "" } else { "not " });
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_console_sees_operations_go_on() -> Outcome {
    let mut server = server().await?;
    let console = console(&server);
    let client = server.client().await?;
    let first = plan("op1");
    guarded(console.journal.open(&first, &confirmed())).await.expect("it begins");
    let path = format!("/api/v1/namespaces/{CONSOLE}/configmaps");
    let odd = json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": { "name": "operation-odd", "labels": { "console.planapulse.com/journal": "operation" } },
        "data": { "plan": "{}" },
    });
    ask(&client, ("POST", &path), &odd).await.map_err(Box::new)?;

    let options = Options {
        kubeconfig: Some(server.kubeconfig(User::Viewer)),
        ask_again: Duration::from_secs(1),
        ..Options::default()
    };
    let mut seen = Seen::of(options);
    let phases = |seen: &Seen| -> Vec<String> {
        let stand = seen.stand(FeedId::Operations);
        let of = |stand: &kubernetes::Standing| {
            let all = stand.operations.values();
            all.map(|it| format!("{} {}", it.plan.id, it.standing.word())).collect()
        };
        stand.map(of).unwrap_or_default()
    };
    seen.until(|seen| phases(seen) == ["op1 running"]).await;

    let at = guarded(console.journal.open(&plan("op2"), &confirmed())).await.expect("it begins");
    seen.until(|seen| phases(seen) == ["op1 running", "op2 running"]).await;
    let over = record(Entry::GivenUp { why: text("enough") }, 1);
    let at = guarded(console.journal.append(&text("op2"), &at, &over)).await.expect("written");
    seen.until(|seen| phases(seen) == ["op1 running", "op2 given-up"]).await;

    // What happens while nobody looks is seen afterwards.
    server.kill();
    seen.until(|seen| seen.trouble(FeedId::Operations).is_some()).await;
    server.start_again().await?;
    guarded(console.journal.open(&plan("op3"), &confirmed())).await.expect("it begins");
    seen.until(|seen| phases(seen) == ["op1 running", "op2 given-up", "op3 running"]).await;

    guarded(console.journal.forget(&text("op2"), &at)).await.expect("forgotten");
    ask(&client, ("DELETE", &format!("{path}/operation-odd")), &Value::Null)
        .await
        .map_err(Box::new)?;
    seen.until(|seen| phases(seen) == ["op1 running", "op3 running"]).await;
    Ok(())
}
