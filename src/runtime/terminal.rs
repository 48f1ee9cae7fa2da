//! The terminal, taken over whole and given back whole.
//!
//! A [`TerminalGuard`] owns the switch: raw mode, the alternate screen, bracketed paste, focus reports, the
//! mouse and the hidden cursor go on together and off together, in mirrored order, whatever the way out. It
//! draws nothing ([`super::screen`] does) and reads nothing ([`super::keyboard`] does).
//!
//! Invariants: bytes reach the terminal only through one [`Device`], and only while it is taken; a restored
//! terminal gets no more of a frame, whichever thread restored it. The writes go to a duplicate of standard
//! output, so no lock of the standard library can hold up a thread that panics.

use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, getpgrp, getsid, kill_current_process_group};
use thiserror::Error;

/// Private modes in the order they are taken: the number, and whether taking means switching on.
const MODES: [(u16, bool); 4] = [(1049, true), (25, false), (2004, true), (1004, true)];

/// The mouse: buttons, drags, and coordinates beyond column 223. Bare movement (1003) is left off, it would
/// send an event per cell.
const MOUSE_MODES: [(u16, bool); 3] = [(1000, true), (1002, true), (1006, true)];

/// Ends a synchronised update and clears colours, which a frame cut in half may have left.
const FRAME_RESET: &[u8] = b"\x1b[?2026l\x1b[0m";

/// Cancels an escape sequence that another thread was in the middle of.
const CANCEL: u8 = 0x18;

/// How long a restoring thread waits for a frame that is being written.
const FRAME_WAIT: Duration = Duration::from_millis(200);

/// How long one write waits for a terminal that takes no bytes.
const STALL_MAX_SECONDS: i64 = 5;

/// What the terminal could not do.
#[derive(Debug, Error)]
pub enum TerminalError {
    /// Standard input or output leads elsewhere.
    #[error(
        "The screen needs a terminal, and {0} is not one. Run the console in a terminal, or use a command \
         that prints, such as `pulse-console --snapshot tenants`."
    )]
    NotATerminal(&'static str),
    /// `TERM` names a terminal without cursor movement.
    #[error(
        "The terminal says it can't move the cursor (TERM={0}). Set TERM to what the terminal is, such as \
         xterm-256color, or print one frame with `--snapshot tenants`."
    )]
    TooSimple(String),
    /// Raw mode could not be switched.
    #[error(
        "The terminal refused to change its mode: {0}. Try `reset`, then start the console again."
    )]
    Mode(#[source] io::Error),
    /// Bytes could not be written.
    #[error(
        "The terminal takes no output: {0}. Is the window, or the connection to it, still there?"
    )]
    Write(#[source] io::Error),
    /// There is no shell to stop for.
    #[error(
        "There is no shell to go back to: the console was started as the terminal's only program."
    )]
    NoShell,
    /// The process group could not be stopped.
    #[error("The console could not be stopped for the shell: {0}. It goes on as before.")]
    Stop(#[source] io::Error),
}

/// What to take of the terminal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TerminalOptions {
    /// Whether clicks, drags and the wheel are reported.
    pub mouse: bool,
}

/// Holds the terminal; dropping it gives the terminal back.
#[derive(Debug)]
pub struct TerminalGuard {
    device: Arc<Device>,
}

impl TerminalGuard {
    /// Takes the terminal over.
    ///
    /// # Errors
    /// When input or output is no terminal, the terminal is too simple, or it refuses; it is then as before.
    pub fn enter(options: TerminalOptions) -> Result<Self, TerminalError> {
        check_terminal()?;
        let out = io::stdout().as_fd().try_clone_to_owned().map_err(TerminalError::Write)?;
        let guard = Self { device: Device::new(File::from(out), Mode::Raw, options) };
        guard.device.take()?;
        Ok(guard)
    }

    /// Gives the terminal back now; repeating it does nothing.
    ///
    /// # Errors
    /// When the terminal refuses; as much as possible was given back.
    pub fn restore(&self) -> Result<(), TerminalError> {
        self.device.restore()
    }

    /// A handle by which any thread can give the terminal back.
    #[must_use]
    pub fn device(&self) -> Arc<Device> {
        Arc::clone(&self.device)
    }

    /// Gives the terminal back, stops the process group as `ctrl-z` does, and once continued takes the
    /// terminal again. Returns whether it did: a console continued in the background leaves it alone.
    /// Pause the keyboard around it; everything must be drawn anew after it.
    ///
    /// # Errors
    /// When there is no job-control shell above (nothing was touched), or the terminal refuses.
    pub fn suspend(&self) -> Result<bool, TerminalError> {
        if !has_shell() {
            return Err(TerminalError::NoShell);
        }
        self.device.restore()?;
        let stopped = kill_current_process_group(Signal::STOP);
        // The stop may be delivered to another thread first; the clock of the sleep stands while stopped.
        pause(Duration::from_millis(20));
        let taken = self.retake()?;
        stopped.map_err(|error| TerminalError::Stop(error.into()))?;
        Ok(taken)
    }

    /// Takes the terminal again after somebody else had it (a stop and continue from outside). Returns
    /// whether the console has it: not when it runs in the background, nor after a panic.
    ///
    /// # Errors
    /// When the terminal refuses.
    pub fn retake(&self) -> Result<bool, TerminalError> {
        if !in_foreground() {
            return Ok(false);
        }
        self.device.take()
    }

    /// Switches mouse reports on or off.
    ///
    /// # Errors
    /// When the terminal takes no output.
    pub fn set_mouse(&self, mouse: bool) -> Result<(), TerminalError> {
        if self.device.mouse.swap(mouse, Ordering::AcqRel) == mouse {
            return Ok(());
        }
        let mut bytes = Vec::new();
        push_modes(&mut bytes, MOUSE_MODES.iter(), mouse);
        self.device.send_taken(&bytes).map_err(TerminalError::Write)
    }
}

impl Drop for TerminalGuard {
    fn drop(&mut self) {
        // Nobody is left to tell; the next program can still `reset`.
        let _ = self.device.restore();
    }
}

/// Whether the line discipline is switched too; a file under test has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    Raw,
    #[cfg(test)]
    Plain,
}

/// The one way to the terminal, shared by the guard, the screen and the panic hook.
#[derive(Debug)]
pub struct Device {
    out: File,
    mode: Mode,
    frame: Mutex<()>,
    mouse: AtomicBool,
    taken: AtomicBool,
    given_up: AtomicBool,
    written: AtomicU64,
}

impl Device {
    pub(super) fn new(out: File, mode: Mode, options: TerminalOptions) -> Arc<Self> {
        Arc::new(Self {
            out,
            mode,
            frame: Mutex::new(()),
            mouse: AtomicBool::new(options.mouse),
            taken: AtomicBool::new(false),
            given_up: AtomicBool::new(false),
            written: AtomicU64::new(0),
        })
    }

    /// Bytes sent to the terminal since the start.
    #[must_use]
    pub fn bytes_written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Whether the console has the terminal now.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        self.taken.load(Ordering::Acquire)
    }

    /// Gives the terminal back for good, from any thread: it can't be taken again.
    pub fn give_up(&self) {
        self.given_up.store(true, Ordering::Release);
        let _ = self.restore();
    }

    /// Switches everything on; what is on already goes off first, for it may not be so any more. Returns
    /// false once the terminal was given up.
    pub(super) fn take(&self) -> Result<bool, TerminalError> {
        let frame = self.frame.lock().unwrap_or_else(PoisonError::into_inner);
        if self.given_up.load(Ordering::Acquire) {
            return Ok(false);
        }
        // Set first: what was switched on by half is switched off by the guard.
        let again = self.taken.swap(true, Ordering::AcqRel);
        if self.mode == Mode::Raw {
            // A shell may have changed the modes behind our back, and enabling twice does nothing.
            crossterm::terminal::disable_raw_mode().map_err(TerminalError::Mode)?;
            crossterm::terminal::enable_raw_mode().map_err(TerminalError::Mode)?;
        }
        let mouse = self.mouse.load(Ordering::Acquire);
        // Entering the alternate screen twice would forget where the shell's cursor was.
        let mut bytes = if again { leave_bytes(mouse) } else { Vec::new() };
        bytes.extend(enter_bytes(mouse));
        let sent = self.send(&bytes);
        drop(frame);
        if self.given_up.load(Ordering::Acquire) {
            self.restore()?;
            return Ok(false);
        }
        sent.map_err(TerminalError::Write)?;
        Ok(true)
    }

    /// Switches everything off if it is on.
    pub(super) fn restore(&self) -> Result<(), TerminalError> {
        if !self.taken.swap(false, Ordering::AcqRel) {
            return Ok(());
        }
        let frame = self.lock_frame();
        let mut bytes = Vec::new();
        if frame.is_none() {
            bytes.push(CANCEL);
        }
        bytes.extend(leave_bytes(self.mouse.load(Ordering::Acquire)));
        let sent = self.send(&bytes);
        let moded = match self.mode {
            Mode::Raw => crossterm::terminal::disable_raw_mode(),
            #[cfg(test)]
            Mode::Plain => Ok(()),
        };
        sent.map_err(TerminalError::Write)?;
        moded.map_err(TerminalError::Mode)
    }

    /// Sends `bytes` whole, or drops them when the terminal is not taken.
    pub(super) fn send_taken(&self, bytes: &[u8]) -> io::Result<()> {
        let _frame = self.frame.lock().unwrap_or_else(PoisonError::into_inner);
        if !self.is_taken() {
            return Ok(());
        }
        self.send(bytes)
    }

    /// Waits a moment for a frame under way, and goes ahead without if its writer is stuck.
    fn lock_frame(&self) -> Option<MutexGuard<'_, ()>> {
        let step = Duration::from_millis(5);
        let mut waited = Duration::ZERO;
        loop {
            match self.frame.try_lock() {
                Ok(frame) => return Some(frame),
                Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) if waited >= FRAME_WAIT => return None,
                Err(TryLockError::WouldBlock) => pause(step),
            }
            waited += step;
        }
    }

    fn send(&self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match (&self.out).write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.written.fetch_add(count as u64, Ordering::Relaxed);
                    rest = rest.get(count..).unwrap_or_default();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Another program on this terminal may have made the shared descriptor non-blocking.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait_writable()?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn wait_writable(&self) -> io::Result<()> {
        let limit = Timespec { tv_sec: STALL_MAX_SECONDS, tv_nsec: 0 };
        match poll(&mut [PollFd::new(&self.out, PollFlags::OUT)], Some(&limit)) {
            Ok(0) => Err(io::ErrorKind::TimedOut.into()),
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// The bytes that take the terminal.
fn enter_bytes(mouse: bool) -> Vec<u8> {
    let mut bytes = Vec::new();
    push_modes(&mut bytes, modes(mouse).iter(), true);
    bytes
}

/// The bytes that give it back: the same modes, backwards.
fn leave_bytes(mouse: bool) -> Vec<u8> {
    let mut bytes = FRAME_RESET.to_vec();
    push_modes(&mut bytes, modes(mouse).iter().rev(), false);
    bytes
}

fn modes(mouse: bool) -> Vec<(u16, bool)> {
    let mouse_modes: &[(u16, bool)] = if mouse { &MOUSE_MODES } else { &[] };
    MODES.iter().chain(mouse_modes).copied().collect()
}

fn push_modes<'a>(out: &mut Vec<u8>, modes: impl Iterator<Item = &'a (u16, bool)>, taking: bool) {
    for (number, on) in modes {
        let end = if *on == taking { 'h' } else { 'l' };
        out.extend_from_slice(format!("\x1b[?{number}{end}").as_bytes());
    }
}

fn check_terminal() -> Result<(), TerminalError> {
    if !io::stdout().is_terminal() {
        return Err(TerminalError::NotATerminal("standard output"));
    }
    if !io::stdin().is_terminal() {
        return Err(TerminalError::NotATerminal("standard input"));
    }
    match std::env::var("TERM") {
        Ok(term) if term == "dumb" => Err(TerminalError::TooSimple(term)),
        _ => Ok(()),
    }
}

/// Whether a job-control shell made our process group: otherwise nobody would continue us.
fn has_shell() -> bool {
    getsid(None).is_ok_and(|session| session != getpgrp())
}

fn in_foreground() -> bool {
    // Without a controlling terminal there is no background either.
    rustix::termios::tcgetpgrp(rustix::stdio::stdin()).map_or(true, |group| group == getpgrp())
}

#[expect(
    clippy::disallowed_methods,
    reason = "bounded waits around a stop and a panic, off the loop"
)]
fn pause(time: Duration) {
    std::thread::sleep(time);
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Seek};

    use super::*;

    /// A device over a file, and a second handle to read what was sent.
    fn device(mouse: bool) -> (Arc<Device>, File) {
        let file = tempfile::tempfile().expect("temporary file");
        let reader = file.try_clone().expect("duplicate");
        (Device::new(file, Mode::Plain, TerminalOptions { mouse }), reader)
    }

    fn sent(reader: &mut File) -> Vec<u8> {
        let mut bytes = Vec::new();
        reader.rewind().expect("rewind");
        reader.read_to_end(&mut bytes).expect("read");
        bytes
    }

    /// The private modes in `bytes`, in order: number and whether it was switched on.
    fn switches(bytes: &[u8]) -> Vec<(u16, bool)> {
        let text = std::str::from_utf8(bytes).expect("ASCII");
        text.split("\x1b[?")
            .filter_map(|part| {
                let end = part.find(['h', 'l'])?;
                Some((part[..end].parse().ok()?, part.as_bytes()[end] == b'h'))
            })
            .collect()
    }

    #[test]
    fn leaving_mirrors_entering() {
        for mouse in [false, true] {
            let entered = switches(&enter_bytes(mouse));
            let mut left = switches(&leave_bytes(mouse));
            left.retain(|(number, _)| *number != 2026);
            left.reverse();
            let undone: Vec<_> = left.iter().map(|(number, on)| (*number, !on)).collect();
            assert_eq!(entered, undone);
            assert_eq!(entered.iter().any(|(number, _)| *number == 1000), mouse);
            assert!(entered.contains(&(1049, true)) && entered.contains(&(25, false)));
        }
    }

    #[test]
    fn restoring_twice_sends_once() {
        let (device, mut reader) = device(true);
        assert!(device.take().expect("taken"));
        device.restore().expect("restored");
        let once = sent(&mut reader);
        device.restore().expect("nothing to do");
        assert_eq!(sent(&mut reader), once);
        assert_eq!(device.bytes_written(), once.len() as u64);
        assert_eq!(once, [enter_bytes(true), leave_bytes(true)].concat());
    }

    #[test]
    fn dropping_the_guard_restores_and_a_frame_after_it_is_dropped() {
        let (device, mut reader) = device(false);
        let guard = TerminalGuard { device: Arc::clone(&device) };
        device.take().expect("taken");
        drop(guard);
        device.send_taken(b"late frame").expect("dropped silently");
        assert_eq!(sent(&mut reader), [enter_bytes(false), leave_bytes(false)].concat());
    }

    #[test]
    fn taking_again_leaves_first() {
        let (device, mut reader) = device(true);
        device.take().expect("taken");
        device.take().expect("taken again");
        let expected = [enter_bytes(true), leave_bytes(true), enter_bytes(true)].concat();
        assert_eq!(sent(&mut reader), expected);
    }

    #[test]
    fn a_terminal_given_up_is_never_taken_again() {
        let (device, mut reader) = device(false);
        device.take().expect("taken");
        let other = Arc::clone(&device);
        std::thread::spawn(move || other.give_up()).join().expect("thread");
        assert!(!device.take().expect("no error"));
        assert!(!device.is_taken());
        assert_eq!(sent(&mut reader), [enter_bytes(false), leave_bytes(false)].concat());
    }

    #[test]
    fn a_stuck_frame_does_not_hold_up_restoring() {
        let (device, mut reader) = device(false);
        device.take().expect("taken");
        let stuck = device.frame.lock().expect("free");
        let other = Arc::clone(&device);
        std::thread::spawn(move || other.give_up()).join().expect("thread");
        drop(stuck);
        let expected = [enter_bytes(false), vec![CANCEL], leave_bytes(false)].concat();
        assert_eq!(sent(&mut reader), expected);
    }

    #[test]
    fn the_mouse_is_switched_while_taken_and_off_at_the_end() {
        let (device, mut reader) = device(false);
        let guard = TerminalGuard { device: Arc::clone(&device) };
        device.take().expect("taken");
        guard.set_mouse(true).expect("on");
        guard.set_mouse(true).expect("still on");
        drop(guard);
        let switches = switches(&sent(&mut reader));
        for number in [1000, 1002, 1006] {
            let states: Vec<_> = switches.iter().filter(|(n, _)| *n == number).collect();
            assert_eq!(states, [&(number, true), &(number, false)]);
        }
    }
}
