//! A console over the training world with everything that a real one has but a terminal: its feeds, its provider, and
//! the operator that makes and runs plans. Time passes only as far as something waits for it.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use pulse_console::app::{App, Effect, Msg, OperateOrder};
use pulse_console::domain::operation::{Command, Plan, Record};
use pulse_console::domain::{Attention, Observation, Role, Span, Text};
use pulse_console::input::parse_keys;
use pulse_console::operation::{Guard, Shape};
use pulse_console::platform::{Identity, Mark, Order, Platform as _, Sink, Teller};
use pulse_console::runtime::operator::{Ground, Operator, Told};
use pulse_console::runtime::snapshot::{self, Format};
use pulse_console::session::{Policy, Presence};
use pulse_console::sim::{Engine, Scenario, Sim, people, scenario};
use pulse_console::store::StreamLimits;
use pulse_console::ui::theme::{ColorDepth, Theme};
use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};

use crate::counted::{Calls, Counted};
use crate::journey;

/// Keys rest for so long.
const REST: Duration = Duration::from_millis(700);

/// What the world told so far, and to whom it tells more: it has one feed, and may have several consoles.
#[derive(Default)]
struct Wire {
    told: Vec<Vec<Observation>>,
    to: Vec<mpsc::Sender<Msg>>,
}

/// What a console stands before.
struct Place {
    sim: Arc<Sim>,
    runtime: Rc<Runtime>,
    wire: Arc<Mutex<Wire>>,
    attention: Rc<watch::Sender<Attention>>,
    guards: &'static str,
}

/// A console.
pub(crate) struct Console {
    pub(crate) app: App,
    pub(crate) sim: Arc<Sim>,
    /// What went through the doors by which something is changed.
    pub(crate) calls: Arc<Calls>,
    operator: Operator,
    runtime: Rc<Runtime>,
    wire: Arc<Mutex<Wire>>,
    attention: Rc<watch::Sender<Attention>>,
    inbox: mpsc::Receiver<Msg>,
    outbox: mpsc::Sender<Msg>,
    orders: Option<mpsc::Sender<Order>>,
    theme: Theme,
    folder: tempfile::TempDir,
    guards: &'static str,
    /// The code that was given last.
    used: String,
    /// The orders to change something that left the app.
    pub(crate) left: Vec<OperateOrder>,
    /// Whether such orders are carried out.
    pub(crate) obeys: bool,
}

impl Console {
    /// Before the scenario `name`, at which nobody signs in.
    pub(crate) fn on(name: &str) -> Self {
        Self::of(&scenario::builtin(name).expect("a scenario"), "", false)
    }

    /// The same, at which one has to sign in.
    pub(crate) fn guarded(name: &str) -> Self {
        Self::of(&scenario::builtin(name).expect("a scenario"), "", true)
    }

    /// Before this scenario, with these rules of the profile.
    pub(crate) fn of(scenario: &Scenario, guards: &'static str, guarded: bool) -> Self {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_time().start_paused(true).build().expect("a runtime");
        let guard = runtime.enter();
        let sim = Arc::new(Sim::new(Engine::new(scenario, None), 1.0));
        let wire = Arc::<Mutex<Wire>>::default();
        let (attention, looked_at) = watch::channel(Attention::default());
        let (facts, mut told) = mpsc::channel(8);
        for feed in sim.feeds() {
            let sink = Sink::new(facts.clone(), sim.clock()).watched(looked_at.clone());
            runtime.spawn(feed.run(sink));
        }
        let teller = Arc::clone(&wire);
        runtime.spawn(async move {
            while let Some(batch) = told.recv().await {
                let to = {
                    let mut wire = teller.lock().expect("the wire");
                    wire.told.push(batch.clone());
                    wire.to.clone()
                };
                for queue in to {
                    let _ = queue.send(Msg::Observed(batch.clone())).await;
                }
            }
        });
        drop(guard);
        let (runtime, attention) = (Rc::new(runtime), Rc::new(attention));
        Self::at(Place { sim, runtime, wire, attention, guards }, "maria", guarded)
    }

    /// The console of a colleague before the same world, at which one has to sign in.
    pub(crate) fn colleague(&self, name: &str) -> Self {
        let (sim, runtime) = (Arc::clone(&self.sim), Rc::clone(&self.runtime));
        let (wire, attention) = (Arc::clone(&self.wire), Rc::clone(&self.attention));
        Self::at(Place { sim, runtime, wire, attention, guards: self.guards }, name, true)
    }

    fn at(place: Place, name: &str, guarded: bool) -> Self {
        let Place { sim, runtime, wire, attention, guards } = place;
        let (outbox, inbox) = mpsc::channel(65_536);
        let _guard = runtime.enter();
        let rules = Guard::parse_all(guards).expect("rules");
        let shape = Shape { guards: rules, ..Shape::default() };
        let ground = Ground { shape, ..Ground::default() };
        let calls = Arc::<Calls>::default();
        let door = Counted { sim: Arc::clone(&sim), calls: Arc::clone(&calls) };
        let holder = format!("{name}@here#1");
        let operator = Operator::new(&door, false, ground, holder.as_str().into());
        let mut app = App::new(
            journey::setting(""),
            StreamLimits::default(),
            journey::keymap("default"),
            "dark",
        );
        app.equip(operator.is_able(), name.into());
        app.presence = Presence::unguarded(Role::Senior);
        let orders = guarded.then(|| {
            let identity = sim.identity().expect("a provider");
            app.presence = Presence::guarded(policy(), identity.ways());
            serve(identity, &runtime, outbox.clone())
        });
        let told = {
            let mut wire = wire.lock().expect("the wire");
            wire.to.push(outbox.clone());
            wire.told.clone()
        };
        let theme = journey::theme("dark", ColorDepth::TrueColor);
        let folder = tempfile::tempdir().expect("a folder");
        let (place, passed) = (Rc::clone(&runtime), calls);
        let mut console = Self {
            app,
            sim,
            calls: passed,
            operator,
            runtime: place,
            wire,
            attention,
            inbox,
            outbox,
            orders,
            theme,
            folder,
            guards,
            used: String::new(),
            left: Vec::new(),
            obeys: true,
        };
        console.send(Msg::Resize(120, 40));
        for batch in told {
            console.send(Msg::Observed(batch));
        }
        console.pass(Span::from_secs(2));
        console
    }

    /// Signs in.
    pub(crate) fn sign_in(&mut self, user: &str) -> &mut Self {
        let code = self.code("");
        self.used.clone_from(&code);
        self.types(user).keys("tab").types("training").keys("tab").types(&code).keys("enter");
        self.waits_for(&format!("{user} "))
    }

    /// Gives the factor that is asked for the plan of this title.
    pub(crate) fn gives_factor(&mut self, title: &str) -> &mut Self {
        self.waits_for(&format!("For this plan alone: {title}"));
        let code = self.code(&self.used.clone());
        if self.screen().contains("password") {
            self.types("training").keys("tab");
        }
        self.types(&code).keys("enter");
        self.waits_for("Your second factor counts for").rest()
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
        let looked_at = self.app.attention();
        // Of several consoles the one that reads a log is heard.
        if looked_at.log.is_some() {
            self.attention.send_replace(looked_at);
        }
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
                let changes = matches!(order, OperateOrder::Run(_) | OperateOrder::Resume { .. });
                if changes {
                    self.left.push(order.clone());
                    if !self.obeys {
                        return;
                    }
                }
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

    /// Writes an operation of a colleague into the journal.
    pub(crate) fn writes(&mut self, plan: &Plan, records: &[Record]) -> &mut Self {
        let journal = self.sim.journal().expect("a journal");
        self.runtime.block_on(async {
            let (first, others) = records.split_first().expect("a record");
            let mut revision = journal.open(plan, first).await.expect("a journal of it");
            for record in others {
                revision = journal.append(&plan.id, &revision, record).await.expect("a record");
            }
        });
        self.pass(Span::from_secs(1))
    }

    /// Changes the world, as if by another console.
    pub(crate) fn does(&mut self, command: &Command) -> &mut Self {
        let control = self.sim.control().expect("a control");
        let mark = Mark { operation: "other1".into(), by: "ivan".into(), reason: Text::default() };
        self.runtime.block_on(control.act(command, &mark)).expect("it is changed");
        self
    }

    /// Presses keys at once.
    pub(crate) fn press(&mut self, keys: &str) -> &mut Self {
        for chord in parse_keys(keys).expect("keys") {
            self.send(Msg::Key(chord.event()));
        }
        self
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

    /// Clicks at a place.
    pub(crate) fn clicks(&mut self, column: u16, row: u16) -> &mut Self {
        let (kind, modifiers) = (MouseEventKind::Down(MouseButton::Left), KeyModifiers::NONE);
        self.send(Msg::Mouse(MouseEvent { kind, column, row, modifiers }));
        self
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

/// Runs the provider, which answers into `queue`; gives where its orders go.
fn serve(
    identity: Box<dyn Identity>,
    runtime: &Runtime,
    queue: mpsc::Sender<Msg>,
) -> mpsc::Sender<Order> {
    let (to, ordered) = mpsc::channel(16);
    let (teller, mut told) = mpsc::channel(16);
    runtime.spawn(identity.run(ordered, Teller::new(teller)));
    runtime.spawn(async move {
        while let Some(event) = told.recv().await {
            let _ = queue.send(Msg::Identity(event)).await;
        }
    });
    to
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
