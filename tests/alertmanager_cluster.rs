//! What the cluster has to do with alerts: acknowledgements are kept there, and an Alertmanager that only the cluster sees
//! is reached by the API server.
#![cfg(feature = "real-servers")]
#![expect(clippy::expect_used, reason = "a test says what it expects")]

mod alertmanager_watch;
mod platform;

use std::net::{IpAddr, UdpSocket};
use std::time::Duration;

use alertmanager_watch::{Watch, named, options};
use chrono::{TimeDelta, Utc};
use kube::api::{Api, DynamicObject, PostParams};
use platform::{
    Ack, Alertmanager, ApiServer, CONSOLE, Cluster, PlatformError, User, alert, usual_moment,
};
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
    let trouble = tokio::time::timeout(SOON, watch.trouble(FeedId::Acks)).await.expect("soon");
    assert_eq!(trouble.kind, TroubleKind::Denied, "{trouble}");
    assert!(trouble.remedy.as_str().contains("verb get"), "{trouble}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_of_the_cluster_is_reached_by_the_api_server() -> Result<(), PlatformError> {
    let server = ApiServer::start().await?;
    let alertmanager = Alertmanager::start().await?;
    alertmanager.post(&[alert("BackupLate", "warning", 5, usual_moment())]).await?;
    let mut wanted = options("service://monitoring/alertmanager:9093");
    wanted.kubernetes = cluster(&server, User::Admin);

    // No such service yet, then all of it.
    let mut watch = Watch::start(wanted.clone());
    let trouble = tokio::time::timeout(SOON, watch.trouble(FeedId::Alerts)).await.expect("soon");
    assert_eq!(trouble.kind, TroubleKind::Config, "{trouble}");
    assert!(trouble.what.as_str().contains("has no service"), "{trouble}");

    make(&server, "v1", "Namespace", &json!({ "metadata": { "name": "monitoring" } })).await?;
    let service = json!({
        "metadata": { "name": "alertmanager", "namespace": "monitoring" },
        "spec": { "ports": [{ "port": 9093 }] },
    });
    make(&server, "v1", "Service", &service).await?;
    let mut denied = wanted;
    denied.kubernetes = cluster(&server, User::Viewer);
    let mut refused = Watch::start(denied);
    let trouble = tokio::time::timeout(SOON, refused.trouble(FeedId::Alerts)).await.expect("soon");
    assert_eq!(trouble.kind, TroubleKind::Denied, "{trouble}");
    assert!(trouble.remedy.as_str().contains("services/proxy"), "{trouble}");

    // An endpoint may not be on the loopback, so there is a forwarder on this machine's other address.
    let Some(here) = here() else {
        println!("this machine has no address but the loopback: no endpoint can be made");
        return Ok(());
    };
    let port = forward(here, alertmanager.port()).await;
    let slice = json!({
        "metadata": {
            "name": "alertmanager-1",
            "namespace": "monitoring",
            "labels": { "kubernetes.io/service-name": "alertmanager" },
        },
        "addressType": "IPv4",
        "endpoints": [{ "addresses": [here], "conditions": { "ready": true } }],
        "ports": [{ "name": "", "port": port, "protocol": "TCP" }],
    });
    make(&server, "discovery.k8s.io/v1", "EndpointSlice", &slice).await?;
    watch.until("the alert", |store| named(store, "BackupLate").len() == 1).await;
    watch.live(FeedId::Silences).await;
    Ok(())
}

async fn make(
    server: &ApiServer,
    version: &str,
    kind: &str,
    object: &Value,
) -> Result<(), PlatformError> {
    let plural = format!("{}s", kind.to_lowercase());
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

/// An address of this machine that is not the loopback. Nothing is sent.
fn here() -> Option<IpAddr> {
    let socket = UdpSocket::bind("0.0.0.0:0").ok()?;
    socket.connect("198.51.100.1:9").ok()?;
    socket.local_addr().ok().map(|at| at.ip()).filter(|ip| !ip.is_loopback())
}

/// Forwards from a port on `here` to `target` on the loopback, as long as the test runs.
async fn forward(here: IpAddr, target: u16) -> u16 {
    let listener = tokio::net::TcpListener::bind((here, 0)).await.expect("a port");
    let port = listener.local_addr().expect("its address").port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            tokio::spawn(async move {
                if let Ok(mut server) = tokio::net::TcpStream::connect(("127.0.0.1", target)).await
                {
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                }
            });
        }
    });
    port
}
