//! What the stand-in remembers.

use std::collections::{BTreeMap, VecDeque};
use std::time::Instant;

use serde_json::Value;

use super::Manner;
use super::people::{AuthentikDevice, AuthentikPerson};
use super::tokens::Key;
use super::wire::{Request, Response};
use crate::platform::PlatformError;

pub(super) const SESSION_COOKIE: &str = "authentik_session";
pub(super) const CSRF_COOKIE: &str = "authentik_csrf";

/// Somebody's login, as its event tells of it.
#[derive(Clone, Debug)]
pub(super) struct Login {
    pub(super) user: &'static str,
    pub(super) at: i64,
    pub(super) factors: Vec<&'static str>,
    /// Which login it is.
    pub(super) number: usize,
}

/// A browser, or what behaves like one.
#[derive(Debug, Default)]
pub(super) struct Session {
    pub(super) csrf: Option<String>,
    pub(super) login: Option<Login>,
    /// The login that was there when `prompt=login` was last asked for.
    pub(super) prompted: Option<usize>,
    pub(super) running: Option<Running>,
}

/// A flow that is being gone through.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) slug: String,
    pub(super) stages: VecDeque<Step>,
    /// Who says that they are signing in.
    pub(super) pending: Option<String>,
    pub(super) factors: Vec<&'static str>,
    /// What was wrong with the last answer.
    pub(super) wrong: Option<Value>,
    pub(super) tries: usize,
    pub(super) consent: String,
    /// What it is gone through for.
    pub(super) asked: Option<Asked>,
}

/// A stage of a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Identification,
    Password,
    /// A code of a device; without a device it is skipped unless it always asks.
    Factor {
        always: bool,
    },
    Remember,
    Login,
    Consent,
    Denied,
}

/// An authorization that was asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) client: String,
    pub(super) redirect: String,
    pub(super) state: String,
    pub(super) nonce: Option<String>,
    pub(super) challenge: Option<String>,
    pub(super) scopes: Vec<String>,
}

/// Tokens that were given out together.
#[derive(Clone, Debug)]
pub(super) struct Given {
    pub(super) client: String,
    pub(super) scopes: Vec<String>,
    pub(super) nonce: Option<String>,
    pub(super) user: &'static str,
    /// The event of the login; none when it can't be found any more.
    pub(super) login: Option<Login>,
    /// Whether a device was let in.
    pub(super) device: bool,
}

/// A code that a device asked for.
#[derive(Debug)]
pub(super) struct DeviceCode {
    pub(super) client: String,
    pub(super) scopes: Vec<String>,
    pub(super) shown: String,
    pub(super) until: i64,
    pub(super) login: Option<Login>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) base: String,
    pub(super) manner: Manner,
    pub(super) key: Key,
    pub(super) people: Vec<AuthentikPerson>,
    pub(super) sessions: BTreeMap<String, Session>,
    pub(super) codes: BTreeMap<String, (Asked, Login)>,
    /// By token; true once it was used.
    pub(super) refreshes: BTreeMap<String, (Given, bool)>,
    pub(super) accesses: BTreeMap<String, (Given, Value)>,
    pub(super) devices: BTreeMap<String, DeviceCode>,
    /// When codes for devices were asked for.
    pub(super) asked_for_devices: Vec<i64>,
    /// When devices asked for tokens.
    pub(super) device_asked: Vec<Instant>,
    pub(super) passwords_sent: usize,
    pub(super) logins: usize,
    pub(super) reused: usize,
}

impl State {
    pub(super) fn new(base: String) -> Result<Self, PlatformError> {
        Ok(Self {
            base,
            manner: Manner::default(),
            key: Key::of_process()?,
            people: AuthentikPerson::all(),
            sessions: BTreeMap::new(),
            codes: BTreeMap::new(),
            refreshes: BTreeMap::new(),
            accesses: BTreeMap::new(),
            devices: BTreeMap::new(),
            asked_for_devices: Vec::new(),
            device_asked: Vec::new(),
            passwords_sent: 0,
            logins: 0,
            reused: 0,
        })
    }

    pub(super) fn person(&self, user: &str) -> Option<&AuthentikPerson> {
        self.people.iter().find(|person| person.user == user)
    }

    pub(super) fn person_mut(&mut self, user: &str) -> Option<&mut AuthentikPerson> {
        self.people.iter_mut().find(|person| person.user == user)
    }

    pub(super) fn next_code(&self, user: &str) -> String {
        self.person(user).map(|person| person.next_code(seconds())).unwrap_or_default()
    }

    pub(super) fn kept_code(&self, user: &str) -> String {
        self.person(user).map(AuthentikPerson::kept_code).unwrap_or_default()
    }

    pub(super) fn equip(&mut self, user: &str, devices: &[AuthentikDevice]) {
        if let Some(person) = self.person_mut(user) {
            person.devices = devices.to_vec();
        }
    }

    /// The session that `request` comes from, and its name; a new one when it brings none.
    pub(super) fn session(&mut self, request: &Request) -> (String, bool) {
        let known = request.cookie(SESSION_COOKIE).filter(|name| self.sessions.contains_key(*name));
        if let Some(name) = known {
            return (name.to_owned(), false);
        }
        let name = random();
        self.sessions.insert(name.clone(), Session::default());
        (name, true)
    }

    pub(super) fn at(&mut self, name: &str) -> &mut Session {
        self.sessions.entry(name.to_owned()).or_default()
    }

    /// A login of `user` that has just happened, as far as anybody can tell.
    pub(super) fn login(&mut self, user: &str, factors: Vec<&'static str>) -> Option<Login> {
        let user = self.person(user)?.user;
        self.logins += 1;
        let at = now() - self.manner.login_age;
        Some(Login { user, at, factors, number: self.logins })
    }
}

/// Lets the browser keep its session.
pub(super) fn keeping(response: Response, session: &str) -> Response {
    response
        .with("Set-Cookie", format!("{SESSION_COOKIE}={session}; HttpOnly; Path=/; SameSite=Lax"))
}

/// Lets the browser have what guards against requests of other pages.
pub(super) fn guarding(response: Response, csrf: &str) -> Response {
    response.with("Set-Cookie", format!("{CSRF_COOKIE}={csrf}; Path=/; SameSite=Lax"))
}

pub(super) fn random() -> String {
    format!("{:016x}{:016x}", fastrand::u64(..), fastrand::u64(..))
}

/// The time, in seconds.
#[expect(clippy::disallowed_methods, reason = "a server goes by the clock of the machine")]
pub(super) fn now() -> i64 {
    chrono::Utc::now().timestamp()
}

pub(super) fn seconds() -> u64 {
    u64::try_from(now()).unwrap_or(0)
}
