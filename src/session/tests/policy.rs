//! Who comes in, as what, and what the others are told.

use super::*;
use crate::domain::Role;
use crate::session::{Refusal, Staff};

/// What the policy says to `grant` five minutes after all of it began: the role, or the refusal.
fn said(grant: Grant) -> String {
    match policy().admit(grant, at(300)) {
        Ok(staff) => staff.role.to_string(),
        Err(refusal) => refusal.to_string(),
    }
}

#[test]
fn each_rule_is_said_with_what_to_do() {
    let no_factor = |says: &str| {
        format!(
            "maria signed in without a second factor (the provider says: {says}). Enrol an authenticator in the account's settings, then sign in again."
        )
    };
    let not_staff = |user: &str| {
        format!(
            "{user} is not in the group staff: this console is for staff, not for customers. Sign in with a staff account, or have a senior add you to the group."
        )
    };
    for (grant, sentence) in [
        (customer(at(0)), not_staff("office@acme.example")),
        (grant("vera", &[], at(0)), not_staff("vera")),
        (Grant { factors: Some(texts(&["pwd"])), ..maria(at(0)) }, no_factor("pwd")),
        (Grant { factors: Some(texts(&["pwd", "sc"])), ..maria(at(0)) }, no_factor("pwd, sc")),
        (Grant { factors: Some(Vec::new()), ..maria(at(0)) }, no_factor("nothing")),
        (Grant { factors: None, ..maria(at(0)) }, no_factor("nothing")),
        (
            Grant { proved_at: None, ..maria(at(0)) },
            "The provider does not say when maria signed in, so nobody knows how old that is. Have whoever runs the provider add the claim auth_time.".to_owned(),
        ),
        (
            Grant { proved_at: Some(at(300 - 12 * 3600)), ..maria(at(0)) },
            "maria signed in 12h00m ago, and a sign-in lasts 12h00m. Sign in again.".to_owned(),
        ),
        (
            Grant { proved_at: Some(at(-9 * 86_400)), ..maria(at(0)) },
            "maria signed in 9d0h ago, and a sign-in lasts 12h00m. Sign in again.".to_owned(),
        ),
        (
            Grant { proved_at: Some(at(300 + 61)), ..maria(at(0)) },
            "The provider says that maria signed in 1m01s from now. One of the clocks is wrong: set this machine's, then sign in again.".to_owned(),
        ),
    ] {
        assert_eq!(said(grant), sentence);
    }
}

#[test]
fn who_keeps_the_rules_comes_in() {
    for (what, grant) in [
        ("just now", maria(at(300))),
        ("a moment before the end", Grant { proved_at: Some(at(301 - 12 * 3600)), ..maria(at(0)) }),
        ("a clock that is ahead", Grant { proved_at: Some(at(360)), ..maria(at(0)) }),
        ("a key", Grant { factors: Some(texts(&["hwk"])), ..maria(at(0)) }),
        ("many words", Grant { factors: Some(texts(&["user", "pwd", "mfa"])), ..maria(at(0)) }),
    ] {
        assert_eq!(said(grant), "senior", "{what}");
    }
}

#[test]
fn a_clock_that_is_ahead_makes_no_session_longer() {
    let ahead = Grant { proved_at: Some(at(50)), ..maria(at(0)) };
    let staff = policy().admit(ahead, at(0)).expect("within the skew");
    assert_eq!(staff.ends_at, at(12 * 3600));
    let renewed = policy().renew(&staff, maria(at(900)), at(900)).expect("goes on");
    assert_eq!(renewed.ends_at, at(12 * 3600));
}

#[test]
fn the_best_group_makes_the_role() {
    for (groups, role) in [
        (&["staff"][..], Role::Viewer),
        (&["staff", "tenant-acme"], Role::Viewer),
        (&["staff", "operator"], Role::Viewer),
        (&["staff", "Operators"], Role::Viewer),
        (&["staff", "operators"], Role::Operator),
        (&["on-call", "staff"], Role::Operator),
        (&["staff", "seniors"], Role::Senior),
        (&["seniors", "operators", "staff"], Role::Senior),
    ] {
        let staff = policy().admit(grant("vera", groups, at(0)), at(0)).expect("staff");
        assert_eq!(staff.role, role, "{groups:?}");
    }
    // The groups of the roles are worth nothing without that of the staff.
    assert!(policy().admit(grant("vera", &["seniors", "operators"], at(0)), at(0)).is_err());
}

fn staff() -> Staff {
    policy().admit(maria(at(0)), at(0)).expect("staff")
}

#[test]
fn a_renewal_goes_on_from_the_first_factor() {
    let renew = |grant: Grant, now| policy().renew(&staff(), grant, now);
    // Providers leave the factor, and some the time of it, out of a renewal.
    let bare = Grant { factors: None, proved_at: None, ..maria(at(3600)) };
    let renewed = renew(bare, at(3600)).expect("goes on");
    assert_eq!((renewed.role, renewed.proved_at), (Role::Senior, at(0)));
    assert_eq!(renewed.ends_at, at(12 * 3600), "however often it is renewed");
    // A time that moved with the renewal makes it no longer.
    let moved = renew(maria(at(11 * 3600)), at(11 * 3600)).expect("goes on");
    assert_eq!(moved.ends_at, at(12 * 3600));

    let less = renew(grant("maria", &["staff"], at(60)), at(60)).expect("still staff");
    assert_eq!(less.role, Role::Viewer);

    for (renewed, sentence) in [
        (
            renew(grant("maria", &["seniors"], at(60)), at(60)),
            "maria is not in the group staff: this console is for staff, not for customers. Sign in with a staff account, or have a senior add you to the group.",
        ),
        (
            renew(ivan(at(60)), at(60)),
            "ivan is not maria, whose session this is. Let maria come back, or sign out first.",
        ),
        (
            renew(maria(at(12 * 3600)), at(12 * 3600)),
            "maria signed in 12h00m ago, and a sign-in lasts 12h00m. Sign in again.",
        ),
    ] {
        assert_eq!(renewed.expect_err("it ends").to_string(), sentence);
    }
}

#[test]
fn the_same_person_is_known_by_what_never_changes() {
    let renamed = Person { subject: Text::clean("sub-maria"), ..person("m.stoyanova", &["staff"]) };
    let renamed = Grant { person: renamed, ..maria(at(60)) };
    assert_eq!(policy().renew(&staff(), renamed, at(60)).map(|staff| staff.role), Ok(Role::Viewer));
    let taken = Person { subject: Text::clean("sub-2"), ..person("maria", &["staff"]) };
    let taken = Grant { person: taken, ..maria(at(60)) };
    let refused = policy().renew(&staff(), taken, at(60));
    assert!(matches!(refused, Err(Refusal::SomebodyElse { .. })), "{refused:?}");
}
