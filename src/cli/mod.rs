//! The command line: what the console is asked to do.

mod args;
mod config;
mod demo;
mod glass;
#[cfg(feature = "live")]
mod live;
#[cfg(feature = "live")]
mod log;
#[cfg(feature = "live")]
mod operations;
mod output;
mod replay;
#[cfg(feature = "live")]
mod session;
mod start;
mod trail;

pub use args::{Args, command};

use std::process::ExitCode;

use clap::Parser as _;

use args::Command;
use output::complain;

/// Exit code when what was asked for is wrong.
const WRONG: u8 = 2;

/// Runs the command line of the process.
#[must_use]
pub fn main() -> ExitCode {
    let args = Args::parse();
    let result = refused(&args).and_then(|()| run(&args));
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            complain(&error.to_string());
            ExitCode::from(WRONG)
        }
    }
}

/// Refuses flags that mean nothing beside the command.
fn refused(args: &Args) -> Result<(), CliError> {
    match &args.command {
        Some(Command::Config(_)) => args.glass.refuse("config"),
        Some(Command::Replay { .. }) => args.glass.refuse("replay"),
        Some(Command::Trail { .. }) => args.glass.refuse("trail"),
        Some(Command::Reference { .. }) => args.glass.refuse("reference"),
        Some(Command::Login { .. }) => args.glass.refuse("login"),
        Some(Command::Logout) => args.glass.refuse("logout"),
        Some(Command::Whoami { .. }) => args.glass.refuse("whoami"),
        Some(Command::Plan(_) | Command::Apply(_) | Command::Ops(_)) if args.glass.break_glass => {
            args.glass.refuse("an operation without the screen")
        }
        // The reason of an operation is the operation's.
        None | Some(Command::Demo(_) | Command::Plan(_) | Command::Apply(_) | Command::Ops(_)) => {
            Ok(())
        }
    }
}

fn run(args: &Args) -> Result<u8, CliError> {
    match &args.command {
        Some(Command::Demo(demo)) => demo::run(args, demo),
        Some(Command::Config(command)) => config::run(args, command),
        Some(Command::Replay { file, at }) => replay::run(args, file, *at),
        Some(Command::Reference { what }) => {
            output::say(&args::reference(*what));
            Ok(0)
        }
        Some(Command::Login { .. } | Command::Logout | Command::Whoami { .. }) => session(args),
        Some(Command::Trail { json }) => trail::run(args, *json),
        Some(Command::Plan(_) | Command::Apply(_) | Command::Ops(_)) => operations(args),
        None => live(args),
    }
}

/// The reference page `name`: `actions` or `settings`, as `pulse-console reference` prints it.
#[must_use]
pub fn reference_page(name: &str) -> Option<String> {
    let what = clap::ValueEnum::from_str(name, false).ok()?;
    Some(args::reference(what))
}

#[cfg(feature = "live")]
fn session(args: &Args) -> Result<u8, CliError> {
    match &args.command {
        Some(Command::Login { flow, keep, stdin }) => {
            session::login(args, &session::Login { flow: *flow, keep: *keep, stdin: *stdin })
        }
        Some(Command::Logout) => session::logout(args),
        Some(Command::Whoami { json }) => session::whoami(args, *json),
        _ => Ok(WRONG),
    }
}

#[cfg(not(feature = "live"))]
fn session(_args: &Args) -> Result<u8, CliError> {
    Err(CliError(
        "This is the training console: its people sign in on its screen, and no session is kept. Start it with: \
         pulse-console demo"
            .to_owned(),
    ))
}

#[cfg(feature = "live")]
fn operations(args: &Args) -> Result<u8, CliError> {
    operations::run(args)
}

#[cfg(not(feature = "live"))]
fn operations(_args: &Args) -> Result<u8, CliError> {
    Err(CliError(
        "This is the training console: its operations are planned and run on its screen. Start it with: pulse-console \
         demo"
            .to_owned(),
    ))
}

#[cfg(feature = "live")]
fn live(args: &Args) -> Result<u8, CliError> {
    live::run(args)
}

#[cfg(not(feature = "live"))]
fn live(_args: &Args) -> Result<u8, CliError> {
    Err(CliError(
        "This is the training console: it has no way to real servers. Start it with: pulse-console demo"
            .to_owned(),
    ))
}

/// Why the console could not do what it was asked to. The message is one sentence or more.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct CliError(String);

impl CliError {
    fn of(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}
