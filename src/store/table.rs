//! The shape that every table has: columns, and rows whose cells are typed values.
//!
//! Filter, sort and draw all read the same [`Value`]s, so a column is described once.

use serde::{Deserialize, Serialize};

use super::findings::Area;
use crate::domain::{FeedId, Health, Severity, Span, StreamId, Text, Timestamp, Uid};

/// Where a row lives in its table until it goes. A slot may be used again by another row.
pub type Slot = u64;

/// Declares [`TableId`]: the word that each table is called by, one of its rows, several of them, and the column
/// that it is sorted by until told otherwise (`-` before it: the other way round; empty: the order of the slots).
macro_rules! tables {
    ($($(#[$doc:meta])* $id:ident = $name:literal, $one:literal, $many:literal, $sort:literal;)+) => {
        /// The tables of the console.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum TableId {
            $($(#[$doc])* $id,)+
        }

        impl TableId {
            /// Every table, in the order of the panes.
            pub const ALL: [Self; [$(Self::$id),+].len()] = [$(Self::$id),+];

            /// The word that it is called by.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$id => $name),+ }
            }

            /// What `count` of its rows are called.
            #[must_use]
            pub const fn noun(self, count: usize) -> &'static str {
                match (self, count) { $((Self::$id, 1) => $one, (Self::$id, _) => $many),+ }
            }

            /// The column that it is sorted by until told otherwise, and whether the other way round.
            #[must_use]
            pub fn sorted_by(self) -> Option<(&'static str, bool)> {
                let column = match self { $(Self::$id => $sort),+ };
                match column.strip_prefix('-') {
                    Some(column) => Some((column, true)),
                    None if column.is_empty() => None,
                    None => Some((column, false)),
                }
            }
        }
    };
}

tables! {
    /// One row per thing that is wrong now.
    Overview = "overview", "finding", "findings", "";
    /// One row per tenant.
    Tenants = "tenants", "tenant", "tenants", "health";
    /// One row per entry of the event stream, and per gap in it.
    Events = "events", "line", "lines", "";
    /// One row per database, and per tenant that has none.
    Databases = "databases", "database", "databases", "health";
    /// One row per connection to a database.
    Sessions = "sessions", "session", "sessions", "health";
    /// One row per pool of pgbouncer.
    Pools = "pools", "pool", "pools", "health";
    /// One row per stream.
    Streams = "streams", "stream", "streams", "health";
    /// One row per family of keys, and per queue.
    Keys = "keys", "family", "families", "health";
    /// One row per tenant's backups, and per tenant that has none.
    Backups = "backups", "tenant", "tenants", "urgency";
    /// One row per upgrade, restore and template build.
    Upgrades = "upgrades", "run", "runs", "urgency";
    /// One row per alert.
    Alerts = "alerts", "alert", "alerts", "urgency";
    /// One row per silence.
    Silences = "silences", "silence", "silences", "state";
    /// One row per operation of a console.
    Operations = "operations", "operation", "operations", "urgency";
    /// One row per thing that is due after an operation.
    Due = "due", "thing due", "things due", "at";
    /// One row per Deployment, autoscaler and quota.
    Workloads = "workloads", "workload", "workloads", "health";
    /// One row per pod.
    Pods = "pods", "pod", "pods", "health";
    /// One row per gateway, route and certificate.
    Network = "network", "object", "objects", "health";
    /// One row per Kustomization of Flux.
    Flux = "flux", "kustomization", "kustomizations", "health";
    /// One row per CronJob and Job.
    Jobs = "jobs", "job", "jobs", "health";
    /// One row per node and volume claim.
    Nodes = "nodes", "object", "objects", "health";
    /// One row per service of the platform.
    Services = "services", "service", "services", "health";
    /// One row per call of a tool by an agent.
    Executions = "executions", "call", "calls", "at";
}

/// The identity of a row: what the cursor and marks belong to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RowId {
    /// An object, by the feed that tells it.
    Object(FeedId, Uid),
    /// What the tenant of this name should have and has not.
    Missing(Text),
    /// An entry of the event stream.
    Entry(StreamId),
    /// Something that is wrong: in which area, and its identity there.
    Finding(Area, Text),
    /// A mark between entries of the stream (a gap, or where the operator left), by its number.
    Mark(u64),
    /// Rows of one cause, told as one, by what they have in common.
    Group(Text),
    /// What is due after the operation of this id, by its number there.
    Due(Text, u8),
}

/// How a row stands to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fold {
    /// By itself.
    Alone,
    /// For the rows folded under it; while a filter looks into each row it is not shown.
    Head,
    /// Folded under the row at this slot: shown when that is opened, and while there is a filter.
    Under(Slot),
}

/// The content of one cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Nothing is known, or there is nothing.
    Nothing,
    /// A word or a line.
    Text(&'a str),
    /// A count.
    Number(u64),
    /// A size.
    Bytes(u64),
    /// A point in time, shown as its age.
    At(Timestamp),
    /// A point in time, shown as the time of day.
    Clock(Timestamp),
    /// A health.
    Health(Health),
    /// How bad an alert is.
    Severity(Severity),
    /// A length of time.
    Span(Span),
    /// A point in time to come, shown as how long it is till then.
    Until(Timestamp),
    /// A point in time to come that ends something by itself, shown as how long it is till then.
    Ends(Timestamp),
    /// So many of so many.
    Ratio(u64, u64),
    /// A share in thousandths, shown in percent.
    Permille(u16),
}

/// What sort of values a column holds; it decides how a filter reads what it is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Words.
    Text,
    /// Counts.
    Number,
    /// Sizes, compared with units: `10GB`.
    Bytes,
    /// Points in time, compared by age, and lengths of time: `26h`.
    Time,
    /// Healths, compared by word.
    Health,
}

/// How wide a column is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// Always so many cells.
    Fixed(u16),
    /// At least so many cells, and a share of what is left by weight.
    Flex {
        /// The least cells.
        least: u16,
        /// Its share of what is left.
        weight: u16,
    },
}

/// One column of a table.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// The name used in filters, sorting and the choice of columns.
    pub id: &'static str,
    /// The word over the column.
    pub title: &'static str,
    /// What it shows, in one line.
    pub doc: &'static str,
    /// What sort of values it holds.
    pub kind: ColumnKind,
    /// How wide it is.
    pub width: Width,
    /// Which columns give way first on a narrow screen: the highest. 0 never does.
    pub rank: u8,
    /// Whether a plain word of a filter looks into it.
    pub searched: bool,
    /// Whether it is shown unless chosen otherwise.
    pub shown: bool,
    /// Whether its cells stand at its right edge, as figures do.
    pub right: bool,
}

/// A table: rows by slot, columns by number.
pub trait Table {
    /// Its columns.
    fn columns(&self) -> &'static [Column];

    /// Grows with every change of a row.
    fn revision(&self) -> u64;

    /// The slots changed since `revision`, oldest first; none when that is too long ago to tell.
    fn changes_since(&self, revision: u64) -> Option<Vec<Slot>>;

    /// Every slot in use, ascending.
    fn slots(&self) -> Box<dyn Iterator<Item = Slot> + '_>;

    /// How many rows there are.
    fn len(&self) -> usize;

    /// Whether there is no row.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The identity of the row at `slot`; none when the slot is free.
    fn id(&self, slot: Slot) -> Option<RowId>;

    /// Where the row `id` is now.
    fn find(&self, id: &RowId) -> Option<Slot>;

    /// The cell of the row at `slot` in the column numbered `column`.
    fn value(&self, slot: Slot, column: usize) -> Value<'_>;

    /// The name by which rows of equal sort keys are ordered.
    fn name(&self, slot: Slot) -> Text;

    /// Whether the row passes every filter, because hiding it would deceive: a gap in a stream.
    fn always_shown(&self, _slot: Slot) -> bool {
        false
    }

    /// Whether the row stands for others, or is folded under another.
    fn fold(&self, _slot: Slot) -> Fold {
        Fold::Alone
    }
}
