//! What the console adds to the stream: the record of a console opened without signing in, and word of operations.
//!
//! It lies in its entry as the stream's other events do, it never makes a stream that is not there, and it trims nothing.

use redis::cmd;
use serde_json::Value;

use super::Options;
use super::cloudevent::{self, Layout};
use super::connect::{Link, Target};
use super::trouble::{self, Failure};
use crate::domain::{StreamId, Trouble, TroubleKind};

/// How many of the newest entries are looked through for an event that may have been added before.
const LOOKED_AT: u64 = 200;

/// Adds `event`, whose id is `id`, to the stream which `options` describe, unless it is there already.
pub(in crate::live) async fn announce(
    options: &Options,
    id: &str,
    event: &Value,
) -> Result<(), Trouble> {
    let target = Target::new(options).map_err(|failure| trouble::address(&failure))?;
    let added = add(options, &target, id, event).await;
    let added = added.map_err(|failure| explain(&failure, &target))?;
    if added { Ok(()) } else { Err(no_stream(&target)) }
}

async fn add(options: &Options, target: &Target, id: &str, event: &Value) -> Result<bool, Failure> {
    let mut link = Link::open(target).await?;
    let newest = StreamId { ms: u64::MAX, seq: u64::MAX };
    let before = match link.page(newest, LOOKED_AT).await {
        Ok(before) => before,
        // Who may add need not be allowed to read.
        Err(failure) if failure.is_no_permission() => Vec::new(),
        Err(failure) => return Err(failure),
    };
    let quoted = Value::from(id).to_string();
    let holds = |value: &[u8]| {
        let held = value.windows(quoted.len()).any(|part| part == quoted.as_bytes());
        held || value == id.as_bytes()
    };
    if before.iter().any(|entry| entry.fields.iter().any(|(_, value)| holds(value))) {
        return Ok(true);
    }
    let layout = match &options.field {
        Some(field) => Layout::Field(field.clone()),
        None => before.last().and_then(cloudevent::layout).unwrap_or_default(),
    };
    let mut command = cmd("XADD");
    command.arg(&target.stream).arg("NOMKSTREAM").arg("*");
    for (name, value) in layout.fields(event) {
        command.arg(name).arg(value);
    }
    let reply = link.ask("XADD", &command).await?;
    Ok(reply != redis::Value::Nil)
}

fn explain(failure: &Failure, target: &Target) -> Trouble {
    if !failure.is_no_permission() {
        return trouble::explain(failure, target);
    }
    Trouble::new(
        TroubleKind::Denied,
        &format!(
            "{} does not let {} add to {}",
            trouble::server(target),
            trouble::user(target),
            target.stream
        ),
        "Ask for the ACL rule `+xadd` on the key of the stream.",
    )
}

fn no_stream(target: &Target) -> Trouble {
    Trouble::new(
        TroubleKind::Absent,
        &format!("{} has no stream {} now", trouble::server(target), target.stream),
        "It is added once the platform writes there; if it never does, check `valkey.stream`.",
    )
}
