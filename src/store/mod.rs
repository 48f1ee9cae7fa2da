//! What we know: facts are written here by one writer, and read by reference.
pub mod filter;
pub mod table;
