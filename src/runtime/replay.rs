//! Plays a recording again, message by message.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::style::{Modifier, Style};

use super::recorder::Entry;
use super::screen::Screen;
use super::snapshot;
use super::terminal::{TerminalError, TerminalOptions};
use crate::app::{App, Memo, Msg, ProfileDanger, Setting};
use crate::domain::{Observation, Text, Timestamp};
use crate::input::Keymap;
use crate::store::StreamLimits;
use crate::ui::theme::Theme;

/// The most bytes of a recording, 512 MiB.
const LARGEST: u64 = 512 * 1024 * 1024;

/// Why a recording can't be played.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// The file can't be read.
    #[error("{path} can't be read: {source}.")]
    Read {
        /// Which file.
        path: Text,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line is not what a recording holds.
    #[error(
        "{path}:{line}: this is no line of a recording ({reason}). Was it written by another version?"
    )]
    Line {
        /// Which file.
        path: Text,
        /// Which line, from one.
        line: usize,
        /// What is wrong.
        reason: Text,
    },
    /// It does not begin like a recording.
    #[error("{0} is no recording: its first line does not say so.")]
    NoRecording(Text),
}

/// A recording in memory.
pub struct Recording {
    /// The version of the console that wrote it, and its profile.
    pub title: String,
    profile: String,
    danger: ProfileDanger,
    scenario: Option<String>,
    known: Vec<Observation>,
    screen: Option<(Timestamp, Memo)>,
    messages: Vec<(Timestamp, Msg, bool)>,
}

impl Recording {
    /// Reads the recording in the file at `path`.
    ///
    /// # Errors
    /// When it can't be read, or is no recording.
    pub fn read(path: &Path) -> Result<Self, ReplayError> {
        let shown = Text::clean(&path.to_string_lossy());
        let read = |source| ReplayError::Read { path: shown.clone(), source };
        let file = File::open(path).map_err(read)?;
        let mut recording: Option<Self> = None;
        for (number, line) in BufReader::new(file.take(LARGEST)).lines().enumerate() {
            let line = line.map_err(read)?;
            let entry = serde_json::from_str(&line).map_err(|error| ReplayError::Line {
                path: shown.clone(),
                line: number + 1,
                reason: Text::bounded(&error.to_string(), 200),
            })?;
            match (entry, &mut recording) {
                (Entry::Recording { version, profile, danger, scenario }, None) => {
                    recording = Some(Self {
                        title: format!("{profile}, recorded by {version}"),
                        profile,
                        danger,
                        scenario,
                        known: Vec::new(),
                        screen: None,
                        messages: Vec::new(),
                    });
                }
                (Entry::Known(known), Some(recording)) => recording.known = known,
                (Entry::Screen { at, memo }, Some(recording)) => {
                    recording.screen = Some((at, *memo));
                }
                (Entry::Message(at, msg, settled), Some(recording)) => {
                    recording.messages.push((at, msg, settled));
                }
                (Entry::Recording { .. }, Some(_)) | (_, None) => {
                    return Err(ReplayError::NoRecording(shown));
                }
            }
        }
        recording.ok_or(ReplayError::NoRecording(shown))
    }

    /// How many messages it has.
    #[must_use]
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }
}

/// A recording being played.
pub struct Player {
    recording: Recording,
    setting: Setting,
    keymap: Arc<Keymap>,
    app: App,
    played: usize,
}

impl Player {
    /// A player at the beginning of `recording`.
    #[must_use]
    pub fn new(recording: Recording, setting: Setting, keymap: Arc<Keymap>) -> Self {
        let setting = Setting {
            profile: recording.profile.clone(),
            danger: recording.danger,
            scenario: recording.scenario.clone(),
            ..setting
        };
        let app = App::new(setting.clone(), StreamLimits::default(), Arc::clone(&keymap), "dark");
        let mut player = Self { recording, setting, keymap, app, played: 0 };
        player.rewind();
        player
    }

    /// How many messages were played, of how many.
    #[must_use]
    pub fn position(&self) -> (usize, usize) {
        (self.played, self.recording.len())
    }

    /// When the next message was taken in.
    #[must_use]
    pub fn next_at(&self) -> Option<Timestamp> {
        self.recording.messages.get(self.played).map(|(at, ..)| *at)
    }

    /// The name of the theme that is drawn with.
    #[must_use]
    pub fn theme(&self) -> &str {
        &self.app.theme
    }

    /// Plays until `position` messages were played, from the beginning if that lies behind.
    pub fn go(&mut self, position: usize) {
        if position < self.played {
            self.rewind();
        }
        while self.played < position {
            let Some((at, msg, settled)) = self.recording.messages.get(self.played).cloned() else {
                return;
            };
            // What it asked for was done then; a replay changes nothing outside.
            drop(self.app.update(at, msg));
            if settled {
                self.app.settle();
            }
            self.played += 1;
        }
    }

    /// Draws what the screen showed, on a screen of the size it had.
    #[must_use]
    pub fn frame(&mut self, theme: &Theme) -> Buffer {
        snapshot::frame(&mut self.app, theme)
    }

    fn rewind(&mut self) {
        let keymap = Arc::clone(&self.keymap);
        self.app = App::new(self.setting.clone(), StreamLimits::default(), keymap, "dark");
        self.played = 0;
        let Some((at, memo)) = self.recording.screen.clone() else { return };
        drop(self.app.update(at, Msg::Observed(self.recording.known.clone())));
        memo.restore(&mut self.app);
        self.app.settle();
    }
}

/// Plays on the terminal until the operator ends it: space plays and pauses, the arrows step, home and end jump.
///
/// # Errors
/// When the terminal refuses.
pub fn play(
    mut player: Player,
    theme_of: impl Fn(&str) -> Theme,
    mouse: bool,
) -> Result<(), TerminalError> {
    let mut screen = Screen::enter(TerminalOptions { mouse })?;
    let mut playing = false;
    player.go(1);
    loop {
        let theme = theme_of(player.theme());
        let buffer = player.frame(&theme);
        let line = status(&player, playing);
        screen.draw(|frame| show(frame.buffer_mut(), &buffer, &line))?;
        let wait = if playing { pace(&player) } else { Duration::from_secs(3600) };
        if crossterm::event::poll(wait).map_err(TerminalError::Mode)? {
            let event = crossterm::event::read().map_err(TerminalError::Mode)?;
            if matches!(event, Event::Resize(..)) {
                screen.redraw_whole();
            }
            match step(&event, &mut player, &mut playing) {
                Next::On => {}
                Next::End => return Ok(()),
            }
        } else if playing {
            let (played, all) = player.position();
            player.go(played + 1);
            playing = played + 1 < all;
        }
    }
}

enum Next {
    On,
    End,
}

fn step(event: &Event, player: &mut Player, playing: &mut bool) -> Next {
    let Event::Key(key) = event else { return Next::On };
    let (played, all) = player.position();
    match key.code {
        KeyCode::Char('q') | KeyCode::Esc => return Next::End,
        KeyCode::Char('c') if key.modifiers.contains(KeyModifiers::CONTROL) => return Next::End,
        KeyCode::Char(' ') => *playing = !*playing && played < all,
        KeyCode::Right | KeyCode::Char('l') => player.go(played + 1),
        KeyCode::Left | KeyCode::Char('h') => player.go(played.saturating_sub(1)),
        KeyCode::PageDown => player.go((played + 100).min(all)),
        KeyCode::PageUp => player.go(played.saturating_sub(100)),
        KeyCode::Home => player.go(0),
        KeyCode::End => player.go(all),
        _ => {}
    }
    Next::On
}

/// How long the next message was waited for when it was recorded; long waits are cut to two seconds.
fn pace(player: &Player) -> Duration {
    let last = player.app.now();
    let wait = player.next_at().map_or(0, |next| next.since(last).ms());
    // Not at once: in no time crossterm sees no key either.
    Duration::from_millis(wait.clamp(1, 2000))
}

fn status(player: &Player, playing: bool) -> String {
    let (played, all) = player.position();
    let sign = if playing { "▶" } else { "‖" };
    format!(
        " {sign} REPLAY {played}/{all}  {}  {}  space play  ←→ step  PgUp/PgDn 100  Home End  q or esc quit ",
        player.app.now(),
        Text::clean(&player.recording.title),
    )
}

/// Copies the recorded frame onto the screen, whatever size that has, and the status over its last line.
fn show(screen: &mut Buffer, frame: &Buffer, line: &str) {
    for y in screen.area.top()..screen.area.bottom() {
        for x in screen.area.left()..screen.area.right() {
            if let (Some(to), Some(from)) = (screen.cell_mut((x, y)), frame.cell((x, y))) {
                to.clone_from(from);
            }
        }
    }
    let last = screen.area.bottom().saturating_sub(1);
    let width = usize::from(screen.area.width);
    let line = format!("{line:<width$}");
    screen.set_stringn(0, last, line, width, Style::new().add_modifier(Modifier::REVERSED));
}
