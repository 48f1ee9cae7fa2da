//! What a trainee is told beside what is asked: whom one can be, and what to type.

use super::Provider;
use crate::domain::Text;
use crate::platform::Clock as _;
use crate::sim::scenario::{Account, OPERATORS, SENIORS, STAFF};

/// The most lines about passwords and codes.
const MOST: usize = 3;

impl Provider {
    /// The lines of help beside what is asked now.
    pub(super) fn hint(&self) -> Vec<Text> {
        let Some(begun) = &self.begun else { return Vec::new() };
        let lines = match (begun.agrees_at, &begun.account) {
            (Some(at), Some(account)) => {
                let left = at.since(self.clock.now());
                vec![format!("Nobody has to go there: {} says yes in {left}.", account.user)]
            }
            (_, Some(account)) => vec![self.code_of(account) + "."],
            (_, None) => self.everybody(),
        };
        lines.iter().map(|line| Text::clean(line)).collect()
    }

    fn everybody(&self) -> Vec<String> {
        let mut lines = vec![format!("Be {}.", either(self.accounts.iter().map(titled)))];
        let mut known: Vec<&Account> = Vec::new();
        for account in &self.accounts {
            if known.iter().any(|other| same_secrets(other, account)) {
                continue;
            }
            known.push(account);
            let theirs = self.accounts.iter().filter(|other| same_secrets(other, account));
            let users = theirs.map(|account| account.user.to_string());
            let whose = if self.accounts.iter().all(|other| same_secrets(other, account)) {
                String::new()
            } else {
                format!("{} · ", users.collect::<Vec<_>>().join(", "))
            };
            let code = self.code_of(account).to_lowercase();
            lines.push(format!("{whose}password {} · {code}", account.password));
        }
        lines.truncate(MOST);
        lines
    }

    fn code_of(&self, account: &Account) -> String {
        let shown = self.codes.get(&account.totp).map(|codes| codes.shows(self.hands.now()));
        let (code, holds) = shown.unwrap_or_default();
        format!("Code {code}, good for {holds}")
    }
}

fn same_secrets(one: &Account, other: &Account) -> bool {
    (&one.password, &one.totp) == (&other.password, &other.totp)
}

/// The account with what it may do here.
fn titled(account: &Account) -> String {
    let is_in = |name: &str| account.groups.iter().any(|group| group.as_str() == name);
    let role = [(SENIORS, "senior"), (OPERATORS, "operator"), (STAFF, "viewer")];
    match role.into_iter().find(|(group, _)| is_in(group)) {
        Some((_, role)) if is_in(STAFF) => format!("{} ({role})", account.user),
        _ => account.user.to_string(),
    }
}

fn either(names: impl Iterator<Item = String>) -> String {
    let names: Vec<String> = names.collect();
    match names.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
        None => "nobody".to_owned(),
    }
}
