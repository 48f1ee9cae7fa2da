//! The Gateway with its listeners, one `HTTPRoute` for each tenant, and the wildcard certificates.

use chrono::Duration;
use serde_json::{Value, json};

use super::{Cluster, Resource, condition, flux_labels};
use crate::platform::kinds::{client_name, client_version, stamp, version_namespace};

const CONTROLLER: &str = "gateway.envoyproxy.io/gatewayclass-controller";
const GATEWAY_NAMESPACE: &str = "plana-odoo";
/// Each second-level domain, and in how many days its certificate ends.
const DOMAINS: [(&str, i64); 5] = [("app", 61), ("online", 47), ("ai", 9), ("com", 75), ("dev", 2)];
/// The tenant whose route points at a Service that is not there.
const BROKEN_ROUTE: usize = 3;

/// The name of a tenant's route.
pub fn route_name(slug: &str) -> String {
    format!("{slug}-planapulse-app")
}

impl Cluster {
    pub(super) fn gateway(&self) -> Vec<Value> {
        let at = self.now - Duration::minutes(20_000);
        let listeners: Vec<Value> = DOMAINS
            .iter()
            .flat_map(|(domain, _)| [listener("https", domain), listener("http", domain)])
            .collect();
        let status: Vec<Value> = listeners
            .iter()
            .map(|listener| {
                let name = listener.get("name").and_then(Value::as_str).unwrap_or_default();
                let attached = if name == "https-app" { self.tenants } else { 1 };
                listener_status(name, attached, at)
            })
            .collect();
        let rest = json!({
            "metadata": { "labels": flux_labels("platform-routes") },
            "spec": { "gatewayClassName": "eg", "listeners": listeners },
            "status": {
                "addresses": [{ "type": "IPAddress", "value": "194.182.177.67" }],
                "conditions": [
                    condition("Accepted", "True", "Accepted", "The Gateway has been scheduled", at),
                    condition("Programmed", "True", "Programmed", "Address assigned to the Gateway", at),
                ],
                "listeners": status,
            },
        });
        vec![Resource::GATEWAY.object(GATEWAY_NAMESPACE, "eg-gateway", rest)]
    }

    pub(super) fn routes(&self) -> Vec<Value> {
        let mut routes: Vec<Value> = (0..self.tenants).map(|index| self.route(index)).collect();
        let portal = [("/api", "pulse-account-api", 3000), ("/", "bos-portal", 8080)];
        let rules: Vec<Value> =
            portal.iter().map(|(path, service, port)| rule(path, service, *port)).collect();
        let rest = json!({
            "metadata": { "labels": flux_labels("platform-routes") },
            "spec": {
                "parentRefs": [parent("https-ai")],
                "hostnames": ["my.planapulse.ai"],
                "rules": rules,
            },
            "status": { "parents": [self.parent_status("https-ai", true)] },
        });
        routes.push(Resource::ROUTE.object("pulse-account", "my-planapulse-ai", rest));
        routes
    }

    fn route(&self, index: usize) -> Value {
        let slug = client_name(index);
        let broken = index == BROKEN_ROUTE;
        let service = if broken { "worker-odoo-blue" } else { "worker-odoo" };
        self.tenant_route(&slug, client_version(index), service)
    }

    /// The route of a tenant to a Service of its version.
    pub(super) fn tenant_route(&self, slug: &str, version: &str, service: &str) -> Value {
        let rest = json!({
            "metadata": { "labels": { "crossplane.io/composite": slug } },
            "spec": {
                "parentRefs": [parent("https-app")],
                "hostnames": [format!("{slug}.planapulse.app")],
                "rules": [rule("/", service, 8069)],
            },
            "status": { "parents": [self.parent_status("https-app", service == "worker-odoo")] },
        });
        Resource::ROUTE.object(version_namespace(version), &route_name(slug), rest)
    }

    /// What the Gateway's controller says of a route: it always accepts it, and may not find what it points at.
    pub fn parent_status(&self, listener: &str, resolved: bool) -> Value {
        let at = self.now - Duration::minutes(if resolved { 9_000 } else { 34 });
        let references = if resolved {
            let message = "Resolved all the Object references for the Route";
            condition("ResolvedRefs", "True", "ResolvedRefs", message, at)
        } else {
            let message = "Service worker-odoo-blue not found in the route's namespace";
            condition("ResolvedRefs", "False", "BackendNotFound", message, at)
        };
        let mut conditions =
            [condition("Accepted", "True", "Accepted", "Route is accepted", at), references];
        for condition in &mut conditions {
            condition["observedGeneration"] = 1.into();
        }
        json!({
            "controllerName": CONTROLLER,
            "parentRef": parent(listener),
            "conditions": conditions,
        })
    }

    pub(super) fn certificates(&self) -> Vec<Value> {
        DOMAINS.iter().map(|(domain, days)| self.certificate(domain, *days)).collect()
    }

    fn certificate(&self, domain: &str, days: i64) -> Value {
        let name = format!("wildcard-planapulse-{domain}");
        let end = self.now + Duration::days(days);
        let start = end - Duration::days(90);
        let message = "Certificate is up to date and has not expired";
        let mut status = json!({
            "notBefore": stamp(start),
            "notAfter": stamp(end),
            "renewalTime": stamp(end - Duration::days(30)),
            "revision": 7,
            "conditions": [condition("Ready", "True", "Ready", message, start)],
        });
        // A certificate that should have been renewed long ago: the DNS challenge does not succeed.
        if days < 30 {
            let at = self.now - Duration::hours(5);
            let message = "The certificate request has failed to complete and will be retried: \
                           Failed to wait for order resource to become ready: order is in \"invalid\" state";
            status["lastFailureTime"] = stamp(at).into();
            status["failedIssuanceAttempts"] = 6.into();
            status["conditions"] = json!([
                status["conditions"][0],
                condition("Issuing", "False", "Failed", message, at),
            ]);
        }
        let host = format!("planapulse.{domain}");
        let rest = json!({
            "metadata": { "labels": flux_labels("platform-certificates") },
            "spec": {
                "secretName": format!("{name}-tls"),
                "dnsNames": [format!("*.{host}"), host],
                "issuerRef": { "kind": "ClusterIssuer", "name": "letsencrypt-dns" },
            },
            "status": status,
        });
        Resource::CERTIFICATE.object(GATEWAY_NAMESPACE, &name, rest)
    }
}

fn listener(scheme: &str, domain: &str) -> Value {
    let mut listener = json!({
        "name": format!("{scheme}-{domain}"),
        "hostname": format!("*.planapulse.{domain}"),
        "port": if scheme == "https" { 443 } else { 80 },
        "protocol": scheme.to_uppercase(),
        "allowedRoutes": { "namespaces": { "from": "All" } },
    });
    if scheme == "https" {
        listener["tls"] = json!({
            "mode": "Terminate",
            "certificateRefs": [{ "kind": "Secret", "name": format!("wildcard-planapulse-{domain}-tls") }],
        });
    }
    listener
}

fn listener_status(name: &str, attached: usize, at: chrono::DateTime<chrono::Utc>) -> Value {
    json!({
        "name": name,
        "attachedRoutes": attached,
        "supportedKinds": [{ "group": "gateway.networking.k8s.io", "kind": "HTTPRoute" }],
        "conditions": [
            condition("Programmed", "True", "Programmed", "Sending translated listener configuration to the data plane", at),
            condition("Accepted", "True", "Accepted", "Listener has been successfully translated", at),
            condition("ResolvedRefs", "True", "ResolvedRefs", "Listener references have been resolved", at),
        ],
    })
}

fn parent(listener: &str) -> Value {
    json!({
        "group": "gateway.networking.k8s.io",
        "kind": "Gateway",
        "namespace": GATEWAY_NAMESPACE,
        "name": "eg-gateway",
        "sectionName": listener,
    })
}

fn rule(path: &str, service: &str, port: u16) -> Value {
    json!({
        "matches": [{ "path": { "type": "PathPrefix", "value": path } }],
        "backendRefs": [{ "group": "", "kind": "Service", "name": service, "port": port, "weight": 1 }],
    })
}
