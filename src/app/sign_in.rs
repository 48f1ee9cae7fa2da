//! The page of signing in: what is typed on it, and what its keys mean.

use crossterm::event::KeyEvent;

use super::action::SignInAction;
use super::notices::Level;
use super::secret_line::SecretLine;
use super::{App, Effect};
use crate::platform::{Answer, Challenge, IdentityEvent, Order, Prompt};
use crate::session::{Stage, Standing};

/// What is typed and chosen on the page of signing in.
#[derive(Debug, Default)]
pub struct SignInPage {
    /// One line for each prompt.
    pub lines: Vec<SecretLine>,
    /// The line that is typed into, or the choice that is chosen.
    pub chosen: usize,
    /// The challenge that it belongs to, counted.
    asked: u64,
}

impl App {
    /// The page of signing in.
    #[must_use]
    pub const fn sign_in_page(&self) -> &SignInPage {
        &self.sign_in
    }

    /// Whether what is typed now must not be recorded.
    #[must_use]
    pub fn types_secret(&self) -> bool {
        !self.presence.is_open()
            && self.prompts().get(self.sign_in.chosen).is_some_and(|prompt| prompt.is_hidden())
    }

    /// Takes in what the identity provider told.
    pub(super) fn identity(&mut self, event: IdentityEvent) -> Vec<Effect> {
        if let IdentityEvent::NotRenewed(trouble) = &event {
            self.say(Level::Warning, &format!("The session could not be renewed: {trouble}"));
        }
        let watched = self.presence.watches();
        let orders = self.presence.take(event, self.now);
        if watched && !self.presence.watches() {
            self.forget();
        }
        self.refresh_sign_in();
        ordered(orders)
    }

    /// Empties what was typed when something else is asked.
    pub(super) fn refresh_sign_in(&mut self) {
        let sign_in = self.presence.sign_in();
        if self.sign_in.asked != sign_in.asked || !matches!(sign_in.stage, Stage::Asked(_)) {
            let lines = self.prompts().iter().map(|_| SecretLine::default()).collect();
            self.sign_in = SignInPage { lines, chosen: 0, asked: self.presence.sign_in().asked };
        }
    }

    fn prompts(&self) -> &[Prompt] {
        match &self.presence.sign_in().stage {
            Stage::Asked(Challenge::Prompts { prompts, .. }) => prompts,
            _ => &[],
        }
    }

    pub(super) fn sign_in_action(&mut self, action: SignInAction) -> Vec<Effect> {
        let orders = match action {
            SignInAction::Submit => self.submit(),
            SignInAction::Next => self.choose_prompt(true),
            SignInAction::Previous => self.choose_prompt(false),
            SignInAction::Cancel => self.presence.cancel(),
            SignInAction::Other => self.presence.begin_other(),
            SignInAction::Lock => return self.lock(),
            SignInAction::SignOut => return self.sign_out(),
        };
        self.refresh_sign_in();
        ordered(orders)
    }

    /// Goes on: to the next empty line, else with what is typed or chosen; begins when nothing is under way.
    fn submit(&mut self) -> Vec<Order> {
        let Stage::Asked(challenge) = &self.presence.sign_in().stage else {
            let way = self.presence.sign_in().way.or_else(|| self.presence.ways().first().copied());
            let resting = self.presence.sign_in().stage == Stage::Resting;
            return way.filter(|_| resting).map_or_else(Vec::new, |way| self.presence.begin(way));
        };
        let answer = match challenge {
            Challenge::Prompts { .. } => {
                if let Some(empty) = self.sign_in.lines.iter().position(SecretLine::is_empty) {
                    self.sign_in.chosen = empty;
                    return Vec::new();
                }
                Answer::Typed(self.sign_in.lines.iter().map(SecretLine::secret).collect())
            }
            Challenge::Choice { .. } => Answer::Chosen(self.sign_in.chosen),
            Challenge::Consent { .. } | Challenge::Browser { .. } => Answer::Agreed,
            Challenge::Device { .. } => return Vec::new(),
        };
        self.presence.answer(answer)
    }

    fn choose_prompt(&mut self, forward: bool) -> Vec<Order> {
        let count = match &self.presence.sign_in().stage {
            Stage::Asked(Challenge::Prompts { prompts, .. }) => prompts.len(),
            Stage::Asked(Challenge::Choice { choices, .. }) => choices.len(),
            _ => return Vec::new(),
        };
        let step = if forward { 1 } else { count.saturating_sub(1) };
        self.sign_in.chosen = (self.sign_in.chosen + step) % count.max(1);
        Vec::new()
    }

    fn lock(&mut self) -> Vec<Effect> {
        if self.presence.ways().is_empty() {
            let text =
                "The screen is not hidden: nobody is signed in, so nothing could bring it back.";
            self.say(Level::Warning, text);
            return Vec::new();
        }
        let orders = self.presence.lock();
        self.refresh_sign_in();
        ordered(orders)
    }

    fn sign_out(&mut self) -> Vec<Effect> {
        let orders = self.presence.sign_out();
        if orders.is_empty() {
            self.say(Level::Info, "Nobody is signed in.");
        } else {
            self.forget();
        }
        self.refresh_sign_in();
        ordered(orders)
    }

    /// A key that means nothing else is typed.
    pub(super) fn type_secret(&mut self, key: KeyEvent) {
        if let Some(line) = self.sign_in.lines.get_mut(self.sign_in.chosen) {
            line.key(key);
        }
    }

    pub(super) fn paste_secret(&mut self, text: &str) {
        if let Some(line) = self.sign_in.lines.get_mut(self.sign_in.chosen) {
            line.paste(text);
        }
    }

    /// Time went on: the session may be over, or the screen may have to be hidden.
    pub(super) fn session_tick(&mut self) -> Vec<Effect> {
        let before = self.presence.watches();
        let orders = self.presence.tick(self.now);
        if before && !self.presence.watches() {
            self.forget();
        }
        self.refresh_sign_in();
        ordered(orders)
    }

    /// What a person saw is not for the next one.
    fn forget(&mut self) {
        debug_assert_eq!(*self.presence.standing(), Standing::SignedOut);
        self.store = crate::store::Store::new(self.limits).in_zone(self.setting.zone);
        self.panes = crate::store::table::TableId::ALL.map(super::Pane::new);
        self.overlay = None;
        self.log = None;
        self.keys.pending.clear();
    }
}

pub(super) fn ordered(orders: Vec<Order>) -> Vec<Effect> {
    orders.into_iter().map(Effect::Identity).collect()
}
