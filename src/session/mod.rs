//! Who is here: signing in, what the role allows, locking, and proofs for dangerous plans.
//!
//! Pure: what the provider tells goes in, what it shall do comes out. Nobody gets in, and no role grows, but by a grant
//! that [`Policy`] admits.

mod policy;
mod presence;
mod proofs;
mod refusal;
mod sign_in;
mod standing;
mod steady;
#[cfg(test)]
mod tests;
mod told;

pub use policy::{Policy, Staff};
pub use presence::{Presence, SessionMemo};
pub use proofs::{GOOD_FOR, Proofs, Unproved};
pub use refusal::Refusal;
pub use sign_in::{SignIn, Stage};
pub use standing::Standing;
