//! pulse-console: the terminal console of the on-call staff of PLANA Pulse.
//!
//! The modules stand in the order of the layers: **a module uses only what stands above it**, and a test
//! enforces that. Facts go round one way:
//!
//! ```text
//! live | sim → Feed → Observation → Msg → Store::apply → drawn by reference
//! keys → Keymap → Action → Gate → App::update → Effect → runtime
//! ```

#![cfg_attr(
    test,
    allow(clippy::too_many_lines, reason = "a table of cases is as long as there are cases")
)]

// What exists: plain values and the facts told about them.
pub mod domain;

// Settings, with where each came from.
pub mod config;

// The doors to a world: traits only.
pub mod platform;

// Who is here: signing in, roles, locking, proofs. Pure.
pub mod session;

// What we do: plan, confirm, journal, execute, recover.
pub mod operation;

// What we know: one writer, borrowed readers.
pub mod store;

// Keys, and what they are bound to.
pub mod input;

// What input means.
pub mod app;

// How it looks.
pub mod ui;

// The embedded world. It knows domain, config and platform only.
pub mod sim;

// The production world. It knows domain, config and platform only.
#[cfg(feature = "live")]
pub mod live;

// The only impure centre: loop, terminal, recorder, log.
pub mod runtime;

// What the command line asks for; where a world is chosen.
pub mod cli;
