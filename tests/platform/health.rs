//! What tenants' addresses answer on the development platform: well, when their database takes a session.

use std::net::Ipv4Addr;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::platform::{PlatformError, Postgres, Role};

/// One who asks and says nothing more must not keep the others waiting.
const WITHIN: Duration = Duration::from_secs(5);
const REQUEST_MAX: usize = 2_048;

/// Answers `GET /HOST` on loopback. Dropping it ends it.
pub(crate) struct Health {
    port: u16,
    task: JoinHandle<()>,
}

impl Health {
    /// Starts it for the databases of `postgres`.
    pub(crate) async fn start(postgres: &Postgres) -> Result<Self, PlatformError> {
        let io = |source| PlatformError::Io { what: "listen for probes".into(), source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.map_err(io)?;
        let port = listener.local_addr().map_err(io)?.port();
        let login = postgres.options(Role::Owner, "postgres");
        #[expect(clippy::disallowed_methods, reason = "aborted when the value is dropped")]
        let task = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let _ = tokio::time::timeout(WITHIN, answer(stream, &login)).await;
            }
        });
        Ok(Self { port, task })
    }

    /// The address to probe, with `{host}` for the tenant's.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/{{host}}", self.port)
    }
}

impl Drop for Health {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn answer(mut stream: TcpStream, login: &PgConnectOptions) -> std::io::Result<()> {
    let mut request = [0; REQUEST_MAX];
    let read = stream.read(&mut request).await?;
    let text = String::from_utf8_lossy(request.get(..read).unwrap_or_default());
    let host = text.split(' ').nth(1).unwrap_or_default().trim_matches('/');
    let status = match login.clone().database(host).connect().await {
        Ok(session) => {
            let _ = session.close().await;
            "200 OK"
        }
        Err(_) => "503 Service Unavailable",
    };
    let head = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await
}
