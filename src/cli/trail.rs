//! The trail, printed: who opened a console without signing in, when, why, and who was told.

use serde_json::{Value, json};

use super::args::Args;
use super::{CliError, output, start};
use crate::domain::Happening;
use crate::runtime::trail::{Entries, Entry, Trail};

pub(super) fn run(args: &Args, as_json: bool) -> Result<u8, CliError> {
    let (_, paths) = start::settings(&args.settings)?;
    let trail = Trail::new(paths.trail());
    let path = trail.path().display();
    let Entries { entries, unreadable } = trail
        .read()
        .map_err(|error| CliError(format!("The trail {path} can't be read: {error}.")))?;
    // Of one profile where one is named, else of all.
    let wanted = args.settings.profile.as_deref();
    let entries: Vec<&Entry> = entries
        .iter()
        .filter(|entry| wanted.is_none_or(|wanted| entry.announcement.profile == *wanted))
        .collect();
    if as_json {
        let lines: Vec<String> = entries.iter().map(|entry| as_value(entry).to_string()).collect();
        if !lines.is_empty() {
            output::say(&lines.join("\n"));
        }
    } else if entries.is_empty() {
        output::say("No console was opened with --break-glass here.");
    } else {
        let text: Vec<String> = entries.iter().map(|entry| in_words(entry)).collect();
        output::say(&text.join("\n\n"));
    }
    if unreadable > 0 {
        output::complain(&format!("{unreadable} lines of {path} can't be read."));
    }
    Ok(0)
}

fn as_value(entry: &Entry) -> Value {
    let of = &entry.announcement;
    let outlets: Vec<Value> = entry
        .outlets
        .iter()
        .map(|delivery| {
            json!({
                "outlet": delivery.outlet,
                "delivered": delivery.delivered.map(|at| at.to_string()),
                "failed": delivery.failed,
            })
        })
        .collect();
    let mut value = of.cloud_event();
    if let Some(fields) = value.as_object_mut() {
        fields.insert("training".to_owned(), json!(of.training));
        fields.insert("outlets".to_owned(), json!(outlets));
    }
    value
}

fn in_words(entry: &Entry) -> String {
    let of = &entry.announcement;
    let training = if of.training { " (training)" } else { "" };
    let what = match &of.happening {
        Happening::Begun => "opened".to_owned(),
        Happening::Ended { lasted, .. } => format!("closed after {lasted}"),
        Happening::Lost { .. } => "ended without saying so".to_owned(),
    };
    let may = if of.read_only { "read-only".to_owned() } else { format!("as {}", of.role) };
    let mut lines =
        vec![format!("{}  {}{training}  {}  {what}, {may}", of.at, of.profile, of.who.name())];
    if of.is_begin() {
        lines.push(format!("  reason: {}", of.reason));
        lines.extend(of.who.kubernetes.iter().map(|user| format!("  kubeconfig: {user}")));
    }
    for delivery in &entry.outlets {
        let name = delivery.outlet.name();
        lines.push(match (delivery.delivered, &delivery.failed) {
            (Some(at), _) => format!("  {name}: announced {at}"),
            (None, Some(why)) => format!("  {name}: queued; {why}"),
            (None, None) => format!("  {name}: queued"),
        });
    }
    if entry.outlets.is_empty() {
        lines.push("  announced nowhere: the profile names no place for it".to_owned());
    }
    lines.join("\n")
}
