//! The feed of the five kinds against answers that a real API server can't be made to give.
#![cfg(feature = "live")]
#![allow(
    clippy::expect_used,
    clippy::excessive_nesting,
    clippy::disallowed_methods,
    reason = "a test may fail, and measures time"
)]

mod kubernetes;

use std::time::{Duration, Instant};

use kubernetes::Seen;
use kubernetes::canned::{Answer, Canned};
use pulse_console::domain::{FeedId, TroubleKind};
use pulse_console::live::kubernetes::Options;

const KINDS: &str = r#"{"resources":[{"name":"planaclients","kind":"PLANAClient"}]}"#;
const CLIENTS: &str = "/planaclients";

fn options(server: &Canned) -> Options {
    Options {
        kubeconfig: Some(server.kubeconfig()),
        ask_again: Duration::from_secs(1),
        ..Options::default()
    }
}

fn row(name: &str, version: u32) -> String {
    format!(
        r#"{{"metadata":{{"name":"{name}","uid":"u-{name}","resourceVersion":"{version}"}},"spec":{{"subdomain":"{name}"}}}}"#
    )
}

fn event(kind: &str, object: &str) -> String {
    format!("{{\"type\":\"{kind}\",\"object\":{object}}}\n")
}

fn listed(version: u32) -> String {
    event(
        "BOOKMARK",
        &format!(
            r#"{{"metadata":{{"resourceVersion":"{version}","annotations":{{"k8s.io/initial-events-end":"true"}}}}}}"#
        ),
    )
}

fn page(rows: &[String], version: u32, next: &str) -> String {
    format!(
        r#"{{"metadata":{{"resourceVersion":"{version}","continue":"{next}"}},"items":[{}]}}"#,
        rows.join(",")
    )
}

/// Answers all but the clients.
fn others(path: &str) -> Answer {
    match path {
        "/version" | "/readyz" => Answer::ok("{}"),
        "/apis/planapulse.com/v1alpha1" => Answer::ok(KINDS),
        _ => Answer::code(404, "{}"),
    }
}

fn initial(path: &str) -> bool {
    path.contains("sendInitialEvents=true")
}

fn names(seen: &Seen) -> Vec<String> {
    seen.rows(FeedId::Clients).into_keys().collect()
}

fn trouble_is(seen: &Seen, kind: TroubleKind) -> bool {
    seen.trouble(FeedId::Clients).is_some_and(|trouble| trouble.kind == kind)
}

#[tokio::test]
async fn a_server_that_refuses_to_stream_listings_is_asked_for_pages_and_remembered() {
    let server = Canned::new(|path, _| match path {
        path if initial(path) => Answer::code(
            422,
            r#"{"message":"sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled"}"#,
        ),
        path if path.contains("watch=1") => {
            Answer::open(event("ERROR", r#"{"code":410,"reason":"Expired"}"#))
        }
        path if path.contains("limit=2&continue=n%3D1") => Answer::ok(page(&[row("c", 3)], 9, "")),
        path if path.contains("limit=2") => Answer::ok(page(&[row("a", 1), row("b", 2)], 9, "n=1")),
        path => others(path),
    });
    let mut seen = Seen::of(Options { page_size: 2, ..options(&server) });
    seen.until(|seen| seen.stand(FeedId::Clients).is_some_and(|stand| stand.listings >= 2)).await;
    assert_eq!(names(&seen), ["a", "b", "c"]);
    assert_eq!(server.asked("sendInitialEvents").len(), 1, "asked once, then remembered");
}

#[tokio::test]
async fn a_server_too_old_to_end_a_streamed_listing_is_asked_for_pages() {
    let server = Canned::new(|path, _| match path {
        path if initial(path) => {
            Answer { is_open: true, ..Answer::ok(event("ADDED", &row("a", 1))) }
        }
        path if path.contains("watch=1") => Answer::open(event("ADDED", &row("b", 12))),
        path if path.contains(CLIENTS) => Answer::ok(page(&[row("a", 1)], 9, "")),
        path => others(path),
    });
    let mut seen = Seen::of(options(&server));
    seen.until(|seen| names(seen) == ["a"]).await;
    let began = Instant::now();
    seen.until(|seen| seen.is_listed(FeedId::Clients) && names(seen) == ["a", "b"]).await;
    println!("rows at once, the listing complete after {:?}", began.elapsed());
}

#[tokio::test]
async fn a_listing_forgotten_half_way_begins_anew_with_larger_pages() {
    let server = Canned::new(|path, _| match path {
        path if initial(path) => Answer::code(400, "{}"),
        path if path.contains("watch=1") => Answer::open(""),
        path if path.contains("continue=") => {
            Answer::code(410, r#"{"reason":"Expired","message":"too old"}"#)
        }
        path if path.contains("limit=2") && !path.contains("limit=2&") => {
            Answer::ok(page(&[row("a", 1), row("gone", 2)], 9, "n"))
        }
        path if path.contains("limit=8") => {
            Answer::ok(page(&[row("a", 1), row("b", 2), row("c", 3)], 10, ""))
        }
        path => others(path),
    });
    let mut seen = Seen::of(Options { page_size: 2, ..options(&server) });
    seen.until(|seen| seen.is_listed(FeedId::Clients)).await;
    assert_eq!(names(&seen), ["a", "b", "c"]);
    assert_eq!(seen.stand(FeedId::Clients).map(|stand| stand.troubles.len()), Some(0));
}

#[tokio::test]
async fn a_place_that_the_server_forgot_is_listed_again_without_a_word() {
    let server = Canned::new(|path, before| match path {
        path if initial(path) && before == 0 => {
            Answer::ok(event("ADDED", &row("a", 1)) + &event("ADDED", &row("old", 2)) + &listed(9))
        }
        path if initial(path) => Answer::open(event("ADDED", &row("a", 1)) + &listed(20)),
        path if path.contains("resourceVersion=9") => Answer::ok(event(
            "ERROR",
            r#"{"kind":"Status","code":410,"reason":"Expired","message":"too old resource version"}"#,
        )),
        path => others(path),
    });
    let mut seen = Seen::of(options(&server));
    seen.until(|seen| names(seen) == ["a", "old"]).await;
    seen.until(|seen| seen.is_listed(FeedId::Clients) && names(seen) == ["a"]).await;
    assert_eq!(seen.stand(FeedId::Clients).map(|stand| stand.troubles.len()), Some(0));
}

#[tokio::test]
async fn a_server_whose_data_went_back_is_listed_again() {
    // The first watch is cut while it listens at 900; the data that comes back is at 5.
    let server = Canned::new(|path, before| match path {
        path if initial(path) && before == 0 => {
            Answer::ok(event("ADDED", &row("lost", 800)) + &listed(900))
        }
        path if initial(path) => Answer::open(event("ADDED", &row("restored", 4)) + &listed(5)),
        path if path.contains("limit=1") => Answer::ok(page(&[row("restored", 4)], 5, "")),
        path if path.contains("resourceVersion=900") => {
            Answer { headers: "Content-Length: 99\r\n", ..Answer::ok("\n") }
        }
        path => others(path),
    });
    let mut seen = Seen::of(options(&server));
    seen.until(|seen| names(seen) == ["lost"]).await;
    seen.until(|seen| names(seen) == ["restored"] && seen.is_listed(FeedId::Clients)).await;
    assert!(!server.asked("limit=1").is_empty());
}

#[tokio::test]
async fn a_busy_server_is_given_the_time_it_asks_for() {
    let server = Canned::new(|path, before| match path {
        path if path.contains(CLIENTS) && before < 5 => Answer {
            headers: "Retry-After: 1\r\n",
            ..Answer::code(429, "Too many requests, please try again later.")
        },
        path if initial(path) => Answer::open(event("ADDED", &row("a", 1)) + &listed(9)),
        path => others(path),
    });
    let began = Instant::now();
    let mut seen = Seen::of(options(&server));
    seen.until(|seen| trouble_is(seen, TroubleKind::Server)).await;
    let said =
        seen.trouble(FeedId::Clients).map(|trouble| trouble.what.to_string()).unwrap_or_default();
    assert!(said.ends_with("asks to wait (Too many requests, please try again later.)"), "{said}");
    seen.until(|seen| seen.is_listed(FeedId::Clients)).await;
    assert!(began.elapsed() >= Duration::from_secs(5), "it asked for one second five times");
    assert_eq!(server.asked(CLIENTS).len(), 6);
}

#[tokio::test]
async fn failures_of_a_gateway_are_told_and_outlived() {
    let server = Canned::new(|path, before| match path {
        "/apis/planapulse.com/v1alpha1" => match before {
            0 => Answer::code(502, "<html>Bad gateway</html>"),
            1 => Answer::ok("<html>Log in to the network of this hotel</html>"),
            _ => Answer::ok(KINDS),
        },
        path if path.contains(CLIENTS) && before == 0 => {
            Answer::code(500, r#"{"message":"etcdserver: leader changed"}"#)
        }
        path if initial(path) => Answer::open(event("ADDED", &row("a", 1)) + &listed(9)),
        path => others(path),
    });
    let mut seen = Seen::of(options(&server));
    seen.until(|seen| seen.is_listed(FeedId::Clients)).await;
    let said: Vec<String> = seen
        .stand(FeedId::Clients)
        .into_iter()
        .flat_map(|stand| stand.troubles.iter().map(|trouble| trouble.what.to_string()))
        .collect();
    let ends = [
        "answered 502 (a web page)",
        "it answered with a web page instead of JSON",
        "answered 500 (etcdserver: leader changed)",
    ];
    assert_eq!(said.len(), ends.len(), "{said:?}");
    for (said, end) in said.iter().zip(ends) {
        assert!(said.ends_with(end), "{said}");
    }
}

#[tokio::test]
async fn broken_objects_and_lines_become_rows_and_never_stop_the_feed() {
    let server = Canned::new(|path, _| match path {
        path if initial(path) => Answer::open(
            event("ADDED", &row("a", 1))
                + "this is no JSON\n"
                + &event(
                    "ADDED",
                    r#"{"metadata":{"name":"b","uid":"b","resourceVersion":"3"},"spec":{"subdomain":[],"projectId":"x"},"status":{"conditions":null}}"#,
                )
                + &event("ADDED", r#"{"metadata":{}}"#)
                + &listed(9),
        ),
        path => others(path),
    });
    let mut seen = Seen::of(options(&server));
    seen.until(|seen| seen.is_listed(FeedId::Clients)).await;
    assert_eq!(names(&seen), ["a", "b", "unreadable-1", "unreadable-2"]);
}

#[tokio::test]
async fn another_version_is_found_and_an_unknown_user_is_told() {
    let server = Canned::new(|path, _| match path {
        "/apis/planapulse.com" => Answer::ok(r#"{"preferredVersion":{"version":"v1"}}"#),
        "/apis/planapulse.com/v1" => Answer::ok(KINDS),
        "/apis/planapulse.com/v1alpha1" => Answer::code(404, "404 page not found"),
        path if path.starts_with("/apis/planapulse.com/v1/planaclients") => {
            Answer::open(event("ADDED", &row("a", 1)) + &listed(9))
        }
        path => others(path),
    });
    let mut seen = Seen::of(options(&server));
    seen.until(|seen| seen.is_listed(FeedId::Clients)).await;
    seen.until(|seen| {
        seen.trouble(FeedId::Upgrades).is_some_and(|trouble| trouble.kind == TroubleKind::Absent)
    })
    .await;

    let server = Canned::new(|_, _| Answer::code(401, r#"{"message":"Unauthorized"}"#));
    let mut seen = Seen::of(options(&server));
    seen.until(|seen| trouble_is(seen, TroubleKind::Unauthenticated)).await;
}

#[tokio::test]
async fn a_watch_that_ends_at_once_is_not_asked_for_in_a_rush() {
    let server = Canned::new(|path, _| match path {
        path if initial(path) => Answer::ok(event("ADDED", &row("a", 1)) + &listed(9)),
        path if path.contains("watch=1") => Answer::ok(""),
        path => others(path),
    });
    let mut seen = Seen::of(options(&server));
    seen.until(|seen| seen.is_listed(FeedId::Clients)).await;
    assert!(seen.nothing_for(Duration::from_secs(4), |_| false).await);
    let asked = server.asked("resourceVersion=9");
    let asked = asked.iter().filter(|path| path.contains(CLIENTS)).count();
    println!("asked {asked} times in 4 s");
    assert!((2..12).contains(&asked), "{asked}");
}
