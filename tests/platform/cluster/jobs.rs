//! The backup `CronJob` of each tenant, and the Jobs that some of them made last night.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use super::resource::identity;
use super::workloads::owner;
use super::{Cluster, Resource, condition};
use crate::platform::kinds::{client_name, stamp};

/// Where the side effects of tenants run.
pub const SIDE_EFFECTS: &str = "crossplane-system";
/// So many tenants have the Job of the last backup still there.
const WITH_JOBS: usize = 12;
/// Of so many tenants one has a backup that fails.
const LATE_EVERY: usize = 17;
const LATE_AT: usize = 5;
/// When the last backups began, in minutes before now.
const LAST: i64 = 430;
const DAY: i64 = 24 * 60;

/// The name of a tenant's backup `CronJob`.
pub fn backup_name(slug: &str) -> String {
    format!("{slug}-backup")
}

impl Cluster {
    pub(super) fn backups(&self) -> Vec<Value> {
        let mut objects: Vec<Value> = (0..self.tenants).map(|index| self.cron_job(index)).collect();
        objects.extend((0..self.tenants.min(WITH_JOBS)).map(|index| self.backup_job(index)));
        objects
    }

    fn cron_job(&self, index: usize) -> Value {
        let late = index % LATE_EVERY == LATE_AT;
        let drift = i64::try_from(index % 7).unwrap_or(0);
        let done = if late { LAST + 2 * DAY } else { LAST };
        let mut object = tenant_cron_job(&client_name(index));
        object["status"] = json!({
            "lastScheduleTime": self.ago(LAST),
            "lastSuccessfulTime": self.ago(done - 6 - drift),
        });
        object
    }

    fn backup_job(&self, index: usize) -> Value {
        let slug = client_name(index);
        let failed = index % LATE_EVERY == LATE_AT;
        let minutes = (self.now - Duration::minutes(LAST)).timestamp() / 60;
        let cron_job = backup_name(&slug);
        let mut spec = json!({ "backoffLimit": 2 });
        spec["template"]["spec"] = backup_pod(&slug);
        let job = JobParts {
            namespace: SIDE_EFFECTS,
            name: format!("{cron_job}-{minutes}"),
            labels: json!({ "crossplane.io/composite": slug }),
            owners: json!([owner(&Resource::CRON_JOB, SIDE_EFFECTS, &cron_job)]),
            spec,
        };
        let began = self.now - Duration::minutes(LAST);
        let status = if failed {
            failed_status(began, began + Duration::minutes(14))
        } else {
            succeeded_status(began, began + Duration::minutes(6))
        };
        job.object(&status, &self.ago(LAST))
    }
}

/// The backup `CronJob` of a tenant, which has not run yet.
pub(super) fn tenant_cron_job(slug: &str) -> Value {
    let rest = json!({
        "metadata": { "labels": { "crossplane.io/composite": slug } },
        "spec": {
            "schedule": "0 2 * * *",
            "timeZone": "Europe/Sofia",
            "concurrencyPolicy": "Forbid",
            "suspend": false,
            "successfulJobsHistoryLimit": 1,
            "failedJobsHistoryLimit": 1,
            "jobTemplate": { "spec": {
                "backoffLimit": 2,
                "template": { "spec": backup_pod(slug) },
            } },
        },
    });
    Resource::CRON_JOB.object(SIDE_EFFECTS, &backup_name(slug), rest)
}

/// The status of a Job that runs.
pub fn running_status(began: DateTime<Utc>) -> Value {
    json!({
        "startTime": stamp(began),
        "active": 1,
        "ready": 1,
        "terminating": 0,
        "uncountedTerminatedPods": {},
    })
}

/// The status of a Job that gave up.
pub fn failed_status(began: DateTime<Utc>, ended: DateTime<Utc>) -> Value {
    let message = "Job has reached the specified backoff limit";
    let conditions = ["FailureTarget", "Failed"]
        .map(|kind| job_condition(kind, "BackoffLimitExceeded", message, ended));
    json!({
        "startTime": stamp(began),
        "failed": 3,
        "ready": 0,
        "terminating": 0,
        "uncountedTerminatedPods": {},
        "conditions": conditions,
    })
}

/// The status of a Job that is done.
pub fn succeeded_status(began: DateTime<Utc>, ended: DateTime<Utc>) -> Value {
    let message = "Reached expected number of succeeded pods";
    let conditions = ["SuccessCriteriaMet", "Complete"]
        .map(|kind| job_condition(kind, "CompletionsReached", message, ended));
    json!({
        "startTime": stamp(began),
        "completionTime": stamp(ended),
        "succeeded": 1,
        "ready": 0,
        "terminating": 0,
        "uncountedTerminatedPods": {},
        "conditions": conditions,
    })
}

fn job_condition(kind: &str, reason: &str, message: &str, at: DateTime<Utc>) -> Value {
    let mut condition = condition(kind, "True", reason, message, at);
    condition["lastProbeTime"] = condition["lastTransitionTime"].clone();
    condition
}

/// What a Job is put together from.
pub(super) struct JobParts<'a> {
    pub namespace: &'a str,
    pub name: String,
    pub labels: Value,
    pub owners: Value,
    /// With the pod's spec at `template.spec`.
    pub spec: Value,
}

impl JobParts<'_> {
    /// The labels that the Job's pods carry.
    pub fn pod_labels(&self) -> Value {
        let mut labels = self.labels.clone();
        for prefix in ["batch.kubernetes.io/", ""] {
            labels[format!("{prefix}controller-uid")] =
                identity(&Resource::JOB.key(self.namespace, &self.name)).into();
            labels[format!("{prefix}job-name")] = self.name.clone().into();
        }
        labels
    }

    pub fn object(self, status: &Value, created: &str) -> Value {
        let labels = self.pod_labels();
        let mut spec = self.spec;
        spec["parallelism"] = 1.into();
        spec["completions"] = 1.into();
        spec["completionMode"] = "NonIndexed".into();
        spec["suspend"] = false.into();
        let uid = labels["batch.kubernetes.io/controller-uid"].clone();
        spec["selector"] = json!({ "matchLabels": { "batch.kubernetes.io/controller-uid": uid } });
        spec["template"]["metadata"] = json!({ "labels": labels });
        let rest = json!({
            "metadata": {
                "labels": labels,
                "ownerReferences": self.owners,
                "creationTimestamp": created,
            },
            "spec": spec,
            "status": status,
        });
        Resource::JOB.object(self.namespace, &self.name, rest)
    }
}

/// What backs a tenant up; who wants the dump elsewhere sets `BACKUP_KEY` too.
pub fn backup_pod(slug: &str) -> Value {
    json!({
        "restartPolicy": "Never",
        "dnsPolicy": "ClusterFirst",
        "schedulerName": "default-scheduler",
        "securityContext": {},
        "terminationGracePeriodSeconds": 30,
        "containers": [{
            "name": "backup",
            "image": "git.planapulse.com/plana-pulse/pulse-backup:61d0f2c8",
            "imagePullPolicy": "IfNotPresent",
            "env": [
                { "name": "TENANT", "value": slug },
                { "name": "DATABASE", "value": format!("{slug}.planapulse.app") },
            ],
            "resources": {},
            "terminationMessagePath": "/dev/termination-log",
            "terminationMessagePolicy": "File",
        }],
    })
}
