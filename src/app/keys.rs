//! Keys and pasted text: which action they mean, or which line they go into.

use crossterm::event::KeyEvent;

use super::action::{self, Action, ActionSpec, Operate};
use super::gate::Rights;
use super::line::Line;
use super::notices::Level;
use super::overlay::Overlay;
use super::{App, Effect, gate};
use crate::domain::{FeedId, Span};
use crate::input::{Chord, Step};

/// Facts that are older are not acted by.
const TOO_OLD: Span = Span::from_secs(60);

impl App {
    pub(super) fn key(&mut self, key: KeyEvent) -> Vec<Effect> {
        let Some(chord) = Chord::from_event(&key) else { return Vec::new() };
        self.notices.seen();
        self.touch();
        self.keys.pending.push(chord);
        match self.keys.map.step(&self.contexts(), &self.keys.pending) {
            Step::Run(id) => {
                self.keys.pending.clear();
                self.run_named(id)
            }
            Step::Pending(_) => Vec::new(),
            Step::Unbound => {
                let pressed = std::mem::take(&mut self.keys.pending);
                self.unbound(key, &pressed);
                Vec::new()
            }
        }
    }

    /// Runs the action `id`, if the gate lets it.
    pub(super) fn run_named(&mut self, id: &str) -> Vec<Effect> {
        let Some(spec) = action::spec(id) else { return Vec::new() };
        match self.refusal(spec) {
            None => self.run(spec.action),
            Some(refusal) => {
                self.say(Level::Warning, &refusal);
                Vec::new()
            }
        }
    }

    /// Why `spec` may not be done now; none when it may. What is listed and what is run go by the same.
    #[must_use]
    pub fn refusal(&self, spec: &ActionSpec) -> Option<String> {
        let rights = self.rights(spec);
        gate::check(spec, rights, &self.store.objects().access).err()
    }

    /// Somebody is there. On the page of signing in that counts for nothing: it says since when nobody was.
    pub(super) fn touch(&mut self) {
        if self.presence.is_open() {
            self.presence.touch(self.now);
        }
    }

    /// What the gate goes by now.
    fn rights(&self, spec: &ActionSpec) -> Rights {
        let begins = matches!(spec.action, Action::Operate(Operate::Begin(_)));
        Rights {
            able: self.desk.able,
            stale: if begins { self.stale() } else { None },
            role: self.presence.role(),
            read_only: self.setting.read_only,
            is_open: self.presence.is_open(),
            ways: self.presence.ways().len(),
        }
    }

    /// The feed by which the row under the cursor was chosen, and how old it is, when it is too old to act by.
    fn stale(&self) -> Option<(FeedId, Span)> {
        let feed = self.aimed_feed();
        let age = self.store.feeds().get(feed).freshness.age(self.now)?;
        (age > TOO_OLD).then_some((feed, age))
    }

    fn unbound(&mut self, key: KeyEvent, pressed: &[Chord]) {
        if self.shows_sign_in() {
            self.type_secret(key);
        } else if self.form_key(key) || self.confirm_key(key) {
        } else if self.line_mut().is_some_and(|line| line.key(key)) {
            self.line_changed();
        } else if self.line_mut().is_none() {
            let keys: Vec<String> = pressed.iter().map(Chord::to_string).collect();
            let help = self.keys.map.keys_for("app.help", &self.contexts());
            let help = help.first().map_or("?", String::as_str);
            // Over a question there is no help, and the keys that answer it stand below it.
            let aside =
                if self.asks() { String::new() } else { format!("; {help} shows the keys") };
            self.say(Level::Info, &format!("{} does nothing here{aside}.", keys.join(" ")));
        }
    }

    pub(super) fn paste(&mut self, text: &str) {
        self.touch();
        if self.shows_sign_in() {
            self.paste_secret(text);
        } else if self.form_paste(text) || self.confirm_paste() {
        } else if let Some(line) = self.line_mut() {
            line.paste(text);
            self.line_changed();
        } else {
            self.keys.pending.clear();
            self.say(Level::Warning, "The pasted text was ignored: no line is being typed.");
        }
    }

    /// The line being typed, if one is.
    pub(super) fn line_mut(&mut self) -> Option<&mut Line> {
        if self.is_in_log() {
            return self.log.as_mut()?.search.typing.as_mut();
        }
        match &mut self.overlay {
            Some(Overlay::Palette(palette)) => Some(&mut palette.line),
            Some(_) => None,
            None => {
                let pane = super::pane_of(&mut self.panes, self.screen.pane);
                match &mut pane.jump {
                    Some(jump) => Some(&mut jump.line),
                    None => pane.filter.typing.as_mut(),
                }
            }
        }
    }

    pub(super) fn line_changed(&mut self) {
        if let Some(Overlay::Palette(palette)) = &mut self.overlay {
            palette.search(&self.store);
            return;
        }
        if self.log.is_some() {
            return self.log_typed();
        }
        let pane = self.pane_mut();
        if let Some(jump) = &mut pane.jump {
            jump.error = None;
            return;
        }
        if let Some(query) = pane.filter.typed(pane.table) {
            pane.set_query(query);
        }
    }

    /// Runs what an id of the palette names.
    pub(super) fn run(&mut self, action: Action) -> Vec<Effect> {
        match action {
            Action::Shell(shell) => return self.shell(shell),
            Action::SignIn(action) => return self.sign_in_action(action),
            Action::Copy(what) => return self.copy(what),
            Action::Line(line) => return self.line_action(line),
            Action::Tail(tail) => return self.tail(tail),
            Action::Open(opening) => self.open(opening),
            Action::Pane(to) => self.go(to),
            Action::Row(row) => self.row_action(row),
            Action::Cursor(motion) => self.move_cursor(motion),
            Action::Table(table) => self.table_action(table),
            Action::Drawer(drawer) => self.drawer_action(drawer),
            Action::Scroll(motion) => self.scroll(motion),
            Action::Choice(choice) => self.choose(choice),
            Action::Log(action) => self.log_action(action),
            Action::Operate(action) => return self.operate(action),
        }
        Vec::new()
    }
}
