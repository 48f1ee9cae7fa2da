//! A certified OpenID provider, with people to sign in and a handle to change it behind the console's back.
//!
//! It is oidc-provider on Node, set up in `tools/provider/`. What it knows (sessions, grants, keys) ends with its process.
//! [`Someone`] goes through its pages as a person with a browser would, over plain HTTP.

mod chromium;
mod someone;

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

pub use self::chromium::Shown;
pub use self::someone::{CODE, Landing, PASSWORD, Someone};
use super::folder::Folder;
use super::ports::Port;
use super::process::{Process, on_path};
use super::{Doing as _, PlatformError, http};

const PROGRAM: &str = "node";
const REMEDY: &str = "installs it";
const PACKAGES: &str = "the OpenID provider";
const PACKAGES_REMEDY: &str = "installs its packages";
const START_WITHIN: Duration = Duration::from_secs(60);

/// The application of the console.
pub const CLIENT: &str = "pulse-console";
/// The application that always asks for a factor. Its tokens are signed with ES256, the others' with RS256.
pub const STEP_UP_CLIENT: &str = "pulse-console-step-up";
/// The console's application again, whose tokens are signed with PS256.
pub const PSS_CLIENT: &str = "pulse-console-pss";
/// An application with a secret, which it must send in the head of its requests; and the secret.
pub const BASIC_CLIENT: [&str; 2] = ["pulse-console-basic", "a-secret/with signs:+"];
/// An application with a secret, which it must send in their body; and the secret.
pub const POST_CLIENT: [&str; 2] = ["pulse-console-post", "another-secret"];

/// The one who may do everything.
pub const SENIOR: &str = "maria";
/// The one who does the daily work.
pub const OPERATOR: &str = "ivan";
/// The one who may look.
pub const VIEWER: &str = "vera";
/// Somebody of a tenant, who may sign in and has no business in the console.
pub const TENANT: &str = "office@acme.example";

/// Who can sign in and how, in one line for a person.
pub fn accounts() -> String {
    format!(
        "{SENIOR} (senior), {OPERATOR} (operator), {VIEWER} (viewer) or {TENANT} (a tenant, refused): password {PASSWORD}, code {CODE}"
    )
}

/// How a provider is to differ from the usual one.
#[derive(Debug, Default)]
pub struct ProviderOptions {
    /// Keep the log in this folder instead of a temporary one.
    pub folder: Option<PathBuf>,
}

/// A running provider. Dropping it kills it.
#[derive(Debug)]
pub struct Provider {
    process: Option<Process>,
    packages: PathBuf,
    port: Port,
    folder: Folder,
}

impl Provider {
    /// Starts one at which nobody is signed in.
    pub async fn start() -> Result<Self, PlatformError> {
        Self::start_with(ProviderOptions::default()).await
    }

    /// Starts one as told.
    pub async fn start_with(options: ProviderOptions) -> Result<Self, PlatformError> {
        let (port, folder) = (Port::reserve()?, Folder::new(options.folder)?);
        let mut provider = Self { process: None, packages: packages()?, port, folder };
        provider.start_again().await?;
        Ok(provider)
    }

    /// The issuer: `http://127.0.0.1:PORT`.
    pub fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.port.number())
    }

    /// Ends it as a power cut does: whoever was signed in is not any more, and the keys are others.
    pub fn kill(&mut self) {
        self.process = None;
    }

    /// Holds it where it is: connections stay open and nothing answers.
    pub fn freeze(&self) {
        if let Some(process) = &self.process {
            process.freeze();
        }
    }

    /// Lets a frozen one go on.
    pub fn thaw(&self) {
        if let Some(process) = &self.process {
            process.thaw();
        }
    }

    /// An error when it has ended by itself.
    pub fn check(&mut self) -> Result<(), PlatformError> {
        self.process.as_mut().map_or(Ok(()), Process::check)
    }

    /// Starts on the same port, knowing nothing.
    pub async fn start_again(&mut self) -> Result<(), PlatformError> {
        self.kill();
        let program = node()?;
        let script =
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/platform/tools/provider/provider.mjs");
        let args =
            [script.into(), self.packages.display().to_string(), self.port.number().to_string()];
        let log = self.folder.path().join("provider.log");
        let mut process = Process::spawn(PROGRAM, &program, &args, &log)?;
        let (client, url) = (http::client()?, self.address("/.well-known/openid-configuration"));
        process
            .wait_until(START_WITHIN, async || http::send(client.get(&url)).await.is_ok())
            .await?;
        self.process = Some(process);
        Ok(())
    }

    /// Tokens that are issued from now on hold so long.
    pub async fn tokens_hold(&self, lifetime: Duration) -> Result<(), PlatformError> {
        self.control(json!({ "lifetime": lifetime.as_secs() })).await
    }

    /// Codes for devices are good for so long from now on, and are asked for so often; oidc-provider itself does not say.
    pub async fn devices(
        &self,
        lifetime: Duration,
        interval: Option<Duration>,
    ) -> Result<(), PlatformError> {
        let interval = interval.map(|interval| interval.as_secs());
        self.control(json!({ "device": { "lifetime": lifetime.as_secs(), "interval": interval } }))
            .await
    }

    /// People prove themselves so from now on: what tokens say of it (`amr`), and how long ago it was.
    pub async fn proofs(&self, factors: &[&str], ago: Duration) -> Result<(), PlatformError> {
        self.control(json!({ "next": { "amr": factors, "age": ago.as_secs() } })).await
    }

    /// Puts somebody into other groups.
    pub async fn groups(&self, user: &str, groups: &[&str]) -> Result<(), PlatformError> {
        self.control(json!({ "groups": { "user": user, "groups": groups } })).await
    }

    /// Ends everything of one person: sessions, grants and tokens.
    pub async fn revoke(&self, user: &str) -> Result<(), PlatformError> {
        self.control(json!({ "revoke": user })).await
    }

    /// Somebody who got hold of a refresh token of the console's uses it: the status and what is answered.
    pub async fn refresh(&self, token: &str) -> Result<(u16, Value), PlatformError> {
        let form =
            [("grant_type", "refresh_token"), ("client_id", CLIENT), ("refresh_token", token)];
        let answer = http::client()?.post(self.address("/token")).form(&form).send().await?;
        let status = answer.status().as_u16();
        Ok((status, answer.json().await?))
    }

    /// Signs with new keys from now on; the old ones are still published, unless `forgets`.
    pub async fn rotate_keys(&self, forgets: bool) -> Result<(), PlatformError> {
        let old = if forgets { "forget" } else { "keep" };
        self.control(json!({ "rotate": old })).await
    }

    /// How often an endpoint was asked, by oidc-provider's name for it, such as `jwks`, `token` or `discovery`.
    pub async fn asked(&self, endpoint: &str) -> Result<u64, PlatformError> {
        let seen = http::send(http::client()?.get(self.address("/control"))).await?;
        Ok(seen[endpoint].as_u64().unwrap_or(0))
    }

    /// How long it took to answer all that it was asked so far.
    pub async fn spent(&self) -> Result<Duration, PlatformError> {
        let seen = http::send(http::client()?.get(self.address("/control"))).await?;
        Ok(Duration::from_secs_f64(seen["spent"].as_f64().unwrap_or(0.0) / 1e3))
    }

    async fn control(&self, orders: Value) -> Result<(), PlatformError> {
        let url = self.address("/control");
        http::send(http::client()?.post(url).json(&orders)).await.map(drop)
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.issuer())
    }
}

fn node() -> Result<PathBuf, PlatformError> {
    on_path(PROGRAM).ok_or(PlatformError::Missing { program: PROGRAM, remedy: REMEDY })
}

/// The folder of the packages, as `tools/provider.sh` finds it; nothing is installed here.
fn packages() -> Result<PathBuf, PlatformError> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/platform/tools/provider.sh");
    let output = Command::new("bash")
        .args([script, "--look"])
        .stdin(Stdio::null())
        .output()
        .doing(|| format!("run {script}"))?;
    let folder = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    if !output.status.success() || folder.is_empty() {
        return Err(PlatformError::Missing { program: PACKAGES, remedy: PACKAGES_REMEDY });
    }
    Ok(PathBuf::from(folder))
}
