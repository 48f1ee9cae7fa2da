//! Backups that can be restored: made by the same programs that read them back.

use std::process::Command;
use std::process::Stdio;

use chrono::{DateTime, Utc};
use object_store::path::Path;
use object_store::{ObjectStoreExt as _, PutPayload};

use super::programs::{Call, Programs};
use crate::platform::{BACKUPS, Doing as _, Objects, PlatformError, Postgres};

impl Postgres {
    /// Backs the tenant's database up for real, as if at `at`: the dump with its filestore twin. Gives the dump's key.
    pub async fn back_up(
        &self,
        objects: &Objects,
        tenant: &str,
        at: DateTime<Utc>,
    ) -> Result<String, PlatformError> {
        let bytes = self.dump(&format!("{tenant}.planapulse.app")).await?;
        let stamp = at.with_timezone(&chrono_tz::Europe::Sofia).format("%Y%m%dT%H%M%S");
        let key = format!("{tenant}/backup-{stamp}.dump.gz");
        let store = objects.store(BACKUPS)?;
        let files = format!("{tenant}/filestore-{stamp}.tar.gz");
        store.put(&Path::from(files), PutPayload::from(filestore(tenant)?)).await?;
        store.put(&Path::from(key.as_str()), PutPayload::from(bytes)).await?;
        Ok(key)
    }

    /// The same, as a newer PostgreSQL would have written it: this one does not know the format's version.
    pub async fn newer_dump(&self, database: &str) -> Result<Vec<u8>, PlatformError> {
        self.packed(database, |dump| {
            // After the five letters of the name come the major and the minor number.
            if let Some(minor) = dump.get_mut(6) {
                *minor = 99;
            }
        })
        .await
    }

    /// A dump of `database`, packed, as the platform's own backups are.
    pub async fn dump(&self, database: &str) -> Result<Vec<u8>, PlatformError> {
        self.packed(database, |_| {}).await
    }

    async fn packed(
        &self,
        database: &str,
        change: impl FnOnce(&mut Vec<u8>),
    ) -> Result<Vec<u8>, PlatformError> {
        let programs = Programs::new(self)?;
        let what = || format!("dump {database}");
        let made = async {
            let room = programs.room()?;
            let (dump, packed) = (room.path().join("dump"), room.path().join("dump.gz"));
            let call = programs.postgres("pg_dump", Some(database));
            call.with(["--format=custom"]).into(&dump)?.run().await?;
            let mut bytes = std::fs::read(&dump).map_err(|error| error.to_string())?;
            change(&mut bytes);
            std::fs::write(&dump, bytes).map_err(|error| error.to_string())?;
            Call::new("gzip".as_ref()).with(["-c"]).from(&dump)?.into(&packed)?.run().await?;
            std::fs::read(packed).map_err(|error| error.to_string())
        };
        made.await.map_err(std::io::Error::other).doing(what)
    }
}

/// A packed folder with a few files of the tenant.
pub fn filestore(tenant: &str) -> Result<Vec<u8>, PlatformError> {
    let what = || format!("pack the files of {tenant}");
    let folder = tempfile::tempdir().doing(what)?;
    let files = folder.path().join(format!("{tenant}.planapulse.app"));
    std::fs::create_dir(&files).doing(what)?;
    for number in 0..3 {
        std::fs::write(files.join(format!("{number:02}")), format!("file {number} of {tenant}"))
            .doing(what)?;
    }
    let output = Command::new("tar")
        .args(["-cz", "."])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output()
        .doing(what)?;
    Ok(output.stdout)
}
