//! The ways out: each leaves the terminal as it was.

use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;

use crate::screen::{CTRL_C, CTRL_Z, Console, ENTER, Home, Modes};
use crate::{SIZE, STILL};

#[test]
fn every_signal_that_ends_it_leaves_the_terminal_sane() {
    for signal in [Signal::TERM, Signal::HUP, Signal::INT, Signal::QUIT] {
        let home = Home::new();
        let console = Console::start(&home, &["demo", "--as", "senior"], SIZE);
        console.wait_for("42 tenants");
        assert!(console.is_raw());
        console.signal(signal);
        let ended = console.ended();
        assert_eq!(ended.code, 0, "{signal:?}: {}", ended.text);
    }
}

#[test]
fn ctrl_c_ends_it_and_a_second_console_starts_in_the_same_terminal() {
    let home = Home::new();
    for _ in 0..2 {
        let mut console = Console::start(&home, &STILL, SIZE);
        console.wait_for("42 tenants");
        console.press(CTRL_C);
        assert_eq!(console.ended().code, 0);
    }
}

#[test]
fn a_lost_terminal_ends_it() {
    let home = Home::new();
    let console = Console::start(&home, &["demo", "--as", "senior"], SIZE);
    console.wait_for("42 tenants");
    console.hang_up();
}

#[test]
fn ctrl_z_stops_it_for_the_shell_and_fg_brings_it_back_whole() {
    let home = Home::new();
    let mut console = Console::shell(&home, SIZE);
    console.wait_for("$");
    let command = format!("{} demo --as senior --speed 0", env!("CARGO_BIN_EXE_pulse-console"));
    for round in 0..2 {
        let (start, length) = (if round == 0 { command.as_str() } else { "fg" }, console.length());
        console.press(&format!("{start}{ENTER}"));
        console.wait_for("42 tenants");
        console.wait_for("● 38 of 38 feeds live");
        console.press_for("j", "42 tenants");
        let modes = Modes::of(&console.raw()[length..]);
        assert!(modes.knows(1049) && modes.knows(2004), "the terminal is not taken again");

        console.press(CTRL_Z);
        let stopped = console.wait_for("Stopped");
        assert!(!stopped.contains("42 tenants"), "{stopped}");
        let left_on = Modes::of(&console.raw()).left_on();
        assert!(left_on.is_empty(), "left in disorder for the shell: {left_on:?}");
        // The shell's own word for how the terminal is.
        console.press(&format!("clear; stty -a{ENTER}"));
        let modes = console.wait_for("icanon");
        for off in ["-icanon", "-echo ", "-isig", "-opost", "-icrnl"] {
            assert!(!modes.contains(off), "{off}: {modes}");
        }
        console.press(&format!("clear; echo between{ENTER}"));
        console.wait_until("the shell's answer", |screen| {
            screen.lines().any(|line| line == "between")
        });
    }
    // The cursor moved in each round: what was pressed before the stop was kept.
    console.press(&format!("fg{ENTER}"));
    console.wait_until("the third row", |screen| {
        screen.lines().nth(5).is_some_and(|line| line.contains('▸'))
    });
    // A size that changed while it was stopped is taken in.
    console.press(CTRL_Z);
    console.wait_for("Stopped");
    console.resize((100, 30));
    console.press(&format!("clear; fg{ENTER}"));
    let screen = console.wait_for("42 tenants");
    assert_eq!(screen.lines().count(), 30, "{screen}");
    console.press("q");
    console.wait_until("the shell", |screen| screen.lines().last() == Some("$"));
    console.press(&format!("echo code $?{ENTER}"));
    console.wait_for("code 0");
    console.assert_sane();
}

#[test]
fn what_another_program_wrote_is_drawn_over_on_ctrl_l_and_after_a_stop_from_outside() {
    const SCRIBBLE: &str = "\x1b[2J\x1b[HBroadcast message from root";
    let home = Home::new();
    let mut console = Console::start(&home, &STILL, SIZE);
    console.wait_for("● 38 of 38 feeds live");
    let whole = console.settled(std::time::Duration::from_millis(300));
    console.scribble(SCRIBBLE);
    console.wait_for("Broadcast");
    console.press("\x0c");
    console.wait_until("the screen as before", |screen| screen == whole);

    console.signal(Signal::STOP);
    console.scribble(SCRIBBLE);
    console.wait_for("Broadcast");
    console.signal(Signal::CONT);
    console.wait_until("the screen as before", |screen| screen == whole);
    assert!(console.is_raw());
    console.press_for("7", "8 runs");
    console.quit();
}

#[test]
fn ctrl_z_without_a_shell_to_go_back_to_is_said_and_stops_nothing() {
    let home = Home::new();
    let mut console = Console::start(&home, &["demo", "--as", "senior"], SIZE);
    console.wait_for("42 tenants");
    console.press_for(CTRL_Z, "There is no shell to go back to");
    console.press_for("3", "following");
    console.quit();
}

#[test]
fn a_panic_gives_the_terminal_back_keeps_a_recording_and_says_so() {
    let program = panicking();
    for (where_, what) in [("feed", "the feed lost its mind"), ("clock", "the clock lost its mind")]
    {
        let home = Home::new();
        let now = home.path().join("now");
        let arguments = [where_, now.to_str().expect("a path")];
        let mut console = Console::start_program(&home, &program, &arguments, SIZE);
        console.wait_for("failed");
        console.press_for("7", "8 runs");
        assert!(console.is_raw());
        std::fs::write(&now, "").expect("written");
        let ended = console.ended();
        assert_eq!(ended.code, 101, "{}", ended.text);
        assert!(ended.text.contains("stopped because of a mistake in itself"), "{}", ended.text);
        assert!(ended.text.replace('\n', "").contains(what), "{}", ended.text);
        // The hostile part of the message is shown, not obeyed.
        assert!(!ended.raw.windows(4).any(|bytes| bytes == b"\x1b[5m"), "{where_}");

        let recordings = home.recordings();
        assert_eq!(recordings.len(), 1, "{where_}: {}", ended.text);
        let path = recordings[0].to_str().expect("a path");
        let replay = home.run(&["replay", path, "--at", "1000000"]);
        assert!(replay.out.contains("8 runs"), "{where_}: {replay:?}");
    }
}

/// The program that panics when it is told to, built as the tests are.
fn panicking() -> PathBuf {
    let mut command = Command::new(env!("CARGO"));
    command.args(["build", "--quiet", "--example", "panicking", "--manifest-path"]);
    command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
    if cfg!(feature = "real-servers") {
        command.args(["--features", "real-servers"]);
    } else if !cfg!(feature = "live") {
        command.arg("--no-default-features");
    }
    let console = Path::new(env!("CARGO_BIN_EXE_pulse-console"));
    let folder = console.parent().expect("the folder of the profile");
    if folder.ends_with("release") {
        command.arg("--release");
    }
    let status = command.status().expect("cargo runs");
    assert!(status.success(), "the program that panics can't be built");
    folder.join("examples/panicking")
}
