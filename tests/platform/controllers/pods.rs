//! The pods of Jobs: made through the API server, so that quotas and limits hold, and spoken for by the kubelet.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::desk::Desk;
use super::faults::Fault;
use super::key::{Key, text};
use super::quotas;
use crate::platform::cluster::{NODES, number};
use crate::platform::kinds::stamp;
use crate::platform::{PlatformError, Resource, condition};

/// How a pod stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End<'a> {
    Running,
    Succeeded,
    Failed(&'a str),
}

/// A pod that works.
#[derive(Debug)]
pub(super) struct Pod<'a> {
    pub(super) desk: &'a Desk,
    pub(super) namespace: &'a str,
    pub(super) name: String,
    /// The container, which is called after what it does.
    pub(super) container: String,
    /// The Job that it works for.
    pub(super) job: &'a str,
    /// That Job's identity.
    pub(super) uid: &'a str,
    spec: &'a Value,
    began: DateTime<Utc>,
    values: BTreeMap<String, String>,
    pub(super) fault: Option<Fault>,
    /// How many pods of the Job failed before.
    pub(super) failed: usize,
}

impl<'a> Pod<'a> {
    /// The pod that comes after `failed` others of `job`.
    pub(super) fn of(desk: &'a Desk, key: &'a Key, job: &'a Value, failed: usize) -> Self {
        let container = job.pointer("/spec/template/spec/containers/0");
        let container = container.unwrap_or(&Value::Null);
        let variables = container.get("env").and_then(Value::as_array).into_iter().flatten();
        let values = variables
            .map(|one| (text(one, "/name").to_owned(), text(one, "/value").to_owned()))
            .collect();
        let suffix = number(&key.name, failed as u64) & 0xf_ffff;
        Self {
            desk,
            namespace: &key.namespace,
            name: format!("{}-{suffix:05x}", key.name),
            container: text(container, "/name").to_owned(),
            job: &key.name,
            uid: text(job, "/metadata/uid"),
            spec: job.pointer("/spec/template/spec").unwrap_or(&Value::Null),
            began: Desk::now(),
            values,
            fault: desk.faults.of(job),
            failed,
        }
    }

    /// The variable `name` of its container; none when it is not given.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The variable `name`, without which it can't work.
    pub(super) fn need(&self, name: &str) -> Result<&str, String> {
        self.value(name).ok_or_else(|| format!("{name}: parameter not set"))
    }

    /// Prints a line.
    pub(super) fn say(&self, line: &str) {
        if let Some(kubelet) = &self.desk.kubelet {
            kubelet.say((self.namespace, &self.name, &self.container), Desk::now(), line);
        }
    }

    /// Half of the work is done: what is to go wrong goes wrong here.
    pub(super) async fn half_way(&self) -> Result<(), String> {
        self.desk.phase(self.fault).await;
        match self.fault {
            Some(Fault::JobFails) => Err("the work was made to fail half-way".into()),
            Some(Fault::NoSpace) => {
                Err("could not extend file \"base/16422/16510\": No space left on device\nHINT:  \
                                         Check free disk space."
                    .into())
            }
            Some(Fault::PodDies) if self.failed == 0 => Err(KILLED.into()),
            _ => Ok(()),
        }
    }

    /// Makes the pod; it may be there from before.
    pub(super) async fn create(&self, job: &Value) -> Result<(), PlatformError> {
        let mut spec = self.spec.clone();
        spec["nodeName"] = NODES[self.failed % NODES.len()].into();
        let pod = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": self.name,
                "labels": job.pointer("/spec/template/metadata/labels"),
                "ownerReferences": [{
                    "apiVersion": "batch/v1",
                    "kind": "Job",
                    "name": self.job,
                    "uid": self.uid,
                    "controller": true,
                    "blockOwnerDeletion": true,
                }],
            },
            "spec": spec,
        });
        self.desk.make(&Resource::POD.path(self.namespace), &pod).await
    }

    /// Writes how it stands.
    pub(super) async fn tell(&self, end: End<'_>) -> Result<(), PlatformError> {
        let now = Desk::now();
        let ended = |reason: &str, code: u8, says: &str| {
            json!({ "running": null, "terminated": {
                "reason": reason, "exitCode": code, "message": says,
                "startedAt": stamp(self.began), "finishedAt": stamp(now),
            } })
        };
        let (phase, ready, state) = match end {
            End::Running => {
                ("Running", "True", json!({ "running": { "startedAt": stamp(self.began) } }))
            }
            End::Succeeded => ("Succeeded", "False", ended("Completed", 0, "")),
            End::Failed(KILLED) => ("Failed", "False", ended("OOMKilled", 137, KILLED)),
            End::Failed(why) => ("Failed", "False", ended("Error", 1, why)),
        };
        let running = end == End::Running;
        let status = json!({
            "phase": phase,
            "startTime": stamp(self.began),
            "conditions": [
                condition("PodScheduled", "True", "", "", self.began),
                condition("Ready", ready, "", "", now),
            ],
            "containerStatuses": [{
                "name": self.container, "image": "", "imageID": "",
                "ready": running, "started": running, "restartCount": 0, "state": state,
            }],
        });
        let path = format!("{}/{}/status", Resource::POD.path(self.namespace), self.name);
        self.desk.merge(&path, &json!({ "status": status })).await?;
        if running {
            return Ok(());
        }
        if let Some(kubelet) = &self.desk.kubelet {
            kubelet.end((self.namespace, &self.name, &self.container));
        }
        quotas::give_back(self.desk, self.namespace, self.spec).await
    }
}

/// What is said of a pod that was killed.
const KILLED: &str = "Killed process 7, out of memory";

/// The pods of a Job, as the cluster has them.
pub(super) async fn of_job(desk: &Desk, key: &Key) -> Result<Vec<Value>, PlatformError> {
    let label = format!("batch.kubernetes.io/job-name={}", key.name);
    desk.list(&Resource::POD.path(&key.namespace), &label).await
}

/// Takes the pods of a Job away, with what they said.
pub(super) async fn remove(desk: &Desk, key: &Key) -> Result<(), PlatformError> {
    for pod in of_job(desk, key).await? {
        let name = text(&pod, "/metadata/name");
        desk.delete(&format!("{}/{name}", Resource::POD.path(&key.namespace))).await?;
        if !matches!(text(&pod, "/status/phase"), "Succeeded" | "Failed") {
            let spec = pod.get("spec").unwrap_or(&Value::Null);
            quotas::give_back(desk, &key.namespace, spec).await?;
        }
        if let Some(kubelet) = &desk.kubelet {
            kubelet.forget((&key.namespace, name, text(&pod, "/spec/containers/0/name")));
        }
    }
    Ok(())
}
