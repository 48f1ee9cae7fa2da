//! Who is there and what they may do, in the header, the palette and the hints; and the line of break-glass.

use pulse_console::app::Msg;
use pulse_console::domain::{Role, Text};
use pulse_console::platform::IdentityEvent;
use pulse_console::session::Presence;

use crate::journey::Journey;
use crate::scenes::{WAYS, any_key, grant, later, signed_in, signed_out, told};

fn header(journey: &mut Journey) -> String {
    journey.screen().lines().next().unwrap_or_default().to_owned()
}

#[test]
fn the_header_says_who_is_there_as_what_and_for_how_long() {
    let mut journey = signed_in();
    for (width, seen, gone) in [
        (160, "maria senior 11h59m  A calm night", "…"),
        (80, "maria senior 11h59m", "11h59m  A calm night: two things"),
        (60, "maria senior", "Sofia"),
    ] {
        journey.size(width, 40).silence(1);
        let header = header(&mut journey);
        assert!(header.contains(seen) && !header.contains(gone), "{width}: {header}");
        assert!(header.contains(" UTC"), "{header}");
    }
    journey.app.setting.read_only = true;
    let header = header(journey.size(70, 24));
    assert!(header.contains("maria senior 11h59m read-only"), "{header}");
    assert!(header.ends_with("UTC"), "the second clock gave way: {header}");
}

#[test]
fn a_long_name_gives_way_before_the_role() {
    let mut journey = signed_out(&WAYS);
    let now = journey.engine.now();
    let name = "konstantina.aleksandrova-petrova@plana.example";
    told(&mut journey, IdentityEvent::Granted(grant(name, "plana-operators", now)));
    journey.start();
    for (width, seen) in
        [(160, "konstantina.aleksandrov… operator 12h"), (60, "konstanti… operator")]
    {
        let header = header(journey.size(width, 24));
        assert!(header.contains(seen), "{width}: {header}");
    }
}

#[test]
fn the_last_minutes_are_always_said() {
    let mut journey = signed_in();
    journey.size(60, 24);
    for _ in 0..71 {
        drop(later(&mut journey, 600, any_key()));
    }
    drop(later(&mut journey, 61, Msg::Tick));
    journey.sees("maria senior 8m59s");
}

#[test]
fn where_nobody_signs_in_there_is_a_role_and_no_lock() {
    let mut journey = Journey::on("calm-night");
    journey.app.presence = Presence::unguarded(Role::Operator);
    let header = header(&mut journey);
    assert!(header.contains(" DEMO  operator  A calm night"), "{header}");
    journey
        .keys("alt-l")
        .sees("Nobody is signed in here, so you can't hide the screen")
        .sees("tenants");
    journey.keys(":").types("sign out").sees("sign out  Nobody is signed in here").keys("enter");
    journey.sees("▲ Nobody is signed in here, so you can't sign out.");
    journey.size(120, 100).keys("?");
    let line = journey.line("hide the screen until you come back. Nobody is signed in");
    assert!(line.contains("alt-l"), "{line}");
}

#[test]
fn what_may_be_done_is_not_greyed() {
    let mut journey = signed_in();
    journey.keys(":").types("sign out").lacks("Nobody is signed in").keys("enter");
    journey.sees("Ending the session");
}

const REASON: &str = "the provider is down";

fn broken() -> Journey {
    let mut journey = Journey::on("calm-night");
    let now = journey.engine.now();
    journey.app.presence = Presence::break_glass(Text::clean(REASON), Role::Viewer, now);
    journey.size(80, 24);
    journey
}

#[test]
fn break_glass_is_on_every_screen_and_never_scrolls_away() {
    let lead = "BREAK-GLASS since 00:47 UTC: the provider is down";
    for (width, height) in [(80, 24), (160, 48), (60, 15)] {
        let mut journey = broken();
        journey.size(width, height);
        for keys in [
            "",
            "1",
            "2",
            "3",
            "4",
            "5",
            "6",
            "7",
            "8",
            "0",
            "0 >",
            "2 enter",
            "G pagedown",
            "esc",
            "2 t",
            "G",
            "esc ?",
            "pagedown G",
            "esc !",
            "G",
            "esc N",
            "esc :",
            "esc c",
            "esc 2 / t a",
            "esc 0 v l",
            "esc esc x",
        ] {
            let screen = journey.keys(keys).screen();
            let first = screen.lines().next().unwrap_or_default();
            assert!(first.starts_with(&format!(" {lead}")), "after {keys:?}:\n{screen}");
            assert!(screen.lines().nth(1).is_some_and(|line| line.contains("DEMO")), "{screen}");
        }
    }
    for size in [(40, 10), (14, 3), (200, 8)] {
        let mut journey = broken();
        let screen = journey.size(size.0, size.1).screen();
        assert!(screen.starts_with(" BREAK-GLASS"), "{size:?}: {screen}");
        assert!(screen.contains("too small") || size.0 < 20, "{screen}");
    }
    broken().size(160, 24).sees(&format!("{lead} — everything is recorded and announced"));
    broken().size(80, 24).sees(&format!("{lead} — recorded, announced"));
}

#[test]
fn clicks_hit_what_is_seen_below_the_line_of_break_glass() {
    let mut journey = broken();
    let names = {
        journey.keys("2");
        journey.names()
    };
    let third = names.get(2).expect("a row").clone();
    journey.click(&third).on_row(&third);
    journey.click(" 3 ");
    assert_eq!(journey.pane(), pulse_console::store::table::TableId::Events);
}

#[test]
fn break_glass_does_not_end_and_does_not_lock() {
    let mut journey = broken();
    drop(later(&mut journey, 24 * 3600, Msg::Tick));
    journey.sees("BREAK-GLASS").keys("alt-l").sees("Nobody is signed in here");
}
