//! The training world on the screen, or as one printed frame.

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Arc;

use super::args::{Args, DemoArgs};
use super::glass::{Glass, Opening};
use super::{CliError, output, start};
use crate::app::{App, Msg, ProfileDanger, Setting};
use crate::domain::{Role, Span};
use crate::platform::{Clock, Identity, Platform as _};
use crate::runtime::console::{self, Console, Places};
use crate::runtime::snapshot;
use crate::runtime::trail::Trail;
use crate::session::{Policy, Presence};
use crate::sim::{Engine, Scenario, Sim, people, scenario};

/// The most bytes of a scenario file, 1 MiB.
const LARGEST: u64 = 1024 * 1024;

pub(super) fn run(args: &Args, demo: &DemoArgs) -> Result<u8, CliError> {
    let scenario = find(&demo.scenario)?;
    let reason = args.glass.wanted()?;
    let (loaded, paths) = start::settings(&args.settings)?;
    let dressed = start::dress(args, &loaded, &paths);
    let setting = Setting {
        profile: "demo".to_owned(),
        danger: ProfileDanger::Training,
        scenario: Some(scenario.title().to_string()),
        ..start::setting(&loaded, &dressed)
    };
    let mut engine = Engine::new(&scenario, demo.seed);
    if let Some(role) = demo.signed_in_as {
        engine.act_as(role);
    }
    let trail = Trail::new(paths.trail());
    let settings = &loaded.settings;
    let opening =
        reason.map(|reason| Opening { reason, settings, profile: "demo", kubernetes: None, trail });
    let no_terminal = !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal());
    if args.snapshot.snapshot.is_some() || no_terminal {
        let world = Sim::new(Engine::new(&scenario, demo.seed), 0.0);
        let glass = opening.map(|opening| opening.open(&world)).transpose()?;
        let frame = Frame { loaded: &loaded, dressed: &dressed, setting, glass: glass.as_ref() };
        frame.print(args, demo, engine)?;
        glass.into_iter().for_each(Glass::end);
        if args.snapshot.snapshot.is_none() {
            output::complain(
                "\nThis is one frame, because there is no terminal. For the live screen, run in a terminal: \
                 pulse-console demo",
            );
        }
        return Ok(0);
    }
    let platform = Sim::new(engine, demo.speed);
    let clock = platform.clock();
    let mut app = start::app(&loaded, &dressed, setting, &*clock);
    let identity = if demo.signed_in_as.is_some() { None } else { platform.identity() };
    app.presence = presence(demo, identity.as_deref());
    let glass = opening.map(|opening| opening.open(&platform)).transpose()?;
    let courier = glass.as_ref().and_then(Glass::courier);
    if let Some(glass) = &glass {
        glass.apply(&mut app);
    }
    let identity = identity.filter(|_| glass.is_none());
    let operator = start::operator(&mut app, &platform, settings, &paths)?;
    let console = Console {
        app,
        operator,
        platform: Arc::new(platform),
        theme: dressed.theme,
        appearance: dressed.appearance,
        places: places(&paths),
        recorded: loaded.settings.recorder.kept.value,
        identity,
        courier,
    };
    let result = console::run(console).map_err(CliError::of);
    glass.into_iter().for_each(Glass::end);
    result
}

/// Where things go: this world has no log and no state of its own.
fn places(paths: &crate::config::Paths) -> Places {
    let (recordings, saved) = (start::recordings(paths), paths.saved());
    Places { recordings, saved, log: None, losses: None, mirror: None }
}

/// The rules of the training world.
fn policy() -> Policy {
    Policy {
        staff_group: people::STAFF.to_owned(),
        operator_groups: vec![people::OPERATORS.to_owned()],
        senior_groups: vec![people::SENIORS.to_owned()],
        factors: vec!["mfa".to_owned()],
        lasts: Span::from_secs(12 * 3600),
        locks_after: Some(Span::from_secs(15 * 60)),
    }
}

/// Who is at the console at the start: nobody yet, or whom the command line names.
fn presence(demo: &DemoArgs, identity: Option<&dyn Identity>) -> Presence {
    match (demo.signed_in_as, identity) {
        (Some(role), _) => Presence::unguarded(role),
        (None, Some(identity)) => Presence::guarded(policy(), identity.ways()),
        (None, None) => Presence::unguarded(Role::Senior),
    }
}

fn find(name: &str) -> Result<Scenario, CliError> {
    if !name.contains(['/', '.']) {
        return scenario::builtin(name).map_err(CliError::of);
    }
    let path = Path::new(name);
    let unread = |why: String| CliError(format!("The scenario {name} can't be read: {why}."));
    let size = std::fs::metadata(path).map_err(|error| unread(error.to_string()))?.len();
    if size > LARGEST {
        return Err(unread(format!("it is larger than {} KiB", LARGEST / 1024)));
    }
    let text = std::fs::read_to_string(path).map_err(|error| unread(error.to_string()))?;
    Scenario::parse(name, &text).map_err(CliError::of)
}

/// A clock that stands still.
struct Standing(crate::domain::Timestamp);

impl Clock for Standing {
    fn now(&self) -> crate::domain::Timestamp {
        self.0
    }
}

struct Frame<'a> {
    loaded: &'a crate::config::Loaded,
    dressed: &'a start::Dressed,
    setting: Setting,
    glass: Option<&'a Glass>,
}

impl Frame<'_> {
    fn print(self, args: &Args, demo: &DemoArgs, mut engine: Engine) -> Result<(), CliError> {
        let mut observations = engine.start();
        observations.extend(engine.advance(Span::from_secs(demo.after)));
        self.dressed.warnings.iter().for_each(|warning| output::complain(warning));
        let clock = Standing(engine.now());
        let mut app: App = start::app(self.loaded, self.dressed, self.setting, &clock);
        // A frame is of a console that somebody is signed in to.
        app.presence = presence(demo, None);
        self.glass.iter().for_each(|glass| glass.apply(&mut app));
        let (width, height) = args.snapshot.size;
        drop(app.update(clock.now(), Msg::Resize(width, height)));
        drop(app.update(clock.now(), Msg::Observed(observations)));
        drop(app.update(clock.now(), Msg::Tick));
        app.screen.pane = args.snapshot.snapshot.unwrap_or(app.screen.pane);
        app.settle();
        start::press(&mut app, &args.snapshot.keys, &clock)?;
        let seen = engine.look(&app.attention());
        drop(app.update(clock.now(), Msg::Observed(seen)));
        let buffer = snapshot::frame(&mut app, &self.dressed.theme);
        output::say(&snapshot::print(&buffer, args.snapshot.format));
        Ok(())
    }
}
