//! Pods as a scheduler and a kubelet would have left them, and what was said about them in events.

use chrono::Duration;
use serde_json::{Value, json};

use super::nodes::{NODES, node_address};
use super::resource::{merge, number};
use super::workloads::owner;
use super::{Cluster, Resource, WORKLOADS, Workload, condition};

/// What befell a pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Incident {
    /// Nothing.
    None,
    /// It was killed for its memory a while ago, and runs again.
    Recovered,
    /// It was killed for its memory a moment ago, and is not ready yet.
    OutOfMemory,
    /// It ends whenever it starts.
    CrashLoop,
    /// Its image is not there.
    NoImage,
}

impl Incident {
    /// What befalls replica `index` of a workload in a fresh cluster.
    pub fn of(workload: &Workload, index: usize) -> Self {
        match (workload.namespace, workload.name, index) {
            ("plana-odoo-18", "worker-odoo", 0) => Self::Recovered,
            ("plana-odoo-18", "worker-odoo", 4) => Self::CrashLoop,
            ("plana-odoo-18", "worker-odoo", 5) => Self::OutOfMemory,
            ("pulse-banking", ..) => Self::NoImage,
            _ => Self::None,
        }
    }

    /// Whether the pod answers.
    pub fn ready(self) -> bool {
        matches!(self, Self::None | Self::Recovered)
    }

    /// How often its container was started again.
    pub fn restarts(self) -> u32 {
        match self {
            Self::None | Self::NoImage => 0,
            Self::Recovered => 3,
            Self::OutOfMemory => 7,
            Self::CrashLoop => 14,
        }
    }
}

/// The names of the pods of a workload, one for each wanted replica.
pub fn pod_names(workload: &Workload) -> Vec<String> {
    (0..workload.desired).map(|index| pod_name(workload, index)).collect()
}

pub(super) fn pod_name(workload: &Workload, index: usize) -> String {
    const LETTERS: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let set = workload.replica_set();
    let mut rest = number(&format!("{}/{set}/{index}", workload.namespace), 3);
    // Ten thousand pods of one set need names that cannot meet.
    let mut suffix = String::new();
    for _ in 0..5 {
        let place = usize::try_from(rest % LETTERS.len() as u64).unwrap_or(0);
        suffix.push(LETTERS.get(place).copied().map_or('b', char::from));
        rest /= LETTERS.len() as u64;
    }
    if index < workload.desired { format!("{set}-{suffix}") } else { format!("{set}-{index:05}") }
}

impl Cluster {
    pub(super) fn pods(&self) -> Vec<Value> {
        let mut objects = Vec::new();
        let mut made = 0;
        for workload in &WORKLOADS {
            for index in 0..workload.desired {
                let incident = Incident::of(workload, index);
                objects.push(self.pod(workload, index, incident));
                objects.extend(self.events(workload, index, incident));
                made += 1;
            }
        }
        if let Some(workload) = WORKLOADS.iter().max_by_key(|workload| workload.desired) {
            let more = workload.desired..workload.desired + self.pods.saturating_sub(made);
            objects.extend(more.map(|index| self.pod(workload, index, Incident::None)));
        }
        objects
    }

    /// A pod of a Deployment.
    fn pod(&self, workload: &Workload, index: usize, incident: Incident) -> Value {
        let name = pod_name(workload, index);
        let mut spec = workload.pod_spec();
        spec["nodeName"] = NODES[index % NODES.len()].into();
        let rest = json!({
            "metadata": {
                "generateName": format!("{}-", workload.replica_set()),
                "creationTimestamp": self.ago(2_880),
                "labels": { "app": workload.name, "pod-template-hash": workload.hash() },
                "ownerReferences": [
                    owner(&Resource::REPLICA_SET, workload.namespace, &workload.replica_set()),
                ],
            },
            "spec": spec,
            "status": self.pod_status(workload, index, incident),
        });
        Resource::POD.object(workload.namespace, &name, rest)
    }

    pub(super) fn pod_status(
        &self,
        workload: &Workload,
        index: usize,
        incident: Incident,
    ) -> Value {
        let at = self.now - Duration::minutes(if incident.ready() { 2_879 } else { 23 });
        let truth = if incident.ready() { "True" } else { "False" };
        let (reason, message) = if incident.ready() {
            ("", String::new())
        } else {
            let message = format!("containers with unready status: [{}]", workload.name);
            ("ContainersNotReady", message)
        };
        let started = self.now - Duration::minutes(2_880);
        let number = number(workload.name, index as u64);
        let address = format!("192.168.{}.{}", number % 250, (number >> 8) % 250);
        let mut container = json!({
            "name": workload.name,
            "image": workload.image(),
            "imageID": format!("{}@sha256:{number:064x}", workload.image()),
            "ready": incident.ready(),
            "started": incident.ready(),
            "restartCount": incident.restarts(),
        });
        merge(&mut container, self.container_state(workload, incident));
        json!({
            "phase": if incident == Incident::NoImage { "Pending" } else { "Running" },
            "hostIP": node_address(index % NODES.len()),
            "podIP": address,
            "podIPs": [{ "ip": address }],
            "startTime": self.ago(2_880),
            "qosClass": "Burstable",
            "conditions": [
                condition("PodScheduled", "True", "", "", started),
                condition("Initialized", "True", "", "", started),
                condition("ContainersReady", truth, reason, &message, at),
                condition("Ready", truth, reason, &message, at),
            ],
            "containerStatuses": [container],
        })
    }

    fn container_state(&self, workload: &Workload, incident: Incident) -> Value {
        let running = |minutes: i64| json!({ "running": { "startedAt": self.ago(minutes) } });
        let ended = |reason: &str, code: i32, minutes: i64| {
            json!({ "terminated": {
                "reason": reason,
                "exitCode": code,
                "startedAt": self.ago(minutes + 11),
                "finishedAt": self.ago(minutes),
            } })
        };
        let waiting = |reason: &str, message: String| json!({ "waiting": { "reason": reason, "message": message } });
        match incident {
            Incident::None => json!({ "state": running(2_879) }),
            Incident::Recovered => {
                json!({ "state": running(190), "lastState": ended("OOMKilled", 137, 191) })
            }
            Incident::OutOfMemory => {
                json!({ "state": running(1), "lastState": ended("OOMKilled", 137, 2) })
            }
            Incident::CrashLoop => {
                let message = format!(
                    "back-off 5m0s restarting failed container={} pod={}",
                    workload.name, workload.namespace
                );
                json!({ "state": waiting("CrashLoopBackOff", message), "lastState": ended("Error", 1, 3) })
            }
            Incident::NoImage => {
                let message = format!("Back-off pulling image \"{}\"", workload.image());
                json!({ "state": waiting("ImagePullBackOff", message) })
            }
        }
    }

    /// What was said about a pod: nothing of one that does well.
    pub(super) fn events(
        &self,
        workload: &Workload,
        index: usize,
        incident: Incident,
    ) -> Vec<Value> {
        let image = workload.image();
        let name = workload.name;
        let said: Vec<(&str, &str, String, i32, i64)> = match incident {
            Incident::None | Incident::Recovered => Vec::new(),
            Incident::OutOfMemory => vec![
                ("Normal", "Started", format!("Started container {name}"), 8, 1),
                (
                    "Warning",
                    "Unhealthy",
                    "Readiness probe failed: HTTP probe failed with statuscode: 503".into(),
                    19,
                    1,
                ),
            ],
            Incident::CrashLoop => vec![
                (
                    "Normal",
                    "Pulled",
                    format!("Container image \"{image}\" already present on machine"),
                    15,
                    3,
                ),
                (
                    "Warning",
                    "BackOff",
                    format!("Back-off restarting failed container {name} in pod"),
                    61,
                    1,
                ),
            ],
            Incident::NoImage => vec![
                ("Warning", "Failed", format!("Failed to pull image \"{image}\": not found"), 5, 9),
                ("Warning", "BackOff", format!("Back-off pulling image \"{image}\""), 88, 1),
            ],
        };
        let pod = pod_name(workload, index);
        said.into_iter()
            .map(|(kind, reason, message, count, minutes)| {
                self.event(workload.namespace, &pod, kind, (reason, &message), (count, minutes))
            })
            .collect()
    }

    fn event(
        &self,
        namespace: &str,
        pod: &str,
        kind: &str,
        (reason, message): (&str, &str),
        (count, minutes): (i32, i64),
    ) -> Value {
        let name = format!("{pod}.{:016x}", number(pod, reason.len() as u64));
        let rest = json!({
            "metadata": { "creationTimestamp": self.ago(minutes + i64::from(count)) },
            "involvedObject": {
                "apiVersion": "v1",
                "kind": "Pod",
                "namespace": namespace,
                "name": pod,
                "uid": super::resource::identity(&Resource::POD.key(namespace, pod)),
            },
            "type": kind,
            "reason": reason,
            "message": message,
            "count": count,
            "firstTimestamp": self.ago(minutes + i64::from(count)),
            "lastTimestamp": self.ago(minutes),
            "source": { "component": "kubelet" },
            "reportingComponent": "kubelet",
            "reportingInstance": "",
        });
        Resource::EVENT.object(namespace, &name, rest)
    }
}
