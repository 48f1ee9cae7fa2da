//! pulse-console: the terminal console of the on-call staff of PLANA Pulse.

pub mod domain;
pub mod config;
pub mod platform;
pub mod store;
pub mod input;
pub mod app;
pub mod ui;
pub mod runtime;
pub mod sim;
#[cfg(feature = "live")]
pub mod live;
pub mod cli;
