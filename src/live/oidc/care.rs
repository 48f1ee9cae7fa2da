//! Looking after the session that is held: whether the provider still knows it, and renewing it in time.

use std::sync::Arc;

use super::desk::{Desk, Held, LookedAfter, Told};
use super::http::Failure;
use super::party::Party;
use super::person;
use super::renew::{self, Due, Old, Renewal, Renewed};
use super::tokens::Tokens;
use crate::domain::{Text, Trouble};
use crate::platform::{Closed, IdentityEvent};

impl Desk {
    /// Does what is due for the session, if nothing is being done for it.
    pub(super) async fn look_after(&mut self) -> Result<(), Closed> {
        let now = self.party.now();
        let Some(held) = self.held.as_ref().filter(|_| self.looked_after.is_none()) else {
            return Ok(());
        };
        let party = Arc::clone(&self.party);
        match held.upkeep.due(now) {
            Due::Nothing => {}
            Due::End => {
                let renews = held.session.grant.renews;
                return self.over(renew::ran_out(renews)).await;
            }
            Due::Look => {
                let (subject, access) =
                    (held.session.subject.clone(), held.session.tokens.access.clone());
                self.looked_after = Some(Box::pin(async move {
                    LookedAfter::Looked(is_known(&party, &subject, &access).await)
                }));
            }
            Due::Renew => {
                let Some(refresh) = held.session.tokens.refresh.clone() else { return Ok(()) };
                let (subject, proved) = (held.session.subject.clone(), held.session.proved.clone());
                let old = Old { refresh, subject, proved };
                self.looked_after =
                    Some(Box::pin(
                        async move { LookedAfter::Renewed(renew::renew(&party, old).await) },
                    ));
            }
        }
        Ok(())
    }

    /// Takes in what came of it.
    pub(super) async fn take_stock(&mut self, after: LookedAfter) -> Result<(), Closed> {
        self.looked_after = None;
        let now = self.party.now();
        let Some(held) = &mut self.held else { return Ok(()) };
        match after {
            LookedAfter::Looked(known) => {
                held.upkeep.looked(now);
                if known == Some(false) {
                    held.upkeep.revoked(now);
                }
                Ok(())
            }
            LookedAfter::Renewed(Renewal::Fresh(tokens, said)) => self.renewed(tokens, said).await,
            LookedAfter::Renewed(Renewal::Refused(trouble)) => {
                if held.upkeep.refused() {
                    return self.over(trouble).await;
                }
                self.teller.tell(IdentityEvent::NotRenewed(renew::lost())).await
            }
            LookedAfter::Renewed(Renewal::Lost(trouble)) => self.not_renewed(trouble, true).await,
            LookedAfter::Renewed(Renewal::Away(trouble)) => self.not_renewed(trouble, false).await,
        }
    }

    async fn renewed(
        &mut self,
        tokens: Tokens,
        said: Result<Box<Renewed>, Trouble>,
    ) -> Result<(), Closed> {
        let now = self.party.now();
        let Some(held) = &mut self.held else { return Ok(()) };
        let renewed = match said {
            Ok(renewed) if renewed.subject != held.session.subject => {
                self.end(tokens, None);
                return self.over(renew::somebody_else()).await;
            }
            Ok(renewed) => *renewed,
            Err(trouble) => {
                // What it says is not believed, but the refresh token before it is used up.
                held.session.tokens.refresh = tokens.refresh;
                self.keep_held().await?;
                return self.not_renewed(trouble, false).await;
            }
        };
        let Renewed { proved, grant, .. } = renewed;
        let id = tokens.id.clone();
        held.session.tokens = tokens;
        held.session.proved = proved;
        held.session.grant = grant.clone();
        held.upkeep = renew::Upkeep::fresh(&held.session, now);
        self.keep_held().await?;
        self.told.push_back(Told::Renewal(id));
        self.teller.tell(IdentityEvent::Renewed(grant)).await
    }

    async fn keep_held(&mut self) -> Result<(), Closed> {
        let Some(held) = self.held.take() else { return Ok(()) };
        let kept = self.keep(&held.session).await;
        self.held = Some(held);
        kept
    }

    async fn not_renewed(&mut self, trouble: Trouble, lost: bool) -> Result<(), Closed> {
        let now = self.party.now();
        let Some(Held { upkeep, .. }) = &mut self.held else { return Ok(()) };
        if upkeep.failed(lost, now) {
            return self.teller.tell(IdentityEvent::NotRenewed(trouble)).await;
        }
        Ok(())
    }

    async fn over(&mut self, why: Trouble) -> Result<(), Closed> {
        if let Some(session) = self.put_down().await? {
            // What may still be good of it is good for nobody.
            self.end(session.tokens, None);
        }
        self.teller.tell(IdentityEvent::Over(why)).await
    }
}

/// Whether the provider knows the session of `access` as that of `subject`; none when that can't be found out.
async fn is_known(party: &Party, subject: &Text, access: &secrecy::SecretString) -> Option<bool> {
    let provider = party.provider().await.ok()?;
    let at = provider.userinfo.as_ref()?;
    match person::ask(&provider, at, access).await {
        Ok(info) => Some(info.is_about(subject)),
        Err(Failure::Status(401)) => Some(false),
        Err(failure) if failure.refusal() == Some("invalid_token") => Some(false),
        Err(_) => None,
    }
}
