//! Who has an account at the stand-in, and what they prove themselves with.

use std::collections::BTreeSet;

use totp_rs::{Builder, Totp};

/// Everybody's password.
pub const PASSWORD: &str = "correct horse battery";

/// How long a code is shown, in seconds.
const STEP: u64 = 30;

/// What somebody may prove themselves with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthentikDevice {
    /// An authenticator app.
    App,
    /// Codes kept for emergencies.
    Kept,
    /// A security key.
    Key,
    /// A telephone.
    Sms,
    /// An e-mail address.
    Email,
    /// Duo.
    Duo,
}

impl AuthentikDevice {
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::App => "totp",
            Self::Kept => "static",
            Self::Key => "webauthn",
            Self::Sms => "sms",
            Self::Email => "email",
            Self::Duo => "duo",
        }
    }
}

/// An account.
#[derive(Debug)]
pub struct AuthentikPerson {
    pub(super) user: &'static str,
    pub(super) name: &'static str,
    pub(super) groups: &'static [&'static str],
    pub(super) devices: Vec<AuthentikDevice>,
    app: Totp,
    /// The times whose code was taken: it is not taken again.
    used: BTreeSet<u64>,
    kept: BTreeSet<String>,
}

impl AuthentikPerson {
    fn new(user: &'static str, name: &'static str, groups: &'static [&'static str]) -> Self {
        let secret = format!("the secret of {user:>20}").into_bytes();
        Self {
            user,
            name,
            groups,
            devices: vec![AuthentikDevice::App],
            app: Builder::new().with_secret(secret).build_noncompliant(),
            used: BTreeSet::new(),
            kept: (0..3).map(|number| format!("kept{number}{user}")).collect(),
        }
    }

    /// Everybody.
    pub(super) fn all() -> Vec<Self> {
        vec![
            Self::new(
                "maria",
                "Мария Стоянова",
                &["plana-staff", "plana-operators", "plana-seniors"],
            ),
            Self::new("ivan", "Иван Петров", &["plana-staff", "plana-operators"]),
            Self::new("vera", "Вера Колева", &["plana-staff"]),
            Self::new("office@acme.example", "Акме ООД", &["tenant-acme"]),
        ]
    }

    pub(super) fn has(&self, device: AuthentikDevice) -> bool {
        self.devices.contains(&device)
    }

    /// The code of the first time, from the one before `now` on, that was not taken yet.
    pub(super) fn next_code(&self, now: u64) -> String {
        let steps = [now.saturating_sub(STEP), now, now + STEP];
        let free = steps.into_iter().find(|at| !self.used.contains(&(at / STEP)));
        self.app.generate(free.unwrap_or(now)).to_string()
    }

    pub(super) fn kept_code(&self) -> String {
        self.kept.first().cloned().unwrap_or_default()
    }

    /// Whether any device of theirs that has codes takes `code`. It does so once. The app's window is one step wider than
    /// needed: a code that was looked at may be typed a little later.
    pub(super) fn takes(&mut self, code: &str, now: u64) -> bool {
        if self.has(AuthentikDevice::Kept) && self.kept.remove(code) {
            return true;
        }
        if !self.has(AuthentikDevice::App) {
            return false;
        }
        let steps = [now.saturating_sub(2 * STEP), now.saturating_sub(STEP), now, now + STEP];
        let shown = steps.into_iter().find(|at| {
            !self.used.contains(&(at / STEP)) && self.app.generate(*at).to_string() == code
        });
        shown.is_some_and(|at| self.used.insert(at / STEP))
    }
}
