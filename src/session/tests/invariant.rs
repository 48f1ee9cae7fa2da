//! What must hold whatever the provider tells and the operator does, in any order, by any clock.

use proptest::prelude::*;

use super::*;
use crate::domain::Role;
use crate::platform::Answer;
use crate::session::Standing;

#[derive(Clone, Debug)]
enum Happens {
    Told(IdentityEvent),
    Tick,
    Touch,
    Lock,
    SignOut,
    Begin(Way),
    BeginOther,
    Prove,
    Answer,
    Cancel,
    Spend,
}

const USERS: [&str; 3] = ["maria", "ivan", "office"];
const GROUPS: [&[&str]; 5] = [
    &["staff"],
    &["staff", "operators"],
    &["staff", "seniors"],
    &["seniors", "operators"],
    &["tenant-acme"],
];
const FACTORS: [Option<&[&str]>; 4] = [None, Some(&["pwd"]), Some(&["pwd", "mfa"]), Some(&["hwk"])];

fn some_grant() -> impl Strategy<Value = Grant> {
    let user = proptest::sample::select(&USERS[..]);
    let groups = proptest::sample::select(&GROUPS[..]);
    let factors = proptest::sample::select(&FACTORS[..]);
    let proved = proptest::option::weighted(0.9, -90_000..90_000_i64);
    (user, groups, factors, proved).prop_map(|(user, groups, factors, proved)| Grant {
        factors: factors.map(texts),
        proved_at: proved.map(at),
        ..grant(user, groups, at(0))
    })
}

fn told() -> impl Strategy<Value = IdentityEvent> {
    prop_oneof![
        1 => Just(IdentityEvent::Ready),
        3 => Just(asked()),
        1 => Just(IdentityEvent::Checking),
        1 => Just(IdentityEvent::Hint(Vec::new())),
        8 => some_grant().prop_map(IdentityEvent::Granted),
        4 => some_grant().prop_map(IdentityEvent::Renewed),
        1 => Just(IdentityEvent::NotRenewed(trouble())),
        3 => (proptest::sample::select(&USERS[..]), -200..90_000_i64)
            .prop_map(|(user, issued)| IdentityEvent::Proved(proof("a", user, at(issued)))),
        1 => Just(IdentityEvent::Failed(trouble())),
        1 => Just(IdentityEvent::Over(trouble())),
        1 => Just(IdentityEvent::SignedOut(None)),
    ]
}

fn happens() -> impl Strategy<Value = Happens> {
    let way = proptest::sample::select(&WAYS[..]);
    prop_oneof![
        12 => told().prop_map(Happens::Told),
        2 => Just(Happens::Tick),
        2 => Just(Happens::Touch),
        2 => Just(Happens::Lock),
        1 => Just(Happens::SignOut),
        4 => way.prop_map(Happens::Begin),
        1 => Just(Happens::BeginOther),
        2 => Just(Happens::Prove),
        1 => Just(Happens::Answer),
        1 => Just(Happens::Cancel),
        2 => Just(Happens::Spend),
    ]
}

fn apply(presence: &mut Presence, what: &Happens, now: Timestamp) -> Vec<Order> {
    match what {
        Happens::Told(event) => presence.take(event.clone(), now),
        Happens::Tick => presence.tick(now),
        Happens::Touch => {
            presence.touch(now);
            Vec::new()
        }
        Happens::Lock => presence.lock(),
        Happens::SignOut => presence.sign_out(),
        Happens::Begin(way) => presence.begin(*way),
        Happens::BeginOther => presence.begin_other(),
        Happens::Prove => presence.prove(plan("a")),
        Happens::Answer => presence.answer(Answer::Agreed),
        Happens::Cancel => presence.cancel(),
        Happens::Spend => {
            let _ = presence.spend_proof(&plan("a"), now);
            Vec::new()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn nobody_is_in_but_by_a_grant_that_the_policy_admits(
        story in prop::collection::vec((happens(), -40..600_i64), 1..60),
    ) {
        let mut presence = Presence::guarded(policy(), WAYS.to_vec());
        let mut now = at(0);
        for (what, passes) in &story {
            now = Timestamp::from_ms(now.ms() + passes * 1000);
            let before = presence.clone();
            let orders = apply(&mut presence, what, now);
            let granted = match what {
                Happens::Told(IdentityEvent::Granted(grant)) => Some(grant),
                _ => None,
            };
            if presence.is_open() && !before.is_open() {
                // It opened: by a grant that was asked for, and that keeps every rule by itself.
                let grant = granted.expect("only a grant opens it");
                prop_assert!(policy().admit(grant.clone(), now).is_ok());
                prop_assert_eq!(&orders, &[Order::Accept]);
                if let Some(was) = before.staff() {
                    prop_assert_eq!(&was.person.subject, &grant.person.subject);
                }
            } else if granted.is_some() {
                prop_assert!(orders.contains(&Order::Refuse), "{:?}", orders);
            }
            match presence.standing() {
                Standing::SignedIn(staff) | Standing::Locked(staff) => {
                    prop_assert!(staff.person.is_in("staff"));
                    prop_assert!(staff.role <= policy().role(&staff.person));
                    prop_assert_eq!(staff.ends_at, staff.proved_at.after(policy().lasts));
                }
                Standing::SignedOut => prop_assert_eq!(presence.role(), Role::Viewer),
                other => prop_assert!(false, "nothing makes it {:?}", other),
            }
            if !presence.is_open() {
                prop_assert_eq!(presence.proof_left(&plan("a"), now), None);
                prop_assert!(presence.clone().spend_proof(&plan("a"), now).is_err());
            }
            // What is shown as asked can be answered or given up.
            let is_asked = matches!(presence.sign_in().stage, Stage::Asked(_));
            prop_assert!(!is_asked || presence.sign_in().purpose.is_some());
        }
    }

    #[test]
    fn a_session_never_outlasts_its_factor(
        passes in prop::collection::vec(-7_200..3_600_i64, 1..200),
    ) {
        let mut presence = signed_in();
        let (mut now, mut went_on) = (at(0), 0);
        for passes in passes {
            now = Timestamp::from_ms(now.ms() + passes * 1000);
            went_on += passes.max(0);
            presence.touch(now);
            let ended = presence.tick(now) == [Order::SignOut];
            prop_assert_eq!(ended, went_on >= 12 * 3600);
            if ended {
                return Ok(());
            }
        }
    }
}
