//! Another tier for a tenant.

use serde_json::json;

use super::Ask;
use super::parts::{doubtful, good, look, pin, say};
use super::restore::HEALTH_LIMIT;
use crate::domain::operation::{
    Asks, Command, Expect, Goal, Plan, Query, Step, Undo, WayBack, Which,
};
use crate::operation::Unplanned;

/// Changes the tier of a tenant.
pub(super) fn tier(ask: &Ask<'_>) -> Result<Plan, Unplanned> {
    let client = ask.client()?;
    let tier = ask.request.need("tier")?;
    if *tier == client.tier {
        return Err(Unplanned::refused(&format!("{} has the tier {tier} already.", client.name)));
    }
    let mut plan = ask.plan_for(&client, Asks::Typed);
    plan.title = say(&format!("Change the tier of {} from {} to {tier}", client.name, client.tier));
    plan.damage = say(&format!(
        "{}: people's work is held up for a minute or two; {} applies to it no more.",
        client.name, client.tier
    ));
    plan.notes.push(say("Backups are kept as long as the new tier says, from now on."));
    plan.checks.push(if rank(tier.as_str()) < rank(client.tier.as_str()) {
        doubtful(
            "it is a smaller tier: modules that it does not hold may have to be uninstalled first",
        )
    } else {
        good("it is a larger tier: everything that is installed stays")
    });
    let is = Query::Object(client.what.clone());
    let to = |tier: &crate::domain::Text| Command::Patch {
        what: client.what.clone(),
        which: Which::Uid(client.uid.clone()),
        patch: json!({ "spec": { "tier": tier } }),
    };
    let has = |tier: &crate::domain::Text| Expect::Field {
        pointer: say("/spec/tier"),
        value: json!(tier),
    };
    plan.steps.push(Step {
        undo: Some(Undo {
            act: to(&client.tier),
            settled: Goal::new(is.clone(), has(&client.tier)),
        }),
        act: Some(to(tier)),
        ..look("write the new tier", is.clone(), has(tier), HEALTH_LIMIT)
    });
    plan.back = Some(WayBack {
        from: plan.steps.len(),
        damage: say(&format!(
            "{}: people's work is held up for a minute or two; {tier} applies to it no more.",
            client.name
        )),
        asks: Asks::Typed,
        pins: vec![pin("the tier", Goal::new(is.clone(), has(tier)))],
    });
    plan.steps.push(look("see that the tenant is ready again", is, Expect::Ready, HEALTH_LIMIT));
    Ok(plan)
}

/// The larger the number, the more the tier holds.
fn rank(tier: &str) -> usize {
    ["starter", "pro", "enterprise"].iter().position(|one| *one == tier).unwrap_or(0)
}
