//! The courier: brings what the trail says is to be announced to where it is to be heard.
//!
//! It works beside the console and holds nobody up. What can't be told stays in the trail, and is tried again while the
//! console runs and at the next start of a console of the same profile.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use tokio::sync::mpsc;

use super::trail::Trail;
use crate::app::Importance;
use crate::domain::{Announcement, Outlet, Text, Trouble};
use crate::platform::{Clock, Herald};

/// The most announcements of earlier consoles that one console takes up.
const TAKEN: usize = 20;
/// The longest that telling one may take.
const WITHIN: Duration = Duration::from_secs(15);
/// The first wait after trouble; it doubles up to [`WAIT_MOST`].
const WAIT_FIRST: Duration = Duration::from_secs(5);
const WAIT_MOST: Duration = Duration::from_secs(300);
/// How soon it is looked again whether another console is done.
const TURN: Duration = Duration::from_secs(1);

/// Something to be said to the operator.
pub type Said = (Importance, String);

/// Tells what is queued for one profile.
#[derive(Clone)]
pub struct Courier {
    /// Where it is noted.
    pub trail: Trail,
    /// Who tells it.
    pub herald: Arc<dyn Herald>,
    /// Whose announcements.
    pub profile: Text,
    /// Whether that is the training world.
    pub training: bool,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The announcement of this console, if it made one: what becomes of it is said.
    pub own: Option<Text>,
}

/// What came of one attempt to tell everything.
#[derive(Debug, Default)]
pub struct Round {
    /// What was told.
    pub delivered: Vec<(Text, Outlet)>,
    /// What is still to be told, and why.
    pub queued: Vec<(Text, Outlet, Trouble)>,
    /// Another console is at it.
    pub busy: bool,
}

/// An announcement on its way to one outlet, and what went wrong the last time.
type Errand = (Announcement, Option<Text>);

impl Courier {
    /// Tells what is queued until all is told, and says what is worth saying. It ends by itself.
    pub async fn run<T: From<Said> + Send>(self, queue: mpsc::Sender<T>) {
        let taken = match self.taken().await {
            Ok(taken) if taken.is_empty() => return,
            Ok(taken) => taken,
            Err(error) => {
                let _ = queue.send(T::from(self.unreadable(&error))).await;
                return;
            }
        };
        let mut wait = WAIT_FIRST;
        let mut said = None;
        loop {
            let round = match self.round(&taken).await {
                Ok(round) if round.busy => {
                    tokio::time::sleep(TURN).await;
                    continue;
                }
                Ok(round) => round,
                Err(error) => {
                    let _ = queue.send(T::from(self.unreadable(&error))).await;
                    return;
                }
            };
            for say in self.say(&round) {
                // The same trouble is said once.
                if said.as_ref() != Some(&say) {
                    said = Some(say.clone());
                    if queue.send(T::from(say)).await.is_err() {
                        return;
                    }
                }
            }
            if round.queued.is_empty() {
                return;
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(WAIT_MOST);
        }
    }

    /// The announcements that this console takes up: the oldest, and its own.
    ///
    /// # Errors
    /// When the trail can't be read.
    pub async fn taken(&self) -> io::Result<Vec<Text>> {
        let entries = self.entries().await?;
        let own = |id: &Text| self.own.as_ref() == Some(id);
        let (mine, others): (Vec<Text>, Vec<Text>) = entries.into_iter().partition(own);
        Ok(others.into_iter().take(TAKEN).chain(mine).collect())
    }

    async fn entries(&self) -> io::Result<Vec<Text>> {
        let errands = self.errands().await?;
        let mut ids: Vec<Text> = Vec::new();
        for (announcement, _) in errands.into_values().flatten() {
            if !ids.contains(&announcement.id) {
                ids.push(announcement.id);
            }
        }
        Ok(ids)
    }

    /// Where the announcement `id` is not told yet.
    ///
    /// # Errors
    /// When the trail can't be read.
    pub async fn queued_at(&self, id: &Text) -> io::Result<Vec<Outlet>> {
        let errands = self.errands().await?.into_iter();
        let holds = |errands: &[Errand]| errands.iter().any(|(queued, _)| queued.id == *id);
        Ok(errands.filter(|(_, errands)| holds(errands)).map(|(outlet, _)| outlet).collect())
    }

    /// What is queued for each outlet that there is, the oldest first.
    async fn errands(&self) -> io::Result<BTreeMap<Outlet, Vec<Errand>>> {
        let trail = self.trail.clone();
        let entries = off(move || trail.read()).await?.entries;
        let outlets = self.herald.outlets();
        let mut errands: BTreeMap<Outlet, Vec<Errand>> = BTreeMap::new();
        for entry in entries {
            let of = &entry.announcement;
            if of.profile != self.profile || of.training != self.training {
                continue;
            }
            for delivery in entry.queued().filter(|queued| outlets.contains(&queued.outlet)) {
                let errand = (of.clone(), delivery.failed.clone());
                errands.entry(delivery.outlet).or_default().push(errand);
            }
        }
        Ok(errands)
    }

    /// Tries once to tell those of `taken` that are not told yet, at all outlets at the same time.
    ///
    /// # Errors
    /// When the trail can't be read.
    pub async fn round(&self, taken: &[Text]) -> io::Result<Round> {
        let trail = self.trail.clone();
        let Some(turn) = off(move || trail.turn()).await? else {
            return Ok(Round { busy: true, ..Round::default() });
        };
        // Read with the turn in hand: another console may have told some of it meanwhile.
        let errands = self.errands().await?;
        let rounds = errands.into_iter().map(|(outlet, mut errands)| {
            errands.retain(|(announcement, _)| taken.contains(&announcement.id));
            self.tell(outlet, errands)
        });
        let mut all = Round::default();
        for round in join_all(rounds).await {
            all.delivered.extend(round.delivered);
            all.queued.extend(round.queued);
        }
        drop(turn);
        Ok(all)
    }

    /// Tells `errands` at one outlet until one fails: then it is away, and the rest would fail too.
    async fn tell(&self, outlet: Outlet, errands: Vec<Errand>) -> Round {
        let mut round = Round::default();
        let mut away: Option<Trouble> = None;
        for (announcement, failed_before) in errands {
            let id = announcement.id.clone();
            if let Some(trouble) = &away {
                round.queued.push((id, outlet, trouble.clone()));
                continue;
            }
            match self.announce(announcement, outlet).await {
                Ok(()) => {
                    self.note_delivered(&id, outlet).await;
                    round.delivered.push((id, outlet));
                }
                Err(trouble) => {
                    let why = Text::clean(&trouble.to_string());
                    if failed_before.as_ref() != Some(&why) {
                        self.note_failed(&id, outlet, why).await;
                    }
                    round.queued.push((id, outlet, trouble.clone()));
                    away = Some(trouble);
                }
            }
        }
        round
    }

    /// Tells one announcement at one outlet, in bounded time, and notes nothing.
    ///
    /// # Errors
    /// Why not.
    pub async fn announce(
        &self,
        announcement: Announcement,
        outlet: Outlet,
    ) -> Result<(), Trouble> {
        let telling = self.herald.announce(announcement, outlet);
        tokio::time::timeout(WITHIN, telling).await.unwrap_or_else(|_| {
            let what = format!("no answer within {} s", WITHIN.as_secs());
            Err(Trouble::new(crate::domain::TroubleKind::Slow, &what, ""))
        })
    }

    async fn note_delivered(&self, id: &Text, outlet: Outlet) {
        let (trail, id, at) = (self.trail.clone(), id.clone(), self.clock.now());
        // Not noted, it will be told again under the same id: that is heard once.
        if let Err(error) = off(move || trail.delivered(&id, outlet, at)).await {
            tracing::warn!(%error, "the trail can't be written");
        }
    }

    async fn note_failed(&self, id: &Text, outlet: Outlet, why: Text) {
        let (trail, id, at) = (self.trail.clone(), id.clone(), self.clock.now());
        if let Err(error) = off(move || trail.failed(&id, outlet, at, why)).await {
            tracing::warn!(%error, "the trail can't be written");
        }
    }

    fn unreadable(&self, error: &io::Error) -> Said {
        let path = self.trail.path().display();
        let text = format!(
            "The trail {path} can't be used ({error}), so what is queued in it is not announced."
        );
        (Importance::Error, text)
    }

    /// What is to be said of `round`: what became of this console's own announcement, and that old ones were told.
    #[must_use]
    pub fn say(&self, round: &Round) -> Vec<Said> {
        let is_own = |id: &Text| self.own.as_ref() == Some(id);
        let mut said = Vec::new();
        let mut others: Vec<&Text> =
            round.delivered.iter().map(|(id, _)| id).filter(|id| !is_own(id)).collect();
        others.dedup();
        if !others.is_empty() {
            let text = format!(
                "Told staff of {} earlier break-glass {} that could not be announced before.",
                others.len(),
                if others.len() == 1 { "event" } else { "events" }
            );
            said.push((Importance::Info, text));
        }
        let told: Vec<&str> = round
            .delivered
            .iter()
            .filter(|(id, _)| is_own(id))
            .map(|(_, outlet)| outlet.place())
            .collect();
        let mut text = String::new();
        if !told.is_empty() {
            text = format!("Break-glass was announced {}.", told.join(" and "));
        }
        let mut failed = false;
        for (_, outlet, trouble) in round.queued.iter().filter(|(id, ..)| is_own(id)) {
            failed = true;
            let gap = if text.is_empty() { "" } else { " " };
            text = format!(
                "{text}{gap}Break-glass could not be announced {}: {trouble} It is queued and tried again.",
                outlet.place()
            );
        }
        if !text.is_empty() {
            let importance = if failed { Importance::Error } else { Importance::Warning };
            said.push((importance, text));
        }
        said
    }
}

/// Does what may wait for a disk where it holds nobody up.
async fn off<R: Send + 'static>(
    work: impl FnOnce() -> io::Result<R> + Send + 'static,
) -> io::Result<R> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
