//! The objects of the cluster as the feed tells them, from a real API server.
#![cfg(feature = "real-servers")]
#![allow(
    clippy::expect_used,
    clippy::excessive_nesting,
    clippy::disallowed_methods,
    clippy::panic,
    clippy::items_after_statements,
    clippy::too_many_lines,
    clippy::indexing_slicing,
    reason = "a test may fail, and measures time"
)]

mod kubernetes;
mod platform;

use std::time::{Duration, Instant};

use kubernetes::Seen;
use platform::{
    ApiServer, Cluster, PlatformError, Resource, RunJob, RunState, User, WORKLOADS, backup_name,
    client_name, pod_names, route_name,
};
use pulse_console::domain::{ClusterKind, ClusterObject, FeedId, Health, TroubleKind};
use pulse_console::live::kubernetes::{Options, Streaming};
use serde_json::json;

type Outcome = Result<(), PlatformError>;

fn options(server: &ApiServer, user: User) -> Options {
    Options {
        kubeconfig: Some(server.kubeconfig(user)),
        ask_again: Duration::from_secs(2),
        ..Options::default()
    }
}

fn feeds() -> impl Iterator<Item = FeedId> {
    ClusterKind::ALL.into_iter().map(FeedId::of_cluster)
}

fn all_listed(seen: &Seen) -> bool {
    feeds().all(|feed| seen.is_listed(feed))
}

/// `health: state: message` of one object.
fn said(object: &ClusterObject) -> String {
    let message = if object.message.is_empty() { "" } else { ": " };
    format!("{}: {}{message}{}", object.health.word(), object.state, object.message)
}

fn one(seen: &Seen, feed: FeedId, name: &str) -> String {
    seen.objects(feed).get(name).map_or_else(|| "nothing".to_owned(), |object| said(object))
}

fn field<'o>(object: &'o ClusterObject, path: &str) -> &'o str {
    let found = object.fields.iter().find(|field| field.path == path);
    found.map_or("", |field| field.value.as_str())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_is_listed_by_stream_and_by_pages_and_judged_in_words() -> Outcome {
    let server = ApiServer::start().await?;
    server.create_clients(40).await?;
    server.fill_cluster(&Cluster::new(40, chrono::Utc::now())).await?;
    let pods = WORKLOADS.iter().map(|workload| workload.desired).sum::<usize>();
    let [broken, late] = [3, 5].map(client_name);
    for streaming_lists in [Streaming::On, Streaming::Off] {
        let mut seen =
            Seen::of(Options { streaming_lists, page_size: 20, ..options(&server, User::Viewer) });
        let began = Instant::now();
        seen.until(all_listed).await;
        println!("{streaming_lists:?}: all 13 kinds after {:?}", began.elapsed());
        for (feed, count, wrong) in [
            (FeedId::Deployments, WORKLOADS.len(), 2),
            (FeedId::Autoscalers, 4, 1),
            (FeedId::Quotas, 3, 0),
            (FeedId::Pods, pods, 3),
            // Of six events four are warnings.
            (FeedId::Occurrences, 4, 4),
            (FeedId::Gateways, 1, 0),
            (FeedId::Routes, 41, 1),
            (FeedId::Certificates, 5, 2),
            (FeedId::Kustomizations, 15, 3),
            (FeedId::CronJobs, 40, 3),
            (FeedId::Jobs, 12, 1),
            (FeedId::Nodes, 3, 1),
            (FeedId::Claims, 43, 0),
        ] {
            let objects = seen.objects(feed);
            let unwell = objects.values().filter(|object| object.health != Health::Healthy);
            assert_eq!((objects.len(), unwell.count()), (count, wrong), "{feed}");
        }
        let workers = WORKLOADS.iter().find(|one| one.namespace == "plana-odoo-18");
        let names = pod_names(workers.expect("workers of Odoo 18"));
        for (feed, name, wanted) in [
            (
                FeedId::Deployments,
                "plana-odoo-18/worker-odoo".into(),
                "degraded: 4 of 6 ready: Deployment does not have minimum availability.",
            ),
            (
                FeedId::Autoscalers,
                "plana-odoo-18/worker-odoo".into(),
                "progressing: 6, going to 7 of 1–12",
            ),
            (
                FeedId::Quotas,
                "plana-odoo-19/odoo-quota".into(),
                "healthy: limits.memory 87 % used: No room for the pod of an upgrade (2 CPU, 4 GiB): limits.cpu has 7 of 8 used.",
            ),
            (
                FeedId::Pods,
                format!("plana-odoo-18/{}", names[0]),
                "healthy: running: worker-odoo: its last run was killed for its memory (OOMKilled, exit code 137)",
            ),
            (
                FeedId::Pods,
                format!("plana-odoo-18/{}", names[4]),
                "failed: CrashLoopBackOff: worker-odoo: its last run failed (exit code 1); back-off 5m0s restarting failed container=worker-odoo pod=plana-odoo-18",
            ),
            (FeedId::Gateways, "plana-odoo/eg-gateway".into(), "healthy: programmed"),
            (
                FeedId::Routes,
                format!("plana-odoo-18/{}", route_name(&broken)),
                "failed: leads nowhere: BackendNotFound: Service worker-odoo-blue not found in the route's namespace",
            ),
            (FeedId::Kustomizations, "flux-system/redis".into(), "healthy: ready at main@3f9c1b7a"),
            (
                FeedId::Kustomizations,
                "flux-system/docs".into(),
                "degraded: suspended at main@b20e7f41: Changes in git are not applied while it is suspended.",
            ),
            (
                FeedId::CronJobs,
                format!("crossplane-system/{}", backup_name(&late)),
                "failed: no success for 1d23h",
            ),
            (
                FeedId::Nodes,
                "pool-4f1c9-tbnps".into(),
                "degraded: short of memory: kubelet has insufficient memory available",
            ),
            (FeedId::Claims, "plana-odoo-18/odoo-filestore".into(), "healthy: bound, 500 GiB"),
        ] {
            assert_eq!(one(&seen, feed, &name), wanted, "{feed} {name}");
        }
        belong(&seen, &names);
    }
    Ok(())
}

/// To whom things belong.
fn belong(seen: &Seen, names: &[String]) {
    let acme = client_name(0);
    let object = |feed, name: &str| {
        seen.objects(feed).get(name).cloned().unwrap_or_else(|| panic!("{feed} has no {name}"))
    };
    let pod = object(FeedId::Pods, &format!("plana-odoo-18/{}", names[4]));
    assert_eq!(
        pod.owner.as_ref().map(pulse_console::domain::Text::as_str),
        Some("Deployment/worker-odoo")
    );
    assert_eq!((pod.restarts, pod.ready), (14, Some((0, 1))));
    assert!(pod.at.is_some() && !field(&pod, "node").is_empty());
    assert_eq!(pod.containers().collect::<Vec<_>>(), ["worker-odoo"]);
    assert!(
        field(&pod, "worker-odoo stands")
            .starts_with("waiting: CrashLoopBackOff; 14 restarts; its last run failed")
    );
    let deployment = object(FeedId::Deployments, "plana-odoo-18/worker-odoo");
    assert_eq!(
        deployment.flux.as_ref().map(pulse_console::domain::Text::as_str),
        Some("odoo-workers")
    );
    assert_eq!(field(&deployment, "tag"), "9f3ab21c");
    for (feed, name) in [
        (FeedId::CronJobs, format!("crossplane-system/{}", backup_name(&acme))),
        (FeedId::Routes, format!("plana-odoo-18/{}", route_name(&acme))),
        (FeedId::Claims, format!("plana-odoo-18/{acme}-filestore")),
    ] {
        let tenant = object(feed, &name).tenant.clone();
        assert_eq!(
            tenant.as_ref().map(pulse_console::domain::Text::as_str),
            Some(acme.as_str()),
            "{feed}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn changes_are_seen_and_runs_are_tied_to_their_jobs() -> Outcome {
    let server = ApiServer::start().await?;
    let now = chrono::Utc::now();
    server.create_clients(4).await?;
    server.fill_cluster(&Cluster::new(4, now)).await?;
    let mut seen = Seen::of(options(&server, User::Viewer));
    seen.until(all_listed).await;

    let workload = WORKLOADS.iter().find(|one| one.name == "pulse-events").expect("a service");
    let pod = format!("{}/{}", workload.namespace, pod_names(workload)[0]);
    assert_eq!(one(&seen, FeedId::Pods, &pod), "healthy: running");
    let began = Instant::now();
    server.restart_pod(workload, 0, now).await?;
    seen.until(|seen| {
        one(seen, FeedId::Pods, &pod).starts_with(
            "degraded: not ready: pulse-events: its last run was killed for its memory",
        )
    })
    .await;
    println!("a pod killed for its memory: seen after {:?}", began.elapsed());
    seen.until(|seen| seen.objects(FeedId::Occurrences).len() == 5).await;
    server.mend_pod(workload, 0, now).await?;
    seen.until(|seen| one(seen, FeedId::Pods, &pod).starts_with("healthy: running")).await;
    server.remove(Resource::POD, workload.namespace, &pod_names(workload)[0]).await?;
    seen.until(|seen| !seen.objects(FeedId::Pods).contains_key(&pod)).await;

    let spec =
        json!({ "slug": "acme", "fromVersion": "18", "toVersion": "18", "strategy": "same-major" });
    let span = [now - chrono::Duration::minutes(3), now];
    for (state, wanted) in [
        (RunState::Running, "progressing: running"),
        (
            RunState::Failed,
            "failed: gave up after 3 tries: Job has reached the specified backoff limit (BackoffLimitExceeded)",
        ),
        (RunState::Succeeded, "healthy: done in 3m00s"),
    ] {
        for job in
            [RunJob::upgrade("acme-1", "18", state, span), RunJob::restore("acme-2", state, span)]
        {
            if state == RunState::Running {
                server.create_spec(job.kind, &job.run, &spec).await?;
            }
            server.run_job(&job).await?;
            let name = format!("{}/{}", job.namespace(), job.name());
            seen.until(|seen| one(seen, FeedId::Jobs, &name) == wanted).await;
            let run = seen.objects(FeedId::Jobs).get(&name).and_then(|job| job.run.clone());
            assert_eq!(
                run.as_ref().map(pulse_console::domain::Text::as_str),
                Some(job.run.as_str())
            );
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_denied_or_absent_is_said_of_that_kind_alone() -> Outcome {
    let server = ApiServer::start().await?;
    server.create_clients(3).await?;
    // Nothing foreign is installed yet.
    let mut seen = Seen::of(options(&server, User::Viewer));
    const FOREIGN: [FeedId; 4] =
        [FeedId::Gateways, FeedId::Routes, FeedId::Certificates, FeedId::Kustomizations];
    let is = |seen: &Seen, feed, kind| seen.trouble(feed).is_some_and(|why| why.kind == kind);
    seen.until(|seen| {
        feeds().all(|feed| {
            if FOREIGN.contains(&feed) {
                is(seen, feed, TroubleKind::Absent)
            } else {
                seen.is_listed(feed)
            }
        })
    })
    .await;
    assert_eq!(
        seen.trouble(FeedId::Routes)
            .map(ToString::to_string)
            .unwrap_or_default()
            .replace(&server.port().to_string(), "PORT"),
        "the API server at 127.0.0.1:PORT has no HTTPRoute in the API group gateway.networking.k8s.io. Nothing is wrong if it isn't used there; all else is shown."
    );
    let began = Instant::now();
    server.fill_cluster(&Cluster::new(3, chrono::Utc::now())).await?;
    seen.until(all_listed).await;
    println!("definitions installed: all live after {:?}", began.elapsed());

    let mut seen = Seen::of(options(&server, User::FiveKinds));
    let began = Instant::now();
    seen.until(|seen| {
        seen.is_listed(FeedId::Clients) && feeds().all(|feed| is(seen, feed, TroubleKind::Denied))
    })
    .await;
    println!("denied: told after {:?}", began.elapsed());
    assert!(began.elapsed() < Duration::from_secs(5));
    assert_eq!(
        seen.trouble(FeedId::Pods)
            .map(ToString::to_string)
            .unwrap_or_default()
            .replace(&server.port().to_string(), "PORT"),
        "listing Pods is forbidden for user five-kinds on 127.0.0.1:PORT. Ask an administrator for the verbs list and watch on pods in the core API group."
    );
    // The tenants live on.
    let alive = |seen: &Seen| seen.stand(FeedId::Clients).map_or(0, |stand| stand.alive);
    let before = alive(&seen);
    seen.until(|seen| alive(seen) > before).await;
    assert_eq!(seen.rows(FeedId::Clients).len(), 3);
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_pods_and_routes_come_after_the_tenants() -> Outcome {
    const MANY: usize = 10_000;
    let server = ApiServer::start().await?;
    let now = chrono::Utc::now();
    server.create_clients(2_000).await?;
    server.fill_cluster(&Cluster { pods: MANY, ..Cluster::new(2_000, now) }).await?;
    let began = Instant::now();
    let mut seen = Seen::of(options(&server, User::Viewer));
    seen.until(|seen| seen.is_listed(FeedId::Clients)).await;
    println!("2 000 tenants after {:?}", began.elapsed());
    assert!(feeds().all(|feed| seen.objects(feed).is_empty()), "the tenants come first");
    let before = resident();
    seen.until(all_listed).await;
    println!("10 000 pods, 2 000 routes, CronJobs and claims after {:?}", began.elapsed());
    assert_eq!(seen.objects(FeedId::Pods).len(), MANY);
    println!("resident memory: {before} MiB before them, {} MiB with them", resident());
    assert_eq!(seen.rows(FeedId::Clients).len(), 2_000);
    Ok(())
}

/// Memory of this process, in MiB.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or_default();
    line.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024
}
