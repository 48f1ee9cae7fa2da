//! The harness itself: the cluster that it fills holds what it says, and the API server finds nothing wrong with any of it.
#![cfg(feature = "real-servers")]

mod platform;

use std::collections::BTreeMap;

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use kube::api::{DynamicObject, ListParams, PostParams};
use kube::{Api, ResourceExt as _};
use platform::{
    ApiServer, Cluster, Kind, Link, PlatformError, Resource, RunJob, RunState, User, WORKLOADS,
    route_name, usual_moment,
};
use serde_json::Value;

type Outcome = Result<(), PlatformError>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filled_cluster_holds_what_it_says() -> Outcome {
    let server = ApiServer::start().await?;
    server.create_clients(40).await?;
    server.fill_cluster(&Cluster::new(40, usual_moment())).await?;

    let desired: usize = WORKLOADS.iter().map(|workload| workload.desired).sum();
    for (resource, wanted) in [
        (Resource::NODE, 3),
        (Resource::POD, desired),
        (Resource::DEPLOYMENT, WORKLOADS.len()),
        (Resource::AUTOSCALER, 4),
        (Resource::QUOTA, 3),
        (Resource::GATEWAY, 1),
        (Resource::ROUTE, 41),
        (Resource::CERTIFICATE, 5),
        (Resource::KUSTOMIZATION, 15),
        (Resource::CRON_JOB, 40),
        (Resource::JOB, 12),
        (Resource::CLAIM, 43),
        (Resource::VOLUME, 3),
    ] {
        assert_eq!(server.all(resource).await?.len(), wanted, "{}", resource.plural);
    }

    let pods = server.all(Resource::POD).await?;
    let reasons = counted(&pods, "/status/containerStatuses/0/state/waiting/reason");
    assert_eq!(reasons, [("CrashLoopBackOff".into(), 1), ("ImagePullBackOff".into(), 1)].into());
    let ends = counted(&pods, "/status/containerStatuses/0/lastState/terminated/reason");
    assert_eq!(ends, [("Error".into(), 1), ("OOMKilled".into(), 2)].into());

    let routes = server.all(Resource::ROUTE).await?;
    let unresolved: Vec<String> = routes
        .iter()
        .filter(|route| {
            route.data.pointer("/status/parents/0/conditions/1/status")
                == Some(&Value::from("False"))
        })
        .map(DynamicObject::name_any)
        .collect();
    assert_eq!(unresolved, [route_name(&platform::client_name(3))]);
    assert!(!server.all(Resource::EVENT).await?.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_api_server_takes_back_every_object_as_it_is() -> Outcome {
    let server = ApiServer::start().await?;
    server.create_clients(6).await?;
    server.fill_cluster(&Cluster::new(6, usual_moment())).await?;
    for job in runs(&server).await? {
        server.run_job(&job).await?;
    }
    let client = server.client().await?;
    let unchanged = PostParams { dry_run: true, ..PostParams::default() };
    for resource in Resource::ALL {
        let objects = server.all(resource).await?;
        assert!(!objects.is_empty(), "there are no {}", resource.plural);
        stream::iter(objects)
            .map(Ok)
            .try_for_each_concurrent(16, |object| {
                let kind = resource.resource();
                let api = match object.namespace() {
                    Some(namespace) => {
                        Api::<DynamicObject>::namespaced_with(client.clone(), &namespace, &kind)
                    }
                    None => Api::all_with(client.clone(), &kind),
                };
                let unchanged = &unchanged;
                async move {
                    let name = object.name_any();
                    let taken = api.replace(&name, unchanged, &object).await;
                    assert!(taken.is_ok(), "{} {name}: {taken:?}", resource.plural);
                    if object.data.get("status").is_some() {
                        let taken = api.replace_status(&name, unchanged, &object).await;
                        assert!(taken.is_ok(), "{} {name}: {taken:?}", resource.plural);
                    }
                    Ok::<(), PlatformError>(())
                }
            })
            .await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_job_of_a_run_is_found_the_way_it_is_tied() -> Outcome {
    let server = ApiServer::start().await?;
    let jobs = runs(&server).await?;
    for job in &jobs {
        server.run_job(job).await?;
    }
    let found = server.all(Resource::JOB).await?;
    for job in &jobs {
        let made = found.iter().find(|made| made.name_any() == job.name());
        assert!(made.is_some(), "{}", job.name());
        let Some(made) = made else { continue };
        match job.link {
            Link::Label => {
                assert_eq!(made.labels().get("tenantupgrade"), Some(&job.run));
            }
            Link::Owner => {
                let owner = made.owner_references().first();
                assert_eq!(owner.map(|owner| owner.name.clone()), Some(job.run.clone()));
            }
            Link::Reference => {
                let api =
                    Api::<DynamicObject>::all_with(server.client().await?, &job.kind.resource());
                let run = api.get(&job.run).await?;
                let name = run.data.pointer("/spec/crossplane/resourceRefs/0/name");
                assert_eq!(name, Some(&Value::from(job.name())));
            }
        }
    }
    let states = counted(&found, "/status/conditions/1/type");
    assert_eq!(states, [("Complete".into(), 3), ("Failed".into(), 1)].into());
    // One running, one failed after three tries, and three that are done.
    assert_eq!(server.all(Resource::POD).await?.len(), 7);
    let labelled = ListParams::default().labels("tenantupgrade=acme-2");
    let api = Api::<DynamicObject>::all_with(server.client().await?, &Resource::POD.resource());
    assert_eq!(api.list(&labelled).await?.items.len(), 3);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_can_be_as_large_as_a_measurement_wants() -> Outcome {
    let server = ApiServer::start().await?;
    let cluster = Cluster { pods: 2_000, ..Cluster::new(500, usual_moment()) };
    server.fill_cluster(&cluster).await?;
    assert_eq!(server.all(Resource::POD).await?.len(), 2_000);
    assert_eq!(server.all(Resource::ROUTE).await?.len(), 501);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_viewer_sees_the_cluster_and_the_tenant_reader_only_the_five_kinds() -> Outcome {
    let server = ApiServer::start().await?;
    server.fill_cluster(&Cluster::new(2, usual_moment())).await?;
    for (user, wanted) in [(User::Viewer, true), (User::FiveKinds, false)] {
        let client = server.client_of(user).await?;
        for resource in Resource::ALL {
            let api = Api::<DynamicObject>::all_with(client.clone(), &resource.resource());
            let listed = api.list(&ListParams::default()).await;
            assert_eq!(listed.is_ok(), wanted, "{user:?} {}", resource.plural);
        }
        let api = Api::<DynamicObject>::all_with(client, &Kind::Upgrade.resource());
        assert!(api.list(&ListParams::default()).await.is_ok(), "{user:?}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pods_restart_and_routes_break_and_mend() -> Outcome {
    let server = ApiServer::start().await?;
    let cluster = Cluster::new(4, usual_moment());
    server.fill_cluster(&cluster).await?;
    let later = usual_moment() + chrono::Duration::minutes(1);
    let workload = WORKLOADS.iter().find(|one| one.name == "pulse-events");
    let workload = workload.unwrap_or(&WORKLOADS[0]);
    let seen = async || -> Result<_, PlatformError> {
        let pods = server.all(Resource::POD).await?;
        let first = platform::pod_names(workload).swap_remove(0);
        let pod = pods.into_iter().find(|pod| pod.name_any() == first);
        let container =
            pod.and_then(|pod| pod.data.pointer("/status/containerStatuses/0").cloned());
        let container = container.unwrap_or_default();
        let text = |pointer: &str| container.pointer(pointer).cloned().unwrap_or_default();
        Ok((text("/restartCount"), text("/ready"), text("/lastState/terminated/reason")))
    };
    assert_eq!(seen().await?, (0.into(), true.into(), Value::Null));
    for round in 1..3_u32 {
        server.restart_pod(workload, 0, later).await?;
        server.set_ready(workload, 1, later).await?;
        assert_eq!(seen().await?, (round.into(), false.into(), "OOMKilled".into()));
        server.mend_pod(workload, 0, later).await?;
        server.set_ready(workload, 2, later).await?;
        assert_eq!(seen().await?, (round.into(), true.into(), "OOMKilled".into()));
    }
    for resolved in [false, true] {
        server.set_route_resolved(0, resolved, later).await?;
        let routes = server.all(Resource::ROUTE).await?;
        let broken = counted(&routes, "/status/parents/0/conditions/1/reason");
        let wanted = if resolved { 1 } else { 2 };
        assert_eq!(broken.get("BackendNotFound"), Some(&wanted));
    }
    Ok(())
}

/// Runs of every kind and state, made without a status.
async fn runs(server: &ApiServer) -> Result<Vec<RunJob>, PlatformError> {
    let span = |minutes| {
        let began = usual_moment() - chrono::Duration::minutes(minutes);
        [began, began + chrono::Duration::minutes(2)]
    };
    let jobs = vec![
        RunJob::upgrade("acme-1", "18", RunState::Running, span(3)),
        RunJob::upgrade("acme-2", "18", RunState::Failed, span(40)),
        RunJob::upgrade("rila-1", "19", RunState::Succeeded, span(90)),
        RunJob::restore("acme-restore", RunState::Succeeded, span(290)),
        RunJob::template("basic-18", RunState::Succeeded, span(600)),
    ];
    let spec = serde_json::json!({
        "slug": "acme", "fromVersion": "18", "toVersion": "18", "strategy": "same-major",
    });
    for job in &jobs {
        server.create_spec(job.kind, &job.run, &spec).await?;
    }
    Ok(jobs)
}

/// How often each text stands at `pointer`.
fn counted(objects: &[DynamicObject], pointer: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    let texts = objects.iter().filter_map(|object| object.data.pointer(pointer)?.as_str());
    for text in texts {
        *counts.entry(text.to_owned()).or_default() += 1;
    }
    counts
}
