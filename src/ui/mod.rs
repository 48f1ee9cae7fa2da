//! stub
pub mod theme;
