//! Signing in, the hidden screen, roles and break-glass, without a server: what the provider tells is told by hand.

#![expect(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

mod journey;
#[path = "sign_in/kept.rs"]
mod kept;
#[path = "sign_in/scenes.rs"]
mod scenes;
#[path = "sign_in/shut.rs"]
mod shut;
#[path = "sign_in/standing.rs"]
mod standing;

use std::fmt::Write as _;

use journey::Journey;
use pulse_console::app::{Effect, Msg};
use pulse_console::platform::{Answer, IdentityEvent, Order, Prompt, Purpose, Secret, Way};
use pulse_console::runtime::snapshot::{Format, print};
use pulse_console::ui;
use pulse_console::ui::theme::{BUILTIN_NAMES, ColorDepth};
use scenes::{SCENES, WAYS, asks, browser, device, prompts, signed_out, told, trouble};

/// What was ordered of the provider since the last call.
fn orders(journey: &mut Journey) -> Vec<Order> {
    let order = |effect| match effect {
        Effect::Identity(order) => Some(order),
        _ => None,
    };
    journey.effects().into_iter().filter_map(order).collect()
}

/// What was typed, if that was the only order.
fn answered(journey: &mut Journey) -> Vec<String> {
    let orders = orders(journey);
    let [Order::Answer(Answer::Typed(typed))] = orders.as_slice() else {
        panic!("no answer but {orders:?}");
    };
    typed.iter().map(|secret| secret.expose().to_owned()).collect()
}

fn cursor(journey: &Journey) -> Option<(u16, u16)> {
    ui::cursor(&journey.app, &journey.app.geometry())
}

#[test]
fn the_page_looks_as_it_did() {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    for (width, height) in [(60, 15), (80, 24), (160, 48), (200, 60)] {
        let mut page = String::new();
        for (name, scene) in SCENES {
            let mut journey = signed_out(&WAYS);
            journey.size(width, height);
            scene(&mut journey);
            let _ = write!(page, "\n== {name}\n{}", journey.screen());
        }
        let name = format!("sign-in-{width}x{height}");
        settings.bind(|| insta::assert_snapshot!(name, page));
    }
}

#[test]
fn themes_change_colours_only_and_without_colours_there_is_no_picture() {
    for (name, scene) in SCENES {
        let mut journey = signed_out(&WAYS);
        scene(&mut journey);
        let screen = journey.screen();
        for theme in BUILTIN_NAMES {
            let frame = journey.frame_in(&journey::theme(theme, ColorDepth::TrueColor));
            let text = print(&frame, Format::Text);
            if *name == "device" && theme == "none" {
                assert!(!text.contains('▀') && text.contains("There is no picture"), "{text}");
            } else {
                assert_eq!(text, screen, "{theme}: {name}");
            }
        }
    }
}

#[test]
fn the_picture_is_dark_on_light_in_every_theme() {
    let mut journey = signed_out(&WAYS);
    let now = journey.engine.now();
    told(&mut journey, device(now));
    let mut pictures = Vec::new();
    for theme in ["dark", "light", "high-contrast", "colour-blind"] {
        let frame = journey.frame_in(&journey::theme(theme, ColorDepth::TrueColor));
        let cells: Vec<_> = frame.content.iter().filter(|cell| cell.symbol() == "▀").collect();
        assert!(cells.len() > 100, "{theme}");
        pictures.push(cells.iter().map(|cell| (cell.fg, cell.bg)).collect::<Vec<_>>());
    }
    assert!(pictures.windows(2).all(|pair| pair.first() == pair.last()));
}

#[test]
fn what_is_typed_is_seen_only_where_it_may_be() {
    let mut journey = signed_out(&WAYS);
    told(&mut journey, IdentityEvent::Ready);
    told(&mut journey, asks(None));
    let _ = journey.effects();
    journey.types("мария").sees("▸ user      мария");
    journey.keys("tab").types("hunter2").sees("▸ password  •••••••").lacks("hunter");
    journey.keys("tab").types("123").sees("▸ code      •••").lacks("123");
    journey.keys("enter");
    assert_eq!(answered(&mut journey), ["мария", "hunter2", "123"]);
    journey.sees("The provider is checking…").lacks("мария");
}

#[test]
fn the_cursor_stands_where_is_typed() {
    let mut journey = signed_out(&WAYS);
    assert_eq!(cursor(&journey), None, "nothing is asked");
    told(&mut journey, asks(None));
    let (x, y) = cursor(&journey).expect("a cursor");
    for (keys, typed, cells, line) in [
        ("", "日本", 4, 0),
        ("left", "", 2, 0),
        ("home", "", 0, 0),
        ("end", "й", 5, 0),
        ("tab", "日本", 2, 1),
        ("shift-tab", "", 5, 0),
        ("backspace backspace", "", 2, 0),
        ("ctrl-u", "", 0, 0),
        ("tab tab", "", 0, 2),
    ] {
        journey.keys(keys).types(typed);
        assert_eq!(cursor(&journey), Some((x + cells, y + line)), "after {keys:?} {typed:?}");
    }
    journey.keys("tab").types(&"x".repeat(200));
    let (far, _) = cursor(&journey).expect("a cursor");
    let place = journey.screen().lines().nth(usize::from(y)).map(|line| line.chars().count());
    assert!(usize::from(far) < place.expect("a line") - 1, "within the border");
}

#[test]
fn tab_goes_round_and_enter_goes_to_what_is_empty() {
    let mut journey = signed_out(&WAYS);
    told(&mut journey, asks(None));
    for (keys, line) in [
        ("", "▸ user"),
        ("tab", "▸ password"),
        ("down", "▸ code"),
        ("tab", "▸ user"),
        ("shift-tab", "▸ code"),
        ("up", "▸ password"),
        ("enter", "▸ user"),
    ] {
        journey.keys(keys).sees(line);
    }
    journey.types("maria").keys("enter").sees("▸ password");
    journey.types("pw").keys("enter").sees("▸ code");
    assert_eq!(orders(&mut journey), [], "not before all is typed");
    journey.types("1").keys("shift-tab enter");
    assert_eq!(answered(&mut journey), ["maria", "pw", "1"]);
}

#[test]
fn a_paste_goes_into_the_line_and_its_end_submits_nothing() {
    for (number, prompt) in [Prompt::User, Prompt::Password, Prompt::Code].into_iter().enumerate() {
        let mut journey = signed_out(&WAYS);
        told(&mut journey, prompts(&[prompt], None));
        journey.send(Msg::Paste(format!("p{number}ste\u{1b}[2Jd\r\nrm -rf\n")));
        assert_eq!(orders(&mut journey), [], "nothing is submitted");
        journey.keys("enter");
        assert_eq!(answered(&mut journey), [format!("p{number}ste[2Jd")]);
    }
}

#[test]
fn after_a_wrong_answer_the_name_stays_and_secrets_go() {
    let mut journey = signed_out(&WAYS);
    told(&mut journey, asks(None));
    journey.types("maria").keys("tab").types("oops").keys("tab").types("123456").keys("enter");
    told(&mut journey, IdentityEvent::Checking);
    told(&mut journey, asks(Some("No such user, or not their password.")));
    journey.sees("user      maria").sees("▸ password").lacks("•").sees("✗ No such user");
    journey.types("training").keys("enter").sees("▸ code").types("654321").keys("enter");
    let _ = answered_last(&mut journey, &["maria", "training", "654321"]);
    // Who gives up leaves nothing behind.
    told(&mut journey, asks(None));
    journey.keys("esc");
    told(&mut journey, asks(None));
    journey.lacks("maria").sees("▸ user");
}

fn answered_last(journey: &mut Journey, expected: &[&str]) -> Vec<Order> {
    let orders = orders(journey);
    let Some(Order::Answer(Answer::Typed(typed))) = orders.last() else {
        panic!("no answer but {orders:?}");
    };
    assert_eq!(typed.iter().map(Secret::expose).collect::<Vec<_>>(), expected);
    orders
}

#[test]
fn one_can_give_up_try_again_and_go_another_way() {
    let begin = |way| [Order::Begin(way, Purpose::SignIn)];
    let mut journey = signed_out(&WAYS);
    told(&mut journey, IdentityEvent::Ready);
    assert_eq!(orders(&mut journey), begin(Way::Terminal));
    journey.sees("ctrl-o use a device code instead").keys("ctrl-o");
    assert_eq!(orders(&mut journey), begin(Way::Device));
    journey.sees("ctrl-o use the browser instead").keys("esc");
    assert_eq!(orders(&mut journey), [Order::Cancel]);
    journey.sees("Nobody is signed in.").sees("enter sign in with a device code").keys("enter");
    assert_eq!(orders(&mut journey), begin(Way::Device));
    told(&mut journey, IdentityEvent::Failed(trouble()));
    journey.sees("✗ Not signed in: asking https://id.plana.example").sees("enter try again");
    journey.keys("ctrl-o");
    assert_eq!(orders(&mut journey), begin(Way::Browser));
    journey.sees("ctrl-o type it here instead").lacks("connection refused");

    let mut journey = signed_out(&[Way::Terminal]);
    told(&mut journey, asks(None));
    let _ = orders(&mut journey);
    journey.lacks("instead").keys("ctrl-o").sees("There is no other way to sign in here.");
    assert_eq!(orders(&mut journey), [], "and what is typed is not lost");
}

#[test]
fn addresses_are_copied_and_time_runs_out() {
    let mut journey = signed_out(&WAYS);
    let now = journey.engine.now();
    told(&mut journey, IdentityEvent::Ready);
    journey.keys("ctrl-y").sees("There is no address to copy here.").keys("ctrl-o");
    told(&mut journey, device(now));
    let _ = journey.effects();
    journey.sees("4 8 2 9 1 3 0 5 7").sees("another 1m00s.").keys("enter ctrl-y");
    let address = "https://id.plana.example/device?code=482913057".to_owned();
    assert_eq!(journey.effects(), [Effect::Copy(address)], "enter means nothing yet");
    journey.silence(59).sees("another 1s.").silence(1);
    journey.sees("The time for it has run out.").keys("enter");
    assert_eq!(orders(&mut journey), [Order::Begin(Way::Device, Purpose::SignIn)]);

    journey.keys("ctrl-o");
    let now = journey.engine.now();
    told(&mut journey, browser(now, None));
    let _ = journey.effects();
    journey.keys("enter").sees("another 5m00s.");
    assert_eq!(
        orders(&mut journey),
        [Order::Answer(Answer::Agreed)],
        "the browser is opened again"
    );
    journey.silence(300).keys("enter");
    assert_eq!(orders(&mut journey), [Order::Begin(Way::Browser, Purpose::SignIn)]);
}

#[test]
fn the_keys_shown_are_those_of_the_key_map() {
    for (map, cancel, next) in [("default", "esc", "tab"), ("emacs", "ctrl-g", "ctrl-n")] {
        let mut journey = signed_out(&WAYS);
        journey.send(Msg::Keymap(journey::keymap(map)));
        told(&mut journey, asks(None));
        journey.sees(&format!("{cancel} give up")).sees(&format!("{next} next line"));
        journey.keys(next).sees("▸ password").keys(cancel).sees("Nobody is signed in.");
    }
}

#[test]
fn a_choice_is_chosen_and_a_consent_given() {
    let scene = |name: &str| {
        let mut journey = signed_out(&WAYS);
        let (_, scene) = SCENES.iter().find(|(of, _)| *of == name).expect("a scene");
        scene(&mut journey);
        let _ = journey.effects();
        journey
    };
    let mut journey = scene("choice");
    journey.sees("▸ authenticator 3").keys("enter");
    assert_eq!(orders(&mut journey), [Order::Answer(Answer::Chosen(2))]);
    let mut journey = scene("choice");
    journey.size(60, 15).keys("up up up").sees("▸ authenticator 12").keys("enter");
    assert_eq!(orders(&mut journey), [Order::Answer(Answer::Chosen(11))]);
    let mut journey = scene("consent");
    journey.sees("· Groups: which you are in").keys("enter");
    assert_eq!(orders(&mut journey), [Order::Answer(Answer::Agreed)]);
}
