//! The calls of tools by agents: one row per call, the newest first.

use super::record::Row;
use super::{column, text};
use crate::domain::{Execution, FeedId, Text};
use crate::store::table::{Column, ColumnKind, Value};
use crate::store::{Held, Store};

/// The columns, in the order shown.
pub(super) const COLUMNS: &[Column] = &[
    column("at", "AGE", "How long ago the call was written down.")
        .kind(ColumnKind::Time)
        .fixed(7)
        .right()
        .rank(0),
    column("tenant", "WORKSPACE", "The workspace, which is a tenant.")
        .flex(12, 2)
        .rank(0)
        .searched(),
    column("agent", "AGENT", "The agent.").flex(10, 1).rank(1).searched(),
    column("tool", "TOOL", "The tool that it called.").flex(16, 2).rank(0).searched(),
    column("mode", "MODE", "Whether the call was made, or only pretended: shadow.")
        .fixed(6)
        .rank(0),
    column("status", "STATUS", "How it ended, in the audit's own word.")
        .flex(13, 1)
        .rank(1)
        .searched(),
    column("health", "HEALTH", "How it ended; nothing for a call that was only pretended.")
        .kind(ColumnKind::Health)
        .fixed(13)
        .rank(2),
    column("took", "TOOK", "How long it took.").kind(ColumnKind::Time).fixed(7).right().rank(2),
    column("detail", "DETAIL", "Arguments and answer in a line, as the audit keeps them.")
        .flex(20, 6)
        .rank(3)
        .searched(),
];

impl Row for Execution {
    const FEED: FeedId = FeedId::Executions;
    const COLUMNS: &'static [Column] = COLUMNS;

    fn value<'a>(_store: &'a Store, held: &'a Held<Self>, column: &str) -> Value<'a> {
        let call = &held.object;
        match column {
            "at" => Value::At(call.at),
            "tenant" => text(&call.workspace),
            "agent" => text(&call.agent),
            "tool" => text(&call.tool),
            "mode" => Value::Text(if call.shadow { "shadow" } else { "real" }),
            "status" => text(&call.status),
            "health" if !call.shadow => Value::Health(call.health()),
            "took" => call.took.map_or(Value::Nothing, Value::Span),
            "detail" => text(&call.detail),
            _ => Value::Nothing,
        }
    }

    fn name(&self) -> Text {
        // Of calls at the same moment, in the order of their entries.
        self.uid.0.clone()
    }
}
