//! What the console costs against real servers, as one JSON document.
//!
//! The program itself, as it is released, runs on a terminal of 160 × 48 of which only the cells and the bytes are seen.
//! A bar that is missed is said and fails nothing. Times are in milliseconds.
#![allow(
    unreachable_pub,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::expect_used,
    reason = "a benchmark reads the clock, exports nothing, and ends at once when a server or the console does not come up"
)]

#[path = "../../tests/platform/mod.rs"]
mod platform;

mod console;
mod kept;
mod load;
mod mixed;
mod objects;
mod process;
mod restarts;
mod verdict;

use std::io::Write as _;
use std::time::{Duration, Instant};

use console::Console;
use platform::{ApiServer, PlatformError, Valkey};
use serde_json::{Value, json};

/// How many clients there are.
pub const CLIENTS: usize = 10_000;

fn main() {
    let seconds = if std::env::args().any(|word| word == "--quick") { 5 } else { 60 };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let only = |name: &str| std::env::args().any(|word| word == name);
    let measured = runtime.block_on(async {
        if only("--mixed") {
            return Ok(json!({ "mixed": mixed::measure().await? }));
        }
        if only("--kept") {
            return Ok(json!({ "kept": kept::measure().await? }));
        }
        measure(seconds).await
    });
    let mut document = measured.expect("the servers run");
    verdict::judge(&mut document);
    let text = serde_json::to_string_pretty(&document).expect("a document of plain values");
    writeln!(std::io::stdout(), "{text}").expect("someone reads what is measured");
}

async fn measure(seconds: u64) -> Result<Value, PlatformError> {
    let alone = alone();
    let mut server = ApiServer::start().await?;
    server.create_clients(CLIENTS).await?;
    let mut valkey = Valkey::start().await?;
    let listing = objects::listing(&server, &valkey).await?;
    let mut console = Console::live(&server, &valkey);
    console.until("all clients", |screen| screen.contains(&objects::counted()));
    let at_rest = load::at_rest(&mut console).await;
    let change = objects::change(&server, &mut console).await?;
    let filter = objects::filter(&mut console);
    let events = load::events(&valkey, &mut console, seconds).await?;
    let restart = restarts::all(&mut server, &mut valkey, &mut console).await?;
    let at_the_end = console.process().resident_mib();
    drop((console, valkey, server));
    let kept = kept::measure().await?;
    let mixed = mixed::measure().await?;
    Ok(json!({
        "alone": alone,
        "listing": listing,
        "at_rest": at_rest,
        "change": change,
        "filter": filter,
        "events": events,
        "restart": restart,
        "memory_mib_at_the_end": at_the_end,
        "kept": kept,
        "mixed": mixed,
    }))
}

/// What needs no server.
fn alone() -> Value {
    let mut version = Vec::new();
    for _ in 0..20 {
        let began = Instant::now();
        std::process::Command::new(console::PROGRAM)
            .arg("--version")
            .output()
            .expect("the program runs");
        version.push(began.elapsed());
    }
    let mut first_frame = Vec::new();
    for _ in 0..5 {
        let began = Instant::now();
        let mut demo = Console::demo();
        first_frame.push(demo.until("a row", |screen| screen.contains("starter")) - began);
    }
    let size = std::fs::metadata(console::PROGRAM).map_or(0, |file| file.len());
    json!({
        "version_ms": median(version),
        "demo_first_rows_ms": median(first_frame),
        "binary_mib": tenths(size as f64 / 1024.0 / 1024.0),
    })
}

/// The median in milliseconds.
pub fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).map_or(f64::NAN, |time| ms(*time))
}

/// The 99th percentile, or the worst of fewer than a hundred, in milliseconds.
pub fn p99(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    let place = (times.len() * 99 / 100).min(times.len().saturating_sub(1));
    times.get(place).map_or(f64::NAN, |time| ms(*time))
}

/// Milliseconds, with one digit after the point.
pub fn ms(time: Duration) -> f64 {
    tenths(time.as_secs_f64() * 1e3)
}

/// `value` with one digit after the point.
pub fn tenths(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
