//! The hands of the live world on servers that a test has started, and words for what operations ask of them.
#![allow(
    dead_code,
    unreachable_pub,
    unused_imports,
    reason = "every test binary uses another part of this module"
)]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this is test code"
)]

mod plans;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use pulse_console::config::{Environment, Paths, Sources, load};
use pulse_console::domain::Text;
use pulse_console::domain::operation::{Command, ObjectRef, Query, Seen};
use pulse_console::live::Live;
use pulse_console::platform::{Control, Journal, Mark, Platform as _, Unacted};
use pulse_console::runtime::WallClock;
use serde_json::Value;

pub use plans::{confirmed, plan, record};

/// Far longer than anything takes: it only ends a test that hangs.
pub const GUARD: Duration = Duration::from_mins(2);

/// The live world of one console.
pub struct Console {
    pub control: Arc<dyn Control>,
    pub journal: Arc<dyn Journal>,
    home: tempfile::TempDir,
}

impl Console {
    /// A console with these settings; the value of one whose name ends in `password`, `key` or `token` is put into a file.
    pub fn new<'a>(settings: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        let hide = |(key, value): (&str, String)| {
            if !["password", "_key", "token"].iter().any(|end| key.ends_with(end)) {
                return (key.to_owned(), value);
            }
            let file = home.path().join(key);
            crate::platform::write_private(&file, &value).expect("a file");
            (key.to_owned(), format!("{{ file = '{}' }}", file.display()))
        };
        let sources = Sources {
            file: None,
            env: Environment::default(),
            flags: settings.into_iter().map(hide).collect(),
            paths: Paths::below(home.path()),
        };
        let settings = load(&sources).expect("settings").settings;
        let live = Live::new(&settings, home.path().join("cursor.json"), Arc::new(WallClock));
        let (control, journal) = (live.control(), live.journal());
        Self { control: control.expect("it is live"), journal: journal.expect("it is"), home }
    }

    /// What is seen; a hang fails.
    pub async fn look(&self, query: &Query) -> Seen {
        let seen = guarded(self.control.look(query)).await;
        seen.unwrap_or_else(|trouble| panic!("{query:?}: {trouble}"))
    }

    /// Makes the change, or says why not.
    pub async fn act(&self, command: &Command) -> Result<(), Unacted> {
        guarded(self.control.act(command, &mark("op1"))).await
    }

    /// Makes the change.
    pub async fn done(&self, command: &Command) {
        let done = self.act(command).await;
        done.unwrap_or_else(|error| panic!("{command:?}: {error:?}"));
    }

    /// The sentence with which the change is refused.
    pub async fn refused(&self, command: &Command) -> String {
        match self.act(command).await {
            Err(Unacted::Refused(trouble)) => trouble.to_string(),
            other => panic!("{command:?}: {other:?}"),
        }
    }
}

/// What comes of `work`, which must not hang.
pub async fn guarded<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(GUARD, work).await.expect("it does not hang")
}

pub fn text(words: &str) -> Text {
    Text::clean(words)
}

/// For whom a test changes things.
pub fn mark(operation: &str) -> Mark {
    Mark { operation: text(operation), by: text("maria"), reason: text("the disk is full") }
}

/// An object by its name.
pub fn object(group: &str, kind: &str, namespace: Option<&str>, name: &str) -> ObjectRef {
    ObjectRef {
        group: text(group),
        kind: text(kind),
        namespace: namespace.map(text),
        name: text(name),
    }
}

/// The answer of an API server to one request.
pub async fn ask(
    client: &kube::Client,
    (method, path): (&str, &str),
    body: &Value,
) -> Result<Value, kube::Error> {
    let kind = match method {
        "PATCH" if path.contains("force=") => "application/apply-patch+yaml",
        "PATCH" => "application/merge-patch+json",
        _ => "application/json",
    };
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let request = http::Request::builder().method(method).uri(path).header("content-type", kind);
    client.request(request.body(body).expect("a request")).await
}

/// Stands before a server on a loopback port and loses its answers to some requests, once these have been carried out.
pub struct Lossy {
    port: u16,
    words: tokio::sync::watch::Sender<&'static str>,
    _tasks: tokio::task::JoinSet<()>,
}

impl Lossy {
    /// Stands before 127.0.0.1:`target`, and loses nothing yet.
    pub async fn start(target: u16) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (words, told) = tokio::sync::watch::channel("");
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                open.spawn(pass(client, target, told.clone()));
            }
        });
        Self { port, words, _tasks: tasks }
    }

    /// Loses the answers to requests that begin with `words` from now on.
    pub fn lose(&self, words: &'static str) {
        self.words.send_replace(words);
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

async fn pass(
    mut client: tokio::net::TcpStream,
    target: u16,
    words: tokio::sync::watch::Receiver<&'static str>,
) {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let Ok(mut server) = tokio::net::TcpStream::connect(("127.0.0.1", target)).await else {
        return;
    };
    let (mut up, mut down) = (vec![0; 65_536], vec![0; 65_536]);
    let mut is_lost = false;
    loop {
        let passed = tokio::select! {
            read = client.read(&mut up) => match read {
                Ok(read @ 1..) => {
                    let lost = *words.borrow();
                    is_lost = !lost.is_empty() && up.starts_with(lost.as_bytes());
                    server.write_all(&up[..read]).await
                }
                _ => return,
            },
            read = server.read(&mut down) => match read {
                Ok(read @ 1..) if !is_lost => client.write_all(&down[..read]).await,
                _ => return,
            },
        };
        if passed.is_err() {
            return;
        }
    }
}
