//! HTTP as far as the stand-in needs it: one request on a connection.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::Url;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A request may be so large.
const REQUEST_MAX: usize = 1 << 20;

pub(super) struct Request {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) query: String,
    head: String,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        let cookies = self.header("cookie")?.split("; ");
        cookies
            .filter_map(|cookie| cookie.split_once('='))
            .find_map(|(found, value)| (found == name).then_some(value))
    }

    /// What stands behind the `?`.
    pub(super) fn asked(&self) -> BTreeMap<String, String> {
        form(&self.query)
    }

    /// What a form says.
    pub(super) fn form(&self) -> BTreeMap<String, String> {
        form(&String::from_utf8_lossy(&self.body))
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }
}

/// Reads a query or a form.
pub(super) fn form(text: &str) -> BTreeMap<String, String> {
    let mut url = Url::parse("http://form/").expect("an address");
    url.set_query(Some(text));
    url.query_pairs().into_owned().collect()
}

/// `pairs` as a query.
pub(super) fn query(pairs: &[(&str, &str)]) -> String {
    let mut url = Url::parse("http://form/").expect("an address");
    url.query_pairs_mut().extend_pairs(pairs);
    url.query().unwrap_or_default().to_owned()
}

#[derive(Default)]
pub(super) struct Response {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
    /// It takes so long to think about it.
    pub(super) after: Duration,
    /// The connection ends without an answer.
    pub(super) closes: bool,
    /// Nothing is ever answered.
    pub(super) silent: bool,
}

impl Response {
    pub(super) fn json(status: u16, body: &Value) -> Self {
        Self::of(status, "application/json", body.to_string())
    }

    pub(super) fn page(status: u16, title: &str) -> Self {
        let body = format!(
            "<!DOCTYPE html><html><head><title>{title}</title></head><body>{title}</body></html>"
        );
        Self::of(status, "text/html; charset=utf-8", body)
    }

    pub(super) fn redirect(to: &str) -> Self {
        let headers = vec![("Location", to.to_owned())];
        Self { status: 302, headers, ..Self::default() }
    }

    pub(super) fn of(status: u16, kind: &str, body: String) -> Self {
        Self { status, headers: vec![("Content-Type", kind.to_owned())], body, ..Self::default() }
    }

    pub(super) fn with(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }
}

/// Answers one request; the connection ends with it.
pub(super) async fn serve(
    mut stream: TcpStream,
    answer: impl FnOnce(&Request) -> Response,
) -> std::io::Result<()> {
    let Some(request) = read(&mut stream).await? else { return Ok(()) };
    let response = answer(&request);
    tokio::time::sleep(response.after).await;
    if response.silent {
        std::future::pending::<()>().await;
    }
    if response.closes {
        return Ok(());
    }
    let mut head = format!("HTTP/1.1 {} Told\r\n", response.status);
    for (name, value) in &response.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str(&format!("Content-Length: {}\r\nConnection: close\r\n\r\n", response.body.len()));
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(response.body.as_bytes()).await?;
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
    let mut body = text.split_off(end + 4);
    let head = String::from_utf8_lossy(&text).into_owned();
    let mut words = head.split(' ');
    let method = words.next().unwrap_or_default().to_owned();
    let target = words.next().unwrap_or_default().to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let (path, query) = (path.to_owned(), query.to_owned());
    let mut request = Request { method, path, query, head, body: Vec::new() };
    let length = request.header("content-length").and_then(|length| length.parse().ok());
    while body.len() < length.unwrap_or(0) && body.len() < REQUEST_MAX {
        if stream.read_buf(&mut body).await? == 0 {
            return Ok(None);
        }
    }
    request.body = body;
    Ok(Some(request))
}
