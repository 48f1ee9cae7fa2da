//! pulse-console: the terminal console of the on-call staff of PLANA Pulse.
//!
//! The modules stand in the order of the layers: **a module uses only what stands above it**, and a test
//! enforces that. Facts go round one way:
//!
//! ```text
//! live | sim → Feed → Observation → Msg → Store::apply → drawn by reference
//! keys → Keymap → Action → Gate → App::update → Effect → runtime
//! ```

pub mod domain;
//
pub mod config;
//
pub mod platform;
//
pub mod store;
//
pub mod input;
//
pub mod app;
//
pub mod ui;
//
pub mod sim;
//
#[cfg(feature = "live")]
pub mod live;
//
pub mod runtime;
//
pub mod cli;
