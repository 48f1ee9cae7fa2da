//! An operation as a report: for the post-mortem, and for who reads it in a terminal.

use std::fmt::Write as _;

use super::changes;
use crate::domain::operation::{CheckResult, Entry, Operation, Plan, Record};

/// One line of the time line: what a record says.
pub struct Timeline<'a> {
    plan: &'a Plan,
}

impl<'a> Timeline<'a> {
    /// The time line of an operation of `plan`.
    #[must_use]
    pub const fn new(plan: &'a Plan) -> Self {
        Self { plan }
    }

    /// What `record` says, in a line without its time.
    #[must_use]
    pub fn line(&self, record: &Record) -> String {
        let by = &record.by;
        match &record.entry {
            Entry::Confirmed { reason, stepped_up } => {
                let factor = if *stepped_up { ", with a second factor" } else { "" };
                let why = if reason.is_empty() { String::new() } else { format!(": {reason}") };
                format!("{by} confirmed the plan{factor}{why}")
            }
            Entry::Approved => format!("{by} approved of it"),
            Entry::Taken => format!("{by} works on it from {}", record.console),
            Entry::Began { step } => format!("begins: {}", self.name(*step)),
            Entry::Done { step, saw } => format!("done: {} ({saw})", self.name(*step)),
            Entry::Stopped { step, why } => format!("stopped at: {}: {why}", self.name(*step)),
            Entry::TurnedBack { why } => format!("{by} takes it back: {why}"),
            Entry::Undoing { step } => format!("takes back: {}", self.name(*step)),
            Entry::Undone { step, saw } => format!("taken back: {} ({saw})", self.name(*step)),
            Entry::GivenUp { why } => format!("{by} leaves it as it is: {why}"),
        }
    }

    fn name(&self, step: usize) -> String {
        let name = self.plan.steps.get(step).map_or("?", |step| step.name.as_str());
        format!("{}. {name}", step + 1)
    }
}

/// `operation` as a page of Markdown: what was planned, what was looked at, the time line, what is due.
#[must_use]
pub fn export(operation: &Operation) -> String {
    let (plan, standing) = (&operation.plan, &operation.standing);
    let mut page = String::new();
    // Writing to a string can't fail.
    let _ = write!(
        page,
        "# {}\n\n- Operation: `{}` ({})\n- State: {}\n- Damage: {}\n- By: {}, planned {}\n",
        literal(plan.title.as_str()),
        plan.id,
        plan.verb,
        standing.word(),
        literal(plan.damage.as_str()),
        literal(plan.by.as_str()),
        plan.at
    );
    if !standing.reason.is_empty() {
        let _ = writeln!(page, "- Reason: {}", literal(standing.reason.as_str()));
    }
    if let Some(by) = &standing.approved_by {
        let _ = writeln!(page, "- Approved by: {}", literal(by.as_str()));
    }
    page.push_str("\n## Looked at before\n\n");
    for check in &plan.checks {
        let word = match check.result {
            CheckResult::Good => "holds",
            CheckResult::Doubtful => "doubtful",
            CheckResult::Bad => "does not hold",
        };
        let _ = writeln!(page, "- {word}: {}", literal(check.what.as_str()));
    }
    page.push_str("\n## Steps\n\n");
    for (at, step) in plan.steps.iter().enumerate() {
        if plan.no_return == Some(at) {
            page.push_str("\nFrom here on it can't be taken back:\n\n");
        }
        let _ = writeln!(page, "{}. {}", at + 1, literal(step.name.as_str()));
    }
    written(plan, &mut page);
    page.push_str("\n## Time line\n\n| time (UTC) | what |\n|---|---|\n");
    let timeline = Timeline::new(plan);
    for record in &operation.records {
        let line = timeline.line(record).replace('|', "\\|");
        let _ = writeln!(page, "| {} | {} |", record.at, literal(&line));
    }
    if !plan.due.is_empty() {
        page.push_str("\n## Due\n\n");
    }
    for due in &plan.due {
        let _ = writeln!(page, "- {}: {}", due.at, literal(due.what.as_str()));
    }
    page
}

/// What the steps write into the cluster, as a difference.
fn written(plan: &Plan, page: &mut String) {
    let changes = changes(plan);
    if !changes.is_empty() {
        page.push_str("\n## Written into the cluster\n");
    }
    for change in changes {
        let _ = writeln!(page, "\n{}. {}\n", change.step + 1, literal(change.what.as_str()));
        // Indented text is shown as it is, whatever stands in it.
        for line in &change.lines {
            let _ = writeln!(page, "        {line}");
        }
    }
}

/// `text` so that Markdown makes nothing of it.
fn literal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '<' | '>' | '`' | '*' | '_' | '[' | ']') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
