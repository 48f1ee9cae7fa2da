//! A plan in a file.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::CliError;
use crate::domain::PlanHash;
use crate::domain::operation::Plan;
use crate::operation::hash;

/// The largest file that is read, 1 MiB.
const LARGEST: u64 = 1024 * 1024;

/// What is in the file.
#[derive(Serialize, Deserialize)]
struct Written {
    /// The hash of the plan, so that one that was changed by hand is noticed.
    hash: PlanHash,
    plan: Plan,
}

/// The plan as it is written.
pub(super) fn written(plan: &Plan) -> Result<String, CliError> {
    let written = Written { hash: hash(plan), plan: plan.clone() };
    serde_json::to_string_pretty(&written).map_err(CliError::of)
}

/// Writes `plan` to a new file that only its owner can read.
pub(super) fn write(path: &Path, plan: &Plan) -> Result<(), CliError> {
    let text = written(plan)?;
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|error| {
        CliError(format!("The plan could not be written to {}: {error}.", path.display()))
    })
}

/// Reads a plan, which must be as it was written.
pub(super) fn read(path: &Path) -> Result<Plan, CliError> {
    let wrong = |why: String| CliError(format!("{} holds no plan: {why}.", path.display()));
    let mut text = String::new();
    let file = File::open(path).map_err(|error| wrong(error.to_string()))?;
    file.take(LARGEST + 1).read_to_string(&mut text).map_err(|error| wrong(error.to_string()))?;
    if text.len() as u64 > LARGEST {
        return Err(wrong(format!("it is larger than {LARGEST} bytes")));
    }
    let written: Written = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    if hash(&written.plan) != written.hash {
        return Err(wrong("it was changed after it was made; make a new one".to_owned()));
    }
    Ok(written.plan)
}
