//! A real Alertmanager, without peers: it groups, inhibits warnings of a tenant that has something critical, and tells
//! nobody.
//!
//! Alerts are lost with a stop, as in production, and come again from whoever sends them. Silences outlive an orderly stop.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::folder::Folder;
use super::kinds::{client_name, client_tier, client_version};
use super::ports::Port;
use super::process::{Process, on_path};
use super::{PlatformError, http};

const PROGRAM: &str = "prometheus-alertmanager";
const REMEDY: &str = "installs it";
const START_WITHIN: Duration = Duration::from_mins(2);
/// An alert that is posted once fires so long.
const FIRES: chrono::Duration = chrono::Duration::days(30);
const CONFIGURATION: &str = "route:
  receiver: matrix-alerts
  group_by: [alertname, tenant]
  group_wait: 1s
  group_interval: 5s
  repeat_interval: 4h
  routes:
    - receiver: pagerduty-enterprise
      matchers: ['severity=\"critical\"', 'tier=\"enterprise\"']
      continue: true
    - receiver: matrix-alerts
receivers:
  - name: matrix-alerts
  - name: pagerduty-enterprise
inhibit_rules:
  - source_matchers: ['severity=\"critical\"', 'tenant=~\".+\"']
    target_matchers: ['severity=\"warning\"']
    equal: [tenant]
";

/// How an Alertmanager is to differ from the usual one.
#[derive(Debug, Default)]
pub struct AlertmanagerOptions {
    /// Keep data and log in this folder instead of a temporary one.
    pub folder: Option<PathBuf>,
}

/// A running Alertmanager. Dropping it kills it.
#[derive(Debug)]
pub struct Alertmanager {
    process: Option<Process>,
    program: PathBuf,
    port: Port,
    folder: Folder,
}

impl Alertmanager {
    /// Starts one without alerts.
    pub async fn start() -> Result<Self, PlatformError> {
        Self::start_with(AlertmanagerOptions::default()).await
    }

    /// Starts one as told.
    pub async fn start_with(options: AlertmanagerOptions) -> Result<Self, PlatformError> {
        let program = on_path(PROGRAM)
            .or_else(|| on_path("alertmanager"))
            .ok_or(PlatformError::Missing { program: PROGRAM, remedy: REMEDY })?;
        let folder = Folder::new(options.folder)?;
        folder.write("alertmanager.yml", CONFIGURATION)?;
        let mut alertmanager = Self { process: None, program, port: Port::reserve()?, folder };
        alertmanager.start_again().await?;
        Ok(alertmanager)
    }

    /// The port it listens on, the same after every start.
    pub fn port(&self) -> u16 {
        self.port.number()
    }

    /// `http://127.0.0.1:PORT`, before `/api/v2`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port())
    }

    /// Posts alerts, as many as there are in one request; `alert` and `storm` make them.
    pub async fn post(&self, alerts: &[Value]) -> Result<(), PlatformError> {
        let url = format!("{}/api/v2/alerts", self.url());
        http::send(http::client()?.post(url).json(alerts)).await.map(drop)
    }

    /// Ends alerts that were posted, as of `now`.
    pub async fn resolve(&self, alerts: &[Value], now: DateTime<Utc>) -> Result<(), PlatformError> {
        let mut ended = alerts.to_vec();
        for alert in &mut ended {
            alert["endsAt"] = stamp(now).into();
        }
        self.post(&ended).await
    }

    /// The alerts as the server tells them, silenced and inhibited ones too.
    pub async fn alerts(&self) -> Result<Vec<Value>, PlatformError> {
        self.get("alerts").await
    }

    /// The silences, ended ones too.
    pub async fn silences(&self) -> Result<Vec<Value>, PlatformError> {
        self.get("silences").await
    }

    /// Silences what has all of these labels until then, and gives the silence's id.
    pub async fn silence(
        &self,
        labels: &[(&str, &str)],
        author: &str,
        comment: &str,
        [from, until]: [DateTime<Utc>; 2],
    ) -> Result<String, PlatformError> {
        let matchers: Vec<Value> = labels
            .iter()
            .map(|(name, value)| {
                json!({ "name": name, "value": value, "isRegex": false, "isEqual": true })
            })
            .collect();
        let silence = json!({
            "matchers": matchers,
            "startsAt": stamp(from),
            "endsAt": stamp(until),
            "createdBy": author,
            "comment": comment,
        });
        let url = format!("{}/api/v2/silences", self.url());
        let answer = http::send(http::client()?.post(url).json(&silence)).await?;
        Ok(answer["silenceID"].as_str().unwrap_or_default().to_owned())
    }

    /// Ends a silence now.
    pub async fn expire(&self, id: &str) -> Result<(), PlatformError> {
        let url = format!("{}/api/v2/silence/{id}", self.url());
        http::send(http::client()?.delete(url)).await.map(drop)
    }

    /// Asks the server to end. The alerts are gone.
    pub async fn stop(&mut self) {
        if let Some(process) = self.process.take() {
            process.stop().await;
        }
    }

    /// Kills the server. The alerts are gone, and the silences of the last minutes.
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

    /// Starts on the same port, and waits until it is ready.
    pub async fn start_again(&mut self) -> Result<(), PlatformError> {
        self.kill();
        let folder = self.folder.path();
        let arguments = [
            format!("--config.file={}", folder.join("alertmanager.yml").display()),
            format!("--storage.path={}", folder.join("alertmanager").display()),
            format!("--web.listen-address=127.0.0.1:{}", self.port()),
            // Without it there is a second port, on all addresses.
            "--cluster.listen-address=".into(),
            "--log.level=warn".into(),
        ];
        let log = folder.join("alertmanager.log");
        let mut process = Process::spawn(PROGRAM, &self.program, &arguments, &log)?;
        let ready = async || self.silences().await.is_ok();
        process.wait_until(START_WITHIN, ready).await?;
        self.process = Some(process);
        Ok(())
    }

    async fn get(&self, what: &str) -> Result<Vec<Value>, PlatformError> {
        let url = format!("{}/api/v2/{what}", self.url());
        match http::send(http::client()?.get(url)).await? {
            Value::Array(all) => Ok(all),
            other => Err(PlatformError::Refused { url: self.url(), answer: other.to_string() }),
        }
    }
}

/// An alert of the client with this index that began at `since`.
pub fn alert(name: &str, severity: &str, index: usize, since: DateTime<Utc>) -> Value {
    let tenant = client_name(index);
    json!({
        "labels": {
            "alertname": name,
            "severity": severity,
            "tenant": tenant,
            "tier": client_tier(index),
            "namespace": format!("plana-odoo-{}", client_version(index)),
            "instance": format!("{tenant}.planapulse.app:443"),
        },
        "annotations": {
            "summary": format!("{name}: {tenant}.planapulse.app"),
            "description": format!("{name} at {tenant}, told by the harness."),
            "runbook_url": runbook(name),
        },
        "startsAt": stamp(since),
        "endsAt": stamp(since + FIRES),
        "generatorURL": "http://prometheus.monitoring.svc:9090/graph",
    })
}

/// So many alerts of as many clients within ten minutes before `now`, most of them from one cause.
pub fn storm(count: usize, now: DateTime<Utc>) -> Vec<Value> {
    let one = |index: usize| {
        let (name, severity) = match index % 20 {
            0 => ("HighPodRestartRate", "warning"),
            1 => ("BackupLate", "warning"),
            _ => ("TenantOdooDown", "critical"),
        };
        let seconds = i64::try_from(index % 600).unwrap_or(0);
        alert(name, severity, index, now - chrono::Duration::seconds(seconds))
    };
    (0..count).map(one).collect()
}

/// Where the platform's own documentation speaks of an alert.
pub fn runbook(name: &str) -> String {
    let anchor = name.to_lowercase();
    format!("https://docs.planapulse.com/platform/operations/alert-response#{anchor}")
}

fn stamp(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}
