//! The load that the console is made for: two thousand tenants, ten thousand objects of the cluster, fifty thousand
//! events; what it holds of them, and what it costs at rest.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::console::Console;
use super::load;
use super::platform::{ApiServer, Cluster, EventStream, PlatformError, Valkey, usual_moment};
use super::{ms, tenths};

const TENANTS: usize = 2_000;
/// Beside these: a route, a claim, a CronJob and its Jobs for each tenant.
const PODS: usize = 4_000;
const EVENTS: usize = 50_000;

/// Fills servers of its own and opens the console on them.
pub async fn measure() -> Result<Value, PlatformError> {
    let server = ApiServer::start().await?;
    server.create_clients(TENANTS).await?;
    let mut cluster = Cluster::new(TENANTS, usual_moment());
    cluster.pods = PODS;
    let objects = cluster.objects().len();
    server.fill_cluster(&cluster).await?;
    let valkey = Valkey::start().await?;
    let stream = EventStream { keep: 200_000, ..EventStream::default() };
    valkey.publish(&stream, 0..EVENTS, usual_moment()).await?;
    let began = Instant::now();
    let mut console = Console::live_with(&server, &valkey, "[events]\nhistory = 50000\n");
    console.press("3");
    console.until("every event", |screen| screen.contains("50\u{a0}000 lines"));
    console.press("0v");
    console.until("every pod", |screen| screen.contains(" pods") && !screen.contains("so far"));
    let all = began.elapsed();
    console.press("2");
    console.until("the tenants", |screen| screen.contains("2\u{a0}000 tenants"));
    let at_rest = load::at_rest(&mut console).await;
    let anonymous = console.process().anonymous_mib();
    tokio::time::sleep(Duration::from_secs(1)).await;
    Ok(json!({
        "tenants": TENANTS,
        "objects_of_the_cluster": objects,
        "events": EVENTS,
        "all_read_ms": ms(all),
        "at_rest": at_rest,
        "anonymous_mib": tenths(anonymous),
    }))
}
