//! Work on an operation that who is at the console can stop: between two changes, never in the middle of one.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::{Mutex, mpsc};

use crate::domain::Text;
use crate::platform::{Call, Control, Intercepted, Interceptor, Journal, Pass};

/// What this console works on.
#[derive(Default)]
pub(super) struct Bench(BTreeMap<Text, Working>);

/// Work that can be stopped.
struct Working {
    stop: mpsc::Sender<()>,
    ended: mpsc::Receiver<()>,
}

/// A place at the bench, for work on one operation.
pub(super) struct Place {
    /// The end of the work that is stopped for this one.
    before: Option<mpsc::Receiver<()>>,
    stopped: mpsc::Receiver<()>,
    changing: Arc<Changing>,
    /// When it goes, the work has ended.
    _ended: mpsc::Sender<()>,
}

impl Bench {
    /// Makes a place for work on the operation `id`: what goes on with it here is stopped.
    pub(super) fn place(&mut self, id: &Text) -> Place {
        self.0.retain(|_, working| !working.stop.is_closed());
        let before = self.0.remove(id).map(|working| {
            let _ = working.stop.try_send(());
            working.ended
        });
        let (stop, stopped) = mpsc::channel(1);
        let (still, ended) = mpsc::channel(1);
        self.0.insert(id.clone(), Working { stop, ended });
        Place { before, stopped, changing: Arc::default(), _ended: still }
    }
}

impl Place {
    /// The same doors, which can be waited for.
    pub(super) fn doors(
        &self,
        control: Arc<dyn Control>,
        journal: Arc<dyn Journal>,
    ) -> (Arc<dyn Control>, Arc<dyn Journal>) {
        let interceptor = || Arc::<Changing>::clone(&self.changing);
        let control = Intercepted { door: control, interceptor: interceptor() };
        let journal = Intercepted { door: journal, interceptor: interceptor() };
        (Arc::new(control), Arc::new(journal))
    }

    /// Whether work on the operation is stopped for this.
    pub(super) const fn stops_work(&self) -> bool {
        self.before.is_some()
    }

    /// Works once what was stopped has ended; none when this is stopped too.
    pub(super) async fn works<T>(self, work: impl Future<Output = T>) -> Option<T> {
        let Self { before, mut stopped, changing, _ended: still } = self;
        if let Some(mut before) = before {
            // Nothing is ever said: it ends when who could say something is gone.
            let _ = before.recv().await;
        }
        let stops = async {
            if stopped.recv().await.is_none() {
                std::future::pending::<()>().await;
            }
            // A change that was sent off is never given up half way.
            drop(changing.0.lock().await);
        };
        let worked = tokio::select! {
            worked = work => Some(worked),
            () = stops => None,
        };
        drop(still);
        worked
    }
}

/// Held while something is changed or written.
#[derive(Default)]
struct Changing(Arc<Mutex<()>>);

impl Interceptor for Changing {
    fn before<'a>(&'a self, call: Call<'a>) -> BoxFuture<'a, Pass> {
        async move {
            match call {
                Call::Act(_) | Call::Open(_) | Call::Append(_) => {
                    Box::new(Arc::clone(&self.0).lock_owned().await) as Pass
                }
                _ => Box::new(()),
            }
        }
        .boxed()
    }
}
