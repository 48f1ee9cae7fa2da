//! The stand-in controllers against real servers, without the console: what they do is seen in PostgreSQL, in the bucket,
//! on the stream and in the cluster.
#![cfg(feature = "real-servers")]
#![allow(clippy::expect_used, reason = "a test says what it expects")]
#![allow(clippy::indexing_slicing, reason = "a field that is not there is null")]

mod controlled;
mod platform;

use controlled::{JOBS, Outcome, World, gzip, now};
use platform::{BACKUPS, Fault, Kind, Object, Resource, backup_name, database_name, route_name};
use pulse_console::operation::Manifests;
use serde_json::{Value, json};

const LIVE: &str = "acme.planapulse.app";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_rows_are_back_in_a_restore_beside_the_live_database() -> Outcome {
    let world = World::start(2).await?;
    assert_eq!(world.rows(LIVE, "sale_order").await?, 60);

    let key = "acme/insurance/backup-1.dump.gz";
    world.back_up_job("acme-insurance-k3f9x2", "acme", key).await?;
    assert_eq!(world.until_job(JOBS, "acme-insurance-k3f9x2").await?, None);
    world.run(LIVE, "DELETE FROM sale_order WHERE id <= 40").await?;
    assert_eq!(world.rows(LIVE, "sale_order").await?, 20);

    let target = "acme-restored-k3f9x2.planapulse.dev";
    let restore = world.restore("acme-k3f9x2", "side-by-side", key, target).await?;
    assert_eq!(restore["status"]["phase"], "Succeeded", "{restore:#}");
    assert_eq!(world.rows(target, "sale_order").await?, 60);
    assert_eq!(world.rows(LIVE, "sale_order").await?, 20);

    let jobs = world.labelled(Resource::JOB, "environmentrestore=acme-k3f9x2").await?;
    let pods = world.labelled(Resource::POD, "environmentrestore=acme-k3f9x2").await?;
    assert_eq!((jobs.len(), pods.len()), (1, 1));
    let log = world.log(JOBS, &pods[0]).await?;
    assert!(log.contains("restoring into acme-restored") && log.ends_with("done\n"), "{log}");

    // The same over the live database, from a backup with files.
    let key = world.postgres.back_up(&world.objects, "rila", now()).await?;
    world.run("rila.planapulse.app", "DROP TABLE sale_order; CREATE TABLE junk ()").await?;
    // People work on it, and one sits in a transaction.
    let _load = world.postgres.load(2);
    let restore = world.restore("rila-k3f9x3", "in-place", &key, "").await?;
    assert_eq!(restore["status"]["phase"], "Succeeded", "{restore:#}");
    assert_eq!(world.rows("rila.planapulse.app", "sale_order").await?, 60);
    let junk = "SELECT count(*) FROM pg_tables WHERE tablename = 'junk'";
    assert_eq!(world.ask("rila.planapulse.app", junk).await?, 0);
    let pods = world.labelled(Resource::POD, "environmentrestore=rila-k3f9x3").await?;
    assert!(world.log(JOBS, &pods[0]).await?.contains("5 files restored"), "{pods:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_dump_fails_in_the_programs_own_words_and_live_data_stays() -> Outcome {
    let world = World::start(2).await?;
    let whole = world.postgres.dump(LIVE).await?;
    let newer = world.postgres.newer_dump(LIVE).await?;
    let cases = [
        ("truncated", whole[..whole.len() / 2].to_vec(), "unexpected end of file"),
        ("no-gzip", b"a table of contents".to_vec(), "not in gzip format"),
        ("no-dump", gzip(b"SELECT 1;"), "does not appear to be a valid archive"),
        ("newer", newer, "unsupported version"),
    ];
    for (name, bytes, words) in cases {
        let key = format!("acme/backup-{name}.dump.gz");
        world.put(&key, bytes).await?;
        for mode in ["side-by-side", "in-place"] {
            let run = format!("acme-{name}-{mode}");
            let target = format!("{run}.planapulse.dev");
            let restore = world.restore(&run, mode, &key, &target).await?;
            assert_eq!(restore["status"]["phase"], "Failed", "{name}");
            let why = condition(&restore, "Ready");
            assert_eq!((&why["status"], &why["reason"]), (&json!("False"), &json!("Unavailable")));
            let message = why["message"].as_str().unwrap_or_default();
            assert!(message.contains(words), "{name}: {message}");
            assert!(!world.has_database(&target).await?, "{name}");
        }
    }
    assert_eq!(world.rows(LIVE, "sale_order").await?, 60);

    let absent = world.restore("acme-absent", "in-place", "acme/nothing.dump.gz", "").await?;
    let message = condition(&absent, "Ready")["message"].to_string();
    assert!(message.contains("not found") || message.contains("NoSuchKey"), "{message}");
    let taken = "rila.planapulse.app";
    world.put("acme/backup-whole.dump.gz", whole).await?;
    let restore = world.restore("acme-taken", "side-by-side", "acme/backup-whole.dump.gz", taken);
    let message = condition(&restore.await?, "Ready")["message"].to_string();
    assert!(message.contains("already exists"), "{message}");
    assert_eq!(world.rows(taken, "account_move").await?, 1_000, "another tenant's data stays");

    let odd = world.restore("acme-odd", "sideways", "x", "y").await?;
    assert_eq!(condition(&odd, "Synced")["status"], "False");
    assert!(world.labelled(Resource::JOB, "environmentrestore=acme-odd").await?.is_empty());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_tenant_is_cloned_changed_and_goes_with_all_that_was_made() -> Outcome {
    let world = World::start(1).await?;
    let spec = json!({
        "subdomain": "nova", "projectId": 77, "tier": "pro", "odooVersion": "18",
        "ownerEmail": "owner@nova.example.bg", "ownerName": "Nova OOD",
    });
    world.api.create_spec(Kind::Client, "nova", &spec).await?;
    let client = world.until_settled(Kind::Client, "nova").await?;
    assert_eq!(condition(&client, "Ready")["status"], "True", "{client:#}");
    let database = "nova.planapulse.app";
    assert_eq!(world.rows(database, "sale_order").await?, 60, "it is a clone of the template");
    assert!(world.part(Resource::ROUTE, "plana-odoo-18", &route_name("nova")).await?);
    assert!(world.part(Resource::CRON_JOB, JOBS, &backup_name("nova")).await?);
    assert!(world.part(Resource::CLAIM, "plana-odoo-18", "nova-filestore").await?);
    let uid = client["metadata"]["uid"].as_str().expect("an identity").to_owned();
    world.until_told("client.provisioned", &format!("{uid}-provisioned")).await?;

    // Another tier and version: the route moves, the database stays.
    let change = json!({ "tier": "enterprise", "odooVersion": "19" });
    world.api.merge_spec(Kind::Client, "nova", &change).await?;
    let client = world.until_settled(Kind::Client, "nova").await?;
    let condition = condition(&client, "Ready");
    assert_eq!(
        (&condition["status"], &condition["observedGeneration"]),
        (&json!("True"), &client["metadata"]["generation"])
    );
    assert!(!world.part(Resource::ROUTE, "plana-odoo-18", &route_name("nova")).await?);
    assert!(world.part(Resource::ROUTE, "plana-odoo-19", &route_name("nova")).await?);
    assert_eq!(world.rows(database, "sale_order").await?, 60);

    world.api.begin_delete(Kind::Client, "nova").await?;
    world.until(&format!("{}/nova", Kind::Client.path()), |seen| seen.is_none()).await?;
    assert!(!world.has_database(database).await?);
    for (resource, namespace, name) in [
        (Resource::ROUTE, "plana-odoo-19", route_name("nova")),
        (Resource::CRON_JOB, JOBS, backup_name("nova")),
        (Resource::CLAIM, "plana-odoo-18", "nova-filestore".to_owned()),
        (Resource::CLAIM, "plana-odoo-19", "nova-filestore".to_owned()),
    ] {
        assert!(!world.part(resource, namespace, &name).await?, "{resource:?}");
    }
    world.until_told("client.deprovisioned", &format!("{uid}-deprovisioned")).await?;

    // Without the template it is made from nothing.
    let lost = "pro-template-17.planapulse.app";
    world.run("postgres", &format!("ALTER DATABASE \"{lost}\" IS_TEMPLATE false")).await?;
    world.run("postgres", &format!("DROP DATABASE \"{lost}\"")).await?;
    let spec = json!({ "subdomain": "stara", "tier": "pro", "odooVersion": "17" });
    world.api.create_spec(Kind::Client, "stara", &spec).await?;
    world.until_settled(Kind::Client, "stara").await?;
    assert_eq!(world.rows("stara.planapulse.app", "res_users").await?, 12);

    // And the template is built again, with nothing of the tenants in it.
    let spec = json!({ "edition": "pro", "odooVersion": "17" });
    for name in ["pro-template-17-k1", "pro-template-17-k2"] {
        world.api.create_spec(Kind::Template, name, &spec).await?;
        let built = world.until_settled(Kind::Template, name).await?;
        assert_eq!(built["status"]["phase"], "Succeeded", "{built:#}");
        assert_eq!(world.rows(lost, "sale_order").await?, 60);
        assert_eq!(
            world.labelled(Resource::JOB, &format!("templatesnapshot={name}")).await?.len(),
            1
        );
    }
    let templates = "SELECT count(*) FROM pg_database WHERE datname LIKE 'pro-template-17%'";
    assert_eq!(world.ask("postgres", templates).await?, 1, "no draft is left");
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_upgrade_changes_the_database_once_and_a_restart_rolls_out() -> Outcome {
    let world = World::start(2).await?;
    let name = world.api.create_upgrade("acme", "k3f9x2", "18", "18").await?;
    let upgrade = world.until_settled(Kind::Upgrade, &name).await?;
    assert_eq!(upgrade["status"]["phase"], "Succeeded", "{upgrade:#}");
    let changed = "SELECT count(*) FROM ir_module_module WHERE latest_version = '18.0.1.1'";
    assert_eq!(world.ask(LIVE, changed).await?, 8);
    assert_eq!(world.rows(LIVE, "plana_upgrade_log").await?, 1);
    let jobs = world.labelled(Resource::JOB, &format!("tenantupgrade={name}")).await?;
    assert_eq!(jobs[0]["metadata"]["namespace"], "plana-odoo-18");

    let quota = world.object(Resource::QUOTA, "plana-odoo-18", "odoo-quota").await?;
    let used = &quota.expect("a quota")["status"]["used"];
    assert_eq!(used, &json!({ "limits.cpu": "18", "limits.memory": "36Gi", "pods": "11" }));

    // Modules that are not installed.
    let spec = json!({
        "slug": "acme", "fromVersion": "18", "toVersion": "18", "strategy": "same-major",
        "modules": "sale,no_such_module",
    });
    world.api.create_spec(Kind::Upgrade, "acme-odd", &spec).await?;
    let upgrade = world.until_settled(Kind::Upgrade, "acme-odd").await?;
    let message = condition(&upgrade, "Ready")["message"].to_string();
    assert!(message.contains("invalid module names"), "{message}");
    assert_eq!(world.rows(LIVE, "plana_upgrade_log").await?, 1);

    // The quota of Odoo 19 has no room: that is the API server's own word.
    world.api.create_upgrade("acme", "k3f9x4", "18", "19").await?;
    let event =
        format!("{}/acme-k3f9x4-upgrade.failedcreate", Resource::EVENT.path("plana-odoo-19"));
    let event = world.until(&event, |seen| seen.is_some()).await?.expect("an event");
    let message = event["message"].as_str().unwrap_or_default();
    assert!(message.contains("exceeded quota: odoo-quota"), "{message}");
    world.api.begin_delete(Kind::Upgrade, "acme-k3f9x4").await?;
    world.until(&format!("{}/acme-k3f9x4", Kind::Upgrade.path()), |seen| seen.is_none()).await?;
    assert!(world.labelled(Resource::JOB, "tenantupgrade=acme-k3f9x4").await?.is_empty());

    // What the console itself makes there must say what it takes, or the quota keeps its pods out.
    let values = json!({
        "name": "acme-files", "namespace": "plana-odoo-18", "database": LIVE, "image": "busybox:1.37",
        "from_path": "/from", "to_path": "/to", "source_namespace": "plana-odoo",
        "labels": { "app.kubernetes.io/created-by": "pulse-console" }, "annotations": {},
        "volumes": [{ "name": "from", "emptyDir": {} }, { "name": "to", "emptyDir": {} }],
    });
    let job = Manifests::default().fill("filestore", values).expect("a manifest");
    world.post(&Resource::JOB.path("plana-odoo-18"), &job).await?;
    assert_eq!(world.until_job("plana-odoo-18", "acme-files").await?, None);

    let path = format!("{}/worker-odoo", Resource::DEPLOYMENT.path("plana-odoo-18"));
    let restart = json!({ "spec": { "template": { "metadata": { "annotations": {
        "kubectl.kubernetes.io/restartedAt": "2026-05-29T02:00:00Z",
    } } } } });
    world.api.change(Resource::DEPLOYMENT, ("plana-odoo-18", "worker-odoo"), "", &restart).await?;
    let rolled = |seen: Option<&Value>| {
        let status = &seen.expect("it is there")["status"];
        status["observedGeneration"] == 2
            && ["replicas", "updatedReplicas", "availableReplicas"]
                .iter()
                .all(|count| status[count] == 6)
    };
    world.until(&path, rolled).await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restore_fails_as_told_and_one_that_lost_its_pod_recovers() -> Outcome {
    let world = World::start(2).await?;
    let key = world.postgres.back_up(&world.objects, "acme", now()).await?;
    let target = |name: &str| format!("{name}.planapulse.dev");

    // Asked for by an annotation: every pod fails, each leaves the half that it restored to the next.
    let mut failing = Kind::Restore.object(
        "acme-fails",
        &json!({
            "slug": "acme", "mode": "side-by-side", "backup": key, "filestore": "",
            "targetDatabase": target("acme-fails"),
        }),
    );
    failing["metadata"]["annotations"] = json!({ platform::FAULT: Fault::JobFails.word() });
    world.api.create(Kind::Restore, &failing).await?;
    let restore = world.until_settled(Kind::Restore, "acme-fails").await?;
    assert_eq!(restore["status"]["phase"], "Failed");
    assert_eq!(world.labelled(Resource::POD, "environmentrestore=acme-fails").await?.len(), 2);
    assert_eq!(world.rows(&target("acme-fails"), "sale_order").await?, 0, "half a database");

    // The first pod is killed half-way, the second one begins again and finishes.
    let faults = world.controllers();
    faults.set_fault("acme-dies", Some(Fault::PodDies));
    let restore = world.restore("acme-dies", "side-by-side", &key, &target("acme-dies")).await?;
    assert_eq!(restore["status"]["phase"], "Succeeded", "{restore:#}");
    assert_eq!(world.rows(&target("acme-dies"), "sale_order").await?, 60);
    let mut pods = world.labelled(Resource::POD, "environmentrestore=acme-dies").await?;
    let reason = |pod: &Value| {
        pod["status"]["containerStatuses"][0]["state"]["terminated"]["reason"].to_string()
    };
    pods.sort_by_key(reason);
    let reasons: Vec<String> = pods.iter().map(reason).collect();
    assert_eq!(reasons, ["\"Completed\"", "\"OOMKilled\""]);

    faults.set_fault("acme-full", Some(Fault::NoSpace));
    let restore = world.restore("acme-full", "in-place", &key, "").await?;
    let message = condition(&restore, "Ready")["message"].to_string();
    assert!(message.contains("No space left on device"), "{message}");
    assert_eq!(world.rows(LIVE, "sale_order").await?, 60, "live data stays");

    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tenants_and_jobs_wait_until_it_goes_well_again_and_can_be_given_up() -> Outcome {
    let world = World::start(2).await?;
    let faults = world.controllers();
    // Neither the tenant nor the Job gets further, until it goes well again.
    faults.set_fault("nova", Some(Fault::NeverReady));
    let spec = json!({ "subdomain": "nova", "tier": "starter", "odooVersion": "18" });
    world.api.create_spec(Kind::Client, "nova", &spec).await?;
    let path = format!("{}/nova", Kind::Client.path());
    let creating = |seen: Option<&Value>| {
        seen.is_some_and(|seen| condition(seen, "Ready")["reason"] == "Creating")
    };
    let seen = world.until(&path, creating).await?.expect("a tenant");
    assert_eq!(condition(&seen, "Synced")["status"], "True");
    assert!(!world.has_database("nova.planapulse.app").await?);
    faults.set_fault("nova", None);
    world.until_settled(Kind::Client, "nova").await?;
    assert_eq!(world.rows("nova.planapulse.app", "res_users").await?, 12);

    faults.set_fault("rila-late", Some(Fault::QuotaExceeded));
    world.back_up_job("rila-late", "rila", "rila/insurance/late.dump.gz").await?;
    let event = format!("{}/rila-late.failedcreate", Resource::EVENT.path(JOBS));
    world.until(&event, |seen| seen.is_some()).await?;
    assert!(world.labelled(Resource::POD, "job-name=rila-late").await?.is_empty());
    faults.set_fault("rila-late", None);
    assert_eq!(world.until_job(JOBS, "rila-late").await?, None);

    // What is slow can be given up: the Job goes, with its pod.
    faults.set_fault("rila-slow", Some(Fault::Slow));
    world.back_up_job("rila-slow", "rila", "rila/insurance/slow.dump.gz").await?;
    let pod = |seen: Option<&Value>| {
        seen.is_some_and(|list| list["items"].as_array().is_some_and(|all| all.len() == 1))
    };
    let pods = format!("{}?labelSelector=job-name%3Drila-slow", Resource::POD.path(JOBS));
    world.until(&pods, pod).await?;
    world.api.remove(Resource::JOB, JOBS, "rila-slow").await?;
    world.until(&pods, |seen| !pod(seen)).await?;
    assert!(world.fetch("rila/insurance/slow.dump.gz").await.is_none());
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn controllers_that_are_lost_half_way_are_followed_by_others_that_finish() -> Outcome {
    let mut world = World::start(2).await?;
    let key = world.postgres.back_up(&world.objects, "acme", now()).await?;
    world.controllers().set_fault("acme", Some(Fault::Slow));
    let target = "acme-half.planapulse.dev";
    let spec = json!({
        "slug": "acme", "mode": "side-by-side", "backup": key, "filestore": "", "targetDatabase": target,
    });
    world.api.create_spec(Kind::Restore, "acme-half", &spec).await?;
    world.api.create_upgrade("acme", "half", "18", "18").await?;
    world.back_up_job("acme-insurance-half", "acme", "acme/insurance/half.dump.gz").await?;
    world.controllers().set_fault("nova", Some(Fault::Slow));
    let spec = json!({ "subdomain": "nova", "tier": "pro", "odooVersion": "18" });
    world.api.create_spec(Kind::Client, "nova", &spec).await?;
    for job in ["acme-half-restore", "acme-insurance-half"] {
        let path = format!("{}/{job}", Resource::JOB.path(JOBS));
        world.until(&path, |seen| seen.is_some_and(|job| job["status"]["active"] == 1)).await?;
    }
    while !world.has_database(target).await? {
        tokio::task::yield_now().await;
    }
    world.start_controllers().await?;
    for (kind, name) in [(Kind::Restore, "acme-half"), (Kind::Upgrade, "acme-half")] {
        let run = world.until_settled(kind, name).await?;
        assert_eq!(run["status"]["phase"], "Succeeded", "{run:#}");
    }
    assert_eq!(world.until_job(JOBS, "acme-insurance-half").await?, None);
    world.until_settled(Kind::Client, "nova").await?;
    assert_eq!(world.rows("nova.planapulse.app", "sale_order").await?, 60);
    assert_eq!(world.rows(target, "sale_order").await?, 60);
    assert_eq!(world.rows(LIVE, "plana_upgrade_log").await?, 1);
    assert!(
        world.fetch("acme/insurance/half.dump.gz").await.is_some_and(|dump| dump.len() > 1_000)
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn controllers_outlive_the_servers_that_they_need() -> Outcome {
    let mut world = World::start(1).await?;
    world.postgres.kill();
    world.valkey.kill();
    let spec = json!({ "subdomain": "nova", "tier": "starter", "odooVersion": "18" });
    world.api.create_spec(Kind::Client, "nova", &spec).await?;
    let path = format!("{}/nova", Kind::Client.path());
    let unsynced = |seen: Option<&Value>| {
        seen.is_some_and(|seen| condition(seen, "Synced")["reason"] == "ReconcileError")
    };
    let seen = world.until(&path, unsynced).await?.expect("a tenant");
    let message = condition(&seen, "Synced")["message"].to_string();
    assert!(message.contains("cannot apply composed resource"), "{message}");

    world.api.kill();
    world.api.start_again().await?;
    world.postgres.start_again().await?;
    let client = world.until_settled(Kind::Client, "nova").await?;
    assert_eq!(condition(&client, "Ready")["status"], "True");
    assert_eq!(world.rows("nova.planapulse.app", "sale_order").await?, 60);
    // Nobody could be told so far.
    world.valkey.start_again().await?;
    let uid = client["metadata"]["uid"].as_str().expect("an identity");
    world.until_told("client.provisioned", &format!("{uid}-provisioned")).await
}

/// What somebody else has put there is not touched.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tale_that_is_told_by_others_is_left_alone() -> Outcome {
    let world = World::start(12).await?;
    world.objects.put(BACKUPS, &Object { key: "x/y".into(), size: 1, at: now() })?;
    let before = world.api.all(Resource::JOB).await?;
    // A new one comes after all those that were there.
    world.back_up_job("acme-insurance-last", "acme", "acme/insurance/last.dump.gz").await?;
    assert_eq!(world.until_job(JOBS, "acme-insurance-last").await?, None);
    let after = world.api.all(Resource::JOB).await?;
    assert_eq!(after.len(), before.len() + 1);
    assert!(!world.has_database(&database_name(11)).await?, "the missing one stays missing");
    let making = world.get(&format!("{}/arda", Kind::Client.path())).await?.expect("a tenant");
    assert_eq!(condition(&making, "Ready")["reason"], "Creating");
    Ok(())
}

fn condition(object: &Value, kind: &str) -> Value {
    let conditions = object["status"]["conditions"].as_array();
    let mut all = conditions.into_iter().flatten();
    all.find(|one| one["type"] == kind).cloned().unwrap_or_default()
}
