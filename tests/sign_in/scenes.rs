//! What the provider can ask, and how far a sign-in can be: each on the screen of a console that nobody is signed in to.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use pulse_console::app::{Effect, Msg};
use pulse_console::domain::{Person, Span, Text, Timestamp, Trouble, TroubleKind};
use pulse_console::platform::{Challenge, Grant, IdentityEvent, Prompt, Way};
use pulse_console::session::{Policy, Presence, Stage};

use crate::journey::Journey;

/// Every way there is.
pub(crate) const WAYS: [Way; 3] = [Way::Terminal, Way::Device, Way::Browser];

/// The rules of these tests.
pub(crate) fn policy() -> Policy {
    Policy {
        staff_group: "plana-staff".to_owned(),
        operator_groups: vec!["plana-operators".to_owned()],
        senior_groups: vec!["plana-seniors".to_owned()],
        factors: vec!["mfa".to_owned()],
        lasts: Span::from_secs(12 * 3600),
        locks_after: Some(Span::from_secs(15 * 60)),
    }
}

/// Before a console that nobody is signed in to, with these ways to sign in.
pub(crate) fn signed_out(ways: &[Way]) -> Journey {
    let mut journey = Journey::before("calm-night");
    journey.app.presence = Presence::guarded(policy(), ways.to_vec());
    journey.size(80, 24);
    journey
}

/// What the provider vouches for when `user` signed in at `now`.
pub(crate) fn grant(user: &str, group: &str, now: Timestamp) -> Grant {
    Grant {
        person: Person {
            subject: Text::clean(user),
            user: Text::clean(user),
            name: Text::clean("Мария Стоянова"),
            groups: vec![Text::clean("plana-staff"), Text::clean(group)],
        },
        way: Way::Terminal,
        factors: Some(vec![Text::clean("pwd"), Text::clean("mfa")]),
        proved_at: Some(now),
        issued_at: now,
        expires_at: now.after(Span::from_secs(3600)),
        renews: true,
    }
}

/// Before a console that maria is signed in to.
pub(crate) fn signed_in() -> Journey {
    let mut journey = signed_out(&WAYS);
    let now = journey.engine.now();
    told(&mut journey, IdentityEvent::Granted(grant("maria", "plana-seniors", now)));
    journey.start();
    journey
}

/// So many seconds later, of which the console heard nothing, `msg` comes; gives what must be done outside.
pub(crate) fn later(journey: &mut Journey, secs: u64, msg: Msg) -> Vec<Effect> {
    let at = journey.app.now().after(Span::from_secs(secs));
    let effects = journey.app.update(at, msg);
    journey.app.settle();
    effects
}

/// The key that draws the screen anew, which changes nothing.
pub(crate) fn any_key() -> Msg {
    Msg::Key(KeyEvent::new(KeyCode::Char('l'), KeyModifiers::CONTROL))
}

/// Takes in what the provider told. What only comes of something that was begun is begun first.
pub(crate) fn told(journey: &mut Journey, event: IdentityEvent) {
    let answers = matches!(event, IdentityEvent::Asked(_) | IdentityEvent::Granted(_));
    if answers && journey.app.presence.sign_in().purpose.is_none() {
        if journey.app.presence.sign_in().stage == Stage::Starting {
            journey.send(Msg::Identity(IdentityEvent::Ready));
        } else {
            journey.keys("enter");
        }
        let _ = journey.effects();
    }
    journey.send(Msg::Identity(event));
}

/// Asks for the user's name, password and code.
pub(crate) fn asks(wrong: Option<&str>) -> IdentityEvent {
    prompts(&[Prompt::User, Prompt::Password, Prompt::Code], wrong)
}

/// Asks for `prompts`.
pub(crate) fn prompts(prompts: &[Prompt], wrong: Option<&str>) -> IdentityEvent {
    IdentityEvent::Asked(Challenge::Prompts {
        title: Text::clean("Sign in to PLANA"),
        person: None,
        prompts: prompts.to_vec(),
        wrong: wrong.map(Text::clean),
    })
}

/// Sends the operator to a browser anywhere.
pub(crate) fn device(now: Timestamp) -> IdentityEvent {
    IdentityEvent::Asked(Challenge::Device {
        address: Text::clean("https://id.plana.example/device"),
        complete: Some(Text::clean("https://id.plana.example/device?code=482913057")),
        code: Text::clean("482913057"),
        until: now.after(Span::from_secs(60)),
    })
}

/// Sends the operator to the browser of the machine.
pub(crate) fn browser(now: Timestamp, unopened: Option<&str>) -> IdentityEvent {
    let address = "https://id.plana.example/application/o/authorize/?response_type=code&client_id=pulse-console\
        &redirect_uri=http%3A%2F%2F127.0.0.1%3A39311%2Fcallback&scope=openid+profile&code_challenge_method=S256\
        &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&state=af0ifjsldkj&nonce=n-0S6_WzA2Mj";
    IdentityEvent::Asked(Challenge::Browser {
        address: Text::clean(address),
        unopened: unopened.map(Text::clean),
        until: now.after(Span::from_secs(300)),
    })
}

/// What the provider could not do.
pub(crate) fn trouble() -> Trouble {
    Trouble::new(
        TroubleKind::Unreachable,
        "asking https://id.plana.example for a device code: connection refused",
        "Look whether the provider runs; without it, --break-glass opens the console.",
    )
}

const HINT: [&str; 2] = [
    "You can be maria (senior), ivan (operator), vera (viewer) or office@acme.example (a customer).",
    "password training · code 482913, good for 12 s",
];

/// Brings a console that nobody is signed in to into a state.
type Scene = fn(&mut Journey);

/// Every state, by name.
pub(crate) const SCENES: &[(&str, Scene)] = &[
    ("starting", |_| {}),
    ("resting", |journey| {
        told(journey, IdentityEvent::Ready);
        journey.keys("esc");
    }),
    ("checking", |journey| told(journey, IdentityEvent::Ready)),
    ("prompts", |journey| {
        told(journey, asks(None));
        told(journey, IdentityEvent::Hint(HINT.map(Text::clean).to_vec()));
    }),
    ("prompts, typed", |journey| {
        told(journey, asks(None));
        journey.types("maria").keys("tab").types("training").keys("shift-tab left left");
    }),
    ("prompts, wrong", |journey| {
        told(journey, asks(None));
        told(journey, IdentityEvent::Hint(HINT.map(Text::clean).to_vec()));
        journey.types("maria").keys("tab").types("oops").keys("tab").types("1").keys("enter");
        told(journey, asks(Some("No such user, or not their password.")));
    }),
    ("prompts, a long name", |journey| {
        told(journey, prompts(&[Prompt::User], None));
        journey.types(&"дълго име 日本語 ".repeat(9)).keys("left left left");
    }),
    ("a code, of a person that is known", |journey| {
        told(
            journey,
            IdentityEvent::Asked(Challenge::Prompts {
                title: Text::clean("Authenticator"),
                person: Some(Text::clean("maria")),
                prompts: vec![Prompt::Code],
                wrong: Some(Text::clean(
                    "Invalid token. Please ensure the time on your device is accurate.",
                )),
            }),
        );
        journey.types("123");
    }),
    ("device", |journey| {
        let now = journey.engine.now();
        told(journey, IdentityEvent::Ready);
        journey.keys("ctrl-o");
        told(journey, device(now));
        journey.silence(12);
    }),
    ("device, no longer good", |journey| {
        let now = journey.engine.now();
        told(journey, IdentityEvent::Ready);
        journey.keys("ctrl-o");
        told(journey, device(now));
        journey.silence(60);
    }),
    ("browser", |journey| {
        let now = journey.engine.now();
        told(journey, IdentityEvent::Ready);
        journey.keys("ctrl-o ctrl-o");
        told(journey, browser(now, None));
    }),
    ("browser, not opened", |journey| {
        let now = journey.engine.now();
        told(journey, IdentityEvent::Ready);
        journey.keys("ctrl-o ctrl-o");
        told(journey, browser(now, Some("no program is set to open addresses (xdg-open).")));
    }),
    ("choice", |journey| {
        told(
            journey,
            IdentityEvent::Asked(Challenge::Choice {
                title: Text::clean("Which of your authenticators?"),
                choices: (1..=12).map(|n| Text::clean(&format!("authenticator {n}"))).collect(),
            }),
        );
        journey.keys("down down");
    }),
    ("consent", |journey| {
        told(
            journey,
            IdentityEvent::Asked(Challenge::Consent {
                title: Text::clean("Pulse Console is given these:"),
                permissions: [
                    "OpenID: who you are",
                    "Profile: your name",
                    "Groups: which you are in",
                ]
                .map(Text::clean)
                .to_vec(),
            }),
        );
    }),
    ("failed", |journey| {
        told(journey, IdentityEvent::Ready);
        told(journey, IdentityEvent::Failed(trouble()));
    }),
    ("refused", |journey| {
        let now = journey.engine.now();
        told(journey, IdentityEvent::Ready);
        let mut grant = grant("office@acme.example", "tenant-acme", now);
        grant.person.groups.remove(0);
        told(journey, IdentityEvent::Granted(grant));
    }),
    ("locked", |journey| {
        let now = journey.engine.now();
        told(journey, IdentityEvent::Granted(grant("maria", "plana-seniors", now)));
        journey.start().keys("alt-l").silence(1020);
    }),
    ("locked, coming back", |journey| {
        let now = journey.engine.now();
        told(journey, IdentityEvent::Granted(grant("maria", "plana-seniors", now)));
        journey.start().keys("alt-l").silence(100).keys("enter");
        told(journey, asks(None));
        told(journey, IdentityEvent::Hint(HINT.map(Text::clean).to_vec()));
        journey.types("secret");
    }),
    ("signing out", |journey| {
        let now = journey.engine.now();
        told(journey, IdentityEvent::Granted(grant("maria", "plana-seniors", now)));
        journey.keys("alt-l ctrl-d");
    }),
    ("over", |journey| {
        let now = journey.engine.now();
        told(journey, IdentityEvent::Granted(grant("maria", "plana-seniors", now)));
        journey.start();
        told(journey, IdentityEvent::Over(trouble()));
    }),
];
