//! What input means: messages go in, the state changes, effects come out.
//!
//! [`App::update`] and [`App::settle`] are the only ways the state changes, both on one thread and without
//! waiting for anything. The app does no I/O: what must be done outside it asks for with an [`Effect`].

pub mod action;
mod approvals;
pub mod banner;
pub mod detail;
pub mod gate;
pub mod geometry;
mod hints;
mod keys;
pub mod line;
pub mod log;
mod memo;
mod mouse;
pub mod notices;
pub mod operate;
pub mod overlay;
pub mod pages;
pub mod palette;
pub mod pane;
pub mod panes;
mod receipts;
mod restart;
mod rights;
mod rows;
mod secret_line;
mod sign_in;
mod sign_in_hints;
pub mod strip;
mod tail;
mod update;

use std::fmt;
use std::sync::Arc;

use chrono_tz::Tz;
use crossterm::event::{KeyEvent, MouseEvent};
use serde::{Deserialize, Serialize};

use crate::domain::{
    Attention, Fact, FeedId, Observation, Role, Text, Timestamp, Trouble, TroubleKind,
};
use crate::input::{Chord, Context, Keymap};
use crate::platform::{IdentityEvent, Order};
use crate::session::Presence;
use crate::store::table::TableId;
use crate::store::{FeedState, Freshness, Line, Store, StreamLimits, feeds_judging, feeds_of};
use geometry::Geometry;
pub use hints::{Hint, hints};
pub use memo::Memo;
use notices::{Level, Notices};
pub use operate::{OperateEvent, OperateOrder, Wanted};
use overlay::Overlay;
use pane::Pane;
pub use secret_line::SecretLine;
pub use sign_in::SignInPage;
pub use sign_in_hints::sign_in_hints;

/// What happened, as told to [`App::update`].
#[derive(Clone, Serialize, Deserialize)]
pub enum Msg {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(String),
    /// The mouse was used.
    Mouse(MouseEvent),
    /// The terminal has this size now.
    Resize(u16, u16),
    /// The terminal's window has, or has not, the focus.
    Focus(bool),
    /// The key that follows came so soon after another that no hand typed it.
    Hasty,
    /// It is a while since the disturbance of this number, of which [`Effect::Rest`] told.
    Rested(u64),
    /// Feeds told these.
    Observed(Vec<Observation>),
    /// The identity provider told this.
    Identity(IdentityEvent),
    /// This came of an order about operations.
    Operate(OperateEvent),
    /// Time went on.
    Tick,
    /// The theme of this name is drawn with now.
    Theme(String),
    /// Something is to be said.
    Say(Importance, String),
    /// The keys are bound anew.
    #[serde(skip)]
    Keymap(Arc<Keymap>),
}

impl fmt::Debug for Msg {
    /// What is typed or pasted may be a secret, so it is not shown.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(_) => out.write_str("Key"),
            Self::Paste(_) => out.write_str("Paste"),
            Self::Mouse(event) => out.debug_tuple("Mouse").field(event).finish(),
            Self::Resize(width, height) => {
                out.debug_tuple("Resize").field(width).field(height).finish()
            }
            Self::Focus(focused) => out.debug_tuple("Focus").field(focused).finish(),
            Self::Observed(told) => out.debug_tuple("Observed").field(told).finish(),
            Self::Identity(event) => out.debug_tuple("Identity").field(event).finish(),
            Self::Operate(event) => out.debug_tuple("Operate").field(event).finish(),
            Self::Tick => out.write_str("Tick"),
            Self::Hasty => out.write_str("Hasty"),
            Self::Rested(number) => out.debug_tuple("Rested").field(number).finish(),
            Self::Theme(name) => out.debug_tuple("Theme").field(name).finish(),
            Self::Say(importance, text) => {
                out.debug_tuple("Say").field(importance).field(text).finish()
            }
            Self::Keymap(_) => out.write_str("Keymap"),
        }
    }
}

/// How much a notice wants to be seen, as told in a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Importance {
    /// Something was done.
    Info,
    /// Something is not as it should be.
    Warning,
    /// Something failed.
    Error,
}

/// What must be done outside the app.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// End the program.
    Quit,
    /// Hand the terminal back to the shell until the program is resumed.
    Suspend,
    /// Draw every cell anew.
    Redraw,
    /// Put the text on the clipboard.
    Copy(String),
    /// Write the recording to a file.
    Record,
    /// Write these lines of the event stream to a new file.
    Save(Vec<Line>),
    /// Load the theme of this name.
    LoadTheme(String),
    /// Have the identity provider do this.
    Identity(Order),
    /// Have this done about operations.
    Operate(OperateOrder),
    /// Say [`Msg::Rested`] of this disturbance in a moment: keys that confirm are dead until then.
    Rest(u64),
}

/// What is shown of the setting: which world, as whom, and how.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The profile's name.
    pub profile: String,
    /// How dangerous a mistake here is, which colours the header.
    pub danger: ProfileDanger,
    /// A line about the scenario, in the training world.
    pub scenario: Option<String>,
    /// The zone of the second clock.
    pub zone: Tz,
    /// The names of the themes to choose from.
    pub themes: Vec<String>,
    /// Whether this console may only look, whatever the operator may do.
    pub read_only: bool,
    /// What Loki is asked for the audit records.
    pub audit: String,
}

impl Setting {
    /// The moment `at` in the zone of the screen, which it names: those in sentences may be in another.
    #[must_use]
    pub fn moment(&self, at: Timestamp) -> String {
        at.utc().with_timezone(&self.zone).format("%Y-%m-%d %H:%M:%S %Z").to_string()
    }
}

/// How dangerous a mistake in a profile is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProfileDanger {
    /// Customers are hit.
    Production,
    /// Colleagues are hit.
    Staging,
    /// Nobody else is hit.
    Local,
    /// Nothing is real.
    Training,
}

/// The size of the terminal, and which pane it shows.
#[derive(Clone, Copy, Debug)]
pub struct Screen {
    /// Columns and lines.
    pub size: (u16, u16),
    /// The pane shown.
    pub pane: TableId,
}

/// The keys: their map, and the ones pressed that begin a longer sequence.
struct Keys {
    map: Arc<Keymap>,
    pending: Vec<Chord>,
}

/// The console's whole state.
pub struct App {
    /// What is known.
    pub store: Store,
    /// The size of the terminal, and which pane it shows.
    pub screen: Screen,
    /// What is shown of the setting.
    pub setting: Setting,
    /// Who is at the console.
    pub presence: Presence,
    /// Notices to the operator.
    pub notices: Notices,
    /// The name of the theme that is drawn with.
    pub theme: String,
    /// One for each table, and which table each pane of the bar showed last.
    panes: [Pane; TableId::ALL.len()],
    last: Vec<TableId>,
    overlay: Option<Overlay>,
    sign_in: SignInPage,
    limits: StreamLimits,
    /// The log that is open in place of the table.
    log: Option<log::LogPage>,
    /// What this console can do about operations, and what it does.
    desk: operate::Desk,
    /// Who was told of which operation that waits for approval.
    asked: approvals::Asked,
    keys: Keys,
    now: Timestamp,
}

impl App {
    /// The console at start.
    #[must_use]
    pub fn new(setting: Setting, limits: StreamLimits, keymap: Arc<Keymap>, theme: &str) -> Self {
        Self {
            store: Store::new(limits).in_zone(setting.zone),
            screen: Screen { size: (0, 0), pane: TableId::Overview },
            setting,
            presence: Presence::unguarded(Role::Viewer),
            notices: Notices::default(),
            theme: theme.to_owned(),
            panes: TableId::ALL.map(Pane::new),
            last: panes::PANES.iter().map(panes::PaneSpec::first).collect(),
            overlay: None,
            sign_in: SignInPage::default(),
            limits,
            log: None,
            desk: operate::Desk::default(),
            asked: approvals::Asked::default(),
            keys: Keys { map: keymap, pending: Vec::new() },
            now: Timestamp::default(),
        }
    }

    /// Takes in what happened at `at`; says what must be done outside.
    pub fn update(&mut self, at: Timestamp, msg: Msg) -> Vec<Effect> {
        let first = std::mem::replace(&mut self.now, at) == Timestamp::default();
        if first || matches!(msg, Msg::Tick) {
            self.store.tick(at);
        }
        // Before anything else: a machine that slept and a console that was stopped had no ticks.
        let was_open = self.presence.is_open();
        let mut effects = self.session_tick();
        let is_input = matches!(msg, Msg::Key(_) | Msg::Paste(_) | Msg::Mouse(_));
        // What wakes a screen that has to be hidden means nothing else.
        if !(is_input && was_open && !self.presence.is_open()) {
            effects.extend(self.take(msg));
        }
        effects.extend(self.resting());
        effects
    }

    fn take(&mut self, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Key(key) => return self.key(key),
            Msg::Paste(text) => self.paste(&text),
            Msg::Identity(event) => return self.identity(event),
            Msg::Operate(event) => self.operated(event),
            Msg::Mouse(event) => return self.mouse(event),
            Msg::Resize(width, height) => {
                self.screen.size = (width, height);
                self.disturb();
            }
            Msg::Observed(observations) => self.observe(observations),
            Msg::Theme(name) => self.theme = name,
            Msg::Say(importance, text) => {
                for line in text.lines() {
                    self.say(importance.into(), line);
                }
            }
            Msg::Keymap(map) => {
                self.keys = Keys { map, pending: Vec::new() };
            }
            Msg::Focus(_) | Msg::Hasty => self.disturb(),
            Msg::Rested(number) => self.desk.rested(number),
            Msg::Tick => {}
        }
        Vec::new()
    }

    /// Whether `msg`, which is not taken in yet, changes what is shown so that it is drawn at once and not with the next
    /// second, as ages are. Three dozen feeds give a sign of life every two seconds, which makes an age grow less; and some
    /// have other figures each time, which a pane that does not show them has no use for.
    #[must_use]
    pub fn is_news(&self, msg: &Msg) -> bool {
        let Msg::Observed(observations) = msg else { return true };
        observations.iter().any(|observation| {
            let freshness = &self.store.feeds().get(observation.feed).freshness;
            let is_well =
                matches!(freshness, Freshness::Live(_)) && !freshness.is_old(observation.at);
            let is_aside = match observation.fact {
                Fact::Alive => true,
                Fact::Upsert(_) | Fact::Remove(_) | Fact::Entries(_) | Fact::Older(_) => {
                    !self.shows(observation.feed)
                }
                _ => false,
            };
            !(is_well && is_aside)
        })
    }

    /// Whether what `feed` tells may be on the screen as more than a figure beside others.
    fn shows(&self, feed: FeedId) -> bool {
        let pane = self.pane();
        let is_covered = self.overlay.is_some() || self.log.is_some() || pane.drawer.open;
        is_covered || feeds_of(pane.table).contains(&feed)
    }

    /// Brings what is shown up to date with what is known. Called once before each frame, so that a key
    /// always means the row that was on the screen when it was pressed.
    pub fn settle(&mut self) {
        let geometry = self.geometry();
        let (store, now) = (&self.store, self.now);
        let pane = pane_of(&mut self.panes, self.screen.pane);
        store.with_table(pane.table, |table| pane.refresh(table, now, geometry.page()));
        pane.settled |= feeds_of(pane.table)
            .iter()
            .all(|feed| !matches!(store.feeds().get(*feed).freshness, Freshness::Syncing(_)));
        pane.refresh_detail(store, geometry.drawer_width());
        let drawer = &mut pane.drawer;
        let all = drawer.detail.as_ref().map_or(0, |detail| detail.lines.len());
        drawer.top = drawer.top.min(all.saturating_sub(geometry.drawer_lines()));
        if let Some(Overlay::Card(card)) = &mut self.overlay {
            card.refresh(&self.store, self.now, geometry.overlay_width());
        }
        self.watch_plan();
        self.settle_run_log();
        self.settle_run();
        self.settle_log();
        self.limit_overlay();
    }

    /// Where everything stands.
    #[must_use]
    pub fn geometry(&self) -> Geometry {
        Geometry::of(self)
    }

    /// Now, in the world's time.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.now
    }

    /// The pane shown.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "there is a pane for every table")]
    pub fn pane(&self) -> &Pane {
        &self.panes[self.screen.pane as usize]
    }

    /// What the operator looks at now, for the feeds.
    #[must_use]
    pub fn attention(&self) -> Attention {
        let pane = self.pane();
        let page = self.geometry().page();
        let names = |table: TableId| -> Vec<Text> {
            if self.screen.pane != table {
                return Vec::new();
            }
            let shown = pane.view.slots_from(pane.top).take(page);
            self.store.with_table(table, |table| shown.map(|slot| table.name(slot)).collect())
        };
        let log = self.log.as_ref().and_then(log::LogPage::source);
        Attention { log, databases: names(TableId::Databases), tenants: names(TableId::Backups) }
    }

    /// Every pane.
    #[must_use]
    pub const fn panes(&self) -> &[Pane; TableId::ALL.len()] {
        &self.panes
    }

    /// What is laid over the pane.
    #[must_use]
    pub const fn overlay(&self) -> Option<&Overlay> {
        self.overlay.as_ref()
    }

    /// The keys pressed that begin a longer sequence.
    #[must_use]
    pub fn pending(&self) -> &[Chord] {
        &self.keys.pending
    }

    /// Whether nothing is half done: no line is typed, nothing lies over the pane, no log is
    /// open, no list is held.
    #[must_use]
    pub fn is_at_rest(&self) -> bool {
        let busy = |pane: &Pane| {
            pane.filter.typing.is_some() || pane.held.is_some() || pane.jump.is_some()
        };
        self.presence.is_open()
            && self.overlay.is_none()
            && self.log.is_none()
            && self.keys.pending.is_empty()
            && !self.panes.iter().any(busy)
    }

    /// The map of the keys.
    #[must_use]
    pub fn keymap(&self) -> &Keymap {
        &self.keys.map
    }

    /// The feed of the pane shown that is in trouble or silent, if one is.
    #[must_use]
    pub fn trouble(&self) -> Option<(FeedId, &FeedState)> {
        feeds_judging(self.screen.pane)
            .iter()
            .map(|feed| (*feed, self.store.feeds().get(*feed)))
            .find(|(_, state)| {
                state.freshness.trouble().is_some() || state.freshness.is_old(self.now)
            })
    }

    /// The contexts that keys are looked up in, the topmost first.
    #[must_use]
    pub fn contexts(&self) -> Vec<Context> {
        if self.shows_sign_in() {
            return Context::SignIn.stack().to_vec();
        }
        match &self.overlay {
            Some(Overlay::Palette(_)) => vec![Context::Palette, Context::Line, Context::Global],
            Some(Overlay::Help { .. }) => vec![Context::Help, Context::Global],
            Some(
                Overlay::Feeds { .. }
                | Overlay::Notices { .. }
                | Overlay::Rights { .. }
                | Overlay::Card(_),
            ) => {
                vec![Context::Feeds, Context::Global]
            }
            Some(Overlay::Columns { .. }) => vec![Context::Columns, Context::Global],
            Some(Overlay::Menu(_)) => Context::Menu.stack().to_vec(),
            Some(Overlay::Form(_)) => Context::Form.stack().to_vec(),
            Some(overlay) if overlay.typed().is_some() => Context::Confirm.stack().to_vec(),
            Some(Overlay::Run(page)) if page.asking.is_none() && page.at_log => self.log_contexts(),
            Some(Overlay::Run(page)) if page.asking.is_none() => Context::Run.stack().to_vec(),
            Some(Overlay::Plan(_) | Overlay::Run(_) | Overlay::Leaving { .. }) => {
                Context::Plan.stack().to_vec()
            }
            None => self.pane_contexts(),
        }
    }

    fn log_contexts(&self) -> Vec<Context> {
        let typing = self.log.as_ref().is_some_and(|log| log.search.typing.is_some());
        vec![if typing { Context::Line } else { Context::Log }, Context::Global]
    }

    fn pane_contexts(&self) -> Vec<Context> {
        let pane = self.pane();
        if self.log.is_some() {
            self.log_contexts()
        } else if pane.jump.is_some() {
            vec![Context::Line, Context::Global]
        } else if pane.filter.typing.is_some() {
            vec![Context::Filter, Context::Line, Context::Global]
        } else if pane.drawer.open && pane.drawer.focused {
            vec![Context::Drawer, Context::Global]
        } else if pane.table == TableId::Events {
            vec![Context::Events, Context::Table, Context::Global]
        } else if pane.table == TableId::Alerts {
            vec![Context::Alerts, Context::Table, Context::Global]
        } else {
            vec![Context::Table, Context::Global]
        }
    }

    fn pane_mut(&mut self) -> &mut Pane {
        pane_of(&mut self.panes, self.screen.pane)
    }

    fn say(&mut self, level: Level, text: &str) {
        self.notices.say(level, text, self.now);
    }

    /// Says something about the platform, which is for nobody who finds the screen hidden.
    fn say_of_platform(&mut self, level: Level, text: &str) {
        if self.presence.is_open() {
            self.say(level, text);
        } else {
            self.notices.keep(level, text, self.now);
        }
    }

    fn observe(&mut self, observations: Vec<Observation>) {
        let of_operations = observations.iter().any(|it| it.feed == FeedId::Operations);
        for observation in observations {
            let feed = observation.feed;
            let before = self.store.feeds().get(feed).freshness.trouble().cloned();
            if let Some(text) = restart::noticed(&self.store, &observation) {
                self.say_of_platform(Level::Warning, &text);
            }
            if let Some(text) = self.approval_noticed(&observation) {
                self.say_of_platform(Level::Warning, &text);
            }
            if let Some(text) = self.silence_ended(&observation) {
                self.say_of_platform(Level::Info, &text);
            }
            self.store.apply(observation);
            let after = self.store.feeds().get(feed).freshness.trouble().cloned();
            if before != after {
                self.say_trouble(feed, before.as_ref(), after.as_ref());
            }
        }
        // Of all of them together: what this machine saw last is taken in as a listing that the cluster did not confirm.
        if of_operations {
            for text in self.approvals_asked() {
                self.say_of_platform(Level::Warning, &text);
            }
        }
    }

    /// Says that a feed can't be read, or can again; once for feeds that share the cause.
    fn say_trouble(&mut self, feed: FeedId, before: Option<&Trouble>, after: Option<&Trouble>) {
        let shared =
            self.store.feeds().iter().any(|(other, state)| {
                other != feed && state.freshness.trouble() == after.or(before)
            });
        match (before, after) {
            (_, Some(why)) if why.kind == TroubleKind::NotConfigured || shared => {}
            (_, Some(why)) => self.say_of_platform(Level::Warning, &format!("{feed}: {why}")),
            // What was never configured, or not asked yet, was not away.
            (Some(why), None) if shared || why.kind == TroubleKind::NotConfigured => {}
            (Some(_), None) => {
                self.disturb();
                self.say_of_platform(Level::Info, &format!("{feed}: reached again."));
            }
            (None, None) => {}
        }
    }
}

impl From<Importance> for Level {
    fn from(importance: Importance) -> Self {
        match importance {
            Importance::Info => Self::Info,
            Importance::Warning => Self::Warning,
            Importance::Error => Self::Error,
        }
    }
}

#[expect(clippy::indexing_slicing, reason = "there is a pane for every table")]
fn pane_of(panes: &mut [Pane; TableId::ALL.len()], table: TableId) -> &mut Pane {
    &mut panes[table as usize]
}
