//! PostgreSQL's own programs, and those that pack: what they say is what a pod would have said.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use tempfile::TempDir;
use tokio::process::Command;

use crate::platform::folder::Folder;
use crate::platform::{PlatformError, Postgres, Role};

/// Where the programs are, and how they reach the server.
#[derive(Debug)]
pub(super) struct Programs {
    folder: PathBuf,
    port: u16,
    scratch: Folder,
}

/// One call of a program.
pub(super) struct Call {
    command: Command,
}

impl Programs {
    pub(super) fn new(postgres: &Postgres) -> Result<Self, PlatformError> {
        let remedy = "installs it with the server's own version";
        if !postgres.programs().join("pg_dump").is_file() {
            return Err(PlatformError::Missing { program: "pg_dump", remedy });
        }
        let scratch = Folder::new(None)?;
        let password = postgres.password(Role::Super);
        // A file, because anybody can read the arguments and the environment of a process.
        scratch.write("pgpass", &format!("*:*:*:*:{password}\n"))?;
        Ok(Self { folder: postgres.programs().to_path_buf(), port: postgres.port(), scratch })
    }

    /// A folder that vanishes with the value.
    pub(super) fn room(&self) -> Result<TempDir, String> {
        tempfile::tempdir_in(self.scratch.path()).map_err(|error| odd(self.scratch.path(), &error))
    }

    /// A program of the same version as the server, which works on `database` when one is named.
    pub(super) fn postgres(&self, name: &str, database: Option<&str>) -> Call {
        let mut call = Call::new(&self.folder.join(name));
        if let Some(database) = database {
            call.command.args(["--host=127.0.0.1", "--username=postgres", "--no-password"]);
            call.command.arg(format!("--port={}", self.port)).arg(format!("--dbname={database}"));
            call.command.env("PGPASSFILE", self.scratch.path().join("pgpass"));
        }
        call
    }
}

impl Call {
    /// A call of the program at `path`, or of this name.
    pub(super) fn new(path: &Path) -> Self {
        let mut command = Command::new(path);
        // Dropped half-way it ends, as it would with its pod.
        command.kill_on_drop(true).env("LC_ALL", "C");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { command }
    }

    /// With these arguments.
    pub(super) fn with<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        self.command.args(arguments);
        self
    }

    /// With this file as its input.
    pub(super) fn from(mut self, path: &Path) -> Result<Self, String> {
        self.command.stdin(std::fs::File::open(path).map_err(|error| odd(path, &error))?);
        Ok(self)
    }

    /// With its output in this file.
    pub(super) fn into(mut self, path: &Path) -> Result<Self, String> {
        self.command.stdout(std::fs::File::create(path).map_err(|error| odd(path, &error))?);
        Ok(self)
    }

    /// Runs it to its end; gives what it printed, or what it complained of.
    pub(super) async fn run(mut self) -> Result<String, String> {
        let program = self.command.as_std().get_program().display().to_string();
        let child = self.command.spawn().map_err(|error| format!("{program}: {error}"))?;
        let output = child.wait_with_output().await.map_err(|error| error.to_string())?;
        let read = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        if output.status.success() {
            return Ok(read(&output.stdout));
        }
        let said = read(&output.stderr);
        Err(if said.is_empty() { output.status.to_string() } else { said })
    }
}

fn odd(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}
