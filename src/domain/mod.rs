//! What exists on the platform: tenants, runs, events, and the facts told about them.
//!
//! Plain values with typed ids and one order of health. Nothing here does I/O, waits, reads a clock,
//! or knows how it is drawn. Every string that comes from outside is a [`Text`].

pub mod backup;
mod event;
mod feed;
mod health;
mod observation;
mod resource;
pub mod runbook;
pub mod sla;
mod text;
mod time;
mod trouble;

pub use backup::{Backup, BackupName, Shelf, ShelfBuilder};
pub use event::{CloudEvent, Content, Gap, GapCause, Missed, Payload, StreamEntry, StreamId};
pub use feed::FeedId;
pub use health::Health;
pub use observation::{Fact, Observation};
pub use resource::{
    ClientSpec, Condition, EnvironmentSpec, Field, Kind, Meta, Reference, Resource, RestoreSpec,
    Spec, Status, TemplateSpec, Uid, UpgradeSpec,
};
pub use runbook::Runbook;
pub use sla::{Severity, SlaClock, SlaState};
pub use text::Text;
pub use time::{Span, Timestamp};
pub use trouble::{Trouble, TroubleKind};
