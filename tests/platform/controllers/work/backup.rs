//! A backup: `pg_dump` of the tenant's database, packed, into the bucket.

use object_store::path::Path;
use object_store::{ObjectStoreExt as _, PutPayload};

use super::said;
use crate::platform::controllers::desk::Desk;
use crate::platform::controllers::pods::Pod;
use crate::platform::controllers::programs::Call;

pub(super) async fn run(pod: &Pod<'_>) -> Result<(), String> {
    let tenant = tenant(pod);
    let usual = format!("{tenant}.planapulse.app");
    let database = pod.value("DATABASE").unwrap_or(&usual);
    let stamp = Desk::now().with_timezone(&chrono_tz::Europe::Sofia).format("%Y%m%dT%H%M%S");
    let usual = format!("{tenant}/backup-{stamp}.dump.gz");
    let key = pod.value("BACKUP_KEY").unwrap_or(&usual);
    pod.say(&format!("dumping {database} to {key}"));

    let room = pod.desk.programs.room()?;
    let (dump, packed) = (room.path().join("dump"), room.path().join("dump.gz"));
    let call = pod.desk.programs.postgres("pg_dump", Some(database));
    call.with(["--format=custom"]).into(&dump)?.run().await?;
    pod.half_way().await?;
    Call::new("gzip".as_ref()).with(["-c"]).from(&dump)?.into(&packed)?.run().await?;
    let bytes = tokio::task::spawn_blocking(move || std::fs::read(packed)).await;
    let bytes = bytes.map_err(said)?.map_err(said)?;
    let size = bytes.len();
    let store = &pod.desk.backups;
    store.put(&Path::from(key), PutPayload::from(bytes)).await.map_err(said)?;
    pod.say(&format!("done: {size} bytes"));
    Ok(())
}

/// Whose backup it is: the Job says so, or is called after the tenant.
fn tenant<'a>(pod: &'a Pod<'_>) -> &'a str {
    let named = ["-insurance", "-backup"].into_iter().find_map(|end| pod.job.split_once(end));
    pod.value("TENANT").or(named.map(|(tenant, _)| tenant)).unwrap_or(pod.job)
}
