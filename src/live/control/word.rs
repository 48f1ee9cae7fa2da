//! Word of operations where people and programs hear it: on the event stream, and in the room of alerts.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::domain::operation::Command;
use crate::domain::{Trouble, TroubleKind};
use crate::live::matrix::{self, Room};
use crate::live::{stream, valkey};
use crate::platform::{Clock, Mark, Word};

/// The longest that word of an operation may hold it up.
const WITHIN: Duration = Duration::from_secs(8);

/// Where word is left.
pub(super) struct Outlets {
    room: Option<Room>,
    stream: Option<stream::Wanted>,
    clock: Arc<dyn Clock>,
}

impl Outlets {
    /// The room that `matrix` names, and the stream, where the profile has one.
    pub(super) fn new(
        matrix: Option<matrix::Options>,
        stream: stream::Wanted,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let stream = stream.valkey.url.value.is_some().then_some(stream);
        Self { room: matrix.map(Room::new), stream, clock }
    }

    /// Tells the event stream; nobody where there is none.
    pub(super) async fn tell(&self, word: &Word) -> Result<(), Trouble> {
        let Some(stream) = &self.stream else { return Ok(()) };
        let Mark { operation, by, reason } = &word.mark;
        let id = format!("{operation}.{}", word.happened);
        let mut event = json!({
            "specversion": "1.0",
            "id": id,
            "type": format!("console.operation.{}", word.happened),
            "source": "//plana-pulse/console",
            "time": self.clock.now().to_string(),
            "datacontenttype": "application/json",
            "data": {
                "operation": operation,
                "verb": word.verb,
                "tenant": word.tenant,
                "by": by,
                "reason": reason,
                "says": word.sentence,
            },
        });
        if let (Some(tenant), Some(event)) = (&word.tenant, event.as_object_mut()) {
            event.insert("subject".to_owned(), json!(tenant));
        }
        let telling = async {
            let options = stream.options().await?;
            valkey::announce(&options, &id, &event).await
        };
        within(telling).await
    }

    /// Tells the room who looks after an alert. It is known without that, so nothing depends on it.
    pub(super) async fn acknowledged(&self, command: &Command, mark: &Mark) {
        let (Some(room), Command::Acknowledge { name, by, until, .. }) = (&self.room, command)
        else {
            return;
        };
        let (says, what) = match by {
            Some(by) => (format!("{by} looks after {name} until {until}."), "ack"),
            None => (format!("{} says that nobody looks after {name} any more.", mark.by), "unack"),
        };
        let sentences = [says, format!("Reason: {}", mark.reason)];
        let id = format!("{}.{what}", mark.operation);
        if let Err(trouble) = within(room.say(&id, &sentences)).await {
            tracing::warn!(operation = %mark.operation, "the room was not told: {trouble}");
        }
    }
}

async fn within(telling: impl Future<Output = Result<(), Trouble>>) -> Result<(), Trouble> {
    let told = tokio::time::timeout(WITHIN, telling).await;
    told.unwrap_or_else(|_| {
        let what = format!("nobody listened within {} s", WITHIN.as_secs());
        Err(Trouble::new(TroubleKind::Slow, &what, ""))
    })
}
