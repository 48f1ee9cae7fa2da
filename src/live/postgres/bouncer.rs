//! The pools of a pgbouncer, by its admin console: `SHOW` only, by the simple protocol, which is all that it speaks.
//!
//! Columns differ between versions and are read by name; one that is not there is none, unless nothing can be said
//! without it.

use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;

use sqlx::Row as _;
use sqlx::postgres::PgRow;

use super::Options;
use super::columns::Odd;
use super::connect::{Link, Target};
use super::pace::Retry;
use super::told::Told;
use super::trouble::{self, Failure, Whose};
use crate::domain::{DatabaseClass, Fact, FeedId, Pool, Span, Text, Trouble, Uid};
use crate::platform::{Closed, Sink};

/// Databases and averages are asked for each so many times.
const SLOWLY_EACH: u64 = 4;

/// The longest time without a sign of life.
const SIGN: Duration = Duration::from_millis(2000);

/// The most pools that are told.
const POOLS_MAX: usize = 20_000;

#[derive(Debug, thiserror::Error)]
enum End {
    #[error(transparent)]
    Failed(#[from] Failure),
    #[error(transparent)]
    Closed(#[from] Closed),
}

/// Asks pgbouncer until nobody listens.
pub(super) async fn run(options: Options, sink: Sink) -> Result<(), Closed> {
    let target = match Target::bouncer(&options) {
        Ok(target) => target,
        Err(failure) => {
            let trouble = trouble::address(&failure, Whose::Pgbouncer);
            sink.tell(FeedId::Pools, [Fact::Unreachable(trouble)]).await?;
            loop {
                tokio::time::sleep(SIGN).await;
                sink.send(Vec::new()).await?;
            }
        }
    };
    let mut watch = Watch { options, target, sink, pools: Told::default() };
    watch.follow().await
}

/// What is known of a database beside its pools.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Beside {
    paused: bool,
    size: Option<u32>,
    queries_per_second: Option<u64>,
    query_time: Option<Span>,
    wait_time: Option<Span>,
}

struct Watch {
    options: Options,
    target: Target,
    sink: Sink,
    pools: Told<Pool>,
}

impl Watch {
    async fn follow(&mut self) -> Result<(), Closed> {
        let mut retry = Retry::default();
        let mut told: Option<Trouble> = None;
        loop {
            let mut well = false;
            let failure = match self.link(&mut well).await {
                Err(End::Closed(closed)) => return Err(closed),
                Err(End::Failed(failure)) => failure,
                Ok(never) => match never {},
            };
            if well {
                retry.reset();
                told = None;
            }
            let trouble = trouble::explain(&failure, &self.target, Whose::Pgbouncer);
            if told.as_ref() != Some(&trouble) {
                tracing::info!(%failure, "pgbouncer can't be read");
                self.pools.lost();
                self.sink.tell(FeedId::Pools, [Fact::Unreachable(trouble.clone())]).await?;
                told = Some(trouble);
            }
            tokio::time::sleep(retry.next(failure.code().is_some())).await;
            self.sink.send(Vec::new()).await?;
        }
    }

    async fn link(&mut self, well: &mut bool) -> Result<Infallible, End> {
        let mut link = Link::open(&self.target, &self.sink).await?;
        let mut beside = HashMap::new();
        let mut round: u64 = 0;
        loop {
            if round.is_multiple_of(SLOWLY_EACH) {
                beside = besides(&mut link).await?;
            }
            const DOING: &str = "listing the pools";
            let rows = link.show(DOING, "SHOW POOLS").await?;
            let pools: Result<Vec<Pool>, Odd> = rows
                .iter()
                .filter(|row| text(row, "database") != Some("pgbouncer"))
                .take(POOLS_MAX)
                .map(|row| pool(row, &beside, &self.options.domain))
                .collect();
            let pools = pools.map_err(Failure::odd(DOING))?;
            self.sink.tell(FeedId::Pools, self.pools.facts(pools)).await?;
            *well = true;
            round += 1;
            self.rest(&mut link).await?;
        }
    }

    async fn rest(&mut self, link: &mut Link) -> Result<(), End> {
        let mut left = self.options.refresh;
        while left > SIGN + SIGN / 2 {
            tokio::time::sleep(SIGN).await;
            link.show("asking whether it is there", "SHOW VERSION").await?;
            self.sink.tell(FeedId::Pools, [Fact::Alive]).await?;
            left = left.saturating_sub(SIGN);
        }
        tokio::time::sleep(left.min(SIGN)).await;
        Ok(())
    }
}

/// Whether databases are paused, how large their pools may be, and their averages.
async fn besides(link: &mut Link) -> Result<HashMap<Text, Beside>, Failure> {
    let mut beside: HashMap<Text, Beside> = HashMap::new();
    for row in &link.show("listing the databases", "SHOW DATABASES").await? {
        let Some(name) = text(row, "name") else { continue };
        let at = beside.entry(Text::bounded(name, 256)).or_default();
        at.paused = number(row, "paused").unwrap_or(0) > 0;
        at.size = number(row, "pool_size").and_then(|size| u32::try_from(size).ok());
    }
    for row in &link.show("asking for averages", "SHOW STATS").await? {
        let Some(name) = text(row, "database") else { continue };
        let micros = |column| Some(Span::from_ms(number(row, column)? / 1000));
        let at = beside.entry(Text::bounded(name, 256)).or_default();
        at.queries_per_second = number(row, "avg_query_count");
        at.query_time = micros("avg_query_time");
        at.wait_time = micros("avg_wait_time");
    }
    Ok(beside)
}

fn pool(row: &PgRow, beside: &HashMap<Text, Beside>, domain: &str) -> Result<Pool, Odd> {
    let name =
        |column| text(row, column).map(|name| Text::bounded(name, 256)).ok_or(Odd { column });
    let count = |column| -> u32 {
        let count = number(row, column).unwrap_or(0);
        u32::try_from(count).unwrap_or(u32::MAX)
    };
    let needed = |column| number(row, column).map(|_| count(column)).ok_or(Odd { column });
    let (database, user) = (name("database")?, name("user")?);
    let (_, tenant) = DatabaseClass::of(database.as_str(), domain);
    let other = ["sv_used", "sv_tested", "sv_login", "sv_being_canceled", "sv_active_cancel"];
    let known = beside.get(&database).cloned().unwrap_or_default();
    // Whole seconds, and what is over in microseconds.
    let wait = count("maxwait");
    let over = count("maxwait_us");
    Ok(Pool {
        uid: Uid(Text::from(format!("{database}/{user}"))),
        tenant: tenant.map(Text::clean),
        clients_active: needed("cl_active")?,
        clients_waiting: needed("cl_waiting")?,
        servers_active: needed("sv_active")?,
        servers_idle: needed("sv_idle")?,
        servers_other: other.into_iter().map(count).fold(0, u32::saturating_add),
        longest_wait: Span::from_ms(u64::from(wait) * 1000 + u64::from(over) / 1000),
        mode: text(row, "pool_mode").map(|mode| Text::bounded(mode, 64)).unwrap_or_default(),
        paused: known.paused,
        size: known.size,
        queries_per_second: known.queries_per_second,
        query_time: known.query_time,
        wait_time: known.wait_time,
        database,
        user,
    })
}

/// A cell as text; none where there is no such column, or nothing in it.
fn text<'r>(row: &'r PgRow, column: &'static str) -> Option<&'r str> {
    row.try_get_raw(column).ok()?.as_str().ok()
}

/// A cell as a whole number that is not negative.
fn number(row: &PgRow, column: &'static str) -> Option<u64> {
    text(row, column)?.trim().parse().ok()
}
