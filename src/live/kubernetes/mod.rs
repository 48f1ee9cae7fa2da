//! The platform's own kinds, the objects of the cluster and the logs of pods, on a Kubernetes API server.
//!
//! The feeds only get, list and watch. They hold no objects; what they read goes on to the store in batches. They never
//! give up: every trouble is told once, as a sentence, and tried again, with the kubeconfig read anew each time. What
//! changes anything is in [`control`], and what is written of it in [`mod@journal`]; only operations come there.

mod acks;
mod api;
mod caller;
mod certificate;
mod cluster;
mod connect;
mod control;
mod credential;
mod discovery;
mod heartbeat;
mod interner;
mod journal;
mod kubeconfig;
mod line;
mod lines;
mod listing;
mod log;
mod loose;
mod meta;
mod object;
mod pace;
mod proxy;
mod reach;
mod reading;
mod rights;
mod secret;
mod session;
mod spec;
mod target;
mod trouble;
mod watch;

use std::path::PathBuf;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

pub use self::acks::{Acks, acks};
pub use self::caller::Caller;
pub(super) use self::control::Hand;
pub use self::journal::journal;
pub(super) use self::kubeconfig::user_name;
#[doc(hidden)]
pub use self::listing::Bench;
use self::pace::Pace;
pub(super) use self::reach::{Reach, Unread};
pub(super) use self::secret::secret;
use self::session::{Beside, Ended, Session};
use self::target::Target;
use self::watch::Watch;
use crate::domain::{FeedId, Span, Trouble, TroubleKind};
use crate::platform::{Closed, Feed, Sink};

/// A session that lasted so long was a good one: the next tries start with short waits.
const STEADY: Span = Span::from_secs(5);

/// The shortest wait after trouble with the configuration: a credential command may bother a person.
const CAREFUL: Duration = Duration::from_secs(3);

/// How the API server is found and asked.
#[derive(Clone, Debug)]
pub struct Options {
    /// The kubeconfig; none for `$KUBECONFIG`, then `~/.kube/config`, then the pod's service account.
    pub kubeconfig: Option<PathBuf>,
    /// The context in it; none for its current one.
    pub context: Option<String>,
    /// The API group of the five kinds.
    pub group: String,
    /// The domain of tenants' addresses.
    pub tenant_domain: String,
    /// The most objects on a page of a listing that doesn't come as a stream.
    pub page_size: u32,
    /// Whether listings come as a stream.
    pub streaming_lists: Streaming,
    /// As whom it is asked.
    pub caller: Caller,
    /// How often, at most, a kind that is refused or absent is asked for again.
    pub ask_again: Duration,
    /// How often it is asked what the operator may do.
    pub review_again: Duration,
    /// The console's own namespace.
    pub namespace: String,
    /// The namespace where Jobs of backups run.
    pub jobs_namespace: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            kubeconfig: None,
            context: None,
            group: "planapulse.com".to_owned(),
            tenant_domain: "planapulse.app".to_owned(),
            page_size: 500,
            streaming_lists: Streaming::Auto,
            caller: Caller::Kubeconfig,
            ask_again: Duration::from_secs(30),
            review_again: Duration::from_secs(3600),
            namespace: "pulse-console".to_owned(),
            jobs_namespace: "crossplane-system".to_owned(),
        }
    }
}

/// Whether listings come as a stream, which is the quickest way, and needs a server of Kubernetes 1.32 or later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Streaming {
    /// As a stream, and in pages when the server doesn't know how.
    #[default]
    Auto,
    /// As a stream only.
    On,
    /// In pages only.
    Off,
}

/// The feed of what an API server has.
#[derive(Debug)]
pub struct Kubernetes {
    options: Options,
}

/// A feed of what the server has which `options` describe.
#[must_use]
pub fn feed(options: Options) -> Kubernetes {
    Kubernetes { options }
}

impl Feed for Kubernetes {
    fn ids(&self) -> Vec<FeedId> {
        Target::all()
            .map(Target::feed)
            .chain([FeedId::Log, FeedId::Access, FeedId::Operations])
            .collect()
    }

    fn run(self: Box<Self>, sink: Sink) -> BoxFuture<'static, ()> {
        async move {
            // The only way to end is that nobody listens.
            let Err(Closed) = run(self.options, sink).await;
        }
        .boxed()
    }
}

async fn run(options: Options, sink: Sink) -> Result<std::convert::Infallible, Closed> {
    let watch = |target| Watch::new(target, &options.tenant_domain, sink.clone());
    let mut watches: Vec<Watch> = Target::all().map(watch).collect();
    let mut beside = Beside::new(&options, &sink);
    let mut pace = Pace::default();
    let mut refusals = 0;
    let mut news = options.caller.news();
    let mut address = String::new();
    loop {
        let began = sink.now();
        news.look();
        let trouble = match Session::begin(&options, began).await {
            Err(trouble) => trouble,
            Ok(session) => {
                tracing::info!(address = %session.place.address, "the API server answers");
                if session.place.address != address {
                    watches.iter_mut().for_each(Watch::forget);
                    address.clone_from(&session.place.address);
                }
                let ended = session.run(&mut watches, &mut beside, &sink).await;
                if sink.now().since(began) >= STEADY {
                    pace.reset();
                }
                refusals = 0;
                match ended {
                    Ended::Closed => return Err(Closed),
                    Ended::Renew => continue,
                    Ended::Lost(trouble) => trouble,
                }
            }
        };
        refusals = if trouble.is_refusal() { refusals + 1 } else { 0 };
        if refusals == 1 {
            pace.reset();
        }
        if refusals == 0 || refusals >= watch::BELIEVED || !watches.iter().any(Watch::is_away) {
            for watch in &mut watches {
                watch.say(trouble.clone()).await?;
            }
            beside.say(&trouble).await?;
        }
        let wait = pace.next(limit(&trouble, &options));
        let least = if trouble.kind == TroubleKind::Config {
            CAREFUL.min(options.ask_again)
        } else {
            Duration::ZERO
        };
        news.pause(wait.max(least)).await;
    }
}

/// The longest wait after `trouble`: short when the server may be back at any moment.
fn limit(trouble: &Trouble, options: &Options) -> Duration {
    match trouble.kind {
        TroubleKind::Unreachable | TroubleKind::Slow | TroubleKind::Server => Pace::LINK,
        TroubleKind::NotConfigured
        | TroubleKind::Certificate
        | TroubleKind::Unauthenticated
        | TroubleKind::Protocol => Pace::OTHER,
        TroubleKind::Config | TroubleKind::Denied | TroubleKind::Absent => options.ask_again,
    }
}
