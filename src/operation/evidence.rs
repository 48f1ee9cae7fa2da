//! Evidence: the answers that a plan is made from.
//!
//! A kind writes its plan as a pure function of the answers. Where one lacks, it says which; the answer is fetched, and
//! the function runs again. So a plan is made of exactly what was asked, and a test can give the answers itself.

use super::kinds::{self, Request};
use super::{Manifests, Shape};
use crate::domain::operation::{Plan, Query, Seen};
use crate::domain::{Text, Trouble};
use crate::platform::Inspect;

/// The most questions for one plan.
const MOST: usize = 64;

/// Answers, each with its question.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    answers: Vec<(Query, Seen)>,
}

/// Why there is no plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unplanned {
    /// This must be asked first.
    Ask(Box<Query>),
    /// It can't be done; a sentence that says why, and what to do.
    Refused(Text),
}

impl Unplanned {
    /// It can't be done, and why.
    #[must_use]
    pub fn refused(why: &str) -> Self {
        Self::Refused(Text::bounded(why, 1024))
    }
}

impl Evidence {
    /// The answer to `query`.
    ///
    /// # Errors
    /// [`Unplanned::Ask`] when it is not known yet.
    pub fn ask(&self, query: &Query) -> Result<&Seen, Unplanned> {
        let known = self.answers.iter().find(|(asked, _)| asked == query);
        known.map(|(_, seen)| seen).ok_or_else(|| Unplanned::Ask(Box::new(query.clone())))
    }

    /// Notes the answer to `query`.
    pub fn note(&mut self, query: Query, seen: Seen) {
        self.answers.push((query, seen));
    }
}

/// Makes the plan that `request` asks for: fetches what it needs to know through `inspect`.
///
/// # Errors
/// Why there is none, in a sentence.
pub async fn plan(
    inspect: &dyn Inspect,
    request: &Request,
    shape: &Shape,
    manifests: &Manifests,
) -> Result<Plan, Trouble> {
    let mut evidence = Evidence::default();
    for _ in 0..MOST {
        match kinds::plan(request, shape, manifests, &evidence) {
            Ok(plan) => return Ok(plan),
            Err(Unplanned::Ask(query)) => {
                let seen = inspect.look(&query).await?;
                evidence.note(*query, seen);
            }
            Err(Unplanned::Refused(why)) => return Err(refusal(&why)),
        }
    }
    Err(refusal(&Text::from("the plan asks for more than anybody can know")))
}

fn refusal(why: &Text) -> Trouble {
    Trouble::new(crate::domain::TroubleKind::Denied, why.as_str().trim_end_matches('.'), "")
}
