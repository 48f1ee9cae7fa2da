//! The embedded training world: a platform that needs nothing but the program.
//!
//! It is deterministic: a scenario, a seed and the time passed decide all that happens. It refuses to be
//! a second way for facts: everything it tells passes the same doors as the real platform's.

mod access;
mod alerts;
mod audit;
mod backups;
mod clock;
mod cluster;
mod databases;
mod engine;
mod events;
mod fault_plan;
mod faults;
mod feed;
mod founding;
mod ground;
mod herald;
mod hostile;
mod incidents;
mod logs;
mod metrics;
mod names;
mod objects;
mod operations;
mod parts;
pub mod people;
mod reading;
pub mod scenario;
mod stream;
mod streams;
mod world;

#[cfg(test)]
mod tests;

pub use engine::Engine;
pub use events::{Event, EventType};
pub use fault_plan::{Break, FaultPlan, Place, Planned};
pub use faults::Fault;
pub use feed::Sim;
pub use operations::Deed;
pub use scenario::{NAMES, Scenario, ScenarioError};
pub use world::World;
