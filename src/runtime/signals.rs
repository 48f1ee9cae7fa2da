//! What the system tells the process, as values for the event loop.
//!
//! Nothing is done in a signal handler; the loop decides. A stop asked for from outside (`kill -TSTP`) is
//! told too, so that the terminal is given back before the console stops.

use std::io;

use signal_hook::consts::{SIGCONT, SIGTSTP};
use tokio::signal::unix::{Signal as Stream, SignalKind, signal};

/// A signal that reached the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// Somebody wants the console to end in order; the signal's name.
    Terminate(&'static str),
    /// The terminal is gone; nothing can be drawn any more.
    Hangup,
    /// Somebody wants the console to stop, as `ctrl-z` does.
    Stop,
    /// The console runs again after a stop; the terminal must be taken again and drawn whole.
    Continue,
    /// The window has another size.
    WindowChange,
}

/// The signals the console listens to. Dropping it does not bring the default reactions back.
#[derive(Debug)]
pub struct Signals {
    terminate: Stream,
    interrupt: Stream,
    quit: Stream,
    hangup: Stream,
    stop: Stream,
    resume: Stream,
    window: Stream,
}

impl Signals {
    /// Starts listening; must be called within the runtime.
    ///
    /// # Errors
    /// When the system refuses a handler.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            hangup: signal(SignalKind::hangup())?,
            stop: signal(SignalKind::from_raw(SIGTSTP))?,
            resume: signal(SignalKind::from_raw(SIGCONT))?,
            window: signal(SignalKind::window_change())?,
        })
    }

    /// Waits for the next signal; may be dropped and called again without losing one. Several of one kind
    /// may be told once.
    pub async fn next(&mut self) -> Signal {
        tokio::select! {
            biased;
            Some(()) = self.hangup.recv() => Signal::Hangup,
            Some(()) = self.terminate.recv() => Signal::Terminate("SIGTERM"),
            Some(()) = self.interrupt.recv() => Signal::Terminate("SIGINT"),
            Some(()) = self.quit.recv() => Signal::Terminate("SIGQUIT"),
            Some(()) = self.resume.recv() => Signal::Continue,
            Some(()) = self.stop.recv() => Signal::Stop,
            Some(()) = self.window.recv() => Signal::WindowChange,
            else => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGWINCH};
    use signal_hook::low_level::raise;

    use super::*;

    /// One test for all: signals belong to the whole process.
    #[tokio::test]
    async fn each_signal_is_told() {
        let mut signals = Signals::listen().expect("handlers");
        for (number, expected) in [
            (SIGHUP, Signal::Hangup),
            (SIGTERM, Signal::Terminate("SIGTERM")),
            (SIGINT, Signal::Terminate("SIGINT")),
            (SIGQUIT, Signal::Terminate("SIGQUIT")),
            (SIGCONT, Signal::Continue),
            (SIGTSTP, Signal::Stop),
            (SIGWINCH, Signal::WindowChange),
        ] {
            raise(number).expect("raised");
            assert_eq!(signals.next().await, expected);
        }
    }
}
