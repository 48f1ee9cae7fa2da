//! The door by which staff is told of a console that was opened without signing in.

use futures_util::future::BoxFuture;

use crate::domain::{Announcement, Outlet, Trouble};

/// Tells announcements to everybody on call.
///
/// An announcement is the trail of what a person did at the console, and changes nothing of the platform; that is why it
/// does not go by way of an operation's plan, which could be refused, and must not wait for one.
pub trait Herald: Send + Sync {
    /// Where it tells: what the profile names.
    fn outlets(&self) -> Vec<Outlet>;

    /// Tells `announcement` at `outlet`. Who tells the same one again, because no answer came, is heard once, or hears
    /// the same id: a chat keeps the first, and an event is marked as one that was seen.
    ///
    /// # Errors
    /// Why it could not be told. It ends in bounded time.
    fn announce(
        &self,
        announcement: Announcement,
        outlet: Outlet,
    ) -> BoxFuture<'_, Result<(), Trouble>>;
}
