//! The real `pulse-console` program in a terminal, as a test sees it: keys go in, a screen comes out.
//!
//! A shell stands between the terminal and the console, as it does for an operator, so that what the console
//! leaves behind can be looked at after it ended. Every wait ends by itself after [`HANG`], and shows the screen.
#![allow(dead_code, unreachable_pub, reason = "every test binary uses another part of this module")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this is test code"
)]

mod home;
mod modes;

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, SlavePty, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use rustix::termios::{LocalModes, Termios, tcgetattr};

pub use home::Home;
#[allow(unused_imports, reason = "not every test runs it without a terminal")]
pub use home::Ran;
pub use modes::Modes;

/// Far longer than anything takes: it only ends a test that hangs.
pub const HANG: Duration = Duration::from_secs(30);

pub const ENTER: &str = "\r";
pub const ESC: &str = "\x1b";
pub const CTRL_C: &str = "\x03";
pub const CTRL_G: &str = "\x07";
pub const CTRL_Z: &str = "\x1a";

/// The shell that runs the console: it notes the console's process, waits for it, says how it ended, and stays until
/// it is let go.
const SHELL: &str = r#"
file=$1; shift
sh -c 'echo $$ >"$0"; exec "$@"' "$file" "$@"
printf '\n[exit %s]\n' "$?"
IFS= read -r _
"#;

/// A program in a terminal of its own. Dropping it kills the program.
pub struct Console {
    seen: Arc<Shared>,
    keys: Box<dyn Write + Send>,
    master: Box<dyn MasterPty + Send>,
    // Held, so that the terminal's modes can be read whoever else has it open.
    _slave: Box<dyn SlavePty + Send>,
    tty: File,
    before: Termios,
    shell: Box<dyn Child + Send + Sync>,
    pid_file: PathBuf,
}

#[derive(Default)]
struct Shared {
    seen: Mutex<Seen>,
    changed: Condvar,
}

/// What came out of the terminal.
struct Seen {
    parser: vt100::Parser,
    raw: Vec<u8>,
    /// How much of it is on the screen.
    shown: usize,
}

impl Default for Seen {
    fn default() -> Self {
        Self { parser: vt100::Parser::new(24, 80, 0), raw: Vec::new(), shown: 0 }
    }
}

impl Seen {
    /// Takes in what came. As in a terminal that knows synchronised updates, nothing of a frame is seen before all of it is
    /// there.
    fn take(&mut self, bytes: &[u8]) {
        self.raw.extend_from_slice(bytes);
        let waiting = &self.raw[self.shown..];
        let whole = whole_frames(waiting);
        self.parser.process(&waiting[..whole]);
        self.shown += whole;
    }
}

/// How many of `bytes` come before a frame, or the sign of one, of which the end is not there yet. Who was killed ends no
/// frame: then the shell speaks.
fn whole_frames(bytes: &[u8]) -> usize {
    const BEGIN: &[u8] = b"\x1b[?2026h";
    const END: &[u8] = b"\x1b[?2026l";
    const EXIT: &[u8] = b"\n[exit ";
    if bytes.windows(EXIT.len()).any(|window| window == EXIT) {
        return bytes.len();
    }
    let last = |sign: &[u8]| bytes.windows(sign.len()).rposition(|window| window == sign);
    match (last(BEGIN), last(END)) {
        (Some(begin), end) if end.is_none_or(|end| end < begin) => begin,
        _ => {
            let cut = (1..BEGIN.len()).rev().find(|count| bytes.ends_with(&BEGIN[..*count]));
            bytes.len() - cut.unwrap_or(0)
        }
    }
}

/// How a console ended, and what it left behind.
#[derive(Debug)]
pub struct Ended {
    /// The exit code, as a shell sees it.
    pub code: i32,
    /// What stands on the screen, the shell's words included.
    pub text: String,
    /// Everything it wrote.
    pub raw: Vec<u8>,
}

impl Console {
    /// Starts `pulse-console` with `arguments` in a terminal of this many columns and lines.
    pub fn start(home: &Home, arguments: &[&str], size: (u16, u16)) -> Self {
        Self::start_program(home, Path::new(env!("CARGO_BIN_EXE_pulse-console")), arguments, size)
    }

    /// Starts another program in the same way.
    pub fn start_program(
        home: &Home,
        program: &Path,
        arguments: &[&str],
        size: (u16, u16),
    ) -> Self {
        let pid_file = home.pid_file();
        let mut words = vec!["-c", SHELL, "sh", path_text(&pid_file), path_text(program)];
        words.extend(arguments);
        Self::spawn(home, &words, size, pid_file.clone())
    }

    /// Starts an interactive shell, which has job control.
    pub fn shell(home: &Home, size: (u16, u16)) -> Self {
        Self::spawn(home, &["-i"], size, home.pid_file())
    }

    fn spawn(home: &Home, words: &[&str], size: (u16, u16), pid_file: PathBuf) -> Self {
        let pair = native_pty_system().openpty(pty_size(size)).expect("a terminal");
        let name = pair.master.tty_name().expect("the terminal has a name");
        let tty = OpenOptions::new().read(true).custom_flags(no_control()).open(name);
        let tty = tty.expect("the terminal can be opened");
        let before = tcgetattr(&tty).expect("the terminal has modes");
        let mut command = CommandBuilder::new("/bin/sh");
        command.args(words);
        command.env_clear();
        home.environment().into_iter().for_each(|(name, value)| command.env(name, value));
        command.cwd(home.path());
        let seen = Arc::new(Shared::default());
        seen.lock().parser = vt100::Parser::new(size.1, size.0, 0);
        let mut from = pair.master.try_clone_reader().expect("a reader");
        let shell = pair.slave.spawn_command(command).expect("the shell starts");
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut bytes = [0; 16 * 1024];
            while let Ok(count @ 1..) = from.read(&mut bytes) {
                let mut seen = shared.lock();
                seen.take(&bytes[..count]);
                drop(seen);
                shared.changed.notify_all();
            }
        });
        let keys = pair.master.take_writer().expect("a writer");
        Self { seen, keys, master: pair.master, _slave: pair.slave, tty, before, shell, pid_file }
    }

    /// Presses keys, as the bytes a terminal sends for them.
    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("the terminal takes keys");
        self.keys.flush().expect("the terminal takes keys");
    }

    /// Presses keys and waits for `text`.
    pub fn press_for(&mut self, keys: &str, text: &str) -> String {
        self.press(keys);
        self.wait_for(text)
    }

    /// Waits until `text` is on the screen, and gives the screen.
    pub fn wait_for(&self, text: &str) -> String {
        self.wait_until(text, |screen| screen.contains(text))
    }

    /// Waits until `text` is no longer on the screen, and gives the screen.
    pub fn wait_without(&self, text: &str) -> String {
        self.wait_until(&format!("no {text}"), |screen| !screen.contains(text))
    }

    /// Waits until the screen is as wanted, and gives it.
    pub fn wait_until(&self, what: &str, is_wanted: impl Fn(&str) -> bool) -> String {
        self.wait_within(HANG, what, is_wanted)
    }

    /// The same with another guard against hanging.
    pub fn wait_within(
        &self,
        guard: Duration,
        what: &str,
        is_wanted: impl Fn(&str) -> bool,
    ) -> String {
        let begun = now();
        let mut seen = self.seen.lock();
        loop {
            let screen = text_of(&seen.parser);
            if is_wanted(&screen) {
                return screen;
            }
            let left = guard.saturating_sub(begun.elapsed());
            assert!(
                !left.is_zero(),
                "no sign of {what:?} within {guard:?}; the screen is\n{screen}"
            );
            seen = self.seen.wait(seen, left);
        }
    }

    /// Waits until the screen stays the same for `quiet`, and gives it.
    pub fn settled(&self, quiet: Duration) -> String {
        let begun = now();
        let mut seen = self.seen.lock();
        let mut length = seen.raw.len();
        let mut since = now();
        while since.elapsed() < quiet {
            assert!(begun.elapsed() < HANG, "the screen never comes to rest");
            seen = self.seen.wait(seen, quiet.saturating_sub(since.elapsed()));
            if seen.raw.len() != length {
                (length, since) = (seen.raw.len(), now());
            }
        }
        text_of(&seen.parser)
    }

    /// The screen as text, without spaces at the ends of lines.
    pub fn text(&self) -> String {
        text_of(&self.seen.lock().parser)
    }

    /// How many bytes the terminal was sent so far.
    pub fn length(&self) -> usize {
        self.seen.lock().raw.len()
    }

    /// Everything the terminal was sent.
    pub fn raw(&self) -> Vec<u8> {
        self.seen.lock().raw.clone()
    }

    /// The foreground colours on the screen: a theme that is another one shows another set.
    pub fn colours(&self) -> Vec<String> {
        let seen = self.seen.lock();
        let screen = seen.parser.screen();
        let (rows, columns) = screen.size();
        let cells = (0..rows).flat_map(|row| (0..columns).filter_map(move |x| screen.cell(row, x)));
        let mut colours: Vec<_> = cells.map(|cell| format!("{:?}", cell.fgcolor())).collect();
        colours.sort();
        colours.dedup();
        colours
    }

    /// Writes over the screen, as another program on the same terminal does.
    pub fn scribble(&self, text: &str) {
        let name = self.master.tty_name().expect("the terminal has a name");
        let tty = OpenOptions::new().write(true).custom_flags(no_control()).open(name);
        let written = tty.and_then(|mut tty| tty.write_all(text.as_bytes()));
        written.expect("the terminal takes text");
    }

    /// Gives the window another size.
    pub fn resize(&self, size: (u16, u16)) {
        self.seen.lock().parser.screen_mut().set_size(size.1, size.0);
        self.master.resize(pty_size(size)).expect("the terminal takes a size");
    }

    /// The process of the console.
    pub fn pid(&self) -> Pid {
        let begun = now();
        loop {
            let text = std::fs::read_to_string(&self.pid_file).unwrap_or_default();
            if let Some(pid) = text.trim().parse().ok().and_then(Pid::from_raw) {
                return pid;
            }
            assert!(begun.elapsed() < HANG, "the console does not start; {}", self.text());
            pause(Duration::from_millis(5));
        }
    }

    /// Sends a signal to the console alone.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the console is there");
    }

    /// Takes the terminal away, as a lost connection does, and waits until the console is gone.
    pub fn hang_up(mut self) {
        let pid = self.pid();
        // The shell leads the session: with it goes the terminal of everybody in it.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
        let begun = now();
        while rustix::process::test_kill_process(pid).is_ok() && !is_zombie(pid) {
            assert!(begun.elapsed() < HANG, "the console outlives its terminal");
            pause(Duration::from_millis(5));
        }
    }

    /// Whether the terminal is in raw mode.
    pub fn is_raw(&self) -> bool {
        let modes = tcgetattr(&self.tty).expect("the terminal has modes").local_modes;
        !modes.intersects(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }

    /// Says what is wrong with the terminal, compared to when it was opened.
    fn disorder(&self) -> Vec<String> {
        let seen = self.seen.lock();
        let screen = seen.parser.screen();
        let after = tcgetattr(&self.tty).expect("the terminal has modes");
        let before = &self.before;
        let mut wrong = Modes::of(&seen.raw).left_on();
        for (is_wrong, what) in [
            (after.local_modes != before.local_modes, "local modes differ"),
            (after.input_modes != before.input_modes, "input modes differ"),
            (after.output_modes != before.output_modes, "output modes differ"),
            (after.control_modes != before.control_modes, "control modes differ"),
            (screen.alternate_screen(), "the alternate screen is shown"),
            (screen.hide_cursor(), "the cursor is hidden"),
            (screen.bracketed_paste(), "pastes are bracketed"),
            (screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None, "the mouse is taken"),
            (screen.fgcolor() != vt100::Color::Default, "a colour is left on"),
        ] {
            if is_wrong {
                wrong.push(what.to_owned());
            }
        }
        wrong
    }

    /// Asserts that the terminal is as it was before the console.
    pub fn assert_sane(&self) {
        let wrong = self.disorder();
        assert!(wrong.is_empty(), "the terminal is left in disorder: {wrong:?}\n{}", self.text());
    }

    /// Waits until the console ended by itself, and asserts that it left the terminal sane.
    pub fn ended(mut self) -> Ended {
        let text = self.wait_for("[exit ");
        self.assert_sane();
        let code = text.rsplit_once("[exit ").and_then(|(_, rest)| rest.split(']').next());
        let code = code.and_then(|code| code.parse().ok()).expect("an exit code");
        let raw = self.raw();
        self.press("\n");
        let _ = self.shell.wait();
        Ended { code, text, raw }
    }

    /// Ends the console with its key, and asserts that it ended well.
    pub fn quit(mut self) -> Ended {
        self.press("q");
        let ended = self.ended();
        assert_eq!(ended.code, 0, "{}", ended.text);
        ended
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        let text = std::fs::read_to_string(&self.pid_file).unwrap_or_default();
        let is_running = matches!(self.shell.try_wait(), Ok(None));
        if let Some(pid) = text.trim().parse().ok().and_then(Pid::from_raw).filter(|_| is_running) {
            let _ = kill_process(pid, Signal::KILL);
        }
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, seen: MutexGuard<'a, Seen>, most: Duration) -> MutexGuard<'a, Seen> {
        self.changed.wait_timeout(seen, most).unwrap_or_else(PoisonError::into_inner).0
    }
}

/// The screens that were shown one after the other: each synchronised update is one.
pub fn frames(raw: &[u8], size: (u16, u16)) -> Vec<String> {
    const END: &[u8] = b"\x1b[?2026l";
    let mut parser = vt100::Parser::new(size.1, size.0, 0);
    let mut rest = raw;
    let mut frames = Vec::new();
    while let Some(end) = rest.windows(END.len()).position(|bytes| bytes == END) {
        let (frame, after) = rest.split_at(end + END.len());
        parser.process(frame);
        frames.push(text_of(&parser));
        rest = after;
    }
    frames
}

/// Waits off the clock of the test; only for what can't be waited for otherwise.
#[expect(clippy::disallowed_methods, reason = "a process can only be asked again and again")]
pub fn pause(time: Duration) {
    std::thread::sleep(time);
}

/// The machine's time, for guards and for figures that are printed and never judged.
#[expect(clippy::disallowed_methods, reason = "the test measures the program from outside")]
pub fn now() -> Instant {
    Instant::now()
}

fn text_of(parser: &vt100::Parser) -> String {
    let (_, columns) = parser.screen().size();
    let lines: Vec<String> =
        parser.screen().rows(0, columns).map(|line| line.trim_end().to_owned()).collect();
    lines.join("\n").trim_end().to_owned()
}

/// The flag that keeps a terminal from becoming the test's own.
fn no_control() -> i32 {
    i32::try_from(rustix::fs::OFlags::NOCTTY.bits()).expect("a flag")
}

fn pty_size((columns, rows): (u16, u16)) -> PtySize {
    PtySize { rows, cols: columns, pixel_width: 0, pixel_height: 0 }
}

fn path_text(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}

fn is_zombie(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    stat.is_ok_and(|stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with(['Z', 'X'])))
}
