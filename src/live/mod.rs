//! The production world: what is known of the real servers.
//!
//! Each server has an adapter of its own, which knows the domain and the doors of [`crate::platform`]
//! and nothing else of the console.

pub mod valkey;
