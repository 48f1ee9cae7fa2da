//! The loopback port that the browser comes back to. It takes in one answer, and whoever else knocks is turned away.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use reqwest::Url;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::super::flow::Authorization;
use super::head::{Head, LARGEST, Wrong};
use super::page::{self, Page};
use crate::domain::{Trouble, TroubleKind};

/// The path of the redirect address.
const PATH: &str = "/callback";
/// How long a browser may take to say what it wants and to take the page.
const WITHIN: Duration = Duration::from_secs(5);
/// Connections at a time. Browsers open some that they do not use.
const MOST: usize = 16;
/// A pause when the system has no connection to give: it may be short of files.
const PAUSE: Duration = Duration::from_millis(100);

/// Where the browser comes back to. Dropping it frees the port.
pub(super) struct Door {
    listener: TcpListener,
    /// The address of the way back: the redirect address.
    pub(super) address: Url,
}

impl Door {
    /// Takes any free port of the loopback address; that of IPv6 only where there is no other.
    pub(super) async fn make() -> Result<Self, Trouble> {
        let old = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = match old {
            Ok(listener) => Ok(listener),
            Err(why) => TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).await.map_err(|_| why),
        };
        let made = listener.and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (at, listener) = made.map_err(|why| no_port(&why.to_string()))?;
        let address = Url::parse(&format!("http://{at}{PATH}"));
        let address = address.map_err(|why| no_port(&why.to_string()))?;
        Ok(Self { listener, address })
    }

    /// Waits for the answer to `authorization`: the redirect address, with its query. Everything else is answered and
    /// forgotten.
    pub(super) async fn answered(&self, authorization: &Authorization) -> Url {
        let mut open = FuturesUnordered::new();
        loop {
            tokio::select! {
                accepted = self.listener.accept(), if open.len() < MOST => match accepted {
                    Ok((stream, _)) => open.push(self.hear(stream, authorization)),
                    Err(_) => tokio::time::sleep(PAUSE).await,
                },
                Some(heard) = open.next() => if let Some(answer) = heard {
                    return answer;
                },
            }
        }
    }

    /// Hears one request and answers it; gives the answer to `authorization` when it was that.
    async fn hear(&self, mut stream: TcpStream, authorization: &Authorization) -> Option<Url> {
        let head = tokio::time::timeout(WITHIN, read(&mut stream)).await.ok()?;
        let (page, answer) = match head {
            Ok(head) => self.judge(&head, authorization),
            Err(Heard::Wrong(wrong)) => (page::of(wrong), None),
            Err(Heard::Nothing) => return None,
        };
        // A browser that is gone by now has said what it had to say.
        let _ = tokio::time::timeout(WITHIN, tell(&mut stream, page)).await;
        answer
    }

    fn judge(&self, head: &Head, authorization: &Authorization) -> (Page, Option<Url>) {
        let Some(answer) = self.asked(&head.target).filter(|asked| asked.path() == PATH) else {
            return (page::NOWHERE, None);
        };
        if head.method != "GET" {
            return (page::ONLY_GET, None);
        }
        if !authorization.is_answered_by(&answer) {
            return (page::STRANGER, None);
        }
        let refused = answer.query_pairs().any(|(name, _)| name == "error")
            || !authorization.is_answered_by_the_provider(&answer);
        (if refused { page::REFUSED } else { page::DONE }, Some(answer))
    }

    /// The address that was asked for, as one of ours.
    fn asked(&self, target: &str) -> Option<Url> {
        let mut asked = self.address.clone();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        asked.set_path(path);
        asked.set_query(Some(query));
        target.starts_with('/').then_some(asked)
    }
}

/// Why there is no head.
enum Heard {
    /// The browser went away, or broke the connection.
    Nothing,
    /// What it said is no request.
    Wrong(Wrong),
}

async fn read(stream: &mut TcpStream) -> Result<Head, Heard> {
    let mut text = Vec::new();
    loop {
        match Head::of(&text) {
            Ok(Some(head)) => return Ok(head),
            Ok(None) => {}
            Err(wrong) => return Err(Heard::Wrong(wrong)),
        }
        // One more than may be: that it is too large shows in the text.
        let room = (LARGEST + 1).saturating_sub(text.len()) as u64;
        let read = (&mut *stream).take(room).read_buf(&mut text).await;
        if !matches!(read, Ok(1..)) {
            return Err(Heard::Nothing);
        }
    }
}

async fn tell(stream: &mut TcpStream, page: Page) -> std::io::Result<()> {
    stream.write_all(page.answer().as_bytes()).await?;
    stream.shutdown().await?;
    // What was sent and not read makes the system break the connection, and the page with it.
    let mut rest = [0; 1024];
    for _ in 0..64 {
        if stream.read(&mut rest).await? == 0 {
            break;
        }
    }
    Ok(())
}

fn no_port(why: &str) -> Trouble {
    Trouble::new(
        TroubleKind::Config,
        &format!(
            "signing in: no port of this machine can be had for the browser to come back to ({why})"
        ),
        "Sign in with a device code.",
    )
}
