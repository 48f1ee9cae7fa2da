//! The console as an operator sees it: a process on a terminal, keys in, cells out.

use std::io::{Read as _, Write};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use tempfile::TempDir;

use super::platform::{ApiServer, User, Valkey};
use super::process::Process;

/// The program.
pub const PROGRAM: &str = env!("CARGO_BIN_EXE_pulse-console");

const COLUMNS: u16 = 160;
const LINES: u16 = 48;

/// No wait is longer: only a hang lasts so long.
const HANG: Duration = Duration::from_secs(60);

/// What is on the screen, and what it took.
struct Shown {
    terminal: vt100::Parser,
    bytes: u64,
    is_over: bool,
}

type Shared = Arc<(Mutex<Shown>, Condvar)>;

/// A console that runs.
pub struct Console {
    child: Box<dyn Child + Send + Sync>,
    _terminal: Box<dyn MasterPty + Send>,
    keys: Box<dyn Write + Send>,
    shown: Shared,
    _home: TempDir,
}

impl Drop for Console {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Console {
    /// The console of these servers, on the tenants.
    pub fn live(server: &ApiServer, valkey: &Valkey) -> Self {
        Self::live_with(server, valkey, "")
    }

    /// The console of these servers, on the tenants, with more settings than usual.
    pub fn live_with(server: &ApiServer, valkey: &Valkey, settings: &str) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let settings = format!(
            "profile = \"bench\"\n{settings}[ui]\npane = \"tenants\"\n\
             [profiles.bench]\ndanger = \"local\"\n[profiles.bench.valkey]\nurl = \"{}\"\n",
            valkey.url()
        );
        let file = home.path().join("settings.toml");
        std::fs::write(&file, settings).expect("a settings file");
        let mut command = CommandBuilder::new(PROGRAM);
        command.arg("--config");
        command.arg(file);
        command.arg("--kubeconfig");
        command.arg(server.kubeconfig(User::Viewer));
        Self::start(command, home)
    }

    /// The training world.
    pub fn demo() -> Self {
        let mut command = CommandBuilder::new(PROGRAM);
        command.args(["demo", "--as", "viewer", "--set", "ui.pane=tenants"]);
        Self::start(command, tempfile::tempdir().expect("a folder"))
    }

    fn start(mut command: CommandBuilder, home: TempDir) -> Self {
        for variable in ["XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "TMUX"] {
            command.env_remove(variable);
        }
        command.env("HOME", home.path());
        command.env("TERM", "xterm-256color");
        command.env("COLORTERM", "truecolor");
        let size = PtySize { rows: LINES, cols: COLUMNS, pixel_width: 0, pixel_height: 0 };
        let pair = native_pty_system().openpty(size).expect("a terminal");
        let child = pair.slave.spawn_command(command).expect("the console starts");
        drop(pair.slave);
        let mut output = pair.master.try_clone_reader().expect("its output");
        let keys = pair.master.take_writer().expect("its input");
        let terminal = vt100::Parser::new(LINES, COLUMNS, 0);
        let shown: Shared =
            Arc::new((Mutex::new(Shown { terminal, bytes: 0, is_over: false }), Condvar::new()));
        let to = Arc::clone(&shown);
        std::thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            loop {
                let read = output.read(&mut buffer).unwrap_or(0);
                let mut shown = to.0.lock().unwrap_or_else(PoisonError::into_inner);
                shown.bytes += read as u64;
                shown.terminal.process(buffer.get(..read).unwrap_or_default());
                shown.is_over = read == 0;
                to.1.notify_all();
                if read == 0 {
                    return;
                }
            }
        });
        Self { child, _terminal: pair.master, keys, shown, _home: home }
    }

    /// Types `keys`.
    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("the console listens");
        self.keys.flush().expect("the console listens");
    }

    /// Waits for a screen that `is_there` accepts; gives the moment when it was there.
    pub fn until(&mut self, what: &str, is_there: impl Fn(&str) -> bool) -> Instant {
        let began = Instant::now();
        let mut shown = self.shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let screen = shown.terminal.screen().contents();
            if is_there(&screen) {
                return Instant::now();
            }
            let left = HANG.saturating_sub(began.elapsed());
            assert!(!left.is_zero() && !shown.is_over, "no {what} on the screen:\n{screen}");
            let woken = self.shown.1.wait_timeout(shown, left);
            shown = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The text on the screen.
    pub fn screen(&self) -> String {
        let shown = self.shown.0.lock().unwrap_or_else(PoisonError::into_inner);
        shown.terminal.screen().contents()
    }

    /// Bytes that it sent to the terminal.
    pub fn bytes(&self) -> u64 {
        self.shown.0.lock().unwrap_or_else(PoisonError::into_inner).bytes
    }

    /// Its process.
    pub fn process(&self) -> Process {
        Process(self.child.process_id().unwrap_or_default())
    }
}
