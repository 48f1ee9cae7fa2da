//! Ten thousand clients: coming, changing, filtered.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use kube::api::WatchEvent;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::console::Console;
use super::platform::{ApiServer, Kind, PlatformError, User, Valkey, client_name, condition};
use super::{CLIENTS, median, ms, p99};

const ROUNDS: usize = 5;
const LISTING: &str = "/apis/planapulse.com/v1alpha1/planaclients?watch=1&sendInitialEvents=true\
    &resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";

/// How the screen says that all are there.
pub fn counted() -> String {
    format!("{}\u{a0}{:03} tenants", CLIENTS / 1000, CLIENTS % 1000)
}

/// From the start of the process to the first and to all clients, next to a client that only receives them.
pub async fn listing(server: &ApiServer, valkey: &Valkey) -> Result<Value, PlatformError> {
    let (mut bare_first, mut bare_all) = (Vec::new(), Vec::new());
    let (mut rows, mut all, mut live) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let (first, last) = bare(&server.client_of(User::Viewer).await?).await?;
        bare_first.push(first);
        bare_all.push(last);
        let began = Instant::now();
        let mut console = Console::live(server, valkey);
        rows.push(console.until("a row", |screen| screen.contains("starter")) - began);
        all.push(console.until("all rows", |screen| screen.contains(&counted())) - began);
        live.push(console.until("a live feed", |screen| screen.contains("● kubernetes")) - began);
    }
    let times = |list: &[Duration]| list.iter().map(|time| ms(*time)).collect::<Vec<_>>();
    Ok(json!({
        "clients": CLIENTS,
        "bare_first_ms": median(bare_first),
        "bare_all_ms": median(bare_all.clone()),
        "bare_all_each_ms": times(&bare_all),
        "first_rows_ms": median(rows),
        "all_counted_ms": median(all.clone()),
        "all_counted_each_ms": times(&all),
        "live_ms": median(live),
        "all_counted_over_bare": (median(all) / median(bare_all) * 100.0).round() / 100.0,
    }))
}

async fn bare(client: &kube::Client) -> Result<(Duration, Duration), PlatformError> {
    let began = Instant::now();
    let request = http::Request::get(LISTING).body(Vec::new()).expect("a request");
    let stream = client.request_events::<IgnoredAny>(request).await?;
    let mut stream = std::pin::pin!(stream);
    let (mut first, mut count) = (Duration::ZERO, 0);
    while let Some(event) = stream.next().await {
        match event? {
            WatchEvent::Added(_) => {
                if count == 0 {
                    first = began.elapsed();
                }
                count += 1;
            }
            WatchEvent::Bookmark(_) => break,
            _ => {}
        }
    }
    assert_eq!(count, CLIENTS, "the bare stream brings every client");
    Ok((first, began.elapsed()))
}

/// From asking the server for a change to the change on the screen.
pub async fn change(server: &ApiServer, console: &mut Console) -> Result<Value, PlatformError> {
    let name = client_name(1_000);
    console.press(&format!("/{name}\r"));
    console.until("one row", |screen| screen.contains("1 of 10"));
    let (mut asked, mut answered) = (Vec::new(), Vec::new());
    for round in 0..12 {
        let reason = format!("Measured{round}");
        // Changes do not come in step with frames.
        tokio::time::sleep(Duration::from_millis(100 + round * 7)).await;
        let ready = condition("Ready", "False", &reason, "", super::platform::usual_moment());
        let began = Instant::now();
        server.set_condition(Kind::Client, &name, &ready).await?;
        let acknowledged = began.elapsed();
        let shown = console.until("the change", |screen| screen.contains(&reason)) - began;
        // The first makes the client and its connection.
        if round >= 2 {
            asked.push(shown);
            answered.push(shown.saturating_sub(acknowledged));
        }
    }
    console.press("F");
    console.until("all rows", |screen| screen.contains(&counted()));
    Ok(json!({
        "asked_to_screen_ms": median(asked.clone()),
        "asked_to_screen_worst_ms": p99(asked),
        "answered_to_screen_ms": median(answered),
    }))
}

/// From each key of a filter to the counts that it leaves.
pub fn filter(console: &mut Console) -> Value {
    let mut keys = Vec::new();
    for _ in 0..20 {
        console.press("/");
        console.until("the prompt", |screen| {
            screen.contains("10\u{a0}000 tenants") && cursor(screen, "")
        });
        for end in 1..=4 {
            let typed = "acme".get(..end).unwrap_or_default();
            let began = Instant::now();
            console.press(typed.get(end - 1..).unwrap_or_default());
            let line = |screen: &str| cursor(screen, typed) && screen.contains("filtered here");
            keys.push(console.until("the filtered rows", line) - began);
        }
        console.press("\r");
        console.until("the filter taken", |screen| screen.contains("acme"));
        console.press("F");
        console.until("all rows", |screen| screen.contains(&counted()));
    }
    json!({ "key_to_screen_ms": median(keys.clone()), "key_to_screen_p99_ms": p99(keys) })
}

/// Whether the filter's line shows `typed`.
fn cursor(screen: &str, typed: &str) -> bool {
    screen.lines().rev().nth(1).is_some_and(|line| {
        line.trim_start().strip_prefix("/").is_some_and(|line| {
            line.split_whitespace().next().is_some_and(|word| {
                if typed.is_empty() { word.starts_with("10") } else { word == typed }
            })
        })
    })
}
