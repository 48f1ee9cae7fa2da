//! The real console in a terminal, on a real Valkey: events as they come, lost, hostile, and many.
#![cfg(feature = "real-servers")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this is test code"
)]

mod platform;
mod screen;

use std::time::Duration;

use platform::{EventStream, PlatformError, Valkey, ValkeyOptions, usual_moment};
use redis::aio::MultiplexedConnection;
use rustix::process::Pid;
use screen::{CTRL_G, Console, HANG, Home, now};
use tokio::task::JoinSet;

type Outcome = Result<(), PlatformError>;

/// Wide enough for whole sentences.
const SIZE: (u16, u16) = (220, 48);
const STREAM: &str = "PLANA:events";

/// Settings for one Valkey; the cluster is nowhere.
fn settings(home: &Home, valkey: &str) {
    let nowhere = home.path().join("no-kubeconfig").display().to_string();
    home.write(
        "config.toml",
        &format!(
            "[log]\nlevel = \"trace\"\n[profiles.night]\ndanger = \"local\"\n\
             [profiles.night.kubernetes]\nkubeconfig = {nowhere:?}\n[profiles.night.valkey]\n{valkey}\n"
        ),
    );
}

/// Starts the console and goes to the events.
fn console(home: &Home, server: &Valkey) -> Console {
    settings(home, &format!("url = {:?}", server.url()));
    events_of(home)
}

fn events_of(home: &Home) -> Console {
    let mut console = Console::start(home, &[], SIZE);
    console.wait_for("7 upgrades");
    console.press("3");
    console
}

/// The screen without line breaks and borders, so that a folded sentence can be found in it.
fn unfolded(screen: &str) -> String {
    let words = screen.split_whitespace().filter(|word| !word.chars().all(|c| c == '│'));
    words.collect::<Vec<_>>().join(" ")
}

fn wait_for_sentence(console: &Console, sentence: &str) -> String {
    unfolded(&console.wait_until(sentence, |screen| unfolded(screen).contains(sentence)))
}

/// A count as the console writes it.
fn lines(count: usize) -> String {
    let digits = count.to_string();
    let thousands = digits.len().saturating_sub(3);
    let (front, back) = digits.split_at(thousands);
    let gap = if front.is_empty() { "" } else { "\u{a0}" };
    format!("· {front}{gap}{back} line")
}

async fn add(connection: &mut MultiplexedConnection, body: &[u8]) -> Outcome {
    let mut command = redis::cmd("XADD");
    command.arg(STREAM).arg("*").arg("event").arg(body);
    Ok(command.query_async::<()>(connection).await?)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_come_to_the_screen_as_they_are_published() -> Outcome {
    let server = Valkey::start().await?;
    let stream = EventStream::default();
    server.publish(&stream, 0..20, usual_moment()).await?;
    let home = Home::new();
    let mut console = console(&home, &server);
    let screen = console.wait_for(&lines(20));
    assert!(screen.contains("client.provisioned") && screen.contains("following"), "{screen}");
    console.wait_for("● valkey");
    let mut took = Vec::new();
    for count in 21..26 {
        let begun = now();
        server.publish(&stream, count - 1..count, usual_moment()).await?;
        console.wait_for(&lines(count));
        took.push(begun.elapsed().as_millis());
    }
    println!("an event is on the screen after {took:?} ms, its publication included");
    console.press_for("/type:failed\r", "filtered here");
    console.press_for("\r", "cannot apply composed resource");
    console.press("x");
    console.press("F");
    console.wait_for(&lines(25));
    console.quit();

    // What came while nobody looked is there, after a mark where the operator left.
    server.publish(&stream, 25..30, usual_moment()).await?;
    let console = events_of(&home);
    console.wait_until("30 events and a mark", |screen| {
        screen.contains(&lines(31)) || screen.contains(&lines(30))
    });
    console.quit();
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_that_is_wrong_or_missing_is_a_sentence_and_never_shown() -> Outcome {
    const RIGHT: &str = "right-horse-91ab";
    const WRONG: &str = "wrong-staple-77cd";
    let password = Some(RIGHT.to_owned());
    let server = Valkey::start_with(ValkeyOptions { password, ..Default::default() }).await?;
    let with_password =
        format!("url = {:?}\npassword = {{ env = \"OUR_PASSWORD\" }}", server.url());

    let home = Home::new().with("OUR_PASSWORD", WRONG);
    settings(&home, &with_password);
    let mut console = events_of(&home);
    wait_for_sentence(&console, "does not accept the password of the default user");
    let screen = wait_for_sentence(&console, "Check what `valkey.password` refers to");
    println!("{}", said(&screen));
    console.press_for(CTRL_G, "Saved ");
    let ended = console.quit();
    let recording = home.recordings().pop().expect("a recording");
    let mut written = vec![
        std::fs::read_to_string(home.state().join("console.log")).expect("a log"),
        std::fs::read_to_string(recording).expect("text"),
    ];
    written.push(String::from_utf8_lossy(&ended.raw).into_owned());
    assert!(written.iter().all(|text| !text.contains(WRONG)), "the password was written");

    let home = Home::new();
    settings(&home, &format!("url = {:?}", server.url()));
    let console = events_of(&home);
    wait_for_sentence(&console, "asks for a password and none is set");
    let screen =
        wait_for_sentence(&console, "Set `valkey.password` to where the password is kept.");
    println!("{}", said(&screen));
    console.quit();

    settings(&home, &with_password);
    let console = events_of(&home);
    let screen = wait_for_sentence(&console, "OUR_PASSWORD");
    println!("{}", said(&screen));
    console.quit();

    let home = Home::new().with("OUR_PASSWORD", RIGHT);
    settings(&home, &with_password);
    let console = events_of(&home);
    console.wait_for("● valkey");
    let ended = console.quit();
    assert!(!String::from_utf8_lossy(&ended.raw).contains(RIGHT));
    Ok(())
}

/// What an unfolded screen says in the place of the rows.
fn said(screen: &str) -> String {
    let begin = screen.find("✗ The events").or_else(|| screen.find("✗ You are")).unwrap_or(0);
    let rest = screen.get(begin..).unwrap_or(screen);
    rest.split(" / to filter").next().unwrap_or(rest).to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_valkey_that_lost_everything_leaves_a_marked_gap_and_goes_on() -> Outcome {
    let mut server = Valkey::start().await?;
    let stream = EventStream::default();
    server.publish(&stream, 0..25, usual_moment()).await?;
    let home = Home::new();
    let mut console = console(&home, &server);
    console.wait_for(&lines(25));
    console.wait_for("● valkey");
    let pid = console.pid();

    let begun = now();
    server.kill();
    let screen = wait_for_sentence(&console, "refuses connections");
    println!("killed: said after {} ms", begun.elapsed().as_millis());
    assert!(
        screen.contains("old, ") && screen.contains(lines(25).trim_start_matches("· ")),
        "{screen}"
    );
    assert!(
        screen.contains("Check that it runs and that `valkey.url` has the right port"),
        "{screen}"
    );
    console.wait_for("▲ events");

    server.start_again().await?;
    let begun = now();
    console.wait_for("● valkey");
    println!("answers again: live after {} ms (budget 3000)", begun.elapsed().as_millis());
    console.wait_without("refuses connections");
    wait_for_sentence(&console, "the stream began anew");
    console.wait_for(&lines(26));
    server.publish(&stream, 25..30, usual_moment()).await?;
    console.wait_for(&lines(31));
    assert_eq!(console.pid(), pid);
    // The key that leads to gaps.
    console.press("[");
    console.press_for("\r", "gap in the stream");
    console.press("x");
    console.quit();
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_events_are_shown_as_harmless_text_and_none_is_lost() -> Outcome {
    let server = Valkey::start().await?;
    let mut connection = server.connection().await?;
    let home = Home::new();
    let mut console = console(&home, &server);
    console.wait_for("● valkey");
    let bodies = hostile_bodies();
    assert!(bodies[9].len() > 1024 * 1024);
    for body in &bodies {
        add(&mut connection, body).await?;
    }
    let screen = console.wait_for(&lines(bodies.len()));
    assert!(screen.contains("good") && screen.contains("huge"), "{screen}");
    // Every one of them whole, in the drawer, and through its whole length.
    // What the keys before led to is on the screen once a page was laid over it and taken away.
    let shown = |console: &mut Console| {
        console.press_for("?", "keys that work here");
        console.press("q");
        console.wait_without("keys that work here")
    };
    console.press("\r");
    let mut seen = String::new();
    for _ in 0..bodies.len() {
        seen += &shown(&mut console);
        console.press("\tG");
        seen += &shown(&mut console);
        console.press("gg\tk");
    }
    for shown in ["]0;pwned", "]52;c;cHduZWQ", "[31m€", "not text", "the last one"] {
        assert!(seen.contains(shown), "{shown:?} is not shown: {seen}");
    }
    console.press("x");
    console.press_for("/pwned\r", "filtered here");
    console.press("F");
    console.wait_for(&lines(bodies.len()));
    console.press_for(CTRL_G, "Saved ");
    let ended = console.quit();

    let found = harm(&ended.raw);
    assert!(found.is_empty(), "{found:?} reached the terminal");
    let recording = std::fs::read_to_string(home.recordings().pop().expect("one")).expect("text");
    let log = std::fs::read_to_string(home.state().join("console.log")).expect("a log");
    assert!(!log.contains('\u{1b}') && !recording.contains('\u{1b}'), "it is safe to cat them");
    Ok(())
}

/// Bodies that are no events, and events whose text wants to drive the terminal.
fn hostile_bodies() -> Vec<Vec<u8>> {
    let event = |kind: &str, subject: &str, data: &str| {
        let text = |text: &str| serde_json::Value::from(text).to_string();
        format!(
            r#"{{"specversion":"1.0","id":"1","type":{},"source":"//test","subject":{},"data":{{"text":{}}}}}"#,
            text(kind),
            text(subject),
            text(data)
        )
        .into_bytes()
    };
    let osc = "\u{1b}]0;pwned\u{7}\u{1b}]52;c;cHduZWQ=\u{7}";
    let bidi = "a\u{202e}b\u{2066}c\u{200f}d\u{feff}e";
    let c1 = "\u{9b}5mblink\u{9d}0;pwned\u{9c}";
    vec![
        b"{\"specversion\": \"1.0\", \"id\": ".to_vec(),
        b"\xff\xfe\x00\x1b[2J\x1b[999;999H not text".to_vec(),
        b"\x1b[2J\x1b[H\x1b]0;pwned\x07 no JSON".to_vec(),
        Vec::new(),
        b"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[".repeat(200),
        event(osc, osc, osc),
        event(bidi, bidi, bidi),
        event(c1, c1, c1),
        event("\u{1b}[?1049l\u{1b}c", "\u{1b}[?2004l\r\n\u{8}\u{8}", "\u{1b}P+q544e\u{1b}\\"),
        event("huge", "huge", &"\u{1b}[31m€".repeat(150_000)),
        event("zalgo", &"e\u{301}\u{302}\u{303}".repeat(300), "👩‍👩‍👧‍👦"),
        event("good", "acme", "the last one"),
    ]
}

/// What no frame of the console holds, and what was found of it.
fn harm(raw: &[u8]) -> Vec<&'static str> {
    let has = |bytes: &[u8]| raw.windows(bytes.len()).any(|window| window == bytes);
    let controls = |first: u8, last: u8| {
        raw.windows(2).any(|pair| pair[0] == 0xc2 && (first..=last).contains(&pair[1]))
    };
    [
        ("an operating system command", has(b"\x1b]")),
        ("a device control string", has(b"\x1bP")),
        ("a reset", has(b"\x1bc")),
        ("a bell", has(b"\x07")),
        ("a backspace", has(b"\x08")),
        ("a colour by number", has(b"\x1b[31m")),
        ("a blink", has(b"\x1b[5m")),
        ("a wild cursor", has(b"\x1b[999;999H")),
        ("a C1 control", controls(0x80, 0x9f)),
        ("a right-to-left override", has("\u{202e}".as_bytes()) || has("\u{2066}".as_bytes())),
        ("an invisible mark", has("\u{200f}".as_bytes()) || has("\u{feff}".as_bytes())),
        ("a replaced mode", raw.windows(8).filter(|w| *w == b"\x1b[?1049l").count() != 1),
    ]
    .into_iter()
    .filter_map(|(what, found)| found.then_some(what))
    .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_profile_without_valkey_says_so_quietly() -> Outcome {
    let home = Home::new();
    settings(&home, "");
    let console = events_of(&home);
    let screen =
        console.wait_for("Set valkey.url in the profile to see its events, streams and keys.");
    assert!(screen.contains("– No server is set for the events."), "{screen}");
    let header = screen.lines().take(2).collect::<String>();
    assert!(!header.contains("valkey"), "{screen}");
    console.quit();
    Ok(())
}

/// Events a second, for so many seconds.
const RATE: usize = 1_000;
const SECONDS: usize = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_events_a_second_are_all_shown_and_keys_are_answered() -> Outcome {
    let server = Valkey::start().await?;
    let home = Home::new();
    let mut console = console(&home, &server);
    console.wait_for("● valkey");
    let mut connection = server.connection().await?;
    let (busy, sent, begun) = (busy_ms(console.pid()), console.length(), now());
    let mut publisher = JoinSet::new();
    publisher.spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_millis(20));
        for number in (0..RATE * SECONDS).step_by(RATE / 50) {
            ticks.tick().await;
            let mut pipe = redis::pipe();
            for index in number..number + RATE / 50 {
                let event = platform::cloud_event(index, usual_moment()).to_string();
                pipe.cmd("XADD").arg(STREAM).arg("*").arg("event").arg(event).ignore();
            }
            pipe.query_async::<()>(&mut connection).await?;
        }
        Ok::<_, redis::RedisError>(now())
    });
    let mut took = Vec::new();
    while begun.elapsed() < Duration::from_secs(SECONDS as u64 - 1) {
        let pressed = now();
        console.press_for("?", "keys that work here");
        took.push(pressed.elapsed().as_millis());
        let pressed = now();
        console.press("q");
        console.wait_without("keys that work here");
        took.push(pressed.elapsed().as_millis());
        screen::pause(Duration::from_millis(400));
    }
    let published = publisher.join_next().await.expect("it was started").expect("it ended")?;
    let total = lines(RATE * SECONDS);
    console.wait_within(2 * HANG, &total, |screen| screen.contains(&total));
    let (late, took_all) = (published.elapsed(), begun.elapsed());
    let busy = busy_ms(console.pid()) - busy;
    took.sort_unstable();
    println!(
        "{} events in {} ms, all on the screen {} ms after the last; a key answered in {} ms (median), {} ms (worst of {}); \
         console {} % of a core, {} KiB to the terminal, {} MiB resident",
        RATE * SECONDS,
        (published - begun).as_millis(),
        late.as_millis(),
        took[took.len() / 2],
        took[took.len() - 1],
        took.len(),
        u128::from(busy) * 100 / took_all.as_millis().max(1),
        (console.length() - sent) / 1024,
        resident_mib(console.pid()),
    );
    // The newest is in sight, and no gap was made up.
    let screen = console.text();
    assert!(screen.contains("following") && !screen.contains("missing"), "{screen}");
    console.quit();
    Ok(())
}

/// The processor time of a process so far, in milliseconds.
fn busy_ms(pid: Pid) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    let stat = stat.expect("the process is there");
    let numbers = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = numbers.skip(11).take(2).filter_map(|word| word.parse::<u64>().ok()).sum();
    ticks * 10
}

fn resident_mib(pid: Pid) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid.as_raw_nonzero()));
    let status = status.expect("the process is there");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}
