//! Signing in and out at a provider that does as a list says.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;

use super::reception::{First, Reception};
use super::talk::{GaveUp, Talk};
use super::*;
use crate::domain::{Person, Span, Trouble, TroubleKind};
use crate::platform::{
    Answer, Challenge, Grant, IdentityEvent, Order, Prompt, Proof, Purpose, Secret, Teller,
};

const NOW: Timestamp = Timestamp::from_ms(1_800_000_000_000);

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        NOW
    }
}

/// What a provider does: tells this, then waits for an order and notes it.
type Script = Vec<Vec<IdentityEvent>>;

/// A provider that tells the first part of its script, and one more after each order.
struct Scripted {
    script: VecDeque<Vec<IdentityEvent>>,
    ordered: Arc<Mutex<Vec<String>>>,
}

impl Identity for Scripted {
    fn ways(&self) -> Vec<Way> {
        vec![Way::Device, Way::Terminal]
    }

    fn run(
        mut self: Box<Self>,
        mut orders: mpsc::Receiver<Order>,
        teller: Teller,
    ) -> BoxFuture<'static, ()> {
        async move {
            loop {
                for event in self.script.pop_front().unwrap_or_default() {
                    let _ = teller.tell(event).await;
                }
                let Some(order) = orders.recv().await else { return };
                let said = match &order {
                    // What was typed is in no log, so the test looks inside.
                    Order::Answer(Answer::Typed(typed)) => {
                        let typed: Vec<&str> = typed.iter().map(Secret::expose).collect();
                        format!("typed {}", typed.join(" "))
                    }
                    order => format!("{order:?}"),
                };
                self.ordered.lock().unwrap_or_else(PoisonError::into_inner).push(said);
            }
        }
        .boxed()
    }
}

/// Answers prompts with these lines, and gives up after them.
struct Lines(VecDeque<&'static str>);

impl Talk for Lines {
    fn ask<'a>(
        &'a mut self,
        challenge: &'a Challenge,
    ) -> BoxFuture<'a, Result<Option<Answer>, GaveUp>> {
        let answer = match challenge {
            Challenge::Prompts { prompts, .. } => {
                let typed: Option<Vec<Secret>> = prompts
                    .iter()
                    .map(|_| self.0.pop_front().map(|line| Secret::new(line.to_owned())))
                    .collect();
                typed.map(|typed| Some(Answer::Typed(typed))).ok_or(GaveUp("given up".to_owned()))
            }
            _ => Ok(None),
        };
        std::future::ready(answer).boxed()
    }
}

fn policy() -> Policy {
    Policy {
        staff_group: "staff".to_owned(),
        operator_groups: vec!["operators".to_owned()],
        senior_groups: Vec::new(),
        factors: vec!["mfa".to_owned()],
        lasts: Span::from_secs(12 * 3600),
        locks_after: None,
    }
}

fn grant(groups: &[&str]) -> Grant {
    Grant {
        person: Person {
            subject: "1".into(),
            user: "maria".into(),
            name: "Мария".into(),
            groups: groups.iter().map(|group| Text::clean(group)).collect(),
        },
        way: Way::Device,
        factors: Some(vec!["pwd".into(), "mfa".into()]),
        proved_at: Some(NOW.before(Span::from_secs(600))),
        issued_at: NOW,
        expires_at: NOW.after(Span::from_secs(300)),
        renews: true,
    }
}

fn prompts(wrong: Option<&str>) -> IdentityEvent {
    IdentityEvent::Asked(Challenge::Prompts {
        title: "Welcome".into(),
        person: None,
        prompts: vec![Prompt::User, Prompt::Password],
        wrong: wrong.map(Text::clean),
    })
}

fn staff() -> IdentityEvent {
    IdentityEvent::Granted(grant(&["staff", "operators"]))
}

/// Runs `act` at a provider of `script`; gives what came of it and what was ordered.
fn at<R>(
    script: Script,
    ways: Vec<Way>,
    act: impl AsyncFnOnce(Reception) -> R,
) -> (R, Vec<String>) {
    let ordered = Arc::default();
    let identity = Box::new(Scripted { script: script.into(), ordered: Arc::clone(&ordered) });
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let came = runtime
        .expect("a runtime")
        .block_on(async { act(Reception::open(identity, policy(), ways, Arc::new(Noon))).await });
    let ordered = std::mem::take(&mut *ordered.lock().unwrap_or_else(PoisonError::into_inner));
    (came, ordered)
}

async fn signed_in(
    mut reception: Reception,
    lines: &[&'static str],
) -> (Result<String, String>, Vec<Text>) {
    let first = reception.first().await;
    let came = match first {
        First::Staff(staff) => Ok(format!("{} was there", staff.person.user)),
        First::Nobody(_) => {
            let mut talk = Lines(lines.iter().copied().collect());
            let came = reception.sign_in(&mut talk).await;
            came.map(|staff| format!("{} {}", staff.person.user, staff.role))
        }
    };
    (came, reception.close().await)
}

#[test]
fn lines_are_typed_and_the_person_is_accepted() {
    let script = vec![
        vec![IdentityEvent::Ready],
        vec![prompts(None)],
        vec![IdentityEvent::Checking, prompts(Some("Invalid password"))],
        vec![IdentityEvent::Checking, staff()],
    ];
    let lines = ["maria", "wrong", "maria", "right"];
    let ((came, _), ordered) =
        at(script, vec![Way::Terminal], async |at| signed_in(at, &lines).await);
    assert_eq!(came, Ok("maria operator".to_owned()));
    let begin = format!("{:?}", Order::Begin(Way::Terminal, Purpose::SignIn));
    assert_eq!(ordered, [begin.as_str(), "typed maria wrong", "typed maria right", "Accept"]);
}

#[test]
fn who_gives_up_is_not_signed_in_and_the_provider_is_told() {
    let script = vec![vec![IdentityEvent::Ready], vec![prompts(None)]];
    let ((came, _), ordered) =
        at(script, vec![Way::Terminal], async |at| signed_in(at, &["maria"]).await);
    assert_eq!(came, Err("given up".to_owned()));
    assert_eq!(ordered.last().map(String::as_str), Some("Cancel"));
}

#[test]
fn a_customer_is_refused_with_a_sentence() {
    let customer = IdentityEvent::Granted(grant(&["tenant-acme"]));
    let script = vec![vec![IdentityEvent::Ready], vec![customer]];
    let ((came, _), ordered) = at(script, vec![Way::Device], async |at| signed_in(at, &[]).await);
    assert!(came.as_ref().is_err_and(|why| why.contains("this console is for staff")), "{came:?}");
    assert_eq!(ordered.last().map(String::as_str), Some("Refuse"));
}

#[test]
fn a_sign_in_that_fails_or_ends_says_why() {
    let failed =
        IdentityEvent::Failed(Trouble::new(TroubleKind::Slow, "the code ran out", "Begin again."));
    let script = vec![vec![IdentityEvent::Ready], vec![failed]];
    let ((came, _), _) = at(script, vec![Way::Device], async |at| signed_in(at, &[]).await);
    assert_eq!(came, Err("the code ran out. Begin again.".to_owned()));
}

#[test]
fn what_the_keyring_says_at_the_end_is_heard() {
    let hint =
        IdentityEvent::Hint(vec!["The session can't be kept: there is no keyring here.".into()]);
    let script = vec![vec![IdentityEvent::Ready], vec![staff()], vec![hint]];
    let ((came, hints), _) = at(script, vec![Way::Device], async |at| signed_in(at, &[]).await);
    assert_eq!(came, Ok("maria operator".to_owned()));
    assert_eq!(hints.len(), 1, "{hints:?}");
}

#[test]
fn a_kept_session_is_taken_up_and_nobody_begins_to_sign_in() {
    let ((came, _), ordered) =
        at(vec![vec![staff()]], vec![Way::Terminal], async |at| signed_in(at, &[]).await);
    assert_eq!((came, ordered), (Ok("maria was there".to_owned()), vec!["Accept".to_owned()]));

    let hint = IdentityEvent::Hint(vec!["The session of the last run does not go on.".into()]);
    let script = vec![vec![hint, IdentityEvent::Ready]];
    let (first, ordered) = at(script, Vec::new(), async |mut at| at.first().await);
    let First::Nobody(Some(why)) = first else { panic!("{first:?}") };
    assert!(why.contains("does not go on") && ordered.is_empty(), "{why} {ordered:?}");

    // A provider that never says anything is not waited for for ever.
    let (first, _) = at(vec![vec![]], Vec::new(), async |mut at| at.first().await);
    let First::Nobody(Some(why)) = first else { panic!("{first:?}") };
    assert!(why.contains("does not answer"), "{why}");
}

#[test]
fn leaving_ends_the_session_wherever_it_was_kept() {
    let away = Trouble::new(TroubleKind::Unreachable, "the provider is away", "");
    for (first, trouble, said, code) in [
        (staff(), None, "maria is signed out.", 0),
        (IdentityEvent::Ready, None, "Nobody was signed in; nothing is kept here.", 0),
        (
            staff(),
            Some(away),
            "maria is signed out. The provider could not be told: the provider is away.",
            1,
        ),
    ] {
        let accepted = matches!(first, IdentityEvent::Granted(_));
        let mut script = vec![vec![first]];
        if accepted {
            script.push(Vec::new());
        }
        script.push(vec![IdentityEvent::SignedOut(trouble)]);
        let (came, ordered) = at(script, Vec::new(), async |mut at| {
            let before = at.first().await;
            let trouble = at.sign_out().await;
            let hints = at.close().await;
            left(&before, trouble.as_deref(), &hints)
        });
        assert_eq!(came, (said.to_owned(), code));
        assert_eq!(ordered.last().map(String::as_str), Some("SignOut"));
    }
}

#[test]
fn who_is_signed_in_is_said_for_people_and_for_programs() {
    let staff = policy().admit(grant(&["staff", "operators"]), NOW).expect("staff");
    assert_eq!(
        in_words(&staff, NOW),
        "user     maria (Мария)\nrole     operator\ngroups   staff, operators\nfactor   pwd, mfa, 10m ago, by device\n\
         token    until 2027-01-15T08:05:00Z\nsession  until 2027-01-15T19:50:00Z, in 11h50m"
    );
    let value = as_value(&staff, "night", NOW);
    assert_eq!(
        (&value["user"], &value["role"], &value["provedSecondsAgo"], &value["profile"]),
        (&json!("maria"), &json!("operator"), &json!(600), &json!("night"))
    );
}

#[test]
fn the_way_is_what_is_asked_for_if_there_is_one() {
    let all = || vec![Way::Device, Way::Browser, Way::Terminal];
    let without = || vec![Way::Device, Way::Browser];
    for (ways, flow, source, came) in [
        (all(), None, Source::Keyboard, Ok(Way::Device)),
        (all(), None, Source::Lines, Ok(Way::Terminal)),
        (all(), Some(Flow::Browser), Source::Lines, Ok(Way::Browser)),
        (
            all(),
            Some(Flow::Terminal),
            Source::Nowhere,
            Err("as lines of standard input with --stdin"),
        ),
        (without(), None, Source::Lines, Ok(Way::Device)),
        (without(), Some(Flow::Terminal), Source::Keyboard, Err("Set identity.terminal to true")),
    ] {
        let terminal = ways.contains(&Way::Terminal);
        match (way(&ways, flow, source, terminal), came) {
            (Ok(way), Ok(wanted)) => assert_eq!(way, wanted, "{flow:?} {source:?}"),
            (Err(why), Err(wanted)) => assert!(why.to_string().contains(wanted), "{why}"),
            (got, wanted) => panic!("{got:?} instead of {wanted:?}"),
        }
    }
}

/// Has who is signed in prove themselves for a plan, at a provider that tells `last` when they have typed; gives what came
/// of it, and of a second try for the same plan, and what was ordered.
fn proved(last: IdentityEvent) -> (Result<(), String>, Vec<String>) {
    let script = vec![vec![staff()], Vec::new(), vec![prompts(None)], vec![last]];
    at(script, Vec::new(), async |mut at| {
        let First::Staff(_) = at.first().await else { panic!("nobody is there") };
        let mut talk = Lines(["maria", "right"].into());
        let came = at.prove(&PlanHash::new("c0ffee"), vec![Way::Terminal], &mut talk).await;
        let left = at.presence().proof_left(&PlanHash::new("c0ffee"), NOW);
        assert_eq!(left, None, "what was proved is used up, or nothing was");
        came
    })
}

#[test]
fn a_factor_counts_for_the_plan_that_it_was_asked_for() {
    let proof = |plan: &str, subject: &str| {
        let plan = PlanHash::new(plan);
        IdentityEvent::Proved(Proof { plan, subject: subject.into(), issued_at: NOW })
    };
    let (came, ordered) = proved(proof("c0ffee", "1"));
    assert_eq!(came, Ok(()));
    let begin = Order::Begin(Way::Terminal, Purpose::StepUp(PlanHash::new("c0ffee")));
    assert_eq!(ordered, ["Accept", &format!("{begin:?}"), "typed maria right"]);

    let refused = |event, part: &str| {
        let (came, _) = proved(event);
        assert!(came.as_ref().is_err_and(|why| why.contains(part)), "{part}: {came:?}");
    };
    refused(proof("decaf", "1"), "for another plan");
    refused(proof("c0ffee", "2"), "by another person");
    let denied = Trouble::new(TroubleKind::Denied, "the code is wrong", "Begin again.");
    refused(IdentityEvent::Failed(denied.clone()), "the code is wrong");
    refused(IdentityEvent::Over(denied), "the code is wrong");
}
