//! The endpoint that gives tokens, and what is in them.

use std::collections::BTreeMap;
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::state::{Given, State, now, random};
use super::tokens::{digest, encoded, half};
use super::wire::{Request, Response};
use super::{CONSOLE_APP, STEP_UP_APP, ToDevice};

/// The one class that there is, whatever was asked for.
const ACR: &str = "goauthentik.io/providers/oauth2/default";

impl State {
    /// The application that asks. Both are public: no secret is compared.
    pub(super) fn client(
        &self,
        request: &Request,
        said: &BTreeMap<String, String>,
    ) -> Option<String> {
        let basic = request.header("authorization").and_then(|said| said.strip_prefix("Basic "));
        let basic = basic
            .and_then(|said| STANDARD.decode(said).ok())
            .and_then(|said| String::from_utf8(said).ok());
        let named =
            basic.and_then(|said| said.split_once(':').map(|(client, _)| client.to_owned()));
        let client = named.or_else(|| said.get("client_id").cloned())?;
        [CONSOLE_APP, STEP_UP_APP].contains(&client.as_str()).then_some(client)
    }

    pub(super) fn token(&mut self, request: &Request) -> Response {
        let said = request.form();
        let Some(client) = self.client(request, &said) else { return refused("invalid_client") };
        let given = match said.get("grant_type").map(String::as_str).unwrap_or_default() {
            "authorization_code" => self.of_code(&client, &said),
            "refresh_token" => self.of_refresh(&client, &said),
            "urn:ietf:params:oauth:grant-type:device_code" => {
                if let Some(told) = self.told_to_device() {
                    return told;
                }
                self.of_device(&client, &said)
            }
            _ => Err("unsupported_grant_type"),
        };
        match given {
            Ok(given) => Response::json(200, &self.give(given)),
            Err(error) => refused(error),
        }
    }

    fn of_code(
        &mut self,
        client: &str,
        said: &BTreeMap<String, String>,
    ) -> Result<Given, &'static str> {
        let code = said.get("code").cloned().unwrap_or_default();
        let (asked, login) = self.codes.remove(&code).ok_or("invalid_grant")?;
        let verifier =
            said.get("code_verifier").map(|verifier| encoded(digest(verifier.as_bytes())));
        if asked.client != client
            || said.get("redirect_uri") != Some(&asked.redirect)
            || verifier != asked.challenge
        {
            return Err("invalid_grant");
        }
        Ok(Given {
            client: asked.client,
            scopes: asked.scopes,
            nonce: asked.nonce,
            user: login.user,
            login: Some(login),
            device: false,
        })
    }

    /// Each one counts once; the one that comes again may be stolen.
    fn of_refresh(
        &mut self,
        client: &str,
        said: &BTreeMap<String, String>,
    ) -> Result<Given, &'static str> {
        let token = said.get("refresh_token").cloned().unwrap_or_default();
        let (given, used) = self.refreshes.get_mut(&token).ok_or("invalid_grant")?;
        if *used {
            self.reused += 1;
            return Err("invalid_grant");
        }
        if given.client != client {
            return Err("invalid_grant");
        }
        if !given.scopes.iter().any(|scope| scope == "offline_access") {
            return Err("invalid_scope");
        }
        *used = true;
        let mut given = given.clone();
        if given.device {
            // The login was the browser's: nothing leads from a device to its event.
            given.login = None;
        }
        Ok(given)
    }

    /// What a device is told that asks too often.
    #[expect(clippy::disallowed_methods, reason = "a server goes by the clock of the machine")]
    fn told_to_device(&mut self) -> Option<Response> {
        self.device_asked.push(Instant::now());
        let told = &mut self.manner.told_to_devices;
        let first = (!told.is_empty()).then(|| told.remove(0))?;
        Some(match first {
            ToDevice::SlowDown => refused("slow_down"),
            ToDevice::Later(seconds) => Response::page(429, "Request was throttled.")
                .with("Retry-After", seconds.to_string()),
        })
    }

    fn of_device(
        &mut self,
        client: &str,
        said: &BTreeMap<String, String>,
    ) -> Result<Given, &'static str> {
        let code = said.get("device_code").cloned().unwrap_or_default();
        let asked =
            self.devices.get(&code).filter(|asked| asked.until > now() && asked.client == client);
        let asked = asked.ok_or("invalid_grant")?;
        if asked.login.is_none() {
            return Err("authorization_pending");
        }
        let asked = self.devices.remove(&code).ok_or("invalid_grant")?;
        let login = asked.login.ok_or("invalid_grant")?;
        Ok(Given {
            client: asked.client,
            scopes: asked.scopes,
            nonce: None,
            user: login.user,
            login: Some(login),
            device: true,
        })
    }

    fn give(&mut self, given: Given) -> Value {
        let mut claims = self.of_person(given.user, &given.scopes);
        let now = now();
        claims["iss"] = self.issuer(&given.client).into();
        claims["sub"] = self.subject(given.user).into();
        claims["aud"] = given.client.clone().into();
        claims["iat"] = now.into();
        claims["exp"] = (now + self.manner.tokens_hold).into();
        claims["acr"] = ACR.into();
        claims["auth_time"] = given.login.as_ref().map_or(now, |login| login.at).into();
        claims["jti"] = random().into();
        if let Some(login) = &given.login {
            claims["amr"] = json!(login.factors);
            claims["sid"] = encoded(digest(login.number.to_string().as_bytes())).into();
        }
        if let Some(nonce) = &given.nonce {
            claims["nonce"] = nonce.clone().into();
        }
        let mut of_access = claims.clone();
        of_access["azp"] = given.client.clone().into();
        of_access["uid"] = random().into();
        let access = self.key.sign(&of_access);
        claims["at_hash"] = half(&access).into();
        let id = self.key.sign(&claims);
        let mut answer = json!({
            "access_token": access, "token_type": "Bearer", "expires_in": self.manner.tokens_hold, "id_token": id,
            "scope": given.scopes.join(" "),
        });
        self.accesses.insert(access, (given.clone(), of_access));
        if given.scopes.iter().any(|scope| scope == "offline_access") {
            let refresh = random();
            answer["refresh_token"] = refresh.clone().into();
            self.refreshes.insert(refresh, (given, false));
        }
        answer
    }

    /// What the scopes tell of a person.
    pub(super) fn of_person(&self, user: &str, scopes: &[String]) -> Value {
        let mut said = json!({});
        let Some(person) = self.person(user) else { return said };
        let has = |scope: &str| scopes.iter().any(|given| given == scope);
        if has("profile") {
            said["name"] = person.name.into();
            said["given_name"] = person.name.into();
            said["preferred_username"] = person.user.into();
            said["nickname"] = person.user.into();
            said["groups"] = json!(person.groups);
        }
        if has("email") {
            let at = if person.user.contains('@') { "" } else { "@plana.example" };
            said["email"] = format!("{}{at}", person.user).into();
            said["email_verified"] = true.into();
        }
        said
    }

    /// The same for every application, and of no use to guess who it is.
    pub(super) fn subject(&self, user: &str) -> String {
        digest(user.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn refused(error: &str) -> Response {
    Response::json(
        400,
        &json!({ "error": error, "error_description": "The request is not granted." }),
    )
}
