//! Requests to a service that only the cluster sees, by the API server's proxy.

use http::Method;

use super::direct::address;
use super::trouble::Failure;
use super::{Get, How, Send, Server};
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
        let path = self.path(get)?;
        let answer = self.reach.get(get.doing, &path, &self.headers, get.bytes).await;
        answer.map_err(|unread| self.failure(unread, get.bytes))
    }

    pub(super) async fn send(&self, send: Send<'_>) -> Result<Vec<u8>, Failure> {
        let get = send.as_get();
        let path = self.path(get)?;
        let method = match send.how {
            How::Post(_) => Method::POST,
            How::Delete => Method::DELETE,
        };
        let limits = (get.bytes, get.within);
        let answer = self.reach.send(get.doing, (method, &path), send.body(), limits).await;
        answer.map_err(|unread| self.failure(unread, get.bytes))
    }

    fn path(&self, get: Get<'_>) -> Result<String, Failure> {
        // The host is only there to be left out again.
        let url = address("http://service", get)?;
        let query = url.query().map(|query| format!("?{query}")).unwrap_or_default();
        Ok(format!("{}{}{query}", self.prefix, url.path()))
    }

    fn failure(&self, unread: Unread, most: usize) -> Failure {
        match unread {
            Unread::Answered(401, _) => Failure::Unsent(self.reach.unknown()),
            Unread::Answered(code, said) => match refused_by_cluster(code, &said) {
                Some(who) => Failure::Proxy(code, who, said),
                None => Failure::status(code, &said),
            },
            Unread::Large => Failure::Large(most),
            Unread::Unsent(trouble) => Failure::Unsent(trouble),
            Unread::Trouble(trouble) => Failure::Reach(trouble),
        }
    }
}

/// What the API server itself refuses, as opposed to the service behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cluster {
    /// The operator may not use the proxy.
    Forbidden,
    /// There is no such service.
    Unknown,
    /// Nothing answers behind the service.
    Silent,
}

/// What the API server says when the operator may not use its proxy, to look or to change.
const FORBIDDEN: [&str; 4] =
    ["services/proxy", "cannot get resource", "cannot create resource", "cannot delete resource"];

fn refused_by_cluster(code: u16, said: &str) -> Option<Cluster> {
    match code {
        403 if FORBIDDEN.iter().any(|words| said.contains(words)) => Some(Cluster::Forbidden),
        404 if said.starts_with("services \"") => Some(Cluster::Unknown),
        404 if said.starts_with("namespaces \"") => Some(Cluster::Unknown),
        500..=504 if said.contains("no endpoints") || said.contains("trying to reach service") => {
            Some(Cluster::Silent)
        }
        503 if said.contains("no service port") => Some(Cluster::Unknown),
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
                Some(Cluster::Forbidden),
            ),
            (403, "go away", None),
            (404, "services \"am\" not found", Some(Cluster::Unknown)),
            (404, "404 page not found", None),
            (503, "no endpoints available for service \"am\"", Some(Cluster::Silent)),
            (503, "starting", None),
            (502, "error trying to reach service: dial tcp: refused", Some(Cluster::Silent)),
        ] {
            assert_eq!(refused_by_cluster(code, said), who, "{said}");
        }
    }
}
