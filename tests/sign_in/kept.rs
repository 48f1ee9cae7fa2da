//! What is kept of a sign-in: a recording that plays again, and no secret anywhere.

use std::fmt::Write as _;
use std::path::Path;

use pulse_console::app::{Effect, Msg};
use pulse_console::input::parse_keys;
use pulse_console::platform::{Answer, IdentityEvent, Order, Prompt, Secret};
use pulse_console::runtime::recorder::Recorder;
use pulse_console::runtime::replay::{Player, Recording};
use pulse_console::runtime::snapshot::{Format, print};
use pulse_console::ui::theme::ColorDepth;

use crate::journey::{self, Journey};
use crate::scenes::{WAYS, asks, device, grant, prompts, signed_out};

/// What nobody may find.
const PASSWORD: &str = "Tr0ub4dor";
const PASTED: &str = "correct-horse";
const CODE: &str = "738291";
const AHEAD: &str = "typed-ahead";

/// A console whose messages are recorded, and everything of it that anybody could see.
struct Watched {
    journey: Journey,
    recorder: Recorder,
    screens: Vec<String>,
    seen: String,
}

impl Watched {
    fn new() -> Self {
        let journey = signed_out(&WAYS);
        let recorder = Recorder::new(&journey.app.setting, 10_000);
        Self { journey, recorder, screens: Vec::new(), seen: String::new() }
    }

    fn send(&mut self, msg: Msg) -> Vec<Effect> {
        self.recorder.keep(&self.journey.app, self.journey.engine.now(), &msg);
        writeln!(self.seen, "{msg:?}").expect("a string takes everything");
        let effects = self.journey.app.update(self.journey.engine.now(), msg);
        self.recorder.settled();
        self.journey.app.settle();
        let notices = &self.journey.app.notices;
        writeln!(self.seen, "{effects:?}\n{notices:?}").expect("a string takes everything");
        self.screens.push(self.journey.screen());
        effects
    }

    fn types(&mut self, text: &str) {
        for c in text.chars() {
            let key = crossterm::event::KeyEvent::from(crossterm::event::KeyCode::Char(c));
            drop(self.send(Msg::Key(key)));
        }
    }

    fn keys(&mut self, keys: &str) -> Vec<Effect> {
        let chords = parse_keys(keys).expect("keys");
        chords.into_iter().flat_map(|chord| self.send(Msg::Key(chord.event()))).collect()
    }

    fn told(&mut self, event: IdentityEvent) {
        drop(self.send(Msg::Identity(event)));
    }

    /// Signs maria in, with everything secret that there is.
    fn sign_in(&mut self) {
        self.told(IdentityEvent::Ready);
        self.types(AHEAD);
        self.told(asks(None));
        self.types("maria");
        drop(self.keys("tab"));
        self.types(PASSWORD);
        drop(self.keys("left backspace ctrl-e"));
        drop(self.send(Msg::Paste(format!("{PASTED}\u{202e}\r\n"))));
        drop(self.keys("tab"));
        self.types(CODE);
        let effects = self.keys("enter");
        let [Effect::Identity(Order::Answer(Answer::Typed(typed)))] = effects.as_slice() else {
            panic!("no answer but {effects:?}");
        };
        let typed: Vec<&str> = typed.iter().map(Secret::expose).collect();
        assert_eq!(typed, ["maria", &format!("Tr0ub4dr{PASTED}"), CODE], "they were typed");
        self.types(AHEAD);
        self.told(asks(Some("That is not the code shown now.")));
        drop(self.send(Msg::Paste(PASTED.to_owned())));
        drop(self.keys("enter"));
        self.types(CODE);
        drop(self.keys("enter"));
        let now = self.journey.engine.now();
        self.told(IdentityEvent::Granted(grant("maria", "plana-seniors", now)));
    }

    fn recording(&self, folder: &Path) -> std::path::PathBuf {
        self.recorder.save(folder, self.journey.engine.now()).expect("a recording")
    }
}

#[test]
fn no_secret_is_anywhere() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut watched = Watched::new();
    watched.sign_in();
    let file = std::fs::read_to_string(watched.recording(folder.path())).expect("a recording");
    // The letters of the keys in the recording: what could be seen, and the key that goes to the end of the line.
    let letters = file.split("{\"Char\":\"").skip(1).filter_map(|rest| rest.chars().next());
    let letters: String = letters.filter(|letter| *letter != '*').collect();
    assert_eq!(letters, "mariae", "what could be seen is kept");
    let screens = watched.screens.join("\n");
    for secret in [PASSWORD, "Tr0ub4dr", PASTED, CODE, AHEAD] {
        for (what, text) in [("recording", &file), ("screens", &screens), ("told", &watched.seen)] {
            assert!(!text.contains(secret), "{secret} is in the {what}");
        }
    }
    let page = format!("{:?}", watched.journey.app.sign_in_page());
    assert!(!page.contains("maria"), "{page}");
}

#[test]
fn a_recording_of_a_sign_in_shows_the_same_screens_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut watched = Watched::new();
    watched.sign_in();
    let told = watched.journey.engine.start();
    drop(watched.send(Msg::Observed(told)));
    drop(watched.keys("2 j / t a enter alt-l"));
    watched.told(prompts(&[Prompt::Password], None));
    drop(watched.keys("enter"));
    watched.told(prompts(&[Prompt::Password], None));
    watched.types(PASSWORD);
    drop(watched.keys("enter"));
    let now = watched.journey.engine.now();
    watched.told(IdentityEvent::Granted(grant("maria", "plana-seniors", now)));
    // Away for too long.
    drop(watched.journey.engine.advance(pulse_console::domain::Span::from_secs(1000)));
    drop(watched.send(Msg::Tick));
    drop(watched.keys("enter ctrl-o"));
    let now = watched.journey.engine.now();
    watched.told(device(now));

    let path = watched.recording(folder.path());
    let recording = Recording::read(&path).expect("a recording");
    assert_eq!(recording.len(), watched.screens.len());
    let setting = watched.journey.app.setting.clone();
    let mut player = Player::new(recording, setting, journey::keymap("default"));
    let theme = journey::theme("dark", ColorDepth::TrueColor);
    for (number, screen) in watched.screens.iter().enumerate() {
        player.go(number + 1);
        assert_eq!(&print(&player.frame(&theme), Format::Text), screen, "after {}", number + 1);
    }
}

#[test]
fn a_recording_holds_nothing_of_who_was_there_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut watched = Watched::new();
    watched.sign_in();
    let observed = watched.journey.engine.start();
    drop(watched.send(Msg::Observed(observed)));
    watched.journey.keys("2");
    let tenant = watched.journey.names().first().expect("a tenant").clone();
    let file = |watched: &Watched| {
        std::fs::read_to_string(watched.recording(folder.path())).expect("a recording")
    };
    assert!(file(&watched).contains(&tenant));
    drop(watched.keys("alt-l ctrl-d"));
    watched.told(IdentityEvent::SignedOut(None));
    assert!(!file(&watched).contains(&tenant));
}
