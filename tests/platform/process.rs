//! One server process: started with its output in a log file, ended by its pid, never left behind.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{Doing as _, PlatformError};

/// How long a server may take to end by itself after being asked.
const STOP_WITHIN: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(20);
const TAIL_LINES: usize = 15;

/// A running server. Dropping it kills it.
#[derive(Debug)]
pub struct Process {
    program: &'static str,
    child: Child,
    /// Waits for this process to vanish, however it does, and then kills the server.
    guard: Child,
    log: PathBuf,
}

impl Process {
    /// Starts `path` with `args`; what it prints is appended to `log`.
    pub fn spawn(
        program: &'static str,
        path: &Path,
        args: &[String],
        log: &Path,
    ) -> Result<Self, PlatformError> {
        let output = File::options()
            .create(true)
            .append(true)
            .open(log)
            .doing(|| format!("write {}", log.display()))?;
        let errors = output.try_clone().doing(|| format!("write {}", log.display()))?;
        let mut child = Command::new(path)
            .args(args)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            // Ctrl-C is for the one who started it; the servers are stopped in order.
            .process_group(0)
            .spawn()
            .doing(|| format!("start {}", path.display()))?;
        let guard = match guard(child.id()) {
            Ok(guard) => guard,
            Err(error) => {
                end(&mut child);
                return Err(error).doing(|| format!("guard {program}"));
            }
        };
        Ok(Self { program, child, guard, log: log.to_path_buf() })
    }

    /// The process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `ready` says yes; an error when the process ends first or `within` passes.
    pub async fn wait_until<F>(
        &mut self,
        within: Duration,
        mut ready: F,
    ) -> Result<(), PlatformError>
    where
        F: AsyncFnMut() -> bool,
    {
        let outcome = tokio::time::timeout(within, async {
            loop {
                if let Ok(Some(status)) = self.child.try_wait() {
                    return Some(status);
                }
                if ready().await {
                    return None;
                }
                tokio::time::sleep(POLL).await;
            }
        })
        .await;
        match outcome {
            Ok(None) => Ok(()),
            Ok(Some(status)) => Err(self.not_ready(format!("ended while starting ({status})"))),
            Err(_) => Err(self.not_ready(format!("gave no answer for {} s", within.as_secs()))),
        }
    }

    /// An error when the process has ended by itself.
    pub fn check(&mut self) -> Result<(), PlatformError> {
        match self.child.try_wait() {
            Ok(Some(status)) => Err(self.not_ready(format!("ended by itself ({status})"))),
            Ok(None) | Err(_) => Ok(()),
        }
    }

    /// Asks the process to end and waits for it; kills it when that takes too long.
    pub async fn stop(self) {
        self.stop_by("TERM").await;
    }

    /// The same, for a program that wants to be asked by another signal.
    pub async fn stop_by(mut self, signal: &str) {
        self.signal(signal);
        let ended = tokio::time::timeout(STOP_WITHIN, async {
            while matches!(self.child.try_wait(), Ok(None)) {
                tokio::time::sleep(POLL).await;
            }
        });
        // Too slow: dropping kills it.
        let _ = ended.await;
    }

    /// Holds the process where it is (a server that hangs), without closing its connections.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets a frozen process go on.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    /// Holds the process and those it started, the process first: it can't start another meanwhile.
    pub fn freeze_family(&self) {
        self.signal("STOP");
        signal("STOP", &self.family());
    }

    /// Lets a frozen family go on.
    pub fn thaw_family(&self) {
        signal("CONT", &self.family());
        self.signal("CONT");
    }

    /// Kills the process and those it started, and waits until none is left.
    #[expect(
        clippy::disallowed_methods,
        reason = "a test waits for the system to take processes away"
    )]
    pub fn kill_family(self) {
        self.signal("STOP");
        let family = self.family();
        drop(self);
        signal("KILL", &family);
        let mut polls = STOP_WITHIN.as_millis() / POLL.as_millis();
        while family.iter().any(|pid| alive(*pid)) && polls > 0 {
            std::thread::sleep(POLL);
            polls -= 1;
        }
    }

    /// The processes that this one started and that are still there.
    fn family(&self) -> Vec<u32> {
        let pid = self.pid();
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"));
        children.unwrap_or_default().split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
    }

    fn signal(&self, name: &str) {
        signal(name, &[self.pid()]);
    }

    fn not_ready(&self, how: String) -> PlatformError {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let tail =
            lines.get(lines.len().saturating_sub(TAIL_LINES)..).unwrap_or_default().join("\n");
        PlatformError::NotReady {
            program: self.program,
            how,
            log: self.log.display().to_string(),
            tail,
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        end(&mut self.guard);
        end(&mut self.child);
    }
}

/// Starts the watcher of `pid`: its standard input is a pipe that only this process holds, so it ends with this process.
fn guard(pid: u32) -> io::Result<Child> {
    Command::new("sh")
        .args(["-c", &format!("read -r _; kill -KILL {pid} 2>/dev/null")])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
}

/// The shell's own `kill`: it is there on every machine, and no unsafe call is needed.
fn signal(name: &str, pids: &[u32]) {
    let pids: Vec<String> = pids.iter().map(u32::to_string).collect();
    if !pids.is_empty() {
        let _ = Command::new("sh")
            .args(["-c", &format!("kill -{name} {}", pids.join(" "))])
            .stderr(Stdio::null())
            .status();
    }
}

/// Whether `pid` still runs; one that has ended and waits to be asked for its status does not.
fn alive(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name in parentheses may hold anything.
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

fn end(child: &mut Child) {
    if matches!(child.try_wait(), Ok(None)) {
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Finds a program on PATH.
pub fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file())
}
