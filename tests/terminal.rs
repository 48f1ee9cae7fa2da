//! The real program in a terminal, in its training world: what an operator sees, and what the console leaves behind.
//!
//! Nothing here needs a server, so it runs in the training build too.
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this is test code"
)]
#![expect(clippy::expect_used, reason = "a test says what it expects")]

#[path = "terminal/appearance.rs"]
mod appearance;
#[path = "terminal/driving.rs"]
mod driving;
#[path = "terminal/ending.rs"]
mod ending;
#[path = "terminal/identity.rs"]
mod identity;
#[path = "terminal/printing.rs"]
mod printing;
#[path = "terminal/recording.rs"]
mod recording;
mod screen;
#[cfg(feature = "live")]
#[path = "terminal/traces.rs"]
mod traces;

/// The usual window.
const SIZE: (u16, u16) = (160, 48);

/// The training world with its time standing still: what is on the screen changes by keys alone.
const STILL: [&str; 5] = ["demo", "--as", "senior", "--speed", "0"];
