//! Operations on the screen: what is asked, what is shown of a plan, and what must be given before it runs.

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
use crossterm::event::{MouseButton, MouseEventKind};
use plans::{before_acme, harmful, stopped};
use pulse_console::app::overlay::Overlay;
use pulse_console::app::{Effect, Msg, OperateEvent, OperateOrder};
use pulse_console::domain::operation::{Asks, Command, Entry, ObjectRef, Plan, Verb};
use pulse_console::domain::{FeedId, Role, Status, TroubleKind};
use pulse_console::operation::hash;
use pulse_console::session::Presence;
use pulse_console::store::table::TableId;

/// Before the alerts of a stormy night, with the cursor on one.
fn before_an_alert() -> Bench {
    let mut bench = Bench::on("alert-storm");
    bench.journey.advance(120);
    bench.journey.keys("8 / ").types("TenantOdooDown").keys("enter");
    bench
}

/// The plan is shown that the operator asked for.
fn shown(asks: Asks) -> Bench {
    let mut bench = before_acme();
    let plan = harmful(&bench, asks);
    show(&mut bench, plan);
    bench
}

/// Has `plan` asked for by the menu, and shown.
fn show(bench: &mut Bench, plan: Plan) {
    bench.slowly("m");
    let number = ask(bench);
    let event = OperateEvent::Planned(number, Ok(Box::new(plan)));
    bench.journey.send(Msg::Operate(event));
}

/// Takes the last thing of the menu, which asks for a plan at once; gives the number of the plan.
fn ask(bench: &mut Bench) -> u64 {
    bench.slowly("j j j j j j j j enter");
    match bench.orders().as_slice() {
        [OperateOrder::Plan(wanted)] => {
            assert_eq!((wanted.verb, wanted.by.as_str()), (Verb::Deprovision, "maria"));
            assert_eq!(wanted.inputs["tenant"], "acme");
            wanted.number
        }
        others => panic!("{others:?}"),
    }
}

#[test]
fn an_alert_is_looked_after() {
    let mut bench = before_an_alert();
    bench.journey.keys("a").sees("look after an alert").sees("4h");
    bench.slowly("enter");
    bench.works();
    bench.journey.sees("it fires on").sees("nobody else looks after it").sees("Do it? y/N");
    bench.rest().slowly("y");
    bench.journey.sees("say who looks after it");
    bench.works();
    bench.journey.sees("✓ 1 say who looks after it").sees("Look after");
}

#[test]
fn an_alert_that_somebody_looks_after_is_not_taken_from_them() {
    let mut bench = before_an_alert();
    bench.journey.keys("a");
    let uid = match &bench.journey.app.pane().cursor.id {
        Some(pulse_console::store::table::RowId::Object(_, uid)) => uid.0.clone(),
        other => panic!("{other:?}"),
    };
    bench.world.acks.lock().expect("acks").insert(uid, "ivan".into());
    bench.slowly("enter").works();
    bench.journey.sees("✗ ivan looks after it already").sees("It can't be done").lacks("Do it?");
    bench.rest().slowly("y").works();
    assert!(bench.world.acted.lock().expect("what was done").is_empty());
    bench.journey.sees("It can't be done");
}

#[test]
fn a_silence_says_whom_it_hides_and_wants_a_reason() {
    let mut bench = before_an_alert();
    bench.journey.keys("z").sees("alertname=TenantOdooDown,tenant=");
    bench.slowly("enter").types("x").slowly("enter");
    bench.journey.sees("For: 2hx is no time");
    bench.slowly("backspace enter enter");
    bench.journey.sees("Reason: it is missing");
    bench.types("known").slowly("enter").works();
    bench.journey.sees("Nobody is told of 1 firing alerts until").sees("Due afterwards");
    bench.rest().slowly("y").works();
    bench.journey.sees("✓ 1 make the silence").sees("soaking");
    assert_eq!(bench.world.acted.lock().expect("what was done").len(), 1);
    // What is due of it stands in a list of its own.
    bench.slowly("esc 9 v");
    assert_eq!(bench.journey.pane(), TableId::Due);
    bench.journey.sees("the silence ends").sees("in 1h59m");
}

#[test]
fn a_viewer_is_refused_before_anything_is_asked() {
    let mut bench = before_an_alert();
    bench.journey.app.presence = Presence::unguarded(Role::Viewer);
    bench.slowly("a");
    bench.journey.sees("Your role is viewer; only operators and above can look after an alert.");
    bench.slowly("m");
    bench.journey.sees("Your role is viewer");
    bench.slowly("enter");
    assert!(bench.orders().is_empty());
}

#[test]
fn a_console_that_may_only_look_has_no_hands() {
    let mut bench = Bench::that_may("alert-storm", true);
    assert!(!bench.is_able());
    bench.journey.advance(120);
    bench.journey.keys("8 /").types("TenantOdooDown").keys("enter");
    bench.slowly("a");
    bench.journey.sees("This console is read-only, so it can't look after an alert.");
    assert!(bench.orders().is_empty());
}

#[test]
fn nothing_is_done_by_facts_that_are_old() {
    let mut bench = before_an_alert();
    bench.journey.cut(FeedId::Alerts, TroubleKind::Unreachable);
    bench.journey.advance(70);
    bench.slowly("a");
    bench.journey.sees("The alerts were confirmed 1m").sees("too old to look after an alert");
    assert!(bench.orders().is_empty());
}

#[test]
fn a_world_that_can_not_be_changed_says_so() {
    let mut bench = before_an_alert();
    bench.journey.app.equip(false, "maria".into());
    bench.slowly("a");
    bench.journey.sees("Nothing can be changed from here");
}

#[test]
fn the_damage_stands_first_and_the_edge_is_drawn() {
    let mut bench = shown(Asks::Typed);
    let screen = bench.journey.screen();
    let place = |text: &str| screen.find(text).unwrap_or_else(|| panic!("{text}:\n{screen}"));
    assert!(place("▲ acme: 34 people connected") < place("Delete acme with everything"));
    assert!(place("✓ there is a backup") < place("? nobody knows who pays"));
    assert!(place("1 look twice") < place("it can't be taken back"));
    assert!(place("it can't be taken back") < place("2 delete the tenant"));
    bench.journey.sees("its backups may go: in ").sees("34 people lose their work.");
}

#[test]
fn the_word_and_a_reason_are_typed_by_hand() {
    let mut bench = shown(Asks::Typed);
    bench.rest().types("acne").slowly("enter");
    bench.journey.sees("✗ Type acme to go on.");
    bench.slowly("backspace backspace").types("me").slowly("enter enter");
    bench.journey.sees("Say why, in a few words");
    assert!(bench.orders().is_empty());
    bench.types("they left").slowly("enter");
    match bench.orders().as_slice() {
        [OperateOrder::Run(confirmed)] => {
            let given = confirmed.given();
            assert_eq!((given.typed.as_str(), given.reason.as_str()), ("acme", "they left"));
            assert_eq!((given.by.as_str(), given.stepped_up), ("maria", false));
        }
        others => panic!("{others:?}"),
    }
}

#[test]
fn what_is_pasted_confirms_nothing() {
    let mut bench = shown(Asks::Typed);
    bench.rest().journey.send(Msg::Paste("acme".to_owned()));
    bench.journey.sees("What is pasted into a plan does not count: type it.");
    bench.slowly("enter");
    bench.journey.sees("Not taken: keys rest for a moment.");
    bench.rest().slowly("enter");
    bench.journey.sees("Type acme to go on.");
    // The same from a terminal that does not say what is pasted: keys that no hand types.
    bench.rest();
    bench.bursts("acme", "enter").bursts("because", "enter");
    assert!(bench.orders().is_empty());
    bench.rest().slowly("enter");
    bench.journey.sees("Type acme to go on.");
    assert!(bench.orders().is_empty());
}

#[test]
fn keys_rest_after_whatever_comes_between() {
    let mut bench = shown(Asks::Yes);
    let refused = |bench: &mut Bench| {
        bench.slowly("y");
        assert!(bench.orders().is_empty());
        bench.journey.sees("keys rest for a moment");
    };
    refused(&mut bench);
    bench.rest().journey.send(Msg::Focus(true));
    refused(&mut bench);
    bench.rest().journey.size(100, 30);
    refused(&mut bench);
    bench.journey.cut(FeedId::Upgrades, TroubleKind::Unreachable);
    bench.rest();
    bench.journey.fault(pulse_console::sim::Fault::FeedUp(FeedId::Upgrades));
    refused(&mut bench);
    bench.rest().slowly("y");
    assert!(matches!(bench.orders().as_slice(), [OperateOrder::Run(_)]));
}

#[test]
fn a_plan_whose_object_changes_is_disarmed() {
    let mut bench = shown(Asks::Typed);
    bench.rest().types("acme").slowly("enter").types("they left");
    // What its controller says of it is no change of what was ordered.
    bench.journey.tenant("acme", Status::False).lacks("so it can't be confirmed");
    let mut client = journey::client("acme", Status::True, bench.journey.engine.now());
    if let pulse_console::domain::Spec::Client(spec) = &mut client.spec {
        spec.tier = "enterprise".into();
    }
    let told = bench.journey.engine.upsert(client);
    bench.journey.tell(told);
    bench.journey.sees("The tenant acme was changed (tier) since the plan was made");
    bench.rest().slowly("enter y");
    assert!(bench.orders().is_empty());
    bench.slowly("r");
    assert!(
        matches!(bench.orders().as_slice(), [OperateOrder::Plan(wanted)] if wanted.number == 2)
    );
}

#[test]
fn a_plan_whose_object_goes_is_disarmed() {
    let mut bench = shown(Asks::Yes);
    bench.journey.take("acme");
    bench.journey.sees("The tenant acme is gone since the plan was made");
    bench.rest().slowly("y");
    assert!(bench.orders().is_empty());
}

#[test]
fn an_answer_to_an_earlier_question_is_for_nobody() {
    let mut bench = before_acme();
    bench.slowly("m");
    let first = ask(&mut bench);
    bench.slowly("esc m");
    let second = ask(&mut bench);
    let plan = harmful(&bench, Asks::Yes);
    let planned = |number| Msg::Operate(OperateEvent::Planned(number, Ok(Box::new(plan.clone()))));
    bench.journey.send(planned(first)).lacks("Do it?");
    bench.journey.send(planned(second)).sees("Do it?");
}

#[test]
fn an_old_plan_is_made_anew() {
    let mut bench = shown(Asks::Yes);
    bench.pass(16 * 60_000);
    bench.rest().slowly("y");
    assert!(bench.orders().is_empty());
    bench.journey.sees("Make it anew");
}

#[test]
fn quitting_asks_once_while_an_operation_goes_on_here() {
    let mut bench = shown(Asks::Yes);
    bench.rest().slowly("y");
    assert_eq!(bench.orders().len(), 1);
    bench.slowly("esc q");
    bench.journey.sees("This console works on:").sees("Delete acme").sees("any console of a");
    assert!(!bench.effects.contains(&Effect::Quit));
    bench.rest().slowly("n").slowly("q").rest().slowly("y");
    assert!(bench.effects.contains(&Effect::Quit));
}

#[test]
fn suspending_asks_while_an_operation_goes_on_here() {
    let suspends = |bench: &mut Bench| {
        let before = bench.effects.len();
        bench.effects.retain(|effect| *effect != Effect::Suspend);
        before - bench.effects.len()
    };
    let mut bench = shown(Asks::Yes);
    bench.slowly("ctrl-z");
    assert_eq!(suspends(&mut bench), 1, "nothing goes on here yet");
    bench.rest().slowly("y");
    assert_eq!(bench.orders().len(), 1);
    bench.slowly("ctrl-z ctrl-z");
    bench.journey.sees("This console works on:").sees("Suspend to the shell all the same?");
    bench.journey.sees("Nothing of it goes on here while this console is stopped.");
    // What it was asked over comes back.
    bench.rest().slowly("n");
    bench.journey.lacks("Suspend to the shell").sees("Delete acme with everything");
    assert_eq!(suspends(&mut bench), 0);
    bench.slowly("ctrl-z").rest().slowly("y");
    assert_eq!(suspends(&mut bench), 1);
    bench.journey.lacks("Suspend to the shell");
    // To quit is another question.
    bench.slowly("ctrl-z ctrl-c");
    bench.journey.sees("Quit all the same?").lacks("Suspend to the shell");
    assert!(suspends(&mut bench) == 0 && !bench.effects.contains(&Effect::Quit));
}

#[test]
fn what_is_typed_for_a_plan_is_there_when_somebody_stays() {
    let mut bench = shown(Asks::Yes);
    bench.rest().slowly("y");
    assert_eq!(bench.orders().len(), 1);
    bench.slowly("esc");
    let plan = harmful(&bench, Asks::Typed);
    show(&mut bench, plan);
    bench.rest().types("acme").slowly("enter").types("they left").slowly("ctrl-z");
    bench.journey.sees("Suspend to the shell all the same?");
    bench.rest().slowly("n").rest().slowly("enter");
    match bench.orders().as_slice() {
        [OperateOrder::Run(confirmed)] => assert_eq!(confirmed.given().reason, "they left"),
        others => panic!("{others:?}"),
    }
}

/// The lowest line of the screen, left of whatever lies over the table.
fn click_beside(bench: &mut Bench) {
    bench.journey.mouse(MouseEventKind::Down(MouseButton::Left), 0, 39);
}

#[test]
fn a_click_beside_what_is_asked_does_not_throw_it_away() {
    let mut bench = shown(Asks::Typed);
    bench.rest().types("acme").slowly("enter").types("they");
    click_beside(&mut bench);
    bench.journey.sees("Answer or leave this page first.");
    bench.types(" left").slowly("enter");
    match bench.orders().as_slice() {
        [OperateOrder::Run(confirmed)] => assert_eq!(confirmed.given().reason, "they left"),
        others => panic!("{others:?}"),
    }
    assert!(matches!(bench.journey.app.overlay(), Some(Overlay::Run(_))));
    click_beside(&mut bench);
    assert!(bench.journey.app.overlay().is_none(), "this one asks nothing");
}

#[test]
fn nothing_takes_the_place_of_a_question() {
    let mut bench = shown(Asks::Yes);
    bench.rest();
    for key in ["?", "f1", ":", "!", "1", "v"] {
        bench.slowly(key);
        bench.journey.sees("Answer or leave this page first.").sees("Do it? y/N");
        bench.slowly("j").journey.lacks("Answer or leave");
    }
    bench.slowly("z").journey.sees("z does nothing here.");
    // The capital letter of the question is an answer too.
    bench.slowly("N");
    assert!(bench.journey.app.overlay().is_none());
    assert!(bench.orders().is_empty());
    let mut bench = shown(Asks::Typed);
    bench.rest().types("ac").slowly("f1");
    bench.journey.sees("Answer or leave this page first.");
    bench.types("me").slowly("enter enter");
    bench.journey.sees("Say why, in a few words");
}

#[test]
fn what_a_plan_writes_is_shown_from_its_page() {
    let mut bench = before_acme();
    let mut plan = harmful(&bench, Asks::Yes);
    let what = ObjectRef {
        group: "pulse.example".into(),
        kind: "PLANAClient".into(),
        namespace: None,
        name: "acme".into(),
    };
    plan.steps[1].act = Some(Command::Apply {
        what,
        manifest: serde_json::json!({ "spec": { "tier": "enterprise" } }),
    });
    show(&mut bench, plan);
    bench.journey.size(120, 60).sees("Written into the cluster").sees("enterprise");
    let Some(Overlay::Plan(page)) = bench.journey.app.overlay() else { panic!("no plan") };
    assert_eq!(page.hash, hash(&page.plan));
    assert!(!page.written.is_empty());
}

#[test]
fn an_operation_is_written_to_a_file() {
    let mut bench = before_acme();
    stopped(&mut bench, Asks::Typed);
    bench.slowly("9 enter e").works();
    bench.journey.sees("Wrote the operation to");
    let files = bench.files();
    assert!(files.len() == 1 && files[0].contains("stopped at: 2. delete the tenant"), "{files:?}");
}

#[test]
fn a_form_takes_no_name_that_is_taken() {
    let mut bench = before_acme();
    bench.slowly(":").types("make a new tenant").slowly("enter");
    bench.types("acme").slowly("enter");
    bench.journey.sees("Subdomain: there is a tenant acme already.");
    bench.types("-2").slowly("enter");
    bench.journey.lacks("already").sees("The major of Odoo.");
    bench.slowly("right");
    bench.journey.sees("[19]");
}

#[test]
fn a_backup_is_taken_now() {
    let mut console = Console::on("calm-night");
    console.keys("2 / ").types("meden-dab").keys("enter m enter");
    console.waits_for("Take a backup of meden-dab now").sees("✓ the tenant has a backup Job");
    console.rest().keys("y").sees("◌ 1 take an insurance backup of meden-dab");
    // It goes on when its page is closed.
    console.keys("esc 9").sees("1 under way").sees("Take a backup of med");
    console.keys("enter").waits_for("✓ 2 see that the insurance backup is in the bucket");
    console.sees("● soaking").keys("esc").sees("1 soaking");
}

#[test]
fn a_restore_asks_for_a_second_factor_for_its_plan_alone() {
    let mut console = Console::guarded("calm-night");
    let code = console.code("");
    console.types("maria").keys("tab").types("training").keys("tab").types(&code).keys("enter");
    console.waits_for("maria senior");
    console.keys("2 /").types("meden-dab").keys("enter m j enter");
    console.sees("latest").keys("enter enter");
    console.waits_for("▲ meden-dab: ").rest();
    console.types("meden-dab").keys("enter").types("a customer asked").keys("enter");
    console.waits_for("For this plan alone: Put meden-dab back");
    // What is clicked beside the plan, which is hidden, does not reach it.
    console.clicks(0, 39).sees("For this plan alone: Put meden-dab back");
    // A factor that is given up confirms nothing.
    console.keys("esc").sees("Your second factor is asked next").rest().keys("enter");
    console.waits_for("For this plan alone: Put meden-dab back");
    let next = console.code(&code);
    if console.screen().contains("password") {
        console.types("training").keys("tab");
    }
    console.types(&next).keys("enter");
    console.waits_for("Your second factor counts for").rest().keys("enter");
    console.waits_for("✓ 1 take an insurance backup of meden-dab");
    let operations = &console.app.store.objects().operations;
    let (_, held) = operations.iter().next().expect("an operation");
    let entry = &held.object.records.first().expect("a record").entry;
    let reason = "a customer asked".into();
    assert_eq!(*entry, Entry::Confirmed { reason, stepped_up: true });
}

/// The screen as it was taken: `INSTA_UPDATE=always cargo test --test operate` takes it anew.
fn assert_same(name: &str, bench: &mut Bench) {
    let screen = bench.journey.screen();
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, screen));
}

#[test]
fn pages_of_operations_look_as_they_did() {
    for (width, height) in [(80, 24), (160, 48)] {
        let name = |page: &str| format!("operate-{width}x{height}-{page}");
        let mut bench = before_an_alert();
        bench.journey.size(width, height).keys("m");
        assert_same(&name("menu"), &mut bench);
        bench.slowly("esc z tab tab enter");
        assert_same(&name("form"), &mut bench);
        let mut bench = before_acme();
        bench.journey.size(width, height);
        let plan = harmful(&bench, Asks::StepUp);
        show(&mut bench, plan);
        bench.rest().types("acme").slowly("enter").types("they left");
        assert_same(&name("plan"), &mut bench);
        bench.slowly("esc");
        stopped(&mut bench, Asks::Typed);
        bench.slowly("9 enter");
        assert_same(&name("run"), &mut bench);
        bench.slowly("u");
        assert_same(&name("undo"), &mut bench);
        bench.slowly("esc esc tab");
        assert_same(&name("operations"), &mut bench);
    }
}
