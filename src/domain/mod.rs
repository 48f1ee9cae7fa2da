//! What exists on the platform, and the facts told about it.
//!
//! Plain values with typed ids and one order of health. Nothing here does I/O, waits, reads a clock,
//! or knows how it is drawn. Every string that comes from outside is a [`Text`].

mod access;
mod alert;
mod announcement;
mod attention;
pub mod backup;
mod bucket;
mod bytes;
mod cluster;
mod database;
mod event;
mod feed;
mod figure;
mod health;
mod log;
mod logql;
mod metric;
mod nearest;
mod object;
mod observation;
pub mod operation;
mod person;
mod resource;
mod run;
pub mod runbook;
pub mod sla;
mod text;
mod time;
mod trouble;
mod valkey;

pub use access::{Access, ApiGroup, Need, Scope, Verdict};
pub use alert::{
    Ack, Alert, AlertStanding, AlertState, Covers, Matcher, Silence, SilenceState, in_words,
};
pub use announcement::{Announcement, Happening, Opener, Outlet};
pub use attention::Attention;
pub use backup::{Backup, BackupName, Shelf, ShelfBuilder};
pub use bucket::Bucket;
pub use bytes::Bytes;
pub use cluster::{ClusterKind, ClusterObject};
pub use database::{
    Connections, Cost, Database, DatabaseClass, DatabaseFigures, DatabaseServer, Measured, Pool,
    Replica, Session, SessionState,
};
pub use event::{CloudEvent, Content, Gap, GapCause, Missed, Payload, StreamEntry, StreamId};
pub use feed::{FeedId, System};
pub use figure::{Figure, figures};
pub use health::Health;
pub use log::{LogChunk, LogLine, LogSource, LogTold};
pub use metric::{Probe, Series, Unit, tenant_at, thousandths};
pub use nearest::nearest;
pub use object::{Object, Record};
pub use observation::{Fact, Observation};
pub use operation::Operation;
pub use person::{Person, PlanHash, Role};
pub use resource::{
    ClientSpec, Condition, EnvironmentSpec, Field, Kind, MadeBy, Meta, Reference, Resource,
    RestoreSpec, Spec, Status, TemplateSpec, Uid, UpgradeSpec,
};
pub use run::RunPhase;
pub use runbook::Runbook;
pub use sla::{Severity, SlaClock, SlaState};
pub use text::Text;
pub use time::{Span, Timestamp};
pub use trouble::{Trouble, TroubleKind};
pub use valkey::{
    Consumer, Execution, Group, KeyFamily, KeyPart, SlowCommand, StreamInfo, StreamServer,
};
