//! The panes: which tables each one holds, and the digit that leads there.

use crate::store::table::TableId;

/// A pane.
#[derive(Clone, Copy, Debug)]
pub struct PaneSpec {
    /// The word that it is called by.
    pub name: &'static str,
    /// The digit that leads there; none where only the palette does.
    pub digit: Option<char>,
    /// Its tables: one is shown at a time, the first one at first.
    pub tables: &'static [TableId],
}

impl PaneSpec {
    /// The table that is shown at first.
    #[must_use]
    pub fn first(&self) -> TableId {
        self.tables.first().copied().unwrap_or(TableId::Tenants)
    }
}

const fn pane(name: &'static str, digit: Option<char>, tables: &'static [TableId]) -> PaneSpec {
    PaneSpec { name, digit, tables }
}

/// The panes in the order of the bar.
pub static PANES: &[PaneSpec] = &[
    pane("overview", Some('1'), &[TableId::Overview]),
    pane("tenants", Some('2'), &[TableId::Tenants]),
    pane("events", Some('3'), &[TableId::Events]),
    pane("databases", Some('4'), &[TableId::Databases, TableId::Sessions, TableId::Pools]),
    pane("streams", Some('5'), &[TableId::Streams, TableId::Keys]),
    pane("backups", Some('6'), &[TableId::Backups]),
    pane("upgrades", Some('7'), &[TableId::Upgrades]),
    pane("alerts", Some('8'), &[TableId::Alerts, TableId::Silences]),
    pane("operations", Some('9'), &[TableId::Operations, TableId::Due]),
    pane(
        "cluster",
        Some('0'),
        &[
            TableId::Workloads,
            TableId::Pods,
            TableId::Network,
            TableId::Flux,
            TableId::Jobs,
            TableId::Nodes,
        ],
    ),
    pane("services", None, &[TableId::Services, TableId::Executions]),
];

/// The number of the pane that holds `table`.
#[must_use]
pub fn pane_of(table: TableId) -> usize {
    PANES.iter().position(|pane| pane.tables.contains(&table)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_in_one_pane() {
        for table in TableId::ALL {
            let holding = PANES.iter().filter(|pane| pane.tables.contains(&table)).count();
            assert_eq!(holding, 1, "{table:?}");
        }
        assert_eq!(PANES.iter().map(|pane| pane.tables.len()).sum::<usize>(), TableId::ALL.len());
        let mut digits: Vec<_> = PANES.iter().filter_map(|pane| pane.digit).collect();
        digits.sort_unstable();
        digits.dedup();
        assert_eq!(digits.len(), PANES.iter().filter(|pane| pane.digit.is_some()).count());
    }
}
