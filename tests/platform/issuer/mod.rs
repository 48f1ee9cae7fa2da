//! A stand-in for the OpenID provider: it signs people in at once, rotates refresh tokens and notices when one is used again,
//! and misbehaves on demand.
//!
//! It signs with keys made at run time and by another library than the console verifies with. What it gave away is
//! remembered, so that a test can say that none of it is repeated anywhere.

mod answer;
mod grants;
mod key;
mod wire;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pulse_console::platform::Clock;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::certificates::{Authority, Pair, Validity};
use super::ports::Port;
use super::{Doing as _, PlatformError};
pub use grants::said_by;
use key::Key;

/// The console's application.
pub const CONSOLE: &str = "pulse-console";
/// The application that asks for a factor each time.
pub const STEP_UP: &str = "pulse-step-up";
/// The secret of applications that have one.
pub const SECRET: &str = "s3cret of the: application";

/// How an address of the provider misbehaves.
#[derive(Clone, Debug)]
pub enum Wrong {
    /// It answers with this status, type and body.
    Says(u16, &'static str, String),
    /// It points there.
    Points(String),
    /// It does what it is asked, and the answer is lost on the way.
    Loses,
}

/// A token or code, and what it is good for.
#[derive(Clone, Debug, Default)]
struct Given {
    client: String,
    family: u64,
    nonce: Option<String>,
    challenge: Option<String>,
    redirect: Option<String>,
    until_ms: i64,
    used: bool,
}

/// What a provider knows and how it behaves; a test may change all of it.
pub struct State {
    /// What it calls itself.
    pub issuer: String,
    /// What is said of the person who signs in, beside what each token says.
    pub person: Value,
    /// What an ID token leaves out, such as `groups`.
    pub left_out: Vec<&'static str>,
    /// What the next ID tokens say otherwise.
    pub instead: Value,
    /// How long tokens are good, in seconds.
    pub lasts: i64,
    /// Whether the applications have secrets.
    pub secrets: bool,
    /// Addresses that misbehave, by the last part of their path.
    pub wrong: BTreeMap<&'static str, Wrong>,
    /// What was asked: the last part of the path, and the form or the query.
    pub asked: Vec<(String, BTreeMap<String, String>)>,
    /// Everything that nobody but the console may know.
    pub secret: Vec<String>,
    keys: Vec<Key>,
    refresh: BTreeMap<String, Given>,
    access: BTreeMap<String, Given>,
    codes: BTreeMap<String, Given>,
    /// Sign-ins whose tokens are good for nothing any more.
    ended: BTreeSet<u64>,
    count: u64,
}

/// A running provider. Dropping it ends it; what it knows outlives a kill.
pub struct Issuer {
    port: Port,
    state: Arc<Mutex<State>>,
    clock: Arc<dyn Clock>,
    /// What its connections are encrypted with.
    tls: Option<TlsAcceptor>,
    tasks: Option<JoinSet<()>>,
}

impl Issuer {
    /// Starts one that goes by `clock`.
    pub async fn start(clock: Arc<dyn Clock>) -> Result<Self, PlatformError> {
        Self::start_on(clock, None).await
    }

    /// Starts one that is reached by `https`. Gives it with the certificate (PEM) of the authority that vouches for it.
    pub async fn start_encrypted(
        clock: Arc<dyn Clock>,
        validity: Validity,
    ) -> Result<(Self, String), PlatformError> {
        let authority = Authority::new()?;
        let pair = authority.server(validity)?;
        let config = config(&pair).doing(|| "encrypt a server".into())?;
        let issuer = Self::start_on(clock, Some(TlsAcceptor::from(Arc::new(config)))).await?;
        Ok((issuer, authority.pem()))
    }

    async fn start_on(
        clock: Arc<dyn Clock>,
        tls: Option<TlsAcceptor>,
    ) -> Result<Self, PlatformError> {
        let port = Port::reserve()?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let issuer = format!("{scheme}://127.0.0.1:{}/o/console/", port.number());
        let state = State {
            issuer,
            person: json!({
                "sub": "8f14e45f",
                "preferred_username": "maria",
                "name": "Мария Стоянова",
                "groups": ["plana-staff", "plana-seniors"],
                "amr": ["pwd", "mfa"],
                "auth_time": clock.now().ms() / 1000 - 30,
            }),
            left_out: Vec::new(),
            instead: json!({}),
            lasts: 300,
            secrets: false,
            wrong: BTreeMap::new(),
            asked: Vec::new(),
            secret: Vec::new(),
            keys: vec![Key::new("key-1")?],
            refresh: BTreeMap::new(),
            access: BTreeMap::new(),
            codes: BTreeMap::new(),
            ended: BTreeSet::new(),
            count: 0,
        };
        let state = Arc::new(Mutex::new(state));
        let mut issuer = Self { port, state, clock, tls, tasks: None };
        issuer.start_again().await?;
        Ok(issuer)
    }

    /// What it calls itself, as a setting.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}/o/console", self.port.number())
    }

    /// What it knows and how it behaves.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives a refresh token of a sign-in at `client`, as from an earlier run.
    pub fn refresh_token(&self, client: &str) -> String {
        let mut state = self.state();
        state.count += 1;
        let given = Given { client: client.into(), family: state.count, ..Given::default() };
        state.give_refresh(given)
    }

    /// Ends every session, as an administrator would.
    pub fn end_all(&self) {
        let mut state = self.state();
        let families: Vec<u64> =
            state.refresh.values().chain(state.access.values()).map(|given| given.family).collect();
        state.ended.extend(families);
    }

    /// Signs with a new key from now on, and publishes only that.
    pub fn change_key(&self) -> Result<(), PlatformError> {
        let mut state = self.state();
        let name = format!("key-{}", state.asked.len() + 2);
        state.keys = vec![Key::new(&name)?];
        Ok(())
    }

    /// Whether `token` is good for anything.
    pub fn is_good(&self, token: &str) -> bool {
        let state = self.state();
        let given = state.refresh.get(token).or_else(|| state.access.get(token));
        given.is_some_and(|given| !given.used && !state.ended.contains(&given.family))
    }

    /// How often the address with this last part was asked.
    pub fn count(&self, last: &str) -> usize {
        self.state().asked.iter().filter(|(asked, _)| asked == last).count()
    }

    /// What the address with this last part was asked last.
    pub fn last(&self, last: &str) -> BTreeMap<String, String> {
        let state = self.state();
        let asked = state.asked.iter().rev().find(|(asked, _)| asked == last);
        asked.map(|(_, form)| form.clone()).unwrap_or_default()
    }

    /// Ends it as a kill does.
    pub fn kill(&mut self) {
        self.tasks = None;
    }

    /// Starts it on the same port with what it knows.
    pub async fn start_again(&mut self) -> Result<(), PlatformError> {
        self.kill();
        let number = self.port.number();
        let mut tries = 0;
        let listener = loop {
            match TcpListener::bind(("127.0.0.1", number)).await {
                Ok(listener) => break listener,
                // The task that listened ends soon.
                Err(_) if tries < 100 => {
                    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
                }
                Err(error) => return Err(error).doing(|| format!("listen on port {number}")),
            }
            tries += 1;
        };
        let (state, clock) = (Arc::clone(&self.state), Arc::clone(&self.clock));
        let tls = self.tls.clone();
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut open = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (state, clock, tls) = (Arc::clone(&state), Arc::clone(&clock), tls.clone());
                open.spawn(async move {
                    // A client that goes away is none of our business.
                    let _ = match tls {
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => serve(stream, &state, &*clock).await,
                            Err(error) => Err(error),
                        },
                        None => serve(stream, &state, &*clock).await,
                    };
                });
                while open.try_join_next().is_some() {}
            }
        });
        self.tasks = Some(tasks);
        Ok(())
    }
}

/// Answers one request; the connection ends with it.
async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    state: &Mutex<State>,
    clock: &dyn Clock,
) -> std::io::Result<()> {
    let Some(request) = wire::read(&mut stream).await? else { return Ok(()) };
    let answer = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        answer::to(&request, &mut state, clock.now())
    };
    match answer {
        Some(answer) => wire::write(&mut stream, &answer).await,
        None => Ok(()),
    }
}

fn config(pair: &Pair) -> std::io::Result<ServerConfig> {
    let wrong = |error| std::io::Error::other(format!("{error}"));
    let chain = CertificateDer::pem_slice_iter(pair.certificate.as_bytes());
    let chain = chain.collect::<Result<Vec<_>, _>>().map_err(wrong)?;
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).map_err(wrong)?;
    let provider = Arc::new(tokio_rustls::rustls::crypto::aws_lc_rs::default_provider());
    ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|builder| builder.with_no_client_auth().with_single_cert(chain, key))
        .map_err(std::io::Error::other)
}
