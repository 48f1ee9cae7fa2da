//! A real Prometheus that scrapes and judges every second, with rules that fire for real: a target is not there, a pod
//! restarts, a certificate runs out.
//!
//! What it scrapes is made by `series`; the data outlives a stop and a kill.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::alertmanager::runbook;
use super::blackbox::ProbeJob;
use super::folder::Folder;
use super::ports::Port;
use super::process::{Process, on_path};
use super::series;
pub use super::series::{DOWN, SLOW};
use super::wrong::{Answer, Scripted};
use super::{Alertmanager, Doing as _, PlatformError, http};

const PROGRAM: &str = "prometheus";
const REMEDY: &str = "installs it";
const START_WITHIN: Duration = Duration::from_mins(2);
/// Between two samples of the past.
const PAST_STEP: usize = 120;

/// Name, expression, time until it fires, severity, and what it says.
const RULES: [[&str; 5]; 6] = [
    [
        "TenantOdooDown",
        "up{job=\"odoo\"} == 0",
        "0s",
        "critical",
        "Odoo of {{ $labels.tenant }} is down",
    ],
    [
        "TenantSlow",
        "probe_duration_seconds > 2",
        "0s",
        "warning",
        "{{ $labels.tenant }} answers in {{ $value | humanizeDuration }}",
    ],
    [
        "HighPodRestartRate",
        "increase(kube_pod_container_status_restarts_total[5m]) > 2",
        "0s",
        "warning",
        "{{ $labels.pod }} restarts again and again",
    ],
    [
        "CertExpiringSoon",
        "probe_ssl_earliest_cert_expiry - time() < 14 * 86400",
        "0s",
        "warning",
        "The certificate of {{ $labels.instance }} ends in {{ $value | humanizeDuration }}",
    ],
    // Never fires within a test: it is there to be pending.
    [
        "Pg01DiskFilling",
        "node_filesystem_avail_bytes < 1e15",
        "12h",
        "critical",
        "pg01 is filling up",
    ],
    ["Watchdog", "vector(1)", "0s", "none", "Always fires, to show that alerts get through"],
];

/// How a Prometheus is to differ from the usual one.
#[derive(Debug, Default)]
pub struct PrometheusOptions {
    /// Keep data and log in this folder instead of a temporary one.
    pub folder: Option<PathBuf>,
    /// So many clients have series; the usual `DOWN` and `SLOW` are among them when there are 35.
    pub tenants: usize,
    /// The port of an Alertmanager on loopback that is told of alerts.
    pub alertmanager: Option<u16>,
    /// Begin with series of so many hours before now.
    pub past_hours: u32,
    /// Have this blackbox exporter probe its targets.
    pub probes: Option<ProbeJob>,
}

/// A running Prometheus. Dropping it kills it.
#[derive(Debug)]
pub struct Prometheus {
    process: Option<Process>,
    program: PathBuf,
    port: Port,
    exporter: Scripted,
    /// Nothing listens here: the targets that are down.
    nowhere: Port,
    folder: Folder,
}

impl Prometheus {
    /// Starts one with the series of 40 clients that tells `alertmanager`.
    pub async fn start(alertmanager: &Alertmanager) -> Result<Self, PlatformError> {
        Self::start_with(PrometheusOptions {
            tenants: 40,
            alertmanager: Some(alertmanager.port()),
            ..PrometheusOptions::default()
        })
        .await
    }

    /// Starts one as told.
    pub async fn start_with(mut options: PrometheusOptions) -> Result<Self, PlatformError> {
        let program =
            on_path(PROGRAM).ok_or(PlatformError::Missing { program: PROGRAM, remedy: REMEDY })?;
        let folder = Folder::new(options.folder.take())?;
        let tenants = options.tenants;
        let begun = seconds(now());
        let make = move || {
            let mut text = String::new();
            series::write(&mut text, tenants, begun, seconds(now()), false);
            text
        };
        let exporter = Scripted::start(Answer::Made(Arc::new(make))).await?;
        let nowhere = Port::reserve()?;
        let port = Port::reserve()?;
        let mut prometheus = Self { process: None, program, port, exporter, nowhere, folder };
        prometheus.write_files(&options)?;
        if options.past_hours > 0 {
            prometheus.write_past(&options, begun)?;
        }
        prometheus.start_again().await?;
        Ok(prometheus)
    }

    /// The port it listens on, the same after every start.
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// `http://127.0.0.1:PORT`, before `/api/v1`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// The result of an instant query.
    pub async fn query(&self, query: &str) -> Result<Vec<Value>, PlatformError> {
        let url = format!("{}/api/v1/query", self.url());
        let request = http::client()?.get(&url).query(&[("query", query)]);
        let mut answer = http::send(request).await?;
        match answer["data"]["result"].take() {
            Value::Array(all) => Ok(all),
            _ => Err(PlatformError::Refused { url, answer: answer.to_string() }),
        }
    }

    /// Asks the server to end. The data stays.
    pub async fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.stop().await;
        }
    }

    /// Kills the server. The data stays.
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

    /// Starts on the same port with the same data, and waits until it answers queries.
    pub async fn start_again(&mut self) -> Result<(), PlatformError> {
        self.kill();
        let folder = self.folder.path();
        let arguments = [
            format!("--config.file={}", folder.join("prometheus.yml").display()),
            format!("--storage.tsdb.path={}", folder.join("prometheus").display()),
            format!("--web.listen-address=127.0.0.1:{}", self.port()),
            // An Alertmanager that lost its alerts has them again soon.
            "--rules.alert.resend-delay=5s".into(),
            "--log.level=warn".into(),
        ];
        let log = folder.join("prometheus.log");
        let mut process = Process::spawn(PROGRAM, &self.program, &arguments, &log)?;
        process.wait_until(START_WITHIN, async || self.query("vector(1)").await.is_ok()).await?;
        self.process = Some(process);
        Ok(())
    }

    fn write_files(&self, options: &PrometheusOptions) -> Result<(), PlatformError> {
        let alerting = options.alertmanager.map_or_else(String::new, |port| {
            format!("alerting: {{alertmanagers: [{{static_configs: [{{targets: [\"127.0.0.1:{port}\"]}}]}}]}}")
        });
        let exporter = self.exporter.port();
        let mut lines = vec![
            "global: {scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}".to_owned(),
            "rule_files: [rules.yml]".into(),
            alerting,
            "scrape_configs:".into(),
            format!(
                "  - {{job_name: exporters, honor_labels: true, static_configs: [{{targets: [\"127.0.0.1:{exporter}\"]}}]}}"
            ),
            "  - job_name: odoo".into(),
            // Only whether they are there is of interest.
            "    metric_relabel_configs: [{source_labels: [__name__], regex: '.+', action: drop}]"
                .into(),
            "    static_configs:".into(),
        ];
        lines.extend((0..options.tenants.min(40)).map(|index| {
            let down = DOWN.contains(&index);
            let port = if down { self.nowhere.number() } else { exporter };
            let labels = series::tenant_labels(index);
            format!("      - {{targets: [\"127.0.0.1:{port}\"], labels: {labels}}}")
        }));
        lines.extend(options.probes.as_ref().map(ProbeJob::configuration));
        let text = lines.join("\n") + "\n";
        self.folder.write("prometheus.yml", &text)?;
        self.folder.write("rules.yml", &rules())?;
        Ok(())
    }

    /// Makes the series of the hours before now with the program's own tool.
    fn write_past(&self, options: &PrometheusOptions, begun: f64) -> Result<(), PlatformError> {
        let remedy = "installs it with prometheus";
        let tool =
            on_path("promtool").ok_or(PlatformError::Missing { program: "promtool", remedy })?;
        let hours = f64::from(options.past_hours);
        let mut text = String::new();
        for ago in (0..options.past_hours as usize * 3_600).step_by(PAST_STEP).rev() {
            let at = begun - f64::from(u32::try_from(ago).unwrap_or(0));
            // What grows began when the past did.
            series::write(&mut text, options.tenants, begun - hours * 3_600.0, at, true);
        }
        text += "# EOF\n";
        let past = self.folder.write("past.om", &text)?;
        let output = Command::new(&tool)
            .args(["tsdb", "create-blocks-from", "openmetrics"])
            .arg(&past)
            .arg(self.folder.path().join("prometheus"))
            .stdin(Stdio::null())
            .output()
            .doing(|| format!("run {}", tool.display()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(std::io::Error::other(said)).doing(|| "make past series".into());
        }
        std::fs::remove_file(&past).doing(|| format!("remove {}", past.display()))
    }
}

fn rules() -> String {
    let quoted = |text: &str| Value::from(text).to_string();
    let rules = RULES.map(|[name, expression, after, severity, summary]| {
        format!(
            "      - alert: {name}
        expr: {}
        for: {after}
        labels: {{severity: {severity}}}
        annotations: {{summary: {}, runbook_url: {}}}
",
            quoted(expression),
            quoted(summary),
            quoted(&runbook(name)),
        )
    });
    format!("groups:\n  - name: platform\n    rules:\n{}", rules.concat())
}

#[expect(clippy::disallowed_methods, reason = "the server lives in real time")]
fn now() -> DateTime<Utc> {
    Utc::now()
}

fn seconds(at: DateTime<Utc>) -> f64 {
    at.timestamp_millis() as f64 / 1_000.0
}
