//! What we do: plan, confirm, journal, execute, recover.
//!
//! A plan is data: the steps of [`crate::domain::operation`], each with the change it makes and how to see that it was
//! made. The kinds only write plans, from evidence; everything that changes the outside is in the [`Executor`], which
//! knows no kind. Invariants: what is meant is durable before it is done, and its outcome after; nothing begins without
//! a journal and a lease; a plan runs once; what was pinned is looked at again before anything is changed.

mod changes;
mod confirm;
mod demand;
mod digest;
mod evidence;
mod executor;
pub mod kinds;
mod manifest;
mod report;
mod retention;
mod shape;

pub use changes::{Change, Line, changes};
pub use confirm::{ConfirmedPlan, Given, Unconfirmed};
pub use demand::Demand;
pub use digest::hash;
pub use evidence::{Evidence, Unplanned, plan};
pub use executor::{Executor, Halt, Pace, Progress, Tell, Way};
pub use manifest::{Manifests, TemplateError};
pub use report::{Timeline, export};
pub use retention::{Leaving, Retention, Sweeper, Swept, kept_aside, over_since};
pub use shape::{Caution, Guard, GuardError, Shape};
