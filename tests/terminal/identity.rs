//! Who is at the console: a newcomer signs in as the lines of help say, goes away, comes back, and signs out.

use crate::SIZE;
use crate::screen::{Console, ENTER, Home};

/// The code that the lines of help show.
fn code(console: &Console) -> String {
    let shown = |screen: &str| {
        let screen = screen.to_lowercase();
        // The word stands before the line to type it into as well.
        screen.split("code ").skip(1).find_map(|after| {
            let code: String =
                after.trim_start().chars().take_while(char::is_ascii_digit).collect();
            (code.len() == 6).then_some(code)
        })
    };
    let screen = console.wait_until("a code", |screen| shown(screen).is_some());
    shown(&screen).expect("a code")
}

/// Types what is asked for at first, as `user`.
fn sign_in(console: &mut Console, user: &str) {
    console.wait_for("office@acme.example");
    console.press(user);
    console.press(ENTER);
    console.press("training");
    console.press(ENTER);
    let code = code(console);
    console.press(&code);
    console.press(ENTER);
}

#[test]
fn a_newcomer_signs_in_out_and_in_again() {
    let home = Home::new();
    let mut console = Console::start(&home, &["demo"], SIZE);
    let screen = console.wait_for("office@acme.example");
    assert!(!screen.contains("tenants"), "nothing is shown to nobody: {screen}");
    sign_in(&mut console, "ivan");
    console.wait_for("42 tenants");

    console.press(":");
    console.press("sign out");
    console.wait_for("sign out");
    console.press(ENTER);
    let screen = console.wait_without("42 tenants");
    assert!(!screen.contains("proba-19"), "{screen}");
    console.press(ENTER);
    sign_in(&mut console, "vera");
    console.wait_for("42 tenants");
    console.wait_for("● 38 of 38 feeds live");
    console.quit();
}

#[test]
fn a_customer_is_refused_with_a_sentence() {
    let home = Home::new();
    let mut console = Console::start(&home, &["demo"], SIZE);
    sign_in(&mut console, "office@acme.example");
    let screen = console.wait_for("is not in the group");
    assert!(!screen.contains("42 tenants"), "{screen}");
}

#[test]
fn an_idle_console_hides_and_comes_back_with_a_code() {
    let home = Home::new();
    // A quarter of an hour of this world is eight seconds.
    let mut console = Console::start(&home, &["demo", "--speed", "120"], SIZE);
    sign_in(&mut console, "maria");
    console.wait_for("42 tenants");
    let screen =
        console.wait_until("a hidden screen", |screen| screen.to_lowercase().contains("locked"));
    assert!(screen.contains("maria") && !screen.contains("proba-19"), "{screen}");
    console.press(ENTER);
    let code = code(&console);
    console.press(&code);
    console.press(ENTER);
    console.wait_for("42 tenants");
    console.quit();
}

#[test]
fn who_is_kept_out_by_the_outage_breaks_the_glass_and_that_is_noted() {
    let home = Home::new();
    let outage = ["demo", "--scenario", "identity-outage", "--speed", "20"];
    let reason = "pg01 is down, nobody can sign in";
    let arguments = [&outage[..], &["--break-glass", "--reason", reason]].concat();
    let mut console = Console::start(&home, &arguments, SIZE);
    let screen = console.wait_for("BREAK-GLASS since 01:20 UTC: pg01 is down");
    assert!(screen.contains("viewer read-only"), "{screen}");
    console.wait_for("▲ pg01");
    // What does not need the database is there.
    console.press("3");
    let screen = console.wait_for("agent.report");
    assert!(screen.starts_with(" BREAK-GLASS") && screen.contains("agent.report"), "{screen}");
    let ended = console.quit();
    assert!(ended.text.replace('\n', " ").contains("Break-glass is over."), "{}", ended.text);
    let trail = home.run(&["trail"]);
    assert!(trail.out.contains("(training)") && trail.out.contains(reason), "{trail:?}");
    assert!(trail.out.contains("closed after "), "{trail:?}");
}
