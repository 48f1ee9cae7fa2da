//! What happens to a cluster while one looks: a pod is killed and comes back, a route breaks and mends.

use chrono::{DateTime, Utc};
use kube::Api;
use kube::api::DynamicObject;
use serde_json::{Value, json};

use super::pods::pod_name;
use super::{Cluster, Incident, Resource, Workload, route_name};
use crate::platform::kinds::{client_name, client_version, stamp, version_namespace};
use crate::platform::{ApiServer, PlatformError};

const COUNT: &str = "/status/containerStatuses/0/restartCount";

impl ApiServer {
    /// The container of a pod is killed for its memory and starts again; it is not ready yet.
    pub async fn restart_pod(
        &self,
        workload: &Workload,
        index: usize,
        at: DateTime<Utc>,
    ) -> Result<(), PlatformError> {
        let count = self.restarts(workload, index).await? + 1;
        let said = Cluster::new(0, at).events(workload, index, Incident::OutOfMemory);
        self.store(said, at).await?;
        self.set_pod(workload, index, Incident::OutOfMemory, count, at).await
    }

    /// The pod answers again.
    pub async fn mend_pod(
        &self,
        workload: &Workload,
        index: usize,
        at: DateTime<Utc>,
    ) -> Result<(), PlatformError> {
        let count = self.restarts(workload, index).await?;
        self.set_pod(workload, index, Incident::Recovered, count, at).await
    }

    /// So many replicas of a Deployment are ready.
    pub async fn set_ready(
        &self,
        workload: &Workload,
        ready: usize,
        at: DateTime<Utc>,
    ) -> Result<(), PlatformError> {
        let mut workload = *workload;
        workload.ready = ready;
        let mut status = Cluster::new(0, at).deployment(&workload)["status"].take();
        // What a roll-out has written is its controller's.
        if let Some(fields) = status.as_object_mut() {
            for field in ["observedGeneration", "replicas", "updatedReplicas"] {
                fields.remove(field);
            }
        }
        if ready >= workload.desired {
            status["unavailableReplicas"] = Value::Null;
        }
        let place = (workload.namespace, workload.name);
        self.change(Resource::DEPLOYMENT, place, "status", &json!({ "status": status })).await
    }

    /// The route of tenant `index` finds its Service, or does not.
    pub async fn set_route_resolved(
        &self,
        index: usize,
        resolved: bool,
        at: DateTime<Utc>,
    ) -> Result<(), PlatformError> {
        let mut parent = Cluster::new(0, at).parent_status("https-app", resolved);
        parent["conditions"][1]["lastTransitionTime"] = stamp(at).into();
        let name = route_name(&client_name(index));
        let place = (version_namespace(client_version(index)), name.as_str());
        let status = json!({ "status": { "parents": [parent] } });
        self.change(Resource::ROUTE, place, "status", &status).await
    }

    async fn set_pod(
        &self,
        workload: &Workload,
        index: usize,
        incident: Incident,
        restarts: u64,
        at: DateTime<Utc>,
    ) -> Result<(), PlatformError> {
        let mut status = Cluster::new(0, at).pod_status(workload, index, incident);
        let container = &mut status["containerStatuses"][0];
        container["restartCount"] = restarts.into();
        container["state"] = json!({ "running": { "startedAt": stamp(at) } });
        let ended = &mut container["lastState"]["terminated"];
        ended["finishedAt"] = stamp(at).into();
        if let Some(fields) = status.as_object_mut() {
            // The pod itself is as old as it was.
            fields.remove("startTime");
        }
        let name = pod_name(workload, index);
        let place = (workload.namespace, name.as_str());
        self.change(Resource::POD, place, "status", &json!({ "status": status })).await
    }

    async fn restarts(&self, workload: &Workload, index: usize) -> Result<u64, PlatformError> {
        let kind = Resource::POD.resource();
        let api =
            Api::<DynamicObject>::namespaced_with(self.client().await?, workload.namespace, &kind);
        let pod = api.get(&pod_name(workload, index)).await?;
        Ok(pod.data.pointer(COUNT).and_then(Value::as_u64).unwrap_or_default())
    }
}
