//! A real Valkey (or Redis, where Valkey is not to be had), as the platform runs it: one instance that keeps nothing.
//!
//! Every stop loses all data, on purpose: that is what a restart does in production.

use std::ops::Range;
use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use redis::aio::MultiplexedConnection;
use redis::{
    AsyncConnectionConfig, Client, ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _,
    TlsCertificates,
};

use super::PlatformError;
use super::certificates::{Authority, Validity};
use super::events::{EventStream, cloud_event};
use super::folder::Folder;
use super::ports::Port;
use super::process::{Process, on_path};

const START_WITHIN: Duration = Duration::from_mins(2);
const REMEDY: &str = "installs it";
/// Entries sent in one round trip.
const BATCH: usize = 500;

/// What a read-only user may do: look at streams and at the server's own figures.
const READER_RULES: &str =
    "resetchannels ~* +@read +@connection +info +client|setname +client|setinfo";

/// As patient as a test is: the library gives up after half a second, which a busy machine may take to answer.
pub fn patient() -> AsyncConnectionConfig {
    AsyncConnectionConfig::new()
        .set_connection_timeout(Some(START_WITHIN))
        .set_response_timeout(Some(START_WITHIN))
}

/// How a Valkey is to differ from the usual one, which is open and plain.
#[derive(Debug, Default)]
pub struct ValkeyOptions {
    /// Keep the log and the certificates in this folder instead of a temporary one.
    pub folder: Option<PathBuf>,
    /// The password of the default user (`requirepass`).
    pub password: Option<String>,
    /// A second user, name and password, who may read and not write.
    pub reader: Option<(String, String)>,
    /// Serve TLS and nothing else, with a certificate of this validity.
    pub tls: Option<Validity>,
    /// `maxmemory`, such as `64mb`; no limit without it.
    pub memory_max: Option<String>,
}

/// A running Valkey. Dropping it kills it.
#[derive(Debug)]
pub struct Valkey {
    process: Option<Process>,
    program: PathBuf,
    port: Port,
    options: ValkeyOptions,
    authority: Option<String>,
    folder: Folder,
}

impl Valkey {
    /// Starts an open, plain server.
    pub async fn start() -> Result<Self, PlatformError> {
        Self::start_with(ValkeyOptions::default()).await
    }

    /// Starts a server as told.
    pub async fn start_with(mut options: ValkeyOptions) -> Result<Self, PlatformError> {
        let program = on_path("valkey-server")
            .or_else(|| on_path("redis-server"))
            .ok_or(PlatformError::Missing { program: "valkey-server", remedy: REMEDY })?;
        let folder = Folder::new(options.folder.take())?;
        let mut valkey = Self {
            process: None,
            program,
            port: Port::reserve()?,
            options,
            authority: None,
            folder,
        };
        valkey.write_files()?;
        valkey.start_again().await?;
        Ok(valkey)
    }

    /// The port it listens on, the same after every start.
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// `redis://127.0.0.1:PORT`, or `rediss://` with TLS. Without any password.
    pub fn url(&self) -> String {
        let scheme = if self.options.tls.is_some() { "rediss" } else { "redis" };
        format!("{scheme}://127.0.0.1:{}", self.port.number())
    }

    /// The certificate of the authority that signed the server's, as a PEM file; only with TLS.
    pub fn authority_file(&self) -> Option<PathBuf> {
        self.authority.is_some().then(|| self.folder.path().join("valkey-ca.pem"))
    }

    /// A connection of the default user, bound to the runtime of the caller.
    pub async fn connection(&self) -> Result<MultiplexedConnection, PlatformError> {
        Ok(self.client()?.get_multiplexed_async_connection_with_config(&patient()).await?)
    }

    /// Asks the server to end. The data is gone.
    pub async fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.stop().await;
        }
    }

    /// Kills the server. The data is gone.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Holds the server where it is: connections stay open and nothing answers.
    pub fn freeze(&self) {
        self.process.iter().for_each(Process::freeze);
    }

    /// Lets a frozen server go on.
    pub fn thaw(&self) {
        self.process.iter().for_each(Process::thaw);
    }

    /// An error when the process has ended by itself.
    pub fn check(&mut self) -> Result<(), PlatformError> {
        self.process.iter_mut().try_for_each(Process::check)
    }

    /// Starts empty on the same port, and waits until it answers.
    pub async fn start_again(&mut self) -> Result<(), PlatformError> {
        self.kill();
        let configuration = self.folder.path().join("valkey.conf").display().to_string();
        let log = self.folder.path().join("valkey.log");
        let mut process = Process::spawn("valkey-server", &self.program, &[configuration], &log)?;
        let client = self.client()?;
        let ready = async || {
            let Ok(mut connection) = client.get_multiplexed_async_connection().await else {
                return false;
            };
            redis::cmd("PING").query_async::<String>(&mut connection).await.is_ok()
        };
        process.wait_until(START_WITHIN, ready).await?;
        self.process = Some(process);
        Ok(())
    }

    /// Adds events `range` to `stream`, said to have happened a second apart up to `until`.
    pub async fn publish(
        &self,
        stream: &EventStream,
        range: Range<usize>,
        until: DateTime<Utc>,
    ) -> Result<(), PlatformError> {
        let mut connection = self.connection().await?;
        let mut start = range.start;
        while start < range.end {
            let end = range.end.min(start + BATCH);
            let mut pipe = redis::pipe();
            for index in start..end {
                let seconds = i64::try_from(range.end - 1 - index).unwrap_or(0);
                let event = cloud_event(index, until - chrono::Duration::seconds(seconds));
                pipe.cmd("XADD").arg(&stream.key).arg("MAXLEN").arg("~").arg(stream.keep);
                pipe.arg("*").arg(stream.layout.fields(&event)).ignore();
            }
            pipe.query_async::<()>(&mut connection).await?;
            start = end;
        }
        Ok(())
    }

    /// How many entries `stream` has.
    pub async fn length(&self, stream: &str) -> Result<usize, PlatformError> {
        let mut connection = self.connection().await?;
        Ok(redis::cmd("XLEN").arg(stream).query_async(&mut connection).await?)
    }

    pub(super) fn client(&self) -> Result<Client, PlatformError> {
        let mut info: ConnectionInfo = self.url().into_connection_info()?;
        if let Some(password) = &self.options.password {
            let settings = info.redis_settings().clone().set_password(password);
            info = info.set_redis_settings(settings);
        }
        match &self.authority {
            None => Ok(Client::open(info)?),
            // The harness itself must get in even when the server is made to look out of date.
            Some(_) if self.options.tls == Some(Validity::Expired) => {
                let address = ConnectionAddr::TcpTls {
                    host: "127.0.0.1".into(),
                    port: self.port.number(),
                    insecure: true,
                    tls_params: None,
                };
                Ok(Client::open(info.set_addr(address))?)
            }
            Some(pem) => {
                let root_cert = Some(pem.clone().into_bytes());
                Ok(Client::build_with_tls(info, TlsCertificates { client_tls: None, root_cert })?)
            }
        }
    }

    fn write_files(&mut self) -> Result<(), PlatformError> {
        let port = self.port.number();
        let mut lines = vec![
            "bind 127.0.0.1".to_owned(),
            format!("dir \"{}\"", self.folder.path().display()),
            "save \"\"".to_owned(),
            "appendonly no".to_owned(),
            "daemonize no".to_owned(),
        ];
        if let Some(validity) = self.options.tls {
            let authority = Authority::new()?;
            let pair = authority.server(validity)?;
            let certificate = self.folder.write("valkey.pem", &pair.certificate)?;
            let key = self.folder.write("valkey.key", &pair.key)?;
            let root = self.folder.write("valkey-ca.pem", &authority.pem())?;
            lines.push(format!("port 0\ntls-port {port}\ntls-auth-clients no"));
            lines.push(format!("tls-cert-file \"{}\"", certificate.display()));
            lines.push(format!("tls-key-file \"{}\"", key.display()));
            lines.push(format!("tls-ca-cert-file \"{}\"", root.display()));
            self.authority = Some(authority.pem());
        } else {
            lines.push(format!("port {port}"));
        }
        if let Some(password) = &self.options.password {
            lines.push(format!("requirepass \"{password}\""));
        }
        if let Some((name, password)) = &self.options.reader {
            lines.push(format!("user {name} on >{password} {READER_RULES}"));
        }
        if let Some(memory) = &self.options.memory_max {
            lines.push(format!("maxmemory {memory}"));
        }
        self.folder.write("valkey.conf", &(lines.join("\n") + "\n"))?;
        Ok(())
    }
}
