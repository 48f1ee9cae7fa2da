//! Signing in with the browser of this machine, which comes back on a loopback port (RFC 8252).

mod door;
mod head;
mod open;
mod page;

use std::time::Duration;

use self::door::Door;
use super::flow::{Authorization, Outcome, Request};
use super::talk::Talk;
use crate::domain::{Span, Text, Trouble, TroubleKind};
use crate::platform::{Answer, Challenge};

/// How long a person may take.
const WAIT: Span = Span::from_secs(5 * 60);
/// The longest address that is shown, in bytes.
const ADDRESS_BYTES: usize = 4096;

/// Sends the browser to the provider and waits for it to come back.
pub(super) async fn sign_in(request: &Request, talk: &mut Talk<'_>) -> Result<Outcome, Trouble> {
    let door = Door::make().await?;
    let authorization = Authorization::begin(request, door.address.clone());
    let waiting = tokio::time::timeout(
        Duration::from_millis(WAIT.ms()),
        wait(request, &door, &authorization, talk),
    );
    let answer = waiting.await.map_err(|_| too_long())??;
    authorization.end(&answer)
}

/// Opens the browser, again whenever the operator asks for it, until it comes back with an answer.
async fn wait(
    request: &Request,
    door: &Door,
    authorization: &Authorization,
    talk: &mut Talk<'_>,
) -> Result<reqwest::Url, Trouble> {
    let until = request.clock.now().after(WAIT);
    let mut answered = Box::pin(door.answered(authorization));
    loop {
        let opened = open::open(&authorization.address, request.browser.as_deref());
        let unopened = tokio::select! {
            // It may be back before the program that opened it says that it did.
            biased;
            answer = &mut answered => return Ok(answer),
            opened = opened => opened.err(),
        };
        talk.show(Challenge::Browser {
            address: Text::bounded(authorization.address.as_str(), ADDRESS_BYTES),
            unopened: unopened.as_deref().map(Text::clean),
            until,
        })
        .await?;
        tokio::select! {
            biased;
            answer = &mut answered => return Ok(answer),
            agreed = agreed(talk) => agreed?,
        }
    }
}

/// Waits until the operator wants the browser again.
async fn agreed(talk: &mut Talk<'_>) -> Result<(), Trouble> {
    while talk.answer().await? != Answer::Agreed {}
    Ok(())
}

fn too_long() -> Trouble {
    Trouble::new(
        TroubleKind::Slow,
        &format!("signing in: the browser did not come back within {} minutes", WAIT.secs() / 60),
        "Begin again; where no browser can come back to this machine, sign in with a device code.",
    )
}
