//! A home folder of its own for each console, so that nothing of the tester's is read or written.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The folder and the environment of a console.
pub struct Home {
    folder: TempDir,
    started: Cell<usize>,
    variables: Vec<(String, String)>,
}

impl Home {
    /// An empty one.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("pulse").tempdir().expect("a folder");
        Self { folder, started: Cell::new(0), variables: Vec::new() }
    }

    /// The same with one more variable.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The home folder itself.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// The folder of the settings.
    pub fn config(&self) -> PathBuf {
        self.path().join("config/pulse-console")
    }

    /// The folder of log, recordings and places in the stream.
    pub fn state(&self) -> PathBuf {
        self.path().join("state/pulse-console")
    }

    /// Writes a file of the config folder, as an editor does: whole or not at all.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.config().join(name);
        let folder = path.parent().expect("a folder");
        std::fs::create_dir_all(folder).expect("a folder");
        let half = path.with_extension("half");
        std::fs::write(&half, text).expect("written");
        std::fs::rename(&half, &path).expect("renamed");
        path
    }

    /// The recordings, oldest first.
    pub fn recordings(&self) -> Vec<PathBuf> {
        let entries = std::fs::read_dir(self.state().join("recordings")).into_iter().flatten();
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort_by_key(|path| std::fs::metadata(path).and_then(|file| file.modified()).ok());
        paths
    }

    /// The variables of a console: its own folders, a good terminal, and nothing else.
    pub fn environment(&self) -> Vec<(String, String)> {
        let below = |name: &str| self.path().join(name).display().to_string();
        let mut variables = vec![
            ("HOME".to_owned(), self.path().display().to_string()),
            ("XDG_CONFIG_HOME".to_owned(), below("config")),
            ("XDG_STATE_HOME".to_owned(), below("state")),
            ("XDG_CACHE_HOME".to_owned(), below("cache")),
            ("TERM".to_owned(), "xterm-256color".to_owned()),
            ("COLORTERM".to_owned(), "truecolor".to_owned()),
            ("LANG".to_owned(), "C.UTF-8".to_owned()),
            ("PATH".to_owned(), std::env::var("PATH").unwrap_or_default()),
            // Most of what is driven is driven on the tenants.
            ("PLANA_UI_PANE".to_owned(), "tenants".to_owned()),
            ("PS1".to_owned(), "$ ".to_owned()),
        ];
        variables.extend(self.variables.iter().cloned());
        variables
    }

    /// Runs `pulse-console` without a terminal.
    pub fn run(&self, arguments: &[&str]) -> Ran {
        let output = Command::new(env!("CARGO_BIN_EXE_pulse-console"))
            .args(arguments)
            .env_clear()
            .envs(self.environment())
            .current_dir(self.path())
            .stdin(Stdio::null())
            .output();
        Ran::of(output.expect("the program runs"))
    }

    /// A new file for the number of a process.
    pub(super) fn pid_file(&self) -> PathBuf {
        self.started.set(self.started.get() + 1);
        self.path().join(format!("console-{}.pid", self.started.get()))
    }
}

/// What a run without a terminal gave.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    fn of(output: Output) -> Self {
        Self {
            code: output.status.code().expect("it was not killed"),
            out: String::from_utf8(output.stdout).expect("text"),
            err: String::from_utf8(output.stderr).expect("text"),
        }
    }
}
