//! Flags and commands.

use std::fmt::Write as _;
use std::path::PathBuf;

use clap::{Args as ClapArgs, CommandFactory as _, Parser, Subcommand, ValueEnum};

use super::glass::GlassArgs;
use crate::app::action;
use crate::app::panes::{PANES, PaneSpec};
use crate::domain::Role;
use crate::domain::operation::Verb;
use crate::input::{self, Context, Keymap};
use crate::runtime::snapshot::Format;
use crate::store::filter;
use crate::store::table::TableId;
use crate::{config, sim};

/// The terminal console of the on-call staff of PLANA Pulse.
///
/// Without a command it opens the chosen profile's live platform.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100)]
pub struct Args {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    #[command(flatten)]
    pub(super) settings: SettingsArgs,
    #[command(flatten)]
    pub(super) snapshot: SnapshotArgs,
    #[command(flatten)]
    pub(super) glass: GlassArgs,
}

/// Where settings come from.
#[derive(Debug, ClapArgs)]
pub(super) struct SettingsArgs {
    /// The profile to open.
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) profile: Option<String>,
    /// The settings file to read instead of the usual one.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Sets one setting, such as ui.theme=light; may be given more than once.
    #[arg(long, global = true, value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// The theme to draw with.
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) theme: Option<String>,
    /// The key map to be driven by.
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) keymap: Option<String>,
    /// The kubeconfig file.
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) kubeconfig: Option<String>,
    /// The context of the kubeconfig.
    #[arg(long, global = true, value_name = "NAME")]
    pub(super) context: Option<String>,
    /// Refuses every change.
    #[arg(long, global = true, alias = "readonly")]
    pub(super) read_only: bool,
}

/// One frame instead of the live screen.
#[derive(Debug, ClapArgs)]
pub(super) struct SnapshotArgs {
    /// Prints one frame of this pane and exits.
    #[arg(long, global = true, value_name = "PANE", value_parser = table)]
    pub(super) snapshot: Option<TableId>,
    /// The size of the frame.
    #[arg(long, global = true, value_name = "WxH", default_value = "160x48", value_parser = size)]
    pub(super) size: (u16, u16),
    /// How the frame is printed.
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub(super) format: Format,
    /// Keys to press before the frame is taken, such as "j j enter".
    #[arg(long, global = true, value_name = "KEYS", default_value = "")]
    pub(super) keys: String,
    /// The most seconds to wait for the pane's feeds before the frame is taken.
    #[arg(long, global = true, value_name = "SECONDS", default_value_t = 10)]
    pub(super) wait: u16,
}

/// The table that is called `name` on the command line.
pub(super) fn table(name: &str) -> Result<TableId, String> {
    let named = TableId::ALL.into_iter().find(|table| table.name() == name);
    let of_pane = || PANES.iter().find(|pane| pane.name == name).map(PaneSpec::first);
    named.or_else(of_pane).ok_or_else(|| {
        let names: Vec<&str> = TableId::ALL.iter().map(|table| table.name()).collect();
        format!("There is no such pane. The panes and their tables are {}.", names.join(", "))
    })
}

/// The role that is called `name` on the command line.
fn role(name: &str) -> Result<Role, String> {
    let role = Role::ALL.into_iter().find(|role| role.name() == name);
    role.ok_or_else(|| "The roles are viewer, operator and senior.".to_owned())
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Opens the embedded training world; needs nothing but this program.
    Demo(DemoArgs),
    /// Shows and checks the settings.
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Plays a recording again.
    Replay {
        /// The recording.
        file: PathBuf,
        /// Prints the screen after so many messages, instead of playing.
        #[arg(long, value_name = "MESSAGES")]
        at: Option<usize>,
    },
    /// Signs in without the screen and keeps the session in the keyring, for scripts and for --snapshot.
    Login {
        /// How to sign in; the usual way of the profile without it.
        #[arg(long, value_name = "FLOW")]
        flow: Option<Flow>,
        /// Keeps the session in the keyring though identity.keyring is false.
        #[arg(long)]
        keep: bool,
        /// Reads user, password and code as lines of standard input.
        #[arg(long)]
        stdin: bool,
    },
    /// Ends the session that is kept, here and at the provider.
    Logout,
    /// Says who is signed in; exit code 1 when nobody is.
    Whoami {
        /// Prints a JSON object.
        #[arg(long)]
        json: bool,
    },
    /// Plans an operation: looks at everything it depends on, and changes nothing.
    Plan(Box<PlanArgs>),
    /// Runs a plan that was written with plan --out.
    Apply(ApplyArgs),
    /// Shows the operations of every console, and goes on with them.
    #[command(subcommand)]
    Ops(OpsCommand),
    /// Prints what was announced of consoles that were opened with --break-glass.
    Trail {
        /// Prints one JSON object for each announcement.
        #[arg(long)]
        json: bool,
    },
    /// Prints a reference page.
    #[command(hide = true)]
    Reference {
        /// Which page.
        what: Reference,
    },
}

/// The training world.
#[derive(Debug, ClapArgs)]
pub(super) struct DemoArgs {
    /// The scenario: calm-night, bad-upgrade, restore-under-pressure, pg01-disk-full, redis-restart, alert-storm, identity-outage, fleet-10k, hostile-data, or a file.
    #[arg(long, default_value = "calm-night")]
    pub(super) scenario: String,
    /// Another seed than the scenario's own.
    #[arg(long)]
    pub(super) seed: Option<u64>,
    /// How fast time goes: 2 is twice as fast.
    #[arg(long, default_value_t = 1.0)]
    pub(super) speed: f64,
    /// Skips the sign-in: viewer, operator or senior.
    #[arg(long = "as", value_name = "ROLE", value_parser = role)]
    pub(super) signed_in_as: Option<Role>,
    /// Virtual seconds to let pass before a frame is printed.
    #[arg(long, default_value_t = 0, value_name = "SECONDS")]
    pub(super) after: u64,
}

/// Declares the flags that stand for inputs: each has the name of the input.
macro_rules! inputs {
    ($($(#[$doc:meta])* $id:ident = $name:literal;)+) => {
        /// What a plan needs to know beside the tenant.
        #[derive(Debug, ClapArgs)]
        pub(super) struct InputArgs {
            $($(#[$doc])* #[arg(long = $name, value_name = "VALUE")] $id: Option<String>,)+
        }

        impl InputArgs {
            /// The names of all of them.
            #[cfg(test)]
            pub(super) const NAMES: &'static [&'static str] = &[$($name),+];

            #[cfg(feature = "live")]
            /// What is given, by the name of the input.
            pub(super) fn given(&self) -> impl Iterator<Item = (&'static str, &str)> {
                [$(($name, self.$id.as_deref())),+]
                    .into_iter()
                    .filter_map(|(name, value)| Some((name, value?)))
            }
        }
    };
}

inputs! {
    /// The backup: a key, a stamp, or latest.
    backup = "backup";
    /// Whether files are restored too: yes or no.
    filestore = "filestore";
    /// Who of the customer accepted the loss, when, and where that is written.
    accepted_by = "accepted-by";
    /// The major of Odoo.
    version = "version";
    /// The tier: starter, pro or enterprise.
    tier = "tier";
    /// The number of the project in the ERP.
    project = "project";
    /// Where the owner is written to.
    owner_email = "owner-email";
    /// The owner.
    owner_name = "owner-name";
    /// The modules to update: all, or names with commas between.
    modules = "modules";
    /// Whether the workers restart now or later.
    restart = "restart";
    /// The edition of a template: basic or pro.
    edition = "edition";
    /// The database that was kept.
    database = "database";
    /// The process of a session.
    pid = "pid";
    /// When that session began.
    began = "began";
    /// What a silence hides, such as alertname=HighLoad,tenant=acme.
    matchers = "matchers";
    /// How long: 30m, 2h, 1d.
    lasting = "for";
    /// The id of a silence.
    silence = "silence";
    /// The fingerprint of an alert.
    alert = "alert";
    /// The name of that alert.
    name = "name";
}

/// A plan to be made.
#[derive(Debug, ClapArgs)]
#[command(disable_version_flag = true)]
pub(super) struct PlanArgs {
    /// What to do: provision, restore, upgrade, backup, silence …
    #[arg(value_parser = verb)]
    pub(super) verb: Verb,
    /// The tenant, where it is about one.
    pub(super) tenant: Option<String>,
    #[command(flatten)]
    pub(super) inputs: InputArgs,
    /// Writes the plan to this file, for apply.
    #[arg(long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
    /// Prints the plan as JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// A plan to be run.
#[derive(Debug, ClapArgs)]
pub(super) struct ApplyArgs {
    /// The file that plan --out wrote.
    pub(super) file: PathBuf,
    /// Confirms a plan that asks for yes or no.
    #[arg(long)]
    pub(super) yes: bool,
    /// Confirms a plan that asks for a word: the word.
    #[arg(long, value_name = "WORD")]
    pub(super) confirm: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(super) enum OpsCommand {
    /// Lists the operations, newest first.
    List(ListArgs),
    /// Shows one operation, as the Markdown of a post-mortem.
    Show {
        /// Its id.
        id: String,
        /// Prints what the journal holds as JSON.
        #[arg(long)]
        json: bool,
        /// Asks nobody: shows what this machine saw last.
        #[arg(long)]
        offline: bool,
    },
    /// Goes on with what another console left, or tries again what went wrong.
    Resume(OneArgs),
    /// Approves of what another person confirmed, and runs it.
    Approve(OneArgs),
    /// Takes an operation back; needs --reason.
    Undo(OneArgs),
    /// Leaves an operation as it is: nobody goes on with it. Needs --reason.
    GiveUp(OneArgs),
    /// Removes the journals of operations that were over long ago, as consoles do by the way.
    Tidy,
}

/// An operation that something is done with.
#[derive(Debug, ClapArgs)]
pub(super) struct OneArgs {
    /// Its id.
    pub(super) id: String,
    /// Confirms what asks for the word of its plan: the word.
    #[arg(long, value_name = "WORD")]
    pub(super) confirm: Option<String>,
}

/// Which operations are listed, and how.
#[derive(Debug, ClapArgs)]
pub(super) struct ListArgs {
    /// Prints a JSON object for each.
    #[arg(long)]
    pub(super) json: bool,
    /// Lists only those of this tenant.
    #[arg(long, value_name = "NAME")]
    pub(super) tenant: Option<String>,
    /// Lists only those that are not over: running, stopped, waiting, or being taken back.
    #[arg(long)]
    pub(super) running: bool,
    /// Asks nobody: lists what this machine saw last.
    #[arg(long)]
    pub(super) offline: bool,
}

/// The verb that is called `word` on the command line.
fn verb(word: &str) -> Result<Verb, String> {
    // What people mean who say no more.
    let word = match word {
        "restore" => "restore-swap",
        "upgrade" => "upgrade-same",
        word => word,
    };
    Verb::of(word).ok_or_else(|| {
        let all: Vec<&str> = Verb::ALL.iter().map(|verb| verb.word()).collect();
        format!("There is no such operation. There are {}.", all.join(", "))
    })
}

#[derive(Debug, Subcommand)]
pub(super) enum ConfigCommand {
    /// Shows the settings in force.
    Show {
        /// Says where each value comes from.
        #[arg(long)]
        origin: bool,
    },
    /// Checks the settings, the theme and the key map, and says what is wrong.
    Check,
    /// Says where the files are.
    Path,
}

/// How to sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Flow {
    /// In the browser of this machine.
    Browser,
    /// In a browser anywhere, with a code.
    Device,
    /// By typing the password here.
    Terminal,
}

/// The reference pages.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Reference {
    /// Actions and keys.
    Actions,
    /// Settings.
    Settings,
}

fn size(text: &str) -> Result<(u16, u16), String> {
    let parsed = text.split_once('x').and_then(|(width, height)| {
        Some((width.parse::<u16>().ok()?, height.parse::<u16>().ok()?))
    });
    parsed
        .filter(|(width, height)| (1..=500).contains(width) && (1..=500).contains(height))
        .ok_or_else(|| format!("{text:?} is no size; write columns x lines, such as 160x48"))
}

/// The command line's description, for completions and checks.
#[must_use]
pub fn command() -> clap::Command {
    Args::command()
}

pub(super) fn reference(what: Reference) -> String {
    match what {
        Reference::Actions => actions_page(),
        Reference::Settings => config::reference(),
    }
}

/// The page of actions and keys, made from the registry and the built-in key maps.
#[must_use]
pub(super) fn actions_page() -> String {
    let verbs = action::verbs();
    let maps: Vec<(&str, Keymap)> = input::BUILTIN_NAMES
        .iter()
        .filter_map(|name| {
            let base = |name: &str| input::builtin(name).map(ToOwned::to_owned);
            let parsed = Keymap::parse(name, input::builtin(name)?, &base, &verbs).ok()?;
            Some((*name, parsed.keymap))
        })
        .collect();
    let mut page = String::from(
        "# Actions and keys\n\nMade by `pulse-console reference actions` from the registry of actions; don't edit it by hand.\n",
    );
    for context in Context::ALL {
        let rows: Vec<_> =
            action::REGISTRY.iter().filter(|spec| spec.verb.contexts.contains(&context)).collect();
        if rows.is_empty() {
            continue;
        }
        // Writing to a string can't fail.
        let _ = write!(page, "\n## {}: {}\n\n| action | does |", context.name(), context.doc());
        let names: Vec<&str> = maps.iter().map(|(name, _)| *name).collect();
        let _ = writeln!(page, " {} |\n|---|---|{}", names.join(" | "), "---|".repeat(names.len()));
        for spec in rows {
            let _ = write!(page, "| `{}` | {} |", spec.verb.id, spec.verb.doc);
            for (_, map) in &maps {
                let keys = map.keys_for(spec.verb.id, &[context]);
                let keys: Vec<String> =
                    keys.iter().map(|keys| format!("`{}`", keys.replace('|', "\\|"))).collect();
                let _ = write!(page, " {} |", keys.join(" "));
            }
            page.push('\n');
        }
    }
    page.push_str("\n## Filters\n\n```text\n");
    page.push_str(filter::help().trim_end());
    page.push_str("\n```\n\nColumns by pane:\n");
    for table in TableId::ALL {
        let _ = write!(page, "\n### {}\n\n| column | shows |\n|---|---|\n", table.name());
        for column in crate::store::columns(table) {
            let _ = writeln!(page, "| `{}` | {} |", column.id, column.doc);
        }
    }
    let _ = write!(page, "\nScenarios of the training world: {}.\n", sim::NAMES.join(", "));
    page
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::kinds::fields;

    #[test]
    fn every_field_of_every_verb_can_be_given() {
        let given = |name: &str| {
            // These two stand elsewhere on the command line.
            ["tenant", "reason"].contains(&name) || InputArgs::NAMES.contains(&name)
        };
        for verb in Verb::ALL {
            for field in fields(*verb) {
                assert!(given(field.name), "{verb}: {}", field.name);
            }
        }
    }
}
