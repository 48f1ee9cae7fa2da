//! The console is driven: keys, sizes, pastes, and nothing at all.

use std::time::Duration;

use crate::screen::{CTRL_C, Console, ENTER, ESC, HANG, Home, Modes, pause};
use crate::{SIZE, STILL};

/// Long enough that a frame would have come.
const QUIET: Duration = Duration::from_millis(300);

#[test]
fn the_demo_starts_takes_keys_and_gives_the_terminal_back() {
    let home = Home::new();
    let mut console = Console::start(&home, &STILL, SIZE);
    console.wait_for("42 tenants");
    let screen = console.wait_for("● 38 of 38 feeds live");
    assert!(screen.contains("DEMO"), "{screen}");
    assert!(console.is_raw());
    let modes = Modes::of(&console.raw());
    for mode in [1049, 25, 2004, 1004, 1000, 1002, 1006, 2026] {
        assert!(modes.knows(mode), "mode {mode} is never switched, so its end proves nothing");
    }
    assert!(!modes.left_on().is_empty());

    let is_at = |row: usize| {
        move |screen: &str| screen.lines().nth(3 + row).is_some_and(|line| line.contains('▸'))
    };
    console.press("jj");
    console.wait_until("the third row", is_at(2));
    console.press("k");
    console.wait_until("the second row", is_at(1));
    console.press("\x1b[B");
    console.wait_until("the third row again", is_at(2));

    console.press_for(ENTER, "what changed");
    console.press("q");
    console.wait_without("what changed");

    console.press_for("/", "earlier filters");
    console.press_for("tier=enterprise", "of 42 tenants, filtered here");
    console.press_for(CTRL_C, "42 tenants");
    console.wait_without("filtered here");

    console.press_for("3", "following");
    console.press_for("7", "8 runs");
    console.press_for("?", "keys that work here");
    console.press(ESC);
    console.wait_without("keys that work here");
    console.press_for("!", " taken in, ");
    console.press("q");
    console.wait_without(" taken in, ");

    let ended = console.quit();
    let left = ended.text.replace("[exit 0]", "");
    assert_eq!(left.trim(), "", "something of the console stays on the shell's screen");
}

#[test]
fn a_mouse_click_chooses_a_pane_and_none_is_taken_when_it_is_switched_off() {
    let home = Home::new();
    let mut console = Console::start(&home, &STILL, SIZE);
    let screen = console.wait_for("42 tenants");
    let bar = screen.lines().nth(1).expect("the bar of the panes");
    let before = bar.split("upgrades").next().expect("the pane of the upgrades");
    // The left button at the word; a terminal counts its columns from one.
    let column = before.chars().count() + 1;
    console.press(&format!("\x1b[<0;{column};2M\x1b[<0;{column};2m"));
    console.wait_for("8 runs");
    console.quit();

    let arguments = ["demo", "--as", "senior", "--speed", "0", "--set", "ui.mouse=false"];
    let console = Console::start(&home, &arguments, SIZE);
    console.wait_for("42 tenants");
    let modes = Modes::of(&console.raw());
    assert!(![1000, 1002, 1003, 1006].into_iter().any(|mode| modes.knows(mode)));
    console.quit();
}

#[test]
fn every_size_is_drawn_whole_and_a_window_too_small_says_so() {
    let home = Home::new();
    let console = Console::start(&home, &STILL, SIZE);
    console.wait_for("42 tenants");
    console.wait_for("● 38 of 38 feeds live");
    let first = console.settled(QUIET);
    for (size, sign) in [((80, 24), " of 38 feeds"), ((50, 10), "60×15 are needed")] {
        console.resize(size);
        let screen = console.wait_for(sign);
        let widest = screen.lines().map(|line| line.chars().count()).max().unwrap_or(0);
        assert!(widest <= usize::from(size.0), "{screen}");
        assert!(screen.lines().count() <= usize::from(size.1), "{screen}");
    }
    console.resize(SIZE);
    console.wait_until("the first screen", |screen| screen == first);
    // A storm of sizes, such as a window dragged by its corner, ends on the last one.
    for step in 1_u16..40 {
        console.resize((60 + step, 15 + step / 2));
    }
    console.resize(SIZE);
    console.wait_until("the first screen again", |screen| screen == first);
    console.quit();
}

#[test]
fn a_paste_is_no_keys() {
    let home = Home::new();
    let mut console = Console::start(&home, &STILL, SIZE);
    console.wait_for("42 tenants");
    console.wait_for("● 38 of 38 feeds live");
    let before = console.settled(QUIET);
    console.press("\x1b[200~q\rjj:quit\r3\x03\x1a\x1b[201~");
    // What is typed after it is taken in after it.
    console.press_for("?", "keys that work here");
    console.press(ESC);
    console.wait_until("the screen as before", |screen| screen == before);

    console.press_for("/", "earlier filters");
    console.press("\x1b[200~tier=\nenterprise\x1b]0;evil\x07\x1b[201~");
    let screen = console.wait_for("/ tier=");
    assert!(screen.contains("/ tier= enterprise"), "{screen}");
    console.press(CTRL_C);
    console.wait_without("earlier filters");
    assert!(!String::from_utf8_lossy(&console.raw()).contains("\x1b]0;evil"));
    console.quit();
}

#[test]
fn a_copy_goes_to_the_clipboard_of_the_terminal() {
    let home = Home::new();
    let mut console = Console::start(&home, &STILL, SIZE);
    console.wait_for("42 tenants");
    let before = console.raw();
    assert!(!String::from_utf8_lossy(&before).contains("\x1b]52;"));
    console.press_for("y", "opied");
    // `proba-19` in base64.
    let raw = String::from_utf8_lossy(&console.raw()).into_owned();
    assert!(raw.contains("\x1b]52;c;cHJvYmEtMTk="), "{}", console.text());
    console.quit();
}

#[test]
fn an_idle_console_sends_nothing() {
    let home = Home::new();
    let mut sent = Vec::new();
    for speed in ["0", "1"] {
        let console = Console::start(&home, &["demo", "--as", "senior", "--speed", speed], SIZE);
        console.wait_for("42 tenants");
        console.wait_for("● 38 of 38 feeds live");
        pause(Duration::from_secs(1));
        let before = console.length();
        pause(Duration::from_secs(10));
        sent.push(console.length() - before);
        console.quit();
    }
    println!(
        "bytes in 10 idle seconds of calm-night: {} at speed 0, {} at speed 1",
        sent[0], sent[1]
    );
    assert_eq!(sent[0], 0, "a world that stands still costs no bytes");
}

#[test]
fn ten_thousand_tenants_are_walked_through() {
    let home = Home::new();
    let arguments = ["demo", "--as", "senior", "--speed", "0", "--scenario", "fleet-10k"];
    let mut console = Console::start(&home, &arguments, SIZE);
    let all = |screen: &str| screen.contains("10\u{a0}000 tenants");
    console.wait_within(4 * HANG, "10 000 tenants", all);
    console.wait_for("● 38 of 38 feeds live");
    console.press("G");
    console.wait_until("the last row", |screen| {
        screen.lines().rev().nth(2).is_some_and(|line| line.contains('▸'))
    });
    console.press("gg");
    console.wait_until("the first row", |screen| {
        screen.lines().nth(3).is_some_and(|line| line.contains('▸'))
    });
    console.quit();
}
