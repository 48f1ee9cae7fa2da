//! The part of a kubelet that serves logs, so that they go through the real API server.
//!
//! It says only what it was told to say: lines of a known sequence, a container that ends, a connection that is lost in the
//! middle of a line. Nodes must name its port (`Cluster::kubelet`). Each container keeps its last [`LINES_MAX`] lines.

use std::collections::{HashMap, VecDeque};
use std::fs;
use std::net::Ipv4Addr;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::folder::Folder;
use super::{ApiServer, Doing as _, PlatformError};

/// How many lines of one container are kept.
pub const LINES_MAX: usize = 5_000;
/// A longer request is not one of the API server.
const REQUEST_MAX: usize = 16 * 1_024;

/// Which container speaks: namespace, pod, container.
pub type Speaker<'a> = (&'a str, &'a str, &'a str);

/// A running kubelet. Dropping it ends it and every log that is being followed.
#[derive(Debug)]
pub struct Kubelet {
    port: u16,
    said: Arc<watch::Sender<Logs>>,
    task: tokio::task::JoinHandle<()>,
}

/// What all containers have said.
#[derive(Debug, Default)]
struct Logs {
    containers: HashMap<String, Log>,
    following: usize,
    out_of_order: bool,
}

#[derive(Debug, Default)]
struct Log {
    /// How many lines were forgotten.
    dropped: usize,
    lines: VecDeque<(DateTime<Utc>, String)>,
    previous: Option<Vec<(DateTime<Utc>, String)>>,
    ended: bool,
    /// How often followers lost their connection; those who came before the last time lose it.
    cuts: usize,
}

impl Kubelet {
    /// Starts a kubelet that the API server trusts. It lives in the caller's runtime.
    pub async fn start(server: &ApiServer) -> Result<Self, PlatformError> {
        let acceptor = acceptor(server.folder())?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .doing(|| "listen for the API server".into())?;
        let port = listener.local_addr().doing(|| "read a port".into())?.port();
        let said = Arc::new(watch::Sender::new(Logs::default()));
        #[expect(clippy::disallowed_methods, reason = "aborted when the kubelet is dropped")]
        let task = tokio::spawn(serve(listener, acceptor, Arc::clone(&said)));
        Ok(Self { port, said, task })
    }

    /// The port to name in the nodes.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// A container says one more line, at a moment that may be in the past.
    pub fn say(&self, speaker: Speaker<'_>, at: DateTime<Utc>, line: &str) {
        self.change(speaker, |log| log.push(at, line));
    }

    /// A container says many lines, `apart` seconds apart up to `until`.
    pub fn say_all(
        &self,
        speaker: Speaker<'_>,
        until: DateTime<Utc>,
        apart: i64,
        lines: &[String],
    ) {
        self.change(speaker, |log| {
            for (index, line) in lines.iter().enumerate() {
                let back = i64::try_from(lines.len() - 1 - index).unwrap_or(0) * apart;
                log.push(until - chrono::Duration::seconds(back), line);
            }
        });
    }

    /// What the container said before its last restart.
    pub fn said_before(&self, speaker: Speaker<'_>, at: DateTime<Utc>, lines: &[&str]) {
        let lines = lines.iter().map(|line| (at, (*line).to_owned())).collect();
        self.change(speaker, |log| log.previous = Some(lines));
    }

    /// The container starts again: what it said becomes what it said before.
    pub fn restart(&self, speaker: Speaker<'_>) {
        self.change(speaker, |log| {
            log.previous = Some(log.lines.drain(..).collect());
            log.dropped = 0;
            log.ended = false;
            log.cuts += 1;
        });
    }

    /// Says a line, of which those who follow get only the first half before their connection is lost. One who asks again
    /// gets it whole.
    pub fn say_and_cut(&self, speaker: Speaker<'_>, at: DateTime<Utc>, line: &str) {
        self.change(speaker, |log| {
            log.push(at, line);
            log.cuts += 1;
        });
    }

    /// The container ends; whoever follows it is told so in order.
    pub fn end(&self, speaker: Speaker<'_>) {
        self.change(speaker, |log| log.ended = true);
    }

    /// Forgets a container: its pod is gone.
    pub fn forget(&self, speaker: Speaker<'_>) {
        let key = key(speaker);
        self.said.send_modify(|logs| drop(logs.containers.remove(&key)));
    }

    /// While true every request is answered with 500.
    pub fn set_out_of_order(&self, out: bool) {
        self.said.send_modify(|logs| logs.out_of_order = out);
    }

    /// How many logs are being followed now.
    pub fn following(&self) -> usize {
        self.said.borrow().following
    }

    /// Waits until so many logs are being followed.
    pub async fn wait_for_followers(&self, count: usize) {
        let mut said = self.said.subscribe();
        // The sender lives as long as this kubelet.
        let _ = said.wait_for(|logs| logs.following == count).await;
    }

    fn change(&self, speaker: Speaker<'_>, change: impl FnOnce(&mut Log)) {
        let key = key(speaker);
        self.said.send_modify(|logs| change(logs.containers.entry(key).or_default()));
    }
}

fn key((namespace, pod, container): Speaker<'_>) -> String {
    format!("{namespace}/{pod}/{container}")
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Log {
    fn push(&mut self, at: DateTime<Utc>, line: &str) {
        self.lines.push_back((at, line.to_owned()));
        if self.lines.len() > LINES_MAX {
            self.lines.pop_front();
            self.dropped += 1;
        }
    }

    /// The lines from `next` on, counted from the container's first, as they go over the wire.
    fn text_from(&self, next: usize, asked: &Asked) -> String {
        let mut text = String::new();
        for (at, line) in self.lines.iter().skip(next.saturating_sub(self.dropped)) {
            asked.write(&mut text, *at, line);
        }
        text
    }

    /// How many lines there have been.
    fn total(&self) -> usize {
        self.dropped + self.lines.len()
    }

    /// Where one who asks for the tail, or for what was said since a moment, begins.
    fn start(&self, asked: &Asked) -> usize {
        let since = asked
            .since
            .map_or(0, |since| self.lines.iter().take_while(|(at, _)| *at < since).count());
        let tail = asked.tail.map_or(0, |tail| self.lines.len().saturating_sub(tail));
        self.dropped + since.max(tail)
    }
}

/// What a request asks for.
#[derive(Debug, Default)]
struct Asked {
    key: String,
    follow: bool,
    previous: bool,
    timestamps: bool,
    tail: Option<usize>,
    since: Option<DateTime<Utc>>,
}

impl Asked {
    /// Reads the first line of a request; `None` for what is not a log.
    fn read(head: &str) -> Option<Self> {
        let target = head.split(' ').nth(1)?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let key = path.strip_prefix("/containerLogs/")?.to_owned();
        let mut asked = Self { key, ..Self::default() };
        for (name, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match name {
                "follow" => asked.follow = value == "true",
                "previous" => asked.previous = value == "true",
                "timestamps" => asked.timestamps = value == "true",
                "tailLines" => asked.tail = value.parse().ok(),
                "sinceTime" => asked.since = value.replace("%3A", ":").parse().ok(),
                _ => {}
            }
        }
        Some(asked)
    }

    fn write(&self, text: &mut String, at: DateTime<Utc>, line: &str) {
        if self.timestamps {
            text.push_str(&at.to_rfc3339_opts(SecondsFormat::Nanos, true));
            text.push(' ');
        }
        text.push_str(line);
        text.push('\n');
    }
}

fn acceptor(folder: &Folder) -> Result<TlsAcceptor, PlatformError> {
    let read = |name: &str| {
        let path = folder.path().join(name);
        fs::read(&path).doing(|| format!("read {}", path.display()))
    };
    let bad = |_| std::io::Error::other("it is no PEM");
    let certificate = CertificateDer::from_pem_slice(&read("kubelet.pem")?)
        .map_err(bad)
        .doing(|| "read the kubelet's certificate".into())?;
    let key = PrivateKeyDer::from_pem_slice(&read("kubelet.key")?)
        .map_err(bad)
        .doing(|| "read the kubelet's key".into())?;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(vec![certificate], key))
        .map_err(std::io::Error::other)
        .doing(|| "use the kubelet's certificate".into())?;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, said: Arc<watch::Sender<Logs>>) {
    // Dropped with this task, and every connection with it.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (acceptor, said) = (acceptor.clone(), Arc::clone(&said));
        connections.spawn(async move {
            // The API server went away, or the log was cut: both are what a test wanted.
            let _ = answer(stream, acceptor, &said).await;
        });
        while connections.try_join_next().is_some() {}
    }
}

type Tls = tokio_rustls::server::TlsStream<TcpStream>;

async fn answer(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    said: &watch::Sender<Logs>,
) -> std::io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        if request.len() > REQUEST_MAX || stream.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let head = String::from_utf8_lossy(&request);
    let Some(asked) = Asked::read(&head) else {
        return refuse(&mut stream, "404 Not Found", "only logs are served").await;
    };
    if said.borrow().out_of_order {
        return refuse(&mut stream, "500 Internal Server Error", "the runtime is out of order")
            .await;
    }
    let known = said.borrow().containers.get(&asked.key).map(|log| {
        let start = log.start(&asked);
        if !asked.previous {
            return Some((log.text_from(start, &asked), log.total(), log.cuts));
        }
        let mut text = String::new();
        let previous = log.previous.as_ref()?;
        let from = asked.tail.map_or(0, |tail| previous.len().saturating_sub(tail));
        previous.iter().skip(from).for_each(|(at, line)| asked.write(&mut text, *at, line));
        Some((text, 0, 0))
    });
    let Some(Some((text, next, cuts))) = known else {
        let mut parts = asked.key.split('/').skip(1);
        let [pod, container] = [parts.next(), parts.next()].map(Option::unwrap_or_default);
        let which = if asked.previous { "previous terminated container" } else { "container" };
        let message = format!("{which} \"{container}\" in pod \"{pod}\" not found");
        return refuse(&mut stream, "400 Bad Request", &message).await;
    };
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    chunk(&mut stream, &text).await?;
    if asked.follow && !asked.previous {
        said.send_modify(|logs| logs.following += 1);
        let outcome = follow(&mut stream, &asked, said, (next, cuts)).await;
        said.send_modify(|logs| logs.following = logs.following.saturating_sub(1));
        if !matches!(outcome, Ok(true)) {
            // No last chunk and no farewell: the connection is simply gone.
            return outcome.map(|_| ());
        }
    }
    stream.write_all(b"0\r\n\r\n").await?;
    stream.shutdown().await
}

/// Sends what is said until the container ends (true) or the connection is to be lost (false).
async fn follow(
    stream: &mut Tls,
    asked: &Asked,
    said: &watch::Sender<Logs>,
    (mut next, cuts): (usize, usize),
) -> std::io::Result<bool> {
    let mut changed = said.subscribe();
    loop {
        let (text, cut, ended) = {
            let logs = changed.borrow_and_update();
            let Some(log) = logs.containers.get(&asked.key) else { return Ok(true) };
            let mut text = log.text_from(next, asked);
            let cut = log.cuts != cuts;
            if cut {
                let kept = text.trim_end().rfind('\n').map_or(0, |end| end + 1);
                let half = kept + (text.len() - kept) / 2;
                text.truncate(text.floor_char_boundary(half));
            }
            next = log.total();
            (text, cut, log.ended)
        };
        chunk(stream, &text).await?;
        if cut || ended {
            return Ok(!cut);
        }
        let mut probe = [0; 64];
        tokio::select! {
            outcome = changed.changed() => if outcome.is_err() { return Ok(true) },
            // The API server asks nothing more on this connection: it has closed it.
            _ = stream.read(&mut probe) => return Ok(false),
        }
    }
}

async fn chunk(stream: &mut Tls, text: &str) -> std::io::Result<()> {
    if !text.is_empty() {
        let chunk = format!("{:x}\r\n{text}\r\n", text.len());
        stream.write_all(chunk.as_bytes()).await?;
    }
    stream.flush().await
}

async fn refuse(stream: &mut Tls, status: &str, message: &str) -> std::io::Result<()> {
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{message}",
        message.len(),
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}
