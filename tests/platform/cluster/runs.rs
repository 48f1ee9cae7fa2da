//! The Job and the pods of a run: an upgrade, a restore or the build of a template.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::jobs::{JobParts, SIDE_EFFECTS, failed_status, running_status, succeeded_status};
use super::nodes::{NODES, node_address};
use super::resource::number;
use super::workloads::owner;
use super::{Resource, condition};
use crate::platform::kinds::{GROUP, Kind, VERSION, stamp, version_namespace};
use crate::platform::{ApiServer, PlatformError};

/// How far the Job of a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RunState {
    /// Its pod runs.
    Running,
    /// It gave up after three pods.
    Failed,
    /// It is done.
    Succeeded,
}

/// How a run and its Job are tied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    /// The Job carries the label `tenantupgrade=NAME`.
    Label,
    /// The run owns the Job (`ownerReferences`).
    Owner,
    /// The run names the Job among its composed resources, and nothing else ties them.
    Reference,
}

/// The Job of one run.
#[derive(Debug, Clone)]
pub struct RunJob {
    /// Which kind of run.
    pub kind: Kind,
    /// The name of the run.
    pub run: String,
    /// The major whose namespace the Job runs in; none for what runs beside Crossplane.
    pub version: Option<String>,
    /// How far it is.
    pub state: RunState,
    /// How it is tied to the run.
    pub link: Link,
    /// When it began, and when it ended if it has.
    pub span: [DateTime<Utc>; 2],
}

impl RunJob {
    /// The Job of an upgrade.
    pub fn upgrade(run: &str, version: &str, state: RunState, span: [DateTime<Utc>; 2]) -> Self {
        let version = Some(version.to_owned());
        Self { kind: Kind::Upgrade, run: run.into(), version, state, link: Link::Label, span }
    }

    /// The Job of a restore, owned by it.
    pub fn restore(run: &str, state: RunState, span: [DateTime<Utc>; 2]) -> Self {
        let link = Link::Owner;
        Self { kind: Kind::Restore, run: run.into(), version: None, state, link, span }
    }

    /// The Job of a template's build, named by it.
    pub fn template(run: &str, state: RunState, span: [DateTime<Utc>; 2]) -> Self {
        let link = Link::Reference;
        Self { kind: Kind::Template, run: run.into(), version: None, state, link, span }
    }

    /// Where the Job is.
    pub fn namespace(&self) -> &'static str {
        self.version.as_deref().map_or(SIDE_EFFECTS, version_namespace)
    }

    /// The Job's name.
    pub fn name(&self) -> String {
        format!("{}-{}", self.run, self.container())
    }

    /// The name of the container whose log tells of the run.
    pub fn container(&self) -> &'static str {
        match self.kind {
            Kind::Restore => "restore",
            Kind::Template => "build",
            _ => "upgrade",
        }
    }

    /// Its pods, oldest first: a Job that gave up has tried three times.
    pub fn pods(&self) -> Vec<String> {
        let tries = if self.state == RunState::Failed { 3 } else { 1 };
        let name = self.name();
        (0..tries).map(|try_| format!("{name}-{:05x}", number(&name, try_) & 0xf_ffff)).collect()
    }

    /// The Job and its pods.
    fn objects(&self, owners: Value) -> Vec<Value> {
        let [began, ended] = self.span;
        let labels = match self.link {
            Link::Label => json!({ "tenantupgrade": self.run }),
            Link::Owner | Link::Reference => json!({}),
        };
        let spec = json!({ "backoffLimit": 2, "template": { "spec": self.pod_spec() } });
        let parts =
            JobParts { namespace: self.namespace(), name: self.name(), labels, owners, spec };
        let pod_labels = parts.pod_labels();
        let status = match self.state {
            RunState::Running => running_status(began),
            RunState::Failed => failed_status(began, ended),
            RunState::Succeeded => succeeded_status(began, ended),
        };
        let mut objects = vec![parts.object(&status, &stamp(began))];
        for (index, pod) in self.pods().iter().enumerate() {
            objects.push(self.pod(index, pod, &pod_labels));
        }
        objects
    }

    fn pod_spec(&self) -> Value {
        json!({
            "restartPolicy": "Never",
            "dnsPolicy": "ClusterFirst",
            "schedulerName": "default-scheduler",
            "securityContext": {},
            "terminationGracePeriodSeconds": 30,
            "containers": [{
                "name": self.container(),
                "image": "git.planapulse.com/plana-pulse/odoo-modules/base-18:9f3ab21c",
                "imagePullPolicy": "IfNotPresent",
                "resources": { "limits": { "cpu": "2", "memory": "4Gi" } },
                "terminationMessagePath": "/dev/termination-log",
                "terminationMessagePolicy": "File",
            }],
        })
    }

    fn pod(&self, index: usize, name: &str, labels: &Value) -> Value {
        let mut spec = self.pod_spec();
        spec["nodeName"] = NODES[index % NODES.len()].into();
        let [began, ended] = self.span;
        let terminated = |reason: &str, code: i32| {
            json!({ "terminated": {
                "reason": reason,
                "exitCode": code,
                "startedAt": stamp(began),
                "finishedAt": stamp(ended),
            } })
        };
        let (phase, state) = match self.state {
            RunState::Running => ("Running", json!({ "running": { "startedAt": stamp(began) } })),
            RunState::Failed => ("Failed", terminated("Error", 1)),
            RunState::Succeeded => ("Succeeded", terminated("Completed", 0)),
        };
        let running = self.state == RunState::Running;
        let (truth, reason) = match self.state {
            RunState::Running => ("True", ""),
            RunState::Failed => ("False", "PodFailed"),
            RunState::Succeeded => ("False", "PodCompleted"),
        };
        let image = "git.planapulse.com/plana-pulse/odoo-modules/base-18:9f3ab21c";
        let rest = json!({
            "metadata": {
                "labels": labels,
                "creationTimestamp": stamp(began),
                "ownerReferences": [owner(&Resource::JOB, self.namespace(), &self.name())],
            },
            "spec": spec,
            "status": {
                "phase": phase,
                "hostIP": node_address(index % NODES.len()),
                "startTime": stamp(began),
                "qosClass": "Burstable",
                "conditions": [
                    condition("PodScheduled", "True", "", "", began),
                    condition("Ready", truth, reason, "", began),
                ],
                "containerStatuses": [{
                    "name": self.container(),
                    "image": image,
                    "imageID": image,
                    "ready": running,
                    "started": running,
                    "restartCount": 0,
                    "state": state,
                }],
            },
        });
        Resource::POD.object(self.namespace(), name, rest)
    }
}

impl ApiServer {
    /// Puts the Job of a run and its pods there, or moves them to another state; the run must be there.
    pub async fn run_job(&self, job: &RunJob) -> Result<(), PlatformError> {
        let owners = match job.link {
            Link::Label => json!([]),
            Link::Owner => json!([{
                "apiVersion": format!("{GROUP}/{VERSION}"),
                "kind": job.kind.name(),
                "name": job.run,
                "uid": self.uid(job.kind, &job.run).await?,
                "controller": true,
                "blockOwnerDeletion": true,
            }]),
            Link::Reference => {
                let reference = json!({
                    "apiVersion": "batch/v1",
                    "kind": "Job",
                    "namespace": job.namespace(),
                    "name": job.name(),
                });
                let references = json!({ "crossplane": { "resourceRefs": [reference] } });
                self.merge_spec(job.kind, &job.run, &references).await?;
                json!([])
            }
        };
        self.store(job.objects(owners), job.span[0]).await
    }

    /// Takes the Job of a run and its pods away, as happens some time after it ended.
    pub async fn remove_job(&self, job: &RunJob) -> Result<(), PlatformError> {
        self.remove(Resource::JOB, job.namespace(), &job.name()).await?;
        for pod in job.pods() {
            self.remove(Resource::POD, job.namespace(), &pod).await?;
        }
        Ok(())
    }

    async fn uid(&self, kind: Kind, name: &str) -> Result<String, PlatformError> {
        let api =
            kube::Api::<kube::api::DynamicObject>::all_with(self.client().await?, &kind.resource());
        Ok(api.get(name).await?.metadata.uid.unwrap_or_default())
    }
}
