//! What happens when a part of the console panics: the terminal first, then the records, then words for a
//! tired person, and an end with a code that is not zero.
//!
//! Invariants: only the first panic of the process is handled, so nothing here can recurse; what the caller
//! wants done runs on its own thread with a time limit, so neither a panic in it nor a lock held by the
//! thread that panicked can keep the process alive; nothing from outside reaches the terminal raw.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write;
use std::panic::PanicHookInfo;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::time::Duration;

use tokio::sync::watch;

use super::terminal::Device;
use crate::domain::Text;

/// The exit code of a console that panicked, Rust's own.
pub const PANIC_EXIT_CODE: u8 = 101;

/// How long the caller's work on a panic may take.
const WORK_MAX: Duration = Duration::from_secs(2);

/// How long the rest of the console has to end in order.
const END_MAX: Duration = Duration::from_secs(5);

/// How much of a message, or of a backtrace, is printed.
const MESSAGE_BYTES_MAX: usize = 4 * 1024;
const BACKTRACE_BYTES_MAX: usize = 64 * 1024;

/// A panic as plain values, safe to draw and to write down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PanicReport {
    /// The thread's name.
    pub thread: Text,
    /// What the panic said.
    pub message: Text,
    /// File, line and column.
    pub place: Text,
}

/// Where the traces of this run are, for the last words.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Traces {
    /// The log file.
    pub log: Option<PathBuf>,
    /// The recording of the screen and keys.
    pub recording: Option<PathBuf>,
}

/// Tells the event loop that something panicked, possibly on another thread.
#[derive(Debug, Clone)]
pub struct Panicked(watch::Receiver<bool>);

impl Panicked {
    /// Whether anything panicked: the process must then end with [`PANIC_EXIT_CODE`].
    #[must_use]
    pub fn happened(&self) -> bool {
        *self.0.borrow()
    }

    /// Waits until something panics; never returns otherwise.
    pub async fn wait(&mut self) {
        if self.0.wait_for(|happened| *happened).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Installs the hook of the process. On the first panic, on any thread: gives the terminal back for good,
/// runs `on_panic`, prints what happened, and raises [`Panicked`]; a console that has not ended
/// 5 seconds later is ended.
pub fn install_panic_hook(
    device: Arc<Device>,
    traces: Traces,
    on_panic: impl Fn(&PanicReport) + Send + Sync + 'static,
) -> Panicked {
    let (raise, panicked) = watch::channel(false);
    let responder = Responder {
        device,
        traces,
        on_panic: Arc::new(on_panic),
        raise,
        handled: AtomicBool::new(false),
        work_max: WORK_MAX,
    };
    std::panic::set_hook(Box::new(move |info| {
        if responder.respond(&report(info), &mut std::io::stderr()) {
            end_after(END_MAX);
        }
    }));
    Panicked(panicked)
}

struct Responder {
    device: Arc<Device>,
    traces: Traces,
    on_panic: Arc<dyn Fn(&PanicReport) + Send + Sync>,
    raise: watch::Sender<bool>,
    handled: AtomicBool,
    work_max: Duration,
}

impl Responder {
    /// Handles the first panic and returns true; does nothing for any after it.
    fn respond(&self, report: &PanicReport, out: &mut impl Write) -> bool {
        if self.handled.swap(true, Ordering::AcqRel) {
            return false;
        }
        self.device.give_up();
        let complete = self.work(report);
        // Standard error may be closed; there is nowhere else to say it.
        let _ = out.write_all(last_words(report, &self.traces, complete).as_bytes());
        // Last: the loop ends the process on it.
        self.raise.send_replace(true);
        true
    }

    /// Runs the caller's work aside; returns whether it came to its end in time.
    fn work(&self, report: &PanicReport) -> bool {
        let (done, finished) = mpsc::sync_channel(1);
        let on_panic = Arc::clone(&self.on_panic);
        let report = report.clone();
        // A panic in there drops `done` unsent.
        let spawned = std::thread::Builder::new().name("last words".to_owned()).spawn(move || {
            on_panic(&report);
            let _ = done.send(());
        });
        spawned.is_ok() && finished.recv_timeout(self.work_max).is_ok()
    }
}

fn report(info: &PanicHookInfo<'_>) -> PanicReport {
    let thread = std::thread::current();
    let message = info.payload_as_str().unwrap_or("(no message)");
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    PanicReport {
        thread: Text::clean(thread.name().unwrap_or("unnamed")),
        message: Text::bounded(message, MESSAGE_BYTES_MAX),
        place: Text::clean(&place),
    }
}

fn last_words(report: &PanicReport, traces: &Traces, complete: bool) -> String {
    let mut lines = vec![
        String::new(),
        "pulse-console stopped because of a mistake in itself. What ran in the cluster goes on: its records \
         are kept there, and the next console shows every open operation."
            .to_owned(),
    ];
    for (what, path) in [("log", &traces.log), ("recording", &traces.recording)] {
        if let Some(path) = path {
            let path = Text::clean(&path.to_string_lossy());
            lines.push(format!("The {what} of this run: {path}"));
        }
    }
    if !complete {
        lines.push("The last seconds may be missing from the recording.".to_owned());
    }
    let PanicReport { thread, message, place } = report;
    lines.push(format!("Please report this: thread '{thread}' panicked at {place}: {message}"));
    let backtrace = Backtrace::capture();
    if backtrace.status() == BacktraceStatus::Captured {
        let shown = backtrace.to_string();
        let end = shown.floor_char_boundary(BACKTRACE_BYTES_MAX);
        let kept = shown.get(..end).unwrap_or_default();
        lines.extend(kept.lines().map(|line| Text::clean(line).to_string()));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// Ends the process if it has not ended by itself: a thread waiting for the one that died never would.
#[expect(clippy::disallowed_methods, reason = "the last resort, after the terminal was restored")]
fn end_after(time: Duration) {
    let watchdog = std::thread::Builder::new().name("end".to_owned()).spawn(move || {
        std::thread::sleep(time);
        std::process::exit(i32::from(PANIC_EXIT_CODE));
    });
    if watchdog.is_err() {
        std::process::exit(i32::from(PANIC_EXIT_CODE));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::runtime::terminal::{Mode, TerminalOptions};

    fn responder(
        work_max: Duration,
        on_panic: impl Fn(&PanicReport) + Send + Sync + 'static,
    ) -> (Responder, Panicked) {
        let file = tempfile::tempfile().expect("temporary file");
        let device = Device::new(file, Mode::Plain, TerminalOptions::default());
        device.take().expect("taken");
        let (raise, panicked) = watch::channel(false);
        let traces = Traces { log: Some("/tmp/\u{1b}[2Jconsole.log".into()), recording: None };
        let on_panic = Arc::new(on_panic);
        let handled = AtomicBool::new(false);
        (Responder { device, traces, on_panic, raise, handled, work_max }, Panicked(panicked))
    }

    fn example() -> PanicReport {
        PanicReport {
            thread: Text::clean("feed"),
            message: Text::clean("a \u{1b}[31mred\u{7} name"),
            place: Text::clean("src/x.rs:1:2"),
        }
    }

    /// What was printed, if the panic was handled.
    fn words(responder: &Responder) -> Option<String> {
        let mut out = Vec::new();
        let handled = responder.respond(&example(), &mut out);
        handled.then(|| String::from_utf8(out).expect("text"))
    }

    #[test]
    fn the_first_panic_restores_reports_and_tells_the_loop() {
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (responder, panicked) = {
            let seen = Arc::clone(&seen);
            responder(WORK_MAX, move |report| seen.lock().expect("lock").push(report.clone()))
        };
        assert!(!panicked.happened());
        let words = words(&responder).expect("handled");
        assert!(panicked.happened() && !responder.device.is_taken());
        assert_eq!(*seen.lock().expect("lock"), [example()]);
        assert!(words.contains("console.log") && words.contains("src/x.rs:1:2"), "{words}");
        assert!(!words.contains("missing"), "{words}");
        assert!(words.chars().all(|c| c == '\n' || !Text::is_hostile(c)), "{words:?}");
        assert_eq!(self::words(&responder), None, "only the first is handled");
    }

    #[test]
    fn work_that_panics_or_hangs_is_given_up() {
        let (release, held) = mpsc::sync_channel::<()>(1);
        let held = Mutex::new(held);
        let hang = move |_: &PanicReport| assert!(held.lock().expect("lock").recv().is_err());
        let (hanging, _) = responder(Duration::from_millis(1), hang);
        let (panicking, _) = responder(WORK_MAX, |_| panic!("within the work"));
        for responder in [hanging, panicking] {
            let words = words(&responder).expect("handled");
            assert!(words.contains("may be missing"), "{words}");
            assert!(!responder.device.is_taken());
        }
        drop(release);
    }
}
