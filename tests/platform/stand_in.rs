//! What the rest of the platform does beside the controllers: events come, and with churn tenants break and mend.
//!
//! It never decides anything a test depends on, and leaves alone what a console works at.

use std::collections::VecDeque;
use std::time::Duration;

use kube::Api;
use kube::api::DynamicObject;

use crate::fleet::{PAST_EVENTS, now};
use crate::life::Life;
use crate::platform::{
    ApiServer, EventStream, Kind, PlatformError, Valkey, client_name, client_version, condition,
};

const TICK: Duration = Duration::from_millis(250);
const TICKS_A_SECOND: u64 = 4;
/// Of so many tenants one is upgraded now and then.
const UPGRADED_EVERY: usize = 8;
/// Seconds between two upgrades, and how many of them are kept.
const UPGRADE_EVERY: u64 = 20;
const UPGRADES_MAX: usize = 12;

/// Runs until it is dropped or a server is lost.
pub(crate) async fn run(
    server: &mut ApiServer,
    valkey: &mut Valkey,
    life: Life<'_>,
    events_per_second: u32,
) -> Result<(), PlatformError> {
    let mut clock = tokio::time::interval(TICK);
    let mut upgrades = VecDeque::new();
    let mut tick: u64 = 0;
    let mut published = 0;
    loop {
        clock.tick().await;
        tick += 1;
        server.check()?;
        valkey.check()?;
        // A server that does not answer for a while is what the console is tried with: only one that has ended ends the
        // platform.
        let _ = life.tick(valkey, tick).await;
        let wanted = usize::try_from(tick * u64::from(events_per_second) / TICKS_A_SECOND)
            .unwrap_or(published);
        let range = PAST_EVENTS + published..PAST_EVENTS + wanted;
        if valkey.publish(&EventStream::default(), range, now()).await.is_ok() {
            published = wanted;
        }
        if !tick.is_multiple_of(TICKS_A_SECOND) {
            continue;
        }
        let second = tick / TICKS_A_SECOND;
        life.second(server, second).await;
        if life.churn() && life.tenants() > 0 {
            // Someone may have deleted it, or started the same upgrade a moment ago.
            let _ = stir(server, life.tenants(), second).await;
            if second.is_multiple_of(UPGRADE_EVERY) {
                let _ = upgrade(server, life.tenants(), &mut upgrades).await;
            }
        }
    }
}

/// One thing a second that an operator would notice.
async fn stir(server: &ApiServer, tenants: usize, second: u64) -> Result<(), PlatformError> {
    let slug = client_name(fastrand::usize(..tenants));
    let api = Api::<DynamicObject>::all_with(server.client().await?, &Kind::Client.resource());
    let client = api.get(&slug).await?;
    // One that the controllers look after was changed by somebody: its conditions are theirs.
    let theirs = client.data.pointer("/status/observedGeneration").is_some();
    if theirs || client.metadata.deletion_timestamp.is_some() {
        return Ok(());
    }
    let condition = match second % 3 {
        0 => condition("Ready", "False", "Unavailable", "Unready resources: route", now()),
        _ => condition("Ready", "True", "Available", "", now()),
    };
    server.set_condition(Kind::Client, &slug, &condition).await
}

/// Somebody upgrades a tenant; of the upgrades before, the oldest goes with its Job.
async fn upgrade(
    server: &ApiServer,
    tenants: usize,
    upgrades: &mut VecDeque<String>,
) -> Result<(), PlatformError> {
    let index = fastrand::usize(..tenants.div_ceil(UPGRADED_EVERY)) * UPGRADED_EVERY + 2;
    let index = index.min(tenants - 1);
    let (slug, version) = (client_name(index), client_version(index));
    let date = now().format("%Y-%m-%d-%H%M%S").to_string();
    upgrades.push_back(server.create_upgrade(&slug, &date, version, version).await?);
    if upgrades.len() <= UPGRADES_MAX {
        return Ok(());
    }
    match upgrades.pop_front() {
        Some(old) => server.begin_delete(Kind::Upgrade, &old).await,
        None => Ok(()),
    }
}
