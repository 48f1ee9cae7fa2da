//! Where the operator's last run had read to, kept in a file between runs.
//!
//! A convenience, not a record: a file that is missing or broken means a fresh start, never a failure. It is
//! written whole under another name and then renamed, readable by its owner only, on a thread that may
//! wait for the disk.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::domain::StreamId;

/// More than any cursor needs; a larger file is not one.
const FILE_MAX: u64 = 64 * 1024;

/// A place in a stream.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// The key of the stream.
    pub stream: String,
    /// The last id read.
    pub id: StreamId,
    /// How many entries the stream had ever had up to that id, if known.
    pub position: Option<u64>,
    /// Which run of the server it was, if the server says.
    #[serde(default)]
    pub run_id: Option<String>,
}

/// The file that keeps the cursor, and what was last written to it.
#[derive(Debug)]
pub(super) struct CursorFile {
    path: Option<PathBuf>,
    written: Option<Cursor>,
    complained: bool,
}

impl CursorFile {
    /// The cursor kept at `path`; one that keeps nothing when there is no path.
    pub(super) fn new(path: Option<PathBuf>) -> Self {
        Self { path, written: None, complained: false }
    }

    /// Reads the cursor of `stream`; none when there is none for it.
    pub(super) async fn load(&mut self, stream: &str) -> Option<Cursor> {
        let path = self.path.clone()?;
        let file = path.clone();
        let read = tokio::task::spawn_blocking(move || load(&file)).await;
        match read.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok(cursor) => {
                self.written.clone_from(&cursor);
                cursor.filter(|cursor| cursor.stream == stream)
            }
            Err(error) => {
                tracing::warn!(file = %path.display(), %error,
                    "The place where the last run left the event stream can't be read; starting afresh.");
                None
            }
        }
    }

    /// Writes `cursor` unless it is there already. A failure is logged once.
    pub(super) async fn save(&mut self, cursor: Cursor) {
        let Some(path) = self.path.clone() else {
            return;
        };
        if self.written.as_ref() == Some(&cursor) {
            return;
        }
        let (file, value) = (path.clone(), cursor.clone());
        let wrote = tokio::task::spawn_blocking(move || save(&file, &value)).await;
        match wrote.unwrap_or_else(|error| Err(io::Error::other(error))) {
            Ok(()) => self.written = Some(cursor),
            Err(error) if !self.complained => {
                self.complained = true;
                tracing::warn!(file = %path.display(), %error,
                    "The place in the event stream can't be kept for the next run.");
            }
            Err(_) => {}
        }
    }
}

fn load(path: &Path) -> io::Result<Option<Cursor>> {
    let file = match fs::File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut json = String::new();
    file.take(FILE_MAX).read_to_string(&mut json)?;
    Ok(Some(serde_json::from_str(&json)?))
}

fn save(path: &Path, cursor: &Cursor) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut new = NamedTempFile::new_in(folder)?;
    new.write_all(serde_json::to_string(cursor)?.as_bytes())?;
    new.persist(path)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(ms: u64) -> Cursor {
        let id = StreamId { ms, seq: 0 };
        Cursor { stream: "PLANA:events".to_owned(), id, position: Some(ms), run_id: None }
    }

    #[tokio::test]
    async fn a_cursor_is_kept_between_runs() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("state/cursor.json");
        let mut file = CursorFile::new(Some(path.clone()));
        assert_eq!(file.load("PLANA:events").await, None);
        file.save(cursor(1)).await;
        file.save(cursor(2)).await;
        let mut next = CursorFile::new(Some(path.clone()));
        assert_eq!(next.load("PLANA:events").await, Some(cursor(2)));
        assert_eq!(next.load("other").await, None);
        let files = fs::read_dir(path.parent().expect("a folder")).expect("a list").count();
        assert_eq!(files, 1, "nothing is left beside it");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = fs::metadata(&path).expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[tokio::test]
    async fn a_broken_file_is_a_fresh_start() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("cursor.json");
        for broken in ["", "{", "[]", "{\"stream\":1}", "\u{0}"] {
            fs::write(&path, broken).expect("written");
            let mut file = CursorFile::new(Some(path.clone()));
            assert_eq!(file.load("PLANA:events").await, None, "{broken:?}");
            file.save(cursor(3)).await;
            let again = CursorFile::new(Some(path.clone())).load("PLANA:events").await;
            assert_eq!(again, Some(cursor(3)));
        }
    }

    #[tokio::test]
    async fn a_place_that_cannot_be_written_is_no_failure() {
        let folder = tempfile::tempdir().expect("a folder");
        let mut file = CursorFile::new(Some(folder.path().to_owned()));
        assert_eq!(file.load("PLANA:events").await, None);
        file.save(cursor(1)).await;
        assert_eq!(CursorFile::new(None).load("PLANA:events").await, None);
    }
}
