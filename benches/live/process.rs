//! What the system tells of a process.

use std::path::PathBuf;
use std::time::Duration;

use super::tenths;

/// A process by its id.
#[derive(Clone, Copy)]
pub struct Process(pub u32);

impl Process {
    /// The processor time of all its threads.
    pub fn busy(self) -> Duration {
        let threads = std::fs::read_dir(self.file("task")).into_iter().flatten().flatten();
        let nanoseconds = threads.filter_map(|thread| {
            let told = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
            told.split_whitespace().next()?.parse::<u64>().ok()
        });
        Duration::from_nanos(nanoseconds.sum())
    }

    /// What is resident of it now.
    pub fn resident_mib(self) -> f64 {
        let told = std::fs::read_to_string(self.file("status")).unwrap_or_default();
        let line = told.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        let kib: f64 = line.trim().trim_end_matches(" kB").parse().unwrap_or_default();
        tenths(kib / 1024.0)
    }

    /// What is resident of it and is its own: not the program's text, not shared libraries.
    pub fn anonymous_mib(self) -> f64 {
        let told = std::fs::read_to_string(self.file("status")).unwrap_or_default();
        let line = told.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap_or_default();
        let kib: f64 = line.trim().trim_end_matches(" kB").parse().unwrap_or_default();
        tenths(kib / 1024.0)
    }

    fn file(self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.0))
    }
}
