//! stub

pub mod clipboard;
pub mod keyboard;
pub mod log;
pub mod panic;
mod rotation;
pub mod screen;
pub mod signals;
pub mod terminal;
pub mod watcher;
