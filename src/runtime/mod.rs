//! stub

pub mod clipboard;
pub mod keyboard;
pub mod panic;
pub mod screen;
pub mod signals;
pub mod terminal;
