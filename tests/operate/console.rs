//! A console over the training world with everything that a real one has but a terminal: its feeds, its provider, and
//! the operator that makes and runs plans. Time passes only as far as something waits for it.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::sync::Arc;
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent};
use pulse_console::app::{App, Effect, Msg};
use pulse_console::domain::{Attention, Role, Span};
use pulse_console::input::parse_keys;
use pulse_console::operation::Shape;
use pulse_console::platform::{Order, Platform as _, Sink, Teller};
use pulse_console::runtime::operator::{Ground, Operator, Told};
use pulse_console::runtime::snapshot::{self, Format};
use pulse_console::session::{Policy, Presence};
use pulse_console::sim::{Engine, Sim, people, scenario};
use pulse_console::store::StreamLimits;
use pulse_console::ui::theme::{ColorDepth, Theme};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

use crate::journey;

/// Keys rest for so long.
const REST: Duration = Duration::from_millis(700);

/// A console.
pub(crate) struct Console {
    pub(crate) app: App,
    pub(crate) sim: Arc<Sim>,
    operator: Operator,
    runtime: Runtime,
    inbox: mpsc::Receiver<Msg>,
    outbox: mpsc::Sender<Msg>,
    orders: Option<mpsc::Sender<Order>>,
    theme: Theme,
    folder: tempfile::TempDir,
}

impl Console {
    /// Before the scenario `name`, at which nobody signs in.
    pub(crate) fn on(name: &str) -> Self {
        Self::before(name, false)
    }

    /// The same, at which one has to sign in.
    pub(crate) fn guarded(name: &str) -> Self {
        Self::before(name, true)
    }

    fn before(name: &str, guarded: bool) -> Self {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().expect("a runtime");
        let scenario = scenario::builtin(name).expect("a scenario");
        let (outbox, inbox) = mpsc::channel(4096);
        let guard = runtime.enter();
        let sim = Arc::new(Sim::new(Engine::new(&scenario, None), 1.0));
        let ground = Ground::default();
        let operator = Operator::new(&*sim, false, ground, "maria@here#1".into());
        let mut app = App::new(
            journey::setting(""),
            StreamLimits::default(),
            journey::keymap("default"),
            "dark",
        );
        app.equip(operator.is_able(), "maria".into());
        app.presence = Presence::unguarded(Role::Senior);
        let mut orders = None;
        if guarded {
            let identity = sim.identity().expect("a provider");
            app.presence = Presence::guarded(policy(), identity.ways());
            let (to, ordered) = mpsc::channel(16);
            let (teller, mut told) = mpsc::channel(16);
            runtime.spawn(identity.run(ordered, Teller::new(teller)));
            let queue = outbox.clone();
            runtime.spawn(async move {
                while let Some(event) = told.recv().await {
                    let _ = queue.send(Msg::Identity(event)).await;
                }
            });
            orders = Some(to);
        }
        let (attention, looked_at) = watch::channel(Attention::default());
        let (facts, mut told) = mpsc::channel(8);
        for feed in sim.feeds() {
            let sink = Sink::new(facts.clone(), sim.clock()).watched(looked_at.clone());
            runtime.spawn(feed.run(sink));
        }
        let queue = outbox.clone();
        runtime.spawn(async move {
            let _attention = attention;
            while let Some(batch) = told.recv().await {
                let _ = queue.send(Msg::Observed(batch)).await;
            }
        });
        drop(guard);
        let theme = journey::theme("dark", ColorDepth::TrueColor);
        let folder = tempfile::tempdir().expect("a folder");
        let mut console =
            Self { app, sim, operator, runtime, inbox, outbox, orders, theme, folder };
        console.send(Msg::Resize(120, 40));
        console.pass(Span::from_secs(2));
        console
    }

    /// Lets time go on, and takes in what comes.
    pub(crate) fn pass(&mut self, span: Span) -> &mut Self {
        let until = self.sim.clock().now().after(span);
        while self.sim.clock().now() < until {
            let next = self.runtime.block_on(async {
                tokio::time::timeout(Duration::from_millis(50), self.inbox.recv()).await
            });
            if let Ok(Some(msg)) = next {
                self.send(msg);
            }
        }
        self.send(Msg::Tick);
        self
    }

    /// Lets time go on until `text` is on the screen.
    pub(crate) fn waits_for(&mut self, text: &str) -> &mut Self {
        for _ in 0..2_000 {
            if self.screen().contains(text) {
                return self;
            }
            self.pass(Span::from_ms(500));
        }
        panic!("{text:?} does not come:\n{}", self.screen());
    }

    pub(crate) fn send(&mut self, msg: Msg) {
        let effects = self.app.update(self.sim.clock().now(), msg);
        self.app.settle();
        for effect in effects {
            self.effect(effect);
        }
    }

    fn effect(&mut self, effect: Effect) {
        match effect {
            Effect::Rest(number) => {
                let queue = self.outbox.clone();
                self.runtime.spawn(async move {
                    tokio::time::sleep(REST).await;
                    let _ = queue.send(Msg::Rested(number)).await;
                });
            }
            Effect::Operate(order) => {
                let (to, mut told) = mpsc::channel(16);
                let work = self.operator.order(order, to, self.folder.path().to_owned());
                self.runtime.spawn(work);
                let queue = self.outbox.clone();
                self.runtime.spawn(async move {
                    while let Some(told) = told.recv().await {
                        let msg = match told {
                            Told::Event(event) => Msg::Operate(event),
                            Told::Say(importance, text) => Msg::Say(importance, text),
                        };
                        let _ = queue.send(msg).await;
                    }
                });
            }
            Effect::Identity(order) => {
                let orders = self.orders.as_ref().expect("a provider");
                orders.try_send(order).expect("room for an order");
            }
            _ => {}
        }
    }

    /// Presses keys with time between them.
    pub(crate) fn keys(&mut self, keys: &str) -> &mut Self {
        for chord in parse_keys(keys).expect("keys") {
            self.send(Msg::Key(chord.event()));
            self.pass(Span::from_ms(200));
        }
        self
    }

    /// Types text.
    pub(crate) fn types(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.send(Msg::Key(KeyEvent::from(KeyCode::Char(c))));
        }
        self.pass(Span::from_ms(200))
    }

    /// Waits until keys count again.
    pub(crate) fn rest(&mut self) -> &mut Self {
        self.pass(Span::from_secs(1))
    }

    pub(crate) fn screen(&mut self) -> String {
        snapshot::print(&snapshot::frame(&mut self.app, &self.theme), Format::Text)
    }

    pub(crate) fn sees(&mut self, text: &str) -> &mut Self {
        let screen = self.screen();
        assert!(screen.contains(text), "{text:?} is not on the screen:\n{screen}");
        self
    }

    /// The code of the authenticator, which the training world shows; it waits for one that was not used yet.
    pub(crate) fn code(&mut self, used: &str) -> String {
        for _ in 0..200 {
            let screen = self.screen();
            let digits = screen.lines().filter(|line| line.contains("good for")).find_map(|line| {
                line.split(|c: char| !c.is_ascii_digit()).find(|word| word.len() == 6)
            });
            if let Some(code) = digits.filter(|code| *code != used) {
                return code.to_owned();
            }
            self.pass(Span::from_secs(1));
        }
        panic!("there is no code:\n{}", self.screen());
    }
}

/// The rules of the training world.
fn policy() -> Policy {
    Policy {
        staff_group: people::STAFF.to_owned(),
        operator_groups: vec![people::OPERATORS.to_owned()],
        senior_groups: vec![people::SENIORS.to_owned()],
        factors: vec!["mfa".to_owned()],
        lasts: Span::from_secs(12 * 3600),
        locks_after: Some(Span::from_secs(15 * 60)),
    }
}
