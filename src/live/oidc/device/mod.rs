//! Signing in with a browser anywhere, by a code shown here (RFC 8628).

mod code;
mod poll;

use std::time::Duration;

use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};

use self::code::Code;
use self::poll::{Heard, Pace};
use super::application::Application;
use super::flow::{Outcome, Request};
use super::http;
use super::talk::Talk;
use crate::domain::{Span, Text, Trouble, TroubleKind};
use crate::platform::{Challenge, IdentityEvent};

const DOING: &str = "signing in with a device code";
const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// How many codes are asked for when the ones before were not used: some are good for a minute only.
const CODES: u32 = 4;

/// Shows a code and waits until it was used.
pub(super) async fn sign_in(request: &Request, talk: &mut Talk<'_>) -> Result<Outcome, Trouble> {
    let endpoint = request.device_endpoint.as_ref().ok_or_else(code::no_endpoint)?;
    let mut beside = String::new();
    for number in 1..=CODES {
        let code = ask(request, endpoint).await?;
        if let Some(tokens) = wait(request, &code, &beside, talk).await? {
            return Ok(Outcome::Tokens(tokens));
        }
        beside = format!("The code before ran out; this is another, {} of {CODES}.", number + 1);
    }
    Err(Trouble::new(
        TroubleKind::Slow,
        &format!("{DOING}: {CODES} codes ran out, and none of them was used"),
        "Begin again, and type the code at the address while it is shown here.",
    ))
}

/// Asks the provider for a code.
async fn ask(request: &Request, endpoint: &Url) -> Result<Code, Trouble> {
    let mut form = vec![("scope", request.scopes.as_str())];
    if request.again {
        // A provider that does not know this for devices leaves it out.
        form.push(("prompt", "login"));
    }
    let most = request.most.map(|most| most.secs().to_string());
    form.extend(most.as_deref().map(|most| ("max_age", most)));
    let application = application(request);
    let asked = application.asks(request.http.post(endpoint.clone()), &form, request.given);
    let answer = http::send(asked).await.map_err(|failure| {
        let failure = failure.hiding(&[application.hidden()]);
        code::refused(&failure).unwrap_or_else(|| failure.trouble(DOING, endpoint))
    })?;
    Code::read(&answer, request.clock.now())
}

/// Shows `code` and what is to be said `beside` it, and asks for its tokens until they are there; none when the code ran
/// out before.
async fn wait(
    request: &Request,
    code: &Code,
    beside: &str,
    talk: &Talk<'_>,
) -> Result<Option<SecretString>, Trouble> {
    talk.show(Challenge::Device {
        address: code.address.clone(),
        complete: code.complete.clone(),
        code: code.shown.clone(),
        until: code.until,
    })
    .await?;
    let mut pace = Pace::of(code.interval);
    let mut said = beside.to_owned();
    if !said.is_empty() {
        hint(talk, &said).await;
    }
    loop {
        let left = code.until.since(request.clock.now());
        if left == Span::default() {
            return Ok(None);
        }
        tokio::time::sleep(pace.next().min(Duration::from_millis(left.ms()))).await;
        let heard = poll(request, code).await;
        pace.heard(&heard);
        let now = match heard {
            Heard::Tokens(tokens) => return Ok(Some(tokens)),
            Heard::Over => return Ok(None),
            Heard::Failed(trouble) => return Err(trouble),
            Heard::Pending => beside.to_owned(),
            Heard::SlowDown => pace.hint("The provider wants to be asked less often"),
            Heard::Pause(_) => pace.hint("The provider wants a pause"),
            Heard::Away => {
                "The provider can't be reached now. It is tried again while the code is good."
                    .to_owned()
            }
        };
        if now != said {
            hint(talk, &now).await;
            said = now;
        }
    }
}

/// Says `line` beside the code.
async fn hint(talk: &Talk<'_>, line: &str) {
    // A console that is gone drops this sign-in.
    let _ = talk.teller.tell(IdentityEvent::Hint(vec![Text::clean(line)])).await;
}

/// Asks once whether the code was used.
async fn poll(request: &Request, code: &Code) -> Heard {
    let form = [("grant_type", GRANT), ("device_code", code.secret.expose_secret())];
    let application = application(request);
    let asked = request.http.post(request.token_endpoint.clone());
    let Ok(answer) = application.asks(asked, &form, request.given).send().await else {
        return Heard::Away;
    };
    let status = answer.status().as_u16();
    let pause = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
    let pause = pause.and_then(|text| text.trim().parse().ok()).map(Duration::from_secs);
    match http::body(answer).await {
        Ok(Some(body)) => {
            poll::judge(status, pause, body, &[application.hidden(), code.secret.expose_secret()])
        }
        Ok(None) => poll::too_large(),
        Err(_) => Heard::Away,
    }
}

fn application(request: &Request) -> Application {
    Application { id: request.client_id.clone(), secret: request.client_secret.clone() }
}
