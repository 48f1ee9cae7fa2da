//! Requests to a service that only the cluster sees, by the API server's proxy.

use super::direct::address;
use super::trouble::Failure;
use super::{Get, Server};
use crate::domain::Trouble;
use crate::live::kubernetes::{Reach, Unread};

/// The way through the API server.
pub(super) struct Service {
    reach: Reach,
    /// The path of the service in the API.
    prefix: String,
    headers: Vec<(&'static str, String)>,
}

impl Service {
    /// Reads the kubeconfig; asks nothing yet.
    pub(super) async fn reach(
        (namespace, name, port): (&str, &str, &str),
        server: &Server,
    ) -> Result<Self, Trouble> {
        let reach = Reach::new(&server.kubernetes).await?;
        let prefix = format!("/api/v1/namespaces/{namespace}/services/{name}:{port}/proxy");
        Ok(Self { reach, prefix, headers: server.headers.clone() })
    }

    pub(super) async fn get(&self, get: Get<'_>) -> Result<Vec<u8>, Failure> {
        // The host is only there to be left out again.
        let url = address("http://service", get)?;
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let path = format!("{}{}{query}", self.prefix, url.path());
        self.reach.get(get.doing, &path, &self.headers, get.bytes).await.map_err(|unread| {
            match unread {
                Unread::Answered(401, _) => Failure::Reach(self.reach.unknown()),
                Unread::Answered(code, said) => match refused_by_cluster(code, &said) {
                    Some(who) => Failure::Proxy(code, who, said),
                    None => Failure::status(code, &said),
                },
                Unread::Large => Failure::Large(get.bytes),
                Unread::Trouble(trouble) => Failure::Reach(trouble),
            }
        })
    }
}

/// What the API server itself refuses, as opposed to the service behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cluster {
    /// The operator may not use the proxy.
    NoRight,
    /// There is no such service.
    NoService,
    /// Nothing answers behind the service.
    NoEndpoint,
}

fn refused_by_cluster(code: u16, said: &str) -> Option<Cluster> {
    match code {
        403 if said.contains("services/proxy") || said.contains("cannot get resource") => {
            Some(Cluster::NoRight)
        }
        404 if said.starts_with("services \"") => Some(Cluster::NoService),
        404 if said.starts_with("namespaces \"") => Some(Cluster::NoService),
        500..=504 if said.contains("no endpoints") || said.contains("trying to reach service") => {
            Some(Cluster::NoEndpoint)
        }
        503 if said.contains("no service port") => Some(Cluster::NoService),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cluster_and_the_service_refuse_differently() {
        for (code, said, who) in [
            (
                403,
                "services \"http:am:9093\" is forbidden: User \"bob\" cannot get resource \"services/proxy\" in API group \"\"",
                Some(Cluster::NoRight),
            ),
            (403, "go away", None),
            (404, "services \"am\" not found", Some(Cluster::NoService)),
            (404, "404 page not found", None),
            (503, "no endpoints available for service \"am\"", Some(Cluster::NoEndpoint)),
            (503, "starting", None),
            (502, "error trying to reach service: dial tcp: refused", Some(Cluster::NoEndpoint)),
        ] {
            assert_eq!(refused_by_cluster(code, said), who, "{said}");
        }
    }
}
