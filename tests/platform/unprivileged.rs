//! Servers that refuse to run as root: where the tests themselves do, they run as `nobody`, in a home of their own.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::process::{Process, on_path};
use super::{Doing as _, PlatformError};

const SETPRIV: &str = "setpriv";
const USER: &str = "nobody";
const PREFIX: &str = "pulse-console-home-";
const LOCK: &str = "lock";
/// A home without its owner is swept when it is older.
const NEW: Duration = Duration::from_secs(60);

/// Who runs a server, and the folder that is his alone. The folder vanishes with it, or with the next one when its
/// harness is killed: a kept one might lie where another user can't reach.
#[derive(Debug)]
pub struct Unprivileged {
    home: tempfile::TempDir,
    /// Held as long as the home is lived in.
    _lock: File,
    /// `nobody`'s ids and the program that becomes him; none when we are an ordinary user already.
    other: Option<(u32, u32, PathBuf)>,
}

impl Unprivileged {
    /// Finds out who we are and makes the home.
    pub fn new() -> Result<Self, PlatformError> {
        sweep();
        let home = tempfile::Builder::new()
            .prefix(PREFIX)
            .tempdir()
            .doing(|| "make a temporary folder".into())?;
        let lock = File::create(home.path().join(LOCK))
            .and_then(|lock| lock.lock().map(|()| lock))
            .doing(|| format!("lock {}", home.path().display()))?;
        let root = fs::metadata("/proc/self").map_or(0, |me| me.uid()) == 0;
        let other = if root {
            let (user, group) = ids()?;
            let remedy = "can't install it; it is a part of util-linux";
            let setpriv =
                on_path(SETPRIV).ok_or(PlatformError::Missing { program: SETPRIV, remedy })?;
            Some((user, group, setpriv))
        } else {
            None
        };
        let this = Self { home, _lock: lock, other };
        this.give(this.home())?;
        Ok(this)
    }

    /// The folder.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// Writes a file into the home that only its user may read.
    pub fn write(&self, name: &str, text: &str) -> Result<PathBuf, PlatformError> {
        let path = self.home().join(name);
        fs::write(&path, text)
            .and_then(|()| fs::set_permissions(&path, fs::Permissions::from_mode(0o600)))
            .doing(|| format!("write {}", path.display()))?;
        self.give(&path)?;
        Ok(path)
    }

    /// Starts a server as this user; what it prints is appended to `log`.
    pub fn spawn(
        &self,
        program: &'static str,
        path: &Path,
        args: &[String],
        log: &Path,
    ) -> Result<Process, PlatformError> {
        let (path, args) = self.command(path, args);
        Process::spawn(program, &path, &args, log)
    }

    /// Runs a program as this user to its end; an error when it fails.
    pub fn run(&self, path: &Path, args: &[String]) -> Result<(), PlatformError> {
        let (path, args) = self.command(path, args);
        let output = Command::new(&path)
            .args(&args)
            .current_dir(self.home())
            .stdin(Stdio::null())
            .output()
            .doing(|| format!("run {}", path.display()))?;
        if output.status.success() {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        Err(std::io::Error::other(said)).doing(|| format!("run {}", args.join(" ")))
    }

    fn command(&self, path: &Path, args: &[String]) -> (PathBuf, Vec<String>) {
        let Some((user, group, setpriv)) = &self.other else {
            return (path.to_path_buf(), args.to_vec());
        };
        let mut all = vec![
            format!("--reuid={user}"),
            format!("--regid={group}"),
            "--clear-groups".into(),
            path.display().to_string(),
        ];
        all.extend_from_slice(args);
        (setpriv.clone(), all)
    }

    fn give(&self, path: &Path) -> Result<(), PlatformError> {
        match self.other {
            Some((user, group, _)) => chown(path, Some(user), Some(group))
                .doing(|| format!("give {} to {USER}", path.display())),
            None => Ok(()),
        }
    }
}

/// Removes homes whose harness was killed and could not: a filled one is hundreds of megabytes.
fn sweep() {
    let Ok(entries) = fs::read_dir(std::env::temp_dir()) else { return };
    for entry in entries.flatten() {
        let path = entry.path();
        let home = entry.file_name().to_string_lossy().starts_with(PREFIX);
        let age = entry.metadata().and_then(|entry| entry.modified()).map(|at| at.elapsed());
        let old = matches!(age, Ok(Ok(age)) if age > NEW);
        let left =
            home && old && File::open(path.join(LOCK)).is_ok_and(|lock| lock.try_lock().is_ok());
        if left {
            // Another one may sweep it at the same time.
            let _ = fs::remove_dir_all(&path);
        }
    }
}

/// The ids of `nobody`, as this machine has them.
fn ids() -> Result<(u32, u32), PlatformError> {
    let users = fs::read_to_string("/etc/passwd").doing(|| "read /etc/passwd".into())?;
    let found = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(USER)).then_some(())?;
        Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?))
    });
    found
        .ok_or_else(|| std::io::Error::other("there is no such user"))
        .doing(|| format!("become {USER}, which servers that refuse root run as"))
}
