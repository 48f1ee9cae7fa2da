//! Agents at work in the training world: their calls of tools, and the streams in which each workspace audits them.

use super::{chance, elapsed, mark};
use crate::domain::{
    Execution, FeedId, Health, Kind, Object, Span, Spec, StreamId, StreamInfo, Text, Timestamp, Uid,
};
use crate::sim::engine::Engine;

/// The most workspaces whose agents work.
const WORKSPACES: usize = 24;
/// The newest calls that are kept.
const KEPT: usize = 240;
/// Calls of a workspace before the trainee came.
const BEFORE: u64 = 6;

/// What agents call: who, what, and whether it would change something.
const TOOLS: [(&str, &str, bool); 8] = [
    ("finance", "cash_position", false),
    ("finance", "overdue_invoices", false),
    ("finance", "register_payment", true),
    ("operations", "stock_levels", false),
    ("operations", "reorder_product", true),
    ("sales", "pipeline_summary", false),
    ("sales", "create_quotation", true),
    ("marketing", "campaign_report", false),
];

/// What was called before the trainee came.
pub(super) fn found(engine: &mut Engine) {
    for workspace in workspaces(engine) {
        let number = mark(workspace.as_str());
        for call in 0..BEFORE {
            let back = Span::from_secs(90 + number % 400 + call * 1_700);
            let at = engine.now().before(back);
            let made = execution(engine, &workspace, at, number + call);
            engine.put(made);
        }
        audit(engine, &workspace);
    }
}

/// Every so often some agent calls a tool.
pub(super) fn beat(engine: &mut Engine) {
    let number = elapsed(engine);
    let mut rng = chance(engine, 0xca11, number);
    let all = workspaces(engine);
    if all.is_empty() || rng.u8(0..100) >= 35 {
        return;
    }
    let Some(workspace) = all.get(rng.usize(0..all.len())).cloned() else { return };
    let made = execution(engine, &workspace, engine.now(), rng.u64(..));
    engine.put(made);
    audit(engine, &workspace);
    let mut known: Vec<(Timestamp, Uid)> = engine
        .world
        .others(FeedId::Executions)
        .filter_map(|object| match object {
            Object::Execution(call) => Some((call.at, call.uid.clone())),
            _ => None,
        })
        .collect();
    known.sort();
    let more = known.len().saturating_sub(KEPT);
    for (_, uid) in known.into_iter().take(more) {
        engine.take(FeedId::Executions, &uid);
    }
}

/// The server was started again: no audit is there any more.
pub(super) fn forget(engine: &mut Engine) {
    for feed in [FeedId::Executions, FeedId::Streams] {
        let gone: Vec<Uid> = engine
            .world
            .others(feed)
            .filter(|object| object.tenant().is_some())
            .map(|object| object.uid().clone())
            .collect();
        for uid in gone {
            engine.take(feed, &uid);
        }
    }
}

/// The tenants whose agents work.
fn workspaces(engine: &Engine) -> Vec<Text> {
    engine
        .world
        .objects(Kind::Client)
        .filter_map(|client| match &client.spec {
            Spec::Client(spec) if spec.tier != "starter" && !spec.subdomain.is_empty() => {
                Some(spec.subdomain.clone())
            }
            _ => None,
        })
        .take(WORKSPACES)
        .collect()
}

fn execution(engine: &Engine, workspace: &Text, at: Timestamp, number: u64) -> Execution {
    let mut rng = chance(engine, mark(workspace.as_str()), number);
    let pick = rng.usize(0..TOOLS.len());
    let (agent, tool, writes) = TOOLS.get(pick).copied().unwrap_or(("finance", "report", false));
    let failed = !writes && rng.u8(0..100) < 6;
    let (status, answer) = match (writes, failed) {
        (true, _) => ("would_execute", r#"{"simulated":true}"#.to_owned()),
        (false, true) => ("error", r#"{"error":"Odoo answered 503"}"#.to_owned()),
        (false, false) => ("success", format!(r#"{{"rows":{}}}"#, rng.u8(1..60))),
    };
    let id = StreamId { ms: u64::try_from(at.ms()).unwrap_or_default(), seq: 0 };
    Execution {
        uid: Uid(Text::clean(&format!("{workspace}/{id}"))),
        workspace: workspace.clone(),
        at,
        agent: agent.into(),
        tool: tool.into(),
        status: status.into(),
        shadow: writes,
        took: Some(Span::from_ms(rng.u64(140..2_600))),
        detail: Text::clean(&format!(r#"{{"company_id":1,"token":"[redacted]"}} → {answer}"#)),
    }
}

/// The stream in which `workspace` audits its calls, as it is now.
fn audit(engine: &mut Engine, workspace: &Text) {
    let calls = engine.world.others(FeedId::Executions).filter_map(|object| match object {
        Object::Execution(call) if call.workspace == *workspace => Some(call.at),
        _ => None,
    });
    let (mut count, mut first, mut last) = (0, None, None);
    for at in calls {
        count += 1;
        first = first.map_or(Some(at), |first: Timestamp| Some(first.min(at)));
        last = last.max(Some(at));
    }
    let id = |at: Timestamp| StreamId { ms: u64::try_from(at.ms()).unwrap_or_default(), seq: 0 };
    let key = Text::clean(&format!("PLANA:executions:{workspace}"));
    let stream = StreamInfo {
        uid: Uid(key.clone()),
        key,
        tenant: Some(workspace.clone()),
        length: count,
        bytes: Some(1_024 + count * 380),
        first: first.map(id),
        last: last.map(id),
        added: count,
        per_minute: Some(0),
        groups: Box::default(),
        health: Health::Unknown,
        why: Text::default(),
    };
    engine.put(stream.judged(engine.now()));
}
