//! Plans from made-up evidence.

use crate::domain::operation::{Asks, Expect, Goal, Plan, Query, Step, Verb};
use crate::domain::{Role, Span, Text, Timestamp};

/// A plan that looks at one database.
pub(crate) fn any_plan() -> Plan {
    let query = Query::Database { name: Text::from("acme.planapulse.app") };
    Plan {
        id: Text::from("k3f9x2"),
        verb: Verb::Backup,
        scope: Text::from("acme"),
        tenant: Some(Text::from("acme")),
        title: Text::from("Take a backup of acme now"),
        damage: Text::from("Nothing is damaged."),
        by: Text::from("maria"),
        at: Timestamp::default(),
        asks: Asks::Yes,
        role: Role::Operator,
        word: Text::from("acme"),
        pins: Vec::new(),
        checks: Vec::new(),
        notes: Vec::new(),
        steps: vec![Step {
            name: Text::from("look at the database"),
            act: None,
            begun: None,
            settled: Goal::new(query, Expect::Present),
            limit: Span::from_secs(60),
            undo: None,
            log: None,
        }],
        no_return: None,
        due: Vec::new(),
    }
}
