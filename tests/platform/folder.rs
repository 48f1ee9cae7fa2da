//! The folder of one server: a temporary one that vanishes with it, or a named one that stays.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::{Doing as _, PlatformError};

/// Where a server keeps its data, certificates and log.
#[derive(Debug)]
pub enum Folder {
    /// Removed when dropped.
    Temporary(tempfile::TempDir),
    /// Kept, for one who wants to look at it.
    Kept(PathBuf),
}

impl Folder {
    /// `kept`, made when it is not there, else a new temporary folder.
    pub fn new(kept: Option<PathBuf>) -> Result<Self, PlatformError> {
        match kept {
            Some(path) => {
                fs::create_dir_all(&path).doing(|| format!("create {}", path.display()))?;
                Ok(Self::Kept(path))
            }
            None => tempfile::Builder::new()
                .prefix("pulse-console-")
                .tempdir()
                .doing(|| "make a temporary folder".into())
                .map(Self::Temporary),
        }
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Kept(path) => path,
        }
    }

    /// Writes a file that only this user may read, and gives its path.
    pub fn write(&self, name: &str, text: &str) -> Result<PathBuf, PlatformError> {
        write_private(&self.path().join(name), text)
    }
}

/// Writes `path` so that only this user may read it.
pub fn write_private(path: &Path, text: &str) -> Result<PathBuf, PlatformError> {
    fs::write(path, text)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o600)))
        .doing(|| format!("write {}", path.display()))?;
    Ok(path.to_path_buf())
}
