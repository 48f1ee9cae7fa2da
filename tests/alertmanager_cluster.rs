//! What the cluster has to do with alerts: acknowledgements are kept there, and an Alertmanager that only the cluster sees
//! is reached by the API server.
#![cfg(feature = "real-servers")]
#![allow(
    clippy::expect_used,
    clippy::disallowed_methods,
    clippy::indexing_slicing,
    reason = "a test says what it expects"
)]

mod alertmanager_watch;
mod platform;

use std::time::Duration;

use alertmanager_watch::{Watch, options};
use chrono::{TimeDelta, Utc};
use kube::api::{Api, DynamicObject, PostParams};
use platform::{Ack, Answer, ApiServer, CONSOLE, Cluster, PlatformError, Scripted, User};
use pulse_console::domain::{FeedId, TroubleKind};
use pulse_console::live::kubernetes;
use serde_json::{Value, json};

/// Trouble is said within this time.
const SOON: Duration = Duration::from_secs(5);

fn cluster(server: &ApiServer, user: User) -> kubernetes::Options {
    kubernetes::Options {
        kubeconfig: Some(server.kubeconfig(user)),
        ask_again: Duration::from_secs(1),
        ..kubernetes::Options::default()
    }
}

fn acks(server: &ApiServer, user: User) -> Watch {
    Watch::of(Box::new(kubernetes::acks(cluster(server, user), CONSOLE.to_owned())))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledgements_of_colleagues_are_seen() -> Result<(), PlatformError> {
    let mut server = ApiServer::start().await?;
    // Before anybody acknowledged anything there is nothing to read, which is no trouble.
    let mut watch = acks(&server, User::Viewer);
    watch.live(FeedId::Acks).await;
    assert!(watch.store.objects().acks.is_empty());

    server.create_clients(4).await?;
    server.fill_cluster(&Cluster::new(4, Utc::now())).await?;
    watch.until("two that hold", |store| store.objects().acks.len() == 2).await;

    let now = Utc::now();
    let until = now + TimeDelta::seconds(8);
    let ack = Ack { fingerprint: "f1", by: "maria", at: now, until, note: "on it" };
    server.acknowledge(&ack).await?;
    watch.until("the third", |store| store.objects().acks.len() == 3).await;
    let uid = pulse_console::domain::Uid("f1".into());
    let seen = watch.store.ack(&uid).expect("the ack").clone();
    assert_eq!((seen.by.as_str(), seen.note.as_str()), ("maria", "on it"));
    assert_eq!(seen.until.map(|at| at.ms() / 1_000), Some(until.timestamp()));
    watch.until("its end", |store| store.ack(&uid).is_none()).await;

    server.kill();
    let trouble = tokio::time::timeout(SOON, watch.trouble(FeedId::Acks)).await.expect("soon");
    assert_eq!(trouble.kind, TroubleKind::Unreachable, "{trouble}");
    assert_eq!(watch.store.objects().acks.len(), 2, "what was known stays");
    server.start_again().await?;
    watch.live(FeedId::Acks).await;

    let mut watch = acks(&server, User::FiveKinds);
    let trouble = watch.trouble_of(FeedId::Acks, TroubleKind::Denied);
    let trouble = tokio::time::timeout(SOON, trouble).await.expect("soon");
    assert!(trouble.remedy.as_str().contains("verb get"), "{trouble}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_api_server_refuses_of_a_service_is_said() -> Result<(), PlatformError> {
    let server = ApiServer::start().await?;
    let mut wanted = options("service://monitoring/alertmanager:9093");
    wanted.kubernetes = cluster(&server, User::Admin);

    // No such service yet, then one with nothing behind it.
    let mut watch = Watch::start(wanted.clone());
    let trouble = watch.trouble_of(FeedId::Alerts, TroubleKind::Config);
    let trouble = tokio::time::timeout(SOON, trouble).await.expect("soon");
    assert!(trouble.what.as_str().contains("has no service"), "{trouble}");

    make(&server, "v1", "Namespace", &json!({ "metadata": { "name": "monitoring" } })).await?;
    let service = json!({
        "metadata": { "name": "alertmanager", "namespace": "monitoring" },
        "spec": { "ports": [{ "name": "web", "port": 9093 }] },
    });
    make(&server, "v1", "Service", &service).await?;
    let mut denied = wanted;
    denied.kubernetes = cluster(&server, User::Viewer);
    let mut refused = Watch::start(denied);
    let trouble = refused.trouble_of(FeedId::Alerts, TroubleKind::Denied);
    let trouble = tokio::time::timeout(SOON, trouble).await.expect("soon");
    assert!(trouble.remedy.as_str().contains("services/proxy"), "{trouble}");

    let endpoints = json!({ "metadata": { "name": "alertmanager", "namespace": "monitoring" } });
    make(&server, "v1", "Endpoints", &endpoints).await?;
    watch
        .until("that nothing is behind it", |store| {
            let trouble = store.feeds().get(FeedId::Alerts).freshness.trouble();
            trouble.is_some_and(|trouble| trouble.kind == TroubleKind::Server)
        })
        .await;
    Ok(())
}

#[tokio::test]
async fn what_the_api_server_hands_on_is_read() -> Result<(), PlatformError> {
    let server = Scripted::start(Answer::json("[]")).await?;
    let folder = tempfile::tempdir().expect("a folder");
    let kubeconfig = folder.path().join("kubeconfig");
    let text = format!(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters:\n- name: c\n  cluster:\n    server: {}\n\
         users:\n- name: u\n  user: {{}}\ncontexts:\n- name: c\n  context: {{ cluster: c, user: u }}\n",
        server.url()
    );
    std::fs::write(&kubeconfig, text).expect("a kubeconfig");
    let mut wanted = options("service://monitoring/alertmanager:9093");
    wanted.kubernetes.kubeconfig = Some(kubeconfig);
    let mut watch = Watch::start(wanted);
    watch.live(FeedId::Alerts).await;
    watch.live(FeedId::Silences).await;
    server.say(Answer::html(), Duration::ZERO);
    let trouble = tokio::time::timeout(SOON, watch.trouble(FeedId::Alerts)).await.expect("soon");
    assert_eq!(trouble.kind, TroubleKind::Protocol, "{trouble}");
    Ok(())
}

async fn make(
    server: &ApiServer,
    version: &str,
    kind: &str,
    object: &Value,
) -> Result<(), PlatformError> {
    let plural = format!("{}s", kind.to_lowercase().trim_end_matches('s'));
    let (group, short) = version.split_once('/').unwrap_or(("", version));
    let resource = kube::discovery::ApiResource {
        group: group.to_owned(),
        version: short.to_owned(),
        api_version: version.to_owned(),
        kind: kind.to_owned(),
        plural,
    };
    let mut object = object.clone();
    object["apiVersion"] = version.into();
    object["kind"] = kind.into();
    let object: DynamicObject = serde_json::from_value(object).expect("an object");
    let client = server.client().await?;
    let api: Api<DynamicObject> = match &object.metadata.namespace {
        Some(namespace) => Api::namespaced_with(client, namespace, &resource),
        None => Api::all_with(client, &resource),
    };
    let made = api.create(&PostParams::default(), &object).await;
    made.map(drop).map_err(PlatformError::from)
}
