//! The accounts of the training world.

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;

use super::{Scenario, What};
use crate::domain::{Span, Text, Timestamp};

/// The group of everybody who may use the console.
pub const STAFF: &str = "plana-staff";
/// The group of the operators.
pub const OPERATORS: &str = "plana-operators";
/// The group of the seniors.
pub const SENIORS: &str = "plana-seniors";

/// The password of those who have no other: nothing here is real.
const PASSWORD: &str = "training";
/// What the authenticator was given of those who have no other.
const SEED: &str = "pulse-console demo!!";
/// The most accounts.
const MOST: usize = 20;
/// The longest name, password or seed.
const LONGEST: usize = 64;
/// The shortest seed: what the standard asks for at least.
const SHORTEST_SEED: usize = 16;
/// How long the provider is away when the scenario does not say.
const USUALLY_AWAY: Span = Span::from_secs(300);

/// Somebody who has an account.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(in crate::sim) struct Account {
    /// What they sign in as.
    pub(in crate::sim) user: Text,
    /// What they are called.
    #[serde(default)]
    pub(in crate::sim) name: Text,
    #[serde(default)]
    pub(in crate::sim) groups: Vec<Text>,
    #[serde(default = "password")]
    pub(in crate::sim) password: Text,
    /// What their authenticator was given; the same for all who share one.
    #[serde(default = "seed")]
    pub(in crate::sim) totp: Text,
}

fn password() -> Text {
    Text::clean(PASSWORD)
}

fn seed() -> Text {
    Text::clean(SEED)
}

/// The usual people: one of each role, and a customer, who must be refused.
fn usual() -> Vec<Account> {
    let account = |user, name, groups: &[&str]| Account {
        user: Text::clean(user),
        name: Text::clean(name),
        groups: groups.iter().map(|group| Text::clean(group)).collect(),
        password: password(),
        totp: seed(),
    };
    vec![
        account("maria", "Мария Стоянова", &[STAFF, OPERATORS, SENIORS]),
        account("ivan", "Иван Петров", &[STAFF, OPERATORS]),
        account("vera", "Вера Колева", &[STAFF]),
        account("office@acme.example", "Акме ООД", &["tenant-acme"]),
    ]
}

impl Scenario {
    /// Everybody who has an account: the usual people where the scenario names none.
    pub(in crate::sim) fn accounts(&self) -> Vec<Account> {
        if self.people.is_empty() {
            return usual();
        }
        self.people.iter().map(|account| account.get_ref().clone()).collect()
    }

    /// When the identity provider is away: from when until when.
    pub(in crate::sim) fn provider_away(&self) -> Vec<(Timestamp, Timestamp)> {
        let incidents = self.incidents.iter().map(Spanned::get_ref);
        let away = incidents.filter(|incident| incident.what == What::ProviderDown);
        away.map(|incident| {
            let from = self.start.after(incident.at);
            (from, from.after(incident.lasts.unwrap_or(USUALLY_AWAY)))
        })
        .collect()
    }
}

/// Where the first mistake of the accounts is, and what it is.
pub(super) fn mistake(scenario: &Scenario) -> Option<(usize, String)> {
    let mut users = BTreeSet::new();
    scenario.people.iter().enumerate().find_map(|(count, account)| {
        let wrong = if count == MOST {
            Some(format!("there are {} people; at most {MOST} are read", scenario.people.len()))
        } else {
            wrong(account.get_ref(), &mut users)
        };
        wrong.map(|wrong| (account.span().start, wrong))
    })
}

fn wrong<'a>(account: &'a Account, users: &mut BTreeSet<&'a str>) -> Option<String> {
    let Account { user, name, groups, password, totp } = account;
    let texts = [user, name, password, totp].into_iter().chain(groups);
    if user.is_empty() || password.is_empty() {
        return Some("somebody has no user or no password".to_owned());
    }
    if texts.into_iter().any(|text| text.as_str().len() > LONGEST) {
        return Some(format!("something of “{user}” is longer than {LONGEST} bytes"));
    }
    if totp.as_str().len() < SHORTEST_SEED {
        return Some(format!("the totp of “{user}” is shorter than {SHORTEST_SEED} bytes"));
    }
    (!users.insert(user.as_str())).then(|| format!("the user “{user}” comes twice"))
}
