//! What is dear to find out, on a connection of its own: one statement at a time, with rests that grow with its cost.
//!
//! A trouble here is not told: the refreshes meet the same server and tell it. What could not be had is tried later.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx::postgres::types::Oid;

use super::columns;
use super::connect::{Link, Spent, Target};
use super::sizes::{Sizes, Work};
use super::sql;
use super::trouble::Failure;
use crate::domain::{Span, Text};
use crate::platform::Sink;

/// The rest after a size that is on the screen, and after any other.
const REST: (Duration, Duration) = (Duration::from_millis(100), Duration::from_millis(1000));

/// The rest is so many times what the answer took, at most [`LONGEST`].
const TIMES: u32 = 20;

const LONGEST: Duration = Duration::from_secs(60);

/// With nothing to do, and after a failure.
const IDLE: Duration = Duration::from_secs(1);

const FAILED: Duration = Duration::from_secs(5);

/// Locks what both lanes share; a lane that broke while it held it has left it whole.
pub(super) fn lock(sizes: &Mutex<Sizes>) -> MutexGuard<'_, Sizes> {
    sizes.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Finds out what `sizes` wants to know, for ever.
pub(super) async fn run(target: &Target, sizes: &Mutex<Sizes>, sink: &Sink) {
    let mut attention = sink.attention();
    let mut link: Option<Link> = None;
    loop {
        let seen = attention.borrow_and_update().databases.clone();
        let work = lock(sizes).next(sink.now(), &seen);
        let rest = match work {
            None => {
                // Whoever looks elsewhere, or at other rows, ends the rest.
                let _ = tokio::time::timeout(IDLE, attention.changed()).await;
                // A closed watch changes no more, and answers at once.
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
            Some(Work::Size(id, seen)) => match measure(target, &mut link, id, (sizes, sink)).await
            {
                Ok(spent) => rest(spent, seen),
                Err(_) => FAILED,
            },
            Some(Work::Visit(id, name)) => {
                // One connection beside that of the refreshes, wherever it leads.
                if let Some(link) = link.take() {
                    link.close().await;
                }
                let (spent, vacuumed) = visit(target, &name, sink).await;
                let mut sizes = lock(sizes);
                sizes.spend(spent);
                sizes.visited(id, vacuumed, sink.now());
                rest(spent, false)
            }
        };
        tokio::time::sleep(rest).await;
    }
}

fn rest(spent: Spent, seen: bool) -> Duration {
    let least = if seen { REST.0 } else { REST.1 };
    Duration::from_millis(spent.took.ms()).saturating_mul(TIMES).clamp(least, LONGEST)
}

/// Asks for one size. After a failure that is no refusal the connection is given up.
async fn measure(
    target: &Target,
    link: &mut Option<Link>,
    id: u32,
    (sizes, sink): (&Mutex<Sizes>, &Sink),
) -> Result<Spent, Failure> {
    let mut open = match link.take() {
        Some(open) => open,
        None => Link::open(target, sink).await?,
    };
    let answer = open.ask("measuring a database", sqlx::query(sql::SIZE).bind(Oid(id))).await;
    let spent = open.spent();
    let now = sink.now();
    let mut sizes = lock(sizes);
    sizes.spend(spent);
    match answer {
        Ok(rows) => {
            let bytes = rows.first().and_then(|row| columns::count(row, "bytes").ok());
            sizes.sized(id, bytes, now);
        }
        Err(failure) => {
            if failure.is_denied() {
                sizes.refused(id, now);
            } else {
                sizes.sized(id, None, now);
            }
            if !failure.spares_the_link() {
                return Err(failure);
            }
        }
    }
    drop(sizes);
    *link = Some(open);
    Ok(spent)
}

/// Connects to the database `name` for one statement. What can't be had is asked for again much later.
async fn visit(
    target: &Target,
    name: &Text,
    sink: &Sink,
) -> (Spent, Option<crate::domain::Timestamp>) {
    let began = sink.now();
    let vacuumed = async {
        let mut link = Link::open(&target.to_database(name.as_str()), sink).await.ok()?;
        let rows = link.ask("asking for the last vacuum", sqlx::query(sql::VACUUMED)).await.ok();
        link.close().await;
        columns::time(rows?.first()?, "at").ok()?
    }
    .await;
    // Connecting is the dearer part of it for the server.
    let took = Span::from_ms(sink.now().since(began).ms());
    (Spent { asked: 1, took }, vacuumed)
}
