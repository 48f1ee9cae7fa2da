//! How long is waited for servers that are away, and which troubles may pass.

use std::time::Duration;

use tokio::time::Instant;

use crate::domain::{Span, Text, Trouble, TroubleKind};

/// So long a refusal is doubted.
const BELIEVED: Duration = Duration::from_secs(10);

/// Whether it is of use to wait.
pub(in crate::operation) const fn may_pass(trouble: &Trouble) -> bool {
    use crate::domain::TroubleKind::{
        Absent, Certificate, Config, Denied, NotConfigured, Protocol, Server, Slow,
        Unauthenticated, Unreachable,
    };
    match trouble.kind {
        // A token that ran out is renewed beside.
        Unreachable | Slow | Server | Unauthenticated => true,
        NotConfigured | Config | Certificate | Denied | Absent | Protocol => false,
    }
}

/// A server that was started a moment ago refuses everybody until it knows who may do what: a refusal in the middle of the
/// work is believed when it lasts. Whether the rights are there was asked before it began.
#[derive(Default)]
pub(super) struct Doubt(Option<Instant>);

impl Doubt {
    /// Whether `trouble` is a refusal that may pass still.
    pub(super) fn is_denied_lately(&mut self, trouble: &Trouble) -> bool {
        trouble.kind == TroubleKind::Denied && self.0.get_or_insert_with(now).elapsed() < BELIEVED
    }
}

/// How long somebody is waited for.
pub(super) struct Patience {
    since: Instant,
    long: Duration,
    pause: Duration,
}

/// It was waited for so long.
pub(super) struct Waited(Span);

impl Waited {
    /// Why nothing comes of it.
    pub(super) fn of(&self, trouble: &Trouble) -> Text {
        Text::clean(&format!("{}; it stayed so for {}", trouble.what, self.0))
    }
}

impl Patience {
    /// So long from now on, with such a pause between two tries.
    pub(super) fn new(long: Duration, pause: Duration) -> Self {
        Self { since: now(), long, pause }
    }

    /// Waits a moment.
    ///
    /// # Errors
    /// When it was long enough.
    pub(super) async fn wait(&mut self) -> Result<(), Waited> {
        if self.waited() >= self.long {
            let ms = u64::try_from(self.long.as_millis()).unwrap_or(u64::MAX);
            return Err(Waited(Span::from_ms(ms)));
        }
        tokio::time::sleep(self.pause).await;
        Ok(())
    }

    /// For how long.
    pub(super) fn waited(&self) -> Duration {
        now().duration_since(self.since)
    }
}

#[expect(clippy::disallowed_methods, reason = "how long one waits is measured, and shown nowhere")]
pub(super) fn now() -> Instant {
    Instant::now()
}
