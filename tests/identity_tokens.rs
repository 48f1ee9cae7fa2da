//! Sessions of people against a provider that rotates, forgets, lies and breaks off.
#![cfg(feature = "real-servers")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test says what it expects"
)]

mod platform;
mod signed_in;

use platform::{SECRET, Validity, Wrong, said_by};
use pulse_console::config::{SecretRef, ServerUrl};
use pulse_console::domain::{Text, Timestamp, TroubleKind};
use pulse_console::platform::{IdentityEvent, Order, Purpose, Way};
use serde_json::json;
use signed_in::{Door, World};

/// A console that goes on with the session of an earlier run.
async fn signed_in() -> Door {
    let mut door = World::with_session().await.open();
    door.granted().await;
    door.order(Order::Accept).await;
    door.bearer_after(None).await;
    door
}

/// The refresh token that is kept.
fn kept(door: &Door) -> String {
    let kept = door.memory.kept().expect("a kept session");
    kept["refresh_token"].as_str().expect("a token").to_owned()
}

#[tokio::test]
async fn a_kept_session_goes_on_and_counts_once_it_is_accepted() {
    let world = World::with_session().await;
    world.issuer.state().left_out = vec!["amr", "auth_time"];
    let before = world.memory.kept().expect("a kept session")["refresh_token"].clone();
    let mut door = world.open();
    let grant = door.granted().await;
    assert_eq!((grant.person.user.as_str(), grant.way), ("maria", Way::Device));
    assert_eq!(grant.person.name, "Мария Стоянова");
    assert!(grant.person.is_in("plana-seniors") && grant.renews);
    // The provider left out how and when it was proved: the console kept that itself.
    assert_eq!(grant.factors, Some(vec![Text::clean("pwd"), Text::clean("mfa")]));
    assert_eq!(grant.proved_at, Some(Timestamp::from_ms(1_700_000_000_000)));
    assert_eq!(door.bearer(), None, "nobody may use it before it is accepted");
    assert_ne!(json!(kept(&door)), before, "the token that was kept is used up");

    door.order(Order::Accept).await;
    let bearer = door.bearer_after(None).await.expect("an ID token");
    assert_eq!(said_by(&bearer)["preferred_username"], "maria");
    assert!(door.issuer.is_good(&kept(&door)));
}

#[tokio::test]
async fn what_the_provider_says_goes_before_what_was_kept() {
    let world = World::with_session().await;
    world.issuer.state().person["amr"] = json!(["pwd"]);
    let grant = world.open().granted().await;
    assert_eq!(grant.factors, Some(vec![Text::clean("pwd")]));
    // But a later time does not make the session younger: some providers say the time of the renewal.
    assert_eq!(grant.proved_at, Some(Timestamp::from_ms(1_700_000_000_000)));
}

#[tokio::test]
async fn signing_out_ends_the_session_everywhere() {
    let mut door = signed_in().await;
    let (refresh, bearer) = (kept(&door), door.bearer().expect("an ID token"));
    door.order(Order::SignOut).await;
    assert_eq!(door.next().await, IdentityEvent::SignedOut(None));
    assert!(!door.issuer.is_good(&refresh));
    assert_eq!(door.issuer.count("revoke"), 2, "the refresh token and the access token");
    assert_eq!(door.issuer.last("end-session")["id_token_hint"], bearer);
    assert_eq!((door.bearer(), door.memory.kept()), (None, None));
    // There is nothing left to end.
    door.order(Order::SignOut).await;
    assert_eq!(door.next().await, IdentityEvent::SignedOut(None));
    assert_eq!(door.issuer.count("revoke"), 2);
}

#[tokio::test]
async fn signing_out_of_a_provider_that_is_away_is_forgotten_here_all_the_same() {
    let mut door = signed_in().await;
    door.issuer.kill();
    door.order(Order::SignOut).await;
    let IdentityEvent::SignedOut(Some(trouble)) = door.next().await else {
        panic!("no trouble: {:?}", door.all)
    };
    assert_eq!(trouble.kind, TroubleKind::Unreachable, "{trouble}");
    assert_eq!((door.bearer(), door.memory.kept()), (None, None));
}

#[tokio::test]
async fn who_is_refused_is_ended_at_the_provider_and_never_a_bearer() {
    let mut door = World::with_session().await.open();
    door.granted().await;
    let refresh = kept(&door);
    door.order(Order::Refuse).await;
    door.asked("revoke", 2).await;
    door.quiet().await;
    assert!(!door.issuer.is_good(&refresh));
    assert_eq!((door.bearer(), door.memory.kept()), (None, None));
}

#[tokio::test]
async fn a_session_that_can_not_go_on_is_a_quiet_line() {
    let world = World::start().await;
    assert_eq!(world.open().next().await, IdentityEvent::Ready);

    let world = World::start().await;
    *world.memory.refuses.lock().expect("a lock") = Some("there is no keyring here".into());
    let mut door = world.open();
    assert!(door.hint().await.contains("there is no keyring here"));
    assert_eq!(door.next().await, IdentityEvent::Ready);

    // Refused: it is forgotten.
    let world = World::with_session().await;
    world.issuer.end_all();
    let mut door = world.open();
    assert!(door.hint().await.contains("over at the provider"), "{:?}", door.all);
    assert_eq!(door.next().await, IdentityEvent::Ready);
    assert_eq!(door.memory.kept(), None);

    // Away: it is kept for the next time.
    let mut world = World::with_session().await;
    world.issuer.kill();
    let mut door = world.open();
    assert!(door.hint().await.contains("no connection"), "{:?}", door.all);
    assert_eq!(door.next().await, IdentityEvent::Ready);
    assert!(door.memory.kept().is_some());

    // Somebody else's: it is ended.
    let world = World::with_session().await;
    world.issuer.state().person["sub"] = json!("another");
    let mut door = world.open();
    assert!(door.hint().await.contains("somebody else"), "{:?}", door.all);
    assert_eq!(door.next().await, IdentityEvent::Ready);
    assert_eq!(door.memory.kept(), None);
    door.asked("revoke", 2).await;
}

#[tokio::test]
async fn a_token_of_another_provider_is_shown_to_nobody() {
    let world = World::start().await;
    world.keep("https://auth.example/o/console", "of-another-provider");
    let mut door = world.open();
    assert_eq!(door.next().await, IdentityEvent::Ready);
    assert_eq!(door.issuer.count("token"), 0);
}

#[tokio::test]
async fn nothing_is_kept_unless_that_was_asked_for() {
    let mut world = World::with_session().await;
    world.settings.identity.keyring.value = false;
    let before = world.memory.kept();
    let mut door = world.open();
    assert_eq!(door.next().await, IdentityEvent::Ready);
    assert_eq!((door.issuer.count("token"), door.memory.kept()), (0, before));
}

#[tokio::test]
async fn a_session_is_renewed_before_it_runs_out_and_counts_once_accepted() {
    let mut door = signed_in().await;
    for _ in 0..3 {
        let (bearer, refresh) = (door.bearer(), kept(&door));
        door.issuer.state().person["groups"] = json!(["plana-staff"]);
        door.pass(241).await;
        let grant = door.renewed().await;
        assert!(!grant.person.is_in("plana-seniors"), "what the provider says now");
        assert_eq!(grant.factors, Some(vec![Text::clean("pwd"), Text::clean("mfa")]));
        assert_eq!(door.bearer(), bearer, "not before it is accepted");
        assert!(!door.issuer.is_good(&refresh), "a refresh token is used once");
        assert!(door.issuer.is_good(&kept(&door)));
        door.order(Order::Accept).await;
        door.bearer_after(bearer.as_deref()).await.expect("another token");
    }
}

#[tokio::test]
async fn a_renewal_that_is_refused_here_ends_the_session() {
    let mut door = signed_in().await;
    door.pass(241).await;
    door.renewed().await;
    let refresh = kept(&door);
    door.order(Order::Refuse).await;
    door.asked("revoke", 2).await;
    door.quiet().await;
    assert!(!door.issuer.is_good(&refresh));
    assert_eq!((door.bearer(), door.memory.kept()), (None, None));
}

#[tokio::test]
async fn an_outage_is_told_once_and_does_not_sign_out() {
    let mut door = signed_in().await;
    let bearer = door.bearer();
    door.issuer.state().wrong.insert("token", Wrong::Says(503, "text/html", "<h1>busy".into()));
    door.pass(241).await;
    assert_eq!(door.not_renewed().await.kind, TroubleKind::Server);
    door.pass_until_asked(61, "token", 5).await;
    // It has run out meanwhile, and goes on as soon as the provider is back.
    door.issuer.state().wrong.clear();
    let told = door.next_while_passing(61).await;
    assert!(matches!(told, IdentityEvent::Renewed(_)), "{:?}", door.all);
    door.order(Order::Accept).await;
    assert_ne!(door.bearer_after(bearer.as_deref()).await, None);
}

#[tokio::test]
async fn a_provider_that_is_gone_for_a_while_is_found_again() {
    let mut door = signed_in().await;
    door.issuer.kill();
    door.pass(241).await;
    assert_eq!(door.not_renewed().await.kind, TroubleKind::Unreachable);
    door.issuer.start_again().await.expect("the provider again");
    door.pass(61).await;
    door.renewed().await;
}

#[tokio::test]
async fn a_lost_answer_does_not_sign_out_but_ends_the_renewals() {
    let mut door = signed_in().await;
    door.issuer.state().wrong.insert("token", Wrong::Loses);
    door.pass(241).await;
    assert_eq!(door.not_renewed().await.kind, TroubleKind::Unreachable);
    door.issuer.state().wrong.clear();
    // The provider has used the token up: it is refused now, which is not the operator's doing.
    door.pass(3).await;
    let trouble = door.not_renewed().await;
    assert!(trouble.to_string().contains("was lost on the way"), "{trouble}");
    assert!(door.bearer().is_some());
    door.pass(60).await;
    assert!(door.over().await.to_string().contains("has run out"));
    assert_eq!((door.bearer(), door.memory.kept()), (None, None));
}

#[tokio::test]
async fn a_session_that_is_revoked_is_noticed_within_a_minute() {
    let mut door = signed_in().await;
    door.pass(61).await;
    door.asked("userinfo", 1).await;
    door.issuer.end_all();
    let IdentityEvent::Over(trouble) = door.next_while_passing(10).await else {
        panic!("not over: {:?}", door.all)
    };
    assert_eq!(trouble.kind, TroubleKind::Unauthenticated);
    assert!(trouble.to_string().contains("over at the provider"), "{trouble}");
    assert_eq!((door.bearer(), door.memory.kept()), (None, None));
    assert_eq!(door.issuer.count("userinfo"), 2);
}

#[tokio::test]
async fn a_new_key_is_looked_for_once() {
    let mut door = signed_in().await;
    assert_eq!(door.issuer.count("jwks"), 1);
    door.issuer.change_key().expect("a key");
    door.pass(241).await;
    door.renewed().await;
    door.order(Order::Accept).await;
    assert_eq!(door.issuer.count("jwks"), 2);

    // Keys that change all the time are not run after: anybody can name a key that does not exist.
    door.issuer.state().instead = json!({});
    door.issuer.change_key().expect("a key");
    door.pass(241).await;
    door.renewed().await;
    door.order(Order::Accept).await;
    door.issuer.change_key().expect("a key");
    door.issuer.state().lasts = 20;
    door.issuer.state().instead = json!({});
    door.pass(241).await;
    door.renewed().await;
    door.order(Order::Accept).await;
    let asked = door.issuer.count("jwks");
    door.issuer.change_key().expect("a key");
    door.pass(17).await;
    let trouble = door.not_renewed().await;
    assert!(trouble.to_string().contains("does not publish (kid)"), "{trouble}");
    assert_eq!(door.issuer.count("jwks"), asked);
}

#[tokio::test]
async fn a_renewal_that_says_what_it_must_not_is_not_believed() {
    for (instead, says, over) in [
        (json!({"iss": "https://evil.example/"}), "another issuer (iss)", false),
        (json!({"aud": "grafana"}), "another application (aud)", false),
        (json!({"exp": 1}), "has expired (exp)", false),
        (json!({"at_hash": "AAAAAAAAAAAAAAAAAAAAAA"}), "another access token (at_hash)", false),
        (json!({"groups": vec!["g"; 501]}), "501 groups", false),
        (json!({"x": "x".repeat(20_000)}), "larger than 16 KiB", false),
        (json!({"sub": "another"}), "somebody else (sub)", true),
    ] {
        let mut door = signed_in().await;
        let (bearer, refresh) = (door.bearer(), kept(&door));
        door.issuer.state().instead = instead;
        door.pass(241).await;
        if over {
            assert!(door.over().await.to_string().contains(says), "{:?}", door.all);
            assert_eq!(door.bearer(), None);
            continue;
        }
        assert!(door.not_renewed().await.to_string().contains(says), "{:?}", door.all);
        assert_eq!(door.bearer(), bearer);
        // The refresh token that came along is the good one now.
        assert!(!door.issuer.is_good(&refresh) && door.issuer.is_good(&kept(&door)));
        door.issuer.state().instead = json!({});
        door.pass(3).await;
        door.renewed().await;
    }
}

#[tokio::test]
async fn groups_that_the_token_leaves_out_are_asked_for() {
    let world = World::with_session().await;
    world.issuer.state().left_out = vec!["groups"];
    let mut door = world.open();
    assert!(door.granted().await.person.is_in("plana-seniors"));
    assert_eq!(door.issuer.count("userinfo"), 1);

    // Those of somebody else are not believed.
    let world = World::with_session().await;
    world.issuer.state().left_out = vec!["groups"];
    world.issuer.state().instead = json!({"sub": "8f14e45f"});
    world.issuer.state().person["sub"] = json!("another");
    let mut door = world.open();
    assert!(door.hint().await.contains("somebody else's groups"), "{:?}", door.all);
    assert_eq!(door.next().await, IdentityEvent::Ready);
}

#[tokio::test]
async fn an_application_with_a_secret_gives_it_where_it_belongs() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("secret");
    platform::write_private(&file, SECRET).expect("a file");
    let mut world = World::with_session().await;
    world.issuer.state().secrets = true;
    world.issuer.state().secret.push(SECRET.into());
    world.settings.identity.client_secret.value = Some(SecretRef::File(file));
    let mut door = world.open();
    door.granted().await;
    assert!(!door.issuer.last("token").contains_key("client_secret"), "it is in the header");

    // Without it the provider does not know who asks.
    let world = World::with_session().await;
    world.issuer.state().secrets = true;
    let mut door = world.open();
    assert!(door.hint().await.contains("invalid_client"), "{:?}", door.all);
    assert!(door.memory.kept().is_some(), "that is not the session's fault");
}

/// What is said when the sign-in at `issuer` fails before anybody is asked.
async fn begins_in_vain(mut world: World, issuer: Option<&str>) -> (TroubleKind, String) {
    if let Some(issuer) = issuer {
        world.settings.identity.issuer.value = ServerUrl::parse(issuer).ok();
    }
    let mut door = world.open();
    assert_eq!(door.next().await, IdentityEvent::Ready);
    door.order(Order::Begin(Way::Browser, Purpose::SignIn)).await;
    let trouble = door.failed().await;
    (trouble.kind, trouble.to_string())
}

#[tokio::test]
async fn a_provider_that_is_none_is_refused_with_a_sentence_of_its_own() {
    use TroubleKind::{Config, Protocol, Server};
    let huge = format!("{{\"x\": \"{}\"}}", "x".repeat(300 << 10));
    let says = |status, body: &str| Wrong::Says(status, "application/json", body.to_owned());
    for (at, wrong, kind, sentence) in [
        ("openid-configuration", says(200, "<html>log in"), Protocol, "a web page instead of JSON"),
        ("openid-configuration", says(200, "hello"), Protocol, "is not the JSON"),
        ("openid-configuration", says(200, "{}"), Protocol, "is not the JSON"),
        ("openid-configuration", says(404, "{}"), Protocol, "there is nothing at"),
        ("openid-configuration", says(502, "<html>bad"), Server, "can't answer now (502)"),
        ("openid-configuration", says(200, &huge), Protocol, "larger than 256 KiB"),
        (
            "openid-configuration",
            Wrong::Points("https://evil.example/".into()),
            Protocol,
            "not followed",
        ),
        ("jwks", Wrong::Points("http://127.0.0.1:1/jwks".into()), Protocol, "not followed"),
        ("jwks", says(200, "[]"), Protocol, "is not the JSON"),
        ("jwks", says(500, ""), Server, "can't answer now (500)"),
    ] {
        let world = World::start().await;
        world.issuer.state().wrong.insert(at, wrong);
        let (found, said) = begins_in_vain(world, None).await;
        assert!(found == kind && said.contains(sentence), "{at}: {found:?} {said}");
    }
    let world = World::start().await;
    world.issuer.state().issuer = "http://127.0.0.1:9/o/console/".into();
    let (kind, said) = begins_in_vain(world, None).await;
    assert!(
        kind == Config && said.contains("calls itself http://127.0.0.1:9/o/console/"),
        "{said}"
    );

    let world = World::start().await;
    let (kind, said) = begins_in_vain(world, Some("http://auth.example/o/console")).await;
    assert!(kind == Config && said.contains("only https:// keeps"), "{said}");
}

#[tokio::test]
async fn only_a_certificate_that_is_vouched_for_is_accepted() {
    let folder = tempfile::tempdir().expect("a folder");
    for (validity, vouched, taken) in [
        (Validity::Valid, true, true),
        (Validity::Valid, false, false),
        (Validity::Expired, true, false),
    ] {
        let (mut world, authority) = World::encrypted(validity).await;
        if vouched {
            let file = folder.path().join(format!("{validity:?}.pem"));
            platform::write_private(&file, &authority).expect("a file");
            world.settings.identity.ca_file.value = Some(file);
        }
        if taken {
            world.open().granted().await;
            continue;
        }
        let mut door = world.open();
        let hint = door.hint().await;
        assert!(
            hint.contains("certificate of https://127.0.0.1") && hint.contains("not accepted"),
            "{hint}"
        );
        assert_eq!(door.issuer.count("openid-configuration"), 0);
    }
}
