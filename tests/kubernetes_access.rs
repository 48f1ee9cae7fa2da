//! What the console knows of the operator's rights in a real cluster, and that the roles of the package are enough.
#![cfg(feature = "real-servers")]
#![allow(clippy::expect_used, clippy::disallowed_methods, reason = "a test says what it expects")]

mod kubernetes;
mod platform;

use std::time::Duration;

use chrono::Utc;
use kubernetes::Seen;
use platform::{ApiServer, ApiServerOptions, CONSOLE, Cluster, PlatformError, TokenIssuer, User};
use pulse_console::domain::{FeedId, Need, Person, Text, Timestamp, Verdict};
use pulse_console::live::Signed;
use pulse_console::live::kubernetes::{Caller, Options};
use serde_json::{Value, json};
use tokio::sync::watch;

type Outcome = Result<(), PlatformError>;

/// The user that each test gives rights to.
const NOBODY: [(&str, &str); 1] = [("User", "nobody")];

fn options(server: &ApiServer, user: User) -> Options {
    Options {
        kubeconfig: Some(server.kubeconfig(user)),
        ask_again: Duration::from_secs(1),
        review_again: Duration::from_secs(1),
        ..Options::default()
    }
}

fn rule(group: &str, resource: &str, verbs: &[&str]) -> Value {
    json!({ "apiGroups": [group], "resources": [resource], "verbs": verbs })
}

/// Everything that is allowed, in short.
fn allowed(seen: &Seen) -> Vec<String> {
    let allows =
        |need: &&Need| seen.access(need).is_some_and(|access| access.verdict == Verdict::Allowed);
    Need::ALL.iter().filter(allows).map(Need::words).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rights_are_known_exactly_and_anew() -> Outcome {
    let server = ApiServer::start().await?;
    let mut rules = vec![
        rule("planapulse.com", "planaclients", &["list", "watch"]),
        rule("", "pods", &["list"]),
    ];
    server.grant("narrow", &json!(rules), &NOBODY).await?;
    let mut seen = Seen::of(options(&server, User::Nobody));
    seen.until(|seen| allowed(seen).len() == 3).await;
    assert_eq!(allowed(&seen), ["list planaclients", "watch planaclients", "list pods"]);
    let log = seen.access(&Need::READ_LOGS).expect("an answer");
    assert_eq!(log.verdict, Verdict::Denied, "{log:?}");

    // What changes is seen at the next asking.
    rules.push(rule("", "pods/log", &["get"]));
    server.grant("narrow", &json!(rules), &NOBODY).await?;
    seen.until(|seen| allowed(seen).contains(&Need::READ_LOGS.words())).await;
    let log = seen.access(&Need::READ_LOGS).expect("an answer");
    assert!(log.reason.as_str().contains("narrow"), "the role that allows it is named: {log:?}");
    rules.truncate(1);
    server.grant("narrow", &json!(rules), &NOBODY).await?;
    seen.until(|seen| allowed(seen) == ["list planaclients", "watch planaclients"]).await;
    assert!(seen.trouble(FeedId::Access).is_none());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_that_does_not_let_one_ask_leaves_it_unknown() -> Outcome {
    let server = ApiServer::start().await?;
    let bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
    server.delete_at(&format!("{bindings}/system:basic-user")).await?;
    let mut seen = Seen::of(options(&server, User::Viewer));
    let unknown = |seen: &Seen| {
        let access = seen.access(&Need::READ_LOGS);
        access.is_some_and(|access| access.verdict == Verdict::Unknown)
    };
    seen.until(unknown).await;
    let why = seen.access(&Need::READ_LOGS).expect("an answer").reason.clone();
    assert!(why.as_str().contains("does not let you ask"), "{why}");
    seen.until(|seen| seen.is_listed(FeedId::Access)).await;
    let stand = seen.stand(FeedId::Access).expect("it told something");
    assert!(stand.troubles.is_empty(), "it is said quietly: {:?}", stand.troubles);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_viewers_role_is_enough_and_no_more() -> Outcome {
    let issuer = TokenIssuer::start().await?;
    let trusted = issuer.trusted();
    let wanted = ApiServerOptions { issuer: Some(trusted.clone()), ..Default::default() };
    let server = ApiServer::start_with(wanted).await?;
    server.create_clients(4).await?;
    server.fill_cluster(&Cluster::new(4, Utc::now())).await?;
    for manifest in [
        include_str!("../packaging/kubernetes/namespace.yaml"),
        include_str!("../packaging/kubernetes/roles.yaml"),
        include_str!("../packaging/kubernetes/bindings.yaml"),
    ] {
        server.apply_manifest(manifest).await?;
    }

    let token = issuer.token("vera", &["plana-staff"], chrono::TimeDelta::hours(1))?;
    let person = Person {
        subject: Text::clean("sub-vera"),
        user: Text::clean("vera"),
        name: Text::default(),
        groups: vec![Text::clean("plana-staff")],
    };
    let expires_at = Timestamp::from_ms(i64::MAX / 1_000_000);
    let vera = Signed { token: token.clone().into(), person, expires_at };
    let (_sender, bearer) = watch::channel(Some(vera));
    let caller = Caller::Token { bearer, issuer: trusted.issuer, client_id: trusted.audience };
    let options =
        Options { caller, namespace: CONSOLE.to_owned(), ..options(&server, User::Nobody) };

    let mut seen = Seen::of(options);
    let feeds = || {
        let of = |feed: &FeedId| feed.kind().is_some() || feed.cluster_kind().is_some();
        FeedId::ALL.into_iter().filter(of).chain([FeedId::Log, FeedId::Access, FeedId::Operations])
    };
    seen.until(|seen| feeds().all(|feed| seen.is_listed(feed))).await;
    let viewing = Need::ALL.iter().filter(|need| !need.is_for_operations());
    let viewing: Vec<String> = viewing.map(Need::words).collect();
    seen.until(|seen| seen.access(&Need::LEAVE_EVENTS).is_some()).await;
    seen.until(|seen| allowed(seen) == viewing).await;
    assert_eq!(feeds().count(), 21);

    // Nothing is left over: each verb of the role is one that the console needs.
    let role = include_str!("../packaging/kubernetes/roles.yaml");
    let role = role.split("\n---\n").next().expect("the viewer's role");
    for word in ["delete", "create", "update", "patch", "secrets", "\"*\"", "[*]"] {
        assert!(!role.contains(word), "{word}");
    }
    let client = server.client_by_token(&token).await?;
    for path in ["/api/v1/secrets", "/api/v1/namespaces", "/api/v1/configmaps"] {
        let request = http::Request::get(path).body(Vec::new()).expect("a request");
        let answer = client.request_text(request).await;
        assert!(answer.is_err_and(|error| error.to_string().contains("forbidden")), "{path}");
    }
    Ok(())
}
