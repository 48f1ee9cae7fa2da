//! Operations as this machine saw them last, in files of the operator's own: for reading while the cluster is away.
//!
//! One file for each, and one that says as of when all of them are true. Invariants: nothing goes on from them, and
//! nothing is taken back by them: that asks the journal itself; they are bounded in number and size; a file is there
//! whole or not at all, readable by nobody else (0600), and one that is not what was written here is skipped, and said.
//! They are not waited for until they are on the disk: what a power cut spoils is skipped, and written anew.

use std::collections::{HashMap, HashSet};
use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use crate::domain::operation::{Operation, Plan, Record};
use crate::domain::{Fact, FeedId, Observation, Text, Timestamp, Trouble, TroubleKind};

/// The most operations.
const MOST: usize = 2_000;
/// The most bytes of one: somewhat more than a journal can have.
const LARGEST: u64 = 1024 * 1024;
/// The most bytes of all together.
const ROOM: u64 = 64 * 1024 * 1024;
/// The most names that are looked at in the folder.
const NAMES: usize = 2 * MOST;
/// The form in which they are written.
const FORM: u32 = 1;
/// How names of operations end.
const END: &str = ".json";
/// The file that says as of when they are true.
const AS_OF: &str = "as-of";
/// How names of what is being written end.
const UNFINISHED: &str = ".part";
/// What is being written for longer than this was left by a console that died.
const LEFT: Duration = Duration::from_mins(10);

/// Where operations are mirrored for one profile.
#[derive(Clone, Debug)]
pub struct Mirror {
    folder: PathBuf,
}

/// What is in the mirror.
#[derive(Debug, Default)]
pub struct Reflected {
    /// The operations.
    pub operations: Vec<Operation>,
    /// As of when they are true; none when that is not known.
    pub as_of: Option<Timestamp>,
    /// Files that are skipped, and why.
    pub skipped: Vec<(Text, Text)>,
}

/// What is in a file.
#[derive(Serialize)]
struct Written<'a> {
    form: u32,
    plan: &'a Plan,
    records: &'a [Record],
}

/// The same, read.
#[derive(Deserialize)]
struct Found {
    form: u32,
    plan: Arc<Plan>,
    records: Vec<Record>,
}

impl Mirror {
    /// The mirror of `profile`, below `folder`.
    #[must_use]
    pub fn of(folder: &Path, profile: &str) -> Self {
        Self { folder: folder.join(format!("{profile}.operations")) }
    }

    /// Its folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What is in it.
    ///
    /// # Errors
    /// When the folder is there and can't be read.
    pub fn read(&self) -> io::Result<Reflected> {
        let mut found = Reflected::default();
        let mut room = ROOM;
        for name in self.names()? {
            let Some(id) = name.strip_suffix(END) else { continue };
            let read = if found.operations.len() >= MOST {
                Err("there are too many".to_owned())
            } else {
                operation(&self.folder.join(&name), id, &mut room)
            };
            match read {
                Ok(operation) => found.operations.push(operation),
                Err(why) => {
                    let (name, why) = (Text::bounded(&name, 256), Text::bounded(&why, 256));
                    found.skipped.push((name, why));
                }
            }
        }
        let stamp = plain(&self.folder.join(AS_OF), 64).ok();
        found.as_of = stamp.and_then(|text| Timestamp::parse(text.trim()));
        Ok(found)
    }

    /// The names in the folder, but for those that begin with a dot; none where there is no folder.
    fn names(&self) -> io::Result<Vec<String>> {
        let files = match std::fs::read_dir(&self.folder) {
            Ok(files) => files,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let names =
            files.take(NAMES).flatten().filter_map(|file| file.file_name().into_string().ok());
        let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
        names.sort();
        Ok(names)
    }

    fn write(&self, name: &str, text: &[u8]) -> io::Result<()> {
        let mut part =
            tempfile::Builder::new().prefix(".").suffix(UNFINISHED).tempfile_in(&self.folder)?;
        part.write_all(text)?;
        part.persist(self.folder.join(name))?;
        Ok(())
    }
}

/// Keeps a mirror like what the cluster says.
#[derive(Debug)]
pub struct Reflector {
    mirror: Mirror,
    /// How many records of each are in its file, and the bytes of that; none before the folder was looked at.
    known: Option<HashMap<Text, (usize, u64)>>,
}

impl Reflector {
    /// One for `mirror`.
    #[must_use]
    pub const fn new(mirror: Mirror) -> Self {
        Self { mirror, known: None }
    }

    /// Makes the mirror `operations`, which are all that there are, as of `at`. What does not fit is left out: the
    /// newest stay, and those that are not over.
    ///
    /// # Errors
    /// When something can't be written.
    pub fn reflect(&mut self, operations: &[Arc<Operation>], at: Timestamp) -> io::Result<()> {
        let mut known = self.look()?;
        let mut all: Vec<&Arc<Operation>> = operations.iter().collect();
        all.sort_by_key(|one| (one.standing.is_over(), std::cmp::Reverse(one.standing.last)));
        let (mut room, mut kept) = (ROOM, HashSet::new());
        for operation in all.into_iter().take(MOST) {
            let Some(bytes) = self.put(operation, &mut known, room)? else { continue };
            room = room.saturating_sub(bytes);
            kept.insert(file_name(&operation.plan.id).unwrap_or_default());
        }
        self.clear(&kept)?;
        known.retain(|id, _| file_name(id).is_some_and(|name| kept.contains(&name)));
        self.known = Some(known);
        self.mirror.write(AS_OF, at.to_string().as_bytes())
    }

    /// Adds what is known of one operation, such as one that this console worked on.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn note(&mut self, operation: &Operation) -> io::Result<()> {
        let mut known = self.look()?;
        let taken: u64 = known.values().map(|(_, bytes)| *bytes).sum();
        self.put(operation, &mut known, ROOM.saturating_sub(taken))?;
        self.known = Some(known);
        Ok(())
    }

    /// Writes `operation` unless its file says the same; gives its bytes, or none where it does not fit into `room`.
    fn put(
        &self,
        operation: &Operation,
        known: &mut HashMap<Text, (usize, u64)>,
        room: u64,
    ) -> io::Result<Option<u64>> {
        let id = &operation.plan.id;
        let Some(name) = file_name(id) else { return Ok(None) };
        let records = operation.records.len();
        // A journal is only ever added to.
        if let Some((_, bytes)) = known.get(id).filter(|(before, _)| *before == records) {
            return Ok(Some(*bytes));
        }
        let (plan, records) = (&*operation.plan, &operation.records[..]);
        let text = serde_json::to_vec(&Written { form: FORM, plan, records })?;
        let bytes = text.len() as u64;
        if bytes > LARGEST.min(room) {
            return Ok(None);
        }
        self.mirror.write(&name, &text)?;
        known.insert(id.clone(), (records.len(), bytes));
        Ok(Some(bytes))
    }

    /// What is in the files, which are looked at the first time.
    fn look(&mut self) -> io::Result<HashMap<Text, (usize, u64)>> {
        if let Some(known) = self.known.take() {
            return Ok(known);
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&self.mirror.folder)?;
        let sized = |operation: Operation| {
            let name = file_name(&operation.plan.id)?;
            let bytes = self.mirror.folder.join(name).metadata().ok()?.len();
            Some((operation.plan.id.clone(), (operation.records.len(), bytes)))
        };
        Ok(self.mirror.read()?.operations.into_iter().filter_map(sized).collect())
    }

    /// Removes what is in the folder beside `kept`.
    fn clear(&self, kept: &HashSet<String>) -> io::Result<()> {
        for file in std::fs::read_dir(&self.mirror.folder)?.take(NAMES).flatten() {
            let Ok(name) = file.file_name().into_string() else { continue };
            let is_left = name.ends_with(UNFINISHED)
                && file.metadata().is_ok_and(|file| {
                    file.modified().is_ok_and(|at| at.elapsed().is_ok_and(|age| age > LEFT))
                });
            if is_left || name.ends_with(END) && !kept.contains(&name) {
                // Another console of this machine may have been first.
                let _ = std::fs::remove_file(file.path());
            }
        }
        Ok(())
    }
}

impl Reflected {
    /// As of when what is in it is true: as it says itself, or else when the last record of it was written.
    #[must_use]
    pub fn moment(&self) -> Option<Timestamp> {
        self.as_of.or_else(|| self.operations.iter().map(|one| one.standing.last).max())
    }

    /// The same as if the feed of operations had told it then and were not heard of since; nothing when there is nothing.
    #[must_use]
    pub fn observations(self) -> Vec<Observation> {
        let Some(at) = self.moment() else { return Vec::new() };
        let what = "the cluster was not heard of yet; this is what this machine saw last";
        let unheard = Trouble::new(TroubleKind::NotConfigured, what, "");
        let operations = self.operations.into_iter().map(|one| Fact::Upsert(one.into()));
        let begun = std::iter::once(Fact::RelistBegun);
        let facts = begun.chain(operations).chain([Fact::RelistEnded, Fact::Unreachable(unheard)]);
        facts.map(|fact| Observation { feed: FeedId::Operations, at, fact }).collect()
    }
}

/// The name of the file of the operation `id`; none when that can be no name.
fn file_name(id: &Text) -> Option<String> {
    let id = id.as_str();
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let good = !id.is_empty() && id.len() <= 200 && id.chars().all(fits);
    good.then(|| format!("{id}{END}"))
}

/// The operation in the file at `path`, which must be called `id`.
fn operation(path: &Path, id: &str, room: &mut u64) -> Result<Operation, String> {
    let text = plain(path, LARGEST.min(*room)).map_err(|error| error.to_string())?;
    *room = room.saturating_sub(text.len() as u64);
    let found: Found = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    if found.form != FORM {
        return Err("it was written by another version of the console".to_owned());
    }
    if found.plan.id != *id {
        return Err("it is of another operation than its name says".to_owned());
    }
    Operation::new(found.plan, found.records).map_err(|broken| broken.to_string())
}

/// The text of a plain file of at most so many bytes.
fn plain(path: &Path, most: u64) -> io::Result<String> {
    // Non-blocking: opening a named pipe would wait for a writer.
    let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    let wrong = |what: &str| io::Error::new(ErrorKind::InvalidData, what.to_owned());
    if !metadata.is_file() {
        return Err(wrong("it is not a plain file"));
    }
    let mut text = String::new();
    file.take(most + 1).read_to_string(&mut text)?;
    if text.len() as u64 > most {
        return Err(wrong("it is too large"));
    }
    Ok(text)
}

#[cfg(test)]
mod tests;
