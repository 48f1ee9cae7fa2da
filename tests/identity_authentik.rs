//! Signing in at Authentik, by typing the password in the console: the whole way through the door to the provider, and
//! what the session makes of it.
#![cfg(feature = "real-servers")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

mod identity;
mod live_watch;
mod platform;

use identity::{Desk, now, settings};
use platform::{
    Authentik, AuthentikDevice, CONSOLE_APP, Instead, PASSWORD, PlatformError, STEP_UP_APP,
};
use pulse_console::domain::{PlanHash, Role, Text, Trouble, TroubleKind};
use pulse_console::platform::{Answer, Challenge, IdentityEvent, Prompt, Secret, Way};
use pulse_console::session::{GOOD_FOR, Standing, Unproved};
use serde_json::json;

type Tested = Result<(), PlatformError>;

/// A console at the first prompt.
async fn desk(authentik: &Authentik) -> Desk {
    let mut desk = Desk::open(&settings(&authentik.issuer(CONSOLE_APP))).await;
    assert_eq!(desk.prompted(&[Prompt::User]).await, None);
    desk
}

/// Types user and password.
async fn names(desk: &mut Desk, user: &str) {
    desk.types(&[user]).await;
    assert_eq!(desk.prompted(&[Prompt::Password]).await, None);
    desk.types(&[PASSWORD]).await;
}

/// Types user, password and code, and agrees.
async fn signs_in(desk: &mut Desk, authentik: &Authentik, user: &str) {
    names(desk, user).await;
    assert_eq!(desk.prompted(&[Prompt::Code]).await, None);
    desk.types(&[&authentik.code(user)]).await;
    agrees(desk).await;
}

async fn agrees(desk: &mut Desk) {
    let Challenge::Consent { title, permissions } = desk.asked().await else {
        panic!("consent is not asked for");
    };
    assert!(title.as_str().contains("sign into pulse-console"), "{title}");
    assert_eq!(permissions.len(), 2);
    desk.answers(Answer::Agreed).await;
}

fn is_in(desk: &Desk, user: &str) -> bool {
    matches!(desk.presence.standing(), Standing::SignedIn(staff) if staff.person.user.as_str() == user)
}

#[tokio::test]
async fn who_types_everything_right_is_in_at_once() -> Tested {
    let authentik = Authentik::start().await?;
    let mut desk = desk(&authentik).await;
    signs_in(&mut desk, &authentik, "maria").await;
    let grant = desk.granted().await;
    assert_eq!(grant.way, Way::Terminal);
    assert_eq!(grant.person.name.as_str(), "Мария Стоянова");
    let factors: Vec<_> = grant.factors.iter().flatten().map(Text::as_str).collect();
    assert_eq!(factors, ["pwd", "mfa"]);
    assert!(grant.renews);
    assert!(is_in(&desk, "maria"));
    assert_eq!(desk.presence.role(), Role::Senior);
    assert_eq!((authentik.passwords_sent(), authentik.logins()), (1, 1));
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_is_asked_again_with_the_reason() -> Tested {
    let authentik = Authentik::start().await?;
    let mut desk = desk(&authentik).await;
    desk.types(&["ivan"]).await;
    desk.prompted(&[Prompt::Password]).await;
    desk.types(&["wrong"]).await;
    let wrong = desk.prompted(&[Prompt::Password]).await;
    assert_eq!(wrong.as_deref(), Some("Failed to authenticate"));
    desk.types(&[PASSWORD]).await;
    desk.prompted(&[Prompt::Code]).await;
    desk.types(&["000000"]).await;
    let wrong = desk.prompted(&[Prompt::Code]).await.expect("a reason");
    assert!(wrong.starts_with("Invalid Token."), "{wrong}");
    desk.types(&[&authentik.code("ivan")]).await;
    agrees(&mut desk).await;
    desk.granted().await;
    assert!(is_in(&desk, "ivan"));
    assert_eq!(desk.presence.role(), Role::Operator);
    Ok(())
}

#[tokio::test]
async fn a_code_is_taken_once() -> Tested {
    let authentik = Authentik::start().await?;
    let mut first = desk(&authentik).await;
    let code = authentik.code("maria");
    names(&mut first, "maria").await;
    first.prompted(&[Prompt::Code]).await;
    first.types(&[&code]).await;
    agrees(&mut first).await;
    first.granted().await;

    let mut second = desk(&authentik).await;
    names(&mut second, "maria").await;
    second.prompted(&[Prompt::Code]).await;
    second.types(&[&code]).await;
    assert!(second.prompted(&[Prompt::Code]).await.is_some(), "the code was taken twice");
    second.types(&[&authentik.code("maria")]).await;
    agrees(&mut second).await;
    second.granted().await;
    assert!(is_in(&second, "maria"));
    Ok(())
}

#[tokio::test]
async fn a_customer_is_known_there_and_does_not_come_in_here() -> Tested {
    let authentik = Authentik::start().await?;
    let mut desk = desk(&authentik).await;
    signs_in(&mut desk, &authentik, "office@acme.example").await;
    desk.granted().await;
    assert_eq!(*desk.presence.standing(), Standing::SignedOut);
    assert!(desk.wrong().contains("not in the group plana-staff"), "{}", desk.wrong());
    Ok(())
}

/// What comes of answering `instead` of the stage `component`, to somebody who types everything right.
async fn trouble(component: &'static str, instead: Instead) -> Result<Trouble, PlatformError> {
    let authentik = Authentik::start().await?;
    authentik.be(|manner| manner.instead = Some((component, instead)));
    let mut desk = Desk::open(&settings(&authentik.issuer(CONSOLE_APP))).await;
    loop {
        let event = desk.next().await;
        match event {
            IdentityEvent::Failed(trouble) => {
                assert!(!trouble.remedy.is_empty(), "{trouble}");
                let said = trouble.to_string();
                assert!(!said.contains(PASSWORD) && !said.contains("code_challenge"), "{said}");
                return Ok(trouble);
            }
            IdentityEvent::Asked(challenge) => match challenge {
                Challenge::Prompts { prompts, .. } => match prompts[..] {
                    [Prompt::User] => desk.types(&["maria"]).await,
                    [Prompt::Password] => desk.types(&[PASSWORD]).await,
                    _ => desk.types(&[&authentik.code("maria")]).await,
                },
                Challenge::Choice { .. } => desk.answers(Answer::Chosen(1)).await,
                _ => desk.answers(Answer::Agreed).await,
            },
            IdentityEvent::Granted(_) => panic!("somebody is in"),
            _ => {}
        }
    }
}

#[tokio::test]
async fn whatever_goes_wrong_is_a_sentence() -> Tested {
    let json = |said| Instead::Json(said);
    let to = |to: &str| Instead::Json(json!({ "component": "xak-flow-redirect", "to": to }));
    for (component, instead, kind, says) in [
        (
            "ak-stage-password",
            json(json!({ "component": "ak-stage-access-denied", "error_message": "Not today" })),
            TroubleKind::Denied,
            "Not today",
        ),
        (
            "ak-stage-consent",
            json(json!({ "component": "ak-stage-flow-error", "request_id": "c0ffee" })),
            TroubleKind::Server,
            "c0ffee",
        ),
        (
            "xak-flow-redirect",
            to("https://evil.example/?code=1&state=2"),
            TroubleKind::Denied,
            "leads to https://evil.example, which is another host",
        ),
        (
            "ak-stage-password",
            Instead::Redirect("https://evil.example/".into()),
            TroubleKind::Denied,
            "evil.example",
        ),
        (
            "ak-stage-password",
            Instead::Redirect("/if/user/".into()),
            TroubleKind::Protocol,
            "leads nowhere",
        ),
        (
            "xak-flow-redirect",
            to("http://127.0.0.1/callback?code=1&state=2"),
            TroubleKind::Protocol,
            "state",
        ),
        ("ak-stage-identification", Instead::Page, TroubleKind::Protocol, "a page for people"),
        ("ak-stage-password", Instead::Huge, TroubleKind::Protocol, "far more"),
        ("ak-stage-password", Instead::Close, TroubleKind::Unreachable, "broke"),
        (
            "ak-stage-identification",
            Instead::Status(404),
            TroubleKind::Config,
            "knows no such flow",
        ),
        ("ak-stage-password", Instead::Status(429), TroubleKind::Denied, "too often"),
        ("ak-stage-password", Instead::Status(503), TroubleKind::Server, "fails (503"),
        ("ak-stage-password", Instead::Circle, TroubleKind::Protocol, "came to no end"),
    ] {
        let case = format!("{instead:?} instead of {component}");
        let trouble = trouble(component, instead).await?;
        assert!(trouble.to_string().contains(says), "{case}: {trouble}");
        assert_eq!(trouble.kind, kind, "{case}: {trouble}");
    }
    Ok(())
}

#[tokio::test]
async fn who_has_only_a_key_is_sent_to_the_browser() -> Tested {
    let authentik = Authentik::start().await?;
    authentik.equip("maria", &[AuthentikDevice::Key]);
    let mut desk = desk(&authentik).await;
    names(&mut desk, "maria").await;
    let trouble = desk.failed().await;
    assert!(trouble.to_string().contains("a security key or passkey"), "{trouble}");
    assert!(trouble.remedy.as_str().contains("browser"), "{trouble}");
    Ok(())
}

#[tokio::test]
async fn a_kept_code_counts_once_and_only_if_it_is_chosen() -> Tested {
    let authentik = Authentik::start().await?;
    authentik.equip("maria", &[AuthentikDevice::Key, AuthentikDevice::Kept]);
    let code = authentik.kept_code("maria");
    for again in [false, true] {
        let mut desk = desk(&authentik).await;
        names(&mut desk, "maria").await;
        let Challenge::Choice { choices, .. } = desk.asked().await else { panic!("no choice") };
        assert_eq!(choices.len(), 2);
        desk.answers(Answer::Chosen(0)).await;
        assert_eq!(desk.prompted(&[Prompt::Code]).await, None);
        desk.types(&[&code]).await;
        if again {
            assert!(desk.prompted(&[Prompt::Code]).await.is_some(), "the code was taken twice");
        } else {
            agrees(&mut desk).await;
            desk.granted().await;
            assert!(is_in(&desk, "maria"));
        }
    }
    let mut desk = desk(&authentik).await;
    names(&mut desk, "maria").await;
    desk.asked().await;
    desk.answers(Answer::Chosen(1)).await;
    let trouble = desk.failed().await;
    assert!(trouble.to_string().contains("security key"), "{trouble}");
    Ok(())
}

#[tokio::test]
async fn the_provider_may_ask_in_another_order_and_for_more() -> Tested {
    let authentik = Authentik::start().await?;
    authentik.be(|manner| {
        manner.password_beside_user = true;
        manner.asks_to_remember = true;
    });
    let mut desk = Desk::open(&settings(&authentik.issuer(CONSOLE_APP))).await;
    let both = [Prompt::User, Prompt::Password];
    assert_eq!(desk.prompted(&both).await, None);
    desk.types(&["nobody", PASSWORD]).await;
    assert_eq!(desk.prompted(&both).await.as_deref(), Some("Failed to authenticate."));
    desk.types(&["maria", PASSWORD]).await;
    assert_eq!(desk.prompted(&[Prompt::Code]).await, None);
    desk.types(&[&authentik.code("maria")]).await;
    // Whether to remember the machine is answered without asking anybody: no.
    agrees(&mut desk).await;
    desk.granted().await;
    assert!(is_in(&desk, "maria"));
    Ok(())
}

#[tokio::test]
async fn who_may_not_use_the_application_or_has_no_factor_is_told_so() -> Tested {
    let authentik = Authentik::start().await?;
    authentik.be(|manner| manner.application_closed = true);
    let mut closed = desk(&authentik).await;
    names(&mut closed, "maria").await;
    closed.prompted(&[Prompt::Code]).await;
    closed.types(&[&authentik.code("maria")]).await;
    let trouble = closed.failed().await;
    assert_eq!(trouble.kind, TroubleKind::Denied, "{trouble}");
    assert!(trouble.to_string().contains("Request has been denied."), "{trouble}");

    authentik.be(|manner| manner.application_closed = false);
    authentik.equip("ivan", &[]);
    let mut bare = desk(&authentik).await;
    names(&mut bare, "ivan").await;
    assert!(bare.failed().await.to_string().contains("You have no authenticator."));

    // Where the provider lets such people in, the console does not.
    authentik.be(|manner| manner.factor_required = false);
    bare.begins().await;
    bare.prompted(&[Prompt::User]).await;
    names(&mut bare, "ivan").await;
    agrees(&mut bare).await;
    bare.granted().await;
    assert_eq!(*bare.presence.standing(), Standing::SignedOut);
    assert!(
        bare.wrong().contains("without a second factor (the provider says: pwd)"),
        "{}",
        bare.wrong()
    );
    Ok(())
}

#[tokio::test]
async fn a_login_from_yesterday_is_too_old() -> Tested {
    let authentik = Authentik::start().await?;
    authentik.be(|manner| manner.login_age = 13 * 3_600);
    let mut desk = desk(&authentik).await;
    signs_in(&mut desk, &authentik, "maria").await;
    desk.granted().await;
    assert_eq!(*desk.presence.standing(), Standing::SignedOut);
    assert!(desk.wrong().contains("ago, and a sign-in lasts"), "{}", desk.wrong());
    Ok(())
}

#[tokio::test]
async fn a_flow_that_is_not_there_names_its_setting() -> Tested {
    let authentik = Authentik::start().await?;
    let mut settings = settings(&authentik.issuer(CONSOLE_APP));
    settings.identity.terminal_flow.value = "no-such-flow".to_owned();
    let mut desk = Desk::open(&settings).await;
    let trouble = desk.failed().await;
    assert_eq!(trouble.kind, TroubleKind::Config);
    assert!(
        trouble.remedy.as_str().contains("identity.terminal_flow (now no-such-flow)"),
        "{trouble}"
    );
    Ok(())
}

#[tokio::test]
async fn a_server_that_goes_away_is_noticed_and_tried_again() -> Tested {
    let mut authentik = Authentik::start().await?;
    let mut desk = desk(&authentik).await;
    desk.types(&["maria"]).await;
    desk.prompted(&[Prompt::Password]).await;
    authentik.kill();
    desk.types(&[PASSWORD]).await;
    let trouble = desk.failed().await;
    assert_eq!(trouble.kind, TroubleKind::Unreachable, "{trouble}");
    assert!(!trouble.to_string().contains(PASSWORD), "{trouble}");
    Ok(())
}

#[tokio::test]
async fn what_is_under_way_can_be_given_up_at_any_moment() -> Tested {
    let authentik = Authentik::start().await?;
    let mut desk = desk(&authentik).await;
    let orders = desk.presence.cancel();
    desk.order(orders).await;
    desk.begins().await;
    assert_eq!(desk.prompted(&[Prompt::User]).await, None);

    // Even while the server says nothing at all.
    authentik.be(|manner| manner.instead = Some(("ak-stage-password", Instead::Silence)));
    desk.types(&["maria"]).await;
    assert_eq!(desk.next().await, IdentityEvent::Checking);
    let orders = desk.presence.cancel();
    desk.order(orders).await;
    authentik.be(|manner| manner.instead = None);
    desk.begins().await;
    assert_eq!(desk.prompted(&[Prompt::User]).await, None);
    signs_in(&mut desk, &authentik, "maria").await;
    desk.granted().await;
    assert!(is_in(&desk, "maria"));
    Ok(())
}

#[tokio::test]
async fn a_hidden_screen_comes_back_with_one_login() -> Tested {
    let authentik = Authentik::start().await?;
    let mut desk = desk(&authentik).await;
    signs_in(&mut desk, &authentik, "maria").await;
    desk.granted().await;
    desk.presence.lock();
    desk.begins().await;
    desk.prompted(&[Prompt::User]).await;
    signs_in(&mut desk, &authentik, "maria").await;
    desk.granted().await;
    assert!(is_in(&desk, "maria"));
    assert_eq!(authentik.logins(), 2);
    Ok(())
}

/// A console whose plans are proved at the second application.
async fn desk_with_step_up(authentik: &Authentik) -> Desk {
    let mut settings = settings(&authentik.issuer(CONSOLE_APP));
    settings.identity.step_up_client_id.value = Some(STEP_UP_APP.to_owned());
    settings.identity.step_up_issuer.value = live_watch::url(&authentik.issuer(STEP_UP_APP));
    let mut desk = Desk::open(&settings).await;
    desk.prompted(&[Prompt::User]).await;
    signs_in(&mut desk, authentik, "maria").await;
    desk.granted().await;
    assert!(is_in(&desk, "maria"), "{}", desk.wrong());
    desk
}

#[tokio::test]
async fn a_plan_takes_a_fresh_code_which_counts_for_it_alone_and_once() -> Tested {
    let authentik = Authentik::start().await?;
    let mut desk = desk_with_step_up(&authentik).await;
    let (plan, other) = (PlanHash::new("plan"), PlanHash::new("other"));
    assert_eq!(desk.presence.spend_proof(&plan, now()), Err(Unproved::Missing));

    // Who is signed in is not asked for more than the code.
    desk.proves(&plan).await;
    assert_eq!(desk.prompted(&[Prompt::Code]).await, None);
    let code = authentik.code("maria");
    desk.types(&[&code]).await;
    let proof = desk.proved().await;
    assert_eq!(proof.plan, plan);
    assert_eq!(authentik.logins(), 1);
    assert_eq!(desk.presence.spend_proof(&other, now()), Err(Unproved::Missing));
    assert_eq!(desk.presence.spend_proof(&plan, now()), Ok(()));
    assert_eq!(desk.presence.spend_proof(&plan, now()), Err(Unproved::Missing));

    // The next plan takes another code.
    desk.proves(&other).await;
    desk.prompted(&[Prompt::Code]).await;
    desk.types(&[&code]).await;
    assert!(desk.prompted(&[Prompt::Code]).await.is_some(), "the code was taken twice");
    desk.types(&["maria-has-no-such-code"]).await;
    assert!(desk.prompted(&[Prompt::Code]).await.is_some());
    let orders = desk.presence.cancel();
    desk.order(orders).await;
    assert_eq!(desk.presence.spend_proof(&other, now()), Err(Unproved::Missing));
    assert!(is_in(&desk, "maria"), "who gives up a proof stays signed in");
    Ok(())
}

#[tokio::test]
async fn a_proof_is_good_for_a_minute() -> Tested {
    let authentik = Authentik::start().await?;
    let mut desk = desk_with_step_up(&authentik).await;
    let plan = PlanHash::new("plan");
    desk.proves(&plan).await;
    desk.prompted(&[Prompt::Code]).await;
    desk.types(&[&authentik.code("maria")]).await;
    let proof = desk.proved().await;
    let late = proof.issued_at.after(GOOD_FOR);
    assert!(matches!(desk.presence.spend_proof(&plan, late), Err(Unproved::Stale(_))));
    assert_eq!(desk.presence.spend_proof(&plan, now()), Err(Unproved::Missing));
    Ok(())
}

#[tokio::test]
async fn an_issuer_for_plans_at_another_server_is_refused() -> Tested {
    let authentik = Authentik::start().await?;
    let mut settings = settings(&authentik.issuer(CONSOLE_APP));
    settings.identity.step_up_client_id.value = Some(STEP_UP_APP.to_owned());
    settings.identity.step_up_issuer.value =
        live_watch::url("https://evil.example/application/o/x/");
    let mut desk = Desk::open(&settings).await;
    desk.prompted(&[Prompt::User]).await;
    signs_in(&mut desk, &authentik, "maria").await;
    desk.granted().await;
    desk.proves(&PlanHash::new("plan")).await;
    let trouble = desk.failed().await;
    assert_eq!(trouble.kind, TroubleKind::Config);
    assert!(trouble.to_string().contains("identity.step_up_issuer"), "{trouble}");
    Ok(())
}

#[tokio::test]
async fn what_is_typed_appears_nowhere() -> Tested {
    const MARKER: &str = "marker-of-a-password";
    const CODE_MARKER: &str = "marker-of-a-code";
    let mut authentik = Authentik::start().await?;
    let mut desk = desk(&authentik).await;
    desk.types(&["maria"]).await;
    desk.prompted(&[Prompt::Password]).await;
    desk.types(&[MARKER]).await;
    desk.prompted(&[Prompt::Password]).await;
    desk.types(&[PASSWORD]).await;
    desk.prompted(&[Prompt::Code]).await;
    desk.types(&[CODE_MARKER]).await;
    desk.prompted(&[Prompt::Code]).await;
    let code = authentik.code("maria");
    desk.types(&[&code]).await;
    agrees(&mut desk).await;
    desk.granted().await;
    desk.presence.lock();
    desk.begins().await;
    desk.prompted(&[Prompt::User]).await;
    desk.types(&["maria"]).await;
    desk.prompted(&[Prompt::Password]).await;
    authentik.kill();
    let typed = Answer::Typed(vec![Secret::new(MARKER.to_owned())]);
    let mut shown = format!("{typed:?}");
    desk.answers(typed).await;
    desk.failed().await;

    shown = format!("{shown}{:?}{:?}", desk.all, desk.presence);
    for event in &desk.all {
        shown += &serde_json::to_string(event).expect("an event is recorded");
    }
    shown += &serde_json::to_string(&desk.presence.memo()).expect("a session is recorded");
    assert!(shown.contains("maria"), "what is looked through is something");
    for secret in [MARKER, CODE_MARKER, PASSWORD, &code] {
        assert!(!shown.contains(secret), "{secret} is in {shown}");
    }
    Ok(())
}
