//! What goes on in the cluster of the development platform: lines in logs, keys in Valkey, and with churn pods that are killed
//! and routes that break. Certificates, volumes and nodes stay as they are; Jobs are the controllers'.

use chrono::{DateTime, Utc};

use crate::fleet::now;
use crate::platform::{ApiServer, Kubelet, PlatformError, RunJob, Valkey, WORKLOADS, Workload};
use crate::voices;

/// Seconds of one round of trouble: a pod is killed, it comes back, a route breaks, it mends.
const ROUND: u64 = 32;

/// The moving part of the cluster.
pub(crate) struct Life<'a> {
    kubelet: &'a Kubelet,
    tenants: usize,
    churn: bool,
    running: Vec<RunJob>,
}

impl<'a> Life<'a> {
    /// A life in which `running` goes on.
    pub(crate) fn new(
        kubelet: &'a Kubelet,
        running: Vec<RunJob>,
        tenants: usize,
        churn: bool,
    ) -> Self {
        Self { kubelet, tenants, churn, running }
    }

    /// Whether things are to break.
    pub(crate) fn churn(&self) -> bool {
        self.churn
    }

    /// How many tenants there are.
    pub(crate) fn tenants(&self) -> usize {
        self.tenants
    }

    /// One tick.
    pub(crate) async fn tick(&self, valkey: &Valkey, tick: u64) -> Result<(), PlatformError> {
        valkey.churn(self.tenants, tick, now()).await
    }

    /// One second.
    pub(crate) async fn second(&self, server: &ApiServer, second: u64) {
        voices::speak(self.kubelet, second, now());
        for job in &self.running {
            voices::go_on(self.kubelet, job, second, now());
        }
        if self.churn {
            // Someone may have deleted what was to be changed.
            let _ = self.trouble(server, second).await;
        }
    }

    async fn trouble(&self, server: &ApiServer, second: u64) -> Result<(), PlatformError> {
        let round = usize::try_from(second / ROUND).unwrap_or(0);
        let at = now();
        match (second % ROUND, victim(round)) {
            (4, Some((workload, index))) => kill(server, self.kubelet, workload, index, at).await,
            (14, Some((workload, index))) => {
                server.mend_pod(workload, index, at).await?;
                server.set_ready(workload, workload.desired, at).await
            }
            (18, _) if self.tenants > 0 => {
                server.set_route_resolved(round % self.tenants, false, at).await
            }
            (28, _) if self.tenants > 0 => {
                server.set_route_resolved(round % self.tenants, true, at).await
            }
            _ => Ok(()),
        }
    }
}

/// Whose turn it is: a replica of a service that does well.
fn victim(round: usize) -> Option<(&'static Workload, usize)> {
    let well: Vec<&Workload> = WORKLOADS
        .iter()
        .filter(|workload| workload.desired > 1 && workload.ready == workload.desired)
        .collect();
    let workload = *well.get(round % well.len().max(1))?;
    Some((workload, round % workload.desired))
}

async fn kill(
    server: &ApiServer,
    kubelet: &Kubelet,
    workload: &Workload,
    index: usize,
    at: DateTime<Utc>,
) -> Result<(), PlatformError> {
    server.restart_pod(workload, index, at).await?;
    if let Some(pod) = crate::platform::pod_names(workload).get(index) {
        kubelet.restart((workload.namespace, pod, workload.name));
        kubelet.say((workload.namespace, pod, workload.name), at, "starting again");
    }
    server.set_ready(workload, workload.desired - 1, at).await
}
