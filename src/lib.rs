//! pulse-console: the terminal console of the on-call staff of PLANA Pulse.

pub mod app;
pub mod cli;
pub mod config;
pub mod domain;
pub mod input;
#[cfg(feature = "live")]
pub mod live;
pub mod platform;
pub mod runtime;
pub mod sim;
pub mod store;
pub mod ui;
