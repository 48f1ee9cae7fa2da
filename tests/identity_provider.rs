//! Signing in at a certified identity provider: with a browser on this machine, and with a device code.
#![cfg(feature = "real-servers")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

mod platform;

use std::sync::Arc;
use std::time::Duration;

use platform::{CLIENT, OPERATOR, PlatformError, Provider, SENIOR, STEP_UP_CLIENT, Someone};
use pulse_console::config::{Paths, ServerUrl, Settings};
use pulse_console::domain::{PlanHash, Text, Timestamp};
use pulse_console::live::Live;
use pulse_console::platform::{
    Answer, Challenge, Clock, Grant, IdentityEvent, Order, Platform as _, Purpose, Teller, Way,
};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

type Outcome = Result<(), PlatformError>;

/// Far longer than anything takes: it only ends a test that hangs.
const GUARD: Duration = Duration::from_mins(2);

struct Machine;

impl Clock for Machine {
    #[expect(clippy::disallowed_methods, reason = "this is the clock of the tests")]
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(chrono::Utc::now().timestamp_millis())
    }
}

/// The console's side of the door.
struct Console {
    orders: mpsc::Sender<Order>,
    told: mpsc::Receiver<IdentityEvent>,
    _tasks: JoinSet<()>,
}

impl Console {
    /// A console at `provider` that has said that it is ready.
    async fn open(provider: &Provider) -> Self {
        Self::open_as(provider, "true").await
    }

    /// The same, which opens pages with `browser`.
    async fn open_as(provider: &Provider, browser: &str) -> Self {
        let folder = std::env::temp_dir();
        let mut settings = Settings::defaults(&Paths::below(&folder));
        let identity = &mut settings.identity;
        identity.issuer.value = ServerUrl::parse(&provider.issuer()).ok();
        identity.client_id.value = CLIENT.into();
        identity.step_up_client_id.value = Some(STEP_UP_CLIENT.into());
        identity.browser.value = Some(browser.into());
        let cursor = folder.join("pulse-console-no-cursor.json");
        let live = Live::new(&settings, cursor, Arc::new(Machine));
        let (orders, ordered) = mpsc::channel(8);
        let (teller, told) = mpsc::channel(64);
        let mut tasks = JoinSet::new();
        let identity = live.identity().expect("a profile with a provider");
        tasks.spawn(identity.run(ordered, Teller::new(teller)));
        let mut console = Self { orders, told, _tasks: tasks };
        assert_eq!(console.next().await, IdentityEvent::Ready);
        console
    }

    async fn order(&self, order: Order) {
        self.orders.send(order).await.expect("a door that listens");
    }

    /// What is told next that is no hint.
    async fn next(&mut self) -> IdentityEvent {
        loop {
            let told = tokio::time::timeout(GUARD, self.told.recv()).await.expect("in time");
            match told.expect("a door that tells") {
                IdentityEvent::Hint(_) | IdentityEvent::Checking => {}
                event => return event,
            }
        }
    }

    /// Begins in the browser, and gives the address that it is sent to.
    async fn browser(&mut self, purpose: Purpose) -> String {
        self.order(Order::Begin(Way::Browser, purpose)).await;
        let (address, unopened) = self.sent_to().await;
        assert_eq!(unopened, None);
        address
    }

    async fn sent_to(&mut self) -> (String, Option<String>) {
        match self.next().await {
            IdentityEvent::Asked(Challenge::Browser { address, unopened, until }) => {
                let left = until.since(Machine.now()).secs();
                assert!((200..=300).contains(&left), "{left} s are left");
                (address.as_str().to_owned(), unopened.map(|why| why.as_str().to_owned()))
            }
            other => panic!("{other:?}"),
        }
    }

    /// Begins with a device code, and gives the address with the code in it, and the code.
    async fn device(&mut self) -> (String, String) {
        self.order(Order::Begin(Way::Device, Purpose::SignIn)).await;
        self.code().await
    }

    async fn code(&mut self) -> (String, String) {
        match self.next().await {
            IdentityEvent::Asked(Challenge::Device { address, complete, code, .. }) => {
                let complete = complete.expect("an address with the code");
                assert!(complete.as_str().starts_with(address.as_str()), "{complete}");
                (complete.as_str().to_owned(), code.as_str().to_owned())
            }
            other => panic!("{other:?}"),
        }
    }

    async fn granted(&mut self) -> Grant {
        match self.next().await {
            IdentityEvent::Granted(grant) => grant,
            other => panic!("{other:?}"),
        }
    }

    async fn failed(&mut self) -> String {
        match self.next().await {
            IdentityEvent::Failed(trouble) => trouble.to_string(),
            other => panic!("{other:?}"),
        }
    }
}

/// Signs `user` in with the browser, and lets them in.
async fn signed_in(provider: &Provider, user: &str) -> Result<(Console, Someone), PlatformError> {
    let mut console = Console::open(provider).await;
    let someone = Someone::new(provider, user)?;
    let address = console.browser(Purpose::SignIn).await;
    someone.go(&address).await?;
    console.granted().await;
    console.order(Order::Accept).await;
    Ok((console, someone))
}

fn port_of(address: &str) -> u16 {
    let address = reqwest::Url::parse(address).expect("an address");
    let (_, redirect) =
        address.query_pairs().find(|(name, _)| name == "redirect_uri").expect("a way back");
    let redirect = reqwest::Url::parse(&redirect).expect("an address");
    assert_eq!((redirect.host_str(), redirect.path()), (Some("127.0.0.1"), "/callback"));
    redirect.port().expect("a port")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_signs_in_with_the_browser() -> Outcome {
    let provider = Provider::start().await?;
    let mut console = Console::open(&provider).await;
    let address = console.browser(Purpose::SignIn).await;
    let landing = Someone::new(&provider, SENIOR)?.go(&address).await?;
    let shown = ["Sign in", "Authenticator", "Let pulse-console in?", "You are back"];
    assert_eq!((landing.status, landing.titles), (200, shown.map(String::from).to_vec()));
    let grant = console.granted().await;
    assert_eq!((grant.person.user.as_str(), grant.way), (SENIOR, Way::Browser));
    assert!(grant.person.is_in("plana-staff") && grant.person.is_in("plana-seniors"));
    let factors = grant.factors.expect("the provider says how");
    assert_eq!(factors.iter().map(Text::as_str).collect::<Vec<_>>(), ["pwd", "mfa"]);
    let proved = grant.proved_at.expect("the provider says when");
    assert!(Machine.now().since(proved).secs() < 120 && grant.renews);
    let port = port_of(&address);
    assert!(std::net::TcpListener::bind(("127.0.0.1", port)).is_ok(), "the port is still taken");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_elses_answers_and_other_requests_do_not_end_the_waiting() -> Outcome {
    let provider = Provider::start().await?;
    let mut console = Console::open(&provider).await;
    let address = console.browser(Purpose::SignIn).await;
    let someone = Someone::new(&provider, OPERATOR)?;
    let back = someone.go_until_sent_away(&address).await?.address;
    let browser = reqwest::Client::builder().no_proxy().build()?;
    let mut forged = back.clone();
    forged.set_query(Some("code=stolen&state=guessed"));
    let page = browser.get(forged).send().await?;
    assert_eq!(
        (page.status().as_u16(), page.headers()["cache-control"].as_bytes()),
        (400, &b"no-store"[..])
    );
    let policy = page.headers()["content-security-policy"].to_str().expect("text").to_owned();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(page.text().await?.contains("made by somebody else"));
    for (path, status) in
        [("/", 404), ("/favicon.ico", 404), ("/callback/x", 404), ("/callback", 400)]
    {
        let at = back.join(path).expect("an address");
        assert_eq!(browser.get(at).send().await?.status().as_u16(), status, "{path}");
    }
    assert_eq!(browser.post(back.clone()).body("x").send().await?.status().as_u16(), 405);
    let large = browser.get(back.clone()).header("x", "y".repeat(20_000)).send().await?;
    assert_eq!(large.status().as_u16(), 431);
    // Browsers open connections that they do not use.
    let idle = std::net::TcpStream::connect(("127.0.0.1", port_of(&address)));
    assert_eq!(browser.get(back).send().await?.status().as_u16(), 200);
    assert_eq!(console.granted().await.person.user.as_str(), OPERATOR);
    drop(idle);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn giving_up_frees_the_port_and_a_refusal_is_said_on_both_sides() -> Outcome {
    let provider = Provider::start().await?;
    let mut console = Console::open(&provider).await;
    let first = console.browser(Purpose::SignIn).await;
    let port = port_of(&first);
    assert!(std::net::TcpListener::bind(("127.0.0.1", port)).is_err(), "nobody waits there");
    console.order(Order::Cancel).await;
    let free = async {
        while std::net::TcpListener::bind(("127.0.0.1", port)).is_err() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(GUARD, free).await.expect("the port is freed");

    let second = console.browser(Purpose::SignIn).await;
    let mut someone = Someone::new(&provider, OPERATOR)?;
    someone.refuses = true;
    let landing = someone.go(&second).await?;
    assert_eq!(landing.titles.last().map(String::as_str), Some("You are not signed in"));
    let said = console.failed().await;
    assert!(said.contains("access_denied"), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_browser_is_opened_again_when_asked_and_why_it_did_not_is_said() -> Outcome {
    let provider = Provider::start().await?;
    let folder = tempfile::tempdir().expect("a folder");
    let (seen, script) = (folder.path().join("seen"), folder.path().join("browser"));
    std::fs::write(&script, format!("echo \"$1\" >>{}", seen.display())).expect("a script");
    let mut console = Console::open_as(&provider, &format!("sh {}", script.display())).await;
    let address = console.browser(Purpose::SignIn).await;
    console.order(Order::Answer(Answer::Agreed)).await;
    assert_eq!(console.sent_to().await, (address.clone(), None));
    // A script that takes its time is taken for a browser that runs on.
    let twice = format!("{address}\n{address}\n");
    let opened = async {
        while std::fs::read_to_string(&seen).unwrap_or_default() != twice {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(GUARD, opened).await.expect("it was opened twice");

    let mut console = Console::open_as(&provider, "no-such-browser").await;
    console.order(Order::Begin(Way::Browser, Purpose::SignIn)).await;
    let (address, why) = console.sent_to().await;
    assert!(why.expect("a reason").starts_with("no-such-browser can't be started"));
    Someone::new(&provider, OPERATOR)?.go(&address).await?;
    console.granted().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_who_is_known_must_prove_themselves_again_to_unlock() -> Outcome {
    let provider = Provider::start().await?;
    let (mut console, someone) = signed_in(&provider, OPERATOR).await?;
    let address = console.browser(Purpose::SignIn).await;
    assert!(address.contains("code_challenge_method=S256") && !address.contains("prompt="));
    let titles = someone.go(&address).await?.titles;
    assert!(!titles.contains(&"Sign in".to_owned()), "known, and asked: {titles:?}");
    console.granted().await;
    console.order(Order::Accept).await;
    let address = console.browser(Purpose::Unlock).await;
    let titles = someone.go(&address).await?.titles;
    assert_eq!(titles.first().map(String::as_str), Some("Sign in"), "{address}");
    console.granted().await;

    let without =
        address.replace("code_challenge_method=S256", "").replace("code_challenge=", "x=");
    let landing = someone.go_until_sent_away(&without).await?;
    let refused = landing.address.as_str().contains("error=invalid_request");
    assert!(refused, "the provider takes what has no challenge: {landing:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_signs_in_with_a_device_code() -> Outcome {
    let provider = Provider::start().await?;
    provider.devices(Duration::from_secs(600), Some(Duration::from_secs(1))).await?;
    let mut console = Console::open(&provider).await;
    let (complete, code) = console.device().await;
    assert!(complete.contains(&code), "{complete} {code}");
    let landing = Someone::new(&provider, OPERATOR)?.go(&complete).await?;
    assert_eq!(landing.titles.last().map(String::as_str), Some("Your device is signed in"));
    let grant = console.granted().await;
    assert_eq!((grant.person.user.as_str(), grant.way), (OPERATOR, Way::Device));
    assert!(grant.renews);

    let (complete, _) = console.device().await;
    let mut someone = Someone::new(&provider, OPERATOR)?;
    someone.refuses = true;
    someone.go(&complete).await?;
    let said = console.failed().await;
    assert!(said.contains("refused in the browser"), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_that_runs_out_is_followed_by_another_and_four_are_enough() -> Outcome {
    let provider = Provider::start().await?;
    provider.devices(Duration::from_secs(2), Some(Duration::from_secs(1))).await?;
    let mut console = Console::open(&provider).await;
    let mut codes = vec![console.device().await.1];
    for _ in 0..3 {
        codes.push(console.code().await.1);
    }
    let said = console.failed().await;
    assert!(said.contains("4 codes ran out"), "{said}");
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), 4);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_provider_may_be_away_while_a_code_is_waited_for() -> Outcome {
    let provider = Provider::start().await?;
    provider.devices(Duration::from_secs(600), Some(Duration::from_secs(1))).await?;
    let mut console = Console::open(&provider).await;
    let (complete, _) = console.device().await;
    provider.freeze();
    let hint = loop {
        match tokio::time::timeout(GUARD, console.told.recv()).await.expect("in time") {
            Some(IdentityEvent::Hint(hint)) => break hint,
            other => assert_eq!(other, Some(IdentityEvent::Checking)),
        }
    };
    assert!(hint.iter().any(|line| line.as_str().contains("can't be reached")), "{hint:?}");
    provider.thaw();
    Someone::new(&provider, OPERATOR)?.go(&complete).await?;
    console.granted().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_is_proved_with_a_factor_at_the_second_application() -> Outcome {
    let provider = Provider::start().await?;
    let (mut console, someone) = signed_in(&provider, SENIOR).await?;
    let plan = PlanHash::new("c0ffee");
    let address = console.browser(Purpose::StepUp(plan.clone())).await;
    let titles = someone.go(&address).await?.titles;
    assert_eq!(
        titles.first().map(String::as_str),
        Some("Authenticator"),
        "only the factor is asked for"
    );
    match console.next().await {
        IdentityEvent::Proved(proof) => assert_eq!(proof.plan, plan),
        other => panic!("{other:?}"),
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_is_renewed_with_new_groups_and_new_keys_until_it_is_revoked() -> Outcome {
    let provider = Provider::start().await?;
    provider.tokens_hold(Duration::from_secs(10)).await?;
    let (mut console, _) = signed_in(&provider, SENIOR).await?;
    let keys = provider.asked("jwks").await?;
    provider.groups(SENIOR, &["plana-staff"]).await?;
    provider.rotate_keys(true).await?;
    for _ in 0..2 {
        match console.next().await {
            IdentityEvent::Renewed(grant) => assert!(!grant.person.is_in("plana-seniors")),
            other => panic!("{other:?}"),
        }
        console.order(Order::Accept).await;
    }
    assert_eq!(provider.asked("jwks").await? - keys, 1, "keys are fetched once for a new one");
    provider.revoke(SENIOR).await?;
    loop {
        match console.next().await {
            IdentityEvent::Over(why) => {
                break assert!(why.to_string().contains("over at the provider"), "{why}");
            }
            IdentityEvent::Renewed(_) => console.order(Order::Accept).await,
            other => panic!("{other:?}"),
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signing_out_ends_the_tokens_at_the_provider() -> Outcome {
    let provider = Provider::start().await?;
    let (mut console, _) = signed_in(&provider, OPERATOR).await?;
    let before = provider.asked("revocation").await?;
    console.order(Order::SignOut).await;
    assert_eq!(console.next().await, IdentityEvent::SignedOut(None));
    assert!(provider.asked("revocation").await? > before);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_real_browser_signs_in() -> Outcome {
    let provider = Provider::start().await?;
    let mut console = Console::open(&provider).await;
    let address = console.browser(Purpose::SignIn).await;
    let shown = provider.sign_in_with_chromium(&address, SENIOR).await?;
    assert_eq!(shown.title, "You are back", "{shown:?}");
    assert!(shown.text.contains("You may close this page"), "{shown:?}");
    assert_eq!(shown.complaints, Vec::<String>::new());
    let here = |address: &&String| !address.starts_with("http://127.0.0.1:");
    assert_eq!(shown.asked.iter().find(here), None, "a page loads something from elsewhere");
    assert_eq!(console.granted().await.person.user.as_str(), SENIOR);
    Ok(())
}
