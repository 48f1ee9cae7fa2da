//! An executor as a process, which stops before each thing that it asks of a server.

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::task::JoinHandle;

use super::links::Server;

const PROGRAM: &str = env!("CARGO_BIN_EXE_pulse-console");
/// Far longer than anything takes: it only ends a test that hangs.
const GUARD: Duration = Duration::from_mins(2);

/// What the executor says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// It is about to do this, and waits.
    At { act: String, server: Server },
    /// How far the work is.
    Says(String),
    /// How the operation stands in the end, and why.
    Ended(String),
    /// Why it does not go on.
    Halted(String),
}

impl Line {
    fn of(text: &str) -> Self {
        let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
        let (_, second) = rest.split_once(' ').unwrap_or((rest, ""));
        match word {
            "at" => {
                let (act, server) = second.split_once(' ').expect("an act and a server");
                Self::At { act: act.to_owned(), server: Server::of(server) }
            }
            "says" => Self::Says(second.to_owned()),
            "end" => Self::Ended(rest.to_owned()),
            "halted" => Self::Halted(rest.to_owned()),
            _ => panic!("the executor says {text}"),
        }
    }
}

/// A running executor. Dropping it kills it.
pub struct Waiter {
    child: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
    log: Arc<Mutex<String>>,
    logging: JoinHandle<()>,
    all: Vec<String>,
}

impl Waiter {
    /// Starts one for the console of `config`: `words` are what it is called with after that.
    pub fn start(config: &Path, words: &[&str]) -> Self {
        let program = Path::new(PROGRAM).with_file_name("examples").join("waiting");
        let mut command = Command::new(program);
        command.arg(config).args(words).env_clear().kill_on_drop(true);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program can be started");
        let stdin = child.stdin.take().expect("it listens");
        let lines = BufReader::new(child.stdout.take().expect("it speaks")).lines();
        let log = Arc::<Mutex<String>>::default();
        let (mut stderr, kept) = (child.stderr.take().expect("it speaks"), Arc::clone(&log));
        #[expect(clippy::disallowed_methods, reason = "ends with the process")]
        let logging = tokio::spawn(async move {
            let mut piece = [0; 4096];
            while let Ok(read @ 1..) = stderr.read(&mut piece).await {
                let text = String::from_utf8_lossy(&piece[..read]);
                kept.lock().unwrap_or_else(PoisonError::into_inner).push_str(&text);
            }
        });
        let all = vec![format!("process {}: {words:?}", child.id().unwrap_or_default())];
        Self { child, stdin, lines, log, logging, all }
    }

    /// What it says next.
    pub async fn next(&mut self) -> Line {
        let line = tokio::time::timeout(GUARD, self.lines.next_line()).await;
        let Ok(line) = line else { panic!("it says nothing more: {:#?}{}", self.all, self.log()) };
        let line = line.expect("text");
        let Some(line) = line else { panic!("it is gone: {:#?}{}", self.all, self.log()) };
        self.all.push(line.clone());
        Line::of(&line)
    }

    /// Lets it go on from where it waited last; what it says next.
    pub async fn goes_on(&mut self) -> Line {
        self.go_on().await;
        self.next().await
    }

    /// Lets it go on from where it waited last.
    pub async fn go_on(&mut self) {
        let mut at = self.all.iter().rev().filter_map(|line| line.strip_prefix("at "));
        let number = at.next().and_then(|at| at.split(' ').next()).expect("it waited");
        let line = format!("{number}\n");
        // One that has just ended does not listen.
        let _ = self.stdin.write_all(line.as_bytes()).await;
    }

    /// Lets it go on until it is about to do `act` at `server`.
    pub async fn until_at(&mut self, act: &str, server: Server) {
        let mut line = self.next().await;
        loop {
            line = match line {
                Line::At { act: is, server: of } if is == act && of == server => return,
                Line::At { .. } => self.goes_on().await,
                Line::Says(_) => self.next().await,
                other => panic!("{other:?}\n{}", self.all()),
            };
        }
    }

    /// Lets it go on until it says something with `words` in it, all of it; what it says.
    pub async fn until_says(&mut self, words: &str) -> String {
        let mut line = self.goes_on().await;
        loop {
            line = match line {
                Line::Says(says) if says.contains(words) => return says,
                Line::At { .. } => self.goes_on().await,
                Line::Says(_) => self.next().await,
                other => panic!("{other:?}\n{}", self.all()),
            };
        }
    }

    /// Lets it go on to its end; how the operation stands then, or why it does not go on.
    pub async fn until_ended(&mut self) -> String {
        let mut line = self.next().await;
        loop {
            line = match line {
                Line::At { .. } => self.goes_on().await,
                Line::Says(_) => self.next().await,
                Line::Ended(words) | Line::Halted(words) => return words.trim().to_owned(),
            };
        }
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What it has logged in all, once it has ended.
    pub async fn whole_log(mut self) -> String {
        let ended = async { (self.child.wait().await, self.logging.await) };
        let _ = tokio::time::timeout(GUARD, ended).await.expect("it ends");
        self.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Everything that it has said.
    pub fn all(&self) -> String {
        self.all.join("\n")
    }

    /// Kills it.
    pub async fn kill(mut self) {
        let _ = self.child.kill().await;
    }
}
