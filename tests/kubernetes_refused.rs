//! Whole operations that come to nothing: what is wrong is said, live data stays, and they can be gone on with or taken back.
#![cfg(feature = "real-servers")]
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test says what it expects, and what it measured"
)]

mod controlled;
mod ground;
mod platform;
mod refused;

use controlled::{Outcome, gzip};
use ground::Ground;
use platform::{Resource, Role};
use refused::{Kept, RUNS, Wrong, hindered, hurried, mended, refused, resumed, stopped, undone};
use sqlx::Connection as _;

const LIVE: &str = "acme.planapulse.app";

/// A backup that is not what it should be, and what the operation says of it.
struct Dump {
    name: &'static str,
    bytes: Vec<u8>,
    says: &'static str,
}

/// Every restore of `verb` stops before anybody of `tenant` is held up.
async fn wrong_dumps(ground: &Ground, verb: &str, tenant: &'static str, dumps: &[Dump]) -> Outcome {
    let world = &ground.world;
    let mut kept = Kept::of(ground, tenant).await?;
    let whole = world.postgres.dump(&kept.database).await?;
    let words = |key: &'static str| -> Vec<String> {
        let all = [verb, tenant, "--backup", key];
        let accepted = ["--accepted-by", "Mr. Petrov"];
        let accepted = if verb == "restore-in-place" { &accepted[..] } else { &[] };
        all.iter().chain(accepted).map(|word| (*word).to_owned()).collect()
    };
    for dump in dumps {
        let key: &'static str = format!("{tenant}/backup-{}.dump.gz", dump.name).leak();
        world.put(key, dump.bytes.clone()).await?;
        let words = words(key);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (file, id) = ground.plan(&words).await;
        let said = ground.apply(&file).await;
        stopped(ground, &id, &said, dump.says).await;
        kept.untouched().await?;
        if dump.name == "truncated" {
            // The whole of it was found.
            world.put(key, whole.clone()).await?;
            resumed(ground, &id).await;
            kept.restored().await?;
        } else {
            undone(ground, &id).await;
            kept.untouched().await?;
            let copy = format!("{tenant}-copy-{id}.planapulse.app");
            assert!(!world.has_database(&copy).await?, "{verb} {}", dump.name);
        }
    }
    kept.end();
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_dump_stops_every_restore_before_live_data_is_touched() -> Outcome {
    let ground = Ground::start(4).await?;
    let world = &ground.world;
    let whole = world.postgres.dump(LIVE).await?;
    let half = whole[..whole.len() / 2].to_vec();
    let dumps = [
        Dump { name: "truncated", bytes: half, says: "unexpected end of file" },
        Dump {
            name: "no-dump",
            bytes: gzip(&noise()),
            says: "does not appear to be a valid archive",
        },
        Dump {
            name: "newer",
            bytes: world.postgres.newer_dump(LIVE).await?,
            says: "unsupported version",
        },
        Dump {
            name: "of-another",
            bytes: world.postgres.dump(&platform::database_name(3)).await?,
            says: "the copy is of another database",
        },
    ];
    // What can be seen at a glance is not even begun.
    for (name, bytes, says) in [
        ("page", b"<html>502 Bad Gateway</html>".repeat(80), "neither packed nor a dump"),
        ("short", whole[..100].to_vec(), "that is no database"),
    ] {
        let key = format!("acme/backup-{name}.dump.gz");
        world.put(&key, bytes).await?;
        for verb in ["restore", "restore-beside", "restore-in-place"] {
            let words = [verb, "acme", "--backup", &key, "--accepted-by", "Mr. Petrov"];
            let count = if verb == "restore-in-place" { 6 } else { 4 };
            refused(&ground, &words[..count], says).await;
        }
    }
    let [swap, place, beside] = [0, 1, 2].map(|index| &*platform::client_name(index).leak());
    tokio::try_join!(
        wrong_dumps(&ground, "restore", swap, &dumps),
        wrong_dumps(&ground, "restore-in-place", place, &dumps),
        wrong_dumps(&ground, "restore-beside", beside, &dumps),
    )?;
    ground.assert_no_lease().await
}

/// Something that can be packed, and is no dump.
fn noise() -> Vec<u8> {
    let mut number = 1_u32;
    let next = |_| {
        number = number.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        number.to_be_bytes()[0]
    };
    (0..8_192).map(next).collect()
}

/// Everything that can go wrong with one kind, one after the other. Its run is called so, and its Job does this.
async fn all_wrong(
    ground: &Ground,
    words: &[&str],
    (run, job, step): (&str, &str, &str),
    tenant: &'static str,
) -> Outcome {
    let mut kept = Kept::of(ground, tenant).await?;
    for wrong in &RUNS {
        // A Job that its run made is told for good what goes wrong with the run.
        let of_job = wrong.fault == platform::Fault::QuotaExceeded;
        let called = if of_job { format!("{run}-{job}") } else { run.to_owned() };
        let id = hindered(ground, words, (&called, step), wrong).await;
        kept.untouched().await?;
        mended(ground, &called, &id).await;
        kept.restored().await?;
    }
    kept.end();
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_that_fails_or_never_ends_leaves_live_data_and_can_be_gone_on_with() -> Outcome {
    let ground = Ground::start(5).await?;
    let names = [0, 1, 2, 3, 4].map(|index| &*platform::client_name(index).leak());
    for name in &names[..3] {
        ground.back_up(name).await?;
    }
    let [swap, place, beside, upgrade, template] = names;
    let restore = format!("{swap}-restore-{{id}}");
    let rehearsal = format!("{place}-rehearsal-{{id}}");
    let copy = format!("{beside}-restore-{{id}}");
    let update = format!("{upgrade}-upgrade-{{id}}");
    let step = "restore the backup into";
    let accepted = ["restore-in-place", place, "--accepted-by", "Mr. Petrov"];
    let build = ["template", "--edition", "pro", "--version", "18"];
    let (swapped, copied, updated) =
        (["restore", swap], ["restore-beside", beside], ["upgrade", upgrade]);
    tokio::try_join!(
        all_wrong(&ground, &swapped, (&restore, "restore", step), swap),
        all_wrong(&ground, &accepted, (&rehearsal, "restore", step), place),
        all_wrong(&ground, &copied, (&copy, "restore", step), beside),
        all_wrong(&ground, &updated, (&update, "upgrade", "run the upgrade"), upgrade),
        all_wrong(
            &ground,
            &build,
            ("pro-template-18-{id}", "build", "build the template"),
            template
        ),
    )?;
    ground.assert_no_lease().await
}

/// What goes wrong with a Job that no run stands for.
const JOBS: [Wrong; 4] = [
    Wrong { fault: platform::Fault::JobFails, says: "the Job has failed", limit: None },
    Wrong { fault: platform::Fault::NoSpace, says: "the Job has failed", limit: None },
    Wrong { fault: platform::Fault::NeverReady, says: "0 running", limit: Some(6) },
    Wrong { fault: platform::Fault::QuotaExceeded, says: "0 running", limit: Some(6) },
];

/// What goes wrong with a tenant: it is tried again and again, until somebody gives up.
const TENANTS: [Wrong; 4] = [
    Wrong { fault: platform::Fault::JobFails, says: "permission denied", limit: Some(6) },
    Wrong { fault: platform::Fault::NoSpace, says: "No space left", limit: Some(6) },
    Wrong { fault: platform::Fault::NeverReady, says: "Unready resources", limit: Some(6) },
    Wrong {
        fault: platform::Fault::QuotaExceeded,
        says: "did not come to an end within",
        limit: Some(6),
    },
];

/// A backup that fails is taken again; one before a swap leaves everything as it was.
async fn backups(ground: &Ground, tenant: &'static str) -> Outcome {
    let kept = Kept::of(ground, tenant).await?;
    let called = format!("{tenant}-insurance-{{id}}");
    for wrong in &JOBS {
        let step = (called.as_str(), "take an insurance backup");
        let id = hindered(ground, &["backup", tenant], step, wrong).await;
        kept.untouched().await?;
        mended(ground, &called, &id).await;
        let jobs =
            ground.world.labelled(Resource::JOB, "app.kubernetes.io/created-by=pulse-console");
        let name = called.replace("{id}", &id);
        let made = jobs.await?.iter().filter(|job| job["metadata"]["name"] == *name).count();
        assert_eq!(made, 1, "the Job that failed made room for the other");
    }
    ground.back_up(tenant).await?;
    let step = (called.as_str(), "take an insurance backup");
    let id = hindered(ground, &["restore", tenant], step, &JOBS[0]).await;
    kept.untouched().await?;
    undone(ground, &id).await;
    kept.untouched().await?;
    kept.end();
    Ok(())
}

/// A tenant that does not come to be is gone on with, or goes again; its neighbour does not notice.
async fn tenants(ground: &Ground, neighbour: &'static str) -> Outcome {
    let kept = Kept::of(ground, neighbour).await?;
    for (wrong, name) in TENANTS.iter().zip(["nova", "stara", "lipa", "breza"]) {
        let given = ["--project", "77", "--owner-email", "owner@nova.example.bg"];
        let mut words = vec!["provision", name, "--owner-name", "Nova OOD", "--tier", "pro"];
        words.extend(given);
        let id = hindered(ground, &words, (name, "make the tenant"), wrong).await;
        kept.untouched().await?;
        if name == "stara" {
            undone(ground, &id).await;
            assert!(!ground.world.has_database(&format!("{name}.planapulse.app")).await?);
        } else {
            mended(ground, name, &id).await;
            assert_eq!(
                ground.world.rows(&format!("{name}.planapulse.app"), "sale_order").await?,
                60
            );
        }
    }
    kept.end();
    Ok(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_or_a_tenant_that_does_not_come_to_be_harms_nobody() -> Outcome {
    let ground = Ground::start(3).await?;
    let [first, second, third] = [0, 1, 2].map(|index| &*platform::client_name(index).leak());
    // The quota of the next version has no room, as the API server itself counts.
    refused(&ground, &["upgrade-cross", third, "--version", "19"], "no room for the Job").await;
    tokio::try_join!(backups(&ground, first), tenants(&ground, second))?;
    ground.assert_no_lease().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn somebody_in_the_database_is_waited_for_put_out_or_named() -> Outcome {
    let ground = Ground::start(1).await?;
    let world = &ground.world;
    ground.back_up("acme").await?;
    let mut kept = Kept::of(&ground, "acme").await?;

    // A superuser, whom the role of operations can't put out: known beforehand, or found before anybody is held up.
    let words = ["restore", "acme"];
    let in_place = ["restore-in-place", "acme", "--accepted-by", "Mr. Petrov"];
    let mut plans = Vec::new();
    for words in [&words[..], &in_place[..]] {
        plans.push(ground.plan(words).await);
    }
    let above = world.postgres.connection(Role::Super, LIVE).await?;
    let says = "1 session of a superuser in acme.planapulse.app can't be ended";
    for words in [&words[..], &in_place[..]] {
        refused(&ground, words, says).await;
    }
    let mut ids = Vec::new();
    for (file, id) in plans {
        hurried(&file, "who can't be put out", 3);
        let said = ground.apply(&file).await;
        stopped(&ground, &id, &said, says).await;
        kept.untouched().await?;
        ground.assert_no_lease().await?;
        ids.push(id);
    }
    above.close().await?;
    undone(&ground, &ids[0]).await;
    resumed(&ground, &ids[1]).await;
    kept.restored().await?;

    // Somebody works for long by way of the pool: it is let go on, and tried again when they are done.
    let (file, id) = ground.plan(&words).await;
    let mut long = sqlx::ConnectOptions::connect(&ground.bouncer.options(LIVE)).await?;
    sqlx::raw_sql("BEGIN; SELECT 1").execute(&mut long).await?;
    let said = ground.apply(&file).await;
    stopped(&ground, &id, &said, "was not quiet within").await;
    kept.untouched().await?;
    sqlx::raw_sql("COMMIT").execute(&mut long).await?;
    long.close().await?;
    // And somebody of the owner's sits in it past the pool: they are put out.
    let mut inside = world.postgres.connection(Role::Owner, LIVE).await?;
    sqlx::raw_sql("BEGIN; SELECT count(*) FROM sale_order").execute(&mut inside).await?;
    resumed(&ground, &id).await;
    assert!(sqlx::raw_sql("SELECT 1").execute(&mut inside).await.is_err(), "they were put out");
    kept.restored().await?;
    kept.end();
    ground.assert_no_lease().await
}
