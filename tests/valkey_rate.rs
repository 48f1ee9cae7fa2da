//! The feed of the event stream under load, against a real Valkey. Prints what it costs.
#![cfg(feature = "real-servers")]

mod platform;
mod valkey_watch;

use std::time::Duration;

use platform::{PlatformError, Valkey};
use pulse_console::live::valkey::Options;
use valkey_watch::{Watch, add, ascends, now, numbers};

const STREAM: &str = "PLANA:events";

/// The name of the feed's thread.
const THREAD: &str = "valkey-feed";

/// Events a second.
const RATE: u64 = 1_000;

/// The processor time of the feed's thread so far, in milliseconds; zero where the system does not say.
fn busy_ms() -> u64 {
    let threads = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let stats =
        threads.filter_map(|thread| std::fs::read_to_string(thread.path().join("stat")).ok());
    let ticks = |stat: &str| -> u64 {
        let numbers = stat.rsplit(')').next().unwrap_or_default();
        let user_and_system = numbers.split_whitespace().skip(11).take(2);
        user_and_system.filter_map(|word| word.parse::<u64>().ok()).sum()
    };
    stats.filter(|stat| stat.contains(THREAD)).map(|stat| ticks(&stat) * 10).sum()
}

/// `PULSE_RATE_SECONDS` makes it longer.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_events_a_second_arrive_once_each() -> Result<(), PlatformError> {
    let seconds =
        std::env::var("PULSE_RATE_SECONDS").ok().and_then(|word| word.parse().ok()).unwrap_or(5);
    let server = Valkey::start().await?;
    let mut connection = server.connection().await?;
    let mut watch = Watch::start_apart(Options::new(server.url()), THREAD);
    watch.until("a sign of life", Watch::is_alive).await;
    redis::cmd("CONFIG").arg("RESETSTAT").query_async::<()>(&mut connection).await?;

    let total = RATE * seconds;
    let (begun, busy) = (now(), busy_ms());
    let mut ticks = tokio::time::interval(Duration::from_millis(20));
    let step = RATE / 50;
    for number in (0..total).step_by(step as usize) {
        ticks.tick().await;
        add(&mut connection, STREAM, number..number + step).await;
        watch.drain();
    }
    watch.until("all events", |watch| watch.entries().len() as u64 == total).await;
    let (took, busy) = (now() - begun, busy_ms() - busy);

    let entries = watch.entries();
    assert_eq!(numbers(&entries), (0..total).collect::<Vec<_>>());
    assert!(ascends(&entries));
    assert_eq!(watch.gaps(), []);
    let stats: String = redis::cmd("INFO").arg("commandstats").query_async(&mut connection).await?;
    let reads = stats.lines().find_map(|line| {
        line.strip_prefix("cmdstat_xread:calls=")?.split(',').next()?.parse::<i64>().ok()
    });
    println!(
        "{total} events in {took} ms: {} a second, {} reads a second, {busy} ms of processor",
        i64::try_from(entries.len()).unwrap_or(0) * 1000 / took.max(1),
        reads.unwrap_or(0) * 1000 / took.max(1),
    );
    Ok(())
}
