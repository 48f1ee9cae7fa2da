//! What every way into the console needs: settings, theme, key map.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::PathBuf;
use std::sync::Arc;

use super::CliError;
use super::args::{Args, SettingsArgs};
use crate::app::{App, Importance, Msg, ProfileDanger, Setting};
use crate::config::{self, Danger, Environment, Loaded, Paths, Settings, Sources};
use crate::domain::Text;
use crate::input::{self, parse_keys};
use crate::operation;
use crate::platform::{Clock, Platform};
use crate::runtime::appearance::{self, AppearanceError, Folders, terminal_depth};
use crate::runtime::console::Appearance;
use crate::runtime::machine;
use crate::runtime::operator::{self, Ground, Operator};
use crate::runtime::snapshot::Format;
use crate::store::StreamLimits;
use crate::ui::theme::{ColorDepth, Theme};
#[cfg(feature = "live")]
use crate::{
    domain::Span,
    platform::Identity,
    session::{Policy, Presence},
};

/// Loads the settings that the command line asks for.
pub(super) fn settings(args: &SettingsArgs) -> Result<(Loaded, Paths), CliError> {
    let env = Environment::of_process();
    let paths = Paths::find(&env).map_err(CliError::of)?;
    let flags = flags(args)?;
    let sources = Sources { file: args.config.clone(), env, flags, paths: paths.clone() };
    let loaded = config::load(&sources).map_err(CliError::of)?;
    Ok((loaded, paths))
}

fn flags(args: &SettingsArgs) -> Result<Vec<(String, String)>, CliError> {
    let named = [
        ("profile", &args.profile),
        ("ui.theme", &args.theme),
        ("ui.keymap", &args.keymap),
        ("kubernetes.kubeconfig", &args.kubeconfig),
        ("kubernetes.context", &args.context),
    ];
    let mut flags: Vec<(String, String)> = named
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value.clone()?)))
        .collect();
    if args.read_only {
        flags.push(("read_only".to_owned(), "true".to_owned()));
    }
    for assignment in &args.set {
        flags.push(config::parse_assignment(assignment).map_err(CliError::of)?);
    }
    Ok(flags)
}

/// The largest template of a manifest that is read, 64 KiB.
const TEMPLATE_MAX: u64 = 64 * 1024;

/// What plans go by: what the platform is like, and the templates, the operator's own before the built-in ones.
pub(super) fn plans(
    settings: &Settings,
    paths: &Paths,
) -> Result<(operation::Shape, operation::Manifests), CliError> {
    let shape = operation::Shape::of(settings).map_err(CliError::of)?;
    let mut manifests = operation::Manifests::default();
    for name in operation::Manifests::names() {
        let file = paths.manifests().join(format!("{name}.yaml"));
        let mut source = String::new();
        let read = File::open(&file)
            .and_then(|file| file.take(TEMPLATE_MAX + 1).read_to_string(&mut source));
        match read {
            Ok(_) => manifests.replace(name, source).map_err(CliError::of)?,
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => {
                let what = format!("The template {} can't be read: {error}.", file.display());
                return Err(CliError(what));
            }
        }
    }
    Ok((shape, manifests))
}

/// What makes and runs plans of `platform`; tells `app` whether it can, and who is here where nobody signs in.
pub(super) fn operator(
    app: &mut App,
    platform: &dyn Platform,
    settings: &Settings,
    paths: &Paths,
) -> Result<Operator, CliError> {
    let (shape, manifests) = plans(settings, paths)?;
    let opener = machine::opener(&Environment::of_process(), None);
    let name = operator::console_name(&opener);
    let retention = operation::Retention::of(settings);
    let ground = Ground { shape, manifests, retention };
    let operator = Operator::new(platform, settings.read_only.value, ground, name);
    app.equip(operator.is_able(), Text::clean(&opener.name()));
    Ok(operator)
}

/// How the console looks and is driven, and what looks wrong about it.
pub(super) struct Dressed {
    pub(super) appearance: Appearance,
    pub(super) theme: Theme,
    pub(super) theme_name: String,
    pub(super) keymap: Arc<input::Keymap>,
    pub(super) warnings: Vec<String>,
}

/// Loads the theme and the key map. A bad file of the operator's own does not keep the console from starting:
/// the built-in one is used, and that is said.
pub(super) fn dress(args: &Args, loaded: &Loaded, paths: &Paths) -> Dressed {
    let ui = &loaded.settings.ui;
    let folders = Folders { themes: paths.themes(), keymaps: paths.keymaps() };
    let picture = args.snapshot.snapshot.is_some() && args.snapshot.format == Format::Svg;
    let depth = depth(ui.color.value, picture);
    let mut warnings: Vec<String> = loaded.warnings.iter().map(ToString::to_string).collect();
    let mut theme_name = ui.theme.value.clone();
    let theme = folders.theme(&theme_name, depth).or_else(|error| {
        warnings.push(format!("{error} The theme is dark instead."));
        "dark".clone_into(&mut theme_name);
        folders.theme("dark", depth)
    });
    let theme = taken(theme, &mut warnings);
    let mut keymap_name = ui.keymap.value.clone();
    let keymap = folders.keymap(&keymap_name).or_else(|error| {
        warnings.push(format!("{error} The keys are the default ones instead."));
        "default".clone_into(&mut keymap_name);
        folders.keymap("default")
    });
    let keymap = taken(keymap, &mut warnings);
    let appearance = Appearance { folders, keymap: keymap_name, depth, mouse: ui.mouse.value };
    Dressed { appearance, theme, theme_name, keymap, warnings }
}

/// What was loaded, its warnings kept; a bare default when even the built-in one can't be had.
fn taken<T: Default>(
    loaded: Result<appearance::Loaded<T>, AppearanceError>,
    warnings: &mut Vec<String>,
) -> T {
    match loaded {
        Ok(loaded) => {
            warnings.extend(loaded.warnings);
            loaded.value
        }
        Err(error) => {
            warnings.push(error.to_string());
            T::default()
        }
    }
}

/// How many colours to use: a picture has all of them, whatever the terminal has.
fn depth(color: config::ColorDepth, picture: bool) -> ColorDepth {
    match color {
        config::ColorDepth::Auto if picture => ColorDepth::TrueColor,
        config::ColorDepth::Auto => terminal_depth(|name| std::env::var(name).ok()),
        config::ColorDepth::TrueColor => ColorDepth::TrueColor,
        config::ColorDepth::Indexed256 => ColorDepth::Indexed256,
        config::ColorDepth::Named16 => ColorDepth::Ansi16,
        config::ColorDepth::None => ColorDepth::None,
    }
}

/// The app at start, with everything that looks wrong said.
pub(super) fn app(loaded: &Loaded, dressed: &Dressed, setting: Setting, clock: &dyn Clock) -> App {
    let events = &loaded.settings.events;
    let limits = StreamLimits { entries: events.kept.value, bytes: events.kept_bytes.value.0 };
    let keymap = Arc::clone(&dressed.keymap);
    let mut app = App::new(setting, limits, keymap, &dressed.theme_name);
    match super::args::table(&loaded.settings.ui.pane) {
        Ok(table) => app.screen.pane = table,
        Err(why) => {
            let text = format!("ui.pane is \"{}\". {why}", loaded.settings.ui.pane.value);
            drop(app.update(clock.now(), Msg::Say(Importance::Warning, text)));
        }
    }
    for warning in &dressed.warnings {
        drop(app.update(clock.now(), Msg::Say(Importance::Warning, warning.clone())));
    }
    app
}

/// What is shown of the setting.
pub(super) fn setting(loaded: &Loaded, dressed: &Dressed) -> Setting {
    let settings = &loaded.settings;
    Setting {
        profile: settings.profile.value.clone(),
        danger: match settings.danger.value {
            Danger::Production => ProfileDanger::Production,
            Danger::Staging => ProfileDanger::Staging,
            Danger::Local => ProfileDanger::Local,
            Danger::Training => ProfileDanger::Training,
        },
        scenario: None,
        zone: settings.ui.time_zone.value,
        themes: dressed.appearance.folders.theme_names(),
        read_only: settings.read_only.value,
        audit: settings.loki.audit.value.clone(),
    }
}

/// Who is at the console at the start: nobody yet, where there is a provider to sign in at.
#[cfg(feature = "live")]
pub(super) fn presence(settings: &Settings, identity: Option<&dyn Identity>) -> Presence {
    let Some(identity) = identity else {
        return Presence::unguarded(super::glass::role_without(settings));
    };
    Presence::guarded(policy(settings), identity.ways())
}

/// The rules of the profile of `settings`.
#[cfg(feature = "live")]
pub(super) fn policy(settings: &Settings) -> Policy {
    let of = &settings.identity;
    let minutes = |count: u32| Span::from_secs(u64::from(count) * 60);
    let words = |text: &str| -> Vec<String> {
        text.split(',').map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    };
    Policy {
        staff_group: of.staff_group.value.clone(),
        operator_groups: words(&of.operator_groups.value),
        senior_groups: words(&of.senior_groups.value),
        factors: words(&of.factors.value),
        lasts: minutes(of.lasts.value),
        locks_after: (of.locks_after.value > 0).then(|| minutes(of.locks_after.value)),
    }
}

/// Presses `keys`, each drawn before the next, as an operator would.
pub(super) fn press(app: &mut App, keys: &str, clock: &dyn Clock) -> Result<(), CliError> {
    if keys.trim().is_empty() {
        return Ok(());
    }
    for chord in parse_keys(keys).map_err(CliError::of)? {
        drop(app.update(clock.now(), Msg::Key(chord.event())));
        app.settle();
    }
    Ok(())
}

/// The folder of the recordings.
pub(super) fn recordings(paths: &Paths) -> PathBuf {
    paths.recordings()
}
