//! What keeps a server busy: sessions that work, one that sits in its transaction, and, on request, one that blocks another.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection, Row as _};
use tokio::task::JoinSet;

use super::{PlatformError, Postgres, Role, database_name};

/// After a session was lost, the next one is tried.
const RETRY: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_millis(200);
const POLL: Duration = Duration::from_millis(20);
const BLOCKED_WITHIN: Duration = Duration::from_secs(10);
/// One round of work: reads, a write, and some waiting that is seen as a query.
const WORK: &str = "
SELECT count(*) FROM account_move WHERE partner_id < 40;
UPDATE res_partner SET write_date = now() WHERE id = 1 + (random() * 250)::int;
SELECT pg_sleep(0.3);";

/// Sessions that work until this is dropped, and come back when the server does.
#[derive(Debug)]
pub struct Load {
    sessions: JoinSet<()>,
}

impl Load {
    /// One session on each of `targets`; the first `sitting` open a transaction and sit in it.
    ///
    /// Only the simple protocol is spoken, so that it works through a pooler of transactions too.
    pub fn start(targets: impl IntoIterator<Item = PgConnectOptions>, sitting: usize) -> Self {
        let mut sessions = JoinSet::new();
        for (index, target) in targets.into_iter().enumerate() {
            let target = target.application_name("odoo-worker");
            sessions.spawn(async move {
                loop {
                    // A server that is down is what some tests want.
                    let _ = session(&target, index < sitting).await;
                    tokio::time::sleep(RETRY).await;
                }
            });
        }
        Self { sessions }
    }

    /// How many sessions there are.
    pub fn sessions(&self) -> usize {
        self.sessions.len()
    }
}

async fn session(target: &PgConnectOptions, sits: bool) -> Result<(), sqlx::Error> {
    let mut connection = target.connect().await?;
    if sits {
        sqlx::raw_sql("BEGIN; UPDATE ir_cron SET nextcall = now() WHERE id = 1")
            .execute(&mut connection)
            .await?;
    }
    loop {
        if sits {
            // Notices when the server is gone, and stays idle in its transaction.
            tokio::time::sleep(PAUSE * 50).await;
            connection.ping().await?;
        } else {
            sqlx::raw_sql(WORK).execute(&mut connection).await?;
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// A session that holds a lock and another that waits for it. Both end with this.
#[derive(Debug)]
pub struct Block {
    /// The session that holds the lock, idle in its transaction.
    pub holder: i32,
    /// The session that waits.
    pub waiter: i32,
    /// The database of both.
    pub database: String,
    held: PgConnection,
    waiting: JoinSet<Result<(), sqlx::Error>>,
}

impl Block {
    /// Ends the transaction of the holder, and waits until the other one has its lock.
    pub async fn release(mut self) -> Result<(), PlatformError> {
        sqlx::raw_sql("ROLLBACK").execute(&mut self.held).await?;
        self.held.close().await?;
        while let Some(done) = self.waiting.join_next().await {
            done.unwrap_or(Ok(()))?;
        }
        Ok(())
    }
}

impl Postgres {
    /// Keeps `sessions` sessions busy, each on one of the first tenants' databases; the first sits idle in its transaction.
    pub fn load(&self, sessions: usize) -> Load {
        let with_database = (0..).filter(|index| *index != super::WITHOUT_DATABASE);
        let targets = with_database.take(sessions);
        Load::start(targets.map(|index| self.options(Role::Owner, &database_name(index))), 1)
    }

    /// Blocks a session of `tenant`, given by its subdomain, behind another that is idle in its transaction; returns when the
    /// server says so.
    pub async fn block(&self, tenant: &str) -> Result<Block, PlatformError> {
        let database = format!("{tenant}.planapulse.app");
        let mut held = self.worker(&database).await?;
        let holder = pid(&mut held).await?;
        sqlx::raw_sql("BEGIN; LOCK TABLE account_move IN ACCESS EXCLUSIVE MODE")
            .execute(&mut held)
            .await?;
        let mut second = self.worker(&database).await?;
        let waiter = pid(&mut second).await?;
        let mut waiting = JoinSet::new();
        waiting.spawn(async move {
            sqlx::raw_sql("UPDATE account_move SET state = 'draft' WHERE id = 1")
                .execute(&mut second)
                .await?;
            second.close().await
        });
        self.wait_until_blocked(waiter, holder).await?;
        Ok(Block { holder, waiter, database, held, waiting })
    }

    async fn worker(&self, database: &str) -> Result<PgConnection, PlatformError> {
        let options = self.options(Role::Owner, database).application_name("odoo-worker");
        Ok(options.connect().await?)
    }

    async fn wait_until_blocked(&self, waiter: i32, holder: i32) -> Result<(), PlatformError> {
        let mut watcher = self.connection(Role::Super, "postgres").await?;
        let question = format!("SELECT {holder} = ANY(pg_blocking_pids({waiter}))");
        let blocked = tokio::time::timeout(BLOCKED_WITHIN, async {
            loop {
                let row =
                    sqlx::raw_sql(AssertSqlSafe(question.as_str())).fetch_one(&mut watcher).await?;
                if row.try_get::<bool, _>(0)? {
                    return Ok::<_, PlatformError>(());
                }
                tokio::time::sleep(POLL).await;
            }
        });
        blocked.await.map_err(|_| PlatformError::Postgres(sqlx::Error::PoolTimedOut))??;
        Ok(watcher.close().await?)
    }
}

async fn pid(connection: &mut PgConnection) -> Result<i32, PlatformError> {
    Ok(sqlx::query("SELECT pg_backend_pid()").fetch_one(connection).await?.try_get(0)?)
}
