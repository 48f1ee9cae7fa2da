//! Cells by the name of their column: versions differ in what columns there are and in what order.

use sqlx::postgres::PgRow;
use sqlx::{Decode, Postgres, Row as _, Type};

use crate::domain::{Text, Timestamp};

/// A column that is not there, or holds something else than it should.
#[derive(Debug, thiserror::Error)]
#[error("its answer has no usable column {column}")]
pub(super) struct Odd {
    /// The column.
    pub(super) column: &'static str,
}

/// The longest text kept of a name or a word.
const NAME: usize = 256;

/// The cell of `column`, none where it is null.
pub(super) fn cell<'r, T>(row: &'r PgRow, column: &'static str) -> Result<Option<T>, Odd>
where
    T: Decode<'r, Postgres> + Type<Postgres>,
{
    row.try_get::<Option<T>, _>(column).map_err(|_| Odd { column })
}

/// The cell of `column`, which is never null.
pub(super) fn needed<'r, T>(row: &'r PgRow, column: &'static str) -> Result<T, Odd>
where
    T: Decode<'r, Postgres> + Type<Postgres>,
{
    cell(row, column)?.ok_or(Odd { column })
}

/// A name; empty where it is null.
pub(super) fn name(row: &PgRow, column: &'static str) -> Result<Text, Odd> {
    Ok(Text::bounded(cell::<&str>(row, column)?.unwrap_or_default(), NAME))
}

/// A count or a size; 0 where it is null or less.
pub(super) fn count(row: &PgRow, column: &'static str) -> Result<u64, Odd> {
    Ok(u64::try_from(cell::<i64>(row, column)?.unwrap_or(0)).unwrap_or(0))
}

/// A time; none where it is null.
pub(super) fn time(row: &PgRow, column: &'static str) -> Result<Option<Timestamp>, Odd> {
    Ok(cell::<i64>(row, column)?.map(Timestamp::from_ms))
}

/// A small number that is never null; 0 where it is less.
pub(super) fn small(row: &PgRow, column: &'static str) -> Result<u32, Odd> {
    Ok(u32::try_from(needed::<i32>(row, column)?).unwrap_or(0))
}
