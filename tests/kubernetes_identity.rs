//! As whom the API server is asked: who is signed in is known to it by their own token, or spoken for by another.
#![cfg(feature = "real-servers")]
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test says what it expects")]

mod kubernetes;
mod platform;

use chrono::TimeDelta;
use kubernetes::{Seen, Wall};
use platform::{ApiServer, ApiServerOptions, PlatformError, TokenIssuer, User, client_name};
use pulse_console::domain::{FeedId, Person, Span, Text, Trouble, TroubleKind};
use pulse_console::live::kubernetes::{Caller, Options};
use pulse_console::live::{Bearer, Signed};
use pulse_console::platform::Clock as _;
use serde_json::json;
use tokio::sync::watch;

type Outcome = Result<(), PlatformError>;

/// Longer than any test.
const LONG: TimeDelta = TimeDelta::hours(1);
/// How long a token lasts that is to run out within a test.
const SHORT: TimeDelta = TimeDelta::seconds(6);

/// Somebody who signs in at `issuer`.
struct Maria {
    issuer: TokenIssuer,
    sender: watch::Sender<Option<Signed>>,
}

impl Maria {
    /// Signs in, or is renewed: the token is good for `lasts`.
    fn sign_in(&self, groups: &[&str], lasts: TimeDelta) -> Outcome {
        let token = self.issuer.token("maria", groups, lasts)?;
        self.sender.send_replace(Some(signed(&token, groups, lasts)));
        Ok(())
    }
}

fn signed(token: &str, groups: &[&str], lasts: TimeDelta) -> Signed {
    let ends = Wall.now().after(Span::from_secs(lasts.num_seconds().unsigned_abs()));
    Signed {
        token: token.to_owned().into(),
        person: Person {
            subject: Text::clean("sub-maria"),
            user: Text::clean("maria"),
            name: Text::default(),
            groups: groups.iter().map(|group| Text::clean(group)).collect(),
        },
        expires_at: ends,
    }
}

/// A server that trusts an issuer, with a few tenants, where the group `plana-seniors` may read tenants and upgrades.
async fn server() -> Result<(ApiServer, TokenIssuer), PlatformError> {
    let issuer = TokenIssuer::start().await?;
    let options = ApiServerOptions { issuer: Some(issuer.trusted()), ..Default::default() };
    let server = ApiServer::start_with(options).await?;
    server.create_clients(20).await?;
    let rules = json!([{
        "apiGroups": ["planapulse.com"],
        "resources": ["planaclients", "tenantupgrades"],
        "verbs": ["get", "list", "watch"],
    }]);
    server.grant("seniors", &rules, &[("Group", "plana-seniors")]).await?;
    Ok((server, issuer))
}

/// The console's options on the kubeconfig of `user`, asking as `caller`.
fn options(server: &ApiServer, user: User, caller: Caller) -> Options {
    Options {
        kubeconfig: Some(server.kubeconfig(user)),
        ask_again: std::time::Duration::from_secs(1),
        caller,
        ..Options::default()
    }
}

fn by_token(issuer: &TokenIssuer, bearer: Bearer) -> Caller {
    let trusted = issuer.trusted();
    Caller::Token { bearer, issuer: trusted.issuer, client_id: trusted.audience }
}

/// Whether a role says no to maria: before that the trouble may be another one.
fn is_denied_to_maria(trouble: Option<&Trouble>) -> bool {
    trouble.is_some_and(|trouble| {
        trouble.kind == TroubleKind::Denied && trouble.what.as_str().contains("for user maria")
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_is_who_asks_and_renewals_are_followed() -> Outcome {
    let (server, issuer) = server().await?;
    let (sender, bearer) = watch::channel(None);
    // The kubeconfig is an administrator's: what maria may not do shows that its user is left out.
    let caller = by_token(&issuer, bearer);
    let maria = Maria { issuer, sender };
    let mut seen = Seen::of(options(&server, User::Admin, caller));
    seen.until(|seen| seen.trouble(FeedId::Clients).is_some()).await;
    let trouble = seen.trouble(FeedId::Clients).expect("nobody is signed in");
    assert!(trouble.what.as_str().starts_with("nobody is signed in"), "{trouble}");

    // The server reads the issuer's keys a while after it started.
    maria.sign_in(&["plana-staff", "plana-seniors"], LONG)?;
    seen.until(|seen| seen.is_listed(FeedId::Clients) && seen.is_listed(FeedId::Upgrades)).await;
    assert_eq!(seen.rows(FeedId::Clients).len(), 20);
    seen.until(|seen| is_denied_to_maria(seen.trouble(FeedId::Restores))).await;

    // The server itself says who that is.
    let token = maria.issuer.token("maria", &["plana-staff", "plana-seniors"], LONG)?;
    let client = server.client_by_token(&token).await?;
    let review = json!({ "apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview" });
    let request = http::Request::post("/apis/authentication.k8s.io/v1/selfsubjectreviews")
        .header("content-type", "application/json")
        .body(review.to_string().into_bytes())
        .expect("a request");
    let said: serde_json::Value = client.request(request).await?;
    assert_eq!(said["status"]["userInfo"]["username"], "maria");
    let groups = &said["status"]["userInfo"]["groups"];
    assert_eq!(groups, &json!(["plana-staff", "plana-seniors", "system:authenticated"]));
    let secrets =
        http::Request::get("/api/v1/secrets?watch=1").body(Vec::new()).expect("a request");
    let refused = client.request_text(secrets).await.expect_err("no role allows it");
    assert!(refused.to_string().contains("User \"maria\" cannot watch resource"), "{refused}");

    // Renewed while watching: nothing is listed anew, and the watch goes on.
    let listings = seen.stand(FeedId::Clients).expect("a feed").listings;
    maria.sign_in(&["plana-staff", "plana-seniors"], LONG)?;
    server.delete(platform::Kind::Client, &client_name(3)).await?;
    seen.until(|seen| seen.rows(FeedId::Clients).len() == 19).await;

    // It runs out; the server remembers a good token for some seconds more. A slow answer may be said before.
    maria.sign_in(&["plana-staff", "plana-seniors"], SHORT)?;
    let is_over = |why: &Trouble| why.what.as_str().contains("the ID token of maria expired on");
    seen.until(|seen| seen.trouble(FeedId::Clients).is_some_and(is_over)).await;
    let trouble = seen.trouble(FeedId::Clients).expect("it ran out");
    assert_eq!(trouble.kind, TroubleKind::Unauthenticated, "{trouble}");
    assert_eq!(seen.rows(FeedId::Clients).len(), 19, "what was known stays");
    maria.sign_in(&["plana-staff", "plana-seniors"], LONG)?;
    let renewed = Wall.now();
    seen.until(|seen| seen.trouble(FeedId::Clients).is_none()).await;
    let took = Wall.now().since(renewed);
    println!("{took} after the renewal the feed goes on");
    assert_eq!(
        seen.stand(FeedId::Clients).expect("a feed").listings,
        listings,
        "it goes on where it was"
    );

    // A token for another application is refused, and the sentence says what the server must be started with.
    let other = maria.issuer.token_for("another", "maria", &[], LONG)?;
    maria.sender.send_replace(Some(signed(&other, &[], LONG)));
    let is_refused = |why: &Trouble| why.kind == TroubleKind::Unauthenticated;
    seen.until(|seen| seen.trouble(FeedId::Clients).is_some_and(is_refused)).await;
    let trouble = seen.trouble(FeedId::Clients).expect("refused");
    for part in ["kubernetes.identity", "--oidc-issuer-url=https://127.0.0.1", "(401)"] {
        assert!(trouble.to_string().contains(part), "{part} in {trouble}");
    }
    assert!(!format!("{trouble:?}").contains(&other), "the token is in no message");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kubeconfig_speaks_for_who_is_signed_in() -> Outcome {
    let (server, issuer) = server().await?;
    let groups = ["plana-staff", "plana-seniors", "system:masters"];
    let token = issuer.token("maria", &groups, LONG)?;
    let (_sender, bearer) = watch::channel(Some(signed(&token, &groups, LONG)));
    let mut seen = Seen::of(options(&server, User::Nobody, Caller::Impersonating(bearer)));
    let is_denied = |why: &Trouble| why.kind == TroubleKind::Denied;
    seen.until(|seen| seen.trouble(FeedId::Clients).is_some_and(is_denied)).await;
    let trouble = seen.trouble(FeedId::Clients).expect("nobody may act as maria");
    assert!(trouble.what.as_str().contains("may not act as maria"), "{trouble}");
    assert!(trouble.remedy.as_str().contains("verb impersonate"), "{trouble}");

    let may = |resource: &str, names: &[&str]| json!({ "apiGroups": [""], "resources": [resource], "resourceNames": names, "verbs": ["impersonate"] });
    let rules = json!([may("users", &["maria"]), may("groups", &["plana-staff", "plana-seniors"])]);
    server.grant("speaker", &rules, &[("User", "nobody")]).await?;
    seen.until(|seen| seen.is_listed(FeedId::Clients) && seen.is_listed(FeedId::Upgrades)).await;
    assert_eq!(seen.rows(FeedId::Clients).len(), 20);
    // Until it asks again, this feed still says that nobody may act as maria.
    seen.until(|seen| is_denied_to_maria(seen.trouble(FeedId::Restores))).await;
    Ok(())
}
