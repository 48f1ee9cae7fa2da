//! A stand-in for a Matrix homeserver: the little of its client API that a console needs, as strict as the real one.
//!
//! No homeserver is to be had as a small package. This one knows accounts by their tokens, rooms by id and alias, takes
//! messages once for each transaction of a token, and refuses in the API's own words. What it kept outlives a kill.

mod answer;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::ports::Port;
use super::{Doing as _, PlatformError};

/// A request may be so large, as the real one's limit is.
const REQUEST_MAX: usize = 64 << 10;

/// A message in a room.
#[derive(Clone, Debug)]
pub struct Message {
    /// Its event.
    pub event_id: String,
    /// Who sent it.
    pub sender: String,
    /// The transaction under which it was sent.
    pub transaction: String,
    /// What it says.
    pub content: Value,
}

/// A room.
#[derive(Debug, Default)]
struct Room {
    members: BTreeSet<String>,
    messages: Vec<Message>,
}

/// What the server knows.
#[derive(Debug, Default)]
struct Kept {
    /// Accounts by their tokens.
    tokens: BTreeMap<String, String>,
    aliases: BTreeMap<String, String>,
    rooms: BTreeMap<String, Room>,
    /// How many more requests are told to come later, and after how many milliseconds.
    later: (usize, u64),
    /// Every request, as method and path.
    asked: Vec<String>,
}

/// A running homeserver. Dropping it ends it.
#[derive(Debug)]
pub struct Matrix {
    port: Port,
    kept: Arc<Mutex<Kept>>,
    frozen: watch::Sender<bool>,
    tasks: Option<JoinSet<()>>,
}

impl Matrix {
    /// The account of the console.
    pub const CONSOLE: &str = "@console:example.bg";
    /// The room that staff reads, by its alias and its id.
    pub const ALERTS: [&str; 2] = ["#alerts:example.bg", "!kRcXyWzAlerts:example.bg"];

    /// Starts one where the console has an account with this token, and is in the room of the alerts.
    pub async fn start(token: &str) -> Result<Self, PlatformError> {
        let [alias, id] = Self::ALERTS.map(str::to_owned);
        let room = Room { members: [Self::CONSOLE.to_owned()].into(), messages: Vec::new() };
        let kept = Kept {
            tokens: [(token.to_owned(), Self::CONSOLE.to_owned())].into(),
            aliases: [(alias, id.clone())].into(),
            rooms: [(id, room)].into(),
            ..Kept::default()
        };
        let (frozen, _) = watch::channel(false);
        let kept = Arc::new(Mutex::new(kept));
        let mut matrix = Self { port: Port::reserve()?, kept, frozen, tasks: None };
        matrix.start_again().await?;
        Ok(matrix)
    }

    /// `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port.number())
    }

    /// The messages in the room of the alerts, in their order.
    pub fn messages(&self) -> Vec<Message> {
        let kept = self.kept();
        kept.rooms.get(Self::ALERTS[1]).map(|room| room.messages.clone()).unwrap_or_default()
    }

    /// Every request so far, as method and path.
    pub fn asked(&self) -> Vec<String> {
        self.kept().asked.clone()
    }

    /// Takes the console out of the room, or lets it in again.
    pub fn invite(&self, is_in: bool) {
        if let Some(room) = self.kept().rooms.get_mut(Self::ALERTS[1]) {
            room.members.clear();
            room.members.extend(is_in.then(|| Self::CONSOLE.to_owned()));
        }
    }

    /// Tells the next `count` requests to come again after `ms` milliseconds.
    pub fn later(&self, count: usize, ms: u64) {
        self.kept().later = (count, ms);
    }

    /// Takes every token back.
    pub fn revoke(&self) {
        self.kept().tokens.clear();
    }

    /// Ends it as a kill does: connections break. What it keeps stays.
    pub fn kill(&mut self) {
        self.tasks = None;
    }

    /// Holds the server where it is, after it did what was asked: the answer never comes.
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
        let number = self.port.number();
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
        let (kept, frozen) = (Arc::clone(&self.kept), self.frozen.subscribe());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (kept, frozen) = (Arc::clone(&kept), frozen.clone());
                open.spawn(async move {
                    // A client that goes away is none of our business.
                    let _ = serve(stream, &kept, frozen).await;
                });
                while open.try_join_next().is_some() {}
            }
        });
        self.tasks = Some(tasks);
        Ok(())
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request, as far as it matters.
struct Request {
    method: String,
    /// The parts of the path, their escapes undone.
    path: Vec<String>,
    token: Option<String>,
    is_json: bool,
    body: Vec<u8>,
}

/// Answers one request; the connection ends with it.
async fn serve(
    mut stream: TcpStream,
    kept: &Mutex<Kept>,
    mut frozen: watch::Receiver<bool>,
) -> std::io::Result<()> {
    let Some(request) = read(&mut stream).await? else { return Ok(()) };
    let (status, body) = {
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.asked.push(format!("{} /{}", request.method, request.path.join("/")));
        answer::to(&request, &mut kept)
    };
    let _ = frozen.wait_for(|frozen| !frozen).await;
    let body = body.to_string();
    let head = format!(
        "HTTP/1.1 {status} Matrix\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
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
    let method = words.next().unwrap_or_default().to_owned();
    let path = words.next().unwrap_or_default().split('?').next().unwrap_or_default();
    let path = path.trim_start_matches('/').split('/').map(unescaped).collect();
    let token = header("authorization");
    let token = token.and_then(|value| value.strip_prefix("Bearer ").map(str::to_owned));
    let is_json = header("content-type").is_some_and(|kind| kind.starts_with("application/json"));
    Ok(Some(Request { method, path, token, is_json, body }))
}

/// Undoes the escapes of a part of a path.
fn unescaped(part: &str) -> String {
    let mut out = Vec::new();
    let mut bytes = part.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next().unwrap_or(b'0')).to_digit(16).unwrap_or(0);
        out.push(u8::try_from(digit() * 16 + digit()).unwrap_or(b'?'));
    }
    String::from_utf8_lossy(&out).into_owned()
}
