//! Servers that are slow or wrong: one that answers as told, and a forwarder that holds or cuts what a real one says.
//!
//! They know no protocol beyond the head of an HTTP request, and can't be mistaken for a server that works.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::ports::Port;
use super::{Doing as _, PlatformError};

/// A request may be so large; the rest of it is not read.
const REQUEST_MAX: usize = 4 << 20;
/// What a forwarder holds at most for each connection, in pieces.
const HELD_MAX: usize = 256;
const PIECE: usize = 16 << 10;

/// What a server says to everybody.
#[derive(Clone)]
pub enum Answer {
    /// An HTTP answer with this status, type and body.
    Http(u16, &'static str, String),
    /// An HTTP answer of plain text that is made anew for each request.
    Made(Arc<dyn Fn() -> String + Send + Sync>),
    /// These bytes, once the client has said anything at all.
    Bytes(Vec<u8>),
    /// The connection is closed once it is there.
    Close,
    /// Nothing, ever, on an open connection.
    Silence,
}

impl Answer {
    /// A page for people where JSON is expected.
    pub fn html() -> Self {
        let page = "<!DOCTYPE html><html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>";
        Self::Http(200, "text/html; charset=utf-8", page.into())
    }

    /// A refusal with this status, such as 403 or 500.
    pub fn status(status: u16) -> Self {
        Self::Http(status, "text/plain", format!("refused with {status}\n"))
    }

    /// JSON that is well-formed, whatever it says.
    pub fn json(body: impl Into<String>) -> Self {
        Self::Http(200, "application/json", body.into())
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(status, kind, _) => write!(out, "Http({status}, {kind})"),
            Self::Made(_) => out.write_str("Made"),
            Self::Bytes(bytes) => write!(out, "Bytes({})", bytes.len()),
            Self::Close => out.write_str("Close"),
            Self::Silence => out.write_str("Silence"),
        }
    }
}

/// A server that answers as told, over HTTP or bare TCP. It ends with this value.
#[derive(Debug)]
pub struct Scripted {
    port: Port,
    script: watch::Sender<(Answer, Duration)>,
    asked: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Scripted {
    /// Starts a server that gives `answer` at once.
    pub async fn start(answer: Answer) -> Result<Self, PlatformError> {
        let (port, listener) = listen().await?;
        let (script, told) = watch::channel((answer, Duration::ZERO));
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut open = JoinSet::new();
            loop {
                let Ok((stream, _)) = listener.accept().await else { return };
                let (told, count) = (told.clone(), Arc::clone(&count));
                open.spawn(async move {
                    // A client that goes away is none of our business.
                    let _ = answer_one(stream, &told, &count).await;
                });
                while open.try_join_next().is_some() {}
            }
        });
        Ok(Self { port, script, asked, _tasks: tasks })
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// From now on gives `answer`, `after` so long.
    pub fn say(&self, answer: Answer, after: Duration) {
        self.script.send_replace((answer, after));
    }

    /// How often it was asked.
    pub fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

async fn answer_one(
    mut stream: TcpStream,
    told: &watch::Receiver<(Answer, Duration)>,
    asked: &AtomicUsize,
) -> std::io::Result<()> {
    if matches!(told.borrow().0, Answer::Close) {
        asked.fetch_add(1, Ordering::Relaxed);
        return Ok(());
    }
    read_request(&mut stream).await?;
    asked.fetch_add(1, Ordering::Relaxed);
    let (answer, after) = told.borrow().clone();
    tokio::time::sleep(after).await;
    match answer {
        Answer::Http(status, kind, body) => write_http(&mut stream, status, kind, &body).await,
        Answer::Made(make) => write_http(&mut stream, 200, "text/plain", &make()).await,
        Answer::Bytes(bytes) => stream.write_all(&bytes).await,
        Answer::Close => Ok(()),
        Answer::Silence => std::future::pending().await,
    }
}

/// Reads an HTTP request to its end, or the first piece of anything else.
async fn read_request(stream: &mut TcpStream) -> std::io::Result<()> {
    let mut text = Vec::new();
    let mut whole = REQUEST_MAX;
    while text.len() < whole {
        let mut piece = [0; 4_096];
        let read = stream.read(&mut piece).await?;
        if read == 0 {
            return Ok(());
        }
        text.extend_from_slice(piece.get(..read).unwrap_or_default());
        let Some(head) = text.windows(4).position(|four| four == b"\r\n\r\n") else {
            let verbs: [&[u8]; 5] = [b"GET", b"POS", b"PUT", b"DEL", b"HEA"];
            if verbs.iter().any(|verb| text.starts_with(verb)) {
                continue;
            }
            return Ok(());
        };
        let lines = String::from_utf8_lossy(text.get(..head).unwrap_or_default()).to_lowercase();
        let body = lines.lines().find_map(|line| line.strip_prefix("content-length:"));
        let body: usize = body.and_then(|length| length.trim().parse().ok()).unwrap_or(0);
        whole = (head + 4).saturating_add(body).min(REQUEST_MAX);
    }
    Ok(())
}

async fn write_http(
    stream: &mut TcpStream,
    status: u16,
    kind: &str,
    body: &str,
) -> std::io::Result<()> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status} As told\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

/// What a forwarder does with what the real server says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Through,
    Hold(Duration),
    Cut,
}

/// A word of the real server, and what is said in its place; both are of the same length.
type Words = (&'static str, &'static str);

/// A forwarder to a real server on a loopback port. It ends with this value.
#[derive(Debug)]
pub struct Proxy {
    port: Port,
    flow: watch::Sender<Flow>,
    words: watch::Sender<Option<Words>>,
    _tasks: JoinSet<()>,
}

impl Proxy {
    /// Forwards to 127.0.0.1:`target`, without delay.
    pub async fn start(target: u16) -> Result<Self, PlatformError> {
        let (port, listener) = listen().await?;
        let (flow, told) = watch::channel(Flow::Through);
        let (words, reworded) = watch::channel(None);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut open = JoinSet::new();
            loop {
                let Ok((client, _)) = listener.accept().await else { return };
                let (told, reworded) = (told.clone(), reworded.clone());
                open.spawn(async move {
                    let mut cut = told.clone();
                    tokio::select! {
                        _ = forward(client, target, (told, reworded)) => {}
                        _ = cut.wait_for(|flow| *flow == Flow::Cut) => {}
                    }
                });
                while open.try_join_next().is_some() {}
            }
        });
        Ok(Self { port, flow, words, _tasks: tasks })
    }

    /// The port it listens on.
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// From now on says `other` wherever the real server says `word`, as one of another version would. They are of the
    /// same length, so that what counts bytes stays right.
    pub fn reword(&self, word: &'static str, other: &'static str) {
        assert_eq!(word.len(), other.len(), "{word} and {other} are of the same length");
        self.words.send_replace(Some((word, other)));
    }

    /// Holds each answer for so long before it goes on.
    pub fn hold(&self, time: Duration) {
        self.flow.send_replace(Flow::Hold(time));
    }

    /// Ends every connection, and each new one at once, until `mend`.
    pub fn cut(&self) {
        self.flow.send_replace(Flow::Cut);
    }

    /// Whether no connection is open.
    pub fn is_idle(&self) -> bool {
        // Who takes connections looks at it too.
        self.flow.receiver_count() <= 1
    }

    /// Forwards without delay again, as it was said; what is held goes on at once.
    pub fn mend(&self) {
        self.words.send_replace(None);
        self.flow.send_replace(Flow::Through);
    }
}

async fn forward(
    client: TcpStream,
    target: u16,
    (told, reworded): (watch::Receiver<Flow>, watch::Receiver<Option<Words>>),
) -> std::io::Result<()> {
    let server = TcpStream::connect(("127.0.0.1", target)).await?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let (mut from_client, to_client) = client.into_split();
    let (from_server, mut to_server) = server.into_split();
    let (held, due) = mpsc::channel(HELD_MAX);
    let up = async {
        tokio::io::copy(&mut from_client, &mut to_server).await?;
        to_server.shutdown().await
    };
    let down = async {
        let ((), written) =
            tokio::join!(take(from_server, held), give(due, to_client, (told, reworded)));
        written
    };
    tokio::try_join!(up, down).map(|_| ())
}

async fn take(mut from: OwnedReadHalf, held: mpsc::Sender<(Instant, Vec<u8>)>) {
    let mut piece = vec![0; PIECE];
    while let Ok(read @ 1..) = from.read(&mut piece).await {
        #[expect(clippy::disallowed_methods, reason = "a server that is slow is so in real time")]
        let now = Instant::now();
        let bytes = piece.get(..read).unwrap_or_default().to_vec();
        if held.send((now, bytes)).await.is_err() {
            return;
        }
    }
}

async fn give(
    mut due: mpsc::Receiver<(Instant, Vec<u8>)>,
    mut to: OwnedWriteHalf,
    (mut told, reworded): (watch::Receiver<Flow>, watch::Receiver<Option<Words>>),
) -> std::io::Result<()> {
    while let Some((said, mut bytes)) = due.recv().await {
        loop {
            let Flow::Hold(time) = *told.borrow_and_update() else { break };
            tokio::select! {
                () = tokio::time::sleep_until(said + time) => break,
                changed = told.changed() => if changed.is_err() { break },
            }
        }
        if let Some(words) = *reworded.borrow() {
            reword(&mut bytes, words);
        }
        to.write_all(&bytes).await?;
    }
    to.shutdown().await
}

/// Puts the other word in the place of the one, within a piece.
fn reword(bytes: &mut [u8], (word, other): Words) {
    let mut from = 0;
    while let Some(rest) = bytes.get_mut(from..) {
        let Some(at) = rest.windows(word.len()).position(|some| some == word.as_bytes()) else {
            return;
        };
        if let Some(place) = rest.get_mut(at..at + word.len()) {
            place.copy_from_slice(other.as_bytes());
        }
        from += at + word.len();
    }
}

async fn listen() -> Result<(Port, TcpListener), PlatformError> {
    let port = Port::reserve()?;
    let listener = TcpListener::bind(("127.0.0.1", port.number()))
        .await
        .doing(|| format!("listen on port {}", port.number()))?;
    Ok((port, listener))
}
