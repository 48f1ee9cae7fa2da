//! What a file's shape can't say: that the story speaks of tenants that exist, and says enough.

use std::collections::BTreeSet;

use toml::Spanned;

use super::builtin::nearest;
use super::{Incident, NamedTenant, Run, RunKind, Scenario, What};
use crate::sim::names;

/// The most incidents, runs and named tenants, each.
const MAX_ITEMS: usize = 1_000;

/// Where the first mistake is, and a clause that says what it is.
type Mistake = (usize, String);

pub(super) fn mistake(scenario: &Scenario) -> Option<Mistake> {
    too_many(&scenario.named, "tenants")
        .or_else(|| too_many(&scenario.runs, "runs"))
        .or_else(|| too_many(&scenario.incidents, "incidents"))
        .or_else(|| too_many(&scenario.stream.past, "past events"))
        .or_else(|| story(scenario).err())
}

fn too_many<T>(items: &[Spanned<T>], what: &str) -> Option<Mistake> {
    let first = items.get(MAX_ITEMS)?;
    Some((
        first.span().start,
        format!(
            "there are {} {what}; at most {MAX_ITEMS} are read",
            items.len()
        ),
    ))
}

fn story(scenario: &Scenario) -> Result<(), Mistake> {
    let mut roster = BTreeSet::new();
    for tenant in &scenario.named {
        named(tenant.get_ref(), &mut roster).map_err(|what| (tenant.span().start, what))?;
    }
    roster.extend(generated(scenario));
    for run in &scenario.runs {
        check_run(run.get_ref(), &roster).map_err(|what| (run.span().start, what))?;
    }
    for past in &scenario.stream.past {
        let tenant = past.get_ref().tenant.as_ref();
        tenant
            .map_or(Ok(()), |tenant| known(tenant.as_str(), &roster))
            .map_err(|what| (past.span().start, what))?;
    }
    let mut incidents: Vec<_> = scenario.incidents.iter().collect();
    incidents.sort_by_key(|incident| incident.get_ref().at);
    for incident in incidents {
        check_incident(incident.get_ref(), &mut roster)
            .map_err(|what| (incident.span().start, what))?;
    }
    Ok(())
}

/// The subdomains of the tenants that are not named by the scenario.
pub(in crate::sim) fn generated(scenario: &Scenario) -> impl Iterator<Item = String> {
    let named: BTreeSet<_> = scenario
        .named
        .iter()
        .map(|tenant| tenant.get_ref().name.as_str().to_owned())
        .collect();
    let count = scenario.tenants.count.size().saturating_sub(named.len());
    (0..)
        .map(|index| names::company(index).slug)
        .filter(move |slug| !named.contains(slug))
        .take(count)
}

fn named(tenant: &NamedTenant, roster: &mut BTreeSet<String>) -> Result<(), String> {
    subdomain(tenant.name.as_str())?;
    if roster.insert(tenant.name.as_str().to_owned()) {
        Ok(())
    } else {
        Err(format!("the tenant “{}” comes twice", tenant.name))
    }
}

fn subdomain(name: &str) -> Result<(), String> {
    let rule = |c| matches!(c, 'a'..='z' | '0'..='9' | '-');
    if (1..=30).contains(&name.len()) && name.chars().all(rule) {
        Ok(())
    } else {
        Err(format!(
            "“{name}” is not a subdomain: 1 to 30 of a-z, 0-9 and -"
        ))
    }
}

fn known(tenant: &str, roster: &BTreeSet<String>) -> Result<(), String> {
    if roster.contains(tenant) {
        return Ok(());
    }
    let hint = nearest(tenant, roster.iter().map(String::as_str))
        .map_or_else(String::new, |nearest| {
            format!("; perhaps “{nearest}” is meant")
        });
    Err(format!("there is no tenant “{tenant}”{hint}"))
}

fn check_run(run: &Run, roster: &BTreeSet<String>) -> Result<(), String> {
    match (&run.tenant, &run.name, run.kind) {
        (None, None, RunKind::Template) => Err("a template needs a name".to_owned()),
        (Some(_), _, RunKind::Template) => Err("a template has no tenant".to_owned()),
        (None, Some(_), RunKind::Template) => Ok(()),
        (None, _, RunKind::Upgrade | RunKind::Restore) => Err("this run needs a tenant".to_owned()),
        (Some(tenant), _, RunKind::Upgrade | RunKind::Restore) => known(tenant.as_str(), roster),
    }
}

fn check_incident(incident: &Incident, roster: &mut BTreeSet<String>) -> Result<(), String> {
    let tenant = incident.tenant.as_ref().map(|tenant| tenant.as_str());
    match incident.what {
        What::ReadyFalse
        | What::SyncedFalse
        | What::Recover
        | What::Deleting
        | What::UpgradeStart
        | What::RestoreStart => match tenant {
            Some(tenant) => known(tenant, roster),
            None => Err("this incident needs a tenant".to_owned()),
        },
        What::Provision => match tenant {
            Some(tenant) if roster.contains(tenant) => {
                Err(format!("the tenant “{tenant}” exists already"))
            }
            Some(tenant) => {
                roster.insert(tenant.to_owned());
                subdomain(tenant)
            }
            None => Err("this incident needs a tenant".to_owned()),
        },
        What::FeedDown | What::FeedUp | What::FeedDenied if incident.feed.is_none() => {
            Err("this incident needs a feed".to_owned())
        }
        What::StreamGap | What::Burst if incident.count.get() == 0 => {
            Err("this incident needs a count".to_owned())
        }
        What::Event if incident.kind.is_none() => Err("this incident needs a type".to_owned()),
        What::Event | What::Burst => tenant.map_or(Ok(()), |tenant| known(tenant, roster)),
        What::FeedDown | What::FeedUp | What::FeedDenied | What::StreamGap | What::StreamReset => {
            Ok(())
        }
    }
}
