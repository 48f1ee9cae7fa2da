//! Signing in at Authentik with a device code: codes of a minute, throttled, at a provider that does not ask anew for
//! being told to and says nothing of the factor when the session is renewed.
#![cfg(feature = "real-servers")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

mod identity;
mod live_watch;
mod platform;

use std::time::Duration;

use identity::{Desk, now};
use platform::{Authentik, CONSOLE_APP, PlatformError, STEP_UP_APP, ToDevice, said_by};
use pulse_console::config::{Settings, SignInFlow};
use pulse_console::domain::{PlanHash, Role, Text, TroubleKind};
use pulse_console::platform::{Challenge, IdentityEvent, Way};
use pulse_console::session::{Staff, Standing, Unproved};

type Tested = Result<(), PlatformError>;

/// An hour, in seconds.
const HOUR: i64 = 3_600;

/// Settings of a console whose people sign in at `authentik` with a device code.
fn settings(authentik: &Authentik) -> Settings {
    let mut settings = identity::settings(&authentik.issuer(CONSOLE_APP));
    settings.identity.flow.value = SignInFlow::Device;
    settings.identity.terminal.value = false;
    settings
}

/// Authentik, which lets devices ask each second: the tests wait for it.
async fn authentik() -> Result<Authentik, PlatformError> {
    let authentik = Authentik::start().await?;
    authentik.be(|manner| manner.device_interval = 1);
    Ok(authentik)
}

/// The code that is shown next.
async fn code(desk: &mut Desk) -> String {
    match desk.asked().await {
        Challenge::Device { complete, code, .. } => {
            let complete = complete.expect("an address with the code");
            assert!(complete.as_str().ends_with(code.as_str()), "{complete} {code}");
            code.as_str().to_owned()
        }
        other => panic!("{other:?}"),
    }
}

/// A console at which maria is signed in.
async fn signed_in(authentik: &Authentik, settings: &Settings) -> Desk {
    let mut desk = Desk::open(settings).await;
    let code = code(&mut desk).await;
    authentik.approve(&code, "maria").expect("a good code");
    desk.comes_in().await;
    assert_eq!(staff(&desk).role, Role::Senior);
    desk
}

fn staff(desk: &Desk) -> &Staff {
    match desk.presence.standing() {
        Standing::SignedIn(staff) => staff,
        other => panic!("{other:?}: {}", desk.wrong()),
    }
}

fn hints(desk: &Desk) -> Vec<String> {
    let lines = desk.all.iter().filter_map(|event| match event {
        IdentityEvent::Hint(lines) => Some(lines.iter().map(Text::to_string)),
        _ => None,
    });
    lines.flatten().collect()
}

#[tokio::test]
async fn a_code_that_runs_out_is_followed_by_another_which_is_said() -> Tested {
    let authentik = authentik().await?;
    authentik.be(|manner| manner.device_code_lasts = 2);
    let mut desk = Desk::open(&settings(&authentik)).await;
    let first = code(&mut desk).await;
    authentik.be(|manner| manner.device_code_lasts = 60);
    let second = code(&mut desk).await;
    assert_ne!(first, second);
    assert_eq!(authentik.approve(&first, "ivan"), Err("no such code"));
    authentik.approve(&second, "ivan").expect("a good code");
    assert_eq!(desk.granted().await.way, Way::Device);
    assert_eq!(staff(&desk).role, Role::Operator);
    let said = hints(&desk);
    assert!(said.iter().any(|line| line.contains("before ran out; this is another")), "{said:?}");
    Ok(())
}

#[tokio::test]
async fn when_there_are_no_more_codes_that_is_said() -> Tested {
    let authentik = authentik().await?;
    authentik.be(|manner| manner.device_codes = 1);
    let mut desk = Desk::open(&settings(&authentik)).await;
    code(&mut desk).await;
    let orders = desk.presence.cancel();
    desk.order(orders).await;
    desk.begins().await;
    let trouble = desk.failed().await;
    assert_eq!(trouble.kind, TroubleKind::Server, "{trouble}");
    assert!(trouble.remedy.as_str().contains("wait some minutes"), "{trouble}");

    // The hour goes by.
    authentik.be(|manner| manner.device_codes = 20);
    desk.begins().await;
    let code = code(&mut desk).await;
    authentik.approve(&code, "maria").expect("a good code");
    desk.granted().await;
    staff(&desk);
    Ok(())
}

#[tokio::test]
async fn a_provider_that_is_asked_too_often_is_asked_less() -> Tested {
    let authentik = authentik().await?;
    let told = vec![ToDevice::SlowDown, ToDevice::Later(7)];
    authentik.be(|manner| manner.told_to_devices = told);
    let mut desk = Desk::open(&settings(&authentik)).await;
    let code = code(&mut desk).await;
    authentik.approve(&code, "maria").expect("a good code");
    desk.granted().await;
    staff(&desk);
    let asked = authentik.device_asked();
    let waits: Vec<Duration> =
        asked.iter().zip(asked.iter().skip(1)).map(|(one, next)| *next - *one).collect();
    // Five seconds more than before, then what it asked for.
    let [first, second] = waits[..] else { panic!("{waits:?}") };
    assert!(first >= Duration::from_secs(6) && second >= Duration::from_secs(7), "{waits:?}");
    let said = hints(&desk);
    for words in ["asked less often. It is asked again in 6 s.", "wants a pause"] {
        assert!(said.iter().any(|line| line.contains(words)), "{words}: {said:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_renewed_login_of_a_device_keeps_its_factor_and_its_time() -> Tested {
    let authentik = authentik().await?;
    authentik.be(|manner| {
        manner.tokens_hold = 5;
        manner.login_age = HOUR;
    });
    let mut desk = signed_in(&authentik, &settings(&authentik)).await;
    let (before, first) = (staff(&desk).clone(), desk.bearer());
    let said = said_by(&first);
    assert_eq!(said["amr"].as_array().map(Vec::len), Some(2), "{said}");
    assert_eq!(said["acr"], "goauthentik.io/providers/oauth2/default");

    desk.renewed().await;
    let said = said_by(&desk.bearer_after(&first).await);
    assert!(said.get("amr").is_none(), "{said}");
    assert_eq!(said["acr"], "goauthentik.io/providers/oauth2/default", "whatever was proved");
    let age = now().ms() / 1_000 - said["auth_time"].as_i64().expect("a time");
    assert!(age < HOUR / 2, "it says that the login was just now: {said}");

    let after = staff(&desk).clone();
    assert_eq!((after.proved_at, after.ends_at), (before.proved_at, before.ends_at));
    assert_eq!(after.grant.factors, before.grant.factors);
    assert_eq!(authentik.reused(), 0);

    // It ends by the time of the login, however often it was renewed.
    desk.presence.touch(after.ends_at);
    let orders = desk.presence.tick(after.ends_at);
    assert!(!orders.is_empty() && *desk.presence.standing() == Standing::SignedOut);
    assert!(desk.wrong().contains("ago, and a sign-in lasts"), "{}", desk.wrong());
    Ok(())
}

#[tokio::test]
async fn a_provider_that_does_not_ask_anew_proves_no_plan() -> Tested {
    let authentik = authentik().await?;
    let mut desk = signed_in(&authentik, &settings(&authentik)).await;
    let plan = PlanHash::new("plan");
    for (age, counts) in [(HOUR, false), (0, true)] {
        // The browser that the code is typed in knows the person; to ask again is not heard.
        authentik.be(|manner| manner.login_age = age);
        desk.proves(&plan).await;
        let code = code(&mut desk).await;
        authentik.approve(&code, "maria").expect("a good code");
        if counts {
            desk.proved().await;
            assert_eq!(desk.presence.spend_proof(&plan, now()), Ok(()));
        } else {
            let said = desk.failed().await.to_string();
            assert!(said.contains("1h00m before (auth_time)"), "{said}");
            assert!(said.contains("identity.step_up_client_id"), "{said}");
        }
        assert_eq!(desk.presence.spend_proof(&plan, now()), Err(Unproved::Missing));
        staff(&desk);
    }
    Ok(())
}

#[tokio::test]
async fn the_second_application_proves_a_plan_whenever_the_login_was() -> Tested {
    let authentik = authentik().await?;
    let mut settings = settings(&authentik);
    settings.identity.step_up_client_id.value = Some(STEP_UP_APP.to_owned());
    settings.identity.step_up_issuer.value = live_watch::url(&authentik.issuer(STEP_UP_APP));
    authentik.be(|manner| manner.login_age = HOUR);
    let mut desk = signed_in(&authentik, &settings).await;
    let plan = PlanHash::new("plan");
    for (user, counts) in [("ivan", false), ("maria", true)] {
        desk.proves(&plan).await;
        let code = code(&mut desk).await;
        authentik.approve(&code, user).expect("a good code");
        desk.proved().await;
        assert_eq!(desk.presence.spend_proof(&plan, now()).is_ok(), counts, "{user}");
        assert_eq!(desk.presence.spend_proof(&plan, now()), Err(Unproved::Missing));
    }
    Ok(())
}

#[tokio::test]
async fn a_login_of_yesterday_does_not_come_in_by_a_device() -> Tested {
    let authentik = authentik().await?;
    authentik.be(|manner| manner.login_age = 13 * HOUR);
    let mut desk = Desk::open(&settings(&authentik)).await;
    for user in ["maria", "office@acme.example"] {
        let code = code(&mut desk).await;
        authentik.approve(&code, user).expect("a good code");
        desk.granted().await;
        assert_eq!(*desk.presence.standing(), Standing::SignedOut);
        let customer = user.contains('@');
        let rule =
            if customer { "not in the group plana-staff" } else { "ago, and a sign-in lasts" };
        assert!(desk.wrong().contains(rule), "{}", desk.wrong());
        desk.begins().await;
    }
    Ok(())
}
