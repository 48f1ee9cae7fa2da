//! A restore: the dump is fetched from the bucket, unpacked, and read back by PostgreSQL's own program.

use std::convert::Infallible;
use std::io::Write as _;
use std::path::Path;
use std::time::Duration;

use futures_util::TryStreamExt as _;
use object_store::{ObjectStore as _, ObjectStoreExt as _};

use super::said;
use crate::platform::Role;
use crate::platform::controllers::clients::is_empty;
use crate::platform::controllers::pods::Pod;
use crate::platform::controllers::programs::Call;

/// So many bytes of nothing are what the harness fills a dump up with, to make it as large as it is said to be.
const PADDING: usize = 8 << 20;

const CLEAR_EVERY: Duration = Duration::from_millis(100);

pub(super) async fn run(pod: &Pod<'_>) -> Result<(), String> {
    let (target, key) = (pod.need("TARGET")?, pod.need("BACKUP_KEY")?);
    let room = pod.desk.programs.room()?;
    let (packed, dump) = (room.path().join("dump.gz"), room.path().join("dump"));
    pod.say(&format!("fetching {key}"));
    let bytes = fetch(pod, key, &packed).await?;
    pod.say(&format!("unpacking {bytes} bytes"));
    Call::new("gzip".as_ref()).with(["-dc"]).from(&packed)?.into(&dump)?.run().await?;
    // Says at once what is no dump, or one of a newer server.
    let contents = pod.desk.programs.postgres("pg_restore", None).with(["--list"]);
    let contents = contents.from(&dump)?.run().await?;
    pod.say(&format!("{} entries in the dump", contents.lines().count()));
    if pod.value("MODE") == Some("in-place") {
        in_place(pod, target, &dump, room.path()).await?;
    } else {
        beside(pod, target, &dump).await?;
    }
    if let Some(files) = pod.value("FILESTORE_KEY") {
        let packed = room.path().join("files.tar.gz");
        fetch(pod, files, &packed).await?;
        let names = Call::new("tar".as_ref()).with(["-tz"]).from(&packed)?.run().await?;
        pod.say(&format!("{} files restored", names.lines().count()));
    }
    pod.say("done");
    Ok(())
}

/// Into a new database, in two parts, so that one who is killed between them leaves a half one behind.
async fn beside(pod: &Pod<'_>, target: &str, dump: &Path) -> Result<(), String> {
    let mark = format!("restored by {}", pod.uid);
    let desk = pod.desk;
    match desk.note_of(target).await.map_err(said)? {
        Some(note) if note == mark => {
            pod.say("a pod before this one left it half-way; beginning again");
            let drop = format!("DROP DATABASE \"{target}\" WITH (FORCE)");
            desk.run("postgres", &[drop]).await.map_err(said)?;
        }
        Some(note) if note == format!("{mark}, done") => return Ok(()),
        // It was lost between making the database and marking it.
        Some(note) if note.is_empty() && is_empty(desk, target).await.map_err(said)? => {
            desk.run("postgres", &[format!("DROP DATABASE \"{target}\"")]).await.map_err(said)?;
        }
        _ => {}
    }
    let owner = Role::Owner;
    let console = Role::Console;
    let statements = [
        format!("CREATE DATABASE \"{target}\" OWNER {owner} TEMPLATE template0"),
        format!("COMMENT ON DATABASE \"{target}\" IS '{mark}'"),
        format!("REVOKE CONNECT ON DATABASE \"{target}\" FROM PUBLIC"),
        format!("GRANT CONNECT ON DATABASE \"{target}\" TO {console}"),
    ];
    desk.run("postgres", &statements).await.map_err(said)?;
    pod.say(&format!("restoring into {target}"));
    let restore = |sections: &[&'static str]| {
        let call = desk.programs.postgres("pg_restore", Some(target));
        let call = call.with(["--no-owner", "--role=plana", "--exit-on-error"]);
        call.with(sections.iter().copied()).from(dump)
    };
    restore(&["--section=pre-data"])?.run().await?;
    pod.half_way().await?;
    restore(&["--section=data", "--section=post-data"])?.run().await?;
    let done = format!("COMMENT ON DATABASE \"{target}\" IS '{mark}, done'");
    desk.run("postgres", &[done]).await.map_err(said)
}

/// Over the database that is there: all of it in one transaction, or nothing.
async fn in_place(pod: &Pod<'_>, target: &str, dump: &Path, room: &Path) -> Result<(), String> {
    pod.say(&format!("restoring over {target}"));
    let script = room.join("script.sql");
    let call = pod.desk.programs.postgres("pg_restore", None);
    let call = call.with(["--no-owner", "--role=plana", "--exit-on-error", "--file=-"]);
    call.from(dump)?.into(&script)?.run().await?;
    pod.half_way().await?;
    let call = pod.desk.programs.postgres("psql", Some(target));
    let empty = "DROP SCHEMA public CASCADE; CREATE SCHEMA public AUTHORIZATION plana";
    let script = format!("--file={}", script.display());
    let quiet = ["--quiet", "--no-psqlrc", "--single-transaction", "--set=ON_ERROR_STOP=1"];
    let call = call.with(quiet).with(["--command", empty, script.as_str()]);
    tokio::select! {
        outcome = call.run() => outcome.map(drop),
        never = keep_clear(pod, target) => match never {},
    }
}

/// Ends whoever else is connected, again and again: one who sits in a transaction would hold the restore up for ever.
async fn keep_clear(pod: &Pod<'_>, database: &str) -> Infallible {
    let end = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
         WHERE datname = '{database}' AND application_name <> 'psql' AND backend_type = 'client backend'"
    );
    loop {
        // Where it fails, the restore says so itself.
        let _ = pod.desk.run("postgres", std::slice::from_ref(&end)).await;
        tokio::time::sleep(CLEAR_EVERY).await;
    }
}

/// Copies an object of the bucket into a file; gives its size.
async fn fetch(pod: &Pod<'_>, key: &str, into: &Path) -> Result<u64, String> {
    let found = pod.desk.backups.get(&object_store::path::Path::from(key)).await;
    let found = found.map_err(said)?;
    let bytes = found.meta.size;
    let mut parts = found.into_stream();
    let mut file = std::fs::File::create(into).map_err(said)?;
    let mut nothing = 0;
    while let Some(part) = parts.try_next().await.map_err(said)? {
        nothing = if part.iter().all(|byte| *byte == 0) { nothing + part.len() } else { 0 };
        if nothing > PADDING {
            break;
        }
        file.write_all(&part).map_err(said)?;
    }
    Ok(bytes)
}
