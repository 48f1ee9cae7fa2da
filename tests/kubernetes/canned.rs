//! A tiny HTTP server that answers as it is told: for what a real API server can't be made to say.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

/// One answer.
#[derive(Clone, Default)]
pub struct Answer {
    pub code: u16,
    pub headers: &'static str,
    pub body: String,
    /// The answer goes on until the client is tired of it.
    pub is_open: bool,
}

impl Answer {
    pub fn ok(body: impl Into<String>) -> Self {
        Self { code: 200, body: body.into(), ..Self::default() }
    }

    pub fn code(code: u16, body: impl Into<String>) -> Self {
        Self { code, body: body.into(), ..Self::default() }
    }

    pub fn open(body: impl Into<String>) -> Self {
        Self { code: 200, body: body.into(), is_open: true, ..Self::default() }
    }
}

type Script = dyn Fn(&str, usize) -> Answer + Send + Sync;

/// A server on a loopback port, and what it was asked so far.
pub struct Canned {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
    folder: tempfile::TempDir,
}

impl Canned {
    /// Answers each path with query as `script` says, which is also told how often the path, without its query, was asked before.
    pub fn new(script: impl Fn(&str, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (script, seen): (Arc<Script>, _) = (Arc::new(script), Arc::clone(&asked));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (script, seen) = (Arc::clone(&script), Arc::clone(&seen));
                std::thread::spawn(move || serve(stream, &*script, &seen));
            }
        });
        Self { port, asked, folder: tempfile::tempdir().expect("a folder") }
    }

    /// A kubeconfig for it.
    pub fn kubeconfig(&self) -> PathBuf {
        let path = self.folder.path().join("config");
        let text = format!(
            "current-context: a\nclusters: [{{name: a, cluster: {{server: 'http://127.0.0.1:{}'}}}}]\ncontexts: [{{name: a, context: {{cluster: a, user: a}}}}]\nusers: [{{name: a, user: {{token: t}}}}]\n",
            self.port
        );
        std::fs::write(&path, text).expect("written");
        path
    }

    /// The paths asked so far which contain `part`.
    pub fn asked(&self, part: &str) -> Vec<String> {
        let asked = self.asked.lock().expect("no panic");
        asked.iter().filter(|path| path.contains(part)).cloned().collect()
    }
}

fn serve(stream: TcpStream, script: &Script, asked: &Mutex<Vec<String>>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    // A connection that was made in vain says nothing.
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    assert!(line.starts_with("GET "), "nothing but reading: {line}");
    let path = line.split(' ').nth(1)?.to_owned();
    while line.trim() != "" {
        line.clear();
        reader.read_line(&mut line).ok()?;
    }
    let bare = path.split('?').next()?.to_owned();
    let before = {
        let mut asked = asked.lock().expect("no panic");
        let before = asked.iter().filter(|seen| seen.split('?').next() == Some(&bare)).count();
        asked.push(path.clone());
        before
    };
    let answer = script(&path, before);
    let mut stream = stream;
    write!(stream, "HTTP/1.1 {} X\r\nConnection: close\r\n{}\r\n", answer.code, answer.headers)
        .ok()?;
    stream.write_all(answer.body.as_bytes()).ok()?;
    stream.flush().ok()?;
    if answer.is_open {
        // Nothing more is said, until the client closes its end.
        let _ = reader.read_line(&mut line);
    }
    Some(())
}
