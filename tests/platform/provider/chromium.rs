//! A real browser without a window, in which somebody signs in: Chromium, driven by `tools/provider/browser.mjs`.

use std::process::Stdio;
use std::time::Duration;

use serde::Deserialize;
use tokio::process::Command;

use super::super::process::on_path;
use super::super::{Doing as _, PlatformError};
use super::{CODE, PASSWORD, Provider, node};

const PROGRAM: &str = "chromium";
const REMEDY: &str = "installs it";
/// A browser on a busy machine takes its time.
const WITHIN: Duration = Duration::from_mins(3);

/// The page that the browser came to, and how.
#[derive(Debug, Deserialize)]
pub struct Shown {
    /// Its address.
    pub address: String,
    /// Its title.
    pub title: String,
    /// What stands on it.
    pub text: String,
    /// Every address that the browser asked for, in order.
    pub asked: Vec<String>,
    /// What the browser had to complain of.
    pub complaints: Vec<String>,
}

impl Provider {
    /// Opens `address` in a real browser, and has `user` type what is asked and press the buttons, until the browser is
    /// sent away from the provider.
    pub async fn sign_in_with_chromium(
        &self,
        address: &str,
        user: &str,
    ) -> Result<Shown, PlatformError> {
        let chromium =
            on_path(PROGRAM).ok_or(PlatformError::Missing { program: PROGRAM, remedy: REMEDY })?;
        let script =
            concat!(env!("CARGO_MANIFEST_DIR"), "/tests/platform/tools/provider/browser.mjs");
        let run = Command::new(node()?)
            .arg(script)
            .args([&self.packages, &chromium])
            .args([address, user, PASSWORD, CODE])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .output();
        let refused =
            |answer: String| PlatformError::Refused { url: "a page in Chromium".into(), answer };
        let output = tokio::time::timeout(WITHIN, run)
            .await
            .map_err(|_| refused("nothing".into()))?
            .doing(|| format!("run {script}"))?;
        let errors = String::from_utf8_lossy(&output.stderr);
        serde_json::from_slice(&output.stdout)
            .map_err(|why| refused(format!("what is no outcome ({why}): {errors}")))
    }
}
