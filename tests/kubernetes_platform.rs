//! The harness itself: the API server starts, fills, dies and comes back on the same port with its data.
#![cfg(feature = "real-servers")]

mod platform;

use std::time::Duration;

use kube::Api;
use kube::api::{DeleteParams, DynamicObject, ListParams};
use kube::config::KubeConfigOptions;
use platform::{
    ApiServer, ApiServerOptions, Kind, PlatformError, User, client_name, condition, usual_moment,
};
use serde_json::json;

type Outcome = Result<(), PlatformError>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_outlives_a_power_cut_and_an_orderly_stop() -> Outcome {
    let mut server = ApiServer::start().await?;
    server.create_clients(45).await?;
    let port = server.port();
    assert_eq!(server.count(Kind::Client).await?, 45);

    server.kill();
    assert!(server.count(Kind::Client).await.is_err(), "nothing may answer after a kill");
    server.start_again().await?;
    assert_eq!((server.port(), server.count(Kind::Client).await?), (port, 45));

    server.freeze();
    let silence =
        tokio::time::timeout(Duration::from_millis(200), server.count(Kind::Client)).await;
    assert!(silence.is_err(), "a frozen server may not answer");
    server.thaw();
    assert_eq!(server.count(Kind::Client).await?, 45);

    server.stop().await;
    assert!(server.count(Kind::Client).await.is_err(), "nothing may answer after a stop");
    server.start_again().await?;
    assert_eq!((server.port(), server.count(Kind::Client).await?), (port, 45));
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_user_has_the_rights_of_the_name() -> Outcome {
    let server = ApiServer::start().await?;
    let cases = [
        (User::Admin, 200, 200),
        (User::Viewer, 200, 200),
        (User::NoRestores, 200, 403),
        (User::Nobody, 403, 403),
        (User::Expired, 401, 401),
    ];
    for (user, clients, restores) in cases {
        let client = server.client_of(user).await?;
        let answers = [Kind::Client, Kind::Restore].map(|kind| {
            let api = Api::<DynamicObject>::all_with(client.clone(), &kind.resource());
            async move { status(api.list(&ListParams::default()).await) }
        });
        let [first, second] = answers;
        assert_eq!((first.await, second.await), (clients, restores), "{user:?}");
    }
    // Reading is all that a viewer may do.
    let api = Api::<DynamicObject>::all_with(
        server.client_of(User::Viewer).await?,
        &Kind::Client.resource(),
    );
    assert_eq!(status(api.delete("acme", &DeleteParams::default()).await), 403);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_of_every_kind_can_be_made_changed_and_deleted() -> Outcome {
    let server = ApiServer::start().await?;
    server.create_clients(20).await?;
    server.create_upgrade("acme", "2026-05-29", "18", "18").await?;
    for (kind, name) in [
        (Kind::Environment, "acme-prod"),
        (Kind::Template, "basic-18"),
        (Kind::Restore, "acme-restore-1"),
    ] {
        server.create_spec(kind, name, &json!({ "anything": { "goes": ["here", 1] } })).await?;
        assert_eq!(server.count(kind).await?, 1, "{kind:?}");
    }
    assert_eq!(server.count(Kind::Upgrade).await?, 1);

    let api = Api::<DynamicObject>::all_with(server.client().await?, &Kind::Client.resource());
    let before = conditions(&api.get("acme").await?);
    assert_eq!(
        before,
        [("Synced".to_owned(), "True".to_owned()), ("Ready".to_owned(), "True".to_owned())]
    );
    let change = condition("Ready", "False", "Unavailable", "the pod is gone", usual_moment());
    server.set_condition(Kind::Client, "acme", &change).await?;
    let after = conditions(&api.get("acme").await?);
    assert_eq!(
        after,
        [("Synced".to_owned(), "True".to_owned()), ("Ready".to_owned(), "False".to_owned())]
    );

    server.begin_delete(Kind::Client, &client_name(1)).await?;
    assert!(api.get(&client_name(1)).await?.metadata.deletion_timestamp.is_some());
    server.delete(Kind::Client, "acme").await?;
    assert_eq!(server.count(Kind::Client).await?, 19);

    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_published_rules_are_enforced_and_unknown_fields_are_found() -> Outcome {
    let server = ApiServer::start().await?;
    let bad_name = Kind::Client
        .object("x", &json!({ "subdomain": "No Such", "tier": "pro", "odooVersion": "18" }));
    assert!(server.create(Kind::Client, &bad_name).await.is_err());
    let api = Api::<DynamicObject>::all_with(server.client().await?, &Kind::Client.resource());
    let unknown = json!({ "subdomain": "x", "tier": "pro", "odooVersion": "18", "teir": "pro" });
    let object: DynamicObject = serde_json::from_value(Kind::Client.object("x", &unknown))
        .unwrap_or_else(|error| {
            panic!("the object is well formed: {error}");
        });
    let strict = kube::api::PatchParams {
        dry_run: true,
        field_manager: Some("test".into()),
        field_validation: Some(kube::api::ValidationDirective::Strict),
        ..Default::default()
    };
    let refused = api.patch("x", &strict, &kube::api::Patch::Apply(&object)).await;
    assert!(format!("{refused:?}").contains("teir"), "{refused:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_expired_serving_certificate_is_refused_by_an_honest_client() -> Outcome {
    let options = ApiServerOptions { expired_serving_certificate: true, ..Default::default() };
    let server = ApiServer::start_with(options).await?;
    let kubeconfig = kube::config::Kubeconfig::read_from(server.kubeconfig(User::Admin))?;
    let config =
        kube::Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?;
    let honest = kube::Client::try_from(config)?;
    let answer = honest.apiserver_version().await;
    assert!(format!("{answer:?}").to_lowercase().contains("expired"), "{answer:?}");
    Ok(())
}

#[expect(clippy::panic, reason = "a test may fail")]
fn status<T>(answer: Result<T, kube::Error>) -> u16 {
    match answer {
        Ok(_) => 200,
        Err(kube::Error::Api(status)) => status.code,
        Err(error) => panic!("no answer from the server: {error}"),
    }
}

fn conditions(object: &DynamicObject) -> Vec<(String, String)> {
    let list = object
        .data
        .pointer("/status/conditions")
        .and_then(|list| list.as_array())
        .cloned()
        .unwrap_or_default();
    let text = |condition: &serde_json::Value, key: &str| {
        condition.get(key).and_then(|value| value.as_str()).unwrap_or_default().to_owned()
    };
    list.iter().map(|condition| (text(condition, "type"), text(condition, "status"))).collect()
}
