//! A stand-in for Authentik: an OpenID provider with what sets Authentik apart from the standard.
//!
//! Authentik itself needs a whole platform, so this speaks its addresses, its flow executor and its answers. What it
//! does that others do not: a constant `acr`; `amr` that says `mfa` and never `otp`; `max_age=0` ignored; an issuer for
//! each application; device codes of a minute, throttled by address; no word of the factor in a renewed device login;
//! a code that is taken once. It keeps everything in memory and forgets nothing until it ends.

#![allow(
    clippy::expect_used,
    clippy::struct_excessive_bools,
    clippy::too_many_lines,
    clippy::unused_self,
    clippy::format_push_string,
    clippy::format_collect,
    reason = "this is test code, and Authentik's manners are switches"
)]

mod flows;
mod grants;
mod oauth;
mod people;
mod state;
mod tokens;
mod wire;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

pub use self::people::{AuthentikDevice, PASSWORD};
use self::state::State;
use super::ports::Port;
use super::{Doing as _, PlatformError};

/// The console's application there.
pub const CONSOLE_APP: &str = "pulse-console";
/// The application whose flow always asks for a factor.
pub const STEP_UP_APP: &str = "pulse-console-step-up";
/// The flow that signs people in.
pub const LOGIN_FLOW: &str = "default-authentication-flow";

/// How this one is set up.
#[derive(Clone, Debug)]
pub struct Manner {
    /// The first stage asks for the password too.
    pub password_beside_user: bool,
    /// The login flow ends with a stage that asks whether to remember the machine.
    pub asks_to_remember: bool,
    /// Who has no device is refused, and not led to set one up.
    pub factor_required: bool,
    /// Nobody may use the console's application.
    pub application_closed: bool,
    /// How many seconds ago every login happened.
    pub login_age: i64,
    /// How long device codes are good, in seconds.
    pub device_code_lasts: i64,
    /// How many device codes one address gets in an hour.
    pub device_codes: usize,
    /// How often a device may ask, in seconds.
    pub device_interval: i64,
    /// What devices that ask for tokens are told before they are told how it is.
    pub told_to_devices: Vec<ToDevice>,
    /// How long tokens hold, in seconds.
    pub tokens_hold: i64,
    /// What is answered in place of the stage of this component.
    pub instead: Option<(&'static str, Instead)>,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            password_beside_user: false,
            asks_to_remember: false,
            factor_required: true,
            application_closed: false,
            login_age: 0,
            device_code_lasts: 60,
            device_codes: 20,
            device_interval: 5,
            told_to_devices: Vec::new(),
            tokens_hold: 300,
            instead: None,
        }
    }
}

/// What a device is told that asks too often.
#[derive(Clone, Copy, Debug)]
pub enum ToDevice {
    /// To slow down, in the protocol's words.
    SlowDown,
    /// That it asks too often (429), and to come again after so many seconds.
    Later(u64),
}

/// An answer that is not the usual one.
#[derive(Clone, Debug)]
pub enum Instead {
    /// This JSON.
    Json(Value),
    /// A page for people.
    Page,
    /// More than anybody wants to read.
    Huge,
    /// A redirect there.
    Redirect(String),
    /// The executor's own address, for ever.
    Circle,
    /// The end of the connection.
    Close,
    /// This status and nothing else.
    Status(u16),
    /// Nothing, ever.
    Silence,
}

/// A running stand-in. It ends with this value.
#[derive(Debug)]
pub struct Authentik {
    port: Port,
    state: Arc<Mutex<State>>,
    tasks: JoinSet<()>,
}

impl Authentik {
    /// Starts one in the usual manner.
    pub async fn start() -> Result<Self, PlatformError> {
        let port = Port::reserve()?;
        let number = port.number();
        let listener = TcpListener::bind(("127.0.0.1", number))
            .await
            .doing(|| format!("listen on port {number}"))?;
        let base = format!("http://127.0.0.1:{number}");
        let state = Arc::new(Mutex::new(State::new(base)?));
        let mut tasks = JoinSet::new();
        let shared = Arc::clone(&state);
        tasks.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                open.spawn(async move {
                    // A client that goes away is none of our business.
                    let _ = wire::serve(stream, |request| answer(&shared, request)).await;
                });
                while open.try_join_next().is_some() {}
            }
        });
        Ok(Self { port, state, tasks })
    }

    /// Where it begins, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port.number())
    }

    /// The issuer of one application.
    pub fn issuer(&self, application: &str) -> String {
        format!("{}/application/o/{application}/", self.url())
    }

    /// Sets it up otherwise, from now on.
    pub fn be(&self, change: impl FnOnce(&mut Manner)) {
        change(&mut self.state().manner);
    }

    /// The code that the authenticator app of `user` shows. A code that was taken is not taken again, so this one is of
    /// the first time for which none was.
    pub fn code(&self, user: &str) -> String {
        self.state().next_code(user)
    }

    /// A code that `user` keeps for emergencies, and has not used yet.
    pub fn kept_code(&self, user: &str) -> String {
        self.state().kept_code(user)
    }

    /// Gives `user` these devices in place of what they have.
    pub fn equip(&self, user: &str, devices: &[AuthentikDevice]) {
        self.state().equip(user, devices);
    }

    /// Somebody with a browser signs in as `user` and types this code of a device.
    ///
    /// # Errors
    /// Why that is refused.
    pub fn approve(&self, code: &str, user: &str) -> Result<(), &'static str> {
        self.state().approve(code, user)
    }

    /// When a device asked for its tokens, in order.
    pub fn device_asked(&self) -> Vec<Instant> {
        self.state().device_asked.clone()
    }

    /// How often the executor was sent a password.
    pub fn passwords_sent(&self) -> usize {
        self.state().passwords_sent
    }

    /// How many logins there were.
    pub fn logins(&self) -> usize {
        self.state().logins
    }

    /// How often a refresh token came a second time.
    pub fn reused(&self) -> usize {
        self.state().reused
    }

    /// Ends it as a kill does: nothing answers any more.
    pub fn kill(&mut self) {
        self.tasks.abort_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers `request`. The state is never held while something is waited for.
fn answer(state: &Mutex<State>, request: &wire::Request) -> wire::Response {
    let mut state = lock(state);
    let path = request.path.clone();
    let applications = path.strip_prefix("/application/o/");
    match (request.method.as_str(), path.as_str()) {
        ("GET", "/flows/-/default/authentication/") => {
            wire::Response::redirect(&format!("/if/flow/{LOGIN_FLOW}/?{}", request.query))
        }
        ("GET", "/if/user/") => wire::Response::page(200, "My applications"),
        ("GET", page) if page.starts_with("/if/flow/") => state.page(request),
        ("GET" | "POST", path) if path.starts_with("/api/v3/flows/executor/") => {
            state.execute(request)
        }
        (method, _) => match applications {
            Some(rest) => state.application(method, rest, request),
            None => wire::Response::page(404, "Not Found"),
        },
    }
}
