//! A real S3 server, as the platform's object storage: signatures are checked, and objects are plain files in its folder.
//!
//! Objects outlive a stop and a kill. The harness writes them as files, because the server takes size and time of change
//! from there: ninety days of backups need neither the days nor the disk.
//!
//! What to know of the server: a listing without a delimiter walks the whole bucket for every page, one with the delimiter
//! `/` reads the prefix's own folder and the names beside it.

use std::fs::{self, File, FileTimes};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use object_store::RetryConfig;
use object_store::aws::{AmazonS3, AmazonS3Builder};

use super::folder::Folder;
use super::ports::Port;
use super::process::Process;
use super::{Doing as _, PlatformError};

const PROGRAM: &str = "s3s-fs";
const REMEDY: &str = "builds it";
const START_WITHIN: Duration = Duration::from_mins(2);

/// The bucket of the backups.
pub const BACKUPS: &str = "plana-pulse-backups";
/// The bucket of the seeds of template databases.
pub const TEMPLATES: &str = "plana-pulse-templates";
/// The zone of the real one; this server takes any.
pub const REGION: &str = "bg-sof-1";

/// How an S3 server is to differ from the usual one.
#[derive(Debug, Default)]
pub struct ObjectsOptions {
    /// Keep objects and log in this folder instead of a temporary one.
    pub folder: Option<PathBuf>,
    /// The access key; `pulse-console` without it.
    pub access_key: Option<String>,
    /// The secret key; `local-secret-key` without it.
    pub secret_key: Option<String>,
}

/// A running S3 server. Dropping it kills it.
#[derive(Debug)]
pub struct Objects {
    process: Option<Process>,
    program: PathBuf,
    port: Port,
    options: ObjectsOptions,
    folder: Folder,
}

/// An object to be: a file of this size, with nothing in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// In bytes.
    pub size: u64,
    /// When it was last changed.
    pub at: DateTime<Utc>,
}

impl Objects {
    /// Starts a server with the two buckets, which are empty.
    pub async fn start() -> Result<Self, PlatformError> {
        Self::start_with(ObjectsOptions::default()).await
    }

    /// Starts a server as told.
    pub async fn start_with(mut options: ObjectsOptions) -> Result<Self, PlatformError> {
        let program = program()?;
        let folder = Folder::new(options.folder.take())?;
        for bucket in [BACKUPS, TEMPLATES] {
            let path = folder.path().join("objects").join(bucket);
            fs::create_dir_all(&path).doing(|| format!("create {}", path.display()))?;
        }
        let port = Port::reserve()?;
        let mut objects = Self { process: None, program, port, options, folder };
        objects.start_again().await?;
        Ok(objects)
    }

    /// The port it listens on, the same after every start.
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// `http://127.0.0.1:PORT`; buckets are the first part of the path.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// The only access key.
    pub fn access_key(&self) -> &str {
        self.options.access_key.as_deref().unwrap_or("pulse-console")
    }

    /// Its secret key.
    pub fn secret_key(&self) -> &str {
        self.options.secret_key.as_deref().unwrap_or("local-secret-key")
    }

    /// A client of one bucket that does not try again.
    pub fn store(&self, bucket: &str) -> Result<AmazonS3, PlatformError> {
        let once = RetryConfig { max_retries: 0, ..RetryConfig::default() };
        let builder = AmazonS3Builder::new()
            .with_endpoint(self.url())
            .with_allow_http(true)
            .with_region(REGION)
            .with_bucket_name(bucket)
            .with_access_key_id(self.access_key())
            .with_secret_access_key(self.secret_key())
            .with_retry(once);
        Ok(builder.build()?)
    }

    /// Makes one object, or another in its place.
    pub fn put(&self, bucket: &str, object: &Object) -> Result<(), PlatformError> {
        self.put_bytes(bucket, object, &[])
    }

    /// The same, beginning with `bytes`.
    pub fn put_bytes(
        &self,
        bucket: &str,
        object: &Object,
        bytes: &[u8],
    ) -> Result<(), PlatformError> {
        let path = self.root().join(bucket).join(&object.key);
        let folder = path.parent().map(PathBuf::from).unwrap_or_default();
        let write = || {
            fs::create_dir_all(&folder)?;
            place(&path, object, bytes)?;
            // Without it the server reads the whole file for an entity tag, and a dump is many gigabytes of nothing.
            let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
            let name =
                format!(".bucket-{}.object-{}.internal.json", encode(bucket), encode(&object.key));
            let tag = serde_json::json!({ "e_tag": tag(object) });
            fs::write(self.root().join(name), tag.to_string())
        };
        write().doing(|| format!("write {}", path.display()))
    }

    /// Makes many objects quickly: listing them is right, looking at one alone makes the server read it all.
    pub fn put_bare<'a>(
        &self,
        bucket: &str,
        objects: impl IntoIterator<Item = &'a Object>,
    ) -> Result<(), PlatformError> {
        let mut last = PathBuf::new();
        for object in objects {
            let path = self.root().join(bucket).join(&object.key);
            if let Some(folder) = path.parent().filter(|folder| *folder != last) {
                fs::create_dir_all(folder).doing(|| format!("create {}", folder.display()))?;
                last = folder.to_path_buf();
            }
            place(&path, object, &[]).doing(|| format!("write {}", path.display()))?;
        }
        Ok(())
    }

    /// Takes one object away.
    pub fn remove(&self, bucket: &str, key: &str) -> Result<(), PlatformError> {
        let path = self.root().join(bucket).join(key);
        fs::remove_file(&path).doing(|| format!("remove {}", path.display()))
    }

    /// Asks the server to end. The objects stay.
    pub async fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.stop().await;
        }
    }

    /// Kills the server. The objects stay.
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

    /// Starts on the same port with the same objects, and waits until it listens.
    pub async fn start_again(&mut self) -> Result<(), PlatformError> {
        self.kill();
        let arguments = [
            "--host=127.0.0.1".to_owned(),
            format!("--port={}", self.port()),
            format!("--access-key={}", self.access_key()),
            format!("--secret-key={}", self.secret_key()),
            self.root().display().to_string(),
        ];
        let log = self.folder.path().join("objects.log");
        let mut process = Process::spawn(PROGRAM, &self.program, &arguments, &log)?;
        let address = ("127.0.0.1", self.port());
        let ready = async || tokio::net::TcpStream::connect(address).await.is_ok();
        process.wait_until(START_WITHIN, ready).await?;
        self.process = Some(process);
        Ok(())
    }

    fn root(&self) -> PathBuf {
        self.folder.path().join("objects")
    }
}

fn place(path: &Path, object: &Object, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.set_len(object.size.max(bytes.len() as u64))?;
    file.set_times(FileTimes::new().set_modified(SystemTime::from(object.at)))
}

/// An entity tag that changes with the object.
fn tag(object: &Object) -> String {
    format!("{:016x}{:016x}", object.size, object.at.timestamp())
}

/// The server, as `tools/s3.sh` finds it; nothing is built here.
fn program() -> Result<PathBuf, PlatformError> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/platform/tools/s3.sh");
    let output = Command::new("bash")
        .args([script, "--look"])
        .stdin(Stdio::null())
        .output()
        .doing(|| format!("run {script}"))?;
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if !output.status.success() || folder.is_empty() {
        return Err(PlatformError::Missing { program: PROGRAM, remedy: REMEDY });
    }
    Ok(PathBuf::from(folder).join(PROGRAM))
}
