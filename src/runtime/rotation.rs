//! A log file that keeps its size: rotated before it grows over the limit, a few old ones kept.
//!
//! Invariants: a plain file of the operator's own, readable by nobody else (0600), never reached through a
//! symbolic link at its name. Several consoles may write the same log: lines are appended whole, and one
//! console's rotation is noticed by the others.

use std::ffi::OsString;
use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

/// How many old files are kept: `name.1`, the youngest, to `name.3`.
pub(super) const OLD_KEPT: u32 = 3;

const FILE_MODE: u32 = 0o600;
const FOLDER_MODE: u32 = 0o700;

/// The file and its limit.
#[derive(Debug)]
pub(super) struct Rotation {
    path: PathBuf,
    file: File,
    bytes_max: u64,
}

impl Rotation {
    /// Opens or makes the file, and its folder (0700) when that is missing.
    pub(super) fn open(path: &Path, bytes_max: u64) -> io::Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            DirBuilder::new().recursive(true).mode(FOLDER_MODE).create(folder)?;
        }
        Ok(Self { path: path.to_owned(), file: open_private(path)?, bytes_max })
    }

    /// Appends `line` whole, in a fresh file if this one would grow over the limit.
    pub(super) fn append(&mut self, line: &[u8]) -> io::Result<()> {
        // Asked each time, for another console may have written too.
        let size = self.file.metadata()?.len();
        if size > 0 && size.saturating_add(line.len() as u64) > self.bytes_max {
            self.rotate()?;
        }
        self.file.write_all(line)
    }

    /// Waits until what was written is on the disk.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn rotate(&mut self) -> io::Result<()> {
        if self.is_current()? {
            for number in (1..OLD_KEPT).rev() {
                rename(&old(&self.path, number), &old(&self.path, number + 1))?;
            }
            rename(&self.path, &old(&self.path, 1))?;
        }
        self.file = open_private(&self.path)?;
        Ok(())
    }

    /// Whether the name still leads to our file: otherwise another console rotated already.
    fn is_current(&self) -> io::Result<bool> {
        let ours = self.file.metadata()?;
        match std::fs::symlink_metadata(&self.path) {
            Ok(named) => Ok((named.dev(), named.ino()) == (ours.dev(), ours.ino())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The file that was at `path` so many rotations ago.
pub(super) fn old(path: &Path, number: u32) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(format!(".{number}"));
    PathBuf::from(name)
}

fn rename(from: &Path, to: &Path) -> io::Result<()> {
    match std::fs::rename(from, to) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Opens or makes a plain file of the operator's own, for appending.
pub(super) fn open_private(path: &Path) -> io::Result<File> {
    // Non-blocking: opening a named pipe would wait for a reader.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .append(true)
        .create(true)
        .mode(FILE_MODE)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a plain file"));
    }
    if metadata.permissions().mode() & 0o7777 != FILE_MODE {
        file.set_permissions(Permissions::from_mode(FILE_MODE))?;
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<(String, u32, u64)> {
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .expect("folder")
            .map(|entry| {
                let entry = entry.expect("entry");
                let metadata = entry.metadata().expect("metadata");
                let mode = metadata.permissions().mode() & 0o7777;
                (entry.file_name().to_string_lossy().into_owned(), mode, metadata.len())
            })
            .collect();
        names.sort();
        names
    }

    #[test]
    fn files_rotate_before_the_limit_and_three_old_ones_stay_private() {
        let home = tempfile::tempdir().expect("folder");
        let folder = home.path().join("state/pulse");
        let path = folder.join("console.log");
        let mut rotation = Rotation::open(&path, 30).expect("opened");
        for number in 0..17 {
            rotation.append(format!("line {number:03}\n").as_bytes()).expect("written");
        }
        let expected = [
            ("console.log", 18),
            ("console.log.1", 27),
            ("console.log.2", 27),
            ("console.log.3", 27),
        ]
        .map(|(name, size)| (name.to_owned(), 0o600, size));
        assert_eq!(names(&folder), expected);
        let mode =
            |path: &Path| std::fs::metadata(path).expect("folder").permissions().mode() & 0o777;
        assert_eq!((mode(&folder), mode(&home.path().join("state"))), (0o700, 0o700));
        let oldest = std::fs::read_to_string(folder.join("console.log.3")).expect("text");
        assert_eq!(oldest, "line 006\nline 007\nline 008\n");
    }

    #[test]
    fn a_line_longer_than_the_limit_is_still_written_once() {
        let home = tempfile::tempdir().expect("folder");
        let mut rotation = Rotation::open(&home.path().join("log"), 4).expect("opened");
        rotation.append(b"longer\n").expect("written");
        rotation.append(b"again\n").expect("written");
        let sizes: Vec<_> =
            names(home.path()).into_iter().map(|(name, _, size)| (name, size)).collect();
        assert_eq!(sizes, [("log".to_owned(), 6), ("log.1".to_owned(), 7)]);
    }

    #[test]
    fn two_writers_of_one_log_rotate_once() {
        let home = tempfile::tempdir().expect("folder");
        let path = home.path().join("log");
        let mut one = Rotation::open(&path, 10).expect("opened");
        let mut two = Rotation::open(&path, 10).expect("opened");
        one.append(b"12345678\n").expect("written");
        one.append(b"a\n").expect("rotated");
        two.append(b"b\n").expect("moved on");
        assert_eq!(std::fs::read_to_string(&path).expect("text"), "a\nb\n");
        assert_eq!(names(home.path()).len(), 2);
    }

    #[test]
    fn an_open_file_is_closed_to_others_and_what_is_no_file_is_refused() {
        let home = tempfile::tempdir().expect("folder");
        let path = home.path().join("log");
        std::fs::write(&path, "old\n").expect("written");
        std::fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("mode");
        Rotation::open(&path, 100).expect("opened").append(b"new\n").expect("written");
        assert_eq!(names(home.path()), [("log".to_owned(), 0o600, 8)]);

        let link = home.path().join("link");
        std::os::unix::fs::symlink(&path, &link).expect("link");
        assert!(Rotation::open(&link, 100).is_err(), "a link is not followed");
        assert!(Rotation::open(home.path(), 100).is_err(), "a folder is no log");
        assert_eq!(std::fs::read_to_string(&path).expect("text"), "old\nnew\n");
    }
}
