//! The one client of servers that answer JSON over HTTP: Alertmanager, Prometheus and Loki.
//!
//! Feeds only get; operations also post and delete. Each request has a limit of time and of bytes, goes to the host that the profile names and to no other,
//! and what goes wrong is [`Trouble`] that says what to do. An address `service://` is reached by the API server's own
//! proxy, with the operator's right to the cluster.

mod direct;
mod service;
mod trouble;

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Mutex;

use self::direct::Direct;
use self::service::Service;
use self::trouble::{Failure, Place};
use super::kubernetes;
use crate::config::{SecretRef, ServerUrl};
use crate::domain::{System, Trouble, TroubleKind};
use crate::platform::Unacted;

/// A server as the profile describes it; its secret is not fetched yet.
#[derive(Clone)]
pub(super) struct Server {
    /// What it is, for the sentences.
    pub(super) system: System,
    /// Its settings: `alertmanager` for `alertmanager.url`.
    pub(super) settings: &'static str,
    /// The setting that refers to its token, such as `alertmanager.token`.
    pub(super) token_key: &'static str,
    /// Its address; absent: the profile has none.
    pub(super) url: Option<ServerUrl>,
    /// Where the bearer token is. One of a `service://` is not sent: the API server takes that header for itself.
    pub(super) token: Option<SecretRef>,
    /// Certificates to trust instead of the system's.
    pub(super) ca_file: Option<PathBuf>,
    /// Headers of every request beside the usual ones.
    pub(super) headers: Vec<(&'static str, String)>,
    /// The cluster that may hold the token, and the service.
    pub(super) kubernetes: kubernetes::Options,
}

/// One request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Get<'a> {
    /// What is being done: a clause such as `reading the alerts`.
    pub(super) doing: &'a str,
    /// Where, below the server's address: `/api/v2/alerts`.
    pub(super) path: &'a str,
    /// Names and values after the `?`; they are escaped here.
    pub(super) query: &'a [(&'a str, &'a str)],
    /// The longest wait for the whole answer, once the way to the server is known.
    pub(super) within: Duration,
    /// The largest answer that is read, in bytes.
    pub(super) bytes: usize,
}

/// A request that changes something.
#[derive(Clone, Copy, Debug)]
pub(super) struct Send<'a> {
    /// What is being done: a clause such as `making the silence`.
    pub(super) doing: &'a str,
    /// Where, below the server's address.
    pub(super) path: &'a str,
    /// How it changes it.
    pub(super) how: How<'a>,
    /// The longest wait for the whole answer.
    pub(super) within: Duration,
}

/// How a request changes something.
#[derive(Clone, Copy, Debug)]
pub(super) enum How<'a> {
    /// It puts this there.
    Post(&'a Value),
    /// It takes away what is there.
    Delete,
}

/// The largest answer to a change, in bytes.
const ANSWER: usize = 256 << 10;

impl Send<'_> {
    /// Everything but what it changes.
    fn as_get(&self) -> Get<'_> {
        Get { doing: self.doing, path: self.path, query: &[], within: self.within, bytes: ANSWER }
    }

    fn body(&self) -> Vec<u8> {
        match self.how {
            How::Post(body) => body.to_string().into_bytes(),
            How::Delete => Vec::new(),
        }
    }
}

/// Why there is no answer.
#[derive(Clone, Debug)]
pub(super) struct Refused {
    /// The whole sentence.
    pub(super) trouble: Trouble,
    /// What sort it is.
    pub(super) why: Why,
}

/// What sort of thing stands in the way of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// The server answered with this code and the beginning of these words, as they are.
    Status(u16, String),
    /// No whole answer in time.
    Late,
    /// The answer is larger than is read.
    Large,
    /// Everything else: the server may not be there at all.
    Link,
}

/// Asks one server. Cheap to clone; clones share connections.
#[derive(Clone)]
pub(super) struct Http {
    server: Arc<Server>,
    place: Arc<Place>,
    url: ServerUrl,
    way: Arc<Mutex<Option<Arc<Way>>>>,
}

/// The way to the server, made when it is first needed and again when it turns out to be no good.
struct Way {
    route: Route,
    /// Whether the server ever took us by it.
    worked: AtomicBool,
}

enum Route {
    Direct(Direct),
    Service(Box<Service>),
}

impl Http {
    /// A client of `server`. Asks nothing yet.
    ///
    /// # Errors
    /// [`TroubleKind::NotConfigured`] when the profile has no such server.
    pub(super) fn new(server: Server) -> Result<Self, Trouble> {
        let Some(url) = server.url.clone() else {
            let what = format!("no {} is set for this profile", server.system);
            let remedy =
                format!("Set {}.url in the profile to see what it knows.", server.settings);
            return Err(Trouble::new(TroubleKind::NotConfigured, &what, &remedy));
        };
        if !url.as_str().starts_with("http") && url.service().is_none() {
            let what = format!("{}.url is {url}, which is no address of HTTP", server.settings);
            let remedy = "Set it to http://…, https://… or service://namespace/name:port.";
            return Err(Trouble::new(TroubleKind::Config, &what, remedy));
        }
        let place = Place {
            system: server.system,
            settings: server.settings,
            address: url.to_string(),
            has_token: server.token.is_some(),
        };
        Ok(Self {
            server: Arc::new(server),
            place: Arc::new(place),
            url,
            way: Arc::new(Mutex::new(None)),
        })
    }

    /// `answer` read as JSON, for who looks at its bytes first.
    ///
    /// # Errors
    /// It is something else: a web page, or JSON of another shape.
    pub(super) fn read<T: DeserializeOwned>(
        &self,
        answer: &[u8],
        doing: &str,
    ) -> Result<T, Trouble> {
        serde_json::from_slice(answer).map_err(|error| {
            let failure = trouble::not_json(answer, &error);
            trouble::of(&failure, doing, &self.place)
        })
    }

    /// The bytes of the answer to `get`. A token that is no longer taken is fetched again, once.
    ///
    /// # Errors
    /// What stands in the way.
    pub(super) async fn bytes(&self, get: Get<'_>) -> Result<Vec<u8>, Trouble> {
        self.ask(get).await.map_err(|refused| refused.trouble)
    }

    /// The same, for who looks at why there is no answer.
    ///
    /// # Errors
    /// What stands in the way, and what sort of way it is.
    pub(super) async fn ask(&self, get: Get<'_>) -> Result<Vec<u8>, Refused> {
        let reached = |trouble| Refused { trouble, why: Why::Link };
        let way = self.way().await.map_err(reached)?;
        let mut failure = match way.ask(get).await {
            Ok(answer) => return Ok(answer),
            Err(failure) => failure,
        };
        if failure.is_the_ways_fault() {
            self.forget(&way).await;
        }
        if failure.code() == Some(401) && way.worked.load(Ordering::Relaxed) {
            let way = self.way().await.map_err(reached)?;
            match way.ask(get).await {
                Ok(answer) => return Ok(answer),
                Err(again) => failure = again,
            }
        }
        let trouble = self.explain(&failure, get.doing);
        let why = match failure {
            Failure::Status(code, said) => Why::Status(code, said),
            Failure::Late(_) => Why::Late,
            Failure::Large(_) => Why::Large,
            _ => Why::Link,
        };
        Err(Refused { trouble, why })
    }

    /// The answer to a change, which is asked for once.
    ///
    /// # Errors
    /// Whether it was made, and why not.
    pub(super) async fn send(&self, send: Send<'_>) -> Result<Vec<u8>, Unacted> {
        let way = self.way().await.map_err(Unacted::Unreached)?;
        let failure = match way.send(send).await {
            Ok(answer) => return Ok(answer),
            Err(failure) => failure,
        };
        if failure.is_the_ways_fault() {
            self.forget(&way).await;
        }
        let trouble = self.explain(&failure, send.doing);
        Err(if failure.is_unsent() {
            Unacted::Unreached(trouble)
        } else if failure.is_refused() {
            Unacted::Refused(trouble)
        } else {
            Unacted::Unsure(trouble)
        })
    }

    fn explain(&self, failure: &Failure, doing: &str) -> Trouble {
        let trouble = trouble::of(failure, doing, &self.place);
        tracing::debug!(system = %self.place.system, %trouble, "can't be read");
        trouble
    }

    async fn way(&self) -> Result<Arc<Way>, Trouble> {
        let mut known = self.way.lock().await;
        if let Some(way) = &*known {
            return Ok(Arc::clone(way));
        }
        let route = match self.url.service() {
            Some(service) => Route::Service(Box::new(Service::reach(service, &self.server).await?)),
            None => Route::Direct(Direct::reach(&self.url, &self.server).await?),
        };
        let way = Arc::new(Way { route, worked: AtomicBool::new(false) });
        *known = Some(Arc::clone(&way));
        Ok(way)
    }

    async fn forget(&self, way: &Arc<Way>) {
        let mut known = self.way.lock().await;
        if known.as_ref().is_some_and(|known| Arc::ptr_eq(known, way)) {
            *known = None;
        }
    }
}

impl Way {
    async fn ask(&self, get: Get<'_>) -> Result<Vec<u8>, Failure> {
        let asking = async {
            match &self.route {
                Route::Direct(direct) => direct.get(get).await,
                Route::Service(service) => service.get(get).await,
            }
        };
        let answer = tokio::time::timeout(get.within, asking).await;
        let answer = answer.map_err(|_| Failure::Late(get.within))??;
        self.worked.store(true, Ordering::Relaxed);
        Ok(answer)
    }

    async fn send(&self, send: Send<'_>) -> Result<Vec<u8>, Failure> {
        let asking = async {
            match &self.route {
                Route::Direct(direct) => direct.send(send).await,
                Route::Service(service) => service.send(send).await,
            }
        };
        let answer = tokio::time::timeout(send.within, asking).await;
        answer.map_err(|_| Failure::Late(send.within))?
    }
}
