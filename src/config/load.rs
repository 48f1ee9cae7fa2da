//! Loading: the table's defaults, then the file, its profile, the variables, the flags.
//!
//! Everything is read before anything is refused, so that all problems come in one message. Every
//! profile of the file is checked, not only the chosen one.

use std::borrow::Cow;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::bounded::{ReadFault, open_regular, read_bounded};
use super::document::{Document, Parsed};
use super::error::{ConfigError, Fault, Place, Problem, Warning, bare};
use super::keys::{CONFIG_VARIABLE, KEYS, Key, Rule};
use super::settings::{Origin, Settings};
use super::value::{Base, Raw};
use super::{Environment, Paths};
use crate::domain::nearest;

/// Bytes of a settings file.
const LARGEST: usize = 1 << 20;
/// The profile that exists without being written.
const BUILT_IN: &str = "default";
/// Profiles that a message lists.
const LISTED: usize = 20;

/// What settings are made from.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The file named by a flag; it must exist.
    pub file: Option<PathBuf>,
    /// The variables of the process.
    pub env: Environment,
    /// The `--set` flags in order, as key and value; the last of equals wins.
    pub flags: Vec<(String, String)>,
    /// The folders of the console.
    pub paths: Paths,
}

/// What came of it.
#[derive(Debug)]
pub struct Loaded {
    /// The settings in force.
    pub settings: Settings,
    /// What looks wrong.
    pub warnings: Vec<Warning>,
    /// The file that was read; absent when there is none.
    pub path: Option<PathBuf>,
    /// The profiles of the file, by name.
    pub profiles: Vec<String>,
}

/// Loads the settings. Reads one file of at most 1 MiB and nothing else.
///
/// # Errors
/// When a file that was asked for is missing or can't be read, or when anything in the file, the
/// variables or the flags is wrong; then with all that is wrong.
pub fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let found = Found::read(sources)?;
    let path = found.as_ref().map(|found| Arc::<Path>::from(found.path.as_path()));
    let text = found.as_ref().map_or("", |found| found.text.as_str());
    let place: &Path = path.as_deref().unwrap_or(Path::new(""));
    let parsed = Parsed::parse(text, place).map_err(ConfigError::Invalid)?;
    let mut document = parsed.document(place);

    let mut assignments = of_file(&document, path.as_ref());
    let mut loader = Loader {
        settings: Settings::defaults(&sources.paths),
        problems: std::mem::take(&mut document.problems),
        home: sources.paths.home(),
        folder: place.parent(),
    };
    assignments.extend(of_environment(&sources.env));
    assignments.extend(loader.of_flags(&sources.flags));
    loader.apply_all(&assignments, &document, path.as_ref());

    let Loader { settings, mut problems, .. } = loader;
    if !problems.is_empty() {
        problems.sort_by(|one, other| one.place.cmp(&other.place));
        return Err(ConfigError::Invalid(problems));
    }
    let mut warnings: Vec<_> = found.iter().filter_map(Found::warning).collect();
    warnings.extend(unknown_variables(&sources.env, &assignments));
    Ok(Loaded {
        settings,
        warnings,
        path: found.as_ref().map(|found| found.path.clone()),
        profiles: document.profiles.iter().map(|(name, _)| (*name).to_owned()).collect(),
    })
}

/// Splits the text of a `--set` flag at its first `=`.
///
/// # Errors
/// When there is none.
pub fn parse_assignment(text: &str) -> Result<(String, String), ConfigError> {
    match text.split_once('=') {
        Some((key, value)) => Ok((key.trim().to_owned(), value.trim().to_owned())),
        None => Err(ConfigError::NotAnAssignment(text.to_owned())),
    }
}

/// The settings file as it was found.
struct Found {
    path: PathBuf,
    text: String,
    writable_by_anyone: bool,
}

impl Found {
    /// The file of the flag, of the variable, or at the default place; only the last may be absent.
    fn read(sources: &Sources) -> Result<Option<Self>, ConfigError> {
        let variable = sources.env.get(CONFIG_VARIABLE).map(PathBuf::from);
        let (path, named_by) = match (&sources.file, variable) {
            (Some(path), _) => (path.clone(), Some("--config")),
            (None, Some(path)) => (path, Some(CONFIG_VARIABLE)),
            (None, None) => (sources.paths.config_file(), None),
        };
        match (Self::open(&path), named_by) {
            (Ok(found), _) => Ok(Some(found)),
            (Err(ReadFault::Missing), None) => Ok(None),
            (Err(ReadFault::Missing), Some(named_by)) => {
                Err(ConfigError::Missing { path, named_by })
            }
            (Err(fault), _) => Err(ConfigError::Unreadable { path, reason: reason(fault) }),
        }
    }

    fn open(path: &Path) -> Result<Self, ReadFault> {
        let (file, metadata) = open_regular(path)?;
        let bytes = read_bounded(file, LARGEST)?;
        let text = std::str::from_utf8(&bytes).map_err(|error| {
            let line =
                bytes.iter().take(error.valid_up_to()).filter(|byte| **byte == b'\n').count();
            std::io::Error::other(format!("line {} is not UTF-8 text", line + 1))
        })?;
        let writable_by_anyone = metadata.mode() & 0o002 != 0;
        Ok(Self { path: path.to_owned(), text: text.to_owned(), writable_by_anyone })
    }

    fn warning(&self) -> Option<Warning> {
        let path = || self.path.display().to_string();
        self.writable_by_anyone.then(|| Warning::WritableByAnyone { path: path() })
    }
}

fn reason(fault: ReadFault) -> String {
    match fault {
        ReadFault::Missing => "it does not exist".to_owned(),
        ReadFault::NotRegular => "it is not a regular file".to_owned(),
        ReadFault::TooLarge => "it is larger than 1 MiB".to_owned(),
        ReadFault::Io(error) => error.to_string(),
    }
}

/// A value for a setting, and who gives it.
struct Assignment<'a> {
    key: &'static Key,
    raw: Raw<'a>,
    /// The profile it is for; absent: for whichever is chosen.
    profile: Option<&'a str>,
    origin: Origin,
}

/// The settings of the file, those of profiles last because they win.
fn of_file<'a>(document: &Document<'a>, path: Option<&Arc<Path>>) -> Vec<Assignment<'a>> {
    let Some(path) = path else { return Vec::new() };
    let assignment = |entry: &super::document::Entry<'a>| Assignment {
        key: entry.key,
        raw: Raw::Toml(entry.value),
        profile: entry.profile,
        origin: Origin::File { path: Arc::clone(path), line: entry.line },
    };
    let mut assignments: Vec<_> = document.entries.iter().map(assignment).collect();
    assignments.sort_by_key(|assignment| assignment.profile.is_some());
    assignments
}

fn of_environment(environment: &Environment) -> impl Iterator<Item = Assignment<'_>> {
    environment.names().filter_map(|name| {
        let key = KEYS.iter().find(|key| key.variable() == name)?;
        let raw = Raw::Variable { name, text: environment.get(name)? };
        Some(Assignment { key, raw, profile: None, origin: Origin::Env(name.to_owned()) })
    })
}

struct Loader<'a> {
    settings: Settings,
    problems: Vec<Problem>,
    home: Option<&'a Path>,
    folder: Option<&'a Path>,
}

impl Loader<'_> {
    fn of_flags<'f>(&mut self, flags: &'f [(String, String)]) -> Vec<Assignment<'f>> {
        let mut assignments = Vec::new();
        for (path, text) in flags {
            let origin = Origin::Flag(path.clone());
            match Key::find(path) {
                Some(key) => {
                    assignments.push(Assignment {
                        key,
                        raw: Raw::Text(text),
                        profile: None,
                        origin,
                    });
                }
                None => self.problem(&origin, unknown_flag(path)),
            }
        }
        assignments
    }

    /// Chooses the profile, then applies what is for it and checks what is for others.
    fn apply_all(
        &mut self,
        assignments: &[Assignment<'_>],
        document: &Document<'_>,
        path: Option<&Arc<Path>>,
    ) {
        let (choosing, others): (Vec<_>, Vec<_>) =
            assignments.iter().partition(|assignment| assignment.key.path == "profile");
        for assignment in choosing {
            self.apply(assignment);
        }
        self.choose_profile(document, path);
        let chosen = self.settings.profile.value.clone();
        let mut unused = Settings::unset();
        for assignment in others {
            if assignment.profile.is_some_and(|profile| profile != chosen) {
                std::mem::swap(&mut self.settings, &mut unused);
                self.apply(assignment);
                std::mem::swap(&mut self.settings, &mut unused);
            } else {
                self.apply(assignment);
            }
        }
    }

    fn apply(&mut self, assignment: &Assignment<'_>) {
        let Assignment { key, raw, origin, .. } = assignment;
        let in_file = matches!(origin, Origin::File { .. });
        let base = Base { home: self.home, folder: self.folder.filter(|_| in_file) };
        if let Err(refusal) = key.set(&mut self.settings, *raw, &base, origin.clone()) {
            self.problem(origin, Fault::Refused { key: key.path, refusal });
        }
    }

    /// Without a choice: the profile `default`, else the only one of the file.
    fn choose_profile(&mut self, document: &Document<'_>, path: Option<&Arc<Path>>) {
        let name = self.settings.profile.value.as_str();
        let profiles = &document.profiles;
        if profiles.iter().any(|(known, _)| *known == name) {
            return;
        }
        let file = |line| path.map(|path| Origin::File { path: Arc::clone(path), line });
        if self.settings.profile.origin != Origin::Default {
            if name != BUILT_IN {
                let fault = unknown_profile(name, profiles);
                self.problem(&self.settings.profile.origin.clone(), fault);
            }
            return;
        }
        match (profiles.as_slice(), profiles.first().and_then(|(_, line)| file(*line))) {
            ([(only, _)], Some(origin)) => {
                (*only).clone_into(&mut self.settings.profile.value);
                self.settings.profile.origin = origin;
            }
            ([_, ..], Some(origin)) => {
                let known = listed(profiles.iter().map(|(name, _)| *name));
                self.problem(&origin, Fault::NoProfileChosen { known });
            }
            _ => {}
        }
    }

    fn problem(&mut self, origin: &Origin, fault: Fault) {
        self.problems.push(Problem { place: Place::from(origin), fault });
    }
}

fn unknown_flag(path: &str) -> Fault {
    Fault::UnknownKey {
        key: path.to_owned(),
        place: "among the settings".to_owned(),
        nearest: nearest(path, KEYS.iter().map(|key| key.path)).map(str::to_owned),
    }
}

fn unknown_profile(name: &str, profiles: &[(&str, usize)]) -> Fault {
    let names = || profiles.iter().map(|(name, _)| *name);
    let built_in = names().all(|name| name != BUILT_IN).then_some("default (built in)");
    Fault::UnknownProfile {
        name: name.to_owned(),
        nearest: nearest(name, names().chain([BUILT_IN])).map(str::to_owned),
        known: listed(names().chain(built_in)),
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names: Vec<Cow<'a, str>> = names.map(Cow::Borrowed).collect();
    let more = names.len().saturating_sub(LISTED);
    if more > 0 {
        names.truncate(LISTED);
        names.push(Cow::Owned(format!("and {more} more")));
    }
    names.join(", ")
}

/// Variables spelled almost like ours. Others may begin with `PLANA_` too: other programs have
/// them, and references of the file name them.
fn unknown_variables(environment: &Environment, assignments: &[Assignment<'_>]) -> Vec<Warning> {
    let ours: Vec<String> =
        KEYS.iter().map(Key::variable).chain([CONFIG_VARIABLE.to_owned()]).collect();
    let referred: Vec<&str> = assignments
        .iter()
        .filter(|assignment| assignment.key.rule == Rule::Secret)
        .filter_map(|assignment| match assignment.raw {
            Raw::Toml(value) => value.get("env")?.get_ref().as_str(),
            Raw::Text(_) | Raw::Variable { .. } => None,
        })
        .collect();
    let own_part = |name: &str| name.strip_prefix("PLANA_").map(str::to_owned);
    let parts: Vec<String> = ours.iter().filter_map(|name| own_part(name)).collect();
    let warning = |name: &str| {
        let part = own_part(name)?;
        let near = nearest(&part, parts.iter().map(String::as_str))?;
        let known = near == part || referred.contains(&name);
        (!known).then(|| Warning::UnknownVariable {
            name: bare(name),
            nearest: format!("PLANA_{near}"),
        })
    };
    environment.names().filter_map(warning).collect()
}
