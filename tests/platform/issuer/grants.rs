//! Tokens: giving them, taking a refresh token once, and ending them.

use std::collections::BTreeMap;

use openidconnect::{PkceCodeChallenge, PkceCodeVerifier};
use pulse_console::domain::Timestamp;
use serde_json::{Value, json};

use super::answer::{refusal, saying};
use super::wire::Answer;
use super::{Given, State};

impl State {
    /// A text that nobody else may know.
    pub(super) fn secret_text(&mut self, what: &str) -> String {
        let text = format!("{what}-{}-{:016x}", self.secret.len(), fastrand::u64(..));
        self.secret.push(text.clone());
        text
    }

    pub(super) fn give_refresh(&mut self, given: Given) -> String {
        let token = self.secret_text("refresh");
        self.refresh.insert(token.clone(), given);
        token
    }

    /// The answer of the token endpoint to `client`.
    pub(super) fn token(
        &mut self,
        client: &str,
        form: &BTreeMap<String, String>,
        now: Timestamp,
    ) -> Answer {
        let value = |name: &str| form.get(name).map(String::as_str).unwrap_or_default();
        let given = match value("grant_type") {
            "refresh_token" => self.take_refresh(client, value("refresh_token")),
            "authorization_code" => self.take_code(client, form),
            _ => return refusal(400, "unsupported_grant_type"),
        };
        match given {
            Some(given) => self.give(given, now),
            // A provider that repeats what it was given, which nobody must repeat after it.
            None => saying(
                400,
                &json!({"error": "invalid_grant", "error_description": format!("{form:?}")}),
            ),
        }
    }

    /// A refresh token is good once; used again, the whole sign-in is over.
    fn take_refresh(&mut self, client: &str, token: &str) -> Option<Given> {
        let given = self.refresh.get_mut(token).filter(|given| given.client == client)?;
        if given.used {
            self.ended.insert(given.family);
        }
        let good = !given.used && !self.ended.contains(&given.family);
        given.used = true;
        good.then(|| Given { used: false, nonce: None, ..given.clone() })
    }

    fn take_code(&mut self, client: &str, form: &BTreeMap<String, String>) -> Option<Given> {
        let given = self.codes.remove(form.get("code")?)?;
        let verifier = PkceCodeVerifier::new(form.get("code_verifier")?.clone());
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&verifier);
        let proved = given.challenge.as_deref() == Some(challenge.as_str());
        let same = given.client == client && given.redirect.as_ref() == form.get("redirect_uri");
        (proved && same).then_some(given)
    }

    fn give(&mut self, given: Given, now: Timestamp) -> Answer {
        let until_ms = now.ms() + self.lasts * 1000;
        let access = self.secret_text("access");
        let id = self.id_token(&given, now);
        self.secret.push(id.clone());
        let good = Given { until_ms, ..given };
        self.access.insert(access.clone(), good.clone());
        let refresh = self.give_refresh(good);
        saying(
            200,
            &json!({
                "access_token": access,
                "token_type": "Bearer",
                "expires_in": self.lasts,
                "refresh_token": refresh,
                "id_token": id,
            }),
        )
    }

    fn id_token(&self, given: &Given, now: Timestamp) -> String {
        let mut claims = self.person.clone();
        let seconds = now.ms() / 1000;
        claims["iss"] = self.issuer.clone().into();
        claims["aud"] = given.client.clone().into();
        claims["iat"] = seconds.into();
        claims["exp"] = (seconds + self.lasts).into();
        if let Some(nonce) = &given.nonce {
            claims["nonce"] = nonce.clone().into();
        }
        if let (Some(claims), Some(instead)) = (claims.as_object_mut(), self.instead.as_object()) {
            claims.retain(|name, _| !self.left_out.contains(&name.as_str()));
            claims.extend(instead.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        self.keys.first().map(|key| key.sign(&claims)).unwrap_or_default()
    }

    /// Ends a token; with a refresh token all that came of it.
    pub(super) fn revoke(&mut self, client: &str, token: Option<&String>) {
        let Some(token) = token else { return };
        if let Some(given) = self.refresh.get(token).filter(|given| given.client == client) {
            self.ended.insert(given.family);
        }
        if let Some(given) = self.access.get_mut(token).filter(|given| given.client == client) {
            given.used = true;
        }
    }
}

/// What a token says, whoever made it.
pub fn said_by(token: &str) -> Value {
    use base64::Engine as _;
    let middle = token.split('.').nth(1).unwrap_or_default();
    let bytes = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(middle).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}
