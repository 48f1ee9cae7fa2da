//! The page of signing in: what is typed on it, and what its keys mean.

use crossterm::event::KeyEvent;

use super::action::SignInAction;
use super::notices::{Level, Notices};
use super::secret_line::SecretLine;
use super::{App, Effect};
use crate::domain::Text;
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
    /// What was typed last where it can be seen, should the same be asked again.
    kept: Vec<(Prompt, SecretLine)>,
}

impl App {
    /// The page of signing in.
    #[must_use]
    pub const fn sign_in_page(&self) -> &SignInPage {
        &self.sign_in
    }

    /// Whether what is typed now must not be recorded. That is everything but what can be seen: somebody who types ahead
    /// of the provider types a password into nothing.
    #[must_use]
    pub fn types_secret(&self) -> bool {
        self.shows_sign_in()
            && self.prompts().get(self.sign_in.chosen).is_none_or(|prompt| prompt.is_hidden())
    }

    /// Whether the page of signing in is shown: while the screen is hidden, and while a factor is asked for a plan.
    #[must_use]
    pub const fn shows_sign_in(&self) -> bool {
        !self.presence.is_open() || self.presence.proving().is_some()
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
        self.disturb();
        ordered(orders)
    }

    /// Empties what was typed when something else is asked.
    pub(super) fn refresh_sign_in(&mut self) {
        if !self.shows_sign_in() {
            self.sign_in = SignInPage::default();
            return;
        }
        let sign_in = self.presence.sign_in();
        let asked = sign_in.asked;
        if !matches!(sign_in.stage, Stage::Asked(_)) {
            (self.sign_in.lines, self.sign_in.chosen) = (Vec::new(), 0);
        } else if self.sign_in.asked != asked {
            let lines: Vec<_> = self.prompts().iter().map(|prompt| self.begun(*prompt)).collect();
            self.sign_in.chosen = lines.iter().position(SecretLine::is_empty).unwrap_or(0);
            self.sign_in.lines = lines;
            self.sign_in.asked = asked;
        }
    }

    /// What already stands in the line of `prompt`: what was typed there before, or who is to come back.
    fn begun(&self, prompt: Prompt) -> SecretLine {
        if prompt.is_hidden() {
            return SecretLine::default();
        }
        let kept = self.sign_in.kept.iter().find(|(of, _)| *of == prompt);
        if let Some((_, line)) = kept {
            return line.clone();
        }
        let mut line = SecretLine::default();
        if let (Prompt::User, Some(staff)) = (prompt, self.presence.staff()) {
            line.paste(staff.person.user.as_str());
        }
        line
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
            SignInAction::Cancel => {
                self.sign_in.kept.clear();
                self.presence.cancel()
            }
            SignInAction::Other => self.begin_other(),
            SignInAction::Copy => return self.copy_address(),
            SignInAction::Lock => return self.lock(),
            SignInAction::SignOut => return self.sign_out(),
        };
        self.refresh_sign_in();
        ordered(orders)
    }

    /// Goes on: to the next empty line, else with what is typed or chosen; begins when nothing is under way.
    fn submit(&mut self) -> Vec<Order> {
        let Stage::Asked(challenge) = &self.presence.sign_in().stage else {
            let resting = self.presence.sign_in().stage == Stage::Resting;
            return if resting { self.begin() } else { Vec::new() };
        };
        let answer = match challenge {
            Challenge::Prompts { .. } => {
                if let Some(empty) = self.sign_in.lines.iter().position(SecretLine::is_empty) {
                    self.sign_in.chosen = empty;
                    return Vec::new();
                }
                self.keep_seen();
                Answer::Typed(self.sign_in.lines.iter().map(SecretLine::secret).collect())
            }
            Challenge::Choice { .. } => Answer::Chosen(self.sign_in.chosen),
            // What ran out is asked for anew.
            Challenge::Browser { until, .. } | Challenge::Device { until, .. }
                if *until <= self.now =>
            {
                return self.begin();
            }
            Challenge::Consent { .. } | Challenge::Browser { .. } => Answer::Agreed,
            Challenge::Device { .. } => return Vec::new(),
        };
        self.presence.answer(answer)
    }

    /// Begins in the way that was chosen last.
    fn begin(&mut self) -> Vec<Order> {
        let way = self.presence.sign_in().way;
        let way = way.or_else(|| self.presence.ways().first().copied());
        way.map_or_else(Vec::new, |way| self.presence.begin(way))
    }

    fn begin_other(&mut self) -> Vec<Order> {
        if self.presence.other_way().is_none() {
            self.say(Level::Info, "There is no other way to sign in here.");
        }
        self.presence.begin_other()
    }

    /// Keeps what was typed where it can be seen.
    fn keep_seen(&mut self) {
        let typed = self.prompts().to_vec().into_iter().zip(self.sign_in.lines.iter().cloned());
        self.sign_in.kept = typed.filter(|(prompt, _)| !prompt.is_hidden()).collect();
    }

    /// The address that one signs in at, if one has to go to one.
    #[must_use]
    pub fn sign_in_address(&self) -> Option<&Text> {
        match &self.presence.sign_in().stage {
            Stage::Asked(Challenge::Browser { address, .. }) => Some(address),
            Stage::Asked(Challenge::Device { address, complete, .. }) => {
                complete.as_ref().or(Some(address))
            }
            _ => None,
        }
    }

    fn copy_address(&mut self) -> Vec<Effect> {
        let Some(address) = self.sign_in_address().map(ToString::to_string) else {
            self.say(Level::Info, "There is no address to copy here.");
            return Vec::new();
        };
        self.say(Level::Info, "Copied the address; open it in a browser.");
        vec![Effect::Copy(address)]
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
        self.hidden();
        ordered(orders)
    }

    /// The screen is hidden now: nothing said or begun on it goes on.
    fn hidden(&mut self) {
        self.notices.seen();
        self.keys.pending.clear();
        self.refresh_sign_in();
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
        let (watched, was_open) = (self.presence.watches(), self.presence.is_open());
        let orders = self.presence.tick(self.now);
        if watched && !self.presence.watches() {
            self.forget();
        }
        if was_open && !self.presence.is_open() {
            self.hidden();
        }
        ordered(orders)
    }

    /// What a person saw, and what was said to them, is not for the next one.
    fn forget(&mut self) {
        debug_assert_eq!(*self.presence.standing(), Standing::SignedOut);
        self.store = crate::store::Store::new(self.limits).in_zone(self.setting.zone);
        self.panes = crate::store::table::TableId::ALL.map(super::Pane::new);
        self.notices = Notices::default();
        self.sign_in = SignInPage::default();
        self.overlay = None;
        self.log = None;
        self.keys.pending.clear();
    }
}

pub(super) fn ordered(orders: Vec<Order>) -> Vec<Effect> {
    orders.into_iter().map(Effect::Identity).collect()
}
