//! The event loop.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior};

use super::appearance::{AppearanceError, Folders, Loaded};
use super::courier::{Courier, Said};
use super::housekeeping::Housekeeping;
use super::keyboard::{Input, Keyboard};
use super::log::Losses;
use super::mirror::Mirror;
use super::operator::{Operator, Told};
use super::panic::{PANIC_EXIT_CODE, Panicked, Traces, install_panic_hook};
use super::recorder::Recorder;
use super::screen::Screen;
use super::signals::{Signal, Signals};
use super::terminal::{TerminalError, TerminalOptions};
use super::watcher::{FileChange, FileContent, FileWatch};
use super::{clipboard::Copied, feeds, saved};
use crate::app::{App, Effect, Importance, Msg, OperateEvent};
use crate::domain::{Attention, Observation, Timestamp};
use crate::platform::{Identity, IdentityEvent, Order, Platform, Teller};
use crate::store::Line;
use crate::ui;
use crate::ui::theme::{ColorDepth, Theme};

/// How many messages wait at most; then those who send wait.
const WAITING: usize = 256;

/// How many orders to the identity provider, and events of it, wait at most.
const ORDERS: usize = 16;

/// The most messages taken in before a frame, so that a flood of facts can't keep keys from the screen.
const DRAINED: usize = 64;

/// The least time between two frames for data. Keys are drawn at once.
const FRAME: Duration = Duration::from_millis(33);

/// Keys that confirm something are dead for so long after something came between.
const REST: Duration = Duration::from_millis(700);

/// Keys that come sooner after each other were not typed by a hand.
const BURST: Duration = Duration::from_millis(5);

/// Everything that is needed to run the console.
pub struct Console {
    /// The console's state.
    pub app: App,
    /// The world to watch.
    pub platform: Arc<dyn Platform>,
    /// What it is drawn with.
    pub theme: Theme,
    /// How it looks and is driven.
    pub appearance: Appearance,
    /// Where it leaves traces.
    pub places: Places,
    /// How many messages the recorder keeps.
    pub recorded: usize,
    /// The identity provider; none where nobody signs in.
    pub identity: Option<Box<dyn Identity>>,
    /// What plans are made and run by.
    pub operator: Operator,
    /// Who brings what is queued in the trail to staff; none where nobody listens.
    pub courier: Option<Courier>,
}

/// How the console looks and is driven.
#[derive(Clone, Debug)]
pub struct Appearance {
    /// The operator's own themes and key maps.
    pub folders: Folders,
    /// The name of the key map.
    pub keymap: String,
    /// How many colours are used.
    pub depth: ColorDepth,
    /// Whether the mouse is used.
    pub mouse: bool,
}

/// Where the console leaves traces.
#[derive(Clone, Debug)]
pub struct Places {
    /// The folder of the recordings.
    pub recordings: PathBuf,
    /// The folder of the events that the operator saves.
    pub saved: PathBuf,
    /// The log file, when there is one.
    pub log: Option<PathBuf>,
    /// Where operations are kept for reading while the cluster is away; none for a world that has no state of its own.
    pub mirror: Option<Mirror>,
    /// What is not in it.
    pub losses: Option<Losses>,
}

/// Why the console could not run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The terminal refuses.
    #[error(transparent)]
    Terminal(#[from] TerminalError),
    /// The machine refuses.
    #[error("The console could not start: {0}.")]
    Machine(#[from] std::io::Error),
}

/// What comes through the one channel.
enum Incoming {
    Input(Input),
    /// Facts, and for which run of the feeds they were learnt.
    Observed(u64, Vec<Observation>),
    Identity(IdentityEvent),
    Operate(OperateEvent),
    Rested(u64),
    Signal(Signal),
    File(FileChange),
    Theme(String, Box<Result<Loaded<Theme>, AppearanceError>>),
    Say(Importance, String),
    Tick,
    Panicked,
}

impl From<Input> for Incoming {
    fn from(input: Input) -> Self {
        Self::Input(input)
    }
}

impl From<Said> for Incoming {
    fn from((importance, text): Said) -> Self {
        Self::Say(importance, text)
    }
}

impl From<Told> for Incoming {
    fn from(told: Told) -> Self {
        match told {
            Told::Event(event) => Self::Operate(event),
            Told::Say(importance, text) => Self::Say(importance, text),
        }
    }
}

impl From<FileChange> for Incoming {
    fn from(change: FileChange) -> Self {
        Self::File(change)
    }
}

/// Runs the console until the operator or a signal ends it; gives the exit code.
///
/// # Errors
/// When the terminal or the machine refuses. The terminal is restored on every way out.
pub fn run(mut console: Console) -> Result<u8, RunError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("feeds")
        .enable_all()
        .build()?;
    let mut screen = Screen::enter(TerminalOptions { mouse: console.appearance.mouse })?;
    let recorder = Arc::new(Mutex::new(Recorder::new(&console.app.setting, console.recorded)));
    let panicked = hook(&screen, &recorder, &console);
    let result = runtime.block_on(async {
        let (queue, incoming) = mpsc::channel(WAITING);
        let (attention, looked_at) = watch::channel(Attention::default());
        let mut tasks = start(&runtime, &console, queue.clone(), panicked.clone())?;
        let orders = console.identity.take().map(|identity| ask(identity, &mut tasks, &queue));
        if let Some(courier) = console.courier.take() {
            tasks.spawn(courier.run(queue.clone()));
        }
        let told = hear(&mut tasks, &queue);
        let mirror = console.places.mirror.clone();
        let housekeeping = Housekeeping::start(mirror, &mut tasks, &told);
        let keyboard = Keyboard::start(queue.clone())?;
        let size = screen.size()?;
        let mut event_loop = Loop {
            console,
            recorder,
            queue,
            keyboard,
            screen: &mut screen,
            tasks,
            orders,
            told,
            housekeeping,
            watching: None,
            watches: 0,
            looked_at,
            attention,
            pressed: None,
            dirty: true,
            quit: false,
        };
        event_loop.take(Msg::Resize(size.width, size.height))?;
        event_loop.run(incoming).await
    });
    drop(screen);
    runtime.shutdown_timeout(Duration::from_millis(200));
    result?;
    Ok(if panicked.happened() { PANIC_EXIT_CODE } else { 0 })
}

fn hook(screen: &Screen, recorder: &Arc<Mutex<Recorder>>, console: &Console) -> Panicked {
    let (recorder, folder) = (Arc::clone(recorder), console.places.recordings.clone());
    let clock = console.platform.clock();
    let traces = Traces {
        log: console.places.log.clone(),
        recording: (console.recorded > 0).then(|| folder.clone()),
    };
    install_panic_hook(screen.guard().device(), traces, move |report| {
        tracing::error!(thread = %report.thread, place = %report.place, "panic: {}", report.message);
        // The thread that panicked may hold the lock; then there is no recording.
        if let Ok(recorder) = recorder.try_lock()
            && !recorder.is_empty()
        {
            let _ = recorder.save(&folder, clock.now());
        }
    })
}

/// Has `identity` sign people in; gives where its orders go.
fn ask(
    identity: Box<dyn Identity>,
    tasks: &mut JoinSet<()>,
    queue: &mpsc::Sender<Incoming>,
) -> mpsc::Sender<Order> {
    let (orders, ordered) = mpsc::channel(ORDERS);
    let (teller, mut told) = mpsc::channel(ORDERS);
    tasks.spawn(identity.run(ordered, Teller::new(teller)));
    let queue = queue.clone();
    tasks.spawn(async move {
        while let Some(event) = told.recv().await {
            if queue.send(Incoming::Identity(event)).await.is_err() {
                return;
            }
        }
    });
    orders
}

/// Has what comes of orders about operations sent into the channel.
fn hear(tasks: &mut JoinSet<()>, queue: &mpsc::Sender<Incoming>) -> mpsc::Sender<Told> {
    let (told, mut heard) = mpsc::channel::<Told>(ORDERS);
    let queue = queue.clone();
    tasks.spawn(async move {
        while let Some(told) = heard.recv().await {
            if queue.send(told.into()).await.is_err() {
                return;
            }
        }
    });
    told
}

/// Starts everything but the feeds that sends into the channel.
fn start(
    runtime: &Runtime,
    console: &Console,
    queue: mpsc::Sender<Incoming>,
    mut panicked: Panicked,
) -> Result<JoinSet<()>, RunError> {
    let _guard = runtime.enter();
    let mut tasks = JoinSet::new();
    let mut signals = Signals::listen()?;
    let to = queue.clone();
    tasks.spawn(
        async move { while to.send(Incoming::Signal(signals.next().await)).await.is_ok() {} },
    );
    let to = queue.clone();
    tasks.spawn(async move {
        panicked.wait().await;
        let _ = to.send(Incoming::Panicked).await;
    });
    let to = queue.clone();
    tasks.spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if to.send(Incoming::Tick).await.is_err() {
                return;
            }
        }
    });
    let Appearance { folders, keymap, .. } = &console.appearance;
    let mut files = vec![folders.keymap_file(keymap)];
    files.extend(folders.theme_names().iter().map(|name| folders.theme_file(name)));
    FileWatch::new(files).start(queue)?;
    Ok(tasks)
}

struct Loop<'s> {
    console: Console,
    recorder: Arc<Mutex<Recorder>>,
    queue: mpsc::Sender<Incoming>,
    keyboard: Keyboard,
    screen: &'s mut Screen,
    tasks: JoinSet<()>,
    orders: Option<mpsc::Sender<Order>>,
    told: mpsc::Sender<Told>,
    housekeeping: Housekeeping,
    /// The feeds, while the platform may be watched, and how often they were started.
    watching: Option<JoinSet<()>>,
    watches: u64,
    looked_at: watch::Receiver<Attention>,
    attention: watch::Sender<Attention>,
    /// When the last key came.
    pressed: Option<Instant>,
    dirty: bool,
    quit: bool,
}

impl Loop<'_> {
    async fn run(&mut self, mut incoming: mpsc::Receiver<Incoming>) -> Result<(), RunError> {
        self.draw()?;
        let mut drawn = now();
        while !self.quit {
            let next = if self.dirty {
                tokio::time::timeout_at(drawn + FRAME, incoming.recv()).await.ok()
            } else {
                Some(incoming.recv().await)
            };
            let mut urgent = false;
            match next {
                Some(Some(first)) => urgent |= self.incoming(first)?,
                Some(None) => return Ok(()),
                None => {}
            }
            for _ in 0..DRAINED {
                match incoming.try_recv() {
                    Ok(more) if !self.quit => urgent |= self.incoming(more)?,
                    _ => break,
                }
            }
            if urgent || (self.dirty && drawn.elapsed() >= FRAME) {
                self.draw()?;
                drawn = now();
            }
            let_go(&mut self.tasks);
        }
        Ok(())
    }

    /// Takes in one message; says whether it wants to be drawn at once.
    fn incoming(&mut self, incoming: Incoming) -> Result<bool, RunError> {
        let urgent = matches!(incoming, Incoming::Input(_));
        match incoming {
            Incoming::Input(input) => self.input(input)?,
            // What the feeds of an earlier session still had to say is nobody's business.
            Incoming::Observed(run, _) if self.watching.is_none() || run != self.watches => {}
            // A feed asks whether anybody listens still.
            Incoming::Observed(_, nothing) if nothing.is_empty() => {}
            Incoming::Observed(_, observations) => self.take(Msg::Observed(observations))?,
            Incoming::Identity(event) => self.take(Msg::Identity(event))?,
            Incoming::Operate(event) => self.take(Msg::Operate(event))?,
            Incoming::Rested(number) => self.take(Msg::Rested(number))?,
            Incoming::Tick => self.tick()?,
            Incoming::Say(importance, text) => self.take(Msg::Say(importance, text))?,
            Incoming::Signal(Signal::Stop) => self.suspend()?,
            Incoming::Signal(Signal::Continue) => self.screen.continued()?,
            Incoming::Signal(Signal::WindowChange) => self.resized()?,
            Incoming::Signal(signal) => {
                tracing::info!(?signal, "ended by a signal");
                self.quit = true;
            }
            Incoming::File(change) => self.file_changed(change)?,
            Incoming::Theme(name, loaded) => self.theme_loaded(name, *loaded)?,
            Incoming::Panicked => self.quit = true,
        }
        Ok(urgent)
    }

    fn input(&mut self, input: Input) -> Result<(), RunError> {
        let msg = match input {
            Input::Key(key) => {
                self.pace()?;
                Msg::Key(key)
            }
            Input::Paste { text, .. } => Msg::Paste(text),
            Input::Mouse(event) => Msg::Mouse(event),
            Input::Focus(focused) => Msg::Focus(focused),
            Input::Lost => {
                tracing::warn!("the terminal is gone");
                self.quit = true;
                return Ok(());
            }
        };
        let effects = self.update(msg);
        // Keys that came in one burst mean what they would mean one by one. Facts that came before a key
        // wait for the frame after it: it was pressed on the rows that were on the screen.
        self.settle();
        effects.into_iter().try_for_each(|effect| self.effect(effect))
    }

    fn resized(&mut self) -> Result<(), RunError> {
        // Even at the same size: a window that was smaller for a moment has lost what it showed.
        self.screen.redraw_whole();
        let size = self.screen.size()?;
        self.take(Msg::Resize(size.width, size.height))
    }

    fn tick(&mut self) -> Result<(), RunError> {
        let lost = self.console.places.losses.as_mut().and_then(Losses::news);
        if let Some(text) = lost {
            self.take(Msg::Say(Importance::Warning, text))?;
        }
        self.take(Msg::Tick)?;
        let Console { app, operator, .. } = &self.console;
        self.housekeeping.beat(app, operator, &self.told, &mut self.tasks);
        Ok(())
    }

    /// Takes in a message, and does what it asks for.
    fn take(&mut self, msg: Msg) -> Result<(), RunError> {
        let effects = self.update(msg);
        effects.into_iter().try_for_each(|effect| self.effect(effect))
    }

    /// Watches the platform while somebody may: nothing is asked of it for nobody.
    fn watch(&mut self) {
        let watches = self.console.app.presence.watches();
        if watches == self.watching.is_some() {
            return;
        }
        // Dropping the feeds ends them.
        self.watching = None;
        if !watches {
            return;
        }
        self.watches += 1;
        let (mut feeds, mut told) = feeds::run(&self.console.platform, &self.looked_at);
        let (run, queue) = (self.watches, self.queue.clone());
        // What was seen before another session is in the store already.
        let remembered = (run == 1).then(|| self.housekeeping.remembered());
        feeds.spawn(async move {
            if let Some(remembered) = remembered {
                // Before the first word of the cluster, which counts for more.
                let _ = queue.send(Incoming::Observed(run, remembered.await)).await;
            }
            while let Some(batch) = told.recv().await {
                if queue.send(Incoming::Observed(run, batch)).await.is_err() {
                    return;
                }
            }
        });
        self.watching = Some(feeds);
    }

    /// Orders are few: an identity that takes none in is stuck, and that is said.
    fn order(&mut self, order: Order) -> Result<(), RunError> {
        let sent = self.orders.as_ref().is_some_and(|orders| orders.try_send(order).is_ok());
        if sent {
            return Ok(());
        }
        let text = "The sign-in does not answer. Quit, and start the console again.";
        self.take(Msg::Say(Importance::Error, text.to_owned()))
    }

    fn update(&mut self, msg: Msg) -> Vec<Effect> {
        let at = self.console.platform.clock().now();
        let mut recorder = self.recorder.lock().unwrap_or_else(PoisonError::into_inner);
        recorder.keep(&self.console.app, at, &msg);
        drop(recorder);
        self.dirty |= self.console.app.is_news(&msg);
        let effects = self.console.app.update(at, msg);
        self.watch();
        effects
    }

    fn effect(&mut self, effect: Effect) -> Result<(), RunError> {
        match effect {
            Effect::Quit => self.quit = true,
            Effect::Redraw => self.screen.redraw_whole(),
            Effect::Suspend => self.suspend()?,
            Effect::Copy(text) => {
                let Copied { bytes, cut } = self.screen.write_clipboard(&text)?;
                if cut {
                    let text = format!(
                        "Only the first {bytes} bytes were copied: the rest is too long for a terminal's clipboard."
                    );
                    self.take(Msg::Say(Importance::Warning, text))?;
                }
            }
            Effect::Record => self.record(),
            Effect::Save(lines) => self.save(lines),
            Effect::LoadTheme(name) => self.load_theme(name),
            Effect::Identity(order) => self.order(order)?,
            Effect::Rest(number) => self.rest(number),
            Effect::Operate(order) => {
                let saved = self.console.places.saved.clone();
                let work = self.console.operator.order(order, self.told.clone(), saved);
                self.tasks.spawn(work);
            }
        }
        Ok(())
    }

    /// Keys that confirm something are dead for a moment, by the machine's time.
    fn rest(&mut self, number: u64) {
        let queue = self.queue.clone();
        self.tasks.spawn(async move {
            tokio::time::sleep(REST).await;
            let _ = queue.send(Incoming::Rested(number)).await;
        });
    }

    /// Says of a key that came too soon after another that no hand typed it: what is pasted into a terminal that does not
    /// say so comes as keys.
    fn pace(&mut self) -> Result<(), RunError> {
        let pressed = now();
        let last = self.pressed.replace(pressed);
        if last.is_some_and(|last| pressed.duration_since(last) < BURST) {
            self.take(Msg::Hasty)?;
        }
        Ok(())
    }

    fn suspend(&mut self) -> Result<(), RunError> {
        self.keyboard.pause();
        let suspended = self.screen.suspend();
        self.keyboard.resume();
        if let Err(error) = suspended {
            self.take(Msg::Say(Importance::Warning, error.to_string()))?;
        }
        self.resized()
    }

    /// Writes the recording on a task: a slow disk must not hold the keys.
    fn record(&mut self) {
        let recorder = Arc::clone(&self.recorder);
        let folder = self.console.places.recordings.clone();
        let at: Timestamp = self.console.platform.clock().now();
        let queue = self.queue.clone();
        self.tasks.spawn_blocking(move || {
            // A copy, which shares what it holds: the keys need the recorder while the disk is slow.
            let recorder = recorder.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let said = match recorder.save(&folder, at) {
                Ok(path) => Incoming::Say(
                    Importance::Info,
                    format!(
                        "Saved {} messages; play them with: pulse-console replay {}",
                        recorder.len(),
                        path.display()
                    ),
                ),
                Err(error) => Incoming::Say(
                    Importance::Error,
                    format!("The recording could not be written to {}: {error}.", folder.display()),
                ),
            };
            let _ = queue.blocking_send(said);
        });
    }

    /// Writes events on a task: a slow disk must not hold the keys.
    fn save(&mut self, lines: Vec<Line>) {
        let (folder, queue) = (self.console.places.saved.clone(), self.queue.clone());
        let at = self.console.platform.clock().now();
        self.tasks.spawn_blocking(move || {
            let (importance, text) = saved::report(&folder, &lines, at);
            let _ = queue.blocking_send(Incoming::Say(importance, text));
        });
    }

    fn load_theme(&mut self, name: String) {
        let Appearance { folders, depth, .. } = &self.console.appearance;
        let (folders, depth, queue) = (folders.clone(), *depth, self.queue.clone());
        self.tasks.spawn_blocking(move || {
            let loaded = folders.theme(&name, depth);
            let _ = queue.blocking_send(Incoming::Theme(name, Box::new(loaded)));
        });
    }

    fn theme_loaded(
        &mut self,
        name: String,
        loaded: Result<Loaded<Theme>, AppearanceError>,
    ) -> Result<(), RunError> {
        match loaded {
            Ok(Loaded { value, warnings }) => {
                self.console.theme = value;
                let said = if warnings.is_empty() {
                    (Importance::Info, format!("The theme is {name}."))
                } else {
                    (Importance::Warning, warnings.join(" "))
                };
                self.take(Msg::Theme(name))?;
                self.take(Msg::Say(said.0, said.1))
            }
            Err(error) => {
                let text = format!("{error} The theme stays as it was.");
                self.take(Msg::Say(Importance::Error, text))
            }
        }
    }

    /// A file of the operator changed: loads it again, and keeps what there was when it is wrong.
    fn file_changed(&mut self, change: FileChange) -> Result<(), RunError> {
        let Appearance { folders, keymap, depth, .. } = self.console.appearance.clone();
        let is_keymap = change.path == folders.keymap_file(&keymap);
        let theme = self.console.app.theme.clone();
        let text = match change.content {
            FileContent::Text(text) => text,
            FileContent::Gone if is_keymap => return self.keymap_loaded(&folders.keymap(&keymap)),
            FileContent::Gone => {
                self.load_theme(theme);
                return Ok(());
            }
            FileContent::Unreadable(error) => {
                return self.take(Msg::Say(Importance::Error, error.to_string()));
            }
        };
        if is_keymap {
            self.keymap_loaded(&folders.parse_keymap(&keymap, &text))
        } else if change.path == folders.theme_file(&theme) {
            let loaded = folders.parse_theme(&theme, &text, depth);
            self.theme_loaded(theme, loaded)
        } else {
            // A theme that the shown one may build on.
            self.load_theme(theme);
            Ok(())
        }
    }

    fn keymap_loaded(
        &mut self,
        loaded: &Result<Loaded<Arc<crate::input::Keymap>>, AppearanceError>,
    ) -> Result<(), RunError> {
        match loaded {
            Ok(Loaded { value, warnings }) => {
                self.take(Msg::Keymap(Arc::clone(value)))?;
                let said = if warnings.is_empty() {
                    (Importance::Info, "The keys are bound anew.".to_owned())
                } else {
                    (Importance::Warning, warnings.join(" "))
                };
                self.take(Msg::Say(said.0, said.1))
            }
            Err(error) => {
                let text = format!("{error} The keys stay as they were.");
                self.take(Msg::Say(Importance::Error, text))
            }
        }
    }

    fn settle(&mut self) {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner).settled();
        self.console.app.settle();
        let looked_at = self.console.app.attention();
        self.attention.send_if_modified(|known| {
            let differs = *known != looked_at;
            *known = looked_at;
            differs
        });
    }

    fn draw(&mut self) -> Result<(), RunError> {
        self.settle();
        let app = &self.console.app;
        let geometry = app.geometry();
        let theme = &self.console.theme;
        self.screen.draw(|frame| {
            ui::draw(app, &geometry, theme, frame.buffer_mut());
            if let Some(position) = ui::cursor(app, &geometry) {
                frame.set_cursor_position(position);
            }
        })?;
        self.dirty = false;
        Ok(())
    }
}

/// Lets go of the tasks that ended: what is left of one stays until it is joined.
fn let_go(tasks: &mut JoinSet<()>) {
    while tasks.try_join_next().is_some() {}
}

#[expect(
    clippy::disallowed_methods,
    reason = "frames are paced by the machine's time, not the world's"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn tasks_that_ended_are_let_go() {
        let mut tasks = JoinSet::new();
        tasks.spawn(async {});
        tasks.spawn(async {});
        tasks.spawn(std::future::pending());
        tokio::task::yield_now().await;
        let_go(&mut tasks);
        assert_eq!(tasks.len(), 1, "the one that goes on");
    }
}
