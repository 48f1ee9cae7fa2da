//! A recording shows again what the console showed.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::screen::{CTRL_G, Console, ENTER, Home, frames};
use crate::{SIZE, STILL};

/// Saves a recording and gives its file and how many messages the console said that it has.
fn save(console: &mut Console, home: &Home) -> (PathBuf, usize) {
    let screen = console.press_for(CTRL_G, "Saved ");
    let said = screen.rsplit_once("Saved ").and_then(|(_, rest)| rest.split(' ').next());
    let count = said.and_then(|word| word.parse().ok()).expect("a number of messages");
    let path = home.recordings().pop().expect("a recording");
    // Only its beginning may fit on the line.
    assert!(screen.contains("play them with: pulse-console replay "), "{screen}");
    (path, count)
}

/// The screen that a replay prints after `at` messages, without what the profile's name makes of the first line.
fn replayed(home: &Home, file: &Path, at: usize) -> String {
    let file = file.to_str().expect("a path");
    let replay = home.run(&["replay", file, "--at", &at.to_string()]);
    assert_eq!(replay.code, 0, "{replay:?}");
    body(replay.out.trim_end())
}

/// Everything below the header's name of the scenario: of the first line the clocks only.
fn body(screen: &str) -> String {
    let (header, rest) = screen.split_once('\n').unwrap_or((screen, ""));
    let clocks = header.char_indices().rev().nth(27).map_or(header, |(at, _)| &header[at..]);
    format!("{clocks}\n{rest}")
}

#[test]
fn a_recording_is_private_and_replays_to_the_same_screen() {
    let home = Home::new();
    let mut console = Console::start(&home, &STILL, SIZE);
    console.wait_for("42 tenants");
    console.wait_for("● 38 of 38 feeds live");
    let scenes: [(&str, &str); 4] = [
        ("jjj\r", "what changed"),
        ("q/tier=enterprise\r", "filtered here"),
        ("7j\r", "8 runs"),
        ("?", "keys that work here"),
    ];
    for (keys, sign) in scenes {
        console.press_for(keys, sign);
        let shown = console.settled(std::time::Duration::from_millis(300));
        let (file, count) = save(&mut console, &home);
        let mode = std::fs::metadata(&file).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", file.display());
        assert_eq!(replayed(&home, &file, count), body(&shown), "after {keys:?}");
        // Any key takes the notice away before the next scene.
        console.press("\x0c");
        console.wait_without("Saved ");
    }
    console.press("q");
    console.wait_without("keys that work here");
    console.quit();
}

#[test]
fn a_busy_recording_replays_to_screens_that_were_shown() {
    let home = Home::new();
    // Faster, and the notices of the world's time would be gone before they are seen.
    let mut console = Console::start(&home, &["demo", "--as", "senior", "--speed", "4"], SIZE);
    console.wait_for("42 tenants");
    console.press_for("3", "following");
    console.press("kkkp");
    console.wait_for("held still");
    console.press("pf2");
    console.wait_for("tenants");
    let (file, count) = save(&mut console, &home);
    let shown: Vec<String> = frames(&console.raw(), SIZE).iter().map(|f| body(f)).collect();
    // One that another pane would show may have come while it was saved.
    let last = [count, count - 1].map(|at| replayed(&home, &file, at));
    let is_shown = last.iter().any(|screen| shown.contains(screen));
    assert!(is_shown, "never shown, after {count} messages:\n{}", last[0]);
    // Frames bundle messages, and what another pane would show waits for the next second, so not each step was drawn; but
    // most steps of an operator's key were.
    let steps = (count.saturating_sub(40)..=count).filter(|at| {
        let screen = replayed(&home, &file, *at);
        shown.contains(&screen)
    });
    let seen = steps.count();
    println!("{count} messages, {} frames; of the last 40 steps {seen} were drawn", shown.len());
    assert!(seen > 0);
    console.quit();
}

#[test]
fn a_replay_is_stepped_through_in_the_terminal() {
    let home = Home::new();
    let mut console = Console::start(&home, &STILL, SIZE);
    console.wait_for("42 tenants");
    console.press_for("7", "8 runs");
    let (file, count) = save(&mut console, &home);
    console.quit();

    let mut replay = Console::start(&home, &["replay", file.to_str().expect("a path")], SIZE);
    replay.wait_for(&format!("REPLAY 1/{count}"));
    replay.press("\x1b[F");
    let screen = replay.wait_for(&format!("REPLAY {count}/{count}"));
    assert!(screen.contains("meden-dab-2026-11-21") || screen.contains("upgrade"), "{screen}");
    replay.press_for("\x1b[D", &format!("REPLAY {}/{count}", count - 1));
    replay.press_for("\x1b[H", &format!("REPLAY 0/{count}"));
    replay.press_for(" ", &format!("REPLAY {count}/{count}"));
    replay.quit();
}

#[test]
fn what_is_no_recording_is_said() {
    let home = Home::new();
    let path = home.write("not.jsonl", "{\"hello\":1}\n");
    let said = home.run(&["replay", path.to_str().expect("a path"), "--at", "1"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("not.jsonl:1: this is no line of a recording"), "{}", said.err);
    let said = home.run(&["replay", "/nowhere.jsonl"]);
    assert_eq!((said.code, said.err.contains("/nowhere.jsonl can't be read")), (2, true));
    // Nothing recorded, nothing saved.
    let mut console = Console::start(
        &home,
        &["demo", "--as", "senior", "--speed", "0", "--set", "recorder.kept=0"],
        SIZE,
    );
    console.wait_for("42 tenants");
    console.press(CTRL_G);
    console.press_for(ENTER, "what changed");
    console.press("q");
    console.quit();
}
