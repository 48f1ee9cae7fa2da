//! Consoles that die (`kill -9`) at every point of every kind of operation, on real servers: another console goes on or
//! takes back. Nothing is done twice, nothing is lost, and no lease stays held.
#![cfg(feature = "real-servers")]
#![allow(clippy::expect_used, clippy::panic, reason = "a test says what it expects")]

mod controlled;
mod ground;
mod killed;
mod platform;

use controlled::Outcome;
use ground::Ground;
use killed::everywhere;
use platform::Resource;
use pulse_console::domain::operation::Verb;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alerts_and_silences() -> Outcome {
    let ground = Ground::start(1).await?;
    let verbs = [Verb::Silence, Verb::ExpireSilence, Verb::Ack, Verb::Unack];
    everywhere(&ground, &verbs.map(|verb| (verb, 2))).await;
    ground.assert_no_lease().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_pools_and_kept_databases() -> Outcome {
    let ground = Ground::start(1).await?;
    let verbs = [Verb::Cancel, Verb::Terminate, Verb::PausePool, Verb::ResumePool, Verb::DropKept];
    everywhere(&ground, &verbs.map(|verb| (verb, 2))).await;
    ground.assert_no_lease().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tenants_that_come_change_and_go() -> Outcome {
    let ground = Ground::start(1).await?;
    let verbs = [Verb::Provision, Verb::Backup, Verb::Tier, Verb::Deprovision];
    everywhere(&ground, &verbs.map(|verb| (verb, 2))).await;
    ground.assert_no_lease().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn upgrades_and_templates() -> Outcome {
    let ground = Ground::start(1).await?;
    // Every version has room for as many Jobs as there are lanes.
    for namespace in ["plana-odoo-18", "plana-odoo-19"] {
        let quotas = Resource::QUOTA.path(namespace);
        ground.world.api.delete_at(&format!("{quotas}/odoo-quota")).await?;
    }
    let verbs = [(Verb::UpgradeSame, 2), (Verb::UpgradeCross, 4), (Verb::Template, 2)];
    everywhere(&ground, &verbs).await;
    ground.assert_no_lease().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn restores_beside_and_in_place() -> Outcome {
    let ground = Ground::start(1).await?;
    everywhere(&ground, &[(Verb::RestoreBeside, 2), (Verb::RestoreInPlace, 5)]).await;
    ground.assert_no_lease().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn swaps() -> Outcome {
    let ground = Ground::start(1).await?;
    everywhere(&ground, &[(Verb::RestoreSwap, 8)]).await;
    ground.assert_no_lease().await
}
