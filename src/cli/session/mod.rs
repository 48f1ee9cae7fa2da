//! Signing in and out without a screen, and who is signed in: for scripts, and for a terminal over SSH.
//!
//! A session that is to outlast the command is kept in the keyring; without it these commands have nothing to work with,
//! and say so. Exit codes: 0 done, 1 not done (nobody is signed in, or somebody was refused), 2 asked wrongly.

mod reception;
mod talk;
#[cfg(test)]
mod tests;

use std::future::pending;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::runtime::Runtime;

use self::reception::{First, Reception};
use self::talk::{Source, Typist};
use super::args::{Args, Flow};
use super::{CliError, output, start};
use crate::config::{Loaded, Settings};
use crate::domain::{PlanHash, Text, Timestamp};
use crate::live::Live;
use crate::platform::{Clock, Identity, Platform as _, Way};
use crate::runtime::WallClock;
use crate::session::{Policy, Presence, Staff};

/// Exit code when nobody is signed in.
const NOBODY: u8 = 1;

/// The provider of the profile that `args` choose, whose sessions are kept.
struct Provider {
    identity: Box<dyn Identity>,
    policy: Policy,
    runtime: Runtime,
    clock: Arc<dyn Clock>,
}

impl Provider {
    fn of(loaded: &mut Loaded, paths: &crate::config::Paths) -> Result<Self, CliError> {
        let settings = &mut loaded.settings;
        // These commands are about nothing but the session that is kept.
        settings.identity.keyring.value = true;
        let clock: Arc<dyn Clock> = Arc::new(WallClock);
        let live = Live::new(settings, paths.cursors().join("unused.json"), Arc::clone(&clock));
        Self::at(live.identity(), settings, clock)
    }

    fn at(
        identity: Option<Box<dyn Identity>>,
        settings: &Settings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, CliError> {
        let Some(identity) = identity else {
            return Err(CliError(format!(
                "Nobody signs in to the profile {}: it names no provider. Set identity.issuer in it, or choose another \
                 with --profile.",
                settings.profile.value
            )));
        };
        Ok(Self { identity, policy: start::policy(settings), runtime: runtime()?, clock })
    }

    /// Has the provider begin, with these ways to sign in.
    fn open(self, ways: Vec<Way>) -> (Runtime, Reception) {
        let guard = self.runtime.enter();
        let reception = Reception::open(self.identity, self.policy, ways, self.clock);
        drop(guard);
        (self.runtime, reception)
    }
}

fn runtime() -> Result<Runtime, CliError> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().map_err(CliError::of)
}

/// How to sign in.
#[derive(Debug)]
pub(super) struct Login {
    /// In this way; none for the usual one.
    pub(super) flow: Option<Flow>,
    /// Whether the session is kept though the settings don't say so.
    pub(super) keep: bool,
    /// Whether answers are lines of standard input.
    pub(super) stdin: bool,
}

/// Signs somebody in, and keeps the session.
pub(super) fn login(args: &Args, login: &Login) -> Result<u8, CliError> {
    let (mut loaded, paths) = start::settings(&args.settings)?;
    if !loaded.settings.identity.keyring.value
        && !login.keep
        && loaded.settings.identity.issuer.value.is_some()
    {
        return Err(CliError(
            "A session that is not kept ends with this command, so there is no use in signing in: identity.keyring is \
             false. Set it to true, or say --keep to keep this one in the keyring."
                .to_owned(),
        ));
    }
    let terminal = loaded.settings.identity.terminal.value;
    let provider = Provider::of(&mut loaded, &paths)?;
    let mut typist = Typist::new(login.stdin);
    let way = way(&provider.identity.ways(), login.flow, typist.source(), terminal)?;
    let (runtime, mut reception) = provider.open(vec![way]);
    let stop = Arc::clone(&typist.stop);
    let came = runtime.block_on(async {
        let signing_in = async {
            match reception.first().await {
                First::Staff(staff) => Ok((*staff, true)),
                First::Nobody(_) => {
                    reception.sign_in(&mut typist).await.map(|staff| (staff, false))
                }
            }
        };
        tokio::select! {
            came = signing_in => came,
            () = ended() => Err("Nobody is signed in: the command was ended.".to_owned()),
        }
    });
    stop.store(true, Ordering::Relaxed);
    let code = match came {
        Ok((staff, already)) => runtime.block_on(welcome(reception, &staff, already)),
        Err(why) => {
            output::complain(&why);
            drop(runtime.block_on(reception.close()));
            NOBODY
        }
    };
    runtime.shutdown_timeout(Duration::from_millis(500));
    Ok(code)
}

/// Says who is signed in, once the session is kept.
async fn welcome(reception: Reception, staff: &Staff, already: bool) -> u8 {
    let hints = reception.close().await;
    let words = if already { "is signed in already" } else { "is signed in" };
    output::complain(&format!(
        "{} {words} as {}, until {}.",
        staff.person.user, staff.role, staff.ends_at
    ));
    if !staff.grant.renews {
        output::complain(
            "The provider gave nothing that could be kept, so the session ends here: see whether identity.scopes has \
             offline_access, and whether the provider allows it.",
        );
        return NOBODY;
    }
    // What the provider's door has to say after it let somebody in is that the keyring refuses.
    let refused = hints.iter().any(|hint| hint.as_str().contains("can't be kept"));
    for hint in hints {
        output::complain(hint.as_str());
    }
    u8::from(refused)
}

/// In which way to sign in.
fn way(ways: &[Way], flow: Option<Flow>, source: Source, terminal: bool) -> Result<Way, CliError> {
    let wanted = flow.map(|flow| match flow {
        Flow::Browser => Way::Browser,
        Flow::Device => Way::Device,
        Flow::Terminal => Way::Terminal,
    });
    // Who sends lines means to answer prompts.
    let wanted = wanted.or((source == Source::Lines && terminal).then_some(Way::Terminal));
    let Some(way) = wanted.or_else(|| ways.first().copied()) else {
        return Err(CliError("The provider knows no way to sign in.".to_owned()));
    };
    if !ways.contains(&way) {
        let why = if way == Way::Terminal && !terminal {
            " Set identity.terminal to true to type the password here.".to_owned()
        } else {
            let names: Vec<&str> = ways.iter().map(|way| way.name()).collect();
            format!(" There is: {}.", names.join(", "))
        };
        return Err(CliError(format!("One can't sign in by {} here.{why}", way.name())));
    }
    if way == Way::Terminal && source == Source::Nowhere {
        return Err(CliError(
            "There is no terminal to type the password at. Give user, password and code as lines of standard input with \
             --stdin, or sign in by --flow device."
                .to_owned(),
        ));
    }
    Ok(way)
}

/// Ends the session at the provider, and forgets it.
pub(super) fn logout(args: &Args) -> Result<u8, CliError> {
    let (mut loaded, paths) = start::settings(&args.settings)?;
    let (runtime, mut reception) = Provider::of(&mut loaded, &paths)?.open(Vec::new());
    let code = runtime.block_on(async {
        let before = reception.first().await;
        let trouble = reception.sign_out().await;
        let hints = reception.close().await;
        let (said, code) = left(&before, trouble.as_deref(), &hints);
        output::complain(&said);
        code
    });
    runtime.shutdown_timeout(Duration::from_millis(500));
    Ok(code)
}

/// What is said of leaving, and the exit code.
fn left(before: &First, trouble: Option<&str>, hints: &[Text]) -> (String, u8) {
    let stays = hints.iter().find(|hint| hint.as_str().contains("can't be removed"));
    let mut said = match before {
        First::Staff(staff) => format!("{} is signed out.", staff.person.user),
        First::Nobody(_) => "Nobody was signed in; nothing is kept here.".to_owned(),
    };
    if let Some(trouble) = trouble {
        said = format!("{said} The provider could not be told: {trouble}");
    }
    if let Some(stays) = stays {
        said = format!("{said} {stays}");
    }
    (said, u8::from(trouble.is_some() || stays.is_some()))
}

/// Says who is signed in.
pub(super) fn whoami(args: &Args, as_json: bool) -> Result<u8, CliError> {
    let (mut loaded, paths) = start::settings(&args.settings)?;
    let profile = loaded.settings.profile.value.clone();
    let (runtime, mut reception) = Provider::of(&mut loaded, &paths)?.open(Vec::new());
    let first = runtime.block_on(async {
        let first = reception.first().await;
        // What was renewed for this must be kept for the next command.
        drop(reception.close().await);
        first
    });
    runtime.shutdown_timeout(Duration::from_millis(500));
    match first {
        First::Staff(staff) => {
            let now = WallClock.now();
            output::say(&if as_json {
                as_value(&staff, &profile, now).to_string()
            } else {
                in_words(&staff, now)
            });
            Ok(0)
        }
        First::Nobody(why) => {
            if as_json {
                output::say(&json!({ "profile": profile, "user": null, "why": why }).to_string());
            }
            output::complain(&nobody(why.as_deref()));
            Ok(NOBODY)
        }
    }
}

fn nobody(why: Option<&str>) -> String {
    let why = why.map(|why| format!(" {why}")).unwrap_or_default();
    format!("Nobody is signed in.{why} Sign in with: pulse-console login")
}

fn as_value(staff: &Staff, profile: &str, now: Timestamp) -> Value {
    let person = &staff.person;
    json!({
        "profile": profile,
        "user": person.user,
        "name": person.name,
        "subject": person.subject,
        "groups": person.groups,
        "role": staff.role,
        "way": staff.grant.way,
        "factors": staff.grant.factors,
        "provedAt": staff.proved_at.to_string(),
        "provedSecondsAgo": now.since(staff.proved_at).secs(),
        "expiresAt": staff.grant.expires_at.to_string(),
        "renews": staff.grant.renews,
        "endsAt": staff.ends_at.to_string(),
    })
}

fn in_words(staff: &Staff, now: Timestamp) -> String {
    let person = &staff.person;
    let list = |of: &[Text]| of.iter().map(Text::as_str).collect::<Vec<_>>().join(", ");
    let name = if person.name.is_empty() { String::new() } else { format!(" ({})", person.name) };
    let factors = staff.grant.factors.as_deref().map_or_else(|| "of the sign-in".to_owned(), list);
    [
        format!("user     {}{name}", person.user),
        format!("role     {}", staff.role),
        format!("groups   {}", list(&person.groups)),
        format!(
            "factor   {factors}, {} ago, by {}",
            now.since(staff.proved_at),
            staff.grant.way.name()
        ),
        format!("token    until {}", staff.grant.expires_at),
        format!("session  until {}, in {}", staff.ends_at, staff.ends_at.since(now)),
    ]
    .join("\n")
}

/// Somebody who is signed in from before, for a frame without a screen. As long as it lives, the session is looked after.
pub(super) struct Visit {
    runtime: Runtime,
    reception: Reception,
    /// How they can prove themselves once more.
    ways: Vec<Way>,
}

impl Visit {
    /// Takes up the session that was kept.
    ///
    /// # Errors
    /// A sentence, when there is none: nothing of the platform is for nobody.
    pub(super) fn of(
        identity: Box<dyn Identity>,
        settings: &Settings,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, CliError> {
        let provider = Provider::at(Some(identity), settings, clock)?;
        let ways = provider.identity.ways();
        let (runtime, mut reception) = provider.open(Vec::new());
        match runtime.block_on(reception.first()) {
            First::Staff(_) => Ok(Self { runtime, reception, ways }),
            First::Nobody(why) => {
                drop(runtime.block_on(reception.close()));
                runtime.shutdown_timeout(Duration::from_millis(500));
                Err(CliError(nobody(why.as_deref())))
            }
        }
    }

    /// Who it is, for the app.
    pub(super) fn presence(&self) -> Presence {
        self.reception.presence().clone()
    }

    /// Has them give a second factor for `plan`, here at the terminal or in a browser; it counts once, for that plan.
    ///
    /// # Errors
    /// A sentence, when none was given.
    pub(super) fn prove(&mut self, plan: &PlanHash) -> Result<(), CliError> {
        let Self { runtime, reception, ways } = self;
        let mut typist = Typist::new(false);
        let stop = Arc::clone(&typist.stop);
        let came = runtime.block_on(async {
            tokio::select! {
                came = reception.prove(plan, ways.clone(), &mut typist) => came,
                () = ended() => Err("No second factor was given: the command was ended.".to_owned()),
            }
        });
        stop.store(true, Ordering::Relaxed);
        came.map_err(CliError)
    }

    /// Lets the session be kept for the next time.
    pub(super) fn end(self) {
        drop(self.runtime.block_on(self.reception.close()));
        self.runtime.shutdown_timeout(Duration::from_millis(500));
    }
}

/// Waits for a signal that ends the command, so that the terminal is given back first.
pub(super) async fn ended() {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()];
    let waits = signals.into_iter().filter_map(|kind| signal(kind).ok()).map(|mut signal| {
        Box::pin(async move {
            if signal.recv().await.is_none() {
                pending::<()>().await;
            }
        })
    });
    futures_util::future::select_all(waits).await;
}
