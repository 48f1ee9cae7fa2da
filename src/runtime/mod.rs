//! The only impure centre: the event loop, the terminal, the feeds, the recorder, the log.
//!
//! Everything that happens comes through one bounded channel to one thread, which takes in what is there,
//! lets the app settle, and draws at most one frame. That thread waits for nothing but that channel.

pub mod appearance;
pub mod clipboard;
mod clock;
pub mod console;
pub mod courier;
mod feeds;
mod housekeeping;
mod interrupt;
pub mod keyboard;
pub mod log;
pub mod machine;
pub mod mirror;
pub mod operator;
pub mod panic;
pub mod prompt;
pub mod recorder;
pub mod replay;
mod rotation;
pub mod saved;
pub mod screen;
pub mod signals;
pub mod snapshot;
pub mod terminal;
pub mod told;
pub mod trail;
pub mod vigil;
pub mod watcher;

pub use clock::WallClock;
