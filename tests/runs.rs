//! Operations that are there, on the screen: what is asked before something is done with one, the log beside it, and what a
//! colleague sees of it.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

#[path = "operate/bench.rs"]
mod bench;
#[path = "operate/console.rs"]
mod console;
#[path = "operate/counted.rs"]
mod counted;
mod journey;
#[path = "operate/plans.rs"]
mod plans;

use bench::Bench;
use console::Console;
use plans::{before_acme, harmful, record, stopped};
use pulse_console::app::OperateOrder;
use pulse_console::app::log::LogPage;
use pulse_console::app::overlay::Overlay;
use pulse_console::domain::operation::{Asks, Entry, PodsOf};
use pulse_console::domain::{
    ClusterKind, ClusterObject, Fact, FeedId, LogSource, Observation, Role, Span, Text, Uid,
};
use pulse_console::operation::Way;
use pulse_console::session::Presence;
use pulse_console::sim::scenario;

/// The one order that was given, which does this with the operation.
fn ordered(bench: &mut Bench, way: Way) {
    let expected = OperateOrder::Resume { id: "harmful1".into(), way, by: "maria".into() };
    assert_eq!(bench.orders(), [expected]);
}

#[test]
fn a_stopped_operation_of_a_colleague_is_found_and_taken_over() {
    let mut bench = before_acme();
    stopped(&mut bench, Asks::Typed);
    bench.rest().slowly("1");
    bench.journey.sees("stopped: Delete acme with everything it has");
    bench.slowly("9");
    bench.journey.sees("1 stopped").sees("✗ failed").sees("no rights").sees("1/3");
    bench.slowly("enter");
    bench.journey.sees("✓ 1 look twice").sees("✗ 2 delete the tenant").sees("they left");
    bench.slowly("r");
    bench.journey.sees("Take it over and go on?").sees("ivan confirmed it ");
    bench.journey.sees("Its journal was written last ").sees("ivan@there#7 worked on it last.");
    bench
        .journey
        .sees("Next: 2. delete the tenant.")
        .sees("From see it gone on it can't be taken back.");
    // What a colleague began, and does damage, is not gone on with by a nod.
    bench.rest().slowly("y enter");
    assert!(bench.orders().is_empty());
    bench.journey.sees("✗ Type acme to go on.");
    bench.slowly("backspace").types("acme").slowly("enter");
    ordered(&mut bench, Way::GoOn);
}

#[test]
fn who_confirmed_it_goes_on_with_a_nod() {
    let mut bench = before_acme();
    stopped(&mut bench, Asks::Typed);
    bench.journey.app.equip(true, "ivan".into());
    bench.slowly("9 enter r").rest().slowly("y");
    assert_eq!(bench.orders().len(), 1);
}

#[test]
fn who_takes_back_or_gives_up_says_why() {
    let mut bench = before_acme();
    stopped(&mut bench, Asks::Typed);
    bench.slowly("9 enter u");
    bench.journey.sees("Take it back?").sees("Everything that was done is taken back.");
    bench.rest().types("acme").slowly("enter enter");
    bench.journey.sees("Say why, in a few words");
    assert!(bench.orders().is_empty());
    bench.types("the customer stays").slowly("enter");
    ordered(&mut bench, Way::TurnBack("the customer stays".into()));

    let mut bench = before_acme();
    stopped(&mut bench, Asks::Typed);
    bench.slowly("9 enter X");
    bench.journey.sees("Leave it as it is?").sees("Nothing was changed so far.");
    bench.rest().types("done by hand").slowly("enter");
    ordered(&mut bench, Way::GiveUp("done by hand".into()));
}

#[test]
fn a_question_is_not_answered_by_who_may_not_ask_it() {
    for (key, reason, answer) in
        [("r", "", "y"), ("u", "a mistake", "enter"), ("X", "a mistake", "enter")]
    {
        let mut bench = before_acme();
        stopped(&mut bench, Asks::Yes);
        bench.slowly("9 enter").slowly(key).rest().types(reason);
        bench.journey.app.presence = Presence::unguarded(Role::Operator);
        bench.slowly(answer);
        assert!(bench.orders().is_empty(), "{key}");
        bench.journey.sees("Your role is operator; this operation needs senior.");
    }
}

#[test]
fn help_lies_over_the_page_of_an_operation_but_not_over_its_question() {
    let mut bench = before_acme();
    stopped(&mut bench, Asks::Yes);
    bench.slowly("9 enter ?");
    bench.journey.sees("keys that work here");
    bench.slowly("esc enter r");
    bench.journey.sees("Take it over and go on? y/N");
    bench.slowly("?");
    bench.journey.sees("Answer or leave this page first.").sees("Take it over and go on? y/N");
    let Some(Overlay::Run(page)) = bench.journey.app.overlay() else { panic!("no operation") };
    assert_eq!(page.hash, pulse_console::operation::hash(&page.plan));
    bench.slowly("N");
    bench.journey.lacks("Take it over").sees("Delete acme with everything");
    assert!(bench.orders().is_empty());
}

#[test]
fn keys_that_fit_no_state_of_the_operation_are_not_hinted_at() {
    let mut bench = before_acme();
    stopped(&mut bench, Asks::Typed);
    bench.slowly("9 enter");
    let footer = bench.journey.footer();
    assert!(footer.contains("u take back") && !footer.contains("approve"), "{footer}");
}

#[test]
fn nobody_approves_of_what_they_confirmed_or_without_a_factor() {
    let mut bench = before_acme();
    stopped(&mut bench, Asks::SecondPerson);
    bench.rest().slowly("9 enter");
    bench.journey.sees("◌ waiting").sees("ivan asks you to approve of it");
    bench.journey.app.equip(true, "ivan".into());
    bench.slowly("a");
    bench.journey.sees("Nobody approves of what they confirmed themselves.");
    bench.journey.sees("It waits for the approval of another senior");
    bench.journey.app.equip(true, "maria".into());
    bench.slowly("a").rest().types("acme").slowly("enter");
    bench.journey.sees("It wants a second factor, and nobody can give one here");
    assert!(bench.orders().is_empty());
}

#[test]
fn the_journal_is_dated_by_the_clock_of_the_screen() {
    let mut bench = before_acme();
    stopped(&mut bench, Asks::Typed);
    bench.slowly("9 enter");
    let line = bench.journey.size(120, 60).line("ivan confirmed the plan");
    assert!(line.contains(" 2026-11-21 02:47:"), "{line}");
    // So are times that somebody wrote into it.
    let saw = Entry::Done { step: 0, saw: "6 bytes, written 2026-11-21T00:41:00Z".into() };
    let at = bench.journey.engine.now();
    let entries = [
        Entry::Confirmed { reason: "so".into(), stepped_up: true },
        Entry::Taken,
        Entry::Began { step: 0 },
        saw,
    ];
    let plan = harmful(&bench, Asks::Typed);
    bench.finds(plan, entries.into_iter().map(|entry| record(at, entry)).collect());
    bench.journey.sees("(6 bytes, written 2026-11-21 02:41:00 EET)").lacks("T00:41:00Z");
}

/// An operation whose second step is under way, with the pods of a Job of the scenario.
fn with_a_log(size: (u16, u16)) -> Bench {
    let mut bench = Bench::on("bad-upgrade");
    bench.journey.size(size.0, size.1).advance(400);
    let jobs = bench.journey.app.store.cluster(ClusterKind::Job);
    let pods = bench.journey.app.store.cluster(ClusterKind::Pod);
    let runs = |job: &str| {
        pods.iter().any(|(_, pod)| {
            let owner = pod.object.belongs_to();
            owner.is_some_and(|(kind, name)| kind == "Job" && name == job)
        })
    };
    let found = jobs.iter().map(|(_, held)| &held.object.meta).find(|it| runs(it.name.as_str()));
    let job = found.expect("a Job with pods").clone();
    let mut plan = harmful(&bench, Asks::Typed);
    let label = ("job-name".into(), job.name.clone());
    let namespace = job.namespace.clone().expect("a namespace");
    plan.no_return = Some(2);
    plan.steps[1].log = Some(PodsOf { namespace, label });
    let at = bench.journey.engine.now();
    let confirmed = Entry::Confirmed { reason: "they left".into(), stepped_up: true };
    let entries = [
        confirmed,
        Entry::Taken,
        Entry::Began { step: 0 },
        Entry::Done { step: 0, saw: "so".into() },
    ];
    let mut records: Vec<_> = entries.into_iter().map(|entry| record(at, entry)).collect();
    records.push(record(at, Entry::Began { step: 1 }));
    bench.finds(plan, records);
    bench
}

#[test]
fn the_log_of_the_step_stands_beside_it_where_there_is_room() {
    let mut bench = with_a_log((160, 48));
    bench.slowly("9 enter").journey.advance(2);
    bench.journey.sees("◌ 2 delete the tenant").sees("log of ").sees("last line ");
    // The keys are the page's until one goes into the log.
    bench.slowly("u");
    bench.journey.sees("Take it back?").sees("log of ");
    bench.slowly("esc l j");
    bench.journey.sees("◌ 2 delete the tenant").sees("/ search");
    bench.slowly("/").types("dump").slowly("enter");
    bench.journey.sees("match ");
    bench.slowly("esc esc");
    bench.journey.sees("log of ").sees("u take back");
    bench.slowly("esc");
    assert!(bench.journey.app.log_page().is_none(), "it goes with the page");
    bench.journey.lacks("log of ").sees("1 operation");
}

#[test]
fn the_log_of_the_step_takes_the_place_of_the_page_where_there_is_no_room() {
    let mut bench = with_a_log((80, 24));
    bench.slowly("9 enter").journey.advance(2);
    bench.journey.sees("◌ 2 delete the tenant").lacks("log of ");
    bench.slowly("l").journey.advance(2);
    bench.journey.sees("log of ").lacks("◌ 2 delete the tenant");
    bench.slowly("esc");
    bench.journey.sees("◌ 2 delete the tenant").lacks("log of ");
}

#[test]
fn the_log_of_an_operation_is_read_from_its_row() {
    let mut bench = with_a_log((120, 40));
    bench.slowly("9 l").journey.advance(2);
    bench.journey.sees("log of ").sees("last line ");
    bench.slowly("esc");
    bench.journey.sees("1 operation");
}

/// The pod whose log is open.
fn read_pod(bench: &Bench) -> Text {
    match bench.journey.app.log_page().and_then(LogPage::source) {
        Some(LogSource::Pod { pod, .. }) => pod,
        other => panic!("it is the log of no pod: {other:?}"),
    }
}

/// Another pod of what the pod `like` belongs to.
fn takes_over(bench: &mut Bench, like: &Text, name: &str) -> Uid {
    let at = bench.journey.engine.now();
    let pods = bench.journey.app.store.cluster(ClusterKind::Pod);
    let held = pods.iter().find(|(_, held)| held.object.meta.name == *like).expect("the pod").1;
    let mut pod = ClusterObject::clone(&held.object);
    let uid = Uid(name.into());
    (pod.meta.name, pod.meta.uid, pod.meta.created) = (name.into(), uid.clone(), Some(at));
    let fact = Fact::Upsert(pod.into());
    bench.journey.tell(vec![Observation { feed: FeedId::Pods, at, fact }]);
    uid
}

#[test]
fn the_log_beside_a_run_goes_on_with_the_pod_that_takes_over() {
    let mut bench = with_a_log((160, 48));
    bench.slowly("9 enter").journey.advance(2);
    let first = read_pod(&bench);
    takes_over(&mut bench, &first, "second");
    assert_eq!(read_pod(&bench), "second");
    // Nobody is disturbed who reads in it; at its end again they see what goes on.
    bench.slowly("l k");
    takes_over(&mut bench, &first, "third");
    assert_eq!(read_pod(&bench), "second");
    bench.slowly("G");
    assert_eq!(read_pod(&bench), "third");
    bench.slowly("/").types("dump").slowly("enter");
    let last = takes_over(&mut bench, &first, "last");
    assert_eq!(read_pod(&bench), "third");
    bench.slowly("esc G");
    assert_eq!(read_pod(&bench), "last");
    // What is gone gives way to what is still there.
    let at = bench.journey.engine.now();
    let gone = Observation { feed: FeedId::Pods, at, fact: Fact::Remove(last) };
    bench.journey.tell(vec![gone]);
    assert_ne!(read_pod(&bench), "last");
}

#[test]
fn the_log_in_place_of_a_run_goes_on_with_the_pod_that_takes_over() {
    let mut bench = with_a_log((80, 24));
    bench.slowly("9 enter l").journey.advance(2);
    let first = read_pod(&bench);
    takes_over(&mut bench, &first, "second");
    assert_eq!(read_pod(&bench), "second");
    bench.journey.sees("log of ");
}

/// Two consoles before one world, whose profile wants a second person for backups.
fn two() -> (Console, Console) {
    let scenario = scenario::builtin("calm-night").expect("a scenario");
    let mut maria = Console::of(&scenario, "verb=backup asks=second-person", true);
    maria.sign_in("maria");
    let mut ivan = maria.colleague("ivan");
    ivan.sign_in("ivan");
    (maria, ivan)
}

/// maria confirms a backup, which then waits.
fn confirmed(maria: &mut Console) {
    maria.keys("2 /").types("meden-dab").keys("enter m enter");
    maria.waits_for("Take a backup of meden-dab now").sees("It begins once a second person");
    maria.rest().types("meden-dab").keys("enter").types("a customer asked").keys("enter");
    maria.gives_factor("Take a backup").keys("enter");
    maria.waits_for("It waits for the approval of another operator");
}

#[test]
fn a_second_person_approves_at_a_console_of_theirs() {
    let (mut maria, mut ivan) = two();
    confirmed(&mut maria);
    maria.sees("◌ waiting").pass(Span::from_secs(9)).keys("esc");
    assert!(!maria.screen().contains("to approve"), "{}", maria.screen());
    ivan.waits_for("maria asks for your approval: Take a backup of meden-dab now");
    ivan.sees("▲1 to approve").keys("9").sees("1 waiting for approval").keys("enter");
    // The same evidence that its author saw.
    ivan.sees("maria asks you to approve of it").sees("✓ the tenant has a backup Job");
    ivan.sees("a customer asked").keys("a").sees("Approve of it? It begins at once");
    ivan.rest().types("meden-dab").keys("enter").gives_factor("Take a backup").keys("enter");
    ivan.waits_for("✓ 2 see that the insurance backup is in the bucket")
        .sees("approved by    ivan");
    maria.waits_for("ivan approved of it, and it begins there").keys("9 enter");
    maria.waits_for("● soaking").sees("approved by    ivan");
    assert!(!ivan.screen().contains("to approve"), "{}", ivan.screen());
    assert_eq!(maria.calls.all().get("act"), None, "it was done at the other console");
    assert!(ivan.calls.all().contains_key("act"));
}

#[test]
fn who_made_it_withdraws_it_and_who_is_asked_refuses() {
    for own in [true, false] {
        let (mut maria, mut ivan) = two();
        confirmed(&mut maria);
        ivan.waits_for("▲1 to approve");
        let (what, by) = if own { ("Withdraw it?", &mut maria) } else { ("Refuse it?", &mut ivan) };
        by.keys("9 enter X").sees(what).rest().types("too early").keys("enter");
        by.waits_for("given-up");
        maria.pass(Span::from_secs(3));
        if !own {
            maria.sees("ivan refused: Take a backup of meden-dab now: too early");
        }
        ivan.pass(Span::from_secs(3)).keys("a");
        let screen = ivan.screen();
        assert!(!screen.contains("to approve") && !screen.contains("Approve of it?"), "{screen}");
        let acted = [maria.calls.all(), ivan.calls.all()];
        assert!(acted.iter().all(|calls| !calls.contains_key("act")), "{acted:?}");
    }
}

#[test]
fn what_goes_on_here_is_stopped_before_it_is_given_up() {
    let mut console = Console::on("calm-night");
    console.keys("2 /").types("meden-dab").keys("enter m enter");
    console.waits_for("Take a backup of meden-dab now").rest().keys("y");
    console.waits_for("◌ 1 take an insurance backup").keys("X");
    console.sees("What was done stays: take an insurance backup of meden-dab");
    console.sees("it is stopped first, between two changes");
    console.rest().types("not now").keys("enter").waits_for("▲ given-up").sees("not now");
    // Nobody goes on with it behind that, and the next one may begin at once.
    let calls = console.calls.all();
    console.pass(Span::from_secs(90)).sees("▲ given-up").keys("esc");
    assert_eq!(console.calls.all(), calls);
    console.keys("m enter").waits_for("Do it?").rest().keys("y");
    console.waits_for("✓ 2 see that the insurance backup is in the bucket");
}
