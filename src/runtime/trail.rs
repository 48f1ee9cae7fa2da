//! The trail: what was announced of consoles that were opened without signing in, and where it was heard.
//!
//! A file of JSON lines in the state folder that is only ever appended to, each line on the disk before anything goes on.
//! A line is an announcement with the outlets that it is for, or what became of it at one of them. What is not delivered
//! yet is a queue: any console of the profile takes it up at its start. Invariants: readable by its owner alone (0600);
//! bounded, the oldest go; a line that was cut off half written spoils no other.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::rotation::{OLD_KEPT, Rotation, old, open_private};
use crate::domain::{Announcement, Outlet, Text, Timestamp};

/// The largest file, in bytes; three old ones are kept beside it.
const BYTES_MAX: u64 = 1024 * 1024;

/// One line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Line {
    /// To be told at these outlets.
    Announced { announcement: Box<Announcement>, outlets: Vec<Outlet> },
    /// Told there.
    Delivered { id: Text, outlet: Outlet, at: Timestamp },
    /// Not told there, for this reason.
    Failed { id: Text, outlet: Outlet, at: Timestamp, why: Text },
}

/// The file.
#[derive(Clone, Debug)]
pub struct Trail {
    path: PathBuf,
}

/// An announcement, and how far it has come.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    /// What is announced.
    pub announcement: Announcement,
    /// Where it is for.
    pub outlets: Vec<Delivery>,
}

/// How far an announcement has come at one outlet.
#[derive(Clone, Debug, Serialize)]
pub struct Delivery {
    /// Where.
    pub outlet: Outlet,
    /// When it was told; none while it is queued.
    pub delivered: Option<Timestamp>,
    /// Why it was not told when that was last tried.
    pub failed: Option<Text>,
}

impl Entry {
    /// Where it is not told yet.
    pub fn queued(&self) -> impl Iterator<Item = &Delivery> {
        self.outlets.iter().filter(|delivery| delivery.delivered.is_none())
    }
}

/// Everything in the trail, the oldest first.
#[derive(Debug, Default)]
pub struct Entries {
    /// The announcements.
    pub entries: Vec<Entry>,
    /// How many lines could not be read.
    pub unreadable: usize,
}

/// As long as it lives, no other console tells what is queued.
#[derive(Debug)]
pub struct Turn(#[expect(dead_code, reason = "the lock is in the open file")] File);

impl Trail {
    /// The trail at `path`, which is made when something is written.
    #[must_use]
    pub const fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Notes `announcement`, which is for `outlets`. It is on the disk when this returns.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn announce(&self, announcement: &Announcement, outlets: &[Outlet]) -> io::Result<()> {
        let announcement = Box::new(announcement.clone());
        self.append(&Line::Announced { announcement, outlets: outlets.to_vec() })
    }

    /// Notes that the announcement `id` was told at `outlet`.
    ///
    /// # Errors
    /// When it can't be written: then it will be told again, under the same id.
    pub fn delivered(&self, id: &Text, outlet: Outlet, at: Timestamp) -> io::Result<()> {
        self.append(&Line::Delivered { id: id.clone(), outlet, at })
    }

    /// Notes why the announcement `id` was not told at `outlet`.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn failed(&self, id: &Text, outlet: Outlet, at: Timestamp, why: Text) -> io::Result<()> {
        self.append(&Line::Failed { id: id.clone(), outlet, at, why })
    }

    fn append(&self, line: &Line) -> io::Result<()> {
        let mut rotation = Rotation::open(&self.path, BYTES_MAX)?;
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        if !ends_whole(&self.path)? {
            text.insert(0, b'\n');
        }
        rotation.append(&text)?;
        rotation.sync()
    }

    /// The right to tell what is queued; none while another console has it.
    ///
    /// # Errors
    /// When the file beside the trail can't be had.
    pub fn turn(&self) -> io::Result<Option<Turn>> {
        let mut name = self.path.clone().into_os_string();
        name.push(".lock");
        let file = open_private(Path::new(&name))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Turn(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Reads it all. A trail that was never written is empty.
    ///
    /// # Errors
    /// When a file of it can't be read.
    pub fn read(&self) -> io::Result<Entries> {
        let mut entries = Entries::default();
        let olds = (1..=OLD_KEPT).rev().map(|number| old(&self.path, number));
        for path in olds.chain([self.path.clone()]) {
            for line in text_of(&path)?.lines().filter(|line| !line.is_empty()) {
                match serde_json::from_str(line) {
                    Ok(line) => entries.take(line),
                    Err(_) => entries.unreadable += 1,
                }
            }
        }
        Ok(entries)
    }
}

impl Entries {
    fn take(&mut self, line: Line) {
        match line {
            Line::Announced { announcement, outlets } => {
                if self.find(&announcement.id).is_none() {
                    let fresh = |outlet| Delivery { outlet, delivered: None, failed: None };
                    let outlets = outlets.into_iter().map(fresh).collect();
                    self.entries.push(Entry { announcement: *announcement, outlets });
                }
            }
            Line::Delivered { id, outlet, at } => {
                if let Some(delivery) = self.delivery(&id, outlet) {
                    delivery.delivered = delivery.delivered.or(Some(at));
                }
            }
            Line::Failed { id, outlet, why, .. } => {
                if let Some(delivery) = self.delivery(&id, outlet) {
                    delivery.failed = Some(why);
                }
            }
        }
    }

    /// The newest first: what became of an announcement stands near it.
    fn find(&mut self, id: &Text) -> Option<&mut Entry> {
        self.entries.iter_mut().rev().find(|entry| entry.announcement.id == *id)
    }

    fn delivery(&mut self, id: &Text, outlet: Outlet) -> Option<&mut Delivery> {
        self.find(id)?.outlets.iter_mut().find(|delivery| delivery.outlet == outlet)
    }
}

/// Whether the last line of the file is whole: a console may have been killed, or the disk filled, in the middle of one.
fn ends_whole(path: &Path) -> io::Result<bool> {
    let mut file = File::open(path)?;
    if file.metadata()?.len() == 0 {
        return Ok(true);
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0];
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

fn text_of(path: &Path) -> io::Result<String> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(error),
    };
    let mut bytes = Vec::new();
    file.take(2 * BYTES_MAX).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::domain::{Happening, Opener, Role};

    fn announcement(id: &str) -> Announcement {
        Announcement {
            id: Text::clean(id),
            happening: Happening::Begun,
            at: Timestamp::from_ms(1),
            who: Opener::default(),
            reason: Text::clean("nobody can sign in"),
            profile: Text::clean("night"),
            training: false,
            role: Role::Viewer,
            read_only: true,
            version: Text::clean("1"),
        }
    }

    fn queued(trail: &Trail) -> Vec<(String, Outlet)> {
        let entries = trail.read().expect("a trail").entries;
        let all = entries.iter().flat_map(|entry| {
            entry.queued().map(|of| (entry.announcement.id.to_string(), of.outlet))
        });
        all.collect()
    }

    #[test]
    fn what_is_not_delivered_is_queued_oldest_first() {
        let home = tempfile::tempdir().expect("a folder");
        let trail = Trail::new(home.path().join("state/trail.jsonl"));
        assert!(queued(&trail).is_empty(), "a trail that was never written is empty");
        let both = [Outlet::Matrix, Outlet::Stream];
        trail.announce(&announcement("a"), &both).expect("written");
        trail.announce(&announcement("b"), &both).expect("written");
        trail.delivered(&Text::clean("a"), Outlet::Stream, Timestamp::from_ms(5)).expect("written");
        trail
            .failed(&Text::clean("b"), Outlet::Matrix, Timestamp::from_ms(6), "it is away".into())
            .expect("written");
        trail
            .delivered(&Text::clean("gone"), Outlet::Stream, Timestamp::from_ms(7))
            .expect("written");
        let named = |id: &str, outlet| (id.to_owned(), outlet);
        assert_eq!(
            queued(&trail),
            [named("a", Outlet::Matrix), named("b", Outlet::Matrix), named("b", Outlet::Stream)]
        );
        let entries = trail.read().expect("a trail").entries;
        assert_eq!(entries[0].outlets[1].delivered, Some(Timestamp::from_ms(5)));
        assert_eq!(entries[1].outlets[0].failed, Some("it is away".into()));
        let mode = std::fs::metadata(trail.path()).expect("a file").permissions().mode();
        assert_eq!(mode & 0o7777, 0o600);
    }

    #[test]
    fn a_line_cut_off_half_written_spoils_no_other() {
        let home = tempfile::tempdir().expect("a folder");
        let trail = Trail::new(home.path().join("trail.jsonl"));
        trail.announce(&announcement("a"), &[Outlet::Matrix]).expect("written");
        let mut file = open_private(trail.path()).expect("a file");
        file.write_all(b"{\"announced\":{\"announ").expect("written");
        trail.announce(&announcement("b"), &[Outlet::Matrix]).expect("written");
        let read = trail.read().expect("a trail");
        assert_eq!((read.entries.len(), read.unreadable), (2, 1));
    }

    #[test]
    fn it_keeps_its_size_and_reads_what_was_rotated() {
        let home = tempfile::tempdir().expect("a folder");
        let trail = Trail::new(home.path().join("trail.jsonl"));
        let long = Announcement { reason: "x".repeat(60_000).into(), ..announcement("a") };
        for number in 0..100 {
            let id = Text::clean(&format!("{number:03}"));
            trail
                .announce(&Announcement { id, ..long.clone() }, &[Outlet::Stream])
                .expect("written");
        }
        let read = trail.read().expect("a trail");
        let ids: Vec<_> =
            read.entries.iter().map(|entry| entry.announcement.id.to_string()).collect();
        assert_eq!(ids.last().map(String::as_str), Some("099"));
        assert!(ids.is_sorted() && ids.len() > 40 && ids.len() < 100, "{}", ids.len());
        for entry in std::fs::read_dir(home.path()).expect("a folder") {
            assert!(entry.expect("an entry").metadata().expect("facts").len() <= BYTES_MAX);
        }
    }

    #[test]
    fn one_console_at_a_time_tells_what_is_queued() {
        let home = tempfile::tempdir().expect("a folder");
        let trail = Trail::new(home.path().join("trail.jsonl"));
        let turn = trail.turn().expect("a lock");
        assert!(turn.is_some() && trail.turn().expect("a lock").is_none());
        drop(turn);
        assert!(trail.turn().expect("a lock").is_some());
    }
}
