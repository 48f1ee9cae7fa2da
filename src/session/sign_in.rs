//! What is under way with the provider.

use serde::{Deserialize, Serialize};

use crate::domain::{Text, Trouble};
use crate::platform::{Challenge, Purpose, Way};

/// What is under way with the provider: signing in, coming back to a locked screen, or, while somebody is signed in,
/// giving a factor for a plan. It never changes who is signed in; only a grant that counts does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignIn {
    /// In which way.
    pub way: Option<Way>,
    /// For what; none while nothing is under way. What the provider tells then is late, and does not count.
    pub purpose: Option<Purpose>,
    /// How far it is.
    pub stage: Stage,
    /// What went wrong last: a sentence for the operator. It stays until something is begun anew.
    pub wrong: Option<Text>,
    /// Lines of help beside what is asked.
    pub hint: Vec<Text>,
    /// How many challenges there were: a new one empties what was typed.
    pub asked: u64,
}

/// How far a sign-in is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// The provider was not heard of yet.
    #[default]
    Starting,
    /// Nothing is under way: a way is to be begun.
    Resting,
    /// The provider is asked.
    Checking,
    /// The operator is asked.
    Asked(Challenge),
}

impl SignIn {
    pub(super) fn begin(&mut self, way: Way, purpose: Purpose) {
        self.way = Some(way);
        self.purpose = Some(purpose);
        self.stage = Stage::Checking;
    }

    pub(super) fn rest(&mut self) {
        self.purpose = None;
        self.stage = Stage::Resting;
        self.hint.clear();
    }

    pub(super) fn rest_after(&mut self, trouble: Option<&Trouble>) {
        self.rest();
        self.wrong = trouble.map(|trouble| Text::clean(&trouble.to_string()));
    }

    pub(super) fn rest_because(&mut self, why: &str) {
        self.rest();
        self.wrong = Some(Text::clean(why));
    }
}
