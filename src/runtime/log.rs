//! The console's own log: one line for each event, in UTC, in a private file that keeps its size.
//!
//! It never holds up the console: lines go through a bounded queue to a thread, and what does not fit is
//! dropped and counted. A line is safe to `cat`: it passes the gate of [`Text`] and its length is bounded.
//! It is no audit trail; operations keep their own records.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use thiserror::Error;
use tracing_appender::non_blocking::{ErrorCounter, NonBlocking, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::rotation::Rotation;
use crate::domain::Text;

/// The size at which the file is rotated.
pub const LOG_BYTES_MAX: u64 = 5 * 1024 * 1024;

/// The most bytes of a line, without its end.
pub const LINE_BYTES_MAX: usize = 8 * 1024;

/// The most lines that wait to be written, at most 16 MiB.
const LINES_WAITING_MAX: usize = 2048;

/// Why there is no log. The console works without one.
#[derive(Debug, Error)]
pub enum LogError {
    /// The file can't be used.
    #[error(
        "The log {} can't be written: {source}. The console goes on without a log; name another file \
         with `--set log.file=...`.", Text::clean(&.path.to_string_lossy())
    )]
    File {
        /// Where the log should have been.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Somebody may have put the link there to have another file overwritten.
    #[error(
        "The log {} is a symbolic link, and the console follows none there. It goes on without a log; \
         remove the link, or name the file it leads to with `--set log.file=...`.",
        Text::clean(&.0.to_string_lossy())
    )]
    Link(PathBuf),
    /// The level is none.
    #[error(
        "The log level {level} is not understood: {reason}. Use error, warn, info, debug or trace."
    )]
    Level {
        /// What was asked for.
        level: Text,
        /// What the parser said.
        reason: Text,
    },
    /// There is one log in a process.
    #[error("The log was started already.")]
    Started,
}

/// Keeps the log going; dropping it writes what still waits.
#[derive(Debug)]
pub struct LogGuard {
    losses: Losses,
    _worker: WorkerGuard,
}

impl LogGuard {
    /// What is not in the log. It is counted on when this is dropped.
    #[must_use]
    pub fn losses(&self) -> Losses {
        self.losses.clone()
    }
}

/// Lines that are not in the log: the queue was full, or the file could not be written.
#[derive(Clone, Debug)]
pub struct Losses {
    path: PathBuf,
    dropped: ErrorCounter,
    failed: Arc<Mutex<Failed>>,
    is_said: bool,
}

/// Lines that the file did not take.
#[derive(Debug, Default)]
struct Failed {
    lines: u64,
    /// What the system said the last time.
    why: String,
}

impl Losses {
    /// How many.
    #[must_use]
    pub fn lines(&self) -> u64 {
        self.dropped.dropped_lines() as u64 + self.failed().lines
    }

    /// What to say of it, the first time that there is something to say.
    pub fn news(&mut self) -> Option<String> {
        if self.is_said || self.lines() == 0 {
            return None;
        }
        self.is_said = true;
        let failed = self.failed();
        let why = if failed.lines > 0 { failed.why.as_str() } else { "the disk is too slow" };
        Some(format!(
            "The log {} can't be written: {why}. The console goes on, and what it does now is not in the log; what \
             operations do is in their journal all the same. Make room on that disk.",
            Text::clean(&self.path.to_string_lossy())
        ))
    }

    fn failed(&self) -> MutexGuard<'_, Failed> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Starts the log of the process in `path`, with `level` as a name or as directives (`info,kube=warn`).
///
/// # Errors
/// When the file or its folder can't be used, or the level is not understood; nothing is logged then.
pub fn init(path: &Path, level: &str) -> Result<LogGuard, LogError> {
    let (subscriber, guard) = subscriber(path, level)?;
    tracing::subscriber::set_global_default(subscriber).map_err(|_| LogError::Started)?;
    Ok(guard)
}

fn subscriber(
    path: &Path,
    level: &str,
) -> Result<(impl tracing::Subscriber + Send + Sync + use<>, LogGuard), LogError> {
    let filter = EnvFilter::try_new(level).map_err(|error| LogError::Level {
        level: Text::clean(level),
        reason: Text::clean(&error.to_string()),
    })?;
    let rotation = Rotation::open(path, LOG_BYTES_MAX).map_err(|source| refused(path, source))?;
    let failed = Arc::<Mutex<Failed>>::default();
    let file = Counting { rotation, failed: Arc::clone(&failed) };
    let (queue, worker) = NonBlockingBuilder::default()
        .lossy(true)
        .buffered_lines_limit(LINES_WAITING_MAX)
        .thread_name("log")
        .finish(file);
    let (path, dropped) = (path.to_owned(), queue.error_counter());
    let losses = Losses { path, dropped, failed, is_said: false };
    let guard = LogGuard { losses, _worker: worker };
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(false)
        .with_writer(Lines(queue))
        .finish();
    Ok((subscriber, guard))
}

fn refused(path: &Path, source: io::Error) -> LogError {
    let path = path.to_owned();
    match std::fs::symlink_metadata(&path) {
        Ok(metadata) if metadata.is_symlink() => LogError::Link(path),
        _ => LogError::File { path, source },
    }
}

/// Counts the lines that the file did not take; the queue's thread would forget them.
struct Counting {
    rotation: Rotation,
    failed: Arc<Mutex<Failed>>,
}

impl Write for Counting {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if let Err(error) = self.rotation.append(line) {
            let mut failed = self.failed.lock().unwrap_or_else(PoisonError::into_inner);
            failed.lines += 1;
            failed.why = error.to_string();
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Makes a safe line of each event.
#[derive(Debug, Clone)]
struct Lines(NonBlocking);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Write for Lines {
    /// `event` is one formatted event: the formatter writes each in one call.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        self.0.write_all(line(event).as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// One line of at most [`LINE_BYTES_MAX`] and its end, with nothing in it that a terminal acts on.
fn line(event: &[u8]) -> String {
    let event = event.strip_suffix(b"\n").unwrap_or(event);
    let head = event.get(..LINE_BYTES_MAX.saturating_add(4)).unwrap_or(event);
    let cut_mark = '…'.len_utf8();
    let cleaned = Text::bounded(&String::from_utf8_lossy(head), LINE_BYTES_MAX - cut_mark);
    // Showing a character takes more bytes than the character.
    let mut line = if cleaned.as_str().len() > LINE_BYTES_MAX {
        Text::bounded(cleaned.as_str(), LINE_BYTES_MAX - cut_mark).as_str().to_owned()
    } else {
        cleaned.as_str().to_owned()
    };
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_line_is_one_safe_line() {
        for (event, expected) in [
            (&b"2026-01-02T03:04:05Z INFO started\n"[..], "2026-01-02T03:04:05Z INFO started\n"),
            (b"two\nlines\r\n", "two␊lines␍\n"),
            (b"\x1b]0;owned\x07\n", "␛]0;owned␇\n"),
            ("c1 \u{9b}31m bidi \u{202e}\n".as_bytes(), "c1 <U+009B>31m bidi <U+202E>\n"),
            (b"bad \xff byte\n", "bad \u{fffd} byte\n"),
        ] {
            assert_eq!(line(event), expected);
        }
    }

    #[test]
    fn a_line_is_bounded() {
        for event in
            ["x".repeat(100_000), "\u{202e}".repeat(50_000), "я".repeat(LINE_BYTES_MAX / 2 + 1)]
        {
            let line = line(event.as_bytes());
            assert!(line.len() <= LINE_BYTES_MAX + 1, "{} bytes", line.len());
            assert!(line.ends_with("…\n"));
        }
        assert_eq!(line("x".repeat(8000).as_bytes()).len(), 8001);
    }

    #[test]
    fn events_reach_a_private_file_in_utc_without_colour() {
        let home = tempfile::tempdir().expect("folder");
        let path = home.path().join("state/console.log");
        let (subscriber, guard) = subscriber(&path, "info").expect("log");
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(tenant = "acme\u{1b}[2J", "first");
            tracing::debug!("below the level");
        });
        let mut losses = guard.losses();
        drop(guard);
        assert_eq!((losses.lines(), losses.news()), (0, None));
        let text = std::fs::read_to_string(&path).expect("text");
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.contains("INFO") && text.contains("first") && text.contains("acme"), "{text}");
        assert!(text.split(' ').next().is_some_and(|time| time.ends_with('Z')), "{text}");
        assert!(!text.contains('\u{1b}'), "{text:?}");
        let mode = std::fs::metadata(&path).expect("file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn lines_that_can_not_be_written_are_counted() {
        let home = tempfile::tempdir().expect("folder");
        let folder = home.path().join("gone");
        let path = folder.join("log");
        let rotation = Rotation::open(&path, 4).expect("opened");
        let failed = Arc::<Mutex<Failed>>::default();
        let mut file = Counting { rotation, failed: Arc::clone(&failed) };
        file.write_all(b"first\n").expect("written");
        std::fs::remove_dir_all(&folder).expect("removed");
        file.write_all(b"second\n").expect("counted");
        let (queue, _worker) = NonBlockingBuilder::default().finish(io::sink());
        let dropped = queue.error_counter();
        let mut losses = Losses { path, dropped, failed, is_said: false };
        assert_eq!(losses.lines(), 1);
        let said = losses.news().expect("it is said");
        assert!(said.contains("/gone/log can't be written: No such file"), "{said}");
        assert_eq!(losses.news(), None, "it is said once");
    }

    #[test]
    fn refusals_are_sentences() {
        let home = tempfile::tempdir().expect("folder");
        let target = home.path().join("target");
        std::fs::write(&target, "").expect("written");
        let link = home.path().join("link");
        std::os::unix::fs::symlink(&target, &link).expect("link");
        for (path, level, words) in [
            (link, "info", "is a symbolic link"),
            (home.path().to_owned(), "info", "can't be written"),
            (target.join("below-a-file"), "info", "can't be written"),
            (target.clone(), "info,loud=very", "is not understood"),
        ] {
            let Err(error) = subscriber(&path, level) else {
                panic!("{} was taken", path.display())
            };
            let sentence = error.to_string();
            assert!(sentence.contains(words) && sentence.ends_with('.'), "{sentence}");
        }
        assert_eq!(std::fs::read_to_string(&target).expect("text"), "");
    }
}
