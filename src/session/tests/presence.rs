//! Signing in, locking, coming back, and being signed out, each at every stage.

use super::*;
use crate::domain::Role;
use crate::platform::{Answer, Secret};
use crate::session::Standing;

fn user(presence: &Presence) -> &str {
    presence.staff().map_or("", |staff| staff.person.user.as_str())
}

#[test]
fn somebody_signs_in_types_and_is_in() {
    let mut presence = signing_in();
    let typed = || Answer::Typed(vec![Secret::new("maria".to_owned())]);
    presence.take(IdentityEvent::Hint(texts(&["a line", "another"])), at(1));
    assert_eq!(presence.sign_in().hint.len(), 2);
    assert_eq!(presence.answer(typed()), [Order::Answer(typed())]);
    assert_eq!(presence.sign_in().stage, Stage::Checking);
    assert_eq!(presence.answer(typed()), [], "one answer for one question");
    assert_eq!(presence.take(asked(), at(2)), []);
    assert_eq!(presence.sign_in().asked, 2);
    assert!(!presence.is_open() && !presence.watches());
    presence.answer(typed());
    assert_eq!(presence.take(IdentityEvent::Granted(maria(at(3))), at(3)), [Order::Accept]);
    assert_eq!((presence.role(), user(&presence)), (Role::Senior, "maria"));
    assert_eq!(presence.left(at(4)), Some(Span::from_secs(12 * 3600 - 1)));
    assert!(presence.sign_in().hint.is_empty(), "no code stays on the screen");
}

#[test]
fn a_session_from_an_earlier_run_is_taken_before_anything_is_asked() {
    let mut presence = Presence::guarded(policy(), WAYS.to_vec());
    assert_eq!(presence.take(IdentityEvent::Granted(ivan(at(-60))), at(0)), [Order::Accept]);
    assert_eq!(presence.role(), Role::Operator);
    // Or it is no longer good: then that stays said, beside what is asked.
    let mut presence = Presence::guarded(policy(), WAYS.to_vec());
    assert_eq!(presence.take(IdentityEvent::Over(trouble()), at(0)), []);
    assert_eq!(presence.take(IdentityEvent::Ready, at(0)).len(), 1);
    assert_eq!(wrong(&presence), trouble().to_string());
}

#[test]
fn who_is_refused_stays_outside_and_reads_why() {
    let mut presence = signing_in();
    assert_eq!(presence.take(IdentityEvent::Granted(customer(at(0))), at(0)), [Order::Refuse]);
    assert!(!presence.watches() && wrong(&presence).contains("is not in the group staff"));
    assert_eq!(presence.begin(Way::Terminal).len(), 1);
    assert_eq!(wrong(&presence), "", "it is not said of the next one");
}

#[test]
fn a_grant_that_nobody_asked_for_changes_nothing() {
    let mut cancelled = signing_in();
    assert_eq!(cancelled.cancel(), [Order::Cancel]);
    let mut proving = signed_in();
    proving.prove(plan("a"));
    let rested = locked();
    for mut presence in [cancelled, proving, rested, signed_in(), Presence::unguarded(Role::Viewer)]
    {
        let before = (presence.standing().clone(), presence.sign_in().clone());
        for somebody in [maria(at(5)), ivan(at(5))] {
            let orders = presence.take(IdentityEvent::Granted(somebody), at(5));
            assert_eq!(orders, [Order::Refuse], "{before:?}");
        }
        assert_eq!((presence.standing().clone(), presence.sign_in().clone()), before);
    }
}

#[test]
fn what_comes_late_is_not_shown() {
    let mut presence = signing_in();
    presence.cancel();
    let before = presence.sign_in().clone();
    for late in [
        asked(),
        IdentityEvent::Hint(texts(&["a line"])),
        IdentityEvent::Checking,
        IdentityEvent::Failed(trouble()),
    ] {
        assert_eq!(presence.take(late.clone(), at(1)), []);
        assert_eq!(*presence.sign_in(), before, "{late:?}");
    }
}

#[test]
fn failures_rest_with_their_reason_at_every_stage() {
    let checking = || {
        let mut presence = signing_in();
        presence.answer(Answer::Agreed);
        presence
    };
    for mut presence in [signing_in(), checking()] {
        assert_eq!(presence.take(IdentityEvent::Failed(trouble()), at(1)), []);
        let stage = &presence.sign_in().stage;
        assert_eq!((stage, wrong(&presence)), (&Stage::Resting, &*trouble().to_string()));
        assert!(!presence.watches());
        assert_eq!(presence.begin(Way::Device).len(), 1);
    }
    for mut presence in [signing_in(), checking()] {
        assert_eq!(presence.cancel(), [Order::Cancel]);
        assert_eq!((presence.cancel(), wrong(&presence)), (vec![], ""));
    }
}

#[test]
fn the_ways_go_round() {
    let mut presence = signing_in();
    for way in [Way::Device, Way::Terminal, Way::Device] {
        assert_eq!(presence.begin_other(), [Order::Begin(way, Purpose::SignIn)]);
    }
    let mut presence = signed_in();
    assert_eq!(presence.begin_other(), []);
    presence.prove(plan("a"));
    let other = Order::Begin(Way::Device, Purpose::StepUp(plan("a")));
    assert_eq!(presence.begin_other(), [other]);
}

#[test]
fn a_factor_is_given_in_the_way_of_the_sign_in() {
    let mut presence = signing_in();
    let device = Grant { way: Way::Device, ..maria(at(0)) };
    presence.take(IdentityEvent::Granted(device), at(0));
    assert_eq!(presence.prove(plan("a")), [Order::Begin(Way::Device, Purpose::StepUp(plan("a")))]);
    let mut presence = signing_in();
    let browser = Grant { way: Way::Browser, ..maria(at(0)) };
    presence.take(IdentityEvent::Granted(browser), at(0));
    let usual = Order::Begin(Way::Terminal, Purpose::StepUp(plan("a")));
    assert_eq!(presence.prove(plan("a")), [usual], "a way that is not offered any more");
}

#[test]
fn a_factor_that_is_not_given_leaves_the_person_signed_in() {
    let mut presence = signed_in();
    presence.prove(plan("a"));
    presence.take(asked(), at(1));
    assert!(matches!(presence.sign_in().stage, Stage::Asked(_)) && presence.is_open());
    let before = presence.standing().clone();
    presence.take(IdentityEvent::Failed(trouble()), at(2));
    assert_eq!(*presence.standing(), before);
    assert_eq!((presence.proving(), wrong(&presence)), (None, &*trouble().to_string()));

    presence.prove(plan("b"));
    assert_eq!(wrong(&presence), "", "what was wrong is not said of another");
    // The session is renewed while the operator types: neither disturbs the other.
    presence.take(asked(), at(3));
    let stage = presence.sign_in().stage.clone();
    let less = grant("maria", &["staff"], at(3));
    assert_eq!(presence.take(IdentityEvent::Renewed(less), at(3)), [Order::Accept]);
    assert_eq!((presence.role(), &presence.sign_in().stage), (Role::Viewer, &stage));
    assert_eq!(presence.proving(), Some(&plan("b")));
    assert_eq!(presence.cancel(), [Order::Cancel]);
    assert!(presence.is_open());
}

#[test]
fn an_idle_screen_is_hidden_and_the_same_person_comes_back() {
    let mut presence = signed_in();
    presence.touch(at(100));
    assert_eq!((presence.tick(at(999)), presence.is_open()), (vec![], true));
    presence.tick(at(1_000));
    assert!(!presence.is_open() && presence.watches());
    assert_eq!((presence.role(), user(&presence)), (Role::Viewer, "maria"));

    assert_eq!(presence.begin(Way::Terminal), [Order::Begin(Way::Terminal, Purpose::Unlock)]);
    assert_eq!(presence.take(IdentityEvent::Granted(ivan(at(1_100))), at(1_100)), [Order::Refuse]);
    assert!(!presence.is_open());
    assert_eq!(
        wrong(&presence),
        "ivan is not maria, whose session this is. Let maria come back, or sign out first."
    );
    presence.begin(Way::Terminal);
    assert_eq!(presence.take(IdentityEvent::Granted(maria(at(1_200))), at(1_200)), [Order::Accept]);
    assert_eq!((presence.role(), wrong(&presence)), (Role::Senior, ""));
    assert_eq!(presence.tick(at(1_201)), [], "coming back is a key");
    assert!(presence.is_open());
}

#[test]
fn who_has_no_factor_does_not_come_back() {
    let mut presence = locked();
    presence.begin(Way::Terminal);
    let bare = Grant { factors: None, ..maria(at(10)) };
    assert_eq!(presence.take(IdentityEvent::Granted(bare), at(10)), [Order::Refuse]);
    assert!(!presence.is_open() && presence.watches());
    assert!(wrong(&presence).contains("without a second factor"));
}

#[test]
fn who_was_taken_out_of_the_group_has_nothing_to_come_back_to() {
    let mut presence = locked();
    presence.begin(Way::Terminal);
    let out = grant("maria", &["seniors"], at(10));
    assert_eq!(presence.take(IdentityEvent::Granted(out), at(10)), [Order::Refuse, Order::SignOut]);
    assert!(!presence.watches() && wrong(&presence).contains("is not in the group staff"));
}

#[test]
fn a_session_ends_when_it_must_whether_or_not_it_is_locked() {
    let end = 12 * 3600;
    for hidden in [false, true] {
        let mut presence = signed_in();
        presence.touch(at(end - 1));
        if hidden {
            presence.lock();
        }
        assert_eq!(presence.tick(at(end - 1)), []);
        assert_eq!(presence.tick(at(end)), [Order::SignOut]);
        assert_eq!(*presence.standing(), Standing::SignedOut);
        let said = "maria signed in 12h00m ago, and a sign-in lasts 12h00m. Sign in again.";
        assert_eq!(wrong(&presence), said);
        // The provider's word that it is done takes nothing of that away.
        presence.take(IdentityEvent::SignedOut(None), at(end));
        assert_eq!((wrong(&presence), &presence.sign_in().stage), (said, &Stage::Resting));
    }
}

#[test]
fn what_is_under_way_is_given_up_when_the_session_ends() {
    let end = 12 * 3600;
    let mut presence = signed_in();
    presence.touch(at(end - 1));
    presence.prove(plan("a"));
    assert_eq!(presence.tick(at(end)), [Order::Cancel, Order::SignOut]);
    let mut presence = locked();
    presence.begin(Way::Device);
    assert_eq!(presence.tick(at(end)), [Order::Cancel, Order::SignOut]);
    let mut presence = signed_in();
    presence.prove(plan("a"));
    assert_eq!(presence.take(IdentityEvent::Over(trouble()), at(1)), [Order::Cancel]);
    assert_eq!((presence.proving(), wrong(&presence)), (None, &*trouble().to_string()));
}

#[test]
fn the_provider_ends_a_session_at_any_stage() {
    for mut presence in [signed_in(), locked()] {
        assert_eq!(presence.take(IdentityEvent::Over(trouble()), at(1)), []);
        assert!(!presence.watches());
        assert_eq!(wrong(&presence), trouble().to_string());
    }
    let mut presence = signing_in();
    let before = presence.sign_in().clone();
    presence.take(IdentityEvent::Over(trouble()), at(1));
    assert_eq!(*presence.sign_in(), before, "there is no session that could be over");
    let mut presence = signed_in();
    presence.take(IdentityEvent::SignedOut(None), at(1));
    assert!(!presence.watches());
    assert_eq!(presence.sign_in().wrong, None);
}

#[test]
fn a_session_that_is_not_renewed_lasts_as_long_as_it_did() {
    let mut presence = signed_in();
    let before = presence.standing().clone();
    assert_eq!(presence.take(IdentityEvent::NotRenewed(trouble()), at(1)), []);
    assert_eq!(*presence.standing(), before);
}

#[test]
fn a_renewal_that_is_refused_ends_the_session() {
    for renewed in [ivan(at(60)), grant("maria", &["seniors"], at(60))] {
        for mut presence in [signed_in(), locked()] {
            let orders = presence.take(IdentityEvent::Renewed(renewed.clone()), at(60));
            assert_eq!(orders, [Order::SignOut]);
            assert!(!presence.watches() && !wrong(&presence).is_empty());
        }
    }
    let mut presence = signing_in();
    assert_eq!(presence.take(IdentityEvent::Renewed(maria(at(0))), at(0)), [Order::Refuse]);
    assert!(!presence.watches());
    let mut presence = locked();
    assert_eq!(presence.take(IdentityEvent::Renewed(maria(at(60))), at(60)), [Order::Accept]);
    assert!(!presence.is_open(), "a renewal unlocks nothing");
}

#[test]
fn signing_out_waits_for_the_provider_and_says_its_trouble() {
    let mut presence = signed_in();
    presence.prove(plan("a"));
    assert_eq!(presence.sign_out(), [Order::Cancel, Order::SignOut]);
    assert_eq!(presence.sign_in().stage, Stage::Checking);
    presence.take(IdentityEvent::SignedOut(Some(trouble())), at(1));
    let stage = &presence.sign_in().stage;
    assert_eq!((stage, wrong(&presence)), (&Stage::Resting, &*trouble().to_string()));
    assert_eq!(presence.sign_out(), []);
    // Whoever does not wait for it signs in beside it.
    let mut presence = signed_in();
    presence.sign_out();
    presence.begin(Way::Terminal);
    presence.take(asked(), at(1));
    presence.take(IdentityEvent::SignedOut(None), at(1));
    assert_eq!(presence.take(IdentityEvent::Granted(ivan(at(2))), at(2)), [Order::Accept]);
}

#[test]
fn a_clock_that_is_set_back_makes_nothing_last_longer() {
    let mut presence = signed_in();
    presence.touch(at(600));
    assert_eq!(presence.tick(at(700)), []);
    // Back by a day: two hundred seconds without a key were counted already.
    presence.tick(at(700 - 86_400));
    assert!(presence.is_open());
    presence.tick(at(1_600 - 86_400));
    assert!(!presence.is_open(), "idle for 900 seconds in all");

    let mut presence = signed_in();
    presence.tick(at(10));
    presence.tick(at(-86_400));
    presence.touch(at(-86_400));
    let left = presence.left(at(-86_400)).map(Span::secs);
    assert_eq!(left, Some(12 * 3600 - 10));
    presence.touch(at(12 * 3600 - 86_400 - 11));
    assert_eq!(presence.tick(at(12 * 3600 - 86_400 - 11)), []);
    assert_eq!(presence.tick(at(12 * 3600 - 86_400 - 10)), [Order::SignOut]);
}

#[test]
fn a_clock_that_leaps_ahead_hides_or_ends() {
    let mut presence = signed_in();
    presence.tick(at(3600));
    assert!(!presence.is_open() && presence.watches());
    let mut presence = signed_in();
    assert_eq!(presence.tick(at(86_400)), [Order::SignOut]);
}

#[test]
fn nobody_is_asked_where_there_is_no_provider() {
    let reason = Text::clean("Authentik is down");
    let glass = Presence::break_glass(reason, Role::Viewer, at(0));
    for mut presence in [Presence::unguarded(Role::Viewer), glass] {
        assert!(presence.is_open() && presence.watches() && presence.ways().is_empty());
        presence.lock();
        assert_eq!(presence.tick(at(9 * 86_400)), []);
        assert_eq!(presence.begin(Way::Terminal), []);
        assert_eq!(presence.begin_other(), []);
        assert_eq!(presence.sign_out(), []);
        assert!(presence.is_open() && presence.staff().is_none());
    }
}

#[test]
fn a_recording_is_played_by_the_rules_it_was_made_by() {
    let recorded = signing_in();
    let text = serde_json::to_string(&recorded.memo()).expect("it can be written");
    let mut played = Presence::unguarded(Role::Viewer);
    played.restore(serde_json::from_str(&text).expect("it can be read"));
    assert_eq!(played.take(IdentityEvent::Granted(maria(at(0))), at(0)), [Order::Accept]);
    assert_eq!(played.role(), Role::Senior);
    let mut locks = Presence::unguarded(Role::Viewer);
    locks.restore(signed_in().memo());
    locks.tick(at(899));
    assert!(locks.is_open());
    locks.tick(at(900));
    assert!(!locks.is_open());
}
