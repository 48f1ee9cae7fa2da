//! Behind the page: nothing of the platform is seen, and nothing works.

use crossterm::event::{MouseButton, MouseEventKind};
use pulse_console::app::{Effect, Importance, Msg};
use pulse_console::domain::{FeedId, Trouble, TroubleKind};
use pulse_console::platform::{IdentityEvent, Order, Purpose, Way};
use pulse_console::sim::Fault;

use crate::journey::Journey;
use crate::orders;
use crate::scenes::{WAYS, any_key, asks, grant, later, signed_in, signed_out, told, trouble};

/// The names of all tenants that are known.
fn tenants(journey: &mut Journey) -> Vec<String> {
    journey.keys("2");
    let names = journey.names();
    assert!(names.len() > 20, "a world");
    names
}

fn assert_nothing_of(journey: &mut Journey, tenants: &[String]) {
    let screen = journey.screen();
    for name in tenants {
        assert!(!screen.contains(name), "{name} is on the screen:\n{screen}");
    }
    for word in ["alerts", "feeds", "tenants", "overview", "findings"] {
        assert!(!screen.contains(word), "{word} is on the screen:\n{screen}");
    }
}

#[test]
fn a_hidden_screen_shows_nothing_of_the_platform_and_comes_back_as_it_was() {
    let mut journey = signed_in();
    let names = tenants(&mut journey);
    journey.keys("j j / t a enter y").sees("Copied");
    let before = journey.screen();
    journey.keys("alt-l");
    for (width, height) in [(60, 15), (160, 48), (80, 24)] {
        journey.size(width, height).sees("locked").sees("maria");
        assert_nothing_of(&mut journey, &names);
    }
    journey.keys("enter");
    assert_eq!(orders(&mut journey).last(), Some(&Order::Begin(Way::Terminal, Purpose::Unlock)));
    told(&mut journey, asks(None));
    assert_nothing_of(&mut journey, &names);
    let now = journey.engine.now();
    told(&mut journey, IdentityEvent::Granted(grant("maria", "plana-seniors", now)));
    let rest =
        |screen: &str| screen.lines().skip(1).take(22).map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(
        rest(&journey.screen()),
        rest(&before),
        "the filter and the row are where they were"
    );
}

#[test]
fn no_key_click_or_paste_does_anything_behind_the_page() {
    let mut journey = signed_in();
    let _ = tenants(&mut journey);
    let (pane, row) = (journey.pane(), journey.cursor_name());
    journey.keys("alt-l");
    let _ = journey.effects();
    journey.keys("q 3 j y Y / : ? ! N T f1 ctrl-g space g g");
    journey.send(Msg::Paste("tenant:acme\n".to_owned()));
    for (x, y) in [(2, 1), (20, 1), (10, 8)] {
        journey.mouse(MouseEventKind::Down(MouseButton::Left), x, y);
        journey.mouse(MouseEventKind::ScrollDown, x, y);
    }
    assert_eq!(journey.effects(), [], "neither the clipboard nor the end");
    journey.sees("locked");
    let now = journey.engine.now();
    told(&mut journey, IdentityEvent::Granted(grant("maria", "plana-seniors", now)));
    assert_eq!((journey.pane(), journey.cursor_name()), (pane, row));
    assert!(journey.app.overlay().is_none() && journey.app.pending().is_empty());
    journey.keys("alt-l ctrl-c");
    assert_eq!(journey.effects().last(), Some(&Effect::Quit), "but one can always leave");
}

#[test]
fn what_feeds_say_is_kept_from_the_page_and_what_is_said_of_the_session_is_not() {
    let mut journey = signed_in();
    journey.keys("alt-l");
    journey.fault(Fault::FeedDown(FeedId::Clients, down("acme-secret")));
    journey.lacks("acme-secret").lacks("clients");
    told(&mut journey, IdentityEvent::NotRenewed(trouble()));
    journey.sees("The session could not be renewed");
    journey.fault(Fault::FeedDown(FeedId::Databases, down("beta-secret")));
    journey.sees("The session could not be renewed").lacks("beta-secret");
    journey.send(Msg::Say(Importance::Error, "The sign-in does not answer.".to_owned()));
    journey.sees("The sign-in does not answer.");
    // Who comes back reads what was said meanwhile.
    let now = journey.engine.now();
    told(&mut journey, IdentityEvent::Granted(grant("maria", "plana-seniors", now)));
    journey.keys("N").sees("acme-secret").sees("beta-secret");
}

/// A feed's trouble that says what nobody may read.
fn down(what: &str) -> Trouble {
    Trouble::new(TroubleKind::Unreachable, what, "Look whether it runs.")
}

#[test]
fn the_next_person_finds_nothing_of_the_last() {
    let mut journey = signed_in();
    let names = tenants(&mut journey);
    journey.keys("y").sees("Copied").keys("alt-l").sees("ctrl-d sign out instead").keys("ctrl-d");
    assert_eq!(orders(&mut journey).last(), Some(&Order::SignOut));
    journey.sees("Ending the session").lacks("maria");
    told(&mut journey, IdentityEvent::SignedOut(None));
    journey.sees("Nobody is signed in.").lacks("maria");
    assert_nothing_of(&mut journey, &names);
    let now = journey.engine.now();
    told(&mut journey, IdentityEvent::Granted(grant("ivan", "plana-operators", now)));
    journey.sees("ivan operator").keys("N").sees("Nothing was said yet.");
}

#[test]
fn a_session_that_is_over_says_why_and_hides_everything() {
    let mut journey = signed_in();
    let names = tenants(&mut journey);
    told(&mut journey, IdentityEvent::Over(trouble()));
    journey.sees("✗ Not signed in: asking https://id.plana.example");
    assert_nothing_of(&mut journey, &names);
    let mut journey = signed_in();
    let names = tenants(&mut journey);
    // Kept awake by keys until the sign-in is too old.
    for _ in 0..73 {
        drop(later(&mut journey, 600, any_key()));
    }
    journey.sees("maria signed in 12h").sees("Sign in again.");
    assert_nothing_of(&mut journey, &names);
}

#[test]
fn who_is_away_is_locked_out_and_the_key_that_wakes_means_nothing() {
    let mut journey = signed_in();
    let names = tenants(&mut journey);
    drop(later(&mut journey, 14 * 60 + 59, any_key()));
    drop(later(&mut journey, 14 * 60 + 59, Msg::Tick));
    journey.sees("2 tenants");
    drop(later(&mut journey, 1, Msg::Tick));
    journey.sees("locked").sees("15m ago");
    assert_nothing_of(&mut journey, &names);

    // A console that was stopped gets no ticks: what comes first after it hides the screen, and does nothing else.
    let stopped = [
        Msg::Resize(80, 24),
        Msg::Paste("x".to_owned()),
        Msg::Key(crossterm::event::KeyEvent::from(crossterm::event::KeyCode::Char('q'))),
    ];
    for msg in stopped {
        let mut journey = signed_in();
        let names = tenants(&mut journey);
        journey.keys("g");
        let _ = journey.effects();
        assert_eq!(later(&mut journey, 3600, msg.clone()), [], "after {msg:?}");
        journey.sees("away since").sees("1h00m ago");
        assert_nothing_of(&mut journey, &names);
        drop(later(&mut journey, 60, any_key()));
        journey.sees("1h01m ago");
        let enter = crossterm::event::KeyEvent::from(crossterm::event::KeyCode::Enter);
        drop(later(&mut journey, 0, Msg::Key(enter)));
        let now = journey.app.now();
        let back = IdentityEvent::Granted(grant("maria", "plana-seniors", now));
        drop(later(&mut journey, 0, Msg::Identity(back)));
        assert!(journey.app.pending().is_empty());
        journey.sees("tenants");
    }
}

#[test]
fn somebody_else_does_not_come_back_to_a_locked_screen() {
    let mut journey = signed_in();
    journey.keys("alt-l enter");
    let now = journey.engine.now();
    told(&mut journey, IdentityEvent::Granted(grant("ivan", "plana-seniors", now)));
    assert_eq!(orders(&mut journey).last(), Some(&Order::Refuse));
    journey.sees("✗ Still locked: ivan is not maria").sees("locked").lacks("tenants");
}

#[test]
fn nobody_knows_what_there_is_before_signing_in() {
    let mut journey = signed_out(&WAYS);
    journey.sees("Asking the provider").lacks("alerts").lacks("feeds").keys("f1");
    journey.sees("Sign in first").keys("ctrl-l").lacks("Sign in first");
}
