//! What is proved, for which plan, by whom, how long, how often.

use super::*;
use crate::session::Unproved;

/// maria, who was asked for a factor for the plan `a` at `now`.
fn proving(now: Timestamp) -> Presence {
    let mut presence = signed_in();
    let begun = presence.prove(plan("a"));
    assert_eq!(begun, [Order::Begin(Way::Terminal, Purpose::StepUp(plan("a")))]);
    assert_eq!(presence.take(asked(), now), []);
    assert_eq!(presence.proving(), Some(&plan("a")));
    presence
}

/// maria, who gave it at the tenth second.
fn proved() -> Presence {
    let mut presence = proving(at(10));
    assert_eq!(presence.take(IdentityEvent::Proved(proof("a", "maria", at(10))), at(10)), []);
    assert_eq!((presence.proving(), wrong(&presence)), (None, ""));
    presence
}

#[test]
fn it_counts_once_for_its_plan_and_for_a_minute() {
    let mut presence = proved();
    assert_eq!(presence.proof_left(&plan("a"), at(15)), Some(Span::from_secs(55)));
    assert_eq!(presence.proof_left(&plan("b"), at(15)), None);
    assert_eq!(presence.spend_proof(&plan("b"), at(15)), Err(Unproved::Missing));
    assert_eq!(presence.spend_proof(&plan("a"), at(69)), Ok(()));
    assert_eq!(presence.spend_proof(&plan("a"), at(69)), Err(Unproved::Missing), "twice");
    assert_eq!(presence.proof_left(&plan("a"), at(15)), None);

    let mut presence = proved();
    assert_eq!(presence.proof_left(&plan("a"), at(70)), None);
    let stale = Err(Unproved::Stale(Span::from_secs(60)));
    assert_eq!(presence.spend_proof(&plan("a"), at(70)), stale);
    assert_eq!(presence.spend_proof(&plan("a"), at(20)), Err(Unproved::Missing), "it is gone");
}

#[test]
fn a_minute_is_a_minute_whatever_the_clock_does() {
    // The provider's clock is ahead: it counts from when it came.
    let mut presence = proving(at(10));
    presence.take(IdentityEvent::Proved(proof("a", "maria", at(3600))), at(10));
    assert_eq!(presence.proof_left(&plan("a"), at(10)), Some(Span::from_secs(60)));
    assert!(presence.spend_proof(&plan("a"), at(71)).is_err());
    // This machine's clock is set back by an hour after forty seconds.
    let mut presence = proved();
    presence.tick(at(50));
    presence.tick(at(50 - 3600));
    assert_eq!(presence.proof_left(&plan("a"), at(60 - 3600)), Some(Span::from_secs(10)));
    assert!(presence.spend_proof(&plan("a"), at(70 - 3600)).is_err());
}

#[test]
fn what_does_not_count_is_said_at_once() {
    for (told, said) in [
        (proof("a", "ivan", at(10)), "The factor was given by another person. Give it yourself."),
        (
            proof("b", "maria", at(10)),
            "The factor was given for another plan. Give it for this one.",
        ),
        (
            proof("a", "maria", at(-51)),
            "The factor was given 1m01s ago, and it counts for 1m00s. Give it again.",
        ),
    ] {
        let mut presence = proving(at(10));
        presence.take(IdentityEvent::Proved(told), at(10));
        assert_eq!((wrong(&presence), presence.is_open()), (said, true));
        assert!(presence.spend_proof(&plan("a"), at(10)).is_err());
        assert!(presence.spend_proof(&plan("b"), at(10)).is_err());
        assert_eq!(presence.sign_in().stage, Stage::Resting, "it can be begun again");
    }
}

#[test]
fn locking_and_signing_out_let_go_of_it() {
    let mut presence = proved();
    presence.lock();
    assert_eq!(presence.proof_left(&plan("a"), at(20)), None);
    presence.begin(Way::Terminal);
    presence.take(IdentityEvent::Granted(maria(at(20))), at(20));
    assert!(presence.is_open());
    assert_eq!(presence.spend_proof(&plan("a"), at(20)), Err(Unproved::Missing));

    let mut presence = proved();
    assert_eq!(presence.sign_out(), [Order::SignOut]);
    assert_eq!(presence.spend_proof(&plan("a"), at(20)), Err(Unproved::Missing));
}

#[test]
fn what_nobody_is_asked_for_is_not_held() {
    for mut presence in [signed_in(), signing_in(), locked()] {
        presence.take(IdentityEvent::Proved(proof("a", "maria", at(10))), at(10));
        assert_eq!(presence.proof_left(&plan("a"), at(10)), None);
    }
    // It was given up, and comes late.
    let mut presence = proving(at(10));
    assert_eq!(presence.cancel(), [Order::Cancel]);
    presence.take(IdentityEvent::Proved(proof("a", "maria", at(10))), at(10));
    assert!(presence.spend_proof(&plan("a"), at(10)).is_err());
    // It was locked meanwhile.
    let mut presence = proving(at(10));
    assert_eq!(presence.lock(), [Order::Cancel]);
    presence.take(IdentityEvent::Proved(proof("a", "maria", at(10))), at(10));
    assert_eq!(presence.proof_left(&plan("a"), at(10)), None);
}

#[test]
fn nobody_proves_anything_who_is_not_signed_in() {
    for mut presence in [signing_in(), locked(), Presence::unguarded(crate::domain::Role::Senior)] {
        assert_eq!(presence.prove(plan("a")), []);
        assert_eq!(presence.spend_proof(&plan("a"), at(0)), Err(Unproved::Missing));
    }
}
