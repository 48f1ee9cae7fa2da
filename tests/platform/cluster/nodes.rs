//! The three nodes, and the NFS volumes with their claims.

use chrono::Duration;
use serde_json::{Value, json};

use super::{Cluster, Resource, condition, flux_labels};
use crate::platform::kinds::{client_name, client_version, version_namespace};

/// The nodes' names.
pub const NODES: [&str; 3] = ["pool-4f1c9-hvqzd", "pool-4f1c9-rwkxm", "pool-4f1c9-tbnps"];

/// The address of a node when no kubelet answers for it.
pub(super) fn node_address(index: usize) -> String {
    format!("10.10.0.{}", 21 + index)
}

impl Cluster {
    pub(super) fn nodes(&self) -> Vec<Value> {
        NODES.iter().enumerate().map(|(index, name)| self.node(index, name)).collect()
    }

    fn node(&self, index: usize, name: &str) -> Value {
        let since = self.now - Duration::minutes(41_000);
        let calm = |kind: &str, reason: &str, message: &str| {
            condition(kind, "False", reason, message, since)
        };
        let memory = if index == 2 {
            let at = self.now - Duration::minutes(17);
            let message = "kubelet has insufficient memory available";
            condition("MemoryPressure", "True", "KubeletHasInsufficientMemory", message, at)
        } else {
            let message = "kubelet has sufficient memory available";
            calm("MemoryPressure", "KubeletHasSufficientMemory", message)
        };
        let mut conditions = vec![
            memory,
            calm("DiskPressure", "KubeletHasNoDiskPressure", "kubelet has no disk pressure"),
            calm("PIDPressure", "KubeletHasSufficientPID", "kubelet has sufficient PID available"),
            condition("Ready", "True", "KubeletReady", "kubelet is posting ready status", since),
        ];
        for condition in &mut conditions {
            condition["lastHeartbeatTime"] = self.ago(1).into();
        }
        // Logs are fetched from where the node says that it is.
        let (address, port) = match self.kubelet {
            Some(port) => ("127.0.0.1".to_owned(), port),
            None => (node_address(index), 10_250),
        };
        let rest = json!({
            "metadata": { "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                "kubernetes.io/arch": "amd64",
                "topology.kubernetes.io/zone": "bg-sof-1",
            } },
            "spec": { "podCIDR": format!("192.168.{index}.0/24"), "podCIDRs": [format!("192.168.{index}.0/24")] },
            "status": {
                "capacity": { "cpu": "16", "memory": "65806204Ki", "pods": "110", "ephemeral-storage": "209715200Ki" },
                "allocatable": { "cpu": "15800m", "memory": "63185764Ki", "pods": "110", "ephemeral-storage": "193273528320" },
                "conditions": conditions,
                "addresses": [
                    { "type": "InternalIP", "address": address },
                    { "type": "Hostname", "address": name },
                ],
                "daemonEndpoints": { "kubeletEndpoint": { "Port": port } },
                "nodeInfo": node_info(name),
            },
        });
        Resource::NODE.object("", name, rest)
    }

    /// One shared export for each version, and the claims that Crossplane composes for the tenants.
    pub(super) fn storage(&self) -> Vec<Value> {
        let mut objects = Vec::new();
        for namespace in ["plana-odoo", "plana-odoo-18", "plana-odoo-19"] {
            objects.push(volume(namespace));
            let volume = format!("{namespace}-filestore");
            objects.push(claim(namespace, "odoo-filestore", &volume, &flux_labels("odoo-workers")));
        }
        for index in 0..self.tenants {
            let slug = client_name(index);
            let namespace = version_namespace(client_version(index));
            let volume = format!("{namespace}-filestore");
            let labels = json!({ "crossplane.io/composite": slug });
            objects.push(claim(namespace, &format!("{slug}-filestore"), &volume, &labels));
        }
        objects
    }
}

fn node_info(name: &str) -> Value {
    json!({
        "machineID": name,
        "systemUUID": name,
        "bootID": name,
        "kernelVersion": "6.8.0-60-generic",
        "osImage": "Exoscale Linux",
        "containerRuntimeVersion": "containerd://2.1.1",
        "kubeletVersion": "v1.35.3",
        "kubeProxyVersion": "v1.35.3",
        "operatingSystem": "linux",
        "architecture": "amd64",
    })
}

fn volume(namespace: &str) -> Value {
    let rest = json!({
        "metadata": { "labels": flux_labels("odoo-workers") },
        "spec": {
            "accessModes": ["ReadWriteMany"],
            "capacity": { "storage": "500Gi" },
            "nfs": { "server": "nfs01.planapulse.com", "path": format!("/srv/{namespace}/filestore") },
            "persistentVolumeReclaimPolicy": "Retain",
            "volumeMode": "Filesystem",
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": namespace,
                "name": "odoo-filestore",
            },
        },
        "status": { "phase": "Bound" },
    });
    Resource::VOLUME.object("", &format!("{namespace}-filestore"), rest)
}

pub(super) fn claim(namespace: &str, name: &str, volume: &str, labels: &Value) -> Value {
    let rest = json!({
        "metadata": { "labels": labels },
        "spec": {
            "accessModes": ["ReadWriteMany"],
            "resources": { "requests": { "storage": "500Gi" } },
            "storageClassName": "",
            "volumeMode": "Filesystem",
            "volumeName": volume,
        },
        "status": {
            "phase": "Bound",
            "accessModes": ["ReadWriteMany"],
            "capacity": { "storage": "500Gi" },
        },
    });
    Resource::CLAIM.object(namespace, name, rest)
}
