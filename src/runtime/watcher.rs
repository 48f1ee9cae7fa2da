//! Watches a few small files (themes, keymaps, settings) by looking at them each second.
//!
//! It gives no meaning to what they hold. A change is told only after the file stayed the same for one more
//! look, so a half-written file is not read, and with the text, read bounded. Looking instead of being told
//! works on every file system and for files that do not exist yet.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::OFlags;
use thiserror::Error;
use tokio::sync::mpsc;

use crate::domain::Text;

/// The most files that are watched; further ones are left out, and [`FileWatch::left_out`] tells how many.
pub const WATCHED_MAX: usize = 64;

/// The most bytes of a watched file.
pub const WATCHED_BYTES_MAX: u64 = 256 * 1024;

/// The time between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// A file that changed and then stayed the same for a second.
#[derive(Debug)]
pub struct FileChange {
    /// Which file.
    pub path: PathBuf,
    /// What it holds now.
    pub content: FileContent,
}

/// What a watched file holds.
#[derive(Debug)]
pub enum FileContent {
    /// Its text.
    Text(String),
    /// It does not exist any more.
    Gone,
    /// It can't be read; the old content should stay in use.
    Unreadable(WatchError),
}

/// Why a watched file can't be read.
#[derive(Debug, Error)]
pub enum WatchError {
    /// The system refused.
    #[error("{} can't be read: {source}. What was loaded before stays in use.", shown(.path))]
    Read {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is longer than such a file ever is.
    #[error(
        "{} is longer than {} KiB, too long to be what it should be. What was loaded before stays in use.",
        shown(.0), WATCHED_BYTES_MAX / 1024
    )]
    TooLong(PathBuf),
    /// It is a folder, a pipe or a device.
    #[error("{} is not a plain file. What was loaded before stays in use.", shown(.0))]
    NotAFile(PathBuf),
    /// It holds no text.
    #[error("{} is not UTF-8 text. Save it as UTF-8; what was loaded before stays in use.", shown(.0))]
    NotText(PathBuf),
}

fn shown(path: &Path) -> Text {
    Text::clean(&path.to_string_lossy())
}

/// The watched files and what was last told of each.
#[derive(Debug)]
pub struct FileWatch {
    files: Vec<Watched>,
    left_out: usize,
}

impl FileWatch {
    /// Takes the files as they are now for known; reads no content. Call it before they are loaded, so that
    /// no change falls between.
    #[must_use]
    pub fn new(paths: Vec<PathBuf>) -> Self {
        let left_out = paths.len().saturating_sub(WATCHED_MAX);
        let known = |path: PathBuf| Watched { told: Stamp::of(&path), seen: None, path };
        Self { files: paths.into_iter().take(WATCHED_MAX).map(known).collect(), left_out }
    }

    /// How many of the given files are not watched.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Looks each second, on a thread of its own, and tells `sender` what changed until nobody receives.
    ///
    /// # Errors
    /// When the thread can't be started.
    pub fn start<M>(mut self, sender: mpsc::Sender<M>) -> io::Result<()>
    where
        M: From<FileChange> + Send + 'static,
    {
        // Not a task: a look would wake the timer, a thread for what blocks, and whoever waits for that.
        std::thread::Builder::new()
            .name("files".to_owned())
            .spawn(move || {
                while self.tell(&sender) {
                    std::thread::park_timeout(LOOK_EVERY);
                }
            })
            .map(drop)
    }

    /// Tells `sender` what changed since the last look; says whether anybody receives.
    fn tell<M: From<FileChange>>(&mut self, sender: &mpsc::Sender<M>) -> bool {
        let changes = self.look().into_iter();
        !sender.is_closed()
            && changes.map(M::from).all(|change| sender.blocking_send(change).is_ok())
    }

    fn look(&mut self) -> Vec<FileChange> {
        self.files.iter_mut().filter_map(Watched::look).collect()
    }
}

#[derive(Debug)]
struct Watched {
    path: PathBuf,
    told: Stamp,
    /// A difference seen in the last look.
    seen: Option<Stamp>,
}

impl Watched {
    fn look(&mut self) -> Option<FileChange> {
        let now = Stamp::of(&self.path);
        if !self.settled(now) {
            return None;
        }
        let content = match now {
            Stamp::Absent => FileContent::Gone,
            Stamp::Present { .. } => {
                read(&self.path).map_or_else(FileContent::Unreadable, FileContent::Text)
            }
        };
        if Stamp::of(&self.path) != now {
            // Written while it was read: the next looks tell.
            return None;
        }
        self.told = now;
        self.seen = None;
        Some(FileChange { path: self.path.clone(), content })
    }

    /// Whether the file differs from what was told and was the same in the last look.
    fn settled(&mut self, now: Stamp) -> bool {
        if now == self.told {
            self.seen = None;
            return false;
        }
        self.seen.replace(now) == Some(now)
    }
}

/// What tells one state of a file from another without reading it. A link counts as what it leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stamp {
    /// There is nothing, or nothing that can be seen.
    Absent,
    Present {
        modified: (i64, i64),
        changed: (i64, i64),
        size: u64,
        inode: (u64, u64),
    },
}

impl Stamp {
    fn of(path: &Path) -> Self {
        std::fs::metadata(path).map_or(Self::Absent, |metadata| Self::Present {
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            size: metadata.size(),
            inode: (metadata.dev(), metadata.ino()),
        })
    }
}

fn read(path: &Path) -> Result<String, WatchError> {
    let failed = |source| WatchError::Read { path: path.to_owned(), source };
    // Non-blocking: opening a named pipe would wait for a writer.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = File::options().read(true).custom_flags(flags).open(path).map_err(failed)?;
    if !file.metadata().map_err(failed)?.is_file() {
        return Err(WatchError::NotAFile(path.to_owned()));
    }
    let mut bytes = Vec::new();
    file.take(WATCHED_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > WATCHED_BYTES_MAX {
        return Err(WatchError::TooLong(path.to_owned()));
    }
    String::from_utf8(bytes).map_err(|_| WatchError::NotText(path.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamp(size: u64) -> Stamp {
        Stamp::Present { modified: (1, 0), changed: (1, 0), size, inode: (1, 1) }
    }

    #[test]
    fn a_change_settles_after_a_second_look_at_the_same() {
        for (looks, expected) in [
            (vec![stamp(1), stamp(1)], vec![false, false]),
            (vec![stamp(2), stamp(2)], vec![false, true]),
            (vec![stamp(2), stamp(3), stamp(3)], vec![false, false, true]),
            (vec![stamp(2), stamp(1), stamp(2)], vec![false, false, false]),
            (
                vec![Stamp::Absent, stamp(1), Stamp::Absent, Stamp::Absent],
                vec![false, false, false, true],
            ),
        ] {
            let mut file = Watched { path: PathBuf::new(), told: stamp(1), seen: None };
            let settled: Vec<_> = looks.into_iter().map(|now| file.settled(now)).collect();
            assert_eq!(settled, expected);
        }
    }

    /// What the change says, in a word.
    fn word(change: &FileChange) -> String {
        match &change.content {
            FileContent::Text(text) => text.clone(),
            FileContent::Gone => "gone".to_owned(),
            FileContent::Unreadable(error) => error.to_string(),
        }
    }

    #[test]
    fn files_appear_change_and_disappear() {
        let home = tempfile::tempdir().expect("folder");
        let path = home.path().join("theme.toml");
        let mut watch = FileWatch::new(vec![path.clone()]);
        let told = |watch: &mut FileWatch| {
            let looks = [watch.look(), watch.look(), watch.look()];
            looks.iter().flatten().map(word).collect::<Vec<_>>()
        };
        assert!(told(&mut watch).is_empty());
        std::fs::write(&path, "one").expect("written");
        assert_eq!(told(&mut watch), ["one"]);
        std::fs::write(home.path().join("new"), "two").expect("written");
        std::fs::rename(home.path().join("new"), &path).expect("replaced");
        assert_eq!(told(&mut watch), ["two"]);
        std::fs::remove_file(&path).expect("removed");
        assert_eq!(told(&mut watch), ["gone"]);
    }

    #[test]
    fn what_can_not_be_read_is_told_as_a_sentence() {
        let home = tempfile::tempdir().expect("folder");
        let bytes_max = usize::try_from(WATCHED_BYTES_MAX).expect("small");
        let path = home.path().join("keys.toml");
        for (content, words) in [
            (vec![b'x'; bytes_max + 1], Some("longer than 256 KiB")),
            (vec![0xff, 0xfe], Some("not UTF-8")),
            (vec![b'x'; bytes_max], None),
        ] {
            std::fs::write(&path, content).expect("written");
            match (read(&path), words) {
                (Err(error), Some(words)) => assert!(error.to_string().contains(words), "{error}"),
                (read, words) => assert!(read.is_ok() && words.is_none()),
            }
        }
        assert!(matches!(read(home.path()), Err(WatchError::NotAFile(_))));
        assert!(matches!(read(&home.path().join("none")), Err(WatchError::Read { .. })));
    }

    #[test]
    fn too_many_files_are_counted() {
        let paths = (0..WATCHED_MAX + 3).map(|number| PathBuf::from(format!("/nowhere/{number}")));
        assert_eq!(FileWatch::new(paths.collect()).left_out(), 3);
    }

    #[test]
    fn a_change_is_told_within_two_looks_and_the_watch_ends_with_its_receiver() {
        let home = tempfile::tempdir().expect("folder");
        let path = home.path().join("theme.toml");
        let mut watch = FileWatch::new(vec![path.clone()]);
        std::fs::write(&path, "dark").expect("written");
        let (sender, mut receiver) = mpsc::channel::<FileChange>(4);
        assert!(watch.tell(&sender) && watch.tell(&sender));
        let change = receiver.try_recv().expect("a change");
        assert_eq!((change.path.clone(), word(&change)), (path, "dark".to_owned()));
        drop(receiver);
        assert!(!watch.tell(&sender));
    }

    #[test]
    fn the_watch_looks_by_itself() {
        let home = tempfile::tempdir().expect("folder");
        let path = home.path().join("theme.toml");
        let watch = FileWatch::new(vec![path.clone()]);
        std::fs::write(&path, "dark").expect("written");
        let (sender, mut receiver) = mpsc::channel::<FileChange>(4);
        watch.start(sender).expect("a thread");
        assert_eq!(word(&receiver.blocking_recv().expect("a change")), "dark");
    }
}
