//! Loopback ports that stay ours while a server is down.
//!
//! They lie below the range that the system hands out to outgoing connections, and a lock file keeps other test processes
//! off them, so a server that is killed comes back on the same port.

use std::fs::{self, File};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use super::{Doing as _, PlatformError};

const FIRST: u16 = 20_000;
const COUNT: u16 = 12_000;

static NEXT: AtomicU32 = AtomicU32::new(0);

/// A port of 127.0.0.1 that no other process of this harness uses until it is dropped.
#[derive(Debug)]
pub struct Port {
    number: u16,
    _lock: File,
}

impl Port {
    /// Takes a port on which nothing listens.
    pub fn reserve() -> Result<Self, PlatformError> {
        let folder = lock_folder()?;
        // Each process begins elsewhere, so that parallel ones seldom meet.
        let start = std::process::id().wrapping_mul(61);
        for _ in 0..COUNT {
            let step = NEXT.fetch_add(1, Ordering::Relaxed);
            let offset = u16::try_from(start.wrapping_add(step) % u32::from(COUNT)).unwrap_or(0);
            if let Some(port) = Self::take(&folder, FIRST + offset)? {
                return Ok(port);
            }
        }
        Err(std::io::Error::other("all 12 000 are taken"))
            .doing(|| "find a free loopback port".into())
    }

    /// The port's number.
    pub fn number(&self) -> u16 {
        self.number
    }

    fn take(folder: &std::path::Path, number: u16) -> Result<Option<Self>, PlatformError> {
        let path = folder.join(number.to_string());
        let lock = File::create(&path).doing(|| format!("create {}", path.display()))?;
        if lock.try_lock().is_err() || TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_err() {
            return Ok(None);
        }
        Ok(Some(Self { number, _lock: lock }))
    }
}

fn lock_folder() -> Result<PathBuf, PlatformError> {
    // One folder for each user: another's cannot be written to.
    let user = fs::metadata("/proc/self").map_or(0, |me| me.uid());
    let folder = std::env::temp_dir().join(format!("pulse-console-ports-{user}"));
    fs::create_dir_all(&folder).doing(|| format!("create {}", folder.display()))?;
    Ok(folder)
}
