//! The console's door to the provider, driven as the console drives it, with a clock that a test moves.
#![allow(dead_code, unreachable_pub, reason = "every test binary uses another part of this module")]
#![allow(clippy::expect_used, clippy::panic, reason = "this is test code")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pulse_console::config::{Paths, ServerUrl, Settings};
use pulse_console::domain::{Span, Timestamp, Trouble};
use pulse_console::live::{Bearer, Keeper, Live, Signed};
use pulse_console::platform::{Clock, Grant, IdentityEvent, Order, Platform as _, Teller};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::platform::{CONSOLE_APPLICATION, Issuer, Validity};

/// Far longer than anything takes: it only ends a test that hangs.
const GUARD: Duration = Duration::from_mins(1);

/// The time of the machine, and as much later as a test wants.
#[derive(Default)]
pub struct Later(AtomicI64);

impl Later {
    /// Lets time go on.
    pub fn pass(&self, span: Span) {
        self.0.fetch_add(i64::try_from(span.ms()).expect("a short time"), Ordering::Relaxed);
    }
}

impl Clock for Later {
    #[expect(clippy::disallowed_methods, reason = "this is the clock of the tests")]
    fn now(&self) -> Timestamp {
        let now = chrono::Utc::now().timestamp_millis();
        Timestamp::from_ms(now + self.0.load(Ordering::Relaxed))
    }
}

/// A keyring that forgets with the test.
#[derive(Default)]
pub struct Memory {
    pub text: Mutex<Option<String>>,
    /// Why it can't be used.
    pub refuses: Mutex<Option<String>>,
}

impl Memory {
    fn check(&self) -> Result<(), String> {
        self.refuses.lock().expect("a lock").clone().map_or(Ok(()), Err)
    }

    /// What is kept.
    pub fn kept(&self) -> Option<Value> {
        let text = self.text.lock().expect("a lock").clone();
        text.map(|text| serde_json::from_str(&text).expect("JSON"))
    }
}

impl Keeper for Memory {
    fn read(&self) -> Result<Option<String>, String> {
        self.check().map(|()| self.text.lock().expect("a lock").clone())
    }

    fn write(&self, text: &str) -> Result<(), String> {
        self.check().map(|()| *self.text.lock().expect("a lock") = Some(text.to_owned()))
    }

    fn erase(&self) -> Result<(), String> {
        self.check().map(|()| *self.text.lock().expect("a lock") = None)
    }
}

/// A provider, a keyring and a clock, before the console is there.
pub struct World {
    pub issuer: Issuer,
    pub memory: Arc<Memory>,
    pub clock: Arc<Later>,
    pub settings: Settings,
}

impl World {
    /// Starts the provider.
    pub async fn start() -> Self {
        let clock = Arc::new(Later::default());
        let issuer = Issuer::start(Arc::clone(&clock) as Arc<dyn Clock>).await.expect("a provider");
        Self::around(issuer, clock)
    }

    /// Starts a provider that is reached by `https`, with a session kept. Gives the certificate that vouches for it too.
    pub async fn encrypted(validity: Validity) -> (Self, String) {
        let clock = Arc::new(Later::default());
        let started = Issuer::start_encrypted(Arc::clone(&clock) as Arc<dyn Clock>, validity).await;
        let (issuer, authority) = started.expect("a provider");
        let world = Self::around(issuer, clock);
        let refresh = world.issuer.refresh_token(CONSOLE_APPLICATION);
        world.keep(&world.issuer.url(), &refresh);
        (world, authority)
    }

    fn around(issuer: Issuer, clock: Arc<Later>) -> Self {
        let mut settings = Settings::defaults(&Paths::below(&std::env::temp_dir()));
        settings.identity.issuer.value = ServerUrl::parse(&issuer.url()).ok();
        settings.identity.keyring.value = true;
        Self { issuer, memory: Arc::default(), clock, settings }
    }

    /// The same with a session kept from an earlier run.
    pub async fn with_session() -> Self {
        let world = Self::start().await;
        let refresh = world.issuer.refresh_token(CONSOLE_APPLICATION);
        world.keep(&world.issuer.url(), &refresh);
        world
    }

    /// Keeps a session of the provider at `issuer`.
    pub fn keep(&self, issuer: &str, refresh: &str) {
        let entry = json!({
            "issuer": issuer,
            "client_id": CONSOLE_APPLICATION,
            "subject": "8f14e45f",
            "refresh_token": refresh,
            "way": "device",
            "amr": ["pwd", "mfa"],
            "auth_time": 1_700_000_000_000_i64,
        });
        *self.memory.text.lock().expect("a lock") = Some(entry.to_string());
    }

    /// Opens the console's door.
    pub fn open(self) -> Door {
        let Self { issuer, memory, clock, settings } = self;
        let cursor = std::env::temp_dir().join("pulse-console-no-cursor.json");
        let live = Live::new(&settings, cursor, Arc::clone(&clock) as Arc<dyn Clock>)
            .keeping_sessions_in(Arc::clone(&memory) as Arc<dyn Keeper>);
        let identity = live.identity().expect("a profile with a provider");
        let (orders, ordered) = mpsc::channel(16);
        let (teller, told) = mpsc::channel(16);
        let mut tasks = JoinSet::new();
        tasks.spawn(identity.run(ordered, Teller::new(teller)));
        Door {
            issuer,
            memory,
            clock,
            bearer: live.bearer(),
            orders,
            told,
            all: Vec::new(),
            _tasks: tasks,
        }
    }
}

/// The console's side of the door.
pub struct Door {
    pub issuer: Issuer,
    pub memory: Arc<Memory>,
    pub clock: Arc<Later>,
    bearer: Bearer,
    orders: mpsc::Sender<Order>,
    told: mpsc::Receiver<IdentityEvent>,
    /// All that was told.
    pub all: Vec<IdentityEvent>,
    _tasks: JoinSet<()>,
}

impl Door {
    /// Orders something.
    pub async fn order(&self, order: Order) {
        self.orders.send(order).await.expect("somebody at the desk");
    }

    /// Lets time go on, and has that noticed: an order that means nothing now wakes the desk.
    pub async fn pass(&self, secs: u64) {
        self.clock.pass(Span::from_secs(secs));
        self.order(Order::Cancel).await;
    }

    /// The next that is told. Nothing secret may be in it.
    pub async fn next(&mut self) -> IdentityEvent {
        let told = tokio::time::timeout(GUARD, self.told.recv()).await;
        let told = told.expect("something to be told").expect("somebody at the desk");
        let text = format!("{told:?} {}", serde_json::to_string(&told).expect("JSON"));
        for secret in &self.issuer.state().secret {
            assert!(!text.contains(secret.as_str()), "{secret} is told: {text}");
        }
        self.all.push(told.clone());
        told
    }

    /// The next that is told, while time goes on in steps.
    pub async fn next_while_passing(&mut self, secs: u64) -> IdentityEvent {
        for _ in 0..600 {
            self.pass(secs).await;
            // Room for what was begun to end.
            let told = tokio::time::timeout(Duration::from_millis(100), self.told.recv()).await;
            if let Ok(told) = told {
                let told = told.expect("somebody at the desk");
                self.all.push(told.clone());
                return told;
            }
        }
        panic!("nothing is told; before: {:?}", self.all)
    }

    /// Lets time go on in steps until the provider was asked at the address with this last part `times` times.
    pub async fn pass_until_asked(&self, secs: u64, last: &str, times: usize) {
        for _ in 0..600 {
            if self.issuer.count(last) >= times {
                return;
            }
            self.pass(secs).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{last} was not asked {times} times")
    }

    /// Checks that nothing is told any more, once an order was done.
    pub async fn quiet(&mut self) {
        // Signing out is answered after everything before it.
        self.order(Order::SignOut).await;
        let told = self.next().await;
        assert!(matches!(told, IdentityEvent::SignedOut(_)), "{told:?}");
    }

    pub async fn granted(&mut self) -> Grant {
        match self.next().await {
            IdentityEvent::Granted(grant) => grant,
            other => panic!("not granted: {other:?}"),
        }
    }

    pub async fn renewed(&mut self) -> Grant {
        match self.next().await {
            IdentityEvent::Renewed(grant) => grant,
            other => panic!("not renewed: {other:?}"),
        }
    }

    pub async fn not_renewed(&mut self) -> Trouble {
        match self.next().await {
            IdentityEvent::NotRenewed(trouble) => trouble,
            other => panic!("no trouble with renewing: {other:?}"),
        }
    }

    pub async fn over(&mut self) -> Trouble {
        match self.next().await {
            IdentityEvent::Over(trouble) => trouble,
            other => panic!("not over: {other:?}"),
        }
    }

    pub async fn hint(&mut self) -> String {
        match self.next().await {
            IdentityEvent::Hint(lines) => {
                lines.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
            }
            other => panic!("no hint: {other:?}"),
        }
    }

    pub async fn failed(&mut self) -> Trouble {
        match self.next().await {
            IdentityEvent::Failed(trouble) => trouble,
            other => panic!("not failed: {other:?}"),
        }
    }

    /// What the servers are told of the operator.
    pub fn bearer(&self) -> Option<String> {
        self.bearer.borrow().as_ref().map(|signed| signed.token.expose_secret().to_owned())
    }

    /// Waits until the servers are told another token than `before`.
    pub async fn bearer_after(&mut self, before: Option<&str>) -> Option<String> {
        let differs = |signed: &Option<Signed>| {
            signed.as_ref().map(|signed| signed.token.expose_secret()) != before
        };
        let changed = tokio::time::timeout(GUARD, self.bearer.wait_for(differs)).await;
        changed.expect("another token").expect("somebody at the desk");
        self.bearer()
    }

    /// Waits until the provider was asked at the address with this last part `times` times.
    pub async fn asked(&self, last: &str, times: usize) -> BTreeMap<String, String> {
        let waited = tokio::time::timeout(GUARD, async {
            while self.issuer.count(last) < times {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        });
        waited.await.unwrap_or_else(|_| panic!("{last} was not asked {times} times"));
        self.issuer.last(last)
    }
}
