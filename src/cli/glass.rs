//! Break-glass: a console that is opened without the identity provider, for a reason, and not in secret.
//!
//! What was done is on this machine's disk before anything is shown, and staff is told of it. Where the disk takes
//! nothing, somebody must have been told, or the console stays shut.

use std::io;
use std::time::Duration;

use clap::Args as ClapArgs;
use futures_util::future::join_all;

use super::{CliError, output};
use crate::app::{App, Importance, Msg};
use crate::config::{Environment, RoleWithout, Settings};
use crate::domain::{Announcement, Happening, Outlet, Role, Text, Trouble};
use crate::platform::Platform;
use crate::runtime::courier::{Courier, Round};
use crate::runtime::machine;
use crate::runtime::trail::Trail;
use crate::runtime::vigil::{self, Vigil};
use crate::session::Presence;

/// The fewest characters of a reason, and the most.
const REASON: (usize, usize) = (10, 500);
/// The longest that the end of a console waits for its announcement.
const ENDING: Duration = Duration::from_secs(5);
/// How soon it is looked again whether another console is done telling.
const TURN: Duration = Duration::from_millis(200);

/// Opening the console without signing in.
#[derive(Debug, ClapArgs)]
pub(super) struct GlassArgs {
    /// Opens the console without signing in, by the kubeconfig alone; staff is told of it. Needs --reason.
    #[arg(long, global = true)]
    pub(super) break_glass: bool,
    /// Why the glass is broken, for those who are told.
    #[arg(long, global = true, value_name = "TEXT")]
    pub(super) reason: Option<String>,
}

impl GlassArgs {
    /// The reason, where the glass is to be broken.
    pub(super) fn wanted(&self) -> Result<Option<Text>, CliError> {
        match (self.break_glass, &self.reason) {
            (false, None) => Ok(None),
            (true, reason) => {
                checked(reason.as_deref().unwrap_or_default()).map(Some).map_err(CliError)
            }
            (false, Some(_)) => Err(CliError(
                "--reason is the reason of --break-glass, which is not given. Leave it out, or give both.".to_owned(),
            )),
        }
    }

    /// Refuses the flags beside a command that opens no console.
    pub(super) fn refuse(&self, command: &str) -> Result<(), CliError> {
        if !self.break_glass && self.reason.is_none() {
            return Ok(());
        }
        Err(CliError(format!(
            "--break-glass opens a console, which {command} does not. Leave it out."
        )))
    }
}

/// A reason that says something.
fn checked(reason: &str) -> Result<Text, String> {
    const EXAMPLE: &str =
        "For example: pulse-console --break-glass --reason \"pg01 is down, nobody can sign in\"";
    let reason = reason.trim();
    let length = reason.chars().filter(|c| !Text::is_hostile(*c)).count();
    if reason.is_empty() {
        return Err(format!(
            "--break-glass needs --reason: those who are told of it want to know why. {EXAMPLE}"
        ));
    }
    if length < REASON.0 {
        return Err(format!(
            "The reason is too short ({length} characters): say in {} or more why nobody can sign in. {EXAMPLE}",
            REASON.0
        ));
    }
    let length = reason.chars().count();
    if length > REASON.1 {
        return Err(format!(
            "The reason is too long ({length} characters): say it in {} or fewer.",
            REASON.1
        ));
    }
    Ok(Text::clean(reason))
}

/// The role where nobody signs in.
pub(super) const fn role_without(settings: &Settings) -> Role {
    match settings.identity.role_without.value {
        RoleWithout::Viewer => Role::Viewer,
        RoleWithout::Operator => Role::Operator,
        RoleWithout::Senior => Role::Senior,
    }
}

/// Makes `settings` those of a profile that knows no provider: the kubeconfig is all there is.
#[cfg(feature = "live")]
pub(super) fn without_provider(settings: &mut Settings) {
    settings.identity.issuer.value = None;
    settings.kubernetes.identity.value = crate::config::KubernetesIdentity::Kubeconfig;
}

/// Who tells what is queued in the trail for `profile`; none in a world where nobody listens. Consoles that could not say
/// their end are in the queue then.
pub(super) fn courier(platform: &dyn Platform, trail: &Trail, profile: &str) -> Option<Courier> {
    let herald = platform.herald()?;
    let courier = Courier {
        trail: trail.clone(),
        herald,
        profile: Text::clean(profile),
        training: platform.world() == crate::platform::World::Training,
        clock: platform.clock(),
        own: None,
    };
    if let Err(error) = note_lost(&courier) {
        tracing::warn!(%error, "whether earlier consoles have said their end is not known");
    }
    Some(courier)
}

/// Notes the end of those consoles of this profile that ended without saying so.
fn note_lost(courier: &Courier) -> io::Result<()> {
    let outlets = courier.herald.outlets();
    for (begun, vigil) in vigil::lost(&courier.trail)? {
        if begun.profile != courier.profile || begun.training != courier.training {
            continue;
        }
        let at = courier.clock.now();
        let happening = Happening::Lost { of: begun.id.clone() };
        let lost = Announcement { id: new_id(at.ms()), happening, at, ..begun };
        courier.trail.announce(&lost, &outlets)?;
        vigil.end();
    }
    Ok(())
}

/// What is needed to break the glass.
pub(super) struct Opening<'a> {
    /// Why.
    pub(super) reason: Text,
    /// The settings in force.
    pub(super) settings: &'a Settings,
    /// The profile, as the header names it.
    pub(super) profile: &'a str,
    /// The user of the kubeconfig, when that is known.
    pub(super) kubernetes: Option<Text>,
    /// Where it is noted.
    pub(super) trail: Trail,
}

/// A console that was opened without signing in.
pub(super) struct Glass {
    begun: Announcement,
    courier: Courier,
    /// Whether the trail took it; else it was told at once.
    recorded: bool,
    /// What shows that it runs; none where that could not be noted.
    vigil: Option<Vigil>,
    said: Option<String>,
}

impl Opening<'_> {
    /// Breaks the glass: notes it, or tells it at once where it can't be noted.
    pub(super) fn open(self, platform: &dyn Platform) -> Result<Glass, CliError> {
        let Some(mut courier) = courier(platform, &self.trail, self.profile) else {
            return Err(CliError("This world has nobody to tell of a broken glass.".to_owned()));
        };
        let begun = self.begun(&courier);
        courier.own = Some(begun.id.clone());
        let outlets = courier.herald.outlets();
        let vigil = Vigil::begin(&self.trail, &begun.id).ok();
        let (recorded, said) = match self.trail.announce(&begun, &outlets) {
            Ok(()) if outlets.is_empty() => (
                true,
                Some(format!(
                    "Break-glass is noted on this machine only ({}): the profile names neither matrix.alerts_room nor \
                     valkey.url, so nobody is told.",
                    self.trail.path().display()
                )),
            ),
            Ok(()) => (true, None),
            Err(error) => (false, Some(tell_at_once(&courier, &begun, &error)?)),
        };
        Ok(Glass { begun, courier, recorded, vigil, said })
    }

    fn begun(&self, courier: &Courier) -> Announcement {
        let changes = self.settings.identity.break_glass_changes.value;
        let at = courier.clock.now();
        Announcement {
            id: new_id(at.ms()),
            happening: Happening::Begun,
            at,
            who: machine::opener(&Environment::of_process(), self.kubernetes.clone()),
            reason: self.reason.clone(),
            profile: courier.profile.clone(),
            training: courier.training,
            role: if changes { role_without(self.settings) } else { Role::Viewer },
            read_only: !changes || self.settings.read_only.value,
            version: Text::clean(env!("CARGO_PKG_VERSION")),
        }
    }
}

/// An id that no other console makes.
fn new_id(ms: i64) -> Text {
    Text::clean(&format!("break-glass-{ms}-{:016x}", fastrand::u64(..)))
}

/// Tells staff before anything is shown, because the disk takes no note of it: `error`.
fn tell_at_once(
    courier: &Courier,
    begun: &Announcement,
    error: &io::Error,
) -> Result<String, CliError> {
    let trail = courier.trail.path().display();
    let told = waiting(tell(courier, begun))?;
    let places: Vec<&str> =
        told.iter().filter(|(_, told)| told.is_ok()).map(|(outlet, _)| outlet.place()).collect();
    if !places.is_empty() {
        return Ok(format!(
            "The trail {trail} can't be written ({error}); break-glass was announced {}, and is noted nowhere here.",
            places.join(" and ")
        ));
    }
    let why: Vec<String> = told
        .iter()
        .filter_map(|(outlet, told)| Some(format!("{}: {}", outlet.place(), told.as_ref().err()?)))
        .collect();
    let why = if why.is_empty() {
        "the profile names no place to announce it at".to_owned()
    } else {
        why.join(" ")
    };
    Err(CliError(format!(
        "The glass stays whole: it can neither be noted in {trail} ({error}) nor be announced ({why}). Make room on the \
         disk, or set XDG_STATE_HOME to a folder that can be written, and try again."
    )))
}

async fn tell(
    courier: &Courier,
    announcement: &Announcement,
) -> Vec<(Outlet, Result<(), Trouble>)> {
    let telling = courier.herald.outlets().into_iter().map(|outlet| async move {
        (outlet, courier.announce(announcement.clone(), outlet).await)
    });
    join_all(telling).await
}

impl Glass {
    /// Puts `app` behind the broken glass, and says what is to be said of it.
    pub(super) fn apply(&self, app: &mut App) {
        let Announcement { reason, role, at, read_only, .. } = &self.begun;
        app.presence = Presence::break_glass(reason.clone(), *role, *at);
        app.setting.read_only |= *read_only;
        if let Some(said) = &self.said {
            drop(app.update(*at, Msg::Say(Importance::Warning, said.clone())));
        }
    }

    /// Who tells of it while the console runs.
    pub(super) fn courier(&self) -> Option<Courier> {
        self.recorded.then(|| self.courier.clone())
    }

    /// Notes and tells that it is over, and says so where errors go: the screen is gone by then.
    pub(super) fn end(self) {
        let at = self.courier.clock.now();
        let happening =
            Happening::Ended { of: self.begun.id.clone(), lasted: at.since(self.begun.at) };
        let ended = Announcement { id: new_id(at.ms()), happening, at, ..self.begun.clone() };
        let outlets = self.courier.herald.outlets();
        let noted = self.courier.trail.announce(&ended, &outlets);
        if let Some(vigil) = &self.vigil {
            vigil.end();
        }
        if outlets.is_empty() {
            return;
        }
        let said = match noted {
            Ok(()) => waiting(self.finish(&ended)),
            Err(_) => waiting(async {
                let told = tokio::time::timeout(ENDING, tell(&self.courier, &ended)).await;
                over(told.unwrap_or_default().iter().map(|(outlet, told)| (*outlet, told.is_ok())))
            }),
        };
        output::complain(&said.unwrap_or_else(|error| error.to_string()));
    }

    /// Tells the beginning, if it is not told yet, and the end; gives what is to be said.
    async fn finish(&self, ended: &Announcement) -> String {
        let taken = [self.begun.id.clone(), ended.id.clone()];
        let told = async {
            loop {
                match self.courier.round(&taken).await {
                    Ok(Round { busy: true, .. }) => tokio::time::sleep(TURN).await,
                    _ => return,
                }
            }
        };
        // One outlet that hangs takes nothing from the others: the trail knows who was told in time.
        let _ = tokio::time::timeout(ENDING, told).await;
        let outlets = self.courier.herald.outlets();
        let queued = self.courier.queued_at(&ended.id).await.unwrap_or_else(|_| outlets.clone());
        over(outlets.into_iter().map(|outlet| (outlet, !queued.contains(&outlet))))
    }
}

/// What is said of the end, by where it was told.
fn over(told: impl Iterator<Item = (Outlet, bool)>) -> String {
    let (told, queued): (Vec<_>, Vec<_>) = told.partition(|(_, told)| *told);
    let places = |of: &[(Outlet, bool)]| {
        of.iter().map(|(outlet, _)| outlet.place()).collect::<Vec<_>>().join(" and ")
    };
    let mut said = "Break-glass is over.".to_owned();
    if !told.is_empty() {
        said = format!("{said} That was announced {}.", places(&told));
    }
    if !queued.is_empty() {
        said = format!(
            "{said} It could not be announced {} yet: the next console of this profile does it. See: pulse-console trail",
            places(&queued)
        );
    }
    said
}

/// Waits for `work` where no console runs.
fn waiting<R>(work: impl Future<Output = R>) -> Result<R, CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(CliError::of)?;
    let done = runtime.block_on(work);
    runtime.shutdown_timeout(Duration::from_millis(200));
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_says_something_and_is_cleaned() {
        for (reason, said) in [
            ("", Err("needs --reason")),
            ("   \n ", Err("needs --reason")),
            ("down", Err("too short (4 characters)")),
            (
                "\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}\u{200b}",
                Err("too short (0"),
            ),
            ("  pg01 is down \u{1b}[31m\u{202e} ", Ok("pg01 is down ␛[31m<U+202E>")),
            ("pg01 е паднал и никой не влиза", Ok("pg01 е паднал и никой не влиза")),
        ] {
            match (checked(reason), said) {
                (Ok(text), Ok(said)) => assert_eq!(text, said),
                (Err(why), Err(said)) => {
                    assert!(why.contains(said) && why.contains("For example: "), "{why}");
                }
                (got, wanted) => panic!("{reason:?}: {got:?} instead of {wanted:?}"),
            }
        }
        assert!(checked(&"а".repeat(500)).is_ok() && checked(&"а".repeat(501)).is_err());
    }
}
