//! What each address of the provider answers.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use openidconnect::url::{Url, form_urlencoded};
use pulse_console::domain::Timestamp;
use serde_json::{Value, json};

use super::wire::{Answer, Request};
use super::{CONSOLE, Given, SECRET, STEP_UP, State, Wrong};

/// The answer to `request`; none when it is lost.
pub(super) fn to(request: &Request, state: &mut State, now: Timestamp) -> Option<Answer> {
    let last = request.path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    state.asked.push((last.to_owned(), request.form.clone()));
    match state.wrong.get(last).cloned() {
        Some(Wrong::Says(status, kind, body)) => {
            Some(Answer { status, kind, location: None, body })
        }
        Some(Wrong::Points(to)) => Some(pointing(to)),
        Some(Wrong::Loses) => {
            honest(last, request, state, now);
            None
        }
        None => Some(honest(last, request, state, now)),
    }
}

fn honest(last: &str, request: &Request, state: &mut State, now: Timestamp) -> Answer {
    match last {
        "openid-configuration" => saying(200, &description(state)),
        "jwks" => {
            let keys: Vec<Value> = state.keys.iter().map(super::Key::public).collect();
            saying(200, &json!({ "keys": keys }))
        }
        "authorize" => authorize(request, state, now),
        "token" => match client(request, state) {
            Some(client) => state.token(&client, &request.form, now),
            None => refusal(401, "invalid_client"),
        },
        "revoke" => match client(request, state) {
            Some(client) => {
                state.revoke(&client, request.form.get("token"));
                saying(200, &json!({}))
            }
            None => refusal(401, "invalid_client"),
        },
        "userinfo" => userinfo(request, state, now),
        "end-session" => saying(200, &json!({})),
        _ => saying(404, &json!({"detail": "not found"})),
    }
}

fn description(state: &State) -> Value {
    let at = |last: &str| format!("{}{last}", state.issuer);
    json!({
        "issuer": state.issuer,
        "authorization_endpoint": at("authorize"),
        "token_endpoint": at("token"),
        "jwks_uri": at("jwks"),
        "device_authorization_endpoint": at("device"),
        "userinfo_endpoint": at("userinfo"),
        "revocation_endpoint": at("revoke"),
        "end_session_endpoint": at("end-session"),
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "id_token_signing_alg_values_supported": ["EdDSA"],
    })
}

/// Who asks, when that is proved.
fn client(request: &Request, state: &State) -> Option<String> {
    let (client, secret) = match &request.authorization {
        Some(header) => {
            let pair = BASE64_STANDARD.decode(header.strip_prefix("Basic ")?).ok()?;
            let pair = String::from_utf8(pair).ok()?;
            let (client, secret) = pair.split_once(':')?;
            (plain(client), Some(plain(secret)))
        }
        None => {
            (request.form.get("client_id")?.clone(), request.form.get("client_secret").cloned())
        }
    };
    let expected = state.secrets.then(|| SECRET.to_owned());
    let known = [CONSOLE, STEP_UP].contains(&client.as_str());
    (known && secret == expected).then_some(client)
}

fn plain(escaped: &str) -> String {
    form_urlencoded::parse(escaped.as_bytes()).map(|(name, _)| name.into_owned()).collect()
}

/// Everybody is the one person, and agrees.
fn authorize(request: &Request, state: &mut State, now: Timestamp) -> Answer {
    let value = |name: &str| request.form.get(name).cloned();
    let redirect = value("redirect_uri").unwrap_or_default();
    let Ok(mut back) = Url::parse(&redirect) else { return refusal(400, "invalid_request") };
    state.count += 1;
    let given = Given {
        client: value("client_id").unwrap_or_default(),
        family: state.count,
        nonce: value("nonce"),
        challenge: value("code_challenge"),
        redirect: Some(redirect),
        until_ms: now.ms() + 60_000,
        used: false,
    };
    let code = state.secret_text("code");
    back.query_pairs_mut()
        .append_pair("code", &code)
        .append_pair("state", &value("state").unwrap_or_default());
    state.codes.insert(code, given);
    pointing(back.to_string())
}

fn userinfo(request: &Request, state: &State, now: Timestamp) -> Answer {
    let token = request.authorization.as_deref().and_then(|all| all.strip_prefix("Bearer "));
    let given = token.and_then(|token| state.access.get(token));
    let good = |given: &&Given| {
        !given.used && given.until_ms > now.ms() && !state.ended.contains(&given.family)
    };
    match given.filter(good) {
        Some(_) => saying(200, &state.person),
        None => refusal(401, "invalid_token"),
    }
}

fn pointing(to: String) -> Answer {
    Answer { status: 302, kind: "text/plain", location: Some(to), body: String::new() }
}

pub(super) fn saying(status: u16, body: &Value) -> Answer {
    Answer { status, kind: "application/json", location: None, body: body.to_string() }
}

pub(super) fn refusal(status: u16, error: &str) -> Answer {
    saying(status, &json!({"error": error, "error_description": "said by the provider"}))
}
