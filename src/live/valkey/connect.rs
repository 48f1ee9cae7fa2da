//! The connection, and the few commands that are sent on it.
//!
//! This file is the whole of what the server hears from the console: nothing here writes.

use std::path::PathBuf;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _,
    RedisConnectionInfo, TlsCertificates, Value, cmd,
};
use secrecy::{ExposeSecret as _, SecretString};

use super::Options;
use super::position::Snapshot;
use super::trouble::Failure;
use super::wire::{self, RawEntry};
use crate::domain::StreamId;

/// How long a read waits for a new entry.
pub(super) const BLOCK: Duration = Duration::from_secs(2);

/// How long an answer may take: as long as a read may wait, and 2 s on the way.
const ANSWER: Duration = Duration::from_secs(4);

/// How long connecting may take, the TLS handshake included.
const CONNECT: Duration = Duration::from_secs(2);

/// Whether a read waits when there is nothing new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wait {
    /// It returns at once.
    No,
    /// It watches the stream for [`BLOCK`].
    ForEntries,
}

/// Who the server is, and who asks.
#[derive(Clone)]
pub(super) struct Target {
    /// `host:port`, for sentences.
    pub name: String,
    /// Whether the link is encrypted.
    pub tls: bool,
    /// The ACL user, if not the default one.
    pub username: Option<String>,
    /// The key of the stream.
    pub stream: String,
    addr: ConnectionAddr,
    db: i64,
    password: Option<SecretString>,
    ca_file: Option<PathBuf>,
}

impl Target {
    /// Reads the URL of `options`. A user and a password in it count where the options have none.
    pub(super) fn new(options: &Options) -> Result<Self, Failure> {
        let info = options
            .url
            .as_str()
            .into_connection_info()
            .map_err(|error| Failure::bad_url(&error))?;
        let tls = match info.addr() {
            ConnectionAddr::Tcp(..) => false,
            ConnectionAddr::TcpTls { insecure: false, .. } => true,
            ConnectionAddr::TcpTls { .. } => {
                return Err(Failure::Url { reason: "`#insecure` is refused".to_owned() });
            }
            _ => {
                let reason = "only redis:// and rediss:// addresses are read".to_owned();
                return Err(Failure::Url { reason });
            }
        };
        let settings = info.redis_settings();
        Ok(Self {
            name: info.addr().to_string(),
            tls,
            username: options.username.clone().or_else(|| settings.username().map(str::to_owned)),
            stream: options.stream.clone(),
            addr: info.addr().clone(),
            db: settings.db(),
            password: options
                .password
                .clone()
                .or_else(|| settings.password().map(|password| password.to_owned().into())),
            ca_file: options.ca_file.clone(),
        })
    }

    /// Whether a password will be sent.
    pub(super) fn has_password(&self) -> bool {
        self.password.is_some()
    }

    async fn client(&self) -> Result<Client, Failure> {
        // Signing in is done by `Link::open`, for its answers say more than the library lets through.
        let settings = RedisConnectionInfo::default().set_skip_set_lib_name();
        let info = self
            .addr
            .clone()
            .into_connection_info()
            .map_err(Failure::sending("connect"))?
            .set_redis_settings(settings);
        if !self.tls {
            return Client::open(info).map_err(Failure::sending("connect"));
        }
        // Both parts of a process that speak TLS must mean the same library; the first one settles it.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        self.tls_client(info).await
    }

    async fn tls_client(&self, info: ConnectionInfo) -> Result<Client, Failure> {
        let Some(path) = self.ca_file.clone() else {
            return Client::open(info).map_err(Failure::sending("connect"));
        };
        let bad = |reason: String| Failure::CaFile { path: path.clone(), reason };
        let file = path.clone();
        let pem = tokio::task::spawn_blocking(move || std::fs::read(file))
            .await
            .map_err(|error| bad(error.to_string()))?
            .map_err(|error| bad(error.to_string()))?;
        if !pem.windows(BEGIN.len()).any(|window| window == BEGIN) {
            return Err(bad("it holds no certificate".to_owned()));
        }
        Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert: Some(pem) })
            .map_err(|error| bad(error.to_string()))
    }
}

const BEGIN: &[u8] = b"-----BEGIN CERTIFICATE-----";

/// An open connection on which the stream is read.
pub(super) struct Link {
    connection: MultiplexedConnection,
    stream: String,
    /// Whether the server lets us ask about the stream; false once it refused.
    informed: bool,
}

impl Link {
    /// Connects and signs in.
    pub(super) async fn open(target: &Target) -> Result<Self, Failure> {
        Self::open_within(target, ANSWER).await
    }

    /// Connects and signs in; no answer may take longer than `answer`.
    pub(super) async fn open_within(target: &Target, answer: Duration) -> Result<Self, Failure> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(answer));
        let connection = target
            .client()
            .await?
            .get_multiplexed_async_connection_with_config(&config)
            .await
            .map_err(Failure::sending("connect"))?;
        let mut link = Self { connection, stream: target.stream.clone(), informed: true };
        if let Some(password) = &target.password {
            let mut auth = cmd("AUTH");
            auth.arg(target.username.as_deref()).arg(password.expose_secret());
            link.ask("AUTH", &auth).await?;
        }
        if target.db != 0 {
            link.ask("SELECT", cmd("SELECT").arg(target.db)).await?;
        }
        let name = link.ask("CLIENT", cmd("CLIENT").arg("SETNAME").arg("pulse-console")).await;
        match name {
            // The name is a courtesy to whoever lists the clients; a server may refuse it.
            Err(failure) if !failure.is_refusal() => Err(failure),
            _ => Ok(link),
        }
    }

    /// What the stream is like at this moment; none when there is no such key.
    pub(super) async fn snapshot(&mut self) -> Result<Option<Snapshot>, Failure> {
        if !self.informed {
            return self.glimpse().await;
        }
        let mut command = cmd("XINFO");
        command.arg("STREAM").arg(&self.stream);
        match self.ask("XINFO STREAM", &command).await {
            Ok(reply) => wire::snapshot(reply).map(Some).map_err(Failure::odd("XINFO STREAM")),
            Err(failure) if failure.is_no_such_key() => Ok(None),
            Err(failure) if failure.is_no_permission() => {
                tracing::warn!(
                    stream = self.stream,
                    "The server does not allow XINFO: what is trimmed from the stream can't be counted."
                );
                self.informed = false;
                self.glimpse().await
            }
            Err(failure) => Err(failure),
        }
    }

    /// The same without the right to ask: only what the entries themselves show.
    async fn glimpse(&mut self) -> Result<Option<Snapshot>, Failure> {
        let newest = self.page(StreamId { ms: u64::MAX, seq: u64::MAX }, 1).await?;
        let Some(newest) = newest.first() else {
            return Ok(None);
        };
        let mut command = cmd("XRANGE");
        command.arg(&self.stream).arg("-").arg("+").arg("COUNT").arg(1);
        let first = match self.ask("XRANGE", &command).await {
            Ok(reply) => {
                wire::entries(reply).map_err(Failure::odd("XRANGE"))?.first().map(|entry| entry.id)
            }
            Err(failure) if failure.is_no_permission() => None,
            Err(failure) => return Err(failure),
        };
        Ok(Some(Snapshot { last: newest.id, added: None, length: None, first }))
    }

    /// At most `count` of the entries up to `upto`, the newest of them, ascending.
    pub(super) async fn page(
        &mut self,
        upto: StreamId,
        count: u64,
    ) -> Result<Vec<RawEntry>, Failure> {
        let mut command = cmd("XREVRANGE");
        command.arg(&self.stream).arg(upto.to_string()).arg("-").arg("COUNT").arg(count);
        let reply = self.ask("XREVRANGE", &command).await?;
        let mut page = wire::entries(reply).map_err(Failure::odd("XREVRANGE"))?;
        page.reverse();
        Ok(page)
    }

    /// At most `count` entries after `after`, ascending.
    pub(super) async fn read(
        &mut self,
        after: StreamId,
        count: u64,
        wait: Wait,
    ) -> Result<Vec<RawEntry>, Failure> {
        let mut command = cmd("XREAD");
        command.arg("COUNT").arg(count);
        if wait == Wait::ForEntries {
            command.arg("BLOCK").arg(BLOCK.as_millis().to_string());
        }
        command.arg("STREAMS").arg(&self.stream).arg(after.to_string());
        let reply = self.ask("XREAD", &command).await?;
        wire::read_reply(reply).map_err(Failure::odd("XREAD"))
    }

    /// Sends one command and waits for its answer. `name` is what troubles call it.
    pub(super) async fn ask(
        &mut self,
        name: &'static str,
        command: &Cmd,
    ) -> Result<Value, Failure> {
        command.query_async(&mut self.connection).await.map_err(Failure::sending(name))
    }
}
