//! An operator before the console: the app over the training world, with virtual time, driven by keys as they are typed
//! and read as a screen.
//!
//! As in the program's loop a frame is drawn after every message, so a key means what was on the screen.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use pulse_console::app::action;
use pulse_console::app::detail;
use pulse_console::app::{App, Effect, Msg, ProfileDanger, Setting};
use pulse_console::domain::{
    ClientSpec, Condition, FeedId, Meta, Observation, Resource, Span, Spec, Status, Text,
    Timestamp, Trouble, TroubleKind, Uid,
};
use pulse_console::input::{self, Keymap, parse_keys};
use pulse_console::runtime::snapshot::{self, Format};
use pulse_console::sim::{Engine, Fault, Scenario, scenario};
use pulse_console::store::StreamLimits;
use pulse_console::store::table::{RowId, TableId};
use pulse_console::ui::theme::{self, ColorDepth, Theme};
use ratatui::buffer::Buffer;

/// A world in which nothing exists and nothing happens.
const STILL: &str = "name = \"still\"\ntitle = \"Nothing happens.\"\nseed = 1\nstart = \"2026-11-21T00:47:00Z\"\n\
    [tenants]\ncount = 0\n";

/// An operator before the console.
pub(crate) struct Journey {
    pub(crate) app: App,
    pub(crate) engine: Engine,
    theme: Theme,
    effects: Vec<Effect>,
}

impl Journey {
    /// Before the world of the scenario `name`, its feeds connected.
    pub(crate) fn on(name: &str) -> Self {
        let mut journey = Self::before(name);
        journey.start();
        journey
    }

    /// Before the world of the scenario `name`, of which nothing was heard yet.
    pub(crate) fn before(name: &str) -> Self {
        Self::of(&scenario::builtin(name).expect("a scenario"), "default")
    }

    /// Before the scenario `name`, with the key map `map`.
    pub(crate) fn with_keys(name: &str, map: &str) -> Self {
        let mut journey = Self::of(&scenario::builtin(name).expect("a scenario"), map);
        journey.start();
        journey
    }

    /// Before a world in which nothing exists, and nothing happens but what the test does.
    pub(crate) fn on_nothing() -> Self {
        let mut journey =
            Self::of(&Scenario::parse("still", STILL).expect("a scenario"), "default");
        journey.start();
        journey
    }

    /// Before the world of the scenario `name`, of whose stream so many entries are kept.
    pub(crate) fn keeping(name: &str, entries: usize) -> Self {
        let mut journey = Self::before(name);
        let setting = journey.app.setting.clone();
        let limits = StreamLimits { entries, bytes: u64::MAX };
        journey.app = App::new(setting, limits, keymap("default"), "dark");
        journey.app.screen.pane = TableId::Tenants;
        journey.size(120, 40).start();
        journey
    }

    fn of(scenario: &Scenario, map: &str) -> Self {
        let engine = Engine::new(scenario, None);
        let setting = setting(scenario.title().as_str());
        let mut app = App::new(setting, StreamLimits::default(), keymap(map), "dark");
        // Journeys begin at the tenants unless they go elsewhere.
        app.screen.pane = TableId::Tenants;
        drop(app.update(engine.now(), Msg::Resize(120, 40)));
        app.screen.pane = TableId::Tenants;
        app.settle();
        Self { app, engine, theme: theme("dark", ColorDepth::TrueColor), effects: Vec::new() }
    }

    /// Connects the feeds.
    pub(crate) fn start(&mut self) -> &mut Self {
        let told = self.engine.start();
        self.tell(told)
    }

    /// Makes the window so large.
    pub(crate) fn size(&mut self, width: u16, height: u16) -> &mut Self {
        self.send(Msg::Resize(width, height))
    }

    /// Presses keys, such as `j j enter`.
    pub(crate) fn keys(&mut self, keys: &str) -> &mut Self {
        if !keys.is_empty() {
            for chord in parse_keys(keys).expect("keys") {
                self.send(Msg::Key(chord.event()));
            }
        }
        self
    }

    /// Types `text` character by character.
    pub(crate) fn types(&mut self, text: &str) -> &mut Self {
        for c in text.chars() {
            self.send(Msg::Key(KeyEvent::from(KeyCode::Char(c))));
        }
        self
    }

    /// Lets time go on, a tenth of a second at a time.
    pub(crate) fn advance(&mut self, secs: u64) -> &mut Self {
        for _ in 0..secs * 10 {
            let told = self.engine.advance(Span::from_ms(100));
            self.tell(told);
        }
        self
    }

    /// Lets time go on though no feed says a word.
    pub(crate) fn silence(&mut self, secs: u64) -> &mut Self {
        drop(self.engine.advance(Span::from_secs(secs)));
        self.send(Msg::Tick)
    }

    /// Breaks something, or mends it.
    pub(crate) fn fault(&mut self, fault: Fault) -> &mut Self {
        let told = self.engine.fault(fault);
        self.tell(told)
    }

    /// Cuts the way to `feed`.
    pub(crate) fn cut(&mut self, feed: FeedId, kind: TroubleKind) -> &mut Self {
        let trouble =
            Trouble::new(kind, "asking the server: connection refused", "Look whether it runs.");
        self.fault(Fault::FeedDown(feed, trouble))
    }

    /// Puts the tenant `name` there, or changes it.
    pub(crate) fn tenant(&mut self, name: &str, ready: Status) -> &mut Self {
        let object = client(name, ready, self.engine.now());
        let told = self.engine.upsert(object);
        self.tell(told)
    }

    /// Takes the tenant `name` away.
    pub(crate) fn take(&mut self, name: &str) -> &mut Self {
        let told = self.engine.remove(&self.tenant_uid(name));
        self.tell(told)
    }

    /// The identity of the tenant `name`.
    pub(crate) fn tenant_uid(&self, name: &str) -> Uid {
        self.engine.world().client(name).expect("a tenant").meta.uid.clone()
    }

    /// Tells observations.
    pub(crate) fn tell(&mut self, told: Vec<Observation>) -> &mut Self {
        self.send(if told.is_empty() { Msg::Tick } else { Msg::Observed(told) })
    }

    /// One message and its frame.
    pub(crate) fn send(&mut self, msg: Msg) -> &mut Self {
        self.effects.extend(self.app.update(self.engine.now(), msg));
        self.app.settle();
        // As the program's loop does, the world is told what is looked at, and says what there is to it.
        let seen = self.engine.look(&self.app.attention());
        if !seen.is_empty() {
            self.effects.extend(self.app.update(self.engine.now(), Msg::Observed(seen)));
            self.app.settle();
        }
        self
    }

    /// Clicks, or turns the wheel, at a place.
    pub(crate) fn mouse(&mut self, kind: MouseEventKind, x: u16, y: u16) -> &mut Self {
        self.send(Msg::Mouse(MouseEvent { kind, column: x, row: y, modifiers: KeyModifiers::NONE }))
    }

    /// Clicks on the first place where `text` is shown.
    pub(crate) fn click(&mut self, text: &str) -> &mut Self {
        let (x, y) = self.place_of(text);
        self.mouse(MouseEventKind::Down(MouseButton::Left), x, y)
    }

    /// Where `text` begins on the screen.
    pub(crate) fn place_of(&mut self, text: &str) -> (u16, u16) {
        let screen = self.screen();
        let found = screen.lines().enumerate().find_map(|(y, line)| {
            let before = &line[..line.find(text)?];
            Some((u16::try_from(before.chars().count()).ok()?, u16::try_from(y).ok()?))
        });
        found.unwrap_or_else(|| panic!("{text:?} is not on the screen:\n{screen}"))
    }

    /// What must be done outside, since the last call.
    pub(crate) fn effects(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.effects)
    }

    /// The characters of the frame.
    pub(crate) fn screen(&mut self) -> String {
        snapshot::print(&self.frame(), Format::Text)
    }

    /// The frame.
    pub(crate) fn frame(&mut self) -> Buffer {
        snapshot::frame(&mut self.app, &self.theme)
    }

    /// The frame in another theme.
    pub(crate) fn frame_in(&mut self, theme: &Theme) -> Buffer {
        snapshot::frame(&mut self.app, theme)
    }

    /// The line of the screen that holds `text`.
    pub(crate) fn line(&mut self, text: &str) -> String {
        let screen = self.screen();
        let line = screen.lines().find(|line| line.contains(text));
        line.unwrap_or_else(|| panic!("{text:?} is not on the screen:\n{screen}")).to_owned()
    }

    /// The last line: hints or a notice.
    pub(crate) fn footer(&mut self) -> String {
        self.screen().lines().last().unwrap_or_default().trim().to_owned()
    }

    /// The line above: filter and counts.
    pub(crate) fn status(&mut self) -> String {
        self.screen().lines().rev().nth(1).unwrap_or_default().trim().to_owned()
    }

    /// `text` must be on the screen.
    pub(crate) fn sees(&mut self, text: &str) -> &mut Self {
        let screen = self.screen();
        assert!(screen.contains(text), "{text:?} is not on the screen:\n{screen}");
        self
    }

    /// `text` must not be on the screen.
    pub(crate) fn lacks(&mut self, text: &str) -> &mut Self {
        let screen = self.screen();
        assert!(!screen.contains(text), "{text:?} is on the screen:\n{screen}");
        self
    }

    /// The cursor must be on the row named `name`, and be drawn there.
    pub(crate) fn on_row(&mut self, name: &str) -> &mut Self {
        assert_eq!(self.cursor_name().as_deref(), Some(name), "\n{}", self.screen());
        let line = self.line("▸");
        let shown: String = name.chars().take(10).collect();
        assert!(line.contains(&shown), "{name} is not on the cursor's line: {line}");
        self
    }

    /// The name of the row under the cursor.
    pub(crate) fn cursor_name(&self) -> Option<String> {
        self.name(self.app.pane().cursor.id.as_ref()?)
    }

    /// The name of the row `id`.
    pub(crate) fn name(&self, id: &RowId) -> Option<String> {
        detail::copied(&self.app.store, id, false)
    }

    /// The names of the rows shown, from the top.
    pub(crate) fn names(&self) -> Vec<String> {
        let pane = self.app.pane();
        self.app.store.with_table(pane.table, |table| {
            let ids = pane.view.slots_from(0).filter_map(|slot| table.id(slot));
            ids.filter_map(|id| self.name(&id)).collect()
        })
    }

    /// The names of the marked rows.
    pub(crate) fn marked(&self) -> Vec<String> {
        self.app.pane().marks.iter().filter_map(|id| self.name(id)).collect()
    }

    /// The pane shown.
    pub(crate) fn pane(&self) -> TableId {
        self.app.screen.pane
    }
}

/// The built-in theme `name`.
pub(crate) fn theme(name: &str, depth: ColorDepth) -> Theme {
    let base = |name: &str| theme::builtin(name).map(ToOwned::to_owned);
    let text = theme::builtin(name).expect("a built-in theme");
    let (theme, warnings) = Theme::parse(name, text, &base, depth).expect("a theme that loads");
    assert!(warnings.is_empty(), "{warnings:?}");
    theme
}

/// The built-in key map `name`.
pub(crate) fn keymap(name: &str) -> Arc<Keymap> {
    let base = |name: &str| input::builtin(name).map(ToOwned::to_owned);
    let text = input::builtin(name).expect("a built-in key map");
    let parsed = Keymap::parse(name, text, &base, &action::verbs()).expect("a key map that loads");
    Arc::new(parsed.keymap)
}

/// The setting of the training world.
pub(crate) fn setting(title: &str) -> Setting {
    Setting {
        profile: "demo".to_owned(),
        danger: ProfileDanger::Training,
        scenario: Some(title.to_owned()),
        zone: chrono_tz::Europe::Sofia,
        themes: theme::BUILTIN_NAMES.iter().map(ToString::to_string).collect(),
        read_only: false,
        audit: "{namespace=\"audit-webhook\"}".to_owned(),
    }
}

/// The customer object of the tenant `name`.
pub(crate) fn client(name: &str, ready: Status, now: Timestamp) -> Resource {
    let condition = |kind: &str, status| Condition {
        name: Text::clean(kind),
        status,
        reason: Text::clean(if status == Status::True { "Available" } else { "Creating" }),
        message: Text::default(),
        since: Some(now),
    };
    Resource {
        meta: Meta {
            version: Text::clean(&format!("{}", now.ms())),
            created: Some(now.before(Span::from_secs(3_600))),
            ..Meta::named(name, Uid(Text::clean(&format!("uid-{name}"))))
        },
        conditions: Box::new([condition("Synced", Status::True), condition("Ready", ready)]),
        composed: Box::default(),
        spec: Spec::Client(ClientSpec {
            subdomain: Text::clean(name),
            tier: Text::clean("pro"),
            odoo_version: Text::clean("18"),
            ..ClientSpec::default()
        }),
    }
}
