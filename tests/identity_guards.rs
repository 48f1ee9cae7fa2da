//! What guards a session at a certified provider: a refresh token counts once, a proof must be fresh, an answer must say
//! whose it is, and a signature may be of another kind.
#![cfg(feature = "real-servers")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what it expects"
)]

mod identity;
mod live_watch;
mod platform;
mod signed_in;

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use identity::{Desk, now};
use platform::{CLIENT, OPERATOR, PSS_CLIENT, PlatformError, Provider, SENIOR, Someone};
use pulse_console::config::{ServerUrl, Settings, SignInFlow};
use pulse_console::domain::PlanHash;
use pulse_console::platform::{Challenge, IdentityEvent};
use pulse_console::session::Standing;
use serde_json::Value;
use signed_in::Memory;

type Tested = Result<(), PlatformError>;

const FACTORS: [&str; 2] = ["pwd", "mfa"];
/// Far longer than anything takes: it only ends a test that hangs.
const GUARD: Duration = Duration::from_mins(1);

/// Settings of a console whose people sign in at `provider` with the browser, and whose plans are proved there too.
fn settings(provider: &Provider) -> Settings {
    let mut settings = live_watch::settings();
    let identity = &mut settings.identity;
    identity.issuer.value = ServerUrl::parse(&provider.issuer()).ok();
    identity.client_id.value = CLIENT.into();
    identity.flow.value = SignInFlow::Browser;
    identity.browser.value = Some("true".into());
    settings
}

/// The page that the browser is sent to.
async fn page(desk: &mut Desk) -> String {
    match desk.asked().await {
        Challenge::Browser { address, .. } => address.as_str().to_owned(),
        other => panic!("{other:?}"),
    }
}

/// A console at which `someone` is signed in, and where their session is kept.
async fn signed_in(
    provider: &Provider,
    someone: &Someone,
) -> Result<(Desk, Arc<Memory>), PlatformError> {
    let (memory, mut settings) = (Arc::new(Memory::default()), settings(provider));
    settings.identity.keyring.value = true;
    let keeper = Arc::clone(&memory);
    let mut desk = Desk::open_keeping(&settings, keeper).await;
    let address = page(&mut desk).await;
    someone.go(&address).await?;
    desk.comes_in().await;
    assert!(is_in(&desk), "{}", desk.wrong());
    Ok((desk, memory))
}

fn is_in(desk: &Desk) -> bool {
    matches!(desk.presence.standing(), Standing::SignedIn(_))
}

/// The refresh token that is kept, once it is another than `before`.
async fn kept_after(memory: &Memory, before: Option<&str>) -> String {
    let kept = async {
        loop {
            let kept =
                memory.kept().and_then(|kept| kept["refresh_token"].as_str().map(str::to_owned));
            match kept {
                Some(token) if Some(token.as_str()) != before => break token,
                _ => tokio::time::sleep(Duration::from_millis(10)).await,
            }
        }
    };
    tokio::time::timeout(GUARD, kept).await.expect("a token is kept")
}

/// The session is over here, and the sentence on the screen says so.
fn is_over(desk: &Desk, memory: &Memory) {
    assert_eq!(*desk.presence.standing(), Standing::SignedOut);
    let said = desk.wrong();
    assert!(said.contains("over at the provider") && said.contains("used twice"), "{said}");
    assert_eq!(memory.kept(), None, "what is good for nothing is kept");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_old_refresh_token_that_comes_again_ends_the_session() -> Tested {
    let provider = Provider::start().await?;
    provider.tokens_hold(Duration::from_secs(5)).await?;
    let someone = Someone::new(&provider, SENIOR)?;
    let (mut desk, memory) = signed_in(&provider, &someone).await?;
    let old = kept_after(&memory, None).await;
    desk.renewed().await;
    let good = kept_after(&memory, Some(&old)).await;

    let (status, answer) = provider.refresh(&old).await?;
    assert_eq!((status, answer["error"].as_str()), (400, Some("invalid_grant")), "{answer}");
    desk.over().await;
    is_over(&desk, &memory);
    let (status, answer) = provider.refresh(&good).await?;
    assert_eq!((status, answer["error"].as_str()), (400, Some("invalid_grant")), "{answer}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thief_who_renews_first_loses_the_session_with_us() -> Tested {
    let provider = Provider::start().await?;
    provider.tokens_hold(Duration::from_secs(5)).await?;
    let someone = Someone::new(&provider, SENIOR)?;
    let (mut desk, memory) = signed_in(&provider, &someone).await?;
    let stolen = kept_after(&memory, None).await;
    let (status, answer) = provider.refresh(&stolen).await?;
    assert_eq!(status, 200, "{answer}");
    let of_the_thief = answer["refresh_token"].as_str().expect("a token").to_owned();

    desk.over().await;
    is_over(&desk, &memory);
    let (status, answer) = provider.refresh(&of_the_thief).await?;
    assert_eq!((status, answer["error"].as_str()), (400, Some("invalid_grant")), "{answer}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_kept_is_good_for_nothing_after_signing_out() -> Tested {
    let provider = Provider::start().await?;
    let someone = Someone::new(&provider, OPERATOR)?;
    let (mut desk, memory) = signed_in(&provider, &someone).await?;
    let token = kept_after(&memory, None).await;
    let orders = desk.presence.sign_out();
    desk.order(orders).await;
    assert_eq!(desk.next().await, IdentityEvent::SignedOut(None));
    assert_eq!((desk.bearer().as_str(), memory.kept()), ("", None));
    let (status, answer) = provider.refresh(&token).await?;
    assert_eq!((status, answer["error"].as_str()), (400, Some("invalid_grant")), "{answer}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_whose_challenge_somebody_changed_on_the_way_signs_nobody_in() -> Tested {
    let provider = Provider::start().await?;
    let someone = Someone::new(&provider, OPERATOR)?;
    let mut desk = Desk::open(&settings(&provider)).await;
    // The verifier would be readable by whoever reads the address.
    let address = page(&mut desk).await;
    let plain = address.replace("code_challenge_method=S256", "code_challenge_method=plain");
    let landing = someone.go(&plain).await?;
    assert!(landing.titles.contains(&"You are not signed in".to_owned()), "{landing:?}");
    assert!(desk.failed().await.to_string().contains("invalid_request"), "{}", desk.wrong());

    // The provider takes another challenge, and gives a code that is not ours.
    desk.begins().await;
    let address = page(&mut desk).await;
    let (before, after) = address.split_once("code_challenge=").expect("a challenge");
    let (_, after) = after.split_once('&').expect("more after it");
    let other = BASE64_URL_SAFE_NO_PAD.encode([7; 32]);
    someone.go(&format!("{before}code_challenge={other}&{after}")).await?;
    assert!(desk.failed().await.to_string().contains("invalid_grant"), "{}", desk.wrong());
    assert!(!is_in(&desk));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_proved_themselves_too_long_ago_is_asked_by_the_provider_at_once() -> Tested {
    let provider = Provider::start().await?;
    provider.proofs(&FACTORS, Duration::from_hours(13)).await?;
    let someone = Someone::new(&provider, OPERATOR)?;
    let mut early = Desk::open(&settings(&provider)).await;
    let address = page(&mut early).await;
    someone.go(&address).await?;
    early.granted().await;
    assert!(early.wrong().contains("ago, and a sign-in lasts"), "{}", early.wrong());

    // Another console knows nothing of that. The provider knows the person, and asks all the same.
    provider.proofs(&FACTORS, Duration::ZERO).await?;
    let mut desk = Desk::open(&settings(&provider)).await;
    let address = page(&mut desk).await;
    assert!(address.contains("max_age=43200") && !address.contains("prompt="), "{address}");
    let titles = someone.go(&address).await?.titles;
    assert_eq!(titles.first().map(String::as_str), Some("Sign in"), "{titles:?}");
    let grant = desk.granted().await;
    assert!(now().since(grant.proved_at.expect("a time")).secs() < 120);
    assert!(is_in(&desk), "{}", desk.wrong());

    // Who has just proved themselves is not asked again.
    let mut third = Desk::open(&settings(&provider)).await;
    let address = page(&mut third).await;
    let titles = someone.go(&address).await?.titles;
    assert!(!titles.contains(&"Sign in".to_owned()), "{titles:?}");
    third.granted().await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_plan_is_not_proved_by_what_was_proved_before() -> Tested {
    let provider = Provider::start().await?;
    let someone = Someone::new(&provider, SENIOR)?;
    let (mut desk, _) = signed_in(&provider, &someone).await?;
    let plan = PlanHash::new("c0ffee");
    for (ago, counts) in [(Duration::from_hours(1), false), (Duration::ZERO, true)] {
        provider.proofs(&FACTORS, ago).await?;
        desk.proves(&plan).await;
        let address = page(&mut desk).await;
        assert!(address.contains("prompt=login") && address.contains("max_age=60"), "{address}");
        let titles = someone.go(&address).await?.titles;
        assert_eq!(titles.first().map(String::as_str), Some("Sign in"), "{titles:?}");
        if counts {
            assert_eq!(desk.proved().await.plan, plan);
            assert_eq!(desk.presence.spend_proof(&plan, now()), Ok(()));
            continue;
        }
        let said = desk.failed().await.to_string();
        assert!(said.contains("did not") && said.contains("(auth_time)"), "{said}");
        assert!(desk.presence.spend_proof(&plan, now()).is_err() && is_in(&desk));
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hidden_screen_is_not_opened_by_what_was_proved_before() -> Tested {
    let provider = Provider::start().await?;
    let someone = Someone::new(&provider, OPERATOR)?;
    let (mut desk, _) = signed_in(&provider, &someone).await?;
    desk.presence.lock();
    for (ago, opens) in [(Duration::from_hours(1), false), (Duration::ZERO, true)] {
        provider.proofs(&FACTORS, ago).await?;
        desk.begins().await;
        let address = page(&mut desk).await;
        someone.go(&address).await?;
        if opens {
            desk.granted().await;
        } else {
            let said = desk.failed().await.to_string();
            assert!(said.contains("(auth_time)"), "{said}");
        }
        assert_eq!(is_in(&desk), opens, "{}", desk.wrong());
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_does_not_say_that_it_is_of_this_provider_is_refused() -> Tested {
    let provider = Provider::start().await?;
    let someone = Someone::new(&provider, OPERATOR)?;
    let mut desk = Desk::open(&settings(&provider)).await;
    let browser = reqwest::Client::builder().no_proxy().build()?;
    let (right, other) = (provider.issuer(), "https://evil.example".to_owned());
    for said in [vec![], vec![&other], vec![&right, &other], vec![&right]] {
        let address = page(&mut desk).await;
        let mut back = someone.go_until_sent_away(&address).await?.address;
        let kept: Vec<(String, String)> =
            back.query_pairs().into_owned().filter(|(name, _)| name != "iss").collect();
        assert!(back.query_pairs().any(|(name, of)| name == "iss" && of == right), "{back}");
        back.query_pairs_mut()
            .clear()
            .extend_pairs(kept)
            .extend_pairs(said.iter().map(|issuer| ("iss", issuer)));
        let shown = browser.get(back).send().await?.text().await?;
        if said == [&right] {
            assert!(shown.contains("You are back"), "{shown}");
            desk.granted().await;
            break;
        }
        assert!(shown.contains("You are not signed in"), "{said:?}: {shown}");
        let trouble = desk.failed().await.to_string();
        assert!(trouble.contains("(iss)"), "{said:?}: {trouble}");
        desk.begins().await;
    }
    assert!(is_in(&desk), "{}", desk.wrong());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_may_be_signed_with_ps256() -> Tested {
    let provider = Provider::start().await?;
    let mut settings = settings(&provider);
    settings.identity.client_id.value = PSS_CLIENT.into();
    let mut desk = Desk::open(&settings).await;
    let address = page(&mut desk).await;
    Someone::new(&provider, SENIOR)?.go(&address).await?;
    let token = desk.comes_in().await;
    assert!(is_in(&desk), "{}", desk.wrong());
    let head = token.split('.').next().unwrap_or_default();
    let head = BASE64_URL_SAFE_NO_PAD.decode(head).expect("a head");
    let head: Value = serde_json::from_slice(&head).expect("a head");
    assert_eq!(head["alg"], "PS256");
    Ok(())
}
