//! The keyboard: one thread that reads what the operator does and hands it on.
//!
//! It gives no meaning to keys. It reads only while not paused, so a shell in the foreground gets its own
//! keys; it ends with its handle, or when nobody receives. While nobody types it sleeps: a bell wakes it for a pause
//! or the end. When the receiver is slow the thread waits, and the terminal's own buffer holds the keys: none is
//! dropped. A window of another size is told by [`super::signals`].

use std::io::{self, PipeReader, PipeWriter, Read as _, Write as _};
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossterm::event::{Event, KeyEvent, KeyEventKind, MouseEvent};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use tokio::sync::mpsc;

/// The most bytes of one paste.
pub const PASTE_BYTES_MAX: usize = 64 * 1024;

/// How long the terminal is looked at once it had something: there may be more.
const LOOK: Duration = Duration::from_millis(200);

/// How long [`Keyboard::pause`] waits for the thread to let go.
const LET_GO_MAX: Duration = Duration::from_millis(500);

/// Errors in a row after which the terminal counts as gone.
const FAILURES_MAX: u32 = 16;

/// What the operator did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A key went down, or repeats.
    Key(KeyEvent),
    /// Text was pasted: at most [`PASTE_BYTES_MAX`] of it, raw, for it comes from outside.
    Paste {
        /// What was kept.
        text: String,
        /// Whether there was more.
        cut: bool,
    },
    /// The mouse did something.
    Mouse(MouseEvent),
    /// The terminal window got the focus, or lost it.
    Focus(bool),
    /// The terminal can't be read any more; nothing follows.
    Lost,
}

/// The reading thread's handle. Dropping it ends the thread.
#[derive(Debug)]
pub struct Keyboard {
    gate: Arc<Gate>,
    bell: PipeWriter,
}

impl Keyboard {
    /// Starts reading into `sender`.
    ///
    /// # Errors
    /// When the thread can't be started.
    pub fn start<M: From<Input> + Send + 'static>(sender: mpsc::Sender<M>) -> io::Result<Self> {
        let gate = Arc::new(Gate::default());
        let shared = Arc::clone(&gate);
        let (heard, bell) = io::pipe()?;
        std::thread::Builder::new().name("keyboard".to_owned()).spawn(move || {
            read_on(&mut TerminalEvents { bell: heard, more: false }, &shared, &sender);
        })?;
        Ok(Self { gate, bell })
    }

    /// Stops reading. Returns whether the thread let go of the terminal within half a second; it may be
    /// held in the middle of a sequence that never ends.
    pub fn pause(&self) -> bool {
        let state = self.turn(Turn::Pause);
        let waited = self.gate.changed.wait_timeout_while(state, LET_GO_MAX, |state| state.reading);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !state.reading
    }

    /// Reads again.
    pub fn resume(&self) {
        drop(self.turn(Turn::Read));
    }

    /// Has the thread do something else from now on; wakes it where it waits.
    fn turn(&self, turn: Turn) -> MutexGuard<'_, State> {
        let mut state = self.gate.lock();
        state.turn = turn;
        if state.reading {
            // A bell that can't be rung any more has nobody who hears it.
            let _ = (&self.bell).write_all(b"!");
        }
        self.gate.changed.notify_all();
        state
    }
}

impl Drop for Keyboard {
    fn drop(&mut self) {
        drop(self.turn(Turn::End));
    }
}

#[derive(Debug, Default)]
struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    turn: Turn,
    reading: bool,
}

/// What the thread is to do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Turn {
    #[default]
    Read,
    Pause,
    End,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while paused; returns whether the thread may read, or else is to end.
    fn begin(&self) -> bool {
        let waited = self.changed.wait_while(self.lock(), |state| state.turn == Turn::Pause);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        state.reading = state.turn == Turn::Read;
        state.reading
    }

    fn end(&self) {
        self.lock().reading = false;
        self.changed.notify_all();
    }
}

/// Where events come from.
trait Events {
    /// Waits for an event; none when the bell rang, or what came was none.
    fn next(&mut self) -> io::Result<Option<Event>>;
}

struct TerminalEvents {
    bell: PipeReader,
    /// Whether the last look gave something: more may have come with it, and is not in the terminal any more.
    more: bool,
}

impl Events for TerminalEvents {
    fn next(&mut self) -> io::Result<Option<Event>> {
        // Not for a shorter time: once that is over, crossterm does not even look at what it has read already.
        self.more = self.more && crossterm::event::poll(LOOK)?;
        if !self.more {
            self.more = self.wait()? && crossterm::event::poll(LOOK)?;
        }
        if self.more { crossterm::event::read().map(Some) } else { Ok(None) }
    }
}

impl TerminalEvents {
    /// Waits as long as nothing happens; says whether it is the terminal that has something.
    fn wait(&mut self) -> io::Result<bool> {
        let terminal = rustix::stdio::stdin();
        let mut both = [&terminal as &dyn AsFd, &self.bell]
            .map(|fd| PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::IN));
        match poll(&mut both, None) {
            // A signal came; what it means is told elsewhere.
            Err(Errno::INTR) => return Ok(false),
            waited => waited?,
        };
        let [_, bell] = both;
        if bell.revents().is_empty() {
            return Ok(true);
        }
        self.bell.read_exact(&mut [0])?;
        Ok(false)
    }
}

/// Reads until the handle is gone, nobody receives, or the terminal is gone.
fn read_on<M: From<Input>>(events: &mut impl Events, gate: &Gate, sender: &mpsc::Sender<M>) {
    let mut failures = 0;
    while !sender.is_closed() && gate.begin() {
        let read = events.next();
        gate.end();
        let event = match read {
            Ok(event) => event,
            Err(_) if failures < FAILURES_MAX => {
                failures += 1;
                continue;
            }
            Err(_) => {
                let _ = sender.blocking_send(Input::Lost.into());
                return;
            }
        };
        failures = 0;
        if let Some(input) = event.and_then(input)
            && sender.blocking_send(input.into()).is_err()
        {
            return;
        }
    }
}

fn input(event: Event) -> Option<Input> {
    match event {
        Event::Key(key) => (key.kind != KeyEventKind::Release).then_some(Input::Key(key)),
        Event::Paste(text) => Some(paste(text)),
        Event::Mouse(mouse) => Some(Input::Mouse(mouse)),
        // The signal tells it, and without a wait for the next key.
        Event::Resize(..) => None,
        Event::FocusGained => Some(Input::Focus(true)),
        Event::FocusLost => Some(Input::Focus(false)),
    }
}

fn paste(mut text: String) -> Input {
    let end = text.floor_char_boundary(PASTE_BYTES_MAX);
    let cut = end < text.len();
    text.truncate(end);
    text.shrink_to_fit();
    Input::Paste { text, cut }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use crossterm::event::{KeyCode, KeyModifiers};

    use super::*;

    /// A script of events; `None` is a moment without any, the end is a terminal that is gone.
    struct Script(VecDeque<Option<Event>>);

    impl Events for Script {
        fn next(&mut self) -> io::Result<Option<Event>> {
            self.0.pop_front().ok_or_else(|| io::ErrorKind::NotConnected.into())
        }
    }

    fn key(c: char) -> KeyEvent {
        KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE)
    }

    fn told(script: Vec<Option<Event>>) -> Vec<Input> {
        let (sender, mut receiver) = mpsc::channel::<Input>(64);
        read_on(&mut Script(script.into()), &Gate::default(), &sender);
        std::iter::from_fn(|| receiver.try_recv().ok()).collect()
    }

    #[test]
    fn events_become_inputs_in_order() {
        let release = KeyEvent { kind: KeyEventKind::Release, ..key('a') };
        let script = vec![
            Some(Event::Key(key('a'))),
            Some(Event::Key(release)),
            None,
            Some(Event::Resize(80, 24)),
            Some(Event::FocusLost),
            Some(Event::FocusGained),
            Some(Event::Paste("acme".to_owned())),
        ];
        let expected = [
            Input::Key(key('a')),
            Input::Focus(false),
            Input::Focus(true),
            Input::Paste { text: "acme".to_owned(), cut: false },
            Input::Lost,
        ];
        assert_eq!(told(script), expected);
    }

    #[test]
    fn a_paste_is_cut_at_a_character() {
        for (text, bytes, cut) in [
            ("x".repeat(PASTE_BYTES_MAX), PASTE_BYTES_MAX, false),
            ("x".repeat(PASTE_BYTES_MAX + 1), PASTE_BYTES_MAX, true),
            (format!("x{}", "я".repeat(PASTE_BYTES_MAX)), PASTE_BYTES_MAX - 1, true),
        ] {
            let Input::Paste { text, cut: was_cut } = paste(text) else { unreachable!() };
            assert_eq!((text.len(), was_cut), (bytes, cut));
        }
    }

    #[test]
    fn nothing_is_read_while_paused_and_the_thread_ends_with_its_receiver() {
        let (sender, mut receiver) = mpsc::channel::<Input>(1);
        let (_heard, bell) = io::pipe().expect("a pipe");
        let keyboard = Keyboard { gate: Arc::new(Gate::default()), bell };
        assert!(keyboard.pause());
        let gate = Arc::clone(&keyboard.gate);
        let script = vec![Some(Event::Key(key('a'))), Some(Event::Key(key('b')))];
        let thread =
            std::thread::spawn(move || read_on(&mut Script(script.into()), &gate, &sender));
        assert!(keyboard.pause(), "a paused thread holds nothing");
        assert!(receiver.try_recv().is_err());
        keyboard.resume();
        assert_eq!(receiver.blocking_recv(), Some(Input::Key(key('a'))));
        drop(receiver);
        thread.join().expect("ends");
    }
}
