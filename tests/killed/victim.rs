//! A session that works until it is put to an end.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use pulse_console::domain::Timestamp;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, Row as _};
use tokio::task::JoinHandle;

use crate::ground::Ground;
use crate::platform::{PlatformError, Role};

const WORK: &str = "SELECT pg_sleep(600)";
const SELF: &str = "\
SELECT pid, (extract(epoch FROM backend_start) * 1000)::int8 AS began
FROM pg_stat_activity WHERE pid = pg_backend_pid()";

/// A session whose statement takes long, and that stays when only its statement was cancelled.
pub(super) struct Victim {
    pub(super) pid: i32,
    began: i64,
    cancelled: Arc<AtomicI64>,
    task: JoinHandle<()>,
}

impl Victim {
    /// One that is at work.
    pub(super) async fn start(ground: &Ground) -> Result<Self, PlatformError> {
        let postgres = &ground.world.postgres;
        let mut session = postgres.connection(Role::Owner, "acme.planapulse.app").await?;
        let row = sqlx::query(SELF).fetch_one(&mut session).await?;
        let (pid, began) = (row.try_get("pid")?, row.try_get("began")?);
        let cancelled = Arc::new(AtomicI64::new(0));
        let counted = Arc::clone(&cancelled);
        #[expect(clippy::disallowed_methods, reason = "aborted when it is dropped")]
        let task = tokio::spawn(async move { work(&mut session, &counted).await });
        let victim = Self { pid, began, cancelled, task };
        while victim.state(ground).await? != "active" {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        Ok(victim)
    }

    pub(super) fn began(&self) -> String {
        Timestamp::from_ms(self.began).to_string()
    }

    /// What the server says that it does.
    pub(super) async fn state(&self, ground: &Ground) -> Result<String, PlatformError> {
        let query = format!(
            "SELECT state FROM pg_stat_activity WHERE pid = {}
             AND (extract(epoch FROM backend_start) * 1000)::int8 = {}",
            self.pid, self.began
        );
        let mut session = ground.world.postgres.connection(Role::Super, "postgres").await?;
        let row = sqlx::query(AssertSqlSafe(query)).fetch_optional(&mut session).await?;
        session.close().await?;
        Ok(row.map_or_else(|| Ok("gone".to_owned()), |row| row.try_get(0))?)
    }

    /// How many of its statements were cancelled.
    pub(super) fn cancelled(&self) -> i64 {
        self.cancelled.load(Ordering::Relaxed)
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn work(session: &mut PgConnection, cancelled: &AtomicI64) {
    let ended = sqlx::raw_sql(WORK).execute(&mut *session).await;
    let code = ended.as_ref().err().and_then(|error| error.as_database_error()?.code());
    if code.as_deref() == Some("57014") {
        cancelled.fetch_add(1, Ordering::Relaxed);
        // It is still signed in, and does nothing.
        std::future::pending::<()>().await;
    }
}
