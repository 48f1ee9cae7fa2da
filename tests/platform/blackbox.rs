//! A real blackbox exporter: it asks what it is told to ask, and says how that went.

use std::path::PathBuf;
use std::time::Duration;

use super::folder::Folder;
use super::ports::Port;
use super::process::{Process, on_path};
use super::{PlatformError, http};

const PROGRAM: &str = "prometheus-blackbox-exporter";
const REMEDY: &str = "installs it";
const START_WITHIN: Duration = Duration::from_mins(2);
const CONFIGURATION: &str =
    "modules: {http_2xx: {prober: http, timeout: 2s, http: {preferred_ip_protocol: ip4}}}\n";

/// Something to be probed.
#[derive(Clone, Debug)]
pub struct Target {
    /// Its address as shown: the label `instance`.
    pub shown: String,
    /// What is asked for real.
    pub address: String,
}

/// What Prometheus has to know of the probes.
#[derive(Clone, Debug)]
pub struct ProbeJob {
    port: u16,
    targets: Vec<Target>,
}

/// A running blackbox exporter. Dropping it kills it.
#[derive(Debug)]
pub struct Blackbox {
    process: Process,
    port: Port,
    _folder: Folder,
}

impl Blackbox {
    /// Starts one.
    pub async fn start() -> Result<Self, PlatformError> {
        Self::start_with(None).await
    }

    /// Starts one with its log in this folder instead of a temporary one.
    pub async fn start_with(folder: Option<PathBuf>) -> Result<Self, PlatformError> {
        let program = on_path(PROGRAM)
            .or_else(|| on_path("blackbox_exporter"))
            .ok_or(PlatformError::Missing { program: PROGRAM, remedy: REMEDY })?;
        let folder = Folder::new(folder)?;
        let file = folder.write("blackbox.yml", CONFIGURATION)?;
        let port = Port::reserve()?;
        let arguments = [
            format!("--config.file={}", file.display()),
            format!("--web.listen-address=127.0.0.1:{}", port.number()),
            "--log.level=warn".into(),
        ];
        let log = folder.path().join("blackbox.log");
        let mut process = Process::spawn(PROGRAM, &program, &arguments, &log)?;
        let url = format!("http://127.0.0.1:{}/-/healthy", port.number());
        let client = http::client()?;
        process.wait_until(START_WITHIN, async || client.get(&url).send().await.is_ok()).await?;
        Ok(Self { process, port, _folder: folder })
    }

    /// Has it probe `targets`, every time Prometheus scrapes.
    pub fn job(&self, targets: &[Target]) -> ProbeJob {
        ProbeJob { port: self.port.number(), targets: targets.to_vec() }
    }

    /// An error when the process has ended by itself.
    pub fn check(&mut self) -> Result<(), PlatformError> {
        self.process.check()
    }
}

impl ProbeJob {
    /// The job as Prometheus reads it.
    pub(super) fn configuration(&self) -> String {
        let mut lines = vec![
            "  - job_name: probes".to_owned(),
            "    metrics_path: /probe".into(),
            "    params: {module: [http_2xx]}".into(),
            "    relabel_configs:".into(),
            "      - {source_labels: [__address__], target_label: __param_target}".into(),
            format!(
                "      - {{target_label: __address__, replacement: \"127.0.0.1:{}\"}}",
                self.port
            ),
            "    static_configs:".into(),
        ];
        lines.extend(self.targets.iter().map(|target| {
            let Target { shown, address } = target;
            format!("      - {{targets: [\"{address}\"], labels: {{instance: \"{shown}\"}}}}")
        }));
        lines.join("\n")
    }
}
