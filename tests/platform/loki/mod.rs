//! A stand-in for Loki: it keeps what is pushed and answers `query_range` for selectors of labels and filters of lines.
//!
//! No program of Loki is to be had as a package, so this speaks its protocol: orders and bounds, several organisations, and
//! refusals in Loki's own words. It is no `LogQL`: what it does not know, it refuses as Loki refuses what it can't parse.

mod answer;
mod query;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::ports::Port;
use super::{Doing as _, PlatformError};

/// A request may be so large.
const REQUEST_MAX: usize = 16 << 20;

/// The lines of one stream, in the order of their times.
#[derive(Debug, Default)]
struct Stream {
    labels: BTreeMap<String, String>,
    lines: BTreeMap<(i64, usize), String>,
}

/// What one organisation has.
type Streams = Vec<Stream>;

/// How a Loki is to differ from the usual one.
#[derive(Clone, Copy, Debug, Default)]
pub struct LokiOptions {
    /// It has several organisations, and refuses who names none.
    pub organisations: bool,
}

#[derive(Debug)]
struct Shared {
    options: LokiOptions,
    /// By organisation; the one of everybody is called `fake`, as in Loki.
    kept: Mutex<BTreeMap<String, Streams>>,
}

/// A running Loki. Dropping it ends it; what it keeps outlives a kill.
#[derive(Debug)]
pub struct Loki {
    port: Port,
    shared: Arc<Shared>,
    /// Whether it answers; connections of a frozen server stay open.
    frozen: watch::Sender<bool>,
    tasks: Option<JoinSet<()>>,
}

impl Loki {
    /// Starts one for everybody.
    pub async fn start() -> Result<Self, PlatformError> {
        Self::start_with(LokiOptions::default()).await
    }

    /// Starts one as told.
    pub async fn start_with(options: LokiOptions) -> Result<Self, PlatformError> {
        let shared = Arc::new(Shared { options, kept: Mutex::default() });
        let (frozen, _) = watch::channel(false);
        let mut loki = Self { port: Port::reserve()?, shared, frozen, tasks: None };
        loki.start_again().await?;
        Ok(loki)
    }

    /// The port it listens on, the same after every start.
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// `http://127.0.0.1:PORT`, before `/loki/api/v1`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// Keeps lines, each with its nanoseconds, as one stream of `organisation` (of everybody when none).
    pub fn push(
        &self,
        organisation: Option<&str>,
        labels: &[(&str, &str)],
        lines: impl IntoIterator<Item = (i64, String)>,
    ) {
        let labels = labels.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        self.shared.keep(organisation.unwrap_or("fake"), labels, lines);
    }

    /// Ends it as a kill does: connections break. What it keeps stays.
    pub fn kill(&mut self) {
        self.tasks = None;
    }

    /// Holds the server where it is: connections stay open and nothing answers.
    pub fn freeze(&self) {
        self.frozen.send_replace(true);
    }

    /// Lets a frozen server go on.
    pub fn thaw(&self) {
        self.frozen.send_replace(false);
    }

    /// Starts on the same port with what it kept.
    pub async fn start_again(&mut self) -> Result<(), PlatformError> {
        self.kill();
        let number = self.port();
        let mut tries = 0;
        let listener = loop {
            match TcpListener::bind(("127.0.0.1", number)).await {
                Ok(listener) => break listener,
                // The task that listened ends soon.
                Err(_) if tries < 100 => {
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
                Err(error) => return Err(error).doing(|| format!("listen on port {number}")),
            }
            tries += 1;
        };
        let (shared, frozen) = (Arc::clone(&self.shared), self.frozen.subscribe());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (shared, frozen) = (Arc::clone(&shared), frozen.clone());
                open.spawn(async move {
                    // A client that goes away is none of our business.
                    let _ = serve(stream, &shared, frozen).await;
                });
                while open.try_join_next().is_some() {}
            }
        });
        self.tasks = Some(tasks);
        Ok(())
    }
}

impl Shared {
    fn kept(&self) -> MutexGuard<'_, BTreeMap<String, Streams>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(
        &self,
        organisation: &str,
        labels: BTreeMap<String, String>,
        lines: impl IntoIterator<Item = (i64, String)>,
    ) {
        let mut kept = self.kept();
        let streams = kept.entry(organisation.into()).or_default();
        let index = streams.iter().position(|stream| stream.labels == labels);
        let index = index.unwrap_or_else(|| {
            streams.push(Stream { labels, lines: BTreeMap::new() });
            streams.len() - 1
        });
        for (at, line) in lines {
            let stream = &mut streams[index];
            let number = stream.lines.len();
            stream.lines.insert((at, number), line);
        }
    }
}

/// Answers one request; the connection ends with it.
async fn serve(
    mut stream: TcpStream,
    shared: &Shared,
    mut frozen: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let Some(request) = read(&mut stream).await? else { return Ok(()) };
    let _ = frozen.wait_for(|frozen| !frozen).await;
    let (status, kind, body) = answer::to(&request, shared);
    let head = format!(
        "HTTP/1.1 {status} Loki\r\nContent-Type: {kind}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

/// A request, as far as it matters.
struct Request {
    /// Method and path.
    asked: String,
    parameters: BTreeMap<String, String>,
    organisation: Option<String>,
    body: Vec<u8>,
}

async fn read(stream: &mut TcpStream) -> std::io::Result<Option<Request>> {
    let mut text = Vec::new();
    let end = loop {
        if let Some(end) = text.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if text.len() > REQUEST_MAX || stream.read_buf(&mut text).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&text[..end]).into_owned();
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let length = header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = text.split_off(end + 4);
    while body.len() < length && body.len() < REQUEST_MAX {
        if stream.read_buf(&mut body).await? == 0 {
            return Ok(None);
        }
    }
    let mut words = head.split(' ');
    let method = words.next().unwrap_or_default();
    let target = words.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let parameters = query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect();
    Ok(Some(Request {
        asked: format!("{method} {path}"),
        parameters,
        organisation: header("x-scope-orgid").filter(|name| !name.is_empty()),
        body,
    }))
}

/// Undoes the escapes of a form.
fn decoded(text: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit =
                    || char::from(bytes.next().unwrap_or(b'0')).to_digit(16).unwrap_or(0);
                u8::try_from(digit() * 16 + digit()).unwrap_or(b'?')
            }
            byte => byte,
        };
        out.push(byte);
    }
    String::from_utf8_lossy(&out).into_owned()
}
