//! The stand-in controllers against real servers, without the console: what they do is seen in PostgreSQL, in the bucket
//! and in the cluster.
#![cfg(feature = "real-servers")]
#![allow(clippy::expect_used, reason = "a test says what it expects")]

mod controlled;
mod platform;

use controlled::{Outcome, World};
use platform::{Kind, Resource};
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deleted_rows_are_back_in_a_restore_beside_the_live_database() -> Outcome {
    let world = World::start(2).await?;
    let live = "acme.planapulse.app";
    assert_eq!(world.rows(live, "sale_order").await?, 60);

    world.back_up_job("acme-insurance-k3f9x2", "acme", "acme/insurance/backup-1.dump.gz").await?;
    let failed = world.until_job("crossplane-system", "acme-insurance-k3f9x2").await?;
    assert_eq!(failed, None);
    world.run(live, "DELETE FROM sale_order WHERE id <= 40").await?;
    assert_eq!(world.rows(live, "sale_order").await?, 20);

    let target = "acme-restored-k3f9x2.planapulse.dev";
    let spec = json!({
        "slug": "acme", "mode": "side-by-side", "backup": "acme/insurance/backup-1.dump.gz",
        "filestore": "", "targetDatabase": target,
    });
    world.api.create_spec(Kind::Restore, "acme-k3f9x2", &spec).await?;
    let restore = world.until_settled(Kind::Restore, "acme-k3f9x2").await?;
    assert_eq!(restore["status"]["phase"], "Succeeded", "{restore:#}");
    assert_eq!(world.rows(target, "sale_order").await?, 60);
    assert_eq!(world.rows(live, "sale_order").await?, 20);

    let jobs = world.labelled(Resource::JOB, "environmentrestore=acme-k3f9x2").await?;
    let pods = world.labelled(Resource::POD, "environmentrestore=acme-k3f9x2").await?;
    assert_eq!((jobs.len(), pods.len()), (1, 1));
    let log = world.log("crossplane-system", &pods[0]).await?;
    assert!(log.contains("restoring into acme-restored") && log.ends_with("done\n"), "{log}");
    Ok(())
}
