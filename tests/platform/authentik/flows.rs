//! The flow executor: stages asked as JSON, one after another.

use std::collections::VecDeque;
use std::time::Duration;

use serde_json::{Value, json};

use super::people::PASSWORD;
use super::state::{Running, State, Step, guarding, keeping, random, seconds};
use super::wire::{Request, Response, form, query};
use super::{Instead, LOGIN_FLOW};

/// How many wrong passwords a flow takes.
const TRIES: usize = 5;
/// What an unknown user costs on purpose.
const UNKNOWN_USER: Duration = Duration::from_millis(120);

impl Running {
    pub(super) fn new(slug: &str, stages: impl IntoIterator<Item = Step>) -> Self {
        Self {
            slug: slug.to_owned(),
            stages: stages.into_iter().collect(),
            pending: None,
            factors: Vec::new(),
            wrong: None,
            tries: 0,
            consent: random(),
            asked: None,
        }
    }
}

impl State {
    /// The page of a flow, which a browser would run.
    pub(super) fn page(&mut self, request: &Request) -> Response {
        let (name, _) = self.session(request);
        let csrf = self.at(&name).csrf.get_or_insert_with(random).clone();
        guarding(keeping(Response::page(200, "authentik"), &name), &csrf)
    }

    /// A request to the executor of a flow.
    pub(super) fn execute(&mut self, request: &Request) -> Response {
        let slug =
            request.path.trim_start_matches("/api/v3/flows/executor/").trim_matches('/').to_owned();
        let Some(asked) = request.asked().remove("query") else {
            return Response::json(400, &json!({ "query": ["This field is required."] }));
        };
        let (name, new) = self.session(request);
        let running = self.at(&name).running.as_ref().is_some_and(|running| running.slug == slug);
        if !running {
            if slug != LOGIN_FLOW {
                if !slug.starts_with("default-") && !slug.starts_with("pulse-") {
                    let said = json!({ "detail": "No Flow matches the given query." });
                    return Response::json(404, &said);
                }
                return self.say(&json!({
                    "component": "ak-stage-access-denied",
                    "error_message": "Flow does not apply to current user.",
                }));
            }
            let stages = self.login_stages();
            self.at(&name).running = Some(Running::new(&slug, stages));
        }
        let response = if request.method == "POST" {
            self.answered(&name, request)
        } else {
            self.challenge(&name, &asked)
        };
        if new { keeping(response, &name) } else { response }
    }

    fn login_stages(&self) -> Vec<Step> {
        let mut stages = vec![Step::Identification];
        if !self.manner.password_beside_user {
            stages.push(Step::Password);
        }
        stages.push(Step::Factor { always: self.manner.factor_required });
        if self.manner.asks_to_remember {
            stages.push(Step::Remember);
        }
        stages.push(Step::Login);
        stages
    }

    /// What the flow of the session asks now; stages that ask nothing are gone through.
    fn challenge(&mut self, name: &str, asked: &str) -> Response {
        loop {
            let Some(running) = self.at(name).running.as_ref() else {
                return failed();
            };
            match running.stages.front().copied() {
                Some(Step::Factor { always: false }) if self.is_without_device(name) => {
                    self.pass(name);
                }
                Some(Step::Login) => return self.log_in(name, asked),
                None => return self.authorized(name),
                Some(step) => {
                    let challenge = self.asks(name, step);
                    return self.say(&challenge);
                }
            }
        }
    }

    fn pass(&mut self, name: &str) {
        if let Some(running) = self.at(name).running.as_mut() {
            running.stages.pop_front();
            running.wrong = None;
        }
    }

    fn is_without_device(&mut self, name: &str) -> bool {
        let user = self.who(name);
        self.person(&user).is_none_or(|person| person.devices.is_empty())
    }

    /// Who is signing in, or has.
    fn who(&mut self, name: &str) -> String {
        let session = self.at(name);
        let pending = session.running.as_ref().and_then(|running| running.pending.clone());
        let known = session.login.as_ref().map(|login| login.user.to_owned());
        pending.or(known).unwrap_or_default()
    }

    fn asks(&mut self, name: &str, step: Step) -> Value {
        let user = self.who(name);
        let devices = self.person(&user).map(|person| person.devices.clone()).unwrap_or_default();
        let beside = self.manner.password_beside_user;
        let Some(running) = self.at(name).running.as_ref() else { return Value::Null };
        let mut said = match step {
            Step::Identification => json!({
                "component": "ak-stage-identification", "user_fields": ["username", "email"],
                "password_fields": beside, "flow_designation": "authentication", "primary_action": "Log in",
                "sources": [], "passkey_challenge": null, "captcha_stage": null,
            }),
            Step::Password => json!({ "component": "ak-stage-password", "recovery_url": null }),
            Step::Factor { .. } if devices.is_empty() => json!({
                "component": "ak-stage-access-denied", "error_message": "You have no authenticator.",
            }),
            Step::Factor { .. } => json!({
                "component": "ak-stage-authenticator-validate", "configuration_stages": [],
                "device_challenges": devices.iter().map(|device| json!({
                    "device_class": device.class(), "device_uid": "1", "challenge": {}, "last_used": null,
                })).collect::<Vec<_>>(),
            }),
            Step::Remember => json!({ "component": "ak-stage-user-login" }),
            Step::Consent => json!({
                "component": "ak-stage-consent", "token": running.consent,
                "header_text": "You're about to sign into pulse-console.",
                "permissions": [{ "id": "profile", "name": "General Profile Information" }, { "id": "offline_access", "name": "" }],
                "additional_permissions": [],
            }),
            Step::Denied => json!({
                "component": "ak-stage-access-denied", "error_message": "Request has been denied.",
            }),
            Step::Login => Value::Null,
        };
        said["flow_info"] = json!({
            "title": "Welcome to authentik!", "background": "/static/x.jpg", "cancel_url": "/flows/-/cancel/", "layout": "stacked",
        });
        if !user.is_empty() {
            said["pending_user"] = user.into();
        }
        if let Some(wrong) = &running.wrong {
            said["response_errors"] = wrong.clone();
        }
        said
    }

    /// The answer, or what was ordered in its place.
    fn say(&self, challenge: &Value) -> Response {
        match &self.manner.instead {
            Some((component, instead)) if challenge["component"] == *component => {
                instead.response()
            }
            _ => Response::json(200, challenge),
        }
    }

    /// Takes in what was answered to the stage that asks now.
    fn answered(&mut self, name: &str, request: &Request) -> Response {
        let here = format!("{}?{}", request.path, request.query);
        let asked = request.asked().remove("query").unwrap_or_default();
        if self.at(name).login.is_some() && !self.is_own(name, request) {
            return failed();
        }
        let said = request.json();
        if said["component"] == "ak-stage-user-login"
            && matches!(self.manner.instead, Some((_, Instead::Circle)))
        {
            return Response::redirect(&here);
        }
        let field = |field: &str| said[field].as_str().unwrap_or_default().to_owned();
        if said.get("password").is_some() {
            self.passwords_sent += 1;
        }
        let step =
            self.at(name).running.as_ref().and_then(|running| running.stages.front().copied());
        let user = self.who(name);
        let wrong = match step {
            Some(Step::Identification) => {
                let user = field("uid_field");
                let known = self.person(&user).is_some();
                let beside = self.manner.password_beside_user;
                if let Some(running) = self.at(name).running.as_mut() {
                    running.pending = Some(user);
                }
                let right = !beside || known && field("password") == PASSWORD;
                if right && beside {
                    self.gave(name, "pwd");
                }
                let wrong = (!right).then(|| error("non_field_errors", "Failed to authenticate."));
                let response = self.go_on(name, wrong, &here, &asked);
                let after = if known { Duration::ZERO } else { UNKNOWN_USER };
                return Response { after, ..response };
            }
            Some(Step::Password) => {
                if self.person(&user).is_some() && field("password") == PASSWORD {
                    self.gave(name, "pwd");
                    None
                } else {
                    self.count_try(name);
                    Some(error("password", "Failed to authenticate"))
                }
            }
            Some(Step::Factor { .. }) => {
                let now = seconds();
                if self.person_mut(&user).is_some_and(|person| person.takes(&field("code"), now)) {
                    self.gave(name, "mfa");
                    None
                } else {
                    Some(error(
                        "code",
                        "Invalid Token. Please ensure the time on your device is accurate and try again.",
                    ))
                }
            }
            Some(Step::Remember) if said["remember_me"].is_boolean() => None,
            Some(Step::Consent) => {
                let token = self.at(name).running.as_ref().map(|running| running.consent.clone());
                match token {
                    Some(token) if token == field("token") => None,
                    _ => Some(error("token", "Invalid consent token, re-showing prompt")),
                }
            }
            _ => return failed(),
        };
        self.go_on(name, wrong, &here, &asked)
    }

    /// The next stage, or the same with what was wrong.
    fn go_on(&mut self, name: &str, wrong: Option<Value>, here: &str, asked: &str) -> Response {
        if wrong.is_some() {
            if let Some(running) = self.at(name).running.as_mut() {
                running.wrong = wrong;
            }
            return self.challenge(name, asked);
        }
        self.pass(name);
        Response::redirect(here)
    }

    fn gave(&mut self, name: &str, factor: &'static str) {
        if let Some(running) = self.at(name).running.as_mut() {
            running.factors.push(factor);
        }
    }

    fn count_try(&mut self, name: &str) {
        if let Some(running) = self.at(name).running.as_mut() {
            running.tries += 1;
            if running.tries >= TRIES {
                running.stages = VecDeque::from([Step::Denied]);
            }
        }
    }

    /// The last stage of a login: a new session, which knows who it is.
    fn log_in(&mut self, name: &str, asked: &str) -> Response {
        let Some(running) = self.at(name).running.take() else { return failed() };
        let user = running.pending.unwrap_or_default();
        let Some(login) = self.login(&user, running.factors) else { return failed() };
        let mut session = self.sessions.remove(name).unwrap_or_default();
        let (fresh, csrf) = (random(), random());
        session.login = Some(login);
        session.csrf = Some(csrf.clone());
        self.sessions.insert(fresh.clone(), session);
        let next = form(asked).remove("next").unwrap_or_else(|| "/if/user/".to_owned());
        let response = self.say(&json!({ "component": "xak-flow-redirect", "to": next }));
        guarding(keeping(response, &fresh), &csrf)
    }

    /// The end of an authorization: the code goes to the application.
    fn authorized(&mut self, name: &str) -> Response {
        let session = self.at(name);
        let (Some(login), Some(running)) = (session.login.clone(), session.running.take()) else {
            return failed();
        };
        let Some(asked) = running.asked else { return failed() };
        let code = random();
        let answer = query(&[("code", &code), ("state", &asked.state)]);
        let to = format!("{}?{answer}", asked.redirect);
        self.codes.insert(code, (asked, login));
        self.say(&json!({ "component": "xak-flow-redirect", "to": to, "final_redirect": true }))
    }

    /// Whether `request` comes from the provider's own page.
    fn is_own(&mut self, name: &str, request: &Request) -> bool {
        let csrf = self.at(name).csrf.clone();
        let told = request.header("x-authentik-csrf");
        csrf.is_some()
            && told == csrf.as_deref()
            && request.header("origin") == Some(self.base.as_str())
    }
}

impl Instead {
    fn response(&self) -> Response {
        match self {
            Self::Json(said) => Response::json(200, said),
            Self::Page => Response::page(200, "Sign in"),
            Self::Huge => {
                Response::json(200, &json!({ "component": "x", "more": "x".repeat(300 << 10) }))
            }
            Self::Redirect(to) => Response::redirect(to),
            Self::Circle => Response::json(200, &json!({ "component": "ak-stage-user-login" })),
            Self::Close => Response { closes: true, ..Response::default() },
            Self::Status(status) => Response::of(*status, "text/plain", String::new()),
            Self::Silence => Response { silent: true, ..Response::default() },
        }
    }
}

fn error(field: &str, said: &str) -> Value {
    json!({ field: [{ "string": said, "code": "invalid" }] })
}

fn failed() -> Response {
    Response::json(
        200,
        &json!({
            "component": "ak-stage-flow-error", "request_id": "c0ffee0123456789", "error": null, "traceback": null,
        }),
    )
}
