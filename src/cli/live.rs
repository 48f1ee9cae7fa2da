//! The live platform of a profile on the screen, or as one printed frame.

use std::io::IsTerminal as _;
use std::sync::Arc;
use std::time::Duration;

use super::args::Args;
use super::glass::{self, Opening};
use super::start::Dressed;
use super::{CliError, output, start};
use crate::app::{App, Msg};
use crate::config::{Loaded, Paths};
use crate::live::Live;
use crate::platform::{Clock as _, Platform};
use crate::runtime::console::{self, Console, Places};
use crate::runtime::trail::Trail;
use crate::runtime::{WallClock, log, snapshot, told};
use crate::store::table::TableId;
use crate::store::{Freshness, feeds_of};

pub(super) fn run(args: &Args) -> Result<u8, CliError> {
    let (mut loaded, paths) = start::settings(&args.settings)?;
    let reason = args.glass.wanted()?;
    if reason.is_some() {
        glass::without_provider(&mut loaded.settings);
    }
    let mut dressed = start::dress(args, &loaded, &paths);
    let settings = &loaded.settings;
    let log_file = settings.log.file.value.clone();
    // The client library logs each failed request; the feeds say it once, with what to do.
    let level = format!("{},kube_client=off", settings.log.level.value.word());
    let log = log::init(&log_file, &level);
    if let Err(error) = &log {
        dressed.warnings.push(format!("There is no log this time: {error}"));
    }
    let live = live(&loaded, &paths);
    let kubernetes = reason.as_ref().and_then(|_| live.kubeconfig_user());
    // One frame shows what is there now, not what the last run saw.
    let live = if args.snapshot.snapshot.is_some() {
        live
    } else {
        live.keeping(paths.cache(), &settings.profile.value)
    };
    let platform: Arc<dyn Platform> = Arc::new(live);
    let mut app = start::app(&loaded, &dressed, start::setting(&loaded, &dressed), &WallClock);
    if args.snapshot.snapshot.is_none() {
        needs_terminal()?;
    }
    let identity = platform.identity();
    app.presence = start::presence(settings, identity.as_deref());
    let trail = Trail::new(paths.trail());
    let profile = &settings.profile.value;
    let glass = match reason {
        None => None,
        Some(reason) => {
            let trail = trail.clone();
            let opening = Opening { reason, settings, profile, kubernetes, trail };
            Some(opening.open(&*platform)?)
        }
    };
    let courier = match &glass {
        Some(glass) => {
            glass.apply(&mut app);
            glass.courier()
        }
        None => glass::courier(&*platform, &trail, profile),
    };
    let result = match args.snapshot.snapshot {
        Some(pane) => print(args, pane, app, &platform, &dressed),
        None => {
            let places = Places {
                recordings: start::recordings(&paths),
                saved: paths.saved(),
                log: log.is_ok().then_some(log_file),
            };
            let recorded = settings.recorder.kept.value;
            let Dressed { theme, appearance, .. } = dressed;
            console::run(Console {
                app,
                platform,
                theme,
                appearance,
                places,
                recorded,
                identity,
                courier,
            })
            .map_err(CliError::of)
        }
    };
    if let Some(glass) = glass {
        glass.end();
    }
    result
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

fn live(loaded: &Loaded, paths: &Paths) -> Live {
    let settings = &loaded.settings;
    let cursor = format!("{}.json", settings.profile.value);
    Live::new(settings, paths.cursors().join(cursor), Arc::new(WallClock))
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
