//! The talk between a sign-in and the operator.

use tokio::sync::mpsc;

use crate::domain::{Trouble, TroubleKind};
use crate::platform::{Answer, Challenge, IdentityEvent, Teller};

/// Asks the operator, and waits for answers. Giving up drops the sign-in, whatever it waits for.
pub(super) struct Talk<'a> {
    pub(super) teller: &'a Teller,
    pub(super) answers: &'a mut mpsc::Receiver<Answer>,
}

impl Talk<'_> {
    /// Shows `challenge`, which may need no answer.
    pub(super) async fn show(&self, challenge: Challenge) -> Result<(), Trouble> {
        self.teller.tell(IdentityEvent::Asked(challenge)).await.map_err(|_| closing())
    }

    /// Shows `challenge` and waits for the answer.
    pub(super) async fn ask(&mut self, challenge: Challenge) -> Result<Answer, Trouble> {
        self.show(challenge).await?;
        let answer = self.answer().await?;
        self.teller.tell(IdentityEvent::Checking).await.map_err(|_| closing())?;
        Ok(answer)
    }

    /// Waits for an answer to what is shown.
    pub(super) async fn answer(&mut self) -> Result<Answer, Trouble> {
        self.answers.recv().await.ok_or_else(closing)
    }
}

/// Nobody sees this: it is said to a console that is gone.
fn closing() -> Trouble {
    Trouble::new(TroubleKind::Unreachable, "signing in: the console is closing", "")
}
