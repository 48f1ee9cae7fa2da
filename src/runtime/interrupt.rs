//! Work on an operation that who is at the console can stop: between two changes, never in the middle of one.

use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc;

use crate::domain::Text;
use crate::platform::{Control, Gate, Gated, Journal};

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
    gate: Gate,
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
        Place { before, stopped, gate: Gate::default(), _ended: still }
    }
}

impl Place {
    /// The same doors, which can be waited for.
    pub(super) fn doors(
        &self,
        control: Arc<dyn Control>,
        journal: Arc<dyn Journal>,
    ) -> (Arc<dyn Control>, Arc<dyn Journal>) {
        let control = Gated { door: control, gate: self.gate.clone() };
        let journal = Gated { door: journal, gate: self.gate.clone() };
        (Arc::new(control), Arc::new(journal))
    }

    /// Works once what was stopped has ended; none when this is stopped too.
    pub(super) async fn works<T>(self, work: impl Future<Output = T>) -> Option<T> {
        let Self { before, mut stopped, gate, _ended: still } = self;
        if let Some(mut before) = before {
            // Nothing is ever said: it ends when who could say something is gone.
            let _ = before.recv().await;
        }
        let stops = async {
            if stopped.recv().await.is_none() {
                std::future::pending::<()>().await;
            }
            gate.wait().await;
        };
        let worked = tokio::select! {
            worked = work => Some(worked),
            () = stops => None,
        };
        drop(still);
        worked
    }
}
