//! Servers that die and come back under a running console.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::console::Console;
use super::platform::{ApiServer, PlatformError, Valkey};
use super::{median, ms};

const ROUNDS: usize = 3;

/// From a server that is ready again to its feed being live on the screen.
pub async fn all(
    server: &mut ApiServer,
    valkey: &mut Valkey,
    console: &mut Console,
) -> Result<Value, PlatformError> {
    let (mut objects, mut events) = (Vec::new(), Vec::new());
    let (mut objects_noticed, mut events_noticed) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let killed = Instant::now();
        server.kill();
        objects_noticed.push(gone(console, "tenants") - killed);
        // The longest waits between tries are reached while it is away.
        tokio::time::sleep(Duration::from_secs(3)).await;
        server.start_again().await?;
        objects.push(back(console, "tenants", Instant::now()));
        let killed = Instant::now();
        valkey.kill();
        events_noticed.push(gone(console, "events") - killed);
        tokio::time::sleep(Duration::from_secs(3)).await;
        valkey.start_again().await?;
        events.push(back(console, "events", Instant::now()));
    }
    let each = |times: &[Duration]| times.iter().map(|time| ms(*time)).collect::<Vec<_>>();
    Ok(json!({
        "api_server_noticed_ms": median(objects_noticed),
        "api_server_ready_to_live_ms": median(objects.clone()),
        "api_server_each_ms": each(&objects),
        "valkey_noticed_ms": median(events_noticed),
        "valkey_ready_to_live_ms": median(events.clone()),
        "valkey_each_ms": each(&events),
    }))
}

fn gone(console: &mut Console, feed: &str) -> Instant {
    let live = format!("● {feed}");
    console.until("trouble", |screen| !screen.contains(&live))
}

fn back(console: &mut Console, feed: &str, ready: Instant) -> Duration {
    let live = format!("● {feed}");
    console.until("a live feed", |screen| screen.contains(&live)).saturating_duration_since(ready)
}
