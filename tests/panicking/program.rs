//! The real console on a world with a mistake in it, for the test of panics: `panicking feed FILE` shows the training
//! world until `FILE` is there, then its feed panics; with `clock` the clock does, which the thread of the screen asks.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use pulse_console::app::{App, ProfileDanger, Setting};
use pulse_console::domain::{FeedId, Timestamp};
use pulse_console::input::Keymap;
use pulse_console::platform::{Clock, Feed, Platform, Sink, World};
use pulse_console::runtime::appearance::Folders;
use pulse_console::runtime::console::{Appearance, Console, Places, run};
use pulse_console::runtime::operator::{Ground, Operator};
use pulse_console::sim::{Engine, Sim, scenario};
use pulse_console::store::StreamLimits;
use pulse_console::ui::theme::ColorDepth;

/// The training world, and the mistake.
struct Mistaken {
    world: Sim,
    in_feed: bool,
    file: PathBuf,
}

impl Platform for Mistaken {
    fn world(&self) -> World {
        World::Training
    }

    fn feeds(&self) -> Vec<Box<dyn Feed>> {
        let mut feeds = self.world.feeds();
        if self.in_feed {
            feeds.push(Box::new(MistakenFeed(self.file.clone())));
        }
        feeds
    }

    fn clock(&self) -> Arc<dyn Clock> {
        let file = (!self.in_feed).then(|| self.file.clone());
        Arc::new(MistakenClock { clock: self.world.clock(), file })
    }
}

struct MistakenFeed(PathBuf);

impl Feed for MistakenFeed {
    fn ids(&self) -> Vec<FeedId> {
        Vec::new()
    }

    #[expect(clippy::panic, reason = "this is what it is for")]
    fn run(self: Box<Self>, _sink: Sink) -> BoxFuture<'static, ()> {
        Box::pin(async move {
            while !self.0.exists() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            panic!("\u{1b}[5mthe feed lost its mind");
        })
    }
}

struct MistakenClock {
    clock: Arc<dyn Clock>,
    file: Option<PathBuf>,
}

impl Clock for MistakenClock {
    #[expect(clippy::manual_assert, clippy::panic, reason = "this is what it is for")]
    fn now(&self) -> Timestamp {
        let is_main = std::thread::current().name() == Some("main");
        if is_main && self.file.as_ref().is_some_and(|file| file.exists()) {
            panic!("\u{1b}[5mthe clock lost its mind");
        }
        self.clock.now()
    }
}

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let (Some(place), Some(file)) = (words.next(), words.next()) else {
        return ExitCode::from(2);
    };
    let folder = |name: &str| std::env::var_os(name).map(PathBuf::from).unwrap_or_default();
    let folders = Folders {
        themes: folder("XDG_CONFIG_HOME").join("themes"),
        keymaps: folder("XDG_CONFIG_HOME").join("keymaps"),
    };
    let (Ok(scenario), Ok(theme), Ok(keymap)) = (
        scenario::builtin("calm-night"),
        folders.theme("dark", ColorDepth::TrueColor),
        folders.keymap("default"),
    ) else {
        return ExitCode::from(2);
    };
    let setting = Setting {
        profile: "demo".to_owned(),
        danger: ProfileDanger::Training,
        scenario: None,
        zone: chrono_tz::UTC,
        themes: folders.theme_names(),
        read_only: false,
        audit: "{namespace=\"audit-webhook\"}".to_owned(),
    };
    let keymap: Arc<Keymap> = keymap.value;
    let world = Sim::new(Engine::new(&scenario, None), 1.0);
    let operator = Operator::new(&world, true, Ground::default(), "test".into());
    let console = Console {
        operator,
        app: App::new(setting, StreamLimits::default(), keymap, "dark"),
        platform: Arc::new(Mistaken { world, in_feed: place == "feed", file: PathBuf::from(file) }),
        theme: theme.value,
        appearance: Appearance {
            folders,
            keymap: "default".to_owned(),
            depth: ColorDepth::TrueColor,
            mouse: true,
        },
        places: Places {
            recordings: folder("XDG_STATE_HOME").join("pulse-console/recordings"),
            saved: folder("XDG_STATE_HOME").join("pulse-console/saved"),
            log: None,
            mirror: None,
            losses: None,
        },
        identity: None,
        courier: None,
        recorded: 5_000,
    };
    run(console).map_or(ExitCode::FAILURE, ExitCode::from)
}
