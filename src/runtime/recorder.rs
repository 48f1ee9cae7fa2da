//! The recorder: the messages of the last minutes, and what was known when they began.
//!
//! It keeps two segments, each of which begins with everything known at that moment (shared, not copied)
//! and the screen's state. When one is full, the older one goes. Written out, a recording is lines of
//! JSON that [`super::replay`] plays again: the same messages give the same screens.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crossterm::event::{KeyCode, KeyModifiers};
use serde::{Deserialize, Serialize};

use crate::app::{App, Memo, Msg, ProfileDanger, Setting};
use crate::domain::{Fact, Observation, Text, Timestamp};
use crate::store::Store;

/// What is kept in place of each character of a secret.
const HIDDEN: char = '*';

/// The most objects and stream entries told in both segments: a recording keeps what was told alive.
const TOLD: usize = 10_000;

/// One line of a recording.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Entry {
    /// The first line.
    Recording {
        /// The version of the console that wrote it.
        version: String,
        /// The profile's name.
        profile: String,
        /// How dangerous a mistake in it is.
        danger: ProfileDanger,
        /// A line about the scenario, in the training world.
        scenario: Option<String>,
    },
    /// What was known when it began.
    Known(Vec<Observation>),
    /// The screen when it began.
    Screen {
        /// When.
        at: Timestamp,
        /// Its state.
        memo: Box<Memo>,
    },
    /// A message, when it was taken in, and whether the screen settled after it, before the next.
    Message(Timestamp, Msg, bool),
}

/// `msg` as it may be kept: what is typed into a hidden line is told by how much was typed only.
fn shown(app: &App, msg: &Msg) -> Msg {
    if !app.types_secret() {
        return msg.clone();
    }
    match msg {
        Msg::Key(key) => {
            let mut key = *key;
            if let KeyCode::Char(typed) = &mut key.code
                && !Text::is_hostile(*typed)
                && !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
            {
                *typed = HIDDEN;
            }
            Msg::Key(key)
        }
        Msg::Paste(text) => {
            let line = text.lines().next().unwrap_or_default();
            // As many as the line takes.
            let typed = line.chars().filter(|typed| !Text::is_hostile(*typed));
            Msg::Paste(typed.map(|_| HIDDEN).collect())
        }
        other => other.clone(),
    }
}

/// The messages of the last minutes.
#[derive(Clone)]
pub struct Recorder {
    profile: String,
    danger: ProfileDanger,
    scenario: Option<String>,
    limit: usize,
    older: Option<Segment>,
    newer: Option<Segment>,
    /// Whether somebody was signed in when the last message came.
    watched: bool,
}

#[derive(Clone)]
struct Segment {
    at: Timestamp,
    store: Store,
    memo: Memo,
    messages: Vec<(Timestamp, Msg, bool)>,
    told: usize,
}

impl Recorder {
    /// A recorder for about `limit` messages; none are kept when it is zero.
    #[must_use]
    pub fn new(setting: &Setting, limit: usize) -> Self {
        Self {
            profile: setting.profile.clone(),
            danger: setting.danger,
            scenario: setting.scenario.clone(),
            limit,
            older: None,
            newer: None,
            watched: false,
        }
    }

    /// Notes that the screen settled after the last message.
    pub fn settled(&mut self) {
        if let Some((.., settled)) = self.newer.as_mut().and_then(|all| all.messages.last_mut()) {
            *settled = true;
        }
    }

    /// Keeps `msg`, which `app` is about to take in at `at`.
    pub fn keep(&mut self, app: &App, at: Timestamp, msg: &Msg) {
        if self.limit == 0 || matches!(msg, Msg::Keymap(_)) {
            return;
        }
        // What a person saw is not for the next one.
        let watched = std::mem::replace(&mut self.watched, app.presence.watches());
        if watched && !self.watched {
            (self.older, self.newer) = (None, None);
        }
        let half = (self.limit / 2).max(1);
        let holds = |messages: usize, told: usize| {
            self.newer
                .as_ref()
                .is_none_or(|segment| segment.messages.len() >= messages || segment.told >= told)
        };
        // A segment begins where nothing is half done, which the screen's state could not tell; but it begins.
        if holds(2 * half, TOLD) || (holds(half, TOLD / 2) && app.is_at_rest()) {
            self.older = self.newer.replace(Segment::begin(app));
        }
        if let Some(segment) = &mut self.newer {
            if let Msg::Observed(observations) = msg {
                segment.told += observations.iter().map(told).sum::<usize>();
            }
            segment.messages.push((at, shown(app, msg), false));
        }
    }

    /// How many messages are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        [&self.older, &self.newer].into_iter().flatten().map(|s| s.messages.len()).sum()
    }

    /// Whether none are kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Writes the recording into a new file below `folder`, readable by its owner alone; gives its path.
    ///
    /// # Errors
    /// When the folder or the file can't be written.
    pub fn save(&self, folder: &Path, now: Timestamp) -> io::Result<PathBuf> {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        let (path, file) = new_file(folder, now)?;
        let mut out = BufWriter::new(file);
        self.write(&mut out)?;
        out.flush()?;
        Ok(path)
    }

    fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let mut line = |entry: &Entry| -> io::Result<()> {
            serde_json::to_writer(&mut *out, entry)?;
            out.write_all(b"\n")
        };
        line(&Entry::Recording {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            profile: self.profile.clone(),
            danger: self.danger,
            scenario: self.scenario.clone(),
        })?;
        let mut segments = [&self.older, &self.newer].into_iter().flatten().peekable();
        if let Some(first) = segments.peek() {
            line(&Entry::Known(first.store.export(first.at)))?;
            line(&Entry::Screen { at: first.at, memo: Box::new(first.memo.clone()) })?;
        }
        for (at, msg, settled) in segments.flat_map(|segment| &segment.messages) {
            line(&Entry::Message(*at, msg.clone(), *settled))?;
        }
        Ok(())
    }
}

/// A new file named after `now`; with a number when the world's time stands still.
fn new_file(folder: &Path, now: Timestamp) -> io::Result<(PathBuf, File)> {
    new_file_named(folder, "", now, "jsonl")
}

/// A new file whose name is `lead` and then `now`; with a number where there is one of that name.
pub(super) fn new_file_named(
    folder: &Path,
    lead: &str,
    now: Timestamp,
    end: &str,
) -> io::Result<(PathBuf, File)> {
    const TRIES: u32 = 1000;
    let stamp = now.utc().format("%Y%m%dT%H%M%S%3f");
    for number in 1..TRIES {
        let more = if number == 1 { String::new() } else { format!("-{number}") };
        let path = folder.join(format!("{lead}{stamp}{more}.{end}"));
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            opened => return opened.map(|file| (path, file)),
        }
    }
    Err(io::ErrorKind::AlreadyExists.into())
}

/// How many objects or entries an observation keeps alive; at least one.
fn told(observation: &Observation) -> usize {
    match &observation.fact {
        Fact::Entries(entries) | Fact::Older(entries) => entries.len().max(1),
        _ => 1,
    }
}

impl Segment {
    fn begin(app: &App) -> Self {
        Self {
            at: app.now(),
            store: app.store.clone(),
            memo: Memo::of(app),
            messages: Vec::new(),
            told: 0,
        }
    }
}
