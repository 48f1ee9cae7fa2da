//! Requests as they come and answers as they go, one for each connection.

use std::collections::BTreeMap;

use openidconnect::url::form_urlencoded;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// A request may be so large.
const REQUEST_MAX: usize = 1 << 20;

/// A request, as far as it matters.
pub(super) struct Request {
    pub(super) path: String,
    /// Of the form, or of the query where there is none.
    pub(super) form: BTreeMap<String, String>,
    pub(super) authorization: Option<String>,
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) kind: &'static str,
    pub(super) location: Option<String>,
    pub(super) body: String,
}

pub(super) async fn read(
    stream: &mut (impl AsyncRead + Unpin),
) -> std::io::Result<Option<Request>> {
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
    let target = head.split(' ').nth(1).unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let form = if body.is_empty() { query.as_bytes() } else { &body };
    Ok(Some(Request {
        path: path.to_owned(),
        form: form_urlencoded::parse(form).into_owned().collect(),
        authorization: header("authorization"),
    }))
}

pub(super) async fn write(
    stream: &mut (impl AsyncWrite + Unpin),
    answer: &Answer,
) -> std::io::Result<()> {
    let Answer { status, kind, location, body } = answer;
    let location = location.as_ref().map(|to| format!("Location: {to}\r\n")).unwrap_or_default();
    let head = format!(
        "HTTP/1.1 {status} Said\r\nContent-Type: {kind}\r\n{location}Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}
