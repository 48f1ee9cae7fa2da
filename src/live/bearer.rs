//! Whoever is signed in, as servers get to know them.

use secrecy::SecretString;
use tokio::sync::watch;

use crate::domain::{Person, Timestamp};

/// Somebody who is signed in, and what proves it to a server. Its token shows itself nowhere.
#[derive(Clone, Debug)]
pub struct Signed {
    /// The ID token.
    pub token: SecretString,
    /// Whose it is.
    pub person: Person,
    /// When that token runs out.
    pub expires_at: Timestamp,
}

/// Who is signed in now, with renewals as they come; none while nobody is.
pub type Bearer = watch::Receiver<Option<Signed>>;
