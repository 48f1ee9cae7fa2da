//! The endpoints of OAuth and OpenID, but for the one that gives tokens.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::state::{Asked, DeviceCode, Running, State, Step, now, random};
use super::wire::{Request, Response, query};
use super::{CONSOLE_APP, STEP_UP_APP};

/// The flow of an application that trusts whoever is signed in.
const IMPLICIT: &str = "default-provider-authorization-implicit-consent";
/// The flow of an application that asks.
const EXPLICIT: &str = "default-provider-authorization-explicit-consent";
/// The flow that asks for a factor each time.
const STEP_UP_FLOW: &str = "pulse-console-step-up-authorization";

impl State {
    /// What is asked below `/application/o/`.
    pub(super) fn application(&mut self, method: &str, rest: &str, request: &Request) -> Response {
        match (method, rest) {
            ("GET", "authorize/") => self.authorize(request),
            ("POST", "token/") => self.token(request),
            ("POST", "device/") => self.device(request),
            ("GET" | "POST", "userinfo/") => self.userinfo(request),
            ("POST", "introspect/") => self.introspect(request),
            ("POST", "revoke/") => self.revoke(request),
            ("GET", rest) => match rest.split_once('/') {
                Some((CONSOLE_APP | STEP_UP_APP, "jwks/")) => {
                    Response::json(200, &self.key.published())
                }
                Some((slug @ (CONSOLE_APP | STEP_UP_APP), ".well-known/openid-configuration")) => {
                    Response::json(200, &self.description(slug))
                }
                Some((CONSOLE_APP | STEP_UP_APP, "end-session/")) => self.end_session(request),
                _ => Response::page(404, "Not Found"),
            },
            _ => Response::page(405, "Method Not Allowed"),
        }
    }

    pub(super) fn issuer(&self, slug: &str) -> String {
        format!("{}/application/o/{slug}/", self.base)
    }

    fn description(&self, slug: &str) -> Value {
        let at = |rest: &str| format!("{}/application/o/{rest}", self.base);
        json!({
            "issuer": self.issuer(slug),
            "authorization_endpoint": at("authorize/"),
            "token_endpoint": at("token/"),
            "userinfo_endpoint": at("userinfo/"),
            "end_session_endpoint": at(&format!("{slug}/end-session/")),
            "introspection_endpoint": at("introspect/"),
            "revocation_endpoint": at("revoke/"),
            "device_authorization_endpoint": at("device/"),
            "jwks_uri": at(&format!("{slug}/jwks/")),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "grant_types_supported": ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "subject_types_supported": ["public"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "acr_values_supported": ["goauthentik.io/providers/oauth2/default"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "request_parameter_supported": false,
            "claims_parameter_supported": false,
            "code_challenge_methods_supported": ["plain", "S256"],
        })
    }

    fn authorize(&mut self, request: &Request) -> Response {
        let said = request.asked();
        let get = |name: &str| said.get(name).map(String::as_str).unwrap_or_default();
        let client = get("client_id");
        if ![CONSOLE_APP, STEP_UP_APP].contains(&client) || !is_loopback(get("redirect_uri")) {
            return Response::page(400, "The request is not valid.");
        }
        let asked = Asked {
            client: client.to_owned(),
            redirect: get("redirect_uri").to_owned(),
            state: get("state").to_owned(),
            nonce: said.get("nonce").cloned(),
            challenge: said.get("code_challenge").cloned(),
            scopes: get("scope").split(' ').map(str::to_owned).collect(),
        };
        let refused = |error: &str| {
            let answer = query(&[("error", error), ("state", &asked.state)]);
            Response::redirect(&format!("{}?{answer}", asked.redirect))
        };
        if said.contains_key("request") {
            return refused("request_not_supported");
        }
        if get("response_type") != "code" {
            return refused("unsupported_response_type");
        }
        let (name, _) = self.session(request);
        if self.must_log_in(&name, &said) {
            if get("prompt") == "none" {
                return refused("login_required");
            }
            let next = query(&[("next", &format!("{}?{}", request.path, request.query))]);
            return super::state::keeping(
                Response::redirect(&format!("/flows/-/default/authentication/?{next}")),
                &name,
            );
        }
        let consents = get("prompt") == "consent"
            || asked.scopes.iter().any(|scope| scope == "offline_access");
        let (slug, mut stages) = match client {
            STEP_UP_APP => (STEP_UP_FLOW, vec![Step::Factor { always: true }]),
            _ if consents => (EXPLICIT, Vec::new()),
            _ => (IMPLICIT, Vec::new()),
        };
        if self.manner.application_closed && client == CONSOLE_APP {
            stages.push(Step::Denied);
        }
        if consents {
            stages.push(Step::Consent);
        }
        let mut running = Running::new(slug, stages);
        running.asked = Some(asked);
        self.at(&name).running = Some(running);
        Response::redirect(&format!("/if/flow/{slug}/?{}", request.query))
    }

    /// Whether who asks must sign in first. `max_age=0` asks for nothing, `acr_values` neither; `prompt=login` asks even
    /// somebody who did so a moment ago, unless that was for the same question.
    fn must_log_in(&mut self, name: &str, said: &BTreeMap<String, String>) -> bool {
        let get = |name: &str| said.get(name).map(String::as_str).unwrap_or_default();
        let session = self.at(name);
        let Some(login) = session.login.clone() else { return true };
        let most: i64 = get("max_age").parse().unwrap_or(0);
        if most > 0 && now() - login.at > most {
            return true;
        }
        if get("prompt") == "login" && session.prompted.is_none_or(|seen| seen == login.number) {
            session.prompted = Some(login.number);
            return true;
        }
        false
    }

    fn device(&mut self, request: &Request) -> Response {
        let now = now();
        self.asked_for_devices.retain(|at| now - at < 3_600);
        if self.asked_for_devices.len() >= self.manner.device_codes {
            return Response::json(429, &json!({ "error": "slow_down" }));
        }
        self.asked_for_devices.push(now);
        let said = request.form();
        let Some(client) = self.client(request, &said) else {
            return Response::json(400, &json!({ "error": "invalid_client" }));
        };
        let (code, shown) = (random(), format!("{:09}", fastrand::u32(..1_000_000_000)));
        let lasts = self.manner.device_code_lasts;
        let scopes = said.get("scope").map(String::as_str).unwrap_or_default();
        let known = ["openid", "profile", "email", "offline_access"];
        let asked = DeviceCode {
            client,
            scopes: scopes
                .split(' ')
                .filter(|scope| known.contains(scope))
                .map(str::to_owned)
                .collect(),
            shown: shown.clone(),
            until: now + lasts,
            login: None,
        };
        self.devices.insert(code.clone(), asked);
        Response::json(
            200,
            &json!({
                "device_code": code,
                "user_code": shown,
                "verification_uri": format!("{}/device", self.base),
                "verification_uri_complete": format!("{}/device?code={shown}", self.base),
                "expires_in": lasts,
                "interval": self.manner.device_interval,
            }),
        )
    }

    /// Somebody signs in with a browser, and types the code of a device.
    pub(super) fn approve(&mut self, shown: &str, user: &str) -> Result<(), &'static str> {
        let now = now();
        let known = |code: &&mut DeviceCode| code.shown == shown && code.until > now;
        if self.devices.values_mut().find(known).is_none() {
            return Err("no such code");
        }
        let login = self.login(user, vec!["pwd", "mfa"]).ok_or("no such user")?;
        let code = self.devices.values_mut().find(known).ok_or("no such code")?;
        code.login = Some(login);
        Ok(())
    }

    fn userinfo(&self, request: &Request) -> Response {
        let token = request.header("authorization").and_then(|said| said.strip_prefix("Bearer "));
        let found = token.and_then(|token| self.accesses.get(token));
        let Some((given, _)) = found else {
            return Response::json(401, &json!({ "error": "invalid_token" }));
        };
        let mut said = self.of_person(given.user, &given.scopes);
        said["sub"] = self.subject(given.user).into();
        Response::json(200, &said)
    }

    fn introspect(&self, request: &Request) -> Response {
        let said = request.form();
        if self.client(request, &said).is_none() {
            return Response::json(401, &json!({ "error": "invalid_client" }));
        }
        let token = said.get("token").cloned().unwrap_or_default();
        let access = self.accesses.get(&token).map(|(given, claims)| (given, claims.clone()));
        let refresh = self.refreshes.get(&token).filter(|(_, used)| !used);
        let found = access.or_else(|| refresh.map(|(given, _)| (given, json!({}))));
        let Some((given, mut claims)) = found else {
            return Response::json(200, &json!({ "active": false }));
        };
        claims["active"] = true.into();
        claims["scope"] = given.scopes.join(" ").into();
        claims["client_id"] = given.client.clone().into();
        Response::json(200, &claims)
    }

    fn revoke(&mut self, request: &Request) -> Response {
        let said = request.form();
        if self.client(request, &said).is_none() {
            return Response::json(401, &json!({ "error": "invalid_client" }));
        }
        let token = said.get("token").cloned().unwrap_or_default();
        self.accesses.remove(&token);
        self.refreshes.remove(&token);
        Response::json(200, &json!({}))
    }

    /// Ends the browser's session; what was given out for it is gone too.
    fn end_session(&mut self, request: &Request) -> Response {
        let said = request.asked();
        if said.contains_key("post_logout_redirect_uri") && !said.contains_key("id_token_hint") {
            return Response::page(400, "The request is not valid.");
        }
        let (name, _) = self.session(request);
        if let Some(login) = self.sessions.remove(&name).and_then(|session| session.login) {
            self.accesses.retain(|_, (given, _)| {
                given.login.as_ref().is_none_or(|given| given.number != login.number)
            });
        }
        Response::redirect("/if/flow/default-provider-invalidation-flow/")
    }
}

/// Whether an answer may go to `address`: a loopback address with any port, or the one without a port.
fn is_loopback(address: &str) -> bool {
    reqwest::Url::parse(address).is_ok_and(|url| {
        url.scheme() == "http"
            && matches!(url.host_str(), Some("127.0.0.1" | "[::1]" | "localhost"))
    })
}
