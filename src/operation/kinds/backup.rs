//! Backups and templates, taken now.

use serde_json::json;

use super::Ask;
use super::parts::{bytes, good, say};
use crate::domain::Span;
use crate::domain::operation::{
    Asks, Command, Due, Expect, Goal, Plan, PodsOf, Query, Step, Undo, Which,
};
use crate::operation::Unplanned;

/// How long the build of a template may take.
const TEMPLATE_LIMIT: Span = Span::from_secs(4 * 60 * 60);

/// Takes an insurance backup.
pub(super) fn backup(ask: &Ask<'_>) -> Result<Plan, Unplanned> {
    let client = ask.client()?;
    let host = ask.shape.host_of(client.name.as_str());
    let database = ask.database(&host)?;
    let mut plan = ask.plan_for(&client, Asks::Yes);
    plan.title = say(&format!("Take a backup of {} now", client.name));
    plan.damage = say(&format!(
        "Nothing is damaged: {} of {} are read, which takes pg01 some work.",
        bytes(database.bytes),
        client.name
    ));
    plan.checks.push(good("the tenant has a backup Job"));
    plan.steps.extend(ask.insurance(&client)?);
    plan.due.push(Due {
        what: say(&format!(
            "the insurance backup {} may go",
            ask.insurance_key(client.name.as_str())
        )),
        at: ask.request.at.after(ask.shape.floor),
    });
    Ok(plan)
}

/// Builds a template database.
pub(super) fn template(ask: &Ask<'_>) -> Result<Plan, Unplanned> {
    let (edition, version) = (ask.request.need("edition")?, ask.request.need("version")?);
    let scope = format!("{edition}-template-{version}");
    let what = ask.own("TemplateSnapshot", &format!("{scope}-{}", ask.request.id));
    let values = json!({ "name": what.name, "edition": edition, "version": version });
    let manifest = ask.manifest("templatesnapshot", values)?;
    let mut plan = ask.plan(&scope, Asks::Yes);
    plan.title = say(&format!("Build the template {scope}"));
    plan.damage = say(
        "New tenants are cloned from what comes out of it; tenants that are there are not touched.",
    );
    plan.checks.push(ask.dry_run(&what, &manifest)?);
    let is = Query::Object(what.clone());
    let delete =
        Command::Delete { what: what.clone(), which: Which::MadeBy(ask.request.id.clone()) };
    plan.steps.push(Step {
        name: say("build the template"),
        act: Some(Command::Apply { what: what.clone(), manifest }),
        begun: Some(Goal::new(is.clone(), Expect::Present)),
        settled: Goal::new(is.clone(), Expect::Ready),
        limit: TEMPLATE_LIMIT,
        undo: Some(Undo { act: delete, settled: Goal::new(is, Expect::Absent) }),
        log: Some(PodsOf {
            namespace: ask.shape.jobs.clone(),
            label: (say("templatesnapshot"), what.name),
        }),
    });
    Ok(plan)
}
