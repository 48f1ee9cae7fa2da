//! What the console costs at rest, and while a thousand events come each second.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::time::MissedTickBehavior;

use super::console::Console;
use super::platform::{EventStream, PlatformError, Valkey, cloud_event, usual_moment};
use super::{median, p99, tenths};

/// Events a second, and how many are sent at once.
const RATE: u64 = 1_000;
const STEP: u64 = 20;

/// Memory after five seconds, then a minute in which nothing happens: what is done once a minute counts too.
pub async fn at_rest(console: &mut Console) -> Value {
    let pause = Duration::from_secs(60);
    tokio::time::sleep(Duration::from_secs(5)).await;
    let (resident, own) = (console.process().resident_mib(), console.process().anonymous_mib());
    let (busy, bytes) = (console.process().busy(), console.bytes());
    tokio::time::sleep(pause).await;
    let busy = console.process().busy().saturating_sub(busy);
    json!({
        "resident_mib": resident,
        "resident_anonymous_mib": own,
        "cpu_percent": hundredths(busy.as_secs_f64() / pause.as_secs_f64() * 100.0),
        "terminal_bytes_per_second": tenths((console.bytes() - bytes) as f64 / pause.as_secs_f64()),
    })
}

/// A thousand events a second for `seconds`; meanwhile keys are pressed. The cost is taken with the events on the screen.
pub async fn events(
    valkey: &Valkey,
    console: &mut Console,
    seconds: u64,
) -> Result<Value, PlatformError> {
    let total = RATE * seconds;
    console.press("3");
    console.until("the pane of the events", |screen| screen.contains("no event on the stream"));
    let mut connection = valkey.connection().await?;
    let sender = tokio::spawn(async move { publish(&mut connection, total).await });
    let (busy, bytes, began) = (console.process().busy(), console.bytes(), Instant::now());
    // The first half only watches, the second presses keys too.
    tokio::time::sleep(Duration::from_secs(seconds) / 2).await;
    let took = began.elapsed();
    let busy = console.process().busy().saturating_sub(busy);
    let bytes = console.bytes() - bytes;
    let keys = tokio::task::block_in_place(|| keys(console, Duration::from_secs(seconds) / 3));
    sender.await.expect("the sender ends")?;
    let published = Instant::now();
    let is_all = |screen: &str| received(screen) == Some(total);
    let settled = tokio::task::block_in_place(|| {
        console.until("every event", is_all).saturating_duration_since(published)
    });
    let resident = console.process().resident_mib();
    let screen = console.screen();
    console.press("/note:duplicate\r");
    let doubled = tokio::task::block_in_place(|| {
        console.until("doubled events", |screen| screen.contains("filtered here"));
        let screen = console.screen();
        let (_, counts) = screen.split_once("note:duplicate").unwrap_or_default();
        let word = |at: usize| counts.split('·').next_back()?.split(" of ").nth(at).map(number);
        word(0)
    });
    console.press("F2");
    Ok(json!({
        "sent": total,
        "received": received(&screen),
        "gaps_on_the_screen": screen.matches("missing").count(),
        "marked_doubled": doubled,
        "cpu_percent_of_a_core": tenths(busy.as_secs_f64() / took.as_secs_f64() * 100.0),
        "terminal_kib_per_second": tenths(bytes as f64 / 1024.0 / took.as_secs_f64()),
        "key_to_screen_ms": median(keys.clone()),
        "key_to_screen_p99_ms": p99(keys),
        "last_sent_to_all_received_ms": super::ms(settled),
        "resident_mib": resident,
    }))
}

async fn publish(
    connection: &mut redis::aio::MultiplexedConnection,
    total: u64,
) -> Result<(), PlatformError> {
    let stream = EventStream { keep: 200_000, ..EventStream::default() };
    let mut ticks = tokio::time::interval(Duration::from_millis(1000 * STEP / RATE));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Burst);
    for first in (0..total).step_by(STEP as usize) {
        ticks.tick().await;
        let mut pipe = redis::pipe();
        for number in first..first + STEP {
            let event = cloud_event(number as usize, usual_moment());
            pipe.cmd("XADD").arg(&stream.key).arg("MAXLEN").arg("~").arg(stream.keep);
            pipe.arg("*").arg(stream.layout.fields(&event)).ignore();
        }
        pipe.query_async::<()>(connection).await?;
    }
    Ok(())
}

/// Goes from pane to pane for so long.
fn keys(console: &mut Console, time: Duration) -> Vec<Duration> {
    let began = Instant::now();
    let mut times = Vec::new();
    while began.elapsed() < time {
        for (key, title) in [("2", "LAST EVENT"), ("3", "SOURCE")] {
            let pressed = Instant::now();
            console.press(key);
            times.push(console.until(title, |screen| screen.contains(title)) - pressed);
            // People don't press faster, and the console must not be kept busy by keys alone.
            std::thread::sleep(Duration::from_millis(50));
        }
    }
    times
}

/// How many events the screen counts: those kept, and those let go.
fn received(screen: &str) -> Option<u64> {
    let status = screen.lines().find(|line| line.contains(" lines"))?;
    let part = |word: &str| status.split('·').find(|part| part.contains(word)).map(number);
    Some(part(" lines")? + part("older let go").unwrap_or(0))
}

/// The figures in `text` as one number.
fn number(text: &str) -> u64 {
    let digits: String = text
        .trim()
        .rsplit("  ")
        .next()
        .unwrap_or_default()
        .chars()
        .filter(char::is_ascii_digit)
        .collect();
    digits.parse().unwrap_or(0)
}

fn hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}
