//! The beginning of a tenant, and its end.

use serde_json::json;

use super::Ask;
use super::fields::subdomain_fault;
use super::parts::{bad, bytes, check, doubtful, good, look, people, pin, say};
use super::restore::HEALTH_LIMIT;
use crate::domain::operation::{
    Asks, Check, Command, Due, Expect, Goal, Plan, Query, Seen, Step, Undo, WayBack, Which,
};
use crate::domain::{Span, Text};
use crate::operation::Unplanned;

/// How long it takes to clone a template, at most.
const CLONE_LIMIT: Span = Span::from_secs(5 * 60);
/// How long it takes to install everything anew, at most.
const INSTALL_LIMIT: Span = Span::from_secs(25 * 60);

/// Makes a new tenant.
pub(super) fn provision(ask: &Ask<'_>) -> Result<Plan, Unplanned> {
    let request = ask.request;
    let (name, version) = (request.need("tenant")?, request.need("version")?);
    let (tier, host) = (request.need("tier")?, ask.shape.host_of(name.as_str()));
    let what = ask.own("PLANAClient", name.as_str());
    let (is, database) = (Query::Object(what.clone()), Query::Database { name: host.clone() });
    let mut plan = ask.plan(name.as_str(), Asks::Yes);
    plan.tenant = Some(name.clone());
    plan.title = say(&format!("Make the tenant {name} ({tier}, {version})"));
    plan.damage = say(&format!("Nothing is damaged: {host} is new; its owner is written to."));
    if let Some(fault) = subdomain_fault(name.as_str()) {
        return Err(Unplanned::refused(&format!("{name} can't be a subdomain: {fault}.")));
    }
    plan.checks = names(ask, name, (&is, &database))?;
    let edition = if tier == "starter" { "basic" } else { "pro" };
    let template = ask.shape.host_of(&format!("{edition}-template-{version}"));
    let has_template =
        !matches!(ask.look(&Query::Database { name: template.clone() })?, Seen::Absent);
    plan.checks.push(if has_template {
        good(&format!("it is cloned from {template}: about 2 minutes"))
    } else {
        doubtful(&format!("there is no {template}: everything is installed anew, about 15 minutes"))
    });
    let values = json!({
        "subdomain": name,
        "project": request.get("project").parse::<u32>().unwrap_or_default(),
        "tier": tier,
        "version": version,
        "owner_email": request.need("owner-email")?,
        "owner_name": request.need("owner-name")?,
    });
    let manifest = ask.manifest("planaclient", values)?;
    plan.checks.push(ask.dry_run(&what, &manifest)?);
    plan.pins.push(pin("the name of the tenant", Goal::new(is.clone(), Expect::Absent)));
    plan.pins.push(pin("the name of its database", Goal::new(database.clone(), Expect::Absent)));
    let delete = Command::Delete { what: what.clone(), which: Which::MadeBy(request.id.clone()) };
    plan.steps.push(Step {
        name: say("make the tenant, and wait until it is ready"),
        act: Some(Command::Apply { what, manifest }),
        begun: Some(Goal::new(is.clone(), Expect::Present)),
        settled: Goal::new(is.clone(), Expect::Ready),
        limit: if has_template { CLONE_LIMIT } else { INSTALL_LIMIT },
        undo: Some(Undo { act: delete, settled: Goal::new(is, Expect::Absent) }),
        log: None,
    });
    plan.back = Some(WayBack {
        from: plan.steps.len(),
        damage: say(&format!(
            "{name}: its database, files and route are gone for good, with everything written since it was made."
        )),
        asks: Asks::StepUp,
        pins: Vec::new(),
    });
    plan.steps.push(look("see its database on pg01", database, Expect::Present, HEALTH_LIMIT));
    plan.steps.push(look(
        "see that it answers",
        Query::Health { host },
        Expect::Well,
        HEALTH_LIMIT,
    ));
    Ok(plan)
}

/// Whether the name is free everywhere: exactly, not as a part of another.
fn names(
    ask: &Ask<'_>,
    name: &Text,
    (client, database): (&Query, &Query),
) -> Result<Vec<Check>, Unplanned> {
    let free = |seen: &Seen, what: &str| {
        check(
            *seen == Seen::Absent,
            &format!("no {what} has that name"),
            &format!("there is a {what} of that name"),
        )
    };
    let listing = Query::Backups { prefix: say(&format!("{name}/")) };
    Ok(vec![
        free(ask.look(client)?, "tenant"),
        free(ask.look(database)?, "database"),
        match ask.look(&listing)? {
            Seen::Backups(all) if !all.is_empty() => bad(&format!(
                "{} backups of an earlier tenant of that name are in the bucket: they would be taken for its own",
                all.len()
            )),
            _ => good("no backup has that name"),
        },
    ])
}

/// Deletes a tenant.
pub(super) fn deprovision(ask: &Ask<'_>) -> Result<Plan, Unplanned> {
    let client = ask.client()?;
    let (name, host) = (client.name, ask.shape.host_of(client.name.as_str()));
    let database = Query::Database { name: host.clone() };
    let mut plan = ask.plan_for(&client, Asks::StepUp);
    plan.title = say(&format!("Delete {name}"));
    plan.damage = match ask.look(&database)? {
        Seen::Database(seen) => {
            plan.pins.push(pin("its database", Goal::new(database.clone(), Expect::Oid(seen.oid))));
            let size = format!("{}, {}", people(seen.sessions), bytes(seen.bytes));
            say(&format!(
                "{name}: {size}; its database, files, route and backups' Job are gone for good."
            ))
        }
        _ => say(&format!(
            "{name}: its files, route and backups' Job are gone for good; it has no database."
        )),
    };
    plan.notes.push(say("The insurance backup is all that is left. Take it somewhere else when it must be kept longer."));
    plan.steps.extend(ask.insurance(&client)?);
    plan.no_return = Some(plan.steps.len());
    let is = Query::Object(client.what.clone());
    plan.steps.push(Step {
        act: Some(Command::Delete {
            what: client.what.clone(),
            which: Which::Uid(client.uid.clone()),
        }),
        ..look("delete the tenant, and what it is made of", is, Expect::Absent, INSTALL_LIMIT)
    });
    plan.steps.push(look("see that its database is gone", database, Expect::Absent, HEALTH_LIMIT));
    plan.due.push(Due {
        what: say(&format!("the insurance backup {} may go", ask.insurance_key(name.as_str()))),
        at: ask.request.at.after(ask.shape.floor),
    });
    Ok(plan)
}
