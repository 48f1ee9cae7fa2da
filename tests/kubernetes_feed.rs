//! The feed of the five kinds against a real API server.
#![cfg(feature = "real-servers")]
#![allow(
    clippy::expect_used,
    clippy::excessive_nesting,
    clippy::disallowed_methods,
    reason = "a test may fail, and measures time"
)]

mod kubernetes;
mod platform;

use std::path::Path;
use std::time::{Duration, Instant};

use kubernetes::Seen;
use platform::{
    ApiServer, ApiServerOptions, Kind, PlatformError, User, client_name, condition, usual_moment,
};
use pulse_console::domain::{Fact, FeedId, TroubleKind};
use pulse_console::live::kubernetes::{Options, Streaming};

type Outcome = Result<(), PlatformError>;

fn options(server: &ApiServer, user: User) -> Options {
    Options { kubeconfig: Some(server.kubeconfig(user)), ..Options::default() }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_clients_come_by_stream_and_by_pages_and_change() -> Outcome {
    let server = ApiServer::start().await?;
    server.create_clients(500).await?;
    for (streaming_lists, page_size) in
        [(Streaming::On, 500), (Streaming::Off, 500), (Streaming::Off, 60)]
    {
        let began = Instant::now();
        let mut seen =
            Seen::of(Options { streaming_lists, page_size, ..options(&server, User::Viewer) });
        seen.until(|seen| !seen.rows(FeedId::Clients).is_empty()).await;
        let first = began.elapsed();
        seen.until(|seen| seen.is_listed(FeedId::Clients)).await;
        println!(
            "{streaming_lists:?} {page_size}: first row {first:?}, all 500 {:?}",
            began.elapsed()
        );
        assert_eq!(seen.rows(FeedId::Clients).len(), 500);
        seen.until(|seen| FeedId::ALL.into_iter().take(5).all(|feed| seen.is_listed(feed))).await;

        let began = Instant::now();
        let change = condition("Ready", "False", "Unavailable", "the pod is gone", usual_moment());
        server.set_condition(Kind::Client, "acme", &change).await?;
        seen.until(|seen| {
            seen.condition(FeedId::Clients, "acme", "Ready") == Some("Unavailable".to_owned())
        })
        .await;
        println!("{streaming_lists:?}: a patch of the status is seen after {:?}", began.elapsed());
        let change = condition("Ready", "True", "Available", "", usual_moment());
        server.set_condition(Kind::Client, "acme", &change).await?;
        seen.until(|seen| {
            seen.condition(FeedId::Clients, "acme", "Ready") == Some("Available".to_owned())
        })
        .await;
    }
    let mut seen = Seen::of(options(&server, User::Viewer));
    seen.until(|seen| seen.rows(FeedId::Clients).len() == 500).await;
    server.delete(Kind::Client, &client_name(3)).await?;
    seen.until(|seen| seen.rows(FeedId::Clients).len() == 499).await;
    assert!(!seen.rows(FeedId::Clients).contains_key(&client_name(3)));
    Ok(())
}

const OURS: [FeedId; 5] =
    [FeedId::Clients, FeedId::Environments, FeedId::Upgrades, FeedId::Templates, FeedId::Restores];

/// Every feed that is told of trouble with the link.
const EVERY: [FeedId; 9] = [
    FeedId::Clients,
    FeedId::Environments,
    FeedId::Upgrades,
    FeedId::Templates,
    FeedId::Restores,
    FeedId::Claims,
    FeedId::Log,
    FeedId::Access,
    FeedId::Operations,
];

fn all_listed(seen: &Seen) -> bool {
    OURS.into_iter().all(|feed| seen.is_listed(feed))
}

fn all_in(seen: &Seen, kind: TroubleKind) -> bool {
    OURS.into_iter().all(|feed| seen.trouble(feed).is_some_and(|trouble| trouble.kind == kind))
}

/// The trouble of the clients, with what differs from run to run made plain.
fn sentence(seen: &Seen, server: Option<&ApiServer>, file: &Path) -> String {
    let said = seen.trouble(FeedId::Clients).map(ToString::to_string).unwrap_or_default();
    let said = said.replace(&file.display().to_string(), "FILE");
    server.map_or(said.clone(), |server| {
        said.replace(&format!("127.0.0.1:{}", server.port()), "SERVER")
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_dies_or_hangs_and_comes_back_is_followed_again() -> Outcome {
    let mut server = ApiServer::start().await?;
    server.create_clients(300).await?;
    let mut seen = Seen::of(options(&server, User::Viewer));
    seen.until(all_listed).await;

    for round in 0..2 {
        let began = Instant::now();
        server.kill();
        seen.until(|seen| all_in(seen, TroubleKind::Unreachable)).await;
        println!("killed: told after {:?}", began.elapsed());
        let is_refused = |feed| {
            move |seen: &Seen| {
                seen.trouble(feed)
                    .is_some_and(|trouble| trouble.what.as_str().ends_with("connection refused"))
            }
        };
        seen.until(|seen| EVERY.into_iter().all(|feed| is_refused(feed)(seen))).await;
        // While it is away, nothing is lost and the same trouble is not told twice.
        assert_eq!(seen.rows(FeedId::Clients).len(), 300);
        assert!(
            seen.nothing_for(Duration::from_secs(2 + 8 * round), |fact| *fact != Fact::Alive).await
        );
        server.start_again().await?;
        let began = Instant::now();
        seen.until(all_listed).await;
        println!("ready again: all five live after {:?}", began.elapsed());
        assert_eq!(seen.rows(FeedId::Clients).len(), 300);
    }
    println!("listings of clients: {:?}", seen.stand(FeedId::Clients).map(|stand| stand.listings));

    server.freeze();
    let began = Instant::now();
    seen.until(|seen| all_in(seen, TroubleKind::Slow)).await;
    println!("frozen: told after {:?}", began.elapsed());
    server.thaw();
    let began = Instant::now();
    seen.until(all_listed).await;
    println!("thawed: all five live after {:?}", began.elapsed());
    server.delete(Kind::Client, &client_name(2)).await?;
    seen.until(|seen| seen.rows(FeedId::Clients).len() == 299).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kind_may_be_forbidden_absent_and_installed_while_the_others_live() -> Outcome {
    let server = ApiServer::start().await?;
    server.create_clients(3).await?;
    let mut seen = Seen::of(options(&server, User::NoRestores));
    seen.until(|seen| OURS.into_iter().take(4).all(|feed| seen.is_listed(feed))).await;
    seen.until(|seen| {
        seen.trouble(FeedId::Restores).is_some_and(pulse_console::domain::Trouble::is_refusal)
    })
    .await;
    let said = seen.trouble(FeedId::Restores).map(ToString::to_string).unwrap_or_default();
    assert_eq!(
        said.replace(&server.port().to_string(), "PORT"),
        "listing EnvironmentRestores is forbidden for user no-restores on 127.0.0.1:PORT. Ask an administrator for \
         the verbs list and watch on environmentrestores in the API group planapulse.com."
    );

    let mut seen =
        Seen::of(Options { ask_again: Duration::from_secs(2), ..options(&server, User::Admin) });
    seen.until(all_listed).await;
    let definitions: kube::Api<k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition> =
        kube::Api::all(server.client().await?);
    let name = "tenantupgrades.planapulse.com";
    let mut definition = definitions.get(name).await?;
    definitions.delete(name, &kube::api::DeleteParams::default()).await?;
    let began = Instant::now();
    seen.until(|seen| {
        seen.trouble(FeedId::Upgrades).is_some_and(|trouble| trouble.kind == TroubleKind::Absent)
    })
    .await;
    println!("definition removed: told after {:?}", began.elapsed());
    let said =
        seen.trouble(FeedId::Upgrades).map(|trouble| trouble.what.to_string()).unwrap_or_default();
    assert_eq!(
        said.replace(&server.port().to_string(), "PORT"),
        "the API server at 127.0.0.1:PORT has no TenantUpgrade in the API group planapulse.com"
    );
    // The others live.
    seen.until(|seen| seen.is_listed(FeedId::Clients)).await;
    definition.metadata =
        kube::api::ObjectMeta { name: Some(name.to_owned()), ..Default::default() };
    definition.status = None;
    let began = Instant::now();
    loop {
        // The old definition may still be on its way out.
        match definitions.create(&kube::api::PostParams::default(), &definition).await {
            Err(kube::Error::Api(status)) if status.is_already_exists() => {}
            other => break other.map(|_| ())?,
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    seen.until(all_listed).await;
    println!("definition installed: live after {:?}", began.elapsed());
    server.create_upgrade("acme", "2026-05-29", "18", "18").await?;
    seen.until(|seen| seen.rows(FeedId::Upgrades).len() == 1).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_and_whom_is_told_in_whole_sentences() -> Outcome {
    let server = ApiServer::start().await?;
    let file = server.kubeconfig(User::Expired);
    let mut seen = Seen::of(options(&server, User::Expired));
    seen.until(|seen| all_in(seen, TroubleKind::Certificate)).await;
    let said = sentence(&seen, Some(&server), &file);
    assert!(
        said.starts_with("the client certificate of user expired in FILE expired on 20"),
        "{said}"
    );

    let file = server.kubeconfig(User::Viewer);
    let mut seen = Seen::of(Options {
        context: Some("viewer@plana".to_owned()),
        ..options(&server, User::Viewer)
    });
    seen.until(|seen| all_in(seen, TroubleKind::Config)).await;
    assert_eq!(
        sentence(&seen, Some(&server), &file),
        "the kubeconfig FILE has no context viewer@plana; it has viewer@plana-local. Did you mean viewer@plana-local?"
    );

    // A kubeconfig that is missing, then broken, then right: each is told, and the last one works.
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config");
    let mut seen = Seen::of(Options {
        kubeconfig: Some(path.clone()),
        ask_again: Duration::from_secs(1),
        ..Options::default()
    });
    seen.until(|seen| all_in(seen, TroubleKind::Config)).await;
    assert!(sentence(&seen, None, &path).starts_with("the kubeconfig FILE does not exist."));
    std::fs::write(&path, "users: [").expect("written");
    seen.until(|seen| sentence(seen, None, &path).contains("is not a valid kubeconfig")).await;
    std::fs::copy(server.kubeconfig(User::Viewer), &path).expect("copied");
    seen.until(all_listed).await;

    let mut seen = Seen::of(options(&server, User::Nobody));
    seen.until(|seen| all_in(seen, TroubleKind::Denied)).await;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_certificate_is_wrong_is_not_believed() -> Outcome {
    let server = ApiServer::start_with(ApiServerOptions {
        expired_serving_certificate: true,
        ..Default::default()
    })
    .await?;
    let mut seen = Seen::of(options(&server, User::Viewer));
    seen.until(|seen| all_in(seen, TroubleKind::Certificate)).await;
    let said = sentence(&seen, Some(&server), &server.kubeconfig(User::Viewer));
    assert!(
        said.starts_with("the certificate of the API server at SERVER expired on 2021-"),
        "{said}"
    );

    // A server of another authority.
    let other = ApiServer::start().await?;
    let text = std::fs::read_to_string(server.kubeconfig(User::Viewer)).expect("a kubeconfig");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("config");
    std::fs::write(&path, text.replace(&server.url(), &other.url())).expect("written");
    let mut seen = Seen::of(Options { kubeconfig: Some(path.clone()), ..Options::default() });
    seen.until(|seen| all_in(seen, TroubleKind::Certificate)).await;
    let said = sentence(&seen, Some(&other), &path);
    assert!(
        said.contains(
            "is signed by an authority that context viewer@plana-local of FILE does not trust"
        ),
        "{said}"
    );
    Ok(())
}
