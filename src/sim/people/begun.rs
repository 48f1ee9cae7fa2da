//! What is under way at the provider: what was begun, what is asked for it, and how answers are checked.

use super::authenticator::WrongCode;
use super::{Provider, session};
use crate::domain::{Person, Span, Text, Timestamp, Trouble, TroubleKind};
use crate::platform::{Challenge, Clock as _, IdentityEvent, Prompt, Proof, Purpose, Way};
use crate::sim::scenario::Account;

/// Where the code of a device would be typed.
const DEVICE_PAGE: &str = "https://auth.planapulse.app/device";
/// How long such a code is good.
const DEVICE_LASTS: Span = Span::from_secs(60);
/// When somebody says yes there.
const AGREES_AFTER: Span = Span::from_secs(10);
/// After so many wrong answers one has to wait.
const WRONG_MOST: u32 = 3;
/// For how long.
const WAIT: Span = Span::from_secs(30);

/// What was begun.
#[derive(Clone, Debug)]
pub(super) struct Begun {
    way: Way,
    purpose: Purpose,
    /// Who it is, as soon as that is known.
    pub(super) account: Option<Account>,
    /// When somebody says yes on another device.
    pub(super) agrees_at: Option<Timestamp>,
}

/// Wrong answers in a row.
#[derive(Debug, Default)]
pub(super) struct Wrong {
    count: u32,
    /// Until when no answer is taken.
    until: Option<Timestamp>,
}

impl Provider {
    pub(super) fn begin(&mut self, way: Way, purpose: Purpose) -> IdentityEvent {
        self.begun = None;
        let doing = match purpose {
            Purpose::SignIn => "signing in",
            Purpose::Unlock => "unlocking",
            Purpose::StepUp(_) => "giving a factor",
        };
        if let Some(trouble) = self.away(doing) {
            return IdentityEvent::Failed(trouble);
        }
        let known = self.session.as_ref().map(|session| session.account.clone());
        if purpose != Purpose::SignIn && known.is_none() {
            return failed(&format!("{doing}: nobody is signed in"), "Sign in again.");
        }
        match way {
            Way::Terminal => {
                let account = known.filter(|_| purpose != Purpose::SignIn);
                self.begun = Some(Begun { way, purpose, account, agrees_at: None });
                self.ask(None)
            }
            Way::Device => {
                let account = known.or_else(|| self.accounts.first().cloned());
                let now = self.clock.now();
                let agrees_at = Some(now.after(AGREES_AFTER));
                self.begun = Some(Begun { way, purpose, account, agrees_at });
                IdentityEvent::Asked(device(now))
            }
            Way::Browser => failed(
                &format!("{doing}: the training world has no browser"),
                "Take another way to sign in.",
            ),
        }
    }

    /// Asks for what is not known yet.
    fn ask(&self, wrong: Option<&str>) -> IdentityEvent {
        let account = self.begun.as_ref().and_then(|begun| begun.account.as_ref());
        let prompts = match account {
            Some(_) => vec![Prompt::Code],
            None => vec![Prompt::User, Prompt::Password, Prompt::Code],
        };
        IdentityEvent::Asked(Challenge::Prompts {
            title: Text::clean("The training world"),
            person: account.map(|account| account.user.clone()),
            prompts,
            wrong: wrong.map(Text::clean),
        })
    }

    /// Checks what was typed for what is under way; nothing is, when it was given up meanwhile.
    pub(super) fn check(&mut self, typed: &[&str]) -> Option<IdentityEvent> {
        let begun = self.begun.clone()?;
        if let Some(trouble) = self.away("checking the answer") {
            self.begun = None;
            return Some(IdentityEvent::Failed(trouble));
        }
        if let Some(left) = self.wait_left() {
            let wait = format!("Too many wrong answers. Wait {left}, then try again.");
            return Some(self.ask(Some(&wait)));
        }
        let (account, code) = match (begun.account, typed) {
            (Some(account), [code]) => (Some(account), *code),
            (None, [user, password, code]) => (self.known(user, password), *code),
            _ => return Some(self.miss("That is not what was asked for.")),
        };
        let Some(account) = account else {
            return Some(self.miss("No such user, or not their password."));
        };
        if let Some(begun) = &mut self.begun {
            begun.account = Some(account.clone());
        }
        let now = self.hands.now();
        let taken = self.codes.get_mut(&account.totp).map(|codes| codes.take(code, now));
        Some(match taken {
            Some(Ok(())) => self.passed(&account),
            Some(Err(WrongCode::Spent)) => {
                self.miss("That code was used already, and each counts once. Type the one above.")
            }
            Some(Err(WrongCode::Other)) | None => self.miss("That is not the code shown above."),
        })
    }

    /// The account of `user`, when this is their password.
    fn known(&self, user: &str, password: &str) -> Option<Account> {
        let is = |account: &&Account| account.user == *user.trim();
        let account = self.accounts.iter().find(is)?;
        (account.password == *password).then(|| account.clone())
    }

    /// Asks again, and counts.
    fn miss(&mut self, wrong: &str) -> IdentityEvent {
        self.wrong.count += 1;
        // Where time stands still nobody could wait.
        if self.wrong.count < WRONG_MOST || self.stands_still {
            return self.ask(Some(wrong));
        }
        self.wrong = Wrong { count: 0, until: Some(self.hands.now().after(WAIT)) };
        let wait = format!("{wrong} These were {WRONG_MOST} wrong answers: wait {WAIT}.");
        self.ask(Some(&wait))
    }

    fn wait_left(&self) -> Option<Span> {
        let left = self.wrong.until?.since(self.hands.now());
        (left > Span::default()).then_some(left)
    }

    /// On another device somebody said yes, when it is time for that.
    pub(super) fn agreed(&mut self) -> Option<IdentityEvent> {
        let begun = self.begun.as_ref()?;
        let account = begun.account.clone()?;
        if begun.agrees_at? > self.clock.now() {
            return None;
        }
        Some(match self.away("asking whether somebody said yes") {
            Some(trouble) => {
                self.begun = None;
                IdentityEvent::Failed(trouble)
            }
            None => self.passed(&account),
        })
    }

    /// `account` proved who they are.
    fn passed(&mut self, account: &Account) -> IdentityEvent {
        self.wrong = Wrong::default();
        let now = self.clock.now();
        match self.begun.take() {
            Some(Begun { purpose: Purpose::StepUp(plan), .. }) => {
                let subject = person(account).subject;
                IdentityEvent::Proved(Proof { plan, subject, issued_at: now })
            }
            Some(Begun { way, .. }) => {
                let session = session::begin(account, way, now);
                let grant = session.grant.clone();
                self.granted = Some(session);
                IdentityEvent::Granted(grant)
            }
            None => failed("checking the answer: nothing is under way", "Begin again."),
        }
    }
}

/// The person that has `account`.
pub(super) fn person(account: &Account) -> Person {
    Person {
        subject: Text::clean(&format!("training-{}", account.user)),
        user: account.user.clone(),
        name: account.name.clone(),
        groups: account.groups.clone(),
    }
}

/// What is shown for another device. Its code follows from the time alone.
fn device(now: Timestamp) -> Challenge {
    let mut chances = fastrand::Rng::with_seed(now.ms().unsigned_abs());
    let mut four = || -> String { (0..4).map(|_| letter(&mut chances)).collect() };
    let code = format!("{}-{}", four(), four());
    Challenge::Device {
        address: Text::clean(DEVICE_PAGE),
        complete: Some(Text::clean(&format!("{DEVICE_PAGE}?code={code}"))),
        code: Text::clean(&code),
        until: now.after(DEVICE_LASTS),
    }
}

/// Letters that make no words.
const LETTERS: [char; 20] = [
    'B', 'C', 'D', 'F', 'G', 'H', 'J', 'K', 'L', 'M', 'N', 'P', 'Q', 'R', 'S', 'T', 'V', 'W', 'X',
    'Z',
];

/// One of them.
fn letter(chances: &mut fastrand::Rng) -> char {
    chances.choice(LETTERS).unwrap_or('B')
}

fn failed(what: &str, remedy: &str) -> IdentityEvent {
    IdentityEvent::Failed(Trouble::new(TroubleKind::Protocol, what, remedy))
}
