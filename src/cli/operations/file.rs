//! A plan in a file.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use super::CliError;
use crate::domain::PlanHash;
use crate::domain::operation::Plan;
use crate::operation::hash;

/// The largest file that is read, 1 MiB.
const LARGEST: u64 = 1024 * 1024;

/// Where streams that are open have names, such as `/dev/stdout`: nothing takes their place.
const STREAMS: [&str; 2] = ["/dev", "/dev/fd"];

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

/// Writes `plan` to a new file that only its owner can read. It takes the place of what has its name; what that was a
/// link to stays as it is.
pub(super) fn write(path: &Path, plan: &Plan) -> Result<(), CliError> {
    let text = written(plan)?;
    put(path, text.as_bytes()).map_err(|error| {
        CliError(format!("The plan could not be written to {}: {error}.", path.display()))
    })
}

fn put(path: &Path, text: &[u8]) -> io::Result<()> {
    let folder = folder(path);
    if STREAMS.iter().any(|streams| folder == Path::new(streams)) {
        return File::options().write(true).open(path)?.write_all(text);
    }
    let mut new = NamedTempFile::new_in(folder)?;
    new.write_all(text)?;
    new.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// The folder that `path` is in.
fn folder(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
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

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;
    use crate::operation::kinds::tests::any_plan;

    #[test]
    fn a_plan_is_written_to_a_file_of_its_own() {
        let home = tempfile::tempdir().expect("a folder");
        let [new, open, link, other] =
            ["new", "open", "link", "other"].map(|name| home.path().join(name));
        for path in [&open, &other] {
            fs::write(path, "what was there").expect("written");
            fs::set_permissions(path, fs::Permissions::from_mode(0o644)).expect("it is ours");
        }
        symlink(&other, &link).expect("a link");
        let plan = any_plan();
        for path in [&new, &open, &link] {
            write(path, &plan).expect("it is written");
            let metadata = fs::symlink_metadata(path).expect("it is there");
            assert!(metadata.is_file(), "{}", path.display());
            assert_eq!(metadata.permissions().mode() & 0o7777, 0o600, "{}", path.display());
            assert_eq!(read(path).expect("a plan"), plan);
        }
        assert_eq!(fs::read_to_string(&other).expect("its text"), "what was there");
        assert_eq!(fs::read_dir(home.path()).expect("a folder").count(), 4, "nothing is left");
    }

    #[test]
    fn a_plan_that_can_not_be_written_leaves_nothing() {
        let home = tempfile::tempdir().expect("a folder");
        fs::create_dir(home.path().join("folder")).expect("a folder");
        for name in ["folder", "nowhere/plan"] {
            let path = home.path().join(name);
            let CliError(why) = write(&path, &any_plan()).expect_err("there is no room");
            assert!(why.starts_with("The plan could not be written to "), "{why}");
        }
        assert_eq!(fs::read_dir(home.path()).expect("a folder").count(), 1);
    }

    #[test]
    fn a_name_alone_is_in_the_folder_of_the_shell() {
        assert_eq!(folder(Path::new("plan")), Path::new("."));
        assert_eq!(folder(Path::new("plans/one")), Path::new("plans"));
    }

    #[test]
    fn a_stream_is_written_to() {
        write(Path::new("/dev/null"), &any_plan()).expect("it takes everything");
        assert!(!fs::metadata("/dev/null").expect("it is there").is_file());
    }
}
