//! The session as the provider's word and the operator's keys move it.

mod invariant;
mod policy;
mod presence;
mod proofs;

use super::{Policy, Presence, Stage};
use crate::domain::{Person, PlanHash, Span, Text, Timestamp, Trouble, TroubleKind};
use crate::platform::{Challenge, Grant, IdentityEvent, Order, Prompt, Proof, Purpose, Way};

const HOUR: Span = Span::from_secs(3600);
const WAYS: [Way; 2] = [Way::Terminal, Way::Device];

/// A moment, in seconds after all of it began.
fn at(secs: i64) -> Timestamp {
    Timestamp::from_ms(1_800_000_000_000 + secs * 1000)
}

fn policy() -> Policy {
    Policy {
        staff_group: "staff".to_owned(),
        operator_groups: vec!["operators".to_owned(), "on-call".to_owned()],
        senior_groups: vec!["seniors".to_owned()],
        factors: vec!["mfa".to_owned(), "hwk".to_owned()],
        lasts: Span::from_secs(12 * 3600),
        locks_after: Some(Span::from_secs(900)),
    }
}

fn texts(words: &[&str]) -> Vec<Text> {
    words.iter().map(|word| Text::clean(word)).collect()
}

fn person(user: &str, groups: &[&str]) -> Person {
    Person {
        subject: Text::clean(&format!("sub-{user}")),
        user: Text::clean(user),
        name: Text::default(),
        groups: texts(groups),
    }
}

/// What the provider says of `user`, who gave password and factor at `now`.
fn grant(user: &str, groups: &[&str], now: Timestamp) -> Grant {
    Grant {
        person: person(user, groups),
        way: Way::Terminal,
        factors: Some(texts(&["pwd", "mfa"])),
        proved_at: Some(now),
        issued_at: now,
        expires_at: now.after(HOUR),
        renews: true,
    }
}

fn maria(now: Timestamp) -> Grant {
    grant("maria", &["staff", "operators", "seniors"], now)
}

fn ivan(now: Timestamp) -> Grant {
    grant("ivan", &["staff", "operators"], now)
}

fn customer(now: Timestamp) -> Grant {
    grant("office@acme.example", &["tenant-acme"], now)
}

fn plan(name: &str) -> PlanHash {
    PlanHash::new(name)
}

fn proof(name: &str, user: &str, issued_at: Timestamp) -> Proof {
    Proof { plan: plan(name), subject: Text::clean(&format!("sub-{user}")), issued_at }
}

fn trouble() -> Trouble {
    Trouble::new(TroubleKind::Unreachable, "the provider is away", "Try again.")
}

fn asked() -> IdentityEvent {
    IdentityEvent::Asked(Challenge::Prompts {
        title: Text::clean("Sign in"),
        person: None,
        prompts: vec![Prompt::User, Prompt::Password, Prompt::Code],
        wrong: None,
    })
}

/// A console at which nobody signed in yet, and the provider asks.
fn signing_in() -> Presence {
    let mut presence = Presence::guarded(policy(), WAYS.to_vec());
    let begun = presence.take(IdentityEvent::Ready, at(0));
    assert_eq!(begun, [Order::Begin(Way::Terminal, Purpose::SignIn)]);
    assert_eq!(presence.take(asked(), at(0)), []);
    presence
}

/// A console at which maria signed in just then.
fn signed_in() -> Presence {
    let mut presence = signing_in();
    assert_eq!(presence.take(IdentityEvent::Granted(maria(at(0))), at(0)), [Order::Accept]);
    assert!(presence.is_open() && presence.sign_in().stage == Stage::Resting);
    presence
}

/// The same, locked.
fn locked() -> Presence {
    let mut presence = signed_in();
    assert_eq!(presence.lock(), []);
    assert!(!presence.is_open() && presence.watches());
    presence
}

fn wrong(presence: &Presence) -> &str {
    presence.sign_in().wrong.as_ref().map_or("", Text::as_str)
}
