//! Running the command of a secret reference: no shell, no input, a time limit, bounded output.
//!
//! The command runs in a process group of its own, so that at the limit everything it started ends
//! with it. What it writes to its standard error is discarded: it could hold the secret.

use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use secrecy::zeroize::Zeroizing;

use super::bounded::{ReadFault, read_bounded};

/// Why a command gave no output.
#[derive(Debug, thiserror::Error)]
pub enum CommandFault {
    /// It could not be started.
    #[error("it can't be started: {0}")]
    NotStarted(io::Error),
    /// It did not end within the limit, and was ended.
    #[error("it did not finish within {} s and was stopped", .0.as_secs_f32())]
    TooSlow(Duration),
    /// It wrote more than a secret can be, and was ended.
    #[error("it wrote more than {0} bytes and was stopped")]
    TooMuch(usize),
    /// Its output could not be read.
    #[error("its output can't be read: {0}")]
    Unreadable(io::Error),
    /// It ended with a status other than 0.
    #[error("it ended with status {0}")]
    Status(i32),
    /// A signal ended it.
    #[error("signal {0} ended it")]
    Signal(i32),
}

type Output = Result<Zeroizing<Vec<u8>>, ReadFault>;

/// Runs `program` and gives its standard output. Blocks for at most about `limit`.
pub(super) fn output(
    program: &str,
    arguments: &[String],
    limit: Duration,
    most_bytes: usize,
) -> Result<Zeroizing<Vec<u8>>, CommandFault> {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(CommandFault::NotStarted)?;
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    let bytes = match read_within(&mut child, limit, most_bytes) {
        Ok(bytes) => bytes,
        Err(fault) => {
            end(&mut child, group);
            return Err(fault);
        }
    };
    match wait_within(child, group, limit)? {
        status if status.success() => Ok(bytes),
        status => Err(match (status.code(), status.signal()) {
            (Some(code), _) => CommandFault::Status(code),
            (None, signal) => CommandFault::Signal(signal.unwrap_or(0)),
        }),
    }
}

fn read_within(
    child: &mut Child,
    limit: Duration,
    most_bytes: usize,
) -> Result<Zeroizing<Vec<u8>>, CommandFault> {
    let Some(pipe) = child.stdout.take() else {
        return Err(CommandFault::Unreadable(io::ErrorKind::BrokenPipe.into()));
    };
    let (sender, receiver): (SyncSender<Output>, Receiver<Output>) = sync_channel(1);
    // The thread ends with the pipe, which ends with the process group.
    thread::spawn(move || sender.send(read_bounded(pipe, most_bytes)));
    match receiver.recv_timeout(limit) {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(ReadFault::TooLarge)) => Err(CommandFault::TooMuch(most_bytes)),
        Ok(Err(ReadFault::Io(error))) => Err(CommandFault::Unreadable(error)),
        Ok(Err(ReadFault::Missing | ReadFault::NotRegular))
        | Err(RecvTimeoutError::Disconnected) => {
            Err(CommandFault::Unreadable(io::ErrorKind::BrokenPipe.into()))
        }
        Err(RecvTimeoutError::Timeout) => Err(CommandFault::TooSlow(limit)),
    }
}

/// Waits for a child that has closed its output; one that lingers is ended.
fn wait_within(
    mut child: Child,
    group: Option<Pid>,
    limit: Duration,
) -> Result<ExitStatus, CommandFault> {
    let (sender, receiver) = sync_channel(1);
    thread::spawn(move || sender.send(child.wait()));
    match receiver.recv_timeout(limit) {
        Ok(Ok(status)) => Ok(status),
        Ok(Err(error)) => Err(CommandFault::Unreadable(error)),
        Err(_) => {
            end_group(group);
            Err(CommandFault::TooSlow(limit))
        }
    }
}

fn end(child: &mut Child, group: Option<Pid>) {
    end_group(group);
    // It is ended already; waiting only takes it off the process table.
    let _ = child.kill();
    let _ = child.wait();
}

fn end_group(group: Option<Pid>) {
    if let Some(group) = group {
        // An error means that nothing of it is left.
        let _ = kill_process_group(group, Signal::KILL);
    }
}
