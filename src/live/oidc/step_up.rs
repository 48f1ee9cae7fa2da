//! A factor for one plan: asked for by the second application, or again at the first, and used for nothing else.
//!
//! What binds the proof to the plan is the nonce: it is made for the plan, kept in memory while that is asked for, and gone
//! with the answer, so an answer can't count twice or for another plan. A device can't send a nonce; there the code that it
//! asked for is what was made for the plan, and only the answer to that code is looked at.

use super::application::Application;
use super::party::{Party, nonce_for};
use super::sign_in::{self, Anew, Answered, Asked};
use super::talk::Talk;
use super::tokens::Tokens;
use crate::domain::{PlanHash, Span, Trouble};
use crate::platform::{Proof, Way};

const DOING: &str = "proving that it is you";
/// How old the answer may be.
const WITHIN: Span = Span::from_secs(60);

/// A proof, and the tokens that came with it: nobody needs them.
pub(super) struct Proved {
    pub(super) proof: Proof,
    pub(super) spent: Tokens,
    pub(super) application: Application,
}

/// Has the provider ask for a factor for `plan`.
///
/// # Errors
/// What stands in the way: a sentence for the operator.
pub(super) async fn step_up(
    party: &Party,
    way: Way,
    plan: PlanHash,
    talk: &mut Talk<'_>,
) -> Result<Proved, Trouble> {
    let provider = party.step_up_provider().await?;
    let second = party.step_up_application().await?;
    // The second application's own flow asks for the factor; the first has to be told to ask again.
    // Whether it did is all that there is to see of a factor then.
    let anew = if second.is_none() { Anew::Shown } else { Anew::No };
    let most = second.is_none().then_some(WITHIN);
    let application = match second {
        Some(second) => second,
        None => party.application().await?,
    };
    let asked = Asked {
        way,
        application: &application,
        nonce: nonce_for(&plan),
        // Nothing is to be had with it: no refresh token, and no consent to one.
        scopes: "openid",
        anew,
        most,
        within: WITHIN,
        doing: DOING,
    };
    let Answered { claims, tokens } = sign_in::answered(party, &provider, asked, talk).await?;
    let proof = Proof { plan, subject: claims.subject, issued_at: claims.issued_at };
    Ok(Proved { proof, spent: tokens, application })
}
