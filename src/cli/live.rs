//! The live platform of a profile on the screen, or as one printed frame.

use std::io::IsTerminal as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::args::Args;
use super::glass::{self, Glass, Opening};
use super::session::Visit;
use super::start::Dressed;
use super::{CliError, log, output, start};
use crate::app::{App, Msg};
use crate::config::{Loaded, Paths, Settings};
use crate::domain::Text;
use crate::live::Live;
use crate::platform::{Clock as _, Platform};
use crate::runtime::console::{self, Console, Places};
use crate::runtime::log::LogGuard;
use crate::runtime::mirror::Mirror;
use crate::runtime::trail::Trail;
use crate::runtime::{WallClock, snapshot, told};
use crate::store::table::TableId;
use crate::store::{Freshness, feeds_of};

pub(super) fn run(args: &Args) -> Result<u8, CliError> {
    let (loaded, paths, reason) = settings(args)?;
    let mut dressed = start::dress(args, &loaded, &paths);
    let settings = &loaded.settings;
    let log = begin_log(settings, &mut dressed);
    let (platform, kubernetes) = world(args, &loaded, &paths);
    let mut app = start::app(&loaded, &dressed, start::setting(&loaded, &dressed), &WallClock);
    if args.snapshot.snapshot.is_none() {
        needs_terminal()?;
    }
    let identity = platform.identity();
    app.presence = start::presence(settings, identity.as_deref());
    let identity = match (args.snapshot.snapshot, identity) {
        (Some(pane), Some(identity)) => {
            let visit = Visit::of(identity, settings, Arc::new(WallClock))?;
            app.presence = visit.presence();
            let printed = print(args, pane, app, &platform, &dressed);
            visit.end();
            return printed;
        }
        (_, identity) => identity,
    };
    let operator = start::operator(&mut app, &*platform, settings, &paths)?;
    let trail = Trail::new(paths.trail());
    let profile = &settings.profile.value;
    let opening = reason.map(|reason| Opening {
        reason,
        settings,
        profile,
        kubernetes,
        trail: trail.clone(),
    });
    let glass = opening.map(|opening| opening.open(&*platform)).transpose()?;
    let courier = match &glass {
        Some(glass) => {
            glass.apply(&mut app);
            glass.courier()
        }
        None => glass::courier(&*platform, &trail, profile),
    };
    let result = if let Some(pane) = args.snapshot.snapshot {
        print(args, pane, app, &platform, &dressed)
    } else {
        let places = places(&paths, profile, log.as_ref());
        let Dressed { theme, appearance, .. } = dressed;
        console::run(Console {
            app,
            operator,
            platform,
            theme,
            appearance,
            places,
            recorded: settings.recorder.kept.value,
            identity,
            courier,
        })
        .map_err(CliError::of)
    };
    glass.into_iter().for_each(Glass::end);
    result
}

fn places(paths: &Paths, profile: &str, log: Option<&(LogGuard, PathBuf)>) -> Places {
    let (losses, log) = log.map(|(guard, file)| (guard.losses(), file.clone())).unzip();
    let mirror = Some(Mirror::of(&paths.mirrors(), profile));
    Places { recordings: start::recordings(paths), saved: paths.saved(), log, losses, mirror }
}

/// The settings in force, and why the glass is to be broken, if it is.
fn settings(args: &Args) -> Result<(Loaded, Paths, Option<Text>), CliError> {
    let (mut loaded, paths) = start::settings(&args.settings)?;
    let reason = args.glass.wanted()?;
    if reason.is_some() {
        glass::without_provider(&mut loaded.settings);
    }
    if args.snapshot.snapshot.is_some() {
        // Nobody can sign in on a frame: the session is one that was kept.
        loaded.settings.identity.keyring.value = true;
    }
    Ok((loaded, paths, reason))
}

/// Begins the log; gives its file, when there is one.
fn begin_log(settings: &Settings, dressed: &mut Dressed) -> Option<(LogGuard, PathBuf)> {
    let begun = log::begin(settings);
    begun.map_err(|error| dressed.warnings.push(format!("There is no log this time: {error}"))).ok()
}

fn needs_terminal() -> Result<(), CliError> {
    if !(std::io::stdin().is_terminal() && std::io::stdout().is_terminal()) {
        return Err(CliError(
            "The console needs a terminal. For one frame without one: pulse-console --snapshot tenants"
                .to_owned(),
        ));
    }
    Ok(())
}

/// The live platform, and as whom the kubeconfig asks it where the glass is to be broken.
fn world(args: &Args, loaded: &Loaded, paths: &Paths) -> (Arc<dyn Platform>, Option<Text>) {
    let settings = &loaded.settings;
    let cursor = format!("{}.json", settings.profile.value);
    let live = Live::new(settings, paths.cursors().join(cursor), Arc::new(WallClock));
    let kubernetes = if args.glass.break_glass { live.kubeconfig_user() } else { None };
    // One frame shows what is there now, not what the last run saw.
    let live = if args.snapshot.snapshot.is_some() {
        live
    } else {
        live.keeping(paths.cache(), &settings.profile.value)
    };
    (Arc::new(live), kubernetes)
}

/// Waits until the pane's feeds have told all there is, or say that they can't, and prints one frame.
fn print(
    args: &Args,
    pane: TableId,
    mut app: App,
    platform: &Arc<dyn Platform>,
    dressed: &start::Dressed,
) -> Result<u8, CliError> {
    dressed.warnings.iter().for_each(|warning| output::complain(warning));
    let (width, height) = args.snapshot.size;
    drop(app.update(WallClock.now(), Msg::Resize(width, height)));
    app.screen.pane = pane;
    let ready = |app: &App| {
        feeds_of(pane)
            .iter()
            .all(|feed| !matches!(app.store.feeds().get(*feed).freshness, Freshness::Syncing(_)))
    };
    let limit = Duration::from_secs(u64::from(args.snapshot.wait));
    told::until(platform, limit, |observations| {
        drop(app.update(WallClock.now(), Msg::Observed(observations)));
        ready(&app)
    })
    .map_err(CliError::of)?;
    drop(app.update(WallClock.now(), Msg::Tick));
    app.settle();
    start::press(&mut app, &args.snapshot.keys, &WallClock)?;
    let buffer = snapshot::frame(&mut app, &dressed.theme);
    output::say(&snapshot::print(&buffer, args.snapshot.format));
    // On the overview a feed in trouble is a row like others.
    let rows = if pane == TableId::Overview { &[] } else { feeds_of(pane) };
    let failed = rows.iter().find_map(|feed| {
        let trouble = app.store.feeds().get(*feed).freshness.trouble();
        trouble.map(|why| format!("{feed}: {why}"))
    });
    if let Some(why) = &failed {
        output::complain(why);
    }
    Ok(u8::from(failed.is_some() || !ready(&app)))
}
