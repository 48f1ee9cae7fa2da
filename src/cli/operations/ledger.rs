//! The operations that are there: listed, shown and tidied up. Where the cluster can't be reached, what this machine saw
//! last is shown, and that is said.

use std::sync::Arc;
use std::time::Duration;

use super::headless::{Headless, unkept};
use super::{NOT_DONE, page};
use crate::cli::args::ListArgs;
use crate::cli::{CliError, output};
use crate::domain::operation::Operation;
use crate::domain::{Role, Text, Timestamp, Trouble, TroubleKind};
use crate::operation::{Retention, Sweeper, export};
use crate::platform::{Clock as _, Listing, Unwritten};
use crate::runtime::WallClock;
use crate::runtime::mirror::{Mirror, Reflected, Reflector};

/// The pause after each journal that is removed: the API server is others' too.
const PAUSE: Duration = Duration::from_millis(100);
/// The most that are named of what can't be read.
const NAMED: usize = 5;

impl Headless {
    pub(super) fn list(&self, args: &ListArgs) -> Result<u8, CliError> {
        match self.runtime.block_on(self.journal.list()) {
            Ok(listing) => {
                let left_out = self.left_out(&listing);
                let Listing { operations, more, .. } = listing;
                print(&operations, args)?;
                if !args.json {
                    for line in left_out {
                        output::complain(&line);
                    }
                }
                if !more {
                    self.reflect(operations);
                }
                Ok(0)
            }
            Err(why) => {
                list_mirrored(&self.mirror(), Some(away(why)?), args)?;
                Ok(NOT_DONE)
            }
        }
    }

    /// What a listing does not show, a line each.
    fn left_out(&self, listing: &Listing) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, why) in listing.unreadable.iter().take(NAMED) {
            lines.push(format!("Left out: {name} can't be read here. {why}"));
        }
        let more = listing.unreadable.len().saturating_sub(NAMED);
        if more > 0 {
            lines.push(format!("Left out: {more} more journals that can't be read here."));
        }
        if listing.more {
            lines.push(
                "Left out: there are more than are ever listed. Remove old ones with: pulse-console ops tidy"
                    .to_owned(),
            );
        }
        let own = &self.loaded.settings.operations;
        lines.push(format!(
            "Left out: what was over for {} days and was removed since; {} are kept at most.",
            own.retention.value, own.journals.value
        ));
        lines
    }

    fn reflect(&self, operations: Vec<Operation>) {
        let operations: Vec<_> = operations.into_iter().map(Arc::new).collect();
        let written = Reflector::new(self.mirror()).reflect(&operations, WallClock.now());
        if let Err(error) = written {
            output::complain(&unkept(&error));
        }
    }

    pub(super) fn show(&self, id: &str, json: bool) -> Result<u8, CliError> {
        let id = Text::bounded(id, 64);
        match self.runtime.block_on(self.journal.read(&id)) {
            Ok(read) => {
                print_one(&read.operation, json)?;
                self.note(&read.operation);
                Ok(0)
            }
            Err(why) => {
                show_mirrored(&self.mirror(), Some(away(why)?), &id, json)?;
                Ok(NOT_DONE)
            }
        }
    }

    /// Removes the journals whose time is up.
    pub(super) fn tidy(&self) -> Result<u8, CliError> {
        self.may_change(Role::Operator)?;
        let listing = self.runtime.block_on(self.journal.list()).map_err(CliError::of)?;
        let sweeper = Sweeper {
            journal: Arc::clone(&self.journal),
            inspect: Arc::<dyn crate::platform::Control>::clone(&self.control),
            clock: Arc::new(WallClock),
            retention: Retention::of(&self.loaded.settings),
            most: usize::MAX,
            pause: PAUSE,
        };
        let swept = self.runtime.block_on(sweeper.sweep(&listing.operations));
        for id in &swept.removed {
            output::say(&format!("Removed the journal of {id}."));
        }
        for (id, why) in &swept.stay {
            output::say(&format!("The journal of {id} stays: {}.", bare(why)));
        }
        if let Some(why) = swept.left_off {
            return Err(CliError::of(why));
        }
        if swept.removed.is_empty() && swept.stay.is_empty() {
            output::say("No journal's time is up.");
        }
        if !listing.more {
            let gone = |one: &Operation| swept.removed.contains(&one.plan.id);
            self.reflect(listing.operations.into_iter().filter(|one| !gone(one)).collect());
        }
        Ok(0)
    }
}

fn bare(why: &Text) -> &str {
    why.as_str().trim_end_matches('.')
}

/// Why the cluster can't be reached; any other error stays one.
fn away(why: Unwritten) -> Result<Trouble, CliError> {
    match why {
        Unwritten::Trouble(trouble) | Unwritten::Unsure(trouble)
            if matches!(
                trouble.kind,
                TroubleKind::Unreachable | TroubleKind::Slow | TroubleKind::Server
            ) =>
        {
            Ok(trouble)
        }
        why => Err(CliError::of(why)),
    }
}

/// Lists what the mirror shows, because of `why`, or because that was wanted.
pub(super) fn list_mirrored(
    mirror: &Mirror,
    why: Option<Trouble>,
    args: &ListArgs,
) -> Result<(), CliError> {
    let reflected = remembered(mirror, why)?;
    print(&reflected.operations, args)
}

/// Shows the operation `id` as the mirror has it.
pub(super) fn show_mirrored(
    mirror: &Mirror,
    why: Option<Trouble>,
    id: &Text,
    json: bool,
) -> Result<(), CliError> {
    let reflected = remembered(mirror, why)?;
    let found = reflected.operations.iter().find(|one| one.plan.id == *id);
    let none = || CliError(format!("This machine has seen no operation {id}."));
    print_one(found.ok_or_else(none)?, json)
}

/// What the mirror shows; says how old that is, and what is skipped.
fn remembered(mirror: &Mirror, why: Option<Trouble>) -> Result<Reflected, CliError> {
    let reflected = mirror.read().map_err(|error| {
        CliError(format!("{} can't be read: {error}.", mirror.folder().display()))
    })?;
    if let Some(why) = why {
        output::complain(&format!("The journals can't be read: {why}"));
    }
    let now = WallClock.now();
    output::complain(&match reflected.moment() {
        Some(at) => said(at, now),
        None => "This machine has seen no operation yet.".to_owned(),
    });
    for (file, why) in &reflected.skipped {
        output::complain(&format!("Skipped {file}: {}.", bare(why)));
    }
    Ok(reflected)
}

fn said(at: Timestamp, now: Timestamp) -> String {
    let age = now.since(at);
    format!("This is what this machine saw last, {age} ago; nothing can be gone on with by it.")
}

fn print(operations: &[Operation], args: &ListArgs) -> Result<(), CliError> {
    let is_meant = |one: &&Operation| {
        let tenant = one.plan.tenant.as_ref().map(Text::as_str);
        args.tenant.as_deref().is_none_or(|wanted| tenant == Some(wanted))
            && !(args.running && one.standing.is_over())
    };
    let mut meant: Vec<&Operation> = operations.iter().filter(is_meant).collect();
    meant.sort_by_key(|operation| std::cmp::Reverse(operation.standing.confirmed));
    for operation in &meant {
        let line = if args.json { page::json(operation)? } else { page::line(operation) };
        output::say(&line);
    }
    if args.json {
        return Ok(());
    }
    match (meant.len(), operations.len()) {
        (0, 0) => output::say("There are no operations."),
        (0, all) => output::say(&format!("None of the {all} operations is meant by that.")),
        (some, all) if some < all => {
            output::complain(&format!("Left out: {} of {all}.", all - some));
        }
        _ => {}
    }
    Ok(())
}

fn print_one(operation: &Operation, json: bool) -> Result<(), CliError> {
    output::say(&if json { page::json(operation)? } else { export(operation) });
    Ok(())
}
