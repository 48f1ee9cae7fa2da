//! Consoles behind a broken glass, while they run: one that is killed can't say its end, so the next one says it.
//!
//! Each holds a lock on a file of its own beside the trail. The system lets go of the lock however the process ends, and
//! the file stays where the process could not remove it.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::rotation::open_private;
use super::trail::Trail;
use crate::domain::{Announcement, Text};

/// The most that are looked at: each is a console that was killed.
const MOST: usize = 100;
const END: &str = ".open";

/// As long as it lives, its console runs.
#[derive(Debug)]
pub struct Vigil {
    _lock: File,
    path: PathBuf,
}

impl Vigil {
    /// Shows that the console whose beginning is `id` runs.
    ///
    /// # Errors
    /// When that can't be noted.
    pub fn begin(trail: &Trail, id: &Text) -> io::Result<Self> {
        let (folder, begin) = place(trail)?;
        std::fs::create_dir_all(folder)?;
        Self::hold(folder.join(format!("{begin}{id}{END}")))?.ok_or_else(|| {
            io::Error::new(io::ErrorKind::AlreadyExists, "another console has this name")
        })
    }

    /// The file at `path`, unless another process holds it.
    fn hold(path: PathBuf) -> io::Result<Option<Self>> {
        let lock = open_private(&path)?;
        match lock.try_lock() {
            Ok(()) => Ok(Some(Self { _lock: lock, path })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Its end was said, or is noted.
    pub fn end(&self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::warn!(%error, "a console that is over may be taken for one that was killed");
        }
    }
}

/// The beginnings whose consoles ended without saying so. As long as one of them is held, nobody else says it.
///
/// # Errors
/// When the folder or the trail can't be read.
pub fn lost(trail: &Trail) -> io::Result<Vec<(Announcement, Vigil)>> {
    let mut all = Vec::new();
    for (id, path) in noted(trail)? {
        let Ok(Some(vigil)) = Vigil::hold(path) else { continue };
        // Read with the lock in hand: another console may have said it meanwhile.
        let entries = trail.read()?.entries;
        let said = entries.iter().any(|of| of.announcement.ends().is_some_and(|of| *of == *id));
        let begun = entries.into_iter().map(|of| of.announcement).find(|of| of.id == *id);
        match begun.filter(|of| of.is_begin() && !said) {
            Some(begun) => all.push((begun, vigil)),
            None => vigil.end(),
        }
    }
    Ok(all)
}

/// The consoles that run or were killed, by the announcement of their beginning.
fn noted(trail: &Trail) -> io::Result<Vec<(String, PathBuf)>> {
    let (folder, begin) = place(trail)?;
    let files = match std::fs::read_dir(folder) {
        Ok(files) => files,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let ours = files.flatten().filter_map(|file| {
        let name = file.file_name().into_string().ok()?;
        let id = name.strip_prefix(&begin)?.strip_suffix(END)?;
        Some((id.to_owned(), file.path()))
    });
    Ok(ours.take(MOST).collect())
}

/// The folder of `trail`, and what the names of the files begin with.
fn place(trail: &Trail) -> io::Result<(&Path, String)> {
    let nowhere = || io::Error::new(io::ErrorKind::InvalidInput, "the trail has no folder");
    let folder = trail.path().parent().ok_or_else(nowhere)?;
    let name = trail.path().file_name().and_then(|name| name.to_str()).ok_or_else(nowhere)?;
    Ok((folder, format!("{name}.")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Happening, Opener, Role, Span, Timestamp};

    fn announcement(id: &str, happening: Happening) -> Announcement {
        Announcement {
            id: Text::clean(id),
            happening,
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

    fn names(trail: &Trail) -> Vec<String> {
        let lost = lost(trail).expect("a folder");
        lost.iter().map(|(begun, _)| begun.id.to_string()).collect()
    }

    #[test]
    fn only_who_neither_runs_nor_said_its_end_is_lost() {
        let home = tempfile::tempdir().expect("a folder");
        let trail = Trail::new(home.path().join("state/trail.jsonl"));
        assert!(names(&trail).is_empty(), "there is no folder yet");
        for id in ["runs", "killed", "said", "closed"] {
            trail.announce(&announcement(id, Happening::Begun), &[]).expect("written");
        }
        let of = |id: &str| Vigil::begin(&trail, &Text::clean(id)).expect("a file");
        let runs = of("runs");
        drop((of("killed"), of("said"), of("never-announced")));
        of("closed").end();
        let ended = Happening::Ended { of: Text::clean("said"), lasted: Span::from_secs(1) };
        trail.announce(&announcement("end", ended), &[]).expect("written");

        assert_eq!(names(&trail), ["killed"]);
        let held = lost(&trail).expect("a folder");
        assert!(names(&trail).is_empty(), "another console is about to say it");
        drop(held);
        for (begun, vigil) in lost(&trail).expect("a folder") {
            let lost = Happening::Lost { of: begun.id };
            trail.announce(&announcement("noticed", lost), &[]).expect("written");
            vigil.end();
        }
        drop(runs);
        assert_eq!(names(&trail), ["runs"], "what was noticed is not noticed again");
        assert_eq!(noted(&trail).expect("a folder").len(), 1, "what is over leaves nothing behind");
    }
}
