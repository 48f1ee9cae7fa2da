//! Announcements in the training world: nobody is told, and the event stands on its stream.

use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::domain::{Announcement, Outlet, Trouble};
use crate::platform::Herald;

/// The most events that wait for the world to take them in.
const WAITING: usize = 16;

/// Events that wait for the world to take them in.
#[derive(Debug, Default)]
pub(super) struct Board(Mutex<Vec<String>>);

impl Board {
    /// Takes what waits.
    pub(super) fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, event: String) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.len() < WAITING {
            waiting.push(event);
        }
    }
}

/// Who announces in the training world.
pub(super) struct Crier(pub(super) Arc<Board>);

impl Herald for Crier {
    fn outlets(&self) -> Vec<Outlet> {
        vec![Outlet::Matrix, Outlet::Stream]
    }

    fn announce(
        &self,
        announcement: Announcement,
        outlet: Outlet,
    ) -> BoxFuture<'_, Result<(), Trouble>> {
        if outlet == Outlet::Stream {
            self.0.put(announcement.cloud_event().to_string());
        }
        std::future::ready(Ok(())).boxed()
    }
}
