//! The keyboard: one thread that reads what the operator does and hands it on.
//!
//! It gives no meaning to keys. It reads only while not paused, so a shell in the foreground gets its own
//! keys; it ends when nobody receives. When the receiver is slow the thread waits, and the terminal's own
//! buffer holds the keys: none is dropped.

use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crossterm::event::{Event, KeyEvent, KeyEventKind, MouseEvent};
use tokio::sync::mpsc;

/// The most bytes of one paste.
pub const PASTE_BYTES_MAX: usize = 64 * 1024;

/// How long one look for input may take, so how long a pause may have to wait.
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
    /// The terminal has this many columns and rows now.
    Resize(u16, u16),
    /// The terminal window got the focus, or lost it.
    Focus(bool),
    /// The terminal can't be read any more; nothing follows.
    Lost,
}

/// The reading thread's handle. Dropping it leaves the thread to end with its receiver.
#[derive(Debug)]
pub struct Keyboard {
    gate: Arc<Gate>,
}

impl Keyboard {
    /// Starts reading into `sender`.
    ///
    /// # Errors
    /// When the thread can't be started.
    pub fn start<M: From<Input> + Send + 'static>(sender: mpsc::Sender<M>) -> io::Result<Self> {
        let gate = Arc::new(Gate::default());
        let shared = Arc::clone(&gate);
        std::thread::Builder::new()
            .name("keyboard".to_owned())
            .spawn(move || read_on(&mut TerminalEvents, &shared, &sender))?;
        Ok(Self { gate })
    }

    /// Stops reading. Returns whether the thread let go of the terminal within half a second; it may be
    /// held in the middle of a sequence that never ends.
    pub fn pause(&self) -> bool {
        let mut state = self.gate.lock();
        state.paused = true;
        let waited = self.gate.changed.wait_timeout_while(state, LET_GO_MAX, |state| state.reading);
        let (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        !state.reading
    }

    /// Reads again.
    pub fn resume(&self) {
        self.gate.lock().paused = false;
        self.gate.changed.notify_all();
    }
}

#[derive(Debug, Default)]
struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    paused: bool,
    reading: bool,
}

impl Gate {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits while paused, at most for one look; returns whether the thread may read.
    fn begin(&self) -> bool {
        let waited = self.changed.wait_timeout_while(self.lock(), LOOK, |state| state.paused);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        state.reading = !state.paused;
        state.reading
    }

    fn end(&self) {
        self.lock().reading = false;
        self.changed.notify_all();
    }
}

/// Where events come from.
trait Events {
    /// Waits at most `limit` for an event.
    fn next(&mut self, limit: Duration) -> io::Result<Option<Event>>;
}

struct TerminalEvents;

impl Events for TerminalEvents {
    fn next(&mut self, limit: Duration) -> io::Result<Option<Event>> {
        if crossterm::event::poll(limit)? { crossterm::event::read().map(Some) } else { Ok(None) }
    }
}

/// Reads until nobody receives or the terminal is gone.
fn read_on<M: From<Input>>(events: &mut impl Events, gate: &Gate, sender: &mpsc::Sender<M>) {
    let mut failures = 0;
    while !sender.is_closed() {
        if !gate.begin() {
            continue;
        }
        let read = burst(events);
        gate.end();
        let inputs = match read {
            Ok(inputs) => {
                failures = 0;
                inputs
            }
            Err(_) if failures < FAILURES_MAX => {
                failures += 1;
                continue;
            }
            Err(_) => {
                let _ = sender.blocking_send(Input::Lost.into());
                return;
            }
        };
        for input in inputs.into_iter().flatten() {
            if sender.blocking_send(input.into()).is_err() {
                return;
            }
        }
    }
}

/// One input, and before it the last size when sizes came in a row: a window being dragged tells many.
fn burst(events: &mut impl Events) -> io::Result<[Option<Input>; 2]> {
    let mut size = None;
    let mut limit = LOOK;
    loop {
        let Some(event) = events.next(limit)? else {
            return Ok([size, None]);
        };
        match event {
            Event::Resize(columns, rows) => {
                size = Some(Input::Resize(columns, rows));
                limit = Duration::ZERO;
            }
            event => return Ok([size, input(event)]),
        }
    }
}

fn input(event: Event) -> Option<Input> {
    match event {
        Event::Key(key) => (key.kind != KeyEventKind::Release).then_some(Input::Key(key)),
        Event::Paste(text) => Some(paste(text)),
        Event::Mouse(mouse) => Some(Input::Mouse(mouse)),
        Event::Resize(columns, rows) => Some(Input::Resize(columns, rows)),
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
        fn next(&mut self, _: Duration) -> io::Result<Option<Event>> {
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
    fn sizes_in_a_row_become_the_last_one_before_what_follows() {
        let script = vec![
            Some(Event::Resize(80, 24)),
            Some(Event::Resize(90, 30)),
            Some(Event::Resize(100, 40)),
            Some(Event::Key(key('x'))),
            Some(Event::Resize(60, 15)),
            None,
        ];
        let expected =
            [Input::Resize(100, 40), Input::Key(key('x')), Input::Resize(60, 15), Input::Lost];
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
        let keyboard = Keyboard { gate: Arc::new(Gate::default()) };
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
