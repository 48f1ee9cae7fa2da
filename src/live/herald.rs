//! Who tells staff of a console that was opened without signing in: the Matrix room, and the event stream.
//!
//! An announcement is a trail record. It changes nothing of the platform, which only an operation's plan may do.

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::matrix::{self, Room};
use super::{stream, valkey};
use crate::domain::{Announcement, Outlet, Trouble, TroubleKind};
use crate::platform::Herald;

/// The outlets of a profile.
pub(super) struct Outlets {
    room: Option<Room>,
    stream: Option<stream::Wanted>,
}

impl Outlets {
    /// The room that `matrix` names, and the stream, where the profile has one.
    pub(super) fn new(matrix: Option<matrix::Options>, stream: stream::Wanted) -> Self {
        let stream = stream.valkey.url.value.is_some().then_some(stream);
        Self { room: matrix.map(Room::new), stream }
    }
}

impl Herald for Outlets {
    fn outlets(&self) -> Vec<Outlet> {
        let room = self.room.as_ref().map(|_| Outlet::Matrix);
        let stream = self.stream.as_ref().map(|_| Outlet::Stream);
        [room, stream].into_iter().flatten().collect()
    }

    fn announce(
        &self,
        announcement: Announcement,
        outlet: Outlet,
    ) -> BoxFuture<'_, Result<(), Trouble>> {
        async move {
            match (outlet, &self.room, &self.stream) {
                (Outlet::Matrix, Some(room), _) => room.announce(&announcement).await,
                (Outlet::Stream, _, Some(stream)) => {
                    let options = stream.options().await?;
                    let event = announcement.cloud_event();
                    valkey::announce(&options, announcement.id.as_str(), &event).await
                }
                _ => Err(Trouble::new(
                    TroubleKind::NotConfigured,
                    "the profile names no such place any more",
                    "",
                )),
            }
        }
        .boxed()
    }
}
