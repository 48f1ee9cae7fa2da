//! The production world: real servers, each behind one of the doors of [`crate::platform`].

pub mod kubernetes;
