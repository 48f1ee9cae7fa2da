//! The identity provider of the training world, through the platform's doors: what a trainee meets there.
//!
//! The real time is tokio's, which passes as soon as nobody has anything to do.

#![expect(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

use std::sync::Arc;
use std::time::Duration;

use pulse_console::domain::{PlanHash, Role, Span, Text};
use pulse_console::platform::{
    Answer, Challenge, Clock, IdentityEvent, Order, Platform as _, Prompt, Secret, Teller, Way,
};
use pulse_console::session::{Policy, Presence, Stage};
use pulse_console::sim::{Engine, Scenario, Sim, people, scenario};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// Far longer than anything takes, in a time that passes by itself: it only ends a test that hangs.
const GUARD: Duration = Duration::from_hours(48);

/// Somebody at a console of the training world.
struct Visit {
    presence: Presence,
    clock: Arc<dyn Clock>,
    orders: mpsc::Sender<Order>,
    told: mpsc::Receiver<IdentityEvent>,
    _tasks: JoinSet<()>,
}

fn policy() -> Policy {
    Policy {
        staff_group: people::STAFF.to_owned(),
        operator_groups: vec![people::OPERATORS.to_owned()],
        senior_groups: vec![people::SENIORS.to_owned()],
        factors: vec!["mfa".to_owned()],
        lasts: Span::from_secs(12 * 3600),
        locks_after: None,
    }
}

fn sim(name: &str, speed: f64) -> Sim {
    Sim::new(Engine::new(&scenario::builtin(name).expect("a scenario"), None), speed)
}

impl Visit {
    fn to(sim: &Sim) -> Self {
        let identity = sim.identity().expect("a provider");
        let presence = Presence::guarded(policy(), identity.ways());
        let (orders, ordered) = mpsc::channel(16);
        let (teller, told) = mpsc::channel(16);
        let mut tasks = JoinSet::new();
        tasks.spawn(identity.run(ordered, Teller::new(teller)));
        Self { presence, clock: sim.clock(), orders, told, _tasks: tasks }
    }

    /// One that was asked to sign in, with its lines of help.
    async fn asked(sim: &Sim) -> Self {
        let mut visit = Self::to(sim);
        visit.hinted().await;
        visit
    }

    /// One at which maria signed in.
    async fn of_maria(sim: &Sim) -> Self {
        let mut visit = Self::asked(sim).await;
        visit.sign_in("maria").await;
        assert_eq!(visit.presence.role(), Role::Senior);
        visit
    }

    async fn order(&self, orders: Vec<Order>) {
        for order in orders {
            self.orders.send(order).await.expect("the provider takes orders");
        }
    }

    /// Takes in what the provider tells until `is` says that it is that.
    async fn until(&mut self, what: &str, is: impl Fn(&IdentityEvent) -> bool) -> IdentityEvent {
        let told = tokio::time::timeout(GUARD, async {
            loop {
                let event = self.told.recv().await.expect("the provider tells");
                let orders = self.presence.take(event.clone(), self.clock.now());
                self.order(orders).await;
                if is(&event) {
                    return event;
                }
            }
        });
        let told = told.await.ok();
        told.unwrap_or_else(|| panic!("no sign of {what}: {:?}", self.presence.sign_in()))
    }

    async fn hinted(&mut self) {
        let is_hint = |event: &IdentityEvent| matches!(event, IdentityEvent::Hint(lines) if !lines.is_empty());
        self.until("a hint", is_hint).await;
    }

    fn hint(&self) -> Vec<&str> {
        self.presence.sign_in().hint.iter().map(Text::as_str).collect()
    }

    /// The code that the lines of help show.
    fn code(&self) -> String {
        let hint = self.hint().join(" ").to_lowercase();
        let (_, after) = hint.split_once("code ").unwrap_or_else(|| panic!("{hint}"));
        after.chars().take(6).collect()
    }

    /// Types `words` into the prompts.
    async fn types(&mut self, words: &[&str]) {
        let typed = words.iter().map(|word| Secret::new((*word).to_owned())).collect();
        let orders = self.presence.answer(Answer::Typed(typed));
        assert_eq!(orders.len(), 1, "something is asked: {:?}", self.presence.sign_in());
        self.order(orders).await;
    }

    /// Types `words`, and gives why they are wrong.
    async fn wrongly(&mut self, words: &[&str]) -> String {
        self.types(words).await;
        self.until("what is asked anew", |event| matches!(event, IdentityEvent::Asked(_))).await;
        let said = match &self.presence.sign_in().stage {
            Stage::Asked(Challenge::Prompts { wrong: Some(wrong), .. }) => wrong.to_string(),
            other => panic!("nothing is wrong: {other:?}"),
        };
        self.hinted().await;
        said
    }

    async fn sign_in(&mut self, user: &str) {
        let code = self.code();
        self.types(&[user, "training", &code]).await;
        self.until("the grant", |event| matches!(event, IdentityEvent::Granted(_))).await;
    }

    async fn sign_out(&mut self) {
        let orders = self.presence.sign_out();
        self.order(orders).await;
        self.until("the end", |event| matches!(event, IdentityEvent::SignedOut(_))).await;
    }

    async fn begin(&mut self, way: Way) {
        let orders = self.presence.begin(way);
        assert_eq!(orders.len(), 1);
        self.order(orders).await;
        self.hinted().await;
    }

    /// What is typed into, and who is asked.
    fn prompts(&self) -> (&[Prompt], &str) {
        match &self.presence.sign_in().stage {
            Stage::Asked(Challenge::Prompts { prompts, person, .. }) => {
                (prompts, person.as_ref().map_or("", Text::as_str))
            }
            other => panic!("nothing is asked: {other:?}"),
        }
    }

    fn wrong(&self) -> &str {
        self.presence.sign_in().wrong.as_ref().map_or("", Text::as_str)
    }
}

#[tokio::test(start_paused = true)]
async fn every_account_is_what_the_lines_of_help_say() {
    for (user, role) in [("maria", Role::Senior), ("ivan", Role::Operator), ("vera", Role::Viewer)]
    {
        let mut visit = Visit::asked(&sim("calm-night", 1.0)).await;
        assert_eq!(
            visit.hint()[0],
            "Be maria (senior), ivan (operator), vera (viewer) or office@acme.example."
        );
        visit.sign_in(user).await;
        assert!(visit.presence.is_open(), "{}", visit.wrong());
        assert_eq!(visit.presence.role(), role);
        assert!(visit.hint().is_empty());
    }
    let mut visit = Visit::asked(&sim("calm-night", 1.0)).await;
    visit.sign_in("office@acme.example").await;
    assert!(!visit.presence.watches());
    assert!(visit.wrong().contains("office@acme.example is not in the group plana-staff"));
    visit.begin(Way::Terminal).await;
    visit.sign_in("vera").await;
    assert!(visit.presence.is_open(), "who was refused may come as somebody else");
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_is_said_and_asked_again() {
    let mut visit = Visit::asked(&sim("calm-night", 1.0)).await;
    assert_eq!(visit.prompts(), (&[Prompt::User, Prompt::Password, Prompt::Code][..], ""));
    let code = visit.code();
    for typed in [["mario", "training", &code], ["maria", "Training", &code]] {
        assert_eq!(visit.wrongly(&typed).await, "No such user, or not their password.");
        assert_eq!(visit.prompts().0.len(), 3);
    }
    visit.sign_in("maria").await;
    assert!(visit.presence.is_open(), "a code that was not looked at is not used up");

    let mut visit = Visit::asked(&sim("calm-night", 1.0)).await;
    let said = visit.wrongly(&["maria", "training", "000000"]).await;
    assert_eq!(said, "That is not the code shown above.");
    assert_eq!(visit.prompts(), (&[Prompt::Code][..], "maria"), "the password was right");
    let code = visit.code();
    visit.types(&[&format!(" {} {}", &code[..3], &code[3..])]).await;
    visit.until("the grant", |event| matches!(event, IdentityEvent::Granted(_))).await;
    assert!(visit.presence.is_open());
}

#[tokio::test(start_paused = true)]
async fn three_wrong_answers_cost_half_a_minute() {
    let mut visit = Visit::asked(&sim("calm-night", 60.0)).await;
    for last in [false, false, true] {
        let said = visit.wrongly(&["maria", "guess", "000000"]).await;
        assert_eq!(said.ends_with("These were 3 wrong answers: wait 30s."), last, "{said}");
    }
    let code = visit.code();
    let said = visit.wrongly(&["maria", "training", &code]).await;
    assert!(said.starts_with("Too many wrong answers. Wait "), "{said}");
    tokio::time::advance(Duration::from_secs(30)).await;
    visit.hinted().await;
    visit.sign_in("maria").await;
    assert!(visit.presence.is_open());
}

#[tokio::test(start_paused = true)]
async fn a_code_counts_once() {
    let mut visit = Visit::asked(&sim("calm-night", 1.0)).await;
    let code = visit.code();
    visit.sign_in("maria").await;
    visit.sign_out().await;
    visit.begin(Way::Terminal).await;
    assert_ne!(visit.code(), code, "the next one is shown at once");
    let said = visit.wrongly(&["ivan", "training", &code]).await;
    assert!(said.starts_with("That code was used already"), "{said}");
    let code = visit.code();
    visit.types(&[&code]).await;
    visit.until("the grant", |event| matches!(event, IdentityEvent::Granted(_))).await;
    assert_eq!(visit.presence.role(), Role::Operator);
}

#[tokio::test(start_paused = true)]
async fn coming_back_and_running_a_plan_take_a_code_alone() {
    let mut visit = Visit::of_maria(&sim("calm-night", 1.0)).await;
    let orders = visit.presence.lock();
    visit.order(orders).await;
    visit.begin(Way::Terminal).await;
    assert_eq!(visit.prompts(), (&[Prompt::Code][..], "maria"));
    assert_eq!(visit.hint().len(), 1);
    let code = visit.code();
    visit.types(&[&code]).await;
    visit.until("the grant", |event| matches!(event, IdentityEvent::Granted(_))).await;
    assert!(visit.presence.is_open());

    let plan = PlanHash::new("ab12");
    let orders = visit.presence.prove(plan.clone());
    visit.order(orders).await;
    visit.hinted().await;
    assert_eq!(visit.prompts(), (&[Prompt::Code][..], "maria"));
    visit.wrongly(&["123"]).await;
    assert!(visit.presence.is_open());
    let code = visit.code();
    visit.types(&[&code]).await;
    visit.until("the proof", |event| matches!(event, IdentityEvent::Proved(_))).await;
    let now = visit.clock.now();
    assert_eq!(visit.presence.spend_proof(&plan, now), Ok(()));
    assert!(visit.presence.spend_proof(&plan, now).is_err());
}

#[tokio::test(start_paused = true)]
async fn a_session_is_renewed_until_it_ends() {
    let mut visit = Visit::of_maria(&sim("calm-night", 60.0)).await;
    let begun = visit.clock.now();
    let ends = visit.presence.left(begun).expect("a session");
    for _ in 0..5 {
        let renewed = visit.until("a renewal", |e| matches!(e, IdentityEvent::Renewed(_))).await;
        let IdentityEvent::Renewed(grant) = renewed else { panic!("{renewed:?}") };
        assert_eq!(grant.factors, None, "the factor was given once");
        assert!(grant.expires_at > visit.clock.now());
    }
    let now = visit.clock.now();
    assert!(now.since(begun) >= Span::from_secs(5 * 300), "{}", now.since(begun));
    let left = visit.presence.left(now).expect("a session");
    assert!(left <= Span::from_ms(ends.ms() - 5 * 300_000), "it does not grow: {left}");
    assert_eq!((visit.presence.role(), visit.wrong()), (Role::Senior, ""));

    // Nobody is there in the world for so long; the machine's clock says that it is over.
    let orders = visit.presence.tick(now.after(Span::from_secs(12 * 3600)));
    assert_eq!(orders, [Order::SignOut]);
    visit.order(orders).await;
    visit.until("the end", |event| matches!(event, IdentityEvent::SignedOut(None))).await;
    assert!(visit.wrong().contains("a sign-in lasts 12h00m"), "{}", visit.wrong());
}

#[tokio::test(start_paused = true)]
async fn a_device_says_yes_by_itself_unless_it_is_given_up() {
    let sim = sim("calm-night", 1.0);
    let mut visit = Visit::asked(&sim).await;
    visit.begin(Way::Device).await;
    let begun = visit.clock.now();
    let Stage::Asked(Challenge::Device { code, complete, until, .. }) =
        visit.presence.sign_in().stage.clone()
    else {
        panic!("{:?}", visit.presence.sign_in())
    };
    assert!(complete.is_some_and(|address| address.as_str().ends_with(code.as_str())));
    assert!(until > begun);
    assert!(visit.hint()[0].starts_with("Nobody has to go there: maria says yes in "));
    visit.until("the yes", |event| matches!(event, IdentityEvent::Granted(_))).await;
    let waited = visit.clock.now().since(begun).secs();
    assert!((9..=11).contains(&waited), "{waited}");
    assert_eq!(visit.presence.staff().map(|staff| staff.grant.way), Some(Way::Device));

    visit.sign_out().await;
    visit.begin(Way::Device).await;
    let orders = visit.presence.cancel();
    visit.order(orders).await;
    tokio::time::sleep(Duration::from_mins(1)).await;
    while let Ok(event) = visit.told.try_recv() {
        let is_yes = matches!(event, IdentityEvent::Granted(_));
        assert!(!is_yes, "nobody says yes to what was given up");
    }
    assert!(!visit.presence.watches());
}

#[tokio::test(start_paused = true)]
async fn an_outage_keeps_out_who_is_out_and_leaves_in_who_is_in() {
    let sim = sim("identity-outage", 1.0);
    let mut visit = Visit::of_maria(&sim).await;
    let mut late = Visit::asked(&sim).await;
    let told = visit.until("trouble", |event| matches!(event, IdentityEvent::NotRenewed(_))).await;
    let IdentityEvent::NotRenewed(trouble) = told else { panic!("{told:?}") };
    assert!(trouble.what.as_str().contains("pg01 is down"), "{trouble}");
    assert!(visit.presence.is_open());

    // Whoever was typing, or begins now, can't get in.
    let code = late.code();
    late.types(&["ivan", "training", &code]).await;
    late.until("the failure", |event| matches!(event, IdentityEvent::Failed(_))).await;
    let orders = late.presence.begin(Way::Device);
    late.order(orders).await;
    late.until("the failure", |event| matches!(event, IdentityEvent::Failed(_))).await;
    assert_eq!(
        late.wrong(),
        "signing in: auth.planapulse.app answers 503, for its own database is on pg01, and pg01 is down. Try again when pg01 \
         is back. If you can't wait: quit, and start the console with --break-glass --reason \"pg01 is down\"."
    );

    visit.until("a renewal", |event| matches!(event, IdentityEvent::Renewed(_))).await;
    assert_eq!(visit.presence.role(), Role::Senior);
    late.begin(Way::Terminal).await;
    late.sign_in("ivan").await;
    assert_eq!(late.presence.role(), Role::Operator);
}

#[tokio::test(start_paused = true)]
async fn a_scenario_may_have_people_of_its_own() {
    let text = r#"
name = "own"
title = "People of its own."
seed = 1
start = "2026-11-21T00:47:00Z"

[[people]]
user = "petra"
groups = ["plana-staff", "plana-operators"]

[[people]]
user = "guest"
password = "other"
totp = "a seed of their own, long enough"
groups = ["plana-seniors"]
"#;
    let scenario = Scenario::parse("own.toml", text).expect("a sound scenario");
    let mut visit = Visit::asked(&Sim::new(Engine::new(&scenario, None), 1.0)).await;
    let hint: Vec<String> = visit.hint().into_iter().map(str::to_owned).collect();
    assert_eq!(hint[0], "Be petra (operator) or guest.");
    assert!(hint[1].starts_with("petra · password training · code "), "{hint:?}");
    assert!(hint[2].starts_with("guest · password other · code "), "{hint:?}");
    visit.sign_in("petra").await;
    assert_eq!(visit.presence.role(), Role::Operator);
}

#[tokio::test(start_paused = true)]
async fn a_world_that_stands_still_asks_the_same_and_lets_in_again_and_again() {
    let mut hints = Vec::new();
    for _ in 0..2 {
        let sim = sim("calm-night", 0.0);
        assert_eq!(sim.identity().map(|identity| identity.ways()), Some(vec![Way::Terminal]));
        let mut visit = Visit::asked(&sim).await;
        hints.push(visit.hint().join("\n"));
        for _ in 0..4 {
            visit.wrongly(&["maria", "guess", "000000"]).await;
        }
        for _ in 0..4 {
            visit.sign_in("maria").await;
            assert!(visit.presence.is_open(), "{}", visit.wrong());
            visit.sign_out().await;
            visit.begin(Way::Terminal).await;
        }
        tokio::time::advance(Duration::from_mins(10)).await;
        hints.push(visit.hint().join("\n"));
    }
    assert_eq!((&hints[0], &hints[1]), (&hints[2], &hints[3]));
}
